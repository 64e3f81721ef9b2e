"""What has been exported to a place, and getting it from there."""

from __future__ import annotations

import logging
import operator
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from cortical_tools.errors import UnknownExportError
from cortical_tools.exports.cache import Cache, default_folder
from cortical_tools.exports.lake import TableLake, best_layout, lakes_in, read_lake
from cortical_tools.exports.places import folder_at
from cortical_tools.exports.table_file import DATA, HEADER, CloudFileViewExport
from cortical_tools.parallel import side_by_side

_VERSION = re.compile(r"v(0|[1-9]\d*)")
_MANY = 20

_Kind = TypeVar("_Kind", CloudFileViewExport, TableLake)

_log = logging.getLogger(__name__)


class TableExportClient:
    """Tables that were exported to a bucket or a folder.

    Parameters
    ----------
    cloudpath
        The folder with a folder ``v<version>`` per version: a path, or an address beginning with
        ``file://``, ``gs://``, ``s3://``, ``http://`` or ``https://``. Ask whoever runs the dataset
        for it. Nothing is asked of it before the first question.
    cache
        Where copies of remote files are kept, so that each is downloaded once: a folder; True for
        the one of the operating system, or the one that the environment variable
        ``CORTICAL_TOOLS_CACHE`` names; False for none. A copy is used as long as the size and the
        time or tag of the file stay what they were. Local files are not copied.

    Examples
    --------
    >>> exports = TableExportClient("gs://my-bucket/minnie65_public")
    >>> exports
    TableExportClient('gs://my-bucket/minnie65_public')
    """

    def __init__(
        self, cloudpath: str | os.PathLike[str], cache: bool | str | os.PathLike[str] = True
    ) -> None:
        self._folder = folder_at(cloudpath)
        self._wanted_cache = cache
        self._cache: Cache | None = None
        if cache is not False:
            self._cache = Cache(default_folder() if cache is True else Path(cache).expanduser())
        self._files: list[CloudFileViewExport] | None = None
        self._lakes: list[TableLake] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._folder.url, self._wanted_cache)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._folder.url!r})"

    @property
    def cloudpath(self) -> str:
        """Where the exports are."""
        return self._folder.url

    @property
    def available_files(self) -> list[CloudFileViewExport]:
        """Every exported table of every version, by name and version; looked up once.

        What else is there is passed over, and named in a warning of the logger
        ``cortical_tools.exports``.
        """
        if self._files is None:
            self._files = self._listed()
        return list(self._files)

    def reset_available_files(self) -> None:
        """Look again what there is, at the next question."""
        self._files = None
        self._lakes = None

    @property
    def available_tables(self) -> list[str]:
        """The names of the exported tables, in alphabetical order."""
        return sorted({file.name for file in self.available_files})

    def available_versions(self, table_name: str) -> list[int]:
        """The versions that a table was exported in, in rising order; none of an unknown table."""
        return sorted(file.version for file in self.available_files if file.name == table_name)

    def available_data_df(self) -> pd.DataFrame:
        """Every exported table of every version, by name and version.

        Returns
        -------
        DataFrame
            ``name``; ``version`` and ``size``, in bytes, int64. Without exports, of no rows.
        """
        files = self.available_files
        return pd.DataFrame(
            {
                "name": pd.Series([file.name for file in files], dtype=object),
                "version": np.array([file.version for file in files], np.int64),
                "size": np.array([file.size for file in files], np.int64),
            }
        )

    def get_table(
        self,
        table_name: str,
        version: int,
        *,
        columns: Sequence[str] | str | None = None,
        filters: Mapping[str, Any] | None = None,
        progress: bool = True,
    ) -> pd.DataFrame:
        """The rows of a table.

        The file is read piece by piece, and what is not wanted of a piece is let go with it: memory
        follows what is returned, not the size of the file.

        Parameters
        ----------
        table_name, version
            Which.
        columns
            Names of columns, in the order wanted; ``pt_position`` stands for ``pt_position_x``,
            ``_y`` and ``_z``. All by default.
        filters
            By column, as in ``client.tables``: a scalar, equal to it; a list, set or array, one of
            these; a dict with ``<``, ``<=``, ``>``, ``>=``, bounds, or with ``not in``, none of
            these; ``<point>_position_bbox=[[min], [max]]``, inside the box, faces included. A row
            has to hold all of them; a missing value holds none.
        progress
            Show how far it is.

        Returns
        -------
        DataFrame
            Every row, the first too, in the order of the file. Types follow the header file:
            integers and truth values nullable, floats with NaN where there is nothing, times in
            UTC, points as three columns of nullable int64 (of float64 where one is not whole), and
            text, to which everything else is left. Where the header file has only names, or numbers
            of no size, the narrowest type is taken that holds every value, after one more reading.

        Raises
        ------
        UnknownExportError
            If there is no such table or version.
        FilterError
            If there is no such column, or it takes no such value.
        ExportError
            If a file is damaged, or not what its header file says.
        FileNotFoundError, PermissionError, ConnectionError, TimeoutError
            If it cannot be reached.
        """
        file = self._find(table_name, version)
        return file.get_dataframe(verbose=progress, columns=columns, filters=filters)

    def iter_table(
        self,
        table_name: str,
        version: int,
        *,
        columns: Sequence[str] | str | None = None,
        filters: Mapping[str, Any] | None = None,
    ) -> Iterator[pd.DataFrame]:
        """The rows of a table as data frames one after another, in little memory.

        Parameters
        ----------
        table_name, version, columns, filters
            As in `get_table`.

        Yields
        ------
        DataFrame
            Of some ten thousand rows each, none of them empty. The index counts on. A coordinate is
            of int64 in those in which all of it is whole.
        """
        yield from self._find(table_name, version).iter_dataframes(columns=columns, filters=filters)

    @property
    def available_lakes(self) -> list[TableLake]:
        """Every table that is there as a Delta Lake or as Parquet files; looked up once.

        These are the folders ``v<version>/<table>/<layout>``.
        """
        if self._lakes is None:
            _, versions = self._versions()
            lakes = (lake for version in versions for lake in lakes_in(self._folder, version))
            self._lakes = sorted(lakes, key=lambda lake: (lake.name, lake.version))
        return list(self._lakes)

    def get_lake_table(
        self,
        table_name: str,
        version: int,
        *,
        columns: Sequence[str] | str | None = None,
        filters: Mapping[str, Any] | None = None,
        layout: str | None = None,
    ) -> pd.DataFrame:
        """The rows of a table that is there as a Delta Lake or as Parquet files.

        Only the files are read that can have rows of the filters in them: the synapses of one
        neuron take a moment where `get_table` has to read all.

        Parameters
        ----------
        table_name, version
            Which.
        columns, filters
            As in `get_table`.
        layout
            What the rows are put together by; one of the table's `TableLake.layouts`. By default
            the one that is filtered by.

        Returns
        -------
        DataFrame
            In types as of `get_table`; a lake lacks some columns of bookkeeping, such as
            ``created``. The rows are in the order of the layout.

        Raises
        ------
        UnknownExportError
            If there is no such table, version or layout.
        FilterError
            If there is no such column, or it takes no such value.
        MissingExtraError
            If it is a Delta Lake, and what reads them is not installed.
        ExportError
            If files are missing or damaged.
        """
        lake = _chosen(table_name, version, self.available_lakes, self.cloudpath)
        layout = best_layout(lake, filters) if layout is None else layout
        if layout not in lake.layouts:
            raise UnknownExportError(f"{lake!r} has no layout {layout!r}; it has {lake.layouts}")
        return read_lake(self._folder, lake, layout, columns, filters)

    def clear_cache(self) -> None:
        """Remove the copies of remote files that are kept on this machine."""
        if self._cache is not None:
            self._cache.clear()

    def _find(self, table_name: str, version: int) -> CloudFileViewExport:
        try:
            return _chosen(table_name, version, self.available_files, self.cloudpath)
        except UnknownExportError as error:
            if any(lake.name == table_name for lake in self.available_lakes):
                error.add_note("There are lakes of this name: get_lake_table(), available_lakes.")
            raise

    def _versions(self) -> tuple[list[str], list[int]]:
        """What is no folder of a version, and the versions, in rising order."""
        folders, files = self._folder.listed()
        versions = [path for path in folders if _VERSION.fullmatch(path)]
        odd = [f"{path}/" for path in folders if path not in versions]
        return odd + [file.path for file in files], sorted(int(path[1:]) for path in versions)

    def _listed(self) -> list[CloudFileViewExport]:
        self._folder.refresh()
        skipped, versions = self._versions()
        files = []
        listed = side_by_side(self._folder.listed, [f"v{version}" for version in versions])
        for version, (_, found) in zip(versions, listed, strict=True):
            for one in found:
                name = one.name.removesuffix(DATA)
                if name and name != one.name:
                    files.append(
                        CloudFileViewExport(name, one.size, version, self._folder, one, self._cache)
                    )
                elif not one.name.endswith(HEADER):
                    skipped.append(one.path)
        if skipped:
            _log.warning(
                "%s: passed over what is neither v<version>/<table>%s nor its header: %s",
                self.cloudpath,
                DATA,
                _few(skipped),
            )
        return sorted(files, key=lambda file: (file.name, file.version))


def _chosen(name: str, version: int, among: Sequence[_Kind], cloudpath: str) -> _Kind:
    """The one of a name and a version."""
    try:
        wanted = operator.index(version)
    except TypeError:
        raise TypeError(
            f"version: a number such as 1484, not {version!r} ({type(version).__name__})"
        ) from None
    versions = [one.version for one in among if one.name == name]
    for one in among:
        if (one.name, one.version) == (name, wanted):
            return one
    if versions:
        raise UnknownExportError(
            f"{name} was not exported in version {wanted}; it was in "
            f"{', '.join(map(str, sorted(versions)))}"
        )
    names = sorted({one.name for one in among})
    there = f"are {_few(names)}" if names else "is none at all: is this the datastack's folder?"
    raise UnknownExportError(f"no table {name!r} was exported to {cloudpath}; there {there}")


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:_MANY]) + (", ..." if len(names) > _MANY else "")
