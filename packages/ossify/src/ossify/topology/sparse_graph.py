"""Graphs as sparse matrices: lengths, neighbours, components and shortest paths.

Edges are (E, 2) rows, and a graph of n vertices is an (n, n) matrix in compressed rows whose
stored entries are the edges. An edge of length zero is stored too, as an explicit zero, and all
functions here take it for the edge that it is. (Adding two matrices, as in ``A + A.T``, drops
such entries; `adjacency` does not.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ossify._typing import AnyArray, BoolArray, FloatArray, IntArray
from ossify.errors import TopologyError
from ossify.topology.rooted_tree import RootedTree
from ossify.topology.spatial import norms

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# Coordinates are gathered in blocks that stay in the processor's cache.
_BLOCK = 1 << 15
# Distances that one round of searches may hold beside the answer: 32 MB.
_ENTRIES_AT_ONCE = 1 << 22


def edge_lengths(points: FloatArray, edges: IntArray) -> FloatArray:
    """Straight length of every edge.

    Parameters
    ----------
    points
        (n, 3) coordinates.
    edges
        (E, 2) rows.

    Returns
    -------
    (E,) float64 array
        In the unit of the coordinates.

    Examples
    --------
    >>> edge_lengths(np.array([[0.0, 0, 0], [3, 4, 0]]), np.array([[1, 0]])).tolist()
    [5.0]
    """
    lengths = np.empty(len(edges), dtype=np.float64)
    for start in range(0, len(edges), _BLOCK):
        block = edges[start : start + _BLOCK]
        step = np.take(points, block[:, 0], axis=0) - np.take(points, block[:, 1], axis=0)
        norms(step, out=lengths[start : start + _BLOCK])
    return lengths


def parent_edge_lengths(points: FloatArray, parent: IntArray) -> FloatArray:
    """Straight length of the edge above every vertex of a tree.

    Parameters
    ----------
    points
        (V, 3) coordinates.
    parent
        (V,) row of each vertex's parent, -1 at roots.

    Returns
    -------
    (V,) float64 array
        In the unit of the coordinates; 0 at roots.

    Examples
    --------
    >>> parent_edge_lengths(np.array([[0.0, 0, 0], [3, 4, 0]]), np.array([-1, 0])).tolist()
    [0.0, 5.0]
    """
    lengths = np.empty(len(parent), dtype=np.float64)
    for start in range(0, len(parent), _BLOCK):
        stop = start + _BLOCK
        step = points[start:stop] - np.take(points, parent[start:stop], axis=0)
        norms(step, out=lengths[start:stop])
    lengths[parent < 0] = 0.0
    return lengths


def adjacency(
    n_vertices: int, edges: IntArray, weights: AnyArray, *, directed: bool = False
) -> csr_matrix:
    """The matrix of a graph.

    Parameters
    ----------
    n_vertices
        Number of vertices n.
    edges
        (E, 2) rows. Edges from a vertex to itself are left out; of an edge given several times
        the first counts.
    weights
        (E,) weight of each edge.
    directed
        Store each edge in row ``edges[:, 0]`` and column ``edges[:, 1]`` only. By default it
        is stored both ways, and two edges in opposite directions are the same one.

    Returns
    -------
    (n, n) csr_matrix of float64
        Weights of zero are stored.

    Raises
    ------
    TopologyError
        If an edge names a vertex that does not exist.
    """
    first, second, proper = _ends(n_vertices, edges)
    values = np.asarray(weights, dtype=np.float64)[proper]
    matrix = _matrix(n_vertices, first, second, values, directed=directed)
    if matrix.nnz < (len(first) if directed else 2 * len(first)):
        # Making the matrix has added up the edges that were given several times.
        once = _first_mentions(n_vertices, first, second, directed=directed)
        matrix = _matrix(n_vertices, first[once], second[once], values[once], directed=directed)
    return matrix


def binary_adjacency(n_vertices: int, edges: IntArray, *, directed: bool = False) -> csr_matrix:
    """The (n, n) int8 matrix with 1 for every edge; otherwise as `adjacency`."""
    first, second, _ = _ends(n_vertices, edges)
    ones = np.ones(len(first), dtype=np.int8)
    matrix = _matrix(n_vertices, first, second, ones, directed=directed)
    matrix.data[:] = 1
    return matrix


def half_edge_length(n_vertices: int, edges: IntArray, lengths: FloatArray) -> FloatArray:
    """Cable that each vertex stands for: half the summed length of its edges.

    Parameters
    ----------
    n_vertices
        Number of vertices n.
    edges
        (E, 2) rows.
    lengths
        (E,) length of each edge.

    Returns
    -------
    (n,) float64 array
        It sums to the sum of the lengths; 0 where there is no edge.

    Examples
    --------
    >>> half_edge_length(4, np.array([[1, 0], [2, 1]]), np.array([2.0, 4.0])).tolist()
    [1.0, 3.0, 2.0, 0.0]
    """
    at_first = np.bincount(edges[:, 0], weights=lengths, minlength=n_vertices)
    at_second = np.bincount(edges[:, 1], weights=lengths, minlength=n_vertices)
    return 0.5 * (at_first + at_second)


def distances(
    csgraph: csr_matrix,
    sources: IntArray | None = None,
    targets: IntArray | None = None,
    limit: float | None = None,
) -> FloatArray:
    """Lengths of the shortest paths, by one search per source (Dijkstra 1959).

    Parameters
    ----------
    csgraph
        (n, n) matrix of non-negative lengths, as of `adjacency`; followed from row to column.
    sources, targets
        (k,) and (m,) rows; None for all vertices.
    limit
        Do not look for paths longer than this.

    Returns
    -------
    (k, m) float64 array
        ``inf`` where there is no path, or none up to the limit.

    Notes
    -----
    Beside the answer, the searches hold at most 32 MB, or n distances where that is more.
    """
    from scipy.sparse.csgraph import dijkstra

    n_vertices = csgraph.shape[0]
    begins = np.arange(n_vertices) if sources is None else _rows_of(csgraph, sources)
    ends = None if targets is None else _rows_of(csgraph, targets)
    answer = np.empty((len(begins), n_vertices if ends is None else len(ends)))
    if answer.size == 0:
        return answer
    at_once = max(1, _ENTRIES_AT_ONCE // n_vertices)
    for start in range(0, len(begins), at_once):
        found = dijkstra(
            csgraph,
            indices=begins[start : start + at_once],
            limit=np.inf if limit is None else limit,
        )
        answer[start : start + at_once] = found if ends is None else found[:, ends]
    return answer


def shortest_path_rows(
    csgraph: csr_matrix, source: int, target: int
) -> npt.NDArray[np.int32] | None:
    """Rows along the shortest path between two vertices, both included.

    Parameters
    ----------
    csgraph
        (n, n) matrix of non-negative lengths, as of `adjacency`; followed from row to column.
    source, target
        Rows.

    Returns
    -------
    (k,) int32 array, or None
        The path of least total length, not of fewest edges; None if there is no path.
    """
    from scipy.sparse.csgraph import dijkstra

    source, target = _rows_of(csgraph, np.array([source, target])).tolist()
    _, before = dijkstra(csgraph, indices=source, return_predecessors=True)
    # The shortest paths from one source make a tree.
    return RootedTree(np.maximum(before, -1).astype(np.int32)).path_rows(source, target)


def _rows_of(csgraph: csr_matrix, rows: IntArray) -> npt.NDArray[np.int64]:
    chosen = np.atleast_1d(np.asarray(rows))
    n_vertices = csgraph.shape[0]
    outside = (chosen < 0) | (chosen >= n_vertices)
    if outside.any():
        row = int(chosen[outside][0])
        raise TopologyError(
            f"row {row} is not in this graph, whose rows are 0 … {n_vertices - 1}", rows=[row]
        )
    return chosen.astype(np.int64)


def _ends(n_vertices: int, edges: IntArray) -> tuple[IntArray, IntArray, BoolArray | slice]:
    """Both ends of the edges between different vertices, and which edges those are.

    The ends are int32, which searches in the matrix need.
    """
    pairs = np.asarray(edges)
    if pairs.size == 0:
        none = np.empty(0, dtype=np.int32)
        return none, none, slice(None)
    if pairs.min() < 0 or pairs.max() >= n_vertices:
        outside = pairs[(pairs < 0) | (pairs >= n_vertices)]
        raise TopologyError(
            f"{len(outside)} ends of edges are no row, the first is {outside[0]}: "
            f"there are {n_vertices} vertices, and their rows count from 0",
            rows=[int(outside[0])],
        )
    first, second = pairs[:, 0].astype(np.int32), pairs[:, 1].astype(np.int32)
    proper = first != second
    if proper.all():
        return first, second, slice(None)
    return first[proper], second[proper], proper


def _matrix(
    n_vertices: int, first: IntArray, second: IntArray, values: AnyArray, *, directed: bool
) -> csr_matrix:
    """The matrix with these entries, or these and their mirror images; repeated ones add up."""
    from scipy.sparse import coo_matrix

    if not directed:
        first, second = np.concatenate((first, second)), np.concatenate((second, first))
        values = np.concatenate((values, values))
    shape = (n_vertices, n_vertices)
    matrix: csr_matrix = coo_matrix((values, (first, second)), shape=shape).tocsr()
    return matrix


def _first_mentions(
    n_vertices: int, first: IntArray, second: IntArray, *, directed: bool
) -> npt.NDArray[np.int64]:
    """Numbers of the edges that no earlier one repeats."""
    if not directed:
        first, second = np.minimum(first, second), np.maximum(first, second)
    key = first.astype(np.int64) * n_vertices + second
    return np.sort(np.unique(key, return_index=True)[1])
