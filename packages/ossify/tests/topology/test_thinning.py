import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify.topology.rooted_tree import RootedTree
from ossify.topology.segments import segments_plus
from ossify.topology.thinning import every, thinned, within_tolerance


def topological(tree):
    keep = tree.n_children != 1
    keep[tree.roots] = True
    return keep


def test_a_vertex_that_is_gone_is_stood_for_by_the_nearest_on_its_stretch():
    #  0 -- 1 -- 2 -- 3 -- 4     distances 0 1 2 3 9, 2 and 4 stay
    tree = RootedTree.from_parents([-1, 0, 1, 2, 3])
    thin = thinned(tree, np.array([0, 1, 2, 3, 9.0]), np.array([1, 0, 1, 0, 1], dtype=bool))
    assert thin.rows.tolist() == [0, 2, 4]
    assert thin.tree.parent.tolist() == [-1, 0, 1]
    assert thin.new_row.tolist() == [0, 0, 1, 1, 2]


def test_stretches_of_branches_hang_where_they_hung():
    #   4   5
    #    \  |
    #     2 3
    #      \|
    #       1
    #       |
    #       0
    tree = RootedTree.from_parents([-1, 0, 1, 1, 2, 3])
    thin = thinned(tree, tree.depth.astype(float), topological(tree))
    assert thin.rows.tolist() == [0, 1, 4, 5]
    assert thin.tree.parent.tolist() == [-1, 0, 1, 1]
    assert thin.new_row.tolist() == [0, 1, 1, 1, 2, 3]


def test_every_one_is_all_and_none_is_none():
    tree = RootedTree.from_parents([-1, 0, 1, 2])
    assert every(tree, 1).all()
    assert every(RootedTree.from_parents([]), 2).shape == (0,)
    none = thinned(RootedTree.from_parents([]), np.empty(0), np.empty(0, dtype=bool))
    assert len(none.rows) == none.tree.n_vertices == 0


@given(data=st.data())
def test_parents_are_the_next_kept_and_stand_ins_the_nearest_kept(forests, data):
    parents = data.draw(forests)
    n = len(parents)
    tree = RootedTree.from_parents(parents)
    steps = data.draw(st.lists(st.sampled_from([0, 1, 3]), min_size=n, max_size=n))
    from_root = tree.sums_from_root(steps).astype(float)
    keep = topological(tree) | [data.draw(st.booleans()) for _ in range(n)]
    thin = thinned(tree, from_root, keep)

    def up(row):
        row = parents[row]
        return row if row < 0 or keep[row] else up(row)

    def down(row):
        return row if keep[row] else down(parents.index(row))

    assert thin.rows.tolist() == np.flatnonzero(keep).tolist()
    for new, old in enumerate(thin.rows.tolist()):
        above = int(thin.tree.parent[new])
        assert (thin.rows[above] if above >= 0 else -1) == up(old)
    for row in range(n):
        stands = int(thin.rows[thin.new_row[row]])
        if keep[row]:
            assert stands == row
            continue
        above, below = up(row), down(row)
        is_nearer_up = from_root[row] - from_root[above] <= from_root[below] - from_root[row]
        assert stands == (above if is_nearer_up else below)


@given(data=st.data())
def test_every_nth_vertex_counts_outwards(forests, data):
    tree = RootedTree.from_parents(data.draw(forests))
    factor = data.draw(st.integers(1, 4))
    expected = topological(tree)
    for rows in segments_plus(tree):
        outwards = rows[::-1]
        expected[outwards[::factor]] = True
    assert every(tree, factor).tolist() == expected.tolist()


def _away(points, start, end):
    along = end - start
    share = np.clip((points - start) @ along / max(along @ along, 1e-300), 0, 1)
    return np.linalg.norm(points - start - share[:, np.newaxis] * along, axis=1)


def _ramer(points, tolerance, first, last):
    """Places that stay, by the recursion of the papers."""
    if last - first < 2:
        return {first, last}
    away = _away(points[first + 1 : last], points[first], points[last])
    if away.max() <= tolerance:
        return {first, last}
    cut = first + 1 + int(away.argmax())
    return _ramer(points, tolerance, first, cut) | _ramer(points, tolerance, cut, last)


@given(data=st.data())
def test_lines_are_cut_as_the_recursion_cuts_them(forests, data):
    tree = RootedTree.from_parents(data.draw(forests))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    points = rng.normal(size=(tree.n_vertices, 3))
    tolerance = data.draw(st.sampled_from([0.0, 0.3, 1.0, 9.0]))
    expected = topological(tree)
    for rows in segments_plus(tree):
        outwards = rows[::-1]
        expected[outwards[list(_ramer(points[outwards], tolerance, 0, len(rows) - 1))]] = True
    none = np.zeros(tree.n_vertices, dtype=bool)
    assert within_tolerance(tree, points, none, tolerance).tolist() == expected.tolist()


@pytest.mark.parametrize("tolerance", [0.01, 0.2])
def test_nothing_that_is_left_out_is_farther_than_the_tolerance(tolerance):
    t = np.linspace(0, 20, 3000)
    points = np.stack((np.cos(t), np.sin(t), t / 5), axis=1)
    tree = RootedTree.from_parents(np.arange(3000) - 1)
    held = np.arange(3000) == 1234
    keep = within_tolerance(tree, points, held, tolerance)
    rows = np.flatnonzero(keep)
    assert keep[1234]
    assert 5 < len(rows) < 300
    for first, last in zip(rows[:-1], rows[1:], strict=True):
        assert (_away(points[first : last + 1], points[first], points[last]) <= tolerance).all()


def test_a_stretch_that_comes_back_to_where_it_began_is_cut_at_the_farthest():
    points = np.array([[0, 0, 0], [5, 0, 0], [9, 0, 0], [5, 1, 0], [0, 0, 0.0]])
    tree = RootedTree.from_parents([-1, 0, 1, 2, 3])
    none = np.zeros(5, dtype=bool)
    assert np.flatnonzero(within_tolerance(tree, points, none, 2)).tolist() == [0, 2, 4]
