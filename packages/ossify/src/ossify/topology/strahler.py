"""Strahler numbers: how much branching hangs on each vertex."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ossify.topology.preorder import Preorder
from ossify.topology.rooted_tree import RootedTree


def strahler_number(tree: RootedTree) -> npt.NDArray[np.int64]:
    """Strahler number of every vertex.

    A tip has 1. Elsewhere the number is the greatest among the children, and one more where two
    or more children share it (Strahler 1952, after Horton 1945).

    Parameters
    ----------
    tree
        A rooted tree, or a forest of them, of V vertices.

    Returns
    -------
    (V,) int64 array
        In row order.

    Examples
    --------
    Two tips, 2 and 3, meet at 1, which hangs from the root 0.

    >>> strahler_number(RootedTree.from_parents([-1, 0, 1, 1])).tolist()
    [2, 2, 1, 1]
    """
    index = tree.index
    return index.per_row(index.per_place(_run_numbers(index)))


def _run_numbers(index: Preorder) -> npt.NDArray[np.int64]:
    """(R,) Strahler number of each run; all vertices of a run have the same."""
    number = np.zeros(index.n_runs, dtype=np.int64)
    reached = np.ones(index.n_runs, dtype=np.bool_)
    running = np.zeros(index.n_runs + 1, dtype=np.int64)
    # A run has more than k where two of more than k - 1 meet at its end, or anywhere below it.
    # That takes one round per number, and the greatest is at most the logarithm of the tips.
    while reached.any():
        number += reached
        parents = index.run_parent[reached & (index.run_parent >= 0)]
        np.cumsum(np.bincount(parents, minlength=index.n_runs) > 1, out=running[1:])
        reached = running[index.last_run + 1] > running[:-1]
    return number
