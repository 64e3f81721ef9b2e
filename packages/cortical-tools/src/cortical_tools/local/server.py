"""The local CAVE service: a snapshot folder behind an address on this machine."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from cortical_tools.errors import MissingExtraError, ServiceError
from cortical_tools.local.app import DEFAULT_ROW_CAP, Settings, make_app
from cortical_tools.local.faults import Faults, Request
from cortical_tools.local.mesh_files import LAYOUTS, MeshLayout
from cortical_tools.local.served import ServedSnapshot
from cortical_tools.snapshot_folder import Snapshot

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LONGEST_START = 30.0


class LocalService(str):
    """The address of a running service, which is text, and what can be seen of the service.

    Attributes
    ----------
    snapshot
        What it serves.
    settings
        How it behaves.
    """

    snapshot: Snapshot
    settings: Settings
    __slots__ = ("settings", "snapshot")

    @property
    def url(self) -> str:
        """The address as plain text, without a slash at the end."""
        return str(self)

    @property
    def datastack(self) -> str:
        """The datastack that it answers for."""
        return self.snapshot.facts.datastack_name

    @property
    def log(self) -> list[Request]:
        """What was asked; may be cleared."""
        return self.settings.log

    @property
    def faults(self) -> Faults:
        """What goes wrong."""
        return self.settings.faults

    @property
    def row_cap(self) -> int:
        """The most rows that a query answers with."""
        return self.settings.row_cap

    @row_cap.setter
    def row_cap(self, value: int) -> None:
        self.settings.row_cap = value

    @property
    def mesh_layout(self) -> MeshLayout:
        """In which files meshes are kept."""
        return self.settings.mesh_layout

    @mesh_layout.setter
    def mesh_layout(self, value: MeshLayout) -> None:
        self.settings.mesh_layout = value


def require_server() -> None:
    """Raise `MissingExtraError` unless what serves folders is installed."""
    if not (find_spec("starlette") and find_spec("uvicorn")):
        raise MissingExtraError("the local CAVE service", "local")


@contextmanager
def serve(
    folder: str | os.PathLike[str],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    token: str | None = None,
    row_cap: int = DEFAULT_ROW_CAP,
    faults: Faults | None = None,
    mesh_layout: MeshLayout = "legacy",
) -> Iterator[LocalService]:
    """Serve a snapshot folder in CAVE's protocol while the block runs.

    The service answers from a thread of its own. Nothing is ever written to the folder: what
    clients upload is gone when the service ends.

    Parameters
    ----------
    folder
        A snapshot folder.
    host
        An address of this machine. Others are refused: a snapshot may hold what is not public.
    port
        Where to listen; 0 for any free port.
    token
        What clients have to bring; None if any client of this machine may ask. Only 0-9 and a-f,
        or cloud-volume does not send it.
    row_cap
        The most rows that a query answers with. An answer of that many says so in its ``Warning``
        header, as CAVE's do.
    faults
        What goes wrong, if it is known beforehand.
    mesh_layout
        In which files meshes are kept: ``"legacy"`` and ``"draco"``, one file for each fragment;
        ``"dynamic"``, the same beside an info of shards; or ``"initial"``, byte ranges of one file.
        All but the first need the extra ``mesh``.

    Yields
    ------
    LocalService
        The address, as text, that knows the requests so far, and the faults to come.

    Raises
    ------
    SnapshotError
        If the folder is no snapshot.
    ServiceError
        If it is not to be served on that host, or cannot listen there.
    MissingExtraError
        If the extra ``local`` is not installed.

    Examples
    --------
    A script that finds a snapshot folder beside it::

        with serve("snapshot") as url:
            client = CAVEclient("world", server_address=url)
    """
    if host not in _LOOPBACK:
        raise ServiceError(
            f"a local service is for this machine alone: host must be one of {_LOOPBACK}; "
            f"got {host!r}"
        )
    if row_cap < 1:
        raise ServiceError(f"row_cap must be 1 or more; got {row_cap}")
    if mesh_layout not in LAYOUTS:
        raise ServiceError(f"mesh_layout must be one of {LAYOUTS}; got {mesh_layout!r}")
    require_server()
    snapshot = Snapshot(folder)
    settings = Settings(token, row_cap, faults or Faults(), mesh_layout=mesh_layout)
    with _listening(host, port) as listener:
        shown = f"[{host}]" if ":" in host else host
        service = LocalService(f"http://{shown}:{listener.getsockname()[1]}")
        service.snapshot, service.settings = snapshot, settings
        app = make_app(ServedSnapshot(snapshot), str(service), settings)
        with _running(app, listener):
            yield service


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns off Nagle's algorithm, which would hold answers back by 40 ms, for sockets that
    # say that they are TCP.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise ServiceError(f"cannot listen on {host}, port {port}: {error.strerror}") from error
        yield listener


@contextmanager
def _running(app: object, listener: socket.socket) -> Iterator[None]:
    import uvicorn

    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(
        target=server.run, args=([listener],), name="local CAVE service", daemon=True
    )
    thread.start()
    deadline = time.monotonic() + _LONGEST_START
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise ServiceError("the local CAVE service did not start")
        time.sleep(0.005)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
