import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify.errors import TopologyError
from ossify.topology.rooted_tree import RootedTree

#   4   3
#    \ /
#     2   5
#      \ /
#       1     7
#       |     |
#       0     6
TWO_TREES = [-1, 0, 1, 2, 2, 1, -1, 6]


@pytest.fixture
def two_trees():
    return RootedTree.from_parents(TWO_TREES)


def path_to_root(parents, row):
    path = [row]
    while parents[path[-1]] >= 0:
        path.append(parents[path[-1]])
    return path


def rows_below(parents, top):
    return [row for row in range(len(parents)) if top in path_to_root(parents, row)]


class TestOneLook:
    def test_roots_branch_points_and_tips_are_rows(self, two_trees):
        assert two_trees.n_vertices == 8
        assert two_trees.roots.tolist() == [0, 6]
        assert two_trees.branch_rows.tolist() == [1, 2]
        assert two_trees.tip_rows.tolist() == [3, 4, 5, 7]
        assert two_trees.n_children.tolist() == [1, 2, 2, 0, 0, 0, 1, 0]

    def test_edges_ascend_by_child(self, two_trees):
        assert two_trees.edges.tolist() == [[1, 0], [2, 1], [3, 2], [4, 2], [5, 1], [7, 6]]

    def test_children_ascend(self, two_trees):
        children = [rows.tolist() for rows in two_trees.children]
        assert children == [[1], [2, 5], [3, 4], [], [], [], [7], []]

    @pytest.mark.parametrize(
        "question", ["roots", "n_children", "branch_rows", "tip_rows", "edges", "children"]
    )
    def test_what_needs_no_index_builds_none(self, two_trees, question):
        getattr(two_trees, question)
        two_trees.select(np.ones(8, dtype=bool))
        two_trees.reroot(4)
        assert "index" not in vars(two_trees)

    def test_a_lone_root_is_a_tip_and_no_branch_point(self):
        lone = RootedTree.from_parents([-1])
        assert lone.tip_rows.tolist() == [0]
        assert lone.branch_rows.tolist() == []

    @pytest.mark.parametrize(
        "array", ["parent", "roots", "n_children", "branch_rows", "tip_rows", "edges", "depth"]
    )
    def test_arrays_are_read_only(self, two_trees, array):
        with pytest.raises(ValueError, match="read-only"):
            getattr(two_trees, array)[0] = 1

    def test_the_callers_array_stays_writeable_and_apart(self):
        mine = np.array([-1, 0, 1], dtype=np.int32)
        tree = RootedTree.from_parents(mine)
        mine[2] = 0
        assert tree.parent.tolist() == [-1, 0, 1]

    def test_a_pickled_tree_is_the_same_and_still_read_only(self, two_trees):
        _ = two_trees.depth
        again = pickle.loads(pickle.dumps(two_trees))
        assert again.parent.tolist() == TWO_TREES
        assert again.depth.tolist() == two_trees.depth.tolist()
        assert not again.parent.flags.writeable

    def test_a_copy_of_what_never_changes_is_itself(self, two_trees):
        assert copy.deepcopy(two_trees) is two_trees


