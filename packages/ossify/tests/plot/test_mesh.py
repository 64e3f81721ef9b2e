"""What a picture of a mesh shows, read back from the artists in it and from its pixels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba, to_rgba_array

import ossify
from ossify import MeshLayer
from ossify.plot import plot_mesh_2d
from ossify.plot.mesh import _of_faces

RED, BLUE, GREY = to_rgba("red"), to_rgba("blue"), to_rgba("#c4c4c4")
TWO_TRIANGLES = [[0, 1, 2], [3, 4, 5]]


def triangles(ax):
    (found,) = [c for c in ax.collections if type(c).__name__ == "PolyCollection"]
    return found


def seen(ax, point):
    """The colour in the picture at a place of the data."""
    figure = ax.figure
    figure.canvas.draw()
    picture = np.asarray(figure.canvas.buffer_rgba())
    x, y = ax.transData.transform(point)
    return (picture[round(len(picture) - 1 - y), round(x)] / 255).tolist()


@pytest.fixture
def stacked():
    # Two equal triangles, one at 0 and one at 10 along each axis, so that one hides the other
    # whichever way one looks along an axis; tilted, so that every view has an area.
    near = np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]]) * 3
    vertices = np.concatenate([near, near + 10])
    values = {
        "group": ["a"] * 3 + ["b"] * 3,
        "root_id": np.array([864691135639806263] * 3 + [864691135639806265] * 3),
        "height": [0.0, 1.0, 2.0, 3.0, np.nan, 5.0],
    }
    return MeshLayer("mesh", vertices, TWO_TRIANGLES, vertex_index=range(10, 16), features=values)


def test_a_face_is_a_triangle_of_its_corners(stacked, ax):
    plot_mesh_2d(stacked, ax=ax, offset_h=100, offset_v=-5)
    # The farther one first.
    first, last = (path.vertices[:3].tolist() for path in triangles(ax).get_paths())
    assert first == [[110, 5], [113, 5], [110, 8]]
    assert last == [[100, -5], [103, -5], [100, -2]]


def faces_across(ax_index, up_index, depth_index, depths):
    """Two squares, blue at the first depth and red at the second, one behind the other."""
    corners = np.zeros((8, 3))
    corners[:, [ax_index, up_index]] = [[0, 0], [4, 0], [4, 4], [0, 4]] * 2
    corners[:, depth_index] = np.repeat(depths, 4)
    faces = [[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]]
    return MeshLayer("mesh", corners, faces), np.repeat([BLUE, RED], 4, axis=0)


@pytest.mark.parametrize("depths", [(0.0, 9.0), (9.0, 0.0)], ids=["red higher", "blue higher"])
@pytest.mark.parametrize(
    ("projection", "invert_y", "nearer"),
    [
        # With y down, x to the right, z grows into the paper, so the smaller is nearer ...
        ("xy", True, min),
        # ... and with y up towards the viewer; and so on, in a right-handed space.
        ("xy", False, max),
        ("yx", False, min),
        ("xz", True, min),
        ("zx", True, max),
        ("yz", False, max),
        ("yz", True, min),
        ("zy", True, max),
    ],
)
def test_what_is_nearer_hides_what_is_farther(ax, projection, invert_y, nearer, depths):
    across, up = map("xyz".index, projection)
    mesh, colors = faces_across(across, up, 3 - across - up, depths)
    plot_mesh_2d(
        mesh, projection, colors=colors, invert_y=invert_y, scale_bar=False, shading=0, ax=ax
    )
    expected = BLUE if nearer(depths) == depths[0] else RED
    assert seen(ax, (2, 1)) == list(expected)


def test_a_function_is_looked_along_like_what_it_does(ax):
    mesh, colors = faces_across(0, 1, 2, (0.0, 9.0))
    plot_mesh_2d(mesh, lambda xyz: xyz[:, :2] * [1, -1], colors=colors, scale_bar=False, ax=ax)
    assert seen(ax, (2, -1)) == list(BLUE)


def test_turned_by_half_the_other_side_is_seen(ax):
    mesh, colors = faces_across(0, 1, 2, (0.0, 9.0))
    plot_mesh_2d(mesh, "xy", 180, "y", colors, scale_bar=False, ax=ax)
    assert seen(ax, (2, 1)) == list(RED)


def test_neighbours_leave_no_seam(ax):
    mesh, _ = faces_across(0, 1, 2, (0.0, 9.0))
    plot_mesh_2d(mesh, colors="red", scale_bar=False, ax=ax)
    ax.figure.canvas.draw()
    picture = np.asarray(ax.figure.canvas.buffer_rgba())
    x, y = np.round(ax.transData.transform([[0.5, 0.5], [3.5, 3.5]])).astype(int).T
    inside = picture[len(picture) - y.max() : len(picture) - y.min(), x.min() : x.max()]
    assert (inside == [255, 0, 0, 255]).all()


def test_decimal_numbers_of_a_face_are_the_mean_of_its_corners():
    faces = np.array([[0, 1, 2], [1, 2, 3]])
    assert _of_faces(np.array([0.0, 1.0, 5.0, np.nan]), faces).tolist()[0] == 2
    assert np.isnan(_of_faces(np.array([0.0, 1.0, 5.0, np.nan]), faces)[1])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["a", "b", "b", "a"], ["b", "b"]),
        (["a", "b", "c", "c"], ["a", "c"]),
        ([True, False, True, True], [True, True]),
        ([7, 8, 9, 7], [7, 8]),
        (pd.array([1, None, None, 2], dtype="Int64"), [pd.NA, pd.NA]),
    ],
    ids=["most", "first of different ones", "bools", "whole numbers", "missing"],
)
def test_other_values_of_a_face_are_what_most_of_its_corners_have(values, expected):
    values = values if isinstance(values, pd.api.extensions.ExtensionArray) else np.array(values)
    found = _of_faces(values, np.array([[0, 1, 2], [1, 2, 3]]))
    assert list(found) == expected
    assert found.dtype == values.dtype


def test_ids_are_never_averaged():
    ids = np.array([864691135639806263, 864691135639806265, 864691135639806265])
    assert _of_faces(ids, np.array([[0, 1, 2]])).tolist() == [864691135639806265]


def test_a_feature_is_shown_and_explained(stacked, ax):
    plot_mesh_2d(stacked, colors="group", palette={"a": "red", "b": "blue"}, shading=0, ax=ax)
    assert triangles(ax).get_facecolors().tolist() == [list(BLUE), list(RED)]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]


def test_numbers_get_a_bar_and_missing_ones_are_grey(stacked, ax):
    plot_mesh_2d(stacked, colors="height", color_norm=(0, 2), shading=0, ax=ax)
    far, near = triangles(ax).get_facecolors()
    assert far.tolist() == list(GREY)
    from matplotlib import colormaps

    assert near == pytest.approx(colormaps["viridis"](0.5), abs=0.01)
    assert ax.figure.axes[1].get_ylabel() == "height"


def test_a_series_goes_by_vertex_id(stacked, ax):
    by_id = pd.Series(["b"] * 3 + ["a"] * 3, index=[15, 14, 13, 12, 11, 10])
    plot_mesh_2d(stacked, colors=by_id, palette={"a": "red", "b": "blue"}, shading=0, ax=ax)
    assert triangles(ax).get_facecolors().tolist() == [list(BLUE), list(RED)]


def test_colours_of_vertices_are_mixed_and_alpha_multiplies(stacked, ax):
    colors = to_rgba_array(["red", "lime", "blue"] * 2)
    plot_mesh_2d(stacked, colors=colors, alpha=0.5, shading=0, ax=ax)
    assert triangles(ax).get_facecolors() == pytest.approx(np.array([[1 / 3] * 3 + [0.5]] * 2))


def test_a_face_from_its_side_is_darker_whichever_way_it_is_oriented(ax):
    #   One square faces the viewer, the other is turned by 60°: cos 60° = 1/2.
    tilt = np.array([0, np.cos(np.pi / 3), np.sin(np.pi / 3)])
    vertices = [[0, 0, 0], [1, 0, 0], [0, 1, 0], [3, 0, 0], [4, 0, 0], np.array([3, 0, 0]) + tilt]
    for faces in ([[0, 1, 2], [3, 4, 5]], [[0, 2, 1], [3, 5, 4]]):
        ax.clear()
        plot_mesh_2d(MeshLayer("m", vertices, faces), colors="white", shading=0.4, ax=ax)
        found = np.sort(triangles(ax).get_facecolors()[:, 0])
        assert found == pytest.approx([0.8, 1.0])


def test_edges_are_drawn_where_they_are_asked_for(stacked, ax):
    plot_mesh_2d(stacked, edgecolors="black", linewidths=2, zorder=7, ax=ax)
    drawn = triangles(ax)
    assert drawn.get_edgecolors().tolist() == [[0, 0, 0, 1]]
    assert (drawn.get_linewidths()[0], drawn.get_zorder()) == (2, 7)


@pytest.fixture
def waves():
    """A surface of 20,000 faces that hides parts of itself."""
    u, v = np.meshgrid(np.linspace(0, 1, 101), np.linspace(0, 1, 101), indexing="ij")
    vertices = np.stack([u + 0.2 * np.sin(9 * v), v + 0.2 * np.sin(9 * u), np.sin(7 * (u + v))], -1)
    rows = np.arange(101 * 101).reshape(101, 101)
    a, b, c, d = rows[:-1, :-1], rows[1:, :-1], rows[1:, 1:], rows[:-1, 1:]
    faces = np.stack([np.stack([a, b, c], -1), np.stack([a, c, d], -1)]).reshape(-1, 3)
    height = vertices.reshape(-1, 3)[:, 2]
    return MeshLayer("m", vertices.reshape(-1, 3), faces, features={"height": height})


def picture_of(mesh, ax, **options):
    ax.clear()
    plot_mesh_2d(mesh, ax=ax, scale_bar=False, legend=False, **options)
    ax.figure.canvas.draw()
    (drawn,) = ax.collections
    return drawn, np.asarray(ax.figure.canvas.buffer_rgba()).astype(int)


def test_large_meshes_look_like_others_but_are_no_polygons(waves, ax, monkeypatch):
    drawn, quick = picture_of(waves, ax, colors="height")
    assert type(drawn).__name__ == "TriMesh"
    monkeypatch.setattr("ossify.plot.mesh._MANY", 10**9)
    drawn, slow = picture_of(waves, ax, colors="height")
    assert type(drawn).__name__ == "PolyCollection"
    assert len(np.unique(slow.reshape(-1, 4), axis=0)) > 100
    # Only where a surface ends is a pixel another one.
    other = np.abs(quick - slow).max(axis=2) > 25
    assert other.mean() < 0.02


@pytest.mark.parametrize(
    "options", [{"alpha": 0.5}, {"edgecolors": "black", "linewidths": 0.1}], ids=["alpha", "edges"]
)
def test_large_meshes_are_translucent_or_outlined_as_others(waves, ax, options):
    drawn, _ = picture_of(waves, ax, **options)
    assert type(drawn).__name__ == "PolyCollection"
    assert drawn.get_rasterized()


@pytest.mark.parametrize("alpha", [None, 0.5])
def test_large_meshes_are_pixels_in_vector_files(waves, ax, alpha, tmp_path):
    drawn, _ = picture_of(waves, ax, alpha=alpha, zorder=7)
    assert drawn.get_rasterized()
    assert drawn.get_zorder() == 7
    ax.figure.savefig(tmp_path / "waves.svg")
    assert "<image" in (tmp_path / "waves.svg").read_text()


@pytest.mark.parametrize(
    "mesh",
    [
        MeshLayer("m", np.empty((0, 3)), np.empty((0, 3), dtype=int)),
        MeshLayer("m", [[0, 0, 0], [1, 1, 1]], None),
        MeshLayer("m", [[1, 1, 1]] * 3, [[0, 1, 2]]),
        MeshLayer("m", [[0, 0, 0], [1, 1, 1], [2, 2, 2]], [[0, 1, 2], [0, 0, 1]]),
        MeshLayer("m", [[0, 0, 0], [0, 0, 1], [0, 0, 2]], [[0, 1, 2]]),
    ],
    ids=["nothing", "no faces", "one point", "a line", "a line from its end"],
)
@pytest.mark.parametrize("angle", [None, "best"])
def test_odd_meshes_are_drawn(mesh, angle, ax):
    plot_mesh_2d(mesh, rotation_angle=angle, scale_bar=len(mesh) > 1, ax=ax)
    ax.figure.canvas.draw()
    assert len(triangles(ax).get_paths()) == len(mesh.faces)


def test_masked_meshes_and_meshes_of_cells_are_drawn(stacked, ax):
    plot_mesh_2d(stacked.apply_mask([10, 11, 12]), colors="group", ax=ax)
    assert len(triangles(ax).get_paths()) == 1
    ax.clear()
    cell = ossify.Cell("c").add_mesh(stacked.vertices, stacked.faces_positional)
    assert ossify.plot_mesh_2d(cell, ax=ax) is ax


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"colors": "depth"}, "neither a feature of the mesh"),
        ({"colors": [1, 2]}, r"expected 6 values, one per vertex of the mesh; got shape \(2,\)"),
        ({"shading": 2}, "shading must be from 0 to 1, not 2"),
        ({"alpha": -1}, "alpha must be from 0 to 1, not -1"),
        ({"projection": "xx"}, "projection must be one of"),
        ({"rotation_angle": 30}, "rotation_angle needs a rotation_axis"),
        ({"rotation_axis": "x"}, "rotation_axis needs a rotation_angle"),
        ({"rotation_angle": "most"}, "must be degrees, 'best' or None, not 'most'"),
        ({"rotation_angle": 1, "rotation_axis": "w"}, "'x', 'y', 'z' or a vector, not 'w'"),
        ({"rotation_angle": 1, "rotation_axis": [0, 0, 0]}, "not all 0"),
        (
            {"rotation_angle": 1, "rotation_axis": "x", "projection": lambda xyz: xyz[:, :2]},
            "a function turns the points itself",
        ),
    ],
)
def test_what_does_not_fit_is_refused(stacked, ax, arguments, message):
    with pytest.raises((ValueError, KeyError), match=message):
        plot_mesh_2d(stacked, ax=ax, **arguments)
    assert not ax.collections


def test_a_cell_without_a_mesh_and_other_things_are_refused(ax):
    with pytest.raises(ValueError, match="has no mesh"):
        plot_mesh_2d(ossify.Cell("c"), ax=ax)
    with pytest.raises(TypeError, match="expected a MeshLayer or a Cell, not int"):
        plot_mesh_2d(3, ax=ax)
