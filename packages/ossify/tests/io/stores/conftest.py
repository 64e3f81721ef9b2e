"""A cell whose file is read in several ranges, and buckets to put it in."""

import io

import pytest

import ossify
from ossify import save_cell
from ossify.io.storage import sources


@pytest.fixture(scope="session")
def cell():
    # Large enough that its file is read in several ranges.
    return ossify.example_cell(2000, seed=1)


@pytest.fixture(scope="session")
def content(cell):
    file = io.BytesIO()
    save_cell(cell, file)
    assert len(file.getvalue()) > 3 * sources.FIRST
    return file.getvalue()


@pytest.fixture
def bucket(request, mem):
    """The address of an empty bucket of a scheme."""
    if request.param != "mem":
        request.getfixturevalue({"s3": "s3", "gs": "gcs"}[request.param])("my-bucket")
    return f"{request.param}://my-bucket"


@pytest.fixture
def hurried(monkeypatch):
    monkeypatch.setattr(sources, "_WAITS", (0.0, 0.0, 0.0))


@pytest.fixture
def in_parts(monkeypatch):
    """Parts so small that the cell is fetched in many."""
    monkeypatch.setattr(sources, "_PART", 2**15)


@pytest.fixture
def secrets(monkeypatch, tmp_path):
    """The folder in which cloud-files looks for secret files."""
    monkeypatch.setenv("CLOUD_VOLUME_DIR", str(tmp_path))
    (tmp_path / "secrets").mkdir()
    return tmp_path / "secrets"
