"""The rows of tables and views: whole, or those that are about some neurons."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cortical_tools.conditions import Condition
from cortical_tools.queries import run, run_all
from cortical_tools.query_protocol import Moment, Query
from cortical_tools.roots import is_latest_roots
from cortical_tools.snapshot_folder import SnapshotWriter, layout
from cortical_tools.snapshots.wanted import Wanted

# Values of a filter in one request.
_BATCH = 5000


def write_table(wanted: Wanted, writer: SnapshotWriter, name: str) -> None:
    """The rows of a table in the version."""
    if name in wanted.partial:
        rows = _part(wanted, name, wanted.moment, wanted.roots, _synapses(wanted, writer))
    else:
        rows = run(wanted.connection, Query(table=name), wanted.moment)
    writer.add_table(name, rows, wanted.version)


def write_view(wanted: Wanted, writer: SnapshotWriter, name: str) -> None:
    """The rows of a view in the version."""
    query = Query(table=name, is_view=True)
    writer.add_view(name, run(wanted.connection, query, wanted.moment), wanted.version)


def write_live_table(wanted: Wanted, writer: SnapshotWriter, name: str, taken: datetime) -> None:
    """The rows of a table at the present."""
    now = Moment(timestamp=taken)
    if name not in wanted.partial:
        rows = run(wanted.connection, Query(table=name), now)
        writer.add_frame(layout.live_rows_of(name), rows)
        return
    # Neurons that were edited since the version have no rows at the present.
    stand = wanted.roots[is_latest_roots(wanted.connection, wanted.roots, taken)]
    synapses = layout.live_rows_of(str(wanted.synapse_table))
    ids = _ids(writer.frame(synapses)) if writer.has(synapses) else None
    rows = _part(wanted, name, now, stand, ids)
    writer.add_frame(layout.live_rows_of(name), rows)


def written(wanted: Wanted, writer: SnapshotWriter) -> list[pd.DataFrame]:
    """The rows of all tables and views of the version that have been gathered."""
    kinds = ((layout.TABLES, wanted.tables), (layout.VIEWS, wanted.views))
    members = [
        layout.rows_of(kind, name, wanted.version) for kind, names in kinds for name in names
    ]
    return [writer.frame(member) for member in members]


def written_live(wanted: Wanted, writer: SnapshotWriter) -> list[pd.DataFrame]:
    """The rows of the present that have been gathered."""
    members = [layout.live_rows_of(name) for name in wanted.tables]
    return [writer.frame(member) for member in members if writer.has(member)]


def _synapses(wanted: Wanted, writer: SnapshotWriter) -> NDArray[np.int64] | None:
    """The ids of the synapses that have been gathered."""
    member = layout.rows_of(layout.TABLES, str(wanted.synapse_table), wanted.version)
    return _ids(writer.frame(member)) if writer.has(member) else None


def _ids(rows: pd.DataFrame) -> NDArray[np.int64]:
    return rows["id"].to_numpy(dtype=np.int64)


def _part(
    wanted: Wanted,
    name: str,
    moment: Moment,
    roots: NDArray[np.int64],
    synapses: NDArray[np.int64] | None,
) -> pd.DataFrame:
    """The synapses of some neurons, or what a table says of some synapses."""
    if name == wanted.synapse_table:
        filters = [(f"{side}_pt_root_id", roots) for side in ("pre", "post")]
    else:
        assert synapses is not None
        filters = [("target_id", synapses)]
    # Of nothing one query, which tells the columns.
    queries = [
        Query(
            table=name,
            conditions=(Condition(column=column, operator="in", value=part.tolist()),),
        )
        for column, values in filters
        for part in np.array_split(values, max(1, -(-len(values) // _BATCH)))
    ]
    found = run_all(wanted.connection, queries, moment)
    return pd.concat(found, ignore_index=True).drop_duplicates("id", ignore_index=True)
