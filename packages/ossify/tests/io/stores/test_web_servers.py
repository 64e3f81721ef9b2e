"""Cells on web servers, which may send parts, and err."""

import gzip
import io
import threading
import tracemalloc
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import numpy as np
import pytest

import ossify
from ossify import CellFiles, load_cell, save_cell
from ossify.errors import OsyFormatError, SourceChangedError
from ossify.io.storage import sources
from ossify.io.storage import web as web_store
from ossify.testing import assert_cells_equal


def test_a_cell_is_loaded_from_a_web_server(cell, content, web):
    web.files["/data/neuron.osy"] = content
    assert_cells_equal(load_cell(f"{web.address}/data/neuron.osy"), cell)
    assert len(web.asked) > 1
    assert sum(web.sent) == len(content)


def test_parts_of_a_large_file_are_fetched_side_by_side_and_not_too_many_at_once(
    cell, content, web, in_parts
):
    web.files["/a.osy"] = content
    lock, now, most = threading.Lock(), [0], [0]
    together = threading.Barrier(2, timeout=20)

    def asked():
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        # One alone would wait in vain.
        together.wait()
        with lock:
            now[0] -= 1

    n_parts = -(-(len(content) - sources.FIRST) // 2**15)
    web.faults = [None] + [asked] * (n_parts - n_parts % 2)
    assert_cells_equal(load_cell(f"{web.address}/a.osy"), cell)
    assert not together.broken
    assert 2 <= most[0] <= 4
    assert sum(web.sent) == len(content)


def test_parts_are_never_of_two_contents(content, web, in_parts):
    other = io.BytesIO()
    save_cell(ossify.example_cell(2000, seed=2), other)
    web.files["/a.osy"] = content
    web.faults = [None, None, lambda: web.files.update({"/a.osy": other.getvalue()})]
    with pytest.raises(SourceChangedError):
        load_cell(f"{web.address}/a.osy")


@pytest.mark.parametrize("fault", ["cut", "short", "shifted", "whole", 503])
def test_a_part_that_is_not_what_was_asked_for_is_asked_for_again(
    cell, content, web, hurried, in_parts, fault
):
    web.files["/a.osy"] = content
    web.faults = [None, None, fault]
    assert_cells_equal(load_cell(f"{web.address}/a.osy"), cell)
    assert not web.faults


def test_a_server_without_ranges_sends_the_whole_file_once(cell, content, web):
    web.ranges = False
    web.files["/a.osy"] = content
    assert_cells_equal(load_cell(f"{web.address}/a.osy"), cell)
    assert web.sent == [len(content)]


@pytest.mark.parametrize("fault", ["cut", "short", "long", "shifted", "whole", 503, 429])
@pytest.mark.parametrize("request_number", [0, 1])
def test_answers_that_are_not_what_was_asked_for_are_asked_for_again(
    cell, content, web, hurried, fault, request_number
):
    web.files["/a.osy"] = content
    web.faults = [None] * request_number + [fault]
    assert_cells_equal(load_cell(f"{web.address}/a.osy"), cell)
    assert not web.faults


@pytest.mark.parametrize("fault", ["cut", "short", "long", "shifted", 500])
def test_a_server_that_keeps_erring_is_given_up(content, web, hurried, fault):
    web.files["/a.osy"] = content
    web.faults = [None] + [fault] * 20
    with pytest.raises(ConnectionError, match=f"{web.address}/a.osy.*4 times in a row"):
        load_cell(f"{web.address}/a.osy")
    assert len(web.asked) == 5


@pytest.mark.parametrize("etag", ["strong", "weak", "none"])
def test_a_file_that_changes_between_two_ranges_is_refused(content, web, etag):
    other = io.BytesIO()
    save_cell(ossify.example_cell(2100, seed=2), other)
    assert len(other.getvalue()) != len(content)
    web.etag = {
        "strong": lambda content: f'"{hash(content):x}"',
        "weak": lambda content: f'W/"{hash(content):x}"',
        "none": None,
    }[etag]
    web.files["/a.osy"] = content
    web.faults = [None, lambda: web.files.update({"/a.osy": other.getvalue()})]
    with pytest.raises(SourceChangedError, match="was changed or deleted while it was read"):
        load_cell(f"{web.address}/a.osy")


def test_a_change_that_no_header_tells_is_found_by_the_checksums(content, web):
    other = bytearray(content)
    other[sources.FIRST :] = bytes(len(content) - sources.FIRST)
    web.etag = None
    web.files["/a.osy"] = content
    web.faults = [None, lambda: web.files.update({"/a.osy": bytes(other)})]
    with pytest.raises(OsyFormatError, match="is damaged"):
        load_cell(f"{web.address}/a.osy")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (404, FileNotFoundError),
        (410, FileNotFoundError),
        (401, PermissionError),
        (403, PermissionError),
        (418, OSError),
    ],
)
def test_refusals_of_a_web_server_are_what_they_are_elsewhere(content, web, status, error):
    web.files["/a.osy"] = content
    web.faults = [status]
    with pytest.raises(error, match=rf"{web.address}/a.osy.*HTTP {status}"):
        load_cell(f"{web.address}/a.osy")
    assert len(web.asked) == 1


