"""A tree cut into few layers of paths, each hanging on a path of the layer before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ossify._frozen import Frozen, freeze
from ossify._typing import IntArray
from ossify.topology.preorder import Preorder
from ossify.topology.ragged import joined_ranges, offsets_of

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class HeavyPaths(Frozen):
    """Paths that go on, wherever a tree branches, to the child with most vertices below it.

    On the way to a root the vertices below double, at least, with every change to another path:
    there are at most log2(V) + 1 layers, however deep the tree is (Sleator and Tarjan 1983).

    Attributes
    ----------
    places
        (V,) places in preorder, one path after the other, each from its top downwards; layer
        after layer.
    layers
        (L + 1,) offsets of the layers in `places`.
    is_first
        (V,) whether a path begins here.
    """

    places: Numbers
    layers: Numbers
    is_first: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        for name in ("places", "layers", "is_first"):
            freeze(getattr(self, name))

    @classmethod
    def of(cls, index: Preorder) -> HeavyPaths:
        """The paths of a forest."""
        begins = _begins_path(index)
        layer = index.sums_above(begins.astype(np.int64)) + begins - 1
        path = _first_of_path(index.run_parent, begins)
        runs = np.lexsort((path, layer))
        length = index.run_length[runs]
        places = joined_ranges(index.run_start[runs], length)
        is_first = np.zeros(index.n_places, dtype=np.bool_)
        is_first[offsets_of(length)[:-1][begins[runs]]] = True
        sizes = np.bincount(layer, index.run_length).astype(np.int64)
        return cls(places, offsets_of(sizes), is_first)


def _begins_path(index: Preorder) -> npt.NDArray[np.bool_]:
    """(R,) whether a path begins with each run: all but the heaviest on each parent."""
    size = index.run_end - index.run_start
    order = np.lexsort((size, index.run_parent))
    parent = index.run_parent[order]
    heaviest = np.ones(len(order), dtype=np.bool_)
    heaviest[:-1] = parent[1:] != parent[:-1]
    begins = np.ones(len(order), dtype=np.bool_)
    begins[order[heaviest & (parent >= 0)]] = False
    return begins


def _first_of_path(run_parent: IntArray, begins: npt.NDArray[np.bool_]) -> Numbers:
    """(R,) the run with which the path of each run begins."""
    first = np.where(begins, np.arange(len(run_parent)), run_parent)
    # Each round doubles how far every run has looked.
    while not begins[first].all():
        first = first[first]
    return first
