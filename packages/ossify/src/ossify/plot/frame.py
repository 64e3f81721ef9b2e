"""What stands around a picture: limits, names of the axes, a key to the colours, a scale bar."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from ossify import units as units_of_length
from ossify._typing import FloatArray
from ossify.plot.coloring import INK, Coloring
from ossify.plot.lengths import round_length, shown_units
from ossify.plot.projection import View
from ossify.plot.scale_bar import Anchor, add_scale_bar

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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


def current_axes() -> Axes:
    """The axes that pyplot draws in."""
    # Only here: pyplot looks for a screen, which drawing into given axes does not need.
    from matplotlib import pyplot as plt

    return plt.gca()


def finish(
    ax: Axes,
    view: View,
    colors: Coloring,
    units: str | None,
    *,
    invert_y: bool,
    scale_bar: bool | float,
    legend: bool,
) -> None:
    """Fit the axes around what is drawn, and explain it."""
    _fit(ax, view.places, view.axes, invert_y)
    _label(ax, view.labels, units)
    taken = _explain(ax, view.places, colors) if legend else set()
    if scale_bar and len(view.places):
        _add_round_bar(ax, view.places, scale_bar, units, taken)


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
