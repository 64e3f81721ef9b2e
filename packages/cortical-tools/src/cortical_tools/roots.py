"""Root ids over time: what an object is called now, was called, and until when.

A root id names one state of an object. Every edit ends some and begins others.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cortical_tools.connection import Connection
from cortical_tools.errors import StaleRootError
from cortical_tools.ids import Ids, int_ids, one_id
from cortical_tools.instants import in_utc
from cortical_tools.parallel import portions, side_by_side
from cortical_tools.unknown_roots import unknown_roots_named

# Ids per request. Servers look them up one by one, and what stands before them waits a minute.
_BATCH = 10_000


def get_roots(
    connection: Connection,
    supervoxel_ids: Ids,
    timestamp: datetime | None = None,
    stop_layer: int | None = None,
) -> NDArray[np.int64]:
    """The root id that each supervoxel belonged to.

    Parameters
    ----------
    connection
        Whom to ask.
    supervoxel_ids
        One or any number.
    timestamp
        When; by default the pinned version's time, or now.
    stop_layer
        Stop at this layer of the graph instead of at the root: 2 gives level-2 ids.

    Returns
    -------
    (N,) int64 array
        In the order asked; 0 for supervoxel 0.
    """
    supervoxels = int_ids(supervoxel_ids, "supervoxel ids")
    when = _or_now(connection, timestamp)

    def ask(part: NDArray[np.int64]) -> NDArray[np.int64]:
        answer = connection.chunkedgraph.get_roots(part, timestamp=when, stop_layer=stop_layer)
        return np.asarray(answer).astype(np.int64)

    return _in_parts(ask, supervoxels, np.int64)


def is_latest_roots(
    connection: Connection, root_ids: Ids, timestamp: datetime | None = None
) -> NDArray[np.bool_]:
    """Whether each root id was one at a time.

    Parameters
    ----------
    connection
        Whom to ask.
    root_ids
        One or any number.
    timestamp
        When; by default the pinned version's time, or now.

    Returns
    -------
    (N,) bool array
        In the order asked; false, too, for ids that never existed.
    """
    ids = int_ids(root_ids, "root ids")
    # The present is the server's to know: clocks differ.
    when = connection.timestamp if timestamp is None else in_utc(timestamp)

    def ask(part: NDArray[np.int64]) -> NDArray[np.bool_]:
        return np.asarray(connection.chunkedgraph.is_latest_roots(part, timestamp=when))

    return _in_parts(ask, ids, np.bool_)


def latest_valid_timestamp(connection: Connection, root_ids: Ids) -> NDArray[np.object_]:
    """The last moment at which each root id can be asked about.

    For a root id that still stands that is the pinned version's time, or now; for an older one
    a millisecond before it was replaced.

    Parameters
    ----------
    connection
        Whom to ask.
    root_ids
        One or any number.

    Returns
    -------
    (N,) object array of datetime
        With time zone, in the order asked.

    Raises
    ------
    StaleRootError
        If some of the ids never existed.
    """
    return _timestamps(connection, int_ids(root_ids, "root ids"), latest=True)


def lifetimes(
    connection: Connection, root_ids: NDArray[np.int64], now: datetime
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """When each root id began, and the last moment it stood, no later than `now`."""
    begun = _timestamps(connection, root_ids, latest=False)
    last = _timestamps(connection, root_ids, latest=True, timestamp=now)
    return begun, last


def _timestamps(
    connection: Connection,
    ids: NDArray[np.int64],
    *,
    latest: bool,
    timestamp: datetime | None = None,
) -> NDArray[np.object_]:
    when = _or_now(connection, timestamp)

    def ask(part: NDArray[np.int64]) -> NDArray[np.object_]:
        return np.asarray(
            connection.chunkedgraph.get_root_timestamps(part, latest=latest, timestamp=when),
            dtype=object,
        )

    with unknown_roots_named(connection, ids):
        return _in_parts(ask, ids, np.object_)


def get_latest_roots(
    connection: Connection,
    root_id: Ids,
    timestamp: datetime | None = None,
    timestamp_future: datetime | None = None,
) -> NDArray[np.int64]:
    """The root ids, at a time, of what one object has become or had come from.

    Parameters
    ----------
    connection
        Whom to ask.
    root_id
        One root id.
    timestamp
        When; by default the pinned version's time, or now.
    timestamp_future
        Older name of `timestamp`.

    Returns
    -------
    (N,) int64 array
        Ascending. Only ids that stood at that time, which some servers do not see to.

    Raises
    ------
    StaleRootError
        If the root id never existed.
    """
    root = one_id(root_id, "root_id")
    if timestamp is not None and timestamp_future is not None:
        raise TypeError("timestamp and timestamp_future mean the same: give one")
    when = _or_now(connection, timestamp or timestamp_future)
    with unknown_roots_named(connection, np.array([root])):
        found = connection.chunkedgraph.get_latest_roots(root, timestamp=when)
    ids = np.unique(np.asarray(found).astype(np.int64))
    return ids[is_latest_roots(connection, ids, when)]


def suggest_latest_roots(
    connection: Connection,
    root_id: Ids,
    timestamp: datetime | None = None,
    stop_layer: int | None = None,
    return_all: bool = False,
    return_fraction_overlap: bool = False,
) -> Any:
    """The best guess at what one object has become: what most of its parts belong to.

    Parameters
    ----------
    connection
        Whom to ask.
    root_id
        One root id.
    timestamp
        When; by default the pinned version's time, or now.
    stop_layer
        Layer of the graph whose nodes are the parts; lower is finer and slower. By default the
        fourth from the top.
    return_all
        All candidates instead of the best.
    return_fraction_overlap
        Also the share of parts that each candidate has.

    Returns
    -------
    int, or (N,) int64 array if `return_all`
        The largest share first. With `return_fraction_overlap` a pair of it and the share(s).

    Raises
    ------
    StaleRootError
        If the root id never existed, or has no parts.
    """
    root = one_id(root_id, "root_id")
    with unknown_roots_named(connection, np.array([root])):
        ids, shares = connection.chunkedgraph.suggest_latest_roots(
            root,
            timestamp=_or_now(connection, timestamp),
            stop_layer=stop_layer,
            return_all=True,
            return_fraction_overlap=True,
        )
    ids, shares = np.asarray(ids).astype(np.int64), np.asarray(shares, dtype=np.float64)
    if len(ids) == 0:
        raise StaleRootError(f"{root} has no parts to look for, so there is no successor", (root,))
    if not return_all:
        ids, shares = int(ids[0]), float(shares[0])
    return (ids, shares) if return_fraction_overlap else ids


def require_roots_at(
    connection: Connection, root_ids: NDArray[np.int64], when: datetime, what: str
) -> None:
    """Stop unless every root id stood at a time: the others would find nothing, silently.

    Parameters
    ----------
    connection
        Whom to ask.
    root_ids
        (N,) root ids.
    when, what
        The time, and what it is called.

    Raises
    ------
    StaleRootError
        If some did not; its ``root_ids`` are those.
    """
    stale = root_ids[~is_latest_roots(connection, root_ids, when)]
    if len(stale):
        raise StaleRootError(
            f"{len(stale)} of {len(root_ids)} root ids did not exist at {what} "
            f"({when:%Y-%m-%d %H:%M:%S} UTC), the first is {stale[0]}. Find what they became with "
            "suggest_latest_roots or get_latest_roots, or ask about a time at which they stood: "
            f"timestamp=client.latest_valid_timestamp({stale[0]})[0].",
            tuple(stale.tolist()),
        )


def _or_now(connection: Connection, timestamp: datetime | None) -> datetime:
    if timestamp is not None:
        return in_utc(timestamp)
    return connection.timestamp or datetime.now(UTC)


def _in_parts(ask: Any, ids: NDArray[np.int64], dtype: Any) -> NDArray[Any]:
    """The answers about all ids, asked for in parts; none are asked about no ids."""
    if len(ids) == 0:
        return np.empty(0, dtype=dtype)
    return np.concatenate(side_by_side(ask, portions(ids, _BATCH)))
