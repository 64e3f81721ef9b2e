"""Bars that say how long a length is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ossify.plot.guest import require_matplotlib
from ossify.plot.lengths import length_text
from ossify.units import DEFAULT_UNITS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.typing import ColorType

Anchor = Literal["lower left", "lower right", "upper left", "upper right"]


def add_scale_bar(
    ax: Axes,
    length: float,
    position: tuple[float, float] = (0.05, 0.05),
    color: ColorType = "black",
    linewidth: float = 2.5,
    orientation: Literal["h", "v"] = "h",
    feature: str | None = None,
    fontsize: float = 9.0,
    *,
    units: str | None = DEFAULT_UNITS,
    anchor: Anchor = "lower left",
) -> None:
    """Add a bar of a true length. It stays true, and stays in its place, when the view changes.

    Parameters
    ----------
    ax
        The axes to draw in.
    length
        In the units of the data.
    position
        Where its `anchor` is, as fractions of the axes.
    color
        Of bar and text.
    linewidth, fontsize
        In points.
    orientation
        ``"h"`` along the axis that goes across, ``"v"`` along the one that goes up.
    feature
        The text; None for the length with its unit, the empty string for none.
    units
        The unit of the data, None for not stated.
    anchor
        The corner of the bar and its text that `position` gives.

    Raises
    ------
    ValueError
        If the length is not above zero, or the orientation neither of the two.
    ImportError
        If matplotlib is not installed.
    """
    require_matplotlib()
    from matplotlib.offsetbox import AnchoredOffsetbox, AuxTransformBox, HPacker, TextArea, VPacker
    from matplotlib.patches import Rectangle

    if not length > 0:
        raise ValueError(f"the length of a scale bar must be above zero, not {length!r}")
    if orientation not in ("h", "v"):
        raise ValueError(f"orientation must be 'h' or 'v', not {orientation!r}")
    across, up = (length, 0) if orientation == "h" else (0, length)
    bar = AuxTransformBox(ax.transData)
    bar.add_artist(Rectangle((0, 0), across, up, edgecolor=color, facecolor="none", lw=linewidth))
    text = length_text(length, units) if feature is None else feature
    label = TextArea(text, textprops={"color": color, "fontsize": fontsize})
    packer = VPacker if orientation == "h" else HPacker
    content = packer(children=[bar, label], align="center", pad=0, sep=3) if text else bar
    box = AnchoredOffsetbox(
        anchor,
        child=content,
        frameon=False,
        pad=0,
        borderpad=0,
        bbox_to_anchor=position,
        bbox_transform=ax.transAxes,
    )
    ax.add_artist(box)
