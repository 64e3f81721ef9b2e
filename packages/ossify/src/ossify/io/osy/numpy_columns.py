"""Columns in numpy arrays of numbers, booleans and times as Arrow arrays, and back."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from ossify._typing import AnyArray

Holding: TypeAlias = dict[str, Any]
"""How a column was held in memory, as JSON."""

_UNITS = ("s", "ms", "us", "ns")


def encode_numpy(column: AnyArray) -> tuple[pa.Array, Holding]:
    """A column of numbers, booleans or times as an Arrow array, and how it was held.

    Raises
    ------
    TypeError
        If Arrow has no type for the dtype, or no unit that holds these times exactly.
    """
    dtype = column.dtype
    holding = {"held": "numpy", "dtype": str(dtype)}
    native = column if dtype.isnative else column.astype(dtype.newbyteorder("="))
    if dtype.kind in "mM":
        unit = np.datetime_data(dtype)
        if unit[0] not in _UNITS or unit[1] != 1:
            whole = native.astype(f"{dtype.kind}8[s]")
            if not np.array_equal(whole.astype(native.dtype), native, equal_nan=True):
                raise TypeError(f"Arrow has no type for {dtype}; convert it to seconds or finer")
            native = whole
    elif dtype.kind not in "biuf" or dtype.itemsize > 8:
        raise TypeError(f"Arrow has no type for {dtype}")
    return pa.array(native), holding


def decode_numpy(array: pa.Array, dtype: np.dtype[Any]) -> AnyArray:
    """The column that was encoded; what Arrow holds as numpy does is not copied.

    Raises
    ------
    TypeError
        If the values are of another kind or width than the dtype.
    """
    copies = array.null_count > 0 or array.type == pa.bool_() or dtype.kind in "mM"
    values: AnyArray = array.to_numpy(zero_copy_only=not copies)
    if values.dtype == dtype:
        return values
    if values.dtype.kind != dtype.kind or values.dtype.itemsize != dtype.itemsize:
        raise TypeError(f"the values are {array.type}")
    return values.astype(dtype)


def in_one_piece(array: Any) -> pa.Array:
    """An array that may come in chunks, as one."""
    if not isinstance(array, pa.ChunkedArray):
        return array
    if array.num_chunks == 1:
        return array.chunk(0)
    return pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
