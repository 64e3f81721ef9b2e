"""Requests side by side, a few at a time."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

from ossify._typing import IntArray

T = TypeVar("T")

MOST_WORKERS = 8


def n_workers(max_workers: int | None) -> int:
    """How many requests are made at once; None stands for `MOST_WORKERS`."""
    if max_workers is None:
        return MOST_WORKERS
    if max_workers < 1:
        raise ValueError(f"max_workers must be at least 1, not {max_workers}")
    return max_workers


def side_by_side(
    tasks: Iterable[Callable[[], T]],
    max_workers: int | None = None,
    progress: bool = False,
    what: str = "requests",
) -> list[T]:
    """What the tasks return, in their order; the first failure ends the others.

    Parameters
    ----------
    tasks
        Functions without arguments.
    max_workers
        How many run at once.
    progress, what
        Whether to show a bar, on a terminal, and what it is called.
    """
    jobs = list(tasks)
    workers = min(n_workers(max_workers), len(jobs))
    if workers <= 1 and not progress:
        return [job() for job in jobs]
    from tqdm import tqdm

    with (
        # CAVEclients silence some warnings while they read an answer. Several at once put back
        # what another one has set, which would stay for the rest of the process.
        warnings.catch_warnings(),
        # None: only where the bar can move, on a terminal.
        tqdm(total=len(jobs), desc=what, disable=None if progress else True) as bar,
        ThreadPoolExecutor(max(workers, 1)) as pool,
    ):
        futures = [pool.submit(job) for job in jobs]
        try:
            for future in as_completed(futures):
                future.result()
                bar.update()
        except BaseException:
            # Whoever interrupts, or learns of a failure, does not want to wait for the rest.
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [future.result() for future in futures]


def portions(ids: IntArray, size: int) -> Sequence[IntArray]:
    """The ids in runs of at most `size`."""
    return [ids[start : start + size] for start in range(0, len(ids), size)]
