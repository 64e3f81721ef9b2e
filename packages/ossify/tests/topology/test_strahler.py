import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify.topology.rooted_tree import RootedTree
from ossify.topology.strahler import strahler_number


def by_definition(children, row):
    numbers = sorted((by_definition(children, child) for child in children[row]), reverse=True)
    if not numbers:
        return 1
    return numbers[0] + (len(numbers) > 1 and numbers[0] == numbers[1])


def test_order_rises_only_where_equals_meet():
    #   3   4
    #    \ /
    #     2   5
    #      \ /
    #       1
    #       |
    #       0
    tree = RootedTree.from_parents([-1, 0, 1, 2, 2, 1])
    assert strahler_number(tree).tolist() == [2, 2, 2, 1, 1, 1]


@pytest.mark.parametrize("first", [1, 2, 3])
def test_two_twos_and_a_three_make_three_in_any_order(first):
    # Three children of the root: two with number 2 and one with number 3.
    parents = [-1]

    def hang(number, parent):
        parents.append(parent)
        here = len(parents) - 1
        if number > 1:
            hang(number - 1, here)
            hang(number - 1, here)

    for position in (1, 2, 3):
        hang(3 if position == first else 2, 0)
    assert strahler_number(RootedTree.from_parents(parents))[0] == 3


def test_three_equal_children_raise_it_by_one_only():
    assert strahler_number(RootedTree.from_parents([-1, 0, 0, 0])).tolist() == [2, 1, 1, 1]


def test_a_chain_and_a_lone_vertex_have_one():
    assert strahler_number(RootedTree.from_parents([-1, 0, 1, -1])).tolist() == [1, 1, 1, 1]


def test_an_empty_tree_has_no_numbers():
    assert strahler_number(RootedTree.from_parents([])).shape == (0,)


def test_a_full_binary_tree_has_its_height():
    parents = [-1, *((row - 1) // 2 for row in range(1, 2**12 - 1))]
    numbers = strahler_number(RootedTree.from_parents(parents))
    assert numbers[0] == 12
    assert numbers.min() == 1


@given(data=st.data())
def test_it_is_what_the_definition_says(forests, data):
    tree = RootedTree.from_parents(data.draw(forests))
    children = [rows.tolist() for rows in tree.children]
    expected = [by_definition(children, row) for row in range(tree.n_vertices)]
    assert strahler_number(tree).tolist() == expected
