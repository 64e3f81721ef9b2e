"""What goes wrong on purpose, and the record of what was asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Request:
    """A request as it was answered.

    Parameters
    ----------
    method, path, query, headers, body
        As they came; the names of headers in lower case.
    status
        Of the answer.
    seconds
        From the request's arrival to the end of its answer.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    status: int
    seconds: float


@dataclass
class Fault:
    """Something that goes wrong with some requests.

    Parameters
    ----------
    path
        Which paths, with ``*`` for anything, as in ``"*/query"``.
    method
        Which method; None for any.
    status
        Answer with this status instead of what was asked for.
    message
        What that answer says.
    headers
        Further headers of the answer, such as ``{"Retry-After": "1"}``.
    delay
        Seconds before the answer.
    cut
        Whether the connection breaks in the middle of the answer.
    times
        How many requests it meets before it is over; None for all.
    """

    path: str = "*"
    method: str | None = None
    status: int | None = None
    message: str = "this fault was asked for"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: bool = False
    times: int | None = None

    def meets(self, method: str, path: str) -> bool:
        """Whether it concerns a request."""
        return self.method in (None, method) and fnmatchcase(path, self.path)


class Faults:
    """The faults of a running service; may be changed at any time, from any thread.

    Examples
    --------
    >>> faults = Faults()
    >>> fault = faults.add("*/query", status=503, times=2)
    >>> [len(faults.for_request("POST", "/a/query")) for _ in range(3)]
    [1, 1, 0]
    """

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[Fault]:
        with self._lock:
            return iter(list(self._faults))

    def add(
        self,
        path: str = "*",
        *,
        method: str | None = None,
        status: int | None = None,
        message: str = "this fault was asked for",
        headers: Mapping[str, str] | None = None,
        delay: float = 0.0,
        cut: bool = False,
        times: int | None = None,
    ) -> Fault:
        """Let something go wrong from now on; the arguments are those of `Fault`."""
        fault = Fault(path, method, status, message, headers or {}, delay, cut, times)
        with self._lock:
            self._faults.append(fault)
        return fault

    def remove(self, fault: Fault) -> None:
        """Let a fault be over; it may be over already."""
        with self._lock:
            self._faults = [one for one in self._faults if one is not fault]

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        with self._lock:
            self._faults.clear()

    def for_request(self, method: str, path: str) -> list[Fault]:
        """The faults that a request meets, each counted as met once more."""
        with self._lock:
            met = [fault for fault in self._faults if fault.meets(method, path)]
            for fault in met:
                if fault.times is not None:
                    fault.times -= 1
            self._faults = [one for one in self._faults if one.times is None or one.times > 0]
            return met
