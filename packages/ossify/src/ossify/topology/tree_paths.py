"""Paths from one vertex of a forest to another, in preorder or along the parents."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ossify.topology.preorder import Preorder
from ossify.topology.ragged import joined_ranges

Rows = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]


def meeting_place(index: Preorder, first: int, second: int) -> int:
    """Place of the lowest common ancestor of two places, -1 if they are in different trees.

    Examples
    --------
    Two tips, at the places 2 and 3, meet at 1, which hangs from the root at 0.

    >>> parent = np.array([-1, 0, 1, 1], dtype=np.int32)
    >>> index = Preorder.build(parent, n_children=np.array([1, 2, 0, 0], dtype=np.int32))
    >>> meeting_place(index, 2, 3)
    1
    """
    low, high = min(first, second), max(first, second)
    # Everything that starts between the two hangs below their lowest common ancestor, and
    # the branch that leads to the later one hangs on it, unless it is the earlier one.
    attach = index.attach[index.run_at(low) + 1 : index.run_at(high) + 1]
    return int(np.min(attach, initial=low))


def path_places(index: Preorder, first: int, second: int) -> Places | None:
    """Places of the path from one place to another, both included; None in different trees."""
    meeting = meeting_place(index, first, second)
    if meeting < 0:
        return None
    up, down = _places_up_to(index, first, meeting), _places_up_to(index, second, meeting)
    return np.concatenate((up, [meeting], down[::-1]))


def _places_up_to(index: Preorder, place: int, top: int) -> Places:
    """Places from `place` upwards to, and without, its ancestor `top`."""
    run, last = index.run_at(place), index.run_at(top)
    # The runs passed on the way are those that have the first one below them. Each is left
    # behind from its last vertex on, as that is what the one before hangs on.
    passed = np.arange(run, last - 1, -1)
    passed = passed[index.last_run[passed] >= run]
    start, stop = index.run_stop[passed] - 1, index.run_start[passed]
    start[0], stop[-1] = place, top + 1
    return joined_ranges(start, start - stop + 1, backwards=True)


def walk_up(parent: Rows, row: int, most: int) -> tuple[Rows, bool]:
    """Rows from a vertex towards its root, vertex by vertex, and whether the root is reached.

    Parameters
    ----------
    parent
        (V,) parents, -1 at roots.
    row
        Where to begin.
    most
        How many rows to list at most, but for the first.
    """
    # The one place that does not go by arrays: for a short way it is not worth to make an index.
    rows = [row]
    upward = memoryview(parent)
    while (above := upward[rows[-1]]) >= 0 and len(rows) < most:
        rows.append(above)
    return np.array(rows, dtype=np.int32), above < 0


def joined_at_ancestor(first: Rows, second: Rows) -> Rows | None:
    """The path from where one path to the root starts to where another does, None for two roots.

    Examples
    --------
    >>> joined_at_ancestor(np.array([2, 1, 0]), np.array([3, 1, 0])).tolist()
    [2, 1, 3]
    """
    if first[-1] != second[-1]:
        return None
    n = min(len(first), len(second))
    differs = first[::-1][:n] != second[::-1][:n]
    # The paths share this many rows, the last of which is the lowest common ancestor.
    shared = int(np.argmax(differs)) if differs.any() else n
    return np.concatenate((first[: len(first) - shared + 1], second[: len(second) - shared][::-1]))
