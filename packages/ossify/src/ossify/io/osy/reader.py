"""Reading cells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ossify.cell.cell import Cell
from ossify.errors import OsyFormatError, UnknownLayerError
from ossify.io.osy import layout, tar
from ossify.io.osy.archive import GET_ANEW, Archive, WholeArchive
from ossify.io.osy.integrity import index_member, size_problem
from ossify.io.osy.lazy_archive import LazyArchive
from ossify.io.osy.manifest import Manifest, Member
from ossify.io.osy.outline import manifest_of
from ossify.io.osy.upgrade import load_old
from ossify.io.osy.values import decode_value
from ossify.io.storage import Location, Readable, Source, attach, open_source

_PACKERS = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "zstd"}


def load_cell(source: Location | Readable, *, layers: Iterable[str] | None = None) -> Cell:
    """Load a cell from an ``.osy`` file of any version up to 3.x.

    Parameters
    ----------
    source
        A path; a URL that begins with ``file://``, ``mem://``, ``gs://``, ``s3://``, ``https://``
        or ``http://``; or a binary file to read from.
    layers
        The names of the layers and annotations to load, with the links between them. Of a file of
        version 3.0, nothing else is read or checked. None for all: every byte of the file is read
        and checked, also what only other readers need.

    Raises
    ------
    FileNotFoundError, PermissionError, ConnectionError
        If there is no such file, it may not be read, or its server does not answer.
    OsyFormatError
        If it is no ``.osy`` file, damaged, incomplete, or of a newer format; with everything that
        is wrong. A ValueError.
    SourceChangedError
        If a remote file is changed while it is read. An OSError.
    UnknownLayerError
        If the file has no layer of a name in `layers`. A KeyError.

    Examples
    --------
    >>> import io
    >>> from ossify.io.osy.writer import save_cell
    >>> file = io.BytesIO()
    >>> save_cell(Cell("y").add_skeleton([[0, 0, 0], [3, 4, 0]], [[1, 0]]), file)
    >>> load_cell(io.BytesIO(file.getvalue())).skeleton.cable_length()
    5.0
    """
    wanted = _names(layers)
    with open_source(source) as opened:
        return read_cell(opened, wanted)


def read_cell(source: Source, layers: Iterable[str] | None = None) -> Cell:
    """Load a cell from what is open; otherwise as `load_cell`."""
    wanted = _names(layers)
    if not has_index(source):
        return _load_old(source, wanted)
    manifest = read_index(source)
    if wanted is None:
        return WholeArchive(source, manifest).cell()
    return Archive(source, _only(manifest, wanted, source.label)).cell()


def open_cell(source: Location | Readable) -> Cell:
    """A cell whose parts are read when they are first looked at.

    Opening reads the index alone. A layer's coordinates and ids are read when any of them is asked
    for, its edges or faces when they are, and each feature column and each link when it is. What
    is read is checked and kept. Local files are mapped into memory; of remote ones, ranges are
    read. Copies and masked cells share what has been read. Pickling reads everything.

    Parameters
    ----------
    source
        As for `load_cell`. Files of versions 1.0 and 2.0 have no index and are loaded whole.

    Raises
    ------
    FileNotFoundError, PermissionError, ConnectionError, OsyFormatError
        As for `load_cell`; also later, when a part is read.
    SourceChangedError
        When a part is read of a remote file that has changed since. An OSError.

    Examples
    --------
    >>> from ossify.io.osy.writer import save_cell
    >>> cell = Cell("y").add_skeleton([[0, 0, 0], [3, 4, 0]], [[1, 0]])
    >>> save_cell(cell, "mem://docstring/y.osy")
    >>> open_cell("mem://docstring/y.osy").skeleton.cable_length()
    5.0
    """
    opened = attach(source, mapped=True)
    try:
        if not has_index(opened):
            return _load_old(opened, None)
        return LazyArchive(opened, read_index(opened)).cell()
    except BaseException:
        opened.close()
        raise


def describe_file(source: Location | Readable) -> Manifest:
    """What a file holds; of a file of version 3.0, its index alone is read.

    Raises
    ------
    FileNotFoundError, PermissionError, ConnectionError, OsyFormatError
        As for `load_cell`.
    """
    with open_source(source) as opened:
        return read_index(opened) if has_index(opened) else describe_old(opened)


def describe_old(source: Source) -> Manifest:
    """What a file of version 1.0 or 2.0 holds, which has no index: it is read whole."""
    content = bytes(source.read_at(0, source.size))
    cell, version = load_old(content, source.label)
    members = [Member(m.name, m.offset, m.size) for m in tar.members(content)]
    return replace(manifest_of(cell, version=version), members=tuple(members))


def _names(layers: Iterable[str] | None) -> list[str] | None:
    if isinstance(layers, str):
        raise TypeError(f"layers must be several names, as in layers=[{layers!r}]")
    return None if layers is None else list(layers)


def _load_old(source: Source, layers: list[str] | None) -> Cell:
    cell = load_old(bytes(source.read_at(0, source.size)), source.label)[0]
    if layers is None:
        return cell
    _check_known(layers, [*cell.layers.names, *cell.annotations.names], source.label)
    for name in set(cell.layers.names) - set(layers):
        cell.remove_layer(name)
    for name in set(cell.annotations.names) - set(layers):
        cell.remove_annotation(name)
    return cell


def _only(manifest: Manifest, layers: list[str], label: str) -> Manifest:
    """The manifest of some layers and the links between them."""
    _check_known(layers, [entry.name for entry in manifest.layers], label)
    return replace(
        manifest,
        layers=tuple(entry for entry in manifest.layers if entry.name in layers),
        links=tuple(
            link for link in manifest.links if link.source in layers and link.target in layers
        ),
        left_out={name: count for name, count in manifest.left_out.items() if name in layers},
    )


def _check_known(layers: list[str], known: list[str], label: str) -> None:
    if unknown := [name for name in layers if name not in known]:
        raise UnknownLayerError(
            f"{label} has no layer or annotation {', '.join(map(repr, unknown))}; it has: "
            f"{', '.join(map(repr, known)) or 'none'}"
        )


def has_index(source: Source) -> bool:
    """Whether a file is of version 3.0 or later.

    Raises
    ------
    OsyFormatError
        If it is no tar archive at all.
    """
    start = bytes(source.read_at(0, tar.BLOCK))
    if not start:
        raise OsyFormatError(f"{source.label} is empty")
    for signature, name in _PACKERS.items():
        if start.startswith(signature):
            raise OsyFormatError(
                f"{source.label} is packed with {name}, as no .osy file is; unpack it first"
            )
    first = tar.first_member(start)
    if first is None:
        raise OsyFormatError(f"{source.label} is not an .osy file, or its beginning is damaged")
    return first.name == layout.INDEX


def read_index(source: Source) -> Manifest:
    """What the index of a file of version 3.0 says, once the file is known to be of that size."""
    index = index_member(source)
    text = b"" if index is None else bytes(source.read_at(index.offset, index.size))
    if index is None or len(text) < index.size:
        raise OsyFormatError(f"{source.label} is cut off within its index; {GET_ANEW}")
    manifest = Manifest.from_json(text, source.label)
    if problem := size_problem(source, manifest):
        raise OsyFormatError(f"{source.label}: {problem}; {GET_ANEW}")
    try:
        return replace(manifest, meta=decode_value(manifest.meta))
    except (ValueError, RecursionError) as error:
        raise OsyFormatError(f"{source.label}: {layout.INDEX}: meta: {error}") from None
