"""From MeshWork files to cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ossify._typing import BoolArray, FloatArray, IntArray
from ossify.cell.cell import Cell
from ossify.compartment import Compartment
from ossify.errors import MeshWorkFormatError
from ossify.io.meshwork_h5.contents import Contents, Skeleton, read_contents
from ossify.io.meshwork_h5.tables import Table, by_vertex
from ossify.io.report import ConversionReport, NotCarried
from ossify.io.storage import Location, Readable
from ossify.layers.columns import Column
from ossify.layers.mapping import aggregate
from ossify.layers.vertex_table import XYZ
from ossify.links import Link
from ossify.topology.spatial import nearest_tree
from ossify.vertex_ids import NO_VERTEX

MESHWORK = "meshwork"
"""Where a cell's `meta` keeps what a MeshWork file has besides layers and annotations."""


def import_legacy_meshwork(
    filename: Location | Readable,
    l2_skeleton: bool = True,
    as_pcg_skel: bool = False,
    *,
    strict: bool = False,
) -> tuple[Cell, BoolArray]:
    """Load a MeshWork ``.h5`` file of version 1 or 2, as MeshParty writes them.

    The cell is named after ``seg_id``, in nm. Its mesh becomes the layer ``graph`` or ``mesh``,
    linked to the ``skeleton``; vertex ids are the positions in the file. Annotation tables become
    annotations:

    - their coordinates are their own, times ``voxel_resolution`` and any scaling of the mesh, and
      where they have none those of the vertex that they are anchored to;
    - they are linked to the vertices that their index column names, or, where MeshParty finds the
      nearest vertex on loading, to that one;
    - a table with neither points nor index is reported.

    Parameters
    ----------
    filename
        A path, a ``file://`` URL, or a binary file to read from.
    l2_skeleton
        Whether the mesh is a level-2 graph: its edges are taken and its faces are not.
    as_pcg_skel
        Turn the tables that pcg_skel writes into features. ``lvl2_ids`` and ``vol_prop`` become
        features of the graph or mesh; ``compartment``, ``segment_properties`` and ``is_axon``, if
        there is a skeleton, features of it: of several mesh vertices at one skeleton vertex, whole
        numbers take the most common value and others the mean, and a vertex is axon if any is.
    strict
        Raise where something cannot be carried, instead of warning.

    Returns
    -------
    cell
        ``cell.meta`` has ``seg_id``, ``voxel_resolution``, ``version`` and, under ``"meshwork"``,
        what else the file says.
    node_mask
        (M,) booleans: the mesh vertices that were not masked when the file was written. The mask
        is not applied.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ImportError
        If h5py is missing, or for version 1 numcodecs; the extra ``legacy`` brings them.
    MeshWorkFormatError
        If it is no MeshWork file, or a damaged one. A ValueError.
    ConversionError
        If `strict` and something cannot be carried. A ValueError.

    Warns
    -----
    ConversionWarning
        Where something cannot be carried. In files of version 1 that is every column of texts and
        lists: they are pickles, which can run code when they are read.
    """
    cell, node_mask, report = read_meshwork(filename, l2_skeleton, as_pcg_skel)
    report.check(strict)
    report.warn(stacklevel=2)
    return cell, node_mask


def read_meshwork(
    filename: Location | Readable, l2_skeleton: bool = True, as_pcg_skel: bool = False
) -> tuple[Cell, BoolArray, ConversionReport]:
    """`import_legacy_meshwork` that hands over the report of what could not be carried."""
    return cell_of(read_contents(filename), l2_skeleton, as_pcg_skel)


def cell_of(
    contents: Contents, l2_skeleton: bool = True, as_pcg_skel: bool = False
) -> tuple[Cell, BoolArray, ConversionReport]:
    """The cell that the contents of a file make, otherwise as `read_meshwork`."""
    maker = _CellMaker(contents, Cell.GRAPH_LN if l2_skeleton else Cell.MESH_LN)
    try:
        maker.add_layers()
        for table in contents.tables:
            if not (as_pcg_skel and maker.take_as_features(table)):
                maker.add_annotation(table)
    except ValueError as error:
        raise MeshWorkFormatError(f"{contents.label}: {error}") from error
    report = ConversionReport.of(f"{contents.label} to a cell", maker.left)
    return maker.cell, contents.mesh.node_mask.astype(bool), report


