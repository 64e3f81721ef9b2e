"""Which supervoxel belonged to which object at which time, and what objects became of others.

A chunked segmentation is a tree over space: supervoxels (layer 1) make up level-2 nodes, one for
each connected piece in a chunk; those make up nodes of ever larger chunks, and a root, on the
topmost layer, is an object. An edit replaces the roots it touches and the nodes above the edit.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property, lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cortical_tools.chunks import Chunks
from cortical_tools.snapshot_folder import Snapshot, layout

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_NEVER = np.iinfo(np.int64).max


class IdHistory:
    """The id history of a snapshot.

    Times are int64 nanoseconds since 1970, UTC. An object exists from when it was created until,
    but not at, the moment when it was replaced.

    Parameters
    ----------
    snapshot
        Whose ``ids`` are read.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        roots = snapshot.frame(layout.ROOTS).sort_values("root_id")
        self.chunks: Chunks = Chunks.from_info(dict(snapshot.facts.graphene))
        self.root_ids: IntArray = ints(roots["root_id"])
        self.created: IntArray = times(roots["created"])
        self.replaced: IntArray = times(roots["replaced"])
        lineage = snapshot.frame(layout.LINEAGE)
        self.old: IntArray = ints(lineage["old_root_id"])
        self.new: IntArray = ints(lineage["new_root_id"])
        self.operation: IntArray = ints(lineage["operation_id"])
        members = snapshot.frame(layout.MEMBERS)
        self._member_root, self._member_l2 = ints(members["root_id"]), ints(members["l2_id"])
        supervoxels = snapshot.frame(layout.SUPERVOXELS)
        self._supervoxel = ints(supervoxels["supervoxel_id"])
        self._supervoxel_l2 = ints(supervoxels["l2_id"])
        self._supervoxel_root = ints(supervoxels["root_id"])

    @cached_property
    def events(self) -> IntArray:
        """The moments at which anything changed, ascending."""
        return np.unique(np.concatenate([self.created, self.replaced]))

    @property
    def members(self) -> tuple[IntArray, IntArray]:
        """Roots, and the level-2 ids that they are made of."""
        return self._member_root, self._member_l2

    @property
    def supervoxels(self) -> tuple[IntArray, IntArray, IntArray]:
        """Supervoxels, the roots that they belonged to, and their level-2 ids there."""
        return self._supervoxel, self._supervoxel_root, self._supervoxel_l2

    def rows(self, root_ids: IntArray) -> tuple[IntArray, BoolArray]:
        """Where each root is in `root_ids`, and whether it is there at all."""
        return find(self.root_ids, root_ids)

    def is_known(self, root_ids: IntArray) -> BoolArray:
        """(N,) whether each root ever existed."""
        return self.rows(root_ids)[1]

    def is_alive(self, root_ids: IntArray, at: int) -> BoolArray:
        """(N,) whether each root exists at a moment."""
        if not len(self.root_ids):
            return np.zeros(len(root_ids), dtype=np.bool_)
        rows, known = self.rows(root_ids)
        return known & (self.created[rows] <= at) & (at < self.replaced[rows])

    def roots_at(self, node_ids: IntArray, at: int, stop_layer: int | None = None) -> IntArray:
        """(N,) the root that each node belongs to at a moment, 0 where there is none.

        Parameters
        ----------
        node_ids
            Of any layer. A root is its own root while it exists.
        at
            When.
        stop_layer
            The layer to climb to, if not to the roots.
        """
        found = np.zeros(len(node_ids), dtype=np.int64)
        layers = self.chunks.layer(node_ids)
        target = self.chunks.n_layers if stop_layer is None else stop_layer
        for layer in np.unique(layers):
            here = layers == layer
            if 0 < layer <= target and layer <= self.chunks.n_layers:
                keys, values = self._ascent(int(layer), target, self._epoch(at))
                rows, known = find(keys, node_ids[here])
                found[here] = np.where(known, values[rows], 0) if len(keys) else 0
        return found

    def level2(self, root_id: int) -> IntArray:
        """The level-2 ids of a root, ascending."""
        return np.unique(self._member_l2[self._member_root == root_id])

    def leaves(
        self, node_id: int, stop_layer: int = 1, bounds: IntArray | None = None
    ) -> IntArray | None:
        """The nodes of a lower layer under a node, ascending; None if the node is unknown.

        Parameters
        ----------
        node_id
            A root or a node of any layer.
        stop_layer
            Of the nodes wanted; 1 for supervoxels.
        bounds
            (3, 2) voxels; only nodes whose chunks reach into it.
        """
        layer = int(self.chunks.layer(np.array(node_id)))
        keys = self._nodes(layer)
        here = keys[0] == node_id
        if not here.any():
            return None
        roots, l2_ids = keys[1][here], keys[2][here]
        if bounds is not None:
            inside = self._reaches(l2_ids, bounds)
            roots, l2_ids = roots[inside], l2_ids[inside]
        below = self._nodes(stop_layer)
        wanted = np.isin(below[2], l2_ids) & np.isin(below[1], roots)
        return np.unique(below[0][wanted])

    def _reaches(self, l2_ids: IntArray, bounds: IntArray) -> BoolArray:
        low = self.chunks.offset + self.chunks.place(l2_ids, 2) * self.chunks.size
        inside = (low < bounds[:, 1]) & (low + self.chunks.size > bounds[:, 0])
        reached: BoolArray = inside.all(axis=1)
        return reached

    def _epoch(self, at: int) -> int:
        """The number of changes up to a moment: between two changes every answer is the same."""
        return int(np.searchsorted(self.events, at, side="right"))

    @lru_cache(maxsize=64)  # noqa: B019 - a history lives as long as its server
    def _ascent(self, layer: int, target: int, epoch: int) -> tuple[IntArray, IntArray]:
        """Sorted node ids of a layer and, for each, its node of the target layer, in an epoch."""
        at = int(self.events[epoch - 1]) if epoch else np.iinfo(np.int64).min
        nodes, roots, l2_ids = self._nodes(layer)
        alive = self.is_alive(roots, at)
        nodes, roots, l2_ids = nodes[alive], roots[alive], l2_ids[alive]
        if target != self.chunks.n_layers:
            above = self._nodes(target)
            place = pd.MultiIndex.from_arrays([above[1], above[2]])
            rows = place.get_indexer(pd.MultiIndex.from_arrays([roots, l2_ids]))
            nodes, roots = nodes[rows >= 0], above[0][rows[rows >= 0]]
        keys, first = np.unique(nodes, return_index=True)
        return keys, roots[first]

    @lru_cache(maxsize=16)  # noqa: B019 - a history lives as long as its server
    def _nodes(self, layer: int) -> tuple[IntArray, IntArray, IntArray]:
        """Every node of a layer, with the root it is in and each level-2 id that it has there."""
        roots, l2_ids = self._member_root, self._member_l2
        if layer == self.chunks.n_layers:
            lone = self.root_ids[~np.isin(self.root_ids, roots)]
            # A root of which no level-2 id is known is a node all the same.
            roots = np.concatenate([roots, lone])
            return roots, roots, np.concatenate([l2_ids, np.zeros(len(lone), dtype=np.int64)])
        if layer == 1:
            return self._supervoxel, self._supervoxel_root, self._supervoxel_l2
        if layer == 2:
            return l2_ids, roots, l2_ids
        return self._made_up(layer, roots, l2_ids), roots, l2_ids

    def _made_up(self, layer: int, roots: IntArray, l2_ids: IntArray) -> IntArray:
        """Ids for nodes between level 2 and the roots, which no snapshot lists.

        One node for each root and chunk of the layer. Its number follows from the level-2 ids it
        has, so that two roots share the nodes in which they do not differ.
        """
        place = self.chunks.place(l2_ids, 2) >> (layer - 2)
        chunk = self.chunks.ids(layer, place, np.zeros(len(place), dtype=np.int64))
        group = pd.DataFrame({"root": roots, "chunk": chunk}).groupby(["root", "chunk"]).ngroup()
        sums = np.zeros(len(l2_ids), dtype=np.uint64)
        np.add.at(sums, group.to_numpy(), _scattered(l2_ids))
        number = sums[group.to_numpy()] % np.uint64(self.chunks.numbers(layer) - 1) + np.uint64(1)
        return chunk + number.astype(np.int64)

    def lineage(self, root_ids: Iterable[int], past: int, future: int) -> tuple[set[int], IntArray]:
        """The relatives of some roots between two moments.

        Returns
        -------
        (ids, links)
            The ids of the roots and of their relatives, and the rows of the lineage that lead
            from one to another.
        """
        asked = {int(root_id) for root_id in root_ids}
        found, links = set(asked), set()
        for here, there, forward in ((self.old, self.new, True), (self.new, self.old, False)):
            # What others brought into a merge, or took away in a split, is no relative.
            border, seen = set(asked), set(asked)
            while border:
                hit = np.flatnonzero(np.isin(here, list(border)))
                moment = self._created_of(self.new[hit])
                hit = hit[moment <= future] if forward else hit[moment > past]
                links.update(hit.tolist())
                border = set(there[hit].tolist()) - seen
                seen |= border
            found |= seen
        return found, np.array(sorted(links), dtype=np.int64)

    def past_ids(self, root_id: int, past: int) -> list[int]:
        """The roots that existed at a moment and from which a root has come since."""
        found, _ = self.lineage([root_id], past, np.iinfo(np.int64).min)
        return [one for one in sorted(found) if self.is_alive(np.array([one]), past)[0]]

    def _created_of(self, root_ids: IntArray) -> IntArray:
        rows, known = self.rows(root_ids)
        return np.where(known, self.created[rows], _NEVER) if len(root_ids) else root_ids


