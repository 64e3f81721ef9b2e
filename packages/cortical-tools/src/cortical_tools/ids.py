"""Ids as they come from users and servers, to int64 and never through floating point."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cortical_tools.errors import IdError

# What can be run through and is no collection of ids.
_NO_COLLECTIONS = (str, bytes, Mapping, pd.DataFrame)
# What a caller may pass where ids are expected.
Ids = Any


def int_ids(values: Ids, what: str = "ids") -> NDArray[np.int64]:
    """Ids as a one-dimensional int64 array, in the order given and with repetitions.

    Parameters
    ----------
    values
        One id or any number of them: integers, decimal text, a list, set, array, Series or Index,
        or anything else that runs through ids, such as a generator; not a dict or a data frame.
        Floats are refused: 864691135639806263 and …265 are the same float.
    what
        What the ids are, for the message.

    Returns
    -------
    (N,) int64 array
        Empty where nothing is given.

    Raises
    ------
    IdError
        If a value is missing, not whole, negative, beyond int64 or a float.

    Examples
    --------
    >>> int_ids(864691135639806263)
    array([864691135639806263])
    >>> int_ids(["7", 8])
    array([7, 8])
    """
    if isinstance(values, pd.Series | pd.Index | pd.api.extensions.ExtensionArray):
        if bool(np.any(values.isna())):
            raise IdError(f"{what}: {int(np.sum(values.isna()))} of {len(values)} are missing")
        # A nullable integer column goes to floats by itself, so its integers are asked for.
        if pd.api.types.is_integer_dtype(values.dtype):
            kind: Any = values.dtype
            values = values.to_numpy(dtype=getattr(kind, "numpy_dtype", kind))
        else:
            values = values.to_numpy()
    elif not isinstance(values, list | np.ndarray):
        is_one = isinstance(values, _NO_COLLECTIONS) or not isinstance(values, Iterable)
        values = [values] if is_one else list(values)
    if isinstance(values, np.ndarray) and values.dtype.kind in "iu":
        return _in_range(values.reshape(-1), what)
    return _in_range(
        np.array([_whole(value, what) for value in np.ravel(_objects(values))], dtype=object), what
    )


def one_id(value: Ids, what: str = "id") -> int:
    """The one id that `value` is; several or none are an `IdError`.

    Examples
    --------
    >>> one_id([864691135639806263])
    864691135639806263
    """
    ids = int_ids(value, what)
    if len(ids) != 1:
        raise IdError(f"{what}: expected one, got {len(ids)}")
    return int(ids[0])


def _objects(values: Any) -> NDArray[np.object_]:
    """The values as they are: a mixed list would become floats or text on its own."""
    out = np.empty(len(values), dtype=object)
    out[:] = list(values)
    return out


def _whole(value: Any, what: str) -> int:
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return int(value)
    hint = ""
    if isinstance(value, float | np.floating):
        hint = "; a float has not enough digits for an id, so keep ids as integers throughout"
    if isinstance(value, Mapping | pd.DataFrame):
        raise IdError(
            f"{what}: a {type(value).__name__} is no collection of ids; give the column or the "
            "keys that are meant"
        )
    raise IdError(f"{what}: {value!r} ({type(value).__name__}) is not an id{hint}")


def _in_range(values: NDArray[Any], what: str) -> NDArray[np.int64]:
    if len(values):
        for worst in (values.min(), values.max()):
            if not 0 <= worst <= np.iinfo(np.int64).max:
                raise IdError(f"{what}: {worst} is not an id, which is from 0 to 2⁶³−1")
    return values.astype(np.int64)
