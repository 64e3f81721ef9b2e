"""A snapshot taken step by step, each of which is kept if a later one fails."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby
from pathlib import Path

from cortical_tools.catalogue import Catalogue
from cortical_tools.connection import Connection
from cortical_tools.ids import Ids
from cortical_tools.meshes import MeshClient
from cortical_tools.parallel import AT_ONCE, side_by_side
from cortical_tools.progress import progress_bar
from cortical_tools.snapshot_folder import SnapshotWriter, layout
from cortical_tools.snapshots import lineages, neurons, rows
from cortical_tools.snapshots.record import facts
from cortical_tools.snapshots.wanted import Wanted, checked, present

# What a step of one neuron asks of the CAVEclient, which threads share.
_SERVICES = ("chunkedgraph", "l2cache", "skeleton")


def take_snapshot(
    connection: Connection,
    catalogue: Catalogue,
    folder: str | os.PathLike[str],
    root_ids: Ids = (),
    tables: Sequence[str] | None = (),
    views: Sequence[str] | None = (),
    *,
    lineage_of: Ids = (),
    skeletons: bool = True,
    meshes: bool = False,
    progress: bool = True,
) -> Path:
    """Freeze what is known of some neurons, and some tables, at the client's version.

    The folder holds the synapses of the neurons, their level-2 ids with attributes and graph,
    their skeletons where the service has them, all that they came from and had become by now, and
    whole tables. What it does not hold it refuses to answer: of partners of the neurons it has no
    synapses but those with them, and not what they were before.

    Later, the present is the moment at which the snapshot was taken. A client whose time is that
    of its version never asks about it; for others the tables as they are now are kept, too.

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
    lineage_of
        Further root ids, of any time, whose history is to be kept.
    skeletons
        Whether to keep skeletons.
    meshes
        Whether to keep the meshes that there are; needs ``cortical-tools[mesh]``.
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
    MissingMeshError
        If the mesh of a neuron could not be had; those that have none have none in the folder.
    ValueError
        If synapses are asked for, and no neurons are given whose synapses to keep.
    """
    wanted = checked(
        connection,
        catalogue,
        root_ids,
        lineage_of,
        tables,
        views,
        skeletons=skeletons,
        meshes=meshes,
    )
    writer, taken = _begun(Path(folder), wanted)
    for name in _SERVICES:
        connection.service(name)
    steps = list(_steps(wanted, taken))
    with progress_bar("snapshot", len(steps), progress) as done:

        def take(step: _Step) -> None:
            if not writer.has(step.member):
                step.write(writer)

        # What concerns one neuron alone is asked for of several at once.
        for alone, group in groupby(steps, key=lambda step: step.alone):
            side_by_side(take, group, AT_ONCE if alone else 1, done)
    return writer.finish(facts(wanted, taken))


@dataclass(frozen=True)
class _Step:
    """What is gathered, known by a member that is there when it has been."""

    member: str
    write: Callable[[SnapshotWriter], None]
    alone: bool = False


def _begun(folder: Path, wanted: Wanted) -> tuple[SnapshotWriter, datetime]:
    """A writer that goes on with what was gathered for the same request, and with nothing else.

    The present is that of the first call: all that is gathered is of one moment.
    """
    text = json.dumps(wanted.as_record(), sort_keys=True).encode()
    member = f"{layout.STEPS}/request-{hashlib.sha256(text).hexdigest()[:16]}.json"
    writer = SnapshotWriter(folder, resume=True)
    if not writer.has(member):
        writer = SnapshotWriter(folder)
        writer.add_bytes(member, json.dumps({"taken": present().isoformat()}).encode())
    return writer, datetime.fromisoformat(json.loads(writer.read(member))["taken"])


def _steps(wanted: Wanted, taken: datetime) -> Iterator[_Step]:
    roots: list[int] = wanted.roots.tolist()
    # Synapses first: the tables that annotate them need to know which.
    names = sorted(wanted.tables, key=lambda name: (name != wanted.synapse_table, name))
    for name in names:
        member = layout.rows_of(layout.TABLES, name, wanted.version)
        yield _Step(member, partial(rows.write_table, wanted, name=name))
    for name in wanted.views:
        member = layout.rows_of(layout.VIEWS, name, wanted.version)
        yield _Step(member, partial(rows.write_view, wanted, name=name))
    for name in names:
        if wanted.live:
            write = partial(rows.write_live_table, wanted, name=name, taken=taken)
            yield _Step(layout.live_rows_of(name), write)
    for root in roots:
        write = partial(neurons.write_level2_of, wanted, root=root)
        yield _Step(neurons.level2_step(root), write, alone=True)
    yield _Step(layout.ATTRIBUTES, partial(neurons.write_level2, wanted))
    yield _Step(layout.SUPERVOXELS, partial(lineages.write_supervoxels, wanted))
    yield _Step(layout.LINEAGE, partial(lineages.write_lineage, wanted, taken=taken))
    yield _Step(layout.ROOTS, partial(lineages.write_roots, wanted, taken=taken))
    yield _Step(layout.PARTS, partial(lineages.write_parts, wanted))
    yield _Step(layout.LOOKUPS, partial(lineages.write_lookups, wanted, taken=taken))
    if wanted.skeletons:
        for root in roots:
            write = partial(neurons.write_skeleton, wanted, root=root)
            yield _Step(layout.skeleton_of(root), write, alone=True)
    if wanted.meshes:
        client = MeshClient(wanted.connection)
        for root in roots:
            yield _Step(layout.mesh_of(root), partial(neurons.write_mesh, meshes=client, root=root))
