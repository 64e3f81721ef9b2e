"""Everything public that works on whole cells, called once each, to see how its time grows."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from tasks import Arrays

import ossify
from ossify import Cell, algorithms
from ossify import structured_prediction as prediction

Operation = Callable[[Cell, Arrays], object]


def on_skeleton(method: str, *arguments: Any, **options: Any) -> Operation:
    """A method of the skeleton."""
    return lambda cell, _: getattr(cell.skeleton, method)(*arguments, **options)


def values_of(layer: str, name: str) -> Operation:
    """A property of a layer."""
    return lambda cell, _: getattr(getattr(cell, layer), name)


def properties(cell: Cell, layers: tuple[str, ...] = ("skeleton", "graph")) -> dict[str, Operation]:
    """Every property of some layers. Those of the mesh copy, and are too quick."""
    return {
        f"{layer}.{name}": values_of(layer, name)
        for layer in layers
        for name in dir(type(getattr(cell, layer)))
        if not name.startswith("_")
        and isinstance(getattr(type(getattr(cell, layer)), name), property)
    }


def _unaries(cell: Cell) -> np.ndarray:
    return np.random.default_rng(0).random((cell.skeleton.n_vertices, 2))


def _labels(cell: Cell) -> np.ndarray:
    return (np.arange(cell.skeleton.n_vertices) // 50) % 3


_SCHEMA = prediction.TransitionSchema(["axon", "dendrite"], default_cost=1.0)

ALGORITHMS: dict[str, Operation] = {
    "absorb_small_compartments": lambda cell, _: prediction.absorb_small_compartments(
        cell, _labels(cell), min_size=40
    ),
    "branch_order": lambda cell, _: algorithms.branch_order(cell),
    "decode_tree": lambda cell, _: prediction.decode_tree(cell, _unaries(cell), _SCHEMA),
    "heal": lambda cell, _: algorithms.heal(cell),
    "label_axon_from_spectral_split": lambda cell, given: algorithms.label_axon_from_spectral_split(
        cell, aggregation_distance=given["reach"]
    ),
    "morphometrics": lambda cell, _: algorithms.morphometrics(cell),
    "path_to_root_aggregate": lambda cell, _: algorithms.path_to_root_aggregate(
        cell, "radius", "max"
    ),
    "persistence": lambda cell, _: algorithms.persistence(cell),
    "prune": lambda cell, _: algorithms.prune(cell, 10_000),
    "root_connected_mask": lambda cell, given: algorithms.root_connected_mask(cell, given["ends"]),
    "segment_aggregate": lambda cell, _: algorithms.segment_aggregate(cell, "radius", "median"),
    "sholl": lambda cell, _: algorithms.sholl(cell, step=10_000),
    "simplify": lambda cell, _: algorithms.simplify(cell, 100),
    "smooth_features": lambda cell, _: algorithms.smooth_features(cell, "radius"),
    "subtree_aggregate": lambda cell, _: algorithms.subtree_aggregate(cell, "radius", "max"),
    "synapse_density": lambda cell, _: algorithms.synapse_density(cell, by=None),
    "tree_absorb_small_compartments": lambda cell, given: prediction.tree_absorb_small_compartments(
        given["parent"], 0, _labels(cell), min_size=40
    ),
    "tree_map_decode": lambda cell, given: prediction.tree_map_decode(
        given["parent"], 0, _unaries(cell), 1.0 - np.eye(2)
    ),
}
# These have a task of their own, or do not look at a cell.
MEASURED_ELSEWHERE = {
    "TransitionSchema",
    "label_axon_from_synapse_flow",
    "morphometrics_definitions",
    "segregation_index",
    "strahler_number",
    "synapse_betweenness",
}

METHODS: dict[str, Operation] = {
    "describe": lambda cell, _: str(cell),
    "features": lambda cell, _: cell.features,
    "mask the graph": lambda cell, _: cell.apply_mask(
        "graph", np.arange(cell.graph.n_vertices) % 10 != 0
    ),
    "save to memory": lambda cell, _: ossify.save_cell(cell, io.BytesIO()),
    "get_features": lambda cell, _: cell.get_features("value", "skeleton"),
    "map by majority": lambda cell, _: cell.mesh.map_features_to_layer(
        "value", "skeleton", "majority"
    ),
    "mesh.csgraph": lambda cell, _: cell.mesh.csgraph,
    "surface_area": lambda cell, _: cell.mesh.surface_area(),
    "mapping_coverage": lambda cell, _: cell.graph.mapping_coverage("pre_syn"),
    "annotations' distance_to_root": lambda cell, _: cell.annotations.pre_syn.distance_to_root(),
    "hops_to_root": on_skeleton("hops_to_root"),
    "child_vertices": on_skeleton("child_vertices"),
    "segments_capped": on_skeleton("segments_capped", 10_000),
    "segment_graph": on_skeleton("segment_graph", features="radius"),
    "resample": on_skeleton("resample", 1_000),
    "proximity_mapping": lambda cell, given: cell.skeleton.proximity_mapping(given["reach"]),
    "aggregate_features by hops": on_skeleton("aggregate_features", "radius", 5),
    "aggregate_features by distance": lambda cell, given: cell.skeleton.aggregate_features(
        "radius", given["reach"], metric="distance"
    ),
    "aggregate_features, weighted": lambda cell, given: cell.skeleton.aggregate_features(
        "radius", given["reach"], metric="distance", weight=np.ones_like
    ),
    "aggregate_features, median, far": on_skeleton(
        "aggregate_features", "radius", 20, agg="median"
    ),
    "aggregate_features on a graph": lambda cell, _: cell.graph.aggregate_features(
        cell.graph.half_edge_length, 3
    ),
    "sholl, fine": lambda cell, _: algorithms.sholl(cell, step=20),
    "synapse density": lambda cell, given: cell.skeleton.map_annotations_to_feature(
        "pre_syn", given["reach"], agg="density"
    ),
}

# Of the methods, those that need no more than a skeleton and synapses, and whose answer is no
# longer where many vertices are close together.
_ON_TREES = (
    *("hops_to_root", "child_vertices", "segments_capped", "segment_graph", "resample"),
    *("aggregate_features by hops", "aggregate_features by distance", "sholl, fine"),
    "synapse density",
)


def tree_operations(cell: Cell) -> dict[str, Operation]:
    """What can be asked of any tree."""
    chosen = {name: METHODS[name] for name in _ON_TREES}
    return ALGORITHMS | chosen | properties(cell, ("skeleton",))


def all_operations(cell: Cell) -> dict[str, Operation]:
    """All of the above; an algorithm that nobody has added here is an error."""
    public = {*algorithms.__all__, *prediction.__all__}
    unknown = public - ALGORITHMS.keys() - MEASURED_ELSEWHERE
    if unknown:
        raise LookupError(f"add these algorithms to {__file__}: {sorted(unknown)}")
    return ALGORITHMS | METHODS | properties(cell)
