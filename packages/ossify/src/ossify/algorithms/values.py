"""The values that an algorithm works on: numbers of each vertex."""

from __future__ import annotations

import numpy as np

from ossify._typing import ArrayLike, FloatArray
from ossify.errors import ShapeError
from ossify.layers.columns import numbers_of
from ossify.layers.skeleton import SkeletonLayer


def vertex_values(
    skeleton: SkeletonLayer, values: str | ArrayLike, *, several: bool = False
) -> FloatArray:
    """One number per vertex, as (V,) float64, or several.

    Parameters
    ----------
    skeleton
        The skeleton of V vertices.
    values
        The name of a feature, or V numbers in vertex order. What is missing becomes NaN.
    several
        Whether (V, K) numbers will do as well.

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
    # A Series is aligned by position, as the arrays are that the algorithms give.
    shape = np.shape(values)
    fits = len(shape) in (1, 2) if several else len(shape) == 1
    if not fits or shape[0] != skeleton.n_vertices:
        raise ShapeError(
            f"{what}: expected {skeleton.n_vertices:,} values, one per vertex, not shape {shape}"
        )
    return numbers_of(values, what)
