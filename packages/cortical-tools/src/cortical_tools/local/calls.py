"""What came over the wire: a request, and which function answers it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cortical_tools.local.answers import Answer, Refusal, nanoseconds
from cortical_tools.local.mesh_files import MeshLayout
from cortical_tools.local.served import ServedSnapshot


@dataclass(frozen=True)
class Call:
    """A request, and what it is asked of.

    Parameters
    ----------
    served
        The snapshot, ready to answer.
    base
        The address of this server, without a slash at the end.
    names
        What the variable parts of the path are.
    query
        What stands behind the question mark; the last value of each name.
    headers
        By lower-case name.
    body
        Of any method: some GET requests have one.
    row_cap
        The most rows that a query answers with.
    mesh_layout
        In which files meshes are kept.
    """

    served: ServedSnapshot
    base: str
    names: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    row_cap: int
    mesh_layout: MeshLayout

    def value(self) -> Any:
        """The body as JSON, which clients do not always say that it is."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Refusal(400, f"the body is not JSON: {error}") from error

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; no body is an empty one."""
        if not self.body:
            return {}
        found = self.value()
        if not isinstance(found, dict):
            raise Refusal(400, f"the body is JSON, but {type(found).__name__} and not an object")
        return found

    def number(self, name: str) -> int:
        """A variable part of the path that has to be an integer."""
        try:
            return int(self.names[name])
        except ValueError:
            raise Refusal(400, f"{name} {self.names[name]!r} is not an integer") from None

    def flag(self, name: str) -> bool:
        """Whether a parameter says yes."""
        return self.query.get(name, "").lower() in ("true", "1")

    def time(self, name: str) -> int | None:
        """A moment given in POSIX seconds or in ISO form, in nanoseconds; None if not given."""
        text = self.query.get(name, "")
        if not text:
            return None
        return nanoseconds(text)


@dataclass(frozen=True)
class Route:
    """Which requests a function answers.

    In `path`, ``{name}`` is one part of it and ``{name:path}`` all the rest.
    """

    method: str
    path: str
    answer: Callable[[Call], Answer]
