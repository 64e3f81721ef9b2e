import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify import SkeletonLayer
from ossify.errors import TopologyError, UnknownVertexError, VertexIdError
from ossify.testing import assert_layers_equal

BIG = 2**53 + 1
# The trees are drawn in conftest.
IDS = [104, 100, 102, 101, 103, 106]


def by_id(skeleton, values):
    return dict(zip(skeleton.vertex_index.tolist(), np.asarray(values).tolist(), strict=True))


class TestRoots:
    def test_the_root_is_an_id_a_row_and_a_place(self, skeleton):
        assert skeleton.root == 100
        assert skeleton.root_positional == 1
        assert skeleton.root_location.tolist() == [0, 0, 0]
        assert skeleton.roots.tolist() == skeleton.parentless_nodes.tolist() == [100]
        assert skeleton.parentless_nodes_positional.tolist() == [1]

    def test_the_only_vertex_without_a_parent_is_the_root(self):
        assert SkeletonLayer("s", np.eye(3), [[0, 1], [1, 2]]).root == 2
        assert SkeletonLayer("s", [[0, 0, 0]]).root == 0

    def test_several_trees_have_several_roots_and_none_is_the_root(self, two_trees):
        assert two_trees.roots.tolist() == [100, 200]
        assert (two_trees.root, two_trees.root_positional, two_trees.root_location) == (None,) * 3
        assert by_id(two_trees, two_trees.distance_to_root())[205] == 5
        assert by_id(two_trees, two_trees.hops_to_root())[104] == 3

    def test_of_several_roots_one_can_be_stated(self):
        skeleton = SkeletonLayer("s", np.eye(3), [[0, 1]], root=2)
        assert (skeleton.root, skeleton.roots.tolist()) == (2, [1, 2])

    def test_a_stated_root_turns_the_edges_of_its_tree(self):
        skeleton = SkeletonLayer("s", np.eye(3), [[0, 1], [1, 2]], root=0)
        assert skeleton.parent_node_array.tolist() == [-1, 0, 1]

    @pytest.mark.parametrize("root", [2, np.int64(2), np.uint64(2), 2.0, np.float64(2)])
    def test_a_root_is_an_id_of_any_kind(self, root):
        assert SkeletonLayer("s", np.eye(3), [[0, 1], [1, 2]], root=root).root == 2

    def test_a_root_can_be_a_row(self):
        edges, ids = [[0, 1]], [BIG, BIG - 1]
        skeleton = SkeletonLayer(
            "s", np.eye(3)[:2], edges, root=1, vertex_index=ids, root_as_positional=True
        )
        assert skeleton.root == BIG - 1

    @pytest.mark.parametrize(
        ("root", "error", "message"),
        [
            (9, UnknownVertexError, "s: the root, vertex id 9, is not among the 3 vertices"),
            (-1, VertexIdError, "s: root: .* negative"),
            (float(BIG), VertexIdError, r"s: root: .*df\[\"vertex_id\"\].iloc\[0\]"),
            (1.5, VertexIdError, "1.5 is a float"),
            ("2", TypeError, "s: root must be integers"),
            (True, TypeError, "s: root must be integers"),
        ],
    )
    def test_a_wrong_root_is_refused(self, root, error, message):
        with pytest.raises(error, match=message):
            SkeletonLayer("s", np.eye(3), [[0, 1], [1, 2]], root=root)
        with pytest.raises(UnknownVertexError, match=r"the root, row 3, is not among the 3 vert"):
            SkeletonLayer("s", np.eye(3), [[0, 1], [1, 2]], root=3, root_as_positional=True)

    def test_rerooting_turns_the_way_to_the_new_root(self, skeleton):
        assert skeleton.reroot(104) is skeleton
        assert skeleton.root == skeleton.base_root == 104
        parents = dict(skeleton.edges.tolist())
        assert parents == {100: 101, 101: 102, 102: 104, 103: 102, 106: 100}
        assert by_id(skeleton, skeleton.distance_to_root())[106] == 5

    def test_rerooting_leaves_other_trees_as_they_are(self, two_trees):
        two_trees.reroot(205)
        assert (two_trees.root, two_trees.roots.tolist()) == (205, [100, 205])

    def test_rerooting_at_an_unknown_vertex_changes_nothing(self, skeleton):
        """W34"""
        before = skeleton.copy()
        with pytest.raises(UnknownVertexError, match=r"1 of 1 ids are not among .* first is 999"):
            skeleton.reroot(999)
        with pytest.raises(UnknownVertexError, match=r"row 9 is outside"):
            skeleton.reroot(9, as_positional=True)
        assert_layers_equal(skeleton, before)

    def test_rerooting_a_copy_leaves_the_original(self, skeleton):
        skeleton.copy().reroot(104)
        assert skeleton.root == 100


