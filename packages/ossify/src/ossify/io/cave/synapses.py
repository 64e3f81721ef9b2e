"""The synapses of roots, with the level-2 vertex of each and what other tables say of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from ossify._typing import BoolArray, IntArray
from ossify.errors import CaveDataError
from ossify.io.cave.complete import complete
from ossify.io.cave.frames import plain, with_gaps
from ossify.io.cave.work import portions
from ossify.vertex_ids import as_ids

Side = Literal["pre", "post"]
SIDES: tuple[Side, ...] = ("pre", "post")
ReferenceTables = str | Sequence[str] | Mapping[Any, str | Sequence[str] | None] | None

_PARTNER: dict[Side, Side] = {"pre": "post", "post": "pre"}
_NANOMETRES = [1, 1, 1]
_IDS_PER_REQUEST = 10_000
_POSITIONS = [f"{point}_pt_position_{axis}" for point in ("pre", "post", "ctr") for axis in "xyz"]
# What every table says of its own rows, and of the synapses there is already.
_OF_THE_ROW = ("created", "valid", "deleted", "superceded_id", "target_id")


@dataclass(frozen=True)
class SynapseQuery:
    """What is wanted of the synapses of roots.

    Parameters
    ----------
    timestamp
        The time to which root ids refer.
    references
        For both sides, name of a reference table → suffix for its columns whose name is taken.
    with_partner
        Whether the root id of the other side is wanted.
    without_autapses
        Whether synapses of a root onto itself are left out.
    row_limit
        As for `complete`.
    """

    timestamp: dt.datetime
    references: Mapping[Side, Mapping[str, str]]
    with_partner: bool
    without_autapses: bool
    row_limit: int


@dataclass(frozen=True, eq=False)
class Synapses:
    """The synapses of one root on one side.

    Parameters
    ----------
    frame
        A row each: ``id``, positions in nm as ``ctr_pt_position_x`` and so on, and
        ``pre_pt_l2_id`` or ``post_pt_l2_id``.
    n_autapses
        How many of a root onto itself have been left out.
    """

    frame: pd.DataFrame
    n_autapses: int


def suffix_by_table(
    tables: ReferenceTables, suffixes: Mapping[str, str] | None
) -> dict[Side, dict[str, str]]:
    """For both sides, reference table → suffix; the name of the table where none is given.

    Raises
    ------
    ValueError
        If tables are for neither side, or there is a suffix for a table that is not asked for.
    """
    by_side = tables if isinstance(tables, Mapping) else dict.fromkeys(SIDES, tables)
    strange = [name for name in by_side if name not in SIDES]
    if strange:
        raise ValueError(
            f"reference_tables: {strange[0]!r} is no side of a synapse; a dict says which tables "
            "are for 'pre' and which for 'post'"
        )
    names = {side: _names(by_side.get(side)) for side in SIDES}
    asked = [name for side in SIDES for name in names[side]]
    unknown = [name for name in suffixes or () if name not in asked]
    if unknown:
        raise ValueError(
            f"reference_suffixes: {unknown[0]!r} is none of the reference tables, "
            f"{', '.join(map(repr, dict.fromkeys(asked))) or 'of which there are none'}"
        )
    return {
        side: {
            name: f"_{(suffixes or {}).get(name, name).removeprefix('_')}" for name in names[side]
        }
        for side in SIDES
    }


def _names(tables: str | Sequence[str] | None) -> list[str]:
    return [tables] if isinstance(tables, str) else list(tables or ())


def root_column(side: Side) -> str:
    """The column with the root ids of a side."""
    return f"{side}_pt_root_id"


def l2_column(side: Side) -> str:
    """The column with the level-2 ids of a side."""
    return f"{side}_pt_l2_id"


def get_synapses(
    client: Any, side: Side, root_ids: IntArray, query: SynapseQuery
) -> dict[int, Synapses]:
    """The synapses of several roots on one side, by root id; together they are one query."""
    column = root_column(side)
    table = client.materialize.synapse_table
    found = complete(
        lambda ids: _rows_of_roots(client, table, column, ids, query.timestamp),
        root_ids,
        f"{side}synaptic sites",
        query.row_limit,
    )
    found = _checked(found, table, side)
    # Servers have been seen to send more than what was asked for.
    found = found[np.isin(found[column], root_ids)].drop_duplicates("id")
    autapse = _is_autapse(found)
    owner = found[column].to_numpy()
    kept = finished(client, side, found[~autapse] if query.without_autapses else found, query)
    kept = with_references(client, side, kept, query)
    groups = dict(iter(kept.groupby(column, sort=False)))
    return {
        root_id: Synapses(
            plain(groups.get(root_id, kept[:0]).reset_index(drop=True)),
            int((autapse & (owner == root_id)).sum()) if query.without_autapses else 0,
        )
        for root_id in root_ids.tolist()
    }


def given_synapses(client: Any, side: Side, given: pd.DataFrame, query: SynapseQuery) -> Synapses:
    """Synapses of one root that have been fetched already, as `get_synapses` would give them.

    Only what they lack is asked for; reference tables are not.
    """
    frame = given if "id" in given.columns else given.rename_axis("id").reset_index()
    needed = "id", l2_column(side)
    if needed[1] not in frame.columns:
        needed = "id", f"{side}_pt_supervoxel_id"
    missing = [name for name in needed if name not in frame.columns]
    if missing:
        raise CaveDataError(f"{side}_syn_df has no column {missing[0]!r}")
    frame = plain(frame.reset_index(drop=True))
    autapse = _is_autapse(frame) & query.without_autapses
    return Synapses(finished(client, side, frame[~autapse], query), int(autapse.sum()))


def finished(client: Any, side: Side, found: pd.DataFrame, query: SynapseQuery) -> pd.DataFrame:
    """Synapses with their level-2 ids, and with their partners only if that is asked for."""
    if l2_column(side) not in found.columns:
        supervoxels = as_ids(found[f"{side}_pt_supervoxel_id"], f"{side}_pt_supervoxel_id")
        found = found.assign(**{l2_column(side): get_l2_ids(client, supervoxels, query.timestamp)})
    partner = root_column(_PARTNER[side])
    return found if query.with_partner else found.drop(columns=partner, errors="ignore")


def get_l2_ids(client: Any, supervoxel_ids: IntArray, timestamp: dt.datetime) -> IntArray:
    """The level-2 id of each supervoxel at a time."""
    if len(supervoxel_ids) == 0:
        return np.empty(0, np.int64)
    answer = client.chunkedgraph.get_roots(supervoxel_ids, stop_layer=2, timestamp=timestamp)
    l2_ids = as_ids(answer, "level-2 ids of supervoxels")
    if len(l2_ids) != len(supervoxel_ids):
        raise CaveDataError(
            f"{len(l2_ids):,} level-2 ids came for {len(supervoxel_ids):,} supervoxels"
        )
    return l2_ids


def _rows_of_roots(
    client: Any, table: str, column: str, ids: IntArray, timestamp: dt.datetime
) -> pd.DataFrame:
    if len(ids) > 1:
        return _rows(client, table, column, ids, timestamp)
    # Objects that answered releases before this one know this query for one root.
    rows: pd.DataFrame = client.materialize.tables[table](**{column: int(ids[0])}).live_query(
        timestamp=timestamp,
        split_positions=True,
        desired_resolution=_NANOMETRES,
        metadata=False,
    )
    return rows


def _rows(
    client: Any, table: str, column: str, ids: IntArray, timestamp: dt.datetime
) -> pd.DataFrame:
    """The rows of a table in which a column is one of `ids`, as of a time."""
    rows: pd.DataFrame = client.materialize.live_live_query(
        table,
        timestamp=timestamp,
        filter_in_dict={table: {column: ids.tolist()}},
        split_positions=True,
        desired_resolution=_NANOMETRES,
        metadata=False,
    )
    return rows


def _checked(found: pd.DataFrame, table: str, side: Side) -> pd.DataFrame:
    needed = ["id", root_column(side), f"{side}_pt_supervoxel_id"]
    if len(found) == 0:
        # There are servers that send nothing at all where there are no rows.
        found = found.reindex(columns=list(dict.fromkeys([*found.columns, *needed, *_POSITIONS])))
    missing = [name for name in needed if name not in found.columns]
    if missing:
        raise CaveDataError(f"synapse table {table!r}: the answer has no column {missing[0]!r}")
    ids = {name: as_ids(found[name], f"synapse table {table!r}: {name}") for name in needed}
    return plain(found.reset_index(drop=True)).assign(**ids)


def _is_autapse(found: pd.DataFrame) -> BoolArray:
    pre, post = (root_column(side) for side in SIDES)
    if pre not in found.columns or post not in found.columns:
        return np.zeros(len(found), dtype=bool)
    same: BoolArray = found[pre].to_numpy() == found[post].to_numpy()
    return same


def with_references(
    client: Any, side: Side, found: pd.DataFrame, query: SynapseQuery
) -> pd.DataFrame:
    """Synapses with what the reference tables say of them; missing where they say nothing."""
    for table, suffix in query.references[side].items():
        found = _joined(found, _reference_rows(client, table, found, query), suffix)
    return found


def _reference_rows(
    client: Any, table: str, found: pd.DataFrame, query: SynapseQuery
) -> pd.DataFrame:
    ids = found["id"].to_numpy()
    # An empty filter is no filter: it would fetch the whole table. One that matches nothing
    # fetches its columns.
    parts = portions(ids, _IDS_PER_REQUEST) or [np.array([0])]
    rows = pd.concat(
        [
            complete(
                lambda some: _rows(client, table, "target_id", some, query.timestamp),
                part,
                f"rows of {table!r}",
                query.row_limit,
            )
            for part in parts
        ],
        ignore_index=True,
    )
    if "target_id" not in rows.columns:
        raise CaveDataError(
            f"{table!r} is no reference table of synapses: it has no column 'target_id'"
        )
    return rows.assign(target_id=as_ids(rows["target_id"], f"{table!r}: target_id"))


def _joined(found: pd.DataFrame, rows: pd.DataFrame, suffix: str) -> pd.DataFrame:
    """Each synapse with its row of a reference table, the newest if there are several."""
    if "id" in rows.columns:
        rows = rows.sort_values("id", kind="stable")
    rows = rows.drop_duplicates("target_id", keep="last").set_index("target_id")
    rows = rows.drop(columns=[name for name in _OF_THE_ROW if name in rows.columns])
    rows = rows.rename(
        columns={name: f"{name}{suffix}" for name in rows.columns if name in found.columns}
    )
    taken = [name for name in rows.columns if name in found.columns]
    if taken:
        raise CaveDataError(
            f"two reference tables would both give a column {taken[0]!r}; tell them apart by "
            "reference_suffixes"
        )
    joined = with_gaps(rows).reindex(found["id"].to_numpy()).set_axis(found.index)
    return pd.concat([found, plain(joined)], axis=1)
