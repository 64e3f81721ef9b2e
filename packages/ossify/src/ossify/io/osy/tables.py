"""Vertex tables as Arrow IPC files, which are Feather files to others."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from ossify._typing import AnyArray, IntArray
from ossify.io.osy import layout
from ossify.io.osy.arrays import most_unpacked
from ossify.io.osy.arrow_size import size_in_memory, uncompressed_size
from ossify.io.osy.numpy_columns import in_one_piece
from ossify.io.storage import Buffer

Compression = Literal["zstd", "lz4", "uncompressed"]


@dataclass(frozen=True)
class Packing:
    """How tables are compressed."""

    compression: Compression = "zstd"
    level: int | None = None

    def __post_init__(self) -> None:
        if self.compression not in ("zstd", "lz4", "uncompressed"):
            raise ValueError(
                f"compression must be 'zstd', 'lz4' or 'uncompressed', not {self.compression!r}"
            )
        if self.level is not None and self.compression == "uncompressed":
            raise ValueError("compression_level is given, but compression is 'uncompressed'")

    def options(self) -> pa.ipc.IpcWriteOptions:
        """As Arrow takes it."""
        if self.compression == "uncompressed":
            return pa.ipc.IpcWriteOptions()
        level = 1 if self.level is None and self.compression == "zstd" else self.level
        try:
            codec = pa.Codec(self.compression, level)
        except (pa.ArrowException, OverflowError, TypeError) as error:
            raise ValueError(f"compression_level {self.level!r}: {error}") from None
        return pa.ipc.IpcWriteOptions(compression=codec)


def write_table(
    names: Sequence[str],
    columns: Sequence[pa.Array],
    described: Mapping[int, str],
    ids: IntArray | None,
    index_name: str | None,
    packing: Packing,
) -> memoryview:
    """Columns and the ids that index them, in one record batch, as pandas writes them.

    Parameters
    ----------
    names, columns
        What they are called, and their values.
    described
        For the places of columns that pandas holds in types of its own, the dtype.
    ids
        (V,) the index; None for the row numbers.
    index_name
        What it is called.
    """
    fields = [
        _described(name, column.type, described.get(place))
        for place, (name, column) in enumerate(zip(names, columns, strict=True))
    ]
    arrays, names = list(columns), list(names)
    index: Any
    if ids is None:
        count = len(columns[0]) if columns else 0
        index = {"kind": "range", "name": None, "start": 0, "stop": count, "step": 1}
    else:
        # A feature may have the name of the index.
        free = index_name is not None and index_name not in names
        index = index_name if free else layout.INDEX_COLUMN
        fields.append({**_described(index, pa.int64(), None), "name": index_name})
        arrays.append(pa.array(ids))
        names.append(index)
    metadata = {
        "index_columns": [index],
        "column_indexes": [],
        "columns": fields,
        "creator": {"library": "pyarrow", "version": pa.__version__},
        "pandas_version": pd.__version__,
    }
    schema = pa.schema(
        [pa.field(name, array.type) for name, array in zip(names, arrays, strict=True)],
        metadata={"pandas": json.dumps(metadata)},
    )
    batch = pa.record_batch(arrays, schema=schema)
    size = size_in_memory(pa.Table.from_batches([batch]))
    # A reader would refuse what unpacks to so much.
    for way in (packing, Packing("uncompressed")):
        written = _write_batch(batch, way)
        if size <= most_unpacked(len(written)):
            return written
    raise ValueError(
        f"its columns take about {size:,} bytes in memory and {len(written):,} in a file, which no "
        "reader would believe; are there long lists of nothing?"
    )


def _write_batch(batch: pa.RecordBatch, packing: Packing) -> memoryview:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, batch.schema, options=packing.options()) as writer:
        writer.write_batch(batch)
    return memoryview(sink.getvalue())


def _described(name: str, kind: pa.DataType, dtype: str | None) -> dict[str, Any]:
    metadata = None
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        pandas_type, metadata = "datetimetz", {"timezone": kind.tz}
    elif pa.types.is_timestamp(kind):
        pandas_type = "datetime"
    elif pa.types.is_dictionary(kind):
        pandas_type = "categorical"
    else:
        pandas_type = str(kind)
    if dtype is None:
        try:
            dtype = str(np.dtype(kind.to_pandas_dtype()))
        except (NotImplementedError, TypeError):
            dtype = "object"
    return {
        "name": name,
        "field_name": name,
        "pandas_type": pandas_type,
        "numpy_type": dtype,
        "metadata": metadata,
    }


def read_table(data: Buffer) -> pa.Table:
    """The table of an Arrow IPC file, each column in one piece.

    Raises
    ------
    ValueError
        If it is no such file, or damaged, or unpacks to far more than it is.
    """
    return read_columns(data, [])


def read_columns(data: Buffer | bytearray, places: Sequence[int]) -> pa.Table:
    """The columns at some places of an Arrow IPC file; all, if there are no places.

    What belongs to other columns is not looked at.

    Raises
    ------
    ValueError
        If it is no such file, or damaged, or unpacks to far more than it is.
    """
    _check_size(uncompressed_size(data), data)
    try:
        options = pa.ipc.IpcReadOptions(included_fields=list(places))
        table = pa.ipc.open_file(pa.py_buffer(data), options=options).read_all()
        table.validate()
        _check_size(size_in_memory(table), data)
        # Else offsets that lead elsewhere would be followed.
        table.validate(full=True)
        return table.combine_chunks()
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise ValueError(f"it is no table that Arrow can read ({error})") from None


def _check_size(size: int, data: Buffer | bytearray) -> None:
    if size > most_unpacked(len(data)):
        raise ValueError(f"it unpacks from {len(data):,} to {size:,} bytes, which no table does")


def piece(table: pa.Table, place: int) -> pa.Array:
    """A column of a table as one array."""
    return in_one_piece(table.column(place))


def numbers(table: pa.Table, place: int, dtype: Any) -> AnyArray:
    """A column of numbers without gaps.

    Raises
    ------
    ValueError
        If it has gaps, or holds something else.
    """
    array = piece(table, place)
    try:
        values: AnyArray = array.to_numpy(zero_copy_only=True)
    except pa.ArrowException as error:
        raise ValueError(f"column {table.field(place).name!r}: {error}") from None
    return values.astype(dtype, copy=False)
