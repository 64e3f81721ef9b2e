"""The cells of one folder, wherever it is."""

import pickle
import threading

import pytest

import ossify
from ossify import Cell, CellFiles, save_cell
from ossify.errors import CellsNotLoadedError, OsyFormatError
from ossify.testing import assert_cells_equal


@pytest.fixture
def folder(request, tmp_path, mem):
    """A folder without files, in storage of any kind that can be written to."""
    if request.param == "local":
        (tmp_path / "cells").mkdir()
        return str(tmp_path / "cells")
    if request.param == "file":
        (tmp_path / "cells").mkdir()
        return f"file://{tmp_path.as_posix()}/cells"
    if request.param != "mem":
        request.getfixturevalue({"s3": "s3", "gs": "gcs"}[request.param])("my-bucket")
    return f"{request.param}://my-bucket/cells/"


everywhere = pytest.mark.parametrize("folder", ["local", "file", "s3", "gs", "mem"], indirect=True)


@everywhere
def test_files_are_saved_listed_loaded_and_deleted(cell, folder):
    files = CellFiles(folder)
    assert files.saveable
    assert files.remote == folder.startswith(("s3", "gs"))
    assert files.path == folder
    assert files.list() == []
    files.save(cell, "b.osy")
    files.save(Cell(name="a"))
    files.save(Cell(name="deep"), "folder/deep.osy")
    assert list(files) == ["a.osy", "b.osy"]
    assert "b.osy" in files
    assert "c.osy" not in files
    assert files.exists("folder/deep.osy")
    assert_cells_equal(files.load("b.osy"), cell)
    assert files.load("b.osy", layers=["graph"]).layers.names == ["graph"]
    with pytest.raises(FileExistsError):
        files.save(cell, "a.osy")
    files.save(cell, "a.osy", allow_overwrite=True, compression="lz4", compatible=False)
    manifest = ossify.io.osy.describe_file(f"{folder.rstrip('/')}/a.osy")
    assert not any(member.name.endswith("csgraph.npz") for member in manifest.members)
    assert_cells_equal(files.load("a.osy"), cell)
    files.delete("a.osy")
    assert files.list() == ["b.osy"]
    with pytest.raises(FileNotFoundError, match=r"a\.osy"):
        files.delete("a.osy")
    with pytest.raises(FileNotFoundError, match=r"a\.osy"):
        files.load("a.osy")


@pytest.mark.parametrize("scheme", ["s3", "gs", "mem"])
def test_a_folder_of_a_bucket_may_have_no_name(scheme, request, mem):
    if scheme != "mem":
        request.getfixturevalue({"s3": "s3", "gs": "gcs"}[scheme])("my-bucket")
    bucket = f"{scheme}://my-bucket"
    save_cell(Cell("in the bucket"), f"{bucket}/a.osy")
    save_cell(Cell("in the folder"), f"{bucket}//b.osy")
    CellFiles(f"{bucket}//").save(Cell("c"))
    assert CellFiles(f"{bucket}//").list() == ["b.osy", "c.osy"]
    assert CellFiles(f"{bucket}/").list() == CellFiles(bucket).list() == ["a.osy"]
    assert CellFiles(f"{bucket}//").load("b.osy").name == "in the folder"
    assert "a.osy" not in CellFiles(f"{bucket}//")


@everywhere
def test_files_go_to_other_processes(cell, folder):
    files = CellFiles(folder)
    files.save(cell, "a.osy")
    assert pickle.loads(pickle.dumps(files)).list() == ["a.osy"]


@everywhere
def test_cloud_files_are_of_the_same_folder(folder, monkeypatch):
    monkeypatch.setenv("AWS_SESSION_TOKEN", "")
    files = CellFiles(folder)
    files.save(Cell("y"))
    assert list(files.cf.list()) == ["y.osy"]


