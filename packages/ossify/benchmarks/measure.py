"""Every task on one cell, by everybody, in alternation."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass, field
from math import inf
from pathlib import Path
from time import monotonic

import numpy as np
from peers import FailedError, Peer, Process, TooSlowError
from tasks import TASKS, agree

TURNS = 5
# After this many seconds with one task, what has been measured has to do.
BUDGET = 5.0
US, BOUND = "ossify", "bound"


@dataclass
class Figures:
    """What was measured on one cell.

    Attributes
    ----------
    sizes
        Number of vertices of each layer, and bytes of all arrays.
    cold, warm
        Task → peer → median seconds; infinite for a peer that took too long.
    peak
        Task → bytes that our memory grew by, at its peak.
    differ
        Task → peers whose answer is another than ours.
    failed
        What peers failed with.
    """

    sizes: dict[str, int]
    cold: dict[str, dict[str, float]] = field(default_factory=dict)
    warm: dict[str, dict[str, float]] = field(default_factory=dict)
    peak: dict[str, int] = field(default_factory=dict)
    differ: dict[str, list[str]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    def as_dict(self) -> dict:
        """For JSON."""
        return asdict(self)


class Measurement:
    """All peers on one cell."""

    def __init__(self, peers: list[Peer], environments: Path, folder: Path, tasks: list[str]):
        self._environments, self._folder, self._tasks = environments, folder, tasks
        self._processes = [Process(peer, environments, folder) for peer in peers]
        with np.load(folder / "inputs.npz") as arrays:
            sizes = {
                layer: len(arrays[name])
                for layer, name in (
                    ("skeleton", "parent"),
                    ("graph", "graph_ids"),
                    ("mesh", "mesh_value"),
                    ("synapses before", "pre_syn_row"),
                    ("synapses behind", "post_syn_row"),
                )
                if name in arrays
            }
            self.figures = Figures(sizes | {"bytes": sum(arrays[name].nbytes for name in arrays)})

    def run(self, too_slow: set[tuple[str, str]]) -> Figures:
        """Measure; `too_slow` are tasks and peers that are not asked, and grows."""
        for task in self._tasks:
            asked = [process for process in self._processes if task in process.tasks]
            if not asked:
                continue
            # Who takes long is asked once, and that has to do.
            slow: dict[str, float] = {}
            quick = [process for process in asked if self._is_quick(task, process, slow, too_slow)]
            self.figures.cold[task] = self._alternate(task, quick, False) | slow
            if TASKS[task].indexed:
                self.figures.warm[task] = self._alternate(task, quick, True) | slow
            print(self._line(task), flush=True)
        self._measure_memory()
        return self.figures

    def stop(self) -> None:
        """End all processes."""
        for process in self._processes:
            process.stop()

    def _is_quick(
        self, task: str, process: Process, slow: dict[str, float], too_slow: set[tuple[str, str]]
    ) -> bool:
        """Whether a peer answers in time for more; the answer is compared with our first one."""
        name = process.peer.name
        if (task, name) in too_slow:
            slow[name] = inf
            return False
        ours = self._folder / US / f"{task}.npy"
        answer = None if name == BOUND else self._folder / name / f"{task}.npy"
        start = monotonic()
        try:
            seconds = process.run(task, False, answer)["seconds"]
        except TooSlowError:
            too_slow.add((task, name))
            slow[name] = inf
            return False
        except FailedError as error:
            self.figures.failed.append(str(error))
            return False
        if answer is not None and not agree(np.load(ours), np.load(answer)):
            self.figures.differ.setdefault(task, []).append(name)
        if monotonic() - start < BUDGET:
            return True
        slow[name] = seconds
        return False

    def _alternate(self, task: str, processes: list[Process], warm: bool) -> dict[str, float]:
        seconds: dict[str, list[float]] = {process.peer.name: [] for process in processes}
        spent = dict.fromkeys(seconds, 0.0)
        for _ in range(TURNS):
            for process in processes:
                name = process.peer.name
                if spent[name] < BUDGET:
                    start = monotonic()
                    seconds[name].append(process.run(task, warm)["seconds"])
                    spent[name] += monotonic() - start
        return {name: statistics.median(taken) for name, taken in seconds.items()}

    def _measure_memory(self) -> None:
        """Once more for us, with an allocator that gives back what is freed."""
        ours = next(process for process in self._processes if process.peer.name == US)
        thrifty = {"MALLOC_MMAP_THRESHOLD_": "65536", "ARROW_DEFAULT_MEMORY_POOL": "system"}
        process = Process(ours.peer, self._environments, self._folder, **thrifty)
        for task in self._tasks:
            if task in process.tasks:
                # The first time loads what the task needs.
                process.run(task, False)
                self.figures.peak[task] = int(process.run(task, False)["peak"])
        process.stop()

    def _line(self, task: str) -> str:
        times = self.figures.cold[task] | {
            f"{name}, warm": value for name, value in self.figures.warm.get(task, {}).items()
        }
        return f"{task:24}" + "".join(f"  {name} {1e3 * s:.3g}" for name, s in times.items())
