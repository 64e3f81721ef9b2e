"""The rows of an exported file, in batches, out of compressed text."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from cortical_tools.errors import CorticalToolsError, ExportError
from cortical_tools.exports.columns import NAIVE_TIME, TIME, Column
from cortical_tools.exports.web_folder import explained

_GZIP = b"\x1f\x8b"
# What is parsed at once: memory follows it, and no row may be longer.
_BLOCK = 1 << 22
_BUFFER = 1 << 20


class DataFile:
    """A file of rows, which can be read more than once.

    Parameters
    ----------
    label
        What it is called in messages.
    url
        Where it is.
    size
        How many bytes it should have; negative where that is not known.
    open_
        Opens it at its beginning.
    step
        Is told how many bytes have been read.
    """

    def __init__(
        self,
        label: str,
        url: str,
        size: int,
        open_: Callable[[], IO[bytes]],
        step: Callable[[int], None] = lambda count: None,
    ) -> None:
        self.label = label
        self.url = url
        self.size = size
        self._open = open_
        self._step = step

    def batches(self, columns: Sequence[Column], wanted: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """All rows, of the columns that are wanted.

        Parameters
        ----------
        columns
            What the file holds. One without a type is read as text.
        wanted
            Names of columns.

        Raises
        ------
        ExportError
            If the file is damaged, was cut off, has another number of columns, or a value that is
            not of its column's type.
        """
        with closing(_Counted(self.url, self._open(), self._step)) as counted:
            try:
                yield from _parsed(counted, columns, wanted)
            except (pa.ArrowException, OSError) as error:
                # What failed may be the way to the file, and not what it holds.
                if counted.failure is not None:
                    raise counted.failure from error
                if isinstance(error, CorticalToolsError):
                    raise
                raise self._unreadable(error, columns) from error
            if self.size >= 0 and counted.count != self.size:
                raise ExportError(
                    f"{self.url} has {counted.count} bytes and had {self.size} when it was listed: "
                    "it was replaced, or cut off; reset_available_files() looks again"
                )

    def _unreadable(self, error: Exception, columns: Sequence[Column]) -> ExportError:
        said = str(error)
        if isinstance(error, OSError):
            return ExportError(
                f"{self.url} is damaged or was cut off ({said}). Have it exported or copied again."
            )
        if counts := re.search(r"Expected \d+ columns, got (\d+)", said):
            return ExportError(
                f"{self.url} has rows of {counts[1]} values, and its header file lists "
                f"{len(columns)} columns: the two do not belong together"
            )
        if place := re.search(r"In CSV column #(\d+): (.*)", said, re.DOTALL):
            column = columns[int(place[1])]
            return ExportError(
                f"{self.url}: column {column.name}, which its header file says to be "
                f"{column.said or 'of no type'}, holds something else: {place[2]}"
            )
        return ExportError(f"{self.url} cannot be read: {said}")


def _parsed(
    counted: _Counted, columns: Sequence[Column], wanted: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    buffered = io.BufferedReader(counted, _BUFFER)
    start = buffered.peek(2)[:2]
    if not start:
        raise OSError("it is empty; a table without rows is a compressed file of nothing")
    stream: Any = pa.PythonFile(buffered, mode="r")
    # A server may have taken the compression off on the way.
    if start == _GZIP:
        stream = pa.CompressedInputStream(stream, "gzip")
    types = {column.name: column.type or pa.string() for column in columns}
    texts = any(pa.types.is_string(types[one.name]) and not one.is_point for one in columns)
    with stream:
        try:
            reader = csv.open_csv(
                stream,
                # Threads would read ahead, the further the more there are; and what takes long,
                # taking the compression off, is for one.
                read_options=csv.ReadOptions(
                    column_names=list(types), block_size=_BLOCK, use_threads=False
                ),
                parse_options=csv.ParseOptions(
                    # Only text has lines in it, and looking for them costs time.
                    newlines_in_values=texts,
                    # Of one column, an empty line is a row whose value is missing.
                    ignore_empty_lines=len(types) > 1,
                ),
                # PostgreSQL writes nothing for what is missing, and "" for an empty text.
                convert_options=csv.ConvertOptions(
                    column_types=types,
                    include_columns=list(wanted) or list(types)[:1],
                    null_values=[""],
                    true_values=["t", "true"],
                    false_values=["f", "false"],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=False,
                ),
            )
        except pa.ArrowInvalid as error:
            if str(error) == "Empty CSV file":
                return
            raise
        with reader:
            yield from map(_in_utc, reader)


def _in_utc(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Times without a zone, which are in UTC in CAVE's databases, as such."""
    arrays = [
        pc.cast(column, TIME) if column.type == NAIVE_TIME else column for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(arrays, batch.schema.names)


class _Counted(io.RawIOBase):
    """A stream of bytes that says how many it has given, and keeps what made it fail."""

    def __init__(self, url: str, file: IO[bytes], step: Callable[[int], None]) -> None:
        self.count = 0
        self.failure: Exception | None = None
        self._url = url
        self._file = file
        self._step = step

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            with explained(self._url):
                data = self._file.read(len(buffer))
        except Exception as error:
            self.failure = error
            raise
        buffer[: len(data)] = data
        self.count += len(data)
        self._step(len(data))
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()
