import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify.topology.aggregates import at_parent, path_totals, subtree_totals
from ossify.topology.rooted_tree import RootedTree

REDUCED = {"sum": np.sum, "max": np.max, "min": np.min}
NUMBERS = st.one_of(
    st.integers(-5, 5).map(float), st.sampled_from([np.nan, np.inf, -np.inf, -0.5])
)  # fmt: skip


def path_of(tree, row):
    rows = [row]
    while tree.parent[rows[-1]] >= 0:
        rows.append(tree.parent[rows[-1]])
    return rows


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@given(st.data(), st.sampled_from(sorted(REDUCED)))
def test_totals_are_those_of_the_rows_in_question(forests, data, how):
    tree = RootedTree.from_parents(data.draw(forests))
    n = tree.n_vertices
    values = np.array(data.draw(st.lists(NUMBERS, min_size=n, max_size=n)))
    below = [REDUCED[how](values[tree.subtree_rows(row)]) for row in range(n)]
    above = [REDUCED[how](values[path_of(tree, row)]) for row in range(n)]
    np.testing.assert_array_equal(subtree_totals(tree, values, how), below)
    np.testing.assert_array_equal(path_totals(tree, values, how), above)


@pytest.mark.parametrize("how", sorted(REDUCED))
def test_totals_of_forests_of_every_odd_shape(large_forest, how):
    tree = RootedTree.from_parents(large_forest)
    values = np.random.default_rng(3).integers(-1000, 1000, tree.n_vertices).astype(float)
    below, above = subtree_totals(tree, values, how), path_totals(tree, values, how)
    for row in range(0, tree.n_vertices, 97):
        assert below[row] == REDUCED[how](values[tree.subtree_rows(row)])
        assert above[row] == REDUCED[how](values[path_of(tree, row)])


@pytest.mark.parametrize("how", sorted(REDUCED))
def test_the_totals_of_no_tree_are_none(how):
    none = RootedTree.from_parents([])
    assert subtree_totals(none, np.empty(0), how).shape == (0,)
    assert path_totals(none, np.empty(0), how).shape == (0,)


def test_what_a_parent_has_is_handed_down_one_step():
    #   2  3
    #    \ |
    #      1   4
    #      |
    #      0
    tree = RootedTree.from_parents([-1, 0, 1, 1, -1])
    assert at_parent(tree, np.array([5.0, 6, 7, 8, 9]), -1).tolist() == [-1, 5, 6, 6, -1]
    assert at_parent(RootedTree.from_parents([]), np.empty(0), 0).shape == (0,)