class TestWrongTrees:
    """W36"""

    @pytest.mark.parametrize(
        ("edges", "message"),
        [
            ([[0, 1], [1, 2], [2, 0]], "cycle"),
            ([[0, 1], [0, 2]], "parent"),
            ([[0, 0], [1, 2]], "join a vertex with itself, the first is at vertex 10"),
            ([[0, 1], [0, 1]], "are given twice, the first is the one between vertex 10 and"),
            ([[0, 1], [1, 0]], "given twice|cycle"),
        ],
    )
    def test_what_is_no_forest_is_refused_at_once(self, edges, message):
        with pytest.raises(TopologyError, match=message):
            SkeletonLayer("s", np.eye(3), edges, vertex_index=[10, 11, 12])

    @pytest.mark.parametrize("root", [10, None])
    def test_a_cycle_away_from_the_root_is_refused(self, root):
        edges = [[1, 0], [2, 3], [3, 4], [4, 2]]
        with pytest.raises(TopologyError, match=r"cycle"):
            SkeletonLayer("s", np.zeros((5, 3)), edges, root=root, vertex_index=range(10, 15))

    def test_edges_of_unknown_vertices_are_refused(self):
        with pytest.raises(TopologyError, match=r"s: 1 of 2 edges name .* edge 1: \[2, 9\]"):
            SkeletonLayer("s", np.eye(3), [[1, 0], [2, 9]])

    def test_repeated_ids_are_refused(self):
        """W33"""
        with pytest.raises(VertexIdError, match=r"s: vertex ids: 1 of 3 are repeated, the first"):
            SkeletonLayer("s", np.eye(3), [[1, 0], [2, 0]], vertex_index=[5, 5, 6])


