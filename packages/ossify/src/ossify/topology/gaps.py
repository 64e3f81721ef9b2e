"""The shortest gaps between the trees of a forest: a minimum spanning tree over whole trees.

Borůvka's way: every tree looks for the nearest vertex of another, what has found each other is
one from then on, and so on. The look-out is the costly part. Trees are cut into blocks of vertices
that lie close together; the distances between one vertex of each block bound all others, so that
only few blocks have to be compared vertex by vertex. Most gaps are settled by the blocks nearest to
each block, which are found once. Where trees are far apart, blocks of blocks are compared first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ossify._frozen import Frozen
from ossify._typing import BoolArray, FloatArray, IntArray
from ossify.topology.ragged import joined_ranges
from ossify.topology.rooted_tree import RootedTree
from ossify.topology.spatial import nearest_tree, norms

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

Rows = npt.NDArray[np.int64]

# A block is about as wide as this many edges are long.
_EDGES_ACROSS = 8
# How many blocks near each block are known from the start.
_NEAR = 16
# Blocks are put together until there are so many of each tree, or so many in all.
_COARSE_OF_TREE, _COARSE = 4, 2048
# Distances that are computed at once: 8 MB, and some times that for their ends.
_PAIRS_AT_ONCE = 1 << 20


@dataclass(frozen=True, eq=False)
class Gaps(Frozen):
    """N gaps, the shortest first: the straight line between two vertices of two trees each.

    Attributes
    ----------
    first, second
        (N,) rows of the two vertices; the lower one first.
    length
        (N,) how far they are apart.
    """

    first: Rows
    second: Rows
    length: FloatArray


def shortest_gaps(tree: RootedTree, points: FloatArray, max_distance: float = np.inf) -> Gaps:
    """The gaps to close so that all trees hang together with the least length in between.

    Parameters
    ----------
    tree
        A forest of V vertices.
    points
        (V, 3) finite coordinates.
    max_distance
        Gaps that are longer stay open.

    Returns
    -------
    Gaps
        Of gaps that are equally long, the one with the lowest rows counts as the shorter.

    Examples
    --------
    >>> forest = RootedTree.from_parents([-1, 0, -1, -1])
    >>> gaps = shortest_gaps(forest, np.array([[0.0, 0, 0], [1, 0, 0], [3, 0, 0], [9, 0, 0]]))
    >>> gaps.first.tolist(), gaps.second.tolist(), gaps.length.tolist()
    ([1, 2], [2, 3], [2.0, 6.0])
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    found: list[FloatArray] = [np.empty(0)]
    rows: list[Rows] = [np.empty((0, 2), dtype=np.int64)]
    n_trees = len(tree.roots)
    if n_trees > 1:
        blocks = _Blocks.of(tree, points)
        tree_of = np.searchsorted(tree.roots, tree.component_root[blocks.vertex])
    # Trees, numbered as their roots are, by the group that they have become part of.
    group_of = np.arange(n_trees)
    while n_trees > 1 and group_of.max() > 0:
        length, pairs = _nearest_outside(blocks, group_of[tree_of], max_distance)
        if not len(length):
            break
        found.append(length)
        rows.append(pairs)
        ends = group_of[np.searchsorted(tree.roots, tree.component_root[pairs])]
        n_groups = int(group_of.max()) + 1
        joined = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), (n_groups, n_groups))
        group_of = connected_components(joined, directed=False)[1][group_of].astype(np.int64)
    lengths, both = np.concatenate(found), np.concatenate(rows)
    order = np.lexsort((both[:, 1], both[:, 0], lengths))
    return Gaps(both[order, 0], both[order, 1], lengths[order])


