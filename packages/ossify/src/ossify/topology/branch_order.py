"""Branch order: how many branch points lie above each vertex."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ossify.topology.rooted_tree import RootedTree


def branch_order(tree: RootedTree) -> npt.NDArray[np.int64]:
    """Number of branch points between each vertex and its root.

    The root counts if it branches; the vertex itself does not.

    Parameters
    ----------
    tree
        A rooted tree, or a forest of them, of V vertices.

    Returns
    -------
    (V,) int64 array
        In row order; 0 at roots.

    Examples
    --------
    Two tips, 2 and 3, meet at 1, which hangs from the root 0.

    >>> branch_order(RootedTree.from_parents([-1, 0, 1, 1])).tolist()
    [0, 0, 1, 1]
    """
    index = tree.index
    # Every run but those that start at roots hangs on a branch point.
    order = index.sums_above(np.ones(index.n_runs, dtype=np.int64))
    return index.per_row(index.per_place(order))