def ints(column: pd.Series) -> IntArray:
    """A column of ids, none of them missing."""
    return column.to_numpy(dtype=np.int64)


def times(column: pd.Series) -> IntArray:
    """A column of moments in nanoseconds, the end of time where there is none."""
    moments = pd.to_datetime(column, utc=True)
    nanoseconds = moments.dt.tz_localize(None).to_numpy().astype("datetime64[ns]").astype(np.int64)
    return np.where(moments.isna(), _NEVER, nanoseconds)


def instant(moment: datetime) -> int:
    """A moment in nanoseconds."""
    return int(pd.Timestamp(moment).as_unit("ns").value)


def find(keys: IntArray, wanted: IntArray) -> tuple[IntArray, BoolArray]:
    """Where each wanted value is among sorted keys, and whether it is there."""
    if not len(keys):
        return np.zeros(len(wanted), dtype=np.int64), np.zeros(len(wanted), dtype=np.bool_)
    rows = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return rows, keys[rows] == wanted


def _scattered(ids: IntArray) -> NDArray[np.uint64]:
    """Numbers that differ in all bits where ids differ in one, so that sums of them tell sets."""
    mixed = ids.astype(np.uint64)
    for factor, shift in ((0xBF58476D1CE4E5B9, 30), (0x94D049BB133111EB, 27)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))
