"""Files as the release of ossify that runs this writes them.

``python specimens.py JOBS`` takes a JSON list of jobs:

``["build", "ARRAYS.npz", "CELL.osy", [CODE, …]]``
    Builds a cell from arrays such as ``dump.py`` writes. With codes of compartments, it is masked
    to the skeleton vertices that have one of them.
``["again", "CELL.osy", "OTHER.osy", [CODE, …]]``
    Loads, masks, and saves.

Only calls are made that all releases take.
"""

from __future__ import annotations

import json
import sys

import numpy as np
import pandas as pd

import ossify

XYZ = ["x", "y", "z"]
# What is pointed at comes before what points at it.
ORDER = {"skeleton": 0, "graph": 1, "mesh": 2, "points": 3}


def build(arrays):
    """A cell of plain arrays."""
    facts = json.loads(str(arrays["facts"]))
    cell = ossify.Cell(name=facts["name"], meta=facts["meta"])
    for name, found in sorted(facts["layers"].items(), key=lambda item: ORDER[item[1]["type"]]):
        add(cell, name, found, arrays)
    return cell


def add(cell, name, found, arrays):
    """Add one layer with its features and its link."""
    nodes = frame(name, arrays)
    options = {"spatial_columns": XYZ, "linkage": link(name, arrays)}
    if found["type"] == "skeleton":
        cell.add_skeleton(nodes, arrays[f"{name}/edges"], root=found["root"], **options)
    elif found["type"] == "graph":
        cell.add_graph(nodes, arrays[f"{name}/edges"], **options)
    elif found["type"] == "mesh":
        cell.add_mesh(nodes, arrays[f"{name}/faces"], **options)
    else:
        cell.add_point_annotations(name, nodes, **options)


def frame(name, arrays):
    """The vertex table of a layer, its ids in the index."""
    nodes = pd.DataFrame(arrays[f"{name}/points"], arrays[f"{name}/ids"], XYZ)
    start = f"{name}/features/"
    for key in arrays:
        if key.startswith(start):
            nodes[key.removeprefix(start)] = arrays[key]
    return nodes


def link(name, arrays):
    """The link from a layer to the one that it points at, if there is one."""
    for key in arrays:
        kind, *ends = key.split("/")
        if kind == "links" and ends[0] == name:
            return ossify.Link(arrays[key], target=ends[1], map_value_is_index=True)
    return None


def masked(cell, codes):
    """The part of a cell whose skeleton is in some compartments."""
    if not codes:
        return cell
    return cell.apply_mask("skeleton", np.isin(cell.skeleton.get_feature("compartment"), codes))


def source_cell(task, source):
    """The cell that a job starts from."""
    if task == "again":
        return ossify.load_cell(source)
    with np.load(source) as stored:
        return build(dict(stored))


if __name__ == "__main__":
    for task, source, target, codes in json.loads(sys.argv[1]):
        ossify.save_cell(masked(source_cell(task, source), codes), target)
