"""From SWC files to skeletons."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TextIO, TypeAlias, cast

from ossify._frozen import freeze
from ossify._typing import AnyArray, IntArray
from ossify.cell.cell import Cell
from ossify.io.report import ConversionReport, NotCarried
from ossify.io.storage import Location, Readable, open_source
from ossify.io.swc.header import Facts
from ossify.io.swc.scale import Scale
from ossify.io.swc.streams import is_text_file
from ossify.io.swc.table import N_COLUMNS, SWCTable, parse
from ossify.layers.geometry import EmbeddedTree
from ossify.layers.skeleton import SkeletonLayer
from ossify.layers.vertex_table import VertexTable, as_column
from ossify.units import canonical_units
from ossify.vertex_ids import VertexIds

COMPARTMENT = "compartment"
RADIUS = "radius"
HEADER = "swc_header"
"""Where a cell's `meta` keeps the comments of the file that it came from."""

Source: TypeAlias = Location | Readable | TextIO


def load_swc(
    source: Source,
    name: str | None = None,
    rescale: float | None = None,
    units: str | None = None,
    *,
    file_units: str | None = None,
    extra_columns: Sequence[str] = (),
    keep_ids: bool = False,
    strict: bool = False,
) -> SkeletonLayer:
    r"""Load the skeleton of an SWC file.

    The vertices keep the order of the file. Types become the feature ``compartment`` (int64, the
    codes of `SWCCompartment` and any others) and radii the feature ``radius`` (float64). Where the
    file has several roots, so has the skeleton, and none is `root`.

    Parameters
    ----------
    source
        A path, an address as for `load_cell`, or a file to read from, in binary or text mode.
    name
        The name of the layer. None: ``"skeleton"``.
    rescale
        Multiply coordinates and radii by exactly this factor. The units are then not stated.
    units
        Convert coordinates and radii to these units. None: as they are in the file.
    file_units
        What the numbers in the file are in. None: what its header says in a line such as
        ``# units: nm``, else µm, as is the convention of the format.
    extra_columns
        Names for columns after the seventh, which become features. Those without a name are
        reported.
    keep_ids
        Whether vertex ids are those of the file; else they are 0 … V - 1 in its order.
    strict
        Raise where something is left behind or taken for granted, instead of warning.

    Returns
    -------
    SkeletonLayer
        On its own; `Cell.add_skeleton` takes it.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    SWCFormatError
        If a line is malformed or the lines make no tree; with the numbers of the lines. A
        ValueError.
    UnitsError
        If units cannot be converted. A ValueError.
    ConversionError
        If `strict` and something cannot be carried. A ValueError.
    ValueError
        If both `rescale` and `units` are given.

    Warns
    -----
    ConversionWarning
        Where columns have no name, or a parent is 0 or left out and the vertex is taken as a root.

    Examples
    --------
    >>> import io
    >>> file = io.StringIO("1 1 0 0 0 5 -1\n2 2 3 4 0 0.5 1\n")
    >>> skeleton = load_swc(file, units="nm")
    >>> skeleton.cable_length(), skeleton.get_feature("radius").tolist()
    (5000.0, [5000.0, 500.0])
    """
    file = _File.read(source)
    skeleton = file.skeleton(
        name or Cell.SKEL_LN, _Wanted(rescale, units, file_units, tuple(extra_columns), keep_ids)
    )
    report = file.report(extra_columns)
    report.check(strict)
    report.warn(stacklevel=2)
    return skeleton


def load_swc_cell(
    source: Source,
    name: str | None = None,
    rescale: float | None = None,
    units: str | None = None,
    *,
    file_units: str | None = None,
    extra_columns: Sequence[str] = (),
    keep_ids: bool = False,
) -> tuple[Cell, ConversionReport]:
    """Load an SWC file as a cell that has its skeleton, and its comments in ``meta``.

    Parameters
    ----------
    source, rescale, units, file_units, extra_columns, keep_ids
        As for `load_swc`.
    name
        The name of the cell. None: that in the header, else that of the file.

    Returns
    -------
    cell
        ``cell.meta["swc_header"]`` is the list of comment lines; `export_swc` writes them again.
    report
        What could not be carried.
    """
    file = _File.read(source)
    wanted = _Wanted(rescale, units, file_units, tuple(extra_columns), keep_ids)
    skeleton = file.skeleton(Cell.SKEL_LN, wanted)
    if name is None:
        stem = PurePath(os.fspath(source)).stem if isinstance(source, (str, os.PathLike)) else None
        name = file.facts.name or stem
    cell = Cell(name, {HEADER: list(file.table.header)} if file.table.header else None)
    return cell.add_skeleton(skeleton), file.report(extra_columns)


