"""Trees that no neuron is, but pieces and errors may be: each is hard for something."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from tasks import Arrays

from ossify import Cell, Link
from ossify.topology.rooted_tree import RootedTree


def path(n: int) -> np.ndarray:
    """No branch at all."""
    return np.arange(n) - 1


def star(n: int) -> np.ndarray:
    """Nothing but tips, on one vertex."""
    return np.where(np.arange(n) > 0, 0, -1)


def caterpillar(n: int) -> np.ndarray:
    """A path with a tip on every vertex, as spines on a dendrite."""
    rows = np.arange(n)
    return np.where(rows % 2, rows - 1, rows - 2).clip(-1)


def broom(n: int) -> np.ndarray:
    """A path that ends in a star."""
    return np.minimum(np.arange(n) - 1, n // 2)


def complete_binary(n: int) -> np.ndarray:
    """Every vertex has two children, as long as there are vertices."""
    return (np.arange(n) - 1) // 2


def random_recursive(n: int) -> np.ndarray:
    """Every vertex hangs on any of those before it."""
    rows = np.arange(n)
    return np.where(rows > 0, np.random.default_rng(0).integers(0, np.maximum(rows, 1)), -1)


def pieces(n: int) -> np.ndarray:
    """Many short paths that do not hang together."""
    rows = np.arange(n)
    return np.where(rows % 50 > 0, rows - 1, -1)


SHAPES: dict[str, Callable[[int], np.ndarray]] = {
    "path": path,
    "star": star,
    "caterpillar": caterpillar,
    "broom": broom,
    "complete binary": complete_binary,
    "random recursive": random_recursive,
    "pieces": pieces,
}


def shaped_cell(parent: np.ndarray) -> tuple[Cell, Arrays]:
    """A cell of a tree, with edges of about 100 nm and synapses, and what operations ask of it."""
    rng = np.random.default_rng(1)
    n = len(parent)
    tree = RootedTree.from_parents(parent)
    child = np.flatnonzero(parent >= 0)
    steps = 60 * rng.normal(size=(3, n))
    points = np.stack([tree.sums_from_root(step) for step in steps], axis=1)
    # The root of each piece is somewhere else, far from the others.
    points += np.take(rng.uniform(0, 1e6, size=(n, 3)), tree.component_root, axis=0)
    cell = Cell("shape")
    cell.add_skeleton(
        points,
        np.stack((child, parent[child]), axis=1),
        {"radius": rng.uniform(50, 500, n), "compartment": rng.choice([2, 3], n)},
        root=0,
    )
    for name in ("pre_syn", "post_syn"):
        rows = rng.integers(0, n, n // 10)
        cell.add_point_annotations(name, points[rows], linkage=Link(rows, target="skeleton"))
    median = np.median(cell.skeleton.half_edge_length)
    return cell, {"parent": parent, "ends": rng.integers(0, n, 2), "reach": 10 * median}
