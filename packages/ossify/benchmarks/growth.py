"""Time per vertex must not grow: every operation, on a small cell and on a great one.

This is the one check that looks at a clock. It compares this machine with itself, within a minute,
and takes the best of several runs; where work is linear the ratio is 1 or less.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from adapters import ossify_cells
from inputs import write_inputs
from operations import Operation, all_operations
from tasks import TASKS
from worker import read_inputs

import ossify

SMALL, LARGE = 10_000, 320_000
# 32 times as many vertices may take up to 4 times as long for each.
LIMIT = 4.0
# If something has grown too much after these, another process may have been in the way.
PASSES, MOST_PASSES = 2, 6
# Milliseconds.
WORTH_PRINTING = 1.0


class Cells:
    """Measures operations on one cell."""

    def __init__(self, n_vertices: int, folder: Path) -> None:
        self.n_vertices = n_vertices
        self._folder = folder / str(n_vertices)
        self._folder.mkdir()
        file = self._folder / "inputs.npz"
        write_inputs(ossify.example_cell(n_vertices, mesh=True), file)
        self._given = read_inputs(file, self._folder)
        self.seconds: dict[str, float] = {}

    def run(self) -> None:
        """Everything once, and keep what was faster than before.

        Tasks have a cell of their own each. All other operations have one together, and what they
        share falls to the first.
        """
        for name, task in TASKS.items():
            if name not in ("build_skeleton", "build_cell"):
                subject = ossify_cells.make(task.subject, self._given, self._folder)
                self._run(name, getattr(ossify_cells, name), subject)
        cell = ossify_cells.make("cell", self._given, self._folder)
        for name, operation in all_operations(cell).items():
            self._run(name, operation, cell)

    def _run(self, name: str, operation: Operation, subject: Any) -> None:
        gc.collect()
        start = time.perf_counter()
        operation(subject, self._given)
        seconds = time.perf_counter() - start
        self.seconds[name] = min(seconds, self.seconds.get(name, np.inf))


def growth(small: Cells, large: Cells) -> dict[str, float]:
    """How many times as long everything takes for each vertex of the large cell."""
    n_times = large.n_vertices / small.n_vertices
    return {
        name: large.seconds[name] / seconds / n_times for name, seconds in small.seconds.items()
    }


def main() -> None:
    """Print how all grow, and fail where it is too much."""
    gc.freeze()
    with tempfile.TemporaryDirectory() as folder:
        small, large = (Cells(size, Path(folder)) for size in (SMALL, LARGE))
        for done in range(MOST_PASSES):
            small.run()
            large.run()
            grown = [name for name, ratio in growth(small, large).items() if ratio > LIMIT]
            if done + 1 >= PASSES and not grown:
                break
    print(f"{'operation':44}{f'{SMALL:,} (ms)':>16}{f'{LARGE:,} (ms)':>16}{'per vertex':>12}")
    for name, ratio in growth(small, large).items():
        first, second = 1e3 * small.seconds[name], 1e3 * large.seconds[name]
        if second > WORTH_PRINTING:
            print(f"{name:44}{first:16.2f}{second:16.2f}{ratio:12.2f}")
    if grown:
        sys.exit(f"more than {LIMIT} times the time per vertex: {', '.join(grown)}")


if __name__ == "__main__":
    main()
