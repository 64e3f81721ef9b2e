"""Layers whose vertices have at most one parent each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ossify._typing import AnyArray, FloatArray, IntArray
from ossify.layers.base import Transform
from ossify.layers.branched import Branched
from ossify.layers.geometry import EmbeddedGraph, EmbeddedTree
from ossify.layers.reaching import Metric, Reach
from ossify.layers.vertex_table import VertexTable
from ossify.topology.neighbourhoods import Neighbours, tree_neighbours
from ossify.topology.rooted_tree import RootedTree
from ossify.topology.selection import Selection
from ossify.topology.within_reach import minima_within, sums_within

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class Rooted(Branched):
    """A layer that is a forest in space: its root, and the lengths along it.

    A masked one remembers the whole forest, on which distances to the root are measured.
    """

    _embedded: EmbeddedTree
    _whole: EmbeddedTree

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

        Returns
        -------
        The layer itself.

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

        Returns
        -------
        float
            In the units of the layer.
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

    def _neighbours(self, rows: IntArray, reach: Reach, most: int | None) -> Neighbours | None:
        steps = self._steps(reach.metric)
        return tree_neighbours(
            self.tree, steps, rows, reach.with_rounding, reach.direction, most=most
        )

    def _sums_around(self, values: AnyArray, reach: Reach, *, inclusive: bool = True) -> AnyArray:
        self._check_reach(reach)
        steps = self._steps(reach.metric)
        return sums_within(
            self.tree, steps, values, reach.limit, reach.direction, inclusive=inclusive
        )

    def _minima_around(self, values: FloatArray, reach: Reach) -> FloatArray:
        self._check_reach(reach)
        steps = self._steps(reach.metric)
        return minima_within(self.tree, steps, values, reach.limit, reach.direction)

    def _steps(self, metric: Metric) -> FloatArray:
        return self._embedded.steps if metric == "distance" else np.ones(len(self))

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
