"""Whether the bytes of a file are those that were written.

The index has a checksum of each member, and one of all that lies outside of them: headers, padding
and the end of the archive. With its own, in its first line, they cover every byte.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import xxhash

from ossify.io.osy import layout, tar
from ossify.io.osy.manifest import Manifest, Member, Piece
from ossify.io.storage import Buffer, Source

# How much is read at once of what is only looked at: of local files what stays in the processor's
# cache, of others what is worth a journey.
_STEP_NEAR, _STEP_FAR = 2**20, 2**25


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


def index_member(source: Source) -> Member | None:
    """The index of a file of version 3.0 or later; None if it is no such file."""
    first = tar.first_member(bytes(source.read_at(0, tar.BLOCK)))
    if first is None or first.name != layout.INDEX:
        return None
    return Member(first.name, first.offset, first.size)


def size_problem(source: Source, manifest: Manifest) -> str | None:
    """What is wrong with the size of a file, as far as the index can tell; None if nothing is."""
    members = (_index(source), *manifest.members)
    stated = _outside(manifest).size + sum(member.size for member in members)
    if stated > source.size:
        return f"it is cut off: of its {stated:,} bytes, {source.size:,} are there"
    if stated < source.size:
        return f"{source.size - stated:,} bytes follow its end"
    last = max((member.offset + member.size for member in manifest.members), default=0)
    return None if last <= stated else f"{layout.INDEX} places members after its end"


def read_checked(
    source: Source, manifest: Manifest, wanted: Collection[str]
) -> tuple[dict[str, Buffer], list[Finding]]:
    """Read a file from the first byte to the last, and keep some of its members.

    Parameters
    ----------
    source, manifest
        The file and its index, which has been checked when it was read.
    wanted
        The names of the members to keep.

    Returns
    -------
    dict, list
        The content of each member that is wanted; and what is wrong with the file.
    """
    kept: dict[str, Buffer] = {}
    findings: list[Finding] = []
    forward = _Forward(source)
    outside = xxhash.xxh3_64()
    end = 0
    for member in (_index(source), *sorted(manifest.members, key=lambda member: member.offset)):
        if member.offset < end:
            findings.append(Finding(member.name, "it begins before the one before it ends"))
            return kept, findings
        outside = forward.hashed(end, member.offset, outside)
        end = member.offset + member.size
        if member.name in wanted:
            kept[member.name] = forward.read(member.offset, end)
            checksum = xxhash.xxh3_64_hexdigest(kept[member.name])
        else:
            checksum = forward.hashed(member.offset, end, xxhash.xxh3_64()).hexdigest()
        # The index has been checked: it could not have been read otherwise.
        if member.checksum not in (None, checksum):
            findings.append(Finding(member.name, "its content is damaged: the checksum is another"))
    outside = forward.hashed(end, source.size, outside)
    if outside.hexdigest() != _outside(manifest).checksum:
        findings.append(Finding(None, "a header, padding or the end of the archive is damaged"))
    return kept, findings


def _index(source: Source) -> Member:
    index = index_member(source)
    assert index is not None
    return index


def _outside(manifest: Manifest) -> Piece:
    # No index of version 3.0 is without it.
    assert manifest.outside is not None
    return manifest.outside


class _Forward:
    """A source that is read from its beginning to its end, in steps."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._step = _STEP_FAR if source.is_far else _STEP_NEAR
        self._start = 0
        self._held: Buffer = b""

    def hashed(self, start: int, end: int, seen: xxhash.xxh3_64) -> xxhash.xxh3_64:
        """A hash that the bytes between two places have been added to."""
        while start < end:
            part = self._at(start, 1)[: end - start]
            # A source may have become shorter.
            if not part:
                break
            seen.update(part)
            start += len(part)
        return seen

    def read(self, start: int, end: int) -> Buffer:
        """The bytes between two places, alone in memory."""
        size = end - start
        if size >= self._step and not self._source.is_far:
            return self._source.read_at(start, size)
        return bytes(self._at(start, size)[:size])

    def _at(self, start: int, least: int) -> memoryview:
        """The bytes from a place on, at least so many where there are."""
        held = memoryview(self._held)[start - self._start :]
        if len(held) < least:
            more = self._source.read_at(start + len(held), max(self._step, least - len(held)))
            self._start, self._held = start, b"".join((held, more)) if held else more
            held = memoryview(self._held)
        return held
