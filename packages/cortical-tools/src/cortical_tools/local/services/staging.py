"""The annotation engine: what clients put in, which is gone when the service ends."""

from __future__ import annotations

import itertools
from typing import Any

from cortical_tools.local.answers import Answer, Refusal, json_answer
from cortical_tools.local.calls import Call, Route

_MOST = 10_000


def _volume(call: Call) -> None:
    volume = call.served.facts.record["aligned_volume"]["name"]
    if call.names["volume"] != volume:
        raise Refusal(404, f"aligned volume {call.names['volume']} not found; there is {volume}")


def _table(call: Call) -> str:
    _volume(call)
    name = call.names["table"]
    if name not in call.served.facts.tables:
        raise Refusal(404, f"table {name} not found")
    return name


def _names(call: Call) -> Answer:
    _volume(call)
    return json_answer(list(call.served.facts.tables))


def _record(call: Call) -> Answer:
    name = _table(call)
    return json_answer({"table_name": name, **call.served.facts.tables[name]})


def _sent(call: Call) -> list[dict[str, Any]]:
    found = call.json().get("annotations")
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Refusal(400, "the body needs a list of objects under annotations")
    if len(found) > _MOST:
        raise Refusal(413, f"at most {_MOST} annotations at once; got {len(found)}")
    return found


def _keep(call: Call, annotations: list[dict[str, Any]]) -> list[int]:
    uploads, name = call.served.uploads, _table(call)
    with uploads.lock:
        kept = uploads.annotations.setdefault(name, {})
        ids = list(itertools.islice(uploads.new_ids, len(annotations)))
        kept.update(zip(ids, annotations, strict=True))
    return ids


def _post(call: Call) -> Answer:
    _table(call)
    return json_answer(_keep(call, _sent(call)))


def _put(call: Call) -> Answer:
    _table(call)
    sent = _sent(call)
    if any("id" not in one for one in sent):
        raise Refusal(400, "an update needs the id of every annotation")
    # An update is a new annotation that takes the place of the old.
    return json_answer(dict(zip([str(one["id"]) for one in sent], _keep(call, sent), strict=True)))


def _get(call: Call) -> Answer:
    kept = call.served.uploads.annotations.get(_table(call), {})
    asked = [int(one) for one in call.query.get("annotation_ids", "").split(",") if one]
    return json_answer([{**kept[one], "id": one} for one in asked if one in kept])


def _delete(call: Call) -> Answer:
    uploads, name = call.served.uploads, _table(call)
    asked = [int(one) for one in call.json().get("annotation_ids", [])]
    with uploads.lock:
        kept = uploads.annotations.get(name, {})
        gone = [one for one in asked if kept.pop(one, None) is not None]
    return json_answer(gone)


def _count(call: Call) -> Answer:
    return json_answer(len(call.served.uploads.annotations.get(_table(call), {})))


_ALL = "/annotation/api/v2/aligned_volume/{volume}/table"
_ONE = _ALL + "/{table}"

ROUTES = (
    Route("GET", _ALL, _names),
    Route("GET", _ONE, _record),
    Route("GET", _ONE + "/count", _count),
    Route("GET", _ONE + "/annotations", _get),
    Route("POST", _ONE + "/annotations", _post),
    Route("PUT", _ONE + "/annotations", _put),
    Route("DELETE", _ONE + "/annotations", _delete),
)
