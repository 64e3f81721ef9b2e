"""A link as its user describes it, by ids or by rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ossify._frozen import freeze
from ossify._typing import IntArray
from ossify.errors import LinkError, UnknownVertexError, VertexIdError
from ossify.links.link_table import LinkTable
from ossify.vertex_ids import NO_VERTEX, VertexIds, as_ids


@dataclass(frozen=True, eq=False)
class Link:
    """One map from the vertices of a source layer to the vertices of a target layer.

    Parameters
    ----------
    mapping
        One value per source vertex, in row order: target ids, or target rows where
        `map_value_is_index` is False. −1 and missing values mean "maps to nothing". Or the name of
        a feature of the source that holds them. Or a dict or Series from source id to target id;
        source vertices that it leaves out map to nothing.
    source, target
        The names of the two layers. The one left None is the layer that the link is added with.
    map_value_is_index
        Whether the values are vertex ids (True) or rows (False) of the target.

    Raises
    ------
    ValueError
        If neither source nor target is named, or if a value cannot be an id.

    Examples
    --------
    >>> Link([10, 10, 11], target="skeleton")
    Link(source=None, target='skeleton', 3 values)
    """

    mapping: Any
    source: str | None = None
    target: str | None = None
    map_value_is_index: bool = True

    def __post_init__(self) -> None:
        if self.source is None and self.target is None:
            raise LinkError("a Link needs the name of its source or of its target")
        if isinstance(self.mapping, str):
            return
        mapping = self.mapping
        if isinstance(mapping, dict):
            keys, values = list(mapping), list(mapping.values())
            mapping = pd.Series(_values(values), index=_values(keys), dtype=np.int64)
        elif isinstance(mapping, pd.Series):
            mapping = pd.Series(_values(mapping), index=_values(mapping.index), dtype=np.int64)
            if not mapping.index.is_unique:
                twice = mapping.index[mapping.index.duplicated()][0]
                raise LinkError(f"link: source id {twice} is mapped more than once")
        else:
            mapping = _values(mapping)
        object.__setattr__(self, "mapping", mapping)

    def __repr__(self) -> str:
        what = (
            repr(self.mapping) if isinstance(self.mapping, str) else f"{len(self.mapping)} values"
        )
        return f"Link(source={self.source!r}, target={self.target!r}, {what})"

    def between(self, owner: str) -> tuple[str, str]:
        """The names of source and target when the link is added with the layer `owner`."""
        source = owner if self.source is None else self.source
        target = owner if self.target is None else self.target
        if source == target:
            raise LinkError(f"a link from {source!r} to itself; it must join two layers")
        if owner not in (source, target):
            raise LinkError(
                f"link {source} → {target} was given with {owner!r}, which is neither of the two"
            )
        return source, target

    def mapping_to_index(self, vertex_data: pd.DataFrame) -> IntArray:
        """The target id of every value.

        Parameters
        ----------
        vertex_data
            The target's `nodes`. If the mapping is the name of a feature, the source's.

        Returns
        -------
        (N,) int64 array, −1 where a value maps to nothing.
        """
        if isinstance(self.mapping, str):
            return _values(vertex_data[self.mapping])
        values = np.asarray(self.mapping)
        if self.map_value_is_index:
            return values
        ids = as_ids(vertex_data.index, "vertex index")
        return np.where(values == NO_VERTEX, NO_VERTEX, np.take(ids, values, mode="clip"))

    def resolve(
        self,
        label: str,
        source: VertexIds,
        target: VertexIds,
        source_feature: Callable[[str], Any],
    ) -> LinkTable:
        """The link as rows, checked against the vertices of both layers.

        Raises
        ------
        LinkError
            If the length is not the source's, or if a value is not a vertex of the target.
        """
        values = self.mapping
        if isinstance(values, str):
            values = _values(source_feature(values))
        elif isinstance(values, pd.Series):
            values = self._spread_over(label, source)
        if len(values) != len(source):
            raise LinkError(
                f"link {label}: {len(values):,} values for {len(source):,} vertices of the source; "
                "give one per vertex, −1 where it maps to nothing"
            )
        if self.map_value_is_index:
            rows = target.find(values)
            unknown = (rows == NO_VERTEX) & (values != NO_VERTEX)
        else:
            rows = values
            unknown = values >= len(target)
        if unknown.any():
            kind = "ids" if self.map_value_is_index else "rows"
            raise LinkError(
                f"link {label}: {unknown.sum():,} of {len(values):,} vertices point at {kind} that "
                f"the target does not have, the first is {values[unknown][0]}; "
                "−1 stands for a vertex that maps to nothing"
            )
        return LinkTable(rows, len(target))

    def _spread_over(self, label: str, source: VertexIds) -> IntArray:
        try:
            rows = source.rows(self.mapping.index)
        except UnknownVertexError as error:
            raise LinkError(f"link {label}: keys of the mapping: {error}") from None
        values = np.full(len(source), NO_VERTEX, np.int64)
        values[rows] = self.mapping.to_numpy()
        return values


def _values(values: Any) -> IntArray:
    try:
        ids = as_ids(values, "link", allow_none=True)
    except VertexIdError as error:
        raise LinkError(str(error)) from None
    return freeze(ids.copy() if ids.flags.writeable else ids)
