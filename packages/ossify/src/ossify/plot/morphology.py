"""The shape of a neuron on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ossify._typing import ArrayLike, FloatArray, IntArray
from ossify.algorithms.subject import skeleton_of
from ossify.cell.cell import Cell
from ossify.layers.skeleton import SkeletonLayer
from ossify.plot.coloring import Palette, Scale, coloring
from ossify.plot.frame import current_axes, finish
from ossify.plot.guest import require_matplotlib
from ossify.plot.projection import Angle, Axis, Projection, project
from ossify.plot.thinning import joined_edges
from ossify.plot.values import numbers, vertex_values

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.typing import ColorType

_RADIUS = "radius"
_MANY = 50_000
_LINES_ACROSS = 3_000


def plot_morphology_2d(
    cell: Cell | SkeletonLayer,
    color: Any = None,
    palette: Palette = None,
    color_norm: tuple[float, float] | None = None,
    color_scale: Scale | None = None,
    alpha: float = 1.0,
    linewidth: float | str | ArrayLike | pd.Series[Any] | None = None,
    linewidth_norm: tuple[float, float] | None = None,
    widths: tuple[float, float] = (0.5, 4.0),
    projection: Projection = "xy",
    *,
    rotation_angle: Angle = None,
    rotation_axis: Axis = None,
    offset_h: float = 0.0,
    offset_v: float = 0.0,
    root_marker: bool = True,
    root_size: float = 45.0,
    root_color: ColorType | None = None,
    zorder: float = 2.0,
    invert_y: bool = True,
    ax: Axes | None = None,
    scale_bar: bool | float = True,
    legend: bool = True,
) -> Axes:
    """Draw a skeleton flat, every edge in the colour and width of the vertex farther from the root.

    Parameters
    ----------
    cell
        A cell with a skeleton, or a skeleton.
    color
        The name of a feature; V values in row order, or a Series by vertex id; (V, 3) or (V, 4)
        RGB or RGBA; or one colour. Names, bools and whole numbers of at most 12 different values
        get a legend, other numbers a colour bar. None: by ``compartment`` if there is such a
        feature, otherwise all the same.
    palette
        The name of a colormap, a colormap, or a dict from value to colour.
    color_norm
        The values at the two ends of the colours; None: the least and the greatest.
    color_scale
        How values between them are spread: ``"linear"``, ``"log"``, ``"sqrt"`` or ``"cbrt"``.
    alpha
        Opacity of the lines, 0 to 1; multiplies that of RGBA colours.
    linewidth
        In points, for all; or the name of a feature, or V values, which are mapped from
        `linewidth_norm` to `widths`. None: by ``radius`` if there is such a feature, otherwise 1.
    linewidth_norm
        The values that get the two `widths`; None: the least and the greatest that are drawn.
    widths
        The thinnest and the thickest line in points.
    projection
        The axes that go across and up, such as ``"xy"`` or ``"zy"``; or a function from (N, 3) to
        (N, 2) coordinates.
    rotation_angle
        By how many degrees to turn the skeleton about `rotation_axis` before it is projected,
        counter-clockwise where the axis points at the viewer. ``"best"``: so that it spreads the
        most across, and, without an axis, second most upwards.
    rotation_axis
        ``"x"``, ``"y"``, ``"z"`` or a vector.
    offset_h, offset_v
        What is added to the places on the paper, in the units of the data.
    root_marker
        Whether the root is marked.
    root_size
        Its area in points².
    root_color
        None: the colour of the root.
    zorder
        Where it lies among other things drawn.
    invert_y
        Let y grow downwards, as depth does.
    ax
        The axes to draw in; None: the current ones.
    scale_bar
        Whether to add one of a round length; or its length.
    legend
        Whether to explain the colours; a legend names 20 values at most.

    Returns
    -------
    Axes
        With equal aspect, and labelled with the units. Ticks of data in nanometres are written in
        micrometres where that is shorter, and the label says so; the data stay as they are.

    Raises
    ------
    ImportError
        If matplotlib is not installed: it comes with the extra ``plot``.
    ValueError
        If there is no skeleton, or an argument does not fit it.

    Notes
    -----
    A skeleton of 50,000 vertices or more is drawn with steps below 1/3,000 of its extent joined,
    and as pixels where a figure is saved as vectors.

    Examples
    --------
    >>> import ossify
    >>> ax = ossify.plot_morphology_2d(ossify.example_cell(200))
    >>> ax.get_ylabel()
    'y (µm)'
    """
    skeleton = skeleton_of(cell)
    require_matplotlib()
    from matplotlib.collections import LineCollection

    view = project(skeleton.vertices, projection, rotation_angle, rotation_axis)
    view = view.moved(offset_h, offset_v)
    colors = coloring(skeleton, color, palette, color_norm, color_scale)
    edges = _lines(skeleton)
    # Matplotlib's types want lists where an array is what it takes quickest.
    ends: Any = view.places[edges]
    lines = LineCollection(
        ends,
        colors=_of(colors.rgba, edges[:, 0]) * (1, 1, 1, alpha),
        linewidths=_line_widths(skeleton, linewidth, linewidth_norm, widths, edges[:, 0]),
        capstyle="round",
        zorder=zorder,
        # A vector file of a million lines is one that nobody can open.
        rasterized=len(edges) >= _MANY,
    )
    ax = current_axes() if ax is None else ax
    ax.add_collection(lines, autolim=False)
    row = skeleton.root_positional
    if root_marker and row is not None:
        face = _of(colors.rgba, np.array([row])) if root_color is None else [root_color]
        x, y = view.places[row]
        ax.scatter([x], [y], s=root_size, c=face, linewidths=0, zorder=zorder + 0.1)
    finish(
        ax,
        view,
        colors,
        skeleton.units,
        invert_y=invert_y,
        scale_bar=scale_bar,
        legend=legend,
    )
    return ax


def _lines(skeleton: SkeletonLayer) -> IntArray:
    """(E, 2) rows [lower, upper] of the lines to draw."""
    if skeleton.n_vertices < _MANY:
        return skeleton.edges_positional
    tree, steps = skeleton._embedded, np.ptp(skeleton.vertices, axis=0).max()
    return joined_edges(tree.tree, tree.from_root, steps / _LINES_ACROSS)


def _of(rgba: FloatArray, rows: IntArray) -> FloatArray:
    return rgba if len(rgba) == 1 else rgba[rows]


def _line_widths(
    skeleton: SkeletonLayer,
    linewidth: Any,
    norm: tuple[float, float] | None,
    widths: tuple[float, float],
    rows: IntArray,
) -> float | FloatArray:
    if linewidth is None:
        linewidth = _RADIUS if _RADIUS in skeleton.feature_names else 1.0
    if np.isscalar(linewidth) and not isinstance(linewidth, str):
        return float(linewidth)  # type: ignore[arg-type]
    values = numbers(vertex_values(skeleton, linewidth, "linewidth"), "linewidth")[rows]
    finite = values[np.isfinite(values)]
    low, high = norm or ((finite.min(), finite.max()) if len(finite) else (0.0, 1.0))
    share = (values - low) / (high - low) if high > low else np.ones(len(values))
    # What has no value is drawn thin, so that it is seen that it is there.
    share = np.nan_to_num(np.clip(share, 0, 1))
    return widths[0] + share * (widths[1] - widths[0])
