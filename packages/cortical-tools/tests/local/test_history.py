"""Id histories of any kind, against plain definitions."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from cortical_tools.local.history import Chunks, IdHistory
from cortical_tools.local.world import plan
from cortical_tools.snapshot_folder import layout

ROOT_LAYER, N_L2 = 12 << 56, 6
CHUNKS: Chunks = plan.chunks()
# One level-2 id in each of six chunks in a row along x.
PLACE = np.column_stack([np.arange(N_L2), *np.zeros((2, N_L2), dtype=np.int64)])
L2_IDS = CHUNKS.ids(2, PLACE, np.ones(N_L2, dtype=np.int64))


class Told:
    """A history as it is told: which pieces are together, edit by edit."""

    def __init__(self, edits):
        self.lives, self.lineage, self.pieces = {}, [], {}
        for number in range(N_L2):
            self._make({number}, 0)
        for time, (kind, one, other) in enumerate(edits, 1):
            self._edit(kind, one, other, time)

    def _make(self, pieces, time):
        root = ROOT_LAYER + 1 + len(self.pieces)
        self.pieces[root], self.lives[root] = pieces, [time, None]
        return root

    def root_at(self, piece, time):
        """The one root that has a piece at a time."""
        (found,) = [
            root
            for root, (begun, ended) in self.lives.items()
            if piece in self.pieces[root] and begun <= time and (ended is None or time < ended)
        ]
        return found

    def _edit(self, kind, one, other, time):
        before = {self.root_at(one, time), self.root_at(other, time)}
        together = set().union(*(self.pieces[root] for root in before))
        if kind == "merge" and len(before) == 2:
            parts = [together]
        elif kind == "split" and len(before) == 1 and len(together) > 1 and one != other:
            parts = [{one}, together - {one}]
        else:
            return
        for root in before:
            self.lives[root][1] = time
        for part in parts:
            made = self._make(part, time)
            self.lineage += [(old, made, time) for old in before]

    def ancestors(self, root):
        """The root and all that led to it."""
        old = {one for one, new, _ in self.lineage if new == root}
        return {root}.union(*(self.ancestors(one) for one in old))

    def history(self):
        """The same as the service has it."""
        seconds = {
            one: pd.to_datetime(life, unit="s", utc=True) for one, life in self.lives.items()
        }
        frames = {
            layout.ROOTS: pd.DataFrame(
                [(one, begun, ended) for one, (begun, ended) in seconds.items()],
                columns=["root_id", "created", "replaced"],
            ),
            layout.LINEAGE: pd.DataFrame(
                np.array(self.lineage, dtype=np.int64).reshape(-1, 3),
                columns=["old_root_id", "new_root_id", "operation_id"],
            ),
            layout.MEMBERS: pd.DataFrame(
                [(one, L2_IDS[piece]) for one, pieces in self.pieces.items() for piece in pieces],
                columns=["root_id", "l2_id"],
            ),
            layout.SUPERVOXELS: pd.DataFrame(
                {
                    column: np.zeros(0, dtype=np.int64)
                    for column in layout.COLUMNS[layout.SUPERVOXELS]
                }
            ),
        }
        facts = SimpleNamespace(graphene=plan.graphene_info())
        return IdHistory(SimpleNamespace(frame=frames.__getitem__, facts=facts))


piece = st.integers(0, N_L2 - 1)
edits = st.lists(st.tuples(st.sampled_from(["merge", "merge", "split"]), piece, piece), max_size=12)


@settings(max_examples=60)
@given(edits, st.floats(0, 14))
def test_every_node_is_in_the_root_that_has_it_then(edits, time):
    told = Told(edits)
    history, at = told.history(), round(time * 1e9)
    expected = [told.root_at(number, at / 1e9) for number in range(N_L2)]
    assert history.roots_at(L2_IDS, at).tolist() == expected
    assert history.is_alive(np.array(sorted(told.lives)), at).sum() == len(set(expected))
    for layer in (3, 7):
        for root in set(expected):
            nodes = history.leaves(root, layer)
            assert set(history.roots_at(nodes, at).tolist()) == {root}


@settings(max_examples=60)
@given(edits)
def test_leaves_of_a_root_are_its_pieces_through_every_layer(edits):
    told = Told(edits)
    history = told.history()
    for root, pieces in told.pieces.items():
        own = sorted(L2_IDS[list(pieces)].tolist())
        assert history.level2(root).tolist() == history.leaves(root, 2).tolist() == own
        below = [history.leaves(node, 2).tolist() for node in history.leaves(root, 5)]
        assert sorted(sum(below, [])) == own


@settings(max_examples=60)
@given(edits, st.integers(0, 12))
def test_past_ids_are_the_ancestors_that_existed_then(edits, time):
    told = Told(edits)
    history = told.history()
    for root in told.lives:
        then = {
            one
            for one in told.ancestors(root)
            if told.lives[one][0] <= time
            and (told.lives[one][1] is None or time < told.lives[one][1])
        }
        assert set(history.past_ids(root, time * 10**9)) == then
