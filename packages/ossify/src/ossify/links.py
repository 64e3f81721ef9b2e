"""Links between layers, and how masks and mappings follow them.

A link gives every vertex of its source at most one vertex of its target: each level-2 vertex lies
on one skeleton vertex, each synapse on one level-2 vertex. Links are stored once and followed in
both directions and through one another, along the fewest links.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from ossify._frozen import Frozen, freeze
from ossify._typing import BoolArray, IntArray
from ossify.errors import LinkError, UnknownVertexError, VertexIdError
from ossify.topology.ragged import joined_ranges
from ossify.topology.selection import Selection
from ossify.vertex_ids import NO_VERTEX, VertexIds, as_ids

Unmapped = Literal["drop", "keep"]


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


@dataclass(frozen=True, eq=False, init=False)
class LinkTable(Frozen):
    """A link as rows.

    Parameters
    ----------
    rows
        (n_source,) the target row of each source row, −1 where it maps to nothing.
    n_target
        The number of target rows.
    """

    rows: IntArray
    n_target: int

    def __init__(self, rows: IntArray, n_target: int) -> None:
        self._set("rows", rows.astype(np.int32, copy=rows.flags.writeable))
        self._set("n_target", n_target)

    @classmethod
    def promised(cls, rows: Callable[[], IntArray], n_target: int, coverage: float) -> LinkTable:
        """A table whose rows are made when they are first looked at."""
        made = cls.__new__(cls)
        made.__dict__.update(n_target=n_target, coverage=coverage, _promise=rows)
        return made

    # Type checkers are not told of it, so that they find what no table has.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            # Only what is not there is asked for here.
            if name != "rows" or "_promise" not in self.__dict__:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            self._set("rows", self.__dict__["_promise"]())
            return self.__dict__["rows"]

    @property
    def is_there(self) -> bool:
        """Whether the rows have been made."""
        return "rows" in self.__dict__

    @cached_property
    def is_mapped(self) -> BoolArray:
        """(n_source,) whether a source row maps to anything."""
        mapped: BoolArray = self.rows != NO_VERTEX
        return mapped

    @cached_property
    def coverage(self) -> float:
        """The fraction of source rows that map to something; 1.0 if there are none."""
        return float(self.is_mapped.mean()) if len(self.rows) else 1.0

    @cached_property
    def inverse_coverage(self) -> float:
        """The fraction of target rows that something maps to; 1.0 if there are none."""
        return float(self.image(None).mean()) if self.n_target else 1.0

    @cached_property
    def inverse(self) -> tuple[IntArray, IntArray]:
        """Offsets (n_target + 1,) and source rows, ascending, of each target row."""
        mapped = np.flatnonzero(self.is_mapped)
        order = np.argsort(self.rows[mapped], kind="stable")
        counts = np.bincount(self.rows[mapped], minlength=self.n_target)
        return np.concatenate([[0], np.cumsum(counts)]), mapped[order]

    def image(self, keep: BoolArray | None) -> BoolArray:
        """(n_target,) whether a kept source row maps to it; None keeps all."""
        targets = self.rows[self.is_mapped if keep is None else keep & self.is_mapped]
        image = np.zeros(self.n_target, dtype=bool)
        image[targets] = True
        return image

    def preimage(self, keep: BoolArray) -> BoolArray:
        """(n_source,) whether it maps to a kept target row."""
        if self.n_target == 0:
            return np.zeros(len(self.rows), dtype=bool)
        # Row −1 reads the last target, so the unmapped have to be taken out again.
        kept: BoolArray = np.take(keep, self.rows)
        kept &= self.is_mapped
        return kept

    def select(self, source: Selection, target: Selection) -> LinkTable:
        """The table between the kept rows of both sides."""
        if source.keeps_all and target.keeps_all:
            return self
        rows = self.rows if source.keeps_all else np.take(self.rows, source.rows)
        if not target.keeps_all and self.n_target:
            # Row −1 reads the place of the last target, so −1 is put back.
            rows = np.where(rows == NO_VERTEX, NO_VERTEX, np.take(target.new_rows, rows))
        return LinkTable(rows, len(target))


@dataclass(frozen=True)
class Step:
    """One link on a way from layer to layer, followed as it points or against it."""

    table: LinkTable
    forward: bool


@dataclass(frozen=True, eq=False)
class Linkage(Frozen):
    """All links of a cell, by the names of source and target, in the order they were made."""

    tables: Mapping[tuple[str, str], LinkTable] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._set("tables", dict(self.tables))

    def add(self, source: str, target: str, table: LinkTable) -> Linkage:
        """With one more link.

        Raises
        ------
        LinkError
            If the two layers are linked already.
        """
        for pair in ((source, target), (target, source)):
            if pair in self.tables:
                raise LinkError(f"{source!r} and {target!r} are linked already")
        return Linkage({**self.tables, (source, target): table})

    def drop(self, name: str) -> Linkage:
        """Without the links that touch a layer."""
        return Linkage({pair: table for pair, table in self.tables.items() if name not in pair})

    def select(self, kept: Mapping[str, Selection]) -> Linkage:
        """Between the kept rows of every layer."""
        return Linkage(
            {
                (source, target): table.select(kept[source], kept[target])
                for (source, target), table in self.tables.items()
            }
        )

    def thinned(self, name: str, rows: IntArray, new_rows: IntArray) -> Linkage:
        """With one layer left with some of its rows, to which what led to the others leads now.

        Parameters
        ----------
        name
            The layer.
        rows
            (n,) its old row of each new one.
        new_rows
            (n_old,) the new row that stands for each old one.
        """
        tables = {}
        for (source, target), table in self.tables.items():
            if target == name:
                # Row −1 reads the last of them, so −1 is put back.
                moved = _take_clipped(new_rows, table.rows)
                table = LinkTable(np.where(table.is_mapped, moved, NO_VERTEX), len(rows))
            elif source == name:
                table = LinkTable(np.take(table.rows, rows), table.n_target)
            tables[source, target] = table
        return Linkage(tables)

    def neighbours(self, name: str) -> Iterator[tuple[str, Step]]:
        """The layers that a link joins to this one, in the order in which they were linked."""
        for (source, target), table in self.tables.items():
            if source == name:
                yield target, Step(table, forward=True)
            elif target == name:
                yield source, Step(table, forward=False)

    def ways_from(self, name: str) -> dict[str, tuple[str, Step]]:
        """Every layer that can be reached, with the one before it and the last step.

        In the order of the number of links, so that a layer comes after the one before it.
        """
        ways: dict[str, tuple[str, Step]] = {}
        reached = [name]
        for here in reached:
            for there, step in self.neighbours(here):
                if there != name and there not in ways:
                    ways[there] = (here, step)
                    reached.append(there)
        return ways

    def is_linked(self, source: str, target: str) -> bool:
        """Whether links lead from one layer to the other."""
        return target in self.ways_from(source)

    def route(self, source: str, target: str) -> list[Step]:
        """The fewest links from one layer to another.

        Raises
        ------
        LinkError
            If no links lead there.
        """
        ways = self.ways_from(source)
        if target not in ways:
            linked = ", ".join(repr(name) for name in ways) or "nothing"
            raise LinkError(
                f"no link leads from {source!r} to {target!r}; {source!r} is linked to {linked}"
            )
        steps = []
        here = target
        while here != source:
            here, step = ways[here]
            steps.append(step)
        return steps[::-1]

    def pairs(self, source: str, target: str, rows: IntArray) -> tuple[IntArray, IntArray]:
        """Every target row of each of `rows`.

        Returns
        -------
        places, targets
            Two (M,) arrays: `targets[i]` is a target of `rows[places[i]]`. Places ascend; each
            pair is there once. The targets of one place are in the order in which the links are
            followed, each in row order.
        """
        places: IntArray = np.arange(len(rows))
        widened = False
        for step in self.route(source, target):
            if step.forward:
                rows = np.take(step.table.rows, rows)
                mapped = rows != NO_VERTEX
                if not mapped.all():
                    places, rows = places[mapped], rows[mapped]
                if widened:
                    places, rows = _unique_pairs(places, rows, step.table.n_target)
            else:
                offsets, sources = step.table.inverse
                counts = offsets[rows + 1] - offsets[rows]
                places = np.repeat(places, counts)
                rows = sources[joined_ranges(offsets[rows], counts)]
                widened = True
        return places, rows

    def first_targets(self, source: str, target: str, rows: IntArray) -> tuple[IntArray, BoolArray]:
        """The first target row of each of `rows`, −1 for none, and whether there are several."""
        steps = self.route(source, target)
        if all(step.forward for step in steps):
            for step in steps:
                unmapped = rows == NO_VERTEX
                rows = np.where(unmapped, NO_VERTEX, _take_clipped(step.table.rows, rows))
            return rows, np.zeros(len(rows), dtype=bool)
        places, targets = self.pairs(source, target, rows)
        counts = np.bincount(places, minlength=len(rows))
        first = np.full(len(rows), NO_VERTEX, np.int64)
        firsts = np.flatnonzero(np.diff(places, prepend=-1))
        first[places[firsts]] = targets[firsts]
        return first, counts > 1

    def image(self, source: str, target: str, keep: BoolArray) -> BoolArray:
        """Whether a target row has a kept source row."""
        for step in self.route(source, target):
            keep = step.table.image(keep) if step.forward else step.table.preimage(keep)
        return keep

    def is_mapped(self, source: str, target: str) -> BoolArray:
        """Whether a source row has any target row."""
        *steps, last = self.route(source, target)
        mapped = last.table.is_mapped if last.forward else last.table.image(None)
        for step in reversed(steps):
            mapped = step.table.preimage(mapped) if step.forward else step.table.image(mapped)
        return mapped

    def spread(
        self, name: str, keep: BoolArray, unmapped: Unmapped
    ) -> tuple[dict[str, BoolArray], dict[str, int]]:
        """How a mask on one layer falls on every layer that is linked to it.

        Parameters
        ----------
        name, keep
            The layer and its mask.
        unmapped
            What happens to vertices that map to nothing in the masked layer. Where they are kept,
            so is what maps to them or they map to, farther from the masked layer.

        Returns
        -------
        masks, n_unmapped
            The mask of every linked layer, `name` included, and for each other layer the number of
            vertices that map to nothing in it.
        """
        masks = {name: keep}
        linked: dict[str, BoolArray] = {name: np.ones(len(keep), dtype=bool)}
        n_unmapped: dict[str, int] = {}
        for there, (here, step) in self.ways_from(name).items():
            table = step.table
            if step.forward:
                mask, mapped = table.image(masks[here]), table.image(linked[here])
            else:
                mask, mapped = table.preimage(masks[here]), table.preimage(linked[here])
            n_unmapped[there] = len(mapped) - int(np.count_nonzero(mapped))
            masks[there] = mask | ~mapped if unmapped == "keep" else mask
            linked[there] = mapped
        return masks, n_unmapped


def _take_clipped(values: IntArray, rows: IntArray) -> IntArray:
    return np.take(values, rows, mode="clip") if len(values) else np.full(len(rows), NO_VERTEX)


def _unique_pairs(places: IntArray, rows: IntArray, n_rows: int) -> tuple[IntArray, IntArray]:
    keys = np.unique(places.astype(np.int64) * n_rows + rows)
    return keys // n_rows, keys % n_rows
