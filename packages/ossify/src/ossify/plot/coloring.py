"""From what a user passes as ``color`` to one colour per vertex and a key that explains them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ossify._typing import AnyArray, BoolArray
from ossify.compartment import Compartment
from ossify.errors import ShapeError, UnknownFeatureError
from ossify.layers.base import Layer
from ossify.layers.columns import Column
from ossify.plot.values import numbers, vertex_values

if TYPE_CHECKING:
    from matplotlib.colors import Colormap, Normalize
    from matplotlib.typing import ColorType

Palette: TypeAlias = "str | Colormap | Mapping[Any, ColorType] | None"
Scale = Literal["linear", "log", "sqrt", "cbrt"]
Rgba: TypeAlias = npt.NDArray[np.float64]

COMPARTMENT = "compartment"
INK = "#2b2b33"
_MISSING = "#c4c4c4"
_MISSING_NAME = "no value"
_MOST_DISCRETE = 12

_COMPARTMENT_COLORS = {
    Compartment.UNDEFINED: "#9a9a9a",
    Compartment.SOMA: INK,
    Compartment.AXON: "#2a6fb0",
    Compartment.DENDRITE: "#c4364a",
    Compartment.APICAL_DENDRITE: "#e08a1e",
}
_OTHER_COMPARTMENTS = ("#3c9d7a", "#8a63b5", "#a0785a")


def compartment_colors() -> dict[Compartment, str]:
    """The colour of every compartment code."""
    others = [code for code in Compartment if code not in _COMPARTMENT_COLORS]
    return _COMPARTMENT_COLORS | dict(
        zip(others, itertools.cycle(_OTHER_COMPARTMENTS), strict=False)
    )


@dataclass(frozen=True)
class Coloring:
    """The colours of N things, such as vertices, and what they mean.

    Parameters
    ----------
    rgba
        (N, 4), or (1, 4) where all have the same.
    title
        What the values are; empty if they have no name.
    entries
        Name → colour of every value that occurs, for a legend; empty if there is none.
    scale
        Norm and colormap, for a colour bar; or None.
    """

    rgba: Rgba
    title: str = ""
    entries: Mapping[str, Any] | None = None
    scale: tuple[Normalize, Colormap] | None = None


def coloring(
    layer: Layer,
    color: Any,
    palette: Palette,
    norm: tuple[float, float] | None,
    scale: Scale | None,
    gather: Callable[[Column], Column] | None = None,
) -> Coloring:
    """The colours that `color` asks for; see `plot_morphology_2d`.

    `gather` makes of one value per vertex one for each of the things that are drawn, if these are
    not the vertices.
    """
    from matplotlib.colors import is_color_like, to_rgba_array

    if color is None:
        color = COMPARTMENT if COMPARTMENT in layer.feature_names else INK
    if isinstance(color, str) and color not in layer.feature_names and not is_color_like(color):
        known = ", ".join(map(repr, layer.feature_names)) or "none"
        raise UnknownFeatureError(
            f"color={color!r} is neither a feature of the {layer.layer_type} ({known}) nor a colour"
        )
    is_name = isinstance(color, str) and color in layer.feature_names
    # Three or four numbers are one colour, except on a layer of as many vertices.
    is_tuple = isinstance(color, tuple) and len(color) != layer.n_vertices
    if not is_name and (isinstance(color, str) or is_tuple):
        if not is_color_like(color):
            raise ValueError(f"color={color!r} is not a colour")
        return Coloring(to_rgba_array(color))
    values = vertex_values(layer, color, "color")
    if gather is not None:
        values = gather(values)
    if isinstance(values, np.ndarray) and values.ndim == 2 and values.shape[1] in (3, 4):
        return Coloring(to_rgba_array(values))
    if values.ndim != 1:
        raise ShapeError(
            f"color: expected one value, or three or four for RGB(A), per vertex; got shape "
            f"{values.shape}"
        )
    title = color if isinstance(color, str) else str(getattr(color, "name", None) or "")
    series = pd.Series(values)
    if _is_discrete(series):
        return _discrete(series, title, palette)
    return _continuous(series, title, palette, norm, scale)


def _is_discrete(values: pd.Series[Any]) -> bool:
    dtype = values.dtype
    if pd.api.types.is_bool_dtype(dtype) or not pd.api.types.is_numeric_dtype(dtype):
        return True
    return bool(pd.api.types.is_integer_dtype(dtype) and values.nunique() <= _MOST_DISCRETE)


def _discrete(values: pd.Series[Any], title: str, palette: Palette) -> Coloring:
    from matplotlib.colors import to_rgba, to_rgba_array

    codes, found = pd.factorize(values, sort=True)
    occurring = list(found)
    is_compartment = title == COMPARTMENT and set(occurring) <= set(Compartment)
    if palette is None and is_compartment:
        palette = compartment_colors()
    colors = _colors_of(occurring, palette)
    names = [Compartment(value).title if is_compartment else str(value) for value in occurring]
    entries = dict(zip(names, colors, strict=True))
    if (codes < 0).any():
        entries[_MISSING_NAME] = to_rgba(_MISSING)
    # Code −1, for missing values, picks the last row.
    table = np.concatenate([to_rgba_array(colors), to_rgba_array(_MISSING)])
    return Coloring(table[codes], title, entries)


def _colors_of(values: list[Any], palette: Palette) -> list[Any]:
    """One colour for each of the values that occur."""
    from matplotlib import colormaps
    from matplotlib.colors import Colormap, ListedColormap

    if isinstance(palette, Mapping):
        missing = [value for value in values if value not in palette]
        if missing:
            raise ValueError(
                f"the palette has no colour for {', '.join(map(repr, missing))}; it has "
                f"{', '.join(map(repr, palette))}"
            )
        return [palette[value] for value in values]
    cmap = palette if isinstance(palette, Colormap) else colormaps[palette or "tab10"]
    if isinstance(cmap, ListedColormap) and len(values) <= cmap.N <= 20:
        return [cmap(place) for place in range(len(values))]
    return [cmap(place) for place in np.linspace(0, 1, max(len(values), 2))][: len(values)]


def _continuous(
    values: pd.Series[Any],
    title: str,
    palette: Palette,
    norm: tuple[float, float] | None,
    scale: Scale | None,
) -> Coloring:
    from matplotlib import colormaps
    from matplotlib.colors import Colormap, to_rgba

    if isinstance(palette, Mapping):
        raise ValueError(
            "a palette that is a dict is for values that are names, bools or few whole numbers; "
            "pass the name of a colormap for numbers"
        )
    cmap = palette if isinstance(palette, Colormap) else colormaps[palette or "viridis"]
    array = numbers(values.to_numpy(), "color")
    shown = _shown(array, scale)
    normalize = _normalize(array[shown], norm, scale)
    rgba = np.empty((len(array), 4))
    rgba[:] = to_rgba(_MISSING)
    rgba[shown] = cmap(normalize(array[shown]))
    return Coloring(rgba, title, scale=(normalize, cmap))


def _shown(values: AnyArray, scale: Scale | None) -> BoolArray:
    """Where a value has a place on the scale."""
    shown: BoolArray = np.isfinite(values)
    return shown & (values > 0) if scale == "log" else shown


def _normalize(
    values: AnyArray, norm: tuple[float, float] | None, scale: Scale | None
) -> Normalize:
    from matplotlib.colors import LogNorm, Normalize, PowerNorm

    low, high = norm or ((values.min(), values.max()) if len(values) else (0.0, 1.0))
    if scale in (None, "linear"):
        return Normalize(low, high, clip=True)
    if scale == "log":
        if not low > 0:
            raise ValueError(f"color_norm must be above zero on a log scale, not {norm}")
        return LogNorm(low, high, clip=True)
    if scale in ("sqrt", "cbrt"):
        return PowerNorm(1 / 2 if scale == "sqrt" else 1 / 3, low, high, clip=True)
    raise ValueError(f"color_scale must be 'linear', 'log', 'sqrt', 'cbrt' or None, not {scale!r}")