class TestTheLookOfTheTree:
    def test_vertices_by_what_they_are(self, skeleton):
        assert skeleton.branch_points.tolist() == [100, 102]
        assert skeleton.branch_points_positional.tolist() == [1, 2]
        assert skeleton.end_points.tolist() == [104, 103, 106]
        assert skeleton.end_points_positional.tolist() == [0, 4, 5]
        assert skeleton.branch_points_undirected.tolist() == [102]
        assert skeleton.branch_points_undirected_positional.tolist() == [2]
        assert skeleton.end_points_undirected.tolist() == [104, 103, 106]
        assert skeleton.topo_points.tolist() == [104, 100, 102, 103, 106]
        assert skeleton.topo_points_positional.tolist() == [0, 1, 2, 4, 5]
        counts = (skeleton.n_branch_points, skeleton.n_end_points, skeleton.n_topo_points)
        assert counts == (2, 3, 5)

    def test_a_root_with_one_edge_is_an_undirected_end_point(self, two_trees):
        assert 200 in two_trees.end_points_undirected.tolist()
        assert 200 in two_trees.topo_points.tolist()
        assert 200 not in two_trees.end_points.tolist()

    def test_parents_are_rows(self, skeleton):
        assert skeleton.parent_node_array.tolist() == [2, -1, 3, 1, 2, 1]
        assert skeleton.parent_node_array.dtype == np.int64
        assert skeleton.as_tuple[1].tolist() == skeleton.edges_positional.tolist()

    def test_edges_lead_from_child_to_parent(self, skeleton):
        expected = [[101, 100], [102, 101], [103, 102], [104, 102], [106, 100]]
        assert sorted(skeleton.edges.tolist()) == expected
        assert np.array_equal(skeleton.vertex_index[skeleton.edges_positional], skeleton.edges)

    def test_children_are_by_id(self, skeleton):
        """W31"""
        everyone = {key: rows.tolist() for key, rows in skeleton.child_vertices().items()}
        assert everyone == {100: [101, 106], 102: [104, 103], 101: [102]}
        assert all(type(key) is int for key in everyone)
        some = skeleton.child_vertices([103, 101])
        assert {key: rows.tolist() for key, rows in some.items()} == {101: [102]}
        by_row = skeleton.child_vertices([2], as_positional=True)
        assert {key: rows.tolist() for key, rows in by_row.items()} == {2: [0, 4]}

    def test_downstream_is_the_subtree_in_row_order(self, skeleton):
        assert skeleton.downstream_vertices(101).tolist() == [104, 102, 103]
        assert skeleton.downstream_vertices(101, inclusive=True).tolist() == [104, 102, 101, 103]
        assert skeleton.downstream_vertices(2, True, True).tolist() == [0, 2, 4]
        assert skeleton.downstream_vertices(103).tolist() == []

    def test_the_lowest_common_ancestor_is_none_across_trees(self, two_trees):
        """W9"""
        assert two_trees.lowest_common_ancestor(103, 104) == 102
        assert two_trees.lowest_common_ancestor(103, 106) == 100
        assert two_trees.lowest_common_ancestor(103, 101) == 101
        assert two_trees.lowest_common_ancestor(103, 205) is None
        assert two_trees.lowest_common_ancestor(0, 4, as_positional=True) == 2

    def test_a_path_climbs_and_descends_and_is_empty_across_trees(self, two_trees):
        """W8"""
        assert two_trees.path_between(104, 106).tolist() == [104, 102, 101, 100, 106]
        assert two_trees.path_between(104, 205).shape == (0,)
        assert two_trees.path_between(104, 205, as_vertices=True).shape == (0, 3)

    def test_segments_run_towards_the_root(self):
        #  104
        #   |
        #  102 103
        #    \ /
        #    101
        #     |
        #    100
        edges = [[101, 100], [102, 101], [103, 101], [104, 102]]
        skeleton = SkeletonLayer(
            "s", np.eye(5)[:, :3], edges, vertex_index=range(100, 105), edges_as_positional=False
        )
        found = sorted(segment.tolist() for segment in skeleton.segments)
        assert found == [[101, 100], [103], [104, 102]]
        plus = sorted(segment.tolist() for segment in skeleton.segments_plus)
        assert plus == [[101, 100], [103, 101], [104, 102, 101]]
        for vertex, number in by_id(skeleton, skeleton.segment_map).items():
            assert vertex in skeleton.segments[number]
        expanded = skeleton.expand_to_segment([104, 100])
        assert [rows.tolist() for rows in expanded] == [[104, 102], [101, 100]]
        by_row = skeleton.expand_to_segment([4], as_positional=True)
        assert [rows.tolist() for rows in by_row] == [[4, 2]]

    def test_cover_paths_take_the_farthest_tip_first(self, skeleton):
        paths = [path.tolist() for path in skeleton.cover_paths]
        assert paths == [[103, 102, 101, 100], [104], [106]]
        assert [path.tolist() for path in skeleton.cover_paths_positional][1:] == [[0], [5]]
        some = [path.tolist() for path in skeleton.cover_paths_specific([101, 104])]
        assert some == [[104, 102, 101, 100]] or some == [[104, 102, 101, 100], []]


