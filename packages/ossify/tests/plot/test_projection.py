"""Turning and flattening, checked on points whose places are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify.plot.projection import _rotation, project

CUBE = np.array([[x, y, z] for x in (-1.0, 1) for y in (-1, 1) for z in (-1, 1)])


@pytest.mark.parametrize(
    ("axis", "projection", "expected"),
    [("z", "xy", [-2, 1]), ("y", "xz", [3, -1]), ("x", "yz", [-3, 2]), ([0, 0, -5], "xy", [2, -1])],
)
def test_a_quarter_turn_is_counter_clockwise_about_the_axis(axis, projection, expected):
    # Its opposite comes along, so that the middle is at 0.
    points = np.array([[1.0, 2, 3], [-1, -2, -3]])
    places = project(points, projection, 90, axis).places
    assert places[0] == pytest.approx(expected)


def test_an_axis_keeps_its_name_and_mixed_ones_lose_theirs():
    assert project(CUBE, "xy", 30, "y").labels == ("", "y")
    assert project(CUBE, "xy", 0, "y").labels == ("x", "y")
    assert project(CUBE, "xy", 30, "y").axes == ("x", "y")


@given(
    st.floats(-360, 360),
    st.tuples(*[st.floats(-5, 5)] * 3).filter(lambda v: np.linalg.norm(v) > 1e-3),
)
def test_turning_keeps_distances(angle, axis):
    across, depth = (project(CUBE, name, angle, axis).places for name in ("xy", "yz"))
    turned = np.column_stack([across, depth[:, 1]])
    gaps = np.linalg.norm(turned[:, None] - turned, axis=2)
    assert gaps == pytest.approx(np.linalg.norm(CUBE[:, None] - CUBE, axis=2), abs=1e-9)


@given(st.integers(0, 10_000), st.sampled_from(["x", "y", "z"]))
def test_the_best_angle_spreads_the_most_across(seed, axis):
    points = np.random.default_rng(seed).normal(size=(20, 3)) * [1, 5, 2]
    # About the axis that goes across, only what goes up can change.
    column = 1 if axis == "x" else 0
    best = project(points, "xy", "best", axis).places[:, column].var()
    others = [
        project(points, "xy", angle, axis).places[:, column].var() for angle in range(0, 180, 7)
    ]
    assert best >= max(others) - 1e-9


def test_without_an_axis_the_principal_axes_are_shown_and_nothing_is_mirrored():
    points = np.random.default_rng(1).normal(size=(500, 3)) * [1, 10, 4]
    places = project(points, "xy", "best").places
    assert np.cov(places.T)[0, 1] == pytest.approx(0, abs=1e-9)
    assert places[:, 0].var() > places[:, 1].var() > 10
    assert np.linalg.det(_rotation(points, [0, 1], "best", None)) == pytest.approx(1)
