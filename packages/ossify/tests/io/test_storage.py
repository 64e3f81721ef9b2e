"""Where cells are read from and written to, and what becomes of files when writing fails."""

import errno
import io
import os
import stat
from pathlib import Path

import pytest

from ossify import Cell, load_cell, save_cell
from ossify.io import storage
from ossify.testing import assert_cells_equal


@pytest.fixture
def cell():
    return Cell("y").add_skeleton([[0, 0, 0], [3, 4, 0]], [[1, 0]])


def test_paths_of_every_kind_are_written_and_read(cell, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    folder = tmp_path.as_posix()
    for place in (
        str(tmp_path / "text.osy"),
        tmp_path / "path.osy",
        "~/home.osy",
        "relative.osy",
        f"file://{folder}/url.osy",
        f"file://{folder}/with%20space.osy",
        f"file://localhost{folder}/host.osy",
        tmp_path / "new" / "folders" / "deep.osy",
    ):
        save_cell(cell, place)
        assert_cells_equal(load_cell(place), cell)
    assert (tmp_path / "with space.osy").exists()
    assert (tmp_path / "home.osy").exists()
    assert not (tmp_path / "file:").exists()


def test_binary_files_are_written_and_read(cell, tmp_path):
    with open(tmp_path / "a.osy", "wb") as file:
        save_cell(cell, file)
    with open(tmp_path / "a.osy", "rb") as file:
        assert_cells_equal(load_cell(file), cell)
    memory = io.BytesIO()
    save_cell(cell, memory)
    assert memory.getvalue() == (tmp_path / "a.osy").read_bytes()


@pytest.mark.parametrize("url", ["ftp://host/a.osy", "s3x://bucket/a.osy"])
def test_unknown_schemes_are_refused_by_name(cell, url):
    with pytest.raises(ValueError, match=r"is unknown; cells are read from .* s3://"):
        load_cell(url)
    with pytest.raises(ValueError, match=f"^{url}"):
        save_cell(cell, url)


@pytest.mark.parametrize("url", ["s3:///a.osy", "gs://", "https:///a.osy"])
def test_addresses_without_a_bucket_or_host_are_refused(url):
    with pytest.raises(ValueError, match="is missing"):
        load_cell(url)


def test_a_file_url_of_another_machine_is_refused():
    with pytest.raises(ValueError, match="the host is 'elsewhere'"):
        load_cell("file://elsewhere/a.osy")


@pytest.mark.parametrize("url", ["s3://bucket/a.osy", "https://host/a.osy", "file:///a.osy"])
def test_w1_a_path_object_made_of_an_address_is_refused(cell, url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scheme = url.partition(":")[0]
    for place in (Path(url), str(Path(url))):
        with pytest.raises(ValueError, match=f"a slash too few.*{scheme}://"):
            save_cell(cell, place)
        with pytest.raises(ValueError, match="a slash too few"):
            load_cell(place)
    assert os.listdir() == []


def test_the_home_of_nobody_is_no_place():
    with pytest.raises(ValueError, match=r"~nobody-of-that-name/a\.osy: .*home"):
        load_cell("~nobody-of-that-name/a.osy")


def test_what_is_no_place_is_refused(cell):
    with pytest.raises(TypeError, match=r"wrap them in io\.BytesIO"):
        load_cell(b"bytes")
    with pytest.raises(TypeError, match="not int"):
        load_cell(3)
    with pytest.raises(TypeError, match="not int"):
        save_cell(cell, 3)
    with pytest.raises(TypeError, match="text mode"):
        load_cell(io.StringIO("text"))
    with pytest.raises(ValueError, match="empty"):
        load_cell("")


def test_missing_files_and_folders_are_what_they_are_elsewhere(cell, tmp_path):
    with pytest.raises(FileNotFoundError):
        load_cell(tmp_path / "none.osy")
    with pytest.raises(IsADirectoryError):
        load_cell(tmp_path)
    with pytest.raises(IsADirectoryError):
        save_cell(cell, tmp_path, allow_overwrite=True)
    with pytest.raises(IsADirectoryError):
        save_cell(cell, f"{tmp_path}/new/")
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match="file is a file, not a folder"):
        save_cell(cell, tmp_path / "file" / "new" / "a.osy")
    assert os.listdir(tmp_path) == ["file"]


def test_a_file_is_not_overwritten_unasked(cell, tmp_path):
    path = tmp_path / "a.osy"
    path.write_bytes(b"precious")
    with pytest.raises(FileExistsError, match="allow_overwrite=True"):
        save_cell(cell, path)
    assert path.read_bytes() == b"precious"
    save_cell(cell, path, allow_overwrite=True)
    assert_cells_equal(load_cell(path), cell)


def test_a_file_that_appears_while_another_is_written_is_not_overwritten(
    cell, tmp_path, monkeypatch
):
    path = tmp_path / "a.osy"
    monkeypatch.setattr(storage, "check_free", lambda *_: path.write_bytes(b"precious"))
    with pytest.raises(FileExistsError):
        save_cell(cell, path)
    assert path.read_bytes() == b"precious"
    assert os.listdir(tmp_path) == ["a.osy"]


def test_where_the_file_system_has_no_links_nothing_is_overwritten_either(
    cell, tmp_path, monkeypatch
):
    def no_links(*_):
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", no_links)
    save_cell(cell, tmp_path / "a.osy")
    assert_cells_equal(load_cell(tmp_path / "a.osy"), cell)
    monkeypatch.setattr(storage, "check_free", lambda *_: None)
    with pytest.raises(FileExistsError):
        save_cell(Cell("other"), tmp_path / "a.osy")
    assert_cells_equal(load_cell(tmp_path / "a.osy"), cell)
    assert os.listdir(tmp_path) == ["a.osy"]


@pytest.mark.parametrize("allow_overwrite", [False, True])
def test_a_full_disk_leaves_the_old_file_whole_and_nothing_behind(
    cell, tmp_path, monkeypatch, allow_overwrite
):
    path = tmp_path / ("old.osy" if allow_overwrite else "new.osy")
    (tmp_path / "old.osy").write_bytes(b"precious")

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="space"):
        save_cell(cell, path, allow_overwrite=allow_overwrite)
    assert os.listdir(tmp_path) == ["old.osy"]
    assert (tmp_path / "old.osy").read_bytes() == b"precious"