class TestLengths:
    def test_distances_to_the_root_come_in_the_form_asked_for(self, skeleton):
        assert skeleton.distance_to_root().tolist() == [3, 0, 2, 1, 4, 2]
        assert skeleton.distance_to_root([103, 100]).tolist() == [4, 0]
        assert skeleton.distance_to_root([4, 1], as_positional=True).tolist() == [4, 0]
        assert skeleton.distance_to_root(skeleton.vertex_index > 103).tolist() == [3, 2]
        assert skeleton.distance_to_root([]).shape == (0,)
        assert skeleton.distance_to_root(103) == 4.0
        assert isinstance(skeleton.distance_to_root(np.int64(103)), float)
        assert skeleton.hops_to_root().tolist() == [3, 0, 2, 1, 3, 1]
        assert skeleton.hops_to_root(103) == 3

    def test_cable_is_between_vertices_of_a_set(self, skeleton):
        assert skeleton.cable_length() == 7
        assert skeleton.cable_length([102, 103, 104]) == 3
        assert skeleton.cable_length([103, 104]) == 0
        assert skeleton.cable_length([]) == 0
        assert skeleton.cable_length([2, 4], as_positional=True) == 2
        assert skeleton.half_edge_length.sum() == 7

    def test_distances_are_exact_to_a_float64(self):
        far = 2.0**30
        skeleton = SkeletonLayer("s", [[far, 0, 0], [far + 0.25, 0, 0]], [[1, 0]])
        assert skeleton.distance_to_root(1) == 0.25
        assert skeleton.csgraph.dtype == np.float64

    def test_distances_between_are_infinite_across_trees(self, two_trees):
        assert two_trees.distance_between([104], [106, 205]).tolist() == [[5, np.inf]]
        assert two_trees.distance_between([104], [106], limit=4).tolist() == [[np.inf]]


class TestMaskedSkeletons:
    def test_it_remembers_the_whole_tree(self, skeleton):
        masked = skeleton.apply_mask([103, 104, 102])
        assert masked.distance_to_root([103]).tolist() == [4]
        assert masked.hops_to_root(104) == 3
        assert (masked.root, masked.root_positional, masked.root_location) == (None, None, None)
        assert masked.roots.tolist() == [102]
        assert masked.base_root == 100
        assert masked.base_root_positional == 1
        assert masked.base_root_location.tolist() == [0, 0, 0]
        assert masked.base_vertex_index.tolist() == IDS
        assert masked.base_parent_array.tolist() == skeleton.parent_node_array.tolist()
        assert masked.base_csgraph.sum() == 7
        assert masked.base_csgraph_binary.sum() == 5
        assert masked.cable_length() == 3

    def test_a_mask_in_pieces_has_a_root_for_each(self, skeleton):
        masked = skeleton.apply_mask([104, 103, 106])
        assert masked.roots.tolist() == [104, 103, 106]
        assert masked.cable_length() == 0
        assert masked.distance_to_root().tolist() == [3, 4, 2]
        assert len(masked.segments) == len(masked.cover_paths) == 3

    def test_a_kept_root_stays_the_root(self, skeleton):
        masked = skeleton.apply_mask([100, 104])
        assert (masked.root, masked.roots.tolist()) == (100, [104, 100])

    def test_masks_of_masks_keep_the_first_whole_tree(self, skeleton):
        masked = skeleton.apply_mask([102, 103, 104]).apply_mask([104])
        assert masked.base_vertex_index.tolist() == IDS
        assert masked.distance_to_root(104) == 3

    def test_the_whole_tree_moves_along(self, skeleton):
        """W39, W40"""
        masked = skeleton.apply_mask([103, 104]).transform(lambda xyz: xyz / 10 + 7, units="um")
        assert masked.distance_to_root().tolist() == pytest.approx([0.3, 0.4])
        assert masked.base_root_location.tolist() == [7, 7, 7]
        assert masked.base_csgraph.sum() == pytest.approx(0.7)

    def test_moving_it_by_an_array_is_refused_and_says_why(self, skeleton):
        masked = skeleton.apply_mask([103, 104])
        with pytest.raises(ValueError, match=r"is masked and remembers 6 vertices .* pass a fun"):
            masked.transform(masked.vertices * 2)

    def test_rerooting_it_forgets_the_whole_tree(self, skeleton):
        masked = skeleton.apply_mask([102, 103, 104]).reroot(104)
        assert masked.base_vertex_index.tolist() == [104, 102, 103]
        assert masked.distance_to_root().tolist() == [0, 1, 3]
        assert skeleton.root == 100

    def test_an_empty_one_answers_everything(self, skeleton):
        empty = skeleton.apply_mask([])
        assert (empty.root, empty.base_root) == (None, 100)
        assert empty.cable_length() == 0.0
        assert empty.distance_to_root().shape == (0,)
        assert empty.edges.shape == (0, 2)
        lists = (empty.segments, empty.segments_plus, empty.cover_paths)
        assert [len(each) for each in lists] == [0, 0, 0]
        assert empty.child_vertices() == {}
        assert empty.distance_between().shape == (0, 0)
        for name in ("roots", "end_points", "branch_points", "topo_points", "segment_map"):
            assert len(getattr(empty, name)) == 0


