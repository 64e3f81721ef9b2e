"""Whether points lie inside pieces of a mesh.

The generalised winding number of a surface around a point is the solid angle under which its faces
are seen from there, each counted by the side that it shows, over 4π: 1 inside of a closed surface
and 0 outside (Jacobson, Kavan and Sorkine-Hornung 2013). A piece is open where it was cut, so each
of the cuts is closed with a fan of triangles first. The sign tells how the faces are oriented.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cortical_tools.mesh_labels._arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    RowArray,
    connected,
    groups,
    ragged,
)
from cortical_tools.mesh_labels.pieces import Pieces

# Pairs of a point and a triangle that are looked at together: what fits into a processor's cache.
_BLOCK = 1 << 15


@dataclass(frozen=True)
class Triangles:
    """Triangles, those of a piece one after the other.

    Parameters
    ----------
    points
        (N, 3) corners.
    corners
        (T, 3) rows of `points`.
    first
        (P + 1,) the first triangle of each piece, and the end.
    """

    points: NDArray[np.floating[Any]]
    corners: NDArray[np.integer[Any]]
    first: IntArray


class ClosedPieces:
    """Some pieces of a mesh, closed where they were cut.

    Parameters
    ----------
    pieces
        All pieces.
    wanted
        (P,) which of them.
    """

    def __init__(self, pieces: Pieces, wanted: BoolArray) -> None:
        rows, owner = _faces_of(pieces, wanted)
        # A face that reaches into a piece is part of it: it is cut beyond its outermost vertices.
        corners = pieces.faces[rows]
        inside = pieces.piece[corners] == owner[:, None]
        self._faces = Triangles(pieces.points, corners, groups(owner, pieces.n_pieces))
        self._caps = _caps(pieces, corners, owner, inside)

    def bounds(self) -> tuple[FloatArray, FloatArray]:
        """(P, 3) each: the least and the greatest coordinates; nothing is in an empty piece."""
        first, n_pieces = self._faces.first, len(self._faces.first) - 1
        low, high = np.full((n_pieces, 3), np.inf), np.full((n_pieces, 3), -np.inf)
        filled = np.diff(first) > 0
        for axis in range(3):
            values = self._faces.points[:, axis][self._faces.corners]
            if filled.any():
                low[filled, axis] = np.minimum.reduceat(values.min(axis=1), first[:-1][filled])
                high[filled, axis] = np.maximum.reduceat(values.max(axis=1), first[:-1][filled])
        return low, high

    def winding(self, piece: IntArray, points: FloatArray) -> FloatArray:
        """(N,) winding number of each piece around the point at the same place.

        Positive where the normals of faces go outwards.
        """
        turns = _half_angles(self._faces, piece, points) + _half_angles(self._caps, piece, points)
        return turns / (2 * np.pi)


def _faces_of(pieces: Pieces, wanted: BoolArray) -> tuple[IntArray, RowArray]:
    """Every face of every wanted piece that it has a corner in, and the piece; piece by piece."""
    of = [pieces.piece[column] for column in pieces.faces.T]
    new = (
        wanted[of[0]],
        wanted[of[1]] & (of[1] != of[0]),
        wanted[of[2]] & (of[2] != of[0]) & (of[2] != of[1]),
    )
    rows = np.concatenate([np.flatnonzero(one) for one in new])
    owner = np.concatenate([column[one] for column, one in zip(of, new, strict=True)])
    order = np.argsort(owner, kind="stable")
    return rows[order], owner[order]


def _caps(pieces: Pieces, corners: RowArray, owner: RowArray, inside: BoolArray) -> Triangles:
    """Fans over the cuts: from each edge of a cut to the middle of that cut.

    The edges of a cut are those opposite to the corners of faces with one corner inside. Where two
    faces share one, their fans cancel each other.
    """
    cut = np.flatnonzero(inside.sum(axis=1) == 1)
    corner = inside[cut].argmax(axis=1)
    heads = corners[cut, (corner + 1) % 3].astype(np.int64)
    tails = corners[cut, (corner + 2) % 3].astype(np.int64)
    # A vertex may be on cuts of several pieces, and then is another one on each.
    base = owner[cut].astype(np.int64) * len(pieces.points)
    nodes, ends = np.unique(np.concatenate([base + heads, base + tails]), return_inverse=True)
    heads, tails = ends.reshape(2, -1)
    n_cuts, which = connected(heads, tails, len(nodes))
    rim = np.take(pieces.points, nodes % max(len(pieces.points), 1), axis=0).astype(np.float64)
    counts = np.bincount(which, minlength=n_cuts)
    middles = [np.bincount(which, rim[:, axis], minlength=n_cuts) / counts for axis in range(3)]
    points = np.vstack([rim, np.column_stack(middles)])
    fans = np.column_stack([tails, heads, len(nodes) + which[heads]])
    return Triangles(points, fans, groups(owner[cut], pieces.n_pieces))


def _half_angles(triangles: Triangles, piece: IntArray, points: FloatArray) -> FloatArray:
    """(N,) half the solid angle of each piece, seen from the point at the same place."""
    starts, counts = triangles.first[piece], np.diff(triangles.first)[piece]
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    sums = np.zeros(len(piece))
    for begin in range(0, total, _BLOCK):
        end = min(begin + _BLOCK, total)
        first = int(np.searchsorted(ends, begin, side="right"))
        last = int(np.searchsorted(ends, end, side="left")) + 1
        before = ends[first:last] - counts[first:last]
        low = np.maximum(begin - before, 0)
        taken = np.minimum(end - before, counts[first:last]) - low
        rows, owner = ragged(starts[first:last] + low, taken)
        angles = _seen_from(triangles, rows, points[first:last][owner])
        sums[first:last] += np.bincount(owner, angles, minlength=last - first)
    return sums


def _seen_from(triangles: Triangles, rows: IntArray, points: FloatArray) -> FloatArray:
    """(N,) half the signed solid angle of each triangle, by van Oosterom and Strackee (1983)."""
    corners = triangles.corners[rows]
    a, b, c = (_relative(triangles.points, corners[:, corner], points) for corner in range(3))
    length_a, length_b, length_c = (np.sqrt(_dot(side, side)) for side in (a, b, c))
    (ax, ay, az), (bx, by, bz), (cx, cy, cz) = a, b, c
    volume = (
        ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)
    )  # fmt: skip
    nearness = (
        length_a * length_b * length_c
        + _dot(a, b) * length_c
        + _dot(b, c) * length_a
        + _dot(c, a) * length_b
    )
    return np.arctan2(volume, nearness)


Columns = tuple[FloatArray, FloatArray, FloatArray]


def _relative(points: NDArray[Any], rows: NDArray[Any], origin: FloatArray) -> Columns:
    found = (np.take(points, rows, axis=0) - origin).T
    # Columns one after the other in memory are twice as quick to work on.
    x, y, z = np.ascontiguousarray(found, dtype=np.float64)
    return x, y, z


def _dot(one: Columns, other: Columns) -> FloatArray:
    return one[0] * other[0] + one[1] * other[1] + one[2] * other[2]
