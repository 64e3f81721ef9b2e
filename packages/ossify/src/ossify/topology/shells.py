"""Straight lines and the spheres around one point that they pass through."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ossify._typing import FloatArray, IntArray
from ossify.topology.ragged import joined_ranges
from ossify.topology.spatial import norms

_AT_ONCE = 1 << 16


def crossings(start: FloatArray, stop: FloatArray, radii: FloatArray) -> npt.NDArray[np.int64]:
    """Number of lines of which one end is within each sphere and the other is not.

    Parameters
    ----------
    start, stop
        (E, 3) ends of the lines, as seen from the centre.
    radii
        (R,) ascending. An end on a sphere is within it.

    Returns
    -------
    (R,) int64 array

    Examples
    --------
    >>> ends = np.array([[0.0, 0, 0], [4, 0, 0]]), np.array([[4.0, 0, 0], [2, 0, 0]])
    >>> crossings(*ends, np.array([1.0, 3, 4])).tolist()
    [1, 2, 0]
    """
    distances = np.stack((norms(start), norms(stop)))
    near, far = distances.min(axis=0), distances.max(axis=0)
    first = np.bincount(np.searchsorted(radii, near), minlength=len(radii) + 1)
    after = np.bincount(np.searchsorted(radii, far), minlength=len(radii) + 1)
    return np.cumsum(first - after)[:-1]


def length_within(start: FloatArray, stop: FloatArray, radii: FloatArray) -> FloatArray:
    """Length of the lines within each sphere, cut where they pass through it.

    Parameters
    ----------
    start, stop
        (E, 3) ends of the lines, as seen from the centre.
    radii
        (R,) ascending.

    Returns
    -------
    (R,) float64 array

    Examples
    --------
    >>> ends = np.array([[0.0, 0, 0], [4, 0, 0]]), np.array([[4.0, 0, 0], [2, 0, 0]])
    >>> length_within(*ends, np.array([1.0, 3, 4])).tolist()
    [1.0, 4.0, 6.0]
    """
    along = stop - start
    squared = np.einsum("ij,ij->i", along, along)
    reach = np.einsum("ij,ij->i", start, along)
    share = np.divide(-reach, squared, out=np.zeros_like(squared), where=squared > 0)
    nearest = norms(start + np.clip(share, 0, 1)[:, np.newaxis] * along)
    farthest = np.maximum(norms(start), norms(stop))
    length = np.sqrt(squared)

    # Few lines meet a sphere, and only those are cut: `low` is the first sphere that a line
    # reaches into, `high` the first that holds all of it.
    high = np.searchsorted(radii, farthest)
    low = np.minimum(np.searchsorted(radii, nearest, side="right"), high)
    within = np.bincount(high, weights=length, minlength=len(radii) + 1)[:-1].cumsum(dtype=float)
    from_centre = np.einsum("ij,ij->i", start, start)
    for some in _batches(high - low):
        n_cuts = (high - low)[some]
        line, sphere = np.repeat(some, n_cuts), joined_ranges(low[some], n_cuts)
        offset = from_centre[line] - radii[sphere] ** 2
        root = np.sqrt(np.maximum(reach[line] ** 2 - squared[line] * offset, 0))
        # A line without length lies within or without and is never cut.
        enters = np.clip((-reach[line] - root) / squared[line], 0, 1)
        leaves = np.clip((-reach[line] + root) / squared[line], 0, 1)
        cut = (leaves - enters) * length[line]
        if len(line):
            least, greatest = int(sphere.min()), int(sphere.max())
            within[least : greatest + 1] += np.bincount(sphere - least, weights=cut)
    return within


def _batches(n_cuts: IntArray) -> list[IntArray]:
    """Lines that are cut at all, in batches of about so many cuts as fit into a few megabytes."""
    lines = np.flatnonzero(n_cuts)
    batch = np.cumsum(n_cuts[lines]) // _AT_ONCE
    return np.split(lines, np.flatnonzero(np.diff(batch)) + 1)
