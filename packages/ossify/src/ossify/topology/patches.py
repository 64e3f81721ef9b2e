"""Connected stretches of a tree whose vertices have one label."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ossify._frozen import Frozen, freeze
from ossify._typing import AnyArray, IntArray
from ossify.topology.rooted_tree import RootedTree

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PatchHeads(Frozen):
    """The greatest connected sets of vertices with one label: P patches, in preorder.

    Attributes
    ----------
    places
        (P,) place in preorder of the head of each patch: its vertex nearest to the root.
    rows
        (P,) row of each head.
    parent
        (P,) patch that each one hangs on, −1 for none. Parents come first.
    last
        (P,) patch after the last one below each: those of its subtree are ``p … last[p] - 1``.
    patch_of
        (V,) patch of each row.
    """

    places: IntArray
    rows: IntArray
    parent: Numbers
    last: Numbers
    patch_of: Numbers

    def __post_init__(self) -> None:
        for name in ("rows", "parent", "last", "patch_of"):
            freeze(getattr(self, name))


def patch_heads(tree: RootedTree, labels: AnyArray) -> PatchHeads:
    """Divide a tree where its labels change.

    Parameters
    ----------
    tree
        A rooted tree, or a forest, of V vertices.
    labels
        (V,) labels of any kind.

    Examples
    --------
    >>> tree = RootedTree.from_parents([-1, 0, 1, 1])
    >>> heads = patch_heads(tree, np.array(["a", "a", "b", "a"]))
    >>> heads.rows.tolist(), heads.parent.tolist(), heads.patch_of.tolist()
    ([0, 2], [-1, 0], [0, 0, 1, 0])
    """
    index = tree.index
    goes_on = tree.parent >= 0
    goes_on &= np.take(labels, tree.parent) == labels
    places = np.sort(index.rank[~goes_on]).astype(np.int64)
    rows = index.order[places].astype(np.int64)
    whole = RootedTree(np.where(goes_on, tree.parent, np.int32(-1)))
    number = np.empty(tree.n_vertices, dtype=np.int64)
    number[rows] = np.arange(len(rows))
    patch_of = number[whole.component_root]
    above = tree.parent[rows]
    parent = np.where(above >= 0, np.take(patch_of, above), -1)
    last = np.searchsorted(places, index.run_end[index.runs_at(places)])
    return PatchHeads(places, rows, parent, last, patch_of)
