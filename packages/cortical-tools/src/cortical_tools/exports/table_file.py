"""One exported table of one version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any

import pandas as pd
import pyarrow as pa

from cortical_tools.errors import ExportError, UnknownExportError
from cortical_tools.exports.cache import Cache
from cortical_tools.exports.columns import NAIVE_TIME, TIME, Column, read_header
from cortical_tools.exports.found import Folder, Found
from cortical_tools.exports.narrowing import narrowed, open_columns
from cortical_tools.exports.selection import Selection
from cortical_tools.exports.text import DataFile
from cortical_tools.progress import progress_bar

DATA = ".csv.gz"
HEADER = "_header.csv"


@dataclass(frozen=True)
class CloudFileViewExport:
    """A table of one version, as a file.

    Attributes
    ----------
    name
        Of the table.
    size
        Of the file, in bytes; −1 where a server does not say it.
    version
        Of the materialization.
    """

    name: str
    size: int
    version: int
    _folder: Folder = field(repr=False, compare=False)
    _found: Found = field(repr=False)
    _cache: Cache | None = field(default=None, repr=False, compare=False)

    @property
    def datapath(self) -> str:
        """The full path of the file with the rows."""
        return f"{self._folder.url}/{self._found.path}"

    @property
    def headerpath(self) -> str:
        """The full path of the file that says what the columns are."""
        return f"{self._folder.url}/{self._header}"

    @property
    def _header(self) -> str:
        return self._found.path.removesuffix(DATA) + HEADER

    def get_dataframe(
        self,
        version: int | None = None,
        verbose: bool = True,
        *,
        columns: Sequence[str] | str | None = None,
        filters: Mapping[str, Any] | None = None,
    ) -> pd.DataFrame:
        """The rows as a data frame; see `TableExportClient.get_table`.

        Parameters
        ----------
        version
            Nothing, or the version that the file is of.
        verbose
            Show how far it is.
        columns, filters
            As in `TableExportClient.get_table`.
        """
        if version is not None and version != self.version:
            raise UnknownExportError(
                f"{self!r} is of version {self.version}, not of {version}: another version is "
                "another file, which get_table(name, version) of the client finds"
            )
        with progress_bar(repr(self), self.size, verbose, unit="B") as step:
            data = self._data_file(step)
            selection, known = self._selected(data, columns, filters)
            return selection.frame(self._rows(data, known, selection))

    def iter_dataframes(
        self,
        *,
        columns: Sequence[str] | str | None = None,
        filters: Mapping[str, Any] | None = None,
    ) -> Iterator[pd.DataFrame]:
        """The rows as data frames one after another, in little memory.

        Parameters
        ----------
        columns, filters
            As in `TableExportClient.get_table`.

        Yields
        ------
        DataFrame
            Of some ten thousand rows each, none of them empty. The index counts on.
        """
        data = self._data_file()
        selection, known = self._selected(data, columns, filters)
        start = 0
        for batch in self._rows(data, known, selection):
            frame = selection.frame([batch])
            frame.index = pd.RangeIndex(start, start + len(frame))
            start += len(frame)
            if len(frame):
                yield frame

    def _data_file(self, step: Any = lambda count: None) -> DataFile:
        label, url = repr(self), self.datapath
        copy = self._copy(url, step)
        if copy is not None:
            return copy
        return DataFile(label, url, self.size, partial(self._folder.open, self._found.path), step)

    def _copy(self, url: str, step: Any) -> DataFile | None:
        """The file's copy on this machine, made if there is none; None if there is to be none."""
        if self._cache is None or self._folder.is_local or self.size < 0:
            return None
        path = self._cache.find(url, self._found)
        if path is not None:
            return DataFile(repr(self), url, self.size, partial(_opened, path), step)
        if not self._cache.has_room(self._found):
            return None
        with self._folder.open(self._found.path) as source:
            path = self._cache.add(url, self._found, source, step)
        # The bar has gone its way with the download, which takes longest.
        return DataFile(repr(self), url, self.size, partial(_opened, path))

    def _selected(
        self,
        data: DataFile,
        columns: Sequence[str] | str | None,
        filters: Mapping[str, Any] | None,
    ) -> tuple[Selection, list[Column]]:
        known = self._columns()
        if unknown := open_columns(known):
            names = [column.name for column in unknown]
            known = narrowed(known, data.batches(known, names))
        schema = pa.schema(
            [(one.name, TIME if one.type == NAIVE_TIME else one.type) for one in known]
        )
        points = [one.name for one in known if one.is_point]
        return Selection(repr(self), schema, points, columns, filters), known

    def _rows(
        self, data: DataFile, known: list[Column], selection: Selection
    ) -> Iterator[pa.RecordBatch]:
        try:
            for batch in data.batches(known, selection.needed):
                yield selection.apply(batch)
        except ExportError:
            # It may be the copy that is damaged.
            if self._cache is not None:
                self._cache.remove(self.datapath, self._found)
            raise

    def _columns(self) -> list[Column]:
        try:
            with self._folder.open(self._header) as file:
                content = _all_of(file)
        except FileNotFoundError as error:
            raise ExportError(
                f"{self!r} has no header file {self.headerpath}, so nothing says what its columns "
                "are: have it exported again, or write one, a line column_name,data_type of each"
            ) from error
        try:
            return read_header(content.decode(), self.headerpath)
        except UnicodeDecodeError as error:
            raise ExportError(f"{self.headerpath} is no text: {error}") from error

    def __repr__(self) -> str:
        return f"{self.name}[v{self.version}]"


def _all_of(file: IO[bytes]) -> bytes:
    return bytes(file.read())


def _opened(path: Path) -> IO[bytes]:
    return path.open("rb")
