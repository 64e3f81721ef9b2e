"""The history of ids: who was who from when to when, as far as a snapshot is to know it.

What it cannot tell later it must not seem to know: the present is asked about once, and every
answer that does not follow from the lives of roots is noted with the moment it is of.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cortical_tools.parallel import portions, side_by_side
from cortical_tools.roots import get_roots, is_latest_roots, lifetimes
from cortical_tools.snapshot_folder import SnapshotWriter, layout
from cortical_tools.snapshots import rows
from cortical_tools.snapshots.wanted import Wanted
from cortical_tools.unknown_roots import unknown_roots_named

IntArray = NDArray[np.int64]

# Roots whose relatives are asked for in one request; much edited ones have thousands.
_BATCH = 20
# caveclient tells successors by the parts this far below the roots, if not told otherwise.
_BELOW_ROOTS = 4
_TIMES = "datetime64[ns, UTC]"


def write_lineage(wanted: Wanted, writer: SnapshotWriter, taken: datetime) -> None:
    """All that some roots came from, and all that had become of them."""
    graph, roots = wanted.connection.chunkedgraph, wanted.lineage_of
    parts = portions(roots.tolist(), _BATCH)
    with unknown_roots_named(wanted.connection, roots):
        answers = side_by_side(
            lambda part: graph.get_lineage_graph(part, timestamp_future=taken), parts
        )
    made_by = {
        int(node["id"]): int(node.get("operation_id") or 0)
        for answer in answers
        for node in answer["nodes"]
    }
    pairs = {
        (int(link["source"]), int(link["target"])) for answer in answers for link in answer["links"]
    }
    found = pd.DataFrame(sorted(pairs), columns=["old_root_id", "new_root_id"], dtype=np.int64)
    # Some servers answer with one step too many.
    new = np.unique(found["new_root_id"].to_numpy())
    begun, _ = lifetimes(wanted.connection, new, taken)
    late = new[[moment > taken for moment in begun]]
    found = found[~found["new_root_id"].isin(late)].reset_index(drop=True)
    operations = np.array([made_by[one] for one in found["new_root_id"].tolist()], dtype=np.int64)
    writer.add_frame(layout.LINEAGE, found.assign(operation_id=operations))


def write_roots(wanted: Wanted, writer: SnapshotWriter, taken: datetime) -> None:
    """When each root began that anything speaks of, and when it was replaced if it was."""
    lineage = writer.frame(layout.LINEAGE)
    tables = [*rows.written(wanted, writer), *rows.written_live(wanted, writer)]
    named = [_ids(frame[name]) for frame in tables for name in frame if _is_root(name)]
    named += [_ids(lineage["old_root_id"]), _ids(lineage["new_root_id"]), wanted.lineage_of]
    roots = np.unique(np.concatenate(named))
    roots = roots[roots > 0]
    begun, last = lifetimes(wanted.connection, roots, taken)
    stands = is_latest_roots(wanted.connection, roots, taken)
    # A millisecond was taken off, to be a moment at which the root was still there.
    over = [
        pd.NaT if standing else moment + timedelta(milliseconds=1)
        for standing, moment in zip(stands, last, strict=True)
    ]
    lives = {
        "root_id": roots,
        "created": pd.Series(begun, dtype=_TIMES),
        "replaced": pd.Series(over, dtype=_TIMES),
    }
    writer.add_frame(layout.ROOTS, pd.DataFrame(lives))


def write_supervoxels(wanted: Wanted, writer: SnapshotWriter) -> None:
    """What the supervoxels of the rows belonged to at the time of the version."""
    known = _supervoxels(rows.written(wanted, writer))
    l2_ids = get_roots(wanted.connection, known["supervoxel_id"], wanted.when, stop_layer=2)
    writer.add_frame(layout.SUPERVOXELS, known.assign(l2_id=l2_ids))


def write_parts(wanted: Wanted, writer: SnapshotWriter) -> None:
    """The parts of roots by which successors are told."""
    connection, roots = wanted.connection, wanted.lineage_of.tolist()
    graph = connection.chunkedgraph
    n_layers = int(graph.segmentation_info.get("graph", {}).get("n_layers", 6))
    layer = max(1, n_layers - _BELOW_ROOTS)
    parts = side_by_side(
        lambda root: np.asarray(graph.get_leaves(root, stop_layer=layer)).astype(np.int64), roots
    )
    owners = np.repeat(wanted.lineage_of, [len(part) for part in parts])
    nodes = np.concatenate([np.empty(0, np.int64), *parts])
    writer.add_frame(layout.PARTS, pd.DataFrame({"root_id": owners, "node_id": nodes}))


def write_lookups(wanted: Wanted, writer: SnapshotWriter, taken: datetime) -> None:
    """What nodes belonged to when the root did not stand that they are known to be of."""
    lives = writer.frame(layout.ROOTS)
    gone = _ids(lives.loc[lives["replaced"].notna(), "root_id"])
    created, replaced = lives["created"], lives["replaced"]
    at_version = (created <= wanted.when) & ~(replaced <= wanted.when).fillna(False)
    elsewhen = _ids(lives.loc[~at_version, "root_id"])
    parts, members = writer.frame(layout.PARTS), writer.frame(layout.MEMBERS)
    supervoxels = writer.frame(layout.SUPERVOXELS)
    moved = _ids(supervoxels.loc[supervoxels["root_id"].isin(gone), "supervoxel_id"])
    live = _supervoxels(rows.written_live(wanted, writer))["supervoxel_id"].to_numpy()
    moved = np.union1d(moved, np.setdiff1d(live, _ids(supervoxels["supervoxel_id"])))
    nodes = np.union1d(
        _ids(parts.loc[parts["root_id"].isin(gone), "node_id"]),
        _ids(members.loc[members["root_id"].isin(gone), "l2_id"]),
    )
    old = np.unique(_ids(parts.loc[parts["root_id"].isin(elsewhen), "node_id"]))
    told = [
        _told(wanted, moved, taken, with_level2=True),
        _told(wanted, nodes, taken),
        _told(wanted, old, wanted.when),
    ]
    writer.add_frame(layout.LOOKUPS, pd.concat(told, ignore_index=True))


def _told(
    wanted: Wanted, nodes: IntArray, when: datetime, *, with_level2: bool = False
) -> pd.DataFrame:
    """What the dataset says that nodes belonged to at a moment."""
    zeros = np.zeros(len(nodes), dtype=np.int64)
    l2_ids = get_roots(wanted.connection, nodes, when, stop_layer=2) if with_level2 else zeros
    told: dict[str, Any] = {
        "at": pd.Series([when] * len(nodes), dtype=_TIMES),
        "node_id": nodes,
        "l2_id": l2_ids,
        "root_id": get_roots(wanted.connection, nodes, when),
    }
    return pd.DataFrame(told)


def _supervoxels(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """The supervoxels that lie in objects, each once, with the roots that stand beside them."""
    pairs = [
        pd.DataFrame({"supervoxel_id": _ids(frame[name]), "root_id": _ids(frame[root])})
        for frame in frames
        for name in map(str, frame.columns)
        if name.endswith("_supervoxel_id")
        and (root := f"{name.removesuffix('supervoxel_id')}root_id") in frame
    ]
    none = pd.DataFrame({"supervoxel_id": [], "root_id": []}, dtype=np.int64)
    every = pd.concat([none, *pairs], ignore_index=True).drop_duplicates("supervoxel_id")
    return every[(every["supervoxel_id"] > 0) & (every["root_id"] > 0)].reset_index(drop=True)


def _is_root(column: object) -> bool:
    return str(column).endswith("_root_id")


def _ids(column: pd.Series) -> IntArray:
    """A column of ids, 0 where there is none."""
    return column.fillna(0).to_numpy(dtype=np.int64)
