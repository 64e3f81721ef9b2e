"""Many cells from any object that answers like a CAVEclient, in fewer requests."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd

from ossify._parallel import checked_workers
from ossify._typing import IntArray
from ossify.cell.cell import Cell
from ossify.errors import CaveDataError, CaveDataWarning
from ossify.io.cave.assembly import Answers, assembled, meta_of
from ossify.io.cave.complete import ROW_LIMIT
from ossify.io.cave.level2 import get_edges, get_level2
from ossify.io.cave.roots import are_valid, as_utc
from ossify.io.cave.skeletons import (
    DEFAULT_VERSION,
    ServiceSkeleton,
    get_ready_skeletons,
)
from ossify.io.cave.synapses import (
    SIDES,
    ReferenceTables,
    Side,
    SynapseQuery,
    Synapses,
    get_synapses,
    suffix_by_table,
)
from ossify.io.cave.work import MOST_WORKERS, ask_side_by_side, portions
from ossify.vertex_ids import as_ids

_ROOTS_PER_QUERY = 10


def load_cell_batch_from_client(
    root_ids: Iterable[int],
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
    skip_invalid: bool = False,
    skeleton_download_method: Literal["server", "gcs"] = "server",
    row_limit: int = ROW_LIMIT,
    max_workers: int | None = None,
    progress: bool = True,
) -> dict[int, Cell]:
    """Load many neurons from CAVE, in fewer requests than one by one and several at a time.

    The other arguments are those of `load_cell_from_client`.

    Parameters
    ----------
    root_ids
        The root ids; each is loaded once.
    timestamp
        One time for all. None: that of the materialization that the client is set to.
    skip_invalid
        Whether roots that are not valid at that time, or whose skeleton the service does not have
        ready, are left out with a warning; otherwise they are an error.
    skeleton_download_method
        ``"server"``, or ``"gcs"`` for the bucket of the service, which is quicker for many but has
        to be within reach.
    row_limit
        An answer of so many rows is taken for cut by the server and asked for again in halves.
    max_workers
        How many requests are made at once; None for 8.
    progress
        Whether to show bars, if someone is looking: on a terminal.

    Returns
    -------
    dict of root id → Cell, in the order of `root_ids`.

    Raises
    ------
    CaveDataError
        If a root is not valid or has no skeleton ready, and `skip_invalid` is not set; and as
        `load_cell_from_client`. A ValueError.
    IncompleteAnswerError
        If the server does not send all rows. A RuntimeError.

    Warns
    -----
    CaveDataWarning
        For what is not as it should be, and for roots that are left out.
    """
    workers = checked_workers(max_workers, MOST_WORKERS)
    roots = _unique(root_ids)
    version = DEFAULT_VERSION if skeleton_version is None else skeleton_version
    wanted = suffix_by_table(reference_tables, reference_suffixes)
    if len(roots) == 0:
        return {}
    when = _time_of_all(client, timestamp)
    valid = roots[are_valid(client, roots, when)]
    _report_left_out(roots, valid, f"not valid at {when.isoformat()}", skip_invalid)
    ready = get_ready_skeletons(client, valid, version, skeleton_download_method, workers, progress)
    roots = valid[[root in ready for root in valid.tolist()]]
    _report_left_out(
        valid,
        roots,
        "without a skeleton that is ready; client.skeleton.generate_bulk_skeletons_async has them "
        "made, and load_cell_from_client waits for one",
        skip_invalid,
    )
    notes: dict[int, list[str]] = {root: [] for root in roots.tolist()}
    skeletons = {
        root: ServiceSkeleton.from_answer(root, ready.pop(root), notes[root])
        for root in roots.tolist()
    }
    query = SynapseQuery(when, wanted, include_partner_root_id, omit_self_synapses, row_limit)
    found = _synapses_of_all(client, roots, query, workers, progress) if synapses else {}
    frames = dict(
        zip(
            skeletons,
            get_level2(
                client,
                [made.l2_ids for made in skeletons.values()],
                restore_properties,
                workers,
                progress,
            ),
            strict=True,
        )
    )
    edges = {}
    if restore_graph:
        answers = ask_side_by_side(
            lambda root: get_edges(client, root, skeletons[root].l2_ids),
            skeletons,
            workers,
            progress=progress,
            what="level-2 graphs",
        )
        edges = dict(zip(skeletons, answers, strict=True))
    meta = meta_of(client, version)
    return {
        root: assembled(
            Answers(
                root,
                when,
                made,
                frames[root],
                edges.get(root),
                {side: found[side][root] for side in found},
                notes[root],
            ),
            meta,
            synapse_spatial_point,
            stacklevel=2,
        )
        for root, made in skeletons.items()
    }


def fetch_frames_batch(
    root_ids: Iterable[int],
    client: Any,
    *,
    synapses: bool = True,
    reference_tables: ReferenceTables = None,
    reference_suffixes: Mapping[str, str] | None = None,
    include_partner_root_id: bool = False,
    omit_self_synapses: bool = True,
    restore_properties: bool = True,
    timestamp: dt.datetime | None = None,
    lvl2_ids_by_root: Mapping[int, Any] | None = None,
    row_limit: int = ROW_LIMIT,
    max_workers: int | None = None,
    progress: bool = True,
) -> dict[int, dict[str, pd.DataFrame | None]]:
    """Fetch the tables that `load_cell_from_client` takes, for many roots together.

    The other arguments are those of `load_cell_batch_from_client`.

    Parameters
    ----------
    root_ids
        The root ids, all valid at `timestamp`.
    lvl2_ids_by_root
        Root id → level-2 ids whose attributes are wanted. None: no attributes are.

    Returns
    -------
    dict of root id → dict
        ``pre_syn_df``, ``post_syn_df`` and ``l2_df``, the latter in the order of the ids; None for
        what was not asked for.

    Raises
    ------
    ValueError
        If `lvl2_ids_by_root` lacks a root.
    IncompleteAnswerError
        If the server does not send all rows. A RuntimeError.
    """
    workers = checked_workers(max_workers, MOST_WORKERS)
    roots = _unique(root_ids)
    wanted = suffix_by_table(reference_tables, reference_suffixes)
    if len(roots) == 0:
        return {}
    ids = None if lvl2_ids_by_root is None else _ids_of_roots(roots, lvl2_ids_by_root)
    found: dict[Side, dict[int, Synapses]] = {}
    if synapses:
        query = SynapseQuery(
            _time_of_all(client, timestamp),
            wanted,
            include_partner_root_id,
            omit_self_synapses,
            row_limit,
        )
        found = _synapses_of_all(client, roots, query, workers, progress)
    frames: list[pd.DataFrame] | list[None] = [None] * len(roots)
    if ids is not None:
        frames = get_level2(client, ids, restore_properties, workers, progress)
    return {
        root: {
            **{
                f"{side}_syn_df": found[side][root].frame if side in found else None
                for side in SIDES
            },
            "l2_df": frame,
        }
        for root, frame in zip(roots.tolist(), frames, strict=True)
    }


def _unique(root_ids: Iterable[int]) -> IntArray:
    if isinstance(root_ids, (str, bytes)) or not isinstance(root_ids, Iterable):
        raise TypeError(f"root_ids must be several root ids; for one, [{root_ids!r}]")
    return pd.unique(as_ids(root_ids, "root_ids"))


def _ids_of_roots(roots: IntArray, given: Mapping[int, Any]) -> list[IntArray]:
    missing = [root for root in roots.tolist() if root not in given]
    if missing:
        raise ValueError(
            f"lvl2_ids_by_root lacks {len(missing):,} of {len(roots):,} roots, the first is "
            f"{missing[0]}"
        )
    return [as_ids(given[root], f"level-2 ids of root {root}") for root in roots.tolist()]


def _time_of_all(client: Any, timestamp: dt.datetime | None) -> dt.datetime:
    return as_utc(client.materialize.get_timestamp() if timestamp is None else timestamp)


def _report_left_out(asked: IntArray, kept: IntArray, why: str, skip_invalid: bool) -> None:
    left_out = asked[~np.isin(asked, kept)]
    if len(left_out) == 0:
        return
    text = (
        f"{len(left_out):,} of {len(asked):,} roots are {why}: "
        f"{', '.join(map(str, left_out[:5].tolist()))}{' …' if len(left_out) > 5 else ''}"
    )
    if not skip_invalid:
        raise CaveDataError(f"{text}. skip_invalid=True loads the others")
    warnings.warn(f"{text}. They are left out", CaveDataWarning, stacklevel=3)


def _synapses_of_all(
    client: Any,
    roots: IntArray,
    query: SynapseQuery,
    workers: int,
    progress: bool,
) -> dict[Side, dict[int, Synapses]]:
    # Clients make their services when they are first asked for, which is not for several threads.
    _ = client.materialize.synapse_table, client.chunkedgraph
    jobs = [(side, part) for part in portions(roots, _ROOTS_PER_QUERY) for side in SIDES]
    answers = ask_side_by_side(
        lambda job: get_synapses(client, *job, query),
        jobs,
        workers,
        progress=progress,
        what="synapses",
    )
    found: dict[Side, dict[int, Synapses]] = {side: {} for side in SIDES}
    for (side, _), answer in zip(jobs, answers, strict=True):
        found[side].update(answer)
    return found
