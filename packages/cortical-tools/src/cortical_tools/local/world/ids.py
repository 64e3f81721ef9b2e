"""Ids as a chunked graph gives them, each only once."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cortical_tools.local.world import plan

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

_FIRST_ROOT = 864_691_135_000_000_000
_ROOTS = 10**9


class IdMint:
    """Hands out ids that the world has not had.

    Parameters
    ----------
    rng
        For the numbers, which look random in a real segmentation, too.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._chunks = plan.chunks()
        self._used: dict[int, int] = {}
        self._roots: set[int] = set()

    def place(self, points: FloatArray) -> IntArray:
        """(N, 3) the level-2 chunk of each point, which is in nanometres."""
        voxels = points / np.array(plan.RESOLUTION) - self._chunks.offset
        found: IntArray = np.floor(voxels / self._chunks.size).astype(np.int64)
        return found

    def nodes(self, layer: int, place: IntArray) -> IntArray:
        """A new node of layer 1 or 2 in each chunk."""
        start = self._chunks.ids(layer, place, np.zeros(len(place), dtype=np.int64))
        rank = pd.Series(start).groupby(start).cumcount().to_numpy(dtype=np.int64)
        keys, counts = np.unique(start, return_counts=True)
        before = np.array([self._used.get(key, 0) for key in keys.tolist()], dtype=np.int64)
        for key, total in zip(keys.tolist(), (before + counts).tolist(), strict=True):
            self._used[key] = total
        number = before[np.searchsorted(keys, start)] + rank + 1
        # The last bits of supervoxel ids count up, too, but not from one.
        return start + number * (4099 if layer == 1 else 1)

    def root(self) -> int:
        """A new root."""
        while (found := _FIRST_ROOT + int(self._rng.integers(_ROOTS))) in self._roots:
            pass
        self._roots.add(found)
        return found
