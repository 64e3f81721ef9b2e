"""Work done side by side: waiting for a server takes no processor."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any, TypeVar

from numpy.typing import NDArray

Item = TypeVar("Item")
Made = TypeVar("Made")
Portion = TypeVar("Portion", bound=Sequence[Any] | NDArray[Any])

AT_ONCE = 8
"""How many requests are made at once; a service that a laboratory shares should not see more."""


def side_by_side(
    make: Callable[[Item], Made],
    items: Iterable[Item],
    at_once: int = AT_ONCE,
    notify: Callable[[], object] | None = None,
) -> list[Made]:
    """What is made of each item, in their order, with several in the making.

    The first failure ends it: what has not begun does not begin, what has is waited for. So does
    an interrupt.

    Parameters
    ----------
    make
        Called with one item, from any thread.
    items
        Any number.
    at_once
        How many are in the making at any time, at least 1. With 1, they are made in the thread of
        the caller.
    notify
        Called, in the thread of the caller, whenever one is made.

    Returns
    -------
    One for each item; none of no items.

    Raises
    ------
    Exception
        Whatever `make` raises first.

    Examples
    --------
    >>> side_by_side(str.upper, ["a", "b"])
    ['A', 'B']
    """
    todo = list(items)
    step = notify or (lambda: None)
    n_threads = min(at_once, len(todo))
    if n_threads < 2:
        made = []
        for item in todo:
            made.append(make(item))
            step()
        return made
    with (
        # CAVEclients silence some warnings while they read an answer. Several at once put back
        # what another one has set, which would stay for the rest of the process.
        warnings.catch_warnings(),
        ThreadPoolExecutor(n_threads, thread_name_prefix="cortical-tools") as pool,
    ):
        try:
            futures = [pool.submit(make, item) for item in todo]
            for future in as_completed(futures):
                future.result()
                step()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [future.result() for future in futures]


def portions(items: Portion, size: int) -> list[Portion]:
    """A list or an array in runs of at most `size`; none of nothing.

    Examples
    --------
    >>> portions([1, 2, 3], 2)
    [[1, 2], [3]]
    """
    return [items[start : start + size] for start in range(0, len(items), size)]  # type: ignore[misc]
