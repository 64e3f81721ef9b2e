"""The outside of an archive: headers, padding, and where members lie."""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass

BLOCK = 512
_RECORD = 20 * BLOCK


@dataclass(frozen=True)
class TarMember:
    """Where the content of a member lies, in bytes from the start of the archive."""

    name: str
    offset: int
    size: int


def header(name: str, size: int) -> bytes:
    """The blocks in front of a member; names that need it have a pax header.

    Nothing in them depends on when, where or by whom the archive is written.
    """
    info = tarfile.TarInfo(name)
    info.size = size
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def padding(size: int) -> bytes:
    """What fills the last block of a member."""
    return b"\0" * (-size % BLOCK)


def ending(size: int) -> bytes:
    """What ends an archive whose members take `size` bytes."""
    return b"\0" * (2 * BLOCK + -(size + 2 * BLOCK) % _RECORD)


def first_member(start: bytes) -> TarMember | None:
    """The member that the first block of an archive announces; None if it is no archive."""
    try:
        info = tarfile.TarInfo.frombuf(start[:BLOCK], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return None
    return TarMember(info.name, BLOCK, info.size)


def members(archive: bytes) -> list[TarMember]:
    """All regular members in order.

    Raises
    ------
    tarfile.TarError
        If the archive ends before its members do, or a header is damaged.
    """
    # Without compression: what unpacks to more than it is has no place inside an archive.
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as tar:
        found = []
        for info in tar:
            if info.isfile():
                if info.offset_data + info.size > len(archive):
                    raise tarfile.ReadError(f"member {info.name!r} is cut off")
                found.append(TarMember(info.name, info.offset_data, info.size))
        return found
