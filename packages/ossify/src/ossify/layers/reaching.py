"""How far a vertex reaches along the edges, and what values come to within that reach."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Reach:
    """How far to look around a vertex, and how.

    Attributes
    ----------
    limit
        The greatest number of edges, or path length.
    direction
        "upstream" looks towards the root only, "downstream" away from it only.
    metric
        Which of the two it is: "hops" or "distance".
    chunk_size
        How many vertices to look around at a time; None for a number that suits.
    """

    limit: float
    direction: Direction = "undirected"
    metric: Metric = "distance"
    chunk_size: int | None = None

    @property
    def with_rounding(self) -> float:
        """The limit, and what the sum of the lengths of a path may exceed it by."""
        return self.limit * (1 + _ROUNDING)


def checked_limit(limit: float | None, layer: str) -> float | None:
    """A greatest length of paths, which NaN is not: no path would be longer, nor shorter."""
    if limit is not None and not limit >= 0:
        raise ValueError(f"layer {layer!r}: limit must be a length or None, not {limit!r}")
    return limit


class Reaching(Layer):
    """A layer whose vertices reach others along its edges."""

    @abstractmethod
    def _neighbours(self, rows: IntArray, reach: Reach, most: int | None) -> Neighbours | None:
        """What each of the rows reaches; None if that is more than `most` pairs."""

    def _around(
        self, reach: Reach, sources: IntArray | None = None
    ) -> Iterator[tuple[IntArray, Neighbours]]:
        """Rows, some at a time, and what each of them reaches, in no order."""
        self._check_reach(reach)
        left = np.arange(len(self)) if sources is None else sources
        size = _AT_ONCE if reach.chunk_size is None else reach.chunk_size
        while len(left):
            rows = left[:size]
            # A row by itself reaches what it reaches, and a size that is asked for is kept to.
            most = _MOST_PAIRS if reach.chunk_size is None and len(rows) > 1 else None
            near = self._neighbours(rows, reach, most)
            if near is None:
                size = max(len(rows) // 4, 1)
                continue
            yield rows, near
            left = left[size:]
            if reach.chunk_size is None and 3 * len(near.row) < _MOST_PAIRS:
                size = min(2 * size, _AT_ONCE)

    def _sums_around(self, values: AnyArray, reach: Reach, *, inclusive: bool = True) -> AnyArray:
        """(V, k) sums of (V, k) finite values over what is around each vertex; int64 of integers.

        Here from every vertex that has any, to all around it: on a graph that goes both ways.
        """
        sums = np.zeros_like(values)
        some = np.flatnonzero(values.any(axis=1))
        for rows, near in self._around(reach, some):
            chosen = near if inclusive else near.choose(near.row != rows[near.source])
            np.add.at(sums, chosen.row, values[rows[chosen.source]])
        return sums

    def _minima_around(self, values: FloatArray, reach: Reach) -> FloatArray:
        """(V,) least of (V,) values around each vertex; infinite stands for none."""
        least = np.full(len(self), np.inf)
        some = np.flatnonzero(np.isfinite(values))
        for rows, near in self._around(reach, some):
            np.minimum.at(least, near.row, values[rows[near.source]])
        return least

    def _check_reach(self, reach: Reach) -> None:
        if not reach.limit >= 0:
            raise ValueError(
                f"layer {self.name!r}: a reach cannot be negative, as {reach.limit} is"
            )
        known = get_args(Direction) if self.layer_type == "skeleton" else ("undirected",)
        if reach.direction not in known:
            raise ValueError(
                f"layer {self.name!r}: the direction must be {' or '.join(map(repr, known))}, "
                f"not {reach.direction!r}"
            )
        if reach.chunk_size is not None and reach.chunk_size < 1:
            raise ValueError(f"chunk_size must be at least 1, not {reach.chunk_size}")