@dataclass(frozen=True, eq=False)
class _Blocks(Frozen):
    """The rows of a forest in B blocks, each of one tree and with all vertices close together.

    Attributes
    ----------
    rows, start, size
        (V,) rows, block after block; (B,) where each begins and how many there are.
    points
        (V, 3) coordinates, in row order.
    vertex
        (B,) one row of each block.
    radius
        (B,) how far the others may be from it.
    tree
        (B,) root of the tree that each block is in.
    cube
        (B, 3) whole numbers of the cube.
    """

    rows: Rows
    start: Rows
    size: Rows
    points: FloatArray
    vertex: Rows
    radius: FloatArray
    tree: Rows
    cube: Rows

    @classmethod
    def of(cls, tree: RootedTree, points: FloatArray) -> _Blocks:
        """Stretches of the preorder that stay in one tree and in one cube."""
        index = tree.index
        placed = index.in_order(points)
        cube = np.floor_divide(placed - placed.min(axis=0), _cube_width(tree, placed))
        begins = np.ones(index.n_places, dtype=np.bool_)
        begins[1:] = (cube[1:] != cube[:-1]).any(axis=1)
        begins[index.run_start[index.run_parent < 0]] = True
        start = np.flatnonzero(begins)
        size = np.diff(start, append=index.n_places)
        # One in the middle of a block is nearest to all others.
        vertex = start + size // 2
        offset = placed - np.repeat(placed[vertex], size, axis=0)
        away = norms(offset)
        return cls(
            index.order.astype(np.int64),
            start,
            size,
            points,
            index.order[vertex].astype(np.int64),
            np.maximum.reduceat(away, start),
            tree.component_root[index.order[start]].astype(np.int64),
            cube[start].astype(np.int64),
        )

    @property
    def places(self) -> FloatArray:
        """(B, 3) coordinates of the vertex of each block."""
        return np.take(self.points, self.vertex, axis=0)

    @cached_property
    def near(self) -> tuple[FloatArray, Rows]:
        """(B, k) distances to, and numbers of, the blocks with the nearest vertices."""
        k = range(1, min(_NEAR, len(self.places)) + 1)
        distance, near = nearest_tree(self.places).query(self.places, k=k)
        return distance, near

    @cached_property
    def coarse(self) -> _Coarse:
        """The same in fewer, larger blocks."""
        most = max(_COARSE, _COARSE_OF_TREE * len(np.unique(self.tree)))
        begins = np.ones(len(self.start), dtype=np.bool_)
        cube = self.cube
        while begins.sum() > most and cube.any():
            cube = cube >> 1
            begins[1:] = (cube[1:] != cube[:-1]).any(axis=1) | (self.tree[1:] != self.tree[:-1])
        start = np.flatnonzero(begins)
        size = np.diff(start, append=len(begins))
        middle = start + size // 2
        offset = self.places - np.repeat(self.places[middle], size, axis=0)
        reach = norms(offset) + self.radius
        return _Coarse(start, size, self.places[middle], np.maximum.reduceat(reach, start))

    @property
    def known_to(self) -> FloatArray:
        """(B,) the distance up to which `near` has all blocks."""
        distance = self.near[0]
        if distance.shape[1] == len(self.start):
            return np.full(len(self.start), np.inf)
        return np.asarray(distance[:, -1])

    def members(self, blocks: IntArray) -> tuple[Rows, Rows]:
        """Rows of several blocks, one after the other, and how many each has."""
        size = self.size[blocks]
        return self.rows[joined_ranges(self.start[blocks], size)], size


@dataclass(frozen=True, eq=False)
class _Coarse(Frozen):
    """C blocks of blocks.

    Attributes
    ----------
    start, size
        (C,) where the blocks of each begin and how many there are.
    places, radius
        (C, 3) coordinates of one vertex of each, and (C,) how far all others may be from it.
    """

    start: Rows
    size: Rows
    places: FloatArray
    radius: FloatArray


def _cube_width(tree: RootedTree, placed: FloatArray) -> float:
    """Width of the cubes: that of some edges, or anything if there are none."""
    parent_place = tree.index.rank[tree.parent[tree.index.order]]
    has_parent = tree.parent[tree.index.order] >= 0
    step = placed[has_parent] - placed[parent_place[has_parent]]
    total = norms(step).sum()
    return float(_EDGES_ACROSS * total / has_parent.sum()) if total > 0 else 1.0


