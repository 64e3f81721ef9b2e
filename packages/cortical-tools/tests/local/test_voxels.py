"""The voxels that the local service makes from meshes."""

from __future__ import annotations

import numpy as np
import pytest

from cortical_tools.local.segmentation_files import enclosed
from cortical_tools.local.served import ServedSnapshot
from cortical_tools.snapshot_folder import StoredMesh, layout

FILES = "/bucket/ws/8_8_40"
RESOLUTION = np.array([8.0, 8.0, 40.0])


def box_corners(low, high):
    """The triangles of the surface of a box, their normals outwards."""
    a = np.array(np.meshgrid(*zip(low, high, strict=True), indexing="ij"), float).reshape(3, -1).T
    quads = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    return a[[[q[0], q[m], q[m + 1]] for q in quads for m in (1, 2)]]


@pytest.mark.parametrize("turn", [1, -1], ids=["outwards", "inwards"])
def test_voxels_whose_middles_are_in_a_box_are_enclosed(turn):
    corners = box_corners([16, 24, 40], [48, 56, 160])[:, ::turn]
    shape = np.array([10, 9, 6])
    found = enclosed(corners, np.zeros(3, dtype=np.int64), shape, RESOLUTION)
    expected = np.zeros(shape, dtype=bool)
    expected[2:6, 3:7, 1:4] = True
    np.testing.assert_array_equal(found, expected)


def test_what_is_around_a_file_counts_too():
    # The file is in the middle of a box that is far larger, or beneath, above and beside it.
    corners = box_corners([-8000] * 3, [8000] * 3)
    shape = np.array([4, 4, 4])
    low = np.zeros(3, dtype=np.int64)
    assert enclosed(corners, low, shape, RESOLUTION).all()
    for away in ([0, 0, 20_000], [0, 0, -20_000], [20_000, 0, 0], [0, -20_000, 0]):
        assert not enclosed(corners + away, low, shape, RESOLUTION).any()


def test_two_boxes_in_each_other_are_one():
    both = np.concatenate([box_corners([0] * 3, [80, 80, 400]), box_corners([16] * 3, [64] * 3)])
    found = enclosed(both, np.zeros(3, dtype=np.int64), np.array([10, 10, 10]), RESOLUTION)
    assert found.all()


@pytest.fixture
def place(neurons, snapshot):
    """A level-2 id whose point is inside of its mesh, and the file that this is in."""
    root = neurons["merged"]["root_ids"][-1]
    served = ServedSnapshot(snapshot)
    mesh = StoredMesh.from_bytes(snapshot.read(layout.mesh_of(root)))
    offset = np.array(snapshot.facts.graphene["scales"][0]["voxel_offset"])
    known = served.level2.attributes(np.unique(mesh.l2_ids), ["rep_coord_nm"])
    for l2_id, values in known.items():
        voxel = np.floor(np.array(values["rep_coord_nm"]) / RESOLUTION).astype(np.int64)
        low = (voxel - offset) // 64 * 64 + offset
        found = served.voxels.supervoxels(low)
        if found[tuple(voxel - low)]:
            return int(l2_id), voxel, low, found
    raise AssertionError("no point of this object is in its mesh")


def test_a_voxel_inside_has_a_supervoxel_of_its_level_2_id(place, snapshot):
    l2_id, voxel, low, found = place
    frame = snapshot.frame(layout.SUPERVOXELS)
    own = set(frame.loc[frame["l2_id"] == l2_id, "supervoxel_id"])
    assert int(found[tuple(voxel - low)]) in own
    everywhere = set(np.unique(found).tolist()) - {0}
    assert everywhere <= set(frame["supervoxel_id"])
    assert found.dtype == np.uint64


def test_cloud_volume_reads_what_the_service_has(client, place, service):
    _, _, low, found = place
    volume = client.info.segmentation_cloudvolume(progress=False)
    box = tuple(slice(start, start + 64) for start in low.tolist())
    read = volume.download(box, mip=0, agglomerate=False)
    np.testing.assert_array_equal(np.asarray(read)[..., 0], found)


@pytest.mark.parametrize(
    "name",
    [
        "26385-26449_30308-30372_14850-14914",
        "26386-26450_30308-30372_14850-14914",
        "26385-26500_30308-30372_14850-14914",
        "0-64_0-64_0-64",
        "nothing",
    ],
    ids=["nothing there", "not on the grid", "not the size", "before all", "no name"],
)
def test_files_that_there_are_not_are_not_found(ask, name):
    assert ask("GET", f"{FILES}/{name}").status_code == 404
    assert ask("GET", f"/bucket/ws/4_4_40/{name}").status_code == 404
