"""From a list of edges to the parent of each vertex."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ossify._typing import AnyArray, BoolArray, IntArray
from ossify.errors import TopologyError

Rows = npt.NDArray[np.int32]


def parents_from_edges(
    n_vertices: int, edges: AnyArray, root: int | None = None, ids: IntArray | None = None
) -> Rows:
    """Parents of the vertices, one each at most. They can still have a cycle away from the root.

    Parameters
    ----------
    n_vertices
        Number of vertices V.
    edges
        (E, 2) rows [child, parent].
    root
        Row whose tree is oriented away from it, whichever way its edges point. The edges of
        all other trees are taken as they are.
    ids
        (V,) names for error messages; rows if None.

    Returns
    -------
    (V,) int32 array
        Parent rows, -1 where there is none.

    Raises
    ------
    TopologyError
        If a row is out of range, an edge joins a vertex with itself or is repeated, a vertex
        has two parents, or the edges around the root close a cycle.

    Examples
    --------
    >>> parents_from_edges(3, np.array([[0, 1], [1, 2]]), root=1).tolist()
    [1, -1, 1]
    """
    rows = _checked_rows(n_vertices, edges, ids)
    if root is not None and not 0 <= root < n_vertices:
        raise TopologyError(
            f"the root is row {root}, but the rows are 0 … {n_vertices - 1}", rows=[root]
        )
    parent = np.full(n_vertices, -1, dtype=np.int32)
    parent[rows[:, 0]] = rows[:, 1]
    n_with_parent = np.count_nonzero(parent >= 0)
    # A root without a parent among vertices with one parent each is a tree already, and there
    # is only one way to orient it.
    if n_with_parent == len(rows) and (root is None or parent[root] < 0):
        return parent
    check_simple(n_vertices, rows, ids)
    if root is None:
        _check_one_parent(n_vertices, rows, ids, "State a root= to have the edges oriented.")
        return parent
    return _oriented(n_vertices, rows, root, ids)


def check_simple(n_vertices: int, edges: IntArray, ids: IntArray | None = None) -> None:
    """Refuse edges from a vertex to itself, and edges given twice, in whichever direction.

    Raises
    ------
    TopologyError
        Naming the first such edge.
    """
    loops = np.flatnonzero(edges[:, 0] == edges[:, 1])
    if len(loops):
        row = int(edges[loops[0], 0])
        raise TopologyError(
            f"{len(loops)} of {len(edges)} edges join a vertex with itself, "
            f"the first is at {named(row, ids)}. Leave them out.",
            rows=[row],
        )
    low, high = np.minimum(*edges.T), np.maximum(*edges.T)
    key = low.astype(np.int64) * n_vertices + high
    order = np.argsort(key, kind="stable")
    repeats = order[1:][key[order[1:]] == key[order[:-1]]]
    if len(repeats):
        child, parent = (int(row) for row in edges[repeats.min()])
        raise TopologyError(
            f"{len(repeats)} of {len(edges)} edges are given twice, the first is the one "
            f"between {named(child, ids)} and {named(parent, ids)}. Give each edge once.",
            rows=[child, parent],
        )


def named(row: int, ids: IntArray | None) -> str:
    """How a message calls a vertex: by its id if it has one, else by its row."""
    return f"row {row}" if ids is None else f"vertex {int(ids[row])}"


def _checked_rows(n_vertices: int, edges: AnyArray, ids: IntArray | None) -> IntArray:
    if edges.size == 0:
        return np.empty((0, 2), dtype=np.int32)
    if edges.ndim != 2 or edges.shape[1] != 2 or edges.dtype.kind not in "iu":
        raise TopologyError(
            "edges must be an (E, 2) array of integer rows [child, parent], "
            f"not an array of {edges.dtype} with shape {edges.shape}"
        )
    if edges.min() < 0 or edges.max() >= n_vertices:
        outside = edges[(edges < 0) | (edges >= n_vertices)]
        raise TopologyError(
            f"{len(outside)} ends of edges are no row, the first is {outside[0]}: "
            f"there are {n_vertices} vertices, and their rows count from 0",
            rows=[int(outside[0])],
        )
    return edges


def _oriented(n_vertices: int, edges: IntArray, root: int, ids: IntArray | None) -> Rows:
    """Parents of simple edges, with the component of the root oriented away from it."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import breadth_first_order

    # Only the pattern is used, so the weights stay zero.
    graph = coo_array(
        (np.zeros(len(edges)), (edges[:, 0], edges[:, 1])), shape=(n_vertices, n_vertices)
    ).tocsr()
    reached, before = breadth_first_order(graph, root, directed=False)
    in_tree = np.zeros(n_vertices, dtype=np.bool_)
    in_tree[reached] = True
    parent = np.full(n_vertices, -1, dtype=np.int32)
    parent[reached[1:]] = before[reached[1:]]
    _check_spans(edges[in_tree[edges[:, 0]]], parent, len(reached), ids)
    others = edges[~in_tree[edges[:, 0]]]
    _check_one_parent(
        n_vertices, others, ids, "Only the edges around the root are oriented: orient the others."
    )
    parent[others[:, 0]] = others[:, 1]
    return parent


def _check_spans(edges: IntArray, parent: Rows, n_reached: int, ids: IntArray | None) -> None:
    """Refuse a component with more edges than a tree has."""
    if len(edges) == n_reached - 1:
        return
    first, second = edges[:, 0], edges[:, 1]
    extra: BoolArray = (parent[first] != second) & (parent[second] != first)
    row, other = (int(end) for end in edges[np.argmax(extra)])
    raise TopologyError(
        f"the edges around the root are {np.count_nonzero(extra)} too many for a tree; the one "
        f"between {named(row, ids)} and {named(other, ids)} closes a cycle. A skeleton has one "
        "path between any two vertices: leave that edge out, or make a graph layer.",
        rows=[row, other],
    )


def _check_one_parent(n_vertices: int, edges: IntArray, ids: IntArray | None, remedy: str) -> None:
    n_parents = np.bincount(edges[:, 0], minlength=n_vertices)
    bad = np.flatnonzero(n_parents > 1)
    if len(bad) == 0:
        return
    row = int(bad[0])
    parents: Sequence[int] = edges[edges[:, 0] == row, 1].tolist()
    shown = " and ".join(named(parent, ids) for parent in parents[:2])
    raise TopologyError(
        f"{len(bad)} of {n_vertices} vertices have more than one parent; {named(row, ids)} has "
        f"{shown}. Edges are [child, parent], and each child has one parent. {remedy}",
        rows=bad[:10].tolist(),
    )
