"""Files of versions 1.0 and 2.0, as cells.

These files have no index: members are found by their exact names, and how many vertices there are
is only known once a table is read. Ids stand where version 3.0 has rows.
"""

from __future__ import annotations

import json
import tarfile
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from ossify._frozen import freeze
from ossify._typing import AnyArray, BoolArray, IntArray
from ossify.cell.cell import Cell
from ossify.errors import OsyFormatError
from ossify.io.osy import layout, tar
from ossify.io.osy.arrays import read_npz
from ossify.io.osy.manifest import check_version, format_error
from ossify.io.osy.pandas_notes import NotedTable
from ossify.layers.base import Layer
from ossify.layers.geometry import EmbeddedTree
from ossify.layers.graph import GraphLayer
from ossify.layers.mesh import MeshLayer
from ossify.layers.points import PointCloudLayer
from ossify.layers.skeleton import SkeletonLayer
from ossify.layers.vertex_table import XYZ, VertexTable, as_points
from ossify.links import Linkage, LinkTable
from ossify.topology.rooted_tree import RootedTree
from ossify.units import DEFAULT_UNITS
from ossify.vertex_ids import NO_VERTEX, VertexIds, as_id, as_ids

Made = TypeVar("Made")

_REMEDY = "get the file anew, or save the cell again with the ossify that made it"
# A list of edges is seldom longer than this many per vertex; a mesh has about two faces for each.
_TUPLES_PER_VERTEX = 64


def load_old(archive: bytes, label: str) -> tuple[Cell, tuple[int, int]]:
    """The cell of a file of version 1.0 or 2.0, and the version.

    Raises
    ------
    OsyFormatError
        With everything that is wrong with the file.
    """
    try:
        members = tar.members(archive)
    except (tarfile.TarError, ValueError, OverflowError) as error:
        raise OsyFormatError(f"{label} is cut off or damaged ({error}); {_REMEDY}") from None
    names = Counter(member.name for member in members)
    if repeated := [name for name, count in names.items() if count > 1]:
        # Readers do not agree on which of them counts.
        raise OsyFormatError(f"{label} has members of the same name: {repeated!r:.200}; {_REMEDY}")
    contents = {m.name: archive[m.offset : m.offset + m.size] for m in members}
    if layout.METADATA not in contents:
        raise OsyFormatError(
            f"{label} is no .osy file: it has no member {layout.METADATA!r}"
            + (f"; the first is {members[0].name!r}" if members else " and is empty")
        )
    return _OldArchive(contents, label).cell()


