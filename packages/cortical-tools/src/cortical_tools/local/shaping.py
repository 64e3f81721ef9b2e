"""From the rows of tables to the answer of a query: joined, selected, scaled and cut short."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from cortical_tools.local.answers import Answer, Refusal, arrow_answer, records_answer
from cortical_tools.local.calls import Call

_POSITION = re.compile(r"(.*_position)(.*)_([xyz])$")
_AXES = "xyz"


@dataclass(frozen=True)
class Piece:
    """The rows of one table in a query: what is joined by what, under which suffix."""

    name: str
    rows: pd.DataFrame
    suffix: str = ""
    columns: list[str] | None = None


@dataclass
class Resolution:
    """In which voxels positions are wanted, and in which each table has them."""

    wanted: Sequence[float] | None
    of_table: Mapping[str, Sequence[float | None]]
    header: str = field(init=False, default="")

    def __post_init__(self) -> None:
        shown = self.wanted or next(iter(self.of_table.values()), (None, None, None))
        if None not in shown:
            self.header = ", ".join(str(float(size)) for size in shown if size is not None)

    def scaled(self, piece: Piece) -> pd.DataFrame:
        """The rows of a table with positions in the wanted voxels."""
        own = self.of_table[piece.name]
        if self.wanted is None or None in own:
            return piece.rows
        changed = {}
        for column in piece.rows.columns:
            if (found := _POSITION.match(column)) is not None:
                axis = _AXES.index(found[3])
                factor = float(own[axis]) / float(self.wanted[axis])  # type: ignore[arg-type]
                values = piece.rows[column]
                is_whole = factor == int(factor)
                changed[column] = (
                    values * int(factor) if is_whole else values.astype("Float64") * factor
                )
        return piece.rows.assign(**changed)


def join(left: pd.DataFrame, right: pd.DataFrame, on: tuple[str, str]) -> pd.DataFrame:
    """Inner join on one column of each, whose other names must not collide."""
    if clash := set(left.columns) & set(right.columns):
        raise Refusal(400, f"columns {sorted(clash)} are in both tables; give suffixes")
    return left.merge(right, left_on=on[0], right_on=on[1], how="inner", sort=False)


def named(pieces: Iterable[Piece]) -> list[pd.DataFrame]:
    """The rows of each table, the columns that others have as well under its suffix."""
    pieces = list(pieces)
    frames = []
    for piece in pieces:
        others = {column for other in pieces if other is not piece for column in other.rows.columns}
        clashing = [column for column in piece.rows.columns if column in others]
        frames.append(
            piece.rows.rename(columns={name: suffixed(name, piece.suffix) for name in clashing})
        )
    return frames


def suffixed(column: str, suffix: str) -> str:
    """A column under a suffix, which stands before the axis of a position.

    Examples
    --------
    >>> suffixed("id", "_ref"), suffixed("pt_position_x", "_ref")
    ('id_ref', 'pt_position_ref_x')
    """
    found = _POSITION.match(column)
    return f"{found[1]}{found[2]}{suffix}_{found[3]}" if found else f"{column}{suffix}"


def chosen(rows: pd.DataFrame, columns: Iterable[str]) -> list[str]:
    """The columns that a selection means: a point stands for its three positions.

    Raises
    ------
    Refusal
        400 if a column is not there.
    """
    found: list[str] = []
    for column in columns:
        split = [f"{column}_{axis}" for axis in _AXES]
        if column in rows:
            found.append(column)
        elif set(split) <= set(rows.columns):
            found += split
        else:
            raise Refusal(400, f"there is no column {column}; there are {list(rows.columns)}")
    return found


def answer(call: Call, body: Mapping[str, Any], rows: pd.DataFrame, resolution: str) -> Answer:
    """The rows as the request wants them, never more than the server's cap."""
    headers = {"column_names": str(list(rows.columns))}
    if resolution:
        headers["dataframe_resolution"] = resolution
    if call.flag("count"):
        rows = pd.DataFrame({"count": pd.array([len(rows)], dtype="Int64")})
    else:
        rows = _cut(call, body, rows, headers)
    if call.query.get("return_pyarrow", "true").lower() == "false":
        return records_answer(rows, headers)
    return arrow_answer(rows, call.headers.get("accept-encoding", ""), headers)


def _cut(
    call: Call, body: Mapping[str, Any], rows: pd.DataFrame, headers: dict[str, str]
) -> pd.DataFrame:
    if wanted := call.query.get("random_sample"):
        rows = rows.sample(min(int(wanted), len(rows)), random_state=0)
    offset, limit = int(body.get("offset") or 0), body.get("limit")
    cap = call.row_cap if limit is None else min(int(limit), call.row_cap)
    rows = rows.iloc[offset : offset + cap]
    if len(rows) == cap:
        # The missing quotation mark is missing in the real one, too.
        headers["Warning"] = f'201 - "Limited query to {cap} rows'
    return rows