@pytest.mark.parametrize("name", ["../a.osy", "/a.osy", "a//b.osy", "", ".", "a/../../b.osy"])
def test_no_name_leads_out_of_the_folder(cell, tmp_path, name, mem):
    for files in (CellFiles(tmp_path / "cells"), CellFiles("mem://bucket/cells")):
        for attempt in (
            lambda f: f.save(cell, name),
            lambda f: f.load(name),
            lambda f: f.delete(name),
        ):
            with pytest.raises(ValueError, match="is no name of a file in the folder"):
                attempt(files)
    assert list(tmp_path.iterdir()) == []


def test_the_home_folder_is_understood(cell, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    CellFiles("~/neuron_data").save(cell, "a.osy")
    assert (tmp_path / "neuron_data" / "a.osy").exists()


def test_files_say_where_they_are():
    assert repr(CellFiles("s3://b/x", use_https=True)) == "CellFiles('s3://b/x', use_https=True)"


@everywhere
def test_many_cells_are_loaded_in_the_order_of_their_names(folder):
    files = CellFiles(folder)
    for number in range(12):
        files.save(Cell(f"cell_{number:02}"))
    assert [cell.name for cell in files.load_many(max_workers=3)] == [
        f"cell_{number:02}" for number in range(12)
    ]
    names = ["cell_07.osy", "cell_01.osy", "cell_07.osy"]
    assert [cell.name for cell in files.load_many(names)] == ["cell_07", "cell_01", "cell_07"]
    assert files.load_many([]) == []


def test_cells_that_cannot_be_loaded_are_all_named(tmp_path, caplog):
    files = CellFiles(tmp_path)
    files.save(Cell("good"))
    (tmp_path / "bad.osy").write_bytes(b"x" * 1000)
    names = ["none.osy", "good.osy", "bad.osy"]
    with pytest.raises(CellsNotLoadedError, match=r"(?s)2 of 3 .*none\.osy.*bad\.osy") as caught:
        files.load_many(names)
    assert isinstance(caught.value.failures["none.osy"], FileNotFoundError)
    assert isinstance(caught.value.failures["bad.osy"], OsyFormatError)
    ignoring = files.load_many(names, errors="ignore")
    assert [cell and cell.name for cell in ignoring] == [None, "good", None]
    assert not caplog.records
    files.load_many(names, errors="log")
    assert [record.args[0] for record in caplog.records] == ["none.osy", "bad.osy"]


def test_no_more_cells_are_loaded_at_once_than_asked_for(tmp_path, monkeypatch):
    files = CellFiles(tmp_path)
    at_once, most, lock = 0, 0, threading.Lock()
    gate = threading.Event()

    def load(_, name, *, layers):
        nonlocal at_once, most
        with lock:
            at_once, most = at_once + 1, max(most, at_once + 1)
            if most == 3:
                gate.set()
        # Fewer would wait for others in vain.
        gate.wait(10)
        with lock:
            at_once -= 1
        return Cell(name)

    monkeypatch.setattr(CellFiles, "load", load)
    assert len(files.load_many([f"{n}.osy" for n in range(20)], max_workers=3)) == 20
    assert most == 3


def test_a_bug_is_no_bad_file(tmp_path, monkeypatch):
    def load(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(CellFiles, "load", load)
    with pytest.raises(ZeroDivisionError):
        CellFiles(tmp_path).load_many(["a.osy"], errors="ignore")


def test_no_bar_is_drawn_into_pipes(tmp_path, capfd):
    files = CellFiles(tmp_path)
    files.save(Cell("a"))
    files.load_many()
    assert capfd.readouterr() == ("", "")


def test_wrong_wishes_are_refused(tmp_path):
    files = CellFiles(tmp_path)
    with pytest.raises(ValueError, match="errors must be"):
        files.load_many([], errors="skip")
    with pytest.raises(ValueError, match="max_workers"):
        files.load_many([], max_workers=0)
    with pytest.raises(TypeError, match=r"load\('a.osy'\)"):
        files.load_many("a.osy")
