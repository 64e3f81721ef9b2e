"""A bar that shows how far something is, where somebody looks at it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(label: str, total: int, show: bool) -> Iterator[Callable[[], None]]:
    """Inside, calling what is given moves the bar on by one; from any thread.

    Examples
    --------
    >>> with progress_bar("rows", total=2, show=False) as step:
    ...     step()
    """
    if not show or total < 2:
        yield lambda: None
        return
    from tqdm.auto import tqdm

    one_at_a_time = threading.Lock()
    with tqdm(desc=label, total=total) as bar:

        def step() -> None:
            with one_at_a_time:
                bar.update()

        yield step
