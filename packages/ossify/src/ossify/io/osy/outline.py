"""What the index says of a cell, taken from the cell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ossify.cell.cell import Cell
from ossify.io.osy import layout
from ossify.io.osy.manifest import Feature, LayerEntry, LinkEntry, Manifest
from ossify.layers.base import Layer
from ossify.layers.graph import EdgeLayer
from ossify.layers.mesh import MeshLayer
from ossify.layers.skeleton import SkeletonLayer


def layer_entry(layer: Layer, group: str, features: Iterable[Feature]) -> LayerEntry:
    """A layer without its parts."""
    root, base_root, n_whole = None, None, None
    if isinstance(layer, SkeletonLayer):
        root = layer.root_positional
        if layer._whole is not layer._embedded:
            base_root, n_whole = layer._whole.root, len(layer._whole.ids)
    return LayerEntry(
        name=layer.name,
        group=group,
        layer_type=layer.layer_type,
        n_vertices=len(layer),
        units=layer.units,
        space=layer.space,
        spatial_columns=layer.layer.spatial_columns,
        index_name=layer.layer.index_name,
        features=tuple(features),
        bbox=tuple(map(tuple, layer.bbox.tolist())) if len(layer) else None,
        n_edges=layer._counts()["edges"] if isinstance(layer, EdgeLayer) else None,
        n_faces=len(layer.faces_positional) if isinstance(layer, MeshLayer) else None,
        n_whole=n_whole,
        root=root,
        root_id=None if root is None else int(layer.vertex_index[root]),
        base_root=base_root,
    )


def manifest_of(
    cell: Cell,
    *,
    version: tuple[int, int],
    writer: str | None = None,
    meta: Any = None,
    layers: Iterable[LayerEntry] | None = None,
    links: Iterable[LinkEntry] | None = None,
) -> Manifest:
    """The index of a cell, without members; what is not given is taken from the cell."""
    groups = ((cell.layers, layout.LAYERS), (cell.annotations, layout.ANNOTATIONS))
    if layers is None:
        layers = [
            layer_entry(layer, group, _features(layer)) for some, group in groups for layer in some
        ]
    if links is None:
        links = [
            LinkEntry(source, target, table.coverage)
            for (source, target), table in cell.linkage.tables.items()
        ]
    return Manifest(
        version=version,
        writer=writer,
        name=cell.name,
        meta=cell.meta if meta is None else meta,
        units=cell._units,
        space=cell._space,
        left_out=cell.left_out,
        layers=tuple(layers),
        links=tuple(links),
    )


def _features(layer: Layer) -> Iterable[Feature]:
    for name, column in layer.layer.columns.items():
        yield Feature(name, {"dtype": str(column.dtype)})
