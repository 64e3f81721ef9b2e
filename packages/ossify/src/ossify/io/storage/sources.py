"""Things with bytes that can be read from any place."""

from __future__ import annotations

import mmap
import os
import time
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from ossify._parallel import side_by_side
from ossify.errors import SourceChangedError
from ossify.io.storage.places import AT_ONCE, Buffer

FIRST = 2**16
"""How many bytes of a remote file come with its size: enough for the index of most cells."""

# What is larger is fetched in parts of this size, several at once: one connection seldom gets all
# that there is.
_PART = 2**23
# What lies at most this far apart is fetched together: it is less than a journey.
_NEAR = 2**12

# Seconds between attempts. What fails four times within three seconds is not a hiccup.
_WAITS = (0.1, 0.5, 2.0)


class Source(Protocol):
    """Something with bytes that can be read from any place."""

    @property
    def label(self) -> str:
        """What to call it in messages."""

    @property
    def size(self) -> int:
        """The number of bytes."""

    @property
    def is_far(self) -> bool:
        """Whether each read costs a journey, so that few and larger ones are better."""

    def read_at(self, offset: int, size: int) -> Buffer:
        """The bytes from `offset` on, fewer than `size` where the source ends."""

    def read_many(self, ranges: Sequence[tuple[int, int]]) -> list[Buffer]:
        """The bytes of several ranges of (offset, size), each as `read_at` gives it."""

    def close(self) -> None:
        """Let go of what is held open."""


class _OneByOne:
    """Several ranges of what is near at hand."""

    is_far = False

    def read_at(self, offset: int, size: int) -> Buffer:
        """The bytes from `offset` on."""
        raise NotImplementedError

    def read_many(self, ranges: Sequence[tuple[int, int]]) -> list[Buffer]:
        """The bytes of several ranges of (offset, size)."""
        return [self.read_at(offset, size) for offset, size in ranges]


@dataclass
class FileSource(_OneByOne):
    """A local file."""

    label: str
    size: int
    file: BinaryIO

    def read_at(self, offset: int, size: int) -> bytes:
        """The bytes from `offset` on, fewer than `size` where the file ends."""
        self.file.seek(offset)
        return self.file.read(min(size, max(self.size - offset, 0)))

    def close(self) -> None:
        """Close the file."""
        self.file.close()


class MappedSource(_OneByOne):
    """A local file, mapped into memory: its pages are read when they are looked at.

    The file may be replaced meanwhile, as `save_cell` does it, but not be written into.
    """

    def __init__(self, label: str, file: BinaryIO) -> None:
        self.label = label
        self.size: int = os.fstat(file.fileno()).st_size
        # No mapping can be empty.
        mapped: Buffer = b""
        if self.size:
            mapped = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        self._mapped = mapped

    def read_at(self, offset: int, size: int) -> Buffer:
        """The bytes from `offset` on, where they lie."""
        return self._mapped[offset : offset + size]

    def close(self) -> None:
        """Nothing: the mapping ends with the last array that uses it."""


@dataclass
class MemorySource(_OneByOne):
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

    def close(self) -> None:
        """Nothing is held open."""


class NoAnswerError(ConnectionError):
    """An answer that did not come, or not whole; it is worth asking again."""


@dataclass(frozen=True)
class Answer:
    """The first bytes of a remote file, and what is known of the rest.

    Attributes
    ----------
    data
        The first bytes, or all of them.
    size
        The size of the whole file.
    version
        What tells this content from another under the same address; None if the server does not
        say.
    """

    data: bytes
    size: int
    version: str | None


class RemoteFile(Protocol):
    """One remote file, as its store answers for it."""

    label: str

    def first(self, size: int) -> Answer:
        """The first `size` bytes, or all if ranges cannot be had."""

    def range(self, offset: int, size: int, start: Answer) -> bytes:
        """A range of the same content that `start` is of.

        Raises
        ------
        SourceChangedError
            If the content is another by now.
        NoAnswerError
            If the answer broke off.
        """

    def close(self) -> None:
        """Close connections."""


