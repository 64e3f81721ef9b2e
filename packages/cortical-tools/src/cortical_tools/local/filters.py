"""The filters of queries, on the rows of one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from cortical_tools.local.answers import Refusal

_AXES = ("x", "y", "z")


def _is_in(column: pd.Series, values: Any) -> pd.Series:
    return column.isin(_like(column, list(values)))


def _is_not_in(column: pd.Series, values: Any) -> pd.Series:
    return ~_is_in(column, values)


def _matches(column: pd.Series, pattern: str) -> pd.Series:
    return column.str.contains(pattern, regex=True)


_COMPARISONS: dict[str, Callable[[pd.Series, Any], pd.Series]] = {
    "filter_in_dict": _is_in,
    "filter_notin_dict": _is_not_in,
    "filter_equal_dict": lambda column, value: column == _like(column, [value])[0],
    "filter_greater_dict": lambda column, value: column > _like(column, [value])[0],
    "filter_less_dict": lambda column, value: column < _like(column, [value])[0],
    "filter_greater_equal_dict": lambda column, value: column >= _like(column, [value])[0],
    "filter_less_equal_dict": lambda column, value: column <= _like(column, [value])[0],
    "filter_regex_dict": _matches,
}
_SPATIAL = "filter_spatial_dict"

# The real service accepts this one and then does not look at it.
IGNORED_WHEN_MATERIALIZED = "filter_notin_dict"


def _like(column: pd.Series, values: list[Any]) -> list[Any]:
    """Values of a request, which has no times, as a column has them."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return [pd.Timestamp(value).tz_convert("UTC") for value in values]
    return values


def filtered(
    rows: pd.DataFrame, table: str, body: Mapping[str, Any], *, skip: tuple[str, ...] = ()
) -> pd.DataFrame:
    """The rows that pass every filter of a request.

    Parameters
    ----------
    rows
        Of one table.
    table
        Its name, under which its filters stand.
    body
        Of the request.
    skip
        Kinds of filters to disregard.

    Raises
    ------
    Refusal
        400 if a filter names a column that the table does not have, or compares what cannot be.
    """
    keep = pd.Series(True, index=rows.index)
    for kind, compare in _COMPARISONS.items():
        if kind in skip:
            continue
        for column, value in (body.get(kind) or {}).get(table, {}).items():
            _check(rows, table, column)
            try:
                found = compare(rows[column], value)
            except (TypeError, ValueError, AttributeError) as error:
                raise Refusal(400, f"{kind} on {table}.{column}: {error}") from error
            # A gap passes no filter, as NULL in the database.
            keep &= found.fillna(False).astype(bool)
    for point, box in (body.get(_SPATIAL) or {}).get(table, {}).items():
        for axis, low, high in zip(_AXES, *box, strict=True):
            _check(rows, table, f"{point}_{axis}")
            keep &= rows[f"{point}_{axis}"].between(low, high).fillna(False).astype(bool)
    return rows[keep]


def _check(rows: pd.DataFrame, table: str, column: str) -> None:
    if column not in rows:
        raise Refusal(400, f"table {table} has no column {column}; it has {list(rows.columns)}")


def root_ids_in(body: Mapping[str, Any]) -> list[int]:
    """Every root id that a filter of a request asks for."""
    found: list[int] = []
    for kind in ("filter_in_dict", "filter_equal_dict"):
        for columns in (body.get(kind) or {}).values():
            for column, value in columns.items():
                if column.endswith("root_id"):
                    found += list(value) if isinstance(value, list) else [value]
    return [int(root_id) for root_id in found]
