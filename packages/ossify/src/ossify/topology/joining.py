"""Trees of a forest hung on one another."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ossify._typing import IntArray
from ossify.topology.rooted_tree import RootedTree

Rows = npt.NDArray[np.int64]


def joined_trees(
    tree: RootedTree, first: IntArray, second: IntArray, stated_root: int | None = None
) -> tuple[RootedTree, Rows]:
    """The forest with more edges, between its trees.

    Of the trees that are joined, the one of the stated root keeps its root, or else the one with
    the most vertices, of several the one whose root has the lowest row. The edges of the others
    turn round where they have to.

    Parameters
    ----------
    tree
        A forest of V vertices.
    first, second
        (N,) rows of the ends of the new edges, which close no cycle.
    stated_root
        Row of a root that has to stay one.

    Returns
    -------
    forest : RootedTree
    hung : (N,) int64 array
        The row of each new edge that is the child of the other.

    Examples
    --------
    >>> forest = RootedTree.from_parents([-1, 0, 1, -1, 3])
    >>> joined, hung = joined_trees(forest, [2], [4])
    >>> joined.parent.tolist(), hung.tolist()
    ([-1, 0, 1, 4, 2], [4])
    """
    ends = np.stack((np.asarray(first, np.int64), np.asarray(second, np.int64)), axis=1)
    if not len(ends):
        return tree, np.empty(0, dtype=np.int64)
    tree_of_ends = np.searchsorted(tree.roots, tree.component_root[ends])
    above = _tree_above(tree, tree_of_ends, stated_root)
    # The end in the tree that hangs is its new root.
    second_hangs = above[tree_of_ends[:, 1]] == tree_of_ends[:, 0]
    hung = np.where(second_hangs, ends[:, 1], ends[:, 0])
    holds = np.where(second_hangs, ends[:, 0], ends[:, 1])

    is_new_root = np.zeros(tree.n_vertices, dtype=np.bool_)
    is_new_root[hung] = True
    # A tree that hangs has one new root, and only the path from there to the old one turns.
    turning = np.flatnonzero((tree.subtree_sums(is_new_root) > 0) & (tree.parent >= 0))
    parent = tree.parent.copy()
    parent[tree.parent[turning]] = turning
    parent[hung] = holds
    return RootedTree(parent), hung


def _tree_above(tree: RootedTree, joins: Rows, stated_root: int | None) -> Rows:
    """The tree that each tree will hang on, −1 for those that keep their root."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n_trees = len(tree.roots)
    graph = coo_array((np.ones(len(joins)), (joins[:, 0], joins[:, 1])), (n_trees, n_trees))
    group = connected_components(graph, directed=False)[1]
    number = np.searchsorted(tree.roots, tree.component_root)
    rank = np.bincount(number, minlength=n_trees)
    if stated_root is not None:
        rank[number[stated_root]] = tree.n_vertices + 1
    by_rank = np.lexsort((np.arange(n_trees), -rank, group))
    heads = by_rank[np.flatnonzero(np.diff(group[by_rank], prepend=-1))]
    # A vertex above the heads of all groups makes one tree of them, which is then oriented.
    over = np.stack((heads, np.full(len(heads), n_trees)), axis=1)
    above = RootedTree.from_edges(n_trees + 1, np.concatenate((joins, over)), n_trees).parent[:-1]
    return np.where(above == n_trees, -1, above).astype(np.int64)
