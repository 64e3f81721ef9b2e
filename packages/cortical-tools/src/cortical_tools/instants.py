"""Instants as servers tell them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def in_utc(moment: datetime) -> datetime:
    """The instant in UTC; one without a time zone is taken for UTC, as CAVE takes it.

    Raises
    ------
    TypeError
        If it is no datetime.

    Examples
    --------
    >>> in_utc(datetime(2024, 1, 15)).isoformat()
    '2024-01-15T00:00:00+00:00'
    """
    if not isinstance(moment, datetime):
        raise TypeError(
            f"timestamp: {moment!r} ({type(moment).__name__}) is no datetime.datetime; "
            "pandas.Timestamp makes one of text"
        )
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def just_after(moment: datetime) -> datetime:
    """The first instant that is certainly past `moment`, as finely as servers tell instants."""
    return moment + timedelta(microseconds=1)
