"""How a skeleton branches."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ossify.algorithms.subject import skeleton_of
from ossify.cell.cell import Cell
from ossify.layers.skeleton import SkeletonLayer
from ossify.topology import strahler


def strahler_number(cell: Cell | SkeletonLayer) -> npt.NDArray[np.int64]:
    """Strahler number of every skeleton vertex.

    A tip has 1. Elsewhere it is the greatest among the children, and one more where two or more
    children share it (Strahler 1957).

    Parameters
    ----------
    cell
        A cell with a skeleton, or a skeleton.

    Returns
    -------
    (V,) int64 array
        In vertex order.

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
