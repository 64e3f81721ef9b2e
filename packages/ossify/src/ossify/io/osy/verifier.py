"""Whether a file is whole, byte by byte and member by member."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import xxhash

from ossify.errors import OsyFormatError
from ossify.io import tar
from ossify.io.osy import layout
from ossify.io.osy.manifest import Manifest, Member
from ossify.io.osy.reader import describe_file, load_cell
from ossify.io.storage import Location, Readable, open_source


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a file.

    Attributes
    ----------
    member
        The member of the archive that it is found in; None if it is in none, or in several.
    problem
        What is wrong.
    """

    member: str | None
    problem: str

    def __str__(self) -> str:
        return self.problem if self.member is None else f"{self.member}: {self.problem}"


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

    The checksum of each member is compared with the one in the index; so is each header, and the
    padding after it, with what belongs there. Where no byte is wrong, the whole cell is loaded. Of
    files of versions 1.0 and 2.0, which carry no checksums, only the structure is checked.

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
        content, label = bytes(opened.read_at(0, opened.size)), opened.label
    try:
        manifest = describe_file(_Named(content, label))
    except OsyFormatError as error:
        return Verification(label, len(content), None, 0, False, tuple(_findings(error, label)))
    has_checksums = _starts_with_index(content)
    found = list(_damage(content, manifest)) if has_checksums else []
    # Where bytes are wrong, what is made of them says nothing new.
    found = found or list(_faults(content, label))
    return Verification(
        label, len(content), manifest.version, len(manifest.members), has_checksums, tuple(found)
    )


class _Named(io.BytesIO):
    """Bytes that messages call by the name of the file that they are from."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name


def _starts_with_index(content: bytes) -> bool:
    first = tar.first_member(content[: tar.BLOCK])
    return first is not None and first.name == layout.INDEX


def _damage(content: bytes, manifest: Manifest) -> Iterator[Finding]:
    """Bytes that are not what the index says, in members, between them and after them."""
    members = [_index_member(content), *sorted(manifest.members, key=lambda each: each.offset)]
    names = Counter(member.name for member in members)
    yield from (Finding(name, "is there twice") for name, count in names.items() if count > 1)
    end = 0
    for place, member in enumerate(members):
        before = content[end : member.offset]
        lead = tar.padding(end) + tar.header(member.name, member.size)
        if before != lead:
            yield Finding(member.name, "its header, or what lies before it, is damaged")
        end = member.offset + member.size
        if place and xxhash.xxh3_64_hexdigest(content[member.offset : end]) != member.checksum:
            yield Finding(member.name, "its content is damaged: the checksum is another")
    blocks = end + len(tar.padding(end))
    if content[end:] != tar.padding(end) + tar.ending(blocks):
        yield Finding(None, "the end of the archive is damaged or cut off, or something follows it")


def _index_member(content: bytes) -> Member:
    """The index itself; that its content is right, reading it has shown."""
    first = tar.first_member(content[: tar.BLOCK])
    assert first is not None
    return Member(first.name, first.offset, first.size)


def _faults(content: bytes, label: str) -> Iterator[Finding]:
    """What keeps the members from being a cell."""
    try:
        load_cell(_Named(content, label))
    except OsyFormatError as error:
        yield from _findings(error, label)


def _findings(error: OsyFormatError, label: str) -> Iterator[Finding]:
    """The problems that an error lists."""
    first, *others = str(error).split("\n- ")
    yield from (Finding(None, problem) for problem in others or [first.removeprefix(f"{label}: ")])