@dataclass(frozen=True)
class _Wanted:
    rescale: float | None
    units: str | None
    file_units: str | None
    extra_columns: tuple[str, ...]
    keep_ids: bool

    def scale(self, facts: Facts) -> tuple[Scale, str | None]:
        """The scale, and the units of what it gives."""
        if self.rescale is not None and self.units is not None:
            raise ValueError(
                f"rescale={self.rescale!r} and units={self.units!r} are two ways to scale; pass one"
            )
        there = facts.units if self.file_units is None else canonical_units(self.file_units)
        if self.rescale is not None:
            return Scale.by(self.rescale), there if self.rescale == 1 else None
        if self.units is None:
            return Scale(), there
        remedy = "say what the file is in by file_units=, or multiply by rescale="
        return Scale.between(there, self.units, remedy), canonical_units(self.units)


@dataclass(frozen=True)
class _File:
    """A file that is read, and what its header says."""

    table: SWCTable
    facts: Facts

    @classmethod
    def read(cls, source: Source) -> _File:
        table = parse(*_bytes_of(source))
        return cls(table, Facts.of(table.header))

    def skeleton(self, name: str, wanted: _Wanted) -> SkeletonLayer:
        table = self.table
        scale, units = wanted.scale(self.facts)
        features = {
            COMPARTMENT: table.types,
            RADIUS: scale(table.radius),
            **self._named_extra(wanted.extra_columns),
        }
        ids = VertexIds(table.ids) if wanted.keep_ids else VertexIds.from_count(len(table.ids))
        points = freeze(scale(table.points))
        columns = {
            key: as_column(values, len(ids), f"{table.label}: {key!r}")
            for key, values in features.items()
        }
        roots = table.tree.roots
        embedded = EmbeddedTree(ids, points, table.tree, _only(roots))
        vertices = VertexTable(ids, points).with_columns(columns)
        return SkeletonLayer.from_parts(name, vertices, embedded, embedded, units, self.facts.space)

    def _named_extra(self, names: Sequence[str]) -> Mapping[str, AnyArray]:
        n_extra = len(self.table.extra)
        if len(names) > n_extra:
            raise ValueError(
                f"{self.table.label}: extra_columns names {len(names)} columns after the "
                f"{N_COLUMNS}th, the file has {n_extra}"
            )
        if len({COMPARTMENT, RADIUS, *names}) < len(names) + 2:
            raise ValueError(f"extra_columns must be different new names, not {list(names)}")
        return dict(zip(names, self.table.extra, strict=False))

    def report(self, names: Sequence[str]) -> ConversionReport:
        """What is not in the skeleton."""
        return ConversionReport.of(f"{self.table.label} to a skeleton", self._left(len(names)))

    def _left(self, n_named: int) -> Iterator[NotCarried]:
        count = len(self.table.ids)
        for place in range(n_named, len(self.table.extra)):
            reason = "it has no name; pass extra_columns=[…] to keep it as a feature"
            yield NotCarried("column", str(N_COLUMNS + 1 + place), count, reason)
        if self.table.assumed_roots:
            reason = "a parent of 0 or none where -1 is expected; the vertex was taken as a root"
            yield NotCarried("parent", "0", self.table.assumed_roots, reason)


def _only(roots: IntArray) -> int | None:
    return int(roots[0]) if len(roots) == 1 else None


def _bytes_of(source: Source) -> tuple[bytes, str]:
    if is_text_file(source):
        return source.read().encode(), "the file"
    with open_source(cast("Location | Readable", source)) as opened:
        return bytes(opened.read_at(0, opened.size)), opened.label
