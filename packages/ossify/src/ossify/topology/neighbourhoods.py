"""Everything within a path length of some vertices, on trees and on graphs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from ossify._typing import BoolArray, FloatArray, IntArray
from ossify.topology.ragged import joined_ranges
from ossify.topology.rooted_tree import RootedTree

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Rows = npt.NDArray[np.int64]

Direction: TypeAlias = Literal["undirected", "upstream", "downstream"]
"""Where to look: all around, towards the root only, or away from it only."""


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Pairs of a source and a row within reach of it, in no particular order.

    Attributes
    ----------
    source
        (M,) number of the source in the list of sources.
    row
        (M,) row that it reaches. A source reaches itself, and each row once.
    distance
        (M,) length of the shortest path.
    """

    source: IntArray
    row: IntArray
    distance: FloatArray

    def choose(self, keep: BoolArray | IntArray) -> Neighbours:
        """Some of the pairs."""
        return Neighbours(self.source[keep], self.row[keep], self.distance[keep])

    def in_order(self) -> Neighbours:
        """The pairs by source, and those of a source by row."""
        # No pair is there twice, so that one number stands for each.
        n_rows = int(self.row.max(initial=0)) + 1
        return self.choose(np.argsort(self.source * n_rows + self.row))


@overload
def tree_neighbours(
    tree: RootedTree,
    steps: FloatArray,
    sources: IntArray,
    limit: float,
    direction: Direction = ...,
) -> Neighbours: ...


@overload
def tree_neighbours(
    tree: RootedTree,
    steps: FloatArray,
    sources: IntArray,
    limit: float,
    direction: Direction = ...,
    *,
    most: int | None,
) -> Neighbours | None: ...


