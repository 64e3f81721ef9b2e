"""How a skeleton spreads around a point."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ossify._typing import ArrayLike, FloatArray
from ossify.algorithms.subject import skeleton_of
from ossify.cell.cell import Cell
from ossify.errors import ShapeError
from ossify.layers.skeleton import SkeletonLayer
from ossify.topology import shells
from ossify.topology.spatial import norms

_MOST_SHELLS = 1_000_000


def sholl(
    cell: Cell | SkeletonLayer,
    radii: ArrayLike | None = None,
    *,
    step: float | None = None,
    center: Any = None,
) -> pd.DataFrame:
    """Sholl profile: what a skeleton has at, and between, spheres around one point.

    Parameters
    ----------
    cell
        A cell with a skeleton, or a skeleton. Several trees are measured around one centre.
    radii
        Ascending positive radii, in the unit of the skeleton.
    step
        Instead: the distance from one sphere to the next, from the centre to beyond the farthest
        vertex.
    center
        (3,) coordinates, or a vertex id. None: the root, also where a mask has taken it off, so
        that the profiles of an axon and of dendrites have one centre.

    Returns
    -------
    DataFrame
        A row for every sphere, indexed by ``radius``, with the columns

        - ``crossings``: edges of which one end is within the sphere, or on it, and the other is
          not (Sholl 1953);
        - ``cable_length``: length of the cable between the sphere before, or the centre, and
          this one, of edges as straight lines cut where they pass through;
        - ``branch_points``, ``end_points``: how many lie there.

        Nothing is said of what lies beyond the last sphere. Without vertices all is 0.

    Raises
    ------
    ValueError
        If not exactly one of radii and step is given, they are not as above, there is no
        skeleton, or it never had one root and no centre is given.
    UnknownVertexError
        If the centre is a vertex that is not there. A KeyError.

    Notes
    -----
    NeuroM's ``sholl_crossings`` counts the same; navis' ``sholl_analysis`` counts vertices
    within shells instead of lengths cut exactly.

    Examples
    --------
    Two tips, 2 and 3, meet at 1, which hangs from the root 0.

    >>> edges = [[1, 0], [2, 1], [3, 1]]
    >>> skeleton = SkeletonLayer("y", [[0, 0, 0], [1, 0, 0], [2, 0, 0], [1, 1, 0]], edges)
    >>> sholl(skeleton, [0.5, 1.2, 3]).round(3)
            crossings  cable_length  branch_points  end_points
    radius
    0.5             1         0.500              0           0
    1.2             2         1.363              1           0
    3.0             0         1.137              0           2
    """
    skeleton = skeleton_of(cell)
    if (radii is None) == (step is None):
        raise ValueError("say where the spheres are by radii or by step, one of them")
    points = skeleton.vertices - _center(skeleton, center)
    away = norms(points)
    if step is None:
        spheres = _checked_radii(radii)
    else:
        spheres = _spaced_radii(step, float(away.max(initial=0.0)))
    edges = skeleton.tree.edges
    start, stop = np.take(points, edges[:, 1], axis=0), np.take(points, edges[:, 0], axis=0)
    columns = {
        "crossings": shells.crossings(start, stop, spheres),
        "cable_length": np.diff(shells.length_within(start, stop, spheres), prepend=0.0),
    }
    tree = skeleton.tree
    for name, rows in (("branch_points", tree.branch_rows), ("end_points", tree.tip_rows)):
        shell = np.searchsorted(spheres, away[rows])
        columns[name] = np.bincount(shell, minlength=len(spheres) + 1)[:-1]
    return pd.DataFrame(columns, index=pd.Index(spheres, name="radius"))


def _center(skeleton: SkeletonLayer, center: Any) -> FloatArray:
    if center is None:
        root = skeleton.root_location
        root = skeleton.base_root_location if root is None else root
        if root is None:
            raise ValueError(
                f"layer {skeleton.name!r} has no root to be the centre: it has "
                f"{len(skeleton.roots)} trees and none is the stated one; pass center"
            )
        return root
    if np.ndim(center) == 0:
        return np.asarray(skeleton.vertices[skeleton._row(center)])
    point = np.asarray(center, dtype=np.float64)
    if point.shape != (3,) or not np.isfinite(point).all():
        raise ShapeError(f"center must be a vertex id or three coordinates, not {center!r}")
    return point


def _checked_radii(radii: Any) -> FloatArray:
    spheres = np.asarray(radii, dtype=np.float64)
    ascend = spheres.ndim == 1 and len(spheres) and (np.diff(spheres, prepend=0.0) > 0).all()
    if not (ascend and np.isfinite(spheres).all()):
        raise ShapeError(f"radii must be positive numbers that ascend, not {radii!r}")
    return spheres


def _spaced_radii(step: float, farthest: float) -> FloatArray:
    if not (np.isfinite(step) and step > 0):
        raise ValueError(f"step must be a positive length, not {step!r}")
    n_spheres = farthest // step + 1
    if n_spheres > _MOST_SHELLS:
        raise ValueError(f"a step of {step} makes {n_spheres:,.0f} spheres; choose a greater one")
    return np.asarray(np.arange(1, int(n_spheres) + 1) * float(step), dtype=np.float64)
