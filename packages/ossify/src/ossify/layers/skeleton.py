"""The skeleton of a cell: a rooted tree in space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import pandas as pd

from ossify._typing import AnyArray, ArrayLike, FloatArray, IntArray
from ossify.errors import UnknownVertexError
from ossify.layers import intake
from ossify.layers.base import Transform
from ossify.layers.geometry import EmbeddedGraph, EmbeddedTree
from ossify.layers.graph import EdgeLayer
from ossify.layers.mapping import Aggregation
from ossify.layers.neighbourhoods import Metric
from ossify.layers.resampling import resampled_parts
from ossify.layers.segment_nodes import NodeAggregation, SegmentNodes
from ossify.layers.vertex_table import VertexTable
from ossify.topology import segments, sparse_graph
from ossify.topology.neighbourhoods import Direction, Neighbours, tree_neighbours
from ossify.topology.pieces import piece_of, pieces
from ossify.topology.ragged import Ragged
from ossify.topology.reach_sums import sums_within
from ossify.topology.respacing import respaced
from ossify.topology.rooted_tree import RootedTree
from ossify.topology.selection import Selection
from ossify.units import DEFAULT_UNITS
from ossify.vertex_ids import NO_VERTEX, as_id

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class SkeletonLayer(EdgeLayer):
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

    def _build(
        self,
        name: str,
        table: VertexTable,
        tree: EmbeddedTree,
        whole: EmbeddedTree,
        units: str | None,
        space: str | None,
    ) -> None:
        super().__init__(name, table, units, space)
        self._embedded = tree
        self._whole = whole

    @property
    def _graph(self) -> EmbeddedGraph:
        return self._embedded.graph

    @property
    def tree(self) -> RootedTree:
        """The topology alone, in rows."""
        return self._embedded.tree

    # Roots

    @property
    def root(self) -> int | None:
        """Vertex id of the stated root, or of the only one; None if masked out or not stated."""
        return None if self._embedded.root is None else int(self.vertex_index[self._embedded.root])

    @property
    def root_positional(self) -> int | None:
        """Row of the root."""
        return self._embedded.root

    @property
    def root_location(self) -> FloatArray | None:
        """(3,) coordinates of the root."""
        return None if self._embedded.root is None else self.vertices[self._embedded.root]

    @property
    def roots(self) -> IntArray:
        """Vertex ids of all vertices without a parent, one for each tree."""
        return self._ids(self.tree.roots)

    @property
    def parentless_nodes(self) -> IntArray:
        """The same as `roots`."""
        return self.roots

    @property
    def parentless_nodes_positional(self) -> IntArray:
        """Rows of the vertices without a parent."""
        return self.tree.roots

    def reroot(self, new_root: Any, as_positional: bool = False) -> Self:
        """Make another vertex the root, in place.

        The edges on the way to it turn round; trees that it is not part of stay as they are. A
        masked skeleton forgets the whole tree and measures on what it has.

        Parameters
        ----------
        new_root
            Vertex id.
        as_positional
            Whether it is a row instead.

        Raises
        ------
        UnknownVertexError
            If there is no such vertex. The skeleton is then as it was.
        """
        self._embedded = self._embedded.rerooted(self._row(new_root, as_positional))
        self._whole = self._embedded
        return self

    # The whole tree

    @property
    def base_root(self) -> int | None:
        """Vertex id of the root before any mask."""
        whole = self._whole
        return None if whole.root is None else int(whole.ids.ids[whole.root])

    @property
    def base_root_positional(self) -> int | None:
        """Row of the root before any mask."""
        return self._whole.root

    @property
    def base_root_location(self) -> FloatArray | None:
        """(3,) coordinates of the root before any mask."""
        return None if self._whole.root is None else self._whole.points[self._whole.root]

    @property
    def base_vertex_index(self) -> IntArray:
        """(V_base,) vertex ids before any mask."""
        return self._whole.ids.ids

    @property
    def base_parent_array(self) -> IntArray:
        """(V_base,) row of every vertex's parent before any mask, −1 at roots."""
        return self._whole.tree.parent.astype(np.int64)

    @property
    def base_csgraph(self) -> csr_matrix:
        """Sparse lengths from child to parent before any mask."""
        return self._whole.graph.csgraph.copy()

    @property
    def base_csgraph_binary(self) -> csr_matrix:
        """Sparse ones from child to parent before any mask."""
        return self._whole.graph.csgraph_binary.copy()

    def distance_to_root(self, vertices: Any = None, as_positional: bool = False) -> Any:
        """Path length to the root of each vertex's own tree, measured before any mask.

        Parameters
        ----------
        vertices
            Vertex ids, or one boolean per vertex; None for all.
        as_positional
            Whether numbers mean rows instead of ids.

        Returns
        -------
        (N,) float64 array, a float for a single vertex
        """
        return self._on_whole(self._whole.from_root, vertices, as_positional)

    def hops_to_root(self, vertices: Any = None, as_positional: bool = False) -> Any:
        """Number of edges to the root of each vertex's own tree, counted before any mask.

        Parameters
        ----------
        vertices
            Vertex ids, or one boolean per vertex; None for all.
        as_positional
            Whether numbers mean rows instead of ids.

        Returns
        -------
        (N,) int64 array, an int for a single vertex
        """
        return self._on_whole(self._whole.tree.depth, vertices, as_positional)

    def _on_whole(self, values: Any, vertices: Any, as_positional: bool) -> Any:
        rows = self._rows(vertices, as_positional)
        if self._whole is not self._embedded:
            rows = self._whole.ids.find(self.vertex_index[rows])
        found = np.take(values, rows)
        return found.item() if np.isscalar(vertices) else found

    # Lengths

    def cable_length(self, vertices: Any = None, as_positional: bool = False) -> float:
        """Length of all edges of which both ends are among the vertices.

        Parameters
        ----------
        vertices
            Vertex ids, or one boolean per vertex; None for all.
        as_positional
            Whether numbers mean rows instead of ids.
        """
        keep = None if vertices is None else self._keep(vertices, as_positional)
        return self._embedded.cable_length(keep)

    def _distances(self, sources: IntArray, targets: IntArray, limit: float | None) -> FloatArray:
        distances = self.tree.distances_between(sources, targets, self._embedded.from_root)
        if limit is not None:
            distances[distances > limit] = np.inf
        return distances

    def _path(self, source: int, target: int) -> IntArray | None:
        return self.tree.path_rows(source, target)

    def _neighbours(
        self, rows: IntArray, limit: float, direction: Direction, metric: Metric
    ) -> Neighbours:
        return tree_neighbours(self.tree, self._steps(metric), rows, limit, direction)

    def _sums_around(
        self,
        values: AnyArray,
        limit: float,
        direction: Direction,
        chunk_size: int | None,
        metric: Metric = "distance",
        inclusive: bool = True,
    ) -> AnyArray:
        self._check_reach(limit, direction, chunk_size)
        steps = self._steps(metric)
        return sums_within(self.tree, steps, values, limit, direction, inclusive=inclusive)

    def _steps(self, metric: Metric) -> FloatArray:
        return self._embedded.steps if metric == "distance" else np.ones(len(self))

    # Vertices by what they are in the tree

    @property
    def parent_node_array(self) -> IntArray:
        """(V,) int64 row of every vertex's parent, −1 at roots."""
        return self.tree.parent.astype(np.int64)

    @property
    def branch_points(self) -> IntArray:
        """Vertex ids of the vertices with two or more children."""
        return self._ids(self.branch_points_positional)

    @property
    def branch_points_positional(self) -> IntArray:
        """Rows of the vertices with two or more children."""
        return self.tree.branch_rows

    @property
    def end_points(self) -> IntArray:
        """Vertex ids of the vertices without children."""
        return self._ids(self.end_points_positional)

    @property
    def end_points_positional(self) -> IntArray:
        """Rows of the vertices without children."""
        return self.tree.tip_rows

    @property
    def branch_points_undirected(self) -> IntArray:
        """Vertex ids of the vertices with three or more edges."""
        return self._ids(self.branch_points_undirected_positional)

    @property
    def branch_points_undirected_positional(self) -> IntArray:
        """Rows of the vertices with three or more edges."""
        return np.flatnonzero(self._degree() > 2)

    @property
    def end_points_undirected(self) -> IntArray:
        """Vertex ids of the vertices with one edge, a root among them."""
        return self._ids(self.end_points_undirected_positional)

    @property
    def end_points_undirected_positional(self) -> IntArray:
        """Rows of the vertices with one edge, a root among them."""
        return np.flatnonzero(self._degree() == 1)

    @property
    def topo_points(self) -> IntArray:
        """Vertex ids of branch points, end points and roots."""
        return self._ids(self.topo_points_positional)

    @property
    def topo_points_positional(self) -> IntArray:
        """Rows of branch points, end points and roots, ascending."""
        is_topo = self.tree.n_children != 1
        is_topo[self.tree.roots] = True
        return np.flatnonzero(is_topo)

    @property
    def n_branch_points(self) -> int:
        """The number of vertices with two or more children."""
        return len(self.branch_points_positional)

    @property
    def n_end_points(self) -> int:
        """The number of vertices without children."""
        return len(self.end_points_positional)

    @property
    def n_topo_points(self) -> int:
        """The number of branch points, end points and roots, each vertex counted once."""
        return len(self.topo_points_positional)

    @property
    def as_tuple(self) -> tuple[FloatArray, IntArray]:
        """The (V, 3) coordinates and the (E, 2) edges as rows."""
        return self.vertices, self.edges_positional

    def child_vertices(
        self, vertices: Any = None, as_positional: bool = False
    ) -> dict[int, IntArray]:
        """The children of each vertex; vertices without children are left out.

        Parameters
        ----------
        vertices
            Vertex ids, or one boolean per vertex; None for all.
        as_positional
            Whether numbers mean rows instead of ids, in the answer too.
        """
        rows = self._rows(vertices, as_positional)
        rows = rows[self.tree.n_children[rows] > 0]
        children = self.tree.children.take(rows)
        named = Ragged(self._named(children.values, as_positional), children.offsets)
        return dict(zip(self._named(rows, as_positional).tolist(), named.split(), strict=True))

    def downstream_vertices(
        self, vertex: Any, inclusive: bool = False, as_positional: bool = False
    ) -> IntArray:
        """All vertices whose path to the root leads through a vertex.

        Parameters
        ----------
        vertex
            Vertex id.
        inclusive
            Whether the vertex itself is among them.
        as_positional
            Whether numbers mean rows instead of ids, in the answer too.

        Returns
        -------
        (N,) int64 array
            In row order.
        """
        rows = self.tree.subtree_rows(self._row(vertex, as_positional))
        return self._named(np.sort(rows if inclusive else rows[1:]), as_positional)

    def lowest_common_ancestor(self, u: Any, v: Any, as_positional: bool = False) -> int | None:
        """The vertex farthest from the root that the paths of both to the root go through.

        Returns
        -------
        int or None
            None if they are in different trees.
        """
        row = self.tree.lowest_common_ancestor(
            self._row(u, as_positional), self._row(v, as_positional)
        )
        return None if row == NO_VERTEX else int(self._named(np.array([row]), as_positional)[0])

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

    # Parts

    def _selected(self, selection: Selection) -> Self:
        table = self._table.select(selection)
        embedded = self._embedded.select(table.ids, table.points, selection)
        return self._with_parts(_table=table, _embedded=embedded)

    def _moved_parts(self, transform: Transform) -> dict[str, Any]:
        points = self._moved(self.vertices, transform)
        embedded = whole = self._embedded.with_points(points)
        if self._whole is not self._embedded:
            if not callable(transform):
                raise ValueError(
                    f"layer {self._name!r} is masked and remembers {len(self._whole.points):,} "
                    "vertices of the whole tree, which an array of new coordinates cannot move; "
                    "pass a function"
                )
            whole = self._whole.moved(lambda points: self._moved(points, transform))
        return {
            "_table": self._table.with_points(points),
            "_embedded": embedded,
            "_whole": whole,
        }

    def _ids(self, rows: IntArray) -> IntArray:
        return np.take(self.vertex_index, rows)

    def _split(self, rows: Ragged, as_positional: bool = False) -> list[IntArray]:
        return Ragged(self._named(rows.values, as_positional), rows.offsets).split()

    def _degree(self) -> IntArray:
        degree: IntArray = self.tree.n_children + (self.tree.parent != NO_VERTEX)
        return degree

    def _counts(self) -> dict[str, int]:
        return {
            "vertices": self.n_vertices,
            "edges": self.n_vertices - len(self.tree.roots),
            "branch points": self.n_branch_points,
            "end points": self.n_end_points,
        }


