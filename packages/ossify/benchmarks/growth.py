"""Time per vertex must not grow: every operation, on a small cell and on a great one.

The same for trees that no neuron is: a star, a caterpillar and others.

This is the one check that looks at a clock, that of the processor, which what else runs does not
move. It compares this machine with itself, within a minute, and takes the best of several runs;
where work is linear the ratio is 1 or less.
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
from operations import Operation, all_operations, tree_operations
from shapes import SHAPES, shaped_cell
from tasks import TASKS, Arrays
from worker import read_inputs

import ossify

SMALL, LARGE = 10_000, 320_000
SMALL_SHAPE, LARGE_SHAPE = 5_000, 80_000
# 32 times as many vertices may take up to 4 times as long for each; and so may 16 times.
LIMIT = 4.0
# If something has grown too much after these, another process may have been in the way.
PASSES, MOST_PASSES = 2, 6
# Milliseconds.
WORTH_PRINTING = 1.0


class Timed:
    """Measures operations, and keeps what was faster than before."""

    def __init__(self, n_vertices: int) -> None:
        self.n_vertices = n_vertices
        self.seconds: dict[str, float] = {}

    def _run(self, name: str, operation: Operation, subject: Any, given: Arrays) -> None:
        gc.collect()
        start = time.process_time()
        operation(subject, given)
        seconds = time.process_time() - start
        self.seconds[name] = min(seconds, self.seconds.get(name, np.inf))


class Cells(Timed):
    """Measures operations on one cell."""

    def __init__(self, n_vertices: int, folder: Path) -> None:
        super().__init__(n_vertices)
        self._folder = folder / str(n_vertices)
        self._folder.mkdir()
        file = self._folder / "inputs.npz"
        write_inputs(ossify.example_cell(n_vertices, mesh=True), file)
        self._given = read_inputs(file, self._folder)

    def run(self) -> None:
        """Everything once.

        Tasks have a cell of their own each. All other operations have one together, and what they
        share falls to the first.
        """
        for name, task in TASKS.items():
            if name not in ("build_skeleton", "build_cell"):
                subject = ossify_cells.make(task.subject, self._given, self._folder)
                self._run(name, getattr(ossify_cells, name), subject, self._given)
        cell = ossify_cells.make("cell", self._given, self._folder)
        for name, operation in all_operations(cell).items():
            self._run(name, operation, cell, self._given)


class Shapes(Timed):
    """Measures operations on a tree of every shape."""

    def run(self) -> None:
        """Everything once, on trees that are made anew."""
        for shape, parents in SHAPES.items():
            cell, given = shaped_cell(parents(self.n_vertices))
            for name, operation in tree_operations(cell).items():
                self._run(f"{name}, {shape}", operation, cell, given)


def growth(small: Timed, large: Timed) -> dict[str, float]:
    """How many times as long everything takes for each vertex of the large cell."""
    n_times = large.n_vertices / small.n_vertices
    return {
        name: large.seconds[name] / seconds / n_times for name, seconds in small.seconds.items()
    }


def too_slow(small: Timed, large: Timed) -> list[str]:
    """Measure, print how all grow, and name what grows too much."""
    for done in range(MOST_PASSES):
        small.run()
        large.run()
        grown = [name for name, ratio in growth(small, large).items() if ratio > LIMIT]
        if done + 1 >= PASSES and not grown:
            break
    sizes = (f"{timed.n_vertices:,} (ms)" for timed in (small, large))
    print("{:60}{:>16}{:>16}{:>12}".format("operation", *sizes, "per vertex"))
    for name, ratio in growth(small, large).items():
        first, second = 1e3 * small.seconds[name], 1e3 * large.seconds[name]
        if second > WORTH_PRINTING:
            print(f"{name:60}{first:16.2f}{second:16.2f}{ratio:12.2f}")
    return grown


def main() -> None:
    """Fail where the time per vertex grows too much."""
    gc.freeze()
    with tempfile.TemporaryDirectory() as folder:
        grown = too_slow(Cells(SMALL, Path(folder)), Cells(LARGE, Path(folder)))
    grown += too_slow(Shapes(SMALL_SHAPE), Shapes(LARGE_SHAPE))
    if grown:
        sys.exit(f"more than {LIMIT} times the time per vertex: {', '.join(grown)}")


if __name__ == "__main__":
    main()
