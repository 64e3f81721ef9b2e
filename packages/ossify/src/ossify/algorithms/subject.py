"""What an algorithm works on, and what it gives back of the same kind."""

from __future__ import annotations

from typing import Any, TypeVar

from ossify._typing import IntArray
from ossify.cell.cell import Cell
from ossify.errors import UnknownLayerError
from ossify.layers.skeleton import SkeletonLayer
from ossify.links import Linkage
from ossify.vertex_ids import NO_VERTEX

Subject = TypeVar("Subject", Cell, SkeletonLayer)


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


def with_skeleton(
    subject: Subject, skeleton: SkeletonLayer, linkage: Linkage | None = None
) -> Subject:
    """The same cell, or skeleton among its siblings, with another skeleton.

    Parameters
    ----------
    subject
        What the skeleton came from. It is not changed.
    skeleton
        A skeleton of the same name, which becomes part of the answer.
    linkage
        The links that fit it; None if they are what they were.
    """
    siblings = skeleton_of(subject)._siblings.with_member(skeleton, linkage)
    if isinstance(subject, Cell):
        return subject._with(siblings)
    layer: SkeletonLayer = siblings[skeleton.name]
    return layer


def site_rows(skeleton: SkeletonLayer, sites: Any, as_positional: bool) -> IntArray:
    """The skeleton row of each site, a row once for each site on it.

    Parameters
    ----------
    skeleton
        The skeleton.
    sites
        The name of an annotation, whose sites that map to nothing do not count; or the skeleton
        vertex of each site.
    as_positional
        Whether numbers mean rows instead of ids.

    Raises
    ------
    UnknownLayerError
        If there is no annotation of that name. A KeyError.
    UnknownVertexError
        If a vertex is not there. A KeyError.
    TypeError
        If it is None.
    """
    if sites is None:
        # Elsewhere None means every vertex; a site on each of them is what nobody asks for.
        raise TypeError("sites are the name of an annotation, or vertices; for none pass []")
    if not isinstance(sites, str):
        return skeleton._rows(sites, as_positional)
    rows = skeleton._siblings[sites].map_index_to_layer(
        skeleton.name, as_positional=True, missing=NO_VERTEX
    )
    mapped: IntArray = rows[rows != NO_VERTEX]
    return mapped
