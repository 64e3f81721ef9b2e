import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify.errors import TopologyError
from ossify.topology.pieces import piece_of, pieces
from ossify.topology.rooted_tree import RootedTree
from ossify.topology.segments import segments


def lists(ragged):
    return [item.tolist() for item in ragged]


def test_a_long_segment_is_cut_into_equal_pieces():
    chain = RootedTree.from_parents(np.arange(10) - 1)
    cut = pieces(chain, np.arange(10.0), max_length=3)
    assert lists(cut) == [[9, 8, 7], [6, 5, 4], [3, 2, 1, 0]]
    assert piece_of(cut).tolist() == [2, 2, 2, 2, 1, 1, 1, 0, 0, 0]


def test_a_segment_as_long_as_the_cap_stays_whole():
    chain = RootedTree.from_parents(np.arange(4) - 1)
    assert lists(pieces(chain, np.arange(4.0), max_length=3)) == [[3, 2, 1, 0]]


def test_edges_longer_than_the_cap_are_not_divided():
    chain = RootedTree.from_parents([-1, 0, 1])
    cut = pieces(chain, np.array([0.0, 100, 101]), max_length=5)
    assert lists(cut) == [[2, 1], [0]]


def test_a_root_can_be_a_piece_of_its_own():
    #  3  4
    #   \ |
    #     2
    #     |
    #     1
    #     |
    #     0
    tree = RootedTree.from_parents([-1, 0, 1, 2, 2])
    assert lists(pieces(tree, np.zeros(5), roots_apart=True)) == [[2, 1], [0], [3], [4]]


@pytest.mark.parametrize("cap", [0, -1, np.nan])
def test_a_cap_is_positive(cap):
    with pytest.raises(TopologyError, match="must be positive"):
        pieces(RootedTree.from_parents([-1]), np.zeros(1), cap)


def test_no_vertices_make_no_pieces():
    cut = pieces(RootedTree.from_parents([]), np.empty(0), 1.0, roots_apart=True)
    assert lists(cut) == []
    assert piece_of(cut).shape == (0,)


@given(data=st.data())
def test_pieces_are_segments_cut_no_longer_than_the_cap(forests, data):
    tree = RootedTree.from_parents(data.draw(forests))
    n = tree.n_vertices
    steps = np.array(data.draw(st.lists(st.integers(0, 4), min_size=n, max_size=n)), float)
    cap = data.draw(st.sampled_from([0.5, 1.0, 2.5, 4.0, 1e-300, np.inf]))
    from_root = tree.sums_from_root(steps)
    cut = pieces(tree, from_root, cap)
    whole = segments(tree)
    assert cut.values.tolist() == whole.values.tolist()
    assert set(whole.offsets.tolist()) <= set(cut.offsets.tolist())
    for piece in cut:
        assert from_root[piece[0]] - from_root[piece[-1]] <= cap
    for segment in whole:
        length = from_root[segment[0]] - from_root[segment[-1]]
        assert len(set(piece_of(cut)[segment])) <= max(np.ceil(length / cap), 1)