class _CellMaker:
    """A cell in the making."""

    def __init__(self, contents: Contents, base: str) -> None:
        self.contents = contents
        self.base = base
        self.n_base = len(contents.mesh.vertices)
        self.left: list[NotCarried] = []
        self.cell = Cell(contents.attributes["seg_id"], _meta(contents))

    def add_layers(self) -> None:
        """The graph or mesh, and the skeleton that it maps to."""
        mesh = self.contents.mesh
        skeleton = self.contents.skeleton
        if self.base == Cell.GRAPH_LN:
            edges = _without_repeats(mesh.link_edges)
            self.cell.add_graph(mesh.vertices, edges, edges_as_positional=True)
        else:
            self.cell.add_mesh(mesh.vertices, mesh.faces, faces_as_positional=True)
        if skeleton is not None:
            self._add_skeleton(skeleton)

    def _add_skeleton(self, skeleton: Skeleton) -> None:
        self.cell.add_skeleton(
            skeleton.vertices,
            skeleton.edges,
            root=skeleton.root,
            edges_as_positional=True,
            root_as_positional=True,
            features=None if skeleton.radius is None else {"radius": skeleton.radius},
            linkage=Link(
                skeleton.of_mesh,
                source=self.base,
                target=Cell.SKEL_LN,
                map_value_is_index=False,
            ),
        )

    # Annotations

    def add_annotation(self, table: Table) -> None:
        """A table as points, linked where it is anchored."""
        self._leave_pickled(table)
        points = self._own_points(table)
        anchors = table.index(self.n_base)
        if anchors is None and points is not None and table.anchor_to_mesh:
            anchors = self._nearest(points, table.max_distance)
        if anchors is None and points is None:
            self._leave("annotation", table.name, table.n_rows, "it has neither points nor index")
            return
        points = self._placed(points, anchors, table.n_rows)
        placed = ~np.isnan(points).any(axis=1)
        if not placed.all():
            count = int((~placed).sum())
            self._leave("rows", table.name, count, "they have no point and are anchored to nothing")
        frame = pd.DataFrame(dict(table.other_columns()), index=range(table.n_rows))
        spatial = _free_names(list(frame.columns))
        for name, values in zip(spatial, points.T, strict=True):
            frame[name] = values
        kept = frame[placed].reset_index(drop=True)
        link = None if anchors is None else _link(anchors[placed], self.base)
        self.cell.add_point_annotations(
            self._free_annotation_name(table.name), kept, spatial, linkage=link
        )

    def _own_points(self, table: Table) -> FloatArray | None:
        """(A, 3) the table's own coordinates in nm."""
        voxels = table.voxels()
        if voxels is None:
            return None
        resolution = self.contents.resolution
        if resolution is None:
            reason = "they are in voxels, and the file has no voxel_resolution"
            self._leave("coordinates", table.name, table.n_rows, reason)
            return None
        return voxels * resolution * self.contents.mesh.scaling

    def _nearest(self, points: FloatArray, limit: float) -> IntArray:
        """(A,) the nearest mesh vertex within a distance, -1 for none."""
        anchors = np.full(len(points), NO_VERTEX)
        there = np.flatnonzero(~np.isnan(points).any(axis=1))
        if len(there) and self.n_base:
            tree = nearest_tree(self.contents.mesh.vertices)
            distance, nearest = tree.query(points[there])
            anchors[there] = np.where(distance <= limit, nearest, NO_VERTEX)
        return anchors

    def _placed(
        self, points: FloatArray | None, anchors: IntArray | None, n_rows: int
    ) -> FloatArray:
        """(A, 3) own points, else those of the anchors, else NaN."""
        placed = np.full((n_rows, 3), np.nan) if points is None else points.copy()
        if anchors is not None:
            bare = np.isnan(placed).any(axis=1) & (anchors != NO_VERTEX)
            placed[bare] = self.contents.mesh.vertices[anchors[bare]]
        return placed

    def _free_annotation_name(self, name: str) -> str:
        taken = {*(layer.name for layer in self.cell.layers), Cell.SKEL_LN}
        taken |= {Cell.GRAPH_LN, Cell.MESH_LN, *self.cell.annotations.names}
        while name in taken:
            name += "_annotation"
        return name

    # Tables of pcg_skel

    def take_as_features(self, table: Table) -> bool:
        """Whether the table is one of pcg_skel's, and has become features."""
        places = table.index(self.n_base)
        if places is None:
            return False
        if table.name in ("lvl2_ids", "vol_prop"):
            return self._features_of_base(table, places)
        skeleton = self.contents.skeleton
        if skeleton is None:
            return False
        if table.name == "is_axon":
            self._mark_on_skeleton(table.name, skeleton, places)
            return True
        if table.name in ("compartment", "segment_properties"):
            self._features_of_skeleton(table, skeleton, places)
            return True
        return False

    def _features_of_base(self, table: Table, places: IntArray) -> bool:
        present = places[places != NO_VERTEX]
        if len(np.unique(present)) < len(present):
            # Several rows for a vertex are no feature; as an annotation they are all kept.
            return False
        self._leave_pickled(table)
        for name, column in table.other_columns().items():
            self._add_feature(self.base, name, by_vertex(column, places, self.n_base))
        return True

    def _mark_on_skeleton(self, name: str, skeleton: Skeleton, places: IntArray) -> None:
        marked = np.zeros(len(skeleton.vertices), dtype=bool)
        rows = skeleton.of_mesh[places[places != NO_VERTEX]]
        marked[rows[rows != NO_VERTEX]] = True
        self._add_feature(Cell.SKEL_LN, name, marked)

    def _features_of_skeleton(self, table: Table, skeleton: Skeleton, places: IntArray) -> None:
        self._leave_pickled(table)
        count = len(skeleton.vertices)
        rows = np.where(places == NO_VERTEX, NO_VERTEX, skeleton.of_mesh[places])
        there = rows != NO_VERTEX
        for name, column in table.other_columns().items():
            series = pd.Series(column)
            if not pd.api.types.is_numeric_dtype(series.dtype):
                self._leave("feature", name, count, f"{series.dtype} has no mean")
                continue
            is_whole = pd.api.types.is_integer_dtype(series.dtype)
            here = np.flatnonzero(there & ~series.isna().to_numpy())
            given = series.array[here].to_numpy(np.int64 if is_whole else np.float64)
            how = "majority" if is_whole else "mean"
            values = aggregate(given, np.arange(len(here)), rows[here], count, how)
            if name == "compartment" and is_whole:
                values = _filled(values, int(Compartment.UNDEFINED))
            self._add_feature(Cell.SKEL_LN, name, values)

    def _add_feature(self, layer: str, name: str, values: Column) -> None:
        target = self.cell.layers[layer]
        if name in [*target.feature_names, *XYZ]:
            self._leave("feature", name, len(target), f"{layer} has another of that name")
        else:
            target.add_feature(values, name)

    def _leave_pickled(self, table: Table) -> None:
        for name in table.pickled:
            reason = (
                "it is stored as a pickle, which can run code when read; write the file anew "
                "with MeshParty as version 2"
            )
            self._leave("column", f"{table.name}/{name}", table.n_rows, reason)

    def _leave(self, kind: str, name: str, count: int, reason: str) -> None:
        self.left.append(NotCarried(kind, name, count, reason))


