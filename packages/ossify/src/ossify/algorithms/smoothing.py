"""Features smoothed along a skeleton."""

from __future__ import annotations

import numpy as np

from ossify._typing import ArrayLike, FloatArray
from ossify.algorithms.subject import skeleton_of
from ossify.algorithms.values import vertex_values
from ossify.cell.cell import Cell
from ossify.errors import ShapeError
from ossify.layers.skeleton import SkeletonLayer
from ossify.topology.smoothing import smoothed


def smooth_features(
    cell: Cell | SkeletonLayer, feature: str | ArrayLike, alpha: float = 0.90
) -> FloatArray:
    """Features spread along the skeleton, each vertex giving to its neighbours.

    The answer F solves ``(I - alpha * S) F = (1 - alpha) * feature``, where S is the adjacency of
    the vertices, 1 for every edge whatever its length, divided by the roots of the numbers of
    edges at its two ends (Zhou et al. 2004, "Learning with local and global consistency").

    Parameters
    ----------
    cell
        A cell with a skeleton, or a skeleton.
    feature
        (V,) or (V, K) numbers in vertex order, or the name of a feature.
    alpha
        How far values spread: 0 leaves them as they are, and towards 1 they go on and on.

    Returns
    -------
    float64 array of the shape of the feature
        In vertex order. A vertex without edges keeps its value; nothing passes from one tree to
        another, also where a mask has cut one in pieces. Without vertices empty.

    Raises
    ------
    UnknownFeatureError
        If there is no feature of that name. A KeyError.
    ValueError
        If there is no skeleton, the values are not finite numbers, one per vertex or K, or alpha
        is not from 0 to 1, 1 excluded.

    Examples
    --------
    >>> skeleton = SkeletonLayer("pair", [[0, 0, 0], [1, 0, 0]], [[1, 0]])
    >>> smooth_features(skeleton, [3, 0], alpha=0.5).tolist()
    [2.0, 1.0]
    """
    skeleton = skeleton_of(cell)
    array = vertex_values(skeleton, feature, several=True)
    finite = np.isfinite(array)
    if not finite.all():
        raise ShapeError(
            f"layer {skeleton.name!r}: {(~finite).sum():,} values are NaN or infinite and would "
            "spread; fill them in first"
        )
    columns = array.reshape(len(array), -1) if array.size else array.reshape(len(array), 0)
    return smoothed(skeleton.tree, columns, alpha).reshape(array.shape)
