"""The metadata of a cell as JSON, and back with the types it had.

What JSON has is written as it is. Anything else becomes an object with the key ``$type``:
``{"$type": "datetime", "value": "2025-09-08T08:10:01+00:00"}``.
"""

from __future__ import annotations

import base64
import datetime as dt
import math
from collections.abc import Callable
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

Json: TypeAlias = Any
"""What `json` reads and writes."""

_TYPE = "$type"
_VALUE = "value"


def encode_value(value: Any, where: str = "meta") -> Json:
    """A value as JSON that says its type.

    Parameters
    ----------
    value
        None, booleans, numbers, text, bytes, dates, times, pandas Timestamps and Timedeltas,
        numpy scalars and arrays; lists, tuples, sets, dicts of these.
    where
        What to call it in errors.

    Raises
    ------
    TypeError
        If it is, or holds, anything else. The message names the keys that lead there.

    Examples
    --------
    >>> encode_value({"when": dt.date(2025, 9, 8), "n": 3})
    {'when': {'$type': 'date', 'value': '2025-09-08'}, 'n': 3}
    """
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return value
    if kind is float:
        return value if math.isfinite(value) else _tagged("float", repr(value))
    if kind is list:
        return [encode_value(item, f"{where}[{place}]") for place, item in enumerate(value)]
    if kind is dict:
        return _encode_dict(value, where)
    if kind in (tuple, set, frozenset):
        items = list(value) if kind is tuple else _sorted(value)
        name = kind.__name__
        return _tagged(name, [encode_value(i, f"{where}[{n}]") for n, i in enumerate(items)])
    if isinstance(value, (np.ndarray, np.generic)):
        return _encode_numpy(value, where)
    for name, (cls, write, _) in _SCALARS.items():
        if kind is cls:
            return _tagged(name, write(value))
    raise TypeError(
        f"{where} is a {kind.__module__}.{kind.__qualname__}, which a file cannot keep; use "
        "numbers, text, times, numpy arrays, and lists, tuples, sets or dicts of these"
    )


def decode_value(value: Json) -> Any:
    """What `encode_value` was given.

    Raises
    ------
    ValueError
        If it names a type that is not known, or a value that is none of its type.
    """
    if isinstance(value, list):
        return [decode_value(item) for item in value]
    if not isinstance(value, dict):
        return value
    if _TYPE not in value:
        return {key: decode_value(item) for key, item in value.items()}
    try:
        return _decode_tagged(value[_TYPE], value)
    except (
        LookupError,
        TypeError,
        AttributeError,
        ArithmeticError,
        # A dtype is text that numpy parses, a time zone one that names a file.
        SyntaxError,
        OSError,
    ) as error:
        raise ValueError(f"{value!s:.80} is no value of its type ({error!r})") from None


