"""Values spread along a tree, each vertex giving to its neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ossify._typing import FloatArray, IntArray
from ossify.errors import TopologyError
from ossify.topology.preorder import Preorder
from ossify.topology.rooted_tree import RootedTree


def smoothed(tree: RootedTree, values: FloatArray, alpha: float) -> FloatArray:
    """Solve ``(I - alpha * D**-0.5 @ A @ D**-0.5) @ x = (1 - alpha) * values``.

    A is 1 where an edge joins two vertices, and D the number of edges of each vertex. A vertex
    without edges keeps its value.

    Parameters
    ----------
    tree
        A rooted tree, or a forest, of V vertices.
    values
        (V, k) finite numbers.
    alpha
        How far values spread: 0 leaves them as they are, and it must be less than 1.

    Returns
    -------
    (V, k) float64 array

    Raises
    ------
    TopologyError
        If alpha is not from 0 to 1, 1 excluded.

    Notes
    -----
    The inner vertices of a run make a tridiagonal system of their own, once the last vertex of
    every run is known. All these are solved as one, and what they leave is a system over the last
    vertices alone: a tree again, which is solved without fill-in from its tips to its roots.

    Examples
    --------
    >>> pair = RootedTree.from_parents([-1, 0])
    >>> smoothed(pair, np.array([[3.0], [0.0]]), 0.5).ravel().tolist()
    [2.0, 1.0]
    """
    if not 0 <= alpha < 1:
        raise TopologyError(f"alpha must be from 0 to less than 1, not {alpha}")
    index = tree.index
    if index.n_places == 0 or values.shape[1] == 0:
        return np.asarray(values, dtype=np.float64).copy()
    degree = index.in_order(tree.n_children + (tree.parent >= 0))
    known = index.in_order(np.asarray(values, dtype=np.float64)) * (1 - alpha)
    known[degree == 0] /= 1 - alpha
    return index.per_row(_solved(index, _Couplings.of(index, degree, alpha), known))


@dataclass(frozen=True)
class _Couplings:
    """The entries of the matrix beside its diagonal of ones, in preorder.

    Attributes
    ----------
    onwards
        (V - 1,) entry of each place and the next one, 0 where a run ends.
    to_attach
        (R,) entry of the first place of each run and the place that it hangs on, 0 for none.
    """

    onwards: FloatArray
    to_attach: FloatArray

    @classmethod
    def of(cls, index: Preorder, degree: IntArray, alpha: float) -> _Couplings:
        root_of_degree = np.sqrt(np.maximum(degree, 1))
        onwards = -alpha / (root_of_degree[:-1] * root_of_degree[1:])
        onwards[index.run_stop[:-1] - 1] = 0.0
        first, above = root_of_degree[index.run_start], root_of_degree[index.attach]
        to_attach = np.where(index.attach >= 0, -alpha / (first * above), 0.0)
        return cls(onwards, to_attach)


def _solved(index: Preorder, couplings: _Couplings, known: FloatArray) -> FloatArray:
    last = index.run_stop - 1
    has_inner = index.run_length > 1
    long = np.flatnonzero(has_inner)
    first_inner, last_inner = index.run_start[long], last[long] - 1
    entry, leave = couplings.to_attach[long], couplings.onwards[last_inner]

    # What the inner vertices are, if what their run hangs on and its last vertex were 0; and what
    # each of the two takes from them per unit.
    n_columns = known.shape[1]
    sides = np.zeros((index.n_places, n_columns + 2))
    sides[:, :n_columns] = known
    sides[first_inner, n_columns] = entry
    sides[last_inner, n_columns + 1] = leave
    sides[last, :n_columns] = 0.0
    inner = _tridiagonal(couplings.onwards, last, sides)
    alone, from_attach, from_last = np.split(inner, (n_columns, n_columns + 1), axis=1)

    # What is left for the last vertices of the runs.
    right = known[last]
    right[long] -= leave[:, np.newaxis] * alone[last_inner]
    diagonal = np.ones(index.n_runs)
    diagonal[long] -= leave * from_last[last_inner, 0]
    upwards = couplings.to_attach.copy()
    upwards[long] = -leave * from_attach[last_inner, 0]
    hanging = long[index.run_parent[long] >= 0]
    start, above = index.run_start[hanging], index.run_parent[hanging]
    gain = couplings.to_attach[hanging]
    diagonal -= np.bincount(above, gain * from_attach[start, 0], minlength=index.n_runs)
    np.subtract.at(right, above, gain[:, np.newaxis] * alone[start])
    ends = _tree_system(index.run_parent, diagonal, upwards, right)

    answer = alone
    at_attach = np.where((index.run_parent >= 0)[:, np.newaxis], ends[index.run_parent], 0.0)
    answer -= from_attach * index.per_place(at_attach)
    answer -= from_last * index.per_place(ends)
    answer[last] = ends
    return answer


def _tridiagonal(onwards: FloatArray, last: IntArray, sides: FloatArray) -> FloatArray:
    """Solve for the inner vertices of all runs at once; the last ones are cut out."""
    from scipy.linalg import solveh_banded

    if len(last) == len(sides):
        return sides
    bands = np.ones((2, len(sides)))
    bands[1, :-1] = onwards
    bands[1, last] = 0.0
    # An entry is of a place and the next one: none may lead to the last vertex of a run.
    bands[1, last[last > 0] - 1] = 0.0
    solved: FloatArray = solveh_banded(bands, sides, lower=True, check_finite=False)
    return solved


def _tree_system(
    parent: IntArray, diagonal: FloatArray, upwards: FloatArray, right: FloatArray
) -> FloatArray:
    """Solve a symmetric system with the pattern of a tree whose parents come first."""
    from scipy.sparse import csc_matrix
    from scipy.sparse.linalg import splu

    n = len(parent)
    # In reverse, children are eliminated before their parents.
    child = n - 1 - np.flatnonzero(parent >= 0)
    above = n - 1 - parent[parent >= 0]
    beside = upwards[parent >= 0]
    own = np.arange(n)
    entries = np.concatenate((diagonal[::-1], beside, beside))
    rows, columns = np.concatenate((own, child, above)), np.concatenate((own, above, child))
    matrix = csc_matrix((entries, (rows, columns)), shape=(n, n))
    factor = splu(
        matrix, permc_spec="NATURAL", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
    )
    solved: FloatArray = factor.solve(np.ascontiguousarray(right[::-1]))[::-1]
    return solved
