"""Which of the places where labels change divide the sites on a tree best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ossify._typing import BoolArray, FloatArray, IntArray
from ossify.topology.patches import Numbers, patch_heads
from ossify.topology.rooted_tree import RootedTree


def cut_where_it_pays(
    tree: RootedTree,
    proposed: BoolArray,
    pre_count: IntArray,
    post_count: IntArray,
    max_cuts: int | None = None,
) -> BoolArray:
    """Labels that change at few edges, of those at which proposed labels change.

    A patch is a greatest connected set of vertices with one proposed label. At first every tree
    has the label that is proposed for its root. A cut above a patch gives it, and all below it as
    far as the next cuts, the label that is proposed for it. One cut after another is made, each
    the one that saves most, while it saves more than it takes to name it: the binary logarithm of
    the number of patches (minimum description length, Rissanen 1978). What is saved is the
    entropy, in bits, of the kinds of all sites when it is known which label each site has.

    Parameters
    ----------
    tree
        A rooted tree, or a forest, of V vertices.
    proposed
        (V,) labels.
    pre_count, post_count
        (V,) number of sites of the two kinds at each vertex.
    max_cuts
        How many cuts to make at most; None for as many as pay.

    Returns
    -------
    (V,) boolean array

    Notes
    -----
    Every cut looks at all patches again, as it changes what every other would save: the time grows
    with the number of cuts times that of patches. Neurons have few cuts that pay.

    Examples
    --------
    Only the sites at the far end are worth a cut.

    >>> chain = RootedTree.from_parents([-1, 0, 1, 2, 3, 4])
    >>> proposed = np.array([False, True, False, True, True, True])
    >>> pre, post = np.array([0, 0, 0, 5, 5, 5]), np.array([5, 1, 5, 0, 0, 0])
    >>> cut_where_it_pays(chain, proposed, pre, post).tolist()
    [False, False, False, True, True, True]
    """
    heads = patch_heads(tree, proposed)
    if not len(heads.places):
        return np.zeros(0, dtype=np.bool_)
    counts = np.zeros((len(heads.places), 2))
    for column, kind in enumerate((pre_count, post_count)):
        counts[:, column] = np.bincount(heads.patch_of, kind, minlength=len(counts))
    cuts = _Cuts.without(heads.last, heads.parent < 0, proposed[heads.rows], counts)
    fee = np.log2(len(heads.places))
    made = 0
    while (max_cuts is None or made < max_cuts) and cuts.make_the_best(fee):
        made += 1
    return cuts.label[heads.patch_of]


@dataclass(eq=False)
class _Cuts:
    """The labels that some cuts make, by patches in preorder.

    Attributes
    ----------
    last
        (P,) patch after the last below each one.
    owner
        (P,) patch of the cut that has given each one its label.
    free
        (P, 2) sites that would get another label by a cut above each patch.
    labelled
        (2,) sites with the label True.
    """

    last: Numbers
    proposed: BoolArray
    owner: Numbers
    label: BoolArray
    free: FloatArray
    labelled: FloatArray
    total: FloatArray

    @classmethod
    def without(
        cls,
        last: Numbers,
        is_root: BoolArray,
        proposed: BoolArray,
        counts: FloatArray,
    ) -> _Cuts:
        """The labels before the first cut."""
        running = np.zeros((len(counts) + 1, 2))
        np.cumsum(counts, axis=0, out=running[1:])
        owner = np.maximum.accumulate(np.where(is_root, np.arange(len(last)), 0))
        label = proposed[owner]
        return cls(
            last=last,
            proposed=proposed,
            owner=owner,
            label=label,
            free=running[last] - running[:-1],
            labelled=counts[label].sum(axis=0),
            total=running[-1],
        )

    def make_the_best(self, fee: float) -> bool:
        """Make the cut that saves most bits, if it saves more than the fee."""
        changes = np.flatnonzero(self.proposed != self.label)
        if not len(changes):
            return False
        gained = np.where(self.proposed[changes, np.newaxis], 1, -1) * self.free[changes]
        bits = _bits(self.labelled + gained, self.total)
        best = int(np.argmin(bits))
        saved = float(_bits(self.labelled, self.total)) - bits[best]
        # Rounding saves nothing.
        if saved <= fee + 1e-9 * self.total.sum():
            return False
        self._cut(int(changes[best]))
        self.labelled += gained[best]
        return True

    def _cut(self, patch: int) -> None:
        patches = np.arange(len(self.last))
        same = self.owner == self.owner[patch]
        above = same & (patches < patch) & (self.last > patch)
        below = same & (patches >= patch) & (patches < self.last[patch])
        self.free[above] -= self.free[patch]
        self.label[below] = self.proposed[patch]
        self.owner[below] = patch


def _bits(labelled: FloatArray, total: FloatArray) -> FloatArray:
    """Entropy of the kinds of all sites, given the label of each; sites of a kind come last."""
    return _entropy(labelled) + _entropy(total - labelled)


def _entropy(counts: FloatArray) -> FloatArray:
    sites = np.concatenate((counts.sum(axis=-1, keepdims=True), counts), axis=-1)
    weighed = sites * np.log2(np.maximum(sites, 1))
    return np.asarray(weighed[..., 0] - weighed[..., 1] - weighed[..., 2])
