"""`ossify convert` makes files of other files, and says what they cannot hold."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import ossify
from ossify import load_cell, load_swc
from ossify.cli import app
from ossify.testing import assert_cells_equal

OLD = Path(__file__).parents[1] / "io" / "data" / "written_by_0.1.0_masked.osy"


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def cell():
    return ossify.example_cell(60)


@pytest.fixture
def osy(cell, tmp_path):
    path = tmp_path / "cell.osy"
    ossify.save_cell(cell, path)
    return path


@pytest.fixture
def swc(tmp_path):
    path = tmp_path / "y.swc"
    path.write_text("# units: um\n1 1 0 0 0 5 -1\n2 2 3 4 0 0.5 1\n")
    return path


def test_an_osy_becomes_swc_in_um_and_what_is_left_behind_is_printed(osy, cell, tmp_path):
    result = run("convert", osy, tmp_path / "cell.swc")
    assert (result.exit_code, result.stderr) == (0, "")
    written = load_swc(tmp_path / "cell.swc")
    assert written.units == "um"
    assert written.cable_length() == pytest.approx(cell.skeleton.cable_length() / 1000)
    assert f"layer 'graph' ({len(cell.graph)}): an SWC file holds one skeleton" in result.stdout


def test_units_are_those_of_the_swc_that_is_written(osy, cell, tmp_path):
    assert run("convert", osy, tmp_path / "cell.swc", "--units", "nm").exit_code == 0
    written = load_swc(tmp_path / "cell.swc")
    assert written.units == "nm"
    assert written.cable_length() == pytest.approx(cell.skeleton.cable_length())


def test_an_swc_becomes_osy_as_it_is_or_in_other_units(swc, tmp_path):
    result = run("convert", swc, tmp_path / "y.osy")
    assert result.exit_code == 0
    assert result.stdout == f"{swc} to {tmp_path / 'y.osy'}: everything was carried\n"
    as_it_is = load_cell(tmp_path / "y.osy").skeleton
    assert (as_it_is.units, as_it_is.cable_length()) == ("um", 5)
    assert run("convert", swc, tmp_path / "nm.osy", "--units", "nm").exit_code == 0
    converted = load_cell(tmp_path / "nm.osy").skeleton
    assert (converted.units, converted.cable_length()) == ("nm", 5000)
    np.testing.assert_array_equal(converted.get_feature("radius"), [5000, 500])


def test_an_old_osy_becomes_a_new_one(tmp_path):
    assert run("convert", OLD, tmp_path / "new.osy").exit_code == 0
    assert_cells_equal(load_cell(tmp_path / "new.osy"), load_cell(OLD))
    assert ": ok: .osy 3.0" in run("verify", tmp_path / "new.osy").stdout


def test_a_meshwork_file_becomes_osy(real_data, tmp_path):
    pytest.importorskip("h5py")
    source = real_data / "meshwork" / "meshparty-2.0.3.h5"
    assert run("convert", source, tmp_path / "cell.osy").exit_code == 0
    cell = load_cell(tmp_path / "cell.osy")
    assert (len(cell.skeleton), len(cell.graph)) == (60, 120)


def test_the_mask_of_a_meshwork_file_and_its_faces_are_reported(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "cell.h5", "w") as file:
        file.attrs["version"] = 2
        file["mesh/vertices"] = np.eye(3)
        file["mesh/faces"] = np.array([[0, 1, 2]])
        file["mesh/link_edges"] = np.array([[0, 1]])
        file["mesh/node_mask"] = np.array([True, False, True])
        file["mesh/mesh_mask"] = np.ones(3, bool)
    result = run("convert", tmp_path / "cell.h5", tmp_path / "cell.osy")
    assert result.exit_code == 0, result.output
    assert "mask 'node_mask' (1): the cell is converted without its mask" in result.stdout
    assert "faces 'mesh' (1): the vertices are taken as a level-2 graph" in result.stdout
    result = run("convert", tmp_path / "cell.h5", tmp_path / "strict.osy", "--strict")
    assert result.exit_code == 1
    assert not (tmp_path / "strict.osy").exists()


def test_strict_writes_nothing_if_something_is_left_behind(osy, tmp_path):
    result = run("convert", osy, tmp_path / "cell.swc", "--strict")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: ")
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "cell.swc").exists()


@pytest.mark.parametrize("suffix", [".osy", ".swc"])
def test_a_file_that_is_there_is_replaced_only_if_asked_for(osy, tmp_path, suffix):
    target = tmp_path / f"there{suffix}"
    target.write_text("precious")
    result = run("convert", osy, target)
    assert result.exit_code == 1
    assert result.stderr == f"error: {target} exists already; --overwrite replaces it\n"
    assert target.read_text() == "precious"
    assert run("convert", osy, target, "--overwrite").exit_code == 0
    assert target.stat().st_size > 100


@pytest.mark.parametrize("names", [("a.txt", "b.osy"), ("a.osy", "b.h5"), ("a.osy", "b")])
def test_kinds_that_are_not_known_are_a_usage_error(names):
    assert run("convert", *names).exit_code == 2


def test_what_is_in_the_way_and_no_file_is_named_as_what_it_is(osy, tmp_path):
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe.osy")
    below = run("convert", osy, tmp_path / "file" / "b.osy")
    assert below.exit_code == 1
    assert "file is a file, not a folder" in below.stderr
    pipe = run("convert", osy, tmp_path / "pipe.osy", "--overwrite")
    assert pipe.exit_code == 1
    assert "no regular file" in pipe.stderr


def test_units_where_neither_file_is_swc_are_a_usage_error(osy, tmp_path):
    assert run("convert", osy, tmp_path / "b.osy", "--units", "um").exit_code == 2
    assert not (tmp_path / "b.osy").exists()


def test_what_cannot_be_read_is_one_line_and_exit_code_1(tmp_path):
    (tmp_path / "bad.swc").write_text("1 1 zero 0 0 1 -1\n")
    for source in ("none.osy", "none.swc", "none.h5", "bad.swc"):
        result = run("convert", tmp_path / source, tmp_path / "out.osy")
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith("error: ")
        assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "out.osy").exists()


@pytest.mark.usefixtures("mem")
def test_files_elsewhere_are_read_and_written(cell, tmp_path):
    ossify.save_cell(cell, "mem://cells/cell.osy")
    assert run("convert", "mem://cells/cell.osy", "mem://cells/again.osy").exit_code == 0
    assert_cells_equal(load_cell("mem://cells/again.osy"), cell)
    assert run("convert", "mem://cells/cell.osy", tmp_path / "cell.swc").exit_code == 0
