"""A bar that shows how far something is, where somebody looks at it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(
    label: str, total: int, show: bool, unit: str = "it"
) -> Iterator[Callable[..., None]]:
    """Inside, calling what is given moves the bar on, by one or by a number; from any thread.

    Examples
    --------
    >>> with progress_bar("rows", total=2, show=False) as step:
    ...     step()
    """
    if not show or total < 2:
        yield lambda count=1: None
        return
    from tqdm.auto import tqdm

    one_at_a_time = threading.Lock()
    with tqdm(desc=label, total=total, unit=unit, unit_scale=unit != "it") as bar:

        def step(count: int = 1) -> None:
            with one_at_a_time:
                bar.update(count)

        yield step
