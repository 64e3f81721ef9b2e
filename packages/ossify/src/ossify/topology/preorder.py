"""The one index that every question about a tree is answered from.

In a preorder each vertex comes before its children and each subtree is contiguous. A *run* is
a maximal unbranched stretch: it ends at a branch point or at a tip, and it is contiguous too.
A skeleton of V vertices has about V / 40 runs, so what cannot be one array operation over the
vertices is done over the runs. The runs hang on one another by their last vertices and are
again numbered in preorder.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from ossify._frozen import Frozen, freeze
from ossify._typing import AnyArray, IntArray
from ossify.errors import TopologyError
from ossify.topology.ragged import joined_ranges

Rows = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]
Number = TypeVar("Number", np.int64, np.float64)


@dataclass(frozen=True, eq=False)
class Preorder(Frozen):
    """A preorder of a forest of V vertices, in R runs. Every array is read-only.

    Attributes
    ----------
    order
        (V,) row of the vertex at each place.
    rank
        (V,) place of each row: the inverse of `order`.
    run_start, run_stop
        (R,) first place of each run, and the place after its last.
    run_parent
        (R,) run on whose last vertex this one hangs, -1 where it starts at a root.
    last_run
        (R,) greatest run in the subtree of each run. The runs below ``r``, itself included,
        are ``r … last_run[r]``.
    """

    order: Rows
    rank: Rows
    run_start: Places
    run_stop: Places
    run_parent: Places
    last_run: Places

    def __post_init__(self) -> None:
        for name in ("order", "rank", "run_start", "run_stop", "run_parent", "last_run"):
            freeze(getattr(self, name))

    @classmethod
    def build(cls, parent: Rows, n_children: Rows) -> Preorder:
        """Index a forest; children are visited in ascending order of their rows.

        Parameters
        ----------
        parent
            (V,) parent row of each vertex, -1 at roots; in range.
        n_children
            (V,) number of children of each vertex.

        Raises
        ------
        TopologyError
            If the parents have a cycle. It names a row on the cycle.
        """
        order = _visit(parent, n_children)
        if len(order) < len(parent):
            raise _cycle_error(parent)
        return cls._from_order(parent, order, _run_starts(order, n_children))

    @classmethod
    def from_stored(cls, parent: Rows, order: IntArray, run_start: IntArray) -> Preorder:
        """The index that `order` and `run_start` stand for, once they are proven to fit.

        Parameters
        ----------
        parent
            (V,) parent row of each vertex, -1 at roots; in range.
        order
            (V,) row of the vertex at each place.
        run_start
            (R,) first place of each run.

        Raises
        ------
        TopologyError
            If this is not a preorder of the parents cut at every branch point and tip.
        """
        stored_order, stored_start = np.asarray(order), np.asarray(run_start)
        _check_permutation(stored_order, len(parent))
        _check_starts(stored_start, len(parent))
        index = cls._from_order(
            parent, stored_order.astype(np.int32), stored_start.astype(np.int64)
        )
        index._check_against(parent)
        return index

    @classmethod
    def _from_order(cls, parent: Rows, order: Rows, run_start: Places) -> Preorder:
        rank = np.empty(len(order), dtype=np.int32)
        rank[order] = np.arange(len(order), dtype=np.int32)
        parent_row = parent[order[run_start]]
        parent_run = np.searchsorted(run_start, rank[parent_row], side="right") - 1
        run_parent = np.where(parent_row >= 0, parent_run, -1)
        if (run_parent >= np.arange(len(run_start))).any():
            raise _stored_error("a run comes before the one it hangs on")
        return cls(
            order=order,
            rank=rank,
            run_start=run_start,
            run_stop=np.append(run_start[1:], len(order))[: len(run_start)],
            run_parent=run_parent,
            last_run=_last_descendants(run_parent),
        )

    @property
    def n_places(self) -> int:
        """Number of vertices V."""
        return len(self.order)

    @property
    def n_runs(self) -> int:
        """Number of runs R."""
        return len(self.run_start)

    @cached_property
    def run_length(self) -> Places:
        """(R,) number of vertices in each run."""
        return freeze(self.run_stop - self.run_start)

    @cached_property
    def run_end(self) -> Places:
        """(R,) place after the last one of the subtree of each run.

        The subtree of place ``i`` in run ``r`` is the slice ``[i, run_end[r])``.
        """
        return freeze(self.run_stop[self.last_run])

    @cached_property
    def attach(self) -> Places:
        """(R,) place of the vertex each run hangs on, -1 where it starts at a root."""
        place = self.run_stop[self.run_parent] - 1
        return freeze(np.where(self.run_parent >= 0, place, -1))

    @cached_property
    def run_of_place(self) -> Rows:
        """(V,) run of each place."""
        return freeze(self.per_place(np.arange(self.n_runs, dtype=np.int32)))

    def run_at(self, place: int) -> int:
        """The run that holds one place."""
        return int(np.searchsorted(self.run_start, place, side="right")) - 1

    def runs_at(self, places: IntArray) -> Places:
        """The runs that hold some places."""
        return np.searchsorted(self.run_start, places, side="right") - 1

    def per_place(self, run_values: AnyArray) -> AnyArray:
        """Repeat (R, …) values of runs to the (V, …) places of their vertices."""
        return np.repeat(run_values, self.run_length, axis=0)

    def per_row(self, place_values: AnyArray) -> AnyArray:
        """Bring (V, …) values from preorder to row order; the same array if they agree."""
        if self._is_row_order:
            return place_values
        values: AnyArray = np.empty_like(place_values)
        values[self._wide_order] = place_values
        return values

    def in_order(self, row_values: AnyArray) -> AnyArray:
        """Bring (V, …) values from row order to preorder; the same array if they agree."""
        if self._is_row_order:
            return row_values
        return np.take(row_values, self._wide_order, axis=0)

    @cached_property
    def _is_row_order(self) -> bool:
        return np.array_equal(self.order, np.arange(self.n_places, dtype=np.int32))

    @cached_property
    def _wide_order(self) -> Places:
        # numpy would widen narrower numbers each time it takes values by them.
        return self.order.astype(np.int64)

    def sums_above(self, run_values: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """(R,) sum of (R,) values over the runs above each run, itself not included."""
        return self._above(np.add, run_values, run_values.dtype.type(0))

    def minima_above(self, run_values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(R,) least of (R,) values over the runs above each run, itself not included."""
        return self._above(np.minimum, run_values, np.float64(np.inf))

    def _above(
        self, total: np.ufunc, run_values: npt.NDArray[Number], of_nothing: Number
    ) -> npt.NDArray[Number]:
        # Each round doubles the stride of `above`, so that the rounds grow with the logarithm
        # of the number of runs on a path. Entry R stands for "above the root".
        above = np.append(np.where(self.run_parent >= 0, self.run_parent, self.n_runs), self.n_runs)
        totals: npt.NDArray[Number] = np.append(run_values, of_nothing)[above]
        while (above < self.n_runs).any():
            total(totals, totals[above], out=totals)
            above = above[above]
        return totals[:-1]

    def _check_against(self, parent: Rows) -> None:
        starts_run = np.zeros(self.n_places, dtype=np.bool_)
        starts_run[self.run_start] = True
        inner = np.flatnonzero(~starts_run)
        if not np.array_equal(parent[self.order[inner]], self.order[inner - 1]):
            raise _stored_error("a run steps to a vertex that is no child of the one before")
        parent_row = parent[self.order[self.run_start]]
        hangs = parent_row >= 0
        if not np.array_equal(self.rank[parent_row[hangs]], self.attach[hangs]):
            raise _stored_error("a run hangs on a vertex in the middle of another")
        if (np.bincount(self.run_parent[hangs], minlength=self.n_runs) == 1).any():
            raise _stored_error("a run is cut where the tree does not branch")
        if not _is_run_preorder(self.run_parent, self.last_run):
            raise _stored_error("a subtree is not contiguous")


