"""Skeletons of fewer vertices that branch as they did."""

from __future__ import annotations

import operator
from typing import Any, Literal, overload

import numpy as np

from ossify._frozen import freeze
from ossify._typing import BoolArray
from ossify.algorithms.pruning import held
from ossify.algorithms.subject import Subject, skeleton_of, with_skeleton
from ossify.layers.geometry import EmbeddedTree
from ossify.layers.skeleton import SkeletonLayer
from ossify.topology import thinning
from ossify.topology.selection import Selection
from ossify.topology.thinning import Thinned


@overload
def simplify(
    cell: Subject,
    tolerance: float | None = ...,
    *,
    factor: int | None = ...,
    keep: Any = ...,
    return_cable_lengths: Literal[False] = ...,
    as_positional: bool = ...,
) -> Subject: ...


@overload
def simplify(
    cell: Subject,
    tolerance: float | None = ...,
    *,
    factor: int | None = ...,
    keep: Any = ...,
    return_cable_lengths: Literal[True],
    as_positional: bool = ...,
) -> tuple[Subject, float, float]: ...


def simplify(
    cell: Subject,
    tolerance: float | None = None,
    *,
    factor: int | None = None,
    keep: Any = None,
    return_cable_lengths: bool = False,
    as_positional: bool = False,
) -> Subject | tuple[Subject, float, float]:
    """Leave out vertices and keep the branches: roots, branch points and end points all stay.

    Parameters
    ----------
    cell
        A cell with a skeleton, or a skeleton.
    tolerance
        How far what is left out may be from the straight line that replaces it, in the unit of
        the skeleton. Lines are cut at the vertex farthest from them until none is farther (Ramer
        1972; Douglas & Peucker 1973).
    factor
        Instead: of the vertices between two that stay anyway, keep every n-th, counted outwards
        from the root.
    keep
        What stays as well: vertices of the skeleton, as ids or as one boolean per vertex; or
        those that an annotation, or several in a list of names, sit on.
    return_cable_lengths
        Return the cable length before and after, too. It gets shorter where the cable bends.
    as_positional
        Whether numbers in `keep` mean rows instead of ids.

    Returns
    -------
    Cell or SkeletonLayer
        Of the same kind, with the same roots. What stays keeps its id, coordinates and features.
        What was linked to a vertex that is gone is linked to the nearest one along the cable
        that stayed, of two the one nearer to the root; what such a vertex itself was linked to is
        not known any more. A masked skeleton forgets the whole tree. One vertex stays, and no
        vertices are none.
    before, after : float
        Cable lengths, in the unit of the skeleton; only if asked for.

    Raises
    ------
    ValueError
        If not exactly one of tolerance and factor is given, if the one is negative or the other
        below 1, or if there is no skeleton.
    UnknownLayerError
        If there is no annotation of a name. A KeyError.

    Examples
    --------
    A chain with one bend, at 2.

    >>> xyz = [[0, 0, 0], [1, 0, 0], [2, 0, 0], [2, 1, 0], [2, 2, 0]]
    >>> skeleton = SkeletonLayer("bent", xyz, [[1, 0], [2, 1], [3, 2], [4, 3]])
    >>> simplify(skeleton, 0.1).vertex_index.tolist()
    [0, 2, 4]
    >>> straight, before, after = simplify(skeleton, 5, keep=[1], return_cable_lengths=True)
    >>> straight.edges.tolist(), before, round(after, 3)
    ([[1, 0], [4, 1]], 4.0, 3.236)
    """
    if (tolerance is None) == (factor is None):
        raise ValueError("say what may be left out by tolerance or by factor, one of them")
    skeleton = skeleton_of(cell)
    stays = held(skeleton, keep, as_positional)
    if tolerance is not None:
        stays = _within(skeleton, stays, tolerance)
    else:
        stays |= _every(skeleton, factor)
    embedded = skeleton._embedded
    thin = thinning.thinned(skeleton.tree, embedded.from_root, stays)
    made = _skeleton_of_parts(skeleton, stays, thin)
    linkage = skeleton._siblings.linkage.thinned(skeleton.name, thin.rows, thin.new_row)
    simplified = with_skeleton(cell, made, linkage)
    if not return_cable_lengths:
        return simplified
    return simplified, embedded.cable_length(), made.cable_length()


def _within(skeleton: SkeletonLayer, is_held: BoolArray, tolerance: float) -> BoolArray:
    if not tolerance >= 0:
        raise ValueError(f"tolerance must be a length that is not negative, not {tolerance!r}")
    return thinning.within_tolerance(skeleton.tree, skeleton.vertices, is_held, tolerance)


def _every(skeleton: SkeletonLayer, factor: Any) -> BoolArray:
    whole = operator.index(factor)
    if whole < 1:
        raise ValueError(f"factor must be at least 1, not {factor!r}")
    return thinning.every(skeleton.tree, whole)


def _skeleton_of_parts(skeleton: SkeletonLayer, stays: BoolArray, thin: Thinned) -> SkeletonLayer:
    selection = Selection(stays)
    table = skeleton._table.select(selection)
    root = skeleton._embedded.root
    embedded = EmbeddedTree(
        table.ids,
        freeze(np.asarray(table.points)),
        thin.tree,
        None if root is None else int(selection.new_rows[root]),
    )
    return SkeletonLayer.from_parts(
        skeleton.name, table, embedded, embedded, skeleton.units, skeleton.space
    )