@st.composite
def skeletons(draw):
    n = draw(st.integers(1, 9))
    parents = [-1, *(draw(st.integers(-1, row - 1)) for row in range(1, n))]
    ids = np.array(draw(st.permutations(range(BIG, BIG + n))))
    xyz = draw(st.lists(st.tuples(*[st.integers(0, 9)] * 3), min_size=n, max_size=n))
    edges = [(ids[row], ids[parent]) for row, parent in enumerate(parents) if parent >= 0]
    rows = draw(st.permutations(range(n)))
    nodes = pd.DataFrame(xyz, columns=list("xyz"), index=ids).iloc[rows]
    return SkeletonLayer("skeleton", nodes, edges)


def some(data, n):
    return np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)), bool)


@given(skeletons(), st.data())
def test_a_mask_of_a_mask_is_one_mask(skeleton, data):
    first = some(data, len(skeleton))
    second = some(data, int(first.sum()))
    both = first.copy()
    both[first] = second
    assert_layers_equal(skeleton.apply_mask(first).apply_mask(second), skeleton.apply_mask(both))


@given(skeletons(), st.data())
def test_masking_and_moving_go_in_either_order(skeleton, data):
    keep = some(data, len(skeleton))
    move = lambda xyz: xyz * 2 + 1  # noqa: E731
    left = skeleton.apply_mask(keep).transform(move, units="um")
    right = skeleton.transform(move, units="um").apply_mask(keep)
    assert_layers_equal(left, right)


@given(skeletons(), st.data())
def test_rerooting_there_and_back_changes_nothing(skeleton, data):
    root = int(data.draw(st.sampled_from(skeleton.roots.tolist())))
    skeleton.reroot(root)
    in_tree = np.isfinite(skeleton.distance_between([root])[0])
    other = data.draw(st.sampled_from(skeleton.vertex_index[in_tree].tolist()))
    rerooted = skeleton.copy().reroot(other)
    distances = skeleton.distance_between([other])[0, in_tree]
    assert rerooted.distance_to_root()[in_tree].tolist() == pytest.approx(distances.tolist())
    assert_layers_equal(rerooted.reroot(root), skeleton)


@given(skeletons())
def test_paths_and_segments_partition_the_vertices(skeleton):
    everyone = sorted(skeleton.vertex_index.tolist())
    for parts in (skeleton.cover_paths, skeleton.segments):
        assert sorted(v for part in parts for v in part.tolist()) == everyone
    assert len(skeleton.cover_paths) == skeleton.n_end_points


@given(skeletons(), st.data())
def test_a_mask_keeps_the_edges_between_kept_vertices(skeleton, data):
    keep = some(data, len(skeleton))
    masked = skeleton.apply_mask(keep)
    kept = set(skeleton.vertex_index[keep].tolist())
    expected = sorted(edge for edge in skeleton.edges.tolist() if set(edge) <= kept)
    assert sorted(masked.edges.tolist()) == expected
    assert masked.distance_to_root().tolist() == skeleton.distance_to_root()[keep].tolist()
    assert masked.cable_length() == pytest.approx(skeleton.cable_length(keep))


