"""Small things about arrays that several steps need."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
RowArray = NDArray[np.int32]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


def ragged(starts: IntArray, counts: IntArray) -> tuple[IntArray, IntArray]:
    """Every number of several ranges, and which range it is from.

    Examples
    --------
    >>> numbers, owner = ragged(np.array([10, 0]), np.array([2, 3]))
    >>> numbers.tolist(), owner.tolist()
    ([10, 11, 0, 1, 2], [0, 0, 1, 1, 1])
    """
    owner = np.repeat(np.arange(len(counts)), counts)
    before = np.cumsum(counts) - counts
    return np.arange(len(owner)) - before[owner] + starts[owner], owner


def groups(sorted_rows: NDArray[Any], n_groups: int) -> IntArray:
    """(n_groups + 1,) where each group begins in ascending group numbers, and the end."""
    counts = np.bincount(sorted_rows, minlength=n_groups)
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)])


def connected(heads: NDArray[Any], tails: NDArray[Any], n: int) -> tuple[int, RowArray]:
    """How many connected components n rows with these edges have, and the one of each row.

    Components are numbered as their first rows come.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(heads), dtype=np.int8)
    n_components, component = connected_components(
        coo_array((ones, (heads, tails)), shape=(n, n)).tocsr(), directed=False
    )
    return int(n_components), component


def stacked_apart(points: FloatArray, chunk: NDArray[Any], width: float) -> FloatArray:
    """(N, 4) points with a fourth coordinate that keeps chunks `width` and more from each other."""
    return np.column_stack([points, chunk.astype(np.float64) * width])
