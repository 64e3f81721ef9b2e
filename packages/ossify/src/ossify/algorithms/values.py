"""The values that an algorithm works on: one number per vertex."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ossify._typing import ArrayLike, FloatArray
from ossify.errors import ShapeError
from ossify.layers.skeleton import SkeletonLayer


def vertex_values(skeleton: SkeletonLayer, values: str | ArrayLike) -> FloatArray:
    """One number per vertex, as (V,) float64.

    Parameters
    ----------
    skeleton
        The skeleton of V vertices.
    values
        The name of a feature, or V numbers in vertex order. What is missing becomes NaN.

    Raises
    ------
    UnknownFeatureError
        If there is no feature of that name. A KeyError.
    ShapeError
        If they are not V numbers. A ValueError.
    """
    what = f"layer {skeleton.name!r}"
    if isinstance(values, str):
        what = f"{what}: feature {values!r}"
        values = skeleton.get_feature(values)
    if isinstance(values, pd.Series):
        # Aligned by position, as the arrays are that the algorithms give.
        values = values.to_numpy(dtype=object, na_value=np.nan)
    array = np.asarray(values)
    if array.shape != (skeleton.n_vertices,):
        raise ShapeError(
            f"{what}: expected {skeleton.n_vertices:,} values, one per vertex, "
            f"not shape {array.shape}"
        )
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ShapeError(f"{what}: expected numbers, not {array.dtype} ({error})") from None
