"""Triangle meshes: areas and edges of their faces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ossify._typing import BoolArray, FloatArray, IntArray
from ossify.errors import TopologyError
from ossify.topology.sparse_graph import binary_adjacency, edge_lengths

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# Coordinates are gathered in blocks that stay in the processor's cache.
_BLOCK = 1 << 14


def face_areas(points: FloatArray, faces: IntArray) -> FloatArray:
    """Area of every face.

    Parameters
    ----------
    points
        (n, 3) coordinates.
    faces
        (F, 3) rows.

    Returns
    -------
    (F,) float64 array
        In the square of the unit of the coordinates.

    Examples
    --------
    >>> corners = np.array([[0.0, 0, 0], [3, 0, 0], [0, 4, 0]])
    >>> face_areas(corners, np.array([[0, 1, 2]])).tolist()
    [6.0]
    """
    areas = np.empty(len(faces), dtype=np.float64)
    for start in range(0, len(faces), _BLOCK):
        block = faces[start : start + _BLOCK]
        corner = np.take(points, block[:, 0], axis=0)
        # Transposed, each coordinate is one contiguous array.
        x, y, z = np.ascontiguousarray((np.take(points, block[:, 1], axis=0) - corner).T)
        u, v, w = np.ascontiguousarray((np.take(points, block[:, 2], axis=0) - corner).T)
        normal_squared = (y * w - z * v) ** 2 + (z * u - x * w) ** 2 + (x * v - y * u) ** 2
        areas[start : start + _BLOCK] = 0.5 * np.sqrt(normal_squared)
    return areas


def surface_area(
    points: FloatArray,
    faces: IntArray,
    keep: BoolArray | None = None,
    inclusive: bool = False,
) -> float:
    """Summed area of the faces, or of some of them.

    Parameters
    ----------
    points
        (n, 3) coordinates.
    faces
        (F, 3) rows.
    keep
        (n,) True for the vertices whose faces count; None for all.
    inclusive
        Count the faces that have any kept vertex, instead of those that have only kept ones.

    Returns
    -------
    float
        In the square of the unit of the coordinates; 0.0 without faces.
    """
    if keep is None:
        return float(face_areas(points, faces).sum())
    if keep.dtype != np.bool_ or keep.shape != (len(points),):
        raise TopologyError(
            f"a selection of vertices must be {len(points)} booleans, "
            f"not an array of {keep.dtype} with shape {keep.shape}"
        )
    first, second, third = (np.take(keep, faces[:, corner]) for corner in range(3))
    counts = first | second | third if inclusive else first & second & third
    return float(face_areas(points, faces[counts]).sum())


def face_edges(faces: IntArray) -> IntArray:
    """The sides of all faces, directed as the faces go round.

    Parameters
    ----------
    faces
        (F, 3) rows.

    Returns
    -------
    (3F, 2) array of the dtype of `faces`
        The three sides of the first face, then those of the next. Where two faces meet, the
        side is there twice, once in each direction.

    Examples
    --------
    >>> face_edges(np.array([[4, 5, 6]])).tolist()
    [[4, 5], [5, 6], [6, 4]]
    """
    sides: IntArray = faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    return sides


def vertex_adjacency(points: FloatArray, faces: IntArray) -> csr_matrix:
    """Which vertices a side of a face joins, and how far apart they are.

    Parameters
    ----------
    points
        (n, 3) coordinates.
    faces
        (F, 3) rows.

    Returns
    -------
    (n, n) csr_matrix of float64
        Symmetric; each entry is the length of a side. Sides of length zero are stored.
    """
    graph = binary_adjacency(len(points), face_edges(faces))
    begins = np.repeat(np.arange(len(points), dtype=np.int32), np.diff(graph.indptr))
    graph = graph.astype(np.float64)
    graph.data = edge_lengths(points, np.stack((begins, graph.indices), axis=1))
    return graph
