"""What each vertex is in a forest: root, branch point or end point, above or below another."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from ossify._typing import FloatArray, IntArray
from ossify.layers.graph import EdgeLayer
from ossify.topology.ragged import Ragged
from ossify.topology.rooted_tree import RootedTree
from ossify.vertex_ids import NO_VERTEX


class Branched(EdgeLayer):
    """A layer that is a forest: all that its topology alone can answer."""

    @property
    @abstractmethod
    def tree(self) -> RootedTree:
        """The topology alone, in rows."""

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

        Returns
        -------
        dict
            Vertex → (k,) int64 array of its children, in row order.
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
        row = self._row(vertex, as_positional)
        rows = self.tree.ascending_subtree_rows(row)
        return self._named(rows if inclusive else rows[rows != row], as_positional)

    def lowest_common_ancestor(self, u: Any, v: Any, as_positional: bool = False) -> int | None:
        """The vertex farthest from the root that the paths of both to the root go through.

        Parameters
        ----------
        u, v
            Vertex ids.
        as_positional
            Whether they are rows instead, as is the answer then.

        Returns
        -------
        int or None
            None if they are in different trees.
        """
        row = self.tree.lowest_common_ancestor(
            self._row(u, as_positional), self._row(v, as_positional)
        )
        return None if row == NO_VERTEX else int(self._named(np.array([row]), as_positional)[0])

    # Names

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