class TestIndexed:
    def test_depth_counts_edges_to_the_own_root(self, two_trees):
        assert two_trees.depth.tolist() == [0, 1, 2, 3, 3, 2, 0, 1]

    def test_component_root_is_the_root_of_the_own_tree(self, two_trees):
        assert two_trees.component_root.tolist() == [0, 0, 0, 0, 0, 0, 6, 6]

    def test_sums_from_root_ignore_the_step_at_roots(self, two_trees):
        sums = two_trees.sums_from_root([100.0, 1, 2, 4, 8, 16, 100, 32])
        assert sums.tolist() == [0, 1, 3, 7, 11, 17, 0, 32]
        assert sums.dtype == np.float64

    def test_sums_from_root_leave_the_steps_as_they_were(self, two_trees):
        step = np.ones(8)
        two_trees.sums_from_root(step)
        assert step.tolist() == [1.0] * 8

    def test_subtree_sums_are_of_all_below_and_the_vertex(self, two_trees):
        assert two_trees.subtree_sums(np.ones(8, dtype=bool)).tolist() == [6, 5, 3, 1, 1, 1, 2, 1]

    def test_subtree_sums_of_large_integers_are_exact(self):
        odd = 2**60 + 1
        assert RootedTree.from_parents([-1, 0, 0]).subtree_sums([odd, odd, 1])[0] == 2 * odd + 1

    def test_subtree_rows_begin_with_the_vertex(self, two_trees):
        assert two_trees.subtree_rows(2).tolist() == [2, 3, 4]
        assert two_trees.subtree_rows(7).tolist() == [7]

    def test_subtree_mask_is_the_union(self, two_trees):
        assert np.flatnonzero(two_trees.subtree_mask([2, 4, 6])).tolist() == [2, 3, 4, 6, 7]
        assert np.flatnonzero(two_trees.subtree_mask(5)).tolist() == [5]
        assert not two_trees.subtree_mask([]).any()

    def test_a_path_goes_over_the_lowest_common_ancestor(self, two_trees):
        assert two_trees.path_rows(3, 5).tolist() == [3, 2, 1, 5]
        assert two_trees.path_rows(0, 4).tolist() == [0, 1, 2, 4]
        assert two_trees.path_rows(3, 3).tolist() == [3]

    def test_many_paths_are_found_as_one_is(self):
        #   0 - 1 - … - 999, and 1000 at 500
        tree = RootedTree.from_parents([*range(-1, 999), 500])
        for _ in range(5):
            assert tree.path_rows(1000, 502).tolist() == [1000, 500, 501, 502]
        assert "index" in vars(tree)

    def test_no_path_and_no_common_ancestor_across_trees(self, two_trees):
        assert two_trees.path_rows(3, 7) is None
        assert two_trees.lowest_common_ancestor(3, 7) == -1
        assert two_trees.distances_between([3], [7], two_trees.depth)[0, 0] == np.inf

    def test_distances_between_many_starts_and_one_end(self, two_trees):
        distances = two_trees.distances_between(range(8), [3], two_trees.depth)
        assert distances[:6, 0].tolist() == [3, 2, 1, 0, 2, 3]

    @given(data=st.data())
    def test_all_answers_agree_with_walking(self, forests, data):
        parents = data.draw(forests)
        n = len(parents)
        tree = RootedTree.from_parents(parents)
        steps = data.draw(st.lists(st.integers(0, 5), min_size=n, max_size=n))
        paths = [path_to_root(parents, row) for row in range(n)]
        below = [rows_below(parents, row) for row in range(n)]

        assert tree.depth.tolist() == [len(path) - 1 for path in paths]
        assert tree.component_root.tolist() == [path[-1] for path in paths]
        from_root = [sum(steps[row] for row in path[:-1]) for path in paths]
        assert tree.sums_from_root(steps).tolist() == from_root
        assert tree.sums_from_root(np.array(steps, float)).tolist() == from_root
        assert tree.subtree_sums(steps).tolist() == [sum(steps[row] for row in b) for b in below]
        two_columns = np.stack((steps, np.ones(n, int)), axis=1)
        assert tree.subtree_sums(two_columns)[:, 1].tolist() == [len(rows) for rows in below]
        assert [sorted(tree.subtree_rows(row).tolist()) for row in range(n)] == below
        assert [tree.ascending_subtree_rows(row).tolist() for row in range(n)] == below

    @given(data=st.data())
    def test_all_pairs_agree_with_walking(self, forests, data):
        parents = data.draw(forests)
        n = len(parents)
        tree = RootedTree.from_parents(parents)
        rows = st.lists(st.integers(0, n - 1), min_size=1, max_size=6)
        starts, ends = data.draw(rows), data.draw(rows)
        from_root = tree.sums_from_root(np.arange(n, dtype=float))
        distances = tree.distances_between(starts, ends, from_root)
        for i, start in enumerate(starts):
            for j, end in enumerate(ends):
                up, down = path_to_root(parents, start), path_to_root(parents, end)
                shared = [row for row in up if row in down]
                meeting = shared[0] if shared else -1
                assert tree.lowest_common_ancestor(start, end) == meeting
                path = tree.path_rows(start, end)
                unindexed = RootedTree.from_parents(parents).path_rows(start, end)
                assert np.array_equal(path, unindexed)
                if not shared:
                    assert path is None
                    assert distances[i, j] == np.inf
                    continue
                walked = up[: up.index(meeting) + 1] + down[: down.index(meeting)][::-1]
                assert path.tolist() == walked
                assert distances[i, j] == sum(row for row in walked if row != meeting)

    def test_large_odd_shapes_agree_with_walking(self, large_forest):
        tree = RootedTree.from_parents(large_forest)
        n = tree.n_vertices
        sample = np.random.default_rng(0).integers(0, n, 12)
        from_root = tree.sums_from_root(np.ones(n))
        assert from_root.tolist() == tree.depth.tolist()
        for row in sample.tolist():
            path = path_to_root(large_forest, row)
            assert tree.depth[row] == len(path) - 1
            assert tree.component_root[row] == path[-1]
            assert tree.path_rows(row, int(path[-1])).tolist() == path
            for other in sample.tolist():
                on_path = set(path)
                shared = [at for at in path_to_root(large_forest, other) if at in on_path]
                meeting = shared[0] if shared else -1
                assert tree.lowest_common_ancestor(row, other) == meeting
        sizes = tree.subtree_sums(np.ones(n, int))
        assert sizes[tree.roots].sum() == n
        # Every vertex is counted once at each vertex of its path.
        assert sizes.sum() == (tree.depth + 1).sum()

    def test_distances_of_many_pairs_are_those_by_way_of_their_ancestors(self, large_forest):
        tree = RootedTree.from_parents(large_forest)
        chance = np.random.default_rng(1)
        rows, columns = (chance.integers(0, tree.n_vertices, size) for size in (80, 40))
        above = np.array([[tree.lowest_common_ancestor(i, j) for j in columns] for i in rows])
        depth = tree.depth
        expected = depth[rows][:, None] + depth[columns] - 2.0 * depth[above]
        expected[above < 0] = np.inf
        assert np.array_equal(tree.distances_between(rows, columns, depth), expected)

    def test_distances_in_a_large_tree_with_fine_steps_stay_close(self):
        n = 20_000
        step = np.random.default_rng(0).random(n) * 1e3
        chain = RootedTree.from_parents(np.arange(n) - 1)
        step[0] = 0
        np.testing.assert_allclose(chain.sums_from_root(step), np.cumsum(step), rtol=1e-12)


