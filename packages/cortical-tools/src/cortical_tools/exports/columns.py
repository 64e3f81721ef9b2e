"""What the header file of an export says of its columns."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass

import pyarrow as pa

from cortical_tools.errors import ExportError

NAIVE_TIME = pa.timestamp("us")
TIME = pa.timestamp("us", "UTC")

_TYPES = {
    "bigint": pa.int64(),
    "integer": pa.int32(),
    "smallint": pa.int16(),
    "double precision": pa.float64(),
    "real": pa.float32(),
    "boolean": pa.bool_(),
    "timestamp without time zone": NAIVE_TIME,
    "timestamp with time zone": TIME,
    "date": pa.date32(),
}
_POINT = "_position"
_USER_DEFINED = "user-defined"
_NUMERIC = "numeric"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a data file.

    Parameters
    ----------
    name
        As the header file has it.
    said
        Its Postgres type, or empty where the header file has only names.
    type
        What its text is read as; None where that is for its values to say.
    is_point
        Whether its text is a PostGIS point, which comes as three columns.
    """

    name: str
    said: str = ""
    type: pa.DataType | None = None
    is_point: bool = False

    @property
    def is_numeric(self) -> bool:
        """Whether it is a number of whatever size and precision."""
        return self.said == _NUMERIC


def read_header(text: str, label: str) -> list[Column]:
    """The columns that a header file lists, in order.

    Parameters
    ----------
    text
        A line ``column_name,data_type`` per column, or ``column_name`` alone in all of them. A
        first line with exactly these two words is taken for a title.
    label
        Where it is from, for messages.

    Raises
    ------
    ExportError
        If it lists nothing, has lines of another kind, or names a column twice.

    Examples
    --------
    >>> [column.type for column in read_header("id,bigint", "a_header.csv")]
    [DataType(int64)]
    """
    lines = [line for line in csv.reader(text.removeprefix("\ufeff").splitlines()) if line]
    if lines and lines[0] == ["column_name", "data_type"]:
        lines = lines[1:]
    if not lines:
        raise ExportError(
            f"{label} lists no columns: expected a line column_name,data_type of each"
        )
    for number, line in enumerate(lines, start=1):
        if len(line) != len(lines[0]) or len(line) > 2 or not line[0].strip():
            raise ExportError(
                f"{label}: line {number} is {','.join(line)!r}; expected column_name,data_type, or "
                "the name alone in every line"
            )
    columns = [_column(*(field.strip() for field in line)) for line in lines]
    twice = [name for name, count in Counter(c.name for c in columns).items() if count > 1]
    if twice:
        raise ExportError(f"{label} lists more than once: {', '.join(twice)}")
    return columns


def _column(name: str, said: str = "") -> Column:
    # timestamp(6) without time zone, numeric(10,2), character varying(80)
    said = " ".join(re.sub(r"\(.*?\)", " ", said).lower().split())
    if said in ("", _USER_DEFINED, "geometry") and name.endswith(_POINT):
        return Column(name=name, said=said, type=pa.string(), is_point=True)
    if said in ("", _NUMERIC):
        return Column(name=name, said=said)
    return Column(name=name, said=said, type=_TYPES.get(said, pa.string()))
