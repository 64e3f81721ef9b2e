"""The nodes of a segment graph: which vertices each stands for, and how they hang together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ossify._frozen import Frozen, freeze
from ossify._typing import AnyArray, ArrayLike, FloatArray, IntArray
from ossify.errors import ShapeError
from ossify.layers.columns import Column
from ossify.layers.geometry import EmbeddedTree
from ossify.layers.mapping import Aggregation, aggregate
from ossify.layers.vertex_table import VertexTable, take
from ossify.topology.pieces import piece_of, pieces
from ossify.topology.ragged import Ragged
from ossify.topology.rooted_tree import RootedTree
from ossify.vertex_ids import VertexIds

NodeAggregation = str | Callable[[AnyArray], ArrayLike]


@dataclass(frozen=True, eq=False)
class SegmentNodes(Frozen):
    """N nodes, each a piece of the V rows of a skeleton.

    Attributes
    ----------
    rows
        N items of rows, each from its far end towards the root.
    half_lengths
        (V,) cable that each row stands for.
    """

    rows: Ragged
    half_lengths: FloatArray

    @classmethod
    def of_tree(cls, tree: EmbeddedTree, max_length: float | None) -> SegmentNodes:
        """The segments of a tree, each root on its own, cut where they are longer than a cap."""
        cap = np.inf if max_length is None else max_length
        rows = pieces(tree.tree, tree.from_root, cap, roots_apart=True)
        return cls(rows, tree.graph.half_edge_length)

    @cached_property
    def node_of(self) -> IntArray:
        """(V,) node of each row."""
        return freeze(piece_of(self.rows))

    @property
    def far_ends(self) -> IntArray:
        """(N,) row at the far end of each node, which is where the node lies."""
        return np.asarray(self.rows.values[self.rows.offsets[:-1]])

    def lengths(self, tree: EmbeddedTree) -> FloatArray:
        """(N,) cable from each node to its parent, 0 at roots."""
        parent, at = self.parent(tree), tree.from_root[self.far_ends]
        return np.where(parent >= 0, at - np.take(at, parent), 0.0)

    def parent(self, tree: EmbeddedTree) -> IntArray:
        """(N,) the node that each one hangs on, −1 at roots."""
        above = tree.tree.parent[self.rows.values[self.rows.offsets[1:] - 1]]
        return np.where(above >= 0, np.take(self.node_of, above), -1)

    def embedded(self, tree: EmbeddedTree) -> EmbeddedTree:
        """The tree of the nodes, which measures along the cable of the vertices' tree."""
        ids = VertexIds.from_count(len(self.rows))
        points = freeze(np.take(tree.points, self.far_ends, axis=0))
        topology = RootedTree(self.parent(tree).astype(np.int32))
        root = None if tree.root is None else int(self.node_of[tree.root])
        return EmbeddedTree(ids, points, topology, root, cable=freeze(self.lengths(tree)))

    def columns(
        self, table: VertexTable, names: Iterable[str], agg: Aggregation, what: str
    ) -> dict[str, Column]:
        """Features of the vertices as features of the nodes."""
        if isinstance(agg, Mapping):
            for name in agg:
                table.column(name, f"agg: {what}")
        columns = {}
        for name in names:
            how = agg.get(name, "mean") if isinstance(agg, Mapping) else agg
            columns[name] = self._column(table.column(name, what), how)
        return columns

    def _column(self, column: Column, how: Any) -> Column:
        if how == "distal":
            return take(column, self.far_ends)
        if how == "proximal":
            return take(column, self.rows.values[self.rows.offsets[1:] - 1])
        groups = np.repeat(np.arange(len(self.rows)), self.rows.lengths)
        return aggregate(column, self.rows.values, groups, len(self.rows), how)

    def aggregated(
        self, values: ArrayLike, agg: NodeAggregation, weight: str | ArrayLike | None
    ) -> FloatArray:
        """(N,) or (N, K): (V,) or (V, K) values of the vertices, brought to the nodes."""
        per_vertex = self._per_vertex(values, len(self.node_of), "values")
        laid_out = Ragged(per_vertex[self.rows.values], self.rows.offsets)
        if callable(agg):
            shape = (len(laid_out), *per_vertex.shape[1:])
            return np.array([agg(item) for item in laid_out], dtype=np.float64).reshape(shape)
        if agg not in ("mean", "sum", "max", "min"):
            raise ValueError(f"agg must be a function, 'mean', 'sum', 'max' or 'min', not {agg!r}")
        starts = self.rows.offsets[:-1]
        if not len(starts):
            return np.empty((0, *per_vertex.shape[1:]))
        if agg in ("max", "min"):
            extreme = np.maximum if agg == "max" else np.minimum
            return np.asarray(extreme.reduceat(laid_out.values, starts))
        weights = self._weights(weight)[self.rows.values]
        total = np.add.reduceat(weights, starts)
        if agg == "mean":
            # What has no weight at all counts evenly.
            weights = np.where(np.repeat(total, self.rows.lengths) == 0, 1.0, weights)
            total = np.add.reduceat(weights, starts)
        columns = (-1,) + (1,) * (per_vertex.ndim - 1)
        sums = np.add.reduceat(laid_out.values * weights.reshape(columns), starts)
        return np.asarray(sums if agg == "sum" else sums / total.reshape(columns))

    def spread(self, node_values: ArrayLike) -> AnyArray:
        """(V, …) value of each vertex's node."""
        per_node = np.asarray(node_values)
        if per_node.ndim == 0 or len(per_node) != len(self.rows):
            raise ShapeError(
                f"expected {len(self.rows):,} values, one per node, not shape {per_node.shape}"
            )
        return np.take(per_node, self.node_of, axis=0)

    def _weights(self, weight: str | ArrayLike | None) -> FloatArray:
        if weight is None:
            return np.ones(len(self.node_of))
        if isinstance(weight, str):
            if weight != "length":
                raise ValueError(f"weight must be 'length', numbers or None, not {weight!r}")
            return self.half_lengths
        weights = self._per_vertex(weight, len(self.node_of), "weights")
        if weights.ndim != 1:
            raise ShapeError(f"weights must be one number per vertex, not shape {weights.shape}")
        return weights

    @staticmethod
    def _per_vertex(values: ArrayLike, n_vertices: int, what: str) -> FloatArray:
        array = np.asarray(values, dtype=np.float64)
        if array.ndim not in (1, 2) or len(array) != n_vertices:
            raise ShapeError(
                f"expected {n_vertices:,} {what}, one per vertex, not shape {array.shape}"
            )
        return array
