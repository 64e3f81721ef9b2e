"""Layers with edges."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import pandas as pd

from ossify._typing import AnyArray, FloatArray, IntArray
from ossify.layers import intake
from ossify.layers.base import Transform
from ossify.layers.geometry import EmbeddedGraph
from ossify.layers.neighbourhoods import Neighbourly
from ossify.layers.reaching import Reach, checked_limit
from ossify.layers.vertex_table import VertexTable
from ossify.topology import sparse_graph
from ossify.topology.neighbourhoods import Neighbours, graph_neighbours
from ossify.topology.selection import Selection
from ossify.units import DEFAULT_UNITS

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_MOST_DISTANCES = 2**30


class EdgeLayer(Neighbourly):
    """What layers with edges share."""

    @property
    @abstractmethod
    def _graph(self) -> EmbeddedGraph:
        """The points and the edges between them."""

    @property
    def edges_positional(self) -> IntArray:
        """(E, 2) int64 edges as rows, read-only."""
        return self._graph.wide_edges

    @property
    def edges(self) -> IntArray:
        """(E, 2) int64 edges as vertex ids."""
        return np.take(self.vertex_index, self._graph.edges)

    @property
    def edge_df(self) -> pd.DataFrame:
        """The edges as vertex ids, in two columns."""
        return pd.DataFrame(self.edges)

    @property
    def csgraph(self) -> csr_matrix:
        """(V, V) sparse float64 lengths, from the first vertex of an edge to the second.

        Edges from a vertex to itself are left out, and edges that repeat count once. Edges of
        length 0 are stored as such. A new matrix each time, as all matrices that are handed out.
        """
        return self._graph.csgraph.copy()

    @property
    def csgraph_binary(self) -> csr_matrix:
        """(V, V) sparse int8 ones, from the first vertex of an edge to the second."""
        return self._graph.csgraph_binary.copy()

    @property
    def csgraph_undirected(self) -> csr_matrix:
        """(V, V) sparse float64 lengths, both ways."""
        return self._graph.csgraph_undirected.copy()

    @property
    def csgraph_binary_undirected(self) -> csr_matrix:
        """(V, V) sparse int8 ones, both ways."""
        return self._graph.csgraph_binary_undirected.copy()

    @property
    def half_edge_length(self) -> FloatArray:
        """(V,) half the length of the edges at each vertex; the sum is the length of all edges."""
        return self._graph.half_edge_length

    def distance_between(
        self,
        sources: Any = None,
        targets: Any = None,
        as_positional: bool = False,
        limit: float | None = None,
    ) -> FloatArray:
        """Shortest path lengths along the edges, in either direction.

        Parameters
        ----------
        sources, targets
            Vertex ids, or one boolean per vertex; None for all.
        as_positional
            Whether numbers mean rows instead of ids.
        limit
            Distances beyond it are infinite.

        Returns
        -------
        (N_sources, N_targets) float64 array
            Infinite where no path leads.

        Raises
        ------
        ValueError
            If the limit is negative or NaN.
        MemoryError
            If there would be more than 2**30 distances.
        """
        limit = checked_limit(limit, self.name)
        from_rows = self._rows(sources, as_positional)
        to_rows = self._rows(targets, as_positional)
        if len(from_rows) * len(to_rows) > _MOST_DISTANCES:
            raise MemoryError(
                f"{len(from_rows):,} × {len(to_rows):,} distances would take "
                f"{len(from_rows) * len(to_rows) * 8 / 2**30:,.0f} GiB; "
                "pass fewer sources or targets at a time"
            )
        return self._distances(from_rows, to_rows, limit)

    def _distances(self, sources: IntArray, targets: IntArray, limit: float | None) -> FloatArray:
        return sparse_graph.distances(self._graph.csgraph_undirected, sources, targets, limit)

    def path_between(
        self, source: Any, target: Any, as_positional: bool = False, as_vertices: bool = False
    ) -> AnyArray:
        """The shortest path from one vertex to another, both included.

        Parameters
        ----------
        source, target
            Vertex ids.
        as_positional
            Whether numbers mean rows instead of ids, in the answer too.
        as_vertices
            Answer with the (K, 3) coordinates.

        Returns
        -------
        (K,) int64 array
            Empty if no path leads there.
        """
        path = self._path(self._row(source, as_positional), self._row(target, as_positional))
        rows = np.empty(0, np.int64) if path is None else path
        return self.vertices[rows] if as_vertices else self._named(rows, as_positional)

    def _path(self, source: int, target: int) -> IntArray | None:
        return sparse_graph.shortest_path_rows(self._graph.csgraph_undirected, source, target)

    def _neighbours(self, rows: IntArray, reach: Reach, most: int | None) -> Neighbours | None:
        graph = self._graph
        matrix = (
            graph.csgraph_undirected
            if reach.metric == "distance"
            else graph.csgraph_binary_undirected
        )
        return graph_neighbours(matrix, rows, reach.with_rounding, most=most)

    def _counts(self) -> dict[str, int]:
        return {"vertices": self.n_vertices, "edges": len(self._graph.edges)}


class GraphLayer(EdgeLayer):
    """A graph in space, such as the level-2 graph of a cell.

    Parameters
    ----------
    name
        The name of the layer; in a cell it is ``"graph"``.
    vertices
        (V, 3) coordinates, or a DataFrame with the coordinates among its columns.
    edges
        (E, 2) vertex ids; rows if `vertex_index` is an array. None for no edges.
    spatial_columns
        Three column names, or the prefix p of p_x, p_y, p_z. None: x, y, z, or the only three.
    vertex_index
        (V,) vertex ids, or the name of the column that holds them.
    edges_as_positional
        Says outright whether `edges` are rows (True) or vertex ids (False).
    features
        Name → (V,) values, or name → column of `vertices`; or a DataFrame.
    units, space
        What the coordinates are in.

    Raises
    ------
    TopologyError
        If an edge names a vertex that is not there. A ValueError.

    Examples
    --------
    >>> graph = GraphLayer("graph", [[0, 0, 0], [3, 4, 0], [3, 4, 2]], [[0, 1], [1, 2]])
    >>> graph.distance_between([0], [2]).tolist()
    [[7.0]]
    """

    layer_type: ClassVar[str] = "graph"

    def __init__(
        self,
        name: str,
        vertices: Any,
        edges: Any = None,
        spatial_columns: str | Sequence[str] | None = None,
        *,
        vertex_index: Any = None,
        edges_as_positional: bool | None = None,
        features: Mapping[str, Any] | pd.DataFrame | None = None,
        units: str | None = DEFAULT_UNITS,
        space: str | None = None,
    ) -> None:
        table = intake.vertex_table(name, vertices, spatial_columns, vertex_index, features)
        rows = intake.edges_as_rows(name, edges, table.ids, edges_as_positional, vertex_index)
        self._build(name, table, rows, units, space)

    @classmethod
    def from_parts(
        cls, name: str, table: VertexTable, edges: IntArray, units: str | None, space: str | None
    ) -> GraphLayer:
        """A graph of a finished table and edges in rows of it."""
        made = cls.__new__(cls)
        made._build(name, table, edges, units, space)
        return made

    def _build(
        self, name: str, table: VertexTable, edges: IntArray, units: str | None, space: str | None
    ) -> None:
        super().__init__(name, table, units, space)
        self._embedded = EmbeddedGraph(table.points, edges)

    @property
    def _graph(self) -> EmbeddedGraph:
        return self._embedded

    def _selected(self, selection: Selection) -> Self:
        table = self._table.select(selection)
        return self._with_parts(
            _table=table, _embedded=self._embedded.select(table.points, selection)
        )

    def _moved_parts(self, transform: Transform) -> dict[str, Any]:
        points = self._moved(self.vertices, transform)
        return {
            "_table": self._table.with_points(points),
            "_embedded": self._embedded.with_points(points),
        }
