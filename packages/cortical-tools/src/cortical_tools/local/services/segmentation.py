"""The chunked graph: which supervoxel is in which object, what became of objects, and voxels."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cortical_tools.local.answers import Answer, Refusal, json_answer, now, seconds
from cortical_tools.local.calls import Call, Route
from cortical_tools.local.history import IdHistory
from cortical_tools.local.services.bucket import ranged, stored
from cortical_tools.snapshot_folder import layout

GRAPH_VERSION = "2.21.1"
_BEGINNING, _END = np.iinfo(np.int64).min, np.iinfo(np.int64).max
IntArray = NDArray[np.int64]


def _api_versions(call: Call) -> Answer:
    return json_answer([0, 1])


def _version(call: Call) -> Answer:
    return json_answer(GRAPH_VERSION)


def _info(call: Call) -> Answer:
    _history(call)
    text = json.dumps(dict(call.served.facts.graphene)).replace("{server}", call.base)
    return Answer(text.encode())


def _history(call: Call) -> IdHistory:
    table = call.served.facts.graphene_table
    if call.names["table"] != table:
        raise Refusal(404, f"chunked graph {call.names['table']} not found; there is {table}")
    return call.served.history


def _ids(call: Call, key: str) -> IntArray:
    found = call.json().get(key)
    if not isinstance(found, list):
        raise Refusal(400, f"the body needs a list under {key}")
    # Some clients write ids as text.
    return np.array([int(one) for one in found], dtype=np.int64)


def _layer(call: Call, default: int | None) -> int | None:
    text = call.query.get("stop_layer")
    return default if text is None else int(text)


def _bounds(call: Call) -> IntArray | None:
    text = call.query.get("bounds")
    if not text:
        return None
    parts = [part.split("-") for part in text.split("_")]
    if len(parts) != 3 or any(len(part) != 2 for part in parts):
        raise Refusal(400, f"bounds must read x0-x1_y0-y1_z0-z1; got {text}")
    return np.array(parts, dtype=np.int64)


def _roots_binary(call: Call) -> Answer:
    _history(call)
    if len(call.body) % 8:
        raise Refusal(400, f"the body has {len(call.body)} bytes, not 8 for each id")
    ids = np.frombuffer(call.body, dtype="<u8").astype(np.int64)
    moment = call.time("timestamp")
    roots = call.served.ids.roots_at(ids, now() if moment is None else moment, _layer(call, None))
    return Answer(roots.astype("<u8").tobytes(), media_type="application/octet-stream")


def _root(call: Call) -> Answer:
    _history(call)
    moment = call.time("timestamp")
    node = np.array([call.number("node")], dtype=np.int64)
    root = call.served.ids.roots_at(node, now() if moment is None else moment, _layer(call, None))
    if not root[0]:
        raise Refusal(400, f"node {node[0]} has no root at that time")
    return json_answer({"root_id": int(root[0])})


def _is_latest(call: Call) -> Answer:
    history, moment = _history(call), call.time("timestamp")
    ids = _ids(call, "node_ids")
    call.served.ids.require_roots(ids)
    alive = history.is_alive(ids, now() if moment is None else moment)
    return json_answer({"is_latest": alive.tolist()})


def _root_timestamps(call: Call) -> Answer:
    history, ids = _history(call), _ids(call, "node_ids")
    call.served.ids.require_roots(ids)
    rows, known = history.rows(ids)
    if not known.all():
        # What the real service says, and its status.
        raise Refusal(500, f"pop from an empty deque: {ids[~known].tolist()} never existed")
    moments = history.created[rows]
    if call.flag("latest"):
        moment = call.time("timestamp")
        moments = np.minimum(history.replaced[rows], now() if moment is None else moment)
    return json_answer({"timestamp": seconds(moments).tolist()})


def _leaves(call: Call) -> Answer:
    node = call.number("node")
    _history(call)
    found = call.served.ids.leaves(node, _layer(call, 1) or 1, _bounds(call))
    if found is None:
        raise Refusal(400, f"node {node} not found")
    return json_answer({"leaf_ids": found.tolist()})


def _leaves_many(call: Call) -> Answer:
    _history(call)
    bounds, layer = _bounds(call), _layer(call, 1) or 1
    answers = {}
    for node in _ids(call, "node_ids").tolist():
        found = call.served.ids.leaves(node, layer, bounds)
        if found is None:
            raise Refusal(400, f"node {node} not found")
        answers[str(node)] = found.tolist()
    return json_answer(answers)


def _children(call: Call) -> Answer:
    node = call.number("node")
    _history(call)
    found = call.served.ids.leaves(node, int(node >> 56) - 1, None)
    if found is None:
        raise Refusal(400, f"node {node} not found")
    return json_answer({"children_ids": found.tolist()})


def _level2_graph(call: Call) -> Answer:
    node, bounds = call.number("node"), _bounds(call)
    _history(call)
    l2_ids = call.served.ids.leaves(node, 2, bounds)
    if l2_ids is None:
        raise Refusal(400, f"node {node} not found")
    edges = call.served.level2.edges(l2_ids)
    headers = {} if bounds is None else {"Used-Bounds": "True"}
    return json_answer({"edge_graph": edges.tolist()}, headers=headers)


def _lineage(call: Call) -> Answer:
    history, ids = _history(call), _ids(call, "root_ids")
    past, future = call.time("timestamp_past"), call.time("timestamp_future")
    begin, end = _BEGINNING if past is None else past, _END if future is None else future
    call.served.ids.require_lineage(ids, begin, end)
    rows, known = history.rows(ids)
    if not known.all():
        raise Refusal(400, f"roots {ids[~known].tolist()} never existed")
    found, links = history.lineage(ids.tolist(), begin, end)
    made_by = dict(zip(history.new.tolist(), history.operation.tolist(), strict=True))
    order = np.array(sorted(found), dtype=np.int64)
    rows, _ = history.rows(order)
    nodes = [
        {"id": node, "timestamp": moment, "operation_id": made_by.get(node)}
        for node, moment in zip(
            order.tolist(), seconds(history.created[rows]).tolist(), strict=True
        )
    ]
    pairs = zip(history.old[links].tolist(), history.new[links].tolist(), strict=True)
    return json_answer(
        {
            "directed": True,
            "multigraph": False,
            "graph": {},
            "nodes": nodes,
            "links": [{"source": old, "target": new} for old, new in pairs],
        }
    )


def _valid_nodes(call: Call) -> Answer:
    history, ids = _history(call), _ids(call, "node_ids")
    end = call.time("end_timestamp")
    moment = now() if end is None else end
    is_root = history.chunks.layer(ids) == history.chunks.n_layers
    call.served.ids.require_roots(ids)
    rows, known = history.rows(ids)
    valid = known & (history.created[rows] <= moment) if len(history.root_ids) else known
    # Of the other nodes only those that are in some root now can be told.
    valid[~is_root] = call.served.ids.roots_at(ids[~is_root], moment) != 0
    return json_answer({"valid_roots": ids[valid].tolist()})


def _past_ids(call: Call) -> Answer:
    history, past = _history(call), call.time("timestamp_past")
    moment = now() if past is None else past
    ids = _ids(call, "root_ids")
    call.served.ids.require_lineage(ids, moment, _BEGINNING)
    mapping = {str(one): history.past_ids(one, moment) for one in ids.tolist()}
    return json_answer({"past_id_map": mapping, "future_id_map": {}})


def _delta_roots(call: Call) -> Answer:
    history = _history(call)
    call.served.ids.require_all("which roots changed between two moments")
    past, future = call.time("timestamp_past"), call.time("timestamp_future")
    if past is None:
        raise Refusal(400, "timestamp_past is missing")
    end = now() if future is None else future
    ended = (past < history.replaced) & (history.replaced <= end)
    begun = (past < history.created) & (history.created <= end)
    return json_answer(
        {
            "old_roots": history.root_ids[ended].tolist(),
            "new_roots": history.root_ids[begun].tolist(),
        }
    )


def _oldest(call: Call) -> Answer:
    history = _history(call)
    call.served.ids.require_all("since when there are roots")
    first = int(history.created.min()) if len(history.created) else 0
    return json_answer({"iso": str(pd.Timestamp(first, unit="ns", tz="UTC"))})


def _operations(history: IdHistory, root_id: int) -> list[dict[str, Any]]:
    """The edits that led to a root, oldest first."""
    _, links = history.lineage([root_id], _BEGINNING, _BEGINNING)
    log = []
    for operation in np.unique(history.operation[links]).tolist():
        here = history.operation == operation
        after = np.unique(history.new[here])
        before = np.unique(history.old[here])
        log.append(
            {
                "operation_id": operation,
                "timestamp": int(history.created[history.rows(after[:1])[0][0]]) // 1_000_000,
                "user_id": "0",
                "before_root_ids": before.tolist(),
                "after_root_ids": after.tolist(),
                "is_merge": len(before) > len(after),
            }
        )
    return sorted(log, key=lambda entry: entry["timestamp"])


def _change_log(call: Call) -> Answer:
    history = _history(call)
    call.served.ids.require_all("the edits of roots")
    log = _operations(history, call.number("node"))
    merges = sum(entry["is_merge"] for entry in log)
    return json_answer(
        {
            "n_mergers": merges,
            "n_splits": len(log) - merges,
            "operations_ids": [entry["operation_id"] for entry in log],
            "past_ids": sorted({one for entry in log for one in entry["before_root_ids"]}),
        }
    )


def _tabular_change_log(call: Call) -> Answer:
    history = _history(call)
    call.served.ids.require_all("the edits of roots")
    answers = {}
    for root_id in _ids(call, "root_ids").tolist():
        log = _operations(history, root_id)
        columns = log[0].keys() if log else ()
        # A text for each root, as the real service packs a data frame.
        answers[str(root_id)] = json.dumps(
            {name: {str(row): entry[name] for row, entry in enumerate(log)} for name in columns}
        )
    return json_answer(answers)


def _voxels(call: Call) -> Answer:
    scale, file = call.names["scale"], call.names["file"]
    content = call.served.voxels.file(scale, file)
    if content is None:
        return stored(call, f"{layout.SEGMENTATION_FILES}/{scale}/{file}")
    return ranged(call, content)


_TABLE = "/segmentation/api/v1/table/{table}"

ROUTES = (
    Route("GET", "/segmentation/api/versions", _api_versions),
    Route("GET", "/segmentation/api/version", _version),
    Route("GET", "/segmentation/table/{table}/info", _info),
    Route("POST", _TABLE + "/roots_binary", _roots_binary),
    Route("POST", _TABLE + "/is_latest_roots", _is_latest),
    Route("POST", _TABLE + "/root_timestamps", _root_timestamps),
    Route("POST", _TABLE + "/node/leaves_many", _leaves_many),
    Route("GET", _TABLE + "/node/{node}/root", _root),
    Route("GET", _TABLE + "/node/{node}/leaves", _leaves),
    Route("GET", _TABLE + "/node/{node}/children", _children),
    Route("GET", _TABLE + "/node/{node}/lvl2_graph", _level2_graph),
    Route("POST", _TABLE + "/lineage_graph_multiple", _lineage),
    Route("GET", _TABLE + "/valid_nodes", _valid_nodes),
    Route("GET", _TABLE + "/past_id_mapping", _past_ids),
    Route("GET", _TABLE + "/delta_roots", _delta_roots),
    Route("GET", _TABLE + "/oldest_timestamp", _oldest),
    Route("GET", _TABLE + "/root/{node}/change_log", _change_log),
    Route("GET", _TABLE + "/tabular_change_log_many", _tabular_change_log),
    Route("GET", f"/{layout.SEGMENTATION_FILES}/{{scale}}/{{file}}", _voxels),
)