class TestReroot:
    def test_only_the_path_to_the_old_root_turns(self, two_trees):
        #   before: 0 - 1 - 2 - (3, 4), 1 - 5
        assert two_trees.reroot(2).parent.tolist() == [1, 2, -1, 2, 2, 1, -1, 6]

    def test_the_root_as_new_root_changes_nothing(self, two_trees):
        assert two_trees.reroot(6).parent.tolist() == TWO_TREES

    def test_a_path_longer_than_is_walked_turns_as_well(self):
        n = 30_000
        tree = RootedTree.from_parents(np.arange(n) - 1).reroot(n - 1)
        assert tree.parent.tolist() == [*range(1, n), -1]

    @given(data=st.data())
    def test_there_and_back_is_where_it_began(self, forests, data):
        tree = RootedTree.from_parents(data.draw(forests))
        row = data.draw(st.integers(0, tree.n_vertices - 1))
        turned = tree.reroot(row)
        assert turned.parent[row] == -1
        assert turned.reroot(int(tree.component_root[row])).parent.tolist() == tree.parent.tolist()
        as_pairs = {frozenset(edge) for edge in tree.edges.tolist()}
        assert {frozenset(edge) for edge in turned.edges.tolist()} == as_pairs


class TestSelect:
    def test_children_of_what_goes_become_roots(self, two_trees):
        keep = np.array([True, False, True, True, False, True, True, True])
        # kept rows:       0            2     3            5     6     7
        assert two_trees.select(keep).parent.tolist() == [-1, -1, 1, -1, -1, 4]

    def test_nothing_may_stay(self, two_trees):
        assert two_trees.select(np.zeros(8, dtype=bool)).n_vertices == 0

    @pytest.mark.parametrize("keep", [np.ones(7, bool), np.ones(8, int), np.ones((8, 1), bool)])
    def test_a_mask_of_another_kind_is_refused(self, two_trees, keep):
        with pytest.raises(TopologyError, match="8 booleans"):
            two_trees.select(keep)

    @given(data=st.data())
    def test_edges_between_kept_vertices_stay(self, forests, data):
        tree = RootedTree.from_parents(data.draw(forests))
        n = tree.n_vertices
        keep = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
        kept = np.flatnonzero(keep)
        edges = [tuple(kept[edge].tolist()) for edge in tree.select(keep).edges]
        assert edges == [tuple(edge) for edge in tree.edges.tolist() if keep[edge].all()]


