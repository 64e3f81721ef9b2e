"""Neuroglancer states on CAVE's state server."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cortical_tools.connection import Connection


def upload_state_json(
    connection: Connection,
    json_state: Mapping[str, Any],
    state_id: int | None = None,
    timestamp: datetime | None = None,
) -> int:
    """Store a state and return its id.

    Parameters
    ----------
    connection
        Whom to ask.
    json_state
        What neuroglancer shows under ``{}``. Sent once: a state whose answer is lost is not sent
        again, which would store it twice.
    state_id
        Store it under this id; for administrators.
    timestamp
        Accepted where it is None; the server dates its states itself.

    Returns
    -------
    int
        The id.

    Raises
    ------
    TypeError
        If the state is no dict.
    ValueError
        If `timestamp` is given.
    """
    if not isinstance(json_state, Mapping):
        raise TypeError(f"json_state: a state is a dict, not {type(json_state).__name__}")
    if timestamp is not None:
        raise ValueError("timestamp: the state server dates its states itself")
    return int(connection.service("state").upload_state_json(dict(json_state), state_id=state_id))


def get_state_json(connection: Connection, state_id: int | str) -> dict[str, Any]:
    """A state that is stored.

    Parameters
    ----------
    connection
        Whom to ask.
    state_id
        Its id, or the address that ends in it.

    Returns
    -------
    dict
        What neuroglancer shows.
    """
    return dict(connection.service("state").get_state_json(state_id))
