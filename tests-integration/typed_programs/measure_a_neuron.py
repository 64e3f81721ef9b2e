"""Measure, mask and label a cell, as a script of a user's does."""

from typing import Any, assert_type

import numpy as np
import numpy.typing as npt
import pandas as pd

import ossify
from ossify import Cell, GraphLayer, MeshLayer, PointCloudLayer, SegmentGraph, SkeletonLayer

cell = ossify.example_cell(500, mesh=True)
assert_type(cell, Cell)
assert_type(cell.graph, GraphLayer | None)
assert_type(cell.mesh, MeshLayer | None)

skeleton = cell.skeleton
assert_type(skeleton, SkeletonLayer | None)
if skeleton is None:
    raise SystemExit("this cell has no skeleton")

assert_type(skeleton.cable_length(), float)
assert_type(skeleton.n_branch_points, int)
assert_type(skeleton.vertices, npt.NDArray[np.float64])
assert_type(skeleton.vertex_index, npt.NDArray[np.integer[Any]])
assert_type(skeleton.segments, list[npt.NDArray[np.integer[Any]]])
assert_type(skeleton.nodes, pd.DataFrame)
assert_type(skeleton.reroot(skeleton.end_points[0]), SkeletonLayer)
assert_type(skeleton.segment_graph(), SegmentGraph)
assert_type(skeleton.get_feature("compartment"), npt.NDArray[Any])

order: npt.NDArray[np.int64] = ossify.strahler_number(cell)
skeleton.add_feature(order, "strahler").add_feature({"twice": 2 * order})

table = ossify.algorithms.morphometrics(cell, by="compartment")
assert_type(table, pd.DataFrame)
assert_type(ossify.algorithms.prune(cell, min_length=1_000.0), Cell)
assert_type(ossify.algorithms.prune(skeleton, min_length=1_000.0), SkeletonLayer)

axon = skeleton.get_feature("compartment") == 2
assert_type(cell.apply_mask("skeleton", axon), Cell)
with cell.mask_context("skeleton", axon) as part:
    assert_type(part, Cell)

synapses = cell.annotations["pre_syn"]
if isinstance(synapses, PointCloudLayer):
    assert_type(synapses.vertices, npt.NDArray[np.float64])
for name in cell.annotations.names:
    assert_type(name, str)

labels = ossify.label_axon_from_synapse_flow(cell)
assert_type(labels, npt.NDArray[np.bool_])
labels, index = ossify.label_axon_from_synapse_flow(cell, return_segregation_index=True)
assert_type(index, float)
healed, joins = ossify.algorithms.heal(cell, return_joins=True)
assert_type(healed, Cell)
assert_type(joins, pd.DataFrame)
assert_type(ossify.algorithms.heal(skeleton), SkeletonLayer)
