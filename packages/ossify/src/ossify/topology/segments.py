"""A tree cut into paths: unbranched segments, and paths that cover it from the tips."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ossify._typing import ArrayLike, FloatArray, IntArray
from ossify.topology.preorder import Preorder
from ossify.topology.ragged import Ragged, joined_ranges, offsets_of
from ossify.topology.range_minimum import range_minima
from ossify.topology.rooted_tree import RootedTree

Numbers = npt.NDArray[np.int64]


def segments(tree: RootedTree) -> Ragged:
    """Maximal unbranched stretches, each from its far end towards the root.

    A branch point belongs to the segment on its root side, as that segment's first vertex. The
    segments are in ascending order of the lowest row in each. Every vertex is in one of them.

    Parameters
    ----------
    tree
        A rooted tree, or a forest, of V vertices.

    Returns
    -------
    Ragged
        S items of rows.

    Examples
    --------
    >>> [rows.tolist() for rows in segments(RootedTree.from_parents([-1, 0, 1, 1, 2]))]
    [[1, 0], [4, 2], [3]]
    """
    index = tree.index
    runs = _runs_by_lowest_row(index)
    length = index.run_length[runs]
    places = joined_ranges(index.run_stop[runs] - 1, length, backwards=True)
    return Ragged(index.order[places], offsets_of(length))


def segment_of(tree: RootedTree) -> Numbers:
    """(V,) number of the segment that each vertex belongs to, in the order of `segments`.

    Examples
    --------
    >>> segment_of(RootedTree.from_parents([-1, 0, 1, 1, 2])).tolist()
    [0, 0, 1, 2, 1]
    """
    index = tree.index
    number = np.empty(index.n_runs, dtype=np.int64)
    number[_runs_by_lowest_row(index)] = np.arange(index.n_runs)
    return index.per_row(index.per_place(number))


def segments_plus(tree: RootedTree) -> Ragged:
    """The `segments`, each with the vertex it hangs on appended.

    The segment of a root hangs on nothing and is as it was.

    Examples
    --------
    >>> [rows.tolist() for rows in segments_plus(RootedTree.from_parents([-1, 0, 1, 1, 2]))]
    [[1, 0], [4, 2, 1], [3, 1]]
    """
    index = tree.index
    runs = _runs_by_lowest_row(index)
    hangs = index.run_parent[runs] >= 0
    length = index.run_length[runs] + hangs
    places = joined_ranges(index.run_stop[runs] - 1, length, backwards=True)
    offsets = offsets_of(length)
    places[offsets[1:][hangs] - 1] = index.attach[runs[hangs]]
    return Ragged(index.order[places], offsets)


def cover_paths(tree: RootedTree, from_root: FloatArray, starts: ArrayLike | None = None) -> Ragged:
    """Paths towards the root that do not overlap, the one with the farthest start first.

    Each path begins at its start and stops before the first vertex that an earlier path has
    visited, or at the root. Of starts at the same distance, the one given last comes first.

    Parameters
    ----------
    tree
        A rooted tree, or a forest, of V vertices.
    from_root
        (V,) distance of each vertex to its root.
    starts
        Rows to begin at. By default the tips in ascending order, whose paths visit every
        vertex once.

    Returns
    -------
    Ragged
        One item of rows per start. It is empty where an earlier path, or an earlier mention of
        the same start, has visited the start.

    Examples
    --------
    >>> tree = RootedTree.from_parents([-1, 0, 1, 1, 2])
    >>> [rows.tolist() for rows in cover_paths(tree, tree.depth)]
    [[4, 2, 1, 0], [3]]
    """
    index = tree.index
    begins = tree.tip_rows if starts is None else tree.checked_rows(starts)
    ranked = begins[np.argsort(np.asarray(from_root)[begins], kind="stable")[::-1]]
    # Of a start that is given twice, the first mention in this order is the one that counts:
    # written backwards, it is the one that stays.
    priority = np.full(index.n_places, -1, dtype=np.int64)
    priority[index.rank[ranked[::-1]]] = np.arange(len(ranked))[::-1]
    start_place = np.flatnonzero(priority >= 0)
    return _join_pieces(index, start_place, priority[start_place], len(ranked))


def _join_pieces(index: Preorder, start_place: IntArray, priority: Numbers, n_paths: int) -> Ragged:
    """Paths from places in ascending order; where they meet, the least priority goes on."""
    # Cut below every start, the runs fall into pieces that belong to one path each, or to none:
    # to the first of the paths that start at the end of the piece or anywhere below it.
    cut = np.zeros(index.n_places + 1, dtype=np.bool_)
    cut[start_place + 1] = True
    cut[index.run_stop] = True
    stop = np.flatnonzero(cut)
    length = np.diff(stop, prepend=0)
    subtree_end = index.run_end[index.runs_at(stop - 1)]
    path = range_minima(
        priority,
        np.searchsorted(start_place, stop - 1),
        np.searchsorted(start_place, subtree_end),
        empty=n_paths,
    )
    # The pieces of a path follow each other upwards, which is backwards in preorder.
    pieces = np.argsort(path[::-1], kind="stable")
    pieces = (len(stop) - 1 - pieces)[: np.count_nonzero(path < n_paths)]
    places = joined_ranges(stop[pieces] - 1, length[pieces], backwards=True)
    n_pieces = np.bincount(path[pieces], minlength=n_paths)
    return Ragged(index.order[places], offsets_of(length[pieces])[offsets_of(n_pieces)])


def _runs_by_lowest_row(index: Preorder) -> Numbers:
    if index.n_runs == 0:
        return np.empty(0, dtype=np.int64)
    return np.argsort(np.minimum.reduceat(index.order, index.run_start))
