"""The layers that belong together, and the links between them.

A layer knows its siblings and never the cell that holds them all: a layer alone is its own only
sibling.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import pandas as pd

from ossify._typing import BoolArray, IntArray
from ossify.errors import MaskError, UnknownLayerError, UnknownVertexError
from ossify.layers.vertex_table import VertexTable
from ossify.links import Link, Linkage, Unmapped
from ossify.topology.selection import Selection
from ossify.vertex_ids import as_ids


@dataclass(frozen=True)
class Promise:
    """The parts of a layer that are made when they are first looked at.

    Attributes
    ----------
    parts
        What makes each part, by attribute of the layer. It gives the same each time.
    counts
        What there will be how many of, for descriptions.
    dtypes
        The dtype that each feature will have.
    """

    parts: Mapping[str, Callable[[], Any]]
    counts: Mapping[str, int]
    dtypes: Mapping[str, str]


class Member(ABC):
    """A layer as its siblings see it: a name, vertices, and how to keep some of them."""

    layer_type: ClassVar[str]
    _name: str
    _table: VertexTable
    _siblings: Siblings
    _units: str | None
    _space: str | None
    _promise: Promise

    @property
    def name(self) -> str:
        """The name under which links and masks speak of the layer."""
        return self._name

    @property
    def units(self) -> str | None:
        """The unit of the coordinates; None where it is not stated."""
        return self._units

    @property
    def space(self) -> str | None:
        """The name of the space that the coordinates are in, such as an atlas; None if unnamed."""
        return self._space

    @classmethod
    def promised(cls, name: str, promise: Promise, units: str | None, space: str | None) -> Self:
        """A layer whose parts are made when they are first looked at."""
        made = cls.__new__(cls)
        made._name, made._units, made._space = name, units, space
        made._promise = promise
        made._siblings = alone(made)
        return made

    # Type checkers are not told of it, so that they find what no layer has.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            # Only what is not there is asked for here: a part that was promised, or nothing.
            promise: Promise | None = self.__dict__.get("_promise")
            if promise is None or name not in promise.parts:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            part = self.__dict__[name] = promise.parts[name]()
            return part

    def __copy__(self) -> Self:
        # Unlike pickling, it leaves promises as they are.
        made = type(self).__new__(type(self))
        made.__dict__.update(self.__dict__)
        return made

    def __getstate__(self) -> dict[str, Any]:
        promise: Promise | None = self.__dict__.get("_promise")
        if promise is None:
            return self.__dict__
        parts = {name: getattr(self, name) for name in promise.parts}
        state = {name: value for name, value in self.__dict__.items() if name != "_promise"}
        return {**state, **parts}

    def _counts(self) -> dict[str, int]:
        """What there is how many of, for descriptions."""
        return {"vertices": len(self._table)}

    def _outline(self) -> tuple[Mapping[str, int], Mapping[str, str]]:
        """Counts, and the dtype of every feature; nothing is fetched for it alone."""
        promise: Promise | None = self.__dict__.get("_promise")
        if promise is None:
            return self._counts(), self._table.dtypes
        made = promise.parts.keys() & self.__dict__.keys()
        # A layer in which edges have been looked at may have others by now.
        counts = promise.counts if made <= {"_table"} else self._counts()
        return counts, self._table.dtypes if "_table" in made else promise.dtypes

    @property
    def _has_promised_table(self) -> bool:
        """Whether vertices and features have not been looked at yet."""
        return "_table" not in self.__dict__ and "_promise" in self.__dict__

    @property
    def n_vertices(self) -> int:
        """The number of vertices V."""
        return self._promise.counts["vertices"] if self._has_promised_table else len(self._table)

    @property
    def feature_names(self) -> list[str]:
        """The names of the features, sorted."""
        return sorted(self._promise.dtypes if self._has_promised_table else self._table.columns)

    @abstractmethod
    def _selected(self, selection: Selection) -> Self:
        """The layer of the kept vertices, not yet among siblings."""

    def _moved_to(self, siblings: Siblings) -> Self:
        """A layer of the same parts that has other siblings."""
        moved = copy.copy(self)
        moved._siblings = siblings
        return moved

    def _rows(self, selection: Any, as_positional: bool = False) -> IntArray:
        """The rows that a selection means: a boolean per vertex, ids, or rows; None means all.

        Raises
        ------
        MaskError
            If a boolean array has the wrong length.
        UnknownVertexError
            If an id or a row is not there.
        """
        n_vertices = len(self._table)
        if selection is None:
            return np.arange(n_vertices)
        what = f"layer {self._name!r}"
        if _is_boolean(selection):
            mask = self._as_mask(selection, what)
            if len(mask) != n_vertices:
                raise MaskError(
                    f"{what}: a boolean mask of length {len(mask):,} for {n_vertices:,} vertices; "
                    "give one value per vertex, or vertex ids"
                )
            return np.flatnonzero(mask)
        if not as_positional:
            return self._table.ids.rows(_plain(selection), what)
        rows = as_ids(_plain(selection), f"{what}: rows")
        if len(rows) and rows.max() >= n_vertices:
            raise UnknownVertexError(
                f"{what}: row {rows.max()} is outside 0 … {n_vertices - 1}; "
                "without as_positional=True the numbers are read as vertex ids"
            )
        return rows

    def _as_mask(self, selection: Any, what: str) -> BoolArray:
        """Booleans in row order; those of a Series go by its index, if that names the vertices."""
        if getattr(selection, "isna", None) is not None and selection.isna().any():
            raise MaskError(f"{what}: a boolean mask has missing values; fillna(False) first")
        mask = np.asarray(selection, dtype=bool).reshape(-1)
        if not isinstance(selection, pd.Series) or len(mask) != len(self._table):
            return mask
        index, ids = selection.index, self._table.ids
        if np.array_equal(index, ids.ids):
            return mask
        if pd.api.types.is_integer_dtype(index) and (ids.find(as_ids(index, what)) >= 0).all():
            return np.asarray(selection.reindex(ids.ids), dtype=bool)
        if index.equals(pd.RangeIndex(len(mask))):
            return mask
        raise MaskError(
            f"{what}: the index of a boolean Series must hold the vertex ids; for values in row "
            "order pass series.to_numpy()"
        )

    def _row(self, vertex: Any, as_positional: bool = False) -> int:
        rows = self._rows(vertex, as_positional)
        if len(rows) != 1:
            raise MaskError(f"layer {self._name!r}: expected one vertex, got {len(rows):,}")
        return int(rows[0])

    def _keep(self, mask: Any, as_positional: bool) -> BoolArray:
        """A selection as one boolean per vertex."""
        keep = np.zeros(len(self._table), dtype=bool)
        keep[self._rows(mask, as_positional)] = True
        return keep

    def _named(self, rows: IntArray, as_positional: bool) -> IntArray:
        """Rows as the caller speaks of vertices: by id, or as they are."""
        return rows.astype(np.int64) if as_positional else np.take(self._table.ids.ids, rows)


def _plain(selection: Any) -> Any:
    """One vertex, sets and other collections as lists; what has a dtype keeps it."""
    if isinstance(selection, (set, frozenset, range)):
        return sorted(selection)
    if np.ndim(selection) == 0 and not isinstance(selection, Iterable):
        return [selection]
    return selection if hasattr(selection, "dtype") else list(selection)


def _is_boolean(selection: Any) -> bool:
    dtype = getattr(selection, "dtype", None)
    if dtype is not None:
        return str(dtype) in ("bool", "boolean")
    return (
        isinstance(selection, (list, tuple))
        and len(selection) > 0
        and all(isinstance(value, (bool, np.bool_)) for value in selection)
    )


class Siblings:
    """The layers and annotations of one cell, and the links between them.

    One name means one member, whether layer or annotation.

    Attributes
    ----------
    layers, annotations
        Members by name, in the order in which they were added.
    linkage
        The links between them.
    left_out
        How many vertices of each member masks have dropped because they map to nothing.
    """

    def __init__(self) -> None:
        self.layers: dict[str, Any] = {}
        self.annotations: dict[str, Any] = {}
        self.linkage: Linkage = Linkage()
        self.left_out: dict[str, int] = {}

    def __iter__(self) -> Iterator[Any]:
        yield from self.layers.values()
        yield from self.annotations.values()

    def __contains__(self, name: object) -> bool:
        return name in self.layers or name in self.annotations

    def __getitem__(self, name: str) -> Any:
        """The member of that name.

        Raises
        ------
        UnknownLayerError
            If there is none.
        """
        if name in self.layers:
            return self.layers[name]
        if name in self.annotations:
            return self.annotations[name]
        known = ", ".join(repr(member.name) for member in self) or "nothing"
        raise UnknownLayerError(f"there is no layer or annotation {name!r}; there is {known}")

    @property
    def is_empty(self) -> bool:
        """Whether there is neither a layer nor an annotation."""
        return not self.layers and not self.annotations

    def of_type(self, layer_type: str) -> Any | None:
        """The layer of a type, or None: there is at most one skeleton, one graph and one mesh."""
        for layer in self.layers.values():
            if layer.layer_type == layer_type:
                return layer
        return None

    def add(self, member: Member, group: dict[str, Any], links: Iterable[Link] = ()) -> None:
        """Take in a copy of a layer, with its links, or leave everything as it was.

        Raises
        ------
        ValueError
            If the name is taken.
        """
        if member.name in self:
            kind = "annotation" if member.name in self.annotations else "layer"
            article = "an" if kind == "annotation" else "a"
            raise ValueError(
                f"there is {article} {kind} {member.name!r} already; choose another name, or call "
                f"remove_{kind}({member.name!r}) first"
            )
        linkage = self.linkage
        group[member.name] = member._moved_to(self)
        try:
            for link in links:
                self.link(link, member.name)
        except Exception:
            del group[member.name]
            self.linkage = linkage
            raise

    def group_of(self, name: str) -> dict[str, Any]:
        """The dict, `layers` or `annotations`, that holds a member."""
        return self.annotations if name in self.annotations else self.layers

    def link(self, link: Link, owner: str) -> None:
        """Add a link of the member `owner`."""
        source, target = link.between(owner)
        left, right = self[source], self[target]
        table = link.resolve(
            f"{source} → {target}",
            left._table.ids,
            right._table.ids,
            lambda name: left._table.column(name, f"link source {source!r}"),
        )
        self.linkage = self.linkage.add(source, target, table)

    def remove(self, name: str) -> None:
        """Take out a member and its links; it goes on alone."""
        member = self.group_of(name).pop(name)
        member._siblings = alone(member)
        self.linkage = self.linkage.drop(name)
        self.left_out.pop(name, None)

    def copy(self) -> Siblings:
        """Other layers of the same parts."""
        return self._rebuilt(lambda member: copy.copy(member), self.linkage, self.left_out)

    def masked(self, name: str, keep: BoolArray, unmapped: Unmapped = "drop") -> Siblings:
        """The kept vertices of one member, and of every other what is linked to them.

        Members that no link joins to the masked one stay whole.
        """
        if unmapped not in ("drop", "keep"):
            raise ValueError(f"unmapped must be 'drop' or 'keep', not {unmapped!r}")
        masks, n_unmapped = self.linkage.spread(name, keep, unmapped)
        kept = {
            member.name: Selection(
                masks[member.name]
                if member.name in masks
                else np.ones(len(member._table), dtype=bool)
            )
            for member in self
        }
        left_out = dict(self.left_out)
        if unmapped == "drop":
            for other, count in n_unmapped.items():
                if count:
                    left_out[other] = left_out.get(other, 0) + count
        return self._rebuilt(
            lambda member: member._selected(kept[member.name]), self.linkage.select(kept), left_out
        )

    def with_member(self, member: Any, linkage: Linkage | None = None) -> Siblings:
        """Copies, one of them replaced by another of the same name, and the linkage that fits."""
        return self._rebuilt(
            lambda other: member if other.name == member.name else copy.copy(other),
            self.linkage if linkage is None else linkage,
            self.left_out,
        )

    def _rebuilt(self, make: Any, linkage: Linkage, left_out: dict[str, int]) -> Siblings:
        made = Siblings()
        for mine, theirs in ((self.layers, made.layers), (self.annotations, made.annotations)):
            for name, member in mine.items():
                theirs[name] = make(member)
                theirs[name]._siblings = made
        made.linkage = linkage
        made.left_out = dict(left_out)
        return made


def alone(member: Member) -> Siblings:
    """The siblings of a layer that has none."""
    siblings = Siblings()
    siblings.layers[member.name] = member
    return siblings
