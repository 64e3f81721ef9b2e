"""Vertices spread evenly along the stretches of a tree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ossify._typing import BoolArray, FloatArray, IntArray
from ossify.errors import TopologyError
from ossify.topology.preorder import Preorder
from ossify.topology.ragged import joined_ranges, offsets_of
from ossify.topology.rooted_tree import RootedTree

Rows = npt.NDArray[np.int64]

_MOST_VERTICES = 2**31 - 1


@dataclass(frozen=True, eq=False)
class Respaced:
    """N new vertices, and how they lie on the V old ones.

    Attributes
    ----------
    parent
        (N,) new row of each new vertex's parent, −1 at roots; parents come first.
    below, above
        (N,) the old vertices that each new one lies between: `below` the one farther from the
        root. The same where it lies on an old vertex.
    share
        (N,) part of the way from `above` to `below` at which it lies, from 0 to 1.
    is_old
        (N,) whether it is an old vertex that has stayed.
    new_row
        (V,) the new vertex nearest to each old one on the same stretch.
    """

    parent: Rows
    below: Rows
    above: Rows
    share: FloatArray
    is_old: BoolArray
    new_row: Rows

    @property
    def nearest(self) -> Rows:
        """(N,) old vertex nearest to each new one along its edge; of two, the far one."""
        return np.where(self.share >= 0.5, self.below, self.above)


def respaced(
    tree: RootedTree, from_root: FloatArray, spacing: float, *, skip_root_adjacent: bool = False
) -> Respaced:
    """Keep roots, branch points and tips, and spread vertices evenly between them.

    A stretch of path length L between two of these is divided into ``round(L / spacing)`` equal
    steps, of which there is at least one.

    Parameters
    ----------
    tree
        A rooted tree, or a forest, of V vertices.
    from_root
        (V,) distance of each vertex to its root.
    spacing
        Distance that steps come close to, in the unit of `from_root`.
    skip_root_adjacent
        Whether stretches that begin at a root keep the vertices that they have.

    Raises
    ------
    TopologyError
        If the spacing is not a positive number, or so small that there would be more than
        2**31 vertices.

    Examples
    --------
    >>> chain = RootedTree.from_parents([-1, 0, 1])
    >>> new = respaced(chain, np.array([0.0, 1, 6]), spacing=2)
    >>> new.parent.tolist(), new.below.tolist(), new.share.round(2).tolist()
    ([-1, 0, 1, 2], [0, 2, 2, 2], [1.0, 0.2, 0.6, 1.0])
    """
    if not (np.isfinite(spacing) and spacing > 0):
        raise TopologyError(f"the spacing must be a positive number, not {spacing}")
    index = tree.index
    along = index.in_order(np.asarray(from_root, dtype=np.float64))
    first, near = _stretches(index)
    length = along[index.run_stop - 1] - along[near]
    n_steps = np.maximum(np.rint(length / spacing), 1.0)
    kept = _begins_at_root(index) & skip_root_adjacent
    n_old = index.run_stop - first
    n_steps = np.where(kept, n_old, n_steps)
    # A run that is a root and nothing else has no stretch.
    n_steps[n_old == 0] = 0
    is_root = index.run_parent < 0
    if n_steps.sum() + is_root.sum() > _MOST_VERTICES:
        raise TopologyError(
            f"a spacing of {spacing} makes {n_steps.sum():,.0f} vertices; choose a greater one"
        )
    steps = n_steps.astype(np.int64)
    start = offsets_of(steps + is_root)[:-1]
    return _laid_out(index, along, near, length, kept, steps, start + is_root)


def _stretches(index: Preorder) -> tuple[Rows, Rows]:
    """Place of the first vertex of each run that is no root, and of what the run hangs on."""
    is_root = index.run_parent < 0
    return index.run_start + is_root, np.where(is_root, index.run_start, index.attach)


def _begins_at_root(index: Preorder) -> BoolArray:
    """(R,) whether the stretch of a run hangs on a root."""
    first_run = np.where(index.run_parent >= 0, index.run_parent, 0)
    on_lone_root = (index.run_parent[first_run] < 0) & (index.run_length[first_run] == 1)
    return np.asarray((index.run_parent < 0) | on_lone_root)


def _laid_out(
    index: Preorder,
    along: FloatArray,
    near: Rows,
    length: FloatArray,
    kept: BoolArray,
    steps: Rows,
    start: Rows,
) -> Respaced:
    """The new vertices, run after run, in each from the root outwards.

    Run ``r`` has `steps[r]` new vertices from row `start[r]` on, and its root right before them.
    """
    is_root = index.run_parent < 0
    n_new = int(steps.sum() + is_root.sum())
    run = np.repeat(np.arange(len(steps)), steps)
    rows = joined_ranges(start, steps)
    step = rows - start[run] + 1
    first = index.run_start + is_root
    below = _places_below(index, along, near, length, run, step / np.maximum(steps, 1)[run])
    below = np.where(kept[run], first[run] + step - 1, below)
    last = step == steps[run]
    below[last] = index.run_stop[run[last]] - 1
    above = np.where(below == first[run], near[run], below - 1)
    target = along[near[run]] + length[run] * (step / np.maximum(steps, 1)[run])
    span = along[below] - along[above]
    share = np.divide(target - along[above], span, out=np.ones_like(span), where=span > 0)
    is_old = kept[run] | last
    share = np.where(is_old, 1.0, np.clip(share, 0.0, 1.0))

    end_row = start + steps - 1
    hangs_on = np.where(is_root, start - 1, end_row[index.run_parent])
    parent = np.full(n_new, -1, dtype=np.int64)
    parent[rows] = np.where(step == 1, hangs_on[run], rows - 1)
    answer_below, answer_above = _on_roots(n_new, index, start), _on_roots(n_new, index, start)
    answer_below[rows], answer_above[rows] = index.order[below], index.order[above]
    answer_share, answer_old = np.ones(n_new), np.ones(n_new, dtype=np.bool_)
    answer_share[rows], answer_old[rows] = share, is_old
    new_row = _nearest_new(index, along, near, length, kept, steps, start, hangs_on)
    return Respaced(parent, answer_below, answer_above, answer_share, answer_old, new_row)


def _on_roots(n_new: int, index: Preorder, start: Rows) -> Rows:
    """(N,) old rows of the new vertices that are roots; the others are left to be set."""
    rows = np.zeros(n_new, dtype=np.int64)
    is_root = index.run_parent < 0
    rows[start[is_root] - 1] = index.order[index.run_start[is_root]]
    return rows


def _places_below(
    index: Preorder, along: FloatArray, near: Rows, length: FloatArray, run: Rows, share: FloatArray
) -> Rows:
    """First place of a run that is at least a share of its length away from what it hangs on."""
    # Laid end to end, the stretches are one ascending line, on which all are looked up at once.
    ends = np.cumsum(length)
    before = ends - length
    line = along + index.per_place(before - along[near])
    places = np.searchsorted(line, before[run] + share * length[run])
    first = index.run_start + (index.run_parent < 0)
    return np.clip(places, first[run], index.run_stop[run] - 1)


def _nearest_new(
    index: Preorder,
    along: FloatArray,
    near: Rows,
    length: FloatArray,
    kept: BoolArray,
    steps: Rows,
    start: Rows,
    hangs_on: Rows,
) -> Rows:
    """(V,) new row that is nearest to each old row on its stretch."""
    run = index.run_of_place
    density = np.divide(steps, length, out=np.zeros_like(length), where=length > 0)
    step = np.rint((along - along[near][run]) * density[run]).astype(np.int64)
    first = index.run_start + (index.run_parent < 0)
    place = np.arange(index.n_places)
    step = np.where(kept[run], place - first[run] + 1, step)
    step[index.run_stop - 1] = steps
    new_row = np.where(step > 0, start[run] + step - 1, hangs_on[run])
    is_root = index.run_parent < 0
    new_row[index.run_start[is_root]] = start[is_root] - 1
    return index.per_row(new_row)


def interpolated(new: Respaced, points: FloatArray) -> FloatArray:
    """(N, 3) coordinates of the new vertices, from the (V, 3) of the old ones."""
    above, below = np.take(points, new.above, axis=0), np.take(points, new.below, axis=0)
    between = above + new.share[:, np.newaxis] * (below - above)
    # What has stayed is where it was, to the last digit.
    return np.where(new.is_old[:, np.newaxis], below, between)


def new_ids(new: Respaced, ids: IntArray) -> Rows:
    """(N,) ids: old vertices keep theirs, new ones count on from the greatest.

    Raises
    ------
    TopologyError
        If there are no numbers left above the greatest.
    """
    n_added = int(np.count_nonzero(~new.is_old))
    greatest = int(ids.max(initial=-1))
    if greatest + n_added >= 2**63:
        raise TopologyError(f"{n_added:,} new vertices need ids above {greatest}, which has none")
    named = ids[new.below].astype(np.int64)
    named[~new.is_old] = np.arange(greatest + 1, greatest + 1 + n_added)
    return named