def _meta(contents: Contents) -> dict[str, Any]:
    skeleton = contents.skeleton
    further: dict[str, Any] = {}
    if contents.mesh.mesh_mask is not None:
        further["mesh_mask"] = contents.mesh.mesh_mask
    if skeleton is not None:
        if skeleton.mesh_index is not None:
            further["skeleton_mesh_index"] = skeleton.mesh_index
        further["skeleton_meta"] = skeleton.meta
    further["annotations"] = {
        table.name: {"anchor_to_mesh": table.anchor_to_mesh, "max_distance": table.max_distance}
        for table in contents.tables
    }
    return {**contents.attributes, MESHWORK: further}


def _link(anchors: IntArray, base: str) -> Link:
    return Link(anchors, target=base, map_value_is_index=False)


def _without_repeats(edges: IntArray) -> IntArray:
    """The edges between different vertices, each once, in their order."""
    ends = np.sort(edges, axis=1)
    _, first = np.unique(ends, axis=0, return_index=True)
    kept = np.sort(first)
    simple: IntArray = edges[kept][ends[kept, 0] != ends[kept, 1]]
    return simple


def _filled(values: Column, missing: int) -> IntArray:
    filled: IntArray = pd.Series(values).astype("Int64").fillna(missing).to_numpy(np.int64)
    return filled


def _free_names(columns: Sequence[str]) -> list[str]:
    """x, y, z; with a prefix where the table has such columns of its own."""
    prefix = ""
    while any(f"{prefix}{axis}" in columns for axis in XYZ):
        prefix = f"pt_{prefix}"
    return [f"{prefix}{axis}" for axis in XYZ]
