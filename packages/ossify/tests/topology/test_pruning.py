import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ossify.topology.pruning import without_twigs
from ossify.topology.rooted_tree import RootedTree

#   6
#   |
#   5   4
#    \  |
#     \ 3
#      \|
#       2   1
#        \ /
#         0
PARENTS = [-1, 0, 0, 2, 3, 2, 5]


def pruned(parents, held=(), **limits):
    tree = RootedTree.from_parents(parents)
    is_held = np.isin(np.arange(len(parents)), held)
    return np.flatnonzero(without_twigs(tree, tree.depth * 10.0, is_held, **limits)).tolist()


def test_what_is_short_goes_and_the_branch_point_stays():
    assert pruned(PARENTS, min_length=20) == [0, 2, 3, 4, 5, 6]
    assert pruned(PARENTS, min_length=20.1) == [0, 2]
    assert pruned(PARENTS, min_hops=2) == [0, 2, 3, 4, 5, 6]
    assert pruned(PARENTS, min_length=20, min_hops=3) == [0, 2]


def test_what_is_held_holds_its_twig():
    assert pruned(PARENTS, min_length=25, held=[1, 5]) == [0, 1, 2, 5, 6]


def test_what_becomes_a_twig_by_pruning_is_looked_at_again():
    #  4 5
    #   \|
    #    3
    #    |
    #    2  1
    #     \ |
    #       0
    parents = [-1, 0, 0, 2, 3, 3]
    assert pruned(parents, min_hops=2) == [0, 2, 3]
    assert pruned(parents, min_hops=2, held=[1], recursive=True) == [0, 1, 2, 3]
    assert pruned(parents, min_hops=3, held=[1], recursive=True) == [0, 1]


def test_trees_that_do_not_branch_stay():
    assert pruned([-1, 0, 1, -1], min_hops=99, recursive=True) == [0, 1, 2, 3]
    assert pruned([], min_hops=1) == []


@given(data=st.data())
def test_it_is_the_definition(forests, data):
    parents = data.draw(forests)
    n = len(parents)
    lengths = data.draw(st.lists(st.sampled_from([0, 1, 2, 5]), min_size=n, max_size=n))
    held = {row for row in range(n) if data.draw(st.integers(0, 4)) == 0}
    limits = {"min_length": data.draw(st.integers(0, 8)), "min_hops": data.draw(st.integers(0, 3))}
    recursive = data.draw(st.booleans())
    tree = RootedTree.from_parents(parents)
    is_held = np.isin(np.arange(n), list(held))
    from_root = tree.sums_from_root(lengths).astype(float)

    left = set(range(n))
    while True:
        children = {row: [c for c in left if parents[c] == row] for row in left}
        gone = set()
        for tip in (row for row in left if not children[row]):
            twig, at = [tip], parents[tip]
            while at >= 0 and len(children[at]) == 1:
                twig.append(at)
                at = parents[at]
            length = sum(lengths[row] for row in twig)
            short = length < limits["min_length"] or len(twig) < limits["min_hops"]
            if at >= 0 and short and not held & set(twig):
                gone |= set(twig)
        left -= gone
        if not (recursive and gone):
            break
    kept = without_twigs(tree, from_root, is_held, **limits, recursive=recursive)
    assert set(np.flatnonzero(kept)) == left
