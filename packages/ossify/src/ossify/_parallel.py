"""Work done side by side: waiting for a disk or a server takes no processor."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")


def side_by_side(
    make: Callable[[Item], Made],
    items: Iterable[Item],
    at_once: int,
    *,
    progress: bool = False,
    what: str = "items",
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
    progress
        Whether to show a bar, if someone is looking: on a terminal.
    what
        What the bar says is being made.

    Returns
    -------
    One for each item; none of no items.

    Raises
    ------
    Exception
        Whatever `make` raises first.

    Examples
    --------
    >>> side_by_side(str.upper, ["a", "b"], at_once=2)
    ['A', 'B']
    """
    todo = list(items)
    n_threads = min(at_once, len(todo))
    if not progress:
        return _made(make, todo, n_threads, lambda: None)
    from tqdm import tqdm

    # None: only where the bar can move, on a terminal.
    with tqdm(total=len(todo), desc=what, disable=None) as bar:
        return _made(make, todo, n_threads, bar.update)


def _made(
    make: Callable[[Item], Made], todo: list[Item], n_threads: int, step: Callable[[], object]
) -> list[Made]:
    if n_threads < 2:
        made = []
        for item in todo:
            made.append(make(item))
            step()
        return made
    with ThreadPoolExecutor(n_threads) as pool:
        try:
            futures = [pool.submit(make, item) for item in todo]
            for future in as_completed(futures):
                future.result()
                step()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [future.result() for future in futures]


def checked_workers(max_workers: int | None, default: int) -> int:
    """How many are in the making at once, as a user asks for it; None stands for the default.

    Raises
    ------
    ValueError
        If it is less than 1.
    """
    if max_workers is None:
        return default
    if max_workers < 1:
        raise ValueError(f"max_workers must be at least 1, not {max_workers}")
    return max_workers
