"""From three dimensions to the two of the paper."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np

from ossify._typing import ArrayLike, FloatArray
from ossify.errors import ShapeError

Projection: TypeAlias = str | Callable[[FloatArray], ArrayLike]
Angle: TypeAlias = float | Literal["best"] | None
Axis: TypeAlias = str | ArrayLike | None

_AXES = "xyz"
_NAMES = [a + b for a in _AXES for b in _AXES if a != b]


@dataclass(frozen=True)
class View:
    """N points on the paper.

    Parameters
    ----------
    places
        (N, 2) places.
    axes
        Which axes go across and up, before any rotation; empty where a function decides.
    labels
        The same for what is shown: empty too where a rotation has mixed axes.
    """

    places: FloatArray
    axes: tuple[str, str]
    labels: tuple[str, str]

    def moved(self, across: float, up: float) -> View:
        """The same, elsewhere on the paper."""
        return replace(self, places=self.places + np.array([across, up]))


def project(
    points: FloatArray, projection: Projection, angle: Angle = None, axis: Axis = None
) -> View:
    """Points as they are seen on the paper.

    Parameters
    ----------
    points
        (N, 3) coordinates.
    projection
        The axes that go across and up, such as ``"xy"``; or a function from (N, 3) to (N, 2).
    angle
        By how many degrees to turn them about `axis` first; ``"best"`` for the widest view.
    axis
        ``"x"``, ``"y"``, ``"z"`` or a vector.

    Raises
    ------
    ValueError
        If one of them is something else, or the function returns another shape.

    Examples
    --------
    >>> project(np.array([[1.0, 2.0, 3.0]]), "zy").places.tolist()
    [[3.0, 2.0]]
    """
    names = axis_names(projection)
    if callable(projection):
        if angle is not None or axis is not None:
            raise ValueError(
                "rotation_angle and rotation_axis are for projections that are named; a function "
                "turns the points itself"
            )
        return View(_through(points, projection), names, names)
    kept = [_AXES.index(name) for name in names]
    turn = _rotation(points, kept, angle, axis)
    if turn is None:
        return View(points[:, kept], names, names)
    centre = points.mean(axis=0) if len(points) else 0.0
    places = ((points - centre) @ turn.T + centre)[:, kept]
    same = np.isclose(np.diagonal(turn), 1)
    across, up = (name if same[row] else "" for name, row in zip(names, kept, strict=True))
    return View(places, names, (across, up))


def axis_names(projection: Projection) -> tuple[str, str]:
    """What goes across and what goes up; empty where a function decides.

    Raises
    ------
    ValueError
        If it is not the name of a projection.
    """
    if callable(projection):
        return "", ""
    if projection not in _NAMES:
        known = ", ".join(map(repr, _NAMES))
        raise ValueError(
            f"projection must be one of {known}, or a function from (N, 3) to (N, 2) coordinates; "
            f"got {projection!r}"
        )
    return projection[0], projection[1]


def into_the_paper(points: FloatArray, view: View, *, y_down: bool) -> FloatArray:
    """(3,) unit vector along which the viewer looks at the points: from near to far.

    It is that of a view which does not mirror them. A function that is no linear projection has
    the direction of the one that comes closest.

    Parameters
    ----------
    points
        (N, 3) coordinates.
    view
        How they are seen.
    y_down
        Whether an axis named y runs against the paper's.
    """
    if len(points) == 0:
        return np.array([0.0, 0.0, 1.0])
    centred = points - points.mean(axis=0)
    places = view.places - view.places.mean(axis=0)
    # Least squares through the 3 × 3 normal equations: the points may be millions.
    linear = np.linalg.pinv(centred.T @ centred, rcond=1e-12) @ (centred.T @ places)
    right, up = linear.T
    if y_down:
        right = -right if view.axes[0] == "y" else right
        up = -up if view.axes[1] == "y" else up
    # Rightwards, downwards and away from the viewer are right-handed.
    away = np.cross(right, -up)
    length = float(np.linalg.norm(away))
    return away / length if length > 0 else np.array([0.0, 0.0, 1.0])


def _through(points: FloatArray, projection: Callable[[FloatArray], ArrayLike]) -> FloatArray:
    flat = np.asarray(projection(points), dtype=np.float64)
    if flat.shape != (len(points), 2):
        raise ShapeError(
            f"the projection must return shape ({len(points)}, 2) for {len(points)} points, "
            f"not {flat.shape}"
        )
    return flat


def _rotation(points: FloatArray, kept: list[int], angle: Angle, axis: Axis) -> FloatArray | None:
    """(3, 3) rotation matrix; None for none."""
    if angle is None:
        if axis is not None:
            raise ValueError("rotation_axis needs a rotation_angle: degrees, or 'best'")
        return None
    if isinstance(angle, str) and angle != "best":
        raise ValueError(f"rotation_angle must be degrees, 'best' or None, not {angle!r}")
    if axis is None:
        if angle != "best":
            raise ValueError("rotation_angle needs a rotation_axis: 'x', 'y', 'z' or a vector")
        return _onto_principal_axes(points, kept)
    unit = _unit_vector(axis)
    degrees = _widest(points, kept, unit) if isinstance(angle, str) else np.radians(float(angle))
    return _about(unit, degrees)


def _unit_vector(axis: str | ArrayLike) -> FloatArray:
    if isinstance(axis, str):
        if axis not in ("x", "y", "z"):
            raise ValueError(f"rotation_axis must be 'x', 'y', 'z' or a vector, not {axis!r}")
        return np.array([float(axis == name) for name in _AXES])
    vector = np.asarray(axis, dtype=np.float64)
    length = float(np.linalg.norm(vector))
    if vector.shape != (3,) or not np.isfinite(length) or length == 0:
        raise ValueError(
            f"rotation_axis must be 'x', 'y', 'z' or three numbers that are not all 0, not {axis!r}"
        )
    unit: FloatArray = vector / length
    return unit


def _about(unit: FloatArray, angle: float) -> FloatArray:
    """The matrix that turns by `angle` radians about a unit vector (Rodrigues' formula)."""
    cross = np.cross(unit, np.eye(3)).T
    parallel = np.outer(unit, unit)
    turn: FloatArray = np.cos(angle) * (np.eye(3) - parallel) + np.sin(angle) * cross + parallel
    return turn


def _spread(points: FloatArray) -> FloatArray:
    """(3, 3) covariance, zero for fewer than two points."""
    centred = points - points.mean(axis=0) if len(points) else points
    covariance: FloatArray = centred.T @ centred
    return covariance


def _onto_principal_axes(points: FloatArray, kept: list[int]) -> FloatArray:
    """The rotation that lays the greatest spread across, the second up, the least into depth."""
    principal = np.linalg.eigh(_spread(points))[1][:, ::-1].T
    order = [*kept, 3 - sum(kept)]
    turn = np.empty((3, 3))
    turn[order] = principal
    # Of the two ways along each, the one that turns things over the least.
    turn *= np.where(np.diagonal(turn) < 0, -1.0, 1.0)[:, None]
    if np.linalg.det(turn) < 0:
        turn[order[2]] *= -1
    return turn


def _widest(points: FloatArray, kept: list[int], unit: FloatArray) -> float:
    """The smallest angle about `unit` after which the points spread the most across.

    Upwards, where the axis itself goes across.
    """
    flat = np.eye(3) - np.outer(unit, unit)
    target = flat[kept[0]]
    if np.linalg.norm(target) < 1e-6:
        target = flat[kept[1]]
    longest = np.linalg.eigh(flat @ _spread(points) @ flat)[1][:, -1]
    angle = float(np.arctan2(np.cross(longest, target) @ unit, longest @ target))
    # A line has two directions.
    return (angle + np.pi / 2) % np.pi - np.pi / 2
