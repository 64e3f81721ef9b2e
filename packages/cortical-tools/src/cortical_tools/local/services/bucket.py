"""Files of the snapshot as a bucket has them: whole or in ranges."""

from __future__ import annotations

import re

from cortical_tools.local.answers import Answer, Refusal
from cortical_tools.local.calls import Call, Route
from cortical_tools.snapshot_folder import layout

_RANGE = re.compile(r"bytes=(\d+)-(\d+)")


def _file(call: Call) -> Answer:
    return stored(call, f"{layout.BUCKET}/{call.names['name']}")


def stored(call: Call, member: str) -> Answer:
    """A file that stands in the folder."""
    content = None if ".." in member.split("/") else call.served.snapshot.read(member)
    if content is None:
        raise Refusal(404, f"{member} not found")
    return ranged(call, content)


def ranged(call: Call, content: bytes) -> Answer:
    """The part of a content that a request wants."""
    media_type = "application/octet-stream"
    wanted = _RANGE.fullmatch(call.headers.get("range", ""))
    if wanted is None:
        return Answer(content, media_type=media_type)
    first, last = int(wanted[1]), min(int(wanted[2]), len(content) - 1)
    if first > last:
        raise Refusal(416, f"the file has {len(content)} bytes")
    shown = {"content-range": f"bytes {first}-{last}/{len(content)}"}
    return Answer(content[first : last + 1], 206, media_type, shown)


ROUTES = (Route("GET", f"/{layout.BUCKET}/{{name:path}}", _file),)