class _OldArchive:
    """The members of an old file, taken up one by one."""

    def __init__(self, contents: Mapping[str, bytes], label: str) -> None:
        self.contents = contents
        self.label = label
        self.problems: list[str] = []

    def cell(self) -> tuple[Cell, tuple[int, int]]:
        """The cell and the version, or one error for all that is wrong."""
        metadata = self._try(lambda: self._json(layout.METADATA)) or {}
        version = self._version(metadata)
        name = metadata.get("name")
        if not isinstance(name, (str, int, type(None))) or isinstance(name, bool):
            self.problems.append(f"{layout.METADATA}: name is {name!r}")
        meta, structure = self._object(metadata, "meta"), self._object(metadata, "structure")
        layers = self._group(structure, layout.LAYERS)
        annotations = self._group(structure, layout.ANNOTATIONS)
        if repeated := set(layers) & set(annotations):
            self.problems.append(f"{sorted(repeated)} are layers and annotations at once")
        linkage = self._linkage(metadata.get("linkage"), {**layers, **annotations})
        if self.problems:
            raise format_error(self.label, [f"{text}; {_REMEDY}" for text in self.problems])
        points = [layer for layer in annotations.values() if isinstance(layer, PointCloudLayer)]
        cell = self._try(
            lambda: Cell.from_parts(
                name,
                meta,
                layers.values(),
                points,
                linkage,
                units=DEFAULT_UNITS,
                space=None,
                left_out={},
            )
        )
        if cell is None:
            raise format_error(self.label, self.problems)
        return cell, version

    # What the file is made of

    def _try(self, make: Callable[[], Made]) -> Made | None:
        try:
            return make()
        except (TypeError, ValueError, OverflowError) as error:
            # A TypeError says that JSON has a value of another type than it should.
            self.problems.append(str(error))
            return None

    def _content(self, name: str) -> bytes:
        if name not in self.contents:
            raise ValueError(f"member {name!r} is missing")
        return self.contents[name]

    def _json(self, name: str) -> dict[str, Any]:
        text = self._content(name)
        try:
            content = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"member {name!r} is no JSON ({error})") from None
        if not isinstance(content, dict):
            raise ValueError(f"member {name!r} is no JSON object")
        return content

    def _arrays(self, name: str, most_bytes: int) -> dict[str, AnyArray]:
        content = self._content(name)
        try:
            return read_npz(content, most_bytes)
        except ValueError as error:
            raise ValueError(f"member {name!r}: {error}") from None

    def _frame(self, name: str) -> NotedTable:
        content = self._content(name)
        try:
            return NotedTable.read(content)
        except ValueError as error:
            raise ValueError(f"member {name!r}: {error}") from None

    # What the metadata says

    def _version(self, metadata: dict[str, Any]) -> tuple[int, int]:
        stated = metadata.get("file_version", 1.0)
        if isinstance(stated, bool) or not isinstance(stated, (int, float)) or not stated >= 1:
            self.problems.append(f"{layout.METADATA}: file_version is {stated!r}")
            return (1, 0)
        major, _, minor = str(float(min(stated, 1e9))).partition(".")
        version = (int(major), int(minor))
        check_version(version, self.label)
        if version[0] == layout.VERSION[0]:
            raise OsyFormatError(
                f"{self.label} is written in .osy format {layout.version_text(version)} but does "
                f"not start with its {layout.INDEX}: it was packed anew; {_REMEDY}"
            )
        return version

    def _object(self, content: dict[str, Any], key: str) -> dict[str, Any]:
        value = content.get(key, {} if key in _GROUPS else None)
        if isinstance(value, dict):
            return value
        self.problems.append(f"{layout.METADATA}: {key} is {value!r:.80}, no object")
        return {}

    def _group(self, structure: dict[str, Any], group: str) -> dict[str, Layer]:
        made: dict[str, Layer] = {}
        for name, entry in self._object(structure, group).items():
            kind = entry.get("type") if isinstance(entry, dict) else entry
            if kind not in _TYPES:
                self.problems.append(f"{group} {name!r} is of the type {kind!r}, which is unknown")
                continue
            if group == layout.ANNOTATIONS and kind != "points":
                self.problems.append(f"annotation {name!r} is a {kind}; annotations are points")
                continue
            layer = self._layer(group, name, kind)
            if layer is not None:
                made[name] = layer
        return made

    # Layers

    def _layer(self, group: str, name: str, kind: str) -> Layer | None:
        # One after another, so that everything that is missing is named at once.
        meta = self._try(lambda: self._json(layout.layer_meta(group, name)))
        table = self._try(lambda: self._table(group, name, meta or {}))
        count = 0 if table is None else len(table)
        if kind == "skeleton":
            edges = self._try(lambda: self._tuples(layout.edges(name), 2, count))
            base = self._try(lambda: self._json(layout.base_properties(name)))
            if meta is None or table is None or edges is None or base is None:
                return None
            return self._try(lambda: self._skeleton(name, table, edges, meta, base))
        if kind in ("graph", "mesh"):
            member = layout.edges(name) if kind == "graph" else layout.faces(name)
            width = 2 if kind == "graph" else 3
            tuples = self._try(lambda: self._tuples(member, width, count))
            if table is None or tuples is None:
                return None
            rows = self._try(lambda: _rows(tuples, table.ids, member))
            if rows is None:
                return None
            make = GraphLayer.from_parts if kind == "graph" else MeshLayer.from_parts
            return self._try(lambda: make(name, table, rows, DEFAULT_UNITS, None))
        if table is None:
            return None
        return PointCloudLayer.from_parts(name, table, DEFAULT_UNITS, None)

    def _table(self, group: str, name: str, meta: dict[str, Any]) -> VertexTable:
        member = layout.nodes(group, name)
        frame = self._frame(member)
        spatial = meta.get("spatial_columns", list(XYZ))
        known = isinstance(spatial, list) and all(axis in frame.names for axis in spatial)
        if not known or len(set(spatial)) != len(spatial) or len(spatial) != 3:
            raise ValueError(
                f"member {member!r}: the coordinates {spatial!r:.80} are not three of {frame.names}"
            )
        try:
            return _vertex_table(name, frame, spatial)
        except ValueError as error:
            raise ValueError(f"member {member!r}: {error}") from None

    def _tuples(self, member: str, width: int, n_vertices: int) -> IntArray:
        most = 8 * width * _TUPLES_PER_VERTEX * (n_vertices + 1)
        data = self._arrays(member, most).get(layout.DATA)
        if data is None:
            raise ValueError(f"member {member!r} has no array {layout.DATA!r}")
        # Old files have a (0, 1) array of floats where there are no edges.
        if data.size == 0:
            return np.empty((0, width), np.int64)
        if data.ndim != 2 or data.shape[1] != width:
            raise ValueError(f"member {member!r} has the shape {data.shape}, not (n, {width})")
        return as_ids(data, f"member {member!r}").reshape(-1, width)

    def _skeleton(
        self,
        name: str,
        table: VertexTable,
        edges: IntArray,
        meta: dict[str, Any],
        base: dict[str, Any],
    ) -> SkeletonLayer:
        rows = _rows(edges, table.ids, layout.edges(name))
        stated = meta.get("root")
        root = None
        if stated is not None:
            what = f"member {layout.layer_meta(layout.LAYERS, name)!r}: root"
            root = int(table.ids.rows([as_id(stated, what)], what)[0])
        tree = RootedTree.from_edges(len(table), rows, root, ids=table.ids.ids)
        embedded = EmbeddedTree(table.ids, table.points, tree, root)
        whole = self._whole_tree(name, embedded, base)
        if whole is None:
            if root is None and len(tree.roots) == 1:
                embedded = EmbeddedTree(table.ids, table.points, tree, int(tree.roots[0]))
            whole = embedded
        return SkeletonLayer.from_parts(name, table, embedded, whole, DEFAULT_UNITS, None)

    def _whole_tree(
        self, name: str, kept: EmbeddedTree, base: dict[str, Any]
    ) -> EmbeddedTree | None:
        """The tree before a mask; None if none was applied."""
        member = layout.base_properties(name)
        try:
            ids = VertexIds(base["base_vertex_index"], f"{name}: base_vertex_index")
            tree = RootedTree.from_parents(np.array(base["base_parent_array"], dtype=np.int64))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"member {member!r}: {error!r}") from None
        if tree.n_vertices != len(ids):
            raise ValueError(f"member {member!r}: {len(ids):,} ids, {tree.n_vertices:,} parents")
        rows = ids.find(kept.ids.ids)
        if (rows == NO_VERTEX).any():
            raise ValueError(f"member {member!r} lacks vertices that the skeleton has")
        if len(rows) == len(ids) and _same_edges(kept.tree, tree, rows):
            return None
        points = np.full((len(ids), 3), np.nan)
        root = _base_root(ids, base, points)
        points[rows] = kept.points
        if np.isfinite(points).all():
            return EmbeddedTree(ids, freeze(points), tree, root)
        # The coordinates of what was masked out are lost; the lengths of its edges are not.
        steps = self._base_steps(name, tree)
        return EmbeddedTree(ids, freeze(points), tree, root, freeze(steps))

    def _base_steps(self, name: str, tree: RootedTree) -> AnyArray:
        member = layout.base_lengths(name)
        arrays = self._arrays(member, 32 * (tree.n_vertices + 4))
        try:
            starts, parents, lengths = (arrays[key] for key in ("indptr", "indices", "data"))
            child = np.repeat(np.arange(tree.n_vertices), np.diff(starts))
            steps = np.zeros(tree.n_vertices)
            steps[child] = lengths
            fits = np.array_equal(tree.parent[child], parents) and (tree.parent >= 0).sum() == len(
                child
            )
        except (KeyError, ValueError, IndexError, TypeError) as error:
            raise ValueError(f"member {member!r}: {error!r}") from None
        if not fits or not (steps >= 0).all():
            raise ValueError(f"member {member!r} does not fit the parents in base_parent_array")
        return steps

    # Links

    def _linkage(self, pairs: Any, layers: Mapping[str, Layer]) -> Linkage:
        if not isinstance(pairs, list):
            self.problems.append(f"{layout.METADATA}: linkage is {pairs!r:.80}")
            return Linkage()
        tables: dict[tuple[str, str], LinkTable] = {}
        for pair in pairs:
            if not isinstance(pair, list) or list(map(type, pair)) != [str, str]:
                self.problems.append(
                    f"{layout.METADATA}: linkage has {pair!r:.80}, which is no pair"
                )
            elif unknown := [name for name in pair if name not in layers]:
                # A layer that could not be read is a problem already.
                if not self.problems:
                    self.problems.append(f"linkage {pair} names {unknown}, which are no layers")
            else:
                self._try(lambda pair=pair: tables.update([self._link(pair, layers)]))  # type: ignore[misc]
        return Linkage(tables)

    def _link(
        self, pair: list[str], layers: Mapping[str, Layer]
    ) -> tuple[tuple[str, str], LinkTable]:
        member = layout.linkage(*pair)
        frame = self._frame(member)
        # In the order of the columns, which is source and target as the link was made.
        names = [name for name in frame.names if name in pair]
        if sorted(names) != sorted(pair):
            raise ValueError(f"member {member!r} has the columns {frame.names}, not {pair}")
        try:
            ids = {name: as_ids(frame.numbers(frame.names.index(name)), name) for name in names}
        except ValueError as error:
            raise ValueError(f"member {member!r}: {error}") from None
        ways = (names, names[::-1])
        for source, target in ways:
            rows = layers[source].layer.ids.find(ids[source])
            if len(rows) == len(layers[source]) and _is_permutation(rows):
                return (source, target), _link_table(
                    member, rows, ids[target], layers[target].layer.ids
                )
        for source, target in ways:
            # Releases before 0.3.0 wrote the links of a masked cell as they were before the mask.
            rows = layers[source].layer.ids.find(ids[source])
            kept = rows >= 0
            if len(np.unique(ids[source])) == len(rows) and kept.sum() == len(layers[source]):
                return (source, target), _link_table(
                    member, rows[kept], ids[target][kept], layers[target].layer.ids
                )
        first, second = (f"{name!r} ({len(layers[name]):,} vertices)" for name in names)
        raise ValueError(
            f"member {member!r}: neither {first} nor {second} has one of the "
            f"{frame.table.num_rows:,} rows for each of its vertices"
        )


