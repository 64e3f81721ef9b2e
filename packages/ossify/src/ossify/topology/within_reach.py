"""Sums and least values within a path length of each vertex of a tree, without listing pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ossify._typing import AnyArray, BoolArray, FloatArray, IntArray
from ossify.topology.neighbourhoods import Direction
from ossify.topology.preorder import Preorder
from ossify.topology.ragged import joined_ranges
from ossify.topology.range_minimum import range_minima
from ossify.topology.rooted_tree import RootedTree

Places = npt.NDArray[np.int64]

# Distances to the root carry about this much rounding, relative to the greatest of them.
_ROUNDING = 64 * np.finfo(np.float64).eps

_AT_ONCE = 1 << 16


def sums_within(
    tree: RootedTree,
    steps: FloatArray,
    values: AnyArray,
    limit: float,
    direction: Direction = "undirected",
    *,
    inclusive: bool = True,
) -> AnyArray:
    """Sum of values over what a walk along a tree reaches from each vertex.

    Parameters
    ----------
    tree
        A rooted tree, or a forest, of V vertices.
    steps
        (V,) length of the edge above each vertex, not negative. Edges of unknown or infinite
        length are not passed.
    values
        (V, k) finite numbers.
    limit
        The greatest length of a path. Rounding does not decide about paths of just this length:
        they count.
    direction
        "upstream" sums over ancestors, "downstream" over descendants, "undirected" over both and
        all others.
    inclusive
        Whether a vertex reaches itself.

    Returns
    -------
    (V, k) array
        int64 and exact for integers and booleans. Else float64, with a rounding error that is
        relative to the sum of all magnitudes; exactly 0 where only zeros are within reach.

    Notes
    -----
    Divide and conquer at vertices where runs meet. A path between two vertices of a connected
    part either passes its hub or stays in one of the branches that are left without it. Those
    through the hub are summed for all vertices at once, in the order of their distance to it;
    those of one branch, which do not pass it, are taken off again. A hub leaves branches of at
    most half the runs, a part whose vertices all reach each other is not divided any more, and
    what is left at last are runs, along which a sum is one over a window. A vertex takes part in
    as many rounds as the logarithm of the number of runs within its reach, not one for every
    vertex there.

    Examples
    --------
    Two tips, 2 and 3, meet at 1, which hangs from the root 0.

    >>> tree = RootedTree.from_parents([-1, 0, 1, 1])
    >>> sums_within(tree, np.ones(4), np.array([[1], [10], [100], [1000]]), 1).ravel().tolist()
    [11, 1111, 110, 1010]
    """
    tree, height, reach = _measured(tree, steps, limit)
    index = tree.index
    numbers = np.asarray(values)
    if numbers.dtype.kind == "f":
        # Differences of running sums seldom come out as 0; how many values are not 0 is exact.
        numbers = np.concatenate((numbers, numbers != 0), axis=1)
    else:
        numbers = numbers.astype(np.int64)
    collected = _Sums(index, height, index.in_order(numbers), reach, direction)
    collected.collect()
    sums = index.per_row(collected.total)
    if not inclusive:
        sums = sums - numbers
    if numbers.dtype.kind != "f":
        return sums
    sums, present = np.split(sums, 2, axis=1)
    return np.where(present > 0, sums, 0.0)


def minima_within(
    tree: RootedTree,
    steps: FloatArray,
    values: FloatArray,
    limit: float,
    direction: Direction = "undirected",
) -> FloatArray:
    """Least of the values at what a walk along a tree reaches from each vertex, itself included.

    Parameters
    ----------
    tree, steps, limit, direction
        As for `sums_within`.
    values
        (V,) numbers, infinite where there is none.

    Returns
    -------
    (V,) float64 array
        Infinite where there is none within reach.

    Notes
    -----
    As `sums_within`, but that nothing has to be taken off: the way through a hub is never shorter
    than the path.

    Examples
    --------
    >>> chain = RootedTree.from_parents([-1, 0, 1, 2])
    >>> minima_within(chain, np.ones(4), np.array([5.0, 7, 8, 9]), 1).tolist()
    [5.0, 5.0, 7.0, 8.0]
    """
    tree, height, reach = _measured(tree, steps, limit)
    index = tree.index
    column = index.in_order(np.asarray(values, dtype=np.float64))[:, np.newaxis]
    collected = _Minima(index, height, column, reach, direction)
    collected.collect()
    return index.per_row(collected.total[:, 0])


def _measured(
    tree: RootedTree, steps: FloatArray, limit: float
) -> tuple[RootedTree, FloatArray, float]:
    """A forest of passable edges, the height of each place above its root, and the reach."""
    lengths = np.asarray(steps, dtype=np.float64)
    passable = np.isfinite(lengths)
    if not passable.all():
        tree = RootedTree(np.where(passable, tree.parent, np.int32(-1)))
        lengths = np.where(passable, lengths, 0.0)
    height = tree.index.in_order(tree.sums_from_root(lengths))
    return tree, height, limit + _ROUNDING * float(np.max(height, initial=0.0))


@dataclass(frozen=True, eq=False)
class _Parts:
    """Connected parts of a forest of runs, N runs in all.

    Attributes
    ----------
    run
        (N,) the runs of one part after those of another, each part's ascending.
    part
        (N,) number of the part that each is in, from 0, ascending.
    """

    run: Places
    part: Places

    @property
    def start(self) -> Places:
        """(P,) place of the first run of each part."""
        return np.flatnonzero(np.diff(self.part, prepend=-1))

    def choose(self, keep: BoolArray, part: Places | None = None) -> _Parts:
        """Some of the runs, by their parts, or by other ones."""
        run = self.run[keep]
        label = (self.part if part is None else part)[keep]
        order = np.argsort(label, kind="stable")
        label = label[order]
        return _Parts(run[order], np.cumsum(np.diff(label, prepend=label[:1]) > 0))


class _Hubs:
    """A vertex of each part at which runs meet, and where it lies for each run of the part.

    Attributes
    ----------
    hub
        (N,) which of the N runs ends in the hub of its part.
    place
        (N,) place of that hub in preorder.
    branch
        (N,) number of the branch that each run is in once the hubs are taken out.
    is_below, is_above
        (N,) whether paths from the run to the root pass the hub, or the other way round.
    """

    def __init__(self, index: Preorder, height: FloatArray, parts: _Parts) -> None:
        self._index = index
        self._height = height
        self.parts = parts
        run, part = parts.run, parts.part
        here = np.arange(len(run))
        key = part * index.n_runs
        last = np.searchsorted(key + run, key + index.last_run[run], side="right")
        # The last run in preorder that has more than half of the runs below it, itself included.
        has_half = 2 * (last - here) > np.bincount(part)[part]
        hub = np.maximum.reduceat(np.where(has_half, here, -1), parts.start)[part]
        self.hub = hub
        self.place = index.run_stop[run[hub]] - 1
        self.is_below = (here > hub) & (here < last[hub])
        self.is_above = (run <= run[hub]) & (index.last_run[run] >= run[hub])
        first = self.is_below & (index.run_parent[run] == run[hub])
        self.branch = np.where(self.is_below, len(run) + np.cumsum(first), part)
        # Of two runs in preorder, the paths to the root meet at the least height at which one of
        # those between them hangs. Of runs above the hub this is no less than their own height.
        starts, stops = np.minimum(here, hub) + 1, np.maximum(here, hub) + 1
        self._meeting = range_minima(height[index.attach[run]], starts, stops, empty=np.inf)

    def distance(self, place: Places, at: Places) -> FloatArray:
        """Distance to the hub of some places, which are in the given ones of the N runs."""
        height = self._height[place]
        meeting = np.minimum(height, self._meeting[at])
        return np.asarray(height + self._height[self.place[at]] - 2 * meeting)

    def extremes(self) -> tuple[FloatArray, FloatArray]:
        """(N,) least and greatest distance of the vertices of each run."""
        run, here = self.parts.run, np.arange(len(self.parts.run))
        first = self.distance(self._index.run_start[run], here)
        last = self.distance(self._index.run_stop[run] - 1, here)
        return np.minimum(first, last), np.maximum(first, last)


class _Sums:
    """The sums, as far as they have been collected; everything is in preorder."""

    def __init__(
        self, index: Preorder, height: FloatArray, value: AnyArray, reach: float, way: Direction
    ) -> None:
        self._index = index
        self._height = height
        self._value = value
        self._reach = reach
        self._way = way
        # Hubs are taken off the ends of their runs.
        self._stop = index.run_stop.copy()
        self._alone = np.ones(index.n_runs, dtype=np.bool_)
        self.total = self._nothing(len(value))

    def _nothing(self, n: int) -> AnyArray:
        return np.zeros((n, self._value.shape[1]), dtype=self._value.dtype)

    def _add_parts(self, place: Places, part: Places) -> None:
        """Add to each place what all places of its part have."""
        sums = self._nothing(int(part[-1]) + 1)
        np.add.at(sums, part, self._value[place])
        self.total[place] += sums[part]

    def _add_ranges(
        self, place: Places, given: Places, start: Places, stop: Places, sign: int = 1
    ) -> None:
        """Add to each place what the given ones from a start to a stop have."""
        running = np.zeros((len(given) + 1, self._value.shape[1]), dtype=self._value.dtype)
        np.cumsum(self._value[given], axis=0, out=running[1:])
        self.total[place] += sign * (running[stop] - running[start])

    def collect(self) -> None:
        """Divide until only runs are left, then sum along these."""
        runs = np.arange(self._index.n_runs)
        trees = np.cumsum(self._index.run_parent < 0) - 1
        parts = _Parts(runs, trees).choose(np.ones(len(runs), dtype=np.bool_))
        while True:
            size = np.bincount(parts.part)
            parts = parts.choose(size[parts.part] > 1)
            if not len(parts.run):
                break
            parts = self._divided(parts)
        self._sum_along_runs()

    def _divided(self, parts: _Parts) -> _Parts:
        """Sum over all paths through one hub of each part, and leave the branches around it."""
        hubs = _Hubs(self._index, self._height, parts)
        nearest, farthest = hubs.extremes()
        done = np.zeros(len(parts.run), dtype=np.bool_)
        if self._way == "undirected":
            extent = 2 * np.maximum.reduceat(farthest, parts.start)
            done = (extent <= self._reach)[parts.part]
            self._sum_all(parts.choose(done))
        self._sum_through(hubs, np.flatnonzero(~done & (nearest <= self._reach)))
        self._stop[parts.run[np.unique(hubs.hub[~done])]] -= 1
        return parts.choose(~done, hubs.branch)

    def _sum_all(self, parts: _Parts) -> None:
        """Sum over parts in which everything is within reach of everything."""
        if not len(parts.run):
            return
        place, length = self._places(parts.run)
        self._add_parts(place, np.repeat(parts.part, length))
        self._alone[parts.run] = False

    def _sum_through(self, hubs: _Hubs, chosen: Places) -> None:
        """Sum over the paths through the hubs, of the chosen runs."""
        place, length = self._places(hubs.parts.run[chosen])
        at = np.repeat(chosen, length)
        distance = hubs.distance(place, at)
        within = distance <= self._reach
        at, place, distance = at[within], place[within], distance[within]
        part, is_hub = hubs.parts.part[at], place == hubs.place[at]
        if self._way == "undirected":
            self._sum(place, distance, part)
            rest = ~is_hub
            self._sum(place[rest], distance[rest], hubs.branch[at[rest]], sign=-1)
            return
        higher, lower = hubs.is_above[at] | is_hub, hubs.is_below[at] | is_hub
        giving, asking = (higher, lower) if self._way == "upstream" else (lower, higher)
        self._sum(place, distance, part, giving=giving, asking=asking)

    def _places(self, run: Places) -> tuple[Places, Places]:
        """The places of some runs, without the hubs of before, and how many each run has."""
        length = self._stop[run] - self._index.run_start[run]
        return joined_ranges(self._index.run_start[run], length), length

    def _sum(
        self,
        place: Places,
        distance: FloatArray,
        group: Places,
        sign: int = 1,
        giving: BoolArray | slice = slice(None),
        asking: BoolArray | slice = slice(None),
    ) -> None:
        """Add to places what others of their group have, if the two distances are in reach."""
        key = _pairs(group[giving], distance[giving])
        order = np.argsort(key, kind="stable")
        key = key[order]
        whose = group[asking]
        stop = np.searchsorted(key, _pairs(whose, self._reach - distance[asking]), side="right")
        start = np.searchsorted(key.real, whose, side="left")
        self._add_ranges(place[asking], place[giving][order], start, stop, sign)

    def _sum_along_runs(self) -> None:
        """Sum along every run that is left by itself."""
        run = np.flatnonzero(self._alone)
        total = np.cumsum(self._stop[run] - self._index.run_start[run])
        # Some runs at a time, which are quick to look through while they are in the cache.
        ends = np.searchsorted(total, np.arange(_AT_ONCE, self._index.n_places, _AT_ONCE))
        for some in np.split(run, np.unique(ends)):
            self._sum_along(some)

    def _sum_along(self, run: Places) -> None:
        place, length = self._places(run)
        own, height = np.repeat(run, length), self._height[place]
        key, here = _pairs(own, height), np.arange(len(place))
        start, stop = here, here + 1
        if self._way != "downstream":
            start = np.searchsorted(key, _pairs(own, height - self._reach), side="left")
        if self._way != "upstream":
            stop = np.searchsorted(key, _pairs(own, height + self._reach), side="right")
        self._add_ranges(place, place, start, stop)


class _Minima(_Sums):
    """Least values, of one column, as far as they have been collected."""

    def _nothing(self, n: int) -> AnyArray:
        return np.full((n, 1), np.inf)

    def _add_parts(self, place: Places, part: Places) -> None:
        least = self._nothing(int(part[-1]) + 1)
        np.minimum.at(least[:, 0], part, self._value[place, 0])
        self.total[place] = np.minimum(self.total[place], least[part])

    def _add_ranges(
        self, place: Places, given: Places, start: Places, stop: Places, sign: int = 1
    ) -> None:
        if sign < 0:
            return
        least = range_minima(self._value[given, 0], start, stop, empty=np.inf)
        self.total[place, 0] = np.minimum(self.total[place, 0], least)


def _pairs(first: IntArray, second: FloatArray) -> npt.NDArray[np.complex128]:
    """Pairs as complex numbers, which numpy orders by their real parts first. Exact."""
    pairs = np.empty(len(first), dtype=np.complex128)
    pairs.real = first
    pairs.imag = second
    return pairs
