"""A skeleton with its vertices spread evenly."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ossify._frozen import freeze
from ossify._typing import IntArray
from ossify.layers.columns import Column
from ossify.layers.geometry import EmbeddedTree
from ossify.layers.mapping import Aggregation, aggregate
from ossify.layers.vertex_table import VertexTable, take
from ossify.topology.respacing import Respaced, interpolated, new_ids
from ossify.topology.rooted_tree import RootedTree
from ossify.vertex_ids import VertexIds


def resampled_parts(
    table: VertexTable, embedded: EmbeddedTree, new: Respaced, agg: Aggregation
) -> tuple[VertexTable, EmbeddedTree]:
    """The table and the tree of the new vertices; `agg` as in `SkeletonLayer.resample`."""
    ids = VertexIds(new_ids(new, table.ids.ids))
    points = freeze(interpolated(new, embedded.points))
    if isinstance(agg, Mapping):
        for name in agg:
            table.column(name, "feature_agg: the skeleton")
    columns = {
        name: _respaced_column(column, new, _agg_of(name, agg))
        for name, column in table.columns.items()
    }
    made = VertexTable(ids, points, columns, table.spatial_columns, table.index_name)
    root = None if embedded.root is None else int(new.new_row[embedded.root])
    tree = RootedTree(new.parent.astype(np.int32))
    return made, EmbeddedTree(ids, points, tree, root)


def _agg_of(name: str, agg: Aggregation) -> Aggregation:
    return agg.get(name, "nearest") if isinstance(agg, Mapping) else agg


def _respaced_column(column: Column, new: Respaced, how: Aggregation) -> Column:
    if how == "nearest":
        return take(column, new.nearest)
    groups: IntArray = new.new_row
    n_new = len(new.parent)
    # A new vertex that no old one is nearest to has the value of the old one nearest to it.
    lonely = np.flatnonzero(np.bincount(groups, minlength=n_new) == 0)
    places = np.concatenate((np.arange(len(groups)), new.nearest[lonely]))
    return aggregate(column, places, np.concatenate((groups, lonely)), n_new, how)
