"""The arrays that every adapter is given, made of one cell and written once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tasks import Arrays

from ossify import Cell
from ossify.topology.rooted_tree import RootedTree

SYNAPSES = ("pre_syn", "post_syn")


def write_inputs(cell: Cell, file: Path) -> None:
    """Write a cell, and the questions to ask of it, as plain arrays.

    Rows stand for ids, the root is row 0, and edges are [child, parent].
    """
    skeleton = cell.skeleton
    n = skeleton.n_vertices
    swapped = np.arange(n)
    swapped[[0, skeleton.root_positional]] = skeleton.root_positional, 0
    parent = np.append(swapped, -1)[skeleton.parent_node_array][swapped]
    rows = {
        name: swapped[np.searchsorted(skeleton.vertex_index, layer.map_index_to_layer("skeleton"))]
        for name, layer in _linked(cell).items()
    }
    tree = RootedTree.from_parents(parent)
    arrays = {
        "points": skeleton.vertices[swapped],
        "parent": parent,
        "edges": tree.edges.astype(np.int64),
        "radius": skeleton.get_feature("radius")[swapped],
        "order": tree.index.order,
        "run_start": tree.index.run_start,
        "reach": 10 * np.median(skeleton.half_edge_length),
        **_questions(tree),
        **{f"{name}_row": linked for name, linked in rows.items()},
        **{f"{name}_points": layer.vertices for name, layer in _linked(cell).items()},
    }
    for name in SYNAPSES:
        arrays[f"{name}_count"] = np.bincount(rows[name], minlength=n)
        arrays[f"{name}_graph_id"] = cell.annotations[name].map_index_to_layer("graph")
    arrays |= {"graph_ids": cell.graph.vertex_index, "graph_edges": cell.graph.edges_positional}
    if cell.mesh is not None:
        arrays["mesh_faces"] = cell.mesh.faces_positional
        arrays["mesh_value"] = np.random.default_rng(0).random(cell.mesh.n_vertices)
    np.savez(file, **arrays)


def _linked(cell: Cell) -> dict:
    layers = {name: cell.annotations[name] for name in SYNAPSES} | {"graph": cell.graph}
    return layers if cell.mesh is None else layers | {"mesh": cell.mesh}


def _questions(tree: RootedTree) -> Arrays:
    rng = np.random.default_rng(0)
    below = tree.subtree_sums(np.ones(tree.n_vertices, dtype=np.int64))
    third = np.argmin(np.abs(below - tree.n_vertices // 3))
    return {
        "subtree_row": third,
        "keep": ~tree.subtree_mask([third]),
        "ends": rng.choice(tree.tip_rows, 2, replace=False),
        "thousand": rng.integers(0, tree.n_vertices, 1000),
    }
