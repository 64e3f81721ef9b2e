"""A walk through what ossify does, on a cell that it makes."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from ossify.algorithms import label_axon_from_synapse_flow, strahler_number
from ossify.cell.cell import Cell
from ossify.cli.tables import size_text, table
from ossify.compartment import Compartment
from ossify.examples import example_cell
from ossify.io.osy import load_cell, save_cell
from ossify.layers.skeleton import SkeletonLayer
from ossify.plot import plot_morphology_2d
from ossify.testing import assert_cells_equal
from ossify.units import conversion_factor

_FILE = "demo.osy"
_PICTURE = "demo.png"
_INCHES = (9.0, 7.5)
_DOTS_PER_INCH = 150


def run_demo(folder: Path, n_vertices: int, seed: int, say: Callable[[str], None]) -> None:
    """Make, save, load, describe, mask, measure and draw a cell.

    Parameters
    ----------
    folder
        Where ``demo.osy`` and ``demo.png`` go; made if it is not there. Older ones are replaced.
    n_vertices, seed
        As for `example_cell`.
    say
        Called with each paragraph of the report.

    Raises
    ------
    OSError
        If the folder cannot be written to.
    AssertionError
        If what was loaded is not what was saved.
    """
    folder.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    made = example_cell(n_vertices, seed)
    say(f"Made a synthetic pyramidal cell (seed {seed}) {_since(start)}.")
    cell = _saved_and_loaded(made, folder / _FILE, say)
    say(f"\n{cell}")
    for paragraph in _findings(cell):
        say(f"\n{paragraph}")
    say(f"\n{_drawn(cell, folder / _PICTURE)}")


def _since(start: float) -> str:
    return f"in {time.perf_counter() - start:.2f} s"


def _saved_and_loaded(cell: Cell, path: Path, say: Callable[[str], None]) -> Cell:
    start = time.perf_counter()
    save_cell(cell, path, allow_overwrite=True)
    say(f"Saved it as {path.resolve()} ({size_text(path.stat().st_size)}) {_since(start)}.")
    start = time.perf_counter()
    loaded = load_cell(path)
    say(f"Loaded it again {_since(start)}.")
    assert_cells_equal(cell, loaded)
    say("What was loaded is what was saved, to the last bit.")
    return loaded


def _findings(cell: Cell) -> Iterator[str]:
    skeleton = cell.skeleton
    if skeleton is None:
        return
    codes = skeleton.get_feature("compartment")
    yield _axon_alone(cell, codes == Compartment.AXON)
    yield _cable(skeleton, codes)
    yield _strahler(skeleton, codes)
    yield _flow(cell, codes == Compartment.AXON)


def _um(length: float) -> str:
    return f"{length * conversion_factor('nm', 'um'):,.0f}"


def _axon_alone(cell: Cell, is_axon: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> str:
    axon = cell.apply_mask("skeleton", is_axon)
    kept = [
        f"{layer.n_vertices:,} of {whole.n_vertices:,} in {layer.name}"
        for group, all_of in ((axon.layers, cell.layers), (axon.annotations, cell.annotations))
        for layer, whole in zip(group, all_of, strict=True)
    ]
    farthest = axon.skeleton.distance_to_root().max() if axon.skeleton is not None else 0.0
    return (
        f"Masked to the axon, what is linked to it follows: {', '.join(kept)}.\n"
        f"Its farthest tip is {_um(farthest)} µm from the soma, which the mask has cut off."
    )


def _cable(skeleton: SkeletonLayer, codes: np.ndarray[tuple[int], np.dtype[np.int64]]) -> str:
    rows = []
    for code in np.unique(codes):
        here = codes == code
        length = _um(skeleton.cable_length(here))
        rows.append([Compartment(code).title, f"{here.sum():,}", length])
    rows.append(["all", f"{len(codes):,}", _um(skeleton.cable_length())])
    return "Cable length\n" + table(["compartment", "vertices", "µm"], rows)


def _strahler(skeleton: SkeletonLayer, codes: np.ndarray[tuple[int], np.dtype[np.int64]]) -> str:
    numbers = strahler_number(skeleton)
    parts = [code for code in np.unique(codes) if code != Compartment.SOMA]
    rows = [
        [
            str(number),
            *(f"{((numbers == number) & (codes == code)).sum():,}" for code in parts),
        ]
        for number in range(1, int(numbers.max()) + 1)
    ]
    head = ["number", *(Compartment(code).title for code in parts)]
    return f"Strahler numbers, up to {numbers.max()}: vertices of each\n" + table(head, rows)


def _flow(cell: Cell, is_axon: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> str:
    found, segregation = label_axon_from_synapse_flow(cell, return_segregation_index=True)
    agreement = 100 * float((found == is_axon).mean())
    return (
        "Axon and dendrite by the flow from inputs to outputs\n"
        f"  segregation index {segregation:.3f}\n"
        f"  agrees with the compartments on {agreement:.2f}% of vertices"
    )


def _drawn(cell: Cell, path: Path) -> str:
    if importlib.util.find_spec("matplotlib") is None:
        return 'No picture: matplotlib is not there. pip install "ossify[plot]" brings it.'
    from matplotlib.figure import Figure

    figure = Figure(figsize=_INCHES, layout="constrained")
    left, right = figure.subplots(1, 2)
    plot_morphology_2d(cell, ax=left)
    numbers = strahler_number(cell)
    plot_morphology_2d(cell, numbers, "cool", scale_bar=False, ax=right)
    left.set_title("Compartments")
    right.set_title("Strahler numbers")
    figure.savefig(path, dpi=_DOTS_PER_INCH)
    return f"Drew it in {path.resolve()}."
