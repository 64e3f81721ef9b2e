"""The materialization engine: versions, the catalogue of tables and views, and queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cortical_tools.local import shaping
from cortical_tools.local.answers import Answer, Refusal, json_answer, nanoseconds
from cortical_tools.local.calls import Call, Route
from cortical_tools.local.filters import IGNORED_WHEN_MATERIALIZED, filtered, root_ids_in
from cortical_tools.local.held import require_held
from cortical_tools.local.shaping import Piece, Resolution
from cortical_tools.snapshot_folder import Version, layout

ENGINE_VERSION = "5.26.4"


def _api_versions(call: Call) -> Answer:
    return json_answer([2, 3])


def _engine_version(call: Call) -> Answer:
    return json_answer(ENGINE_VERSION)


def _version_record(call: Call, version: Version) -> dict[str, Any]:
    return {
        "id": version.number,
        **version.to_json(),
        "datastack": call.served.facts.datastack_name,
        "status": "AVAILABLE" if version.valid else "EXPIRED",
        "is_merged": True,
        "parent_version": None,
    }


def _listed(call: Call) -> list[Version]:
    call.served.check_datastack(call.names["datastack"])
    every = call.flag("expired")
    return [version for version in call.served.facts.versions if every or version.valid]


def _versions(call: Call) -> Answer:
    return json_answer([version.number for version in _listed(call)])


def _version_records(call: Call) -> Answer:
    return json_answer([_version_record(call, version) for version in _listed(call)])


def _one_version(call: Call) -> Answer:
    call.served.check_datastack(call.names["datastack"])
    return json_answer(_version_record(call, call.served.known_version(call.names["version"])))


def _usable(call: Call) -> Version:
    """The version of the path, which has to be one that may be queried."""
    call.served.check_datastack(call.names["datastack"])
    return call.served.version(call.names["version"])


def _table_record(call: Call, name: str) -> dict[str, Any]:
    tables = call.served.facts.tables
    if name not in tables:
        raise call.served.absent("table", name)
    return {"table_name": name, "annotation_table": name, **tables[name]}


def _table_names(call: Call) -> Answer:
    _usable(call)
    return json_answer(list(call.served.facts.tables))


def _table_records(call: Call) -> Answer:
    _usable(call)
    return json_answer([_table_record(call, name) for name in call.served.facts.tables])


def _one_table(call: Call) -> Answer:
    _usable(call)
    return json_answer(_table_record(call, call.names["table"]))


def _table_count(call: Call) -> Answer:
    _require_whole(call, call.names["table"])
    return json_answer(len(call.served.rows(layout.TABLES, call.names["table"], _usable(call))))


def _require_whole(call: Call, table: str) -> None:
    """Refuse what a table that is there in part would answer by its part."""
    require_held(call.served, [table], {})


def _view_record(call: Call, name: str) -> dict[str, Any]:
    views = call.served.facts.views
    if name not in views:
        raise call.served.absent("view", name)
    return {key: value for key, value in views[name].items() if key != "schema"}


def _views(call: Call) -> Answer:
    _usable(call)
    return json_answer({name: _view_record(call, name) for name in call.served.facts.views})


def _one_view(call: Call) -> Answer:
    _usable(call)
    return json_answer(_view_record(call, call.names["view"]))


def _view_schemas(call: Call) -> Answer:
    _usable(call)
    views = call.served.facts.views
    return json_answer({name: record["schema"] for name, record in views.items()})


def _view_schema(call: Call) -> Answer:
    _usable(call)
    _view_record(call, call.names["view"])
    return json_answer(call.served.facts.views[call.names["view"]]["schema"])


def _unique_strings(call: Call) -> Answer:
    call.served.check_datastack(call.names["datastack"])
    _require_whole(call, call.names["table"])
    usable = [version for version in call.served.facts.versions if version.valid]
    rows = call.served.rows(layout.TABLES, call.names["table"], usable[-1])
    texts = [name for name in rows.columns if isinstance(rows[name].dtype, pd.StringDtype)]
    return json_answer({name: sorted(rows[name].dropna().unique()) for name in texts})


def _voxel_size(record: Mapping[str, Any]) -> list[float | None]:
    return [record.get(f"voxel_resolution_{axis}") for axis in "xyz"]


def _query_one(call: Call, kind: str, name: str) -> Answer:
    body, version = call.json(), _usable(call)
    if kind == layout.TABLES:
        require_held(call.served, [name], body, is_count=call.flag("count"))
    rows = call.served.rows(kind, name, version)
    catalogue = call.served.facts.tables if kind == layout.TABLES else call.served.facts.views
    rows = filtered(rows, name, body, skip=(IGNORED_WHEN_MATERIALIZED,))
    resolution = Resolution(body.get("desired_resolution"), {name: _voxel_size(catalogue[name])})
    rows = resolution.scaled(Piece(name, rows))
    columns = body.get("select_columns") or (body.get("select_column_map") or {}).get(name)
    if columns:
        rows = rows[shaping.chosen(rows, columns)]
    return shaping.answer(call, body, rows, resolution.header)


def _query_table(call: Call) -> Answer:
    return _query_one(call, layout.TABLES, call.names["table"])


def _query_view(call: Call) -> Answer:
    return _query_one(call, layout.VIEWS, call.names["view"])


def _query_join(call: Call) -> Answer:
    body, version = call.json(), _usable(call)
    joined = body.get("tables") or []
    if len(joined) != 2:
        raise Refusal(400, f"two tables can be joined; got {joined}")
    names = [name for name, _ in joined]
    require_held(call.served, names, body, is_count=call.flag("count"))
    suffixes, selected = body.get("suffix_map") or {}, body.get("select_column_map") or {}
    pieces = [
        Piece(
            name,
            filtered(
                call.served.rows(layout.TABLES, name, version),
                name,
                body,
                skip=(IGNORED_WHEN_MATERIALIZED,),
            ),
            suffixes.get(name, "" if place == 0 else f"_{name}"),
            selected.get(name),
        )
        for place, (name, _) in enumerate(joined)
    ]
    return _joined_answer(call, body, pieces, [(joined[0][1], joined[1][1])])


def _joined_answer(
    call: Call, body: Mapping[str, Any], pieces: list[Piece], on: Sequence[tuple[str, str]]
) -> Answer:
    """The pieces joined one after the other, each by a column of the first and one of its own."""
    tables = call.served.facts.tables
    resolution = Resolution(
        body.get("desired_resolution"),
        {piece.name: _voxel_size(tables[piece.name]) for piece in pieces},
    )
    scaled = [
        Piece(piece.name, resolution.scaled(piece), piece.suffix, piece.columns) for piece in pieces
    ]
    frames = shaping.named(scaled)
    names = [
        dict(zip(p.rows.columns, f.columns, strict=True))
        for p, f in zip(scaled, frames, strict=True)
    ]
    rows = frames[0]
    for frame, renamed, (own, other) in zip(frames[1:], names[1:], on, strict=True):
        for column, table in ((own, names[0]), (other, renamed)):
            if column not in table:
                raise Refusal(400, f"cannot join on {column}: there is no such column")
        rows = shaping.join(rows, frame, (names[0][own], renamed[other]))
    if any(piece.columns for piece in scaled):
        rows = rows[
            [
                renamed[column]
                for piece, renamed in zip(scaled, names, strict=True)
                for column in shaping.chosen(piece.rows, piece.columns or [])
            ]
        ]
    elif columns := body.get("select_columns"):
        rows = rows[shaping.chosen(rows, columns)]
    return shaping.answer(call, body, rows, resolution.header)


def _query_live(call: Call) -> Answer:
    call.served.check_datastack(call.names["datastack"])
    body = call.json()
    if missing := [key for key in ("table", "timestamp") if key not in body]:
        raise Refusal(400, f"a live query needs {' and '.join(missing)}")
    moment = nanoseconds(str(body["timestamp"]))
    if not call.flag("allow_invalid_root_ids"):
        _check_roots(call, root_ids_in(body), moment)
    joins = body.get("join_tables") or []
    names = [body["table"], *(join[2] for join in joins)]
    require_held(call.served, names, body, moment, is_count=call.flag("count"))
    suffixes, selected = body.get("suffixes") or {}, body.get("select_columns") or {}
    if isinstance(selected, list):
        selected = {body["table"]: selected}
    pieces = [
        Piece(
            name,
            filtered(_live_rows(call, name, moment), name, body),
            suffixes.get(name, "" if place == 0 else f"_{name}"),
            selected.get(name),
        )
        for place, name in enumerate(names)
    ]
    return _joined_answer(call, body, pieces, [(join[1], join[3]) for join in joins])


def _live_rows(call: Call, name: str, moment: int) -> pd.DataFrame:
    rows, waiting = call.served.live_rows(name, moment)
    if waiting.any() and not call.flag("allow_missing_lookups"):
        raise Refusal(
            406, f"{int(waiting.sum())} rows of {name} are awaiting the lookup of supervoxels"
        )
    return rows


def _check_roots(call: Call, root_ids: list[int], moment: int) -> None:
    asked = np.array([root_id for root_id in root_ids if root_id], dtype=np.int64)
    call.served.ids.require_roots(asked)
    history = call.served.history
    stale = ~history.is_alive(asked, moment)
    if stale.any():
        raise Refusal(
            400,
            f"Some root_ids passed are not valid at the query timestamp: {asked[stale].tolist()}",
        )


_V2, _V3 = "/materialize/api/v2/datastack/{datastack}", "/materialize/api/v3/datastack/{datastack}"
_IN_VERSION = _V3 + "/version/{version}"

ROUTES = (
    Route("GET", "/materialize/api/versions", _api_versions),
    Route("GET", "/materialize/version", _engine_version),
    *(
        Route(method, base + path, answer)
        for base in (_V2, _V3)
        for method, path, answer in (
            ("GET", "/versions", _versions),
            ("GET", "/metadata", _version_records),
            ("GET", "/version/{version}", _one_version),
            ("GET", "/version/{version}/tables", _table_names),
            ("GET", "/version/{version}/table/{table}/metadata", _one_table),
            ("GET", "/version/{version}/table/{table}/count", _table_count),
            ("POST", "/version/{version}/table/{table}/query", _query_table),
            ("POST", "/version/{version}/query", _query_join),
        )
    ),
    Route("GET", _IN_VERSION + "/tables/metadata", _table_records),
    Route("GET", _IN_VERSION + "/views", _views),
    Route("GET", _IN_VERSION + "/views/schemas", _view_schemas),
    Route("GET", _IN_VERSION + "/views/{view}/metadata", _one_view),
    Route("GET", _IN_VERSION + "/views/{view}/schema", _view_schema),
    Route("POST", _IN_VERSION + "/views/{view}/query", _query_view),
    Route("POST", _V3 + "/query", _query_live),
    Route("GET", _V3 + "/table/{table}/unique_string_values", _unique_strings),
)
