"""The shape of branches: segments with their two ends, and how they part at branch points.

A segment is here a run of edges between roots, branch points and tips. It begins with the vertex
that it hangs on, and a root that branches has none of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ossify._frozen import Frozen
from ossify._typing import FloatArray
from ossify.topology.rooted_tree import RootedTree
from ossify.topology.spatial import norms

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Segments(Frozen):
    """S segments of at least one edge each.

    Attributes
    ----------
    near, far
        (S,) rows of the ends, `far` the one farther from the root.
    first
        (S,) row of the vertex after `near`.
    """

    near: Rows
    far: Rows
    first: Rows

    @classmethod
    def of(cls, tree: RootedTree) -> Segments:
        """All segments of a forest.

        Examples
        --------
        >>> parts = Segments.of(RootedTree.from_parents([-1, 0, 1, 1, 2]))
        >>> parts.near.tolist(), parts.first.tolist(), parts.far.tolist()
        ([0, 1, 1], [1, 2, 3], [1, 4, 3])
        """
        index = tree.index
        begins_at_root = index.run_parent < 0
        has_edge = ~begins_at_root | (index.run_length > 1)
        near = np.where(begins_at_root, index.run_start, index.attach)[has_edge]
        first = (index.run_start + begins_at_root)[has_edge]
        far = index.run_stop[has_edge] - 1
        return cls(*(index.order[places].astype(np.int64) for places in (near, far, first)))

    def tortuosity(self, from_root: FloatArray, points: FloatArray) -> FloatArray:
        """(S,) path length over the straight distance of the ends; NaN where these coincide."""
        straight = norms(points[self.far] - points[self.near])
        length = from_root[self.far] - from_root[self.near]
        return np.divide(length, straight, out=np.full_like(length, np.nan), where=straight > 0)

    def forks(self) -> tuple[Rows, Rows]:
        """The two segments that hang on each vertex on which exactly two hang: two (F,) arrays."""
        order = np.argsort(self.near, kind="stable")
        start = np.flatnonzero(np.diff(self.near[order], prepend=-1))
        size = np.diff(start, append=len(order))
        pairs = start[size == 2]
        return order[pairs], order[pairs + 1]


def angles(apex: FloatArray, first: FloatArray, second: FloatArray) -> FloatArray:
    """Angles, in radians from 0 to pi, at which two points are seen from a third.

    Parameters
    ----------
    apex, first, second
        (n, 3) coordinates.

    Returns
    -------
    (n,) float64 array
        NaN where the apex coincides with one of the others.

    Examples
    --------
    >>> at = np.zeros((1, 3))
    >>> angles(at, np.array([[2.0, 0, 0]]), np.array([[0.0, 0, 3]])).round(4).tolist()
    [1.5708]
    """
    one, other = first - apex, second - apex
    # The arc tangent is exact for angles near 0 and pi too, where the arc cosine is not.
    sine, cosine = norms(np.cross(one, other)), np.einsum("ij,ij->i", one, other)
    known = (norms(one) > 0) & (norms(other) > 0)
    return np.where(known, np.arctan2(sine, cosine), np.nan)


def partition_asymmetry(
    segments: npt.NDArray[np.int64], others: npt.NDArray[np.int64]
) -> FloatArray:
    """How unevenly two subtrees are branched: (n,) from 0, evenly, to 1.

    ``|n - m| / (n + m - 2)`` for n and m segments in the subtrees, those included that lead there;
    0 for one each. Where all branch points have two children, tips may be counted instead, as
    Van Pelt et al. (1992) do.

    Examples
    --------
    >>> partition_asymmetry(np.array([1, 3, 1]), np.array([1, 1, 7])).tolist()
    [0.0, 1.0, 1.0]
    """
    uneven = np.abs(segments - others)
    return np.asarray(uneven / np.maximum(segments + others - 2, 1))


def frusta(
    height: FloatArray, radius: FloatArray, other: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Lateral area and volume of truncated cones.

    Parameters
    ----------
    height, radius, other
        (n,) heights, and the radii of the two ends.

    Examples
    --------
    >>> area, volume = frusta(np.array([2.0]), np.array([1.0]), np.array([1.0]))
    >>> (area / np.pi).round(12).tolist(), (volume / np.pi).round(12).tolist()
    ([4.0], [2.0])
    """
    area = np.pi * (radius + other) * np.hypot(height, radius - other)
    volume = np.pi / 3 * height * (radius**2 + radius * other + other**2)
    return area, volume
