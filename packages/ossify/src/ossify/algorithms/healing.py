"""Skeletons in pieces made whole."""

from __future__ import annotations

from typing import Literal, overload

import numpy as np
import pandas as pd

from ossify._frozen import freeze
from ossify._typing import FloatArray
from ossify.algorithms.subject import Subject, skeleton_of, with_skeleton
from ossify.layers.geometry import EmbeddedTree
from ossify.layers.skeleton import SkeletonLayer
from ossify.topology.gaps import shortest_gaps
from ossify.topology.joining import joined_trees
from ossify.topology.rooted_tree import RootedTree
from ossify.topology.sparse_graph import parent_edge_lengths


@overload
def heal(
    cell: Subject, max_distance: float | None = ..., *, return_joins: Literal[False] = ...
) -> Subject: ...


@overload
def heal(
    cell: Subject, max_distance: float | None = ..., *, return_joins: Literal[True]
) -> tuple[Subject, pd.DataFrame]: ...


def heal(
    cell: Subject, max_distance: float | None = None, *, return_joins: bool = False
) -> Subject | tuple[Subject, pd.DataFrame]:
    """Join the pieces of a skeleton by the shortest gaps between them.

    The gaps are those of a minimum spanning tree over the pieces, where two pieces are as far
    apart as their nearest two vertices. Each is closed by an edge between these.

    Parameters
    ----------
    cell
        A cell with a skeleton, or a skeleton.
    max_distance
        Gaps that are longer stay open, in the unit of the skeleton. None: there is no limit, and
        one piece is left.
    return_joins
        Return what was joined, too.

    Returns
    -------
    Cell or SkeletonLayer
        Of the same kind, with the same vertices, ids, features, annotations and links. One piece,
        or no vertices, have nothing to join; pieces that touch have a gap of 0. Of pieces
        that are joined, the one with the stated root keeps its root, or else the one with the
        most vertices; edges of the others turn round where they have to. If one root is left, it
        is the stated one. A masked skeleton forgets the whole tree.
    joins : DataFrame
        Only if asked for. A row for every new edge, the shortest first: ``vertex`` and ``parent``
        (vertex ids), ``length`` in the unit of the skeleton, and ``n_vertices``, the number of
        vertices of the piece that `vertex` was in.

    Raises
    ------
    ValueError
        If the distance is negative or no number, or there is no skeleton.

    Examples
    --------
    The pieces 0 - 1 and 2 - 3, of which 1 and 3 are nearest to each other.

    >>> xyz = [[0, 0, 0], [5, 0, 0], [9, 0, 0], [7, 0, 0]]
    >>> skeleton = SkeletonLayer("skeleton", xyz, [[1, 0], [3, 2]], root=0)
    >>> healed, joins = heal(skeleton, return_joins=True)
    >>> healed.edges.tolist(), healed.cable_length()
    ([[1, 0], [2, 3], [3, 1]], 9.0)
    >>> joins.to_dict("records")
    [{'vertex': 3, 'parent': 1, 'length': 2.0, 'n_vertices': 2}]
    >>> len(heal(skeleton, max_distance=1).roots)
    2
    """
    limit = np.inf if max_distance is None else max_distance
    if not limit >= 0:
        raise ValueError(f"max_distance must be a length or None, not {max_distance!r}")
    skeleton = skeleton_of(cell)
    before = skeleton._embedded
    gaps = shortest_gaps(before.tree, before.points, limit)
    tree, hung = joined_trees(before.tree, gaps.first, gaps.second, before.root)
    root = before.root
    if root is None and len(tree.roots) == 1:
        root = int(tree.roots[0])
    after = EmbeddedTree(before.ids, before.points, tree, root, cable=_cable(before, tree))
    healed = with_skeleton(
        cell,
        SkeletonLayer.from_parts(
            skeleton.name, skeleton._table, after, after, skeleton.units, skeleton.space
        ),
    )
    if not return_joins:
        return healed
    holds = np.where(gaps.first == hung, gaps.second, gaps.first)
    in_tree = np.bincount(before.tree.component_root, minlength=len(before.points))
    joins = pd.DataFrame(
        {
            "vertex": before.ids.ids[hung],
            "parent": before.ids.ids[holds],
            "length": gaps.length,
            "n_vertices": in_tree[before.tree.component_root[hung]],
        }
    )
    return healed, joins


def _cable(before: EmbeddedTree, tree: RootedTree) -> FloatArray | None:
    """Lengths that are not straight, of an edge that has turned round from its other end."""
    if before.cable is None:
        return None
    old, new = before.tree.parent, tree.parent
    turned = (new >= 0) & (np.take(old, new) == np.arange(len(new)))
    straight = parent_edge_lengths(before.points, new)
    same = np.where(old == new, before.cable, straight)
    return freeze(np.where(turned, np.take(before.cable, new), same))
