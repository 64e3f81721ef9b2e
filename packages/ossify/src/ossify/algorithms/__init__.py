"""Functions over cells and skeletons; arrays come back in vertex order."""

from ossify.algorithms.aggregation import (
    path_to_root_aggregate,
    segment_aggregate,
    subtree_aggregate,
)
from ossify.algorithms.branching import branch_order, strahler_number
from ossify.algorithms.densities import synapse_density
from ossify.algorithms.healing import heal
from ossify.algorithms.morphometrics import morphometrics, morphometrics_definitions
from ossify.algorithms.paths import root_connected_mask
from ossify.algorithms.persistence import persistence
from ossify.algorithms.pruning import prune
from ossify.algorithms.segregation import segregation_index
from ossify.algorithms.sholl_profile import sholl
from ossify.algorithms.simplification import simplify
from ossify.algorithms.smoothing import smooth_features
from ossify.algorithms.spectral_split import label_axon_from_spectral_split
from ossify.algorithms.synapse_flow import label_axon_from_synapse_flow, synapse_betweenness

__all__ = [
    "branch_order",
    "heal",
    "label_axon_from_spectral_split",
    "label_axon_from_synapse_flow",
    "morphometrics",
    "morphometrics_definitions",
    "path_to_root_aggregate",
    "persistence",
    "prune",
    "root_connected_mask",
    "segment_aggregate",
    "segregation_index",
    "sholl",
    "simplify",
    "smooth_features",
    "strahler_number",
    "subtree_aggregate",
    "synapse_betweenness",
    "synapse_density",
]
