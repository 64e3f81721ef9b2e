"""How much synaptic flow passes each edge of a tree."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ossify._typing import IntArray
from ossify.errors import TopologyError
from ossify.topology.rooted_tree import RootedTree

_GREATEST = np.iinfo(np.int64).max


def synapse_betweenness(
    tree: RootedTree, pre_count: IntArray, post_count: IntArray
) -> npt.NDArray[np.int64]:
    """Number of paths from an input to an output site that pass the edge above each vertex.

    With *below* meaning at the vertex or downstream of it, this is the presynaptic sites below
    times the postsynaptic ones not below, plus the presynaptic sites not below times the
    postsynaptic ones below (the sum of centripetal and centrifugal synapse flow centrality,
    Schneider-Mizell et al. 2016). Sites in other trees of a forest do not count.

    Parameters
    ----------
    tree
        A rooted tree, or a forest, of V vertices.
    pre_count, post_count
        (V,) number of pre- and postsynaptic sites at each vertex.

    Returns
    -------
    (V,) int64 array
        Exact; 0 at roots.

    Raises
    ------
    TopologyError
        If the counts are not V non-negative integers each.
    OverflowError
        If the sites of one tree are so many that their product does not fit in 64 bits.

    Examples
    --------
    Inputs at the root and outputs at the tip of a chain: all paths pass both edges.

    >>> chain = RootedTree.from_parents([-1, 0, 1])
    >>> synapse_betweenness(chain, np.array([0, 0, 4]), np.array([3, 0, 0])).tolist()
    [0, 12, 12]
    """
    pre_below = _counts_below(tree, pre_count, "presynaptic")
    post_below = _counts_below(tree, post_count, "postsynaptic")
    _check_products(pre_below[tree.roots], post_below[tree.roots])
    pre_above = _of_component(tree, pre_below) - pre_below
    post_above = _of_component(tree, post_below) - post_below
    # No sum is greater than the product of the two totals, which was found to fit.
    pre_below *= post_above
    pre_above *= post_below
    pre_below += pre_above
    return pre_below


def _counts_below(tree: RootedTree, count: IntArray, kind: str) -> npt.NDArray[np.int64]:
    counts = np.asarray(count)
    if counts.shape != (tree.n_vertices,) or counts.dtype.kind not in "iub":
        raise TopologyError(
            f"the {kind} counts must be {tree.n_vertices} integers, one per vertex, "
            f"not an array of {counts.dtype} with shape {counts.shape}"
        )
    if counts.dtype.kind == "i" and np.min(counts, initial=0) < 0:
        row = int(np.argmin(counts))
        raise TopologyError(f"row {row} has {counts[row]} {kind} sites", rows=[row])
    below: npt.NDArray[np.int64] = tree.subtree_sums(counts).astype(np.int64, copy=False)
    return below


def _of_component(tree: RootedTree, values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Each vertex's value at its root; a single one where all have the same root."""
    return values[tree.roots] if len(tree.roots) == 1 else values[tree.component_root]


def _check_products(pre_total: IntArray, post_total: IntArray) -> None:
    for pre, post in zip(pre_total.tolist(), post_total.tolist(), strict=True):
        if pre * post > _GREATEST:
            raise OverflowError(
                f"{pre} presynaptic times {post} postsynaptic sites exceed 64 bits: "
                "give counts of sites, not sums of sizes"
            )
