import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify import Cell, SkeletonLayer
from ossify.algorithms import root_connected_mask


def kept(skeleton, *cuts):
    return sorted(skeleton.vertex_index[root_connected_mask(skeleton, list(cuts))].tolist())


def test_what_hangs_on_a_cut_vertex_goes_with_it(rooted_at_100):
    assert kept(rooted_at_100, 103) == [100, 101, 102]
    assert kept(rooted_at_100, 103, 104, 102) == [100, 101]
    assert kept(rooted_at_100) == [100, 101, 102, 103, 104, 105]


def test_nothing_is_above_a_root(rooted_at_100):
    assert kept(rooted_at_100, 100) == [100, 101, 102, 103, 104, 105]


def test_without_a_stated_root_every_tree_has_its_own(two_trees):
    assert kept(two_trees, 103, 107) == [100, 101, 102, 106]


def test_a_root_that_is_masked_out_leaves_one_mask_in_vertex_order(rooted_at_100):
    """W34"""
    masked = rooted_at_100.apply_mask([101, 102, 103, 104, 105])
    assert root_connected_mask(masked, [103]).shape == (5,)
    assert kept(masked, 103) == [101, 102]


def test_rows_and_cells_are_taken_and_unknown_vertices_are_not(rooted_at_100):
    row = rooted_at_100.vertex_index.tolist().index(103)
    cell = Cell().add_layer(rooted_at_100)
    expected = root_connected_mask(rooted_at_100, [103]).tolist()
    assert root_connected_mask(cell, row, as_positional=True).tolist() == expected
    with pytest.raises(KeyError, match="the first is 999"):
        root_connected_mask(cell, [999])


def test_no_vertices_have_no_mask(two_trees):
    assert root_connected_mask(two_trees.apply_mask([]), []).shape == (0,)


@given(st.data())
def test_a_vertex_stays_where_nothing_on_its_path_is_cut(data):
    n = data.draw(st.integers(1, 12))
    parents = [-1, *(data.draw(st.integers(0, row - 1)) for row in range(1, n))]
    cuts = data.draw(st.lists(st.integers(0, n - 1)))
    edges = [(row, up) for row, up in enumerate(parents) if up >= 0]
    mask = root_connected_mask(SkeletonLayer("skeleton", [[0, 0, 0]] * n, edges), cuts)
    for row in range(n):
        here, whole = row, True
        while parents[here] >= 0:
            whole &= here not in cuts
            here = parents[here]
        assert mask[row] == whole


@given(st.data())
def test_of_several_trees_only_that_of_a_stated_root_is_connected(data):
    n = data.draw(st.integers(1, 10))
    parents = [-1, *(data.draw(st.integers(-1, row - 1)) for row in range(1, n))]
    roots = [row for row, up in enumerate(parents) if up < 0]
    root = data.draw(st.none() | st.sampled_from(roots))
    cuts = data.draw(st.lists(st.integers(0, n - 1)))
    edges = [(row, up) for row, up in enumerate(parents) if up >= 0]
    mask = root_connected_mask(SkeletonLayer("s", [[0, 0, 0]] * n, edges, root=root), cuts)
    for row in range(n):
        here, whole = row, True
        while parents[here] >= 0:
            whole &= here not in cuts
            here = parents[here]
        assert mask[row] == (whole and root in (None, here))
