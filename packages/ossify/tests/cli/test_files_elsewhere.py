"""Commands on addresses: servers of this machine answer over real connections."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
from typer.testing import CliRunner

import ossify
from ossify import load_cell, save_cell
from ossify.cli import app
from ossify.testing import assert_cells_equal


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def cell():
    return ossify.example_cell(300, seed=3)


@pytest.fixture(scope="module")
def content(cell):
    file = io.BytesIO()
    save_cell(cell, file)
    return file.getvalue()


@pytest.fixture(params=["s3", "gs"])
def bucket(request):
    """The address of an empty bucket."""
    request.getfixturevalue({"s3": "s3", "gs": "gcs"}[request.param])("my-bucket")
    return f"{request.param}://my-bucket"


@pytest.fixture
def address(cell, bucket):
    """The address of a cell in a bucket."""
    save_cell(cell, f"{bucket}/cells/a.osy")
    return f"{bucket}/cells/a.osy"


@pytest.fixture
def url(content, web):
    """The address of a cell on a web server."""
    web.files["/a.osy"] = content
    return f"{web.address}/a.osy"


def test_info_of_a_cell_in_a_bucket(address, cell):
    result = run("info", address)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(f"Cell: {cell.name}\n")
    told = json.loads(run("info", "--json", address).stdout)
    assert told["name"] == str(cell.name)
    assert told["layers"][0]["n_vertices"] == 300


def test_info_of_a_cell_on_a_web_server_reads_its_beginning(url, web):
    assert run("info", url).exit_code == 0
    assert web.asked == ["bytes=0-65535"]


def test_verify_of_cells_everywhere(address, url):
    result = run("verify", address, url)
    assert (result.exit_code, result.stderr) == (0, "")
    first, second = result.stdout.splitlines()
    assert first.startswith(f"{address}: ok: ")
    assert second.startswith(f"{url}: ok: ")


def test_verify_names_what_is_damaged_or_missing_elsewhere(bucket, web, content):
    damaged = bytearray(content)
    damaged[-3000] ^= 1
    web.files["/damaged.osy"] = bytes(damaged)
    result = run("verify", "--json", f"{web.address}/damaged.osy", f"{bucket}/none.osy")
    assert result.exit_code == 1
    one, other = json.loads(result.stdout)
    assert (one["ok"], len(one["findings"])) == (False, 1)
    assert other["error"].startswith(f"{bucket}/none.osy: there is no such file")


@pytest.mark.parametrize("arguments", [["info"], ["convert", "--overwrite"]])
def test_what_is_not_there_is_one_line_and_exit_code_1(bucket, arguments, tmp_path):
    out = [tmp_path / "a.swc"] * (arguments[0] == "convert")
    result = run(*arguments, f"{bucket}/none.osy", *out)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"error: {bucket}/none.osy: there is no such file")
    assert len(result.stderr.splitlines()) == 1


def test_convert_from_and_to_buckets_and_web_servers(address, bucket, url, cell, tmp_path):
    assert run("convert", url, f"{bucket}/b.osy").exit_code == 0
    assert_cells_equal(load_cell(f"{bucket}/b.osy"), cell)
    result = run("convert", address, f"{bucket}/b.swc", "--units", "nm")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "layer 'graph'" in result.stdout
    skeleton = ossify.load_swc(f"{bucket}/b.swc")
    assert skeleton.cable_length() == pytest.approx(cell.skeleton.cable_length())
    assert run("convert", f"{bucket}/b.swc", tmp_path / "c.osy").exit_code == 0
    assert load_cell(tmp_path / "c.osy").units == "nm"


def test_a_signature_after_an_address_is_no_part_of_its_name(web, content, cell, tmp_path):
    web.files["/a.osy?signature=a.b%2Fc"] = content
    result = run("convert", f"{web.address}/a.osy?signature=a.b%2Fc", tmp_path / "b.osy")
    assert result.exit_code == 0
    assert_cells_equal(ossify.load_cell(tmp_path / "b.osy"), cell)


def test_convert_replaces_nothing_in_a_bucket_unasked(address, bucket, cell):
    save_cell(ossify.Cell("precious"), f"{bucket}/b.osy")
    result = run("convert", address, f"{bucket}/b.osy")
    assert result.exit_code == 1
    assert result.stderr == f"error: {bucket}/b.osy exists already; --overwrite replaces it\n"
    assert load_cell(f"{bucket}/b.osy").name == "precious"
    assert run("convert", address, f"{bucket}/b.osy", "--overwrite").exit_code == 0
    assert_cells_equal(load_cell(f"{bucket}/b.osy"), cell)


def test_convert_reads_nothing_if_it_could_not_write(url, web, tmp_path):
    (tmp_path / "there.osy").write_bytes(b"precious")
    for target in (tmp_path / "there.osy", tmp_path, f"{web.address}/b.osy"):
        assert run("convert", url, target).exit_code != 0
    assert web.asked == []


def test_a_meshwork_file_elsewhere_is_fetched_once(web, tmp_path):
    h5py = pytest.importorskip("h5py")
    file = io.BytesIO()
    with h5py.File(file, "w") as h5:
        h5.attrs["version"] = 2
        h5["mesh/vertices"] = np.random.default_rng(0).random((9_000, 3))
        h5["mesh/faces"] = np.array([[0, 1, 2]])
    web.files["/cell.h5"] = file.getvalue()
    result = run("convert", f"{web.address}/cell.h5", tmp_path / "cell.osy")
    assert result.exit_code == 0, result.output
    assert sum(web.sent) == len(file.getvalue())
    assert len(web.asked) == 2


# As a process


def command(*arguments):
    # The lowest requests that is allowed warns about friends that are newer than itself.
    return [sys.executable, "-W", "ignore:::requests", "-m", "ossify", *map(str, arguments)]


def test_a_pipe_holds_what_was_asked_for_and_nothing_else(url):
    done = subprocess.run(command("info", "--json", url), capture_output=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["version"] == "3.0"


def test_a_reader_that_has_seen_enough_is_left_in_peace(url):
    process = subprocess.Popen(
        command("verify", *[url] * 50), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout.readline().startswith(url.encode() + b": ok: ")
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    process.wait(timeout=120)
    assert errors == b""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_an_interrupt_shows_no_traceback_and_leaves_nothing(url, web, tmp_path):
    asked, go_on = threading.Event(), threading.Event()

    def keep_waiting():
        asked.set()
        go_on.wait(60)

    web.faults = [keep_waiting]
    # What runs in the background of a shell is deaf to interrupts, and so is what it starts.
    listening = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from ossify.cli import main; main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", listening, "convert", url, str(tmp_path / "a.swc")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert asked.wait(120)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    go_on.set()
    assert process.returncode == 130
    assert output == b""
    assert b"Traceback" not in errors
    assert list(tmp_path.iterdir()) == []
