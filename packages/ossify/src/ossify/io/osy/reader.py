"""Reading cells."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import xxhash

from ossify._frozen import freeze
from ossify._typing import AnyArray, FloatArray
from ossify.cell.cell import Cell
from ossify.errors import OsyFormatError
from ossify.io import tar
from ossify.io.osy import layout
from ossify.io.osy.arrays import read_npz
from ossify.io.osy.codecs import decode_column
from ossify.io.osy.manifest import LayerEntry, LinkEntry, Manifest, Member, format_error
from ossify.io.osy.outline import manifest_of
from ossify.io.osy.tables import numbers, piece, read_table
from ossify.io.osy.upgrade import load_old
from ossify.io.osy.values import decode_value
from ossify.io.storage import Location, Readable, Source, open_source
from ossify.layers.base import Layer
from ossify.layers.geometry import EmbeddedTree
from ossify.layers.graph import GraphLayer
from ossify.layers.mesh import MeshLayer
from ossify.layers.points import PointCloudLayer
from ossify.layers.skeleton import SkeletonLayer
from ossify.layers.vertex_table import Column, VertexTable
from ossify.links import Linkage, LinkTable
from ossify.topology.rooted_tree import RootedTree
from ossify.vertex_ids import VertexIds

_PACKERS = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
_GET_ANEW = "get the file anew, or save the cell again"


def load_cell(source: Location | Readable) -> Cell:
    """Load a cell from an ``.osy`` file of any version up to 3.x.

    Parameters
    ----------
    source
        A path, a ``file://`` URL, or a binary file to read from.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    OsyFormatError
        If it is no ``.osy`` file, damaged, incomplete, or of a newer format; with everything that
        is wrong. A ValueError.

    Examples
    --------
    >>> import io
    >>> from ossify.io.osy.writer import save_cell
    >>> file = io.BytesIO()
    >>> save_cell(Cell("y").add_skeleton([[0, 0, 0], [3, 4, 0]], [[1, 0]]), file)
    >>> load_cell(io.BytesIO(file.getvalue())).skeleton.cable_length()
    5.0
    """
    with open_source(source) as opened:
        if _has_index(opened):
            return _Archive(opened, _manifest(opened)).cell()
        return load_old(opened.read_at(0, opened.size), opened.label)[0]


def describe_file(source: Location | Readable) -> Manifest:
    """What a file holds; of a file of version 3.0, its index alone is read.

    Raises
    ------
    FileNotFoundError, OsyFormatError
        As for `load_cell`.
    """
    with open_source(source) as opened:
        if _has_index(opened):
            return _manifest(opened)
        content = opened.read_at(0, opened.size)
        cell, version = load_old(content, opened.label)
        members = [Member(m.name, m.offset, m.size) for m in tar.members(content)]
        return replace(manifest_of(cell, version=version), members=tuple(members))


def _has_index(source: Source) -> bool:
    """Whether a file is of version 3.0 or later.

    Raises
    ------
    OsyFormatError
        If it is no tar archive at all.
    """
    start = source.read_at(0, tar.BLOCK)
    if not start:
        raise OsyFormatError(f"{source.label} is empty")
    for signature, name in _PACKERS.items():
        if start.startswith(signature):
            raise OsyFormatError(
                f"{source.label} is packed with {name}, as no .osy file is; unpack it first"
            )
    first = tar.first_member(start)
    if first is None:
        raise OsyFormatError(f"{source.label} is not an .osy file, or its beginning is damaged")
    return first.name == layout.INDEX


def _manifest(source: Source) -> Manifest:
    first = tar.first_member(source.read_at(0, tar.BLOCK))
    text = b"" if first is None else source.read_at(first.offset, first.size)
    if first is None or len(text) < first.size:
        raise OsyFormatError(f"{source.label} is cut off within its index; {_GET_ANEW}")
    manifest = Manifest.from_json(text, source.label)
    last = max((member.offset + member.size for member in manifest.members), default=0)
    if last > source.size:
        raise OsyFormatError(
            f"{source.label} is cut off: its members take {last:,} bytes, of which "
            f"{source.size:,} are there; {_GET_ANEW}"
        )
    try:
        return replace(manifest, meta=decode_value(manifest.meta))
    except ValueError as error:
        raise OsyFormatError(f"{source.label}: {layout.INDEX}: meta: {error}") from None


class _Archive:
    """The members of a file of version 3.0, taken up one by one."""

    def __init__(self, source: Source, manifest: Manifest) -> None:
        self.source = source
        self.manifest = manifest
        self.members = {member.name: member for member in manifest.members}
        self.problems: list[str] = []

    def cell(self) -> Cell:
        """The cell, or one error for all that is wrong."""
        manifest = self.manifest
        made = {entry.name: self._try(entry.name, self._layer, entry) for entry in manifest.layers}
        tables = {}
        for link in manifest.links:
            what = f"link {link.source} → {link.target}"
            table = self._try(what, self._link, link)
            if table is not None:
                tables[link.source, link.target] = table
        if self.problems:
            raise format_error(
                self.source.label, [f"{text}; {_GET_ANEW}" for text in self.problems]
            )
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

    def _read(self, name: str) -> bytes:
        member = self.members[name]
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
            name = entry.parts[layout.EDGES]
            edges = self._rows(name, entry.n_edges or 0, 2, entry.n_vertices)
            return GraphLayer.from_parts(entry.name, table, edges, *where)
        if entry.layer_type == "mesh":
            name = entry.parts[layout.FACES]
            faces = self._rows(name, entry.n_faces or 0, 3, entry.n_vertices)
            return MeshLayer.from_parts(entry.name, table, faces, *where)
        return PointCloudLayer.from_parts(entry.name, table, *where)

    def _table(self, entry: LayerEntry) -> VertexTable:
        name = entry.parts[layout.VERTICES]
        table = read_table(self._read(name))
        width = 3 + len(entry.features) + 1
        if table.shape != (entry.n_vertices, width):
            raise ValueError(
                f"member {name!r} is a table of {table.shape[0]:,} × {table.shape[1]}, where the "
                f"index says {entry.n_vertices:,} × {width}"
            )
        points = np.empty((entry.n_vertices, 3))
        for axis in range(3):
            points[:, axis] = numbers(table, axis, np.float64)
        if not np.isfinite(points).all():
            raise ValueError(f"member {name!r} has coordinates that are not finite")
        columns: dict[str, Column] = {}
        for place, feature in enumerate(entry.features):
            try:
                columns[feature.name] = decode_column(
                    piece(table, place + 3), dict(feature.holding)
                )
            except ValueError as error:
                raise ValueError(f"feature {feature.name!r}: {error}") from None
        ids = VertexIds(freeze(numbers(table, width - 1, np.int64)), "vertex ids")
        return VertexTable(ids, freeze(points), columns, entry.spatial_columns, entry.index_name)

    def _skeleton(self, entry: LayerEntry, table: VertexTable) -> SkeletonLayer:
        arrays = self._arrays(entry.parts[layout.TREE], _tree_shapes(entry.n_vertices))
        tree = EmbeddedTree(table.ids, table.points, _tree(arrays), entry.root)
        whole = tree
        if entry.n_whole is not None:
            whole = self._whole_tree(entry, entry.n_whole)
            _check_part_of(tree, whole)
        return SkeletonLayer.from_parts(entry.name, table, tree, whole, entry.units, entry.space)

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
