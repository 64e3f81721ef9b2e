"""Values aggregated over segments, over subtrees, and along the paths to the root."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import numpy as np

from ossify._typing import ArrayLike, FloatArray
from ossify.algorithms.subject import skeleton_of
from ossify.algorithms.values import vertex_values
from ossify.cell.cell import Cell
from ossify.errors import ShapeError
from ossify.layers.skeleton import SkeletonLayer
from ossify.topology import aggregates, segments
from ossify.topology.aggregates import Total
from ossify.topology.ragged import Ragged

SegmentAggregation = (
    Literal["mean", "sum", "max", "min", "median", "std", "var", "prod"]
    | Callable[[FloatArray], float]
)

_REDUCED = {"sum": np.add, "max": np.maximum, "min": np.minimum, "prod": np.multiply}


def segment_aggregate(
    cell: Cell | SkeletonLayer, values: str | ArrayLike, agg: SegmentAggregation = "mean"
) -> FloatArray:
    """What the values of a segment come to, for each of its vertices.

    A segment is an unbranched run; a branch point belongs to the one on its root side.

    Parameters
    ----------
    cell
        A cell with a skeleton, or a skeleton. Segments of several trees, and of the pieces that a
        mask has left, end at the root of each.
    values
        (V,) numbers in vertex order, or the name of a feature.
    agg
        What numpy calls it: "mean", "sum", "max", "min", "median", "std", "var" (both of the
        population, as in numpy) or "prod"; or a function that takes the (k,) values of a
        segment, from its far end towards the root, and gives a number. It is called once for
        every segment, where a name takes all at once.

    Returns
    -------
    (V,) float64 array
        In vertex order and in the unit of the values; that of "var" is its square. NaN for
        every vertex of a segment that has NaN in it. Without vertices empty.

    Raises
    ------
    ValueError
        If there is no skeleton, the values are not one number per vertex, `agg` is unknown, or as
        a function does not give one number for each segment.

    Examples
    --------
    Two tips, 2 and 3, meet at 1, which hangs from the root 0.

    >>> edges = [[1, 0], [2, 1], [3, 1]]
    >>> skeleton = SkeletonLayer("y", [[0, 0, 0], [1, 0, 0], [2, 0, 0], [1, 1, 0]], edges)
    >>> segment_aggregate(skeleton, [1, 2, 5, 3]).tolist()
    [1.5, 1.5, 5.0, 3.0]
    """
    skeleton = skeleton_of(cell)
    per_vertex = vertex_values(skeleton, values)
    parts = segments.segments(skeleton.tree)
    laid_out = Ragged(per_vertex[parts.values], parts.offsets)
    return _per_segment(laid_out, agg)[segments.segment_of(skeleton.tree)]


def subtree_aggregate(
    cell: Cell | SkeletonLayer, values: str | ArrayLike, agg: Total = "sum"
) -> FloatArray:
    """What the values of each vertex and of everything below it come to.

    Parameters
    ----------
    cell
        A cell with a skeleton, or a skeleton. In a masked skeleton, below is what is left and
        still hangs on the vertex.
    values
        (V,) numbers in vertex order, or the name of a feature.
    agg
        "sum", "max" or "min".

    Returns
    -------
    (V,) float64 array
        In vertex order and in the unit of the values. Sums of whole numbers are exact up to
        2**53; of others, the rounding error is relative to the sum over the whole skeleton.
        NaN where NaN is below. Without vertices empty.

    Raises
    ------
    ValueError
        If there is no skeleton, the values are not one number per vertex, or `agg` is unknown.

    Examples
    --------
    Two tips, 2 and 3, meet at 1, which hangs from the root 0.

    >>> edges = [[1, 0], [2, 1], [3, 1]]
    >>> skeleton = SkeletonLayer("y", [[0, 0, 0], [1, 0, 0], [2, 0, 0], [1, 1, 0]], edges)
    >>> subtree_aggregate(skeleton, [1, 2, 5, 3]).tolist()
    [11.0, 10.0, 5.0, 3.0]
    """
    skeleton = skeleton_of(cell)
    per_vertex = vertex_values(skeleton, values)
    return aggregates.subtree_totals(skeleton.tree, per_vertex, _total(agg))


def path_to_root_aggregate(
    cell: Cell | SkeletonLayer,
    values: str | ArrayLike,
    agg: Total = "sum",
    inclusive: bool = True,
) -> FloatArray:
    """What the values along the path from each vertex to its root come to.

    Parameters
    ----------
    cell
        A cell with a skeleton, or a skeleton. In a masked skeleton a path ends where the mask
        has cut it.
    values
        (V,) numbers in vertex order, or the name of a feature.
    agg
        "sum", "max" or "min".
    inclusive
        Whether the vertex itself counts; the root does either way.

    Returns
    -------
    (V,) float64 array
        In vertex order and in the unit of the values. NaN where NaN is on the path. If not
        `inclusive`, the path of a root has nothing on it: its sum is 0, its extremes are NaN.
        Without vertices empty.

    Raises
    ------
    ValueError
        If there is no skeleton, the values are not one number per vertex, or `agg` is unknown.

    Examples
    --------
    Two tips, 2 and 3, meet at 1, which hangs from the root 0.

    >>> edges = [[1, 0], [2, 1], [3, 1]]
    >>> skeleton = SkeletonLayer("y", [[0, 0, 0], [1, 0, 0], [2, 0, 0], [1, 1, 0]], edges)
    >>> path_to_root_aggregate(skeleton, [1, 2, 5, 3]).tolist()
    [1.0, 3.0, 8.0, 6.0]
    """
    skeleton = skeleton_of(cell)
    per_vertex = vertex_values(skeleton, values)
    totals = aggregates.path_totals(skeleton.tree, per_vertex, _total(agg))
    if inclusive:
        return totals
    return aggregates.at_parent(skeleton.tree, totals, 0.0 if agg == "sum" else np.nan)


def _total(agg: Total) -> Total:
    if agg not in get_args(Total):
        raise ValueError(f"agg must be one of {', '.join(get_args(Total))}, not {agg!r}")
    return agg


def _per_segment(values: Ragged, agg: SegmentAggregation) -> FloatArray:
    """(S,) aggregate of each item; none is empty."""
    if callable(agg):
        return _numbers([agg(item) for item in values])
    if not len(values):
        return np.empty(0)
    starts = values.offsets[:-1]
    if agg in _REDUCED:
        return np.asarray(_REDUCED[agg].reduceat(values.values, starts))
    if agg == "median":
        return _medians(values)
    if agg not in ("mean", "std", "var"):
        known = ", ".join((*_REDUCED, "mean", "median", "std", "var"))
        raise ValueError(f"agg must be a function or one of {known}, not {agg!r}")
    mean = np.add.reduceat(values.values, starts) / values.lengths
    if agg == "mean":
        return np.asarray(mean)
    squares = (values.values - np.repeat(mean, values.lengths)) ** 2
    variance = np.asarray(np.add.reduceat(squares, starts) / values.lengths)
    return variance if agg == "var" else np.sqrt(variance)


def _numbers(answers: list[Any]) -> FloatArray:
    """What a function gave for each segment."""
    try:
        numbers = np.array(answers, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ShapeError(f"agg must give one number for each segment ({error})") from None
    if numbers.ndim != 1:
        raise ShapeError(
            f"agg must give one number for each segment, not an array of {numbers.shape[1:]}"
        )
    return numbers


def _medians(values: Ragged) -> FloatArray:
    medians = np.empty(len(values))
    # Items of up to twice the length of each other are sorted together, as rows of a table.
    size = np.frexp(values.lengths.astype(np.float64))[1]
    for exponent in np.unique(size):
        items = np.flatnonzero(size == exponent)
        some, length = values.take(items), values.lengths[items]
        table = np.full((len(items), int(length.max())), np.inf)
        table[np.arange(table.shape[1]) < length[:, np.newaxis]] = some.values
        table.sort(axis=1)
        rows = np.arange(len(items))
        # Half way between infinities there is nothing.
        with np.errstate(invalid="ignore"):
            medians[items] = (table[rows, (length - 1) // 2] + table[rows, length // 2]) / 2
    unknown = np.logical_or.reduceat(np.isnan(values.values), values.offsets[:-1])
    medians[unknown] = np.nan
    return medians