def _nearest_outside(blocks: _Blocks, group: Rows, max_distance: float) -> tuple[FloatArray, Rows]:
    """The shortest gaps of some groups, each once: (n,) lengths, (n, 2) rows. None: all is done."""
    # The largest group needs not look out itself: all others look for it.
    asks = group != np.argmax(np.bincount(group, weights=blocks.size))
    first, second, is_sure = _close_among_near(blocks, group, asks, max_distance)
    length, rows = _best_pairs(blocks, group, first, second, max_distance)
    if len(length):
        return length, rows
    asks &= ~is_sure[group]
    first, second = _close_among_all(blocks, group, asks, max_distance)
    return _best_pairs(blocks, group, first, second, max_distance)


def _reach(radius: FloatArray, bound: FloatArray) -> FloatArray:
    """How far from its vertex a block may have to look, the far block's radius left out."""
    # The bounds come from sums and roots, which are rounded.
    return (bound + radius) * (1 + 1e-9)


def _close_among_near(
    blocks: _Blocks, group: Rows, asks: BoolArray, max_distance: float
) -> tuple[Rows, Rows, BoolArray]:
    """Pairs of blocks that may have the shortest gap of the first one's group.

    The third is which groups this settles: nothing that is as near can be farther down the list
    of near blocks of any of their blocks.
    """
    distance, near = blocks.near
    is_outside = (group[near] != group[:, np.newaxis]) & asks[:, np.newaxis]
    bound = np.full(int(group.max()) + 1, max_distance)
    np.minimum.at(bound, group, np.where(is_outside, distance, np.inf).min(axis=1))
    reach = _reach(blocks.radius, bound[group])
    may_miss = blocks.known_to <= reach + blocks.radius.max()
    is_sure = np.bincount(group, weights=may_miss) == 0
    is_close = distance <= reach[:, np.newaxis] + blocks.radius[near]
    first, place = np.nonzero(is_outside & is_close & is_sure[group][:, np.newaxis])
    return first, near[first, place], is_sure


def _close_among_all(
    blocks: _Blocks, group: Rows, asks: BoolArray, max_distance: float
) -> tuple[Rows, Rows]:
    """The same for the groups that ask, whatever it takes."""
    bound = np.full(int(group.max()) + 1, max_distance)
    if not asks.any():
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    coarse = blocks.coarse
    group_of_coarse = group[coarse.start]
    pairs = _close_coarse(coarse, group_of_coarse, asks[coarse.start], bound)
    total = coarse.size[pairs].prod(axis=1)
    close = []
    for part in _in_parts(total):
        first = joined_ranges(coarse.start[pairs[part, 0]], coarse.size[pairs[part, 0]])
        times = np.repeat(coarse.size[pairs[part, 1]], coarse.size[pairs[part, 0]])
        starts = np.repeat(coarse.start[pairs[part, 1]], coarse.size[pairs[part, 0]])
        both = np.stack((np.repeat(first, times), joined_ranges(starts, times)), axis=1)
        between = blocks.places[both[:, 0]] - blocks.places[both[:, 1]]
        distance = norms(between)
        np.minimum.at(bound, group[both[:, 0]], distance)
        is_close = (
            distance <= _reach(blocks.radius, bound[group])[both[:, 0]] + blocks.radius[both[:, 1]]
        )
        close.append(both[is_close])
    first, second = np.concatenate([np.empty((0, 2), dtype=np.int64), *close]).T
    return first, second


def _close_coarse(coarse: _Coarse, group: Rows, asks: BoolArray, bound: FloatArray) -> Rows:
    """(n, 2) pairs of coarse blocks that may have the shortest gap; lowers the bounds of groups."""
    widest = float(coarse.radius.max())
    limit = float(bound.max()) + 2 * widest
    away = np.full(len(group), np.inf)
    halves = list(_halves(coarse.places, group))
    for _, inside, there, _ in halves:
        asking = np.flatnonzero(inside & asks)
        distance = there.query(coarse.places[asking], distance_upper_bound=limit)[0]
        away[asking] = np.minimum(away[asking], distance)
    np.minimum.at(bound, group, away)
    reach = _reach(coarse.radius, bound[group])
    may = asks & (away <= reach + widest)
    close = [np.empty((0, 2), dtype=np.int64)]
    for digit, inside, there, targets in halves:
        asking = np.flatnonzero(inside & may)
        radii = reach[asking] + widest
        found = there.query_ball_point(coarse.places[asking], radii, return_sorted=False)
        count = np.fromiter(map(len, found), dtype=np.int64, count=len(found))
        first = np.repeat(asking, count)
        second = targets[np.fromiter(chain.from_iterable(found), dtype=np.int64, count=count.sum())]
        # Two groups are met once for every digit in which they differ. The lowest one counts.
        differs = group[first] ^ group[second]
        is_lowest = differs & ((2 << digit) - 1) == 1 << digit
        first, second = first[is_lowest], second[is_lowest]
        distance = norms(coarse.places[first] - coarse.places[second])
        is_close = distance <= reach[first] + coarse.radius[second]
        close.append(np.stack((first[is_close], second[is_close]), axis=1))
    return np.concatenate(close)


