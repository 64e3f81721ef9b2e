"""Feature columns as Arrow arrays, and back to exactly what they were.

An Arrow array does not say everything: whether text was held as objects or as a pandas string
array, which class a list had, in what unit a day counted. Each column is therefore stored with a
*holding*, a small JSON object that says it. `decode_column` needs both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ossify.io.osy.numpy_columns import Holding, decode_numpy, encode_numpy, in_one_piece
from ossify.io.osy.object_columns import array_levels, decode_objects, encode_objects, object_array
from ossify.io.osy.values import decode_value, encode_value
from ossify.layers.columns import Column
from ossify.layers.vertex_table import freeze_column

# Types of which a few bytes can stand for many long values.
_REPEATING = (
    pa.types.is_dictionary,
    pa.types.is_run_end_encoded,
    pa.types.is_union,
    pa.types.is_string_view,
    pa.types.is_binary_view,
    pa.types.is_list_view,
    pa.types.is_large_list_view,
)


def encode_column(column: Column) -> tuple[pa.Array, Holding]:
    """A column as an Arrow array, with what it takes to make it the same again.

    Raises
    ------
    TypeError, ValueError
        If Arrow has no type for the values, or they could not be told apart afterwards.
    """
    try:
        if isinstance(column, np.ndarray):
            if column.dtype.kind == "O":
                array, holding = encode_objects(column.tolist())
                return array, {"held": "objects", "dtype": "object", **holding}
            return encode_numpy(column)
        return _encode_pandas(column)
    except (pa.ArrowException, UnicodeEncodeError, OverflowError) as error:
        raise TypeError(str(error)) from None


def decode_column(array: pa.Array, holding: Holding) -> Column:
    """The column that was encoded, its numpy arrays read-only.

    Raises
    ------
    ValueError
        If the array and the holding do not fit.
    """
    try:
        column = _decode(array, holding)
    except (
        pa.ArrowException,
        KeyError,
        TypeError,
        IndexError,
        AttributeError,
        OverflowError,
        RecursionError,
        # A dtype is text that numpy parses.
        SyntaxError,
    ) as error:
        raise ValueError(f"cannot be decoded as {holding.get('dtype')}: {error}") from None
    return freeze_column(column)


def foreign_column(array: pa.Array, in_pandas: Callable[[], Any], numpy_type: str | None) -> Column:
    """A column of a table that came without holdings, as pandas reads it.

    Parameters
    ----------
    array
        The values.
    in_pandas
        Makes a Series of them, as pandas does.
    numpy_type
        The dtype that pandas noted.
    """
    _check_plain(array.type)
    levels = array_levels(array.type)
    if levels is not None and "container" in levels:
        return decode_column(array, {"held": "objects", **levels})
    number = pa.types.is_integer(array.type) or pa.types.is_floating(array.type)
    if number and not array.null_count:
        values: Column = array.to_numpy()
        if numpy_type is None or str(values.dtype) == numpy_type:
            return freeze_column(values)
    series = in_pandas()
    if pa.types.is_integer(array.type) and series.dtype.kind == "f":
        # As floats, long ids would not be what they were.
        dtype: Any = "UInt64" if _is_uint64(array) else "Int64"
        nullable: Column = pd.array(array.to_pylist(), dtype=dtype)
        return nullable
    column = series.array
    if isinstance(column, pd.arrays.NumpyExtensionArray):
        column = column.to_numpy()
    copied: Column = column.copy()
    return freeze_column(copied)


def _check_plain(kind: pa.DataType, inside: bool = False) -> None:
    """Raise if Python would make many long values of one that is there once."""
    if pa.types.is_dictionary(kind) and not inside:
        kind = kind.value_type
    if any(repeats(kind) for repeats in _REPEATING):
        raise TypeError(f"values of the type {kind} are not read as Python's objects")
    for place in range(kind.num_fields):
        _check_plain(kind.field(place).type, inside=True)


def _is_uint64(array: pa.Array) -> bool:
    return bool(array.type == pa.uint64())


def _decode(array: pa.Array, holding: Holding) -> Column:
    held = holding["held"]
    if held == "numpy":
        return decode_numpy(array, np.dtype(holding["dtype"]))
    if held in ("objects", "text", "category"):
        _check_plain(array.type)
    if held == "objects":
        return decode_objects(array, holding)
    if held == "times":
        values = decode_numpy(array, np.dtype(holding["dtype"]))
        return pd.Series(values).array
    if held == "category":
        categories = _decode_categories(array.dictionary, holding["categories"])
        kinds = pd.CategoricalDtype(categories, holding["ordered"])
        codes = array.indices.fill_null(-1).to_numpy()
        return pd.Categorical.from_codes(codes, dtype=kinds)
    if held == "text":
        return _decode_text(array, holding)
    if held == "arrow":
        return pd.arrays.ArrowExtensionArray(array)
    if held == "pandas":
        dtype: Any = pd.api.types.pandas_dtype(holding["dtype"])
        column: Column = dtype.__from_arrow__(array)
        return column
    raise ValueError(f"it is held as {held!r}, which this ossify does not know")


def _encode_pandas(column: Any) -> tuple[pa.Array, Holding]:
    dtype = column.dtype
    if isinstance(column, pd.Categorical):
        categories = column.categories.array
        if isinstance(categories, pd.arrays.NumpyExtensionArray):
            categories = categories.to_numpy()
        labels, holding = _encode_categories(categories)
        codes = np.asarray(column.codes)
        array = pa.DictionaryArray.from_arrays(
            pa.array(codes, mask=codes < 0), labels, ordered=bool(column.ordered)
        )
        return array, {
            "held": "category",
            "dtype": "category",
            "ordered": bool(column.ordered),
            "categories": holding,
        }
    if isinstance(dtype, pd.StringDtype):
        missing = "nan" if dtype.na_value is not pd.NA else "NA"
        held = {"held": "text", "dtype": str(dtype)}
        return in_one_piece(pa.array(column)), held | {"storage": dtype.storage, "missing": missing}
    if isinstance(dtype, pd.ArrowDtype):
        return in_one_piece(column.__arrow_array__()), {"held": "arrow", "dtype": str(dtype)}
    if isinstance(dtype, np.dtype):
        array, holding = encode_numpy(column.to_numpy())
        return array, {**holding, "held": "times"}
    array = in_one_piece(pa.array(column))
    holding = {"held": "pandas", "dtype": str(dtype)}
    # pandas makes no promise that a dtype survives, so it is tried.
    again = decode_column(array.slice(0, 0), holding)
    if again.dtype != dtype:
        raise TypeError(f"{dtype} would come back as {again.dtype}")
    return array, holding


def _encode_categories(categories: Any) -> tuple[pa.Array, Holding]:
    if isinstance(categories, pd.arrays.IntervalArray):
        # Others cannot read categories that have parts, so these are written out, for them.
        ends = {
            end: encode_value(np.asarray(getattr(categories, end))) for end in ("left", "right")
        }
        holding = {"held": "intervals", "dtype": str(categories.dtype), **ends}
        return pa.array(map(str, categories), pa.string()), holding
    labels, holding = encode_column(categories)
    if pa.types.is_nested(labels.type) or isinstance(labels.type, pa.BaseExtensionType):
        raise TypeError(f"categories of {categories.dtype} cannot be stored")
    return labels, holding


def _decode_categories(labels: pa.Array, holding: Holding) -> pd.Index[Any]:
    if holding["held"] == "intervals":
        dtype: Any = pd.api.types.pandas_dtype(holding["dtype"])
        ends = decode_value(holding["left"]), decode_value(holding["right"])
        return pd.IntervalIndex.from_arrays(*ends, closed=dtype.closed)
    values = _decode(labels, holding)
    # Without its dtype, an index of objects would be guessed anew from them.
    index: pd.Index[Any] = pd.Index(pd.Series(values, dtype=values.dtype))
    return index


def _decode_text(array: pa.Array, holding: Holding) -> Column:
    missing = pd.NA if holding["missing"] == "NA" else np.nan
    dtype: Any
    try:
        dtype = pd.StringDtype(holding["storage"], missing)
    except (TypeError, ValueError):
        # pandas 2.2 knows only one kind of missing text.
        if missing is pd.NA:
            dtype = pd.StringDtype(holding["storage"])
        else:
            return object_array([np.nan if value is None else value for value in array.to_pylist()])
    column: Column = dtype.__from_arrow__(array)
    return column
