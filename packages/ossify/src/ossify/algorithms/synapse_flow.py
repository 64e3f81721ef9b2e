"""Axon and dendrite told apart by where synapses sit.

Source: Schneider-Mizell et al. 2016, "Quantitative neuroanatomy for connectomics in Drosophila".
"""

from __future__ import annotations

from typing import Any, Literal, overload

import numpy as np
import numpy.typing as npt

from ossify._typing import BoolArray, FloatArray, IntArray
from ossify.algorithms.segregation import checked_threshold, index_of, site_counts
from ossify.algorithms.subject import site_rows, skeleton_of
from ossify.cell.cell import Cell
from ossify.layers.skeleton import SkeletonLayer
from ossify.topology import flow
from ossify.topology.rooted_tree import RootedTree
from ossify.topology.segments import segment_of


def synapse_betweenness(
    skel: Cell | SkeletonLayer, pre_inds: Any, post_inds: Any
) -> npt.NDArray[np.int64]:
    """Number of paths from a postsynaptic to a presynaptic site over the edge above each vertex.

    Parameters
    ----------
    skel
        A skeleton, or a cell with one.
    pre_inds, post_inds
        Skeleton rows of the sites, a row once for each site on it.

    Returns
    -------
    (V,) int64 array
        In vertex order, exact. 0 at roots, and everywhere if there are no sites of one kind. No
        path leads from one tree to another. Without vertices empty.

    Raises
    ------
    UnknownVertexError
        If there is no such row. A KeyError.
    ValueError
        If there is no skeleton.

    Examples
    --------
    >>> skeleton = SkeletonLayer("chain", [[0, 0, 0], [1, 0, 0], [2, 0, 0]], [[1, 0], [2, 1]])
    >>> synapse_betweenness(skeleton, pre_inds=[2, 2], post_inds=[0]).tolist()
    [0, 2, 2]
    """
    skeleton = skeleton_of(skel)
    counts = [site_counts(skeleton, skeleton._rows(rows, True)) for rows in (pre_inds, post_inds)]
    return flow.synapse_betweenness(skeleton.tree, *counts)


@overload
def label_axon_from_synapse_flow(
    cell: Cell | SkeletonLayer,
    pre_syn: Any = ...,
    post_syn: Any = ...,
    extend_feature_to_segment: bool = ...,
    ntimes: int = ...,
    return_segregation_index: Literal[False] = ...,
    segregation_index_threshold: float = ...,
    as_positional: bool = ...,
) -> BoolArray: ...


@overload
def label_axon_from_synapse_flow(
    cell: Cell | SkeletonLayer,
    pre_syn: Any = ...,
    post_syn: Any = ...,
    extend_feature_to_segment: bool = ...,
    ntimes: int = ...,
    *,
    return_segregation_index: Literal[True],
    segregation_index_threshold: float = ...,
    as_positional: bool = ...,
) -> tuple[BoolArray, float]: ...


