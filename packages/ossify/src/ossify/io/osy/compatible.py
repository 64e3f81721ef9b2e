"""What only readers of version 2.0 need: ids instead of rows, base properties, links as tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from ossify._typing import AnyArray, IntArray
from ossify.cell.cell import Cell
from ossify.io.osy import layout
from ossify.io.osy.arrays import write_npz
from ossify.io.osy.tables import Packing, write_table
from ossify.io.osy.values import plain_value
from ossify.layers.base import Layer
from ossify.layers.geometry import EmbeddedTree
from ossify.layers.graph import GraphLayer
from ossify.layers.mesh import MeshLayer
from ossify.layers.skeleton import SkeletonLayer

Content = bytes | memoryview


# Names that attributes of theirs have, which a layer of the name would replace.
_TAKEN = {
    "add_link",
    "apply_mask",
    "get_link_path",
    "get_mapping",
    "get_mapping_paths",
    "get_masking",
    "get_params",
    "layer_names",
    "layer_types",
    "layers",
    "links",
}


def can_model(layer: Layer, group: str) -> bool:
    """Whether readers of version 2.0 know a layer of this type by this name."""
    name = layer.name
    if group == layout.LAYERS:
        return layout.CORE_NAMES.get(layer.layer_type) == name and len(layer) > 0
    is_free = name not in _TAKEN and not name.startswith("_")
    return is_free and name not in layout.CORE_NAMES and layout.is_plain(name)


def cell_members(cell: Cell, packing: Packing) -> Iterator[tuple[str, Content]]:
    """The members that are of no single layer, by name."""
    modelled = {
        layer.name
        for layers, group in ((cell.layers, layout.LAYERS), (cell.annotations, layout.ANNOTATIONS))
        for layer in layers
        if can_model(layer, group)
    }
    linked = _linked(cell, modelled)
    yield layout.METADATA, _metadata(cell, modelled, linked)
    for source, target in linked:
        yield layout.linkage(source, target), _link_table(cell, source, target, packing)


def _linked(cell: Cell, modelled: set[str]) -> list[tuple[str, str]]:
    linked = {
        layout.linkage(source, target): (source, target)
        for (source, target), table in cell.linkage.tables.items()
        # They want a row for every vertex of the source.
        if {source, target} <= modelled and table.is_mapped.all()
    }
    return list(linked.values())


def _metadata(cell: Cell, modelled: set[str], linked: list[tuple[str, str]]) -> bytes:
    metadata = {
        "name": cell.name,
        "meta": plain_value(cell.meta),
        "file_version": float(layout.version_text()),
        "structure": {
            "layers": {
                layer.name: {"type": layer.layer_type}
                for layer in cell.layers
                if layer.name in modelled
            },
            "annotations": {
                layer.name: {"type": layer.layer_type}
                for layer in cell.annotations
                if layer.name in modelled
            },
        },
        "linkage": sorted(sorted(pair) for pair in linked),
    }
    return _json(metadata)


def _json(content: Any) -> bytes:
    return json.dumps(content, allow_nan=False).encode()


def layer_members(layer: Layer, group: str) -> Iterator[tuple[str, Content]]:
    """The members of one layer, by name."""
    meta: dict[str, Any] = {"spatial_columns": layer.spatial_columns, "name": layer.name}
    if isinstance(layer, SkeletonLayer):
        # They refuse several parentless vertices of which none is the root.
        roots = layer.roots
        meta["root"] = layer.root if layer.root is not None or not len(roots) else int(roots[0])
    yield layout.layer_meta(group, layer.name), _json(meta)
    if isinstance(layer, (SkeletonLayer, GraphLayer)):
        rows = layer.edges_positional
        yield layout.edges(layer.name), write_npz({layout.DATA: named(layer, rows)})
    if isinstance(layer, MeshLayer):
        yield (
            layout.faces(layer.name),
            write_npz({layout.DATA: named(layer, layer.faces_positional)}),
        )
    if isinstance(layer, SkeletonLayer):
        yield from _base_members(layer.name, layer._whole)


def named(layer: Layer, rows: IntArray) -> IntArray:
    """Rows as ids, in as few bits as hold them; rows of int32 themselves where they are the ids."""
    ids = layer.vertex_index
    if layer.layer.ids.is_range:
        return np.asarray(rows, dtype=np.int32)
    if len(ids) and ids.max() < 2**31:
        ids = ids.astype(np.int32)
    return np.take(ids, rows)


def _base_members(name: str, whole: EmbeddedTree) -> Iterator[tuple[str, Content]]:
    tree = whole.tree
    root = whole.root
    if root is None and len(tree.roots):
        root = int(tree.roots[0])
    head = {
        "base_root": None if root is None else int(whole.ids.ids[root]),
        "base_root_location": None if root is None else plain_value(whole.points[root]),
    }
    ids, parents = json_numbers(whole.ids.ids), json_numbers(tree.parent)
    yield (
        layout.base_properties(name),
        b"".join(
            [
                _json(head)[:-1],
                b',"base_vertex_index":[' + ids,
                b'],"base_parent_array":[' + parents + b"]}",
            ]
        ),
    )
    lengths = whole.steps[tree.parent >= 0].astype(np.float32)
    yield layout.base_lengths(name), write_npz(_sparse(tree.parent, lengths))
    ones = np.ones(len(lengths), np.int8)
    yield layout.base_links(name), write_npz(_sparse(tree.parent, ones))


def json_numbers(numbers: IntArray) -> bytes:
    """Whole numbers from −1 on, as between the brackets of a JSON list.

    All take the same room, so that they can be written digit by digit instead of one by one.

    Examples
    --------
    >>> json_numbers(np.array([-1, 0, 864]))
    b' -1,  0,864'
    """
    if not len(numbers):
        return b""
    width = max(len(str(numbers.max())), 2)
    text = np.full((len(numbers), width + 1), ord(" "), np.uint8)
    text[:, -1] = ord(",")
    rest = np.abs(numbers)
    for place in range(width - 1, -1, -1):
        above = rest // 10
        digit = (rest - above * 10 + ord("0")).astype(np.uint8)
        # Nothing is left where the number has begun already.
        text[:, place] = digit if place == width - 1 else np.where(rest > 0, digit, ord(" "))
        rest = above
    text[numbers < 0, width - 2] = ord("-")
    return text.tobytes()[:-1]


def _sparse(parent: IntArray, values: AnyArray) -> dict[str, AnyArray]:
    """The sparse matrix of one value per edge, from child to parent, as scipy stores it."""
    has_parent = parent >= 0
    starts = np.zeros(len(parent) + 1, np.int32)
    np.cumsum(has_parent, out=starts[1:])
    return {
        "indices": parent[has_parent],
        "indptr": starts,
        "format": np.array(b"csr"),
        "shape": np.array([len(parent), len(parent)]),
        "data": values,
    }


def _link_table(cell: Cell, source: str, target: str, packing: Packing) -> Content:
    ends = [
        (cell.layers if name in cell.layers else cell.annotations)[name].vertex_index
        for name in (source, target)
    ]
    rows = cell.linkage.tables[source, target].rows
    columns = [pa.array(ends[0]), pa.array(np.take(ends[1], rows))]
    return write_table([source, target], columns, {}, None, None, packing)
