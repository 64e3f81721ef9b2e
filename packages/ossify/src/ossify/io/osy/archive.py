"""A file of version 3.0, taken up member by member."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import xxhash

from ossify._frozen import freeze
from ossify._typing import AnyArray, FloatArray
from ossify.cell.cell import Cell
from ossify.io.osy import layout
from ossify.io.osy.arrays import read_npz
from ossify.io.osy.codecs import decode_column
from ossify.io.osy.integrity import Finding, read_checked
from ossify.io.osy.manifest import LayerEntry, LinkEntry, Manifest, Member, format_error
from ossify.io.osy.tables import numbers, piece, read_table
from ossify.io.storage import Buffer, Source
from ossify.layers.base import Layer
from ossify.layers.columns import Column
from ossify.layers.geometry import EmbeddedTree
from ossify.layers.graph import GraphLayer
from ossify.layers.mesh import MeshLayer
from ossify.layers.points import PointCloudLayer
from ossify.layers.skeleton import SkeletonLayer
from ossify.layers.vertex_table import VertexTable
from ossify.links import Linkage, LinkTable
from ossify.topology.rooted_tree import RootedTree
from ossify.vertex_ids import VertexIds

GET_ANEW = "get the file anew, or save the cell again"


class Archive:
    """The members of a file of version 3.0, taken up one by one."""

    def __init__(self, source: Source, manifest: Manifest) -> None:
        self.source = source
        self.manifest = manifest
        self.members: dict[str, Member] = {member.name: member for member in manifest.members}
        self.problems: list[str] = []
        self._fetched: dict[str, Buffer] = {}

    def cell(self) -> Cell:
        """The cell, or one error for all that is wrong."""
        manifest = self.manifest
        self._fetch()
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

    def _wanted(self) -> set[str]:
        """The names of the members that the cell is made of."""
        manifest = self.manifest
        parts = {name for entry in manifest.layers for name in entry.parts.values()}
        return (parts | {link.member for link in manifest.links}) & self.members.keys()

    def _fetch(self) -> None:
        """Fetch all that is needed in few journeys, where each is one."""
        if not self.source.is_far:
            return
        members = [self.members[name] for name in sorted(self._wanted())]
        found = self.source.read_many([(member.offset, member.size) for member in members])
        self._fetched = {member.name: data for member, data in zip(members, found, strict=True)}

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
        width = table_width(entry)
        if table.shape != (entry.n_vertices, width):
            raise ValueError(
                f"member {name!r} is a table of {table.shape[0]:,} × {table.shape[1]}, where the "
                f"index says {entry.n_vertices:,} × {width}"
            )
        columns = {
            feature.name: feature_column(entry, place, piece(table, place + 3))
            for place, feature in enumerate(entry.features)
        }
        return vertex_table(entry, table, columns)

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


class WholeArchive(Archive):
    """All members of a file, none of which is taken up before every byte has been checked."""

    @cached_property
    def findings(self) -> list[Finding]:
        """The bytes that are not what was written."""
        self._fetched, findings = read_checked(self.source, self.manifest, self._wanted())
        return findings

    def _fetch(self) -> None:
        if self.findings:
            raise format_error(self.source.label, [f"{each}; {GET_ANEW}" for each in self.findings])

    def _read(self, name: str) -> Buffer:
        return self._fetched[name]


def table_width(entry: LayerEntry) -> int:
    """The number of columns of a vertex table: coordinates, features, ids."""
    return 3 + len(entry.features) + 1


def vertex_table(entry: LayerEntry, table: pa.Table, columns: Mapping[str, Column]) -> VertexTable:
    """Coordinates from the first three columns of a table, ids from the last."""
    points = np.empty((entry.n_vertices, 3))
    for axis in range(3):
        points[:, axis] = numbers(table, axis, np.float64)
    if not np.isfinite(points).all():
        name = entry.parts[layout.VERTICES]
        raise ValueError(f"member {name!r} has coordinates that are not finite")
    ids = VertexIds(freeze(numbers(table, table.num_columns - 1, np.int64)), "vertex ids")
    return VertexTable(ids, freeze(points), columns, entry.spatial_columns, entry.index_name)


def feature_column(entry: LayerEntry, place: int, array: pa.Array) -> Column:
    """The feature at a place among those of a layer."""
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
