"""Fewer vertices on the same branches: which stay, and what becomes of the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ossify._frozen import Frozen
from ossify._typing import BoolArray, FloatArray, IntArray
from ossify.topology.preorder import Preorder
from ossify.topology.ragged import Ragged, joined_ranges, offsets_of
from ossify.topology.rooted_tree import RootedTree
from ossify.topology.spatial import norms

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Thinned(Frozen):
    """N of V vertices, in the same order, and the tree that they make.

    Attributes
    ----------
    rows
        (N,) old row of each.
    tree
        Their tree: the parent is the next one towards the root that has stayed.
    new_row
        (V,) the one nearest to each old vertex on the same stretch, of two the one nearer to the
        root.
    """

    rows: Rows
    tree: RootedTree
    new_row: Rows


def thinned(tree: RootedTree, from_root: FloatArray, keep: BoolArray) -> Thinned:
    """The tree of some of its vertices, joined along the branches.

    Parameters
    ----------
    tree
        A rooted tree, or a forest, of V vertices.
    from_root
        (V,) distance of each vertex to its root.
    keep
        (V,) True for the vertices that stay; roots, branch points and tips must be among them.

    Examples
    --------
    >>> chain = RootedTree.from_parents([-1, 0, 1, 2])
    >>> thin = thinned(chain, np.array([0.0, 1, 2, 9]), np.array([True, False, False, True]))
    >>> thin.rows.tolist(), thin.tree.parent.tolist(), thin.new_row.tolist()
    ([0, 3], [-1, 0], [0, 0, 0, 1])
    """
    index = tree.index
    stays = index.in_order(keep)
    place = np.arange(index.n_places)
    # The last place of a run stays, and so does what the run hangs on.
    next_kept = np.minimum.accumulate(np.where(stays, place, index.n_places)[::-1])[::-1]
    last_kept = np.maximum.accumulate(np.where(stays, place, -1))
    last_kept = _in_run_or_above(index, last_kept)
    parent_place = _in_run_or_above(index, np.append(-1, last_kept)[: index.n_places])

    rows = np.flatnonzero(keep)
    new_row_of = np.full(index.n_places + 1, -1, dtype=np.int64)
    new_row_of[index.rank[rows]] = np.arange(len(rows))
    along = index.in_order(np.asarray(from_root, dtype=np.float64))
    is_nearer_up = along - along[last_kept] <= along[next_kept] - along
    nearest = new_row_of[np.where(is_nearer_up, last_kept, next_kept)]
    parent = new_row_of[parent_place[index.rank[rows]]]
    return Thinned(rows, RootedTree(parent.astype(np.int32)), index.per_row(nearest))


def every(tree: RootedTree, factor: int) -> BoolArray:
    """(V,) True for roots, branch points, tips, and every n-th vertex outwards from each of them.

    Parameters
    ----------
    tree
        A rooted tree, or a forest, of V vertices.
    factor
        n, at least 1.

    Examples
    --------
    >>> every(RootedTree.from_parents([-1, 0, 1, 2, 3, 4]), 2).tolist()
    [True, False, True, False, True, True]
    """
    index = tree.index
    is_root = index.run_parent < 0
    # Counted from what the run hangs on, or from the root with which it starts.
    count = np.arange(1, index.n_places + 1) - index.per_place(index.run_start + is_root)
    keep = count % factor == 0
    keep[index.run_stop - 1] = True
    stays: BoolArray = index.per_row(keep)
    return stays


def within_tolerance(
    tree: RootedTree, points: FloatArray, is_held: BoolArray, tolerance: float
) -> BoolArray:
    """Vertices of which straight lines stay close to all that they leave out.

    Ramer 1972 and Douglas & Peucker 1973: a stretch between two vertices that stay is left as one
    line if every vertex of it is within the tolerance of that line, and otherwise cut at the one
    farthest from it.

    Parameters
    ----------
    tree
        A rooted tree, or a forest, of V vertices.
    points
        (V, 3) coordinates.
    is_held
        (V,) True for vertices that stay; roots, branch points and tips do anyway.
    tolerance
        The greatest distance from a line, in the unit of the coordinates.

    Returns
    -------
    (V,) boolean array

    Examples
    --------
    >>> bent = np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0], [2, 1, 0], [2, 2, 0]])
    >>> chain = RootedTree.from_parents([-1, 0, 1, 2, 3])
    >>> within_tolerance(chain, bent, np.zeros(5, dtype=bool), 0.1).tolist()
    [True, False, True, False, True]
    """
    stretches = _stretches(tree)
    keep = is_held[stretches.values]
    keep[stretches.offsets[:-1]] = True
    keep[stretches.offsets[1:] - 1] = True
    _cut_where_far(np.take(points, stretches.values, axis=0), keep, tolerance)
    stays = np.zeros(tree.n_vertices, dtype=np.bool_)
    stays[stretches.values[keep]] = True
    return stays


def _in_run_or_above(index: Preorder, places: Rows) -> Rows:
    """Places, and what the run hangs on where they lie before their run."""
    before = places < index.per_place(index.run_start)
    return np.where(before, index.per_place(index.attach), places)


def _stretches(tree: RootedTree) -> Ragged:
    """Rows of each run, outwards, after the one that it hangs on."""
    index = tree.index
    hangs = index.run_parent >= 0
    length = index.run_length + hangs
    places = joined_ranges(index.run_start - hangs, length)
    offsets = offsets_of(length)
    places[offsets[:-1][hangs]] = index.attach[hangs]
    return Ragged(index.order[places], offsets)


def _cut_where_far(points: FloatArray, keep: BoolArray, tolerance: float) -> None:
    """Mark, in `keep`, where lines between marked points have to be cut; the ends are marked."""
    place = np.arange(len(keep))
    left = np.flatnonzero(~keep)
    begin = np.maximum.accumulate(np.where(keep, place, 0))[left]
    end = np.minimum.accumulate(np.where(keep, place, len(keep))[::-1])[::-1][left]
    # Each round cuts every line that still has to be, so that there are few rounds.
    while len(left):
        away = _distances_to_lines(points, left, begin, end)
        first = np.flatnonzero(np.diff(begin, prepend=-1))
        size = np.diff(first, append=len(left))
        farthest = np.maximum.reduceat(away, first)
        # Of several that are as far, the first.
        at = np.flatnonzero(away == np.repeat(farthest, size))
        line = np.repeat(np.arange(len(first)), size)[at]
        cut = left[at[np.flatnonzero(np.diff(line, prepend=-1))]]
        is_cut = farthest > tolerance
        keep[cut[is_cut]] = True
        cut_of = np.repeat(cut, size)
        begin = np.where(left < cut_of, begin, cut_of)
        end = np.where(left < cut_of, cut_of, end)
        goes_on = np.repeat(is_cut, size) & (left != cut_of)
        left, begin, end = left[goes_on], begin[goes_on], end[goes_on]


def _distances_to_lines(
    points: FloatArray, at: IntArray, begin: IntArray, end: IntArray
) -> FloatArray:
    """Distance of each point from the line between two others, which ends at them."""
    start = np.take(points, begin, axis=0)
    along = np.take(points, end, axis=0) - start
    offset = np.take(points, at, axis=0) - start
    length = np.einsum("ij,ij->i", along, along)
    reach = np.einsum("ij,ij->i", offset, along)
    share = np.divide(reach, length, out=np.zeros_like(length), where=length > 0)
    offset -= np.clip(share, 0, 1)[:, np.newaxis] * along
    return norms(offset)
