import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ossify
from ossify import Cell, GraphLayer, SkeletonLayer
from ossify.algorithms import branch_order, strahler_number


def skeleton_of(parents, ids=None):
    ids = range(len(parents)) if ids is None else ids
    nodes = pd.DataFrame(np.zeros((len(parents), 3)), columns=list("xyz"), index=ids)
    edges = [(ids[row], ids[up]) for row, up in enumerate(parents) if up >= 0]
    return SkeletonLayer("skeleton", nodes, edges)


def test_the_order_rises_only_where_equals_meet():
    """W11"""
    #  4 5 6 7  8
    #  |/   \|  |
    #  1     2  3
    #   \    | /
    #    -- 0 -
    skeleton = skeleton_of([-1, 0, 0, 0, 1, 1, 2, 2, 3])
    assert strahler_number(skeleton).tolist() == [3, 2, 2, 1, 1, 1, 1, 1, 1]


@pytest.mark.parametrize("orders", [(2, 2, 3), (2, 3, 2), (3, 2, 2)])
def test_three_children_count_the_same_in_any_order(orders):
    """W11"""
    parents = [-1]

    def grow(order, on):
        parents.append(on)
        here = len(parents) - 1
        if order > 1:
            grow(order - 1, here)
            grow(order - 1, here)

    for order in orders:
        grow(order, 0)
    assert strahler_number(skeleton_of(parents))[0] == 3


@given(st.data())
def test_it_is_the_definition_whatever_the_order_of_the_rows(data):
    n = data.draw(st.integers(1, 12))
    parents = [-1, *(data.draw(st.integers(-1, row - 1)) for row in range(1, n))]
    expected = [0] * n
    for row in reversed(range(n)):
        children = sorted(expected[child] for child in range(n) if parents[child] == row)
        expected[row] = max(children, default=1) + (
            len(children) > 1 and children[-1] == children[-2]
        )
    ids = data.draw(st.permutations(range(2**53, 2**53 + n)))
    skeleton = skeleton_of(parents, ids)
    assert strahler_number(skeleton).tolist() == expected
    assert strahler_number(Cell().add_layer(skeleton)).tolist() == expected


def test_each_piece_of_a_masked_skeleton_counts_for_itself():
    skeleton = skeleton_of([-1, 0, 1, 1])
    assert strahler_number(skeleton.apply_mask([2, 3])).tolist() == [1, 1]
    assert strahler_number(skeleton.apply_mask([])).shape == (0,)


def test_it_is_at_the_top_of_the_package_and_exact_whole_numbers():
    assert ossify.strahler_number is ossify.algorithms.strahler_number
    assert strahler_number(skeleton_of([-1])).dtype == np.int64


def test_a_cell_without_a_skeleton_is_named():
    """W48"""
    for builtin in (KeyError, ValueError):
        with pytest.raises(builtin, match=r"^cell 'a' has no skeleton; add one first$"):
            strahler_number(Cell("a"))
    with pytest.raises(TypeError, match=r"expected a Cell or a SkeletonLayer, not GraphLayer"):
        strahler_number(GraphLayer("graph", [[0, 0, 0]]))


def test_the_branch_order_counts_the_branch_points_above(two_trees, by_id):
    assert by_id(branch_order(two_trees)) == {
        100: 0, 101: 0, 102: 1, 103: 1, 104: 2, 105: 2, 106: 0, 107: 0,
    }  # fmt: skip


def test_branch_points_that_a_mask_takes_away_do_not_count(two_trees):
    masked = two_trees.apply_mask([101, 103, 104, 105])
    order = dict(zip(masked.vertex_index.tolist(), branch_order(masked).tolist(), strict=True))
    assert order == {101: 0, 103: 0, 104: 1, 105: 1}
    assert branch_order(Cell().add_layer(masked)).dtype == np.int64
