"""The shape of a neuron on paper."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ossify import units as units_of_length
from ossify._typing import ArrayLike, FloatArray, IntArray
from ossify.algorithms.subject import skeleton_of
from ossify.cell.cell import Cell
from ossify.layers.skeleton import SkeletonLayer
from ossify.plot.coloring import INK, Coloring, Palette, Scale, coloring
from ossify.plot.guest import require_matplotlib
from ossify.plot.lengths import round_length, shown_units
from ossify.plot.projection import Projection, axis_names, project
from ossify.plot.scale_bar import Anchor, add_scale_bar
from ossify.plot.thinning import joined_edges
from ossify.plot.values import numbers, vertex_values

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.typing import ColorType

_RADIUS = "radius"
_MANY = 50_000
_LINES_ACROSS = 3_000
_MOST_NAMES = 20
_BAR_SHARE = 0.25
_BAR_ROOM = (0.35, 0.1)
_LEGEND_ROOM = (0.35, 0.2)
_CORNERS: dict[Anchor, tuple[float, float]] = {
    "lower left": (0.04, 0.03),
    "lower right": (0.96, 0.03),
    "upper left": (0.04, 0.97),
    "upper right": (0.96, 0.97),
}


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

    Notes
    -----
    A skeleton of 50,000 vertices or more is drawn with steps below 1/3,000 of its extent joined,
    and as pixels where a figure is saved as vectors.

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

    places = project(skeleton.vertices, projection) + np.array([offset_h, offset_v])
    colors = coloring(skeleton, color, palette, color_norm, color_scale)
    edges = _lines(skeleton)
    lines = LineCollection(
        places[edges],
        colors=_of(colors.rgba, edges[:, 0]) * (1, 1, 1, alpha),
        linewidths=_line_widths(skeleton, linewidth, linewidth_norm, widths, edges[:, 0]),
        capstyle="round",
        zorder=zorder,
        # A vector file of a million lines is one that nobody can open.
        rasterized=len(edges) >= _MANY,
    )
    ax = _current_axes() if ax is None else ax
    ax.add_collection(lines, autolim=False)
    row = skeleton.root_positional
    if root_marker and row is not None:
        face = _of(colors.rgba, np.array([row])) if root_color is None else [root_color]
        x, y = places[row]
        ax.scatter([x], [y], s=root_size, c=face, linewidths=0, zorder=zorder + 0.1)
    _fit(ax, places, axis_names(projection), invert_y)
    _label(ax, axis_names(projection), skeleton.units)
    taken = _explain(ax, places, colors) if legend else set()
    if scale_bar and len(places):
        _add_round_bar(ax, places, scale_bar, skeleton.units, taken)
    return ax


def _current_axes() -> Axes:
    # Only here: pyplot looks for a screen, which drawing into given axes does not need.
    from matplotlib import pyplot as plt

    return plt.gca()


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


def _fit(ax: Axes, places: FloatArray, names: tuple[str, str], invert_y: bool) -> None:
    """Limits around what is drawn, equal scales, y downwards."""
    if len(places):
        ax.update_datalim([places.min(axis=0), places.max(axis=0)])
        ax.autoscale_view()
    ax.set_aspect("equal")
    if not invert_y:
        return
    if names[0] == "y" and not ax.xaxis_inverted():
        ax.invert_xaxis()
    if names[1] == "y" and not ax.yaxis_inverted():
        ax.invert_yaxis()


def _label(ax: Axes, names: tuple[str, str], units: str | None) -> None:
    """Names of the axes, and the units that their numbers are in."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    extent = max(abs(edge) for edge in (*ax.get_xlim(), *ax.get_ylim()))
    shown, factor = shown_units(units, extent)
    suffix = "" if shown is None else f" ({units_of_length.label(shown)})"
    ax.set_xlabel(f"{names[0]}{suffix}".strip())
    ax.set_ylabel(f"{names[1]}{suffix}".strip())
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        if factor != 1:
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value / factor:,.10g}"))
    ax.spines[["top", "right"]].set_visible(False)


def _explain(ax: Axes, places: FloatArray, colors: Coloring) -> set[Anchor]:
    """A legend for what is drawn, or a colour bar; the corner that it takes."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.lines import Line2D

    if colors.scale is not None:
        bar = ax.figure.colorbar(ScalarMappable(*colors.scale), ax=ax, shrink=0.5, pad=0.03)
        bar.set_label(colors.title)
        bar.outline.set_visible(False)
    if not colors.entries:
        return set()
    corner = _emptiest_corner(ax, places, _LEGEND_ROOM)
    handles = [
        Line2D([], [], color=color, linewidth=2.5, label=name)
        for name, color in itertools.islice(colors.entries.items(), _MOST_NAMES)
    ]
    if len(colors.entries) > _MOST_NAMES:
        more = f"… and {len(colors.entries) - _MOST_NAMES:,} more"
        handles.append(Line2D([], [], linestyle="", label=more))
    ax.legend(
        handles=handles,
        title=colors.title or None,
        loc=corner,
        alignment="left",
        fontsize="small",
        title_fontsize="small",
        framealpha=0.7,
        edgecolor="none",
        handlelength=1.2,
    )
    return {corner}


def _add_round_bar(
    ax: Axes, places: FloatArray, length: bool | float, units: str | None, taken: set[Anchor]
) -> None:
    if length is True:
        length = round_length(_BAR_SHARE * abs(float(np.diff(ax.get_xlim())[0])))
    corner = _emptiest_corner(ax, places, _BAR_ROOM, taken)
    add_scale_bar(ax, float(length), _CORNERS[corner], INK, units=units, anchor=corner)


def _emptiest_corner(
    ax: Axes,
    places: FloatArray,
    room: tuple[float, float],
    taken: Collection[Anchor] = (),
) -> Anchor:
    """The corner with the least drawn in it, among those that are free."""
    limits = np.array([ax.get_xlim(), ax.get_ylim()])
    # 0 to 1 from left to right and from bottom to top, whichever way the axes run.
    share = (places - limits[:, 0]) / (limits[:, 1] - limits[:, 0])

    def crowd(anchor: Anchor) -> int:
        near = np.abs(share - np.round(_CORNERS[anchor])) < room
        return int(near.all(axis=1).sum())

    return min((anchor for anchor in _CORNERS if anchor not in taken), key=crowd)