class RemoteSource:
    """A remote file, of which ranges are read.

    All ranges are of one content: a file that changes in between is refused. Answers that break
    off, or are not of the length that was asked for, are asked for again, four times in all.

    Raises
    ------
    FileNotFoundError, PermissionError, ConnectionError
        If there is no such file, it may not be read, or its server does not answer.
    """

    is_far = True

    def __init__(self, file: RemoteFile) -> None:
        self.label: str = file.label
        self._file = file
        self._start = self._first()
        self.size: int = self._start.size

    def _first(self) -> Answer:
        for wait in (*_WAITS, None):
            try:
                start = self._file.first(FIRST)
                if len(start.data) in (start.size, min(FIRST, start.size)):
                    return start
                problem = f"{len(start.data):,} bytes came where {FIRST:,} were asked for"
            except NoAnswerError as error:
                problem = str(error)
            _pause(self.label, problem, wait)
        raise AssertionError("the last attempt raises")

    def read_at(self, offset: int, size: int) -> Buffer:
        """The bytes from `offset` on, fewer than `size` where the file ends."""
        return self.read_many([(offset, size)])[0]

    def read_many(self, ranges: Sequence[tuple[int, int]]) -> list[Buffer]:
        """The bytes of several ranges of (offset, size), each as `read_at` gives it.

        Those near each other are fetched together, those that are large in parts, and all of it
        side by side.
        """
        wanted = [
            (min(offset, self.size), min(offset + size, self.size)) for offset, size in ranges
        ]
        held = [(begin, bytearray(end - begin)) for begin, end in _runs(wanted)]
        parts = [
            (begin + place, memoryview(room)[place : place + _PART])
            for begin, room in held
            for place in range(0, len(room), _PART)
        ]
        side_by_side(lambda part: self._fill(*part), parts, AT_ONCE)
        return [_cut(held, begin, end) for begin, end in wanted]

    def _fill(self, begin: int, room: memoryview) -> None:
        room[:] = self._between(begin, begin + len(room))

    def _between(self, begin: int, end: int) -> bytes:
        known = len(self._start.data)
        if end <= known:
            return self._start.data[begin:end]
        start = max(begin, known)
        return self._start.data[begin:start] + self._range(start, end - start)

    def _range(self, offset: int, size: int) -> bytes:
        for wait in (*_WAITS, None):
            try:
                data = self._file.range(offset, size, self._start)
                if len(data) == size:
                    return data
                problem = f"{len(data):,} bytes came where {size:,} were asked for"
            except NoAnswerError as error:
                problem = str(error)
            _pause(self.label, problem, wait)
        raise AssertionError("the last attempt raises")

    def close(self) -> None:
        """Close connections."""
        self._file.close()


def _runs(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Beginnings and ends that cover those given, near ones together, in ascending order."""
    runs: list[tuple[int, int]] = []
    for begin, end in sorted(ranges):
        if runs and begin - runs[-1][1] <= _NEAR:
            runs[-1] = (runs[-1][0], max(runs[-1][1], end))
        else:
            runs.append((begin, end))
    return runs


def _cut(held: list[tuple[int, bytearray]], begin: int, end: int) -> Buffer:
    """The bytes between two places, of the run that they are in."""
    start, data = held[bisect_right(held, begin, key=lambda run: run[0]) - 1]
    return memoryview(data).toreadonly()[begin - start : end - start]


def _pause(label: str, problem: str, wait: float | None) -> None:
    if wait is None:
        raise ConnectionError(
            f"{label} could not be read, {len(_WAITS) + 1} times in a row: {problem}; check the "
            "address and the network"
        )
    time.sleep(wait)


def changed(label: str) -> SourceChangedError:
    """The error for a file that is no longer the one that was opened."""
    return SourceChangedError(
        f"{label} was changed or deleted while it was read; open it again to read what is there now"
    )
