from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify.errors import TopologyError
from ossify.topology.labelling import best_labels
from ossify.topology.rooted_tree import RootedTree


def worth(tree, labels, scores, cost):
    child = np.flatnonzero(tree.parent >= 0)
    edges = cost[labels[tree.parent[child]], labels[child]]
    return scores[np.arange(len(labels)), labels].sum() - edges.sum()


def step_by_step(tree, scores, cost):
    """The same, vertex by vertex."""
    order = tree.index.order[::-1]
    best = scores.copy()
    for row in order:
        if tree.parent[row] >= 0:
            best[tree.parent[row]] += (best[row] - cost).max(axis=1)
    labels = np.zeros(len(scores), int)
    for row in order[::-1]:
        above = tree.parent[row]
        labels[row] = np.argmax(best[row] - cost[labels[above]] if above >= 0 else best[row])
    return labels


@given(data=st.data())
def test_no_other_labels_are_worth_more(forests, data):
    whole = RootedTree.from_parents(data.draw(forests))
    tree = whole.select(np.arange(whole.n_vertices) < 6)
    n = tree.n_vertices
    numbers = st.integers(-4, 4).map(float)
    scores = np.array(data.draw(st.lists(numbers, min_size=3 * n, max_size=3 * n))).reshape(n, 3)
    costs = st.one_of(st.integers(0, 3).map(float), st.just(np.inf))
    cost = np.array(data.draw(st.lists(costs, min_size=9, max_size=9))).reshape(3, 3)
    np.fill_diagonal(cost, 0)
    labels = best_labels(tree, scores, cost)
    every = (np.array(choice) for choice in product(range(3), repeat=n))
    assert worth(tree, labels, scores, cost) == max(worth(tree, c, scores, cost) for c in every)


def test_forests_of_every_odd_shape(large_forest):
    tree = RootedTree.from_parents(large_forest)
    rng = np.random.default_rng(2)
    scores = rng.integers(-9, 9, (tree.n_vertices, 3)).astype(float)
    cost = np.array([[0.0, 3, 5], [2, 0, 4], [np.inf, 1, 0]])
    labels = best_labels(tree, scores, cost)
    assert labels.tolist() == step_by_step(tree, scores, cost).tolist()


def test_a_root_may_be_held_to_some_labels():
    chain = RootedTree.from_parents([-1, 0])
    scores = np.array([[5.0, 0], [5, 0]])
    cost = np.array([[0, 1.0], [10, 0]])
    assert best_labels(chain, scores, cost, np.array([False, True])).tolist() == [1, 1]


def test_it_is_said_when_nothing_is_allowed():
    with pytest.raises(TopologyError, match="every choice is forbidden"):
        best_labels(RootedTree.from_parents([-1]), np.zeros((1, 2)), np.eye(2), np.zeros(2, bool))


def test_no_vertices_have_no_labels():
    labels = best_labels(RootedTree.from_parents([]), np.empty((0, 2)), np.eye(2))
    assert labels.shape == (0,)