def _visit(parent: Rows, n_children: Rows) -> Rows:
    """Rows in preorder; the rows on cycles, and below them, are missing."""
    # Skeletons are often stored along their branches. Where the only child of a row is the next
    # row, both are visited in one step.
    begins = np.ones(len(parent), dtype=np.bool_)
    begins[1:] = parent[1:] != np.arange(len(parent) - 1, dtype=np.int32)
    begins[1:] |= n_children[:-1] != 1
    first = np.flatnonzero(begins)
    stop = np.append(first[1:], len(parent))[: len(first)]
    stretch_of = np.cumsum(begins, dtype=np.int32)
    stretch_of -= 1
    above = parent[first]
    stretch_parent = np.where(above >= 0, stretch_of[above], np.int32(-1))
    visited = _search(stretch_parent, n_children[stop - 1])
    return joined_ranges(first[visited], (stop - first)[visited]).astype(np.int32)


def _search(parent: Rows, n_children: Rows) -> Rows:
    """Rows in the order of a depth-first search from the roots."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import depth_first_order

    if not (parent < 0).any():
        return np.empty(0, dtype=np.int32)
    first_child, next_sibling = _first_children_and_siblings(parent, n_children)
    # A search over "first child, then next sibling" visits the same preorder as one over all
    # children. It is used because scipy looks through a vertex's links anew each time it comes
    # back to it: with all children listed, a star of n tips would take n² steps.
    links = np.stack((first_child, next_sibling), axis=1)
    exists = links >= 0
    n_links = exists[:, 0].astype(np.int32)
    n_links += exists[:, 1]
    starts = np.zeros(len(parent) + 1, dtype=np.int32)
    np.cumsum(n_links, out=starts[1:])
    targets = links[exists]
    # The search never reads the weights, and untouched zeros take no memory.
    graph = csr_array((np.zeros(len(targets)), targets, starts), shape=(len(parent), len(parent)))
    first_root = int(np.argmax(parent < 0))
    order: Rows = depth_first_order(graph, first_root, return_predecessors=False)
    return order


def _first_children_and_siblings(parent: Rows, n_children: Rows) -> tuple[Rows, Rows]:
    """Each vertex's lowest child and next higher sibling, -1 for none; roots are siblings."""
    first_child = np.full(len(parent), -1, dtype=np.int32)
    next_sibling = np.full(len(parent), -1, dtype=np.int32)
    has_parent = parent >= 0
    # Assigned in descending order, the lowest of several children is the one that stays.
    children = np.flatnonzero(has_parent)[::-1]
    first_child[parent[children]] = children

    siblings = np.flatnonzero((n_children > 1)[parent] & has_parent)
    siblings = siblings[np.argsort(parent[siblings], kind="stable")]
    same_parent = parent[siblings[1:]] == parent[siblings[:-1]]
    next_sibling[siblings[:-1][same_parent]] = siblings[1:][same_parent]

    roots = np.flatnonzero(~has_parent)
    next_sibling[roots[:-1]] = roots[1:]
    return first_child, next_sibling


