"""What all tests share: how they run, and stores and servers on this machine."""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import settings

# How long an example takes says more about who else uses the machine than about the code.
settings.register_profile("ossify", deadline=None)
settings.register_profile("few", deadline=None, max_examples=20)
settings.load_profile("ossify")


@dataclass
class Web:
    """A web server on this machine, that counts what it sends and errs as it is told.

    Attributes
    ----------
    files
        Contents by path, such as ``"/cells/a.osy"``, or functions that make them.
    ranges
        Whether it sends parts of files.
    etag
        Makes the ETag of a content; None for a server without.
    faults
        What goes wrong, one for each of the next requests: a status; ``"cut"``, ``"short"``,
        ``"long"``, ``"shifted"`` or ``"whole"``; a function to call before the answer; or None.
    sent
        The bytes of each answer's body.
    asked
        The Range header of each request.
    paths
        The path of each request.
    posted
        The body of each that was posted.
    authorized
        The Authorization header of each request.
    only_anonymous, only_signed
        Whether it denies requests that come with credentials, or without.
    """

    address: str
    files: dict[str, bytes | Callable[[], bytes]] = field(default_factory=dict)
    ranges: bool = True
    etag: Callable[[bytes], str] | None = lambda content: f'"{hash(content):x}"'
    faults: list[object] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    asked: list[str | None] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    posted: list[bytes] = field(default_factory=list)
    authorized: list[str | None] = field(default_factory=list)
    only_anonymous: bool = False
    only_signed: bool = False


class _Handler(BaseHTTPRequestHandler):
    """GET as a web server or a bucket answers it; whatever is posted meets a condition."""

    protocol_version = "HTTP/1.1"

    def __init__(self, web: Web, *args: object) -> None:
        self.web = web
        super().__init__(*args)  # type: ignore[arg-type]

    def log_message(self, *args: object) -> None:
        pass

    def handle(self) -> None:
        # Whoever asked may be gone before the next question.
        with suppress(ConnectionError):
            super().handle()

    def do_GET(self) -> None:
        web = self.web
        web.asked.append(self.headers.get("Range"))
        web.paths.append(self.path)
        web.authorized.append(self.headers.get("Authorization"))
        fault = web.faults.pop(0) if web.faults else None
        if callable(fault):
            fault()
        is_signed = "Authorization" in self.headers
        if (web.only_anonymous and is_signed) or (web.only_signed and not is_signed):
            fault = 403
        content = web.files.get(self.path)
        if callable(content):
            content = content()
        if content is None or isinstance(fault, int):
            self.answer(404 if content is None else fault, b"", {})  # type: ignore[arg-type]
            return
        headers = {} if web.etag is None else {"ETag": web.etag(content)}
        wanted = self.headers.get("If-Match")
        if wanted is not None and wanted != headers.get("ETag"):
            self.answer(412, b"", headers)
            return
        found = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if not web.ranges or found is None or fault == "whole":
            self.answer(200, content, headers)
            return
        first, last = int(found[1]), min(int(found[2]), len(content) - 1)
        if first >= len(content):
            self.answer(416, b"", headers)
            return
        first += fault == "shifted"
        part = content[first : last + 1]
        headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
        if fault == "cut":
            headers["Content-Length"] = str(len(part))
            part, self.close_connection = part[: len(part) // 2], True
        elif fault == "short":
            part = part[:-1]
        elif fault == "long":
            part += b"more"
        self.answer(206, part, headers)

    def do_POST(self) -> None:
        self.web.posted.append(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
        self.web.paths.append(self.path)
        self.answer(412, b"{}", {})

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.web.sent.append(len(body))
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        # Whoever asked may have gone.
        with suppress(ConnectionError):
            self.end_headers()
            self.wfile.write(body)


@pytest.fixture
def web() -> Iterator[Web]:
    """A web server of the test's own."""
    web = Web("")
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, web))
    server.daemon_threads = True
    web.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield web
    server.shutdown()
    server.server_close()


@dataclass
class Between:
    """What passes requests on to another server, and loses some of the answers.

    Attributes
    ----------
    server
        The other server.
    lost
        Which answers are lost, each once: how the request begins, such as ``"PUT /bucket/a"``.
    asked
        The method and path of each request.
    """

    address: str
    server: str
    lost: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


