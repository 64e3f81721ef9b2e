import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify.topology import gaps as module
from ossify.topology.gaps import shortest_gaps
from ossify.topology.rooted_tree import RootedTree


def kruskal(tree, points, max_distance):
    """Gaps by the definition: all pairs, the shortest first, where they join two groups."""
    group = tree.component_root.tolist()
    first, second = np.triu_indices(tree.n_vertices, 1)
    between = points[first] - points[second]
    length = np.sqrt(np.einsum("ij,ij->i", between, between))
    apart = np.asarray(group)[first] != np.asarray(group)[second]
    found = []
    for pair in np.flatnonzero(apart)[np.argsort(length[apart], kind="stable")]:
        a, b = int(first[pair]), int(second[pair])
        if length[pair] <= max_distance and group[a] != group[b]:
            found.append((a, b, float(length[pair])))
            gone, stays = group[b], group[a]
            group = [stays if one == gone else one for one in group]
    return found


def listed(gaps):
    return list(zip(gaps.first.tolist(), gaps.second.tolist(), gaps.length.tolist(), strict=True))


@given(data=st.data())
def test_they_are_a_minimum_spanning_tree_over_the_trees(forests, data):
    tree = RootedTree.from_parents(data.draw(forests))
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    points = rng.normal(size=(tree.n_vertices, 3))
    if data.draw(st.booleans(), label="on a grid, with ties"):
        points = np.rint(2 * points)
    limit = data.draw(st.sampled_from([0.0, 1.0, 2.0, np.inf]))
    assert listed(shortest_gaps(tree, points, limit)) == kruskal(tree, points, limit)


def fibres(rng, n_fibres, n_vertices, spread):
    """Random walks that start here and there, and their trees."""
    starts = rng.uniform(0, spread, size=(n_fibres, 1, 3))
    steps = rng.normal(size=(n_fibres, n_vertices, 3)).cumsum(axis=1)
    parent = np.arange(n_fibres * n_vertices) - 1
    parent[::n_vertices] = -1
    return RootedTree.from_parents(parent), (starts + steps).reshape(-1, 3)


@pytest.fixture(
    scope="module",
    params=itertools.product([5, 50, 5000], [3.0, np.inf]),
    ids=["tangled-3", "tangled", "near-3", "near", "far apart-3", "far apart"],
)
def joined_fibres(request):
    """Fibres, how far apart they may be, and what joins them by the definition, which is slow."""
    spread, limit = request.param
    tree, points = fibres(np.random.default_rng(spread), 12, 120, spread)
    return tree, points, limit, kruskal(tree, points, limit)


@pytest.mark.parametrize(("near", "coarse"), [(16, 2048), (2, 2048), (2, 1)])
def test_many_fibres_are_joined_as_by_the_definition(monkeypatch, joined_fibres, near, coarse):
    # With few blocks known from the start, the wider search has more to do; with few coarse
    # blocks, these have more in them.
    monkeypatch.setattr(module, "_NEAR", near)
    monkeypatch.setattr(module, "_COARSE", coarse)
    monkeypatch.setattr(module, "_COARSE_OF_TREE", min(coarse, 4))
    tree, points, limit, expected = joined_fibres
    assert listed(shortest_gaps(tree, points, limit)) == expected


def test_pairs_that_are_too_many_for_one_go_make_no_difference(monkeypatch):
    tree, points = fibres(np.random.default_rng(1), 6, 50, 10)
    monkeypatch.setattr(module, "_NEAR", 2)
    monkeypatch.setattr(module, "_COARSE", 1)
    at_once = listed(shortest_gaps(tree, points))
    monkeypatch.setattr(module, "_PAIRS_AT_ONCE", 7)
    assert listed(shortest_gaps(tree, points)) == at_once


def test_two_halves_far_apart_and_long_edges():
    tree = RootedTree.from_parents([-1, 0, 1, -1, 3, 4])
    points = np.array([[0, 0, 0], [1, 0, 0], [1e6, 0, 0], [0, 9e6, 0], [1, 9e6, 0], [2, 8e6, 0.0]])
    assert listed(shortest_gaps(tree, points)) == kruskal(tree, points, np.inf)


def test_lone_vertices_on_one_spot_are_no_distance_apart():
    tree = RootedTree.from_parents([-1, -1, -1])
    assert listed(shortest_gaps(tree, np.ones((3, 3)), 0)) == [(0, 1, 0.0), (0, 2, 0.0)]


@pytest.mark.parametrize("parents", [[], [-1], [-1, 0]])
def test_one_tree_or_none_has_no_gaps(parents):
    tree = RootedTree.from_parents(parents)
    assert listed(shortest_gaps(tree, np.zeros((len(parents), 3)))) == []
