"""Memory must stay bounded: what every operation takes for a while, beyond its answer.

numpy reports what it allocates, so the figures are the same on every machine.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import tracemalloc
from pathlib import Path

from adapters import ossify_cells
from inputs import write_inputs
from operations import ALGORITHMS, Operation, all_operations
from tasks import Arrays
from worker import read_inputs

import ossify
from ossify import Cell

SIZE = 100_000
# Of the arrays of the cell, and bytes more that small cells may take as well.
TIMES, BESIDES = 10, 50_000_000
# Of the bytes that are allowed.
WORTH_PRINTING = 0.2


def array_bytes(cell: Cell) -> int:
    """What the coordinates, ids, edges, faces and features of a cell take."""
    layers = [cell.skeleton, cell.graph, cell.mesh, *cell.annotations]
    found = [layer for layer in layers if layer is not None]
    return sum(
        int(layer.nodes.memory_usage(deep=True).sum())
        + sum(getattr(layer, name).nbytes for name in ("edges", "faces") if hasattr(layer, name))
        for layer in found
    )


def peak_beyond_answer(operation: Operation, cell: Cell, given: Arrays) -> int:
    """Bytes that are allocated at the worst moment and free again when the answer is there."""
    gc.collect()
    tracemalloc.start()
    answer = operation(cell, given)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del answer
    return peak - kept


def main() -> None:
    """Print what takes most, and fail where it is too much."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "inputs.npz"
        write_inputs(ossify.example_cell(SIZE, mesh=True), file)
        given = read_inputs(file, Path(folder))
        whole = ossify_cells.make("cell", given, Path(folder))
        # Skeletons by themselves are held to what little they have.
        alone = ossify_cells.make("skeleton", given, Path(folder))
        grown = []
        print(f"{'operation':44}{'MB beyond the answer':>22}{'MB allowed':>12}")
        for name, operation in all_operations(whole).items():
            on_skeleton = name in ALGORITHMS or name.startswith("skeleton.")
            cell = alone if on_skeleton else whole
            allowed = TIMES * array_bytes(cell) + BESIDES
            beyond = peak_beyond_answer(operation, cell, given)
            if beyond > WORTH_PRINTING * allowed:
                print(f"{name:44}{beyond / 1e6:22.0f}{allowed / 1e6:12.0f}")
            if beyond > allowed:
                grown.append(name)
    if grown:
        sys.exit(f"more than {TIMES} times the arrays of the cell: {', '.join(grown)}")


if __name__ == "__main__":
    main()
