"""Terminal twigs of a tree, and which of them go."""

from __future__ import annotations

import numpy as np

from ossify._typing import BoolArray, FloatArray
from ossify.topology.rooted_tree import RootedTree


def without_twigs(
    tree: RootedTree,
    from_root: FloatArray,
    is_held: BoolArray,
    *,
    min_length: float = 0.0,
    min_hops: int = 0,
    recursive: bool = False,
) -> BoolArray:
    """The vertices that stay when short twigs go.

    A twig is what lies between a tip and the first branch point above it, that one not included.
    A tree that does not branch has none.

    Parameters
    ----------
    tree
        A rooted tree, or a forest, of V vertices.
    from_root
        (V,) distance of each vertex to its root.
    is_held
        (V,) True for vertices whose twigs stay.
    min_length, min_hops
        The path length, and the number of edges, between a tip and the branch point that a twig
        must have to stay.
    recursive
        Whether to look again, at what are twigs then, until none is short.

    Returns
    -------
    (V,) boolean array

    Examples
    --------
    The twig 3 is short, the twig 2, 4 is not.

    >>> tree = RootedTree.from_parents([-1, 0, 1, 1, 2])
    >>> without_twigs(tree, tree.depth, np.zeros(5, dtype=bool), min_hops=2).tolist()
    [True, True, True, False, True]
    """
    keep = np.ones(tree.n_vertices, dtype=np.bool_)
    left = tree
    while True:
        goes = _short_twigs(left, from_root[keep], is_held[keep], min_length, min_hops)
        keep[keep] = ~goes
        if not (recursive and goes.any()):
            return keep
        left = left.select(~goes)


def _short_twigs(
    tree: RootedTree,
    from_root: FloatArray,
    is_held: BoolArray,
    min_length: float,
    min_hops: int,
) -> BoolArray:
    index = tree.index
    is_twig = (index.last_run == np.arange(index.n_runs)) & (index.run_parent >= 0)
    along = index.in_order(from_root)
    # Runs that start at a root hang on nothing: what is read for them is not used.
    length = along[index.run_stop - 1] - along[index.attach]
    is_short = (length < min_length) | (index.run_length < min_hops)
    n_held = np.bincount(
        index.run_of_place, weights=index.in_order(is_held), minlength=index.n_runs
    )
    goes: BoolArray = index.per_row(index.per_place(is_twig & is_short & (n_held == 0)))
    return goes
