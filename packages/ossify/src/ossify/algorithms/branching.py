"""How a skeleton branches."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ossify.algorithms.subject import skeleton_of
from ossify.cell.cell import Cell
from ossify.layers.skeleton import SkeletonLayer
from ossify.topology import branch_order as order_of_branches
from ossify.topology import strahler


def strahler_number(cell: Cell | SkeletonLayer) -> npt.NDArray[np.int64]:
    """Strahler number of every skeleton vertex.

    A tip has 1. Elsewhere it is the greatest among the children, and one more where two or more
    children share it (Strahler 1952, after Horton 1945).

    Parameters
    ----------
    cell
        A cell with a skeleton, or a skeleton. Each of several trees counts for itself, and so does
        each piece that a mask has left.

    Returns
    -------
    (V,) int64 array
        In vertex order. A vertex on its own is a tip; without vertices it is empty.

    Raises
    ------
    ValueError
        If there is no skeleton.

    Examples
    --------
    Two tips, 2 and 3, meet at 1, which hangs from the root 0.

    >>> edges = [[1, 0], [2, 1], [3, 1]]
    >>> skeleton = SkeletonLayer("y", [[0, 0, 0], [1, 0, 0], [2, 0, 0], [1, 1, 0]], edges)
    >>> strahler_number(skeleton).tolist()
    [2, 2, 1, 1]
    """
    return strahler.strahler_number(skeleton_of(cell).tree)


def branch_order(cell: Cell | SkeletonLayer) -> npt.NDArray[np.int64]:
    """Branch order of every skeleton vertex: the number of branch points above it.

    A branch point has two or more children. The root counts if it is one; the vertex itself does
    not. This is the centrifugal order, which grows away from the soma (Uylings et al. 1975).

    Parameters
    ----------
    cell
        A cell with a skeleton, or a skeleton. In a masked skeleton, branch points are those that
        are left.

    Returns
    -------
    (V,) int64 array
        In vertex order. 0 at every root and as far as the first branch point; without vertices
        empty.

    Raises
    ------
    ValueError
        If there is no skeleton.

    Examples
    --------
    Two tips, 2 and 3, meet at 1, which hangs from the root 0.

    >>> edges = [[1, 0], [2, 1], [3, 1]]
    >>> skeleton = SkeletonLayer("y", [[0, 0, 0], [1, 0, 0], [2, 0, 0], [1, 1, 0]], edges)
    >>> branch_order(skeleton).tolist()
    [0, 0, 1, 1]
    """
    return order_of_branches.branch_order(skeleton_of(cell).tree)
