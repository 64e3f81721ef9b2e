"""Vertex ids: how they enter, and how they become rows.

An id is a name that survives masking; a row is a place in the arrays at hand. Ids are int64 from
the moment they enter and never pass through a float: 864691135639806263 and 864691135639806265
are two vertices, and a float64 cannot tell them apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ossify._frozen import Frozen
from ossify._typing import AnyArray, BoolArray, IntArray
from ossify.errors import UnknownVertexError, VertexIdError

NO_VERTEX = -1
"""Stands for "no vertex" among rows, and among ids in a link."""

# From 2**53 on a float64 skips whole numbers.
_BITS_OF_A_FLOAT = 53


def as_ids(values: Any, what: str = "vertex ids", *, allow_none: bool = False) -> IntArray:
    """Vertex ids as an int64 array, exactly, or an error.

    Parameters
    ----------
    values
        Integers of any width; uint64 below 2**63; pandas nullable integers; Python integers in a
        list or an object array; floats only if whole and below 2**53, float32 below 2**24.
    what
        What the ids are, for the error.
    allow_none
        Whether −1 and, in nullable arrays, missing values are allowed. Both become −1.

    Returns
    -------
    (N,) int64 array
        A new array, or `values` itself where it already is int64.

    Raises
    ------
    VertexIdError
        If a value is negative, missing, not whole, or outside int64.
    TypeError
        If the values are not numbers, or are booleans.
    """
    array, missing = _as_flat_array(values)
    if missing is not None and not allow_none:
        raise VertexIdError(f"{what}: {missing.sum():,} of {len(array):,} are missing")
    if array.dtype.kind == "O":
        ids = _ids_from_objects(array, what, allow_none)
    elif array.dtype.kind == "f":
        ids = _ids_from_floats(array, what, allow_none)
    elif array.dtype.kind == "u":
        if array.size and array.max() >= 2**63:
            raise VertexIdError(f"{what}: {array.max()} is 2**63 or more and is not an int64 id")
        ids = array.astype(np.int64)
    elif array.dtype.kind == "i":
        ids = array.astype(np.int64, copy=False)
    else:
        raise TypeError(f"{what} must be integers, not {array.dtype}")
    if missing is not None:
        ids = np.where(missing, NO_VERTEX, ids)
    lowest = NO_VERTEX if allow_none else 0
    if ids.size and ids.min() < lowest:
        bad = ids[ids < lowest]
        raise VertexIdError(
            f"{what}: {len(bad):,} of {len(ids):,} are negative, the first is {bad[0]}; "
            "ids are whole numbers from 0 to 2**63 - 1"
        )
    return ids


def as_id(value: Any, what: str = "vertex id") -> int:
    """One vertex id as a Python int; the rules are those of `as_ids`."""
    return int(as_ids([value], what)[0])


def _as_flat_array(values: Any) -> tuple[AnyArray, BoolArray | None]:
    """The values as a numpy array, and which are missing where the array cannot say so."""
    dtype = getattr(values, "dtype", None)
    if isinstance(dtype, pd.api.extensions.ExtensionDtype):
        if not pd.api.types.is_integer_dtype(dtype):
            return np.asarray(values, dtype=object), None
        missing = np.asarray(values.isna())
        kind = np.uint64 if dtype.kind == "u" else np.int64
        # With a fill value the integers never pass through floats.
        array = values.to_numpy(dtype=kind, na_value=0)
        return array, missing if missing.any() else None
    if isinstance(values, Iterable) and not hasattr(values, "__array__"):
        values = list(values)
        array = np.asarray(values) if values else np.empty(0, np.int64)
        kinds = {type(value) for value in values}
        # numpy makes floats of a list that mixes int64 and uint64, or ints and None; and integers
        # of booleans among integers.
        if (array.dtype.kind == "f" and kinds - {float}) or (kinds & {bool, np.bool_}):
            array = np.empty(len(values), dtype=object)
            array[:] = values
        return array.reshape(-1), None
    return np.asarray(values).reshape(-1), None


def _ids_from_objects(array: AnyArray, what: str, allow_none: bool) -> IntArray:
    ids = np.empty(len(array), np.int64)
    for place, value in enumerate(array):
        if isinstance(value, (bool, np.bool_)):
            raise TypeError(f"{what} must be integers, not {value!r}")
        if isinstance(value, (int, np.integer)):
            if not -(2**63) <= int(value) < 2**63:
                raise VertexIdError(f"{what}: {value} is outside int64")
            ids[place] = int(value)
        elif isinstance(value, (float, np.floating)) and not np.isnan(value):
            ids[place] = _ids_from_floats(np.array([value]), what, allow_none)[0]
        elif value is None or value is pd.NA or value != value:
            if not allow_none:
                raise VertexIdError(f"{what}: value {place} is missing")
            ids[place] = NO_VERTEX
        else:
            raise TypeError(f"{what} must be integers, not {type(value).__name__} ({value!r})")
    return ids


def _ids_from_floats(array: AnyArray, what: str, allow_none: bool) -> IntArray:
    missing = np.isnan(array)
    if missing.any() and not allow_none:
        raise VertexIdError(f"{what}: {missing.sum():,} of {len(array):,} are missing (NaN)")
    present = array[~missing]
    # A float32 skips whole numbers already from 2**24 on.
    bits = min(np.finfo(array.dtype).nmant + 1, _BITS_OF_A_FLOAT)
    exact = (np.abs(present) < 2**bits) & (present == np.trunc(present))
    if not exact.all():
        bad = present[~exact][0]
        raise VertexIdError(
            f"{what}: {float(bad)!r} is a float that may not be the id it was: an id passes as a "
            f"{array.dtype} only if whole and below 2**{bits}. `df.iloc[0]` makes floats of the "
            'ids in a row; `df["vertex_id"].iloc[0]` keeps them'
        )
    ids = np.full(len(array), NO_VERTEX, np.int64)
    ids[~missing] = present.astype(np.int64)
    return ids


@dataclass(frozen=True, eq=False, init=False)
class VertexIds(Frozen):
    """The ids of the vertices of one layer, in row order.

    Parameters
    ----------
    ids
        (V,) ids. No two may be equal.
    what
        Whose ids these are, for errors.

    Raises
    ------
    VertexIdError
        If an id is repeated or is not an id.

    Examples
    --------
    >>> vertex_ids = VertexIds([103, 101, 102])
    >>> vertex_ids.rows([101, 103]).tolist()
    [1, 0]
    """

    ids: IntArray

    def __init__(self, ids: Any, what: str = "vertex ids") -> None:
        taken = as_ids(ids, what)
        # The caller may hold, and change, the array that came in.
        self._set("ids", taken.copy() if taken.flags.writeable else taken)
        if not self.is_range and not self._is_increasing:
            ordered = self._sorted_ids
            repeated = ordered[1:][ordered[1:] == ordered[:-1]]
            if len(repeated):
                raise VertexIdError(
                    f"{what}: {len(repeated):,} of {len(self):,} are repeated, the first is "
                    f"{repeated[0]}; every vertex needs an id of its own"
                )

    @classmethod
    def from_count(cls, n_vertices: int) -> VertexIds:
        """The ids 0 … n − 1."""
        return cls._trusted(np.arange(n_vertices, dtype=np.int64))

    @classmethod
    def _trusted(cls, ids: IntArray) -> VertexIds:
        made = cls.__new__(cls)
        made._set("ids", ids)
        return made

    def select(self, rows: IntArray | BoolArray) -> VertexIds:
        """The ids of the chosen rows."""
        return self._trusted(self.ids[rows])

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self, ids: Any, what: str = "vertices") -> IntArray:
        """The row of each id.

        Raises
        ------
        UnknownVertexError
            If an id is not there, with a count and the first.
        """
        wanted = as_ids(ids, f"{what}: ids")
        rows = self.find(wanted)
        unknown = wanted[rows == NO_VERTEX]
        if len(unknown):
            raise UnknownVertexError(
                f"{what}: {len(unknown):,} of {len(wanted):,} ids are not among the "
                f"{len(self):,} vertices, the first is {unknown[0]}"
            )
        return rows

    def find(self, ids: IntArray) -> IntArray:
        """The row of each int64 id, −1 where it is not there."""
        if self.is_range:
            known = (ids >= 0) & (ids < len(self))
            return np.where(known, ids, NO_VERTEX)
        if len(self) == 0:
            return np.full(len(ids), NO_VERTEX, np.int64)
        ordered = self._sorted_ids
        places = np.searchsorted(ordered, ids)
        places[places == len(self)] = 0
        rows = places if self._order is None else self._order[places]
        return np.where(ordered[places] == ids, rows, NO_VERTEX)

    @cached_property
    def is_range(self) -> bool:
        """Whether the ids are 0 … n − 1, and so the same as the rows."""
        count = len(self.ids)
        if count == 0 or self.ids[0] != 0 or self.ids[-1] != count - 1:
            return count == 0
        return bool((self.ids == np.arange(count)).all())

    @cached_property
    def _is_increasing(self) -> bool:
        return bool((self.ids[1:] > self.ids[:-1]).all())

    @cached_property
    def _order(self) -> IntArray | None:
        return None if self._is_increasing else np.argsort(self.ids, kind="stable")

    @cached_property
    def _sorted_ids(self) -> IntArray:
        return self.ids if self._order is None else self.ids[self._order]
