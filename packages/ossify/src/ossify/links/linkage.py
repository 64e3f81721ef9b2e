"""All links of a cell, followed one after another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ossify._frozen import Frozen
from ossify._typing import BoolArray, IntArray
from ossify.errors import LinkError
from ossify.links.link_table import LinkTable
from ossify.topology.ragged import joined_ranges
from ossify.topology.selection import Selection
from ossify.vertex_ids import NO_VERTEX

Unmapped = Literal["drop", "keep"]


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
                # Row −1 reads the first of them, so −1 is put back.
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
