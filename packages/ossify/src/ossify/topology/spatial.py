"""Lengths of vectors, and nearest points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ossify._typing import FloatArray
from ossify.errors import TopologyError

if TYPE_CHECKING:
    from scipy.spatial import cKDTree


def norms(vectors: FloatArray, out: FloatArray | None = None) -> FloatArray:
    """(n,) Euclidean lengths of (n, k) vectors, written to `out` if that is given.

    Examples
    --------
    >>> norms(np.array([[3.0, 4, 0], [0, 0, 2]])).tolist()
    [5.0, 2.0]
    """
    # Unlike `np.linalg.norm`, this makes no array of all squares first.
    squared = np.einsum("ij,ij->i", vectors, vectors, out=out)
    return np.asarray(np.sqrt(squared, out=out))


def nearest_tree(points: FloatArray) -> cKDTree:
    """A search tree over some points.

    Parameters
    ----------
    points
        (n, 3) finite coordinates, at least one.

    Returns
    -------
    scipy.spatial.cKDTree
        Its answers are rows of `points`.

    Raises
    ------
    TopologyError
        If there are no points, which have no nearest one.

    Examples
    --------
    >>> tree = nearest_tree(np.array([[0.0, 0, 0], [10, 0, 0]]))
    >>> distance, row = tree.query([[9.0, 0, 0]])
    >>> row.tolist()
    [1]
    """
    from scipy.spatial import cKDTree

    coordinates = np.asarray(points, dtype=np.float64)
    if coordinates.ndim != 2 or len(coordinates) == 0:
        raise TopologyError(
            "nearest points are looked for among at least one point: an (n, 3) array, "
            f"not one of shape {coordinates.shape}"
        )
    # Neither balancing nor shrinking the boxes makes up in queries for the time it takes.
    return cKDTree(coordinates, balanced_tree=False, compact_nodes=False)
