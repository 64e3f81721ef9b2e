"""Sums and extremes over segments, over subtrees, and along the paths to the root."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import numpy as np

from ossify._typing import FloatArray, IntArray
from ossify.topology.range_minimum import range_minima
from ossify.topology.rooted_tree import RootedTree

Total: TypeAlias = Literal["sum", "max", "min"]


def subtree_totals(tree: RootedTree, values: FloatArray, how: Total) -> FloatArray:
    """Sum or extreme of the values of each vertex and everything below it.

    Parameters
    ----------
    tree
        A rooted tree, or a forest of them, of V vertices.
    values
        (V,) numbers. NaN makes NaN of every total that it is in, and of no other.
    how
        What is computed.

    Returns
    -------
    (V,) float64 array

    Examples
    --------
    >>> tree = RootedTree.from_parents([-1, 0, 1, 1])
    >>> subtree_totals(tree, np.array([1.0, 2, 5, 3]), "max").tolist()
    [5.0, 5.0, 5.0, 3.0]
    """
    if how == "sum":
        return _sums(tree.subtree_sums, values)
    sign = -1.0 if how == "max" else 1.0
    index = tree.index
    least = sign * index.in_order(values)
    left_in_run = index.per_place(index.run_stop - 1) - np.arange(index.n_places)
    _spread_minima(least, left_in_run, step=1)
    # After its own run, a subtree goes on with the whole runs up to its last one.
    runs = np.arange(index.n_runs)
    below = range_minima(least[index.run_start], runs + 1, index.last_run + 1, empty=np.inf)
    np.minimum(least, index.per_place(below), out=least)
    return index.per_row(sign * least)


def path_totals(tree: RootedTree, values: FloatArray, how: Total) -> FloatArray:
    """Sum or extreme of the values along the path from each vertex to its root, both included.

    Parameters
    ----------
    tree
        A rooted tree, or a forest of them, of V vertices.
    values
        (V,) numbers. NaN makes NaN of every total that it is in, and of no other.
    how
        What is computed.

    Returns
    -------
    (V,) float64 array

    Examples
    --------
    >>> tree = RootedTree.from_parents([-1, 0, 1, 1])
    >>> path_totals(tree, np.array([1.0, 2, 5, 3]), "sum").tolist()
    [1.0, 3.0, 8.0, 6.0]
    """
    if how == "sum":
        return _sums(lambda finite: _path_sums(tree, finite), values)
    sign = -1.0 if how == "max" else 1.0
    index = tree.index
    least = sign * index.in_order(values)
    passed_in_run = np.arange(index.n_places) - index.per_place(index.run_start)
    _spread_minima(least, passed_in_run, step=-1)
    above = index.minima_above(least[index.run_stop - 1])
    np.minimum(least, index.per_place(above), out=least)
    return index.per_row(sign * least)


def at_parent(tree: RootedTree, values: FloatArray, at_roots: float) -> FloatArray:
    """(V,) value of each vertex's parent, and another one where there is none."""
    return np.where(tree.parent >= 0, np.take(values, tree.parent), at_roots)


def _path_sums(tree: RootedTree, values: FloatArray) -> FloatArray:
    sums = tree.sums_from_root(values)
    if tree.n_vertices:
        sums += values[tree.component_root]
    return sums


def _sums(summed: Callable[[FloatArray], FloatArray], values: FloatArray) -> FloatArray:
    """Sums that are differences of one running sum, which nothing infinite may enter."""
    finite = np.isfinite(values)
    if finite.all():
        return summed(values)
    sums = summed(np.where(finite, values, 0.0))
    # Whole numbers this small add up without rounding.
    up, down, unknown = (
        summed(found.astype(np.float64)) > 0
        for found in (values == np.inf, values == -np.inf, np.isnan(values))
    )
    sums[up] = np.inf
    sums[down] = -np.inf
    sums[unknown | (up & down)] = np.nan
    return sums


def _spread_minima(values: FloatArray, room: IntArray, step: Literal[1, -1]) -> None:
    """Replace each value by the least of itself and the `room` values after, or before, it."""
    # Each round doubles how far every value has looked; few runs are long, so that most values
    # have seen enough after a few rounds.
    width = 1
    places = np.flatnonzero(room >= width)
    while len(places):
        values[places] = np.minimum(values[places], values[places + step * width])
        width *= 2
        places = places[room[places] >= width]
