"""What a neuroglancer state holds, as tables: its layers, selected objects and annotations."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import numpy as np
import pandas as pd

from cortical_tools.connection import Connection
from cortical_tools.ids import int_ids
from cortical_tools.states import get_state_json

_METRES = {"m": 1.0, "mm": 1e-3, "um": 1e-6, "µm": 1e-6, "nm": 1e-9}
_AXES = ("x", "y", "z")
_STORED = re.compile(
    r"^(?:middleauth\+)?(?P<server>https?://[^/]+)/nglstate/(?:api/v1/)?(?P<id>\d+)$"
)


@dataclass(frozen=True)
class ViewerTables:
    """A neuroglancer state as tables.

    Parameters
    ----------
    layers
        One row per layer: ``layer``, ``type``, ``source`` (the first one), ``sources`` (a list)
        and ``visible``.
    segments
        One row per object: ``layer``, ``root_id`` (int64), ``visible`` and ``color``, where the
        state has one for it.
    annotations
        One row per annotation: ``layer``, ``id``, ``type``, ``x_nm``, ``y_nm`` and ``z_nm``;
        ``x2_nm``, ``y2_nm`` and ``z2_nm`` of its other end, or the radii of an ellipsoid;
        ``points_nm``, a list of points, where there are polylines;
        ``description``; ``root_ids``, a list of int; and a column for every property, with
        names where it has names. NaN where a layer's dimensions are no lengths.
    """

    layers: pd.DataFrame
    segments: pd.DataFrame
    annotations: pd.DataFrame


def read_state(state: Mapping[str, Any] | str) -> ViewerTables:
    """The tables of a state, or of a link that holds it; asks nobody.

    Parameters
    ----------
    state
        The state; its JSON; or a link with all of it behind ``#!``.

    Returns
    -------
    ViewerTables
        With ids as int64, exactly; tables without rows where the state has nothing of a kind.

    Raises
    ------
    ValueError
        If it is none of these, or an id in it is none.

    Examples
    --------
    >>> layer = {"type": "segmentation", "name": "cells", "source": "precomputed://gs://a/b"}
    >>> tables = read_state({"layers": [layer | {"segments": ["864691135639806263"]}]})
    >>> tables.segments["root_id"].tolist()
    [864691135639806263]
    """
    if not isinstance(state, Mapping):
        state = _parsed(_behind_the_mark(state))
    layers = state.get("layers", [])
    # Old states have an object from name to layer.
    if isinstance(layers, Mapping):
        layers = [{"name": name} | dict(layer) for name, layer in layers.items()]
    return ViewerTables(
        pd.DataFrame(
            [_layer_row(layer) for layer in layers],
            columns=["layer", "type", "source", "sources", "visible"],
        ),
        _segments(layers),
        _annotations(layers, state),
    )


def neuroglancer_tables(
    connection: Connection, link: Mapping[str, Any] | str | int
) -> ViewerTables:
    """What a neuroglancer link shows, as tables: layers, selected objects, annotations.

    Parameters
    ----------
    connection
        Whom to ask for states that are stored.
    link
        A link, long or short; the id of a stored state; a state or its JSON.

    Returns
    -------
    ViewerTables
        With ids as int64, exactly.

    Raises
    ------
    ValueError
        If it is none of these, or is stored on another server, which is not asked: it would see
        this one's token.
    """
    if isinstance(link, Mapping):
        return read_state(link)
    text = _behind_the_mark(str(link))
    if text.isdecimal():
        return read_state(get_state_json(connection, int(text)))
    stored = _STORED.match(text)
    if stored is None:
        return read_state(text)
    # A client may have to connect to know; one that knows refuses without asking.
    server = connection.server_address or str(connection.cave.server_address).rstrip("/")
    if stored["server"] != server:
        raise ValueError(
            f"the state is stored on {stored['server']}, and this client is one of {server}: read "
            "it with a client of that server"
        )
    return read_state(get_state_json(connection, int(stored["id"])))


def _behind_the_mark(link: str) -> str:
    """The state, or its address, that a link leads to."""
    link = link.strip()
    if not link.startswith("{"):
        if "#!" in link:
            link = link.split("#!", 1)[1]
        elif "json_url=" in link:
            link = link.split("json_url=", 1)[1].split("&", 1)[0]
        link = unquote(link)
    return link


def _parsed(text: str) -> Mapping[str, Any]:
    try:
        state = json.loads(text)
    except ValueError:
        shown = text if len(text) <= 80 else f"{text[:80]}…"
        raise ValueError(
            f"{shown!r} is no neuroglancer state: expected JSON, or a link with it behind '#!'; "
            "links to states that are stored are read by client.neuroglancer_tables"
        ) from None
    if not isinstance(state, Mapping):
        raise ValueError(f"a neuroglancer state is an object of JSON, not {type(state).__name__}")
    return state


def _sources(layer: Mapping[str, Any]) -> list[Any]:
    source = layer.get("source", [])
    return source if isinstance(source, list) else [source]


def _layer_row(layer: Mapping[str, Any]) -> dict[str, Any]:
    urls = [str(one.get("url") if isinstance(one, Mapping) else one) for one in _sources(layer)]
    return {
        "layer": layer.get("name"),
        "type": layer.get("type"),
        "source": urls[0] if urls else None,
        "sources": urls,
        "visible": bool(layer.get("visible", True)),
    }


def _segments(layers: list[Mapping[str, Any]]) -> pd.DataFrame:
    names: list[Any] = []
    ids: list[str] = []
    visible: list[bool] = []
    colors: list[Any] = []
    for layer in layers:
        by_id = layer.get("segmentColors") or {}
        for one in layer.get("segments") or ():
            # Objects that are listed and not shown have a mark in front.
            hidden = isinstance(one, str) and one.startswith("!")
            ids.append(one[1:] if hidden else one)
            names.append(layer.get("name"))
            visible.append(not hidden)
            colors.append(by_id.get(str(ids[-1])))
    return pd.DataFrame(
        {
            "layer": pd.Series(names, dtype=object),
            "root_id": int_ids(ids, "segments"),
            "visible": np.array(visible, dtype=bool),
            "color": pd.Series(colors, dtype=object),
        }
    )


def _annotations(layers: list[Mapping[str, Any]], state: Mapping[str, Any]) -> pd.DataFrame:
    rows = [row for layer in layers for row in _annotation_rows(layer, state)]
    first = ["layer", "id", "type", *(f"{axis}_nm" for axis in _AXES)]
    others = [*(f"{axis}2_nm" for axis in _AXES), "description", "root_ids"]
    frame = pd.DataFrame(rows)
    return frame.reindex(columns=[*dict.fromkeys([*first, *others, *frame.columns])])


def _annotation_rows(
    layer: Mapping[str, Any], state: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    scale = _nm_per_unit(layer, state)
    properties = layer.get("annotationProperties") or []
    for annotation in layer.get("annotations") or ():
        row = {
            "layer": layer.get("name"),
            "id": annotation.get("id"),
            "type": annotation.get("type"),
            "description": annotation.get("description"),
            "root_ids": _root_ids(annotation.get("segments") or []),
        }
        ends = [annotation.get(key) for key in ("point", "pointA", "center") if key in annotation]
        ends += [annotation.get(key) for key in ("pointB", "radii") if key in annotation]
        for which, end in zip(("", "2"), ends, strict=False):
            for axis, value, size in zip(_AXES, end, scale, strict=False):
                row[f"{axis}{which}_nm"] = float(value) * size
        if "points" in annotation:
            row["points_nm"] = (np.asarray(annotation["points"], float) * scale).tolist()
        values = annotation.get("props") or []
        for described, value in zip(properties, values, strict=False):
            row[_column(described, row)] = _named(described, value)
        yield row


def _column(described: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    # A property that is called like a part of every annotation keeps its own column.
    name = str(described["id"])
    return f"{name}_property" if name in row else name


def _named(described: Mapping[str, Any], value: Any) -> Any:
    labels = described.get("enum_labels")
    if not labels:
        return value
    return dict(zip(described.get("enum_values", ()), labels, strict=False)).get(value, value)


def _root_ids(segments: list[Any]) -> list[int]:
    flat = [
        one for part in segments for one in (part if isinstance(part, list | tuple) else [part])
    ]
    return [int(one) for one in int_ids(flat, "segments of an annotation")]


def _nm_per_unit(layer: Mapping[str, Any], state: Mapping[str, Any]) -> list[float]:
    """Of the layer's own coordinates, or else of the whole view's."""
    dimensions: Any = None
    for source in _sources(layer):
        if isinstance(source, Mapping):
            dimensions = dimensions or (source.get("transform") or {}).get("outputDimensions")
    dimensions = dimensions or state.get("dimensions") or {}
    if not dimensions and "voxelSize" in layer:
        return [float(size) for size in layer["voxelSize"]]
    sizes = []
    for axis in _AXES:
        size, unit = dimensions.get(axis, (np.nan, "m"))
        # Metres are written; 4e-9 of them are 4 nm, and no rounding error should show.
        sizes.append(round(float(size) * _METRES.get(unit, np.nan) / 1e-9, 6))
    return sizes