def test_a_server_without_ranges_and_without_end_is_left(web, monkeypatch):
    monkeypatch.setattr(web_store, "_MOST_WITHOUT_RANGES", 10_000)
    monkeypatch.setattr(web_store, "_PIECE", 3_000)
    web.ranges = False
    web.files |= {"/large.osy": b"x" * 10_001, "/small.osy": b"x" * 10_000}
    with pytest.raises(OSError, match=r"large\.osy: the server sends no parts .* 10,000 bytes"):
        load_cell(f"{web.address}/large.osy")
    with pytest.raises(OsyFormatError, match=r"is not an \.osy file"):
        load_cell(f"{web.address}/small.osy")


def test_room_is_made_for_what_comes_not_for_what_might(cell, content):
    class Unmeasured(BaseHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def do_GET(self):
            # Neither parts nor a length: the end is where the connection is closed.
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Unmeasured)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    tracemalloc.start()
    try:
        loaded = load_cell(f"http://127.0.0.1:{server.server_address[1]}/a.osy")
        assert tracemalloc.get_traced_memory()[1] < 100e6
    finally:
        tracemalloc.stop()
        server.shutdown()
        server.server_close()
    assert_cells_equal(loaded, cell)


@pytest.mark.parametrize("name", ["a b.osy", "a#1.osy", "a?b.osy", "100%.osy", "ü.osy"])
def test_names_on_a_web_server_may_hold_what_means_something_in_a_url(cell, content, web, name):
    web.files[f"/cells/{quote(name)}"] = content
    files = CellFiles(f"{web.address}/cells")
    assert name in files
    assert_cells_equal(files.load(name), cell)


def test_a_password_in_an_address_is_used_and_not_told(cell, content, web):
    web.files["/a.osy"] = content
    web.only_signed = True
    address = web.address.replace("http://", "http://me:secret@")
    assert_cells_equal(load_cell(f"{address}/a.osy"), cell)
    with pytest.raises(FileNotFoundError) as error:
        load_cell(f"{address}/none.osy")
    assert "secret" not in str(error.value)
    assert f"{web.address}/none.osy" in str(error.value)


def test_an_empty_file_and_a_page_are_no_cells(web):
    web.files |= {"/empty.osy": b"", "/page.osy": b"<html>" * 200}
    with pytest.raises(OsyFormatError, match="is empty"):
        load_cell(f"{web.address}/empty.osy")
    with pytest.raises(OsyFormatError, match=r"is not an \.osy file"):
        load_cell(f"{web.address}/page.osy")


def test_w46_a_packed_archive_is_refused_after_its_first_bytes(web):
    noise = np.random.default_rng(0).bytes(1_000_000)
    web.files["/bomb.osy"] = gzip.compress(noise)
    with pytest.raises(OsyFormatError, match="packed with gzip"):
        load_cell(f"{web.address}/bomb.osy")
    assert sum(web.sent) == sources.FIRST


def test_nothing_is_saved_deleted_or_listed_on_a_web_server(cell, web):
    files = CellFiles(f"{web.address}/cells")
    assert (files.saveable, files.remote) == (False, True)
    for attempt in (
        lambda: save_cell(cell, f"{web.address}/a.osy"),
        lambda: files.save(cell),
        lambda: files.delete("a.osy"),
        lambda: files.list(),
        lambda: list(files),
        lambda: files.load_many(),
    ):
        with pytest.raises(ValueError, match=rf"{web.address}.*s3://"):
            attempt()
    assert web.asked == []
