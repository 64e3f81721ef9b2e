"""Equality of cells, to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ossify.cell.cell import Cell
from ossify.layers.base import Layer
from ossify.layers.graph import EdgeLayer
from ossify.layers.mesh import MeshLayer
from ossify.layers.skeleton import SkeletonLayer


def assert_cells_equal(left: Cell, right: Cell) -> None:
    """Assert that two cells are the same: names, meta, units, layers, dtypes, values and links.

    Raises
    ------
    AssertionError
        If anything differs; it says what.
    """
    assert _typed(left.name) == _typed(right.name), f"name: {left.name!r} ≠ {right.name!r}"
    _assert_meta_equal(left.meta, right.meta, "meta")
    for what in ("units", "space", "left_out"):
        mine, theirs = getattr(left, what), getattr(right, what)
        assert mine == theirs, f"{what}: {mine!r} ≠ {theirs!r}"
    for group in ("layers", "annotations"):
        mine, theirs = getattr(left, group), getattr(right, group)
        assert mine.names == theirs.names, f"{group}: {mine.names} ≠ {theirs.names}"
        for name in mine.names:
            assert_layers_equal(mine[name], theirs[name])
    pairs = [list(cell.linkage.tables) for cell in (left, right)]
    assert pairs[0] == pairs[1], f"links: {pairs[0]} ≠ {pairs[1]}"
    for pair, table in left.linkage.tables.items():
        _assert_same(table.rows, right.linkage.tables[pair].rows, f"link {' → '.join(pair)}")


def assert_layers_equal(left: Layer, right: Layer) -> None:
    """Assert that two layers are the same: kind, name, units, vertices, features, edges, root.

    Raises
    ------
    AssertionError
        If anything differs; it says what.
    """
    what = f"layer {left.name!r}"
    assert type(left) is type(right), f"{what}: {type(left).__name__} ≠ {type(right).__name__}"
    for attribute in ("name", "units", "space", "spatial_columns"):
        mine, theirs = getattr(left, attribute), getattr(right, attribute)
        assert mine == theirs, f"{what}: {attribute}: {mine!r} ≠ {theirs!r}"
    _assert_same(left.vertex_index, right.vertex_index, f"{what}: vertex ids")
    _assert_same(left.vertices, right.vertices, f"{what}: coordinates")
    pd.testing.assert_frame_equal(
        left.nodes, right.nodes, check_exact=True, check_freq=False, obj=what
    )
    if isinstance(left, EdgeLayer) and isinstance(right, EdgeLayer):
        _assert_same(left.edges_positional, right.edges_positional, f"{what}: edges")
    if isinstance(left, MeshLayer) and isinstance(right, MeshLayer):
        _assert_same(left.faces_positional, right.faces_positional, f"{what}: faces")
    if isinstance(left, SkeletonLayer) and isinstance(right, SkeletonLayer):
        _assert_same_trees(left, right, what)


def _assert_same_trees(left: SkeletonLayer, right: SkeletonLayer, what: str) -> None:
    for attribute in ("root", "base_root"):
        mine, theirs = getattr(left, attribute), getattr(right, attribute)
        assert mine == theirs, f"{what}: {attribute}: {mine!r} ≠ {theirs!r}"
    for attribute in (
        "parent_node_array",
        "base_vertex_index",
        "base_parent_array",
        "base_root_location",
        "distance_to_root",
    ):
        mine, theirs = getattr(left, attribute), getattr(right, attribute)
        if callable(mine):
            mine, theirs = mine(), theirs()
        _assert_same(mine, theirs, f"{what}: {attribute}")


def _assert_same(left: Any, right: Any, what: str) -> None:
    np.testing.assert_array_equal(left, right, err_msg=what, strict=left is not None)


def _assert_meta_equal(left: Any, right: Any, what: str) -> None:
    assert type(left) is type(right), f"{what}: {left!r} ≠ {right!r}"
    if isinstance(left, dict):
        assert list(left) == list(right), f"{what}: keys {list(left)} ≠ {list(right)}"
        for key in left:
            _assert_meta_equal(left[key], right[key], f"{what}[{key!r}]")
    elif isinstance(left, (list, tuple)):
        assert len(left) == len(right), f"{what}: {left!r} ≠ {right!r}"
        for place, (mine, theirs) in enumerate(zip(left, right, strict=True)):
            _assert_meta_equal(mine, theirs, f"{what}[{place}]")
    elif isinstance(left, np.ndarray):
        _assert_same(left, right, what)
    else:
        # Of two missing values of pandas, nothing can be said but that they are the same object.
        same = left is right or left == right or (left != left and right != right)
        assert same, f"{what}: {left!r} ≠ {right!r}"


def _typed(value: Any) -> tuple[type, Any]:
    return type(value), value
