import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify.errors import TopologyError
from ossify.topology.respacing import interpolated, new_ids, respaced
from ossify.topology.rooted_tree import RootedTree


def spread(parents, from_root, spacing, **options):
    tree = RootedTree.from_parents(parents)
    new = respaced(tree, np.array(from_root, float), spacing, **options)
    assert tree.n_vertices == len(new.new_row)
    return new


def test_steps_are_equal_and_branch_points_stay():
    #  3 (7)   4 (4)
    #      \  /
    #       2 (3)
    #       |
    #       1 (1)
    #       |
    #       0
    new = spread([-1, 0, 1, 2, 2], [0, 1, 3, 7, 4], 1.5)
    points = interpolated(new, np.array([[0.0, 0, 0], [1, 0, 0], [3, 0, 0], [7, 0, 0], [3, 1, 0]]))
    np.testing.assert_allclose(points[:, 0], [0, 1.5, 3, 3 + 4 / 3, 3 + 8 / 3, 7, 3])
    np.testing.assert_array_equal(points[:, 1], [0, 0, 0, 0, 0, 0, 1])
    assert new.parent.tolist() == [-1, 0, 1, 2, 3, 4, 2]
    assert new_ids(new, np.array([10, 11, 12, 13, 14])).tolist() == [10, 15, 12, 16, 17, 13, 14]
    assert new.new_row.tolist() == [0, 1, 2, 5, 6]


@pytest.mark.parametrize("spacing", [0, -1, np.nan, np.inf])
def test_a_spacing_is_a_positive_number(spacing):
    """W16"""
    with pytest.raises(TopologyError, match="must be a positive number"):
        spread([-1, 0], [0, 1], spacing)


def test_a_spacing_of_next_to_nothing_is_refused():
    with pytest.raises(TopologyError, match=r"makes .* vertices; choose a greater one"):
        spread([-1, 0], [0, 1], 1e-12)


def test_new_ids_do_not_run_out_of_int64():
    new = spread([-1, 0], [0, 1], 0.5)
    with pytest.raises(TopologyError, match="1 new vertices need ids above"):
        new_ids(new, np.array([0, 2**63 - 1]))


def test_what_begins_at_a_root_can_stay_as_it_is():
    #  3   4          where the root branches, and where it does not
    #  |   |
    #  1   2     0 - 1 - 2
    #   \ /
    #    0
    new = spread([-1, 0, 0, 1, 2], [0, 1, 1, 2, 2], 0.25, skip_root_adjacent=True)
    assert new.is_old.all()
    assert sorted(new.below.tolist()) == [0, 1, 2, 3, 4]
    new = spread([-1, 0, 1, 2, 2], [0, 1, 2, 3, 3], 0.5, skip_root_adjacent=True)
    assert new.below[new.is_old].tolist() == [0, 1, 2, 3, 4]
    assert len(new.parent) == 7


@given(data=st.data(), skip=st.booleans())
def test_every_stretch_is_divided_evenly(forests, data, skip):
    tree = RootedTree.from_parents(data.draw(forests))
    n = tree.n_vertices
    steps = np.array(data.draw(st.lists(st.integers(0, 5), min_size=n, max_size=n)), float)
    steps[tree.roots] = 0
    spacing = data.draw(st.sampled_from([0.7, 1.0, 2.0, 100.0]))
    from_root = tree.sums_from_root(steps)
    new = respaced(tree, from_root, spacing, skip_root_adjacent=skip)

    at = from_root[new.above] + new.share * (from_root[new.below] - from_root[new.above])
    gaps = np.where(new.parent >= 0, at - at[new.parent], 0.0)
    assert (new.parent < np.arange(len(new.parent))).all()
    assert gaps.sum() == pytest.approx(steps.sum())
    stays = set(new.below[new.is_old].tolist())
    is_topo = (tree.n_children != 1) | (tree.parent < 0)
    assert set(np.flatnonzero(is_topo).tolist()) <= stays
    assert (np.bincount(new.below[new.is_old], minlength=n) <= 1).all()
    new_tree = RootedTree.from_parents(new.parent)
    branches = new.below[new_tree.branch_rows]
    assert sorted(branches.tolist()) == tree.branch_rows.tolist()
    for tip in np.flatnonzero(is_topo & (tree.parent >= 0)).tolist():
        top = tree.parent[tip]
        while not is_topo[top]:
            top = tree.parent[top]
        row = int(new.new_row[tip])
        assert new.below[row] == tip
        crossed = []
        while True:
            crossed.append(gaps[row])
            row = int(new.parent[row])
            if row == new.new_row[top]:
                break
        if skip and tree.parent[top] < 0:
            continue
        length = from_root[tip] - from_root[top]
        assert len(crossed) == max(np.rint(length / spacing), 1)
        np.testing.assert_allclose(crossed, length / len(crossed), atol=1e-9)
    # Every new vertex lies on an old edge, or on an old vertex.
    assert ((new.above == new.below) | (tree.parent[new.below] == new.above)).all()


@given(data=st.data())
def test_old_vertices_belong_to_the_nearest_new_one(forests, data):
    tree = RootedTree.from_parents(data.draw(forests))
    n = tree.n_vertices
    steps = np.array(data.draw(st.lists(st.integers(1, 5), min_size=n, max_size=n)), float)
    steps[tree.roots] = 0
    from_root = tree.sums_from_root(steps)
    new = respaced(tree, from_root, 1.7)
    at = from_root[new.above] + new.share * (from_root[new.below] - from_root[new.above])
    for row in range(n):
        mine = int(new.new_row[row])
        around = [mine, int(new.parent[mine]), *np.flatnonzero(new.parent == mine).tolist()]
        off = abs(at[mine] - from_root[row])
        below = tree.subtree_mask([row])
        on_path = [
            other
            for other in around
            if other >= 0
            and (below[new.below[other]] or tree.subtree_mask([new.below[other]])[row])
        ]
        if tree.n_children[row] == 1:
            assert off <= min(abs(at[other] - from_root[row]) for other in on_path) + 1e-9
        else:
            assert off == 0
