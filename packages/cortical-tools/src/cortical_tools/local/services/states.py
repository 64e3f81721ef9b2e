"""Neuroglancer states and segment properties, and the site that shows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cortical_tools.local.answers import Answer, Refusal, json_answer
from cortical_tools.local.calls import Call, Route
from cortical_tools.snapshot_folder import layout

SERVER_VERSION = "0.4.2"
_BASE = "/nglstate/api/v1"


def _version(call: Call) -> Answer:
    return json_answer(SERVER_VERSION)


def _kept(call: Call, place: str, where: dict[int, Any]) -> Answer:
    content, uploads = call.value(), call.served.uploads
    with uploads.lock:
        given = "state" in call.names
        number = call.number("state") if given else next(uploads.new_ids)
        where[number] = content
    return json_answer(f"{call.base}{place}/{number}")


def _post_state(call: Call) -> Answer:
    return _kept(call, _BASE, call.served.uploads.states)


def _post_properties(call: Call) -> Answer:
    return _kept(call, f"{_BASE}/property", call.served.uploads.properties)


def _found(call: Call, where: dict[int, Any], member: Callable[[int], str]) -> Answer:
    number = call.number("state")
    if number in where:
        return json_answer(where[number])
    stored = call.served.snapshot.read(member(number))
    if stored is None:
        raise Refusal(404, f"state {number} not found")
    return Answer(stored)


def _get_state(call: Call) -> Answer:
    return _found(call, call.served.uploads.states, layout.state_of)


def _get_properties(call: Call) -> Answer:
    return _found(call, call.served.uploads.properties, layout.property_of)


def _site_version(call: Call) -> Answer:
    # Anything but an empty object says that the site understands new links.
    return json_answer({"tag": "local"})


ROUTES = (
    Route("GET", f"{_BASE}/version", _version),
    Route("POST", f"{_BASE}/post", _post_state),
    Route("POST", f"{_BASE}/post/{{state}}", _post_state),
    Route("POST", f"{_BASE}/property/post", _post_properties),
    Route("POST", f"{_BASE}/property/post/{{state}}", _post_properties),
    Route("GET", f"{_BASE}/property/{{state}}/info", _get_properties),
    Route("GET", f"{_BASE}/property/raw/{{state}}", _get_properties),
    Route("GET", f"{_BASE}/raw/{{state}}", _get_state),
    Route("GET", f"{_BASE}/{{state}}", _get_state),
    Route("GET", "/viewer/version.json", _site_version),
)
