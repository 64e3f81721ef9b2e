"""Many arrays of different lengths, held as one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ossify._frozen import Frozen, freeze
from ossify._typing import AnyArray, IntArray


@dataclass(frozen=True, eq=False)
class Ragged(Frozen):
    """A list of N arrays, laid end to end and read-only.

    Item ``i`` is ``values[offsets[i]:offsets[i + 1]]``.

    Parameters
    ----------
    values
        (M,) array: the items one after the other.
    offsets
        (N + 1,) integers that rise from 0 to M. An item may be empty.

    Examples
    --------
    >>> ragged = Ragged(np.array([4, 2, 7]), np.array([0, 2, 2, 3]))
    >>> [item.tolist() for item in ragged]
    [[4, 2], [], [7]]
    """

    values: AnyArray
    offsets: IntArray

    def __post_init__(self) -> None:
        freeze(self.values)
        freeze(self.offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, item: int) -> AnyArray:
        """Item number ``item``, as a view; negative numbers count from the end."""
        number = range(len(self))[item]
        view: AnyArray = self.values[self.offsets[number] : self.offsets[number + 1]]
        return view

    def __iter__(self) -> Iterator[AnyArray]:
        return iter(self.split())

    @property
    def lengths(self) -> IntArray:
        """(N,) number of values in each item."""
        return np.diff(self.offsets)

    def split(self) -> list[AnyArray]:
        """Every item, as views into ``values``."""
        bounds = self.offsets.tolist()
        return [self.values[start:stop] for start, stop in pairwise(bounds)]

    def take(self, items: IntArray) -> Ragged:
        """The chosen items, in the order asked for."""
        starts, lengths = self.offsets[items], self.lengths[items]
        return Ragged(self.values[joined_ranges(starts, lengths)], offsets_of(lengths))


def offsets_of(lengths: IntArray) -> npt.NDArray[np.int64]:
    """Offsets of a `Ragged` whose items have these lengths.

    Examples
    --------
    >>> offsets_of(np.array([2, 0, 1])).tolist()
    [0, 2, 2, 3]
    """
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def joined_ranges(
    starts: IntArray, lengths: IntArray, *, backwards: bool = False
) -> npt.NDArray[np.int64]:
    """The integers of several ranges, one range after the other.

    Parameters
    ----------
    starts
        (N,) first integer of each range.
    lengths
        (N,) how many integers each range has, 0 included.
    backwards
        Count down from each start instead of up.

    Returns
    -------
    (sum of lengths,) int64 array

    Examples
    --------
    >>> joined_ranges(np.array([5, 0]), np.array([2, 3])).tolist()
    [5, 6, 0, 1, 2]
    >>> joined_ranges(np.array([5]), np.array([3]), backwards=True).tolist()
    [5, 4, 3]
    """
    sign = -1 if backwards else 1
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    shift = np.asarray(starts, dtype=np.int64) - sign * (ends - lengths)
    counter = np.arange(0, sign * total, sign, dtype=np.int64)
    counter += np.repeat(shift, lengths)
    return counter
