"""Tables that CAVE has written as Delta Lakes, or anybody as Parquet files.

A table of a version is there as often as it is useful to look something up in it: the folder
``v<version>/<table>/<layout>`` has all of its rows, put together by the column that the layout is
called after. So the rows of one neuron are in few files, and the others are not read.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow import dataset, fs

from cortical_tools.errors import ExportError, MissingExtraError
from cortical_tools.exports.arrow_folder import explained
from cortical_tools.exports.found import Folder
from cortical_tools.exports.selection import Selection

_LOG = "_delta_log"
# What says in which file a row is, and nothing of the row.
_BOOKKEEPING = "_partition"
_MORTON = "_morton"
_POINT = "_position"
_ROWS = 1 << 16


@dataclass(frozen=True)
class TableLake:
    """A table of one version, in one or more layouts.

    Attributes
    ----------
    name, version
        Of the table, and of the materialization.
    layouts
        What its rows are put together by, such as ``pre_pt_root_id``.
    """

    name: str
    version: int
    layouts: tuple[str, ...]

    def __repr__(self) -> str:
        return f"{self.name}[v{self.version}]"


def lakes_in(folder: Folder, version: int) -> list[TableLake]:
    """The tables of a version that are there as lakes, by name."""
    found = []
    for table in folder.listed(f"v{version}")[0]:
        layouts = tuple(path.rpartition("/")[2] for path in folder.listed(table)[0])
        if layouts:
            found.append(TableLake(table.rpartition("/")[2], version, layouts))
    return found


def best_layout(lake: TableLake, filters: Mapping[str, Any] | None) -> str:
    """The layout that is put together by what is filtered by; the first if none is."""
    for name, value in (filters or {}).items():
        by = f"{name.removesuffix('_bbox')}{_MORTON}" if name.endswith("_bbox") else name
        if value is not None and by in lake.layouts:
            return by
    return lake.layouts[0]


def read_lake(
    folder: Folder,
    lake: TableLake,
    layout: str,
    columns: Sequence[str] | str | None,
    filters: Mapping[str, Any] | None,
) -> pd.DataFrame:
    """The rows of a lake; see `TableExportClient.get_lake_table`."""
    path = f"v{lake.version}/{lake.name}/{layout}"
    place = f"{folder.url}/{path}"
    with _damage_named(place):
        files = _dataset(folder, path)
    selection = Selection(repr(lake), *_shown(files.schema), columns, filters)
    with _damage_named(place):
        return selection.frame(_rows(files, selection))


@contextmanager
def _damage_named(place: str) -> Iterator[None]:
    """What pyarrow says of files that it cannot read, as ours; whoever is kept out is told that."""
    try:
        with explained(place):
            yield
    except (PermissionError, ConnectionError, TimeoutError):
        raise
    except (pa.ArrowException, OSError) as error:
        raise ExportError(f"{place} is damaged or incomplete: {error}") from error


def _rows(files: dataset.Dataset, selection: Selection) -> Iterator[pa.RecordBatch]:
    # Few rows at a time and few batches ahead, as a batch may be of the whole width.
    for batch in files.to_batches(
        columns=selection.needed,
        filter=selection.early,
        batch_size=_ROWS,
        batch_readahead=4,
        fragment_readahead=2,
    ):
        yield selection.finish(batch)


def _shown(schema: pa.Schema) -> tuple[pa.Schema, list[str]]:
    """What of a lake's columns is shown, and which of them are points that nobody has split."""
    fields = [
        field for field in schema if not field.name.endswith((_BOOKKEEPING, _POINT + _MORTON))
    ]
    points = [
        field.name
        for field in fields
        if field.name.endswith(_POINT) and pa.types.is_binary(field.type)
    ]
    return pa.schema(fields), points


def _dataset(folder: Folder, path: str) -> dataset.Dataset:
    inside = fs.SubTreeFileSystem(path, folder.arrow())
    if f"{path}/{_LOG}" not in folder.listed(path)[0]:
        # Hive's way of naming folders, which gives a folder's name to the rows in it.
        found = dataset.dataset("", filesystem=inside, format="parquet", partitioning="hive")
        if not found.files:
            raise ExportError(f"{folder.url}/{path} holds no Parquet files")
        return found
    try:
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError
    except ImportError as error:
        raise MissingExtraError("reading Delta Lakes", "lake") from error
    # The log alone is brought here, so that whatever lets us into a bucket lets us read the lake.
    with tempfile.TemporaryDirectory() as copy:
        local = fs.SubTreeFileSystem(copy, fs.LocalFileSystem())
        local.create_dir(_LOG)
        fs.copy_files(_LOG, _LOG, source_filesystem=inside, destination_filesystem=local)
        try:
            return DeltaTable(copy).to_pyarrow_dataset(filesystem=inside)
        except DeltaError as error:
            raise ExportError(
                f"{folder.url}/{path} cannot be read as a Delta Lake: {error}"
            ) from error
