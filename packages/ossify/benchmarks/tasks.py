"""What is measured: the tasks, what each works on, and when two answers to it are the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Task:
    """One thing that users do.

    Attributes
    ----------
    title
        What the table calls it.
    subject
        What it works on: what every adapter's ``make`` is asked for.
    plain
        From what an adapter answers to numbers that must be the same for all.
    indexed
        Whether it is also measured on a subject that an earlier question has warmed up.
    """

    title: str
    subject: str = "skeleton"
    plain: Callable[[Any], object] = np.asarray
    indexed: bool = True


def distal_ends(paths: list[np.ndarray]) -> np.ndarray:
    """First vertices of paths; some count the root as a path of its own and some do not."""
    return np.sort([path[0] for path in paths if len(path) > 1 or path[0] != 0])


def longest_first(paths: list[np.ndarray]) -> np.ndarray:
    """Where all paths begin, and all of the one from the farthest tip to the root."""
    longest = max(paths, key=lambda path: (path[-1] == 0, len(path)))
    return np.concatenate((np.sort([path[0] for path in paths]), longest))


def ends_without_root(rows: Any) -> np.ndarray:
    """Some count the root among the branch points and some do not."""
    return np.sort(np.setdiff1d(np.concatenate(rows), [0]))


def nothing(_: Any) -> int:
    """For tasks whose answer another task looks into."""
    return 0


TASKS = {
    "build_skeleton": Task("build a skeleton with synapses", "arrays", nothing, False),
    "build_cell": Task("build the whole cell", "arrays", nothing, False),
    "save_skeleton": Task("save skeleton cell", "skeleton", nothing, False),
    "load_skeleton": Task("load skeleton cell", "skeleton file", float, False),
    "save_cell": Task("save whole cell", "cell", nothing, False),
    "load_cell": Task("load whole cell", "cell file", float, False),
    "cable_length": Task("cable length", plain=float),
    "distance_to_root": Task("distance to root, all"),
    "branch_and_end_points": Task("branch and end points", plain=ends_without_root),
    "segments": Task("segments", plain=distal_ends),
    "cover_paths": Task("cover paths", plain=longest_first),
    "strahler": Task("Strahler number"),
    "path_between": Task("path between two"),
    "distances_between": Task("1000 × 1000 path distances"),
    "reroot": Task("reroot"),
    "subtree": Task("one subtree", plain=np.sort),
    "sums_below": Task("synapses below each vertex"),
    "betweenness": Task("synapse betweenness"),
    "axon": Task("axon by synapse flow"),
    "synapses_around": Task("synapses within a path radius"),
    "smooth": Task("smooth features"),
    "mask_skeleton": Task("mask a skeleton cell", plain=int, indexed=False),
    "copy_skeleton": Task("copy skeleton cell", plain=int, indexed=False),
    "transform_skeleton": Task("transform skeleton cell", plain=float, indexed=False),
    "mask_cell": Task("mask the whole cell", "cell", int, False),
    "copy_cell": Task("copy whole cell", "cell", int, False),
    "transform_cell": Task("transform whole cell", "cell", float, False),
    "annotations_to_skeleton": Task("annotations → skeleton", "cell", indexed=False),
    "mask_to_mesh": Task("skeleton mask → mesh", "cell", np.sum, False),
    "mesh_to_skeleton": Task("mesh values → skeleton (mean)", "cell", indexed=False),
    "nearest": Task("nearest vertices", "cell", indexed=False),
}

# Tasks that ask about one tree: what a compiled peer does in one call each.
TREE_TASKS = tuple(name for name, task in TASKS.items() if task.indexed)


def agree(first: object, second: object) -> bool:
    """Whether two plain answers are the same; peers that measure in float32 are off by a little."""
    one, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    return one.shape == other.shape and np.allclose(one, other, rtol=1e-3, atol=1, equal_nan=True)
