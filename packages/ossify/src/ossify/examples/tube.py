"""A mesh around an arbor: a ring of vertices for every skeleton vertex, a ball for the soma."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ossify._typing import FloatArray, IntArray
from ossify.examples.arbor import SOMA_ROW, Arbor

_SIDES = 6
_BALL_RINGS = 9
_BALL_SIDES = 14


@dataclass(frozen=True)
class Surface:
    """M mesh vertices.

    Parameters
    ----------
    points
        (M, 3) in nm.
    faces
        (F, 3) rows.
    skeleton_row
        (M,) the skeleton vertex that each belongs to.
    """

    points: FloatArray
    faces: IntArray
    skeleton_row: IntArray


def tube_surface(arbor: Arbor) -> Surface:
    """The surface of an arbor: open tubes of six sides that start at a closed soma."""
    ball, ball_faces = _ball(arbor.points[SOMA_ROW], float(arbor.radius[SOMA_ROW]))
    rows = np.arange(SOMA_ROW + 1, len(arbor.parent))
    child = rows[arbor.parent[rows] != SOMA_ROW]
    # Row r > 0 has the mesh vertices from len(ball) + _SIDES * (r - 1) on.
    first = len(ball) + _SIDES * (np.arange(len(arbor.parent)) - 1)
    faces = _between_rings(first[child], first[arbor.parent[child]], _SIDES)
    return Surface(
        points=np.round(np.concatenate([ball, _rings(arbor)[rows].reshape(-1, 3)]), 1),
        faces=np.concatenate([ball_faces, faces]),
        skeleton_row=np.concatenate(
            [np.full(len(ball), SOMA_ROW, dtype=np.int64), np.repeat(rows, _SIDES)]
        ),
    )


def _circle(sides: int) -> FloatArray:
    """(sides, 2) points on the unit circle."""
    angle = 2 * np.pi * np.arange(sides) / sides
    return np.column_stack([np.cos(angle), np.sin(angle)])


def _rings(arbor: Arbor) -> FloatArray:
    """(V, sides, 3) points around each vertex, across the way from its parent."""
    offset = arbor.points - arbor.points[np.maximum(arbor.parent, SOMA_ROW)]
    # The axis that a whole branch runs along least is across every piece of it, so that
    # neighbouring rings are not twisted against each other.
    reach = np.zeros((int(arbor.branch.max()) + 1, 3))
    np.add.at(reach, arbor.branch[1:], offset[1:])
    across = np.eye(3)[np.abs(reach).argmin(axis=1)][arbor.branch]
    one = _unit(np.cross(offset, across))
    other = _unit(np.cross(offset, one))
    circle = arbor.radius[:, None, None] * _circle(_SIDES)
    rings: FloatArray = (
        arbor.points[:, None, :]
        + circle[:, :, :1] * one[:, None, :]
        + circle[:, :, 1:] * other[:, None, :]
    )
    return rings


def _unit(vectors: FloatArray) -> FloatArray:
    length = np.sqrt((vectors * vectors).sum(axis=1, keepdims=True))
    return np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)


def _between_rings(lower: IntArray, upper: IntArray, sides: int) -> IntArray:
    """(2 · sides · N, 3) faces between the rings that start at the mesh vertices given."""
    here = np.arange(sides)
    after = (here + 1) % sides
    a, b = lower[:, None] + here, lower[:, None] + after
    c, d = upper[:, None] + here, upper[:, None] + after
    triangles = np.stack([np.stack([a, b, c], axis=-1), np.stack([b, d, c], axis=-1)], axis=1)
    return triangles.reshape(-1, 3)


def _ball(centre: FloatArray, radius: float) -> tuple[FloatArray, IntArray]:
    """A closed sphere: rings of latitude between two poles."""
    angle = np.pi * np.arange(1, _BALL_RINGS + 1) / (_BALL_RINGS + 1)
    circle = _circle(_BALL_SIDES)
    rings = np.empty((_BALL_RINGS, _BALL_SIDES, 3))
    rings[:, :, [0, 2]] = np.sin(angle)[:, None, None] * circle
    rings[:, :, 1] = np.cos(angle)[:, None]
    poles = np.array([[0.0, 1.0, 0.0], [0.0, -1.0, 0.0]])
    points = centre + radius * np.concatenate([rings.reshape(-1, 3), poles])
    first = _BALL_SIDES * np.arange(_BALL_RINGS)
    top, bottom = len(points) - 2, len(points) - 1
    here = np.arange(_BALL_SIDES)
    after = (here + 1) % _BALL_SIDES
    caps = [
        np.column_stack([after, here, np.full(_BALL_SIDES, top)]),
        np.column_stack([first[-1] + here, first[-1] + after, np.full(_BALL_SIDES, bottom)]),
    ]
    return points, np.concatenate([_between_rings(first[:-1], first[1:], _BALL_SIDES), *caps])
