"""From one kind of file to another, and what that leaves behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from ossify.cell.cell import Cell
from ossify.cli.progress import doing
from ossify.io import storage
from ossify.io.meshwork_h5.contents import read_contents
from ossify.io.meshwork_h5.importer import cell_of
from ossify.io.osy import load_cell, save_cell
from ossify.io.report import ConversionReport, NotCarried
from ossify.io.swc import export_swc
from ossify.io.swc.reader import load_swc_cell

_READ = (".osy", ".swc", ".h5")
_WRITTEN = (".osy", ".swc")


def convert(
    source: str,
    target: str,
    *,
    strict: bool,
    overwrite: bool,
    units: str | None,
) -> list[ConversionReport]:
    """Read a file and write another, each of the kind that its name ends with.

    Parameters
    ----------
    source
        An ``.osy``, ``.swc`` or ``.h5`` file.
    target
        An ``.osy`` or ``.swc`` file.
    strict
        Write nothing if something cannot be carried.
    overwrite
        Whether `target` may be there already.
    units
        What the coordinates and radii of `target` are to be in, if it or `source` is SWC.

    Returns
    -------
    list of ConversionReport
        Of reading and of writing, those that have anything to report; else one that says that
        everything was carried.

    Raises
    ------
    typer.BadParameter
        If a name ends otherwise, or `units` are given and neither file is SWC.
    ConversionError
        If `strict` and something cannot be carried.
    OSError, ValueError
        As the readers and writers of the formats do.
    """
    read, write = _kind(source, _READ, "read"), _kind(target, _WRITTEN, "written")
    if units is not None and ".swc" not in (read, write):
        raise typer.BadParameter(
            "--units is for SWC files: the others state theirs and are copied as is"
        )
    with _taken(target, overwrite):
        # Nobody waits for a long reading only to hear that.
        storage.check_free(target, overwrite)
    with doing(f"Reading {source}"):
        cell, reading = _loaded(source, read, units if write == ".osy" else None)
    reading.check(strict)
    with doing(f"Writing {target}"), _taken(target, overwrite):
        writing = _saved(cell, target, write, strict, overwrite, units)
    left = [report for report in (reading, writing) if report]
    return left or [ConversionReport(f"{source} to {target}")]


@contextmanager
def _taken(target: str, overwrite: bool) -> Iterator[None]:
    """Says what to type where a file is in the way."""
    try:
        yield
    except FileExistsError:
        if overwrite:
            raise
        raise FileExistsError(f"{target} exists already; --overwrite replaces it") from None


def _kind(file: str, known: tuple[str, ...], done: str) -> str:
    # What follows a ? in the address of a web page, such as a signature, is no part of a name.
    is_page = file.lower().startswith(("http://", "https://"))
    name = file.partition("?")[0] if is_page else file
    for suffix in known:
        if name.lower().endswith(suffix):
            return suffix
    raise typer.BadParameter(
        f"{file!r} is of no kind that is {done}: its name must end with {_any(known)}"
    )


def _any(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _loaded(source: str, kind: str, units: str | None) -> tuple[Cell, ConversionReport]:
    if kind == ".osy":
        return load_cell(source), ConversionReport(f"{source} to a cell")
    if kind == ".swc":
        return load_swc_cell(source, units=units)
    return _loaded_meshwork(source)


def _saved(
    cell: Cell, target: str, kind: str, strict: bool, overwrite: bool, units: str | None
) -> ConversionReport:
    if kind == ".swc":
        return export_swc(cell, target, units=units, allow_overwrite=overwrite, strict=strict)
    save_cell(cell, target, allow_overwrite=overwrite)
    return ConversionReport(f"{cell.name} to .osy")


def _loaded_meshwork(source: str) -> tuple[Cell, ConversionReport]:
    """The cell of a MeshWork file: a graph if it has edges of one, else a mesh."""
    contents = read_contents(source)
    mesh = contents.mesh
    is_graph = len(mesh.link_edges) > 0
    cell, node_mask, report = cell_of(contents, is_graph)

    def left() -> Iterator[NotCarried]:
        yield from report
        if masked := int((~node_mask).sum()):
            yield NotCarried("mask", "node_mask", masked, "the cell is converted without its mask")
        if is_graph and len(mesh.faces):
            reason = "the vertices are taken as a level-2 graph"
            yield NotCarried("faces", "mesh", len(mesh.faces), reason)

    return cell, ConversionReport.of(report.what, left())
