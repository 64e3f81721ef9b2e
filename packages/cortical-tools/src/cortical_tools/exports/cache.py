"""Copies of remote files on this machine, each known by what it is a copy of."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from cortical_tools.errors import ExportError
from cortical_tools.exports.found import Found
from cortical_tools.exports.web_folder import explained

FOLDER = "CORTICAL_TOOLS_CACHE"
"""The environment variable that says where copies are kept."""

_PART = 1 << 20
# What has to stay free on the disk.
_MARGIN = 1 << 30

_log = logging.getLogger(__name__)


def default_folder() -> Path:
    """Where copies are kept if nobody says where: the place that the operating system has for it.

    The environment variable ``CORTICAL_TOOLS_CACHE`` names another.
    """
    from platformdirs import user_cache_path

    named = os.environ.get(FOLDER)
    return (Path(named).expanduser() if named else user_cache_path("cortical-tools")) / "exports"


class Cache:
    """A folder with copies of files.

    A copy belongs to an address, a size and a stamp, which changes when the content does; a newer
    one takes the place of an older one of the same address.

    Parameters
    ----------
    folder
        Is made when the first copy is.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, url: str, found: Found) -> Path | None:
        """The copy of a file, if there is one."""
        path = self._path(url, found)
        is_whole = path.is_file() and path.stat().st_size == found.size
        return path if is_whole else None

    def has_room(self, found: Found) -> bool:
        """Whether the disk has room for a copy."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(self.folder).free >= found.size + _MARGIN:
            return True
        _log.warning(
            "no room in %s for a copy of %s (%d bytes): it is read without one",
            self.folder,
            found.path,
            found.size,
        )
        return False

    def add(self, url: str, found: Found, source: IO[bytes], step: Callable[[int], None]) -> Path:
        """Make the copy of a file; it appears whole or not at all.

        Raises
        ------
        ExportError
            If what comes is not as long as the file was when it was listed.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self._path(url, found)
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=".part-")
        try:
            with open(handle, "wb") as target:
                size = _copy(url, source, target, step)
            if size != found.size:
                raise ExportError(
                    f"{url} came as {size} bytes and had {found.size} when it was listed: it was "
                    "replaced, or cut off; reset_available_files() looks again"
                )
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        for older in self.folder.glob(f"{_hash(url)}-*"):
            if older != path:
                older.unlink(missing_ok=True)
        return path

    def remove(self, url: str, found: Found) -> None:
        """Remove the copy of a file, if there is one."""
        self._path(url, found).unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove every copy."""
        for path in [*self.folder.glob("*-*.copy"), *self.folder.glob(".part-*")]:
            path.unlink(missing_ok=True)

    def _path(self, url: str, found: Found) -> Path:
        return self.folder / f"{_hash(url)}-{_hash(f'{found.size} {found.stamp}')}.copy"


def _copy(url: str, source: IO[bytes], target: IO[bytes], step: Callable[[int], None]) -> int:
    size = 0
    while True:
        with explained(url):
            part = source.read(_PART)
        if not part:
            return size
        target.write(part)
        size += len(part)
        step(len(part))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]
