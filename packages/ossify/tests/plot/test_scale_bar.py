"""Bars are as long as they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.offsetbox import AuxTransformBox, TextArea

from ossify.plot import add_scale_bar
from ossify.plot.lengths import length_text, round_length


def bar_pixels(ax):
    """Width and height of the bar on the canvas, its line width left out."""
    ax.figure.canvas.draw()
    (box,) = ax.artists[-1].findobj(AuxTransformBox)
    (bar,) = box.get_children()
    extent = bar.get_path().get_extents(bar.get_transform())
    return extent.width, extent.height


def test_a_bar_is_as_long_as_the_data_it_stands_for(ax):
    ax.set(xlim=(0, 400), ylim=(0, 100))
    add_scale_bar(ax, 100)
    width, height = bar_pixels(ax)
    assert width == pytest.approx(ax.bbox.width / 4)
    assert height == 0


def test_it_stays_true_when_the_view_changes(ax):
    ax.set(xlim=(0, 400))
    add_scale_bar(ax, 100)
    ax.set(xlim=(0, 200))
    assert bar_pixels(ax)[0] == pytest.approx(ax.bbox.width / 2)


@pytest.mark.parametrize("limits", [(0, 50), (50, 0)])
def test_an_upright_bar_follows_the_other_axis_either_way_up(ax, limits):
    ax.set(ylim=limits)
    add_scale_bar(ax, 10, orientation="v")
    width, height = bar_pixels(ax)
    assert abs(height) == pytest.approx(ax.bbox.height / 5)
    assert width == 0


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, ["50 µm"]),
        ({"units": "um"}, ["50 mm"]),
        ({"units": None}, ["50000"]),
        ({"feature": "one chunk"}, ["one chunk"]),
        ({"feature": ""}, []),
    ],
)
def test_the_text_is_the_length_or_what_one_says(ax, arguments, text):
    add_scale_bar(ax, 50_000, **arguments)
    assert [area.get_text() for area in ax.artists[-1].findobj(TextArea)] == text


@pytest.mark.parametrize("length", [0, -1, float("nan")])
def test_a_length_must_be_above_zero(ax, length):
    with pytest.raises(ValueError, match="above zero"):
        add_scale_bar(ax, length)


def test_there_are_two_orientations(ax):
    with pytest.raises(ValueError, match="'h' or 'v'"):
        add_scale_bar(ax, 1, orientation="d")


@given(st.floats(1e-6, 1e12))
def test_a_round_length_is_the_next_one_below(at_most):
    length = round_length(at_most)
    assert length <= at_most * (1 + 1e-9)
    assert length * 2.5 > at_most * (1 - 1e-9)
    assert f"{length:e}"[:8] in {"1.000000", "2.000000", "5.000000"}


@pytest.mark.parametrize(
    ("length", "units", "text"),
    [(999, "nm", "999 nm"), (1_000, "nm", "1 µm"), (1_500, "microns", "1.5 mm"), (2, "mm", "2 mm")],
)
def test_lengths_are_written_in_the_unit_that_keeps_them_short(length, units, text):
    assert length_text(length, units) == text
