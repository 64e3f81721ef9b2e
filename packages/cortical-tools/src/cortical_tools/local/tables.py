"""The rows of tables as they were in a version or at a moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pandas as pd

from cortical_tools.local.history import IntArray, instant
from cortical_tools.snapshot_folder import Version

Lookup: TypeAlias = Callable[[IntArray, int], IntArray]
"""The root ids of supervoxels at a moment, 0 where there is none."""

_SUPERVOXEL, _ROOT = "_supervoxel_id", "_root_id"
_INT32 = ("_position_x", "_position_y", "_position_z")


def of_version(
    rows: pd.DataFrame, is_of_version: bool, version: Version, lookup: Lookup
) -> pd.DataFrame:
    """The rows of a table as materialized in a version."""
    moment = instant(version.time_stamp)
    present = rows if is_of_version else rows[_is_there(rows, moment)]
    # A stored root id is what the version said; the others follow from their supervoxels.
    found = _with_roots(present, moment, lookup, keep_stored=True)
    return _in_server_types(found.drop(columns="deleted", errors="ignore"))


def at_moment(rows: pd.DataFrame, moment: int, lookup: Lookup) -> tuple[pd.DataFrame, pd.Series]:
    """The rows of a table at a moment, and which of them await the lookup of a supervoxel."""
    found = _with_roots(rows[_is_there(rows, moment)], moment, lookup, keep_stored=False)
    waiting = pd.Series(False, index=found.index)
    for column in found.columns:
        if column.endswith(_SUPERVOXEL):
            waiting |= found[column].isna()
    found = found.drop(columns=["deleted", "valid"], errors="ignore")
    return _in_server_types(found), waiting


def _is_there(rows: pd.DataFrame, moment: int) -> pd.Series:
    """Which annotations have been made by a moment, and not been deleted."""
    at = pd.Timestamp(moment, unit="ns", tz="UTC")
    there = pd.Series(True, index=rows.index)
    if "created" in rows:
        there &= pd.to_datetime(rows["created"], utc=True) <= at
    if "deleted" in rows:
        deleted = pd.to_datetime(rows["deleted"], utc=True)
        there &= deleted.isna() | (deleted > at)
    return there


def _with_roots(
    rows: pd.DataFrame, moment: int, lookup: Lookup, *, keep_stored: bool
) -> pd.DataFrame:
    """The rows with a root id behind every supervoxel id."""
    columns: dict[str, pd.Series] = {}
    for column in rows.columns:
        # A root id that was looked up must not be covered by the one that is stored.
        columns.setdefault(column, rows[column])
        if not column.endswith(_SUPERVOXEL):
            continue
        root = column.removesuffix(_SUPERVOXEL) + _ROOT
        stored = rows.get(root)
        if stored is not None and keep_stored:
            continue
        supervoxels = rows[column].fillna(0).to_numpy(dtype=np.int64)
        found = lookup(supervoxels, moment)
        if stored is not None:
            # What the history does not know stays as it was.
            known = (found != 0) | (supervoxels == 0)
            found = np.where(known, found, stored.fillna(0).to_numpy(dtype=np.int64))
        columns[root] = pd.Series(pd.array(found, dtype="Int64"), index=rows.index)
    return pd.DataFrame(columns, index=rows.index)


def _in_server_types(rows: pd.DataFrame) -> pd.DataFrame:
    """Positions as 32-bit integers, and times in nanoseconds UTC, as CAVE sends them."""
    changed = {}
    for column in rows.columns:
        if column.endswith(_INT32):
            changed[column] = rows[column].astype("Int32")
        elif isinstance(rows[column].dtype, pd.DatetimeTZDtype):
            changed[column] = rows[column].dt.as_unit("ns")
    return rows.assign(**changed).reset_index(drop=True)
