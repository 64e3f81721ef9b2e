"""How far a vertex reaches along the edges, and what values come to within that reach."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Literal, get_args

import numpy as np

from ossify._typing import AnyArray, FloatArray, IntArray
from ossify.layers.base import Layer
from ossify.topology.neighbourhoods import Direction, Neighbours

Metric = Literal["hops", "distance"]

_AT_ONCE = 1 << 14
# What is listed at a time: some tens of megabytes, also where a vertex reaches thousands.
_MOST_PAIRS = 1 << 18
# A path that is as long as the reach is within it, however its length was rounded.
_ROUNDING = 1e-9


def checked_limit(limit: float | None, layer: str) -> float | None:
    """A greatest length of paths, which NaN is not: no path would be longer, nor shorter."""
    if limit is not None and not limit >= 0:
        raise ValueError(f"layer {layer!r}: limit must be a length or None, not {limit!r}")
    return limit


class Reaching(Layer):
    """A layer whose vertices reach others along its edges."""

    @abstractmethod
    def _neighbours(
        self,
        rows: IntArray,
        limit: float,
        direction: Direction,
        metric: Metric,
        most: int | None,
    ) -> Neighbours | None:
        """What each of the rows reaches; None if that is more than `most` pairs."""

    def _around(
        self,
        limit: float,
        direction: Direction,
        chunk_size: int | None,
        metric: Metric = "distance",
        sources: IntArray | None = None,
    ) -> Iterator[tuple[IntArray, Neighbours]]:
        """Rows, some at a time, and what each of them reaches, in no order."""
        self._check_reach(limit, direction, chunk_size)
        left = np.arange(len(self)) if sources is None else sources
        size = _AT_ONCE if chunk_size is None else chunk_size
        while len(left):
            rows = left[:size]
            # A row by itself reaches what it reaches, and a size that is asked for is kept to.
            most = _MOST_PAIRS if chunk_size is None and len(rows) > 1 else None
            near = self._neighbours(rows, limit * (1 + _ROUNDING), direction, metric, most)
            if near is None:
                size = max(len(rows) // 4, 1)
                continue
            yield rows, near
            left = left[size:]
            if chunk_size is None and 3 * len(near.row) < _MOST_PAIRS:
                size = min(2 * size, _AT_ONCE)

    def _sums_around(
        self,
        values: AnyArray,
        limit: float,
        direction: Direction,
        chunk_size: int | None,
        metric: Metric = "distance",
        inclusive: bool = True,
    ) -> AnyArray:
        """(V, k) sums of (V, k) finite values over what is around each vertex; int64 of integers.

        Here from every vertex that has any, to all around it: on a graph that goes both ways.
        """
        sums = np.zeros_like(values)
        some = np.flatnonzero(values.any(axis=1))
        for rows, near in self._around(limit, direction, chunk_size, metric, some):
            chosen = near if inclusive else near.choose(near.row != rows[near.source])
            np.add.at(sums, chosen.row, values[rows[chosen.source]])
        return sums

    def _minima_around(
        self,
        values: FloatArray,
        limit: float,
        direction: Direction,
        chunk_size: int | None,
        metric: Metric = "distance",
    ) -> FloatArray:
        """(V,) least of (V,) values around each vertex; infinite stands for none."""
        least = np.full(len(self), np.inf)
        some = np.flatnonzero(np.isfinite(values))
        for rows, near in self._around(limit, direction, chunk_size, metric, some):
            np.minimum.at(least, near.row, values[rows[near.source]])
        return least

    def _check_reach(self, limit: float, direction: Direction, chunk_size: int | None) -> None:
        if not limit >= 0:
            raise ValueError(f"layer {self.name!r}: a reach cannot be negative, as {limit} is")
        known = get_args(Direction) if self.layer_type == "skeleton" else ("undirected",)
        if direction not in known:
            raise ValueError(
                f"layer {self.name!r}: the direction must be {' or '.join(map(repr, known))}, "
                f"not {direction!r}"
            )
        if chunk_size is not None and chunk_size < 1:
            raise ValueError(f"chunk_size must be at least 1, not {chunk_size}")
