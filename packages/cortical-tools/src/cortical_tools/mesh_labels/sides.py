"""Which side of the nearest surface a point is on.

A piece can only be closed roughly where a chunk cuts it askew, and not at all where a chunk has one
side of a soma. But chunks are convex: between a point and the surface that is nearest to it in its
chunk is nothing, so the point is inside if that surface turns its back.
"""

from __future__ import annotations

import numpy as np

from cortical_tools.mesh_labels._arrays import FloatArray, IntArray, stacked_apart
from cortical_tools.mesh_labels.pieces import Pieces


def backs_of_nearest(
    pieces: Pieces, points: FloatArray, chunk: IntArray, orientation: float
) -> tuple[IntArray, FloatArray]:
    """The piece nearest to each point in its chunk, and how squarely it turns its back to it.

    Parameters
    ----------
    pieces
        Of the mesh.
    points
        (N, 3) nanometres.
    chunk
        (N,) in which a point is looked at; it has a surface.
    orientation
        1 if the normals of the faces go outwards, −1 if inwards.

    Returns
    -------
    (N,) pieces and (N,) float64
        The cosine between the way to the nearest vertex and the outward normal there: 1 for a point
        that is straight behind the surface, −1 for one that is in front of it.
    """
    from scipy.spatial import KDTree

    asked = np.zeros(len(pieces.keys), dtype=np.bool_)
    asked[chunk] = True
    among = np.flatnonzero(asked[pieces.chunk] & pieces.is_surface[pieces.piece])
    near = np.take(pieces.points, among, axis=0).astype(np.float64)
    # No chunk is wider than all the points and vertices are apart.
    width = float(np.ptp(np.vstack([near, points]), axis=0).sum()) + 1
    tree = KDTree(
        stacked_apart(near, pieces.chunk[among], width), balanced_tree=False, compact_nodes=False
    )
    vertex = among[tree.query(stacked_apart(points, chunk, width))[1]]
    way = np.take(pieces.points, vertex, axis=0).astype(np.float64) - points
    normal = orientation * _normals(pieces, vertex)
    lengths = np.linalg.norm(way, axis=1) * np.linalg.norm(normal, axis=1)
    cosine = (way * normal).sum(axis=1) / np.where(lengths > 0, lengths, 1)
    return pieces.piece[vertex].astype(np.int64), cosine


def _normals(pieces: Pieces, vertices: IntArray) -> FloatArray:
    """(N, 3) the sum of the normals of the faces around each vertex, weighted by area."""
    distinct, which = np.unique(vertices, return_inverse=True)
    number = np.full(len(pieces.points), -1, dtype=np.int64)
    number[distinct] = np.arange(len(distinct))
    around = pieces.faces[(number[pieces.faces] >= 0).any(axis=1)]
    corners = np.take(pieces.points, around, axis=0).astype(np.float64)
    areas = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    sums = np.zeros((len(distinct), 3))
    for corner in range(3):
        here = number[around[:, corner]]
        np.add.at(sums, here[here >= 0], areas[here >= 0])
    return sums[which]