def tree_neighbours(
    tree: RootedTree,
    steps: FloatArray,
    sources: IntArray,
    limit: float,
    direction: Direction = "undirected",
    *,
    most: int | None = None,
) -> Neighbours | None:
    """What a walk along a tree reaches from each source.

    Parameters
    ----------
    tree
        A rooted tree, or a forest, of V vertices.
    steps
        (V,) length of the edge above each vertex, not negative.
    sources
        (k,) rows; one that is given twice is walked from twice.
    limit
        The greatest length of a path.
    direction
        "upstream" finds ancestors, "downstream" descendants, "undirected" everything.
    most
        How many pairs are too many.

    Returns
    -------
    Neighbours
        Or None if looking for them took more than `most` pairs into memory.

    Notes
    -----
    All sources walk at once, one edge per round: up, down, and never back, so that on a tree
    every pair is met once.

    Examples
    --------
    >>> tree = RootedTree.from_parents([-1, 0, 1, 1])
    >>> found = tree_neighbours(tree, np.array([0.0, 1, 1, 1]), np.array([2]), 2.0).in_order()
    >>> found.row.tolist(), found.distance.tolist()
    ([0, 1, 2, 3], [2.0, 1.0, 0.0, 2.0])
    """
    walk = _Walk(tree, np.asarray(steps, dtype=np.float64), limit)
    rows = np.asarray(sources, dtype=np.int64)
    none = Neighbours(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    climbing = Neighbours(np.arange(len(rows)), rows, np.zeros(len(rows)))
    before: IntArray = np.full(len(rows), -1, dtype=np.int64)
    falling = none
    found = []
    n_pairs = 0
    while len(climbing.row) or len(falling.row):
        found += [climbing, falling]
        n_pairs += len(climbing.row) + len(falling.row)
        ahead = (falling,) if direction == "upstream" else (falling, climbing)
        if most is not None and n_pairs + sum(map(walk.n_below, ahead)) > most:
            return None
        falling = walk.below(falling)
        if direction != "upstream":
            falling = _joined([falling, walk.below(climbing, before)])
        climbing, before = (none, none.row) if direction == "downstream" else walk.above(climbing)
    return _joined(found) if found else none


class _Walk:
    """One step of many walkers on a tree."""

    def __init__(self, tree: RootedTree, steps: FloatArray, limit: float) -> None:
        self._parent = tree.parent
        self._children = tree.children
        self._n_children = tree.n_children.astype(np.int64)
        self._steps = steps
        self._limit = limit

    def n_below(self, walkers: Neighbours) -> int:
        """How many edges lead down from where they are."""
        return int(self._n_children[walkers.row].sum())

    def above(self, walkers: Neighbours) -> tuple[Neighbours, IntArray]:
        """Those who can climb, one edge further, and the rows that they come from."""
        distance = walkers.distance + self._steps[walkers.row]
        parent = self._parent[walkers.row].astype(np.int64)
        goes = (parent >= 0) & (distance <= self._limit)
        return Neighbours(walkers.source[goes], parent[goes], distance[goes]), walkers.row[goes]

    def below(self, walkers: Neighbours, before: IntArray | None = None) -> Neighbours:
        """All that can be reached one edge down, without the rows that were there before."""
        counts = self._n_children[walkers.row]
        places = joined_ranges(self._children.offsets[walkers.row], counts)
        child = self._children.values[places].astype(np.int64)
        walker = np.repeat(np.arange(len(counts)), counts)
        distance = walkers.distance[walker] + self._steps[child]
        goes = distance <= self._limit
        if before is not None:
            goes &= child != before[walker]
        return Neighbours(walkers.source[walker[goes]], child[goes], distance[goes])


@overload
def graph_neighbours(csgraph: csr_matrix, sources: IntArray, limit: float) -> Neighbours: ...


@overload
def graph_neighbours(
    csgraph: csr_matrix, sources: IntArray, limit: float, *, most: int | None
) -> Neighbours | None: ...


def graph_neighbours(
    csgraph: csr_matrix, sources: IntArray, limit: float, *, most: int | None = None
) -> Neighbours | None:
    """What the shortest paths of a graph reach from each source.

    Parameters
    ----------
    csgraph
        (n, n) matrix of non-negative lengths, as of `sparse_graph.adjacency`; followed from row
        to column.
    sources
        (k,) rows.
    limit
        The greatest length of a path.
    most
        How many pairs are too many.

    Returns
    -------
    Neighbours
        Or None if looking for them took more than `most` pairs into memory.

    Notes
    -----
    Every round carries all distances that have become shorter one edge further (Bellman 1958).
    It takes time and memory by the pairs within reach, not by the size of the graph.
    """
    n_vertices = csgraph.shape[0]
    rows = np.asarray(sources, dtype=np.int64)
    # A pair is one number, so that pairs can be sorted and looked up.
    key = np.arange(len(rows)) * n_vertices + rows
    distance = np.zeros(len(rows))
    new_key, new_distance = key, distance
    offsets, degree = csgraph.indptr[:-1].astype(np.int64), np.diff(csgraph.indptr)
    while len(new_key):
        source, row = np.divmod(new_key, n_vertices)
        if most is not None and len(key) + degree[row].sum() > most:
            return None
        edges = joined_ranges(offsets[row], degree[row])
        reached = np.repeat(new_distance, degree[row]) + csgraph.data[edges]
        to = np.repeat(source * n_vertices, degree[row]) + csgraph.indices[edges]
        near = reached <= limit
        new_key, new_distance = _shortest(to[near], reached[near])
        place = np.searchsorted(key, new_key)
        known = key[np.minimum(place, len(key) - 1)] == new_key
        shorter = np.flatnonzero(known)
        shorter = shorter[new_distance[shorter] < distance[place[shorter]]]
        distance[place[shorter]] = new_distance[shorter]
        fresh = np.flatnonzero(~known)
        key = np.insert(key, place[fresh], new_key[fresh])
        distance = np.insert(distance, place[fresh], new_distance[fresh])
        further = np.concatenate((shorter, fresh))
        new_key, new_distance = new_key[further], new_distance[further]
    source, row = np.divmod(key, max(n_vertices, 1))
    return Neighbours(source, row, distance)


def _shortest(key: Rows, distance: FloatArray) -> tuple[Rows, FloatArray]:
    """Each key once, ascending, with the least of its distances."""
    order = np.argsort(key)
    key, distance = key[order], distance[order]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    return key[first], np.minimum.reduceat(distance, first) if len(first) else distance


def _joined(parts: list[Neighbours]) -> Neighbours:
    return Neighbours(
        np.concatenate([part.source for part in parts]),
        np.concatenate([part.row for part in parts]),
        np.concatenate([part.distance for part in parts]),
    )
