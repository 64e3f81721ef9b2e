"""The surface of a neuron on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ossify._typing import FloatArray, IntArray
from ossify.cell.cell import Cell
from ossify.errors import UnknownLayerError
from ossify.layers.columns import Column
from ossify.layers.mesh import MeshLayer
from ossify.layers.vertex_table import take
from ossify.plot.coloring import Coloring, Palette, Scale, coloring
from ossify.plot.frame import current_axes, finish
from ossify.plot.guest import require_matplotlib
from ossify.plot.projection import Angle, Axis, Projection, into_the_paper, project

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import Collection
    from matplotlib.typing import ColorType

_MANY = 20_000
_GREY = "#9aa3b0"


def plot_mesh_2d(
    mesh: MeshLayer | Cell,
    projection: Projection = "xy",
    rotation_angle: Angle = None,
    rotation_axis: Axis = None,
    colors: Any = None,
    alpha: float | None = None,
    edgecolors: ColorType = "none",
    linewidths: float = 0.0,
    offset_h: float = 0.0,
    offset_v: float = 0.0,
    zorder: float = 1.0,
    invert_y: bool = True,
    ax: Axes | None = None,
    *,
    palette: Palette = None,
    color_norm: tuple[float, float] | None = None,
    color_scale: Scale | None = None,
    shading: float = 0.4,
    scale_bar: bool | float = True,
    legend: bool = True,
) -> Axes:
    """Draw a mesh flat, its faces from back to front.

    What is nearer hides what is farther: the viewer looks along the third axis from the side on
    which the picture is not mirrored. Faces are sorted by their middles, so that large faces that
    pass through each other may overlap wrongly.

    Parameters
    ----------
    mesh
        A mesh, or a cell with one.
    projection
        The axes that go across and up, such as ``"xy"`` or ``"zy"``; or a function from (N, 3) to
        (N, 2) coordinates.
    rotation_angle
        By how many degrees to turn the mesh about `rotation_axis` before it is projected,
        counter-clockwise where the axis points at the viewer. ``"best"``: so that it spreads the
        most across, and, without an axis, second most upwards.
    rotation_axis
        ``"x"``, ``"y"``, ``"z"`` or a vector.
    colors
        The name of a feature; V values in row order, or a Series by vertex id; (V, 3) or (V, 4)
        RGB or RGBA; or one colour. A face has the mean of its vertices' decimal numbers and
        colours, without a value where one of them has none; of names, bools and whole numbers,
        ids among them, it has what at least two of its vertices have, or else the first's. None:
        all the same.
    alpha
        Opacity, 0 to 1; multiplies that of RGBA colours. None: 1.
    edgecolors, linewidths
        Colour, and width in points, of the sides of the faces.
    offset_h, offset_v
        What is added to the places on the paper, in the units of the data.
    zorder
        Where it lies among other things drawn.
    invert_y
        Let y grow downwards, as depth does.
    ax
        The axes to draw in; None: the current ones.
    palette, color_norm, color_scale
        How values become colours, as for `plot_morphology_2d`.
    shading
        How much darker a face is that is seen from its side, 0 (not at all) to 1 (black); it
        does not matter which way faces are oriented.
    scale_bar
        Whether to add one of a round length; or its length.
    legend
        Whether to explain the colours.

    Returns
    -------
    Axes
        With equal aspect, and labelled with the units; a mesh without faces leaves it empty.

    Raises
    ------
    ImportError
        If matplotlib is not installed: it comes with the extra ``plot``.
    ValueError
        If there is no mesh, or an argument does not fit it.

    Notes
    -----
    All faces are one collection, of triangles without outlines where many are opaque and without
    edges. From 20,000 on, they are pixels where a figure is saved as vectors.

    Examples
    --------
    >>> corners = [[0, 0, 0], [2, 0, 0], [0, 2, 0], [0, 0, 2]]
    >>> faces = [[0, 1, 2], [0, 1, 3], [0, 2, 3], [1, 2, 3]]
    >>> mesh = MeshLayer("mesh", corners, faces, features={"height": [0.0, 0.0, 0.0, 2.0]})
    >>> ax = plot_mesh_2d(mesh, "xz", colors="height")
    >>> ax.get_xlabel()
    'x (nm)'
    """
    mesh = _mesh_of(mesh)
    if not 0 <= shading <= 1:
        raise ValueError(f"shading must be from 0 to 1, not {shading!r}")
    require_matplotlib()
    view = project(mesh.vertices, projection, rotation_angle, rotation_axis)
    view = view.moved(offset_h, offset_v)
    faces = mesh.faces_positional
    painted = coloring(
        mesh,
        _GREY if colors is None else colors,
        palette,
        color_norm,
        color_scale,
        gather=lambda values: _of_faces(values, faces),
    )
    away = into_the_paper(mesh.vertices, view, y_down=invert_y)
    corners = mesh.vertices[faces]
    # Stable: of faces equally far, the later one is on top, as they are listed.
    order = np.argsort(-(corners.sum(axis=1) @ away), kind="stable")
    outlines = view.places[faces[order]]
    colored = _shaded(painted, corners, away, shading)[order] * (1, 1, 1, _opacity(alpha))
    is_plain = not _has_edges(edgecolors, linewidths) and bool((colored[:, 3] == 1).all())
    if len(faces) >= _MANY and is_plain:
        triangles = _plain_triangles(outlines, colored)
    else:
        triangles = _outlined_triangles(outlines, colored, edgecolors, linewidths)
    triangles.set_zorder(zorder)
    # A vector file of a million faces is one that nobody can open.
    triangles.set_rasterized(len(faces) >= _MANY)
    ax = current_axes() if ax is None else ax
    ax.add_collection(triangles, autolim=False)
    finish(
        ax,
        view,
        painted,
        mesh.units,
        invert_y=invert_y,
        scale_bar=scale_bar,
        legend=legend,
    )
    return ax


def _outlined_triangles(
    outlines: FloatArray, colors: FloatArray, edgecolors: ColorType, linewidths: float
) -> Collection:
    from matplotlib.collections import PolyCollection

    # Matplotlib's types want lists where an array is what it takes quickest.
    places: Any = outlines
    return PolyCollection(
        places,
        facecolors=colors,
        edgecolors=edgecolors,
        linewidths=linewidths,
        # Smoothed edges of neighbours would leave a bright seam between them.
        antialiaseds=_has_edges(edgecolors, linewidths),
    )


def _plain_triangles(outlines: FloatArray, colors: FloatArray) -> Collection:
    """Triangles as one array, where a polygon would be an object for each.

    Their corners are shaded, each in its own colour, which here is the same for all three. They
    overlap by a fraction of a pixel, which shows where they are translucent.
    """
    from matplotlib.collections import TriMesh
    from matplotlib.tri import Triangulation

    x, y = outlines.reshape(-1, 2).T
    triangles = TriMesh(Triangulation(x, y, np.arange(len(x)).reshape(-1, 3)))
    # Its type knows only lists of colours.
    each: Any = np.repeat(colors, 3, axis=0)
    triangles.set_facecolor(each)
    return triangles


def _mesh_of(subject: MeshLayer | Cell) -> MeshLayer:
    if isinstance(subject, MeshLayer):
        return subject
    if not isinstance(subject, Cell):
        raise TypeError(f"expected a MeshLayer or a Cell, not {type(subject).__name__}")
    if subject.mesh is None:
        raise UnknownLayerError(f"cell {subject.name!r} has no mesh; add one first")
    return subject.mesh


def _opacity(alpha: float | None) -> float:
    if alpha is None:
        return 1.0
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must be from 0 to 1, not {alpha!r}")
    return float(alpha)


def _has_edges(edgecolors: ColorType, linewidths: float) -> bool:
    return not (isinstance(edgecolors, str) and edgecolors == "none") and linewidths > 0


def _of_faces(values: Column, faces: IntArray) -> Column:
    """(F, ...) one value per face of (V, ...) values per vertex."""
    if values.ndim > 1 or pd.api.types.is_float_dtype(values.dtype):
        decimal = pd.Series(values).to_numpy(float, na_value=np.nan) if values.ndim == 1 else values
        mean: FloatArray = np.asarray(decimal)[faces].mean(axis=1)
        return mean
    # Codes, as a mean of ids or of names is none of them.
    codes = pd.factorize(pd.Series(values), use_na_sentinel=False)[0][faces]
    agree = codes[:, 1] == codes[:, 2]
    return take(values, np.where(agree, faces[:, 1], faces[:, 0]))


def _shaded(painted: Coloring, corners: FloatArray, away: FloatArray, shading: float) -> FloatArray:
    """(F, 4) colours, darker where a face is seen from its side."""
    rgba = np.broadcast_to(painted.rgba, (len(corners), 4))
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1)
    facing = np.abs(normals @ away)
    # A face without an area has no side, and is not seen.
    turned = 1 - np.divide(facing, lengths, out=np.ones_like(facing), where=lengths > 0)
    light = np.ones_like(rgba)
    light[:, :3] -= (shading * turned)[:, None]
    shaded: FloatArray = rgba * light
    return shaded
