import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify.topology.branch_shape import Segments, angles, frusta, partition_asymmetry
from ossify.topology.rooted_tree import RootedTree


@given(data=st.data())
def test_segments_run_between_roots_branch_points_and_tips(forests, data):
    parents = data.draw(forests)
    n = len(parents)
    n_children = [parents.count(row) for row in range(n)]
    expected = set()
    for first in range(n):
        near = parents[first]
        if near < 0 or (n_children[near] == 1 and parents[near] >= 0):
            continue
        far = first
        while n_children[far] == 1:
            far = parents.index(far)
        expected.add((near, first, far))
    found = Segments.of(RootedTree.from_parents(parents))
    rows = np.stack((found.near, found.first, found.far), axis=1).tolist()
    assert sorted(map(tuple, rows)) == sorted(expected)
    pairs = {tuple(sorted(pair)) for pair in np.stack(found.forks(), axis=1).tolist()}
    both = {
        (a, b) for a in range(len(expected)) for b in range(a + 1, len(expected))
        if found.near[a] == found.near[b] and n_children[found.near[a]] == 2
    }  # fmt: skip
    assert pairs == both


def test_a_segment_is_as_tortuous_as_it_is_longer_than_straight():
    #  0 -- 1      a bend at 1, and 3 lies where 0 does
    #  3 -- 2
    points = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 0, 0.0]])
    chain = RootedTree.from_parents([-1, 0, 1])
    assert Segments.of(chain).tortuosity(np.array([0, 1, 2.0]), points) == [2 / np.sqrt(2)]
    closed = RootedTree.from_parents([-1, 0, 1, 2])
    assert np.isnan(Segments.of(closed).tortuosity(np.array([0, 1, 2, 4.0]), points)).all()


@pytest.mark.parametrize("degrees", [0, 1e-6, 30, 90, 179.99999, 180])
def test_angles_are_exact_also_near_none_and_half_a_turn(degrees):
    angle = np.radians(degrees)
    second = 5 * np.array([[np.cos(angle), np.sin(angle), 0]])
    found = angles(np.zeros((1, 3)), np.array([[3.0, 0, 0]]), second)
    assert found == pytest.approx([angle], rel=1e-9, abs=1e-15)


def test_there_is_no_angle_towards_the_apex_itself():
    spot = np.ones((1, 3))
    assert np.isnan(angles(spot, spot, np.zeros((1, 3)))).all()


def test_a_cone_that_is_cut_loses_its_point():
    def cone(height, radius):
        return frusta(np.array([height]), np.array([radius]), np.array([0.0]))

    whole, point = cone(4.0, 3.0), cone(2.0, 1.5)
    rest = frusta(np.array([2.0]), np.array([3.0]), np.array([1.5]))
    assert whole == (pytest.approx([15 * np.pi]), pytest.approx([12 * np.pi]))
    for all_of_it, tip, stump in zip(whole, point, rest, strict=True):
        assert tip + stump == pytest.approx(all_of_it)


def test_a_cone_without_height_is_a_ring():
    area, volume = frusta(np.array([0.0]), np.array([2.0]), np.array([1.0]))
    assert area == pytest.approx([np.pi * (4 - 1)])
    assert volume == [0]


@given(st.integers(1, 9), st.integers(1, 9))
def test_for_trees_of_bifurcations_asymmetry_is_that_of_tips(r, s):
    expected = abs(r - s) / (r + s - 2) if r + s > 2 else 0.0
    found = partition_asymmetry(np.array([2 * r - 1]), np.array([2 * s - 1]))
    assert found == pytest.approx([expected])
