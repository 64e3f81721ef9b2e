"""Which questions about ids a snapshot can answer, and their answers.

A snapshot of a dataset that goes on has the history of some ids. What it has of others would look
like all there is: that they never existed, were never edited, have no parts. So it refuses.
"""

from __future__ import annotations

from functools import cached_property, lru_cache

import numpy as np

from cortical_tools.local.answers import Refusal
from cortical_tools.local.history import IdHistory, IntArray, find, instant, ints, times
from cortical_tools.snapshot_folder import Held, Snapshot, layout

_AS_NEURON = "Take it with these among its root_ids, which are of the time of its version."
_WITH_LINEAGE = "Take it with these in lineage_of=[...], which has room for old root ids, too."
_AT_ITS_TIMES = (
    "It knows of each id what it belonged to at the time of its version, at the moment when it was "
    "taken, and as long as the root of then stood."
)


class HeldIds:
    """What a snapshot holds of the history of ids; all there is, unless it says otherwise.

    Parameters
    ----------
    snapshot
        Whose ids.
    history
        What it knows of them.
    """

    def __init__(self, snapshot: Snapshot, history: IdHistory) -> None:
        self._snapshot = snapshot
        self._history = history
        self._held: Held | None = snapshot.facts.held

    @property
    def is_all(self) -> bool:
        """Whether what the snapshot does not have does not exist."""
        return self._held is None

    def require_all(self, what: str) -> None:
        """Refuse what only the history of all ids could answer."""
        if not self.is_all:
            raise Refusal(400, f"the snapshot does not hold {what}; ask the dataset itself")

    def require_roots(self, root_ids: IntArray) -> None:
        """Refuse roots of which it is not known when they began, and whether they still stand."""
        if not self.is_all:
            is_root = self._history.chunks.layer(root_ids) == self._history.chunks.n_layers
            unknown = root_ids[is_root & ~self._history.is_known(root_ids)]
            _refuse(unknown, "from when to when these root ids stood", _WITH_LINEAGE)

    def require_neurons(self, root_ids: IntArray, what: str) -> None:
        """Refuse roots that are not among the neurons that the snapshot was taken for."""
        if self._held is not None:
            _refuse(root_ids[~np.isin(root_ids, self._held.root_ids)], what, _AS_NEURON)

    def require_skeletons(self, root_ids: IntArray) -> None:
        """Refuse roots of which it is not known whether they have a skeleton."""
        if self._held is not None and not self._held.skeletons:
            raise Refusal(400, "the snapshot was taken without skeletons")
        self.require_neurons(root_ids, "whether these have skeletons")

    def require_meshes(self, root_ids: IntArray) -> None:
        """Refuse roots of which it is not known whether they have a mesh."""
        if self._held is not None and not self._held.meshes:
            raise Refusal(404, "the snapshot was taken without meshes; take it with meshes=True")
        self.require_neurons(root_ids, "the meshes of these")

    def require_level2(self, l2_ids: IntArray) -> None:
        """Refuse level-2 ids of which it is not known what the level-2 cache says of them."""
        if not self.is_all:
            is_level2 = self._history.chunks.layer(l2_ids) == 2
            unknown = l2_ids[is_level2 & ~np.isin(l2_ids, self._history.members[1])]
            _refuse(unknown, "the attributes of these level-2 ids", _AS_NEURON)

    def require_lineage(self, root_ids: IntArray, past: int, future: int) -> None:
        """Refuse roots of which a relative between two moments may be missing.

        What came of a root is not all there because it is there itself: of those that it was
        merged with, the others' pasts are missing.
        """
        if self.is_all:
            return
        rows, known = self._history.rows(root_ids)
        _refuse(root_ids[~known], "the relatives of these ids", _WITH_LINEAGE)
        if not len(root_ids):
            return
        before, after = self._complete
        begun, over = self._history.created[rows], self._history.replaced[rows]
        lacks_past = ~np.isin(root_ids, before) & (begun > past)
        lacks_future = ~np.isin(root_ids, after) & (over <= future)
        nowhere = ~np.isin(root_ids, np.concatenate([before, after]))
        _refuse(
            root_ids[lacks_past | lacks_future | nowhere],
            "all relatives of these root ids then",
            _WITH_LINEAGE,
        )

    def leaves(self, node_id: int, stop_layer: int, bounds: IntArray | None) -> IntArray | None:
        """The nodes of a lower layer under a node, ascending; None if the node is unknown."""
        history = self._history
        if not self.is_all:
            owners, nodes = self._parts
            is_held = stop_layer == 2 and np.isin(node_id, history.members[0])
            if not is_held and bounds is None:
                found = np.unique(nodes[owners == node_id])
                if len(found) and (history.chunks.layer(found) == stop_layer).all():
                    return found
            if not is_held:
                what = f"the parts of these on layer {stop_layer}"
                _refuse(np.array([node_id]), what, _AS_NEURON)
        return history.leaves(node_id, stop_layer, bounds)

    def roots_at(self, node_ids: IntArray, at: int, stop_layer: int | None = None) -> IntArray:
        """(N,) the root that each node belongs to at a moment, or its node of `stop_layer`.

        0 where there is none.
        """
        chunks = self._history.chunks
        if self._held is None:
            return self._history.roots_at(node_ids, at, stop_layer)
        layers = chunks.layer(node_ids)
        target = chunks.n_layers if stop_layer is None else stop_layer
        keys, values = self._belonging(min(at, self._taken), target)
        rows, known = find(keys, node_ids)
        is_node = (layers > 0) & (layers <= min(target, chunks.n_layers))
        what = "what these ids belonged to then" + ("" if target > 2 else ", on layer 2")
        _refuse(node_ids[is_node & ~known], what, _AT_ITS_TIMES)
        found = np.zeros(len(node_ids), dtype=np.int64)
        found[known] = values[rows[known]]
        return found

    @lru_cache(maxsize=8)  # noqa: B019 - lives as long as its server
    def _belonging(self, at: int, target: int) -> tuple[IntArray, IntArray]:
        """Sorted nodes of which it is known what they belong to at a moment, and that."""
        history = self._history
        told_at, told, told_l2, told_roots = self._told
        now = told_at == at
        supervoxels, owners, l2_ids = history.supervoxels
        if target == 2:
            alive = history.is_alive(owners, at) & (l2_ids > 0)
            now &= history.chunks.layer(told) == 1
            members = history.members[1][history.is_alive(history.members[0], at)]
            pairs = [(told[now], told_l2[now]), (supervoxels[alive], l2_ids[alive])]
            pairs.append((members, members))
        elif target == history.chunks.n_layers:
            roots, lives = history.root_ids, history.is_alive(history.root_ids, at)
            pairs = [(told[now], told_roots[now]), (roots, np.where(lives, roots, 0))]
            for root_ids, nodes in ((owners, supervoxels), history.members, self._parts):
                alive = history.is_alive(root_ids, at)
                pairs.append((nodes[alive], root_ids[alive]))
        else:
            pairs = [(told[:0], told[:0])]
        nodes = np.concatenate([pair[0] for pair in pairs])
        keys, first = np.unique(nodes, return_index=True)
        return keys, np.concatenate([pair[1] for pair in pairs])[first]

    @property
    def _taken(self) -> int:
        assert self._held is not None
        return instant(self._held.taken)

    @cached_property
    def _parts(self) -> tuple[IntArray, IntArray]:
        """Roots, and nodes that they are made of, on the layer that successors are told by."""
        parts = self._snapshot.frame(layout.PARTS)
        return ints(parts["root_id"]), ints(parts["node_id"])

    @cached_property
    def _told(self) -> tuple[IntArray, IntArray, IntArray, IntArray]:
        """What the dataset said at which moments: nodes, their level-2 ids, and their roots."""
        told = self._snapshot.frame(layout.LOOKUPS)
        return times(told["at"]), ints(told["node_id"]), ints(told["l2_id"]), ints(told["root_id"])

    @cached_property
    def _complete(self) -> tuple[IntArray, IntArray]:
        """Roots of which every ancestor is there, and those of which every descendant is."""
        assert self._held is not None
        least, most = np.iinfo(np.int64).min, np.iinfo(np.int64).max
        asked = list(self._held.lineage_of)
        before, _ = self._history.lineage(asked, least, least)
        after, _ = self._history.lineage(asked, most, most)
        return (
            np.array(sorted(before), dtype=np.int64),
            np.array(sorted(after), dtype=np.int64),
        )


def _refuse(ids: IntArray, what: str, advice: str) -> None:
    if len(ids):
        count = "1 id" if len(ids) == 1 else f"{len(ids)} ids"
        raise Refusal(
            400,
            f"the snapshot does not hold {what}: {count}, the first is {ids[0]}. {advice}",
        )
