"""What lies at the lowest common ancestors of many pairs of vertices, without any search."""

from __future__ import annotations

import numpy as np

from ossify._typing import FloatArray, IntArray
from ossify.topology.preorder import Preorder
from ossify.topology.range_minimum import range_minima

# Lines of a matrix that are handled together, so that they stay in the processor's cache.
_LINES = 16


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
    if len(rows) > len(columns):
        # What follows goes line by line, so the shorter side makes the lines.
        return least_between(index, columns, rows, value, absent).T
    line_place, line_of = np.unique(rows, return_inverse=True)
    column_place, column_of = np.unique(columns, return_inverse=True)
    least = _least_in_order(index, line_place, column_place, value, absent)
    answer = np.empty((len(rows), len(columns)))
    for start in range(0, len(rows), _LINES):
        lines = least[line_of[start : start + _LINES]]
        # Unlike the default, this mode writes to the answer without a detour; nothing is clipped.
        np.take(lines, column_of, axis=1, out=answer[start : start + _LINES], mode="clip")
    return answer


def _least_in_order(
    index: Preorder, lines: IntArray, columns: IntArray, value: FloatArray, absent: float
) -> FloatArray:
    """`least_between` for places that ascend.

    From line to line, the range between it and a column grows by one stretch: downwards for the
    columns before the lines, upwards for those after them.
    """
    least = np.empty((len(lines), len(columns)))
    # Runs that start at a root hang on place -1, which finds the entry added to the values.
    hanging = np.append(value, absent)[index.attach]
    stretch = _least_started(index, hanging, lines[:-1], lines[1:]).tolist()
    # The first columns, those not after a line, are all that the line can have before itself.
    n_before = np.searchsorted(columns, lines, side="right").tolist()

    next_line = np.append(lines, index.n_places)[np.searchsorted(lines, columns)]
    running = _least_started(index, hanging, columns, next_line)
    np.minimum(running, value[columns], out=running)
    for line, n_known in enumerate(n_before):
        if line:
            grown = running[: n_before[line - 1]]
            np.minimum(grown, stretch[line - 1], out=grown)
        least[line, :n_known] = running[:n_known]

    line_before = np.insert(lines, 0, 0)[np.searchsorted(lines, columns)]
    running = _least_started(index, hanging, line_before, columns)
    at_line = value[lines].tolist()
    for line in reversed(range(len(lines))):
        if line < len(stretch):
            grown = running[n_before[line + 1] :]
            np.minimum(grown, stretch[line], out=grown)
        after = n_before[line]
        np.minimum(running[after:], at_line[line], out=least[line, after:])
    return least


def _least_started(
    index: Preorder, hanging: FloatArray, after: IntArray, upto: IntArray
) -> FloatArray:
    """Least of (R,) values over the runs that start after one place and up to another."""
    first, stop = index.runs_at(after) + 1, index.runs_at(upto) + 1
    return range_minima(hanging, first, stop, empty=np.inf)
