"""The skeleton of a cell: a rooted tree in space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from ossify._typing import IntArray
from ossify.errors import UnknownVertexError
from ossify.layers import intake
from ossify.layers.geometry import EmbeddedTree
from ossify.layers.mapping import Aggregation
from ossify.layers.resampling import resampled_parts
from ossify.layers.rooted import Rooted
from ossify.layers.segment_graph import OfSegments
from ossify.layers.segment_nodes import SegmentNodes
from ossify.layers.vertex_table import VertexTable
from ossify.topology import segments, sparse_graph
from ossify.topology.pieces import piece_of, pieces
from ossify.topology.ragged import Ragged
from ossify.topology.respacing import respaced
from ossify.topology.rooted_tree import RootedTree
from ossify.units import DEFAULT_UNITS
from ossify.vertex_ids import NO_VERTEX, as_id

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class SkeletonLayer(Rooted):
    """A skeleton: every vertex has at most one parent, and paths lead to a root.

    A masked skeleton remembers the whole tree: `distance_to_root` and `hops_to_root` are measured
    on it, also where the mask has cut the path.

    Parameters
    ----------
    name
        The name of the layer; in a cell it is ``"skeleton"``.
    vertices
        (V, 3) coordinates, or a DataFrame with the coordinates among its columns.
    edges
        (E, 2) vertex ids [child, parent]; rows if `vertex_index` is an array. The tree of a stated
        root may have its edges either way round and is oriented.
    spatial_columns
        Three column names, or the prefix p of p_x, p_y, p_z. None: x, y, z, or the only three.
    root
        Vertex id of the root. None: the only vertex without a parent; if there are several, there
        are several roots and none is stated.
    vertex_index
        (V,) vertex ids, or the name of the column that holds them.
    edges_as_positional, root_as_positional
        Say outright whether `edges` and `root` are rows (True) or vertex ids (False).
    features
        Name → (V,) values, or name → column of `vertices`; or a DataFrame.
    units, space
        What the coordinates are in.

    Raises
    ------
    TopologyError
        If the edges make no forest, or name vertices that are not there. A ValueError.

    Examples
    --------
    >>> skeleton = SkeletonLayer("skeleton", [[0, 0, 0], [3, 4, 0], [3, 4, 2]], [[1, 0], [2, 1]])
    >>> skeleton.root, skeleton.cable_length(), skeleton.distance_to_root(2)
    (0, 7.0, 7.0)
    """

    layer_type: ClassVar[str] = "skeleton"

    def __init__(
        self,
        name: str,
        vertices: Any,
        edges: Any = None,
        spatial_columns: str | Sequence[str] | None = None,
        root: Any = None,
        *,
        vertex_index: Any = None,
        edges_as_positional: bool | None = None,
        root_as_positional: bool = False,
        features: Mapping[str, Any] | pd.DataFrame | None = None,
        units: str | None = DEFAULT_UNITS,
        space: str | None = None,
    ) -> None:
        table = intake.vertex_table(name, vertices, spatial_columns, vertex_index, features)
        rows = intake.edges_as_rows(name, edges, table.ids, edges_as_positional, vertex_index)
        root_row = _root_row(name, root, table, root_as_positional)
        tree = RootedTree.from_edges(len(table), rows, root_row, ids=table.ids.ids)
        if root_row is None and len(tree.roots) == 1:
            root_row = int(tree.roots[0])
        embedded = EmbeddedTree(table.ids, table.points, tree, root_row)
        self._build(name, table, embedded, embedded, units, space)

    @classmethod
    def from_parts(
        cls,
        name: str,
        table: VertexTable,
        tree: EmbeddedTree,
        whole: EmbeddedTree,
        units: str | None,
        space: str | None,
    ) -> SkeletonLayer:
        """A skeleton of finished parts; `whole` is `tree` unless a mask lies between them."""
        made = cls.__new__(cls)
        made._build(name, table, tree, whole, units, space)
        return made

    # Paths and segments

    @property
    def cover_paths(self) -> list[IntArray]:
        """Vertex ids of paths that cover the skeleton, one per end point, the farthest first.

        Each runs from its tip towards the root and stops before a vertex of an earlier path, so
        that every vertex is in exactly one.
        """
        return self._split(self._cover_paths())

    @property
    def cover_paths_positional(self) -> list[IntArray]:
        """`cover_paths` as rows."""
        return self._split(self._cover_paths(), as_positional=True)

    def cover_paths_specific(self, sources: Any, as_positional: bool = False) -> list[IntArray]:
        """Paths towards the root from chosen vertices, the farthest first.

        Each stops before a vertex of an earlier path.

        Parameters
        ----------
        sources
            Vertex ids, or one boolean per vertex.
        as_positional
            Whether numbers mean rows instead of ids, in the answer too.

        Returns
        -------
        list of (k,) int64 arrays
            One for each source; empty where an earlier path has passed the source.
        """
        rows = self._rows(sources, as_positional)
        return self._split(self._cover_paths(rows), as_positional)

    def _cover_paths(self, starts: IntArray | None = None) -> Ragged:
        """Farthest means from the root before any mask, where the file has kept what that takes."""
        from_root = self.distance_to_root()
        if np.isnan(from_root).any():
            from_root = self._embedded.from_root
        return segments.cover_paths(self.tree, from_root, starts)

    @property
    def segments(self) -> list[IntArray]:
        """Vertex ids of the unbranched runs, each from its far end towards the root.

        A branch point is the first of the segment on its root side. Segments partition the
        vertices.
        """
        return self._split(segments.segments(self.tree))

    @property
    def segments_positional(self) -> list[IntArray]:
        """`segments` as rows."""
        return self._split(segments.segments(self.tree), as_positional=True)

    @property
    def segments_plus(self) -> list[IntArray]:
        """`segments`, each with the vertex that it hangs on at the end."""
        return self._split(segments.segments_plus(self.tree))

    @property
    def segments_plus_positional(self) -> list[IntArray]:
        """`segments_plus` as rows."""
        return self._split(segments.segments_plus(self.tree), as_positional=True)

    @property
    def segment_map(self) -> IntArray:
        """(V,) number of the segment, in `segments`, that each vertex is in."""
        return segments.segment_of(self.tree)

    def expand_to_segment(self, vertices: Any, as_positional: bool = False) -> list[IntArray]:
        """The whole segment that each vertex is in.

        Parameters
        ----------
        vertices
            Vertex ids, or one boolean per vertex.
        as_positional
            Whether numbers mean rows instead of ids, in the answer too.

        Returns
        -------
        list of (k,) int64 arrays
            One for each of the vertices, from the far end of its segment towards the root.
        """
        numbers = self.segment_map[self._rows(vertices, as_positional)]
        expanded = segments.segments(self.tree).take(numbers)
        return self._split(expanded, as_positional)

    def segments_capped(
        self, max_length: float, positional: bool = True
    ) -> tuple[list[IntArray], IntArray]:
        """`segments`, of which those that are too long are cut into pieces of equal length.

        The length of a piece is the path length between its two ends. Edges are not divided: a
        piece between two long ones may be a single vertex.

        Parameters
        ----------
        max_length
            The greatest length, in the units of the skeleton.
        positional
            Whether the pieces are rows; otherwise vertex ids.

        Returns
        -------
        pieces : list of (k,) int64 arrays
            In the order of `segments`, each from its far end towards the root.
        piece_map : (V,) int64 array
            Number of the piece that each vertex is in.

        Raises
        ------
        TopologyError
            If `max_length` is not positive. A ValueError.

        Examples
        --------
        >>> chain = SkeletonLayer("chain", [[x, 0, 0] for x in range(4)], [[1, 0], [2, 1], [3, 2]])
        >>> [piece.tolist() for piece in chain.segments_capped(2)[0]]
        [[3, 2], [1, 0]]
        """
        cut = pieces(self.tree, self._embedded.from_root, max_length)
        return self._split(cut, positional), piece_of(cut)

    # Skeletons and matrices made from this one

    def cut_graph(
        self,
        vertices: Any,
        directed: bool = True,
        euclidean_weight: bool = True,
        as_positional: bool = False,
    ) -> csr_matrix:
        """The matrix of the edges, without those from some vertices to their parents.

        Parameters
        ----------
        vertices
            Vertex ids, or one boolean per vertex. Nothing is above a root.
        directed
            Whether edges lead from child to parent only; otherwise both ways.
        euclidean_weight
            Whether entries are float64 lengths; otherwise int8 ones.
        as_positional
            Whether numbers mean rows instead of ids.

        Returns
        -------
        (V, V) csr_matrix
            Edges of length 0 are stored as such.
        """
        is_cut = self._keep(vertices, as_positional)
        edges, lengths = self._graph.edges, self._graph.lengths
        stays = ~is_cut[edges[:, 0]]
        if euclidean_weight:
            return sparse_graph.adjacency(
                self.n_vertices, edges[stays], lengths[stays], directed=directed
            )
        return sparse_graph.binary_adjacency(self.n_vertices, edges[stays], directed=directed)

    def resample(
        self, spacing: float, skip_root_adjacent: bool = False, feature_agg: Aggregation = "nearest"
    ) -> SkeletonLayer:
        """The skeleton with its vertices spread evenly along the cable.

        Roots, branch points and end points stay and keep their ids. Between them, a stretch of
        length L is divided into ``round(L / spacing)`` equal steps, at least one; the new
        vertices lie on the old edges and have ids that count on from the greatest.

        Parameters
        ----------
        spacing
            The distance that steps come close to, in the units of the skeleton.
        skip_root_adjacent
            Whether the stretches that begin at a root keep the vertices that they have.
        feature_agg
            Where features come from. "nearest": from the old vertex nearest along the edge.
            Otherwise an aggregation as in `map_features_to_layer`, over the old vertices of which
            this is the nearest new one on the stretch; if there is none, "nearest". A dict names
            one for each feature, with "nearest" for those it leaves out.

        Returns
        -------
        SkeletonLayer
            On its own, with the same root. Parents come before their children. Its lengths are
            straight between the new vertices, so that the cable gets shorter where it bends.

        Raises
        ------
        TopologyError
            If `spacing` is not a positive number. A ValueError.

        Examples
        --------
        >>> skeleton = SkeletonLayer("skeleton", [[0, 0, 0], [1000, 0, 0]], [[1, 0]])
        >>> skeleton.resample(250).vertices[:, 0].tolist()
        [0.0, 250.0, 500.0, 750.0, 1000.0]
        """
        new = respaced(
            self.tree, self._embedded.from_root, spacing, skip_root_adjacent=skip_root_adjacent
        )
        table, tree = resampled_parts(self._table, self._embedded, new, feature_agg)
        return SkeletonLayer.from_parts(self.name, table, tree, tree, self.units, self.space)

    def segment_graph(
        self,
        max_length: float | None = None,
        features: str | Sequence[str] | None = None,
        agg: Aggregation = "mean",
        include_length: bool = True,
    ) -> SegmentGraph:
        """The skeleton with one node for each segment.

        A node lies at the far end of its segment: there is one for every branch point and end
        point, and one for every root.

        Parameters
        ----------
        max_length
            Cut segments that are longer, as `segments_capped` does.
        features
            Names of features to bring along.
        agg
            How: "distal" or "proximal" for the value at one end of the segment, or an aggregation
            as in `map_features_to_layer`. A dict names one for each feature, with "mean" for
            those it leaves out.
        include_length
            Whether to add a feature ``"length"``: the summed `half_edge_length` of the vertices.

        Returns
        -------
        SegmentGraph

        Raises
        ------
        UnknownFeatureError
            If there is no feature of a name. A KeyError.
        ValueError
            If `max_length` is not positive, or "length" is asked for twice.

        Examples
        --------
        >>> chain = SkeletonLayer("chain", [[x, 0, 0] for x in range(4)], [[1, 0], [2, 1], [3, 2]])
        >>> graph = chain.segment_graph()
        >>> [rows.tolist() for rows in graph.node_source_vertices], graph.cable_length()
        ([[3, 2, 1], [0]], 3.0)
        """
        nodes = SegmentNodes.of_tree(self._embedded, max_length)
        embedded = nodes.embedded(self._embedded)
        names = [features] if isinstance(features, str) else list(features or ())
        table = VertexTable(
            embedded.ids, embedded.points, spatial_columns=self._table.spatial_columns
        )
        columns = nodes.columns(self._table, names, agg, f"layer {self.name!r}")
        if include_length:
            table = table.with_columns(
                {"length": nodes.aggregated(np.ones(len(self)), "sum", "length")}
            )
        made = SegmentGraph.__new__(SegmentGraph)
        made._build(
            self.name, table.with_columns(columns), embedded, embedded, self.units, self.space
        )
        made._nodes, made._source = nodes, self
        return made


class SegmentGraph(OfSegments, SkeletonLayer):
    """A skeleton whose vertices are the segments of another, made by `segment_graph`.

    Vertex ids count from 0. Lengths and distances are those of the cable between the far ends of
    segments, not of straight lines. A masked segment graph knows no longer which vertices its
    nodes stand for.
    """


def _root_row(name: str, root: Any, table: VertexTable, as_positional: bool) -> int | None:
    if root is None:
        return None
    vertex = as_id(root, f"{name}: root")
    row = vertex if as_positional and vertex < len(table) else NO_VERTEX
    if not as_positional:
        row = int(table.ids.find(np.array([vertex]))[0])
    if row == NO_VERTEX:
        kind = "row" if as_positional else "vertex id"
        raise UnknownVertexError(
            f"{name}: the root, {kind} {vertex}, is not among the {len(table):,} vertices"
        )
    return row
