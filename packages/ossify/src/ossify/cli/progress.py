"""What is being done, for whoever waits at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_CLEAR = "\r\x1b[K"


@contextmanager
def doing(what: str) -> Iterator[None]:
    """Show a line while something is done, and take it away after that.

    It goes to the standard error, and only to a terminal: pipes and files stay clean.
    """
    if not _shows():
        yield
        return
    _show(_CLEAR + what)
    try:
        yield
    finally:
        _show(_CLEAR)


def _shows() -> bool:
    return sys.stderr.isatty()


def _show(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
