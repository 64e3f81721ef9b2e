"""Where files are: paths, buckets, web servers, memory, and open binary files.

Readers ask a `Source` for bytes at a place; writers hand over buffers. Neither knows what is
behind it. Files of this machine are read and written by plain calls of the operating system;
everything else is behind a `Store`.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from ossify.io.storage.gcs import GCSStore
from ossify.io.storage.local import check_path_free, file_named, local_path, write_all, write_file
from ossify.io.storage.memory import MemoryStore, cloud_files
from ossify.io.storage.places import (
    MEMORY,
    REMOTE,
    Address,
    Buffer,
    Location,
    Readable,
    Writable,
    address_of,
)
from ossify.io.storage.s3 import S3Store
from ossify.io.storage.sources import FileSource, MappedSource, MemorySource, Source
from ossify.io.storage.stores import Store
from ossify.io.storage.web import WebStore

__all__ = [
    "MEMORY",
    "REMOTE",
    "Address",
    "Buffer",
    "Location",
    "Readable",
    "Source",
    "Store",
    "Writable",
    "address_of",
    "attach",
    "check_free",
    "cloud_files",
    "file_named",
    "local_path",
    "open_source",
    "store_at",
    "write",
]


def store_at(address: Address, anonymous: bool = False) -> Store:
    """The bucket or server of an address."""
    kinds: dict[str, type[Store]] = {"gs": GCSStore, "s3": S3Store, MEMORY: MemoryStore}
    return kinds.get(address.scheme, WebStore)(address, anonymous)


@contextmanager
def open_source(source: Location | Readable) -> Iterator[Source]:
    """Something to read from, for as long as the context lasts.

    Parameters
    ----------
    source
        A path, in which ``~`` is the home folder; a URL; or a binary file, which is read from
        where it stands to its end.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError
        As `open` does; also for what is elsewhere.
    ConnectionError
        If a server cannot be reached, or breaks off.
    TypeError
        If it is none of these, or a file in text mode.
    ValueError
        If it is a URL of an unknown kind.
    """
    opened = attach(source)
    try:
        yield opened
    finally:
        opened.close()


def attach(source: Location | Readable, mapped: bool = False) -> Source:
    """Something to read from, until it is closed.

    Parameters
    ----------
    source
        As for `open_source`.
    mapped
        Map a local file into memory instead of reading it.
    """
    if isinstance(source, (str, os.PathLike)):
        address = address_of(source)
        if address is not None:
            return store_at(address).open(address.key)
        path = local_path(source)
        file = open(path, "rb")  # noqa: SIM115 the source closes it
        if not mapped:
            return FileSource(path.name, os.fstat(file.fileno()).st_size, file)
        with file:
            return MappedSource(path.name, file)
    if not isinstance(source, Readable):
        hint = "; wrap them in io.BytesIO" if isinstance(source, (bytes, bytearray)) else ""
        raise TypeError(
            f"expected a path, a URL or a binary file, not {type(source).__name__}{hint}"
        )
    data = source.read()
    if isinstance(data, str):
        raise TypeError("the file is open in text mode; open it with mode 'rb'")
    return MemorySource(_label(source), bytes(data))


def write(
    target: Location | Writable, content: Iterable[Buffer], allow_overwrite: bool = False
) -> None:
    """Write buffers one after another; a path or an object is written whole or not at all.

    Raises
    ------
    FileExistsError
        If there is a file and `allow_overwrite` is False.
    IsADirectoryError
        If there is a folder.
    PermissionError, ConnectionError
        If it may not be written, or a server does not answer.
    """
    if not isinstance(target, (str, os.PathLike)):
        if not isinstance(target, Writable):
            raise TypeError(f"expected a path, a URL or a binary file, not {type(target).__name__}")
        if isinstance(target, io.TextIOBase):
            raise TypeError("the file is open in text mode; open it with mode 'wb'")
        write_all(target, content)
        return
    address = address_of(target)
    if address is None:
        check_path_free(target, allow_overwrite)
        write_file(target, content, allow_overwrite)
    else:
        store_at(address).put(address.key, b"".join(content), allow_overwrite)


def check_free(target: Location | Writable, allow_overwrite: bool) -> None:
    """Raise if a path or an address cannot be written to because of what is there."""
    if not isinstance(target, (str, os.PathLike)):
        return
    address = address_of(target)
    if address is None:
        check_path_free(target, allow_overwrite)
    else:
        _check_file(address)
        store_at(address).check_free(address.key, allow_overwrite)


def _check_file(address: Address) -> None:
    if not address.name or address.key.endswith("/"):
        raise IsADirectoryError(f"{address} is a folder; give the name of a file in it")


def _label(file: object) -> str:
    name = getattr(file, "name", None)
    return os.path.basename(name) if isinstance(name, str) and name else "the file"
