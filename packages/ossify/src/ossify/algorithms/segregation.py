"""Pre- and postsynaptic sites, and how well they are segregated."""

from __future__ import annotations

import numpy as np

from ossify._typing import BoolArray, IntArray
from ossify.layers.skeleton import SkeletonLayer


def segregation_index(
    axon_pre: int, axon_post: int, dendrite_pre: int, dendrite_post: int
) -> float:
    """How well a split separates pre- from postsynaptic sites.

    One minus the entropy of the kind of a site when its side is known, weighted by the sites of
    each side, over the entropy when it is not.

    Parameters
    ----------
    axon_pre, axon_post, dendrite_pre, dendrite_post
        The number of pre- and postsynaptic sites on the axon and on the dendrite.

    Returns
    -------
    float
        From 0, the same mix on both sides, to 1, each kind on a side of its own. 0 if there are
        no presynaptic or no postsynaptic sites at all.

    Raises
    ------
    ValueError
        If a number is negative, NaN or infinite.

    Examples
    --------
    >>> segregation_index(10, 0, 0, 10), segregation_index(5, 5, 5, 5)
    (1.0, 0.0)
    """
    counts = np.array([[axon_pre, axon_post], [dendrite_pre, dendrite_post]], dtype=np.float64)
    if not ((counts >= 0) & np.isfinite(counts)).all():
        raise ValueError(
            f"numbers of sites cannot be negative, NaN or infinite: {counts.ravel().tolist()}"
        )
    kinds = counts.sum(axis=0)
    if (kinds == 0).any():
        return 0.0
    sides = counts.sum(axis=1)
    split = sum(
        total * _entropy(pre / total)
        for total, pre in zip(sides, counts[:, 0], strict=True)
        if total
    )
    unsplit = sides.sum() * _entropy(kinds[0] / sides.sum())
    # An uninformative split can come out a rounding error below 0.
    return max(float(1 - split / unsplit), 0.0)


def _entropy(p: float) -> float:
    """Entropy, in bits, of a choice between two of which one has probability p."""
    if p in (0, 1):
        return 0.0
    return float(-p * np.log2(p) - (1 - p) * np.log2(1 - p))


def checked_threshold(threshold: float) -> float:
    """A least segregation index, which NaN is not: nothing would be less than it, nor more."""
    if np.isnan(threshold):
        raise ValueError(f"segregation_index_threshold must be a number, not {threshold!r}")
    return threshold


def site_counts(skeleton: SkeletonLayer, rows: IntArray) -> IntArray:
    """(V,) number of sites at each vertex."""
    return np.bincount(rows, minlength=skeleton.n_vertices)


def index_of(is_axon: BoolArray, pre: IntArray, post: IntArray) -> float:
    """The `segregation_index` of sites, given what is axon and how many each vertex has."""
    return segregation_index(
        int(pre[is_axon].sum()),
        int(post[is_axon].sum()),
        int(pre[~is_axon].sum()),
        int(post[~is_axon].sum()),
    )