def _halves(places: FloatArray, group: Rows) -> Iterator[tuple[int, BoolArray, cKDTree, Rows]]:
    """Some of the places, and a search tree over the others: each two groups are parted by one.

    Two groups differ in some binary digit of their numbers, which comes first.
    """
    for digit in range(int(group.max()).bit_length()):
        is_one = (group >> digit) & 1 == 1
        for inside in (is_one, ~is_one):
            targets = np.flatnonzero(~inside)
            if inside.any() and len(targets):
                yield digit, inside, nearest_tree(places[targets]), targets


def _in_parts(sizes: Rows) -> list[Rows]:
    """The places of what has these sizes, in parts that are not too much for one go."""
    ends = np.cumsum(sizes)
    cuts = np.searchsorted(ends, np.arange(0, int(ends[-1]) if len(ends) else 0, _PAIRS_AT_ONCE))
    return np.split(np.arange(len(sizes)), np.unique(cuts))


def _best_pairs(
    blocks: _Blocks, group: Rows, first: Rows, second: Rows, max_distance: float
) -> tuple[FloatArray, Rows]:
    """The shortest gap of each group among all pairs of vertices of some pairs of blocks."""
    best_length = [np.empty(0)]
    best_rows = [np.empty((0, 2), dtype=np.int64)]
    best_group = [np.empty(0, dtype=np.int64)]
    for part in _in_parts(blocks.size[first] * blocks.size[second]):
        mine, theirs, of_pair = _vertex_pairs(blocks, first[part], second[part])
        between = blocks.points[mine] - blocks.points[theirs]
        length = norms(between)
        rows = np.stack((np.minimum(mine, theirs), np.maximum(mine, theirs)), axis=1)
        chosen = _shortest_of_each(length, rows, group[first[part]][of_pair])
        best_length.append(length[chosen])
        best_rows.append(rows[chosen])
        best_group.append(group[first[part]][of_pair[chosen]])
    length, rows = np.concatenate(best_length), np.concatenate(best_rows)
    chosen = _shortest_of_each(length, rows, np.concatenate(best_group))
    chosen = chosen[length[chosen] <= max_distance]
    # Two groups that are nearest to each other have found the same gap.
    unique = np.unique(rows[chosen], axis=0, return_index=True)[1]
    return length[chosen[unique]], rows[chosen[unique]]


def _vertex_pairs(blocks: _Blocks, first: Rows, second: Rows) -> tuple[Rows, Rows, Rows]:
    """All pairs of rows of pairs of blocks, and the number of the pair of blocks of each."""
    mine, n_mine = blocks.members(first)
    n_theirs = np.repeat(blocks.size[second], n_mine)
    starts = np.repeat(blocks.start[second], n_mine)
    theirs = blocks.rows[joined_ranges(starts, n_theirs)]
    of_pair = np.repeat(np.repeat(np.arange(len(first)), n_mine), n_theirs)
    return np.repeat(mine, n_theirs), theirs, of_pair


def _shortest_of_each(length: FloatArray, rows: Rows, group: Rows) -> Rows:
    """Where the shortest gap of every group is; of those as short, the one of the lowest rows."""
    # Few are as short as the shortest of their group, and only these are sorted.
    least = np.full(int(group.max(initial=-1)) + 1, np.inf)
    np.minimum.at(least, group, length)
    among = np.flatnonzero(length == least[group])
    order = among[np.lexsort((rows[among, 1], rows[among, 0], group[among]))]
    return order[np.flatnonzero(np.diff(group[order], prepend=-1))]
