"""The best labels for the vertices of a tree, when neighbours should agree."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ossify._typing import BoolArray, FloatArray, IntArray
from ossify.errors import TopologyError
from ossify.topology.preorder import Preorder
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
    Dynamic programming from the tips to the roots and back (Viterbi 1967). Along a run its steps
    are matrices over (max, +), which are multiplied by doubling; what remains goes by branch
    order, all runs of one order at once.

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
    levels = _levels(index)
    best = _best_below(index, in_order, cost, levels)
    is_root = index.run_parent < 0
    at_root = best[index.run_start[is_root]]
    if root_allowed is not None:
        at_root = np.where(root_allowed, at_root, -np.inf)
    if np.isneginf(at_root.max(axis=1)).any():
        raise TopologyError("no labels are allowed for a whole tree: every choice is forbidden")
    # What each vertex would choose, by what its parent has.
    choice = np.argmax(best[:, np.newaxis, :] - cost, axis=2)
    choice[index.run_start[is_root]] = at_root.argmax(axis=1)[:, np.newaxis]
    _compose(choice, np.arange(index.n_places) - index.per_place(index.run_start))
    above = np.zeros(index.n_runs, dtype=np.int64)
    for runs in levels[1:]:
        parent = index.run_parent[runs]
        above[runs] = choice[index.run_stop[parent] - 1, above[parent]]
    return index.per_row(choice[np.arange(index.n_places), index.per_place(above)])


def _levels(index: Preorder) -> list[IntArray]:
    """Runs by the number of runs above them."""
    order = index.sums_above(np.ones(index.n_runs, dtype=np.int64))
    runs = np.argsort(order, kind="stable")
    return np.split(runs, np.cumsum(np.bincount(order))[:-1])


def _best_below(
    index: Preorder, scores: FloatArray, cost: FloatArray, levels: list[IntArray]
) -> FloatArray:
    """(V, K) the best that each place and all below it can reach, by its label."""
    n_labels = scores.shape[1]
    left = index.per_place(index.run_stop - 1) - np.arange(index.n_places)
    # From a place to the last of its run; there, nothing.
    onwards = scores[:, :, np.newaxis] - cost
    onwards[left == 0] = np.where(np.eye(n_labels, dtype=bool), 0.0, -np.inf)
    width = 1
    places = np.flatnonzero(left > width)
    while len(places):
        onwards[places] = _product(onwards[places], onwards[places + width])
        width *= 2
        places = places[left[places] > width]
    last = scores[index.run_stop - 1]
    for runs in reversed(levels):
        first = _applied(onwards[index.run_start[runs]], last[runs])
        hangs = index.run_parent[runs] >= 0
        told = (first[hangs][:, np.newaxis, :] - cost).max(axis=2)
        np.add.at(last, index.run_parent[runs[hangs]], told)
    return _applied(onwards, index.per_place(last))


def _product(first: FloatArray, second: FloatArray) -> FloatArray:
    """(n, K, K) products of matrices, where adding is taking the greater and products are sums."""
    product = np.full_like(first, -np.inf)
    for between in range(first.shape[1]):
        step = first[:, :, between, np.newaxis] + second[:, between, np.newaxis, :]
        np.maximum(product, step, out=product)
    return product


def _applied(matrices: FloatArray, vectors: FloatArray) -> FloatArray:
    applied: FloatArray = (matrices + vectors[:, np.newaxis, :]).max(axis=2)
    return applied


def _compose(choice: Labels, passed: IntArray) -> None:
    """Make each choice depend on what is above the run, and not on the vertex before."""
    width = 1
    places = np.flatnonzero(passed >= width)
    while len(places):
        before = choice[places - width]
        choice[places] = np.take_along_axis(choice[places], before, axis=1)
        width *= 2
        places = places[passed[places] >= width]
