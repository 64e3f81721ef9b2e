import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ossify
from ossify import Cell, SkeletonLayer
from ossify.algorithms import path_to_root_aggregate, segment_aggregate, subtree_aggregate
from ossify.errors import ShapeError

NAMED = ["mean", "sum", "max", "min", "median", "std", "var", "prod"]


def test_a_segment_ends_at_a_branch_point_and_includes_it(two_trees, by_id):
    # Segments: 100-101, 102, 103, 104, 105, 106-107.
    values = two_trees.vertex_index - 100
    assert by_id(segment_aggregate(two_trees, values)) == {
        100: 0.5, 101: 0.5, 102: 2, 103: 3, 104: 4, 105: 5, 106: 6.5, 107: 6.5,
    }  # fmt: skip


def test_subtrees_include_their_vertex(two_trees, by_id):
    values = two_trees.vertex_index - 100
    assert by_id(subtree_aggregate(two_trees, values)) == {
        100: 15, 101: 15, 102: 2, 103: 12, 104: 4, 105: 5, 106: 13, 107: 7,
    }  # fmt: skip
    assert by_id(subtree_aggregate(two_trees, values, "max"))[100] == 5
    assert by_id(subtree_aggregate(two_trees, values, "min"))[106] == 6


def test_paths_go_to_the_root_of_the_own_tree(two_trees, by_id):
    values = two_trees.vertex_index - 100
    assert by_id(path_to_root_aggregate(two_trees, values)) == {
        100: 0, 101: 1, 102: 3, 103: 4, 104: 8, 105: 9, 106: 6, 107: 13,
    }  # fmt: skip


def test_without_the_vertex_itself_a_root_has_an_empty_path(two_trees, by_id):
    values = two_trees.vertex_index - 100
    total = by_id(path_to_root_aggregate(two_trees, values, "sum", inclusive=False))
    greatest = by_id(path_to_root_aggregate(two_trees, values, "max", inclusive=False))
    assert (total[100], total[101], total[104], total[107]) == (0, 0, 4, 6)
    assert np.isnan([greatest[100], greatest[106]]).all()
    assert (greatest[101], greatest[104], greatest[107]) == (0, 3, 6)


@given(st.data(), st.sampled_from(NAMED))
def test_names_mean_what_they_mean_in_numpy(data, name):
    n = data.draw(st.integers(1, 12))
    parents = [-1, *(data.draw(st.integers(-1, row - 1)) for row in range(1, n))]
    edges = [(row, up) for row, up in enumerate(parents) if up >= 0]
    skeleton = SkeletonLayer("skeleton", np.zeros((n, 3)), edges)
    numbers = st.one_of(st.integers(-4, 4).map(float), st.just(np.nan))
    values = np.array(data.draw(st.lists(numbers, min_size=n, max_size=n)))
    expected = np.empty(n)
    for rows in skeleton.segments_positional:
        expected[rows] = getattr(np, name)(values[rows])
    np.testing.assert_allclose(segment_aggregate(skeleton, values, name), expected, atol=1e-12)


def test_a_function_sees_a_segment_from_its_far_end(two_trees, by_id):
    values = two_trees.vertex_index - 100
    far = by_id(segment_aggregate(two_trees, values, lambda segment: segment[0]))
    assert (far[100], far[106]) == (1, 7)


@pytest.mark.parametrize("answer", ["a", [1, 2], [[1]]])
def test_a_function_gives_one_number_for_each_segment(two_trees, answer):
    with pytest.raises(ShapeError, match="agg must give one number for each segment"):
        segment_aggregate(two_trees, np.ones(8), lambda segment: answer)


def test_a_feature_can_be_named_and_a_cell_given(two_trees):
    two_trees.add_feature(two_trees.vertex_index % 7, "weight")
    cell = Cell().add_layer(two_trees)
    values = two_trees.get_feature("weight")
    for function in (segment_aggregate, subtree_aggregate, path_to_root_aggregate):
        assert function(cell, "weight").tolist() == function(two_trees, values).tolist()
        assert getattr(ossify.algorithms, function.__name__) is function


def test_missing_numbers_are_nan(two_trees, by_id):
    values = pd.Series([1] * 8, dtype="Int64")
    values[two_trees.vertex_index.tolist().index(105)] = pd.NA
    totals = by_id(subtree_aggregate(two_trees, values))
    assert np.isnan([totals[105], totals[103], totals[100]]).all()
    assert (totals[102], totals[104], totals[106]) == (1, 1, 2)
    as_list = [None if pd.isna(value) else value for value in values]
    for same in (values.array, as_list):
        np.testing.assert_array_equal(
            subtree_aggregate(two_trees, same), subtree_aggregate(two_trees, values)
        )


@pytest.mark.parametrize("function", [segment_aggregate, subtree_aggregate, path_to_root_aggregate])
def test_what_is_no_number_per_vertex_is_refused(two_trees, function):
    with pytest.raises(ValueError, match=r"expected 8 values, one per vertex, not shape \(3,\)"):
        function(two_trees, [1, 2, 3])
    with pytest.raises(ValueError, match=r"'skeleton': expected numbers, not <U1"):
        function(two_trees, list("abcdefgh"))
    for odd in (pd.date_range("2020", periods=8), np.ones(8) * 1j):
        with pytest.raises(ValueError, match=f"expected numbers, not {odd.dtype}".split("[")[0]):
            function(two_trees, odd)
    with pytest.raises(ValueError, match=r"agg must be .*max, min.* not 'majority'"):
        function(two_trees, np.ones(8), "majority")
    with pytest.raises(KeyError, match="'weight'"):
        function(two_trees, "weight")


@pytest.mark.parametrize("function", [segment_aggregate, subtree_aggregate, path_to_root_aggregate])
@pytest.mark.parametrize("agg", ["sum", "max"])
def test_no_vertices_and_one(two_trees, function, agg):
    assert function(two_trees.apply_mask([]), [], agg).shape == (0,)
    assert function(two_trees.apply_mask([104]), [3], agg).tolist() == [3]
