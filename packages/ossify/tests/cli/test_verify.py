"""`ossify verify` finds what is wrong with files, and says so to people and programs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import ossify
from ossify.cli import app
from ossify.io.osy import tar
from ossify.io.osy.verifier import verify

OLD = Path(__file__).parents[1] / "io" / "data" / "written_by_0.1.0_masked.osy"


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def good(tmp_path):
    path = tmp_path / "good.osy"
    ossify.save_cell(ossify.example_cell(60), path)
    return path


def changed(path, at, to=None):
    """A copy of a file in which one byte is another."""
    content = bytearray(path.read_bytes())
    content[at] = content[at] ^ 1 if to is None else to
    bad = path.with_name("bad.osy")
    bad.write_bytes(content)
    return bad


def test_a_good_file_is_one_line_and_exit_code_0(good):
    result = run("verify", good)
    assert (result.exit_code, result.stderr) == (0, "")
    line = rf"{good}: ok: \.osy 3\.0, \d+ members, file of .* kB; every checksum right\n"
    assert re.fullmatch(line, result.stdout)


def test_an_old_file_is_said_to_carry_no_checksums(real_data):
    for path, version in (
        (OLD, "2.0"),
        (real_data / "osy" / "864691135336055529_v1.0.osy", "1.0"),
    ):
        result = run("verify", path)
        assert result.exit_code == 0
        assert f".osy {version}" in result.stdout
        assert "no checksums in this version, structure alone checked" in result.stdout


def test_a_damaged_member_is_named_and_the_exit_code_is_1(good):
    member = next(m for m in tar.members(good.read_bytes()) if m.name.endswith("nodes.feather"))
    bad = changed(good, member.offset + member.size // 2)
    result = run("verify", bad)
    assert result.exit_code == 1
    assert result.stdout == (
        f"{bad}: 1 finding\n  {member.name}: its content is damaged: the checksum is another\n"
    )


def test_every_byte_counts_headers_and_padding_too(good):
    content = good.read_bytes()
    # The index is one member; a byte of each block of the rest, at another place in each.
    places = range(0, len(content), 512)
    for block, place in enumerate(places):
        bad = bytearray(content)
        bad[place + block * 37 % 512] ^= 4
        path = good.with_name("bad.osy")
        path.write_bytes(bad)
        assert verify(path).findings, place + block * 37 % 512


def test_what_follows_the_end_and_what_is_cut_off_are_found(good):
    content = good.read_bytes()
    for other in (content + b"\0", content + b"more", content[:-1], content[:-2000]):
        path = good.with_name("bad.osy")
        path.write_bytes(other)
        assert verify(path).findings


def test_an_old_file_whose_structure_is_broken_is_a_finding(tmp_path):
    content = OLD.read_bytes()
    member = next(m for m in tar.members(content) if m.name.endswith("edges.npz"))
    bad = bytearray(content)
    bad[member.offset : member.offset + member.size] = bytes(member.size)
    (tmp_path / "bad.osy").write_bytes(bad)
    result = run("verify", tmp_path / "bad.osy")
    assert result.exit_code == 1
    assert member.name in result.stdout


def test_one_bad_file_among_good_ones_makes_the_exit_code_1(good, tmp_path):
    missing = tmp_path / "none.osy"
    text = tmp_path / "text.osy"
    text.write_text("no archive")
    result = run("verify", good, missing, text, OLD)
    assert result.exit_code == 1
    assert [line.split(": ")[1] for line in result.stdout.splitlines() if line[0] != " "] == [
        "ok",
        "not read",
        "1 finding",
        "ok",
    ]


def test_as_json_it_can_be_read_by_a_program(good, tmp_path):
    bad = changed(good, 20_000)
    result = run("verify", good, bad, tmp_path / "none.osy", OLD, "--json")
    assert result.exit_code == 1
    fine, damaged, missing, old = json.loads(result.stdout)
    assert (fine["ok"], fine["version"], fine["has_checksums"]) == (True, "3.0", True)
    assert fine["findings"] == []
    assert (damaged["ok"], len(damaged["findings"])) == (False, 1)
    assert damaged["findings"][0].keys() == {"member", "problem"}
    assert missing == {
        "file": str(tmp_path / "none.osy"),
        "ok": False,
        "error": "No such file or directory",
    }
    assert (old["ok"], old["version"], old["has_checksums"]) == (True, "2.0", False)


@pytest.mark.usefixtures("mem")
def test_files_elsewhere_are_verified_where_they_are():
    ossify.save_cell(ossify.example_cell(60), "mem://cells/y.osy")
    result = run("verify", "mem://cells/y.osy")
    assert result.exit_code == 0
    assert result.stdout.startswith("mem://cells/y.osy: ok: ")


@pytest.mark.parametrize("location", ["", "gopher://somewhere/cell.osy"])
def test_a_location_that_is_none_is_not_read(location):
    result = run("verify", location)
    assert result.exit_code == 1
    assert "not read: " in result.stdout


def test_progress_is_shown_on_a_terminal_alone(good, monkeypatch):
    monkeypatch.setattr("ossify.cli.progress._shows", lambda: True)
    result = run("verify", good, good)
    assert "Verifying 2 of 2" in result.stderr
    assert "\r" not in result.stdout
    monkeypatch.undo()
    assert run("verify", good, good).stderr == ""
