import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ossify.topology.branch_order import branch_order
from ossify.topology.rooted_tree import RootedTree


def test_a_branch_point_counts_for_all_above_it_and_not_for_itself():
    #    4   5
    #     \ /
    #      3    6
    #      |   /
    #      2  /
    #       \/
    #        1        7
    #        |
    #        0
    tree = RootedTree.from_parents([-1, 0, 1, 2, 3, 3, 1, -1])
    assert branch_order(tree).tolist() == [0, 0, 1, 1, 2, 2, 1, 0]


def test_a_root_that_branches_counts():
    assert branch_order(RootedTree.from_parents([-1, 0, 0, 0])).tolist() == [0, 1, 1, 1]


def test_no_vertices_have_no_order():
    order = branch_order(RootedTree.from_parents([]))
    assert order.shape == (0,)
    assert order.dtype == np.int64


def test_forests_of_every_odd_shape(large_forest):
    tree = RootedTree.from_parents(large_forest)
    branches = (tree.n_children > 1).astype(np.int64)
    steps = np.where(tree.parent >= 0, branches[tree.parent], 0)
    assert (branch_order(tree) == tree.sums_from_root(steps)).all()


@given(data=st.data())
def test_it_is_the_definition(forests, data):
    parents = data.draw(forests)
    order = branch_order(RootedTree.from_parents(parents))
    for row in range(len(parents)):
        above, expected = parents[row], 0
        while above >= 0:
            expected += parents.count(above) > 1
            above = parents[above]
        assert order[row] == expected
