"""Files of this machine: paths and ``file://`` URLs, by plain calls of the operating system."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

from ossify.io.storage.places import URL, Buffer, Location, Writable

# What `pathlib.Path` makes of an address, which would be a folder called "s3:".
_FOLDED = re.compile(r"(file|mem|gs|s3|https?):[/\\](?![/\\])", re.IGNORECASE)


def local_path(location: Location) -> Path:
    """The local path that a path or a ``file://`` URL stands for.

    Raises
    ------
    ValueError
        If it is a URL of another kind, or of another machine, or one that has lost a slash, or
        empty; or if it begins with the ``~`` of a user who is not known.

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
    url = URL.match(text)
    if url is None or not isinstance(location, str):
        return _plain_path(text)
    if url[1].lower() != "file":
        raise ValueError(f"{text}: {url[1]}:// is no path of this machine")
    host, slash, path = text[url.end() :].partition("/")
    if host not in ("", "localhost"):
        raise ValueError(f"{text}: the host is {host!r}; file:// URLs must be of this machine")
    path = unquote(slash + path)
    # file:///C:/cell.osy names a drive, with one slash too many for a path.
    return Path(path[1:] if re.match(r"/[A-Za-z]:", path) and os.name == "nt" else path)


def _plain_path(text: str) -> Path:
    if folded := _FOLDED.match(text):
        raise ValueError(
            f"{text} is an address with a slash too few, as pathlib.Path makes it; pass it as text "
            f"that begins with {folded[1]}://"
        )
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise ValueError(f"{text}: {error}") from None


def write_file(location: Location, content: Iterable[Buffer], allow_overwrite: bool) -> None:
    """Write buffers to a file, all of them or none.

    They are written beside it and moved when the bytes are on the disk, so that what was there
    stays whole until then. Missing folders are made.

    Raises
    ------
    FileExistsError
        If there is a file and `allow_overwrite` is False.
    """
    # A link stays a link, and what it points at is written.
    path = Path(os.path.realpath(local_path(location)))
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


def check_path_free(location: Location, allow_overwrite: bool) -> None:
    """Raise if a path cannot be written to because of what is there.

    Raises
    ------
    FileExistsError
        If there is a file and `allow_overwrite` is False, or something that is no file.
    IsADirectoryError
        If there is a folder, or it ends with a slash.
    NotADirectoryError
        If it is below a file.
    PermissionError
        If there is a file that is write-protected.
    """
    path = local_path(location)
    if path.is_dir() or os.fspath(location).endswith(("/", os.sep)):
        raise IsADirectoryError(f"{path} is a folder; give the name of a file in it")
    if not path.exists():
        above = next((parent for parent in path.parents if parent.exists()), path)
        if above.is_file():
            raise NotADirectoryError(f"{path}: {above} is a file, not a folder")
        return
    if not path.is_file():
        # A pipe or a device would be replaced, not written to.
        raise FileExistsError(f"{path} is no regular file; choose another name")
    if not allow_overwrite:
        raise _exists(path)
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, "the file is write-protected", str(path))


def _exists(path: Path) -> FileExistsError:
    return FileExistsError(
        f"{path} exists already; pass allow_overwrite=True, or choose another name"
    )


def _write_aside(path: Path, content: Iterable[Buffer]) -> None:
    # Unlike those of the tempfile module, this file has the permissions that open() gives.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags, 0o666)
    except PermissionError as error:
        raise PermissionError(
            error.errno, "the folder is write-protected", str(path.parent)
        ) from None
    with open(descriptor, "wb") as file:
        write_all(file, content)
        file.flush()
        os.fsync(file.fileno())


def write_all(file: Writable, content: Iterable[Buffer]) -> None:
    """Write buffers one after another."""
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


def file_named(name: str | int | None, ending: str) -> str:
    """The file in the working directory that is called after a cell.

    Raises
    ------
    ValueError
        If the cell has no name, or none that can be a file's.

    Examples
    --------
    >>> file_named(864691135336055529, ".osy")
    './864691135336055529.osy'
    """
    if name is None or name == "":
        raise ValueError("there is no name of a cell to call the file by; pass file=")
    if name in (".", "..") or set(str(name)) & {"/", "\\", "\0"}:
        raise ValueError(f"the cell's name {name!r} is no name for a file; pass file=")
    # With the folder in front, no name is a URL or begins with a home folder's ~.
    return f"./{name}{ending}"
