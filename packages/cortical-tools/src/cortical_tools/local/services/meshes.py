"""The meshing service, and the files of meshes in the segmentation's bucket."""

from __future__ import annotations

import numpy as np

from cortical_tools.local.answers import Answer, Refusal, json_answer
from cortical_tools.local.calls import Call, Route
from cortical_tools.local.services.bucket import ranged
from cortical_tools.snapshot_folder import layout


def _manifest(call: Call) -> Answer:
    table = call.served.facts.graphene_table
    if call.names["table"] != table:
        raise Refusal(404, f"chunked graph {call.names['table']} not found; there is {table}")
    # The name ends in the level of detail, of which there is one.
    text = call.names["node"].partition(":")[0]
    found = None
    if text.isdecimal():
        call.served.ids.require_meshes(np.array([int(text)], dtype=np.int64))
        found = call.served.meshes.manifest(int(text), call.mesh_layout)
    if found is None:
        raise Refusal(404, f"there is no mesh of {text}")
    body: dict[str, object] = {"fragments": found.fragments}
    if call.query.get("return_seg_ids"):
        body["seg_ids"] = found.l2_ids
    return json_answer(body)


def _info(call: Call) -> Answer:
    found = call.served.meshes.info(call.mesh_layout)
    if found is None:
        raise Refusal(404, "meshes that are not sharded have no info")
    return json_answer(found)


def _fragment(call: Call) -> Answer:
    return _file(call, call.served.meshes.fragment(call.names["name"], call.mesh_layout))


def _shard(call: Call) -> Answer:
    return _file(call, call.served.meshes.shard(call.names["name"]))


def _file(call: Call, content: bytes | None) -> Answer:
    if content is None:
        raise Refusal(404, f"{call.names['name']} not found")
    return ranged(call, content)


_FILES = f"/{layout.SEGMENTATION_FILES}/{layout.MESH_FILES}"

ROUTES = (
    Route("GET", "/meshing/api/v1/table/{table}/manifest/{node}", _manifest),
    Route("GET", f"{_FILES}/info", _info),
    Route("GET", f"{_FILES}/{{name}}", _fragment),
    Route("GET", f"{_FILES}/dynamic/{{name}}", _fragment),
    Route("GET", f"{_FILES}/initial/2/{{name}}", _shard),
)
