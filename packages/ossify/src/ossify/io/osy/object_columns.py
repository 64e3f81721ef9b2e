"""Columns of Python objects as Arrow arrays, and back: text, numbers, dates, and lists of them.

All values of a column, or of the lists in it, are of one class; one more value stands for what is
missing.
"""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Sequence
from itertools import chain, pairwise
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ossify._typing import AnyArray
from ossify.io.osy.numpy_columns import Holding, decode_numpy, encode_numpy
from ossify.layers.vertex_table import freeze_column
from ossify.topology.ragged import offsets_of

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
_MISSING: dict[str, Any] = {"None": None, "nan": float("nan"), "NA": pd.NA, "NaT": pd.NaT}


def object_array(values: Sequence[Any]) -> AnyArray:
    """The values as an array of objects, lists that are equally long among them."""
    return np.fromiter(values, dtype=object, count=len(values))


def encode_objects(values: list[Any]) -> tuple[pa.Array, Holding]:
    """Objects, or what lies inside the lists of a list column, and how they were held.

    Raises
    ------
    TypeError, ValueError
        If Arrow has no type for them, or they could not be told apart afterwards.
    """
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
    is_array = issubclass(kind, np.ndarray)
    if is_array and any(value.ndim != 1 for value in values):
        raise TypeError("arrays of more than one dimension cannot be values of a column")
    offsets = offsets_of(np.fromiter(map(len, values), np.int64, len(values)))
    dtypes = {value.dtype for value in values} if is_array else set()
    if len(dtypes) > 1:
        names = ", ".join(sorted(map(str, dtypes)))
        raise TypeError(f"arrays of several dtypes ({names}) cannot share a column")
    if dtypes and not (dtype := dtypes.pop()).hasobject:
        items, holding = encode_numpy(np.concatenate(values) if values else np.empty(0, dtype))
    else:
        items, holding = encode_objects(list(chain.from_iterable(values)))
    make, width = (pa.ListArray, np.int32) if offsets[-1] < 2**31 else (pa.LargeListArray, np.int64)
    array = make.from_arrays(pa.array(offsets.astype(width)), items)
    name = "array" if is_array else kind.__name__
    return array, {"container": name, "items": holding}


def _encode_scalars(values: list[Any]) -> tuple[pa.Array, Holding]:
    dtypes = {value.dtype for value in values}
    if len(dtypes) > 1 or next(iter(dtypes)).kind not in "biufmM":
        raise TypeError(f"Arrow has no type for {', '.join(map(str, dtypes))} in a list or object")
    array, holding = encode_numpy(np.array(values))
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


def decode_objects(array: pa.Array, holding: Holding) -> AnyArray:
    """The column of objects that was encoded."""
    if _is_nest_of_arrays(array, holding):
        nest: AnyArray = array.to_numpy(zero_copy_only=False)
        return nest
    return object_array(_decode_objects(array, holding))


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
        return list(decode_numpy(array, np.dtype(holding["dtype"])))
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
        values = freeze_column(decode_numpy(inner, np.dtype(items["dtype"])))
        return [values[start:stop] for start, stop in bounds]
    objects = _decode_objects(inner, items)
    if name == "array":
        return [object_array(objects[start:stop]) for start, stop in bounds]
    make = _CONTAINERS[name]
    return [make(objects[start:stop]) for start, stop in bounds]


def array_levels(kind: pa.DataType) -> Holding | None:
    """The holding of lists that pandas would read as arrays; None for lists of other things."""
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        items = array_levels(kind.value_type)
        return items and {"container": "array", "items": items, "missing": "None"}
    if pa.types.is_string(kind) or pa.types.is_null(kind):
        return {"leaf": "str", "missing": "None"}
    try:
        dtype = np.dtype(kind.to_pandas_dtype())
    except (TypeError, NotImplementedError):
        return None
    return None if dtype.hasobject else {"held": "numpy", "dtype": str(dtype)}
