from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify.errors import TopologyError
from ossify.topology.rooted_tree import RootedTree
from ossify.topology.segments import cover_paths, segment_of, segments, segments_plus


def as_lists(ragged):
    return [rows.tolist() for rows in ragged]


def walked_paths(parents, starts):
    """The cover paths of starts in their order of precedence, vertex by vertex."""
    visited, paths = {-1}, []
    for start in starts:
        path, row = [], start
        while row not in visited:
            visited.add(row)
            path.append(row)
            row = parents[row]
        paths.append(path)
    return paths


#   4
#   |
#   2   3
#    \ /
#     1
#     |
#     0
Y_TREE = RootedTree.from_parents([-1, 0, 1, 1, 2])


class TestSegments:
    def test_a_branch_point_begins_the_segment_on_its_root_side(self):
        assert as_lists(segments(Y_TREE)) == [[1, 0], [4, 2], [3]]

    def test_a_branching_root_is_a_segment_of_its_own(self):
        assert as_lists(segments(RootedTree.from_parents([-1, 0, 0]))) == [[0], [1], [2]]

    def test_they_ascend_by_the_lowest_row_in_each(self):
        #   0 - 4 - 1 (root), and 2 → 3 → 4
        tree = RootedTree.from_parents([4, -1, 3, 4, 1])
        assert as_lists(segments(tree)) == [[0], [4, 1], [2, 3]]

    def test_segment_of_gives_the_number_of_the_segment(self):
        assert segment_of(Y_TREE).tolist() == [0, 0, 1, 2, 1]
        assert segment_of(Y_TREE).dtype == np.int64

    def test_segments_plus_end_at_the_vertex_they_hang_on(self):
        assert as_lists(segments_plus(Y_TREE)) == [[1, 0], [4, 2, 1], [3, 1]]

    def test_an_empty_tree_has_none(self):
        nothing = RootedTree.from_parents([])
        assert len(segments(nothing)) == len(segments_plus(nothing)) == 0
        assert segment_of(nothing).shape == (0,)

    @given(data=st.data())
    def test_they_part_any_forest_at_branch_points_and_tips(self, forests, data):
        tree = RootedTree.from_parents(data.draw(forests))
        ends = set(tree.branch_rows.tolist()) | set(tree.tip_rows.tolist())
        parts, longer = as_lists(segments(tree)), as_lists(segments_plus(tree))
        assert sorted(chain.from_iterable(parts)) == list(range(tree.n_vertices))
        assert [min(rows) for rows in parts] == sorted(min(rows) for rows in parts)
        for number, (rows, plus) in enumerate(zip(parts, longer, strict=True)):
            assert ends.intersection(rows) == {rows[0]}
            assert tree.parent[rows[:-1]].tolist() == rows[1:]
            above = tree.parent[rows[-1]]
            assert plus == ([*rows, above] if above >= 0 else rows)
            assert above < 0 or above in tree.branch_rows
            assert (segment_of(tree)[rows] == number).all()


class TestCoverPaths:
    def test_the_farthest_tip_reaches_the_root(self):
        assert as_lists(cover_paths(Y_TREE, Y_TREE.depth)) == [[4, 2, 1, 0], [3]]
        far_three = np.array([0.0, 1, 2, 9, 3])
        assert as_lists(cover_paths(Y_TREE, far_three)) == [[3, 1, 0], [4, 2]]

    def test_of_tips_at_one_distance_the_last_comes_first(self):
        star = RootedTree.from_parents([-1, 0, 0, 0])
        assert as_lists(cover_paths(star, star.depth)) == [[3, 0], [2], [1]]

    def test_chosen_starts_need_not_be_tips(self):
        assert as_lists(cover_paths(Y_TREE, Y_TREE.depth, [3, 1])) == [[3, 1, 0], []]
        assert as_lists(cover_paths(Y_TREE, Y_TREE.depth, [2, 4])) == [[4, 2, 1, 0], []]

    def test_a_start_given_twice_has_one_path(self):
        assert as_lists(cover_paths(Y_TREE, Y_TREE.depth, [2, 2])) == [[2, 1, 0], []]

    def test_no_starts_have_no_paths(self):
        assert as_lists(cover_paths(Y_TREE, Y_TREE.depth, [])) == []
        assert as_lists(cover_paths(RootedTree.from_parents([]), np.zeros(0))) == []

    def test_an_unknown_start_is_named(self):
        with pytest.raises(TopologyError, match="row 9"):
            cover_paths(Y_TREE, Y_TREE.depth, [9])

    @given(data=st.data())
    def test_they_agree_with_walking(self, forests, data):
        tree = RootedTree.from_parents(data.draw(forests))
        parents, n = tree.parent.tolist(), tree.n_vertices
        from_root = tree.sums_from_root(
            np.array(data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)))
        )
        chosen = data.draw(st.none() | st.lists(st.integers(0, n - 1)))
        starts = tree.tip_rows.tolist() if chosen is None else chosen
        mentions = sorted(range(len(starts)), key=lambda at: (-from_root[starts[at]], -at))
        paths = as_lists(cover_paths(tree, from_root, chosen))
        assert paths == walked_paths(parents, [starts[at] for at in mentions])
        if chosen is None:
            assert sorted(chain.from_iterable(paths)) == list(range(n))

    def test_large_odd_shapes_are_covered_once(self, large_forest):
        tree = RootedTree.from_parents(large_forest)
        paths = cover_paths(tree, tree.depth)
        assert np.bincount(paths.values, minlength=tree.n_vertices).tolist() == (
            [1] * tree.n_vertices
        )
        assert len(paths) == len(tree.tip_rows)
        assert len(paths[0]) == tree.depth.max() + 1
