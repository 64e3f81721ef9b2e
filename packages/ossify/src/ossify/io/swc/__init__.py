"""SWC files: a line per vertex with its type, place, radius and parent."""

from ossify.io.swc.codes import (
    SWC_APICAL_DENDRITE,
    SWC_AXON,
    SWC_CUSTOM,
    SWC_DENDRITE,
    SWC_GLIA,
    SWC_SOMA,
    SWC_UNDEFINED,
    SWC_UNSPECIFIED_NEURITE,
    SWCCompartment,
)
from ossify.io.swc.reader import load_swc, load_swc_cell
from ossify.io.swc.writer import export_swc, export_swc_dataframe

__all__ = [
    "SWC_APICAL_DENDRITE",
    "SWC_AXON",
    "SWC_CUSTOM",
    "SWC_DENDRITE",
    "SWC_GLIA",
    "SWC_SOMA",
    "SWC_UNDEFINED",
    "SWC_UNSPECIFIED_NEURITE",
    "SWCCompartment",
    "export_swc",
    "export_swc_dataframe",
    "load_swc",
    "load_swc_cell",
]
