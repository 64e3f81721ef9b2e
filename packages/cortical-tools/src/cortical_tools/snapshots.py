"""What an analysis needs of a dataset, frozen into a folder that answers like the dataset."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cortical_tools._version import __version__
from cortical_tools.catalogue import Catalogue, TableFacts
from cortical_tools.conditions import Condition
from cortical_tools.connection import Connection
from cortical_tools.datastack import get_datastack_info
from cortical_tools.errors import UnknownTableError
from cortical_tools.ids import Ids, int_ids
from cortical_tools.level2 import ATTRIBUTES, get_l2_ids, get_l2data
from cortical_tools.progress import progress_bar
from cortical_tools.queries import Moment, Query, in_parallel, run, run_all
from cortical_tools.roots import get_roots, lifetimes, require_roots_at
from cortical_tools.snapshot_folder import Facts, SnapshotWriter, Version, layout

# Values of a filter in one request.
_BATCH = 5000
_PACKAGES = ("caveclient", "numpy", "pandas", "pyarrow")


def take_snapshot(
    connection: Connection,
    catalogue: Catalogue,
    folder: str | os.PathLike[str],
    root_ids: Ids = (),
    tables: Sequence[str] = (),
    views: Sequence[str] = (),
    *,
    skeletons: bool = True,
    progress: bool = True,
) -> Path:
    """Freeze what is known of some neurons, and some tables, at the client's version.

    The folder holds the synapses of the neurons, their level-2 ids with attributes and graph,
    their skeletons where the service has them, and whole tables. What it does not hold is unknown
    to it: of partners of the neurons it has no synapses but those with them, and refuses to
    answer what synapses they have.

    Parameters
    ----------
    connection
        Whom to ask.
    catalogue
        Which tables there are.
    folder
        Where the snapshot is to be; must not exist. What an interrupted call has gathered beside
        it is used by the next call that asks for the same.
    root_ids
        The neurons, as they are at the version.
    tables
        Tables to keep whole. One that annotates another brings that one, too. The synapses, and
        tables that annotate them, are kept for the neurons; without any they are refused.
    views
        Views to keep whole.
    skeletons
        Whether to keep skeletons.
    progress
        Whether to show a progress bar.

    Returns
    -------
    Path
        The folder; `load_client` makes a client of it.

    Raises
    ------
    StaleRootError
        If a root id did not exist at the version.
    UnknownTableError
        If the version does not have a table or view.
    ValueError
        If synapses are asked for, and no neurons are given whose synapses to keep.
    """
    version = connection.version
    roots = pd.unique(int_ids(root_ids, "root ids"))
    if len(roots):
        when = connection.timestamp_of(version)
        require_roots_at(connection, roots, when, f"version {version}")
    task = _Task(connection, catalogue, version, roots, tuple(tables), tuple(views))
    writer = _writer(Path(folder), task.asked_for())
    steps: list[tuple[str, Callable[[SnapshotWriter], None]]] = [
        *task.table_steps(),
        *task.view_steps(),
        (layout.SUPERVOXELS, task.write_ids),
        (layout.ATTRIBUTES, task.write_level2),
    ]
    if skeletons:
        steps += task.skeleton_steps()
    with progress_bar("snapshot", len(steps), progress) as step:
        for member, write in steps:
            if not writer.has(member):
                write(writer)
            step()
    return writer.finish(task.facts())


def _writer(folder: Path, asked_for: dict[str, Any]) -> SnapshotWriter:
    """A writer that goes on with what was gathered for the same request, and with nothing else."""
    text = json.dumps(asked_for, sort_keys=True).encode()
    member = f"request-{hashlib.sha256(text).hexdigest()[:16]}.json"
    writer = SnapshotWriter(folder, resume=True)
    if not writer.has(member):
        writer = SnapshotWriter(folder)
        writer.add_bytes(member, text)
    return writer


class _Task:
    """One snapshot being taken: what is asked for, and what was learned on the way."""

    def __init__(
        self,
        connection: Connection,
        catalogue: Catalogue,
        version: int,
        roots: NDArray[np.int64],
        tables: tuple[str, ...],
        views: tuple[str, ...],
    ) -> None:
        self._connection = connection
        self._moment = Moment(version=version)
        self._when = connection.timestamp_of(version)
        self._version = version
        self._roots = roots
        self._synapse_table: str | None = connection.materialize.synapse_table
        known = catalogue.tables(version)
        wanted = list(tables)
        if len(roots) and self._synapse_table:
            wanted.append(self._synapse_table)
        self._tables = _with_targets(wanted, known, "tables")
        if self._synapse_table in self._tables and not len(roots):
            raise ValueError(
                f"root_ids: {self._synapse_table} is kept for neurons, and none are given; tables "
                "that annotate synapses bring it along"
            )
        self._views = _named(views, catalogue.views(version), "views") if views else {}
        # The tables' supervoxels with their roots; of members that were there already, too.
        self._rows: dict[str, pd.DataFrame] = {}

    def asked_for(self) -> dict[str, Any]:
        return {
            "datastack": self._connection.datastack_name,
            "version": self._version,
            "root_ids": self._roots.tolist(),
            "tables": sorted(self._tables),
            "views": sorted(self._views),
        }

    def table_steps(self) -> list[tuple[str, Callable[[SnapshotWriter], None]]]:
        def step(name: str) -> Callable[[SnapshotWriter], None]:
            return lambda writer: writer.add_table(name, self._rows_of(name), self._version)

        # Synapses first: the tables that annotate them need to know which.
        names = sorted(self._tables, key=lambda name: (name != self._synapse_table, name))
        return [(layout.rows_of(layout.TABLES, name, self._version), step(name)) for name in names]

    def view_steps(self) -> list[tuple[str, Callable[[SnapshotWriter], None]]]:
        def step(name: str) -> Callable[[SnapshotWriter], None]:
            query = Query(table=name, is_view=True)
            return lambda writer: writer.add_view(
                name, run(self._connection, query, self._moment), self._version
            )

        return [
            (layout.rows_of(layout.VIEWS, name, self._version), step(name)) for name in self._views
        ]

    def skeleton_steps(self) -> list[tuple[str, Callable[[SnapshotWriter], None]]]:
        def step(root: int) -> Callable[[SnapshotWriter], None]:
            def write(writer: SnapshotWriter) -> None:
                service = self._connection.service("skeleton")
                ready = service.fetch_skeletons([root], method="server", output_format="dict")
                if str(root) in ready:
                    writer.add_skeleton(root, _as_lists(ready[str(root)]))

            return write

        return [(layout.skeleton_of(root), step(root)) for root in self._roots.tolist()]

    def _rows_of(self, name: str) -> pd.DataFrame:
        if name not in self._rows:
            self._rows[name] = self._ask(name)
        return self._rows[name]

    def _ask(self, name: str) -> pd.DataFrame:
        if name == self._synapse_table:
            columns = ["pre_pt_root_id", "post_pt_root_id"]
            filters = [(column, self._roots) for column in columns]
        elif self._synapse_table and self._tables[name].target == self._synapse_table:
            filters = [("target_id", self._rows_of(self._synapse_table)["id"].to_numpy(np.int64))]
        else:
            return run(self._connection, Query(table=name), self._moment)
        # Of nothing one query, which tells the columns.
        queries = [
            Query(
                table=name,
                conditions=(Condition(column=column, operator="in", value=part.tolist()),),
            )
            for column, values in filters
            for part in np.array_split(values, max(1, -(-len(values) // _BATCH)))
        ]
        found = run_all(self._connection, queries, self._moment)
        return pd.concat(found, ignore_index=True).drop_duplicates("id", ignore_index=True)

    def write_ids(self, writer: SnapshotWriter) -> None:
        """Which supervoxel of the tables is in which object, and since when."""
        supervoxels = self._supervoxels()
        roots = np.unique(np.append(supervoxels["root_id"].to_numpy(), self._roots))
        writer.add_frame(layout.ROOTS, self._lives(roots[roots > 0]))
        lineage = pd.DataFrame(columns=list(layout.COLUMNS[layout.LINEAGE]), dtype=np.int64)
        writer.add_frame(layout.LINEAGE, lineage)
        # Last, as its presence says that the others are there.
        writer.add_frame(layout.SUPERVOXELS, supervoxels)

    def _supervoxels(self) -> pd.DataFrame:
        parts = [
            pd.DataFrame(
                {
                    "supervoxel_id": rows[column].fillna(0).to_numpy(dtype=np.int64),
                    "root_id": rows[f"{column.removesuffix('supervoxel_id')}root_id"]
                    .fillna(0)
                    .to_numpy(dtype=np.int64),
                }
            )
            for rows in map(self._rows_of, self._tables)
            for column in map(str, rows.columns)
            if column.endswith("_supervoxel_id")
        ]
        none = pd.DataFrame({"supervoxel_id": [], "root_id": []}, dtype=np.int64)
        every = pd.concat([none, *parts], ignore_index=True).drop_duplicates("supervoxel_id")
        known = every[(every["supervoxel_id"] > 0) & (every["root_id"] > 0)]
        l2_ids = get_roots(self._connection, known["supervoxel_id"], self._when, stop_layer=2)
        return known.assign(l2_id=l2_ids)

    def _lives(self, roots: NDArray[np.int64]) -> pd.DataFrame:
        """When each root began, and when it was replaced if it was."""
        now = datetime.now(UTC)
        begun, last = lifetimes(self._connection, roots, now)
        # The server says of those that stand that they were valid when it was asked.
        stands = [moment > now - timedelta(seconds=1) for moment in last]
        # A millisecond was taken off, to be a moment at which the root was still there.
        over = [
            pd.NaT if standing else moment + timedelta(milliseconds=1)
            for standing, moment in zip(stands, last, strict=True)
        ]
        times = "datetime64[ns, UTC]"
        return pd.DataFrame(
            {
                "root_id": roots,
                "created": pd.Series(begun, dtype=times),
                "replaced": pd.Series(over, dtype=times),
            }
        )

    def write_level2(self, writer: SnapshotWriter) -> None:
        """What the neurons are made of, and how it hangs together."""
        connection, roots = self._connection, self._roots.tolist()
        members = in_parallel(lambda root: get_l2_ids(connection, root), roots)
        graphs = in_parallel(connection.chunkedgraph.level2_chunk_graph, roots)
        owners = np.repeat(self._roots, [len(ids) for ids in members])
        l2_ids = np.concatenate([np.empty(0, np.int64), *members])
        writer.add_frame(layout.MEMBERS, pd.DataFrame({"root_id": owners, "l2_id": l2_ids}))
        pairs = [np.asarray(graph, dtype=np.int64).reshape(-1, 2) for graph in graphs]
        edges = np.concatenate([np.empty((0, 2), np.int64), *pairs])
        writer.add_frame(layout.EDGES, pd.DataFrame(edges, columns=layout.COLUMNS[layout.EDGES]))
        answers = get_l2data(connection, np.unique(l2_ids), as_dataframe=False)
        assert isinstance(answers, dict)
        writer.add_frame(layout.ATTRIBUTES, _attributes(answers))

    def _partial(self) -> dict[str, dict[str, list[int] | str]]:
        """Of which values the tables that are not whole have every row."""
        synapses = self._synapse_table
        if synapses is None or synapses not in self._tables:
            return {}
        roots: list[int] = self._roots.tolist()
        partial: dict[str, dict[str, list[int] | str]] = {
            synapses: {"pre_pt_root_id": roots, "post_pt_root_id": roots}
        }
        for name, facts in self._tables.items():
            if facts.target == synapses:
                partial[name] = {"target_id": synapses}
        return partial

    def facts(self) -> Facts:
        """What the snapshot says of itself."""
        connection = self._connection
        about = connection.materialize.get_version_metadata(self._version)
        schemas = connection.service("schema").schema_definition_all()
        used = {_schema_of(facts) for facts in self._tables.values()}
        columns = connection.materialize.get_view_schemas(self._version) if self._views else {}
        return Facts(
            datastack_name=connection.datastack_name,
            record=get_datastack_info(connection),
            versions=(Version(self._version, self._when, about["expires_on"].astimezone(UTC)),),
            tables={name: _record(facts, name) for name, facts in self._tables.items()},
            views={
                name: {**_record(facts, name), "schema": columns[name]}
                for name, facts in self._views.items()
            },
            partial=self._partial(),
            schemas={name: schemas[name] for name in sorted(used)},
            graphene=connection.chunkedgraph.segmentation_info,
            graphene_table=connection.chunkedgraph.table_name,
            provenance={
                **self.asked_for(),
                "made_by": "cortical_tools",
                "server": connection.server_address,
                "timestamp": self._when.isoformat(),
                "taken": datetime.now(UTC).isoformat(),
                "packages": {
                    "cortical-tools": __version__,
                    **{name: metadata.version(name) for name in _PACKAGES},
                },
            },
        )


def _attributes(answers: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """One row per level-2 id that the cache has, whole numbers where it sends whole numbers."""
    known = {int(key): value for key, value in answers.items() if value}
    columns: dict[str, Any] = {"l2_id": np.array(list(known), dtype=np.int64)}
    for name, parts in ATTRIBUTES.items():
        rows = [np.ravel(value[name]).tolist() if name in value else [] for value in known.values()]
        whole = all(isinstance(number, int) for row in rows for number in row)
        for place, part in enumerate(parts):
            numbers = [row[place] if len(row) == len(parts) else None for row in rows]
            columns[part] = pd.array(numbers, dtype="Int64" if whole else "Float64")
    return pd.DataFrame(columns)


def _named(names: Iterable[str], known: Any, what: str) -> dict[str, TableFacts]:
    if missing := [name for name in names if name not in known]:
        raise UnknownTableError(f"{what}: the version has no {', '.join(missing)}")
    return {name: known[name] for name in sorted(set(names))}


def _with_targets(names: Iterable[str], known: Any, what: str) -> dict[str, TableFacts]:
    """The tables with those that they annotate."""
    chosen = _named(names, known, what)
    targets = {facts.target for facts in chosen.values() if facts.target is not None}
    return chosen | {name: known[name] for name in sorted(targets)}


def _schema_of(facts: TableFacts) -> str:
    record = facts.metadata[facts.name]
    return str(record.get("schema") or record.get("schema_type"))


def _record(facts: TableFacts, name: str) -> dict[str, Any]:
    """The record as a server has it, with its voxel size in three parts."""
    record = dict(facts.metadata[name])
    sizes = record.pop("voxel_resolution")
    parts = (f"voxel_resolution_{axis}" for axis in ("x", "y", "z"))
    return record | dict(zip(parts, sizes, strict=True))


def _as_lists(value: Any) -> Any:
    """Arrays as lists, which JSON has."""
    if isinstance(value, dict):
        return {key: _as_lists(one) for key, one in value.items()}
    return value.tolist() if hasattr(value, "tolist") else value
