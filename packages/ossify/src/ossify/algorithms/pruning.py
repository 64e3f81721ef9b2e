"""Skeletons without their short twigs."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ossify._typing import BoolArray
from ossify.algorithms.subject import Subject, site_rows, skeleton_of
from ossify.cell.cell import Cell
from ossify.layers.skeleton import SkeletonLayer
from ossify.topology.pruning import without_twigs


def prune(
    cell: Subject,
    min_length: float | None = None,
    *,
    min_hops: int | None = None,
    keep: Any = None,
    recursive: bool = False,
    as_positional: bool = False,
) -> Subject:
    """Take off twigs that are too short.

    A twig is what lies between an end point and the first branch point above it, that one not
    included. Its length is the path length from the end point to the branch point, its hops are
    the edges in between. What runs from an end point to a root without branching is no twig, so
    that no tree disappears.

    Parameters
    ----------
    cell
        A cell with a skeleton, or a skeleton. In a masked skeleton, branch points and roots are
        those that are left.
    min_length
        The length that a twig must have to stay, in the unit of the skeleton.
    min_hops
        The number of edges that it must have. If both are given, it must have both.
    keep
        What a twig stays for, however short: the name of an annotation, several names in a list,
        or vertices of the skeleton, as ids or as one boolean per vertex.
    recursive
        Whether to look again, at what are twigs then, until none is too short. Otherwise all
        twigs are judged once, on the tree as it is.
    as_positional
        Whether numbers in `keep` mean rows instead of ids.

    Returns
    -------
    Cell or SkeletonLayer
        As `apply_mask` gives it: masked, and with it everything that is linked to the skeleton;
        what is linked but maps to nothing goes as well, and `describe` counts it. Ids are kept.
        The original is not changed. One vertex stays, and no vertices are none.

    Raises
    ------
    ValueError
        If neither length nor hops are given, or one is negative or no number, or there is no
        skeleton.
    UnknownLayerError
        If there is no annotation of a name. A KeyError.

    Examples
    --------
    The twig 3 is 1 long, and the twig from 4 to the branch point 1 is 2 long.

    >>> xyz = [[0, 0, 0], [1, 0, 0], [2, 0, 0], [1, 1, 0], [3, 0, 0]]
    >>> skeleton = SkeletonLayer("y", xyz, [[1, 0], [2, 1], [3, 1], [4, 2]])
    >>> prune(skeleton, 2).vertex_index.tolist()
    [0, 1, 2, 4]
    >>> prune(skeleton, 2, keep=[3]).vertex_index.tolist()
    [0, 1, 2, 3, 4]
    """
    if min_length is None and min_hops is None:
        raise ValueError("say how long twigs must be to stay: min_length, min_hops, or both")
    if not (min_length or 0) >= 0 or (min_hops or 0) < 0:
        raise ValueError(
            f"what twigs must have to stay cannot be negative or NaN: min_length={min_length!r}, "
            f"min_hops={min_hops!r}"
        )
    skeleton = skeleton_of(cell)
    stays = without_twigs(
        skeleton.tree,
        skeleton._embedded.from_root,
        held(skeleton, keep, as_positional),
        min_length=0.0 if min_length is None else min_length,
        min_hops=0 if min_hops is None else operator.index(min_hops),
        recursive=recursive,
    )
    if isinstance(cell, Cell):
        return cell.apply_mask(skeleton.name, stays)
    return cell.apply_mask(stays)


def held(skeleton: SkeletonLayer, keep: Any, as_positional: bool) -> BoolArray:
    """(V,) True for the vertices that are named, or that named annotations sit on.

    Parameters
    ----------
    skeleton
        The skeleton of V vertices.
    keep
        The name of an annotation, several names in a list, or vertices; None for nothing.
    as_positional
        Whether numbers mean rows instead of ids.
    """
    is_held = np.zeros(skeleton.n_vertices, dtype=np.bool_)
    if keep is None:
        return is_held
    several = isinstance(keep, (list, tuple, set)) and any(isinstance(one, str) for one in keep)
    for sites in keep if several else [keep]:
        is_held[site_rows(skeleton, sites, as_positional)] = True
    return is_held
