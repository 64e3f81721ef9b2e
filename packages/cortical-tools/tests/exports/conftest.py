"""Folders of exports as CAVE writes them, and stores and servers of this machine.

The calls of the documents, in ``tests-integration``, take tables, cache and bucket from here.
"""

from __future__ import annotations

import functools
import gzip
import struct
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cortical_tools import TableExportClient

A, B = 864691135639806263, 864691135639806265
"""Two neurons that are one as floats."""

SYNAPSES_HEADER = """\
id,bigint
pre_pt_root_id,bigint
post_pt_root_id,bigint
ctr_pt_position,USER-DEFINED
size,integer
score,double precision
valid,boolean
tag,character varying
created,timestamp without time zone
"""


def _ewkb(x: float, y: float, z: float, srid: int | None = None, order: str = "<") -> str:
    """A point as PostGIS writes it."""
    kind = 0x80000001 | (0 if srid is None else 0x20000000)
    reference = b"" if srid is None else struct.pack(f"{order}I", srid)
    head = struct.pack("B", order == "<") + struct.pack(f"{order}I", kind)
    return (head + reference + struct.pack(f"{order}3d", x, y, z)).hex().upper()


SYNAPSES = "".join(
    f"{line}\n"
    for line in (
        f"1,{A},{B},{_ewkb(10, 20, 30)},5,0.5,t,,2023-04-05 06:07:08.123456",
        f'2,{B},{A},{_ewkb(11, 21, 31, srid=0)},7,NaN,f,"",2023-04-05 06:07:08',
        f'3,{A},{A},,,,,"a ""quoted"", \n text",',
        f"4,{B},,{_ewkb(-1, 2**20, 0)},-9,1e-300,t,spine,2024-01-01 00:00:00.5",
    )
)


def put_table(folder: Path, table: str, version: int, header: str | None, rows: str) -> None:
    """Write an export as a server does."""
    place = folder / f"v{version}"
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{table}.csv.gz").write_bytes(gzip.compress(rows.encode()))
    if header is not None:
        (place / f"{table}_header.csv").write_text(header)


@pytest.fixture
def ewkb() -> Callable[..., str]:
    """Writes a point as PostGIS does."""
    return _ewkb


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., TableExportClient]:
    """Makes an export with one table, ``cells`` of version 1, from its rows and its header."""

    def make(rows: str, header: str | None) -> TableExportClient:
        put_table(tmp_path / "one", "cells", 1, header, rows)
        return TableExportClient(tmp_path / "one")

    return make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """``synapses`` in versions 3 and 12, and ``cells`` in version 12."""
    place = tmp_path / "bucket" / "exports"
    put_table(place, "synapses", 12, SYNAPSES_HEADER, SYNAPSES)
    put_table(place, "synapses", 3, SYNAPSES_HEADER, SYNAPSES.splitlines(keepends=True)[0])
    put_table(place, "cells", 12, "id,bigint\ncell_type,text\n", "7,L2\n")
    return place


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where copies are kept."""
    monkeypatch.setenv("CORTICAL_TOOLS_CACHE", str(tmp_path / "kept"))
    return tmp_path / "kept" / "exports"


class WebServer(ThreadingHTTPServer):
    """Lists and serves a folder, and keeps what it was asked for."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        self.cut_after: int | None = None
        self.status: int | None = None
        super().__init__(("127.0.0.1", 0), functools.partial(_Serving, directory=str(folder)))
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class _Serving(SimpleHTTPRequestHandler):
    server: WebServer

    def log_message(self, *args: object) -> None:
        self.server.asked.append(f"{self.command} {self.path}")

    def send_head(self) -> object:
        if self.server.status is None:
            return super().send_head()
        self.send_error(self.server.status)
        return None

    def copyfile(self, source: object, outputfile: object) -> None:
        if self.path.endswith(".csv.gz") and self.server.cut_after is not None:
            outputfile.write(source.read(self.server.cut_after))
            self.close_connection = True
        else:
            super().copyfile(source, outputfile)


@pytest.fixture
def web(folder: Path) -> Iterator[WebServer]:
    """A web server that lists the folder."""
    server = WebServer(folder.parent)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def _s3_server() -> Iterator[str]:
    server_module = pytest.importorskip("moto.server")
    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(_s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, str], None]:
    """Puts the files of a folder into a bucket of S3's kind."""
    import boto3
    import requests

    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "there-is-none")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", _s3_server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    requests.post(f"{_s3_server}/moto-api/reset", timeout=10)
    client = boto3.session.Session().client("s3", region_name="us-east-1")

    def put(folder: Path, bucket: str) -> None:
        client.create_bucket(Bucket=bucket)
        for path in folder.rglob("*.*"):
            if path.is_file():
                key = path.relative_to(folder).as_posix()
                client.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())

    return put


@pytest.fixture(scope="session")
def _gcs_server() -> Iterator[str]:
    module = pytest.importorskip("gcp_storage_emulator.server")
    server = module.create_server("127.0.0.1", 0, in_memory=True)
    server.start()
    host, port = server._api._httpd.server_address
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def gcs(_gcs_server: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, str], None]:
    """Puts the files of a folder into a bucket of Google's kind."""
    import requests

    monkeypatch.setenv("STORAGE_EMULATOR_HOST", _gcs_server)
    requests.get(f"{_gcs_server}/wipe", timeout=10)

    def put(folder: Path, bucket: str) -> None:
        requests.post(f"{_gcs_server}/storage/v1/b", json={"name": bucket}, timeout=10)
        for path in folder.rglob("*.*"):
            if path.is_file():
                name = path.relative_to(folder).as_posix()
                requests.post(
                    f"{_gcs_server}/upload/storage/v1/b/{bucket}/o",
                    params={"uploadType": "media", "name": name},
                    data=path.read_bytes(),
                    headers={"Content-Type": "application/octet-stream"},
                    timeout=10,
                ).raise_for_status()

    return put
