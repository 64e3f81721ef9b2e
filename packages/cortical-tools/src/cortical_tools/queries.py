"""Rows of tables and views: all that match, or an error.

A server sends a limited number of rows and mentions it in a header alone. Here such an answer is
never passed on: the query is split, by the ids it asks for or by the ids of the rows, until every
part is complete. What was filtered for is checked once more in what came.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from cortical_tools.conditions import Condition
from cortical_tools.connection import Connection
from cortical_tools.errors import (
    TruncatedAnswerError,
)
from cortical_tools.parallel import side_by_side
from cortical_tools.query_protocol import Answer, Moment, Query, ask


def run(connection: Connection, query: Query, moment: Moment) -> pd.DataFrame:
    """All rows that answer a query.

    Parameters
    ----------
    connection
        Whom to ask.
    query
        What.
    moment
        When.

    Returns
    -------
    DataFrame
        Positions split into x, y and z; columns as the server types them, integers nullable.
        No rows where a list to choose from is empty; rows of a split query come part by part.

    Raises
    ------
    TruncatedAnswerError
        If the server keeps rows back and the query cannot be split.
    """
    if any(item.operator == "in" and len(item.value) == 0 for item in query.conditions):
        one = replace(query, conditions=(), offset=None, limit=1, random_sample=None)
        return ask(connection, one, moment).frame.iloc[:0]
    answer = ask(connection, query, moment)
    if query.count:
        return answer.frame
    if answer.cap is None or (query.limit is not None and query.limit <= answer.cap):
        return _checked(answer.frame, query)
    parts = [run(connection, part, moment) for part in _split(query, answer)]
    return pd.concat(parts, ignore_index=True)


def run_all(
    connection: Connection,
    queries: Sequence[Query],
    moment: Moment,
    notify: Callable[[], object] | None = None,
) -> list[pd.DataFrame]:
    """The answers to several queries, in their order, asked a few at a time.

    `notify` is called whenever one of them is complete. The first error ends it: queries that
    have not begun are not sent.
    """
    return side_by_side(lambda query: run(connection, query, moment), queries, notify=notify)


def _split(query: Query, answer: Answer) -> list[Query]:
    """Two queries that have every row of `query` between them, and none twice."""
    why = (
        f"the server sends {answer.cap} rows at a time, and {query.table} has more that match "
        f"{[(item.column, item.operator) for item in query.conditions]}"
    )
    if query.offset is not None or query.random_sample or query.limit is not None:
        raise TruncatedAnswerError(
            f"{why}; with offset, limit or random_sample it cannot be asked for in parts"
        )
    lists = [item for item in query.conditions if item.operator == "in" and len(item.value) > 1]
    if lists:
        longest = max(lists, key=lambda item: len(item.value))
        values = list(longest.value)
        middle = len(values) // 2
        return [
            _with(query, longest, replace(longest, value=half))
            for half in (values[:middle], values[middle:])
        ]
    name = query.id_column
    if name not in answer.frame:
        raise TruncatedAnswerError(
            f"{why}; without a column {name!r} it cannot be asked for in parts. "
            "Ask for fewer rows, with further filters."
        )
    ids = np.unique(answer.frame[name].dropna().to_numpy(dtype=np.int64))
    if len(ids) < 2:
        raise TruncatedAnswerError(f"{why}; with {len(ids)} different ids it cannot be split")
    middle = int(ids[len(ids) // 2])
    below, above = (
        Condition(column="id", operator=operator, value=middle, shown_as=name)
        for operator in ("<", ">=")
    )
    return [_narrowed(query, below), _narrowed(query, above)]


def _with(query: Query, old: Condition, new: Condition) -> Query:
    kept = tuple(new if item is old else item for item in query.conditions)
    return replace(query, conditions=kept)


def _narrowed(query: Query, new: Condition) -> Query:
    """`query` with one more bound, which stands for any of its kind that is wider."""
    for old in query.conditions:
        here = old.table in (None, query.table)
        if here and old.column == new.column and old.operator == new.operator:
            tighter = min if new.operator == "<" else max
            return _with(query, old, replace(new, value=tighter(old.value, new.value)))
    return replace(query, conditions=(*query.conditions, new))


_COMPARE: dict[str, Callable[[pd.Series, Any], pd.Series]] = {
    "==": lambda column, value: column == value,
    "in": lambda column, value: column.isin(list(value)),
    "not in": lambda column, value: ~column.isin(list(value)),
    "<": lambda column, value: column < value,
    "<=": lambda column, value: column <= value,
    ">": lambda column, value: column > value,
    ">=": lambda column, value: column >= value,
}


def _checked(frame: pd.DataFrame, query: Query) -> pd.DataFrame:
    """The rows that hold every condition which can be seen in the answer.

    Servers of some versions pass over a filter they do not know.
    """
    keep = np.ones(len(frame), dtype=bool)
    for item in query.conditions:
        name = item.shown_as or item.column
        if item.operator in _COMPARE and name in frame and _comparable(frame[name], item.value):
            holds = _COMPARE[item.operator](frame[name], item.value)
            # A missing value is not known to hold, and the database does not return it either.
            keep &= holds.to_numpy(dtype=bool, na_value=False)
    return frame if keep.all() else frame[keep].reset_index(drop=True)


def _comparable(column: pd.Series, value: Any) -> bool:
    """Whether column and value are of one kind; a database also takes ``"t"`` for true."""
    values = value if isinstance(value, list) else [value]
    if pd.api.types.is_bool_dtype(column.dtype):
        return all(isinstance(one, bool | np.bool_) for one in values)
    if pd.api.types.is_numeric_dtype(column.dtype):
        return all(isinstance(one, int | float | np.number) for one in values)
    if pd.api.types.is_string_dtype(column.dtype):
        return all(isinstance(one, str) for one in values)
    return False
