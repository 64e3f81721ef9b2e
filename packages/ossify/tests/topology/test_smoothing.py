import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify.errors import TopologyError
from ossify.topology.rooted_tree import RootedTree
from ossify.topology.smoothing import smoothed


def residual(tree, values, answer, alpha):
    """How far an answer is from what it should solve, without any matrix."""
    degree = tree.n_children + (tree.parent >= 0)
    scaled = answer / np.sqrt(np.maximum(degree, 1))[:, None]
    child = np.flatnonzero(tree.parent >= 0)
    around = np.zeros_like(answer)
    np.add.at(around, tree.parent[child], scaled[child])
    np.add.at(around, child, scaled[tree.parent[child]])
    left = answer - alpha * around / np.sqrt(np.maximum(degree, 1))[:, None]
    right = np.where((degree == 0)[:, None], values, (1 - alpha) * values)
    return np.abs(left - right).max(initial=0)


@given(data=st.data(), alpha=st.sampled_from([0, 0.1, 0.5, 0.9, 0.999]))
def test_small_forests_are_solved(forests, data, alpha):
    tree = RootedTree.from_parents(data.draw(forests))
    n = tree.n_vertices
    values = np.array(data.draw(st.lists(st.integers(-5, 5), min_size=2 * n, max_size=2 * n)))
    values = values.reshape(n, 2).astype(float)
    assert residual(tree, values, smoothed(tree, values, alpha), alpha) < 1e-10


def test_forests_of_every_odd_shape_are_solved(large_forest):
    tree = RootedTree.from_parents(large_forest)
    values = np.random.default_rng(1).normal(size=(tree.n_vertices, 1))
    assert residual(tree, values, smoothed(tree, values, 0.95), 0.95) < 1e-10


@pytest.mark.parametrize("alpha", [-0.1, 1, 2, np.nan])
def test_alpha_is_from_0_to_less_than_1(alpha):
    with pytest.raises(TopologyError, match="alpha must be from 0 to less than 1"):
        smoothed(RootedTree.from_parents([-1]), np.ones((1, 1)), alpha)


def test_no_vertices_and_no_columns():
    assert smoothed(RootedTree.from_parents([]), np.empty((0, 3)), 0.5).shape == (0, 3)
    assert smoothed(RootedTree.from_parents([-1, 0]), np.empty((2, 0)), 0.5).shape == (2, 0)


def test_values_that_come_in_are_not_touched():
    values = np.ones((2, 1))
    smoothed(RootedTree.from_parents([-1, -1]), values, 0.5)
    assert values.tolist() == [[1], [1]]
