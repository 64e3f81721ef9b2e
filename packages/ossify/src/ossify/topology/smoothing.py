"""Values spread along a tree, each vertex giving to its neighbours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ossify._typing import FloatArray, IntArray
from ossify.errors import TopologyError
from ossify.topology.preorder import Preorder
from ossify.topology.rooted_tree import RootedTree

Solver: TypeAlias = Callable[[FloatArray], FloatArray]
"""From the right side of a system of equations to its answer."""


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
    columns = np.asfortranarray(values, dtype=np.float64)
    answer = np.empty(columns.shape, order="F")
    if answer.size == 0:
        return answer
    degree = index.in_order(tree.n_children + (tree.parent >= 0))
    own = np.where(degree > 0, 1 - alpha, 1.0)
    system = _System.of(index, _Couplings.of(index, degree, alpha))
    # One column after the other, each of which lies together in memory.
    for known, solved in zip(columns.T, answer.T, strict=True):
        solved[:] = index.per_row(system.solved(index.in_order(known) * own))
    return answer


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


@dataclass(frozen=True, eq=False)
class _System:
    """The matrix, divided into the inner vertices of the runs and the last ones.

    Attributes
    ----------
    index, couplings
        Of the tree.
    long
        (L,) runs that have inner vertices.
    inner
        The inner vertices of all runs, solved for as one system: the last ones are cut out.
    from_attach, from_last
        (V,) what each place takes per unit of the vertex that its run hangs on, and of the last
        one of its run; 0 at the last ones.
    ends
        Solves for the last vertices of the runs: a tree again.
    """

    index: Preorder
    couplings: _Couplings
    long: IntArray
    inner: _Tridiagonal
    from_attach: FloatArray
    from_last: FloatArray
    ends: Solver

    @classmethod
    def of(cls, index: Preorder, couplings: _Couplings) -> _System:
        """Factorise everything that does not depend on the values."""
        last = index.run_stop - 1
        long = np.flatnonzero(index.run_length > 1)
        first_inner, last_inner = index.run_start[long], last[long] - 1
        inner = _Tridiagonal.of(couplings.onwards, last)
        entry, leave = couplings.to_attach[long], couplings.onwards[last_inner]
        from_attach = inner.solved(_spread(first_inner, entry, index.n_places))
        from_last = inner.solved(_spread(last_inner, leave, index.n_places))

        diagonal = np.ones(index.n_runs)
        diagonal[long] -= leave * from_last[last_inner]
        upwards = couplings.to_attach.copy()
        upwards[long] = -leave * from_attach[last_inner]
        hanging = long[index.run_parent[long] >= 0]
        gain = couplings.to_attach[hanging] * from_attach[index.run_start[hanging]]
        diagonal -= np.bincount(index.run_parent[hanging], gain, minlength=index.n_runs)
        ends = _tree_solver(index.run_parent, diagonal, upwards)
        return cls(index, couplings, long, inner, from_attach, from_last, ends)

    def solved(self, known: FloatArray) -> FloatArray:
        """(V,) the answer to one column, both in preorder. Takes its memory."""
        index, long = self.index, self.long
        last = index.run_stop - 1
        right = known[last]
        # What the inner vertices are, if what their run hangs on and its last vertex were 0.
        known[last] = 0.0
        answer = self.inner.solved(known)
        right[long] -= self.couplings.onwards[last[long] - 1] * answer[last[long] - 1]
        hanging = long[index.run_parent[long] >= 0]
        told = self.couplings.to_attach[hanging] * answer[index.run_start[hanging]]
        right -= np.bincount(index.run_parent[hanging], told, minlength=index.n_runs)
        ends = self.ends(right)

        at_attach = np.where(index.run_parent >= 0, ends[index.run_parent], 0.0)
        answer -= self.from_attach * index.per_place(at_attach)
        answer -= self.from_last * index.per_place(ends)
        answer[last] = ends
        return answer


@dataclass(frozen=True, eq=False)
class _Tridiagonal:
    """A symmetric positive definite matrix with one diagonal on either side, factorised."""

    diagonal: FloatArray
    beside: FloatArray

    @classmethod
    def of(cls, onwards: FloatArray, last: IntArray) -> _Tridiagonal:
        """The matrix of all places, with nothing between the last ones of runs and others."""
        from scipy.linalg.lapack import dpttrf

        beside = onwards.copy()
        beside[last[:-1]] = 0.0
        beside[last[last > 0] - 1] = 0.0
        # LAPACK wants room for an entry even where there is none beside the diagonal.
        room = beside if len(beside) else np.zeros(1)
        diagonal, beside, _ = dpttrf(np.ones(len(onwards) + 1), room, overwrite_d=1, overwrite_e=1)
        return cls(diagonal, beside)

    def solved(self, right: FloatArray) -> FloatArray:
        """The answer to one right side, whose memory it takes."""
        from scipy.linalg.lapack import dpttrs

        solved: FloatArray = dpttrs(self.diagonal, self.beside, right, overwrite_b=1)[0]
        return solved


def _spread(places: IntArray, values: FloatArray, n_places: int) -> FloatArray:
    spread = np.zeros(n_places)
    spread[places] = values
    return spread


def _tree_solver(parent: IntArray, diagonal: FloatArray, upwards: FloatArray) -> Solver:
    """Solves symmetric systems with the pattern of a tree whose parents come first."""
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
    return lambda right: factor.solve(np.ascontiguousarray(right[::-1]))[::-1]
