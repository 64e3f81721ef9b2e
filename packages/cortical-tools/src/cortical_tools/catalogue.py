"""Which tables and views a version has, and which filters each of them takes.

What is learned is kept per connection and version. caveclient keeps it per process under the
table's name alone, where tables of two datasets that share a name take each other's columns.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cortical_tools.conditions import Field
from cortical_tools.connection import Connection
from cortical_tools.errors import AnswerError, ExpiredVersionError

_PLAIN = frozenset({"integer", "boolean", "string", "float"})
_NUMBERS = frozenset({"integer", "float"})


@dataclass(frozen=True, kw_only=True)
class TableFacts:
    """What is known of a table or view before asking it for rows."""

    name: str
    description: str
    fields: Mapping[str, Field]
    target: str | None = None
    is_view: bool = False
    # Everything the server says of it, and of its target.
    metadata: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class Catalogue:
    """The tables and views of a connection, asked for once per version."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._reading = threading.RLock()
        self._tables: dict[int, dict[str, TableFacts]] = {}
        self._views: dict[int, dict[str, TableFacts]] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._connection,)

    def tables(self, version: int) -> Mapping[str, TableFacts]:
        """Every table of a version, in the order of their names."""
        with self._reading:
            if version not in self._tables:
                self._tables[version] = self._read_tables(version)
            return self._tables[version]

    def views(self, version: int) -> Mapping[str, TableFacts]:
        """Every view of a version, in the order of their names."""
        with self._reading:
            if version not in self._views:
                self._views[version] = self._read_views(version)
            return self._views[version]

    def _read_tables(self, version: int) -> dict[str, TableFacts]:
        try:
            listed = self._get(f"{self._base(version)}/tables/metadata")
        except ExpiredVersionError:
            # Tables stay what they are, and those of an expired version can be asked of its time.
            newest = int(self._connection.materialize.most_recent_version())
            listed = self._get(f"{self._base(newest)}/tables/metadata")
        records = {
            str(record.get("annotation_table") or record["table_name"]): _with_resolution(record)
            for record in listed
        }
        schemas = self._connection.service("schema").schema_definition_all()
        return {
            name: _table_facts(name, records, schemas)
            for name in sorted(records)
            if _schema_of(records[name]) in schemas
        }

    def _read_views(self, version: int) -> dict[str, TableFacts]:
        try:
            records = self._get(f"{self._base(version)}/views")
        except ExpiredVersionError as error:
            raise self._connection.expired(version, error) from error
        columns = self._get(f"{self._base(version)}/views/schemas")
        return {name: _view_facts(name, records[name], columns[name]) for name in sorted(records)}

    def _base(self, version: int) -> str:
        return f"/materialize/api/v3/datastack/{self._connection.datastack_name}/version/{version}"

    def _get(self, path: str) -> Any:
        materialize = self._connection.materialize
        response = materialize.session.get(materialize.server_address + path)
        materialize.raise_for_status(response, log_warning=False)
        return response.json()


def _with_resolution(record: dict[str, Any]) -> dict[str, Any]:
    """The record with its voxel size in one list, as caveclient hands it out."""
    kept = {key: value for key, value in record.items() if not key.startswith("voxel_resolution_")}
    kept.setdefault(
        "voxel_resolution", [record.get(f"voxel_resolution_{axis}") for axis in ("x", "y", "z")]
    )
    return kept


def _schema_of(record: Mapping[str, Any]) -> str:
    return str(record.get("schema") or record.get("schema_type"))


@dataclass(frozen=True)
class _Columns:
    """What a schema consists of."""

    bound_points: tuple[str, ...]
    free_points: tuple[str, ...]
    # Name and kind, one of `_PLAIN`.
    values: tuple[tuple[str, str], ...]


def _columns_of(schema: Mapping[str, Any], name: str) -> _Columns:
    try:
        properties = schema["definitions"][schema["$ref"].split("/")[-1]]["properties"]
    except (KeyError, TypeError) as error:
        raise AnswerError(f"the schema {name!r} of the server has no {error}") from error
    bound, free, values = [], [], []
    for column, kind in properties.items():
        point = kind.get("$ref", "").split("/")[-1]
        plain = kind.get("format", kind.get("type"))
        if point == "BoundSpatialPoint":
            bound.append(column)
        elif point == "SpatialPoint":
            free.append(column)
        elif plain in _PLAIN:
            values.append((column, plain))
    return _Columns(tuple(bound), tuple(free), tuple(values))


def _table_facts(
    name: str, records: Mapping[str, Mapping[str, Any]], schemas: Mapping[str, Any]
) -> TableFacts:
    record = records[name]
    schema = _schema_of(record)
    own = _columns_of(schemas[schema], schema)
    target = str(record.get("reference_table") or "") or None
    if target is not None and target not in records:
        # It annotates a table that this version does not have, so there is nothing to join.
        target = None
    if target is None:
        fields = _fields_of(name, own, set())
    else:
        schema = _schema_of(records[target])
        base = _columns_of(schemas[schema], schema)
        values = tuple(value for value in own.values if value[0] != "target_id")
        taken = {
            "id",
            *base.bound_points,
            *base.free_points,
            *dict(base.values),
        }
        fields = [
            *_fields_of(target, base, set()),
            *_fields_of(name, _Columns(own.bound_points, own.free_points, values), taken),
        ]
    return TableFacts(
        name=name,
        description=str(record.get("description") or ""),
        fields={field.name: field for field in fields},
        target=target,
        metadata={table: records[table] for table in (name, target) if table is not None},
    )


def _fields_of(table: str, columns: _Columns, taken: set[str]) -> list[Field]:
    """The filters of one table; a name that its target has, too, gets the suffix of the join."""

    def suffix(name: str) -> str:
        return "_ref" if name in taken else ""

    return [
        *(
            Field(
                name=f"{point}{suffix(point)}_root_id",
                table=table,
                column=f"{point}_root_id",
                shown_as=f"{point}_root_id{suffix(point)}",
                **_kind("integer"),
            )
            for point in columns.bound_points
        ),
        *(
            Field(
                name=f"{column}{suffix(column)}",
                table=table,
                column=column,
                shown_as=f"{column}{suffix(column)}",
                **_kind(kind),
            )
            for column, kind in (("id", "integer"), *columns.values)
        ),
        *(
            Field(
                name=f"{point}{suffix(point)}_position_bbox",
                table=table,
                column=f"{point}_position",
                shown_as=f"{point}_position{suffix(point)}",
                is_box=True,
            )
            for point in (*columns.bound_points, *columns.free_points)
        ),
    ]


def _kind(plain: str) -> dict[str, bool]:
    return {"is_number": plain in _NUMBERS, "is_whole": plain == "integer"}


def _view_facts(
    name: str, record: Mapping[str, Any], columns: Mapping[str, Mapping[str, str]]
) -> TableFacts:
    fields = []
    for column, kind in columns.items():
        if kind["type"] in _PLAIN:
            flags = _kind(kind["type"])
            fields.append(Field(name=column, table=name, column=column, shown_as=column, **flags))
        elif kind["type"] == "SpatialPoint":
            box = f"{column}_bbox"
            fields.append(Field(name=box, table=name, column=column, shown_as=column, is_box=True))
    return TableFacts(
        name=name,
        description=str(record.get("description") or ""),
        fields={field.name: field for field in fields},
        is_view=True,
        metadata={name: _with_resolution(dict(record))},
    )
