"""Objects of S3 are written whole or not at all, however large and however often it takes."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from ossify.io import storage
from ossify.io.storage import s3_upload


@pytest.fixture
def bytes_in_parts(monkeypatch):
    """Content that is uploaded in three parts, of the least size that S3 takes."""
    monkeypatch.setattr(s3_upload, "_MOST_AT_ONCE", 2**20)
    monkeypatch.setattr(s3_upload, "_PART", 5 * 2**20)
    return np.random.default_rng(0).bytes(11 * 2**20)


def put(content, allow_overwrite=False):
    storage.store_at(storage.address_of("s3://large/a")).put("a", content, allow_overwrite)


def held(client):
    return client.get_object(Bucket="large", Key="a")["Body"].read()


def test_what_is_large_is_uploaded_in_parts(s3, between, bytes_in_parts):
    client = s3("large")
    put(bytes_in_parts)
    assert held(client) == bytes_in_parts
    assert sum("partNumber" in request for request in between.asked) == 3


def test_an_upload_in_parts_overwrites_only_if_asked_to(s3, bytes_in_parts):
    client = s3("large")
    put(b"first")
    with pytest.raises(FileExistsError, match="s3://large/a exists already"):
        put(bytes_in_parts)
    assert held(client) == b"first"
    # Nothing is left of the attempt.
    assert not client.list_multipart_uploads(Bucket="large").get("Uploads")
    put(bytes_in_parts, allow_overwrite=True)
    assert held(client) == bytes_in_parts


def test_an_upload_in_parts_that_fails_leaves_nothing(s3, between, bytes_in_parts):
    client = s3("large")
    # One part is lost as often as it is sent.
    between.lost = ["PUT /large/a?partNumber=2"] * 9
    with pytest.raises(ConnectionError, match="s3://large/a"):
        put(bytes_in_parts)
    assert "Contents" not in client.list_objects_v2(Bucket="large")
    assert not client.list_multipart_uploads(Bucket="large").get("Uploads")


@pytest.mark.parametrize("allow_overwrite", [False, True])
def test_an_upload_whose_answer_was_lost_is_not_held_against_us(s3, between, allow_overwrite):
    client = s3("large")
    between.lost = ["PUT /large/a"]
    put(b"content", allow_overwrite)
    assert not between.lost
    assert held(client) == b"content"
    with pytest.raises(FileExistsError):
        put(b"content")


@pytest.mark.parametrize("allow_overwrite", [False, True])
def test_an_upload_in_parts_whose_answer_was_lost_is_not_held_against_us(
    s3, between, bytes_in_parts, allow_overwrite
):
    client = s3("large")
    between.lost = ["POST /large/a?uploadId"]
    put(bytes_in_parts, allow_overwrite)
    assert not between.lost
    assert held(client) == bytes_in_parts


class _NoConditions(BaseHTTPRequestHandler):
    """A store that has objects, and refuses conditions as some do that speak S3."""

    def log_message(self, *args):
        pass

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        refused = "If-None-Match" in self.headers
        if not refused:
            self.server.objects[self.path] = body
        self.send_response(501 if refused else 200)
        self.end_headers()
        if refused:
            self.wfile.write(b"<Error><Code>NotImplemented</Code></Error>")

    def do_HEAD(self):
        self.send_response(200 if self.path in self.server.objects else 404)
        self.end_headers()


def test_a_store_that_knows_no_conditions_is_looked_at_beforehand(s3, monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), _NoConditions)
    server.objects = {}
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_address[1]}")
    put(b"first")
    assert server.objects == {"/large/a": b"first"}
    with pytest.raises(FileExistsError, match="s3://large/a exists already"):
        put(b"second")
    assert server.objects == {"/large/a": b"first"}
    server.shutdown()
    server.server_close()
