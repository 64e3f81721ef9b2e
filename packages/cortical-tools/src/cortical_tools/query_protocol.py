"""One question about a table or view as servers are asked it, and their answer, complete or not."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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
    UnknownTableError,
)
from cortical_tools.instants import in_utc
from cortical_tools.positions import position_columns

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


@dataclass(frozen=True)
class Answer:
    """Rows, and whether they are all.

    Attributes
    ----------
    frame
        The rows, positions split into x, y and z.
    cap
        How many rows the server is willing to send, if it says that it stopped there; else None.
    """

    frame: pd.DataFrame
    cap: int | None


def ask(connection: Connection, query: Query, moment: Moment) -> Answer:
    """What a server answers at once, complete or not.

    Parameters
    ----------
    connection
        Whom to ask.
    query
        What. Rows of a version that has expired are asked of its time.
    moment
        When.

    Raises
    ------
    UnknownTableError
        If there is no such table or view. A LookupError.
    StaleRootError
        If root ids are filtered for that did not exist at the time. A ValueError.
    ExpiredVersionError
        If a view, or a number of rows, is asked of a version that has expired. A LookupError.
    AnswerError
        If the answer is no table. A RuntimeError.
    """
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
        return ask(connection, query, then)
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
    return Answer(frame, cap)


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


def _rescaled(connection: Connection, frame: pd.DataFrame, query: Query) -> pd.DataFrame:
    """Positions from voxels of the table to the resolution that was asked for."""
    assert query.resolution is not None
    if query.is_view:
        raise AnswerError(f"the server does not say at which resolution {query.table} is")
    stored = connection.materialize.get_table_metadata(query.target or query.table)
    factor = np.asarray(stored["voxel_resolution"], float) / np.asarray(query.resolution, float)
    out = frame.copy()
    for columns in position_columns(frame).values():
        out[columns] = frame[columns] * factor
    return out
