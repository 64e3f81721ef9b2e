"""Neuron morphology as one object: skeleton, mesh and graph, annotations, and their links."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ossify import algorithms, structured_prediction
from ossify._version import __version__
from ossify.algorithms import (
    branch_order,
    label_axon_from_spectral_split,
    label_axon_from_synapse_flow,
    path_to_root_aggregate,
    root_connected_mask,
    segment_aggregate,
    segregation_index,
    smooth_features,
    strahler_number,
    subtree_aggregate,
    synapse_betweenness,
)
from ossify.cell.cell import Cell
from ossify.cell.manager import LayerManager
from ossify.examples import example_cell
from ossify.io.cave import (
    fetch_frames_batch,
    load_cell_batch_from_client,
    load_cell_from_client,
)
from ossify.io.cell_files import CellFiles
from ossify.io.meshwork_h5 import import_legacy_meshwork
from ossify.io.navis_neurons import to_navis
from ossify.io.osy import load_cell, open_cell, save_cell
from ossify.io.swc import (
    SWC_APICAL_DENDRITE,
    SWC_AXON,
    SWC_CUSTOM,
    SWC_DENDRITE,
    SWC_GLIA,
    SWC_SOMA,
    SWC_UNDEFINED,
    SWC_UNSPECIFIED_NEURITE,
    SWCCompartment,
    export_swc,
    export_swc_dataframe,
    load_swc,
)
from ossify.layers.graph import GraphLayer
from ossify.layers.mesh import MeshLayer
from ossify.layers.points import PointCloudLayer
from ossify.layers.skeleton import SegmentGraph, SkeletonLayer
from ossify.links import Link

if TYPE_CHECKING:
    from ossify import plot
    from ossify.plot import add_scale_bar, plot_mesh_2d, plot_morphology_2d

__all__ = [  # noqa: RUF022 as sorted() has it
    "Cell",
    "CellFiles",
    "GraphLayer",
    "LayerManager",
    "Link",
    "MeshLayer",
    "PointCloudLayer",
    "SWCCompartment",
    "SWC_APICAL_DENDRITE",
    "SWC_AXON",
    "SWC_CUSTOM",
    "SWC_DENDRITE",
    "SWC_GLIA",
    "SWC_SOMA",
    "SWC_UNDEFINED",
    "SWC_UNSPECIFIED_NEURITE",
    "SegmentGraph",
    "SkeletonLayer",
    "__version__",
    "add_scale_bar",
    "algorithms",
    "branch_order",
    "example_cell",
    "export_swc",
    "export_swc_dataframe",
    "fetch_frames_batch",
    "import_legacy_meshwork",
    "label_axon_from_spectral_split",
    "label_axon_from_synapse_flow",
    "load_cell",
    "load_cell_batch_from_client",
    "load_cell_from_client",
    "load_swc",
    "open_cell",
    "path_to_root_aggregate",
    "plot",
    "plot_mesh_2d",
    "plot_morphology_2d",
    "root_connected_mask",
    "save_cell",
    "segment_aggregate",
    "segregation_index",
    "smooth_features",
    "strahler_number",
    "structured_prediction",
    "subtree_aggregate",
    "synapse_betweenness",
    "to_navis",
]

_PICTURES = frozenset({"add_scale_bar", "plot", "plot_mesh_2d", "plot_morphology_2d"})


def __getattr__(name: str) -> Any:
    # Pictures are for those who look at them: the rest of the process does not wait for them.
    if name in _PICTURES:
        pictures = importlib.import_module("ossify.plot")
        return pictures if name == "plot" else getattr(pictures, name)
    if name == "testing":
        return importlib.import_module("ossify.testing")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_PICTURES, "testing"})
