"""Queries whose answers are complete, or an error.

A CAVE server sends at most so many rows and mentions the cut in a header, which a CAVEclient only
logs. An answer that was cut is thrown away and asked for again in halves.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pandas as pd

from ossify._typing import IntArray
from ossify.errors import IncompleteAnswerError

Query = Callable[[IntArray], pd.DataFrame]

ROW_LIMIT = 500_000
"""So many rows and more are taken for an answer that was cut."""

_CLIENT_LOG = "caveclient"
_CUT = "limited query"
_BETA = "Deprecation: this method is to facilitate beta testing"
_USUAL_LIMITS = (200_000, 500_000)


def complete(query: Query, ids: IntArray, what: str, row_limit: int) -> pd.DataFrame:
    """All rows that `query` has for `ids`.

    Parameters
    ----------
    query
        Asks the server for the rows of some ids.
    ids
        (N,) at least one.
    what
        What the rows are, for errors.
    row_limit
        An answer of so many rows is taken for cut, as is one that the client's log calls limited,
        or one of exactly as many rows as servers usually send. 0: only the log is believed.

    Raises
    ------
    IncompleteAnswerError
        If the answer for a single id is cut.
    """
    with _heard_from_the_client() as messages:
        rows = query(ids)
    if not _is_cut(len(rows), messages, row_limit):
        return rows
    if len(ids) == 1:
        raise IncompleteAnswerError(
            f"{what} of {ids[0]}: the server sent {len(rows):,} rows and has more, so that the "
            "answer is not complete; row_limit says from how many rows on that is supposed"
        )
    half = len(ids) // 2
    halves = [complete(query, part, what, row_limit) for part in (ids[:half], ids[half:])]
    return pd.concat(halves, ignore_index=True)


def _is_cut(n_rows: int, messages: list[str], row_limit: int) -> bool:
    if any(_CUT in message.lower() for message in messages):
        return True
    return row_limit > 0 and (n_rows >= row_limit or n_rows in _USUAL_LIMITS)


@contextmanager
def _heard_from_the_client() -> Iterator[list[str]]:
    """What the client logs in this thread meanwhile."""
    log, root = logging.getLogger(_CLIENT_LOG), logging.getLogger()
    ear = _Ear()
    not_beta = _NotBeta()
    log.addHandler(ear)
    root.addFilter(not_beta)
    try:
        yield ear.messages
    finally:
        root.removeFilter(not_beta)
        log.removeHandler(ear)


class _Ear(logging.Handler):
    """Keeps the messages of one thread."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread != self._thread:
            return
        message = record.getMessage()
        self.messages.append(message)
        # Without any handler Python prints warnings itself, and it should go on doing so.
        last = logging.lastResort
        if last is not None and _CUT not in message.lower() and not _is_handled():
            last.handle(record)


class _NotBeta(logging.Filter):
    """Passes over what the client says to each live query of one thread.

    It is addressed to those who write such queries, not to those who load cells.
    """

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.get_ident()

    def filter(self, record: logging.LogRecord) -> bool:
        return record.thread != self._thread or not record.getMessage().startswith(_BETA)


def _is_handled() -> bool:
    """Whether anybody but this module handles what the client logs."""
    log: logging.Logger | None = logging.getLogger(_CLIENT_LOG)
    while log is not None:
        if any(not isinstance(handler, _Ear) for handler in log.handlers):
            return True
        log = log.parent if log.propagate else None
    return False
