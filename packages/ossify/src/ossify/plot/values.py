"""What a user passes for one value per vertex, as an array in row order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from ossify._typing import ArrayLike, FloatArray
from ossify.errors import ShapeError
from ossify.layers.base import Layer
from ossify.layers.columns import Column
from ossify.layers.vertex_table import take


def vertex_values(
    layer: Layer, values: ArrayLike | ExtensionArray | pd.Series[Any], what: str
) -> Column:
    """(V, ...) array of a feature's name, an array in row order, or a Series; its dtype is kept.

    Parameters
    ----------
    layer
        V vertices.
    values
        The name of a feature; V values in row order; or a Series whose index holds vertex ids.
    what
        The name of the argument, for errors.

    Raises
    ------
    ShapeError
        If there are not V of them, or a Series lacks a vertex. A ValueError.
    UnknownFeatureError
        If there is no feature of that name. A KeyError.
    """
    if isinstance(values, str):
        return layer.layer.column(values, f"layer {layer.name!r}")
    if isinstance(values, pd.Series):
        return _in_row_order(layer, values, what)
    array = values if isinstance(values, ExtensionArray) else np.asarray(values)
    if array.shape[:1] != (layer.n_vertices,):
        raise ShapeError(
            f"{what}: expected {layer.n_vertices:,} values, one per vertex of the "
            f"{layer.layer_type}; got shape {array.shape}"
        )
    return array


def numbers(values: Column, what: str) -> FloatArray:
    """(V,) float64, NaN where missing.

    Raises
    ------
    ShapeError
        If they are not one number per vertex.
    """
    try:
        array: FloatArray = pd.Series(values).to_numpy(np.dtype(np.float64), na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise ShapeError(f"{what}: expected one number per vertex ({error})") from None
    return array


def _in_row_order(layer: Layer, values: pd.Series[Any], what: str) -> Column:
    place = pd.Index(values.index).get_indexer(pd.Index(layer.vertex_index))
    missing = layer.vertex_index[place < 0]
    if len(missing):
        raise ShapeError(
            f"{what}: {len(missing):,} of {layer.n_vertices:,} vertices are not in the index of "
            f"the Series, the first is {missing[0]}; its index must hold vertex ids"
        )
    return take(values.array, place)
