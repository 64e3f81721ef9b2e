"""Cells in buckets of every kind, over real connections on this machine."""

import pytest

import ossify
from ossify import Cell, CellFiles, load_cell, save_cell
from ossify.errors import OsyFormatError, SourceChangedError
from ossify.io import storage
from ossify.io.storage import gcs as gcs_store
from ossify.testing import assert_cells_equal

in_buckets = pytest.mark.parametrize("bucket", ["s3", "gs", "mem"], indirect=True)


@in_buckets
def test_a_cell_saved_in_a_bucket_is_the_cell_that_is_loaded(cell, bucket):
    save_cell(cell, f"{bucket}/cells/neuron 001.osy")
    assert_cells_equal(load_cell(f"{bucket}/cells/neuron 001.osy"), cell)
    assert ossify.io.osy.describe_file(f"{bucket}/cells/neuron 001.osy").name == cell.name


@in_buckets
def test_what_is_not_in_a_bucket_is_named(bucket):
    with pytest.raises(FileNotFoundError, match=f"{bucket}/cells/none.osy"):
        load_cell(f"{bucket}/cells/none.osy")
    with pytest.raises(FileNotFoundError, match=r"://elsewhere/none\.osy"):
        load_cell(f"{bucket.partition('://')[0]}://elsewhere/none.osy")
    with pytest.raises(FileNotFoundError):
        load_cell(f"{bucket}/")


@in_buckets
def test_nothing_in_a_bucket_is_overwritten_unasked(cell, bucket):
    address = f"{bucket}/a.osy"
    save_cell(Cell("old"), address)
    with pytest.raises(FileExistsError, match=f"{address}.*allow_overwrite=True"):
        save_cell(cell, address)
    assert load_cell(address).name == "old"
    save_cell(cell, address, allow_overwrite=True)
    assert_cells_equal(load_cell(address), cell)


@in_buckets
def test_w47_a_save_that_fails_leaves_the_old_object_whole(bucket):
    cell = Cell("old").add_skeleton([[0, 0, 0]], [])
    save_cell(cell, f"{bucket}/a.osy")
    cell.skeleton.add_feature([1j], "phase")
    with pytest.raises(TypeError, match="phase"):
        save_cell(cell, f"{bucket}/a.osy", allow_overwrite=True)
    assert load_cell(f"{bucket}/a.osy").skeleton.feature_names == []
    assert CellFiles(bucket).list() == ["a.osy"]


@in_buckets
def test_a_folder_is_no_place_for_a_file(cell, bucket):
    with pytest.raises(IsADirectoryError, match="give the name of a file"):
        save_cell(cell, f"{bucket}/cells/")


@pytest.mark.parametrize("bucket", ["s3", "gs"], indirect=True)
def test_an_object_that_is_deleted_between_two_ranges_is_refused(cell, bucket):
    save_cell(cell, f"{bucket}/a.osy")
    opened = ossify.open_cell(f"{bucket}/a.osy")
    CellFiles(bucket).delete("a.osy")
    with pytest.raises(SourceChangedError):
        opened.graph.vertices  # noqa: B018


@pytest.mark.parametrize("bucket", ["s3", "gs"], indirect=True)
def test_an_empty_object_is_no_cell(bucket):
    storage.store_at(storage.address_of(f"{bucket}/a")).put("a.osy", b"", False)
    with pytest.raises(OsyFormatError, match="is empty"):
        load_cell(f"{bucket}/a.osy")


@pytest.mark.parametrize("bucket", ["s3", "gs"], indirect=True)
def test_a_large_file_in_a_bucket_is_fetched_in_parts(cell, bucket, in_parts):
    save_cell(cell, f"{bucket}/a.osy")
    assert_cells_equal(load_cell(f"{bucket}/a.osy"), cell)


@pytest.mark.parametrize("scheme", ["s3", "gs", "http"])
def test_a_server_that_is_not_there_is_named(scheme, hurried, google_at, monkeypatch):
    nobody = "http://127.0.0.1:9"
    monkeypatch.setenv("AWS_ENDPOINT_URL", nobody)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    google_at(nobody)
    monkeypatch.setattr(gcs_store, "_PATIENCE", 0.01)
    address = f"{nobody}/a.osy" if scheme == "http" else f"{scheme}://bucket/a.osy"
    with pytest.raises(ConnectionError, match=address):
        load_cell(address)
    if scheme != "http":
        with pytest.raises(ConnectionError, match=address):
            save_cell(Cell("y"), address)


def test_memory_is_that_of_cloud_files(cell, content, mem):
    from cloudfiles import CloudFiles

    CloudFiles("mem://test-storage/").put("a.osy", content)
    assert_cells_equal(load_cell("mem://test-storage/a.osy"), cell)
