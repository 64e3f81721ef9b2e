"""Compartments of a neuron, numbered as in SWC files and in CAVE's skeletons."""

from __future__ import annotations

from enum import IntEnum


class Compartment(IntEnum):
    """The part of the neuron that a vertex belongs to.

    0 to 4 are what reconstructions are labelled with; 5 to 7 are further codes of SWC files.
    """

    UNDEFINED = 0
    SOMA = 1
    AXON = 2
    DENDRITE = 3
    APICAL_DENDRITE = 4
    CUSTOM = 5
    UNSPECIFIED_NEURITE = 6
    GLIA = 7

    @property
    def title(self) -> str:
        """The name as it is written for a reader.

        >>> Compartment.APICAL_DENDRITE.title
        'apical dendrite'
        """
        return self.name.lower().replace("_", " ")
