"""Files of versions 1.0 and 2.0 are read as they were meant."""

import io
import json
import tarfile

import numpy as np
import pandas as pd
import pytest

from ossify import Cell, Link, load_cell, save_cell
from ossify.errors import OsyFormatError
from ossify.io.osy import describe_file
from ossify.testing import assert_cells_equal

RELEASES = ["0.0.4", "0.1.0", "0.2.0", "0.3.0"]
REAL = "864691135336055529_v1.0.osy"


@pytest.fixture(scope="module")
def real(real_data):
    return load_cell(real_data / "osy" / REAL)


@pytest.mark.parametrize("release", RELEASES)
def test_a_file_of_every_release_is_read(real_data, release):
    path = real_data / "osy" / f"synthetic_written-by-ossify-{release}.osy"
    cell = load_cell(path)
    assert (cell.name, cell.meta, cell.units) == ("old", {"k": 1}, "nm")
    assert cell.layers.names == ["graph", "skeleton", "mesh"]
    assert (cell.skeleton.root, len(cell.skeleton.edges)) == (100, 4)
    assert len(cell.mesh.faces) == 2
    assert list(cell.linkage.tables) == [
        ("graph", "skeleton"),
        ("syn", "graph"),
        ("mesh", "skeleton"),
    ]
    assert cell.annotations.syn.layer.columns["l2"].dtype == np.uint64
    version = describe_file(path).version
    assert version == ((1, 0) if release == "0.0.4" else (2, 0))


@pytest.mark.parametrize("release", RELEASES)
def test_all_releases_have_written_the_same_skeleton_and_links(real_data, release):
    first, other = (
        load_cell(real_data / "osy" / f"synthetic_written-by-ossify-{r}.osy")
        for r in ("0.0.4", release)
    )
    # The points of the mesh are random.
    for name in ("graph", "skeleton"):
        left, right = first.layers[name], other.layers[name]
        np.testing.assert_array_equal(left.vertex_index, right.vertex_index)
        np.testing.assert_array_equal(left.vertices, right.vertices)
        np.testing.assert_array_equal(left.edges, right.edges)
    for pair, table in first.linkage.tables.items():
        np.testing.assert_array_equal(table.rows, other.linkage.tables[pair].rows)


def test_the_real_cell_is_read_and_saved_as_it_is(real):
    assert (len(real.skeleton), len(real.graph)) == (5592, 10998)
    assert (len(real.annotations.pre_syn), len(real.annotations.post_syn)) == (902, 2648)
    assert real.graph.edges.shape == (0, 2)
    assert real.skeleton.root == 5591
    assert real.meta["timestamp"] == "2025-09-04T08:10:01.110786+00:00"
    assert real.graph.layer.index_name == "l2_id"
    created = real.annotations.pre_syn.layer.columns["created"]
    assert created.dtype == pd.DatetimeTZDtype("ns", "UTC")
    lists = real.graph.layer.columns["chunk_intersect_count"]
    assert [part.dtype for part in lists[0]] == [np.int64, np.int64]
    file = io.BytesIO()
    save_cell(real, file)
    assert_cells_equal(real, load_cell(io.BytesIO(file.getvalue())))


def test_the_real_cell_masked_into_pieces_survives_saving(real):
    dendrite = real.apply_mask("skeleton", real.skeleton.get_feature("compartment") == 3)
    assert (dendrite.skeleton.root, len(dendrite.skeleton.roots) > 1) == (None, True)
    file = io.BytesIO()
    save_cell(dendrite, file)
    assert_cells_equal(dendrite, load_cell(io.BytesIO(file.getvalue())))


def as_old(cell, change=lambda members: None):
    """The file of a cell as version 2.0 has it, its members changed by a function."""
    file = io.BytesIO()
    save_cell(cell, file)
    members = {}
    with tarfile.open(fileobj=io.BytesIO(file.getvalue())) as archive:
        for info in archive:
            if not info.name.startswith(("index", "parts")):
                members[info.name] = archive.extractfile(info).read()
    metadata = json.loads(members["metadata.json"])
    members["metadata.json"] = json.dumps({**metadata, "file_version": 2.0}).encode()
    change(members)
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return io.BytesIO(sink.getvalue())


def edited(member, /, **values):
    """A change that sets values of a JSON member, or drops those that are None."""

    def change(members):
        content = {**json.loads(members[member]), **values}
        kept = {key: value for key, value in content.items() if value is not ...}
        members[member] = json.dumps(kept).encode()

    return change


