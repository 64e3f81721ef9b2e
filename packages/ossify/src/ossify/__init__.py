"""Neuron morphology as one object: skeleton, mesh and graph, annotations, and their links."""

from ossify import algorithms
from ossify._version import __version__
from ossify.algorithms import (
    label_axon_from_synapse_flow,
    segregation_index,
    strahler_number,
    synapse_betweenness,
)
from ossify.cell.cell import Cell
from ossify.cell.manager import LayerManager
from ossify.examples import example_cell
from ossify.io.osy import load_cell, save_cell
from ossify.layers.graph import GraphLayer
from ossify.layers.mesh import MeshLayer
from ossify.layers.points import PointCloudLayer
from ossify.layers.skeleton import SkeletonLayer
from ossify.links import Link

__all__ = [
    "Cell",
    "GraphLayer",
    "LayerManager",
    "Link",
    "MeshLayer",
    "PointCloudLayer",
    "SkeletonLayer",
    "__version__",
    "algorithms",
    "example_cell",
    "label_axon_from_synapse_flow",
    "load_cell",
    "save_cell",
    "segregation_index",
    "strahler_number",
    "synapse_betweenness",
]
