"""Root ids and the times at which they are valid."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from ossify._typing import BoolArray, IntArray
from ossify.errors import CaveDataError
from ossify.io.cave.work import portions

_ROOTS_PER_REQUEST = 5_000


def as_utc(timestamp: object) -> dt.datetime:
    """The time in UTC; one without a zone is taken to be in UTC already.

    Raises
    ------
    TypeError
        If it is not a datetime.
    """
    if isinstance(timestamp, np.datetime64):
        timestamp = pd.Timestamp(timestamp)
    if isinstance(timestamp, pd.Timestamp):
        # Files keep times to the microsecond, as the servers do.
        timestamp = timestamp.to_pydatetime(warn=False)
    if not isinstance(timestamp, dt.datetime):
        raise TypeError(
            f"timestamp must be a datetime.datetime, not {type(timestamp).__name__} ({timestamp!r})"
        )
    if timestamp.tzinfo is None:
        return timestamp.replace(tzinfo=dt.UTC)
    return timestamp.astimezone(dt.UTC)


def are_valid(client: Any, root_ids: IntArray, timestamp: dt.datetime | None) -> BoolArray:
    """Which root ids are valid at a time; None: now, or the time that the client is pinned to."""
    answers = []
    for part in portions(root_ids, _ROOTS_PER_REQUEST):
        kwargs = {} if timestamp is None else {"timestamp": timestamp}
        answer = np.asarray(
            client.chunkedgraph.is_latest_roots(part.tolist(), **kwargs), dtype=bool
        )
        if answer.shape != part.shape:
            raise CaveDataError(
                f"{len(part):,} root ids were asked about, and {answer.size:,} answers came"
            )
        answers.append(answer)
    return np.concatenate(answers) if answers else np.empty(0, dtype=bool)


def last_valid_time(client: Any, root_id: int, notes: list[str]) -> dt.datetime:
    """The last moment at which a root is valid; `notes` says so if it is in the past.

    Raises
    ------
    CaveDataError
        If the server names a moment at which the root is not valid.
    """
    root = np.array([root_id], np.int64)
    timestamp = as_utc(client.chunkedgraph.get_root_timestamps([root_id], latest=True)[0])
    if are_valid(client, root, None)[0]:
        return timestamp
    # The moment is the server's word alone, and there are servers that get it wrong.
    check_valid(client, root_id, timestamp)
    notes.append(
        f"the root is no longer current and is shown as of {timestamp.isoformat()}, the last "
        "moment at which it was valid"
    )
    return timestamp


def check_valid(client: Any, root_id: int, timestamp: dt.datetime) -> None:
    """Raise if a root is not valid at a time.

    Raises
    ------
    CaveDataError
        If it is not.
    """
    if not are_valid(client, np.array([root_id], np.int64), timestamp)[0]:
        raise CaveDataError(
            f"root {root_id} is not valid at {timestamp.isoformat()}: it was made later, or edits "
            "had replaced it by then. Leave timestamp out for the last moment at which it is valid"
        )
