import tracemalloc

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ossify.topology.shells import crossings, length_within

POINT = st.tuples(*[st.integers(-4, 4)] * 3)


@given(lines=st.lists(st.tuples(POINT, POINT), max_size=5), radii=st.sets(st.integers(1, 8)))
def test_crossings_and_lengths_are_what_a_walk_along_the_lines_finds(lines, radii):
    ends = np.array(lines, dtype=float).reshape(-1, 2, 3)
    spheres = np.array(sorted(radii), dtype=float)
    start, stop = ends[:, 0], ends[:, 1]
    distance = np.linalg.norm(ends, axis=2)
    within = distance[:, :, np.newaxis] <= spheres
    assert (
        crossings(start, stop, spheres).tolist() == (within[:, 0] != within[:, 1]).sum(0).tolist()
    )

    share = (np.arange(2_000) + 0.5) / 2_000
    walk = start[:, np.newaxis] + share[:, np.newaxis] * (stop - start)[:, np.newaxis]
    inside = np.linalg.norm(walk, axis=2)[:, :, np.newaxis] <= spheres
    length = np.linalg.norm(stop - start, axis=1)
    expected = (inside.mean(axis=1) * length[:, np.newaxis]).sum(axis=0)
    np.testing.assert_allclose(length_within(start, stop, spheres), expected, atol=0.08)


def test_a_line_that_passes_through_and_out_again_is_cut_twice_and_crosses_nothing():
    start, stop = np.array([[-4.0, 3, 0]]), np.array([[4.0, 3, 0]])
    spheres = np.array([2.0, 3, 5, 6])
    assert length_within(start, stop, spheres).tolist() == [0, 0, 8, 8]
    assert length_within(start, stop, np.array([np.sqrt(10)])).round(12).tolist() == [2]
    assert crossings(start, stop, spheres).tolist() == [0, 0, 0, 0]


def test_a_line_without_length_has_none():
    spot = np.array([[1.0, 0, 0]])
    assert length_within(spot, spot, np.array([0.5, 1, 2])).tolist() == [0, 0, 0]
    assert crossings(spot, spot, np.array([0.5, 1, 2])).tolist() == [0, 0, 0]


def test_no_lines_have_no_length():
    none = np.empty((0, 3))
    assert length_within(none, none, np.array([1.0])).tolist() == [0]
    assert crossings(none, none, np.array([1.0])).tolist() == [0]


def test_a_line_through_very_many_spheres_is_as_long_as_what_each_cuts_off():
    spheres = np.arange(1, 200_001) / 100
    start, stop = np.array([[0.0, 0, 0], [3, 0, 0]]), np.array([[1500.0, 0, 0], [900, 0, 0]])
    expected = np.minimum(spheres, 1500) + np.clip(spheres - 3, 0, 897)
    np.testing.assert_allclose(length_within(start, stop, spheres), expected)


def test_what_is_cut_very_often_takes_little_memory():
    spheres = np.arange(1, 1_001, dtype=float)
    start = np.zeros((2_000, 3))
    stop = np.tile([1000.0, 0, 0], (2_000, 1))
    tracemalloc.start()
    length_within(start, stop, spheres)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6
