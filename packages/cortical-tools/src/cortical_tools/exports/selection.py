"""Which rows and columns of an export are wanted, and taking them out of a batch of rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import reduce
from operator import and_
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cortical_tools.conditions import Condition, Field, conditions_of, shortened
from cortical_tools.errors import ExportError, FilterError
from cortical_tools.exports.points import decode_points

_AXES = ("x", "y", "z")


class Selection:
    """What is wanted of a table.

    Parameters
    ----------
    label
        What the table is called in messages.
    schema
        What is in the file, in order. Times are in UTC.
    points
        Those columns that are points. A point ``pt_position`` comes as ``pt_position_x``, ``_y``
        and ``_z``.
    columns
        Names of what is wanted, in the order wanted; a point's own name stands for all three of
        its columns. By default everything.
    filters
        As `cortical_tools.tables.Table` takes them.

    Raises
    ------
    FilterError
        If there is no such column, or it takes no such value.
    """

    def __init__(
        self,
        label: str,
        schema: pa.Schema,
        points: Iterable[str] = (),
        columns: Sequence[str] | str | None = None,
        filters: Mapping[str, Any] | None = None,
    ) -> None:
        self.label = label
        self._axes = {point: [f"{point}_{axis}" for axis in _AXES] for point in points}
        self._types = _shown_types(schema, self._axes)
        self.columns: list[str] = self._chosen(columns)
        fields = _fields(label, self._types, self._axes)
        if filters is not None and not isinstance(filters, Mapping):
            raise TypeError(
                "filters: a dict from a column to what it has to be, such as {'id': 5}, "
                f"not {shortened(filters)}"
            )
        conditions = conditions_of(label, fields, filters or {})
        origin = {axis: point for point, axes in self._axes.items() for axis in axes}
        late = [one for one in conditions if one.column in origin or one.operator == "inside"]
        early = [one for one in conditions if one not in late]
        self.early: Any = self._expression(early)
        """What can be asked of the columns as they are in the file; None where nothing is."""
        self._late = self._expression(late)
        asked = [*self.columns, *(one.column for one in conditions)]
        needed = {origin.get(name, name) for name in asked}
        self.needed: list[str] = [name for name in schema.names if name in needed]
        """Names of the file's columns that have to be read."""
        self._decoded = [point for point in self._axes if point in needed]

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The wanted columns of the wanted rows of a batch that has the columns `needed`."""
        if self.early is not None:
            batch = _kept(batch, self.early)
        return self.finish(batch)

    def finish(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The same of a batch of which `early` holds already."""
        arrays = dict(zip(batch.schema.names, batch.columns, strict=True))
        for point in self._decoded:
            try:
                arrays |= zip(self._axes[point], decode_points(arrays.pop(point)), strict=True)
            except ValueError as error:
                raise ExportError(
                    f"{self.label}: column {point} should hold points in three dimensions and has "
                    f"something else: {error}. columns= can leave it out."
                ) from error
        if self._late is not None:
            whole = pa.RecordBatch.from_pydict(arrays)
            kept = _kept(whole, self._late)
            arrays = dict(zip(kept.schema.names, kept.columns, strict=True))
        wanted = [arrays[name] for name in self.columns]
        return pa.RecordBatch.from_arrays(wanted, schema=self.schema)

    @property
    def schema(self) -> pa.Schema:
        """What `apply` gives."""
        return pa.schema([(name, self._types[name]) for name in self.columns])

    def frame(self, batches: Iterable[pa.RecordBatch]) -> pd.DataFrame:
        """Batches that `apply` has given, as one data frame."""
        table = pa.Table.from_batches(batches, self.schema)
        for name in (axis for axes in self._axes.values() for axis in axes):
            if name in self.columns:
                table = _whole_numbers(table, name)
        frame: pd.DataFrame = table.to_pandas(
            types_mapper=_NULLABLE.get, self_destruct=True, split_blocks=True, ignore_metadata=True
        )
        return frame

    def _chosen(self, columns: Sequence[str] | str | None) -> list[str]:
        if columns is None:
            return list(self._types)
        chosen: dict[str, None] = {}
        for name in [columns] if isinstance(columns, str) else columns:
            if name not in self._types and name not in self._axes:
                raise FilterError(
                    f"{self.label} has no column {name!r}; it has {', '.join(self._types)}"
                )
            chosen |= dict.fromkeys(self._axes.get(name, [name]))
        if not chosen:
            raise FilterError(f"{self.label}: columns= names none; leave it out for all")
        return list(chosen)

    def _expression(self, conditions: Sequence[Condition]) -> pc.Expression | None:
        parts = []
        for one in conditions:
            if one.operator == "inside":
                for axis, low, high in zip(self._axes[one.column], *one.value, strict=True):
                    parts += [pc.field(axis) >= low, pc.field(axis) <= high]
                continue
            type_ = self._types[one.column]
            try:
                parts.append(_comparison(pc.field(one.column), one.operator, one.value, type_))
            except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
                raise FilterError(
                    f"{self.label}: {one.column} is {type_} and cannot be compared with "
                    f"{shortened(one.value)}: {error}"
                ) from error
        return reduce(and_, parts) if parts else None