_GROUPS = (layout.LAYERS, layout.ANNOTATIONS)
_TYPES = ("skeleton", "graph", "mesh", "points")


def _vertex_table(name: str, frame: NotedTable, spatial: list[str]) -> VertexTable:
    names, index_place = frame.names, frame.index_place
    ids = (
        frame.range_ids()
        if index_place is None
        else VertexIds(frame.numbers(index_place), f"{name}: vertex ids")
    )
    places = [names.index(axis) for axis in spatial]
    points = np.stack([frame.numbers(place) for place in places]).T
    features = {
        column: frame.feature(place)
        for place, column in enumerate(names)
        if column not in spatial and place != index_place
    }
    axes = spatial[0], spatial[1], spatial[2]
    return VertexTable(ids, as_points(points, name), features, axes, frame.index_name)


def _rows(ids: IntArray, known: VertexIds, member: str) -> IntArray:
    rows = known.find(ids.reshape(-1)).reshape(ids.shape)
    missing = ids[rows == NO_VERTEX]
    if len(missing):
        raise ValueError(
            f"member {member!r}: {len(missing):,} of its ids are no vertices, the first is "
            f"{missing[0]}"
        )
    return rows.astype(np.int32)


def _same_edges(kept: RootedTree, whole: RootedTree, rows: IntArray) -> bool:
    parent = kept.parent
    expected = np.where(parent < 0, NO_VERTEX, rows[parent]) if len(rows) else parent
    return np.array_equal(whole.parent[rows], expected)


def _base_root(ids: VertexIds, base: dict[str, Any], points: AnyArray) -> int | None:
    """The row of the root before the mask; its location is put among the points."""
    if base.get("base_root") is None:
        return None
    root = int(ids.rows([as_id(base["base_root"])], "base_root")[0])
    location = base.get("base_root_location")
    if isinstance(location, list) and len(location) == 3:
        points[root] = pd.to_numeric(pd.Series(location, dtype=object), errors="coerce")
    return root


def _is_permutation(rows: IntArray) -> BoolArray | bool:
    return bool((rows >= 0).all()) and len(np.unique(rows)) == len(rows)


def _link_table(member: str, rows: IntArray, targets: IntArray, known: VertexIds) -> LinkTable:
    target_rows = np.empty(len(rows), np.int32)
    target_rows[rows] = _rows(targets, known, member)
    return LinkTable(target_rows, len(known))
