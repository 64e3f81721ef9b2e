import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify import SkeletonLayer, example_cell
from ossify.algorithms import sholl


@pytest.fixture
def cross():
    """A root with four straight arms of one edge each, 1 to 4 long, along x and y."""
    xyz = [[0, 0, 0], [1, 0, 0], [-2, 0, 0], [0, 3, 0], [0, -4, 0]]
    return SkeletonLayer("cross", xyz, [[tip, 0] for tip in range(1, 5)])


def test_arms_are_counted_where_they_pass_and_measured_where_they_lie(cross):
    profile = sholl(cross, [0.5, 1.0, 2.5])
    assert profile.index.name == "radius"
    # An end on a sphere is within it: the arm that ends at 1 does not cross there.
    assert profile["crossings"].tolist() == [4, 3, 2]
    assert profile["cable_length"].tolist() == [2.0, 2.0, 4.0]
    assert profile["branch_points"].tolist() == [1, 0, 0]
    assert profile["end_points"].tolist() == [0, 1, 1]


def test_a_step_reaches_beyond_the_farthest_vertex():
    cell = example_cell(2_000)
    profile = sholl(cell, step=20_000)
    assert profile["cable_length"].sum() == pytest.approx(cell.skeleton.cable_length())
    assert profile["end_points"].sum() == cell.skeleton.n_end_points
    assert profile["branch_points"].sum() == cell.skeleton.n_branch_points
    assert profile["crossings"].iloc[-1] == 0
    assert profile["crossings"].dtype == np.int64


def test_the_centre_is_a_vertex_or_a_place(cross):
    at_tip = sholl(cross, step=1, center=4)
    assert at_tip["cable_length"].sum() == pytest.approx(10)
    assert at_tip.equals(sholl(cross, step=1, center=[0, -4, 0]))
    assert at_tip["crossings"].tolist()[0] == 1


def test_without_a_root_the_centre_must_be_given(two_trees):
    with pytest.raises(ValueError, match="has no root to be the centre: it has 2 trees"):
        sholl(two_trees, step=1)
    around = sholl(two_trees, step=1, center=[0, 0, 0])
    assert around["end_points"].sum() == two_trees.n_end_points


def test_parts_have_the_root_of_the_whole_for_their_centre(cross):
    arms = [cross.apply_mask([tip]) for tip in range(1, 5)]
    whole = sholl(cross, step=1)
    assert sum(sholl(arm, range(1, 6))["end_points"] for arm in arms).equals(whole["end_points"])
    moved = cross.apply_mask([3]).transform(lambda xyz: xyz + 100)
    assert sholl(moved, [2, 4])["end_points"].tolist() == [0, 1]


def test_one_vertex_and_none_have_no_cable(rooted_at_100):
    lone = sholl(rooted_at_100.apply_mask([100]), step=1)
    assert lone["cable_length"].tolist() == [0.0]
    assert lone["end_points"].tolist() == [1]
    none = sholl(rooted_at_100.apply_mask([]), [1, 2], center=[0, 0, 0])
    assert (none == 0).all(axis=None)


@pytest.mark.parametrize(
    "radii", [[2, 1], [0, 1], [1, 1], [], [np.nan], [1, np.inf], [[1, 2]]], ids=repr
)
def test_radii_are_positive_and_ascend(cross, radii):
    with pytest.raises(ValueError, match="radii must be positive numbers that ascend"):
        sholl(cross, radii)


@pytest.mark.parametrize("step", [0, -1, np.nan, np.inf])
def test_a_step_is_positive(cross, step):
    with pytest.raises(ValueError, match="step must be a positive length"):
        sholl(cross, step=step)


def test_a_step_that_is_far_too_small_is_refused(cross):
    with pytest.raises(ValueError, match="choose a greater one"):
        sholl(cross, step=1e-9)


@pytest.mark.parametrize("how", [{}, {"radii": [1], "step": 1}], ids=["neither", "both"])
def test_where_the_spheres_are_must_be_said_once(cross, how):
    with pytest.raises(ValueError, match="by radii or by step"):
        sholl(cross, **how)


@pytest.mark.parametrize("center", [[1, 2], [np.nan, 0, 0]])
def test_a_centre_has_three_coordinates(cross, center):
    with pytest.raises(ValueError, match="three coordinates"):
        sholl(cross, [1], center=center)


def test_a_centre_that_is_not_there_is_named(cross):
    with pytest.raises(KeyError, match="77"):
        sholl(cross, [1], center=77)


@given(st.data())
def test_points_are_counted_in_the_shell_that_they_lie_in(data):
    n = data.draw(st.integers(1, 10))
    parents = [-1, *(data.draw(st.integers(-1, row - 1)) for row in range(1, n))]
    away = np.array([data.draw(st.integers(0, 5)) for _ in range(n)])
    edges = np.array([(row, up) for row, up in enumerate(parents) if up >= 0], int).reshape(-1, 2)
    skeleton = SkeletonLayer("s", [[x, 0, 0] for x in away], edges)
    radii = sorted(data.draw(st.sets(st.sampled_from([0.5, 1, 2, 3.5, 5]), min_size=1)))
    profile = sholl(skeleton, radii, center=[0, 0, 0])
    children = [parents.count(row) for row in range(n)]
    for inner, (radius, row) in zip([-1, *radii], profile.iterrows(), strict=False):
        inside = [r for r in range(n) if inner < away[r] <= radius]
        assert row["branch_points"] == sum(children[r] > 1 for r in inside)
        assert row["end_points"] == sum(children[r] == 0 for r in inside)
        assert row["crossings"] == sum((away[r] <= radius) != (away[p] <= radius) for r, p in edges)
        between = [
            max(0, min(radius, max(away[r], away[p])) - max(inner, 0, min(away[r], away[p])))
            for r, p in edges
        ]
        assert row["cable_length"] == pytest.approx(sum(between))
