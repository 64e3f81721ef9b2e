"""A rooted tree, or a forest of them, as one array of parents."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import cast, overload

import numpy as np
import numpy.typing as npt

from ossify._frozen import Frozen, freeze
from ossify._typing import AnyArray, ArrayLike, BoolArray, FloatArray, IntArray
from ossify.errors import TopologyError
from ossify.topology.common_ancestors import least_between
from ossify.topology.edge_orientation import check_simple, named, parents_from_edges
from ossify.topology.preorder import Preorder
from ossify.topology.ragged import Ragged
from ossify.topology.tree_paths import joined_at_ancestor, meeting_place, path_places, walk_up

Rows = npt.NDArray[np.int32]

# Building the index costs about as much as a step of Python for every so many vertices.
_VERTICES_PER_STEP = 8


@dataclass(frozen=True, eq=False)
class RootedTree(Frozen):
    """A forest of V vertices, known by their rows 0 … V - 1.

    It never changes, every array it hands out is read-only, and what follows from the parents
    is computed when first asked for. Make one with `from_parents` or `from_edges`, which check
    what they are given; the bare constructor does not.

    Attributes
    ----------
    parent
        (V,) row of each vertex's parent, -1 at roots.

    Examples
    --------
    Two tips, 2 and 3, meet at 1, which hangs from the root 0.

    >>> tree = RootedTree.from_parents([-1, 0, 1, 1])
    >>> tree.branch_rows.tolist(), tree.tip_rows.tolist()
    ([1], [2, 3])
    """

    parent: Rows

    def __post_init__(self) -> None:
        freeze(self.parent)

    # How trees are made

    @classmethod
    def from_parents(cls, parent: ArrayLike) -> RootedTree:
        """The forest in which each vertex has the given parent.

        Parameters
        ----------
        parent
            (V,) row of each vertex's parent, -1 at roots. Copied.

        Raises
        ------
        TopologyError
            If the rows are not a list of integers from -1 to V - 1, or have a cycle. The
            message and the attribute ``rows`` name the first offending row.
        """
        rows = _checked_parents(np.asarray(parent))
        tree = cls(rows)
        tree._check_acyclic()
        return tree

    @classmethod
    def from_edges(
        cls,
        n_vertices: int,
        edges: ArrayLike,
        root: int | None = None,
        *,
        ids: IntArray | None = None,
    ) -> RootedTree:
        """The forest with the given edges.

        Parameters
        ----------
        n_vertices
            Number of vertices V; those without edges are roots.
        edges
            (E, 2) rows [child, parent], in any order.
        root
            A row to root its tree at. The edges of that tree may point either way and are
            oriented; those of the other trees are taken as they are, as are all if this is None.
        ids
            (V,) names to call the vertices by in error messages, instead of their rows.

        Raises
        ------
        TopologyError
            If edges name unknown vertices, join a vertex with itself, repeat, close a cycle, or
            give a vertex two parents. The attribute ``rows`` has the vertices concerned.

        Examples
        --------
        >>> RootedTree.from_edges(3, [[0, 1], [1, 2]], root=0).parent.tolist()
        [-1, 0, 1]
        """
        rows = np.asarray(edges)
        tree = cls(parents_from_edges(n_vertices, rows, root, ids))
        try:
            tree._check_acyclic()
        except TopologyError as error:
            # An edge given in both directions is the shortest cycle, and has its own message.
            check_simple(n_vertices, rows, ids)
            raise TopologyError(
                f"the edges have a cycle through {named(error.rows[0], ids)}, where following "
                "the parents must end at a root. Leave out one of its edges.",
                rows=error.rows,
            ) from None
        return tree

    @classmethod
    def with_index(cls, parent: ArrayLike, order: IntArray, run_start: IntArray) -> RootedTree:
        """The forest with the given parents and the index that was stored with it.

        Parameters
        ----------
        parent
            (V,) row of each vertex's parent, -1 at roots. Copied.
        order, run_start
            As in `Preorder`. They are checked against the parents, which costs less than
            building them.

        Raises
        ------
        TopologyError
            If the parents are out of range, have a cycle, or do not fit the index.
        """
        tree = cls(_checked_parents(np.asarray(parent)))
        tree.__dict__["index"] = Preorder.from_stored(tree.parent, order, run_start)
        return tree

    # What follows from one look at the parents

    @property
    def n_vertices(self) -> int:
        """Number of vertices V."""
        return len(self.parent)

    @cached_property
    def roots(self) -> npt.NDArray[np.int64]:
        """Rows without a parent, ascending."""
        return freeze(np.flatnonzero(self.parent < 0))

    @cached_property
    def n_children(self) -> Rows:
        """(V,) number of children of each vertex."""
        counts = np.bincount(self.parent + 1, minlength=self.n_vertices + 1)
        return freeze(counts[1:].astype(np.int32))

    @cached_property
    def branch_rows(self) -> npt.NDArray[np.int64]:
        """Rows with two or more children, ascending."""
        return freeze(np.flatnonzero(self.n_children > 1))

    @cached_property
    def tip_rows(self) -> npt.NDArray[np.int64]:
        """Rows without children, ascending; a lone root is one."""
        return freeze(np.flatnonzero(self.n_children == 0))

    @cached_property
    def edges(self) -> Rows:
        """(E, 2) rows [child, parent], in ascending order of the child."""
        child = np.flatnonzero(self.parent >= 0)
        return freeze(np.stack((child.astype(np.int32), self.parent[child]), axis=1))

    @cached_property
    def children(self) -> Ragged:
        """V items: the rows of each vertex's children, ascending."""
        from scipy.sparse import csr_array

        # Bringing a matrix from row to column order sorts the vertices by their parents, in a
        # time that does not depend on how they were mixed. Column 0 holds the roots.
        n = self.n_vertices
        by_child = csr_array(
            (np.zeros(n, dtype=np.int8), self.parent + 1, np.arange(n + 1, dtype=np.int32)),
            shape=(n, n + 1),
        )
        by_parent = by_child.tocsc()
        n_roots = len(self.roots)
        return Ragged(by_parent.indices[n_roots:], by_parent.indptr[1:] - n_roots)

    # What the index answers

    @cached_property
    def index(self) -> Preorder:
        """The preorder of the tree, built when first needed."""
        return Preorder.build(self.parent, self.n_children)

    @cached_property
    def depth(self) -> npt.NDArray[np.int64]:
        """(V,) number of edges between each vertex and its root."""
        index = self.index
        first = index.sums_above(index.run_length)
        depth = np.arange(index.n_places) + index.per_place(first - index.run_start)
        return cast("npt.NDArray[np.int64]", freeze(index.per_row(depth)))

    @cached_property
    def component_root(self) -> Rows:
        """(V,) row of the root of each vertex's tree."""
        if len(self.roots) == 1:
            return freeze(np.full(self.n_vertices, self.roots[0], dtype=np.int32))
        index = self.index
        starts = index.run_start[index.run_parent < 0]
        lengths = np.diff(starts, append=index.n_places)
        return freeze(index.per_row(np.repeat(index.order[starts], lengths)))

    @overload
    def sums_from_root(self, step: FloatArray) -> FloatArray: ...

    @overload
    def sums_from_root(self, step: IntArray) -> npt.NDArray[np.int64]: ...

    @overload
    def sums_from_root(self, step: ArrayLike) -> npt.NDArray[np.int64] | FloatArray: ...

    def sums_from_root(self, step: ArrayLike) -> npt.NDArray[np.int64] | FloatArray:
        """Sum of a quantity along the path from each vertex to its root.

        Parameters
        ----------
        step
            (V,) finite value of the edge above each vertex; ignored at roots.

        Returns
        -------
        (V,) array
            0 at roots. int64 for integers and booleans, else float64.

        Examples
        --------
        >>> RootedTree.from_parents([-1, 0, 1, 1]).sums_from_root([0.0, 1.5, 2.0, 0.5]).tolist()
        [0.0, 1.5, 3.5, 2.0]
        """
        index = self.index
        values = self._values(step)
        if values[self.roots].any():
            values = values.copy()
            values[self.roots] = 0
        running = np.cumsum(index.in_order(values))
        # What had been added up before each run, and what the path to it adds up to instead.
        before = np.where(index.run_start > 0, running[index.run_start - 1], 0)
        total = running[index.run_stop - 1] - before
        running += index.per_place(index.sums_above(total) - before)
        return index.per_row(running)

    @overload
    def subtree_sums(self, values: FloatArray) -> FloatArray: ...

    @overload
    def subtree_sums(self, values: IntArray) -> npt.NDArray[np.int64]: ...

    @overload
    def subtree_sums(self, values: ArrayLike) -> npt.NDArray[np.int64] | FloatArray: ...

    def subtree_sums(self, values: ArrayLike) -> npt.NDArray[np.int64] | FloatArray:
        """Sum of values over each vertex and everything below it.

        Parameters
        ----------
        values
            (V,) or (V, k) finite values.

        Returns
        -------
        array of the shape of `values`
            int64 and exact for integers and booleans, else float64, with a rounding error
            that is relative to the sum over all vertices.

        Examples
        --------
        >>> RootedTree.from_parents([-1, 0, 1, 1]).subtree_sums([1, 1, 1, 1]).tolist()
        [4, 3, 1, 1]
        """
        index = self.index
        in_order = index.in_order(self._values(values))
        running = np.zeros((len(in_order) + 1, *in_order.shape[1:]), dtype=in_order.dtype)
        np.cumsum(in_order, axis=0, out=running[1:])
        return index.per_row(index.per_place(running[index.run_end]) - running[:-1])

    def subtree_rows(self, row: int) -> Rows:
        """The rows of a vertex and everything below it, in preorder, the vertex first."""
        start, stop = self._subtree_places(self._checked_row(row))
        return self.index.order[start:stop]

    def ascending_subtree_rows(self, row: int) -> Rows:
        """The same in ascending order."""
        rows = self.subtree_rows(row)
        # Along the branches, as skeletons are often stored, they ascend already.
        if (rows[1:] > rows[:-1]).all():
            return rows
        inside = np.zeros(self.n_vertices, dtype=np.bool_)
        inside[rows] = True
        return np.flatnonzero(inside).astype(np.int32)

    def subtree_mask(self, rows: ArrayLike) -> BoolArray:
        """(V,) True for the given vertices and everything below any of them."""
        index = self.index
        starts = index.rank[self.checked_rows(rows)]
        stops = index.run_end[index.runs_at(starts)]
        # +1 where a subtree opens, -1 where it closes: inside, the running sum is positive.
        change = np.bincount(starts, minlength=index.n_places + 1)
        change -= np.bincount(stops, minlength=index.n_places + 1)
        return cast("BoolArray", index.per_row(np.cumsum(change[:-1]) > 0))

    def path_rows(self, start: int, stop: int) -> Rows | None:
        """Rows of the path between two vertices, both included.

        Returns
        -------
        (k,) int32 array, or None
            From `start` to `stop`; None if they are in different trees.

        Examples
        --------
        >>> RootedTree.from_parents([-1, 0, 1, 1]).path_rows(2, 3).tolist()
        [2, 1, 3]
        """
        if "index" not in self.__dict__:
            first = self._walked_up(self._checked_row(start))
            second = None if first is None else self._walked_up(self._checked_row(stop))
            if first is not None and second is not None:
                return joined_at_ancestor(first, second)
        places = path_places(self.index, *self._places_of(start, stop))
        return None if places is None else self.index.order[places]

    def lowest_common_ancestor(self, first: int, second: int) -> int:
        """The row farthest from the root that is above, or is, both; -1 in different trees."""
        place = meeting_place(self.index, *self._places_of(first, second))
        return int(self.index.order[place]) if place >= 0 else -1

    def distances_between(
        self, first: ArrayLike, second: ArrayLike, from_root: FloatArray
    ) -> FloatArray:
        """Path lengths of all pairs.

        Parameters
        ----------
        first, second
            (k,) and (m,) rows.
        from_root
            (V,) distance of each vertex to its root: 0 there, and nowhere less than the parent's.

        Returns
        -------
        (k, m) float64 array
            ``inf`` for pairs in different trees.
        """
        index = self.index
        rows, columns = self.checked_rows(first), self.checked_rows(second)
        value = index.in_order(np.asarray(from_root, dtype=np.float64))
        row_places, column_places = index.rank[rows], index.rank[columns]
        # Of all vertices between two, the lowest common ancestor is nearest to the root.
        distances = least_between(index, row_places, column_places, value, absent=-np.inf)
        distances *= -2
        distances += value[column_places]
        distances += value[row_places][:, np.newaxis]
        return np.maximum(distances, 0, out=distances)

    # How one tree becomes another

    def reroot(self, row: int) -> RootedTree:
        """The same edges with one tree hung from another of its vertices.

        Parameters
        ----------
        row
            The new root. Only the edges between it and its old root turn round; the other
            trees of a forest stay as they are.
        """
        path = self._rows_to_root(self._checked_row(row))
        parent = self.parent.copy()
        parent[path[1:]] = path[:-1]
        parent[row] = -1
        return RootedTree(parent)

    def select(self, keep: BoolArray) -> RootedTree:
        """The forest of some of the vertices, in the same order.

        Parameters
        ----------
        keep
            (V,) True for the vertices that stay. One whose parent goes becomes a root.
        """
        mask = np.asarray(keep)
        if mask.dtype != np.bool_ or mask.shape != (self.n_vertices,):
            raise TopologyError(
                f"a selection of vertices must be {self.n_vertices} booleans, "
                f"not an array of {mask.dtype} with shape {mask.shape}"
            )
        # Entry V stands for "no parent", and that is where -1 leads.
        new_row = np.empty(self.n_vertices + 1, dtype=np.int32)
        np.cumsum(mask, out=new_row[:-1])
        new_row -= 1
        new_row[:-1][~mask] = -1
        new_row[-1] = -1
        return RootedTree(new_row[self.parent[mask]])

    # Steps that several answers share

    def _check_acyclic(self) -> None:
        own = np.arange(self.n_vertices, dtype=np.int32)
        # Parents that all come before their children, or all after them, cannot have a cycle.
        # Otherwise the index is built, which finds cycles and is needed sooner or later.
        ascending = (self.parent < own).all()
        if not (ascending or ((self.parent > own) | (self.parent < 0)).all()):
            _ = self.index

    def _values(self, values: ArrayLike) -> AnyArray:
        array = np.asarray(values)
        if array.ndim == 0 or len(array) != self.n_vertices:
            raise TopologyError(
                f"one value per vertex is needed: {self.n_vertices}, not shape {array.shape}"
            )
        return array.astype(np.int64 if array.dtype.kind in "iub" else np.float64, copy=False)

    def _checked_row(self, row: int) -> int:
        if not 0 <= row < self.n_vertices:
            raise TopologyError(
                f"row {row} is not in this tree, whose rows are 0 … {self.n_vertices - 1}",
                rows=[row],
            )
        return int(row)

    def checked_rows(self, rows: ArrayLike) -> npt.NDArray[np.int64]:
        """A row, or several, as an array of them.

        Raises
        ------
        TopologyError
            Naming the first that this tree does not have.
        """
        array = np.atleast_1d(np.asarray(rows))
        if array.size == 0:
            return np.empty(0, dtype=np.int64)
        if array.ndim != 1 or array.dtype.kind not in "iu":
            raise TopologyError(
                f"rows must be a list of integers, not an array of {array.dtype} "
                f"with shape {array.shape}"
            )
        outside = (array < 0) | (array >= self.n_vertices)
        if outside.any():
            self._checked_row(int(array[outside][0]))
        return array.astype(np.int64)

    def _subtree_places(self, row: int) -> tuple[int, int]:
        index = self.index
        place = int(index.rank[row])
        return place, int(index.run_end[index.run_at(place)])

    def _places_of(self, first: int, second: int) -> list[int]:
        places: list[int] = self.index.rank[
            [self._checked_row(first), self._checked_row(second)]
        ].tolist()
        return places

    def _rows_to_root(self, row: int) -> IntArray:
        """Rows from a vertex to its root, both included."""
        if "index" not in self.__dict__ and (rows := self._walked_up(row)) is not None:
            return rows
        path = self.path_rows(row, int(self.component_root[row]))
        return cast("Rows", path)

    def _walked_up(self, row: int) -> Rows | None:
        """Rows from a vertex to its root, vertex by vertex; None where that is too far."""
        # All walks on a tree together may take about as long as building the index, which most are
        # too short for; a new root leaves it of no use.
        left = self.__dict__.setdefault("_steps_left", self.n_vertices // _VERTICES_PER_STEP + 100)
        rows, is_whole = walk_up(self.parent, row, left)
        self.__dict__["_steps_left"] = left - len(rows)
        return rows if is_whole else None


def _checked_parents(parent: AnyArray) -> Rows:
    """The parents as an int32 array of their own, in range."""
    if parent.ndim != 1 or (parent.dtype.kind not in "iu" and parent.size):
        raise TopologyError(
            "the parents must be a list of integer rows, "
            f"not an array of {parent.dtype} with shape {parent.shape}"
        )
    bad = np.flatnonzero((parent < -1) | (parent >= len(parent)))
    if len(bad):
        row = int(bad[0])
        raise TopologyError(
            f"row {row} has the parent {parent[row]}, which is no row: "
            f"rows are 0 … {len(parent) - 1}, and the parent of a root is -1",
            rows=[row],
        )
    return parent.astype(np.int32)