def test_an_empty_forest_answers_everything():
    nothing = RootedTree.from_parents([])
    assert nothing.edges.shape == (0, 2)
    assert nothing.depth.shape == nothing.component_root.shape == nothing.roots.shape == (0,)
    assert nothing.sums_from_root([]).shape == nothing.subtree_sums([]).shape == (0,)
    assert nothing.subtree_mask([]).shape == (0,)
    assert nothing.distances_between([], [], np.zeros(0)).shape == (0, 0)
    assert len(nothing.children) == 0


class TestWrongParents:
    @pytest.mark.parametrize(
        ("parents", "message", "rows"),
        [
            pytest.param([-1, 5], "row 1 has the parent 5", (1,), id="beyond the last row"),
            pytest.param([-1, -2], "row 1 has the parent -2", (1,), id="below -1"),
            pytest.param([[-1, 0]], "list of integer rows", (), id="two-dimensional"),
            pytest.param([-1.0, 0.0], "list of integer rows", (), id="floats"),
            pytest.param([0], "cycle.* row 0", (0,), id="own parent"),
        ],
    )
    def test_parents_that_make_no_tree_are_refused(self, parents, message, rows):
        with pytest.raises(TopologyError, match=message) as caught:
            RootedTree.from_parents(parents)
        assert caught.value.rows == rows

    def test_a_cycle_is_named_by_a_row_that_lies_on_it(self):
        #  0   1 → 2 → 3 → 1, and 4 → 5 → 3 hangs on the cycle
        with pytest.raises(TopologyError, match="cycle") as caught:
            RootedTree.from_parents([-1, 2, 3, 1, 5, 3])
        assert caught.value.rows[0] in {1, 2, 3}

    def test_a_cycle_without_any_root_is_found(self):
        with pytest.raises(TopologyError, match="cycle"):
            RootedTree.from_parents([1, 2, 0])

    @pytest.mark.parametrize("row", [-1, 8])
    def test_an_unknown_row_is_named(self, two_trees, row):
        for ask in (two_trees.subtree_rows, two_trees.reroot, two_trees.subtree_mask):
            with pytest.raises(TopologyError, match=f"row {row} is not in this tree"):
                ask(row)
        with pytest.raises(TopologyError, match=f"row {row} is not"):
            two_trees.path_rows(0, row)
        with pytest.raises(TopologyError, match=f"row {row} is not"):
            two_trees.lowest_common_ancestor(0, row)

    def test_values_of_another_length_are_refused(self, two_trees):
        for ask in (two_trees.subtree_sums, two_trees.sums_from_root):
            with pytest.raises(TopologyError, match="one value per vertex is needed: 8"):
                ask([1, 2, 3])


