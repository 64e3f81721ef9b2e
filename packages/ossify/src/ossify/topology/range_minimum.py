"""The least value in each of many ranges of one array."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from ossify._typing import IntArray

Number = TypeVar("Number", np.int64, np.float64)


def range_minima(
    values: npt.NDArray[Number], starts: IntArray, stops: IntArray, empty: float
) -> npt.NDArray[Number]:
    """Least of ``values[start:stop]`` for every pair of bounds.

    Parameters
    ----------
    values
        (n,) numbers.
    starts, stops
        (m,) bounds, from 0 to n. The ranges may overlap in any way.
    empty
        What a range without values gives.

    Returns
    -------
    (m,) array of the dtype of `values`

    Examples
    --------
    >>> range_minima(
    ...     np.array([3, 1, 2]), np.array([0, 2, 1]), np.array([3, 3, 1]), empty=9
    ... ).tolist()
    [1, 2, 9]
    """
    least = np.full(len(starts), empty, dtype=values.dtype)
    length = stops - starts
    # Two blocks whose length is the greatest power of two that fits cover a range. The blocks of
    # each power are made from those of the one before and are not kept.
    power = np.frexp(np.maximum(length, 0).astype(np.float64))[1] - 1
    blocks: npt.NDArray[Number] = values
    width = 1
    for exponent in range(int(np.max(power, initial=-1)) + 1):
        asked = np.flatnonzero(power == exponent)
        least[asked] = np.minimum(blocks[starts[asked]], blocks[stops[asked] - width])
        blocks = np.minimum(blocks[:-width], blocks[width:])
        width *= 2
    return least