def test_a_feature_that_cannot_be_saved_leaves_the_old_file_whole(cell, tmp_path):
    save_cell(cell, tmp_path / "a.osy")
    cell.skeleton.add_feature([1j, 2j], "phase")
    with pytest.raises(TypeError, match="phase"):
        save_cell(cell, tmp_path / "a.osy", allow_overwrite=True)
    assert load_cell(tmp_path / "a.osy").skeleton.feature_names == []


def test_files_that_take_a_little_at_a_time_get_everything(cell):
    class Slow(io.BytesIO):
        def write(self, data):
            return super().write(bytes(data)[:100])

    slow, whole = Slow(), io.BytesIO()
    save_cell(cell, slow)
    save_cell(cell, whole)
    assert slow.getvalue() == whole.getvalue()


@pytest.mark.skipif(os.name == "nt", reason="no permission bits")
def test_permissions_are_those_that_open_gives(cell, tmp_path):
    old = os.umask(0o027)
    try:
        save_cell(cell, tmp_path / "a.osy")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a.osy").stat().st_mode) == 0o640
    (tmp_path / "a.osy").chmod(0o600)
    save_cell(cell, tmp_path / "a.osy", allow_overwrite=True)
    assert stat.S_IMODE((tmp_path / "a.osy").stat().st_mode) == 0o600


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege")
def test_a_link_stays_a_link(cell, tmp_path):
    (tmp_path / "real.osy").write_bytes(b"")
    (tmp_path / "link.osy").symlink_to(tmp_path / "real.osy")
    save_cell(cell, tmp_path / "link.osy", allow_overwrite=True)
    assert (tmp_path / "link.osy").is_symlink()
    assert_cells_equal(load_cell(tmp_path / "real.osy"), cell)


def test_without_a_target_the_file_is_called_after_the_cell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, file in (
        ("y", "y.osy"),
        (864691135639806263, "864691135639806263.osy"),
        ("~", "~.osy"),
    ):
        save_cell(Cell(name))
        assert load_cell(tmp_path / file).name == name


@pytest.mark.parametrize("name", [None, "", "../x/y", "a/b", "a\\b", "..", "a\0b"])
def test_a_cell_whose_name_is_no_file_name_needs_a_target(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="pass file="):
        save_cell(Cell(name))
    assert os.listdir(tmp_path) == []
    save_cell(Cell(name), "named.osy")
    assert load_cell("named.osy").name == name


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"compression": "gzip"}, "compression must be 'zstd', 'lz4' or 'uncompressed'"),
        ({"compression": "uncompressed", "compression_level": 3}, "compression_level"),
        ({"compression_level": "high"}, "compression_level"),
    ],
)
def test_unknown_compressions_are_refused_before_anything_is_written(
    cell, tmp_path, options, problem
):
    with pytest.raises(ValueError, match=problem):
        save_cell(cell, tmp_path / "a.osy", **options)
    assert os.listdir(tmp_path) == []


def test_what_is_no_regular_file_is_never_replaced(tmp_path):
    pipe = tmp_path / "pipe.osy"
    os.mkfifo(pipe)
    with pytest.raises(FileExistsError, match=r"no regular file"):
        save_cell(Cell("x"), pipe, allow_overwrite=True)
    assert pipe.is_fifo()


def test_a_write_protected_file_stays(tmp_path, monkeypatch):
    path = tmp_path / "cell.osy"
    save_cell(Cell("x"), path)
    before = path.read_bytes()
    # The administrator may write anywhere, so the answer is what others get.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(PermissionError, match=r"write-protected.*cell\.osy"):
        save_cell(Cell("y"), path, allow_overwrite=True)
    assert path.read_bytes() == before


def test_a_file_in_text_mode_is_refused(tmp_path):
    with (tmp_path / "cell.osy").open("w") as file, pytest.raises(TypeError, match=r"mode 'wb'"):
        save_cell(Cell("x"), file)


def test_two_dots_within_a_name_are_no_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_cell(Cell("v1..2"))
    assert (tmp_path / "v1..2.osy").is_file()
