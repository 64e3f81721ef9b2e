"""Cells to try things on: made, not measured."""

from ossify.examples.pyramidal import example_cell

__all__ = ["example_cell"]
