"""Several journeys at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")

AT_ONCE = 4
"""How many connections one file is worth."""


def side_by_side(make: Callable[[Item], Made], items: Sequence[Item]) -> list[Made]:
    """What is made of each item, in their order; the first failure ends it."""
    if len(items) < 2:
        return [make(item) for item in items]
    with ThreadPoolExecutor(min(AT_ONCE, len(items))) as pool:
        futures = [pool.submit(make, item) for item in items]
        try:
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
