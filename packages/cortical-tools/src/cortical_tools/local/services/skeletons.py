"""The skeleton service, for the skeletons that the snapshot has; it makes none."""

from __future__ import annotations

import gzip
import json
from typing import Any

import numpy as np

from cortical_tools.local.answers import Answer, Refusal, json_answer
from cortical_tools.local.calls import Call, Route
from cortical_tools.snapshot_folder import layout

SERVICE_VERSION = "0.24.0"
_FORMS = ("flatdict", "swccompressed")
_MOST_CACHED, _MOST_BULK = 500, 10
_UNDEFINED = 0


def _version(call: Call) -> Answer:
    return json_answer(SERVICE_VERSION)


def _versions(call: Call) -> Answer:
    return json_answer([-1, 0, 1, 2, 3, 4])


def _info(call: Call) -> Answer:
    call.served.check_datastack(call.names["datastack"])
    attributes = ("radius", "compartment")
    return json_answer(
        {
            "@type": "neuroglancer_skeletons",
            "transform": [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0],
            "vertex_attributes": [
                {"id": name, "data_type": "float32", "num_components": 1} for name in attributes
            ],
        }
    )


def _require_held(call: Call, root_ids: list[int]) -> None:
    """Refuse objects of which it is not known whether they have a skeleton."""
    call.served.ids.require_skeletons(np.array(root_ids, dtype=np.int64))


def _packed(call: Call, root_id: int, form: str) -> bytes | None:
    """The bytes of a skeleton as the service sends them, None if there is no such skeleton."""
    if form not in _FORMS:
        raise Refusal(400, f"skeletons come as {' or '.join(_FORMS)}; asked for {form}")
    stored = call.served.snapshot.read(layout.skeleton_of(root_id))
    if stored is None or form == "flatdict":
        return stored
    return gzip.compress(_swc(json.loads(gzip.decompress(stored))).encode(), mtime=0)


def _swc(skeleton: dict[str, Any]) -> str:
    """Seven columns, parents before their children, in nanometres."""
    count = len(skeleton["vertices"])
    parent = np.full(count, -1, dtype=np.int64)
    edges = np.asarray(skeleton["edges"], dtype=np.int64).reshape(-1, 2)
    parent[edges[:, 0]] = edges[:, 1]
    depth = np.zeros(count, dtype=np.int64)
    above = parent.copy()
    while (climbing := above >= 0).any():
        depth += climbing
        above = np.where(climbing, parent[above], -1)
    order = np.argsort(depth, kind="stable")
    number = np.empty(count + 1, dtype=np.int64)
    number[order], number[-1] = np.arange(count), -1
    codes = skeleton.get("compartment") or [_UNDEFINED] * count
    rows = zip(order.tolist(), number[parent[order]].tolist(), strict=True)
    return "".join(
        f"{line} {codes[row]} {' '.join(map(str, skeleton['vertices'][row]))} "
        f"{skeleton['radius'][row]} {up}\n"
        for line, (row, up) in enumerate(rows)
    )


def _one(call: Call) -> Answer:
    call.served.check_datastack(call.names["datastack"])
    root_id = call.number("root")
    _require_held(call, [root_id])
    packed = _packed(call, root_id, call.names["form"])
    if packed is None:
        raise Refusal(404, f"the snapshot has no skeleton of {root_id}")
    # Said to be encoded, it would be unpacked before the client unpacks it.
    return Answer(packed, media_type="application/octet-stream")


def _exist(call: Call) -> Answer:
    call.served.check_datastack(call.names["datastack"])
    asked = [int(one) for one in call.json().get("root_ids", [])]
    _require_held(call, asked)
    known = call.served.snapshot.skeleton_ids
    found = {str(root_id): root_id in known for root_id in asked}
    # As the real service: one id is answered by a bare true or false.
    return json_answer(next(iter(found.values())) if len(asked) == 1 else found)


def _hexed(call: Call, root_ids: list[int], form: str) -> dict[str, str]:
    packed = {str(root_id): _packed(call, root_id, form) for root_id in root_ids}
    found = {root_id: body for root_id, body in packed.items() if body is not None}
    if form == "swccompressed":
        # Among many, this form is not compressed, whatever its name.
        found = {root_id: gzip.decompress(body) for root_id, body in found.items()}
    return {root_id: body.hex() for root_id, body in found.items()}


def _cached(call: Call) -> Answer:
    call.served.check_datastack(call.names["datastack"])
    asked = [int(one) for one in call.json().get("root_ids", [])]
    if len(asked) > _MOST_CACHED:
        raise Refusal(400, f"at most {_MOST_CACHED} skeletons at once; got {len(asked)}")
    _require_held(call, asked)
    return json_answer(_hexed(call, asked, call.names["form"]))


def _bulk(call: Call) -> Answer:
    call.served.check_datastack(call.names["datastack"])
    asked = [int(one) for one in call.names["roots"].split(",")]
    # The real service answers for the first ten, and does not say so.
    asked = asked[:_MOST_BULK]
    _require_held(call, asked)
    found = _hexed(call, asked, call.names["form"])
    return json_answer({str(one): found.get(str(one), "async") for one in asked})


def _generate(call: Call) -> Answer:
    call.served.check_datastack(call.names["datastack"])
    return Answer(b"0.0", media_type="text/plain")


def _refusals(call: Call) -> Answer:
    call.served.check_datastack(call.names["datastack"])
    return Answer(gzip.compress(b"", mtime=0), media_type="application/octet-stream")


def _contents(call: Call) -> Answer:
    call.served.check_datastack(call.names["datastack"])
    call.served.ids.require_all("which skeletons there are")
    starts = tuple(call.names["prefixes"].split(","))
    known = sorted(call.served.snapshot.skeleton_ids)
    found = [f"{one}.flat.json.gz" for one in known if str(one).startswith(starts)]
    shown = found[: call.number("limit")]
    return json_answer({"num_found": len(found), "files": shown})


_BASE, _V1 = "/skeletoncache/api", "/skeletoncache/api/v1/{datastack}"

ROUTES = (
    Route("GET", f"{_BASE}/version", _version),
    Route("GET", f"{_BASE}/versions", _versions),
    Route("GET", _V1 + "/precomputed/skeleton/info", _info),
    Route("GET", _V1 + "/precomputed/skeleton/{version}/info", _info),
    Route("GET", _V1 + "/precomputed/skeleton/get_refusal_list", _refusals),
    Route("GET", _V1 + "/precomputed/skeleton/query_cache/{version}/{prefixes}/{limit}", _contents),
    Route("POST", _V1 + "/precomputed/skeleton/exists", _exist),
    Route("GET", _V1 + "/precomputed/skeleton/{version}/{root}/{form}", _one),
    Route("GET", _V1 + "/async/get_skeleton/{version}/{root}/{form}", _one),
    Route("GET", _V1 + "/bulk/get_skeletons/{version}/{form}/{missing}/{roots}", _bulk),
    Route("POST", _V1 + "/bulk/get_cached_skeletons/{version}/{form}", _cached),
    Route("POST", _V1 + "/bulk/gen_skeletons", _generate),
)
