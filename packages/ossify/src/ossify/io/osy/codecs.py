"""Feature columns as Arrow arrays, and back to exactly what they were.

An Arrow array does not say everything: whether text was held as objects or as a pandas string
array, which class a list had, in what unit a day counted. Each column is therefore stored with a
*holding*, a small JSON object that says it. `decode_column` needs both.
"""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable, Sequence
from itertools import chain, pairwise
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa

from ossify._typing import AnyArray
from ossify.io.osy.values import decode_value, encode_value
from ossify.layers.columns import Column
from ossify.layers.vertex_table import freeze_column

Holding: TypeAlias = dict[str, Any]
"""How a column was held in memory, as JSON."""

_UNITS = ("s", "ms", "us", "ns")

# Python classes of which an object column may consist, and what Arrow calls them. A time without
# an entry for its precision has microseconds, as Python's own.
_LEAVES: dict[type, pa.DataType | None] = {
    str: None,
    bytes: pa.binary(),
    bool: pa.bool_(),
    int: None,
    float: pa.float64(),
    decimal.Decimal: None,
    dt.date: pa.date32(),
    dt.time: pa.time64("us"),
    dt.timedelta: pa.duration("us"),
}
_LEAF_NAMES = {kind.__name__: kind for kind in _LEAVES}
_CONTAINERS: dict[str, type] = {"list": list, "tuple": tuple}
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
_MISSING: dict[str, Any] = {"None": None, "nan": float("nan"), "NA": pd.NA, "NaT": pd.NaT}


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
                array, holding = _encode_objects(column.tolist())
                return array, {"held": "objects", "dtype": "object", **holding}
            return _encode_numpy(column)
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
    levels = _array_levels(array.type)
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
        return _decode_numpy(array, np.dtype(holding["dtype"]))
    if held in ("objects", "text", "category"):
        _check_plain(array.type)
    if held == "objects":
        if _is_nest_of_arrays(array, holding):
            nest: AnyArray = array.to_numpy(zero_copy_only=False)
            return nest
        return _object_array(_decode_objects(array, holding))
    if held == "times":
        values = _decode_numpy(array, np.dtype(holding["dtype"]))
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


# numpy


def _encode_numpy(column: AnyArray) -> tuple[pa.Array, Holding]:
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


def _decode_numpy(array: pa.Array, dtype: np.dtype[Any]) -> AnyArray:
    copies = array.null_count > 0 or array.type == pa.bool_() or dtype.kind in "mM"
    values: AnyArray = array.to_numpy(zero_copy_only=not copies)
    if values.dtype == dtype:
        return values
    if values.dtype.kind != dtype.kind or values.dtype.itemsize != dtype.itemsize:
        raise TypeError(f"the values are {array.type}")
    return values.astype(dtype)


# pandas


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
        return _single(pa.array(column)), held | {"storage": dtype.storage, "missing": missing}
    if isinstance(dtype, pd.ArrowDtype):
        return _single(column.__arrow_array__()), {"held": "arrow", "dtype": str(dtype)}
    if isinstance(dtype, np.dtype):
        array, holding = _encode_numpy(column.to_numpy())
        return array, {**holding, "held": "times"}
    array = _single(pa.array(column))
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


def _single(array: Any) -> pa.Array:
    if isinstance(array, pa.ChunkedArray):
        return (
            array.chunk(0)
            if array.num_chunks == 1
            else pa.concat_arrays(array.chunks)
            if (array.num_chunks)
            else pa.array([], array.type)
        )
    return array


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
            return _object_array(
                [np.nan if value is None else value for value in array.to_pylist()]
            )
    column: Column = dtype.__from_arrow__(array)
    return column


# Objects


def _object_array(values: Sequence[Any]) -> AnyArray:
    return np.fromiter(values, dtype=object, count=len(values))


def _encode_objects(values: list[Any]) -> tuple[pa.Array, Holding]:
    """Objects, or what lies inside the lists of a list column."""
    missing, is_missing = _missing(values)
    present = (
        [v for v, gone in zip(values, is_missing, strict=True) if not gone] if missing else values
    )
    kinds = set(map(type, present))
    if not kinds:
        array, holding = pa.nulls(len(present)), {"leaf": "nothing"}
    elif len(kinds) > 1:
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise TypeError(f"values of several types ({names}) cannot share a column")
    elif issubclass(kind := kinds.pop(), np.ndarray) or kind in (list, tuple):
        array, holding = _encode_lists(present, kind)
    elif issubclass(kind, np.generic):
        array, holding = _encode_scalars(present)
    else:
        array, holding = _encode_leaves(present, kind)
    if missing:
        places = np.cumsum(~is_missing) - 1
        array = array.take(pa.array(places, mask=is_missing))
        holding["missing"] = missing
    return array, holding


def _missing(values: list[Any]) -> tuple[str | None, Any]:
    """Which value stands for "missing", and where it is; None if there is none."""
    kinds = set(map(type, values))
    names = []
    if type(None) in kinds:
        names.append("None")
    if type(pd.NA) in kinds:
        names.append("NA")
    if type(pd.NaT) in kinds:
        names.append("NaT")
    # Among floats NaN is a float; among others it says that something is missing.
    others = kinds - {float, type(None), type(pd.NA), type(pd.NaT)}
    if float in kinds and others and all(v != v for v in values if type(v) is float):
        names.append("nan")
    if len(names) > 1:
        raise ValueError(
            f"{' and '.join(names)} both stand for missing values and could not be told apart; "
            "keep one of them"
        )
    if not names:
        return None, ()
    gone = float if names[0] == "nan" else type(_MISSING[names[0]])
    return names[0], np.fromiter((type(v) is gone for v in values), bool, len(values))