def plain_value(value: Any) -> Json:
    """The nearest that JSON alone can say, as readers of version 2.0 expect it."""
    if isinstance(value, dict):
        return {str(key): plain_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_value(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return [plain_value(item) for item in _sorted(value)]
    if isinstance(value, (np.ndarray, np.generic)):
        return plain_value(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (dt.date, dt.time)):
        return None if value is pd.NaT else value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        # Their JSON has no integers beyond 64 bits.
        return value if -(2**63) <= value < 2**64 else str(value)
    return str(value)


def _tagged(name: str, value: Json, **more: Json) -> Json:
    return {_TYPE: name, _VALUE: value, **more}


def _encode_dict(value: dict[Any, Any], where: str) -> Json:
    if all(type(key) is str for key in value) and _TYPE not in value:
        return {key: encode_value(item, f"{where}[{key!r}]") for key, item in value.items()}
    pairs = [
        [encode_value(key, f"{where}: key {key!r}"), encode_value(item, f"{where}[{key!r}]")]
        for key, item in value.items()
    ]
    return _tagged("dict", pairs)


def _sorted(items: Any) -> list[Any]:
    # The order of a set changes from process to process, and files must not.
    return sorted(items, key=lambda item: (type(item).__name__, repr(item)))


def _encode_numpy(value: Any, where: str) -> Json:
    dtype = value.dtype
    name = "array" if isinstance(value, np.ndarray) else "scalar"
    if type(value) not in (np.ndarray, dtype.type):
        raise TypeError(f"{where} is a {type(value).__name__}, which a file cannot keep")
    if dtype.kind == "O":
        if name == "scalar":
            raise TypeError(f"{where} is a numpy object, which a file cannot keep")
        items = [encode_value(item, f"{where}[{n}]") for n, item in enumerate(value.ravel())]
        return _tagged(name, items, dtype="object", shape=list(value.shape))
    if dtype.kind == "V":
        raise TypeError(f"{where} has the dtype {dtype}, which a file cannot keep")
    data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
    return _tagged(name, data, dtype=dtype.str, shape=list(value.shape))


def _decode_numpy(name: str, tagged: Json) -> Any:
    shape, items = tuple(tagged["shape"]), tagged[_VALUE]
    if tagged["dtype"] == "object":
        array = np.empty(len(items), dtype=object)
        array[:] = [decode_value(item) for item in items]
        return array.reshape(shape)
    dtype = np.dtype(tagged["dtype"])
    if dtype.hasobject:
        raise ValueError(f"the dtype {dtype} is not allowed")
    array = np.frombuffer(bytearray(base64.b64decode(items)), dtype=dtype).reshape(shape)
    return array[()] if name == "scalar" else array


def _decode_tagged(name: str, tagged: Json) -> Any:
    value = tagged[_VALUE]
    if name in ("array", "scalar"):
        return _decode_numpy(name, tagged)
    if name in ("tuple", "set", "frozenset"):
        make: Any = {"tuple": tuple, "set": set, "frozenset": frozenset}[name]
        return make(decode_value(item) for item in value)
    if name == "dict":
        return {decode_value(key): decode_value(item) for key, item in value}
    return _SCALARS[name][2](value)


def _write_datetime(value: dt.datetime) -> Json:
    # A zone says more than the difference that it has to UTC on that day.
    zone = value.tzinfo.key if isinstance(value.tzinfo, ZoneInfo) else None
    if zone is None:
        return value.isoformat()
    return [value.replace(tzinfo=None).isoformat(), zone, value.fold]


def _read_datetime(value: Json) -> dt.datetime:
    if isinstance(value, str):
        return dt.datetime.fromisoformat(value)
    moment, zone, fold = value
    return dt.datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(zone), fold=fold)


def _write_timestamp(value: Any) -> Json:
    zone = None if value.tz is None else str(value.tz)
    return [int(value._value), value.unit, zone]


def _read_timestamp(value: Json) -> pd.Timestamp:
    count, unit, zone = value
    moment = pd.Timestamp(np.datetime64(count, unit)).as_unit(unit)
    return moment if zone is None else moment.tz_localize("UTC").tz_convert(zone)


# Name → class, how it is written, how it is read. Classes are compared exactly, so that a
# pandas Timestamp is not taken for the datetime that it refines.
_SCALARS: dict[str, tuple[type, Callable[[Any], Json], Callable[[Any], Any]]] = {
    "float": (float, repr, float),
    "complex": (
        complex,
        lambda v: [repr(v.real), repr(v.imag)],
        lambda v: complex(float(v[0]), float(v[1])),
    ),
    "bytes": (
        bytes,
        lambda value: base64.b64encode(value).decode(),
        lambda value: base64.b64decode(value, validate=True),
    ),
    "datetime": (dt.datetime, _write_datetime, _read_datetime),
    "date": (dt.date, dt.date.isoformat, dt.date.fromisoformat),
    "time": (dt.time, dt.time.isoformat, dt.time.fromisoformat),
    "timedelta": (
        dt.timedelta,
        lambda value: [value.days, value.seconds, value.microseconds],
        lambda value: dt.timedelta(*value),
    ),
    "Timestamp": (pd.Timestamp, _write_timestamp, _read_timestamp),
    "Timedelta": (
        pd.Timedelta,
        lambda value: [int(value._value), value.unit],
        lambda value: pd.Timedelta(np.timedelta64(*value)),
    ),
    "NaT": (type(pd.NaT), lambda value: None, lambda value: pd.NaT),
    "NA": (type(pd.NA), lambda value: None, lambda value: pd.NA),
}
