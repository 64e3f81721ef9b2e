"""Labels that fit a tree: the best when neighbours should agree, and small patches absorbed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from ossify._typing import AnyArray, ArrayLike, BoolArray, FloatArray, IntArray
from ossify.algorithms.subject import skeleton_of
from ossify.cell.cell import Cell
from ossify.errors import ShapeError
from ossify.layers.skeleton import SkeletonLayer
from ossify.topology.labelling import best_labels
from ossify.topology.patches import PatchHeads, patch_heads
from ossify.topology.rooted_tree import RootedTree

__all__ = [
    "TransitionSchema",
    "absorb_small_compartments",
    "decode_tree",
    "tree_absorb_small_compartments",
    "tree_map_decode",
]

_VERSION = 1


@dataclass(frozen=True)
class TransitionSchema:
    """Classes of vertices, and what it costs when a child has another than its parent.

    Parameters
    ----------
    classes
        Names of the K classes.
    transitions
        (parent, child) → cost of that pair of classes.
    root_classes
        Classes that a root may have; None for all.
    default_cost
        Cost of every pair of different classes that `transitions` leaves out. Equal classes cost
        nothing unless they are in it.

    Raises
    ------
    ValueError
        If a class repeats, or one is named that is not among the classes.

    Examples
    --------
    >>> schema = TransitionSchema(["dendrite", "axon"], {("axon", "dendrite"): 5.0}, default_cost=1)
    >>> schema.cost_matrix.tolist()
    [[0.0, 1.0], [5.0, 0.0]]
    """

    classes: Sequence[str]
    transitions: Mapping[tuple[str, str], float] | None = None
    root_classes: Sequence[str] | None = None
    default_cost: float = 0.0
    _numbers: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        classes = list(self.classes)
        object.__setattr__(self, "classes", classes)
        object.__setattr__(self, "transitions", dict(self.transitions or {}))
        roots = classes if self.root_classes is None else list(self.root_classes)
        object.__setattr__(self, "root_classes", roots)
        object.__setattr__(self, "_numbers", {name: i for i, name in enumerate(classes)})
        if len(self._numbers) < len(classes):
            raise ValueError(f"every class must be named once, not {classes}")
        for name in (*(name for pair in dict(self.transitions or {}) for name in pair), *roots):
            self.class_index(name)
        for cost in (self.default_cost, *dict(self.transitions or {}).values()):
            if not cost > -np.inf:
                raise ValueError(f"a cost is a number, or inf for what is forbidden, not {cost!r}")

    @property
    def n_classes(self) -> int:
        """The number of classes K."""
        return len(self.classes)

    def class_index(self, label: str) -> int:
        """The number of a class."""
        if label not in self._numbers:
            raise ValueError(f"there is no class {label!r}; there are {list(self.classes)}")
        return self._numbers[label]

    @property
    def cost_matrix(self) -> FloatArray:
        """(K, K) cost of a parent of the first class with a child of the second."""
        cost = np.full((self.n_classes, self.n_classes), float(self.default_cost))
        np.fill_diagonal(cost, 0.0)
        for (parent, child), value in dict(self.transitions or {}).items():
            cost[self.class_index(parent), self.class_index(child)] = value
        return cost

    @property
    def root_allowed_mask(self) -> BoolArray:
        """(K,) which classes a root may have."""
        return np.isin(np.array(self.classes), np.array(self.root_classes))

    def to_dict(self) -> dict[str, Any]:
        """The schema as JSON can hold it."""
        return {
            "type": type(self).__name__,
            "version": _VERSION,
            "classes": list(self.classes),
            "transitions": [[*pair, cost] for pair, cost in dict(self.transitions or {}).items()],
            "root_classes": list(self.root_classes or ()),
            "default_cost": self.default_cost,
        }

    @classmethod
    def from_dict(cls, d: Mapping[str, Any]) -> TransitionSchema:
        """The schema that `to_dict` has written.

        Raises
        ------
        ValueError
            If it was written in a newer version.
        """
        if d.get("version", _VERSION) > _VERSION:
            raise ValueError(
                f"this schema is of version {d['version']}; this ossify reads up to {_VERSION}. "
                "Upgrade ossify to read it."
            )
        transitions = {(parent, child): cost for parent, child, cost in d.get("transitions", ())}
        return cls(d["classes"], transitions, d.get("root_classes"), d.get("default_cost", 0.0))


def tree_map_decode(
    parent_array: ArrayLike,
    root: int,
    unaries: ArrayLike,
    cost_matrix: ArrayLike,
    root_allowed_mask: ArrayLike | None = None,
) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """The labels with the greatest sum of scores, less the costs of the edges. Exact.

    Parameters
    ----------
    parent_array
        (V,) row of each vertex's parent, −1 at roots.
    root
        The row to begin at.
    unaries
        (V, K) score of each label at each vertex, such as a log probability.
    cost_matrix
        (K, K) cost of a parent with the first label and a child with the second; inf forbids it.
    root_allowed_mask
        (K,) which labels the root may have; None for all.

    Returns
    -------
    labels : (V,) int64 array
        Numbers of labels, −1 at vertices that are not below the root.
    edge_cost : (V,) float64 array
        What the edge above each vertex costs; 0 at the root and where there is no label.

    Raises
    ------
    ValueError
        If shapes do not fit, a score is NaN or inf, a cost NaN or −inf, or everything is forbidden.

    Examples
    --------
    >>> labels, cost = tree_map_decode([-1, 0, 1], 0, [[1, 0], [1, 0], [0, 3]], [[0, 1], [1, 0]])
    >>> labels.tolist(), cost.tolist()
    ([0, 0, 1], [0.0, 0.0, 1.0])
    """
    tree = RootedTree.from_parents(parent_array)
    scores, cost, allowed = _checked(tree.n_vertices, unaries, cost_matrix, root_allowed_mask)
    reached = tree.subtree_mask([root])
    labels = np.full(tree.n_vertices, -1, dtype=np.int64)
    labels[reached] = best_labels(tree.select(reached), scores[reached], cost, allowed)
    child = np.flatnonzero(reached & (tree.parent >= 0) & (np.arange(tree.n_vertices) != root))
    return labels, _edge_costs(tree, labels, cost, child)


def decode_tree(
    skeleton: Cell | SkeletonLayer,
    unaries: ArrayLike,
    schema: TransitionSchema,
    return_labels_as: Literal["index", "label"] = "index",
) -> tuple[AnyArray, FloatArray]:
    """The best class of every vertex of a skeleton, as `tree_map_decode` finds it.

    Parameters
    ----------
    skeleton
        A skeleton, or a cell with one. Of several trees, each is decoded from its own root.
    unaries
        (V, K) score of each class at each vertex, in vertex order.
    schema
        The K classes and the costs of changing from one to another.
    return_labels_as
        "index" for numbers of classes, "label" for their names.

    Returns
    -------
    labels : (V,) array
        int64, or strings, in vertex order; without vertices empty.
    edge_cost : (V,) float64 array
        What the edge above each vertex costs; 0 at roots.

    Raises
    ------
    ValueError
        If there is no skeleton, shapes do not fit, a score is NaN or inf, or everything is
        forbidden for one of the trees.

    Examples
    --------
    >>> skeleton = SkeletonLayer("chain", [[0, 0, 0], [1, 0, 0], [2, 0, 0]], [[1, 0], [2, 1]])
    >>> schema = TransitionSchema(["dendrite", "axon"], default_cost=1)
    >>> labels, cost = decode_tree(skeleton, [[1, 0], [1, 0], [0, 3]], schema, "label")
    >>> labels.tolist(), cost.tolist()
    (['dendrite', 'dendrite', 'axon'], [0.0, 0.0, 1.0])
    """
    if return_labels_as not in ("index", "label"):
        raise ValueError(f"return_labels_as must be 'index' or 'label', not {return_labels_as!r}")
    tree = skeleton_of(skeleton).tree
    scores, cost, allowed = _checked(
        tree.n_vertices, unaries, schema.cost_matrix, schema.root_allowed_mask
    )
    labels = best_labels(tree, scores, cost, allowed)
    edge_cost = _edge_costs(tree, labels, cost, np.flatnonzero(tree.parent >= 0))
    return np.array(schema.classes)[labels] if return_labels_as == "label" else labels, edge_cost


def tree_absorb_small_compartments(
    parent_array: ArrayLike,
    root: int,
    labels: ArrayLike,
    min_size: int | None = None,
    node_weight: ArrayLike | None = None,
    min_weight: float | None = None,
) -> AnyArray:
    """Labels of which no patch is small, other than the one at the root.

    A patch is a greatest connected set of vertices with one label. Those that are small take the
    label of what they hang on: of the nearest patch towards the root that is not small. That is
    done again until there are none left.

    Parameters
    ----------
    parent_array
        (V,) row of each vertex's parent, −1 at roots.
    root
        A row whose patch stays as it is, as do those of all roots.
    labels
        (V,) labels of any kind.
    min_size
        Patches of at most so many vertices are small; None to not count.
    node_weight
        (V,) weight of each vertex; None for 1.
    min_weight
        Patches of at most this weight are small; None to not weigh.

    Returns
    -------
    (V,) array of the dtype of the labels
        A new one.

    Raises
    ------
    ValueError
        If neither `min_size` nor `min_weight` is given, labels or weights are not V, or one of
        the weights is NaN.

    Examples
    --------
    >>> tree_absorb_small_compartments([-1, 0, 1, 2], 0, [5, 5, 7, 5], min_size=1).tolist()
    [5, 5, 5, 5]
    """
    tree = RootedTree.from_parents(parent_array)
    tree.checked_rows([root])
    weight = np.ones(tree.n_vertices) if node_weight is None else _column(tree, node_weight)
    return _absorbed(tree, np.asarray(labels), root, min_size, weight, min_weight)


def absorb_small_compartments(
    skeleton: Cell | SkeletonLayer,
    labels: str | ArrayLike,
    min_size: int | None = None,
    node_weight: ArrayLike | None = None,
    min_weight: float | None = None,
) -> AnyArray:
    """`tree_absorb_small_compartments` of a skeleton: labels of which no patch is small.

    Parameters
    ----------
    skeleton
        A skeleton, or a cell with one. The patches at all roots stay as they are.
    labels
        (V,) labels of any kind, in vertex order, or the name of a feature. What is missing is a
        label as well.
    min_size
        Patches of at most so many vertices are small; None to not count.
    node_weight
        (V,) weight of each vertex; None for its `half_edge_length`, so that `min_weight` is a
        length of cable, in the units of the skeleton.
    min_weight
        Patches of at most this weight are small; None to not weigh.

    Returns
    -------
    (V,) array of the dtype of the labels
        A new one.

    Raises
    ------
    ValueError
        If there is no skeleton, neither `min_size` nor `min_weight` is given, labels or weights
        are not V, or one of the weights is NaN.

    Examples
    --------
    >>> skeleton = SkeletonLayer("chain", [[0, 0, 0], [1, 0, 0], [2, 0, 0]], [[1, 0], [2, 1]])
    >>> absorb_small_compartments(skeleton, ["axon", "axon", "soma"], min_weight=0.5).tolist()
    ['axon', 'axon', 'axon']
    """
    layer = skeleton_of(skeleton)
    named = layer.get_feature(labels) if isinstance(labels, str) else labels
    weight = layer.half_edge_length if node_weight is None else _column(layer.tree, node_weight)
    return _absorbed(layer.tree, np.asarray(named), -1, min_size, weight, min_weight)


def _edge_costs(
    tree: RootedTree, labels: IntArray, cost: FloatArray, child: IntArray
) -> FloatArray:
    """(V,) what the edges above some rows cost, and 0 elsewhere."""
    edge_cost = np.zeros(tree.n_vertices)
    edge_cost[child] = cost[labels[tree.parent[child]], labels[child]]
    return edge_cost


def _absorbed(
    tree: RootedTree,
    labels: AnyArray,
    root: int,
    min_size: int | None,
    weight: FloatArray,
    min_weight: float | None,
) -> AnyArray:
    if labels.shape != (tree.n_vertices,):
        raise ShapeError(
            f"expected {tree.n_vertices:,} labels, one per vertex, not shape {labels.shape}"
        )
    if min_size is None and min_weight is None:
        raise ValueError("say what is small: give min_size, min_weight or both")
    if np.isnan([min_size or 0, min_weight or 0]).any() or np.isnan(weight).any():
        raise ValueError("what is small cannot be told by sizes or weights that are NaN")
    codes, _ = pd.factorize(labels, use_na_sentinel=False)
    bearer = np.empty(codes.max(initial=-1) + 1, dtype=np.int64)
    bearer[codes] = np.arange(len(codes))
    while len(codes):
        patches = patch_heads(tree, codes)
        n_patches = len(patches.rows)
        small = np.zeros(n_patches, dtype=np.bool_)
        if min_size is not None:
            small |= np.bincount(patches.patch_of, minlength=n_patches) <= min_size
        if min_weight is not None:
            small |= np.bincount(patches.patch_of, weight, minlength=n_patches) <= min_weight
        small &= patches.parent >= 0
        if root >= 0:
            small[patches.patch_of[root]] = False
        if not small.any():
            break
        codes = codes[patches.rows[_not_small(patches, small)[patches.patch_of]]]
    return np.asarray(labels[bearer[codes]])


def _not_small(patches: PatchHeads, small: BoolArray) -> IntArray:
    """(P,) for each patch the nearest one, towards the root and itself included, not small."""
    nearest = np.where(small, patches.parent, np.arange(len(small)))
    # Each round doubles how many small patches are passed over.
    while small[nearest].any():
        nearest = nearest[nearest]
    return nearest


def _column(tree: RootedTree, weight: ArrayLike) -> FloatArray:
    column = np.asarray(weight, dtype=np.float64)
    if column.shape != (tree.n_vertices,):
        raise ShapeError(
            f"expected {tree.n_vertices:,} weights, one per vertex, not shape {column.shape}"
        )
    return column


def _checked(
    n_vertices: int, unaries: ArrayLike, cost_matrix: ArrayLike, allowed: ArrayLike | None
) -> tuple[FloatArray, FloatArray, BoolArray | None]:
    scores = np.asarray(unaries, dtype=np.float64)
    cost = np.asarray(cost_matrix, dtype=np.float64)
    if scores.ndim != 2 or len(scores) != n_vertices or scores.shape[1] == 0:
        raise ShapeError(
            f"unaries must be ({n_vertices:,}, K), one score per vertex and class, not "
            f"{scores.shape}"
        )
    n_labels = scores.shape[1]
    if cost.shape != (n_labels, n_labels):
        raise ShapeError(f"the costs of {n_labels} classes must be square, not {cost.shape}")
    # Of what is infinitely good there is no best, and less than nothing cannot be paid for ever.
    if not ((scores < np.inf).all() and (cost > -np.inf).all()):
        raise ShapeError(
            "scores must not be NaN or inf, where −inf forbids; costs must not be NaN or −inf, "
            "where inf forbids"
        )
    mask = None if allowed is None else np.asarray(allowed, dtype=np.bool_)
    if mask is not None and mask.shape != (n_labels,):
        raise ShapeError(f"root_allowed_mask must be {n_labels} booleans, not {mask.shape}")
    return scores, cost, mask
