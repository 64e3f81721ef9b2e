"""Whether a file is whole, byte by byte and member by member."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ossify.errors import OsyFormatError
from ossify.io.osy.archive import WholeArchive
from ossify.io.osy.integrity import Finding
from ossify.io.osy.manifest import Manifest
from ossify.io.osy.reader import describe_old, has_index, read_index
from ossify.io.storage import Location, Readable, Source, open_source


@dataclass(frozen=True)
class Verification:
    """What was looked at in a file, and what was found.

    Attributes
    ----------
    label
        The name of the file.
    size
        How many bytes it has.
    version
        The version of the format; None if the file does not say it any more.
    n_members
        The members that were looked at.
    has_checksums
        Whether the file carries checksums, as it does from version 3.0 on. Without them a changed
        number looks like any other; only the structure is checked.
    findings
        All that is wrong; empty if nothing is.
    """

    label: str
    size: int
    version: tuple[int, int] | None
    n_members: int
    has_checksums: bool
    findings: tuple[Finding, ...]


def verify(source: Location | Readable) -> Verification:
    """Check every byte and every member of an ``.osy`` file.

    All checksums are compared with those in the index. Where no byte is wrong, the whole cell is
    loaded. Of files of versions 1.0 and 2.0, which carry no checksums, only the structure is
    checked.

    Parameters
    ----------
    source
        A path, a URL, or a binary file, as for `load_cell`. It is read whole.

    Raises
    ------
    FileNotFoundError, PermissionError, ConnectionError
        If there is no such file, or it cannot be read.

    Examples
    --------
    >>> import io
    >>> from ossify.cell.cell import Cell
    >>> from ossify.io.osy.writer import save_cell
    >>> file = io.BytesIO()
    >>> save_cell(Cell("y").add_skeleton([[0, 0, 0], [3, 4, 0]], [[1, 0]]), file)
    >>> verify(io.BytesIO(file.getvalue())).findings
    ()
    >>> content = bytearray(file.getvalue())
    >>> content[-20_000] ^= 1
    >>> len(verify(io.BytesIO(content)).findings)
    1
    """
    with open_source(source) as opened:
        try:
            if not has_index(opened):
                return _verified(opened, describe_old(opened), False)
            manifest = read_index(opened)
        except OsyFormatError as error:
            found = tuple(_findings(error, opened.label))
            return Verification(opened.label, opened.size, None, 0, False, found)
        archive = WholeArchive(opened, manifest)
        try:
            archive.cell()
        except OsyFormatError as error:
            # Where bytes are wrong, what is made of them says nothing new.
            found = tuple(archive.findings or _findings(error, opened.label))
            return _verified(opened, manifest, True, found)
        return _verified(opened, manifest, True)


def _verified(
    source: Source, manifest: Manifest, has_checksums: bool, found: tuple[Finding, ...] = ()
) -> Verification:
    n_members = len(manifest.members)
    return Verification(
        source.label, source.size, manifest.version, n_members, has_checksums, found
    )


def _findings(error: OsyFormatError, label: str) -> Iterator[Finding]:
    """The problems that an error lists."""
    first, *others = str(error).split("\n- ")
    yield from (Finding(None, problem) for problem in others or [first.removeprefix(f"{label}: ")])
