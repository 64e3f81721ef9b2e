"""Skeletons whose vertices are the segments of another."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from ossify._typing import AnyArray, ArrayLike, FloatArray, IntArray
from ossify.layers.base import Transform
from ossify.layers.rooted import Rooted
from ossify.layers.segment_nodes import NodeAggregation, SegmentNodes
from ossify.topology.ragged import Ragged
from ossify.topology.selection import Selection


class OfSegments(Rooted):
    """What a layer can do whose vertices stand for the segments of another."""

    _nodes: SegmentNodes | None = None
    _source: Rooted | None = None

    @property
    def source_skeleton(self) -> Rooted:
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
            (k, K) values of a node, from its far end towards the root, and is not weighted. It is
            called once for every node, where a name takes all at once.
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