def label_axon_from_synapse_flow(
    cell: Cell | SkeletonLayer,
    pre_syn: Any = "pre_syn",
    post_syn: Any = "post_syn",
    extend_feature_to_segment: bool = False,
    ntimes: int = 1,
    return_segregation_index: bool = False,
    segregation_index_threshold: float = 0,
    as_positional: bool = False,
) -> BoolArray | tuple[BoolArray, float]:
    """Tell the axon from the dendrite by the flow from inputs to outputs.

    The skeleton is cut above the vertex of greatest `synapse_betweenness`, of several the one
    with the shortest path to the root. The side on which presynaptic sites are the greater
    fraction of all sites is the axon.

    Parameters
    ----------
    cell
        A cell with a skeleton, or a skeleton. Of several trees, or of the pieces that a mask has
        left, a cut falls into one, and the others are not its axon; paths to the root are those
        before the mask.
    pre_syn, post_syn
        The name of an annotation, or the skeleton vertex of each site. Sites of an annotation that
        map to nothing on the skeleton do not count.
    extend_feature_to_segment
        Label the whole segment that the cut falls into.
    ntimes
        How many times to cut, each time what is not axon yet.
    return_segregation_index
        Return the `segregation_index` of axon and rest, too.
    segregation_index_threshold
        Accept a cut only if the segregation index of what it cuts reaches this.
    as_positional
        Whether numbers for sites mean rows instead of ids.

    Returns
    -------
    is_axon : (V,) boolean array
        In vertex order. Nothing is axon where there are no presynaptic sites, or where no cut
        separates sites, as in a single vertex; everything is where there are no postsynaptic
        ones. Without vertices empty.
    segregation_index : float
        Only if asked for. Of the labels as they are: 0 where every cut is refused and nothing is
        axon.

    Raises
    ------
    UnknownLayerError
        If there is no annotation of a name. A KeyError.
    UnknownVertexError
        If a vertex is not there. A KeyError.
    ValueError
        If there is no skeleton, `ntimes` is less than 1, or the threshold is NaN.

    Examples
    --------
    >>> xyz = [[0, 0, 0], [1, 0, 0], [2, 0, 0], [3, 0, 0]]
    >>> skeleton = SkeletonLayer("chain", xyz, [[1, 0], [2, 1], [3, 2]])
    >>> label_axon_from_synapse_flow(skeleton, pre_syn=[3, 3], post_syn=[0, 1]).tolist()
    [False, False, True, True]
    """
    if ntimes < 1:
        raise ValueError(f"ntimes must be at least 1, not {ntimes}")
    least = checked_threshold(segregation_index_threshold)
    skeleton = skeleton_of(cell)
    pre = site_counts(skeleton, site_rows(skeleton, pre_syn, as_positional))
    post = site_counts(skeleton, site_rows(skeleton, post_syn, as_positional))
    only_outputs = pre.any() and not post.any() and least <= 0
    is_axon = np.full(skeleton.n_vertices, only_outputs)
    from_root = skeleton.distance_to_root()
    for _ in range(ntimes):
        found = _axon_of(skeleton.tree, from_root, ~is_axon, pre, post, least)
        if extend_feature_to_segment:
            found = _whole_segments(skeleton.tree, found)
        found &= ~is_axon
        if not found.any():
            break
        is_axon |= found
    if not return_segregation_index:
        return is_axon
    return is_axon, index_of(is_axon, pre, post)


def _axon_of(
    tree: RootedTree,
    from_root: FloatArray,
    keep: BoolArray,
    pre: IntArray,
    post: IntArray,
    threshold: float,
) -> BoolArray:
    """The axon among the kept vertices, by one cut."""
    is_axon = np.zeros(len(keep), dtype=bool)
    kept_pre, kept_post = pre[keep], post[keep]
    if not kept_pre.any() or not kept_post.any():
        return is_axon
    part = tree if keep.all() else tree.select(keep)
    below = _best_cut(part, from_root[keep], kept_pre, kept_post)
    if below is None:
        return is_axon
    same_tree = part.component_root == part.component_root[below[0]]
    distal = np.zeros(part.n_vertices, dtype=bool)
    distal[below] = True
    proximal = same_tree & ~distal
    side = (
        distal
        if _pre_fraction(distal, kept_pre, kept_post)
        >= _pre_fraction(proximal, kept_pre, kept_post)
        else proximal
    )
    if index_of(side[same_tree], kept_pre[same_tree], kept_post[same_tree]) >= threshold:
        is_axon[np.flatnonzero(keep)[side]] = True
    return is_axon


def _best_cut(
    tree: RootedTree, from_root: FloatArray, pre: IntArray, post: IntArray
) -> IntArray | None:
    """Rows of the subtree that the best cut takes off, None if no cut separates sites."""
    betweenness = flow.synapse_betweenness(tree, pre, post)
    greatest = betweenness.max()
    if greatest == 0:
        return None
    best = np.flatnonzero(betweenness == greatest)
    nearest = best[np.argmin(from_root[best])]
    return tree.subtree_rows(int(nearest))


def _pre_fraction(side: BoolArray, pre: IntArray, post: IntArray) -> float:
    n_pre, n_post = pre[side].sum(), post[side].sum()
    return float(n_pre / (n_pre + n_post)) if n_pre + n_post else 0.0


def _whole_segments(tree: RootedTree, found: BoolArray) -> BoolArray:
    """Every segment of which a vertex was found."""
    numbers = segment_of(tree)
    return np.isin(numbers, np.unique(numbers[found]))
