"""The types of columns of which a header file does not say enough: from all their values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from cortical_tools.exports.columns import NAIVE_TIME, TIME, Column

_TIME = r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?"
# From narrow to wide, with how the values have to be written. A whole number of more than 15 digits
# is never taken for a float, which could not hold it, nor one with leading zeros for a number.
_WRITTEN = {
    pa.int64(): r"^(0|-?[1-9]\d{0,18})$",
    pa.bool_(): r"^[tf]$",
    TIME: _TIME + r"[+-]\d\d(:\d\d)?$",
    NAIVE_TIME: _TIME + "$",
    pa.float64(): r"^(-?(0|[1-9]\d{0,14}|\d+\.\d*|\d+(\.\d+)?e[+-]?\d+|Infinity)|NaN)$",
}
_NUMBERS = (pa.int64(), pa.float64())


def open_columns(columns: Sequence[Column]) -> list[Column]:
    """Those whose type their values have to say."""
    return [column for column in columns if column.type is None]


def narrowed(columns: Sequence[Column], batches: Iterable[pa.RecordBatch]) -> list[Column]:
    """The columns, each with the narrowest type that holds every value of it.

    Parameters
    ----------
    columns
        Of the file, in order.
    batches
        All rows, of the `open_columns` at least, as text.

    Returns
    -------
    list of Column
        A number of any size is a whole one, or float64, or text if neither holds it exactly
        enough; what nothing is said of may also be a truth value or a time.
    """
    left = {
        column.name: list(_NUMBERS if column.is_numeric else _WRITTEN)
        for column in open_columns(columns)
    }
    for batch in batches:
        for name, types in left.items():
            values = batch.column(name)
            types[:] = [type_ for type_ in types if _holds(type_, values)]
    return [
        replace(column, type=(left[column.name] or [pa.string()])[0])
        if column.type is None
        else column
        for column in columns
    ]


def _holds(type_: pa.DataType, values: pa.Array) -> bool:
    # Without any value, all of them.
    written = pc.all(pc.match_substring_regex(values, _WRITTEN[type_])).as_py()
    if written is False:
        return False
    if pa.types.is_integer(type_):
        try:
            values.cast(type_)
        except pa.ArrowInvalid:
            return False
    return True
