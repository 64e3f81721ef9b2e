"""How much is asked for at once."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from ossify._parallel import side_by_side
from ossify._typing import IntArray

Item = TypeVar("Item")
Answer = TypeVar("Answer")

MOST_WORKERS = 8
"""How many requests are made at once, unless a caller says otherwise."""


def ask_side_by_side(
    ask: Callable[[Item], Answer],
    items: Iterable[Item],
    workers: int,
    *,
    progress: bool = False,
    what: str = "requests",
) -> list[Answer]:
    """What a CAVEclient answers about each item; as `side_by_side`."""
    # CAVEclients silence some warnings while they read an answer. Several at once put back what
    # another one has set, which would stay for the rest of the process.
    with warnings.catch_warnings():
        return side_by_side(ask, items, workers, progress=progress, what=what)


def portions(ids: IntArray, size: int) -> Sequence[IntArray]:
    """The ids in runs of at most `size`."""
    return [ids[start : start + size] for start in range(0, len(ids), size)]
