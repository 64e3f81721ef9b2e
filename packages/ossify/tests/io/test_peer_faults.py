"""What the published 0.3.0 gets wrong in files, each right here and proved."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest

import ossify
from ossify import Cell, Link
from ossify.errors import OsyFormatError
from ossify.testing import assert_cells_equal


@pytest.fixture
def y_cell() -> Cell:
    #   3   4
    #    \ /
    #     2   5
    #      \ /
    #       1
    #       |
    #       0
    vertices = [[0, 0, 0], [0, 1, 0], [-1, 2, 0], [-2, 3, 0], [0, 3, 0], [1, 2, 0]]
    edges = [[1, 0], [2, 1], [3, 2], [4, 2], [5, 1]]
    return Cell("y").add_skeleton(vertices, edges, root=0)


def again(cell: Cell) -> Cell:
    file = io.BytesIO()
    ossify.save_cell(cell, file)
    return ossify.load_cell(io.BytesIO(file.getvalue()))


def test_w1_file_urls_name_local_files(y_cell, tmp_path):
    ossify.save_cell(y_cell, f"file://{tmp_path}/deep/y.osy")
    assert (tmp_path / "deep" / "y.osy").is_file()
    assert_cells_equal(ossify.load_cell(f"file://{tmp_path}/deep/y.osy"), y_cell)


def test_w2_paths_can_be_path_objects(y_cell, tmp_path):
    ossify.save_cell(y_cell, tmp_path / "y.osy")
    assert_cells_equal(ossify.load_cell(tmp_path / "y.osy"), y_cell)


def test_w18_a_mask_that_takes_the_root_and_leaves_pieces_survives(y_cell):
    masked = y_cell.apply_mask("skeleton", [3, 4, 5])
    loaded = again(masked)
    assert_cells_equal(loaded, masked)
    assert loaded.skeleton.root is None
    assert loaded.skeleton.roots.tolist() == [3, 4, 5]
    assert loaded.skeleton.base_root == 0


def test_w18_a_mask_that_takes_the_root_and_leaves_one_piece_states_no_root(y_cell):
    loaded = again(y_cell.apply_mask("skeleton", [2, 3, 4]))
    assert loaded.skeleton.root is None
    assert loaded.skeleton.roots.tolist() == [2]


def test_w19_names_that_begin_alike_keep_their_own_data(y_cell):
    for count, name in enumerate(["syn", "syn2", "syn20", "sy"], start=2):
        points = np.full((count, 3), float(count))
        link = Link(np.zeros(count, int), target="skeleton")
        y_cell.add_point_annotations(name, points, linkage=link)
    loaded = again(y_cell)
    assert_cells_equal(loaded, y_cell)
    assert [len(annotation) for annotation in loaded.annotations] == [2, 3, 4, 5]


def test_w20_point_layers_come_back_with_their_links(y_cell):
    y_cell.add_point_layer("cloud", [[0, 0, 0], [1, 1, 1]], linkage=Link([3, 5], target="skeleton"))
    loaded = again(y_cell)
    assert_cells_equal(loaded, y_cell)
    assert loaded.layers["cloud"].map_index_to_layer("skeleton").tolist() == [3, 5]


def test_w27_no_float_is_narrowed(y_cell):
    y_cell.add_point_annotations(
        "values",
        [[1234567.89, 0, 0], [0.1, 0, 0], [2.0**24 + 1, 0, 0]],
        features={"value": np.array([1e300, 864691135336055529.0, 0.1])},
    )
    loaded = again(y_cell).annotations.values
    assert loaded.vertices[:, 0].tolist() == [1234567.89, 0.1, 2.0**24 + 1]
    assert loaded.get_feature("value").tolist() == [1e300, 864691135336055529.0, 0.1]


def test_w29_a_skeleton_that_was_loaded_alone_can_join_a_cell(y_cell):
    loaded = again(y_cell).skeleton.copy()
    cell = Cell("other").add_skeleton(loaded)
    assert cell.skeleton.cable_length() == y_cell.skeleton.cable_length()


def test_w45_a_greater_version_is_refused(y_cell):
    file = io.BytesIO()
    ossify.save_cell(y_cell, file)
    newer = file.getvalue().replace(b'"osy":"3.0"', b'"osy":"4.0"', 1)
    newer = newer.replace(b'"osy": "3.0"', b'"osy": "4.0"', 1)
    assert newer != file.getvalue()
    with pytest.raises(OsyFormatError, match=r"4\.0"):
        ossify.load_cell(io.BytesIO(newer))


@pytest.mark.parametrize("content", [b"", b"not an archive", b"\0" * 20480], ids=repr)
def test_w45_what_is_no_osy_file_is_called_so(content, tmp_path):
    path = tmp_path / "soma.osy"
    path.write_bytes(content)
    with pytest.raises(OsyFormatError, match=r"soma\.osy"):
        ossify.load_cell(path)


def test_w45_all_that_is_missing_is_named_at_once(tmp_path):
    path = tmp_path / "bare.osy"
    metadata = (
        b'{"name": "bare", "meta": {}, "file_version": 2.0, "structure": {"layers": '
        b'{"mesh": {"type": "mesh"}, "graph": {"type": "graph"}}, "annotations": {}}, '
        b'"linkage": []}'
    )
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo("metadata.json")
        info.size = len(metadata)
        archive.addfile(info, io.BytesIO(metadata))
    with pytest.raises(OsyFormatError) as caught:
        ossify.load_cell(path)
    assert "layers/mesh/faces.npz" in str(caught.value)
    assert "layers/graph/edges.npz" in str(caught.value)


def test_w46_a_packed_archive_is_refused_without_unpacking_it(tmp_path):
    path = tmp_path / "bomb.osy"
    path.write_bytes(gzip.compress(b"\0" * 100_000_000))
    assert path.stat().st_size < 200_000
    with pytest.raises(OsyFormatError, match="gzip"):
        ossify.load_cell(path)


def test_w47_a_save_that_fails_leaves_the_old_file_whole(y_cell, tmp_path, monkeypatch):
    path = tmp_path / "y.osy"
    ossify.save_cell(y_cell, path)
    before = path.read_bytes()

    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    y_cell.name = "other"
    with pytest.raises(OSError, match="No space left"):
        ossify.save_cell(y_cell, path, allow_overwrite=True)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", [None, "../x/y", "a/b", "..", "a\\b"])
def test_w47_a_name_that_is_no_file_name_needs_a_target(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="name"):
        ossify.save_cell(Cell(name))
    assert list(tmp_path.iterdir()) == []


def test_w48_a_value_that_cannot_be_saved_is_named_with_its_key(tmp_path):
    path = tmp_path / "cell.osy"
    cell = Cell("cell", meta={"made": {"by": object()}})
    with pytest.raises(TypeError, match=r"made.*by"):
        ossify.save_cell(cell, path)
    assert not Path(path).exists()


def test_w48_times_in_meta_come_back_as_times():
    moment = dt.datetime(2025, 9, 8, 8, 10, 1, 114121, tzinfo=dt.UTC)
    assert again(Cell("cell", meta={"timestamp": moment})).meta == {"timestamp": moment}


def test_a_segment_graph_is_refused_rather_than_saved_with_other_lengths(y_cell):
    segments = Cell("segments").add_skeleton(y_cell.skeleton.segment_graph())
    with pytest.raises(TypeError, match=r"layer 'skeleton' is a segment graph"):
        again(segments)
