"""A file of version 3.0, taken up member by member."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, Generic, TypeVar

import numpy as np
import pyarrow as pa
import xxhash

from ossify._frozen import freeze
from ossify._typing import AnyArray, FloatArray
from ossify.cell.cell import Cell
from ossify.errors import OsyFormatError
from ossify.io.osy import layout
from ossify.io.osy.arrays import read_npz
from ossify.io.osy.codecs import decode_column
from ossify.io.osy.manifest import LayerEntry, LinkEntry, Manifest, Member, format_error
from ossify.io.osy.pieces import PartialTable
from ossify.io.osy.tables import numbers, piece, read_table
from ossify.io.storage import Buffer, Source
from ossify.layers.base import Layer
from ossify.layers.columns import PromisedColumns
from ossify.layers.geometry import EmbeddedGraph, EmbeddedSurface, EmbeddedTree
from ossify.layers.graph import GraphLayer
from ossify.layers.mesh import MeshLayer
from ossify.layers.points import PointCloudLayer
from ossify.layers.siblings import Promise
from ossify.layers.skeleton import SkeletonLayer
from ossify.layers.vertex_table import Column, VertexTable
from ossify.links import Linkage, LinkTable
from ossify.topology.rooted_tree import RootedTree
from ossify.vertex_ids import VertexIds

Made = TypeVar("Made")

GET_ANEW = "get the file anew, or save the cell again"
# Members with at most this much between them are fetched together: it is less than a journey.
_NEAR = 2**12
# The most that is fetched at once.
_MOST_AT_ONCE = 2**26


class Archive:
    """The members of a file of version 3.0, taken up one by one."""

    def __init__(self, source: Source, manifest: Manifest) -> None:
        self.source = source
        self.manifest = manifest
        self.members = {member.name: member for member in manifest.members}
        self.problems: list[str] = []
        self._fetched: dict[str, Buffer] = {}

    def cell(self) -> Cell:
        """The cell, or one error for all that is wrong."""
        manifest = self.manifest
        self._fetch_together()
        made = {entry.name: self._try(entry.name, self._layer, entry) for entry in manifest.layers}
        tables = {}
        for link in manifest.links:
            what = f"link {link.source} → {link.target}"
            table = self._try(what, self._link, link)
            if table is not None:
                tables[link.source, link.target] = table
        if self.problems:
            raise format_error(self.source.label, [f"{text}; {GET_ANEW}" for text in self.problems])
        cell: Cell | None = self._try("the cell", self._joined, (made, tables))
        if cell is None:
            raise format_error(self.source.label, self.problems)
        return cell

    def _joined(self, parts: tuple[dict[str, Layer], dict[tuple[str, str], LinkTable]]) -> Cell:
        made, tables = parts
        manifest = self.manifest
        layers = [made[entry.name] for entry in manifest.layers if entry.group == layout.LAYERS]
        annotations = [
            layer
            for entry in manifest.layers
            if entry.group == layout.ANNOTATIONS
            and isinstance(layer := made[entry.name], PointCloudLayer)
        ]
        if len(layers) + len(annotations) < len(made):
            raise ValueError("an annotation is no point cloud")
        return Cell.from_parts(
            manifest.name,
            manifest.meta,
            layers,
            annotations,
            Linkage(tables),
            units=manifest.units,
            space=manifest.space,
            left_out=manifest.left_out,
        )

    def _try(self, what: str, make: Any, entry: Any) -> Any:
        try:
            return make(entry)
        except (TypeError, ValueError) as error:
            # A TypeError says that the index has a value of another type than it should.
            self.problems.append(f"{what}: {error}")
            return None

    def _fetch_together(self) -> None:
        """Fetch all that is needed in few journeys, where each is one."""
        if not self.source.is_far:
            return
        manifest = self.manifest
        wanted = {name for entry in manifest.layers for name in entry.parts.values()}
        wanted |= {link.member for link in manifest.links}
        for run in _runs(self.members[name] for name in wanted):
            start, end = run[0].offset, run[-1].offset + run[-1].size
            data = memoryview(self.source.read_at(start, end - start))
            for member in run:
                place = member.offset - start
                self._fetched[member.name] = data[place : place + member.size]

    def _read(self, name: str) -> Buffer:
        member = self.members[name]
        data = self._fetched.get(name)
        if data is None:
            data = self.source.read_at(member.offset, member.size)
        if xxhash.xxh3_64_hexdigest(data) != member.checksum:
            raise ValueError(f"member {name!r} is damaged")
        return data

    def _arrays(self, name: str, expected: dict[str, tuple[str, tuple[int, ...]]]) -> Any:
        """The arrays of a member, of the kinds and shapes that the index says."""
        most = sum(8 * math.prod(map(abs, shape)) for _, shape in expected.values())
        arrays = read_npz(self._read(name), most)
        for key, (kind, shape) in expected.items():
            found = arrays.get(key)
            if found is None:
                raise ValueError(f"member {name!r} has no array {key!r}")
            fits = len(shape) == found.ndim and all(
                want < 0 or want == has for want, has in zip(shape, found.shape, strict=True)
            )
            if found.dtype.kind != kind or not fits:
                raise ValueError(f"member {name!r}: {key!r} is {found.dtype} {found.shape}")
        return arrays

    def _rows(self, name: str, count: int, width: int, n_vertices: int) -> AnyArray:
        rows: AnyArray = self._arrays(name, {layout.DATA: ("i", (count, width))})[layout.DATA]
        _check_rows(rows, n_vertices, 0, name)
        return rows

    def _layer(self, entry: LayerEntry) -> Layer:
        table = self._table(entry)
        where = entry.units, entry.space
        if entry.layer_type == "skeleton":
            return self._skeleton(entry, table)
        if entry.layer_type == "graph":
            return GraphLayer.from_parts(entry.name, table, self._edges(entry), *where)
        if entry.layer_type == "mesh":
            return MeshLayer.from_parts(entry.name, table, self._faces(entry), *where)
        return PointCloudLayer.from_parts(entry.name, table, *where)

    def _edges(self, entry: LayerEntry) -> AnyArray:
        return self._rows(entry.parts[layout.EDGES], entry.n_edges or 0, 2, entry.n_vertices)

    def _faces(self, entry: LayerEntry) -> AnyArray:
        return self._rows(entry.parts[layout.FACES], entry.n_faces or 0, 3, entry.n_vertices)

    def _table(self, entry: LayerEntry) -> VertexTable:
        name = entry.parts[layout.VERTICES]
        table = read_table(self._read(name))
        width = _width(entry)
        if table.shape != (entry.n_vertices, width):
            raise ValueError(
                f"member {name!r} is a table of {table.shape[0]:,} × {table.shape[1]}, where the "
                f"index says {entry.n_vertices:,} × {width}"
            )
        columns = {
            feature.name: _feature(entry, place, piece(table, place + 3))
            for place, feature in enumerate(entry.features)
        }
        return _vertex_table(entry, table, columns)

    def _skeleton(self, entry: LayerEntry, table: VertexTable) -> SkeletonLayer:
        tree = self._tree(entry, table)
        whole = self._whole(entry, tree)
        return SkeletonLayer.from_parts(entry.name, table, tree, whole, entry.units, entry.space)

    def _tree(self, entry: LayerEntry, table: VertexTable) -> EmbeddedTree:
        arrays = self._arrays(entry.parts[layout.TREE], _tree_shapes(entry.n_vertices))
        return EmbeddedTree(table.ids, table.points, _tree(arrays), entry.root)

    def _whole(self, entry: LayerEntry, tree: EmbeddedTree) -> EmbeddedTree:
        """The tree before any mask."""
        if entry.n_whole is None:
            return tree
        whole = self._whole_tree(entry, entry.n_whole)
        _check_part_of(tree, whole)
        return whole

    def _whole_tree(self, entry: LayerEntry, count: int) -> EmbeddedTree:
        arrays = self._arrays(
            entry.parts[layout.WHOLE_TREE],
            {
                **_tree_shapes(count),
                layout.IDS: ("i", (count,)),
                layout.POINTS: ("f", (count, 3)),
            },
        )
        points: FloatArray = arrays[layout.POINTS]
        steps = arrays.get(layout.STEPS)
        if steps is not None and steps.shape != (count,):
            raise ValueError(f"{layout.STEPS!r} has the shape {steps.shape}")
        ids = VertexIds(arrays[layout.IDS])
        return EmbeddedTree(ids, points, _tree(arrays), entry.base_root, steps)

    def _link(self, entry: LinkEntry) -> LinkTable:
        counts = {layer.name: layer.n_vertices for layer in self.manifest.layers}
        n_source, n_target = counts[entry.source], counts[entry.target]
        rows = self._arrays(entry.member, {layout.DATA: ("i", (n_source,))})[layout.DATA]
        _check_rows(rows, n_target, -1, entry.member)
        return LinkTable(rows, n_target)


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
        width = _width(entry)
        if len(member.pieces) != width + 2:
            return self._table(entry)
        partial = PartialTable(self.source, member, entry.n_vertices)
        places = {feature.name: place for place, feature in enumerate(entry.features)}

        def fetch(name: str) -> Column:
            what = f"{entry.name}: feature {name}"
            place = places[name]
            return self._once(
                what, lambda: _feature(entry, place, partial.columns([place + 3])[0])
            )()

        table = pa.table(
            [*partial.columns([0, 1, 2, width - 1])],
            names=[*map(str, range(4))],
        )
        dtypes = {feature.name: feature.dtype for feature in entry.features}
        return _vertex_table(entry, table, PromisedColumns(dtypes, fetch))


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


def _runs(members: Iterable[Member]) -> list[list[Member]]:
    """Members in the order of the file, those that are near each other together."""
    runs: list[list[Member]] = []
    for member in sorted(members, key=lambda member: member.offset):
        if runs:
            start, last = runs[-1][0], runs[-1][-1]
            end = member.offset + member.size
            near = member.offset - (last.offset + last.size) <= _NEAR
            if near and end - start.offset <= _MOST_AT_ONCE:
                runs[-1].append(member)
                continue
        runs.append([member])
    return runs


def _width(entry: LayerEntry) -> int:
    """The number of columns of a vertex table: coordinates, features, ids."""
    return 3 + len(entry.features) + 1


def _vertex_table(entry: LayerEntry, table: pa.Table, columns: Mapping[str, Column]) -> VertexTable:
    """Coordinates from the first three columns of a table, ids from the last."""
    points = np.empty((entry.n_vertices, 3))
    for axis in range(3):
        points[:, axis] = numbers(table, axis, np.float64)
    if not np.isfinite(points).all():
        name = entry.parts[layout.VERTICES]
        raise ValueError(f"member {name!r} has coordinates that are not finite")
    ids = VertexIds(freeze(numbers(table, table.num_columns - 1, np.int64)), "vertex ids")
    return VertexTable(ids, freeze(points), columns, entry.spatial_columns, entry.index_name)


def _feature(entry: LayerEntry, place: int, array: pa.Array) -> Column:
    feature = entry.features[place]
    try:
        return decode_column(array, dict(feature.holding))
    except ValueError as error:
        raise ValueError(f"feature {feature.name!r}: {error}") from None


def _tree_shapes(count: int) -> dict[str, tuple[str, tuple[int, ...]]]:
    return {
        layout.PARENT: ("i", (count,)),
        layout.ORDER: ("i", (count,)),
        layout.RUN_START: ("i", (-count,)),
    }


def _tree(arrays: dict[str, AnyArray]) -> RootedTree:
    return RootedTree.with_index(
        arrays[layout.PARENT], arrays[layout.ORDER], arrays[layout.RUN_START]
    )


def _check_part_of(tree: EmbeddedTree, whole: EmbeddedTree) -> None:
    if (whole.ids.find(tree.ids.ids) < 0).any():
        raise ValueError("the tree before any mask lacks vertices of the masked one")


def _check_rows(rows: AnyArray, n_vertices: int, lowest: int, name: str) -> None:
    if rows.size and (rows.min() < lowest or rows.max() >= n_vertices):
        raise ValueError(f"member {name!r} names rows outside 0 … {n_vertices - 1}")
