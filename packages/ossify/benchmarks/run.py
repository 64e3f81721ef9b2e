"""How long ossify takes, at two sizes, and what importing it costs."""

from __future__ import annotations

import argparse
import copy
import gc
import io
import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import ossify
from ossify import Cell

SMALL, LARGE = 20_000, 200_000

Task = tuple[str, Callable[[], object], Callable[[Any], object]]


def fresh(cell: Cell) -> Cell:
    """The same cell with nothing computed yet."""
    return pickle.loads(pickle.dumps(cell))


def tasks(cell: Cell, folder: Path) -> Iterator[Task]:
    """Name, what is made ready and not timed, and what is timed."""
    path = folder / "cell.osy"
    ossify.save_cell(cell, path, allow_overwrite=True)
    half = np.zeros(cell.skeleton.n_vertices, dtype=bool)
    half[: len(half) // 2] = True
    most = np.arange(cell.graph.n_vertices) % 10 != 0

    def a_fresh_cell() -> Cell:
        return fresh(cell)

    def the_cell() -> Cell:
        return cell

    yield "save", the_cell, lambda c: ossify.save_cell(c, io.BytesIO())
    yield (
        "save to disk",
        the_cell,
        lambda c: ossify.save_cell(c, path, allow_overwrite=True),
    )
    yield "load from disk", lambda: path, ossify.load_cell
    yield "mask half of the skeleton", a_fresh_cell, lambda c: c.apply_mask("skeleton", half)
    yield "mask 90 % of the graph", a_fresh_cell, lambda c: c.apply_mask("graph", most)
    yield "copy", a_fresh_cell, Cell.copy
    yield "deepcopy", a_fresh_cell, copy.deepcopy
    yield "transform", a_fresh_cell, lambda c: c.transform(lambda xyz: xyz / 1000, units="um")
    yield "describe", a_fresh_cell, str
    yield "Strahler numbers, cold", a_fresh_cell, ossify.strahler_number
    yield "Strahler numbers, warm", the_cell, ossify.strahler_number
    yield "axon by synapse flow, cold", a_fresh_cell, ossify.label_axon_from_synapse_flow
    yield "axon by synapse flow, warm", the_cell, ossify.label_axon_from_synapse_flow
    for group in ("skeleton", "graph"):
        yield from property_tasks(a_fresh_cell, group)
    for name in ("distance_to_root", "hops_to_root", "cable_length", "child_vertices"):
        yield f"skeleton.{name}()", a_fresh_cell, lambda c, name=name: getattr(c.skeleton, name)()


def property_tasks(a_fresh_cell: Callable[[], Cell], layer: str) -> Iterator[Task]:
    """Every property of a layer, on a fresh cell."""
    kind = type(getattr(a_fresh_cell(), layer))
    for name in dir(kind):
        if not name.startswith("_") and isinstance(getattr(kind, name), property):
            yield (
                f"{layer}.{name}",
                a_fresh_cell,
                lambda c, name=name: getattr(getattr(c, layer), name),
            )


def seconds(ready: Callable[[], Any], timed: Callable[[Any], object], repeats: int = 3) -> float:
    """The shortest of some runs."""
    best = np.inf
    for _ in range(repeats):
        subject = ready()
        gc.collect()
        start = time.perf_counter()
        timed(subject)
        best = min(best, time.perf_counter() - start)
    return best


def cpu_seconds(code: str, repeats: int = 7) -> float:
    """CPU time of a fresh Python that runs some code, the shortest of some runs."""
    best = np.inf
    for _ in range(repeats):
        before = os.times()
        subprocess.run([sys.executable, "-c", code], check=True)
        after = os.times()
        user = after.children_user - before.children_user
        best = min(best, user + after.children_system - before.children_system)
    return best


def report_imports(folder: Path) -> None:
    """CPU of importing, and of importing and measuring a small file, beside its dependencies."""
    path = folder / "small.osy"
    ossify.save_cell(ossify.example_cell(1_000), path)
    base = cpu_seconds("import numpy, pandas, pyarrow")
    rows = {
        "import numpy, pandas, pyarrow": base,
        "import ossify": cpu_seconds("import ossify"),
        "… load 1,000 vertices, cable_length()": cpu_seconds(
            f"import ossify; ossify.load_cell({str(path)!r}).skeleton.cable_length()"
        ),
    }
    print(f"{'CPU of a fresh process':44}{'s':>10}{'ratio':>10}")
    for name, cost in rows.items():
        print(f"{name:44}{cost:10.2f}{cost / base:10.2f}")


def report_cells(folder: Path, small: int, large: int) -> None:
    """Every task at two sizes, and the growth of its time per vertex."""
    times = []
    for size in (small, large):
        cell = ossify.example_cell(size)
        times.append({name: seconds(*task) for name, *task in tasks(cell, folder)})
    head = f"{'task':44}{f'{small:,} (ms)':>16}{f'{large:,} (ms)':>16}{'per vertex':>12}"
    print(f"\n{head}")
    for name, slow in times[1].items():
        growth = (slow / large) / (times[0][name] / small)
        print(f"{name:44}{1e3 * times[0][name]:16.2f}{1e3 * slow:16.2f}{growth:12.2f}")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=SMALL)
    parser.add_argument("--large", type=int, default=LARGE)
    sizes = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        report_imports(Path(name))
        report_cells(Path(name), sizes.small, sizes.large)


if __name__ == "__main__":
    main()