def test_cover_paths_of_a_masked_skeleton_are_in_the_order_of_the_whole_tree():
    #   0 - 1 - 2 - 3 - 4     4 is farther from the root than 6,
    #       |                 the path from 6 is longer once 2 is gone
    #       5 - 6
    skeleton = SkeletonLayer(
        "skeleton",
        [[0, 0, 0], [1, 0, 0], [5, 0, 0], [6, 0, 0], [7, 0, 0], [1, 1, 0], [1, 2, 0]],
        [[1, 0], [2, 1], [3, 2], [4, 3], [5, 1], [6, 5]],
    )
    masked = skeleton.apply_mask([0, 1, 3, 4, 5, 6])
    assert [path.tolist() for path in masked.cover_paths] == [[4, 3], [6, 5, 1, 0]]


@pytest.mark.parametrize(
    "name",
    [
        "edges_positional",
        "segments_positional",
        "segments_plus_positional",
        "cover_paths_positional",
    ],
)
def test_rows_that_are_handed_out_are_int64(name):
    skeleton = SkeletonLayer("skeleton", [[0, 0, 0], [1, 0, 0]], [[1, 0]])
    rows = getattr(skeleton, name)
    assert (rows[0] if isinstance(rows, list) else rows).dtype == np.int64


@given(skeletons(), st.data())
def test_what_is_asked_of_vertices_is_what_walking_from_parent_to_parent_finds(skeleton, data):
    parent, ids = skeleton.parent_node_array.tolist(), skeleton.vertex_index.tolist()
    n, xyz = len(ids), skeleton.vertices

    def way_up(row):
        return [row, *(way_up(parent[row]) if parent[row] >= 0 else [])]

    def step(row):
        return float(np.linalg.norm(xyz[row] - xyz[parent[row]])) if parent[row] >= 0 else 0.0

    one, other = (data.draw(st.integers(0, n - 1)) for _ in range(2))
    up, down = way_up(one), way_up(other)
    met = next((row for row in up if row in down), None)
    path = [] if met is None else [*up[: up.index(met) + 1], *down[: down.index(met)][::-1]]
    length = sum(step(row) for row in path if row != met) if path else np.inf
    assert skeleton.lowest_common_ancestor(ids[one], ids[other]) == (
        None if met is None else ids[met]
    )
    assert skeleton.path_between(ids[one], ids[other]).tolist() == [ids[row] for row in path]
    assert skeleton.distance_between([ids[one]], [ids[other]])[0, 0] == pytest.approx(length)
    limited = skeleton.distance_between([ids[one]], [ids[other]], limit=5)[0, 0]
    assert limited == pytest.approx(length if length <= 5 else np.inf)

    below = [row for row in range(n) if one in way_up(row)]
    assert skeleton.downstream_vertices(ids[one], inclusive=True).tolist() == [
        ids[r] for r in below
    ]
    children = {r: [ids[c] for c in range(n) if parent[c] == r] for r in range(n)}
    made = {vertex: found.tolist() for vertex, found in skeleton.child_vertices().items()}
    assert made == {ids[row]: some for row, some in children.items() if some}

    keep = some(data, n)
    inside = [r for r in range(n) if parent[r] >= 0 and keep[r] and keep[parent[r]]]
    assert skeleton.cable_length(keep) == pytest.approx(sum(map(step, inside)))
    halves = [
        sum(step(r) for r in range(n) if parent[r] >= 0 and row in (r, parent[r])) / 2
        for row in range(n)
    ]
    np.testing.assert_allclose(skeleton.half_edge_length, halves)
    cut = skeleton.cut_graph(keep, directed=False, euclidean_weight=False).toarray()
    edges = [(r, parent[r]) for r in range(n) if parent[r] >= 0 and not keep[r]]
    assert sorted(map(tuple, np.argwhere(cut).tolist())) == sorted(
        pair for r, p in edges for pair in ((r, p), (p, r))
    )

    def segment(row):
        while len(children[row]) == 1:
            row = ids.index(children[row][0])
        run = [row]
        while parent[run[-1]] >= 0 and len(children[parent[run[-1]]]) == 1:
            run.append(parent[run[-1]])
        return [ids[r] for r in run]

    expanded = skeleton.expand_to_segment([ids[one], ids[other]])
    assert [found.tolist() for found in expanded] == [segment(one), segment(other)]
