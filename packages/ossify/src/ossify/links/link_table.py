"""A link as rows, followed in both directions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ossify._frozen import Frozen
from ossify._typing import BoolArray, IntArray
from ossify.topology.selection import Selection
from ossify.vertex_ids import NO_VERTEX


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
