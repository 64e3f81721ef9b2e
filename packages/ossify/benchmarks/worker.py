"""One peer in its own process: it is asked for one task at a time and answers with what it took.

``python worker.py ADAPTER INPUTS FOLDER`` reads questions, one JSON per line, and writes answers.
It runs in the environment of the peer and needs only numpy.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from tasks import TASKS

# A turn is the best of so many runs, if they take no longer than so many seconds.
RUNS, ENOUGH = 3, 0.5


def read_inputs(file: Path, folder: Path) -> dict[str, Any]:
    """What adapters are given: arrays, numbers, and a folder to write to."""
    with np.load(file) as arrays:
        given = {name: arrays[name] for name in arrays}
    return {name: array.item() if array.ndim == 0 else array for name, array in given.items()} | {
        "folder": folder
    }


def status(field: str) -> int:
    """A number of bytes that Linux knows about this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(field))


class Worker:
    """An adapter and what it is given."""

    def __init__(self, adapter: str, inputs: Path, folder: Path) -> None:
        self._adapter = importlib.import_module(f"adapters.{adapter}")
        self._folder = folder
        self._given = read_inputs(inputs, folder)

    def tasks(self) -> list[str]:
        """The tasks that this adapter has, of those that the inputs are enough for."""
        has_cell = "mesh_points" in self._given
        return [
            name
            for name, task in TASKS.items()
            if hasattr(self._adapter, name)
            and (has_cell or not (task.subject.startswith("cell") or name == "build_cell"))
        ]

    def run(self, task: str, warm: bool, answer: str | None = None) -> dict[str, float]:
        """Least seconds and most bytes of a few runs; the answer goes into a file if one is named.

        Quick tasks are run more than once: while others had their turn, the caches of the
        processor were filled with what is theirs.
        """
        runs = []
        end = time.perf_counter() + ENOUGH
        while not runs or (len(runs) < RUNS and time.perf_counter() < end):
            runs.append(self._once(task, warm, answer))
        seconds, peaks = zip(*runs, strict=True)
        return {"seconds": min(seconds), "peak": max(peaks)}

    def _once(self, task: str, warm: bool, answer: str | None) -> tuple[float, int]:
        subject: Any = None
        if TASKS[task].subject != "arrays":
            subject = self._adapter.make(TASKS[task].subject, self._given, self._folder)
        if warm:
            self._adapter.warm(subject, self._given)
        gc.collect()
        gc.disable()
        Path("/proc/self/clear_refs").write_text("5")
        before = status("VmRSS")
        start = time.perf_counter()
        result = getattr(self._adapter, task)(subject, self._given)
        seconds = time.perf_counter() - start
        peak = status("VmHWM") - before
        gc.enable()
        if answer is not None:
            plain = getattr(self._adapter, "PLAIN", {}).get(task, lambda raw: raw)
            np.save(answer, TASKS[task].plain(plain(result)))
        return seconds, peak


def main() -> None:
    """Answer until there are no more questions."""
    # Libraries that print must not get in between the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    adapter, inputs, folder = sys.argv[1:]
    worker = Worker(adapter, Path(inputs), Path(folder))
    # What is there by now stays: the collections before every run need not look through it.
    gc.freeze()
    print(json.dumps(worker.tasks()), file=answers)
    for line in sys.stdin:
        try:
            print(json.dumps(worker.run(**json.loads(line))), file=answers)
        except Exception as error:  # noqa: BLE001 a peer may fail in any way; the others go on
            print(json.dumps({"error": f"{type(error).__name__}: {error}"}), file=answers)


if __name__ == "__main__":
    main()
