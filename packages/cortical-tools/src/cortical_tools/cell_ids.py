"""From cell ids to root ids and back.

A cell id is the id of a nucleus, which stays; a root id is one state of the object around it. A
table of nuclei says which root each lies in, and where a nucleus lies outside its cell's
segmentation, a table of alternative points says it instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cortical_tools.conditions import Condition
from cortical_tools.connection import Connection, version_number
from cortical_tools.errors import ExpiredVersionError, NotConfiguredError
from cortical_tools.ids import Ids, int_ids
from cortical_tools.instants import in_utc, just_after
from cortical_tools.parallel import portions
from cortical_tools.queries import run_all
from cortical_tools.query_protocol import Moment, Query
from cortical_tools.roots import get_roots, is_latest_roots, lifetimes

# What stands for "no such id", as in the tables that are joined with these.
NONE = -1
# Ids that are filtered for in one request.
_BATCH = 2_000


@dataclass(frozen=True, kw_only=True)
class LookupTables:
    """Where a dataset notes which cell lies in which root.

    Parameters
    ----------
    view
        A view with ``id`` (the cell), ``pt_supervoxel_id`` and ``pt_root_id``.
    main
        The table of nuclei; its row ids are the cell ids.
    alternatives
        Tables of further points, each with the ``target_id`` of its nucleus.
    """

    view: str | None = None
    main: str | None = None
    alternatives: tuple[str, ...] = ()


def cell_id_to_root_id(
    connection: Connection,
    tables: LookupTables,
    cell_ids: Ids,
    timestamp: datetime | None = None,
    materialization_version: int | None = None,
    filter_empty: bool = False,
    omit_multiple: bool = False,
) -> pd.DataFrame:
    """The root id of each cell.

    Parameters
    ----------
    connection
        Whom to ask.
    tables
        Where to look.
    cell_ids
        One or any number, in any order, repetitions allowed.
    timestamp
        The root ids of this time, instead of those of the materialization version.
    materialization_version
        Another version than the client's.
    filter_empty
        Whether cells without a root id are left out.
    omit_multiple
        Whether cells that the tables give several root ids are left out.

    Returns
    -------
    DataFrame
        Index ``cell_id``: the ids as given, in that order. One int64 column ``root_id``, −1 for a
        cell that is in no table, that lies in no segmented object, or for which the tables name
        several.
    """
    ids = int_ids(cell_ids, "cell ids")
    version = materialization_version
    moment = Moment(version=connection.version if version is None else version_number(version))
    if tables.view is not None:
        source, is_view = tables.view, True
    elif tables.main is not None:
        source, is_view = tables.main, False
    else:
        raise NotConfiguredError(
            f"{connection.datastack_name} says neither cell_id_lookup_view nor "
            "root_id_lookup_main_table, so cell_id_to_root_id has nowhere to look: give one of "
            "them when you make the client."
        )
    wanted = np.unique(ids)
    try:
        rows = _points(connection, moment, [(source, "id", is_view)], "id", wanted)
    except ExpiredVersionError:
        # A view goes with its version; tables can be asked of the version's time.
        if tables.main is None or not is_view:
            raise
        rows = _points(connection, moment, [(tables.main, "id", False)], "id", wanted)
    pairs = _at(connection, rows, timestamp)
    # The view has merged the alternatives already, as far as it knows them.
    missing = np.setdiff1d(wanted, pairs["cell_id"].to_numpy())
    others = [(name, "target_id", False) for name in tables.alternatives]
    if len(missing) and others:
        rows = _points(connection, moment, others, "target_id", missing)
        pairs = pd.concat([pairs, _at(connection, rows, timestamp)], ignore_index=True)
    return _table(ids, pairs, "cell_id", "root_id", filter_empty, omit_multiple)


def root_id_to_cell_id(
    connection: Connection,
    tables: LookupTables,
    root_ids: Ids,
    filter_empty: bool = False,
) -> pd.DataFrame:
    """The cell id of each root.

    No time is needed: each root id is looked up at a time at which it stood. Those that stood at
    the client's version are answered by the version's tables.

    Parameters
    ----------
    connection
        Whom to ask.
    tables
        Where to look.
    root_ids
        One or any number, of any times, in any order, repetitions allowed.
    filter_empty
        Whether roots without a cell id are left out.

    Returns
    -------
    DataFrame
        Index ``root_id``: the ids as given, in that order. One int64 column ``cell_id``, −1 for a
        root that holds no nucleus, or several of different cells.
    """
    ids = int_ids(root_ids, "root ids")
    if tables.main is None:
        raise NotConfiguredError(
            f"{connection.datastack_name} does not say its root_id_lookup_main_table, so "
            "root_id_to_cell_id has nowhere to look: give it when you make the client."
        )
    sources = [(tables.main, "id", False)]
    sources += [(name, "target_id", False) for name in tables.alternatives]
    wanted = np.unique(ids[ids > 0])
    found = [
        _points(connection, moment, sources, "pt_root_id", group)
        for moment, group in _moments(connection, wanted)
    ]
    empty = pd.DataFrame({"cell_id": [], "root_id": []}, dtype=np.int64)
    pairs = pd.concat([empty, *(rows[["cell_id", "root_id"]] for rows in found)])
    return _table(ids, pairs, "root_id", "cell_id", filter_empty, omit_multiple=False)


def _moments(
    connection: Connection, root_ids: NDArray[np.int64]
) -> list[tuple[Moment, NDArray[np.int64]]]:
    """Every root id with a moment at which it stood, in as few groups as possible."""
    if len(root_ids) == 0:
        return []
    version = connection.version
    standing = is_latest_roots(connection, root_ids, connection.timestamp_of(version))
    groups = []
    if standing.any():
        groups.append((Moment(version=version), root_ids[standing]))
    others = root_ids[~standing]
    if len(others):
        now = datetime.now(UTC)
        begun, last = lifetimes(connection, others, now)
        for when, members in _common_moments(begun, last):
            groups.append((Moment(timestamp=in_utc(when)), others[members]))
    return groups


def _common_moments(
    begun: NDArray[np.object_], last: NDArray[np.object_]
) -> list[tuple[datetime, NDArray[np.intp]]]:
    """The fewest moments such that every life has one of them, with the rows of those lives.

    Taking, of the lives not yet met, the earliest end and every life that has begun by then is
    the best there is. A life that ends before it begins, as servers have claimed, is met just
    after it began, so each round meets at least the life it starts with.
    """
    # Strictly after the beginning: at that very instant the older root may still be valid.
    first = np.array([just_after(moment) for moment in begun], dtype=object)
    end = np.maximum(first, last)
    left = np.argsort(end, kind="stable")
    out = []
    while len(left):
        when = end[left[0]]
        met = first[left] <= when
        out.append((when, left[met]))
        left = left[~met]
    return out


def _points(
    connection: Connection,
    moment: Moment,
    sources: Sequence[tuple[str, str, bool]],
    column: str,
    values: NDArray[np.int64],
) -> pd.DataFrame:
    """The points of several tables of which `column` is among `values`.

    A source is a table or view, its column with the cell id, and whether it is a view. Returns
    cell_id, root_id and supervoxel_id as int64, without points that lie in no object.
    """
    parts = portions(values, _BATCH)
    asked = [(source, part) for source in sources for part in parts]
    queries = [
        Query(
            table=table,
            is_view=is_view,
            conditions=(Condition(column=column, operator="in", value=part.tolist()),),
            # Found in the data since it was stated to exist, so an error would help nobody.
            allow_invalid_roots=True,
        )
        for (table, _, is_view), part in asked
    ]
    frames = run_all(connection, queries, moment)
    renamed = [
        pd.DataFrame(
            {
                "cell_id": _whole(frame[cell]),
                "root_id": _whole(frame["pt_root_id"]),
                "supervoxel_id": _whole(frame["pt_supervoxel_id"]),
            }
        )
        for ((_, cell, _), _), frame in zip(asked, frames, strict=True)
    ]
    none = pd.DataFrame({"cell_id": [], "root_id": [], "supervoxel_id": []}, dtype=np.int64)
    points = pd.concat([none, *renamed], ignore_index=True)
    return points[(points["root_id"] > 0) & (points["cell_id"] > 0)]


def _whole(column: pd.Series) -> NDArray[np.int64]:
    """A column of ids as int64, 0 where there is none."""
    return column.fillna(0).to_numpy(dtype=np.int64)


def _at(connection: Connection, points: pd.DataFrame, timestamp: datetime | None) -> pd.DataFrame:
    """Cells with their root ids at a time, or as the version has them."""
    pairs = points[["cell_id", "root_id"]]
    if timestamp is None or points.empty:
        return pairs
    roots = get_roots(connection, points["supervoxel_id"].to_numpy(), timestamp)
    pairs = pairs.assign(root_id=roots)
    return pairs[pairs["root_id"] > 0]


def _table(
    ids: NDArray[np.int64],
    pairs: pd.DataFrame,
    key: str,
    value: str,
    filter_empty: bool,
    omit_multiple: bool,
) -> pd.DataFrame:
    """One row per id asked for; −1 for those without a value, or with several."""
    different = pairs.drop_duplicates([key, value])
    several = different.loc[different[key].duplicated(keep=False), key].unique()
    unique = different[~different[key].isin(several)].set_index(key)[value]
    out = unique.reindex(pd.Index(ids, name=key), fill_value=NONE).astype(np.int64).to_frame(value)
    if omit_multiple:
        out = out[~out.index.isin(several)]
    return out[out[value] != NONE] if filter_empty else out
