"""The level-2 cache: what is known of each level-2 id."""

from __future__ import annotations

import numpy as np

from cortical_tools.local.answers import Answer, Refusal, json_answer
from cortical_tools.local.calls import Call, Route
from cortical_tools.local.level2 import SHAPES, TYPES


def _table_mapping(call: Call) -> Answer:
    table = call.served.facts.graphene_table
    source = f"graphene://{call.base}/segmentation/table/{table}"
    return json_answer({table: {"l2cache_id": table, "cv_path": source}})


def _attributes(call: Call) -> Answer:
    table = call.served.facts.graphene_table
    if call.names["table"] != table:
        raise Refusal(404, f"no level-2 cache for {call.names['table']}; there is {table}")
    text = call.query.get("attribute_names")
    names = text.split(",") if text else list(SHAPES)
    if unknown := [name for name in names if name not in SHAPES]:
        raise Refusal(400, f"no attributes {unknown}; there are {list(SHAPES)}")
    l2_ids = np.array([int(one) for one in call.json().get("l2_ids", [])], dtype=np.int64)
    call.served.ids.require_level2(l2_ids)
    return json_answer(call.served.level2.attributes(l2_ids, names))


def _metadata(call: Call) -> Answer:
    return json_answer(TYPES)


_BASE = "/l2cache/api/v1"

ROUTES = (
    Route("GET", f"{_BASE}/table_mapping", _table_mapping),
    Route("GET", f"{_BASE}/attribute_metadata", _metadata),
    Route("POST", f"{_BASE}/table/{{table}}/attributes", _attributes),
)
