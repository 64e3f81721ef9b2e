"""The services as one web application: the only module that knows the web framework."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from cortical_tools.local.answers import Answer, Refusal
from cortical_tools.local.calls import Call, Route
from cortical_tools.local.faults import Fault, Faults, Request
from cortical_tools.local.mesh_files import MeshLayout
from cortical_tools.local.served import ServedSnapshot
from cortical_tools.local.services import (
    bucket,
    info,
    l2cache,
    materialize,
    meshes,
    segmentation,
    skeletons,
    staging,
    states,
)
from cortical_tools.snapshot_folder import layout

if TYPE_CHECKING:
    from starlette.applications import Starlette

ROUTES: tuple[Route, ...] = (
    *info.ROUTES,
    *materialize.ROUTES,
    *l2cache.ROUTES,
    *skeletons.ROUTES,
    *states.ROUTES,
    *staging.ROUTES,
    # Files of meshes and voxels are made when asked for; all others stand in the folder.
    *meshes.ROUTES,
    *segmentation.ROUTES,
    *bucket.ROUTES,
)
DEFAULT_ROW_CAP = 200_000
# Buckets and the sites that show data do not know CAVE's tokens.
_OPEN_TO_ALL = (f"/{layout.BUCKET}/", "/viewer/")
_MANY_SLASHES = re.compile("/{2,}")


@dataclass
class Settings:
    """How a service behaves; may be changed while it runs.

    Parameters
    ----------
    token
        What clients have to bring; None if anyone may ask.
    row_cap
        The most rows that a query answers with.
    faults
        What goes wrong.
    log
        What was asked, in the order of the answers.
    mesh_layout
        In which files meshes are kept.
    """

    token: str | None = None
    row_cap: int = DEFAULT_ROW_CAP
    faults: Faults = field(default_factory=Faults)
    log: list[Request] = field(default_factory=list)
    mesh_layout: MeshLayout = "legacy"


def make_app(served: ServedSnapshot, base: str, settings: Settings) -> Any:
    """The application that answers for a snapshot.

    Parameters
    ----------
    served
        The snapshot.
    base
        The address at which it will be reached, without a slash at the end.
    settings
        How it behaves.
    """
    from starlette.applications import Starlette
    from starlette.routing import Route as StarletteRoute

    answering = partial(_Endpoint, served, base, settings)
    app = Starlette(
        routes=[
            StarletteRoute(route.path, answering(route.answer), methods=[route.method])
            for route in ROUTES
        ]
    )
    return _Observed(app, settings)


class _Endpoint:
    """Answers the requests of one route."""

    def __init__(
        self,
        served: ServedSnapshot,
        base: str,
        settings: Settings,
        answer: Callable[[Call], Answer],
    ) -> None:
        self._served, self._base, self._settings = served, base, settings
        self._answer = answer

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        from starlette.concurrency import run_in_threadpool
        from starlette.requests import Request as StarletteRequest
        from starlette.responses import Response

        request = StarletteRequest(scope, receive)
        call = Call(
            served=self._served,
            base=self._base,
            names=request.path_params,
            query=dict(request.query_params),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await request.body(),
            row_cap=self._settings.row_cap,
            mesh_layout=self._settings.mesh_layout,
        )
        answer = await run_in_threadpool(self._answered, call)
        headers = {"content-type": answer.media_type, **answer.headers}
        await Response(answer.body, answer.status, headers)(scope, receive, send)

    def _answered(self, call: Call) -> Answer:
        try:
            return self._answer(call)
        except Refusal as refusal:
            return refusal.answer()


class _Observed:
    """An application whose requests are logged, checked for a token, and met by faults."""

    def __init__(self, app: Starlette, settings: Settings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Addresses are put together from parts that end and begin with a slash.
        scope["path"] = _MANY_SLASHES.sub("/", scope["path"])
        started = time.perf_counter()
        messages: list[dict[str, Any]] = []
        body = bytearray()

        async def receive_and_keep() -> Any:
            message = await receive()
            body.extend(message.get("body", b""))
            return message

        async def keep(message: dict[str, Any]) -> None:
            messages.append(message)

        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        faults = self._settings.faults.for_request(scope["method"], scope["path"])
        for fault in faults:
            await asyncio.sleep(fault.delay)
        refused = next((fault for fault in faults if fault.status is not None), None)
        if refused is not None:
            await _drain(receive_and_keep)
            await _send_error(keep, refused)
        elif not self._may_ask(scope["path"], headers):
            await _drain(receive_and_keep)
            denied = Fault(status=401, message="the token is missing or not the right one")
            await _send_error(keep, denied)
        else:
            await self._app(scope, receive_and_keep, keep)
        query = scope["query_string"].decode()
        status, seconds = messages[0]["status"], time.perf_counter() - started
        self._settings.log.append(
            Request(scope["method"], scope["path"], query, headers, bytes(body), status, seconds)
        )
        await _deliver(send, messages, is_cut=any(fault.cut for fault in faults))

    def _may_ask(self, path: str, headers: dict[str, str]) -> bool:
        token = self._settings.token
        if token is None or path.startswith(_OPEN_TO_ALL):
            return True
        return headers.get("authorization") == f"Bearer {token}"


async def _drain(receive: Any) -> None:
    """Take in a body that nobody reads, or the client would find the connection closed."""
    while (await receive()).get("more_body"):
        pass


async def _send_error(send: Any, fault: Fault) -> None:
    from starlette.responses import JSONResponse

    content = {"message": fault.message, "code": fault.status}
    response = JSONResponse(content, fault.status or 500, dict(fault.headers))
    await response({"type": "http"}, None, send)


async def _deliver(send: Any, messages: list[dict[str, Any]], *, is_cut: bool) -> None:
    """Send an answer, or half of it: the server then breaks the connection."""
    if not is_cut:
        for message in messages:
            await send(message)
        return
    whole = b"".join(message.get("body", b"") for message in messages[1:])
    await send(messages[0])
    await send({"type": "http.response.body", "body": whole[: len(whole) // 2], "more_body": True})
