"""Topology with coordinates. What is derived from both is kept here, and goes when either does."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ossify._frozen import Frozen, freeze
from ossify._typing import BoolArray, FloatArray, IntArray
from ossify.topology import mesh_surface, sparse_graph
from ossify.topology.rooted_tree import RootedTree
from ossify.topology.selection import Selection
from ossify.vertex_ids import VertexIds

if TYPE_CHECKING:
    import trimesh
    from scipy.sparse import csr_matrix


@dataclass(frozen=True, eq=False)
class EmbeddedGraph(Frozen):
    """Points and the edges between them, in rows."""

    points: FloatArray
    edges: IntArray

    def __post_init__(self) -> None:
        freeze(self.edges)

    @cached_property
    def wide_edges(self) -> IntArray:
        """`edges` as int64, with which users can calculate without overflow."""
        return freeze(self.edges.astype(np.int64))

    @cached_property
    def lengths(self) -> FloatArray:
        """(E,) Euclidean length of every edge."""
        return sparse_graph.edge_lengths(self.points, self.edges)

    @cached_property
    def csgraph(self) -> csr_matrix:
        """(V, V) lengths, from the first vertex of an edge to the second."""
        return sparse_graph.adjacency(len(self.points), self.edges, self.lengths, directed=True)

    @cached_property
    def csgraph_undirected(self) -> csr_matrix:
        """(V, V) lengths, both ways."""
        return sparse_graph.adjacency(len(self.points), self.edges, self.lengths, directed=False)

    @cached_property
    def csgraph_binary(self) -> csr_matrix:
        """(V, V) ones, from the first vertex of an edge to the second."""
        return sparse_graph.binary_adjacency(len(self.points), self.edges, directed=True)

    @cached_property
    def csgraph_binary_undirected(self) -> csr_matrix:
        """(V, V) ones, both ways."""
        return sparse_graph.binary_adjacency(len(self.points), self.edges, directed=False)

    @cached_property
    def half_edge_length(self) -> FloatArray:
        """(V,) half the length of the edges that meet at each vertex."""
        return freeze(sparse_graph.half_edge_length(len(self.points), self.edges, self.lengths))

    def with_points(self, points: FloatArray) -> EmbeddedGraph:
        """The same edges between other points."""
        return EmbeddedGraph(points, self.edges)

    def select(self, points: FloatArray, selection: Selection) -> EmbeddedGraph:
        """The edges between kept vertices, whose points are `points`."""
        return EmbeddedGraph(points, selection.renumber(self.edges))


@dataclass(frozen=True, eq=False)
class EmbeddedSurface(Frozen):
    """Points and the triangles between them, in rows."""

    points: FloatArray
    faces: IntArray

    def __post_init__(self) -> None:
        freeze(self.faces)

    @cached_property
    def wide_faces(self) -> IntArray:
        """`faces` as int64, with which users can calculate without overflow."""
        return freeze(self.faces.astype(np.int64))

    @property
    def edges(self) -> IntArray:
        """(3F, 2) the sides of every face."""
        return mesh_surface.face_edges(self.wide_faces)

    @cached_property
    def csgraph(self) -> csr_matrix:
        """(V, V) lengths of the sides of the faces, both ways."""
        return mesh_surface.vertex_adjacency(self.points, self.faces)

    def trimesh(self) -> trimesh.Trimesh:
        """The surface as trimesh has it, a new one each time, because it can be changed."""
        import trimesh

        return trimesh.Trimesh(self.points.copy(), self.faces.astype(np.int64), process=False)

    def area(self, keep: BoolArray | None = None, inclusive: bool = False) -> float:
        """Area of the faces of which all vertices are kept, or any if `inclusive`."""
        return mesh_surface.surface_area(self.points, self.faces, keep, inclusive)

    def with_points(self, points: FloatArray) -> EmbeddedSurface:
        """The same faces between other points."""
        return EmbeddedSurface(points, self.faces)

    def select(self, points: FloatArray, selection: Selection) -> EmbeddedSurface:
        """The faces between kept vertices, whose points are `points`."""
        return EmbeddedSurface(points, selection.renumber(self.faces))


@dataclass(frozen=True, eq=False)
class EmbeddedTree(Frozen):
    """A rooted tree, or several, with points and ids.

    Attributes
    ----------
    root
        The row of the stated root, None if it is not there or none was stated.
    given_steps
        (V,) distance from every vertex to its parent, where old files have kept it and not all of
        the points; those that are lost are NaN.
    cable
        (V,) length of the cable from every vertex to its parent, where that is not a straight
        line; 0 at roots.
    """

    ids: VertexIds
    points: FloatArray
    tree: RootedTree
    root: int | None
    given_steps: FloatArray | None = None
    cable: FloatArray | None = None

    @cached_property
    def steps(self) -> FloatArray:
        """(V,) distance from every vertex to its parent, 0 at roots."""
        if self.cable is not None:
            return freeze(self.cable)
        steps = freeze(sparse_graph.parent_edge_lengths(self.points, self.tree.parent))
        if self.given_steps is None:
            return steps
        return freeze(np.where(np.isnan(steps), self.given_steps, steps))

    @cached_property
    def from_root(self) -> FloatArray:
        """(V,) path length from the root of each vertex's tree."""
        return freeze(self.tree.sums_from_root(self.steps))

    @cached_property
    def graph(self) -> EmbeddedGraph:
        """The edges, from child to parent."""
        graph = EmbeddedGraph(self.points, self.tree.edges)
        if self.given_steps is not None or self.cable is not None:
            graph.__dict__["lengths"] = freeze(self.steps[self.tree.parent >= 0])
        return graph

    def cable_length(self, keep: BoolArray | None = None) -> float:
        """Length of the edges of which both ends are kept."""
        if keep is None:
            return float(self.steps.sum())
        if not len(keep):
            return 0.0
        # A root reads the last vertex here, and adds its step of 0.
        return float(self.steps[keep & np.take(keep, self.tree.parent)].sum())

    def with_points(self, points: FloatArray) -> EmbeddedTree:
        """The same tree through other points."""
        return EmbeddedTree(self.ids, points, self.tree, self.root)

    def moved(self, move: Callable[[FloatArray], FloatArray]) -> EmbeddedTree:
        """The same tree, its points moved by a function.

        Where points are lost, the lengths between them grow as all others do. If those do not
        grow alike, the lost lengths are NaN from then on, and a warning says so.
        """
        if self.given_steps is None:
            return self.with_points(move(self.points))
        known = np.isfinite(self.points).all(axis=1)
        points = np.full_like(self.points, np.nan)
        points[known] = move(np.compress(known, self.points, axis=0))
        before = sparse_graph.parent_edge_lengths(self.points, self.tree.parent)
        after = sparse_graph.parent_edge_lengths(points, self.tree.parent)
        told = np.isfinite(after) & (before > 0)
        growth = _common_ratio(after[told], before[told])
        if np.isnan(growth):
            warnings.warn(
                "the file of this masked skeleton has not kept where the masked vertices were, and "
                "the transform does not scale all lengths alike: distances to the root that pass "
                "through them are NaN now",
                stacklevel=2,
            )
        steps = freeze(self.given_steps * growth)
        return EmbeddedTree(self.ids, freeze(points), self.tree, self.root, steps)

    def rerooted(self, row: int) -> EmbeddedTree:
        """The same edges, with all paths of that tree leading to `row`."""
        tree = self.tree.reroot(row)
        if self.cable is None:
            return EmbeddedTree(self.ids, self.points, tree, row)
        # Where an edge has turned round, its length was known by its other end.
        turned = np.flatnonzero((tree.parent != self.tree.parent) & (tree.parent >= 0))
        cable = self.cable.copy()
        cable[turned] = self.cable[tree.parent[turned]]
        cable[row] = 0
        return EmbeddedTree(self.ids, self.points, tree, row, cable=cable)

    def select(self, ids: VertexIds, points: FloatArray, selection: Selection) -> EmbeddedTree:
        """The edges between kept vertices, whose ids and points are given."""
        if selection.keeps_all:
            return self
        root = None if self.root is None else int(selection.new_rows[self.root])
        tree = self.tree.select(selection.keep)
        cable = None
        if self.cable is not None:
            cable = np.where(tree.parent >= 0, self.cable[selection.rows], 0.0)
        root = None if root is None or root < 0 else root
        return EmbeddedTree(ids, points, tree, root, cable=cable)


# Old files hold coordinates as float32, which moves the length of a short edge by this much.
_ROUNDING = 1e-3


def _common_ratio(after: FloatArray, before: FloatArray) -> float:
    """The number by which all lengths have grown, NaN if there is none."""
    if not len(before):
        return float("nan")
    growth = float(after.sum() / before.sum())
    return growth if np.allclose(after, before * growth, rtol=_ROUNDING) else float("nan")
