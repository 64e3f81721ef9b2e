"""Layers of a neuroglancer view, made of tables and cells: points and lines, coloured by a column.

A layer is the JSON that neuroglancer reads, so that it goes into links and into nglui's views
alike. Making one asks nobody.
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from cortical_tools.ids import int_ids

_AXES = ("x", "y", "z")
_NM_PER_UNIT = {"nm": 1.0, "um": 1000.0}
_PLAIN = "#ffd84d"
_MISSING = "#808080"
_MISSING_TEXT = "no value"
_MOST_NAMES = 2**16
# Up to here a float is every whole number.
_EXACT = 2**53
# Dark violet over green to yellow: lighter is always more.
_RAMP = ("#440154", "#3b528b", "#21918c", "#5ec962", "#fde725")
_SHADER = "void main() { setColor(prop_color()); }"


def point_layer(
    points: pd.DataFrame,
    name: str,
    point_column: str | Sequence[str] = "ctr_pt_position",
    *,
    resolution: ArrayLike = (1, 1, 1),
    color_by: str | None = None,
    palette: Mapping[Any, str] | None = None,
    color: str = _PLAIN,
    segment_columns: str | Sequence[str] = (),
    id_column: str | None = "id",
    linked_to: str = "segmentation",
) -> dict[str, Any]:
    """Rows of a table, such as synapses, as points.

    Parameters
    ----------
    points
        N rows.
    name
        What the layer is called.
    point_column
        The column of (x, y, z) points; or what stands before _x, _y and _z in the names of three;
        or the names of three.
    resolution
        Nanometres per unit of the points along x, y and z.
    color_by
        The column that the points are coloured by, which each of them also shows when selected:
        numbers from dark to light between the least and the greatest; names, bools and ids, which
        are whole numbers beyond 2⁵³, each in a colour of its own. Points without a value, or whose
        value is infinite, are grey, and say so in their description.
    palette
        The colour of every value, such as ``{"spine": "#ff0000"}``, instead.
    color
        The colour of all points where there is no `color_by`.
    segment_columns
        Columns of root ids; clicking on a point shows these objects.
    id_column
        The column of ids, where there is one.
    linked_to
        The segmentation layer that these objects are in.

    Returns
    -------
    dict
        JSON of the layer. Ids are text in it, as a browser's numbers are floats.

    Raises
    ------
    KeyError
        If a column is not there.
    ValueError
        If a point lacks a coordinate, ids are none, or the palette lacks a colour.

    Examples
    --------
    >>> synapses = pd.DataFrame({"id": [7], "at": [(4, 8, 40)], "tag": ["spine"]})
    >>> layer = point_layer(
    ...     synapses, "synapses", "at", color_by="tag", palette={"spine": "#ff0000"}
    ... )
    >>> layer["annotations"]
    [{'type': 'point', 'point': [4.0, 8.0, 40.0], 'id': '7', 'props': ['#ff0000', 0]}]
    """
    places = _places(points, point_column)
    annotations = [{"type": "point", "point": place} for place in places.tolist()]
    columns = [segment_columns] if isinstance(segment_columns, str) else list(segment_columns)
    return _annotation_layer(
        points,
        name,
        annotations,
        resolution=np.asarray(resolution, float),
        color_by=color_by,
        palette=palette,
        color=color,
        segment_columns=columns,
        id_column=id_column,
        linked_to=linked_to,
    )


def skeleton_layer(
    cell: Any,
    name: str | None = None,
    *,
    color_by: str | None = None,
    palette: Mapping[Any, str] | None = None,
    color: str = "#ffffff",
) -> dict[str, Any]:
    """The skeleton of an ossify ``Cell`` as lines, one per edge.

    Parameters
    ----------
    cell
        The cell. Its coordinates are those of the dataset, in nm or µm: not transformed into
        cortical space.
    name
        What the layer is called; None: ``"skeleton"``.
    color_by
        A feature of the skeleton; an edge has that of the vertex farther from the root.
    palette, color
        As for `point_layer`.

    Returns
    -------
    dict
        JSON of the layer; of a skeleton without edges, one without lines.

    Raises
    ------
    KeyError
        If the skeleton has no such feature.
    ValueError
        If there is no skeleton, its units are unknown, or the palette lacks a colour.
    """
    skeleton = cell.skeleton
    if skeleton is None:
        raise ValueError(f"cell {cell.name!r} has no skeleton")
    ends = np.asarray(skeleton.vertices)[skeleton.edges_positional]
    nodes = skeleton.nodes.iloc[skeleton.edges_positional[:, 0]]
    annotations = [{"type": "line", "pointA": a, "pointB": b} for a, b in ends.tolist()]
    return _annotation_layer(
        nodes.reset_index(names="_vertex_id"),
        name or "skeleton",
        annotations,
        resolution=_resolution_of(skeleton),
        color_by=color_by,
        palette=palette,
        color=color,
        id_column="_vertex_id",
    )


def cell_layers(
    cell: Any,
    *,
    color_by: str | None = None,
    synapse_color_by: str | None = None,
    palette: Mapping[Any, str] | None = None,
    synapse_palette: Mapping[Any, str] | None = None,
) -> list[dict[str, Any]]:
    """An ossify ``Cell``: its skeleton, and a layer of points for each of its annotations.

    Parameters
    ----------
    cell
        The cell, in coordinates of the dataset.
    color_by, palette
        The feature that colours the skeleton, where it has one, and the colours of its values.
    synapse_color_by, synapse_palette
        The same for the annotations: each that has the feature is coloured by it.

    Returns
    -------
    list of dict
        For ``layers`` of `DatasetClient.neuroglancer_url` and ``neuroglancer_viewer``; none of a
        cell without skeleton and annotations.

    Raises
    ------
    KeyError
        If the skeleton has no feature `color_by`.
    ValueError
        If units are unknown, or a palette lacks a colour.
    """
    layers = []
    if cell.skeleton is not None:
        layers.append(skeleton_layer(cell, color_by=color_by, palette=palette))
    hues = _distinct(len(list(cell.annotations.names)))
    for annotation_name, hue in zip(cell.annotations.names, hues, strict=True):
        annotation = cell.annotations[annotation_name]
        has_it = synapse_color_by in annotation.feature_names
        layers.append(
            point_layer(
                annotation.nodes,
                annotation_name,
                list(annotation.spatial_columns),
                resolution=_resolution_of(annotation),
                color_by=synapse_color_by if has_it else None,
                palette=synapse_palette if has_it else None,
                color=hue,
            )
        )
    return layers


def centre_nm(layers: Sequence[Mapping[str, Any]]) -> NDArray[np.float64] | None:
    """(3,) the middle of the points of the first layer that has any, in nanometres."""
    for layer in layers:
        found = [one.get("point", one.get("pointA")) for one in layer.get("annotations", ())]
        # A layer that was made elsewhere may say nothing of its units.
        source = layer.get("source")
        transform = source.get("transform") if isinstance(source, Mapping) else None
        if found and transform and None not in found:
            middle: NDArray[np.float64] = np.asarray(found, float).mean(axis=0)
            sizes = transform["outputDimensions"]
            middle *= [sizes[axis][0] / 1e-9 for axis in _AXES]
            return middle
    return None


def dimensions_of(resolution: ArrayLike) -> dict[str, list[float | str]]:
    """Nanometres per unit along x, y and z, as neuroglancer writes them: in metres."""
    sizes = np.asarray(resolution, float).tolist()
    return {axis: [size * 1e-9, "m"] for axis, size in zip(_AXES, sizes, strict=True)}


def _annotation_layer(
    rows: pd.DataFrame,
    name: str,
    annotations: list[dict[str, Any]],
    *,
    resolution: NDArray[np.float64],
    color_by: str | None,
    palette: Mapping[Any, str] | None,
    color: str,
    segment_columns: Sequence[str] = (),
    id_column: str | None = None,
    linked_to: str | None = None,
) -> dict[str, Any]:
    if resolution.shape != (3,) or not (np.isfinite(resolution).all() and (resolution > 0).all()):
        raise ValueError(f"resolution: three positive numbers, not {resolution.tolist()}")
    if not isinstance(name, str) or not name:
        raise ValueError(f"name: what the layer is called, as text, not {name!r}")
    _require(rows, [*segment_columns, *([] if color_by is None else [color_by])])
    ids = (
        [str(one) for one in int_ids(rows[id_column], id_column)]
        if id_column is not None and id_column in rows
        else [str(place) for place in range(len(rows))]
    )
    for annotation, one in zip(annotations, ids, strict=True):
        annotation["id"] = one
    layer: dict[str, Any] = {
        "type": "annotation",
        "source": {
            "url": "local://annotations",
            "transform": {"outputDimensions": dimensions_of(resolution)},
        },
        "tab": "annotations",
        "name": name,
        "annotationColor": color,
        "annotations": annotations,
    }
    if segment_columns:
        shown = [int_ids(rows[column], column).astype(str) for column in segment_columns]
        for annotation, *objects in zip(annotations, *shown, strict=True):
            annotation["segments"] = [[str(one) for one in objects]]
        layer["linkedSegmentationLayer"] = {"segments": linked_to}
    if color_by is not None:
        layer |= _colored(annotations, rows[color_by], palette)
    return layer


def _colored(
    annotations: list[dict[str, Any]], values: pd.Series[Any], palette: Mapping[Any, str] | None
) -> dict[str, Any]:
    """Give every annotation its colour and value; what the layer says of them."""
    missing = values.isna().to_numpy()
    if palette is None and _is_measure(values):
        numbers = values.to_numpy(dtype=float, na_value=np.nan)
        # JSON has no infinity.
        missing = ~np.isfinite(numbers)
        colors, shown = _ramp(numbers), np.where(missing, 0.0, numbers).tolist()
        described: dict[str, Any] = {"type": "float32"}
    else:
        codes, found = pd.factorize(values, sort=True)
        if len(found) > _MOST_NAMES:
            raise ValueError(
                f"{values.name}: {len(found):,} different names; at most {_MOST_NAMES:,} can be "
                "told apart"
            )
        table = [*_palette_of(list(found), palette), _MISSING]
        # Code −1, for missing values, picks the last.
        colors, shown = [table[code] for code in codes], [max(int(code), 0) for code in codes]
        described = {
            "type": "uint16",
            "enum_values": list(range(len(found))),
            "enum_labels": [str(one) for one in found],
        }
    for annotation, color, value in zip(annotations, colors, shown, strict=True):
        annotation["props"] = [color, value]
    for row in np.flatnonzero(missing):
        said = _MISSING_TEXT if pd.isna(values.iloc[row]) else values.iloc[row]
        annotations[row]["description"] = f"{values.name}: {said}"
    return {
        "shader": _SHADER,
        "annotationProperties": [
            {"id": "color", "type": "rgb", "default": _MISSING},
            {"id": _property_name(str(values.name)), "description": str(values.name)} | described,
        ],
    }


def _is_measure(values: pd.Series[Any]) -> bool:
    """Whether values are numbers of which more and less mean something: not ids, nor bools."""
    dtype = values.dtype
    if pd.api.types.is_integer_dtype(dtype):
        # A float would make one of two such ids.
        return not bool((values.abs() > _EXACT).any())
    return pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)


def _ramp(numbers: NDArray[np.float64]) -> list[str]:
    finite = np.isfinite(numbers)
    low, high = (numbers[finite].min(), numbers[finite].max()) if finite.any() else (0.0, 1.0)
    share = np.clip((numbers - low) / (high - low) if high > low else np.ones(len(numbers)), 0, 1)
    stops = np.array([[int(hue[i : i + 2], 16) for i in (1, 3, 5)] for hue in _RAMP])
    places = np.linspace(0, 1, len(stops))
    rgb = np.column_stack([np.interp(np.nan_to_num(share), places, channel) for channel in stops.T])
    hexes = ["#{:02x}{:02x}{:02x}".format(*row) for row in rgb.round().astype(int).tolist()]
    return [one if known else _MISSING for one, known in zip(hexes, finite, strict=True)]


def _palette_of(found: list[Any], palette: Mapping[Any, str] | None) -> list[str]:
    if palette is None:
        return _distinct(len(found))
    if lacking := [one for one in found if one not in palette]:
        raise ValueError(f"the palette has no colour for {', '.join(map(repr, lacking))}")
    return [palette[one] for one in found]


def _distinct(n: int) -> list[str]:
    """`n` colours, neighbours far apart."""
    # Steps of the golden ratio around the circle never come back to the same hue.
    hues = [colorsys.hsv_to_rgb(0.13 + 0.618034 * place, 0.7, 1.0) for place in range(n)]
    return ["#{:02x}{:02x}{:02x}".format(*(round(255 * part) for part in hue)) for hue in hues]


def _property_name(name: str) -> str:
    """A name that neuroglancer takes for a property: lower-case start, letters, digits, _."""
    plain = re.sub(r"\W", "_", name, flags=re.ASCII)
    plain = plain if re.match("[a-z]", plain) else f"p_{plain}"
    return f"{plain}_value" if plain == "color" else plain


def _places(points: pd.DataFrame, column: str | Sequence[str]) -> NDArray[np.float64]:
    if isinstance(column, str) and column in points:
        rows = list(points[column])
        places = np.array(rows, dtype=float) if rows else np.empty((0, 3))
    else:
        names = [f"{column}_{axis}" for axis in _AXES] if isinstance(column, str) else list(column)
        _require(points, names)
        places = points[names].to_numpy(dtype=float, na_value=np.nan)
    if places.ndim != 2 or places.shape[1] != 3:
        raise ValueError(f"{column}: expected three coordinates per point, got {places.shape}")
    without = ~np.isfinite(places).all(axis=1)
    if without.any():
        raise ValueError(
            f"{column}: {int(without.sum())} of {len(places)} points lack a coordinate, the first "
            f"in row {int(np.argmax(without))}; drop these rows first"
        )
    return places


def _require(frame: pd.DataFrame, names: Sequence[str]) -> None:
    if lacking := [name for name in names if name not in frame]:
        raise KeyError(f"no column {lacking[0]!r}; there are {', '.join(map(str, frame.columns))}")


def _resolution_of(layer: Any) -> NDArray[np.float64]:
    if layer.units not in _NM_PER_UNIT:
        raise ValueError(
            f"{layer.name}: its units are {layer.units!r}; neuroglancer needs nm or um to know "
            "where it is"
        )
    return np.full(3, _NM_PER_UNIT[layer.units])