# Integers, booleans and text keep apart what is missing; a missing float is NaN, as in tables.
_NULLABLE = {
    pa.int8(): pd.Int8Dtype(),
    pa.int16(): pd.Int16Dtype(),
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.string(): pd.StringDtype(),
    pa.large_string(): pd.StringDtype(),
}


def _kept(batch: pa.RecordBatch, condition: pc.Expression) -> pa.RecordBatch:
    """The rows of a batch that hold a condition."""
    # The oldest pyarrow that we work with fails to filter a batch when nothing is left of it.
    batches = pa.Table.from_batches([batch]).filter(condition).combine_chunks().to_batches()
    return batches[0] if batches else batch.slice(0, 0)


def _shown_types(schema: pa.Schema, axes: Mapping[str, list[str]]) -> dict[str, pa.DataType]:
    types: dict[str, pa.DataType] = {}
    for field in schema:
        shown = dict.fromkeys(axes.get(field.name, ()), pa.float64()) or {field.name: field.type}
        types |= shown
    return types


def _fields(
    label: str, types: Mapping[str, pa.DataType], axes: Mapping[str, list[str]]
) -> dict[str, Field]:
    """What can be filtered by."""
    fields = {}
    for name, type_ in types.items():
        ordered = (
            pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_temporal(type_)
        )
        fields[name] = Field(
            name=name,
            table=label,
            column=name,
            shown_as=name,
            is_number=ordered,
            is_whole=pa.types.is_integer(type_),
        )
    for point in axes:
        box = f"{point}_bbox"
        fields[box] = Field(name=box, table=label, column=point, shown_as=point, is_box=True)
    return fields


def _comparison(column: Any, operator: str, value: Any, type_: pa.DataType) -> pc.Expression:
    if operator in ("in", "not in"):
        values = pa.array([_plain(one, type_) for one in value], type_)
        if values.null_count:
            raise ValueError("a missing value is equal to nothing")
        if operator == "in":
            return column.isin(values)
        return ~column.isin(values) & column.is_valid() if len(values) else pc.scalar(True)
    if operator == "==":
        return column == pa.scalar(_plain(value, type_), type_)
    if pa.types.is_integer(type_) and isinstance(value, float):
        # Between two whole numbers: a comparison of floats would not tell great ids apart.
        value = math.floor(value) if operator in (">", "<=") else math.ceil(value)
    bound = pa.scalar(_plain(value, type_), type_)
    return {
        "<": column.__lt__,
        "<=": column.__le__,
        ">": column.__gt__,
        ">=": column.__ge__,
    }[operator](bound)


def _plain(value: Any, type_: pa.DataType) -> Any:
    """A value that Arrow takes for what it is, or not at all."""
    if isinstance(value, bool) and not pa.types.is_boolean(type_):
        raise TypeError("a truth value is no number")
    if pa.types.is_timestamp(type_) and isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value
    if pa.types.is_timestamp(type_) and isinstance(value, str):
        moment = pd.Timestamp(value)
        return moment.tz_localize(UTC) if moment.tzinfo is None else moment
    return value


def _whole_numbers(table: pa.Table, name: str) -> pa.Table:
    """The table with a coordinate as whole numbers, as CAVE has them, if all of them are."""
    try:
        whole = table[name].cast(pa.int64())
    except pa.ArrowInvalid:
        return table
    return table.set_column(table.schema.get_field_index(name), name, whole)
