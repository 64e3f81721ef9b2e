"""What paths to the root pass through."""

from __future__ import annotations

from typing import Any

import numpy as np

from ossify._typing import BoolArray
from ossify.algorithms.subject import skeleton_of
from ossify.cell.cell import Cell
from ossify.layers.skeleton import SkeletonLayer


def root_connected_mask(
    cell: Cell | SkeletonLayer, cut_vertices: Any, as_positional: bool = False
) -> BoolArray:
    """Which vertices still hang on the root once some are cut off from their parents.

    Parameters
    ----------
    cell
        A cell with a skeleton, or a skeleton.
    cut_vertices
        Vertex ids, or one boolean per vertex. To cut above a root takes nothing off.
    as_positional
        Whether numbers mean rows instead of ids.

    Returns
    -------
    (V,) boolean array
        In vertex order. Where a root is stated, or is the only one, other trees are not
        connected to it; where none is stated or it is masked out, each tree has its own. Without
        vertices empty.

    Raises
    ------
    UnknownVertexError
        If a vertex is not there. A KeyError.
    ValueError
        If there is no skeleton.

    Examples
    --------
    Two tips, 2 and 3, meet at 1, which hangs from the root 0.

    >>> edges = [[1, 0], [2, 1], [3, 1]]
    >>> skeleton = SkeletonLayer("y", [[0, 0, 0], [1, 0, 0], [2, 0, 0], [1, 1, 0]], edges)
    >>> root_connected_mask(skeleton, [2]).tolist()
    [True, True, False, True]
    """
    skeleton = skeleton_of(cell)
    tree = skeleton.tree
    rows = skeleton._rows(cut_vertices, as_positional)
    connected = ~tree.subtree_mask(rows[tree.parent[rows] >= 0])
    if skeleton.root_positional is not None and len(tree.roots) > 1:
        connected &= tree.component_root == skeleton.root_positional
    return np.asarray(connected)
