"""What cells are as any release of ossify reads them, as plain arrays.

``python dump.py CELL.osy ARRAYS.npz [CELL.osy ARRAYS.npz …]`` runs under whichever release the
Python has. It uses only what all of them offer, and the files that it writes need none of them to
be read:

``error``
    Why the cell could not be read; then it is the only one.
``facts``
    JSON: ``name``, ``meta``, and for each layer its ``type``, ``group``, and ``root``.
``<layer>/ids``, ``<layer>/points``
    The vertices.
``<layer>/edges``, ``<layer>/faces``, ``<layer>/to_root``
    Edges and faces as ids; path lengths to the root before any mask.
``<layer>/features/<name>``
    One per feature. Values that no plain array can hold are JSON.
``links/<source>/<target>``
    The target's id for every vertex of the source.
"""

from __future__ import annotations

import json
import sys

import numpy as np
import pandas as pd

import ossify

# Which layer points at which. The releases keep no direction that could be asked for.
ANNOTATIONS_POINT_AT = "graph"
LAYERS_POINT_AT = "skeleton"


def dump(cell):
    """The arrays of a cell, by name."""
    facts = {"name": cell.name, "meta": cell.meta, "layers": {}}
    arrays = {}
    for group in ("layers", "annotations"):
        manager = getattr(cell, group)
        for name in manager.names:
            layer = getattr(manager, name)
            facts["layers"][name] = {"type": layer.layer_type, "group": group}
            arrays.update(vertices(name, layer))
            arrays.update(connections(name, layer, facts["layers"][name]))
    for source, found in facts["layers"].items():
        target = LAYERS_POINT_AT if found["group"] == "layers" else ANNOTATIONS_POINT_AT
        if source != target and target in facts["layers"]:
            layer = getattr(getattr(cell, found["group"]), source)
            arrays[f"links/{source}/{target}"] = np.asarray(
                layer.map_index_to_layer(target, as_positional=False), np.int64
            )
    arrays["facts"] = np.array(json.dumps(facts, default=plain))
    return arrays


def vertices(name, layer):
    """Ids, coordinates and features of a layer."""
    nodes = layer.nodes
    yield f"{name}/ids", np.asarray(layer.vertex_index, np.int64)
    yield f"{name}/points", np.asarray(layer.vertices, np.float64)
    for feature in nodes.columns.difference(list(layer.spatial_columns)):
        yield f"{name}/features/{feature}", values(nodes[feature])


def connections(name, layer, facts):
    """Edges, faces and distances, for the layers that have them."""
    if layer.layer_type in ("skeleton", "graph"):
        yield f"{name}/edges", np.asarray(layer.edges, np.int64).reshape(-1, 2)
    if layer.layer_type == "mesh":
        yield f"{name}/faces", np.asarray(layer.faces, np.int64).reshape(-1, 3)
    if layer.layer_type == "skeleton":
        facts["root"] = None if layer.root is None else int(layer.root)
        yield f"{name}/to_root", to_root(layer)


def to_root(layer):
    """Distances, by id: asked for all of a masked skeleton, old releases mix up the rows."""
    return np.asarray(layer.distance_to_root(layer.vertex_index), np.float64)


def values(column):
    """A feature as a plain array: numbers as they are, times as nanoseconds, others as text."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[ns]")
    if column.dtype != object and column.dtype.kind in "biuf":
        return column.to_numpy()
    return np.array([v if isinstance(v, str) else json.dumps(v, default=plain) for v in column])


def plain(value):
    """What JSON has for a value that it does not know."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    return str(value)


def attempt(source):
    """The arrays of a file, or the one that says why there are none."""
    try:
        return dump(ossify.load_cell(source))
    except Exception as error:  # noqa: BLE001 the releases have no class of errors of their own
        return {"error": np.array(f"{type(error).__name__}: {error}")}


if __name__ == "__main__":
    for source, target in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
        np.savez(target, **attempt(source))
