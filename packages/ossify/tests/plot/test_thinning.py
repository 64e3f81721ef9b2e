"""Joined lines keep the shape."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ossify.plot.thinning import joined_edges
from ossify.topology.rooted_tree import RootedTree

forests = st.integers(0, 40).flatmap(
    lambda n: st.tuples(*(st.integers(-1, row - 1) for row in range(n)))
)


def test_a_branch_point_and_its_children_stay():
    #           5
    #          /
    #  0-1-2-3
    #          \
    #           4-6-7-8     one long step: only 6 and 7 are joined over, 1 and 2 as well
    tree = RootedTree.from_parents(np.array([-1, 0, 1, 2, 3, 3, 4, 6, 7]))
    edges = joined_edges(tree, np.arange(9.0), step=100.0)
    assert sorted(map(tuple, edges.tolist())) == [(3, 0), (4, 3), (5, 3), (8, 4)]


@given(forests, st.randoms(use_true_random=False))
def test_short_steps_keep_every_edge(parents, random):
    tree = RootedTree.from_parents(shuffled(parents, random))
    edges = joined_edges(tree, tree.depth.astype(float), step=0.5)
    assert sorted(edges.tolist()) == sorted(tree.edges.tolist())


@given(forests, st.randoms(use_true_random=False), st.floats(0.5, 10))
def test_every_line_goes_up_from_a_vertex_to_an_ancestor_and_all_ends_stay(parents, random, step):
    parent = shuffled(parents, random)
    tree = RootedTree.from_parents(parent)
    upper_of = dict(joined_edges(tree, tree.depth.astype(float), step).tolist())
    for lower, upper in upper_of.items():
        between, row = 0, parent[lower]
        while row != upper:
            assert row >= 0
            assert tree.n_children[row] == 1
            between, row = between + 1, parent[row]
        assert between <= step
    for tip in tree.tip_rows.tolist():
        row = tip
        while row in upper_of:
            row = upper_of[row]
        assert parent[row] == -1


def shuffled(parents, random):
    """The same forest with its rows in another order."""
    place = list(range(len(parents)))
    random.shuffle(place)
    parent = np.empty(len(parents), dtype=np.int64)
    for row, above in enumerate(parents):
        parent[place[row]] = -1 if above < 0 else place[above]
    return parent
