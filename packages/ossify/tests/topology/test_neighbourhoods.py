import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify.topology.neighbourhoods import graph_neighbours, tree_neighbours
from ossify.topology.rooted_tree import RootedTree
from ossify.topology.sparse_graph import adjacency, distances


def triples(near):
    return list(zip(near.source.tolist(), near.row.tolist(), near.distance.tolist(), strict=True))


def test_a_walk_goes_up_and_down_and_never_back():
    #  3   4
    #   \ /
    #    2    5
    #     \  /
    #      1
    #      |
    #      0
    tree = RootedTree.from_parents([-1, 0, 1, 2, 2, 1])
    steps = np.ones(6)
    found = {
        direction: triples(tree_neighbours(tree, steps, np.array([2]), 2, direction).in_order())
        for direction in ("undirected", "upstream", "downstream")
    }
    assert found["upstream"] == [(0, 0, 2), (0, 1, 1), (0, 2, 0)]
    assert found["downstream"] == [(0, 2, 0), (0, 3, 1), (0, 4, 1)]
    assert found["undirected"] == [
        (0, 0, 2), (0, 1, 1), (0, 2, 0), (0, 3, 1), (0, 4, 1), (0, 5, 2),
    ]  # fmt: skip


@pytest.mark.parametrize("direction", ["undirected", "upstream", "downstream"])
@given(data=st.data())
def test_a_tree_is_searched_as_far_as_the_limit(forests, data, direction):
    tree = RootedTree.from_parents(data.draw(forests))
    n = tree.n_vertices
    steps = np.array(data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)), float)
    steps[tree.roots] = 0
    limit = data.draw(st.sampled_from([0, 1, 2, 4.5, np.inf]))
    sources = np.array(data.draw(st.lists(st.integers(0, n - 1), max_size=4)), int)
    between = tree.distances_between(np.arange(n), np.arange(n), tree.sums_from_root(steps))
    below = np.array([tree.subtree_mask([row]) for row in range(n)])
    allowed = {"undirected": np.isfinite(between), "upstream": below.T, "downstream": below}
    expected = [
        (place, row, between[source, row])
        for place, source in enumerate(sources)
        for row in range(n)
        if allowed[direction][source, row] and between[source, row] <= limit
    ]
    near = tree_neighbours(tree, steps, sources, limit, direction)
    assert triples(near.in_order()) == expected


@given(data=st.data())
def test_a_graph_is_searched_as_far_as_the_limit(data):
    n = data.draw(st.integers(1, 9))
    ends = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1))
    edges = np.array(data.draw(st.lists(ends, max_size=16)), int).reshape(-1, 2)
    weights = data.draw(st.lists(st.integers(0, 3), min_size=len(edges), max_size=len(edges)))
    matrix = adjacency(n, edges, np.array(weights, float))
    limit = data.draw(st.sampled_from([0, 1, 2, 4.5, np.inf]))
    sources = np.array(data.draw(st.lists(st.integers(0, n - 1), max_size=4)), int)
    between = distances(matrix, sources)
    expected = [
        (place, row, between[place, row])
        for place in range(len(sources))
        for row in range(n)
        if between[place, row] <= limit and np.isfinite(between[place, row])
    ]
    assert triples(graph_neighbours(matrix, sources, limit).in_order()) == expected


def test_without_sources_nothing_is_found():
    tree = RootedTree.from_parents([-1, 0])
    assert triples(tree_neighbours(tree, np.ones(2), np.array([], int), 5)) == []
    none = adjacency(2, np.array([[0, 1]]), np.ones(1))
    assert triples(graph_neighbours(none, np.array([], int), 5)) == []


@given(data=st.data())
def test_too_many_pairs_are_not_listed_and_enough_are_all_listed(forests, data):
    tree = RootedTree.from_parents(data.draw(forests))
    n = tree.n_vertices
    steps = np.where(tree.parent >= 0, 1.0, 0.0)
    matrix = adjacency(n, tree.edges, np.ones(len(tree.edges)))
    everything = np.arange(n)
    for search in (
        lambda most: tree_neighbours(tree, steps, everything, 2, most=most),
        lambda most: graph_neighbours(matrix, everything, 2, most=most),
    ):
        near = search(None)
        assert search(len(near.row) - 1) is None
        enough = search(n * n + 2 * n * n)
        assert triples(enough.in_order()) == triples(near.in_order())
