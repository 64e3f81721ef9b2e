"""Rows of tables and views: all that match, or an error.

A server sends a limited number of rows and mentions it in a header alone. Here such an answer is
never passed on: the query is split, by the ids it asks for or by the ids of the rows, until every
part is complete. What was filtered for is checked once more in what came.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from cortical_tools.conditions import Condition
from cortical_tools.connection import Connection
from cortical_tools.errors import (
    AnswerError,
    ExpiredVersionError,
    StaleRootError,
    TruncatedAnswerError,
    UnknownTableError,
)
from cortical_tools.parallel import side_by_side

logger: logging.Logger = logging.getLogger(__name__)

# How a condition is called in the body of a request.
_FILTERS = {
    "==": "filter_equal_dict",
    "in": "filter_in_dict",
    "not in": "filter_notin_dict",
    "<": "filter_less_dict",
    "<=": "filter_less_equal_dict",
    ">": "filter_greater_dict",
    ">=": "filter_greater_equal_dict",
    "inside": "filter_spatial_dict",
    "matches": "filter_regex_dict",
}


@dataclass(frozen=True, kw_only=True)
class Query:
    """What is asked of one table or view.

    Parameters
    ----------
    table
        The table or view.
    target
        The table that `table` annotates; its rows come joined, and `table`'s columns carry the
        suffix ``_ref`` where both have a name.
    is_view
        Whether `table` is a view.
    conditions
        All have to hold.
    select, offset, limit, random_sample, resolution
        As caveclient's queries have them.
    allow_invalid_roots
        Whether roots that do not exist at the time are passed over; only where a time is given.
    allow_missing_lookups
        Whether rows may be missing that the server is still looking up; likewise.
    count
        Whether only the number of rows is wanted; not where a time is given.
    """

    table: str
    target: str | None = None
    is_view: bool = False
    conditions: tuple[Condition, ...] = ()
    select: list[str] | Mapping[str, list[str]] | None = None
    offset: int | None = None
    limit: int | None = None
    random_sample: int | None = None
    resolution: Sequence[float] | None = None
    allow_invalid_roots: bool = False
    allow_missing_lookups: bool = False
    count: bool = False

    @property
    def id_column(self) -> str:
        """The column of the answer that tells its rows apart."""
        return "id" if self.target is None else "id_ref"


@dataclass(frozen=True, kw_only=True)
class Moment:
    """When: a materialization version, or a timestamp of any instant. One of them is None."""

    version: int | None = None
    timestamp: datetime | None = None


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
        return _ask(connection, one, moment).frame.iloc[:0]
    answer = _ask(connection, query, moment)
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


def joined_positions(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with every x, y, z of a position in one column of arrays, at the end.

    Examples
    --------
    >>> split = pd.DataFrame({"pt_position_x": [1], "pt_position_y": [2], "pt_position_z": [3]})
    >>> joined_positions(split)["pt_position"][0].tolist()
    [1, 2, 3]
    """
    joined = {}
    dropped: list[str] = []
    for name, group in groupby(frame.columns, key=lambda column: column[:-2]):
        columns = list(group)
        if [column[-2:] for column in columns] == ["_x", "_y", "_z"]:
            values = [frame[column] for column in columns]
            # A missing position is three NaN; without one, whole numbers stay whole.
            if any(value.isna().any() for value in values):
                arrays = [value.to_numpy(dtype=np.float64, na_value=np.nan) for value in values]
            else:
                arrays = [value.to_numpy() for value in values]
            joined[name] = pd.Series(list(np.column_stack(arrays)), index=frame.index, dtype=object)
            dropped += columns
    out = frame.drop(columns=dropped).assign(**joined)
    out.attrs.update(frame.attrs)
    return out


@dataclass(frozen=True)
class _Answer:
    frame: pd.DataFrame
    # How many rows the server is willing to send, if it says that it stopped there.
    cap: int | None


def _ask(connection: Connection, query: Query, moment: Moment) -> _Answer:
    """What a server answers at once, complete or not."""
    from requests import HTTPError

    materialize = connection.materialize
    url, body, arguments = _request(connection.datastack_name, query, moment)
    try:
        response = materialize.session.post(
            materialize.server_address + url,
            data=json.dumps(body, default=_as_json),
            params=arguments,
            headers={"Content-Type": "application/json", "Accept-Encoding": "zstd"},
        )
        materialize.raise_for_status(response, log_warning=False)
    except ExpiredVersionError as error:
        if moment.version is None:
            raise
        if query.is_view or query.count:
            raise connection.expired(moment.version, error) from error
        # Its rows are gone, and what they said is what the tables say of its time.
        then = Moment(timestamp=connection.timestamp_of(moment.version))
        return _ask(connection, query, then)
    except HTTPError as error:
        if error.response is not None and "not valid at the query" in error.response.text:
            raise StaleRootError(
                f"some root ids did not exist at {moment.timestamp}: {error.response.text.strip()}"
            ) from error
        if _is_missing(error.response, query.table):
            kind = "view" if query.is_view else "table"
            raise UnknownTableError(
                f"{connection.datastack_name} has no {kind} {query.table!r}; client.{kind}s lists "
                f"those there are. ({_said(error.response)})"
            ) from error
        raise
    frame = _read_arrow(response)
    cap = None
    for said in filter(None, [response.headers.get("Warning")]):
        found = re.search(r"Limited query to (\d+) rows", said)
        if found:
            cap = int(found[1])
        else:
            logger.warning("%s: %s", query.table, said)
    if query.resolution is not None and "dataframe_resolution" not in response.headers:
        frame = _rescaled(connection, frame, query)
    return _Answer(frame, cap)