class _Passing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, between: Between, *args: object) -> None:
        self.between = between
        super().__init__(*args)  # type: ignore[arg-type]

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        import requests

        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        request = f"{self.command} {self.path}"
        headers = {k: v for k, v in self.headers.items() if k not in ("Host", "Connection")}
        answer = requests.request(
            self.command, self.between.server + self.path, data=body, headers=headers, timeout=60
        )
        self.between.asked.append(request)
        for start in self.between.lost:
            if request.startswith(start):
                self.between.lost.remove(start)
                self.close_connection = True
                return
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            if name not in ("Connection", "Transfer-Encoding", "Content-Length"):
                self.send_header(name, value)
        length = answer.headers.get("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_PUT = do_POST = do_HEAD = do_DELETE = do_GET


@pytest.fixture
def between(s3: object, _s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Between]:
    """Stands between ``s3://`` and the server behind it."""
    between = Between("", _s3_server)
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Passing, between))
    server.daemon_threads = True
    between.address = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", between.address)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield between
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def _s3_server() -> Iterator[str]:
    moto = pytest.importorskip("moto.server")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def _lead_to_s3(server: str, patch: pytest.MonkeyPatch) -> None:
    """Leads addresses that begin with ``s3://`` to a server, with credentials that it takes."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION", "AWS_REGION"):
        patch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        patch.setenv(name, "there-is-none")
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    patch.setenv("AWS_ENDPOINT_URL", server)
    patch.setenv("AWS_ACCESS_KEY_ID", "testing")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")


@pytest.fixture(scope="session")
def _s3_client(_s3_server: str) -> object:
    """A client of the server; it takes longer to make one than most tests take."""
    import boto3

    with pytest.MonkeyPatch.context() as patch:
        _lead_to_s3(_s3_server, patch)
        return boto3.session.Session().client("s3", region_name="us-east-1")


@pytest.fixture
def s3(
    _s3_server: str, _s3_client: object, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], object]:
    """Makes buckets, at addresses that begin with ``s3://``, on a server of this machine."""
    import requests

    _lead_to_s3(_s3_server, monkeypatch)
    requests.post(f"{_s3_server}/moto-api/reset", timeout=10)

    def make(bucket: str) -> object:
        _s3_client.create_bucket(Bucket=bucket)  # type: ignore[attr-defined]
        return _s3_client

    return make


@pytest.fixture(scope="session")
def _gcs_server() -> Iterator[object]:
    emulator = pytest.importorskip("gcp_storage_emulator.server")
    server = emulator.create_server("127.0.0.1", 0, in_memory=True)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def google_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Leads addresses that begin with ``gs://`` to another server."""

    def lead(server: str) -> None:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server)
        monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
        try:
            from google.cloud.storage import _bucket_metadata_cache as asides
        except ImportError:
            return
        # Some versions ask about the bucket aside, in threads that go on asking for minutes after
        # the server has gone, and draw random numbers while Hypothesis watches that nobody does.
        monkeypatch.setattr(
            asides.BucketMetadataCache, "get_or_queue_fetch", lambda *_: None, raising=True
        )

    return lead


@pytest.fixture
def gcs(_gcs_server: object, google_at: Callable[[str], None]) -> Callable[[str], object]:
    """Makes buckets, at addresses that begin with ``gs://``, on a server of this machine."""
    from google.cloud.storage import Client

    host, port = _gcs_server._api._httpd.server_address  # type: ignore[attr-defined]
    google_at(f"http://{host}:{port}")
    _gcs_server.wipe()  # type: ignore[attr-defined]
    client = Client.create_anonymous_client()

    def make(bucket: str) -> object:
        return client.create_bucket(bucket)

    return make


@pytest.fixture
def mem() -> Iterator[None]:
    """Empties the memory behind addresses that begin with ``mem://`` afterwards."""
    yield
    from cloudfiles.connectionpools import MEMORY_DATA

    for bucket in MEMORY_DATA.values():
        bucket.clear()
