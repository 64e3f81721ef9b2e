"""Level-2 attributes and edges of a snapshot."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cortical_tools.snapshot_folder import Snapshot, layout

IntArray = NDArray[np.int64]

_AXES = ("x", "y", "z")
SHAPES: dict[str, tuple[str, ...]] = {
    "area_nm2": (),
    "chunk_intersect_count": tuple(f"{axis}_{end}" for end in ("bottom", "top") for axis in _AXES),
    "max_dt_nm": (),
    "mean_dt_nm": (),
    "pca": tuple(f"{row}_{axis}" for row in range(3) for axis in _AXES),
    "pca_val": tuple(str(row) for row in range(3)),
    "rep_coord_nm": _AXES,
    "size_nm3": (),
}
"""The attributes that the cache has, and the column endings of those that are no single number."""

TYPES = {name: "list" if endings else "float" for name, endings in SHAPES.items()}


class Level2Data:
    """Level-2 attributes and edges of a snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    @cached_property
    def _table(self) -> pd.DataFrame:
        if self._snapshot.path(layout.ATTRIBUTES) is None:
            return pd.DataFrame(index=pd.Index([], dtype=np.int64))
        frame = self._snapshot.frame(layout.ATTRIBUTES)
        frame.index = pd.Index(frame.pop("l2_id").to_numpy(dtype=np.int64))
        return frame

    @cached_property
    def _edges(self) -> IntArray:
        frame = self._snapshot.frame(layout.EDGES)
        return frame[list(layout.COLUMNS[layout.EDGES])].to_numpy(dtype=np.int64)

    def attributes(self, l2_ids: IntArray, names: list[str]) -> dict[str, dict[str, Any]]:
        """What is known of each level-2 id, by its text, ids ascending.

        An id that is not in the cache has an empty entry, and an attribute that is not known of
        one is not in its entry.
        """
        wanted = np.unique(l2_ids)
        known = np.isin(wanted, self._table.index.to_numpy(dtype=np.int64))
        rows = self._table.loc[wanted[known]]
        answers: dict[str, dict[str, Any]] = {str(l2_id): {} for l2_id in wanted}
        keys = [str(l2_id) for l2_id in wanted[known]]
        for name in names:
            for key, value in zip(keys, _values(rows, name), strict=True):
                if value is not None:
                    answers[key][name] = value
        return answers

    def edges(self, l2_ids: IntArray) -> IntArray:
        """(E, 2) the edges between some level-2 ids."""
        inside = np.isin(self._edges, l2_ids).all(axis=1)
        return self._edges[inside]


def _values(rows: pd.DataFrame, name: str) -> list[Any]:
    """One value for each row, None where a part of it is missing."""
    endings = SHAPES[name]
    columns = [f"{name}_{ending}" for ending in endings] or [name]
    if not set(columns) <= set(rows.columns):
        return [None] * len(rows)
    gaps = rows[columns].isna().any(axis=1).to_numpy()
    plain = [rows[column].astype(object).tolist() for column in columns]
    per_row = [list(value) for value in zip(*plain, strict=True)] if endings else plain[0]
    if len(endings) > 3:
        per_row = [[v[at : at + 3] for at in range(0, len(v), 3)] for v in per_row]
    return [None if gap else value for value, gap in zip(per_row, gaps, strict=True)]
