"""What a folder of exports is, wherever it is: it lists what is in it, and opens a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, Protocol

from pyarrow import fs


@dataclass(frozen=True, kw_only=True)
class Found:
    """A file: where it is in its folder, how large, and what changes when its content does."""

    path: str
    size: int
    stamp: str

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


class Folder(Protocol):
    """What exports can be in."""

    url: str
    """Without a slash at the end."""
    is_local: bool

    def refresh(self) -> None:
        """Forget what is known of what is in the folder."""

    def listed(self, path: str = "") -> tuple[list[str], list[Found]]:
        """The paths of the folders, and the files, directly in a folder of this folder."""

    def open(self, path: str) -> IO[bytes]:
        """A file, to be read from its beginning."""

    def arrow(self) -> fs.FileSystem:
        """The folder as a file system of pyarrow, whose paths are relative to it."""
