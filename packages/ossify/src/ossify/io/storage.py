"""Where files are: paths, ``file://`` URLs, and open binary files.

Readers ask a `Source` for bytes at a place; writers hand over buffers. Neither knows what is
behind it.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, TypeAlias, runtime_checkable
from urllib.parse import unquote

Buffer: TypeAlias = bytes | memoryview

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")


@runtime_checkable
class Readable(Protocol):
    """A binary file to read from."""

    def read(self) -> bytes:
        """All that is left."""


@runtime_checkable
class Writable(Protocol):
    """A binary file to write to."""

    def write(self, data: bytes, /) -> object:
        """Append."""


Location: TypeAlias = str | os.PathLike[str]


class Source(Protocol):
    """Something with bytes that can be read from any place."""

    @property
    def label(self) -> str:
        """What to call it in messages."""

    @property
    def size(self) -> int:
        """The number of bytes."""

    def read_at(self, offset: int, size: int) -> bytes:
        """The bytes from `offset` on, fewer than `size` where the source ends."""


@dataclass
class FileSource:
    """A local file."""

    label: str
    size: int
    file: BinaryIO

    def read_at(self, offset: int, size: int) -> bytes:
        """The bytes from `offset` on, fewer than `size` where the file ends."""
        self.file.seek(offset)
        return self.file.read(min(size, max(self.size - offset, 0)))


@dataclass
class MemorySource:
    """Bytes in memory."""

    label: str
    data: bytes

    @property
    def size(self) -> int:
        """The number of bytes."""
        return len(self.data)

    def read_at(self, offset: int, size: int) -> bytes:
        """The bytes from `offset` on, fewer than `size` where they end."""
        return self.data[offset : offset + size]


@contextmanager
def open_source(source: Location | Readable) -> Iterator[Source]:
    """Something to read from, for as long as the context lasts.

    Parameters
    ----------
    source
        A path, in which ``~`` is the home folder; a ``file://`` URL; or a binary file, which is
        read from where it stands to its end.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError
        As `open` does.
    TypeError
        If it is none of these, or a file in text mode.
    ValueError
        If it is a URL of another kind.
    """
    if isinstance(source, (str, os.PathLike)):
        path = local_path(source)
        with open(path, "rb") as file:
            yield FileSource(path.name, os.fstat(file.fileno()).st_size, file)
        return
    if not isinstance(source, Readable):
        hint = "; wrap them in io.BytesIO" if isinstance(source, (bytes, bytearray)) else ""
        raise TypeError(
            f"expected a path, a URL or a binary file, not {type(source).__name__}{hint}"
        )
    data = source.read()
    if isinstance(data, str):
        raise TypeError("the file is open in text mode; open it with mode 'rb'")
    yield MemorySource(_label(source), bytes(data))


def local_path(location: Location) -> Path:
    """The local path that a path or a ``file://`` URL stands for.

    Raises
    ------
    ValueError
        If it is a URL of another kind, or of another machine, or empty.

    Examples
    --------
    >>> local_path("file:///cells/my%20cell.osy").as_posix()
    '/cells/my cell.osy'
    """
    text = os.fspath(location)
    if not isinstance(text, str):
        raise TypeError(f"a path must be text, not {type(text).__name__}")
    if not text:
        raise ValueError("the path is empty")
    url = _URL.match(text)
    if url is None or not isinstance(location, str):
        return Path(text).expanduser()
    if url[1].lower() != "file":
        raise ValueError(
            f"{text}: {url[1]}:// is remote storage, which cannot be read or written yet; "
            "copy the file here, or pass an open binary file"
        )
    host, slash, path = text[url.end() :].partition("/")
    if host not in ("", "localhost"):
        raise ValueError(f"{text}: the host is {host!r}; file:// URLs must be of this machine")
    path = unquote(slash + path)
    # file:///C:/cell.osy names a drive, with one slash too many for a path.
    return Path(path[1:] if re.match(r"/[A-Za-z]:", path) and os.name == "nt" else path)


def write(
    target: Location | Writable, content: Iterable[Buffer], allow_overwrite: bool = False
) -> None:
    """Write buffers one after another, all of them or none.

    A path is written beside itself and moved when the bytes are on the disk, so that what was
    there stays whole until then. Missing folders are made.

    Raises
    ------
    FileExistsError
        If there is a file and `allow_overwrite` is False.
    IsADirectoryError
        If there is a folder.
    """
    if not isinstance(target, (str, os.PathLike)):
        if not isinstance(target, Writable):
            raise TypeError(f"expected a path, a URL or a binary file, not {type(target).__name__}")
        _write_all(target, content)
        return
    check_free(target, allow_overwrite)
    # A link stays a link, and what it points at is written.
    path = Path(os.path.realpath(local_path(target)))
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        _write_aside(aside, content)
        if allow_overwrite:
            with suppress(FileNotFoundError):
                aside.chmod(stat.S_IMODE(path.stat().st_mode))
            os.replace(aside, path)
        else:
            _move_to_free(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def check_free(target: Location | Writable, allow_overwrite: bool) -> None:
    """Raise if a path cannot be written to because of what is there."""
    if not isinstance(target, (str, os.PathLike)):
        return
    path = local_path(target)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; give the name of a file in it")
    if not allow_overwrite and path.exists():
        raise _exists(path)


def _exists(path: Path) -> FileExistsError:
    return FileExistsError(
        f"{path} exists already; pass allow_overwrite=True, or choose another name"
    )


def _write_aside(path: Path, content: Iterable[Buffer]) -> None:
    # Unlike those of the tempfile module, this file has the permissions that open() gives.
    descriptor = os.open(
        path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666
    )
    with open(descriptor, "wb") as file:
        _write_all(file, content)
        file.flush()
        os.fsync(file.fileno())


def _write_all(file: Writable, content: Iterable[Buffer]) -> None:
    for part in content:
        left = memoryview(part).cast("B")
        while len(left):
            written = file.write(left)  # type: ignore[arg-type]
            # A raw file may take less than it was given, and says how much.
            left = left[written:] if isinstance(written, int) and written > 0 else left[:0]


def _move_to_free(aside: Path, path: Path) -> None:
    try:
        # Fails if another process has made the file in the meantime.
        os.link(aside, path)
    except FileExistsError:
        raise _exists(path) from None
    except OSError:
        # Some file systems have no links. An empty file holds the place.
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            raise _exists(path) from None
        os.replace(aside, path)


def _label(file: object) -> str:
    name = getattr(file, "name", None)
    return os.path.basename(name) if isinstance(name, str) and name else "the file"
