"""From three dimensions to the two of the paper."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from ossify._typing import ArrayLike, FloatArray
from ossify.errors import ShapeError

Projection: TypeAlias = str | Callable[[FloatArray], ArrayLike]

_AXES = "xyz"
_NAMES = [a + b for a in _AXES for b in _AXES if a != b]


def project(points: FloatArray, projection: Projection) -> FloatArray:
    """(N, 2) places on the paper of (N, 3) points.

    Parameters
    ----------
    points
        (N, 3) coordinates.
    projection
        The axes that go across and up, such as ``"xy"``; or a function from (N, 3) to (N, 2).

    Raises
    ------
    ValueError
        If it is neither, or the function returns another shape.

    Examples
    --------
    >>> project(np.array([[1.0, 2.0, 3.0]]), "zy").tolist()
    [[3.0, 2.0]]
    """
    if callable(projection):
        flat = np.asarray(projection(points), dtype=np.float64)
        if flat.shape != (len(points), 2):
            raise ShapeError(
                f"the projection must return shape ({len(points)}, 2) for {len(points)} points, "
                f"not {flat.shape}"
            )
        return flat
    return points[:, [_AXES.index(axis) for axis in axis_names(projection)]]


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
