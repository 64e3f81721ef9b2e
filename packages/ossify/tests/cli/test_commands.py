"""The command as one types it."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

import ossify
from ossify.cli import app
from ossify.cli.tables import size_text
from ossify.testing import assert_cells_equal


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """The folder of one demo and what it printed."""
    folder = tmp_path_factory.mktemp("demo") / "new" / "folder"
    result = run("demo", "-o", folder, "--n-vertices", 600, "--seed", 4)
    assert result.exit_code == 0, result.output
    return folder, result.output


def test_version_is_that_of_the_package():
    result = run("--version")
    assert (result.exit_code, result.output) == (0, f"ossify {ossify.__version__}\n")


def test_nothing_typed_shows_the_commands():
    result = run()
    assert "demo" in result.output
    assert "info" in result.output


# demo


def test_demo_saves_the_example_cell(shown):
    folder, output = shown
    assert_cells_equal(ossify.load_cell(folder / "demo.osy"), ossify.example_cell(600, 4))
    assert str(folder / "demo.osy") in output


def test_demo_describes_the_cell(shown):
    _, output = shown
    cell = ossify.example_cell(600, 4)
    assert str(cell) in output


def test_demo_shows_the_cable_of_each_compartment(shown):
    _, output = shown
    skeleton = ossify.example_cell(600, 4).skeleton
    length = skeleton.cable_length(skeleton.get_feature("compartment") == 2) / 1000
    assert re.search(rf"^  axon +[\d,]+ +{length:,.0f}$", output, re.MULTILINE)
    assert re.search(rf"^  all +600 +{skeleton.cable_length() / 1000:,.0f}$", output, re.MULTILINE)


def test_demo_shows_strahler_numbers(shown):
    _, output = shown
    greatest = ossify.strahler_number(ossify.example_cell(600, 4)).max()
    assert f"Strahler numbers, up to {greatest}" in output


def test_demo_tells_axon_from_dendrite_by_flow(shown):
    _, output = shown
    (segregation,) = re.findall(r"segregation index (\S+)", output)
    (agreement,) = re.findall(r"on (\S+)% of vertices", output)
    assert float(segregation) > 0.9
    assert float(agreement) > 99


def test_demo_draws_the_cell(shown):
    pytest.importorskip("matplotlib")
    folder, output = shown
    picture = folder / "demo.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 20_000
    assert str(picture) in output


def test_demo_without_matplotlib_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    result = run("demo", "-o", tmp_path, "--n-vertices", 50)
    assert result.exit_code == 0, result.output
    assert "ossify[plot]" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["demo.osy"]


def test_demo_replaces_what_an_earlier_one_wrote(tmp_path):
    for n_vertices in (60, 50):
        assert run("demo", "-o", tmp_path, "--n-vertices", n_vertices).exit_code == 0
    assert ossify.load_cell(tmp_path / "demo.osy").skeleton.n_vertices == 50


@pytest.mark.parametrize(
    "arguments",
    [["--n-vertices", "49"], ["--seed", "-1"], ["--n-vertices", "many"], ["--colour", "red"]],
)
def test_demo_refuses_what_it_cannot_take(tmp_path, arguments):
    assert run("demo", "-o", tmp_path, *arguments).exit_code == 2
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_a_file_is_one_line_and_exit_code_1(tmp_path):
    (tmp_path / "taken").write_text("")
    result = run("demo", "-o", tmp_path / "taken")
    assert result.exit_code == 1
    assert re.fullmatch(r"error: .*taken: .*\n", result.stderr)


# info


@pytest.fixture
def masked(tmp_path):
    """A saved cell with everything that `info` speaks of, half masked away."""
    cell = ossify.example_cell(80, mesh=True)
    cell.meta["when"] = dt.datetime(2024, 5, 6, 7, 8)
    cell.meta["counts"] = np.array([1, 2])
    cell.meta["share"] = float("nan")
    cell.add_point_layer("spots", [[0, 0, 0]])
    cell = cell.apply_mask("skeleton", cell.skeleton.get_feature("compartment") == 2)
    path = tmp_path / "masked.osy"
    ossify.save_cell(cell, path)
    return cell, path


def test_info_says_what_there_is(shown):
    folder, _ = shown
    result = run("info", folder / "demo.osy")
    cell = ossify.example_cell(600, 4)
    assert result.exit_code == 0
    for line in (
        f"Cell: {cell.name}",
        f"  format: .osy 3.0, written by ossify {ossify.__version__}",
        "  units: nm",
        "  synthetic: True",
        "Layers (2)",
        "      root: 0",
        "      features: radius (float64), compartment (int64)",
        "Annotations (2)",
        "Links (3)",
        "  pre_syn → graph: 100% mapped",
    ):
        assert line in result.output.splitlines()
    assert f"  skeleton: {600:,} vertices, {599:,} edges, " in result.output
    members = ossify.io.osy.describe_file(folder / "demo.osy").members
    together = size_text(sum(member.size for member in members))
    assert f"  members: {len(members)}, of {together} together\n" in result.output


def test_info_of_a_masked_cell_says_what_was_left_out(masked):
    cell, path = masked
    lines = run("info", path).output.splitlines()
    for name, count in cell.left_out.items():
        assert f"  left out by masks: {count:,} vertices of {name}" in lines
    assert "  spots: 1 vertices" in "\n".join(lines)


def test_info_shows_the_beginning_of_long_metadata_on_one_line(tmp_path):
    cell = ossify.Cell("y", {"mask": np.arange(900), "note": "two\nlines"})
    ossify.save_cell(cell, tmp_path / "y.osy")
    lines = run("info", tmp_path / "y.osy").stdout.splitlines()
    (mask,) = [line for line in lines if line.startswith("  mask: ")]
    assert mask.startswith("  mask: [ 0 1 2 3")
    assert mask.endswith(" …")
    assert len(mask) < 120
    assert "  note: two lines" in lines
    told = json.loads(run("info", "--json", tmp_path / "y.osy").stdout)
    assert told["meta"]["mask"] == list(range(900))


def test_info_as_json_can_be_read_by_a_program(masked):
    cell, path = masked
    result = run("info", path, "--json")
    content = json.loads(result.output, parse_constant=pytest.fail)
    assert content["name"] == str(cell.name)
    assert content["version"] == "3.0"
    assert content["units"] == "nm"
    layers = {layer["name"]: layer for layer in content["layers"]}
    assert list(layers) == cell.layers.names
    assert layers["skeleton"]["n_vertices"] == cell.skeleton.n_vertices
    assert layers["skeleton"]["root"] is None
    assert layers["mesh"]["n_faces"] == len(cell.mesh.faces)
    assert layers["graph"]["features"]["size_nm3"] == "int64"
    assert all(layer["size"] > 0 for layer in content["layers"])
    assert [note["name"] for note in content["annotations"]] == cell.annotations.names
    assert len(content["links"]) == len(cell.linkage.tables)
    assert content["meta"]["when"] == "2024-05-06 07:08:00"
    assert content["meta"]["counts"] == [1, 2]
    assert content["meta"]["share"] == "nan"


def test_info_reads_the_index_and_nothing_after_it(shown, tmp_path):
    folder, _ = shown
    content = bytearray((folder / "demo.osy").read_bytes())
    index_size = int(content[124:135], 8)
    content[1024 + index_size :] = bytes(len(content) - 1024 - index_size)
    (tmp_path / "hollow.osy").write_bytes(content)
    assert run("info", tmp_path / "hollow.osy").exit_code == 0


def test_a_missing_file_is_one_line_and_exit_code_1(tmp_path):
    result = run("info", tmp_path / "none.osy")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert re.fullmatch(r"error: .*none\.osy: No such file or directory\n", result.stderr)


@pytest.mark.parametrize(
    "content", [b"", b"no archive", bytes(10_240)], ids=["empty", "text", "zeros"]
)
def test_what_is_no_osy_file_is_one_line_and_exit_code_1(tmp_path, content):
    (tmp_path / "bad.osy").write_bytes(content)
    result = run("info", tmp_path / "bad.osy")
    assert result.exit_code == 1
    assert re.fullmatch(r"error: .*bad\.osy.*\n", result.stderr)


@pytest.mark.parametrize("location", ["", "gopher://somewhere/cell.osy"])
def test_a_location_that_is_none_is_one_line_and_exit_code_1(location):
    result = run("info", location)
    assert result.exit_code == 1
    assert re.fullmatch(r"error: .*\n", result.stderr)


def test_a_folder_is_one_line_and_exit_code_1(tmp_path):
    result = run("info", tmp_path)
    assert result.exit_code == 1
    assert re.fullmatch(r"error: .*\n", result.stderr)


def test_info_needs_a_file():
    assert run("info").exit_code == 2


def test_an_unknown_command_is_a_usage_error():
    assert run("inform").exit_code == 2


def test_python_dash_m_is_the_same_command(shown):
    folder, _ = shown
    done = subprocess.run(
        [sys.executable, "-m", "ossify", "info", folder / "demo.osy"],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        check=True,
    )
    assert done.stderr == ""
    assert done.stdout == run("info", folder / "demo.osy").output


def test_python_dash_m_shows_no_traceback(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "ossify", "info", tmp_path / "none.osy"],
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1
