"""Writing cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import xxhash

from ossify._version import __version__
from ossify.cell.cell import Cell
from ossify.io import storage
from ossify.io.osy import compatible as old
from ossify.io.osy import layout, tar
from ossify.io.osy.arrays import write_npz
from ossify.io.osy.codecs import encode_column
from ossify.io.osy.manifest import Feature, LayerEntry, LinkEntry, Manifest, Member, Piece
from ossify.io.osy.outline import layer_entry, manifest_of
from ossify.io.osy.pieces import table_pieces
from ossify.io.osy.tables import Compression, Packing, write_table
from ossify.io.osy.values import encode_value
from ossify.io.storage import Buffer, Location, Writable
from ossify.layers.base import Layer
from ossify.layers.geometry import EmbeddedTree
from ossify.layers.graph import EdgeLayer
from ossify.layers.mesh import MeshLayer
from ossify.layers.skeleton import SkeletonLayer


def save_cell(
    cell: Cell,
    file: Location | Writable | None = None,
    allow_overwrite: bool = False,
    compression: Compression = "zstd",
    compression_level: int | None = None,
    *,
    compatible: bool = True,
) -> None:
    """Save a cell as an ``.osy`` file, exactly.

    A file is written whole or not at all: until it is, a file of that name stays as it was. The
    same cell makes the same bytes.

    Parameters
    ----------
    cell
        The cell.
    file
        A path; a URL that begins with ``file://``, ``mem://``, ``gs://`` or ``s3://``; or a binary
        file to write to. None: the name of the cell and ``.osy``, in the current folder. Missing
        folders are made.
    allow_overwrite
        Whether a file that exists is replaced.
    compression
        How vertex tables are compressed: ``"zstd"``, ``"lz4"`` or ``"uncompressed"``.
    compression_level
        The level for it; None for the fastest.
    compatible
        Whether ossify 0.3.0 can open the file, as far as it can model the cell. Without, files are
        smaller.

    Raises
    ------
    FileExistsError
        If the file exists and `allow_overwrite` is False.
    PermissionError, ConnectionError
        If it may not be written, or the storage does not answer.
    TypeError, ValueError
        If a feature or a value in `meta` could not be read back as it is; it is named. If the cell
        has no name to make a file name of. If the target is on a web server.

    Examples
    --------
    >>> import io
    >>> cell = Cell("y").add_skeleton([[0, 0, 0], [3, 4, 0], [3, 4, 2]], [[1, 0], [2, 1]])
    >>> file = io.BytesIO()
    >>> save_cell(cell, file)
    """
    packing = Packing(compression, compression_level)
    packing.options()
    # With the folder in front, nothing in the name is taken for a home folder or a URL.
    target = Path.cwd() / file_name(cell) if file is None else file
    storage.check_free(target, allow_overwrite)
    storage.write(target, archive_of(cell, packing, compatible), allow_overwrite)


def file_name(cell: Cell) -> str:
    """The name of the file that a cell is saved to where none is given.

    Raises
    ------
    ValueError
        If the cell has no name, or none that can be a file's.
    """
    # The folder is chosen by the caller, and may be a bucket.
    return storage.file_named(cell.name, ".osy").removeprefix("./")


def archive_of(cell: Cell, packing: Packing, compatible: bool = True) -> list[Buffer]:
    """The bytes of a file, in order."""
    parts = _Parts(cell, packing, compatible)
    return packed(parts.manifest(), parts.contents)


def packed(manifest: Manifest, contents: Mapping[str, Buffer]) -> list[Buffer]:
    """The bytes of a file, in order, of an index that does not yet say where its members are."""
    # The index comes first and says where all others are, so its own size is settled first.
    room = manifest.room()
    offset = tar.BLOCK + room + len(tar.padding(room))
    start = [tar.header(layout.INDEX, room), tar.padding(room)]
    outside = [*start]
    archive: list[Buffer] = []
    placed = []
    for member in manifest.members:
        around = [tar.header(member.name, member.size), tar.padding(member.size)]
        outside += around
        placed.append(replace(member, offset=offset + len(around[0])))
        archive += [around[0], contents[member.name], around[1]]
        offset += len(around[0]) + member.size + len(around[1])
    outside.append(tar.ending(offset))
    index = replace(manifest, members=tuple(placed), outside=_piece(b"".join(outside)))
    return [start[0], index.to_json().ljust(room), start[1], *archive, outside[-1]]


def _piece(content: bytes) -> Piece:
    return Piece(len(content), xxhash.xxh3_64_hexdigest(content))


class _Parts:
    """The members of a cell, as they are made."""

    def __init__(self, cell: Cell, packing: Packing, compatible: bool) -> None:
        self.cell = cell
        self.packing = packing
        self.compatible = compatible
        self.contents: dict[str, Buffer] = {}
        self.pieces: dict[str, tuple[Piece, ...]] = {}

    def manifest(self) -> Manifest:
        """The index of everything, without the places."""
        cell = self.cell
        meta = encode_value(dict(cell.meta))
        if self.compatible:
            self.contents.update(old.cell_members(cell, self.packing))
        layers = self._layers()
        links = list(self._links())
        manifest = manifest_of(
            cell, version=layout.VERSION, writer=__version__, meta=meta, layers=layers, links=links
        )
        return replace(manifest, members=tuple(self._members()))

    def _members(self) -> Iterator[Member]:
        # What only version 3.0 knows comes last. The other members keep their order.
        for name in sorted(self.contents, key=layout.is_own):
            content = self.contents[name]
            checksum = xxhash.xxh3_64_hexdigest(content)
            yield Member(name, 0, len(content), checksum, self.pieces.get(name, ()))

    def _layers(self) -> list[LayerEntry]:
        cell = self.cell
        both = [(layer, layout.LAYERS) for layer in cell.layers]
        both += [(layer, layout.ANNOTATIONS) for layer in cell.annotations]
        entries: dict[int, LayerEntry] = {}
        # Readers of version 2.0 take a member for that of every layer with whose name its own
        # begins, and keep the last. The longer of such names come first, so the last is right.
        for place in sorted(range(len(both)), key=lambda place: both[place][0].name, reverse=True):
            entries[place] = self._layer(place, *both[place])
        return [entries[place] for place in range(len(both))]

    def _layer(self, place: int, layer: Layer, group: str) -> LayerEntry:
        parts: dict[str, str] = {}
        if self.compatible and old.can_model(layer, group):
            self.contents.update(old.layer_members(layer, group))
        features = self._vertices(place, layer, group, parts)
        if isinstance(layer, SkeletonLayer):
            self._trees(place, layer, parts)
        elif isinstance(layer, MeshLayer):
            self._rows(place, layer, layout.FACES, layer.faces_positional, parts)
        elif isinstance(layer, EdgeLayer):
            self._rows(place, layer, layout.EDGES, layer.edges_positional, parts)
        return replace(layer_entry(layer, group, features), parts=parts)

    def _vertices(
        self, place: int, layer: Layer, group: str, parts: dict[str, str]
    ) -> tuple[Feature, ...]:
        table = layer.layer
        features: list[Feature] = []
        arrays: list[pa.Array] = []
        described: dict[int, str] = {}
        for name, column in table.columns.items():
            if not isinstance(name, str):
                raise TypeError(f"layer {layer.name!r}: the feature name {name!r} is not text")
            try:
                array, holding = encode_column(column)
            except (TypeError, ValueError) as error:
                raise type(error)(
                    f"layer {layer.name!r}, feature {name!r} cannot be saved: {error}"
                ) from None
            if isinstance(column.dtype, pd.api.extensions.ExtensionDtype):
                described[len(arrays) + 3] = str(column.dtype)
            features.append(Feature(name, holding))
            arrays.append(array)
        points = [pa.array(np.ascontiguousarray(axis)) for axis in table.points.T]
        names = [*table.spatial_columns, *table.columns]
        if old.can_model(layer, group):
            member = layout.nodes(group, layer.name)
        else:
            member = layout.own_part(place, layout.VERTICES)
        content = write_table(
            names, points + arrays, described, table.ids.ids, table.index_name, self.packing
        )
        self.contents[member] = content
        self.pieces[member] = table_pieces(content, [*points, *arrays, pa.array(table.ids.ids)])
        parts[layout.VERTICES] = member
        return tuple(features)

    def _rows(self, place: int, layer: Layer, part: str, rows: Any, parts: dict[str, str]) -> None:
        name = layout.edges(layer.name) if part == layout.EDGES else layout.faces(layer.name)
        # Where ids and rows are the same, one member is both.
        if not (layer.layer.ids.is_range and name in self.contents):
            name = layout.own_part(place, part)
            self.contents[name] = write_npz({layout.DATA: rows.astype(np.int32, copy=False)})
        parts[part] = name

    def _trees(self, place: int, layer: SkeletonLayer, parts: dict[str, str]) -> None:
        tree, whole = layer._embedded, layer._whole
        if tree.cable is not None:
            # Its lengths follow the cable between the vertices, of which a file keeps nothing.
            raise TypeError(
                f"layer {layer.name!r} is a segment graph and cannot be saved with its lengths; "
                "save the skeleton that it was made of, and make it again"
            )
        parts[layout.TREE] = layout.own_part(place, layout.TREE)
        self.contents[parts[layout.TREE]] = write_npz(_tree_arrays(tree))
        if whole is tree:
            return
        arrays = {**_tree_arrays(whole), layout.IDS: whole.ids.ids, layout.POINTS: whole.points}
        if whole.given_steps is not None:
            arrays[layout.STEPS] = whole.given_steps
        parts[layout.WHOLE_TREE] = layout.own_part(place, layout.WHOLE_TREE)
        self.contents[parts[layout.WHOLE_TREE]] = write_npz(arrays)

    def _links(self) -> Iterator[LinkEntry]:
        for place, ((source, target), table) in enumerate(self.cell.linkage.tables.items()):
            member = layout.own_link(place)
            self.contents[member] = write_npz({layout.DATA: table.rows})
            yield LinkEntry(source, target, table.coverage, member)


def _tree_arrays(embedded: EmbeddedTree) -> dict[str, Any]:
    index = embedded.tree.index
    return {
        layout.PARENT: embedded.tree.parent,
        layout.ORDER: index.order,
        layout.RUN_START: index.run_start.astype(np.int32),
    }
