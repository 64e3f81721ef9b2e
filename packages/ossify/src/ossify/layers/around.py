"""What the values around each vertex come to, once it is known what is around it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ossify._typing import AnyArray, ArrayLike, BoolArray, FloatArray, IntArray
from ossify.errors import MaskError, ShapeError
from ossify.layers.base import Layer
from ossify.layers.columns import Column, numbers_of
from ossify.layers.mapping import aggregate
from ossify.topology.neighbourhoods import Neighbours

Where = Mapping[str, Any] | str | Callable[[pd.DataFrame], ArrayLike] | ArrayLike

# These do not care in which order values come, and need not have them sorted.
_ANY_ORDER = (
    *("majority", "max", "min", "mean", "sum", "count", "size", "nunique", "median"),
    *("std", "var", "sem", "prod", "any", "all"),
)
_ADDS_UP = ("sum", "mean", "count", "size")
_FLOAT_IS_EXACT_TO = 2**53
# What these make of nothing is 0; others make nothing of it.
_ZERO_OF_NOTHING = ("sum", "count", "size", "nunique")


def chosen_points(points: Layer, where: Where | None) -> BoolArray:
    """One boolean per annotation."""
    if where is None:
        return np.ones(len(points), dtype=np.bool_)
    if isinstance(where, Mapping):
        chosen = np.ones(len(points), dtype=np.bool_)
        nodes = points.nodes
        for name, wanted in where.items():
            if name not in nodes:
                # The table knows what there is instead.
                points._table.column(name, f"annotation {points.name!r}")
            values = wanted if pd.api.types.is_list_like(wanted) else [wanted]
            chosen &= nodes[name].isin(list(values)).to_numpy()
        return chosen
    if isinstance(where, str):
        answer: Any = points.nodes.eval(where)
    else:
        answer = where(points.nodes) if callable(where) else where
    mask = np.asarray(answer)
    if mask.dtype == object:
        mask = pd.array(mask, dtype="boolean").to_numpy(dtype=bool, na_value=False)
    if mask.dtype != np.bool_ or mask.shape != (len(points),):
        raise MaskError(
            f"annotation {points.name!r}: where must give {len(points):,} booleans, not "
            f"{mask.dtype} of shape {mask.shape}"
        )
    return mask


def column_and_how(name: str, how: Any) -> tuple[str, Any]:
    """The column and the aggregation that a new column is to be made of."""
    if isinstance(how, tuple) and len(how) == 2 and isinstance(how[0], str):
        return how[0], how[1]
    raise ValueError(
        f"agg[{name!r}] must be a pair of a column and an aggregation, such as ('size', 'sum'), "
        f"not {how!r}"
    )


def laid_out(near: Neighbours, hows: Iterable[Any]) -> Neighbours:
    """The pairs in an order that suits some aggregations."""
    anyhow = all(isinstance(how, str) and how in _ANY_ORDER for how in hows)
    return near if anyhow else near.in_order()


def adds_up(column: Column, how: Any) -> bool:
    """Whether an aggregation of a column follows from sums of finite numbers."""
    return (
        isinstance(how, str)
        and how in _ADDS_UP
        and isinstance(column, np.ndarray)
        and column.dtype in (np.int64, np.float64)
        and not np.isinf(column).any()
    )


def added_up(
    column: Column,
    how: str,
    points: tuple[IntArray, IntArray],
    n_vertices: int,
    sums_around: Callable[[AnyArray], AnyArray],
) -> AnyArray:
    """What an aggregation that `adds_up` comes to around each vertex.

    Parameters
    ----------
    column, how
        Values of annotations, and "sum", "mean", "count" or "size". What is missing is left out,
        but for "size".
    points
        Rows of the annotations that count, and the row of the vertex that each is on.
    n_vertices
        The number of vertices V.
    sums_around
        A function from (V, 2) numbers to their sums around each vertex.

    Returns
    -------
    (V,) array
        int64 for counts, and for sums of int64; else float64. Sums of nothing are 0, its mean NaN.
    """
    kept, at = points
    values = np.asarray(column)[kept]
    present = ~np.isnan(values)
    on_vertex = np.zeros((n_vertices, 2), dtype=values.dtype)
    np.add.at(on_vertex[:, 0], at, np.where(present, values, 0))
    np.add.at(on_vertex[:, 1], at, np.ones_like(present) if how == "size" else present)
    sums = sums_around(on_vertex)
    total, count = sums[:, 0], sums[:, 1]
    if how == "sum":
        return np.ascontiguousarray(total)
    if how == "mean":
        means: FloatArray = np.full(n_vertices, np.nan)
        return np.divide(total, count, out=means, where=count > 0)
    counts: IntArray = count.astype(np.int64)
    return counts


def is_extreme(column: Column, how: Any) -> bool:
    """Whether an aggregation is the least or greatest of numbers that are exact as floats."""
    if not (isinstance(how, str) and how in ("max", "min") and isinstance(column, np.ndarray)):
        return False
    if column.dtype.kind == "f":
        return not np.isinf(column).any()
    if column.dtype.kind not in "iu":
        return False
    least, greatest = np.min(column, initial=0), np.max(column, initial=0)
    return bool(least >= -_FLOAT_IS_EXACT_TO and greatest <= _FLOAT_IS_EXACT_TO)


def extreme(
    column: Column,
    how: str,
    points: tuple[IntArray, IntArray],
    n_vertices: int,
    minima_around: Callable[[FloatArray], FloatArray],
) -> Column:
    """The least or greatest value around each vertex, missing where there is none.

    Parameters
    ----------
    column, how
        Numbers, and "max" or "min". What is missing is left out.
    points
        Rows of the numbers that count, and the row of the vertex that each is on.
    n_vertices
        The number of vertices V.
    minima_around
        A function from (V,) numbers, infinite for none, to the least around each vertex.
    """
    kept, at = points
    numbers = np.asarray(column)
    sign = -1.0 if how == "max" else 1.0
    values = sign * numbers[kept].astype(np.float64)
    on_vertex: FloatArray = np.full(n_vertices, np.inf)
    np.minimum.at(on_vertex, at, np.where(np.isnan(values), np.inf, values))
    least = minima_around(on_vertex)
    missing = np.isinf(least)
    if numbers.dtype.kind == "f":
        return np.where(missing, np.nan, sign * least).astype(numbers.dtype)
    whole = np.where(missing, 0, sign * least).astype(numbers.dtype)
    if not missing.any():
        return whole
    gaps = pd.array(whole, dtype="UInt64" if numbers.dtype.kind == "u" else "Int64")
    gaps[missing] = pd.NA
    return gaps


def of_points(
    columns: Mapping[str, tuple[Column, Any]],
    rows: IntArray,
    near: Neighbours,
    kept: IntArray,
    at: IntArray,
) -> pd.DataFrame:
    """Columns of the annotations `kept`, which are at the rows `at`, around each of some rows."""
    order = np.argsort(at, kind="stable")
    near = laid_out(near, (how for _, how in columns.values()))
    first = np.searchsorted(at[order], near.row, side="left")
    count = np.searchsorted(at[order], near.row, side="right") - first
    group = np.repeat(near.source, count)
    within = np.arange(len(group)) - np.repeat(np.cumsum(count) - count, count)
    places = kept[order[np.repeat(first, count) + within]]
    return pd.DataFrame(
        {
            name: _aggregate(column, places, group, len(rows), how)
            for name, (column, how) in columns.items()
        },
        index=pd.RangeIndex(len(rows)),
    )


def of_vertices(
    columns: Mapping[str, Column], near: Neighbours, n_rows: int, how: Any
) -> pd.DataFrame:
    """Columns of the vertices around each of some rows."""
    near = laid_out(near, [how])
    return pd.DataFrame(
        {
            name: _aggregate(column, near.row, near.source, n_rows, how)
            for name, column in columns.items()
        },
        index=pd.RangeIndex(n_rows),
    )


def weighted(
    columns: Mapping[str, Column],
    near: Neighbours,
    n_rows: int,
    how: str,
    weight: Callable[[FloatArray], ArrayLike],
) -> pd.DataFrame:
    """Sums, or means, of columns around each of some rows, weighted by distance."""
    weights = np.ones(len(near.row))
    if len(near.row):
        weights = np.asarray(weight(near.distance), dtype=np.float64)
        if weights.shape != near.row.shape:
            raise ShapeError(
                f"the weight function gave shape {weights.shape} for {len(near.row):,} distances"
            )
    total = np.bincount(near.source, weights, minlength=n_rows)
    data = {}
    for name, column in columns.items():
        values = numbers_of(column, repr(name))[near.row]
        # Of no pairs, numpy counts with integers whatever they weigh.
        sums = np.bincount(near.source, weights * values, minlength=n_rows).astype(np.float64)
        if how == "mean":
            sums = np.divide(sums, total, out=np.full(n_rows, np.nan), where=total != 0)
        data[name] = sums
    return pd.DataFrame(data, index=pd.RangeIndex(n_rows))


def _aggregate(
    column: Column, places: IntArray, groups: IntArray, n_groups: int, how: Any
) -> Column | pd.Series[Any]:
    made = aggregate(column, places, groups, n_groups, how)
    if not (isinstance(how, str) and how in _ZERO_OF_NOTHING):
        return made
    series = pd.Series(made)
    empty = np.bincount(groups, minlength=n_groups) == 0
    if pd.api.types.is_numeric_dtype(series.dtype):
        series = series.mask(empty, 0)
        if str(series.dtype) in ("Int64", "UInt64"):
            return series.astype("int64" if str(series.dtype) == "Int64" else "uint64")
    return series


def summed(
    columns: Mapping[str, Column], sums_around: Callable[[FloatArray], AnyArray], how: str
) -> pd.DataFrame:
    """Sums, or means, of columns over what is around each vertex.

    Parameters
    ----------
    columns
        Name → (V,) numbers. What is missing, or infinite, makes the same of the sums it is in.
    sums_around
        A function from (V, k) finite numbers to their (V, k) sums around each vertex.
    how
        "sum" or "mean".
    """
    numbers = {name: numbers_of(column, repr(name)) for name, column in columns.items()}
    odd = {name: np.flatnonzero(~np.isfinite(values)) for name, values in numbers.items()}
    # Every column as far as it is finite, then what else there is, then how many vertices.
    matrix = [np.where(np.isfinite(values), values, 0.0) for values in numbers.values()]
    for name in (name for name, rows in odd.items() if len(rows)):
        values = numbers[name]
        matrix += [values == np.inf, values == -np.inf, np.isnan(values)]
    n_vertices = len(next(iter(numbers.values()))) if numbers else 0
    sums = iter(sums_around(np.array([*matrix, np.ones(n_vertices)]).T).T)
    made = {name: np.array(next(sums)) for name in numbers}
    for name in (name for name, rows in odd.items() if len(rows)):
        up, down, unknown = next(sums) > 0, next(sums) > 0, next(sums) > 0
        made[name][up], made[name][down] = np.inf, -np.inf
        made[name][unknown | (up & down)] = np.nan
    if how == "mean":
        count = next(sums)
        nothing = np.full(n_vertices, np.nan)
        made = {
            name: np.divide(total, count, out=nothing.copy(), where=count > 0)
            for name, total in made.items()
        }
    return pd.DataFrame(made, index=pd.RangeIndex(n_vertices))
