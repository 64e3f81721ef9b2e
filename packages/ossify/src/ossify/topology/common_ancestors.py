"""What lies at the lowest common ancestors of many pairs of vertices, without any search."""

from __future__ import annotations

import numpy as np

from ossify._typing import FloatArray, IntArray
from ossify.topology.preorder import Preorder
from ossify.topology.range_minimum import range_minima

# Lines of a matrix that are handled together, so that they stay in the processor's cache.
_LINES = 32


def least_between(
    index: Preorder, rows: IntArray, columns: IntArray, value: FloatArray, absent: float
) -> FloatArray:
    """Value at the lowest common ancestor of every pair.

    Between two places in preorder lie only vertices below their lowest common ancestor, and
    that is the earlier of the two or the vertex that one of the runs starting in between hangs
    on. If values do not fall away from the root, its value is therefore the least of these.

    Parameters
    ----------
    index
        The index of a forest of V vertices.
    rows, columns
        (k,) and (m,) places.
    value
        (V,) value of each place, nowhere less than at its parent.
    absent
        What pairs in different trees have; less than every value.

    Returns
    -------
    (k, m) float64 array
    """
    line_place, line_of = np.unique(rows, return_inverse=True)
    column_place, column_of = np.unique(columns, return_inverse=True)
    # Runs that start at a root hang on place -1, which finds the entry added to the values.
    hanging = np.append(value, absent)[index.attach]
    least = np.empty((len(line_place), len(column_place)))
    earlier_columns = _Pairs(index, hanging, value, line_place, column_place, strict=False)
    earlier_columns.fill(least)
    earlier_lines = _Pairs(index, hanging, value, column_place, line_place, strict=True)
    earlier_lines.fill(least.T)

    answer = np.empty((len(rows), len(columns)))
    for start in range(0, len(rows), _LINES):
        lines = least[line_of[start : start + _LINES]]
        # Unlike the default, this mode writes to the answer without a detour; nothing is clipped.
        np.take(lines, column_of, axis=1, out=answer[start : start + _LINES], mode="clip")
    return answer


class _Pairs:
    """The pairs of a line and a column that is earlier in preorder, or, unless strict, the same.

    From line to line, the range between it and a column grows by one stretch, the same for all
    columns that were earlier than the line before.
    """

    def __init__(
        self,
        index: Preorder,
        hanging: FloatArray,
        value: FloatArray,
        lines: IntArray,
        columns: IntArray,
        *,
        strict: bool,
    ) -> None:
        # The first line that each column is earlier than, and the columns earlier than each line.
        self._first_line = np.searchsorted(lines, columns, side="right" if strict else "left")
        self._n_earlier = np.searchsorted(columns, lines, side="left" if strict else "right")
        self._stretch = _least_started(index, hanging, lines[:-1], lines[1:])
        at_first_line = np.append(lines, index.n_places)[self._first_line]
        between = _least_started(index, hanging, columns, at_first_line)
        self._at_first_line = np.minimum(between, value[columns])

    def fill(self, least: FloatArray) -> None:
        """Write what is least between the lines and columns of all these pairs."""
        running = self._at_first_line.copy()
        for start in range(0, len(least), _LINES):
            lines = least[start : start + _LINES]
            if start:
                known = running[: self._n_earlier[start - 1]]
                np.minimum(known, self._stretch[start - 1], out=known)
            n_known, n_next = self._n_earlier[[start, start + len(lines) - 1]].tolist()
            grown = np.full(len(lines), np.inf)
            stretch = self._stretch[start : start + len(lines) - 1]
            np.minimum.accumulate(stretch, out=grown[1:])
            np.minimum(running[:n_known], grown[:, np.newaxis], out=lines[:, :n_known])
            self._fill_new(lines[:, n_known:n_next], start, stretch, slice(n_known, n_next))
            running[:n_next] = lines[-1, :n_next]

    def _fill_new(self, least: FloatArray, start: int, stretch: FloatArray, columns: slice) -> None:
        """The same for the columns that are earlier than some of these lines only."""
        number = np.arange(len(least))[:, np.newaxis]
        first = self._first_line[columns] - start
        steps = np.where(number > first, np.append(np.inf, stretch)[:, np.newaxis], np.inf)
        steps[first, np.arange(len(first))] = self._at_first_line[columns]
        np.copyto(least, np.minimum.accumulate(steps, axis=0), where=number >= first)


def _least_started(
    index: Preorder, hanging: FloatArray, after: IntArray, upto: IntArray
) -> FloatArray:
    """Least of (R,) values over the runs that start after one place and up to another."""
    first, stop = index.runs_at(after) + 1, index.runs_at(upto) + 1
    return range_minima(hanging, first, stop, empty=np.inf)