def y_cell():
    #   2   3
    #    \ /
    #     1
    #     |
    #     0
    points = np.array([[0, 0, 0], [0, 3, 0], [0, 3, 4], [0, 3, 12]])
    cell = Cell("y").add_skeleton(points, [[1, 0], [2, 1], [3, 1]])
    return cell.add_point_annotations("syn", points, linkage=Link([3, 2, 1, 0], target="skeleton"))


def test_an_old_file_keeps_what_version_2_can_model():
    assert_cells_equal(load_cell(as_old(y_cell())), y_cell())


def test_a_masked_old_skeleton_without_root_measures_as_before_the_mask():
    masked = y_cell().apply_mask("skeleton", [2, 3])
    change = edited("layers/skeleton/meta.json", root=None)
    again = load_cell(as_old(masked, change))
    assert (again.skeleton.root, again.skeleton.roots.tolist()) == (None, [2, 3])
    assert again.skeleton.base_root == 0
    assert again.skeleton.distance_to_root([2, 3]).tolist() == [7, 15]
    # No edge is left to tell how lengths grow.
    with pytest.warns(UserWarning, match="are NaN now"):
        in_um = again.transform(lambda xyz: xyz / 1000, units="um")
    assert again.skeleton.base_csgraph.sum() == 3 + 4 + 12
    assert in_um.skeleton.base_root == 0
    file = io.BytesIO()
    save_cell(again, file)
    assert_cells_equal(again, load_cell(io.BytesIO(file.getvalue())))


def test_lengths_that_an_old_mask_has_left_grow_with_the_points():
    masked = y_cell().apply_mask("skeleton", [1, 2])
    again = load_cell(as_old(masked))
    assert again.skeleton.distance_to_root([1, 2]).tolist() == [3, 7]
    in_um = again.transform(lambda xyz: xyz / 1000, units="um")
    np.testing.assert_allclose(in_um.skeleton.distance_to_root([1, 2]), [0.003, 0.007])


def test_old_files_may_lack_what_the_earliest_lacked():
    def change(members):
        edited("layers/skeleton/meta.json", name=..., root=...)(members)
        edited("layers/skeleton/base_properties/properties.json", base_root_location=...)(members)
        edited("metadata.json", file_version=...)(members)

    again = load_cell(as_old(y_cell(), change))
    assert again.skeleton.root == 0
    assert again.skeleton.distance_to_root(3) == 15


def test_a_link_that_fits_both_ways_points_as_its_columns_say():
    #  Four of each, each used once: only the order of the columns tells the direction.
    again = load_cell(as_old(y_cell()))
    assert list(again.linkage.tables) == [("syn", "skeleton")]
    assert again.linkage.tables["syn", "skeleton"].rows.tolist() == [3, 2, 1, 0]


def test_a_link_that_fits_no_way_is_refused_with_counts():
    cell = y_cell()
    other = y_cell().apply_mask("skeleton", [0, 1, 2])
    stolen = {}
    as_old(other, stolen.update)
    name = "linkage/skeleton/syn/linkage.feather"

    with pytest.raises(OsyFormatError, match=r"neither 'syn' \(4 vertices\) nor 'skeleton' \(4"):
        load_cell(as_old(cell, lambda members: members.update({name: stolen[name]})))


def test_a_point_layer_of_an_old_file_is_not_dropped():
    def change(members):
        metadata = json.loads(members["metadata.json"])
        metadata["structure"]["layers"]["syn"] = metadata["structure"]["annotations"].pop("syn")
        members["metadata.json"] = json.dumps(metadata).encode()
        for part in ("meta.json", "nodes.feather"):
            members[f"layers/syn/{part}"] = members.pop(f"annotations/syn/{part}")

    again = load_cell(as_old(y_cell(), change))
    assert again.layers.names == ["skeleton", "syn"]
    assert list(again.linkage.tables) == [("syn", "skeleton")]


def test_names_that_begin_alike_are_told_apart_in_old_files():
    cell = y_cell()
    for name, count in (("syn2", 3), ("sy", 2), ("syn-x", 1)):
        cell.add_point_annotations(name, np.zeros((count, 3)))
    again = load_cell(as_old(cell))
    assert [len(layer) for layer in again.annotations] == [4, 3, 2, 1]


def test_faces_that_name_unknown_vertices_are_refused():
    cell = y_cell().add_mesh(np.eye(3), [[0, 1, 2]])
    sink = io.BytesIO()
    np.savez(sink, data=np.array([[0, 1, 9]]))
    with pytest.raises(OsyFormatError, match=r"faces.npz': 1 of its ids are no vertices.* 9"):
        load_cell(as_old(cell, lambda m: m.update({"layers/mesh/faces.npz": sink.getvalue()})))
