"""Fewer lines for the same picture: steps that are far smaller than a pixel are joined."""

from __future__ import annotations

import numpy as np

from ossify._typing import FloatArray, IntArray
from ossify.topology.rooted_tree import RootedTree


def joined_edges(tree: RootedTree, from_root: FloatArray, step: float) -> IntArray:
    """(E', 2) rows [lower, upper]: the edges, joined along unbranched runs up to a length.

    Every root, branch point, end point and the first vertex beyond a branch point stays, and so
    does the first vertex of every stretch of `step` on the way from the root.

    Parameters
    ----------
    tree
        V vertices.
    from_root
        (V,) path length to the root.
    step
        In the same units.

    Examples
    --------
    Of a straight path with vertices at 0, 1, 2, 3 and 4, every second is enough.

    >>> path = RootedTree.from_parents(np.array([-1, 0, 1, 2, 3]))
    >>> joined_edges(path, np.arange(5.0), step=2.0).tolist()
    [[2, 0], [4, 2]]
    """
    index = tree.index
    bucket = index.in_order(np.floor(from_root / step))
    keep = np.ones(len(bucket), dtype=np.bool_)
    keep[1:] = bucket[1:] != bucket[:-1]
    keep[index.run_start] = True
    keep[index.run_stop - 1] = True
    kept = np.flatnonzero(keep)
    # A run is contiguous, so what a vertex hangs on is the kept place before it; a run hangs on
    # the last vertex of another, which is kept.
    upper = np.roll(kept, 1)
    starts = np.searchsorted(kept, index.run_start)
    upper[starts] = index.attach
    below = upper >= 0
    return np.column_stack([index.order[kept[below]], index.order[upper[below]]])
