"""The best labels for the vertices of a tree, when neighbours should agree."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ossify._typing import AnyArray, BoolArray, FloatArray
from ossify.errors import TopologyError
from ossify.topology.heavy_paths import HeavyPaths
from ossify.topology.rooted_tree import RootedTree

Labels = npt.NDArray[np.int64]


def best_labels(
    tree: RootedTree,
    scores: FloatArray,
    cost: FloatArray,
    root_allowed: BoolArray | None = None,
) -> Labels:
    """The labels with the greatest sum of scores, less the costs of the edges. Exact.

    Parameters
    ----------
    tree
        A rooted tree, or a forest, of V vertices.
    scores
        (V, K) score of each label at each vertex; −inf forbids one.
    cost
        (K, K) cost of an edge from a parent with the first label to a child with the second; inf
        forbids the pair.
    root_allowed
        (K,) which labels a root may have; None for all.

    Returns
    -------
    (V,) int64 array
        Numbers of labels. Where several do equally well, the lowest number nearest to the root.

    Raises
    ------
    TopologyError
        If everything is forbidden for a tree.

    Notes
    -----
    Dynamic programming from the tips to the roots and back (Viterbi 1967). It goes by layers of
    `HeavyPaths`, of which there are few, and along all paths of a layer at once: cut into blocks
    of equal length, whose steps are taken side by side.

    Examples
    --------
    The vertex in the middle would be the second label, but not by enough for two changes.

    >>> chain = RootedTree.from_parents([-1, 0, 1])
    >>> scores = np.array([[1.0, 0], [0, 1], [1, 0]])
    >>> best_labels(chain, scores, 0.9 * (1 - np.eye(2))).tolist()
    [0, 0, 0]
    """
    index = tree.index
    in_order = index.in_order(np.asarray(scores, dtype=np.float64))
    if index.n_places == 0:
        return np.empty(0, dtype=np.int64)
    paths = HeavyPaths.of(index)
    above = np.full(index.n_places, -1)
    above[index.rank] = np.where(tree.parent >= 0, index.rank[tree.parent], -1)
    best = _best_below(paths, above, in_order, cost)
    is_root = above < 0
    at_root = best[is_root]
    if root_allowed is not None:
        at_root = np.where(root_allowed, at_root, -np.inf)
    if np.isneginf(at_root.max(axis=1)).any():
        raise TopologyError("no labels are allowed for a whole tree: every choice is forbidden")
    # What each vertex would choose, by what its parent has.
    choice = np.empty(best.shape, dtype=np.int64)
    for label, costs in enumerate(cost):
        choice[:, label] = (best - costs).argmax(axis=1)
    choice[is_root] = at_root.argmax(axis=1)[:, np.newaxis]
    return index.per_row(_chosen(paths, above, choice))


def _best_below(
    paths: HeavyPaths, above: Labels, scores: FloatArray, cost: FloatArray
) -> FloatArray:
    """(V, K) the best that each place and all below it can reach, by its label."""
    best = scores.copy()
    for start, stop in _backwards(paths):
        places, is_first = paths.places[start:stop], paths.is_first[start:stop]
        is_last = np.append(is_first[1:], True)
        # Nothing goes on from the one vertex of a path, and of bushy trees most paths have one.
        goes_on = np.flatnonzero(~(is_first & is_last))
        if len(goes_on):
            along = places[goes_on]
            best[along] = _best_along(best[along], is_last[goes_on], cost)
        heads = places[is_first & (above[places] >= 0)]
        np.add.at(best, above[heads], _told(np.ascontiguousarray(best[heads].T), cost).T)
    return best


def _told(best: FloatArray, cost: FloatArray) -> FloatArray:
    """(K, …) what parents can reach by their label, if children can reach (K, …) by theirs."""
    aside = (slice(None), *(np.newaxis,) * (best.ndim - 1))
    return np.stack([(best - costs[aside]).max(axis=0) for costs in cost])


def _chosen(paths: HeavyPaths, above: Labels, choice: Labels) -> Labels:
    """(V,) the label of each place."""
    labels = np.zeros(len(choice), dtype=np.int64)
    for start, stop in reversed(_backwards(paths)):
        places = paths.places[start:stop]
        heads = places[paths.is_first[start:stop]]
        chosen = choice[heads, labels[above[heads]]]
        labels[heads] = chosen
        if len(heads) < len(places):
            choice[heads] = chosen[:, np.newaxis]
            labels[places] = _labels_along(choice[places])
    return labels


def _backwards(paths: HeavyPaths) -> list[tuple[int, int]]:
    return list(pairwise(paths.layers.tolist()))[::-1]


def _in_blocks(values: AnyArray, fill: float) -> AnyArray:
    """(n, …) values as (B, N, …): N blocks, of which the steps at one place lie together."""
    length = math.isqrt(max(len(values) - 1, 0)) + 1
    n_blocks = -(-len(values) // length)
    padded = np.full((n_blocks * length, *values.shape[1:]), fill, dtype=values.dtype)
    padded[: len(values)] = values
    blocks = padded.reshape(n_blocks, length, *values.shape[1:])
    return np.ascontiguousarray(np.swapaxes(blocks, 0, 1))


def _in_line(blocks: AnyArray, n: int) -> AnyArray:
    """The (n, …) values that `_in_blocks` has put into blocks."""
    line = np.swapaxes(blocks, 0, 1)
    return line.reshape(-1, *blocks.shape[2:])[:n]


def _best_along(scores: FloatArray, is_last: BoolArray, cost: FloatArray) -> FloatArray:
    """(n, K) the best that each vertex and the rest of its path can reach, by its label."""
    n_labels = scores.shape[1]
    # Labels come before blocks, of which there are many: what is taken together lies together.
    steps = np.ascontiguousarray(np.swapaxes(_in_blocks(scores, 0.0), 1, 2))
    last = _in_blocks(is_last, True)
    # How the first vertex of a block depends on the one after the block; and, where a path ends in
    # between, on nothing: that is the last column.
    depends = np.full((n_labels, n_labels + 1, steps.shape[2]), -np.inf)
    depends[np.arange(n_labels), np.arange(n_labels)] = 0.0
    for step, ends in zip(steps[::-1], last[::-1], strict=True):
        depends = _told(depends, cost)
        depends += step[:, np.newaxis]
        np.copyto(depends, -np.inf, where=ends)
        np.copyto(depends[:, -1], step, where=ends)
    of_block = np.ascontiguousarray(np.moveaxis(depends, 2, 0))
    after = np.zeros((len(of_block), n_labels))
    for block in range(len(of_block) - 1, 0, -1):
        reached = (of_block[block, :, :-1] + after[block]).max(axis=1)
        after[block - 1] = np.maximum(reached, of_block[block, :, -1])
    best = np.empty_like(steps)
    known = np.ascontiguousarray(after.T)
    for place in range(len(steps) - 1, -1, -1):
        known = np.where(last[place], steps[place], steps[place] + _told(known, cost))
        best[place] = known
    return _in_line(np.swapaxes(best, 1, 2), len(scores))


def _labels_along(choice: Labels) -> Labels:
    """(n,) the label of each vertex of some paths; the first of each has only one choice."""
    steps = _in_blocks(choice, 0)
    depends = np.tile(np.arange(choice.shape[1]), (steps.shape[1], 1))
    for step in steps:
        depends = np.take_along_axis(step, depends, axis=1)
    before = np.zeros((steps.shape[1], 1), dtype=np.int64)
    for block in range(1, len(before)):
        before[block] = depends[block - 1, before[block - 1]]
    labels = np.empty(steps.shape[:2], dtype=np.int64)
    for place, step in enumerate(steps):
        before = np.take_along_axis(step, before, axis=1)
        labels[place] = before[:, 0]
    return _in_line(labels, len(choice))
