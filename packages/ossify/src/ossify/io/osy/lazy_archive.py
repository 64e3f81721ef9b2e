"""A file of version 3.0, of which each part is taken up when it is first looked at."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property
from typing import Any, Generic, TypeVar

import pyarrow as pa

from ossify.cell.cell import Cell
from ossify.errors import OsyFormatError
from ossify.io.osy import layout
from ossify.io.osy.archive import (
    GET_ANEW,
    Archive,
    feature_column,
    table_width,
    vertex_table,
)
from ossify.io.osy.manifest import LayerEntry, LinkEntry, Manifest, format_error
from ossify.io.osy.pieces import PartialTable
from ossify.io.storage import Source
from ossify.layers.base import Layer
from ossify.layers.columns import Column, PromisedColumns
from ossify.layers.geometry import EmbeddedGraph, EmbeddedSurface
from ossify.layers.graph import GraphLayer
from ossify.layers.mesh import MeshLayer
from ossify.layers.points import PointCloudLayer
from ossify.layers.siblings import Promise
from ossify.layers.skeleton import SkeletonLayer
from ossify.layers.vertex_table import VertexTable
from ossify.links import LinkTable

Made = TypeVar("Made")


class LazyArchive(Archive):
    """The members of a file, each fetched when it is first looked at."""

    def __init__(self, source: Source, manifest: Manifest) -> None:
        super().__init__(source, manifest)
        self._lock = threading.RLock()

    def cell(self) -> Cell:
        """The cell, of which nothing but the index has been read."""
        manifest = self.manifest
        made = {entry.name: self._promised_layer(entry) for entry in manifest.layers}
        tables = {(link.source, link.target): self._promised_link(link) for link in manifest.links}
        cell: Cell | None = self._try("the cell", self._joined, (made, tables))
        if cell is None:
            raise format_error(self.source.label, self.problems)
        return cell

    def _once(self, what: str, make: Callable[[], Made]) -> _Once[Made]:
        return _Once(self._lock, f"{self.source.label}: {what}", make)

    def _promised_link(self, entry: LinkEntry) -> LinkTable:
        counts = {layer.name: layer.n_vertices for layer in self.manifest.layers}
        rows = self._once(f"link {entry.source} → {entry.target}", lambda: self._link(entry).rows)
        return LinkTable.promised(rows, counts[entry.target], entry.coverage)

    def _promised_layer(self, entry: LayerEntry) -> Layer:
        table = self._once(entry.name, lambda: self._lazy_table(entry))
        parts: dict[str, Callable[[], Any]] = {"_table": table}
        kind: type[Layer] = PointCloudLayer
        counts = {"vertices": entry.n_vertices}
        if entry.layer_type == "skeleton":
            kind = SkeletonLayer
            tree = self._once(entry.name, lambda: self._tree(entry, table()))
            whole = self._once(entry.name, lambda: self._whole(entry, tree()))
            parts |= {"_embedded": tree, "_whole": whole}
        elif entry.layer_type == "graph":
            kind = GraphLayer
            parts["_embedded"] = self._once(
                entry.name, lambda: EmbeddedGraph(table().points, self._edges(entry))
            )
        elif entry.layer_type == "mesh":
            kind = MeshLayer
            parts["_surface"] = self._once(
                entry.name, lambda: EmbeddedSurface(table().points, self._faces(entry))
            )
        if entry.n_edges is not None:
            counts["edges"] = entry.n_edges
        if entry.n_faces is not None:
            counts["faces"] = entry.n_faces
        dtypes = {feature.name: feature.dtype for feature in entry.features}
        promise = Promise(parts, counts, dtypes)
        layer: Layer = kind.promised(entry.name, promise, entry.units, entry.space)
        return layer

    def _lazy_table(self, entry: LayerEntry) -> VertexTable:
        member = self.members[entry.parts[layout.VERTICES]]
        width = table_width(entry)
        if len(member.pieces) != width + 2:
            return self._table(entry)
        partial = PartialTable(self.source, member, entry.n_vertices)
        places = {feature.name: place for place, feature in enumerate(entry.features)}

        def fetch(name: str) -> Column:
            what = f"{entry.name}: feature {name}"
            place = places[name]
            return self._once(
                what, lambda: feature_column(entry, place, partial.columns([place + 3])[0])
            )()

        table = pa.table(
            [*partial.columns([0, 1, 2, width - 1])],
            names=[*map(str, range(4))],
        )
        dtypes = {feature.name: feature.dtype for feature in entry.features}
        return vertex_table(entry, table, PromisedColumns(dtypes, fetch))


class _Once(Generic[Made]):
    """Something that is made when it is first asked for, and kept."""

    def __init__(self, lock: threading.RLock, what: str, make: Callable[[], Made]) -> None:
        self._lock = lock
        self._what = what
        self._make = make

    def __call__(self) -> Made:
        with self._lock:
            return self._made

    @cached_property
    def _made(self) -> Made:
        try:
            return self._make()
        except (TypeError, ValueError) as error:
            if isinstance(error, OsyFormatError):
                raise
            raise OsyFormatError(f"{self._what}: {error}; {GET_ANEW}") from error
