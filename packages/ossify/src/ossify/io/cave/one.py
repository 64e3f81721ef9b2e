"""One cell from any object that answers like a CAVEclient."""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from ossify._parallel import checked_workers
from ossify.cell.cell import Cell
from ossify.io.cave.assembly import Answers, assembled, meta_of
from ossify.io.cave.complete import ROW_LIMIT
from ossify.io.cave.level2 import get_edges, get_level2, in_order
from ossify.io.cave.roots import as_utc, check_valid, last_valid_time
from ossify.io.cave.skeletons import (
    DEFAULT_VERSION,
    ServiceSkeleton,
    get_skeleton,
)
from ossify.io.cave.synapses import (
    SIDES,
    ReferenceTables,
    Side,
    SynapseQuery,
    Synapses,
    get_synapses,
    given_synapses,
    suffix_by_table,
)
from ossify.io.cave.work import MOST_WORKERS, ask_side_by_side
from ossify.vertex_ids import as_id


def load_cell_from_client(
    root_id: int,
    client: Any,
    *,
    synapses: bool = False,
    reference_tables: ReferenceTables = None,
    reference_suffixes: Mapping[str, str] | None = None,
    restore_graph: bool = False,
    restore_properties: bool = True,
    synapse_spatial_point: str = "ctr_pt_position",
    include_partner_root_id: bool = False,
    timestamp: dt.datetime | None = None,
    omit_self_synapses: bool = True,
    skeleton_version: int | None = DEFAULT_VERSION,
    pre_syn_df: pd.DataFrame | None = None,
    post_syn_df: pd.DataFrame | None = None,
    l2_df: pd.DataFrame | None = None,
    skeleton: Mapping[str, Any] | None = None,
    assume_valid: bool = False,
    row_limit: int = ROW_LIMIT,
    max_workers: int | None = None,
) -> Cell:
    """Load a neuron from CAVE: its skeleton, its level-2 graph and, if asked for, its synapses.

    Parameters
    ----------
    root_id
        The root id. One that is no longer current is loaded as of the last moment at which it was
        valid.
    client
        A CAVEclient, or any object that answers like one.
    synapses
        Whether to fetch synapses.
    reference_tables
        Tables that say more of synapses, joined where their ``target_id`` is the synapse's id. Of
        several rows for a synapse the one with the greatest id counts. Columns about the row
        itself, such as ``created``, are not taken. A dict names tables for ``"pre"`` and for
        ``"post"``.
    reference_suffixes
        Reference table → what is put behind the names of its columns that are taken already, ``id``
        being one of them. The name of the table if not given; an underscore is put in between.
    restore_graph
        Whether to fetch the edges of the level-2 graph.
    restore_properties
        Whether the graph has all attributes of the level-2 cache, or its coordinates alone.
    synapse_spatial_point
        The point of a synapse that is its place; the others are features.
    include_partner_root_id
        Whether synapses have the root id of the other side, as of the same time.
    timestamp
        The time at which the root is asked about; without a zone, UTC. None: the last moment at
        which it is valid.
    omit_self_synapses
        Whether synapses of the neuron onto itself, most of which are errors of the detection, are
        left out. ``cell.meta["autapses_left_out"]`` counts them.
    skeleton_version
        The version of skeletons to ask the service for; None for 4.
    pre_syn_df, post_syn_df, l2_df, skeleton
        What has been fetched already, as by `fetch_frames_batch` and by
        ``client.skeleton.get_skeleton(…, output_format="dict")``.
    assume_valid
        Take it that the root is valid at `timestamp`, without asking.
    row_limit
        An answer of so many rows is taken for cut by the server; 0: only what the client logs is.
    max_workers
        How many requests are made at once; None for 8.

    Returns
    -------
    Cell
        Named after the root, in nm, with

        - ``graph``: level-2 ids, their attributes as features, linked to the skeleton. Ids of which
          the level-2 cache knows nothing are on their skeleton vertex and have NaN for attributes;
        - ``skeleton``: ids 0 … V−1, features ``radius`` (nm) and, where the service has it,
          ``compartment``; the root is the one of the service;
        - annotations ``pre_syn`` and ``post_syn``, if asked for: synapse ids, linked to the graph
          by ``pre_pt_l2_id`` and ``post_pt_l2_id``. Synapses on level-2 ids that the skeleton was
          not made of are linked to nothing.

        ``meta`` has ``source``, ``datastack``, ``root_id``, ``timestamp``, ``skeleton_version``,
        what the service says of the skeleton, and as ``notes`` what was not as it should be.

    Raises
    ------
    CaveDataError
        If the root is not valid at `timestamp`, or an answer cannot be understood. A ValueError.
    IncompleteAnswerError
        If the server does not send all rows. A RuntimeError.
    ValueError
        If `assume_valid` is set without `timestamp`.

    Warns
    -----
    CaveDataWarning
        For each of the notes.

    Examples
    --------
    A client that knows one root, of two vertices:

    >>> import datetime as dt
    >>> from types import SimpleNamespace
    >>> skeleton = {
    ...     "vertices": [[0, 0, 0], [3000, 4000, 0]],
    ...     "edges": [[1, 0]],
    ...     "root": 0,
    ...     "radius": [500, 100],
    ...     "compartment": [1, 3],
    ...     "lvl2_ids": [156368558845067598, 156438927589245247],
    ...     "mesh_to_skel_map": [0, 1],
    ... }
    >>> level2 = {
    ...     "156368558845067598": {"rep_coord_nm": [0, 8, 40], "size_nm3": 8212480},
    ...     "156438927589245247": {"rep_coord_nm": [3000, 4008, 40], "size_nm3": 363796480},
    ... }
    >>> client = SimpleNamespace(
    ...     datastack_name="minnie65_public",
    ...     local_server="https://cave.example.org",
    ...     skeleton=SimpleNamespace(get_skeleton=lambda root_id, **options: skeleton),
    ...     l2cache=SimpleNamespace(get_l2data=lambda l2_ids, **options: level2),
    ... )
    >>> cell = load_cell_from_client(
    ...     864691135639806263, client, timestamp=dt.datetime(2024, 1, 15), assume_valid=True
    ... )
    >>> cell.skeleton.cable_length(), cell.graph.map_index_to_layer("skeleton").tolist()
    (5000.0, [0, 1])
    """
    root = as_id(root_id, "root_id")
    workers = checked_workers(max_workers, MOST_WORKERS)
    version = DEFAULT_VERSION if skeleton_version is None else skeleton_version
    wanted = suffix_by_table(reference_tables, reference_suffixes)
    if assume_valid and timestamp is None:
        raise ValueError("assume_valid=True needs the timestamp at which the root is valid")
    notes: list[str] = []
    with_skeleton: list[Callable[[], Any]] = [
        partial(_time_of_root, client, root, timestamp, assume_valid, notes)
    ]
    if skeleton is None:
        with_skeleton.append(partial(get_skeleton, client, root, version))
    when, *fetched = ask_side_by_side(operator.call, with_skeleton, workers)
    made = ServiceSkeleton.from_answer(root, fetched[0] if fetched else skeleton, notes)
    query = SynapseQuery(when, wanted, include_partner_root_id, omit_self_synapses, row_limit)
    given = {"pre": pre_syn_df, "post": post_syn_df}
    sides = [side for side in SIDES if synapses or given[side] is not None]
    jobs: list[Callable[[], Any]] = [
        partial(_level2, client, made, l2_df, restore_properties, workers),
        *(partial(_synapses, client, root, side, given[side], query) for side in sides),
    ]
    if restore_graph:
        jobs.append(partial(get_edges, client, root, made.l2_ids))
    frame, *found = ask_side_by_side(operator.call, jobs, workers)
    edges = found.pop() if restore_graph else None
    answers = Answers(root, when, made, frame, edges, dict(zip(sides, found, strict=True)), notes)
    return assembled(answers, meta_of(client, version), synapse_spatial_point, stacklevel=2)


def _time_of_root(
    client: Any, root: int, timestamp: dt.datetime | None, assume_valid: bool, notes: list[str]
) -> dt.datetime:
    if timestamp is None:
        return last_valid_time(client, root, notes)
    when = as_utc(timestamp)
    if not assume_valid:
        check_valid(client, root, when)
    return when


def _level2(
    client: Any,
    skeleton: ServiceSkeleton,
    given: pd.DataFrame | None,
    properties: bool,
    workers: int,
) -> pd.DataFrame:
    if given is not None:
        return in_order(given, skeleton.l2_ids)
    return get_level2(client, [skeleton.l2_ids], properties, workers)[0]


def _synapses(
    client: Any, root: int, side: Side, given: pd.DataFrame | None, query: SynapseQuery
) -> Synapses:
    if given is None:
        return get_synapses(client, side, np.array([root], np.int64), query)[root]
    return given_synapses(client, side, given, query)
