"""Functions over cells and skeletons; arrays come back in vertex order."""

from ossify.algorithms.branching import strahler_number
from ossify.algorithms.synapse_flow import (
    label_axon_from_synapse_flow,
    segregation_index,
    synapse_betweenness,
)

__all__ = [
    "label_axon_from_synapse_flow",
    "segregation_index",
    "strahler_number",
    "synapse_betweenness",
]
