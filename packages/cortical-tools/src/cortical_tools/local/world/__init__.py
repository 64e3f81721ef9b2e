"""A small world that never was: neurons, their synapses, and how they were proofread."""

from cortical_tools.local.world.make import make_world

__all__ = ["make_world"]
