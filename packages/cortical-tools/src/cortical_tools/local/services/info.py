"""The info service (datastack records), the schema service, and the token list."""

from __future__ import annotations

import json
from typing import Any

from cortical_tools.local.answers import Answer, Refusal, json_answer
from cortical_tools.local.calls import Call, Route

INFO_VERSION = "4.6.1"


def datastack_record(call: Call) -> dict[str, Any]:
    """The record of the datastack, with this server wherever the snapshot is served from."""
    facts = call.served.facts
    text = json.dumps(dict(facts.record)).replace("{server}", call.base)
    record: dict[str, Any] = json.loads(text)
    record["local_server"] = call.base
    record["segmentation_source"] = (
        f"graphene://{call.base}/segmentation/table/{facts.graphene_table}"
    )
    return record


def _version(call: Call) -> Answer:
    return json_answer(INFO_VERSION)


def _record(call: Call) -> Answer:
    call.served.check_datastack(call.names["datastack"])
    record = datastack_record(call)
    if mirror := call.query.get("image_source_name"):
        sources = {source["name"]: source for source in _sources(record)}
        if mirror not in sources:
            raise Refusal(404, f"image source {mirror} not found")
        record["aligned_volume"]["image_source"] = sources[mirror]["image_source"]
    return json_answer(record)


def _names(call: Call) -> Answer:
    return json_answer([call.served.facts.datastack_name])


def _image_sources(call: Call) -> Answer:
    call.served.check_datastack(call.names["datastack"])
    return json_answer(_sources(datastack_record(call)))


def _sources(record: dict[str, Any]) -> list[dict[str, Any]]:
    volume = record["aligned_volume"]
    return [{"name": volume["name"], "image_source": volume["image_source"], "id": volume["id"]}]


def _aligned_volumes(call: Call) -> Answer:
    return json_answer([datastack_record(call)["aligned_volume"]["name"]])


def _aligned_volume(call: Call) -> Answer:
    volume = datastack_record(call)["aligned_volume"]
    if call.names["volume"] != volume["name"]:
        raise Refusal(404, f"aligned volume {call.names['volume']} not found")
    return json_answer(volume)


def _schema_versions(call: Call) -> Answer:
    return json_answer([1, 2])


def _schema_names(call: Call) -> Answer:
    return json_answer(sorted(call.served.facts.schemas))


def _schema(call: Call) -> Answer:
    schemas = call.served.facts.schemas
    if call.names["schema"] not in schemas:
        raise Refusal(404, f"schema {call.names['schema']} not found")
    return json_answer(schemas[call.names["schema"]])


def _all_schemas(call: Call) -> Answer:
    return json_answer(call.served.facts.schemas)


def _tokens(call: Call) -> Answer:
    token = call.headers.get("authorization", "").removeprefix("Bearer ")
    return json_answer([{"id": 1, "user_id": 1, "token": token}] if token else [])


_V2 = "/info/api/v2"

ROUTES = (
    Route("GET", "/info/version", _version),
    Route("GET", f"{_V2}/datastacks", _names),
    Route("GET", f"{_V2}/datastack/full/{{datastack}}", _record),
    Route("GET", f"{_V2}/datastack/{{datastack}}/image_sources", _image_sources),
    Route("GET", f"{_V2}/aligned_volume", _aligned_volumes),
    Route("GET", f"{_V2}/aligned_volume/{{volume}}", _aligned_volume),
    Route("GET", "/schema/versions", _schema_versions),
    Route("GET", "/schema/type", _schema_names),
    Route("GET", "/schema/type/{schema}", _schema),
    Route("GET", "/schema/api/v2/type", _schema_names),
    Route("GET", "/schema/api/v2/type/{schema}", _schema),
    Route("GET", "/schema/api/v2/types_all", _all_schemas),
    Route("GET", "/auth/api/v1/user/token", _tokens),
)