class TestFromEdges:
    def test_edges_are_child_then_parent(self):
        assert RootedTree.from_edges(3, [[2, 0], [1, 0]]).parent.tolist() == [-1, 0, 0]

    def test_vertices_without_edges_are_roots(self):
        assert RootedTree.from_edges(2, []).parent.tolist() == [-1, -1]
        assert RootedTree.from_edges(0, np.zeros((0, 2), int)).n_vertices == 0

    def test_the_tree_of_the_root_is_oriented_and_the_others_are_not(self):
        #  1 - 0 - 2    4 → 3
        tree = RootedTree.from_edges(5, [[0, 1], [2, 0], [4, 3]], root=2)
        assert tree.parent.tolist() == [2, 0, -1, -1, 3]

    def test_edges_that_are_right_already_need_no_search(self):
        tree = RootedTree.from_edges(3, np.array([[1, 0], [2, 1]]), root=0)
        assert "index" not in vars(tree)

    @given(data=st.data())
    def test_however_edges_point_the_root_orients_them(self, forests, data):
        tree = RootedTree.from_parents(data.draw(forests))
        root = data.draw(st.integers(0, tree.n_vertices - 1))
        movable = tree.component_root == tree.component_root[root]
        edges = [
            [parent, child] if movable[child] and data.draw(st.booleans()) else [child, parent]
            for child, parent in tree.edges.tolist()
        ]
        edges = data.draw(st.permutations(edges))
        oriented = RootedTree.from_edges(tree.n_vertices, edges, root=root)
        assert oriented.parent.tolist() == tree.reroot(root).parent.tolist()

    @pytest.mark.parametrize(
        ("n", "edges", "root", "message", "rows"),
        [
            pytest.param(3, [[0, 7]], None, "the first is 7", (7,), id="unknown row"),
            pytest.param(3, [[0, -1]], None, "the first is -1", (-1,), id="negative row"),
            pytest.param(3, [[1, 0]], 5, "the root is row 5", (5,), id="unknown root"),
            pytest.param(3, [[1, 1]], None, "with itself.* vertex 11", (1,), id="self loop"),
            pytest.param(3, [[1, 1]], 0, "with itself.* vertex 11", (1,), id="self loop, root"),
            pytest.param(
                3, [[1, 0], [1, 0]], 0, "twice.* vertex 11 and vertex 10", (1, 0), id="repeated"
            ),
            pytest.param(
                3, [[1, 0], [0, 1]], None, "twice.* vertex 10 and vertex 11", (0, 1), id="reversed"
            ),
            pytest.param(
                3, [[0, 1], [0, 2]], None, "vertex 10 has vertex 11 and vertex 12.*root=", (0,),
                id="two parents",
            ),
            pytest.param(
                5, [[1, 0], [3, 2], [3, 4]], 0, "vertex 13 has vertex 12 and vertex 14", (3,),
                id="two parents away from the root",
            ),
            pytest.param(
                4, [[1, 2], [2, 3], [3, 1]], None, "cycle through vertex 1", None, id="cycle"
            ),
            pytest.param(
                4, [[1, 2], [2, 3], [3, 1]], 0, "cycle through vertex 1", None, id="cycle elsewhere"
            ),
            pytest.param(
                4, [[1, 0], [2, 1], [2, 0]], 0, "1 too many for a tree.*closes a cycle", None,
                id="cycle at the root",
            ),
            pytest.param(3, [[0, 1, 2]], None, r"\(E, 2\)", (), id="faces"),
            pytest.param(3, [[0.0, 1.0]], None, r"\(E, 2\)", (), id="floats"),
        ],
    )  # fmt: skip
    def test_edges_that_make_no_forest_are_refused(self, n, edges, root, message, rows):
        with pytest.raises(TopologyError, match=message) as caught:
            RootedTree.from_edges(n, edges, root=root, ids=np.arange(10, 10 + n))
        assert rows is None or caught.value.rows == rows

    def test_without_ids_messages_speak_of_rows(self):
        with pytest.raises(TopologyError, match="row 0 has row 1 and row 2"):
            RootedTree.from_edges(3, [[0, 1], [0, 2]])
