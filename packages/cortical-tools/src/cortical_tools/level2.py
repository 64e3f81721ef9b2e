"""Level-2 data: what is known of the smallest pieces a segmented object is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from cortical_tools.connection import Connection
from cortical_tools.ids import Ids, int_ids, one_id
from cortical_tools.parallel import portions, side_by_side
from cortical_tools.unknown_roots import unknown_roots_named

_AXES = ("x", "y", "z")
# The columns that each attribute is made of, in the order in which they are handed out.
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "area_nm2": ("area_nm2",),
    "size_nm3": ("size_nm3",),
    "max_dt_nm": ("max_dt_nm",),
    "mean_dt_nm": ("mean_dt_nm",),
    "rep_coord_nm": tuple(f"rep_coord_nm_{axis}" for axis in _AXES),
    "pca": tuple(f"pca_{number}_{axis}" for number in range(3) for axis in _AXES),
    "pca_val": tuple(f"pca_val_{number}" for number in range(3)),
    "chunk_intersect_count": tuple(
        f"chunk_intersect_count_{axis}_{end}" for end in ("bottom", "top") for axis in _AXES
    ),
}
# Ids per request; a neuron has some ten thousand.
_BATCH = 10_000


def get_l2_ids(
    connection: Connection, root_id: Ids, bounds: ArrayLike | None = None
) -> NDArray[np.int64]:
    """The level-2 ids of one object.

    Parameters
    ----------
    connection
        Whom to ask.
    root_id
        One root id.
    bounds
        Only those of chunks that touch this box: (3, 2), the least and the greatest along x, y
        and z, in voxels of the segmentation at its finest.

    Returns
    -------
    (N,) int64 array
        In the server's order.

    Raises
    ------
    StaleRootError
        If the root id never existed.
    """
    root = one_id(root_id, "root_id")
    box = None
    if bounds is not None:
        box = np.asarray(bounds)
        if box.shape != (3, 2) or box.dtype.kind not in "iuf" or (box != np.round(box)).any():
            raise ValueError(
                "bounds: whole voxels as [[x min, x max], [y min, y max], [z min, z max]], "
                f"not {bounds!r}"
            )
        box = box.astype(np.int64)
    with unknown_roots_named(connection, np.array([root])):
        leaves = connection.chunkedgraph.get_leaves(root, bounds=box, stop_layer=2)
    return np.asarray(leaves, dtype=np.int64)


def get_l2data(
    connection: Connection,
    l2_ids: Ids,
    attributes: Sequence[str] | None = None,
    as_dataframe: bool = True,
    split_columns: bool = True,
) -> pd.DataFrame | dict[str, dict[str, Any]]:
    """Attributes of level-2 ids.

    Parameters
    ----------
    connection
        Whom to ask.
    l2_ids
        One or any number, in any order, repetitions allowed.
    attributes
        Which; by default all of area_nm2, size_nm3, max_dt_nm, mean_dt_nm, rep_coord_nm, pca,
        pca_val and chunk_intersect_count.
    as_dataframe
        False gives a dict of dicts, whose keys are the ids as text and ``{}`` what is unknown.
    split_columns
        Whether an attribute of several numbers comes as a column for each rather than as one
        column of lists.

    Returns
    -------
    DataFrame or dict
        The frame has one row per id asked for, in that order, with the index ``l2_id`` (int64).
        Numbers are float64; NaN where the cache has no value.
    """
    ids = int_ids(l2_ids, "level-2 ids")
    names = _known(attributes)
    unique = np.unique(ids)
    wanted = None if attributes is None else list(names)
    answers = side_by_side(
        lambda part: connection.service("l2cache").get_l2data(part, attributes=wanted),
        portions(unique, _BATCH),
    )
    found: dict[str, dict[str, Any]] = {
        str(key): value for answer in answers for key, value in answer.items()
    }
    if not as_dataframe:
        return {str(one): found.get(str(one), {}) for one in ids.tolist()}
    index = pd.Index(ids, name="l2_id", dtype=np.int64)
    rows = [found.get(str(one), {}) for one in unique.tolist()]
    places = np.searchsorted(unique, ids)
    columns: dict[str, Any] = {}
    for name in names:
        if split_columns or len(ATTRIBUTES[name]) == 1:
            numbers = _numbers(rows, name)[places]
            columns |= dict(zip(ATTRIBUTES[name], numbers.T, strict=True))
        else:
            columns[name] = pd.Series([rows[row].get(name) for row in places], index, dtype=object)
    return pd.DataFrame(columns, index=index)


def _known(attributes: Sequence[str] | None) -> tuple[str, ...]:
    if attributes is None:
        return tuple(ATTRIBUTES)
    if isinstance(attributes, str):
        attributes = [attributes]
    unknown = [name for name in attributes if name not in ATTRIBUTES]
    if unknown:
        raise ValueError(f"attributes: {unknown} are none of {', '.join(ATTRIBUTES)}")
    return tuple(name for name in ATTRIBUTES if name in attributes)


def _numbers(rows: list[dict[str, Any]], name: str) -> NDArray[np.float64]:
    """The attribute as (rows, columns) numbers, NaN where a row does not have it whole."""
    width = len(ATTRIBUTES[name])
    out = np.full((len(rows), width), np.nan)
    for place, row in enumerate(rows):
        value = row.get(name)
        if value is not None and np.size(value) == width:
            out[place] = np.ravel(value)
    return out
