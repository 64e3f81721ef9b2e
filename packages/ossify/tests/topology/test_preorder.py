import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify.errors import TopologyError
from ossify.topology.preorder import Preorder
from ossify.topology.rooted_tree import RootedTree

#   4   3
#    \ /
#     2   5
#      \ /
#       1     7
#       |     |
#       0     6
TWO_TREES = [-1, 0, 1, 2, 2, 1, -1, 6]


def test_runs_end_at_branch_points_and_tips():
    index = RootedTree.from_parents(TWO_TREES).index
    assert index.order.tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    # runs:                         0 1 | 2 | 3 | 4 | 5 | 6 7
    assert index.run_start.tolist() == [0, 2, 3, 4, 5, 6]
    assert index.run_stop.tolist() == [2, 3, 4, 5, 6, 8]
    assert index.run_parent.tolist() == [-1, 0, 1, 1, 0, -1]
    assert index.attach.tolist() == [-1, 1, 2, 2, 1, -1]
    assert index.run_end.tolist() == [6, 5, 4, 5, 6, 8]
    assert index.last_run.tolist() == [4, 3, 2, 3, 4, 5]
    assert index.run_of_place.tolist() == [0, 0, 1, 2, 3, 4, 5, 5]


def test_children_are_visited_in_ascending_order():
    assert RootedTree.from_parents([3, 3, 3, -1]).index.order.tolist() == [3, 0, 1, 2]


def test_a_star_takes_no_longer_per_vertex_than_a_chain():
    # A search that looks through all children at every return would not end within the hour.
    star = np.zeros(300_000, dtype=np.int32)
    star[0] = -1
    assert RootedTree.from_parents(star).index.n_runs == 300_000


@given(data=st.data())
def test_every_subtree_is_a_slice(forests, data):
    tree = RootedTree.from_parents(data.draw(forests))
    index = tree.index
    assert index.rank[index.order].tolist() == list(range(tree.n_vertices))
    for row, parent in enumerate(tree.parent.tolist()):
        if parent >= 0:
            run = index.run_of_place[index.rank[parent]]
            assert index.rank[parent] < index.rank[row] < index.run_end[run]
    sizes = index.run_end[index.run_of_place] - np.arange(tree.n_vertices)
    assert (
        sizes.tolist() == index.in_order(tree.subtree_sums(np.ones(tree.n_vertices, int))).tolist()
    )


def test_large_odd_shapes_are_indexed(large_forest):
    tree = RootedTree.from_parents(large_forest)
    stored = Preorder.from_stored(tree.parent, tree.index.order, tree.index.run_start)
    assert stored.last_run.tolist() == tree.index.last_run.tolist()


class TestStored:
    @given(data=st.data())
    def test_what_was_built_is_accepted_and_the_same(self, forests, data):
        built = RootedTree.from_parents(data.draw(forests))
        tree = RootedTree.with_index(built.parent, built.index.order, built.index.run_start)
        for name in ("order", "rank", "run_start", "run_stop", "run_parent", "last_run"):
            assert getattr(tree.index, name).tolist() == getattr(built.index, name).tolist()

    def test_children_may_be_visited_in_any_order(self):
        tree = RootedTree.with_index([-1, 0, 0], np.array([0, 2, 1]), np.array([0, 1, 2]))
        assert tree.subtree_rows(0).tolist() == [0, 2, 1]

    def test_it_is_read_only_and_not_the_callers(self):
        order, starts = np.array([0, 1], dtype=np.int32), np.array([0])
        tree = RootedTree.with_index([-1, 0], order, starts)
        order[0] = 1
        assert tree.index.order.tolist() == [0, 1]
        assert not tree.index.order.flags.writeable

    def test_nothing_has_an_empty_index(self):
        none = np.zeros(0, dtype=np.int32)
        assert RootedTree.with_index(none, none, none).depth.shape == (0,)

    @pytest.mark.parametrize(
        ("parents", "order", "starts", "message"),
        [
            pytest.param([-1, 0], [0], [0], "2 integers", id="short"),
            pytest.param([-1, 0], [0, 2], [0], "outside 0 … 1", id="unknown row"),
            pytest.param([-1, 0], [0, 0], [0], "every row", id="repeated row"),
            pytest.param([-1, 0], [0.0, 1.0], [0], "2 integers", id="floats"),
            pytest.param([-1, 0], [0, 1], [], "rise from 0", id="no run"),
            pytest.param([-1, 0], [0, 1], [1], "rise from 0", id="no run at 0"),
            pytest.param([-1, 0], [0, 1], [0, 2], "rise from 0", id="run past the end"),
            pytest.param([-1, 0], [0, 1], [0, 1, 1], "rise from 0", id="empty run"),
            pytest.param([-1, 0, 1], [0, 2, 1], [0], "no child", id="run out of order"),
            pytest.param([-1, 0], [1, 0], [0, 1], "before the one it hangs", id="child first"),
            pytest.param([-1, 0, 1], [0, 1, 2], [0, 1], "does not branch", id="cut run"),
            pytest.param(
                [-1, 0, 0, 1], [0, 1, 3, 2], [0, 2, 3], "no child|in the middle", id="joined runs"
            ),
            pytest.param(
                [-1, 0, 1, 1, 0], [0, 1, 2, 4, 3], [0, 1, 2, 3, 4], "contiguous", id="torn subtree"
            ),
            pytest.param([1, 0], [0, 1], [0], "does not fit", id="cycle"),
            pytest.param([1, 0, -1], [2, 0, 1], [0, 1], "does not fit", id="cycle beside a root"),
        ],
    )
    def test_what_does_not_fit_the_parents_is_refused(self, parents, order, starts, message):
        with pytest.raises(TopologyError, match=message):
            RootedTree.with_index(
                parents, np.array(order), np.array(starts, dtype=int if starts else np.int64)
            )

    @given(data=st.data())
    def test_an_index_of_another_tree_is_refused_or_right(self, forests, data):
        built, other = data.draw(forests), data.draw(forests)
        n = min(len(built), len(other))
        keep = np.arange(len(other)) < n
        wrong = RootedTree.from_parents(built).select(np.arange(len(built)) < n)
        tree = RootedTree.from_parents(other).select(keep)
        try:
            stored = RootedTree.with_index(tree.parent, wrong.index.order, wrong.index.run_start)
        except TopologyError:
            return
        ones = np.ones(n, dtype=int)
        assert stored.subtree_sums(ones).tolist() == tree.subtree_sums(ones).tolist()
        assert stored.depth.tolist() == tree.depth.tolist()
