"""Axon and dendrite told apart by where densities of synapses, spread along the cable, balance."""

from __future__ import annotations

from typing import Any, Literal, overload

import numpy as np

from ossify._typing import BoolArray, FloatArray, IntArray
from ossify.algorithms.segregation import checked_threshold, index_of, site_counts
from ossify.algorithms.subject import site_rows, skeleton_of
from ossify.cell.cell import Cell
from ossify.layers.skeleton import SkeletonLayer
from ossify.topology.patch_cuts import cut_where_it_pays
from ossify.topology.segments import segment_of
from ossify.topology.smoothing import smoothed
from ossify.topology.within_reach import sums_within


@overload
def label_axon_from_spectral_split(
    cell: Cell | SkeletonLayer,
    pre_syn: Any = ...,
    post_syn: Any = ...,
    aggregation_distance: float = ...,
    smoothing_alpha: float = ...,
    axon_bias: float = ...,
    raw_split: bool = ...,
    extend_feature_to_segment: bool = ...,
    max_times: int | None = ...,
    segregation_index_threshold: float = ...,
    return_segregation_index: Literal[False] = ...,
    as_positional: bool = ...,
) -> BoolArray: ...


@overload
def label_axon_from_spectral_split(
    cell: Cell | SkeletonLayer,
    pre_syn: Any = ...,
    post_syn: Any = ...,
    aggregation_distance: float = ...,
    smoothing_alpha: float = ...,
    axon_bias: float = ...,
    raw_split: bool = ...,
    extend_feature_to_segment: bool = ...,
    max_times: int | None = ...,
    segregation_index_threshold: float = ...,
    *,
    return_segregation_index: Literal[True],
    as_positional: bool = ...,
) -> tuple[BoolArray, float]: ...


def label_axon_from_spectral_split(
    cell: Cell | SkeletonLayer,
    pre_syn: Any = "pre_syn",
    post_syn: Any = "post_syn",
    aggregation_distance: float = 1,
    smoothing_alpha: float = 0.99,
    axon_bias: float = 0,
    raw_split: bool = False,
    extend_feature_to_segment: bool = True,
    max_times: int | None = None,
    segregation_index_threshold: float = 0.5,
    return_segregation_index: bool = False,
    as_positional: bool = False,
) -> BoolArray | tuple[BoolArray, float]:
    """Tell the axon from the dendrite by where outputs are denser than inputs.

    The density of presynaptic sites, and that of postsynaptic ones, is the number of sites within
    `aggregation_distance` over the summed `half_edge_length` of the vertices there. Both are
    spread along the skeleton as `smooth_features` does. The *raw split* is where the first, and
    `axon_bias`, exceed the second: it makes patches, of which many may be small.

    Of the edges between patches those are cut that tell the sites apart. First, every tree has
    the label of its root in the raw split; a cut above a patch gives the patch, and all below it
    as far as other cuts, the label that it has in the raw split. One cut after another is made,
    each the one that raises the `segregation_index` of axon and rest most, while that saves more
    bits of entropy than the binary logarithm of the number of patches: what it takes to name the
    patch (minimum description length, Rissanen 1978).

    Parameters
    ----------
    cell
        A cell with a skeleton, or a skeleton.
    pre_syn, post_syn
        The name of an annotation, or the skeleton vertex id of each site. Sites of an annotation
        that map to nothing on the skeleton do not count.
    aggregation_distance
        The greatest path length, in the units of the skeleton. The default leaves it to the
        smoothing to look around.
    smoothing_alpha
        How far densities spread, as in `smooth_features`.
    axon_bias
        Added to the presynaptic density, in sites per unit of length: a positive one makes the
        axon greater.
    raw_split
        Return the raw split.
    extend_feature_to_segment
        Give every segment one label: axon if more than half of its vertices are.
    max_times
        How many cuts to make at most; None for as many as tell sites apart.
    segregation_index_threshold
        Nothing is axon unless the segregation index of the cuts reaches this. Raw splits are
        not held to it.
    return_segregation_index
        Return the `segregation_index` of axon and rest, too.
    as_positional
        Whether numbers mean rows of the skeleton instead of ids.

    Returns
    -------
    is_axon : (V,) boolean array
        In vertex order. Nothing is axon where there are no presynaptic or no postsynaptic sites,
        unless the threshold is 0: then a tree without postsynaptic sites is axon. Several
        trees, whether or not their root is masked out, are labelled together. No vertices have
        no labels.
    segregation_index : float
        Only if asked for. 0 where nothing is axon.

    Raises
    ------
    UnknownLayerError
        If there is no annotation of a name. A KeyError.
    UnknownVertexError
        If a vertex is not there. A KeyError.
    ValueError
        If there is no skeleton, a distance is negative, alpha is not from 0 to 1, 1 excluded, the
        threshold is NaN, or `max_times` is less than 1.

    Examples
    --------
    Outputs are at the far end of a chain of 40 vertices, and inputs near the root.

    >>> xyz = [[x, 0, 0] for x in range(40)]
    >>> skeleton = SkeletonLayer("chain", xyz, [[x, x - 1] for x in range(1, 40)])
    >>> is_axon = label_axon_from_spectral_split(
    ...     skeleton, pre_syn=[30, 32, 34], post_syn=[5, 7, 9], extend_feature_to_segment=False
    ... )
    >>> is_axon.nonzero()[0].tolist() == list(range(20, 40))
    True
    """
    if max_times is not None and max_times < 1:
        raise ValueError(f"max_times must be at least 1, not {max_times}")
    if not aggregation_distance >= 0:
        raise ValueError(f"aggregation_distance cannot be negative, as {aggregation_distance} is")
    least = checked_threshold(segregation_index_threshold)
    skeleton = skeleton_of(cell)
    pre = site_counts(skeleton, site_rows(skeleton, pre_syn, as_positional))
    post = site_counts(skeleton, site_rows(skeleton, post_syn, as_positional))
    density = _densities(skeleton, pre, post, aggregation_distance)
    spread = smoothed(skeleton.tree, density, smoothing_alpha)
    is_axon = spread[:, 0] + axon_bias > spread[:, 1]
    if not raw_split:
        is_axon = cut_where_it_pays(skeleton.tree, is_axon, pre, post, max_times)
        if extend_feature_to_segment:
            is_axon = _mostly(skeleton, is_axon)
        if index_of(is_axon, pre, post) < least:
            is_axon = np.zeros(skeleton.n_vertices, dtype=np.bool_)
    if not return_segregation_index:
        return is_axon
    return is_axon, index_of(is_axon, pre, post)


def _densities(
    skeleton: SkeletonLayer, pre: IntArray, post: IntArray, distance: float
) -> FloatArray:
    """(V, 2) sites per unit of cable around each vertex."""
    columns = np.stack((pre, post, skeleton.half_edge_length), axis=1)
    around = sums_within(skeleton.tree, skeleton._embedded.steps, columns, distance)
    cable = around[:, 2:]
    # Where there is no cable at all, in a tree of one place, numbers compare as well.
    return np.divide(around[:, :2], cable, out=around[:, :2].copy(), where=cable > 0)


def _mostly(skeleton: SkeletonLayer, found: BoolArray) -> BoolArray:
    """Every segment of which more than half was found."""
    number = segment_of(skeleton.tree)
    share = 2 * np.bincount(number, found) > np.bincount(number)
    return np.asarray(share[number])
