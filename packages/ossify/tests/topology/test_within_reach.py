import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify.topology.neighbourhoods import tree_neighbours
from ossify.topology.rooted_tree import RootedTree
from ossify.topology.within_reach import minima_within, sums_within

WAYS = ["undirected", "upstream", "downstream"]


def walked(tree, steps, values, limit, way):
    """The same by listing what each vertex reaches."""
    near = tree_neighbours(tree, steps, np.arange(tree.n_vertices), limit, way)
    sums = np.zeros_like(values)
    np.add.at(sums, near.source, values[near.row])
    return sums


def test_a_path_may_turn_at_a_branch_point():
    #  3   4
    #   \ /
    #    2    5
    #     \  /
    #      1
    #      |
    #      0
    tree = RootedTree.from_parents([-1, 0, 1, 2, 2, 1])
    values = 10 ** np.arange(6)[:, np.newaxis]
    sums = {way: sums_within(tree, np.ones(6), values, 2, way)[:, 0].tolist() for way in WAYS}
    assert sums["undirected"] == [100111, 111111, 111111, 11110, 11110, 100111]
    assert sums["upstream"] == [1, 11, 111, 1110, 10110, 100011]
    assert sums["downstream"] == [100111, 111110, 11100, 1000, 10000, 100000]


@pytest.mark.parametrize("way", WAYS)
@given(data=st.data())
def test_it_is_the_sum_over_all_pairs_within_reach(forests, data, way):
    tree = RootedTree.from_parents(data.draw(forests))
    n = tree.n_vertices
    steps = np.array(data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)), float)
    values = np.array(data.draw(st.lists(st.integers(0, 9), min_size=n, max_size=n)))
    limit = data.draw(st.sampled_from([0, 1, 2, 4.5, 7, np.inf]))
    between = tree.distances_between(np.arange(n), np.arange(n), tree.sums_from_root(steps))
    below = np.array([tree.subtree_mask([row]) for row in range(n)])
    allowed = {"undirected": np.isfinite(between), "upstream": below.T, "downstream": below}
    expected = (allowed[way] & (between <= limit)) @ values
    columns = np.stack((values, -values), axis=1)
    sums = sums_within(tree, steps, columns, limit, way)
    assert sums.dtype == np.int64
    np.testing.assert_array_equal(sums, np.stack((expected, -expected), axis=1))
    without = sums_within(tree, steps, columns, limit, way, inclusive=False)
    np.testing.assert_array_equal(without, sums - columns)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("limit", [2, 30])
def test_forests_of_every_odd_shape(large_forest, way, limit):
    tree = RootedTree.from_parents(large_forest)
    rng = np.random.default_rng(4)
    steps = rng.integers(0, 9, tree.n_vertices).astype(float)
    values = rng.integers(0, 100, (tree.n_vertices, 1))
    # In a star everything is near everything.
    limit = min(limit, 2) if tree.n_children.max() > 1000 else limit
    expected = walked(tree, steps, values, limit, way)
    np.testing.assert_array_equal(sums_within(tree, steps, values, limit, way), expected)


def test_everything_is_within_reach_of_everything_in_its_tree(large_forest):
    tree = RootedTree.from_parents(large_forest)
    ones = np.ones((tree.n_vertices, 1), np.int64)
    sums = sums_within(tree, np.ones(tree.n_vertices), ones, np.inf)
    assert sums[:, 0].tolist() == np.bincount(tree.component_root)[tree.component_root].tolist()


def test_a_path_as_long_as_the_limit_counts_however_it_was_rounded():
    chain = RootedTree.from_parents([-1, 0, 1, 2])
    sums = sums_within(chain, np.full(4, 0.1), np.ones((4, 1), int), 0.3)
    assert sums[:, 0].tolist() == [4, 4, 4, 4]


def test_where_only_zeros_are_within_reach_the_sum_is_exactly_zero():
    chain = RootedTree.from_parents(np.arange(-1, 6))
    values = np.array([[1e9 / 3], [0], [0], [0.1], [0.7], [0], [0]])
    sums = sums_within(chain, np.ones(7), values, 1)[:, 0]
    assert sums == pytest.approx([1e9 / 3, 1e9 / 3, 0.1, 0.8, 0.8, 0.7, 0], abs=1e-6)
    assert sums[-1] == 0
    alone = sums_within(chain, np.ones(7), values, 1, inclusive=False)[:, 0]
    assert alone[0] == 0


def test_edges_of_unknown_length_are_not_passed():
    chain = RootedTree.from_parents([-1, 0, 1, 2])
    steps = np.array([0, 1, np.nan, 1.0])
    assert sums_within(chain, steps, np.ones((4, 1), int), 9)[:, 0].tolist() == [2, 2, 2, 2]


@pytest.mark.parametrize("n_columns", [0, 1])
@pytest.mark.parametrize("n", [0, 1])
def test_nothing_or_one_vertex(n, n_columns):
    tree = RootedTree.from_parents([-1] * n)
    for dtype in (int, float):
        values = np.ones((n, n_columns), dtype)
        assert sums_within(tree, np.zeros(n), values, 1).tolist() == values.tolist()


@pytest.mark.parametrize("way", WAYS)
@given(data=st.data())
def test_the_least_value_is_the_least_of_all_within_reach(forests, data, way):
    tree = RootedTree.from_parents(data.draw(forests))
    n = tree.n_vertices
    steps = np.array(data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)), float)
    some = st.one_of(st.integers(-9, 9).map(float), st.just(np.inf))
    values = np.array(data.draw(st.lists(some, min_size=n, max_size=n)))
    limit = data.draw(st.sampled_from([0, 1, 2, 4.5, 7, np.inf]))
    near = tree_neighbours(tree, steps, np.arange(n), limit, way)
    expected = np.full(n, np.inf)
    np.minimum.at(expected, near.source, values[near.row])
    assert minima_within(tree, steps, values, limit, way).tolist() == expected.tolist()


@pytest.mark.parametrize("way", WAYS)
def test_least_values_in_forests_of_every_odd_shape(large_forest, way):
    tree = RootedTree.from_parents(large_forest)
    rng = np.random.default_rng(4)
    steps = rng.integers(0, 9, tree.n_vertices).astype(float)
    values = rng.permutation(tree.n_vertices).astype(float)
    limit = 2 if tree.n_children.max() > 1000 else 30
    near = tree_neighbours(tree, steps, np.arange(tree.n_vertices), limit, way)
    expected = np.full(tree.n_vertices, np.inf)
    np.minimum.at(expected, near.source, values[near.row])
    assert minima_within(tree, steps, values, limit, way).tolist() == expected.tolist()