class SegmentGraph(SkeletonLayer):
    """A skeleton whose vertices are the segments of another, made by `segment_graph`.

    Vertex ids count from 0. Lengths and distances are those of the cable between the far ends of
    segments, not of straight lines. A masked segment graph knows no longer which vertices its
    nodes stand for.
    """

    _nodes: SegmentNodes | None = None
    _source: SkeletonLayer | None = None

    @property
    def source_skeleton(self) -> SkeletonLayer:
        """The skeleton that this was made of."""
        if self._source is None:
            raise self._unknown()
        return self._source

    @property
    def vertex_segment_map(self) -> IntArray:
        """(V,) node that each vertex of the source skeleton belongs to."""
        return self._known_nodes.node_of

    @property
    def node_source_vertices(self) -> list[IntArray]:
        """For each node, its rows in the source skeleton, from the far end towards the root."""
        rows = self._known_nodes.rows
        return Ragged(rows.values.astype(np.int64), rows.offsets).split()

    def to_vertices(self, node_values: ArrayLike) -> AnyArray:
        """Values of the nodes, handed to the vertices that they stand for.

        Parameters
        ----------
        node_values
            (N, …) values, one per node.

        Returns
        -------
        (V, …) array
            In the order of the source skeleton.
        """
        return self._known_nodes.spread(node_values)

    def aggregate_vertices(
        self,
        values: ArrayLike,
        agg: NodeAggregation = "mean",
        weight: str | ArrayLike | None = "length",
    ) -> FloatArray:
        """Values of the source skeleton's vertices, aggregated onto the nodes.

        Parameters
        ----------
        values
            (V,) or (V, K) numbers.
        agg
            "mean" or "sum", both weighted; "max" or "min"; or a function that takes the (k,) or
            (k, K) values of a node, from its far end towards the root, and is not weighted.
        weight
            "length" for the `half_edge_length` of the vertices, (V,) numbers, or None for 1. The
            mean of a node without any weight is not weighted.

        Returns
        -------
        (N,) or (N, K) float64 array
        """
        return self._known_nodes.aggregated(values, agg, weight)

    @property
    def _known_nodes(self) -> SegmentNodes:
        if self._nodes is None:
            raise self._unknown()
        return self._nodes

    def _unknown(self) -> ValueError:
        return ValueError(
            f"segment graph {self.name!r} is masked and does not know the vertices of the "
            "skeleton any more; ask the segment graph before the mask"
        )

    def _selected(self, selection: Selection) -> Self:
        masked = super()._selected(selection)
        return masked if selection.keeps_all else masked._with_parts(_nodes=None, _source=None)

    def _moved_parts(self, transform: Transform) -> dict[str, Any]:
        # What becomes of the cable between two nodes is only known by its vertices.
        source = self.source_skeleton
        if not callable(transform):
            raise ValueError(
                f"segment graph {self.name!r} measures along the skeleton, which an array of new "
                "coordinates cannot move; pass a function"
            )
        moved = source.transform(transform)
        embedded = self._known_nodes.embedded(moved._embedded)
        nodes = SegmentNodes(self._known_nodes.rows, moved.half_edge_length)
        return {
            "_table": self._table.with_points(embedded.points),
            "_embedded": embedded,
            "_whole": embedded,
            "_nodes": nodes,
            "_source": moved,
        }


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
