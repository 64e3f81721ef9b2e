"""Filters as a user writes them, and the conditions that they stand for.

The words are those of caveclient, for tables on a server and for tables in files alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cortical_tools.errors import FilterError

# Up to here a float is every whole number.
_EXACT = 2**53
_COMPARISONS = ("<", "<=", ">", ">=", "not in")


@dataclass(frozen=True, kw_only=True)
class Field:
    """One filter of a table: what it is called, and what it stands for."""

    name: str
    # The table and its own name for the column, and the name of the column in the answer.
    table: str
    column: str
    shown_as: str
    is_number: bool = False
    # A number that is an id or a count, and no measure.
    is_whole: bool = False
    is_box: bool = False


@dataclass(frozen=True, kw_only=True)
class Condition:
    """What one column has to be.

    Parameters
    ----------
    column
        As its table calls it.
    operator
        ``==``, ``in``, ``not in``, ``<``, ``<=``, ``>``, ``>=``, ``inside`` or ``matches``.
    value
        A scalar; a list for ``in`` and ``not in``; [[min], [max]] in voxels for ``inside``.
    table
        Where it belongs to another table than the one that is asked.
    shown_as
        As the answer calls the column, where a join gave it a suffix.
    """

    column: str
    operator: str
    value: Any
    table: str | None = None
    shown_as: str | None = None


def conditions_of(
    table: str, fields: Mapping[str, Field], filters: Mapping[str, Any]
) -> tuple[Condition, ...]:
    """What the filters of a table mean; see `tables.Table` for how they are written.

    Raises
    ------
    FilterError
        If the table has no such column, or the column takes no such value.
    """
    conditions: list[Condition] = []
    for name, value in filters.items():
        if name not in fields:
            raise FilterError(f"{table} has no filter {name!r}; it has {', '.join(fields)}")
        if value is not None:
            conditions += _conditions(table, fields[name], value)
    return tuple(conditions)


def _conditions(table: str, field: Field, value: Any) -> list[Condition]:
    """What a filter's value means."""
    if field.is_box:
        corners = np.asarray(value)
        if corners.shape != (2, 3):
            raise FilterError(
                f"{table}: {field.name} takes [[min x, y, z], [max x, y, z]] in voxels, "
                f"not {shortened(value)}"
            )
        # Not the other way round, which what is missing would pass.
        if not np.all(corners[0] <= corners[1]):
            raise FilterError(
                f"{table}: {field.name} takes [[min x, y, z], [max x, y, z]], and nothing lies "
                f"between {shortened(value)}"
            )
        return [_condition(field, "inside", corners.tolist())]
    if isinstance(value, Mapping):
        unknown = set(value) - set(_COMPARISONS)
        if unknown or not value:
            raise FilterError(
                f"{table}: {field.name} takes {', '.join(_COMPARISONS)}, not {sorted(unknown)}"
            )
        if not field.is_number and set(value) - {"not in"}:
            raise FilterError(f"{table}: {field.name} is no number and has no {sorted(value)}")
        return [
            _condition(field, operator, _bound(table, field, operator, bound))
            for operator, bound in value.items()
        ]
    plain = _values(table, field, value)
    return [_condition(field, "in" if isinstance(plain, list) else "==", plain)]


def _bound(table: str, field: Field, operator: str, value: Any) -> Any:
    if operator == "not in":
        values = _values(table, field, value)
        return values if isinstance(values, list) else [values]
    bound = _plain(value)
    if _is_missing(bound):
        raise FilterError(
            f"{table}: {field.name} is compared with a missing value, {shortened(value)}: "
            "leave the bound out"
        )
    is_number = isinstance(bound, int | float) and not isinstance(bound, bool)
    if field.is_whole and not is_number:
        raise FilterError(f"{table}: {field.name} is a number, which {shortened(value)} is not")
    if field.is_whole and isinstance(bound, float) and abs(bound) > _EXACT:
        raise FilterError(
            f"{table}: {field.name} is a whole number, and {shortened(value)} a float of so many "
            "digits that it may have lost some: give an int"
        )
    return bound


def _values(table: str, field: Field, value: Any) -> Any:
    """A scalar or a list of scalars that the column can be equal to."""
    plain = _plain(value)
    several = plain if isinstance(plain, list) else [plain]
    if any(isinstance(one, list | bytes | pd.DataFrame | Mapping) for one in several):
        raise FilterError(
            f"{table}: {field.name} takes one value or a list of them, not {shortened(value)}"
        )
    if any(map(_is_missing, several)):
        raise FilterError(
            f"{table}: {field.name} is asked for a missing value, which is equal to none: "
            f"{shortened(value)}"
        )
    if field.is_whole:
        several = [_whole(table, field, one) for one in several]
    return several if isinstance(plain, list) else several[0]


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or bool(value != value)


def _whole(table: str, field: Field, value: Any) -> int:
    if isinstance(value, str) and value.strip().removeprefix("-").isdecimal():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise FilterError(
        f"{table}: {field.name} is an id or another whole number, which {shortened(value)} "
        f"({type(value).__name__}) is not"
    )


def _condition(field: Field, operator: str, value: Any) -> Condition:
    return Condition(
        column=field.column,
        operator=operator,
        value=value,
        table=field.table,
        shown_as=field.shown_as,
    )


def _plain(value: Any) -> Any:
    """Python's own numbers and lists, which every message and every server understands."""
    if hasattr(value, "tolist"):
        # Of an array without dimensions and of a scalar that is the number itself.
        value = value.tolist()
    if isinstance(value, str | bytes | Mapping | pd.DataFrame) or not isinstance(value, Iterable):
        return value
    return [_plain(one) for one in value]


def shortened(value: Any) -> str:
    """What a value looks like, in a few words."""
    text = repr(value)
    return text if len(text) < 60 else f"{text[:57]}..."
