"""The outside of an archive: headers, padding, and where members lie."""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass

BLOCK = 512
_RECORD = 20 * BLOCK
_FILES = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE)
# Headers that say more of the next member, such as a long name.
_EXTENDED = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME)
_MOST_EXTENDED = 2**13


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
    return None if info.size < 0 else TarMember(info.name, BLOCK, info.size)


def members(archive: bytes) -> list[TarMember]:
    """All files in order; folders are passed over.

    Raises
    ------
    tarfile.TarError
        If the archive ends before its members do, a header is damaged, or a member is neither file
        nor folder.
    """
    _check_headers(archive)
    # Without compression: what unpacks to more than it is has no place inside an archive.
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as tar:
        found: list[TarMember] = []
        for info in tar:
            if info.isdir():
                continue
            end = found[-1].offset + found[-1].size if found else 0
            if not (info.isreg() and info.offset_data > end and info.size >= 0):
                raise tarfile.ReadError(f"member {info.name!r} is no file")
            if info.offset_data + info.size > len(archive):
                raise tarfile.ReadError(f"member {info.name!r} is cut off")
            found.append(TarMember(info.name, info.offset_data, info.size))
        return found


def _check_headers(archive: bytes) -> None:
    """Raise if there are headers that `tarfile` would take long to read, or for ever."""
    place = 0
    while (block := archive[place : place + BLOCK]).strip(b"\0"):
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        if info.type not in _FILES + _EXTENDED:
            raise tarfile.ReadError(f"member {info.name!r} is a link or a device, and no file")
        if info.size < 0 or (info.type in _EXTENDED and info.size > _MOST_EXTENDED):
            raise tarfile.ReadError(f"a header says that {info.size:,} bytes follow it")
        size = 0 if info.isdir() else info.size
        place += BLOCK + size + len(padding(size))
