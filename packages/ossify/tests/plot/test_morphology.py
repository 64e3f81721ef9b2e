"""What a picture of a skeleton shows, read back from the artists in it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba, to_rgba_array
from matplotlib.offsetbox import AnchoredOffsetbox, TextArea

import ossify
from ossify.compartment import Compartment
from ossify.plot import plot_morphology_2d
from ossify.plot.coloring import compartment_colors

BLACK, GREY = to_rgba("black"), to_rgba("#c4c4c4")


def lines(ax):
    """The line collection; there is but one."""
    (found,) = [c for c in ax.collections if type(c).__name__ == "LineCollection"]
    return found


def legend_names(ax):
    legend = ax.get_legend()
    return None if legend is None else [text.get_text() for text in legend.get_texts()]


def bar_text(ax):
    boxes = [artist for artist in ax.artists if isinstance(artist, AnchoredOffsetbox)]
    assert len(boxes) <= 1
    return [area.get_text() for box in boxes for area in box.findobj(TextArea)]


def test_every_edge_is_one_line_from_child_to_parent(y_shaped, ax):
    plot_morphology_2d(y_shaped, ax=ax)
    assert [segment.tolist() for segment in lines(ax).get_segments()] == [
        [[1, 1], [1, 0]],
        [[2, 2], [1, 1]],
        [[0, 2], [1, 1]],
    ]


@pytest.mark.parametrize(
    ("projection", "first"),
    [
        ("xy", [[1, 1], [1, 0]]),
        ("yx", [[1, 1], [0, 1]]),
        ("xz", [[1, 20], [1, 10]]),
        ("zy", [[20, 1], [10, 0]]),
        (lambda xyz: xyz[:, :2] * 2, [[2, 2], [2, 0]]),
    ],
    ids=["xy", "yx", "xz", "zy", "function"],
)
def test_a_projection_chooses_what_goes_across_and_up(y_shaped, ax, projection, first):
    plot_morphology_2d(y_shaped, projection=projection, ax=ax)
    assert lines(ax).get_segments()[0].tolist() == first


@pytest.mark.parametrize("projection", ["xx", "xw", "xyz", "", "YX"])
def test_an_unknown_projection_is_refused_with_the_known_ones(y_shaped, ax, projection):
    with pytest.raises(ValueError, match=r"'xy'.*function"):
        plot_morphology_2d(y_shaped, projection=projection, ax=ax)


def test_a_function_of_the_wrong_shape_is_refused(y_shaped, ax):
    with pytest.raises(ValueError, match=r"\(4, 2\)"):
        plot_morphology_2d(y_shaped, projection=lambda xyz: xyz, ax=ax)


@pytest.mark.parametrize(
    ("projection", "inverted"), [("xy", "y"), ("zy", "y"), ("yz", "x"), ("xz", ""), ("zx", "")]
)
def test_y_grows_downwards_wherever_it_is(y_shaped, ax, projection, inverted):
    plot_morphology_2d(y_shaped, projection=projection, ax=ax)
    assert (ax.xaxis_inverted(), ax.yaxis_inverted()) == (inverted == "x", inverted == "y")


def test_drawing_twice_does_not_turn_y_back(y_shaped, ax):
    plot_morphology_2d(y_shaped, ax=ax)
    plot_morphology_2d(y_shaped, offset_h=5, ax=ax)
    assert ax.yaxis_inverted()
    assert ax.get_xlim()[1] > 7


def test_y_can_be_left_as_it_is(y_shaped, ax):
    plot_morphology_2d(y_shaped, invert_y=False, ax=ax)
    assert not ax.yaxis_inverted()


def test_offsets_move_the_picture(y_shaped, ax):
    plot_morphology_2d(y_shaped, offset_h=10, offset_v=-1, ax=ax)
    assert lines(ax).get_segments()[0].tolist() == [[11, 0], [11, -1]]


def test_everything_is_within_the_limits_and_drawn_to_one_scale(y_shaped, ax):
    plot_morphology_2d(y_shaped, ax=ax)
    assert ax.get_aspect() == 1
    assert ax.get_xlim()[0] < 0 < 2 < ax.get_xlim()[1]
    assert ax.get_ylim()[1] < 0 < 2 < ax.get_ylim()[0]


# Colours


def test_compartments_are_shown_by_default_and_named(y_shaped, ax):
    plot_morphology_2d(y_shaped, ax=ax)
    expected = to_rgba_array([compartment_colors()[code] for code in (2, 3, 3)])
    np.testing.assert_allclose(lines(ax).get_colors(), expected)
    assert legend_names(ax) == ["soma", "axon", "dendrite"]


def test_every_compartment_code_has_its_name(ax):
    codes = list(Compartment)
    edges = [[row, row - 1] for row in range(1, len(codes))]
    cell = ossify.Cell().add_skeleton(np.eye(3)[[0] * len(codes)], edges, {"compartment": codes})
    plot_morphology_2d(cell, ax=ax)
    assert legend_names(ax) == [code.title for code in codes]


def test_a_skeleton_without_compartments_has_one_colour_and_no_legend(ax):
    skeleton = ossify.Cell().add_skeleton([[0, 0, 0], [1, 1, 1]], [[1, 0]]).skeleton
    plot_morphology_2d(skeleton, ax=ax)
    assert len(lines(ax).get_colors()) == 1
    assert legend_names(ax) is None


def test_one_colour_is_for_all(y_shaped, ax):
    plot_morphology_2d(y_shaped, "tomato", ax=ax)
    np.testing.assert_allclose(lines(ax).get_colors(), [to_rgba("tomato")])


def test_a_tuple_of_rgb_is_one_colour(y_shaped, ax):
    plot_morphology_2d(y_shaped, (0.1, 0.2, 0.3), ax=ax)
    np.testing.assert_allclose(lines(ax).get_colors(), [(0.1, 0.2, 0.3, 1)])


@pytest.mark.parametrize("width", [3, 4])
def test_rgb_and_rgba_per_vertex_are_taken_as_they_are(y_shaped, ax, width):
    colors = np.linspace(0, 1, 4 * width).reshape(4, width)
    plot_morphology_2d(y_shaped, colors, ax=ax)
    np.testing.assert_allclose(lines(ax).get_colors()[:, :width], colors[1:])


def test_names_are_discrete_and_a_missing_one_is_grey(y_shaped, ax):
    plot_morphology_2d(y_shaped, "kind", {"a": "red", "b": "black"}, ax=ax)
    np.testing.assert_allclose(lines(ax).get_colors(), [BLACK, BLACK, GREY])
    assert legend_names(ax) == ["a", "b", "no value"]


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ([True, False, True, True], ["False", "True"]),
        ([7, 5, 5, 9], ["5", "7", "9"]),
        (np.array(["x", "y", "x", "x"]), ["x", "y"]),
        (pd.array([1, None, 2, 2], dtype="Int64"), ["1", "2", "no value"]),
        (pd.Categorical(["u", "v", "u", "u"], categories=["v", "u", "w"]), ["v", "u"]),
    ],
    ids=["bools", "few whole numbers", "strings", "nullable", "categories"],
)
def test_few_different_values_get_a_legend(y_shaped, ax, values, names):
    plot_morphology_2d(y_shaped, values, ax=ax)
    assert legend_names(ax) == names


def test_a_palette_without_a_value_is_refused(y_shaped, ax):
    with pytest.raises(ValueError, match="no colour for 'b'"):
        plot_morphology_2d(y_shaped, "kind", {"a": "red"}, ax=ax)


def test_numbers_get_a_colour_bar_with_their_name(y_shaped, ax):
    plot_morphology_2d(y_shaped, "radius", "gray", color_norm=(1, 3), ax=ax)
    np.testing.assert_allclose(lines(ax).get_colors()[:, 0], [1, 0, 0.5], atol=0.01)
    _, bar = ax.figure.axes
    assert bar.get_ylabel() == "radius"
    assert bar.get_ylim() == (1, 3)


def test_numbers_that_are_missing_are_grey(y_shaped, ax):
    plot_morphology_2d(y_shaped, "share", "gray", ax=ax)
    np.testing.assert_allclose(lines(ax).get_colors()[0], GREY)


def test_all_missing_is_all_grey(y_shaped, ax):
    plot_morphology_2d(y_shaped, np.full(4, np.nan), ax=ax)
    np.testing.assert_allclose(lines(ax).get_colors(), [GREY] * 3)


@pytest.mark.parametrize(
    ("scale", "middle"),
    [("linear", 2 / 7), ("log", 2 / 3 * 0.75), ("sqrt", 0.535), ("cbrt", 0.6586)],
)
def test_a_scale_spreads_the_values_between_the_ends(y_shaped, ax, scale, middle):
    values = [1.0, 2.0 if scale == "log" else 3.0, 8.0, 8.0]
    middle = np.log(2) / np.log(8) if scale == "log" else middle
    plot_morphology_2d(y_shaped, values, "gray", color_norm=(1, 8), color_scale=scale, ax=ax)
    assert lines(ax).get_colors()[0, 0] == pytest.approx(middle, abs=0.01)


def test_what_has_no_logarithm_is_grey(y_shaped, ax):
    plot_morphology_2d(y_shaped, [1.0, 0.0, -5.0, 10.0], color_scale="log", ax=ax)
    np.testing.assert_allclose(lines(ax).get_colors()[:2], [GREY, GREY])


def test_an_unknown_scale_is_refused(y_shaped, ax):
    with pytest.raises(ValueError, match=r"'cbrt'.*'cubic'"):
        plot_morphology_2d(y_shaped, "radius", color_scale="cubic", ax=ax)


def test_a_series_is_matched_by_vertex_id(y_shaped, ax):
    series = pd.Series(["a", "b", "c", "d"], index=[13, 12, 11, 10], name="order")
    palette = {"a": "red", "b": "lime", "c": "blue", "d": "black"}
    plot_morphology_2d(y_shaped, series, palette, ax=ax)
    expected = to_rgba_array(["blue", "lime", "red"])
    np.testing.assert_allclose(lines(ax).get_colors(), expected)
    assert ax.get_legend().get_title().get_text() == "order"


def test_a_series_that_lacks_a_vertex_is_refused(y_shaped, ax):
    with pytest.raises(ValueError, match=r"1 of 4 vertices .* 13"):
        plot_morphology_2d(y_shaped, pd.Series([1, 2, 3], index=[10, 11, 12]), ax=ax)


def test_values_of_the_wrong_length_are_refused(y_shaped, ax):
    with pytest.raises(ValueError, match=r"color: expected 4 values.*\(3,\)"):
        plot_morphology_2d(y_shaped, [1.0, 2.0, 3.0], ax=ax)


def test_colours_of_the_wrong_width_are_refused(y_shaped, ax):
    with pytest.raises(ValueError, match=r"RGB\(A\).*\(4, 2\)"):
        plot_morphology_2d(y_shaped, np.zeros((4, 2)), ax=ax)


def test_what_is_neither_feature_nor_colour_is_refused_with_the_features(y_shaped, ax):
    with pytest.raises(ValueError, match=r"'radious' is neither a feature.*'radius'"):
        plot_morphology_2d(y_shaped, "radious", ax=ax)


def test_a_feature_is_preferred_to_a_colour_of_its_name(ax):
    cell = ossify.Cell().add_skeleton([[0, 0, 0], [1, 1, 1]], [[1, 0]], {"red": ["a", "b"]})
    plot_morphology_2d(cell, "red", ax=ax)
    assert legend_names(ax) == ["a", "b"]


def test_a_legend_of_many_names_says_how_many_more_there_are(ax):
    names = [f"n{number:02}" for number in range(32)]
    points = np.arange(96).reshape(32, 3)
    edges = [[row, row - 1] for row in range(1, 32)]
    cell = ossify.Cell().add_skeleton(points, edges, {"name": names})
    plot_morphology_2d(cell, "name", ax=ax)
    assert legend_names(ax) == [*names[:20], "… and 12 more"]


def test_the_legend_can_be_left_out(y_shaped, ax):
    plot_morphology_2d(y_shaped, legend=False, ax=ax)
    assert legend_names(ax) is None


def test_an_unknown_keyword_is_refused(y_shaped, ax):
    with pytest.raises(TypeError, match="colour"):
        plot_morphology_2d(y_shaped, colour="red", ax=ax)


def test_opacity_multiplies_that_of_the_colours(y_shaped, ax):
    plot_morphology_2d(y_shaped, np.full((4, 4), 0.5), alpha=0.5, ax=ax)
    assert lines(ax).get_colors()[:, 3].tolist() == [0.25] * 3


# Widths


def test_width_follows_the_radius_by_default(y_shaped, ax):
    plot_morphology_2d(y_shaped, widths=(1, 5), ax=ax)
    assert list(lines(ax).get_linewidths()) == [5, 1, 3]


def test_one_width_is_for_all(y_shaped, ax):
    plot_morphology_2d(y_shaped, linewidth=2, ax=ax)
    assert list(lines(ax).get_linewidths()) == [2]


def test_widths_are_clipped_at_the_ends_of_the_norm(y_shaped, ax):
    plot_morphology_2d(
        y_shaped, linewidth=[9, 0, 50, 1000], linewidth_norm=(0, 100), widths=(1, 2), ax=ax
    )
    assert list(lines(ax).get_linewidths()) == [1, 1.5, 2]


def test_a_line_without_a_width_is_thin(y_shaped, ax):
    plot_morphology_2d(y_shaped, linewidth="share", widths=(1, 2), ax=ax)
    assert list(lines(ax).get_linewidths()) == [1, 1, 2]


def test_widths_must_be_numbers(y_shaped, ax):
    with pytest.raises(ValueError, match="linewidth: expected one number per vertex"):
        plot_morphology_2d(y_shaped, linewidth="kind", ax=ax)


# Root, labels, bar


def test_the_root_is_marked_in_its_colour(y_shaped, ax):
    plot_morphology_2d(y_shaped, root_size=30, ax=ax)
    marker = ax.collections[1]
    assert marker.get_offsets().tolist() == [[1, 0]]
    assert marker.get_sizes().tolist() == [30]
    np.testing.assert_allclose(marker.get_facecolors(), [to_rgba(compartment_colors()[1])])


def test_the_root_can_have_its_own_colour_or_no_mark(y_shaped, ax):
    plot_morphology_2d(y_shaped, root_color="lime", ax=ax)
    np.testing.assert_allclose(ax.collections[1].get_facecolors(), [to_rgba("lime")])
    plot_morphology_2d(y_shaped, root_marker=False, ax=ax)
    assert len(ax.collections) == 3


def test_a_masked_out_root_is_not_marked(y_shaped, ax):
    plot_morphology_2d(y_shaped.apply_mask([11, 12], self_only=True), ax=ax)
    assert len(ax.collections) == 1
    assert len(lines(ax).get_segments()) == 1


@pytest.mark.parametrize(
    ("factor", "units", "label", "bar"),
    [
        (100_000, "nm", "y (µm)", "50 µm"),
        (1_000, "nm", "y (nm)", "500 nm"),
        (10, "um", "y (µm)", "5 µm"),
        (10, "voxel", "y (voxel)", "5 voxel"),
        (10, None, "y", "5"),
    ],
)
def test_axes_and_bar_say_the_units(y_shaped, ax, factor, units, label, bar):
    moved = y_shaped.transform(lambda xyz: xyz * factor, units=units)
    plot_morphology_2d(moved, ax=ax)
    assert ax.get_ylabel() == label
    assert bar_text(ax) == [bar]


def test_ticks_in_micrometres_stand_where_the_data_in_nanometres_are(y_shaped, ax):
    plot_morphology_2d(y_shaped.transform(lambda xyz: xyz * 1e6, units="nm"), ax=ax)
    ax.figure.canvas.draw()
    ticks = zip(ax.get_xticks(), ax.get_xticklabels(), strict=True)
    assert all(float(text.get_text().replace(",", "")) * 1000 == tick for tick, text in ticks)


def test_the_bar_can_be_left_out_or_have_a_length(y_shaped, ax):
    plot_morphology_2d(y_shaped, scale_bar=False, ax=ax)
    assert bar_text(ax) == []
    plot_morphology_2d(y_shaped, scale_bar=1.5, ax=ax)
    assert bar_text(ax) == ["1.5 nm"]


def test_a_function_as_projection_leaves_the_axes_without_letters(y_shaped, ax):
    plot_morphology_2d(y_shaped, projection=lambda xyz: xyz[:, :2], ax=ax)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("(nm)", "(nm)")


# Sizes


def test_one_vertex_is_a_dot(ax):
    plot_morphology_2d(ossify.Cell().add_skeleton([[5, 6, 7]]), ax=ax)
    ax.figure.canvas.draw()
    assert ax.collections[1].get_offsets().tolist() == [[5, 6]]


def test_no_vertices_are_an_empty_picture(y_shaped, ax):
    plot_morphology_2d(y_shaped.apply_mask(np.zeros(4, bool), self_only=True), ax=ax)
    ax.figure.canvas.draw()
    assert lines(ax).get_segments() == []


def test_a_large_cell_is_drawn_with_fewer_lines_and_as_pixels(ax):
    cell = ossify.example_cell(120_000)
    plot_morphology_2d(cell, ax=ax)
    assert 5_000 < len(lines(ax).get_segments()) < 110_000
    assert lines(ax).get_rasterized()


def test_a_cell_without_skeleton_is_refused(ax):
    with pytest.raises(ValueError, match="skeleton"):
        plot_morphology_2d(ossify.Cell("empty"), ax=ax)


def test_without_axes_the_current_ones_are_used(y_shaped, ax):
    assert plot_morphology_2d(y_shaped) is ax


def test_it_is_there_at_the_top():
    assert ossify.plot_morphology_2d is plot_morphology_2d
    assert ossify.plot.plot_morphology_2d is plot_morphology_2d
    with pytest.raises(AttributeError, match="no attribute 'plot_morphology_3d'"):
        ossify.plot_morphology_3d  # noqa: B018
