"""Ids that spread along the mesh to vertices that have none, nearest first.

A vertex without an id mostly is one whose id is not known, and its neighbour's would be wrong. So
ids stay in their chunks. What reaches over the border by no more than the grid of the mesh may be
off by rounding, and is not the neighbour's: that is labelled from over there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cortical_tools.chunks import Chunks
from cortical_tools.mesh_labels._arrays import BoolArray, IntArray, groups, ragged
from cortical_tools.mesh_labels.pieces import Pieces


@dataclass(frozen=True)
class Spread:
    """Where vertices have their ids from.

    Parameters
    ----------
    source
        (V,) the vertex whose id a vertex has: itself, another, or −1 for none.
    hops
        (V,) int32 how many edges lie between; −1 for none.
    """

    source: IntArray
    hops: NDArray[np.int32]


def spread(pieces: Pieces, is_source: BoolArray, may_take: BoolArray, hop_limit: int) -> Spread:
    """From every source to what may take from it, by fewest edges.

    Of several that are equally near, the one that comes first in `pieces` gives.

    Parameters
    ----------
    pieces
        Of the mesh, of V vertices.
    is_source, may_take
        (V,) each; nothing is both.
    hop_limit
        The greatest number of edges.
    """
    n_vertices = len(pieces.points)
    source = np.where(is_source, np.arange(n_vertices), -1)
    hops = np.where(is_source, 0, -1).astype(np.int32)
    heads, tails = _edges_of(pieces, is_source, may_take)
    first = groups(heads, n_vertices)
    reached = np.unique(heads[is_source[heads]])
    for hop in range(1, hop_limit + 1):
        edges, owner = ragged(first[reached], np.diff(first)[reached])
        nexts, givers = tails[edges], source[reached[owner]]
        new = source[nexts] < 0
        if not new.any():
            break
        nexts, givers = nexts[new], givers[new]
        reached, at = np.unique(nexts, return_inverse=True)
        nearest = np.full(len(reached), n_vertices, dtype=np.int64)
        np.minimum.at(nearest, at, givers)
        source[reached], hops[reached] = nearest, hop
    return Spread(source, hops)


def is_rim(pieces: Pieces, chunks: Chunks, places: IntArray) -> BoolArray:
    """(P,) whether all of a piece is within a grid's width of where its chunk begins or ends.

    Parameters
    ----------
    pieces
        Of the mesh.
    chunks
        The geometry.
    places
        (C, 3) the chunks.
    """
    deep = np.zeros(pieces.n_pieces, dtype=np.bool_)
    is_inside = np.ones(len(pieces.points), dtype=np.bool_)
    for axis in range(3):
        begins = chunks.begins(axis, places[:, axis])[pieces.chunk]
        ends = chunks.begins(axis, places[:, axis] + 1)[pieces.chunk]
        column = pieces.points[:, axis]
        is_inside &= (column > begins + chunks.grid) & (column < ends - chunks.grid)
    deep[pieces.piece[is_inside]] = True
    return ~deep


def _edges_of(
    pieces: Pieces, is_source: BoolArray, may_take: BoolArray
) -> tuple[IntArray, IntArray]:
    """Edges, in both directions where both may, into vertices that may take; by their heads."""
    usable = is_source | may_take
    heads, tails = [], []
    for one, other in ((0, 1), (1, 2), (2, 0), (1, 0), (2, 1), (0, 2)):
        head, tail = pieces.faces[:, one], pieces.faces[:, other]
        kept = np.flatnonzero(may_take[tail] & usable[head])
        heads.append(head[kept])
        tails.append(tail[kept])
    head, tail = np.concatenate(heads), np.concatenate(tails)
    order = np.argsort(head, kind="stable")
    return head[order].astype(np.int64), tail[order].astype(np.int64)