def _run_starts(order: Rows, n_children: Rows) -> Places:
    """Places whose predecessor is a tip or a branch point, and the first place."""
    if len(order) == 0:
        return np.empty(0, dtype=np.int64)
    ends_run = (n_children != 1)[order[:-1]]
    return np.concatenate(([0], np.flatnonzero(ends_run) + 1))


def _last_descendants(run_parent: Places) -> Places:
    """Greatest run below each run, itself included."""
    runs = np.arange(len(run_parent))
    last = runs.copy()
    hangs = run_parent >= 0
    # Assigned in ascending order, the greatest of several children is the one that stays.
    last[run_parent[hangs]] = runs[hangs]
    while True:
        further = last[last]
        if np.array_equal(further, last):
            return last
        last = further


def _is_run_preorder(run_parent: Places, last_run: Places) -> bool:
    """Whether each run is followed by its first child, and each child's subtree by the next."""
    order = np.argsort(run_parent, kind="stable")
    above = run_parent[order]
    is_first = np.ones(len(order), dtype=np.bool_)
    is_first[1:] = above[1:] != above[:-1]
    expected = np.where(is_first, above, last_run[np.roll(order, 1)]) + 1
    return np.array_equal(order, expected)


def _cycle_error(parent: Rows) -> TopologyError:
    # Following the parents for at least as many steps as there are vertices ends on a cycle
    # wherever it does not end at a root; each round doubles the number of steps.
    ancestor = np.append(parent, np.int32(-1))
    for _ in range(len(parent).bit_length()):
        ancestor = ancestor[ancestor]
    row = int(np.max(ancestor))
    return TopologyError(
        f"the parents have a cycle: following them from row {row} leads back to row {row}, "
        "where every path must end at a root (parent -1)",
        rows=[row],
    )


def _check_permutation(order: AnyArray, n_vertices: int) -> None:
    if order.shape != (n_vertices,) or order.dtype.kind not in "iu":
        raise _stored_error(f"the order must be {n_vertices} integers")
    if n_vertices and (order.min() < 0 or order.max() >= n_vertices):
        raise _stored_error(f"the order has rows outside 0 … {n_vertices - 1}")
    seen = np.zeros(n_vertices, dtype=np.bool_)
    seen[order] = True
    if not seen.all():
        raise _stored_error("the order does not list every row")


def _check_starts(run_start: AnyArray, n_vertices: int) -> None:
    if run_start.ndim != 1 or run_start.dtype.kind not in "iu":
        raise _stored_error("the run starts must be a list of integers")
    starts = run_start.astype(np.int64)
    begins = starts[:1].tolist() == ([0] if n_vertices else [])
    if not begins or (np.diff(starts) <= 0).any() or (starts >= max(n_vertices, 1)).any():
        raise _stored_error("the run starts must rise from 0 and stay below the vertex count")


def _stored_error(problem: str) -> TopologyError:
    return TopologyError(
        f"the stored preorder does not fit the parents: {problem}. "
        "Build the tree from its parents alone to index it anew."
    )