def _encode_lists(values: list[Any], kind: type) -> tuple[pa.Array, Holding]:
    counts = (
        np.fromiter(map(len, values), np.int64, len(values)) if _all_flat(values, kind) else None
    )
    if counts is None:
        raise TypeError("arrays of more than one dimension cannot be values of a column")
    offsets = np.concatenate([[0], np.cumsum(counts)])
    dtypes = {value.dtype for value in values} if issubclass(kind, np.ndarray) else set()
    if len(dtypes) > 1:
        names = ", ".join(sorted(map(str, dtypes)))
        raise TypeError(f"arrays of several dtypes ({names}) cannot share a column")
    if dtypes and not (dtype := dtypes.pop()).hasobject:
        items, holding = _encode_numpy(np.concatenate(values) if values else np.empty(0, dtype))
    else:
        items, holding = _encode_objects(list(chain.from_iterable(values)))
    make, width = (pa.ListArray, np.int32) if offsets[-1] < 2**31 else (pa.LargeListArray, np.int64)
    array = make.from_arrays(pa.array(offsets.astype(width)), items)
    name = "array" if issubclass(kind, np.ndarray) else kind.__name__
    return array, {"container": name, "items": holding}


def _all_flat(values: list[Any], kind: type) -> bool:
    return not issubclass(kind, np.ndarray) or all(value.ndim == 1 for value in values)


def _encode_scalars(values: list[Any]) -> tuple[pa.Array, Holding]:
    dtypes = {value.dtype for value in values}
    if len(dtypes) > 1 or next(iter(dtypes)).kind not in "biufmM":
        raise TypeError(f"Arrow has no type for {', '.join(map(str, dtypes))} in a list or object")
    array, holding = _encode_numpy(np.array(values))
    return array, {"leaf": "scalar", "dtype": holding["dtype"]}


def _encode_leaves(values: list[Any], kind: type) -> tuple[pa.Array, Holding]:
    if kind not in _LEAVES:
        if kind in (pd.Timestamp, dt.datetime):
            raise TypeError("times held as objects lose their zones; use pd.to_datetime first")
        raise TypeError(f"Arrow has no type for {kind.__name__}")
    array = pa.array(values, _LEAVES[kind])
    if pa.types.is_decimal(array.type) and list(map(str, array.to_pylist())) != list(
        map(str, values)
    ):
        raise TypeError("decimals of several precisions cannot share a column")
    return array, {"leaf": kind.__name__}


def _decode_objects(array: pa.Array, holding: Holding) -> list[Any]:
    if "missing" in holding:
        present = array.drop_null()
        found = iter(_decode_present(present, holding))
        gone = _MISSING[holding["missing"]]
        return [next(found) if valid else gone for valid in array.is_valid().to_pylist()]
    return _decode_present(array, holding)


def _decode_present(array: pa.Array, holding: Holding) -> list[Any]:
    if "container" in holding:
        return _decode_lists(array, holding)
    if holding["leaf"] == "scalar":
        return list(_decode_numpy(array, np.dtype(holding["dtype"])))
    if holding["leaf"] != "nothing" and holding["leaf"] not in _LEAF_NAMES:
        raise TypeError(f"values of type {holding['leaf']!r} are not known")
    values: list[Any] = array.to_pylist()
    return values


def _is_nest_of_arrays(array: pa.Array, holding: Holding) -> bool:
    """Whether Arrow's own conversion makes the very arrays that were stored."""
    while holding.get("container") == "array" and holding.get("missing", "None") == "None":
        if "missing" not in holding and array.null_count:
            return False
        array, holding = array.values, holding["items"]
    is_number = pa.types.is_integer(array.type) or pa.types.is_floating(array.type)
    return (
        is_number
        and not array.null_count
        and holding.get("held") == "numpy"
        and np.dtype(holding["dtype"]) == array.type.to_pandas_dtype()
    )


def _decode_lists(array: pa.Array, holding: Holding) -> list[Any]:
    # Not `array.values`: what is left of an array after nulls were dropped starts elsewhere.
    offsets = array.offsets.to_numpy().tolist()
    first = offsets[0] if offsets else 0
    inner = array.values.slice(first, (offsets[-1] if offsets else 0) - first)
    bounds = [(start - first, stop - first) for start, stop in pairwise(offsets)]
    items, name = holding["items"], holding["container"]
    if items.get("held") == "numpy":
        values = freeze_column(_decode_numpy(inner, np.dtype(items["dtype"])))
        return [values[start:stop] for start, stop in bounds]
    objects = _decode_objects(inner, items)
    if name == "array":
        return [_object_array(objects[start:stop]) for start, stop in bounds]
    make = _CONTAINERS[name]
    return [make(objects[start:stop]) for start, stop in bounds]


def _array_levels(kind: pa.DataType) -> Holding | None:
    """The holding of lists that pandas would read as arrays; None for lists of other things."""
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        items = _array_levels(kind.value_type)
        return items and {"container": "array", "items": items, "missing": "None"}
    if pa.types.is_string(kind) or pa.types.is_null(kind):
        return {"leaf": "str", "missing": "None"}
    try:
        dtype = np.dtype(kind.to_pandas_dtype())
    except (TypeError, NotImplementedError):
        return None
    return None if dtype.hasobject else {"held": "numpy", "dtype": str(dtype)}
