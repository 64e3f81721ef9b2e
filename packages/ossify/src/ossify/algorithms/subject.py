"""What an algorithm works on."""

from __future__ import annotations

from ossify.cell.cell import Cell
from ossify.errors import UnknownLayerError
from ossify.layers.skeleton import SkeletonLayer


def skeleton_of(subject: Cell | SkeletonLayer) -> SkeletonLayer:
    """The skeleton of a cell, or the skeleton itself.

    Raises
    ------
    UnknownLayerError
        If the cell has no skeleton. A ValueError.
    TypeError
        If it is neither a cell nor a skeleton.
    """
    if isinstance(subject, SkeletonLayer):
        return subject
    if not isinstance(subject, Cell):
        raise TypeError(f"expected a Cell or a SkeletonLayer, not {type(subject).__name__}")
    if subject.skeleton is None:
        raise UnknownLayerError(f"cell {subject.name!r} has no skeleton; add one first")
    return subject.skeleton