def _request(
    datastack_name: str, query: Query, moment: Moment
) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Path, body and arguments of the request."""
    base = f"/materialize/api/v3/datastack/{datastack_name}"
    body: dict[str, Any] = {
        key: value
        for key, value in {
            "offset": query.offset,
            "limit": query.limit,
            "desired_resolution": None if query.resolution is None else list(query.resolution),
        }.items()
        if value is not None
    }
    for item in query.conditions:
        values = body.setdefault(_FILTERS[item.operator], {})
        values.setdefault(item.table or query.table, {})[item.column] = item.value
    arguments: dict[str, Any] = {
        "return_pyarrow": True,
        "arrow_format": True,
        "direct_sql_pandas": True,
    }
    if query.random_sample:
        arguments["random_sample"] = query.random_sample
    if moment.version is None:
        _live(query, moment, body, arguments)
        return f"{base}/query", body, arguments
    arguments["split_positions"] = True
    if query.count:
        arguments["count"] = True
    if query.select is not None:
        key = "select_columns" if isinstance(query.select, list) else "select_column_map"
        body[key] = query.select
    base += f"/version/{moment.version}"
    if query.target is not None:
        body["tables"] = [[query.table, "target_id"], [query.target, "id"]]
        body["suffix_map"] = {query.table: "_ref", query.target: ""}
        return f"{base}/query", body, arguments
    kind = "views" if query.is_view else "table"
    return f"{base}/{kind}/{query.table}/query", body, arguments


def _live(query: Query, moment: Moment, body: dict[str, Any], arguments: dict[str, Any]) -> None:
    """What differs where a table is asked about a time."""
    assert moment.timestamp is not None
    body["table"] = query.table
    body["timestamp"] = in_utc(moment.timestamp).isoformat()
    if query.select is not None:
        chosen = query.select
        body["select_columns"] = {query.table: chosen} if isinstance(chosen, list) else chosen
    if query.target is not None:
        body["join_tables"] = [[query.table, "target_id", query.target, "id"]]
        body["suffixes"] = {query.table: "_ref", query.target: ""}
    arguments |= {
        "merge_reference": False,
        "allow_missing_lookups": query.allow_missing_lookups,
        "allow_invalid_root_ids": query.allow_invalid_roots,
    }


def _is_missing(response: Any, table: str) -> bool:
    return response is not None and response.status_code == 404 and table in response.text


def _said(response: Any) -> str:
    """What a server says went wrong."""
    try:
        return str(response.json()["message"])
    except (ValueError, KeyError, TypeError):
        return str(response.text)[:300]


def require_resolution(resolution: Sequence[float] | None, what: str) -> None:
    """Stop unless a resolution is left open or has three numbers."""
    if resolution is not None and np.shape(resolution) != (3,):
        raise ValueError(f"{what}: nanometres along x, y and z, not {resolution!r}")


def in_utc(moment: datetime) -> datetime:
    """The instant in UTC; one without a time zone is taken for UTC, as CAVE takes it."""
    if not isinstance(moment, datetime):
        raise TypeError(
            f"timestamp: {moment!r} ({type(moment).__name__}) is no datetime.datetime; "
            "pandas.Timestamp makes one of text"
        )
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _read_arrow(response: Any) -> pd.DataFrame:
    kind = response.headers.get("Content-Type")
    if kind != "data.arrow":
        raise AnswerError(f"{response.url} answered with {kind!r} where an Arrow stream was due")
    with pa.ipc.open_stream(response.content) as reader:
        frame: pd.DataFrame = reader.read_pandas()
    return frame


def _as_json(value: Any) -> Any:
    """What json does not know by itself."""
    if isinstance(value, datetime):
        return in_utc(value).isoformat()
    if isinstance(value, set | frozenset):
        return list(value)
    # numpy's and pandas' scalars and arrays.
    return value.item() if isinstance(value, np.generic) else value.tolist()


def _split(query: Query, answer: _Answer) -> list[Query]:
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


def _rescaled(connection: Connection, frame: pd.DataFrame, query: Query) -> pd.DataFrame:
    """Positions from voxels of the table to the resolution that was asked for."""
    assert query.resolution is not None
    if query.is_view:
        raise AnswerError(f"the server does not say at which resolution {query.table} is")
    stored = connection.materialize.get_table_metadata(query.target or query.table)
    factor = np.asarray(stored["voxel_resolution"], float) / np.asarray(query.resolution, float)
    out = frame.copy()
    for _, group in groupby(frame.columns, key=lambda column: column[:-2]):
        columns = list(group)
        if [column[-2:] for column in columns] == ["_x", "_y", "_z"]:
            out[columns] = frame[columns] * factor
    return out
