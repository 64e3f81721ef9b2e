"""The type codes of SWC files: those of `ossify.compartment`, under the names that users write."""

from __future__ import annotations

from ossify.compartment import Compartment

SWCCompartment = Compartment

SWC_UNDEFINED = Compartment.UNDEFINED
SWC_SOMA = Compartment.SOMA
SWC_AXON = Compartment.AXON
SWC_DENDRITE = Compartment.DENDRITE
SWC_APICAL_DENDRITE = Compartment.APICAL_DENDRITE
SWC_CUSTOM = Compartment.CUSTOM
SWC_UNSPECIFIED_NEURITE = Compartment.UNSPECIFIED_NEURITE
SWC_GLIA = Compartment.GLIA
