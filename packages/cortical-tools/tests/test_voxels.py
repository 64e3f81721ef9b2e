"""Level-2 ids from the voxels of the segmentation, through the real cloud-volume."""

import numpy as np
import pandas as pd
import pytest

from cortical_tools import DatasetClient
from cortical_tools.local import serve
from cortical_tools.local.world import plan
from cortical_tools.local.world.tubes import tube_mesh
from cortical_tools.mesh_labels import Method
from cortical_tools.snapshot_folder import Facts, SnapshotWriter, StoredMesh, layout
from cortical_tools.voxels import l2_ids_at

ROOT = 864691135639806263

# cloud-volume and what it stands on warn about themselves.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def tubes():
    return tube_mesh(plan.chunks(), 1_500, seed=3, twins=1.0)


@pytest.fixture(scope="module")
def tube_world(tubes, tmp_path_factory):
    """One object, two tubes side by side, whose every voxel is known."""
    writer = SnapshotWriter(tmp_path_factory.mktemp("tubes") / "world")
    l2_ids = np.sort(tubes.l2_ids)
    supervoxels = plan.chunks().ids(1, plan.chunks().place(l2_ids, 2), l2_ids & 0xFF)
    of_root = {"l2_id": l2_ids, "root_id": np.full(len(l2_ids), ROOT)}
    times = pd.to_datetime([plan.BEGINNING, None], utc=True)
    lives = {"root_id": [ROOT], "created": times[:1], "replaced": times[1:]}
    writer.add_frame(layout.ROOTS, pd.DataFrame(lives))
    lineage = pd.DataFrame(columns=list(layout.COLUMNS[layout.LINEAGE]), dtype=np.int64)
    writer.add_frame(layout.LINEAGE, lineage)
    writer.add_frame(layout.MEMBERS, pd.DataFrame(of_root))
    writer.add_frame(layout.SUPERVOXELS, pd.DataFrame({"supervoxel_id": supervoxels} | of_root))
    points = {f"rep_coord_nm_{axis}": tubes.l2_points[:, n] for n, axis in enumerate("xyz")}
    writer.add_frame(layout.ATTRIBUTES, pd.DataFrame({"l2_id": tubes.l2_ids} | points))
    edges = pd.DataFrame(columns=list(layout.COLUMNS[layout.EDGES]), dtype=np.int64)
    writer.add_frame(layout.EDGES, edges)
    mesh = StoredMesh(tubes.vertices, tubes.faces, tubes.l2_ids[tubes.truth])
    writer.add_mesh(ROOT, mesh)
    # The tubes lie deeper than the neurons of generated worlds.
    info = plan.graphene_info()
    info["scales"][0]["size"][2] = 40_000
    facts = Facts(
        datastack_name="tubes",
        record=plan.datastack_record(),
        versions=plan.VERSIONS,
        tables={},
        graphene=info,
        graphene_table=plan.GRAPHENE_TABLE,
    )
    with serve(writer.finish(facts), token="abc123") as service:
        yield service


@pytest.fixture
def client(tube_world, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CLOUD_VOLUME_DIR", raising=False)
    tube_world.log.clear()
    return DatasetClient("tubes", tube_world.url, auth_token="abc123")


@pytest.fixture
def is_sure(tubes):
    """Of which ids the point is well inside: its chunk has a whole piece of the tube."""
    return np.bincount(tubes.truth, minlength=len(tubes.l2_ids)) > 64


@pytest.fixture
def known(tubes):
    """The mesh, and its ids without a point that could tell them apart."""
    return {
        "vertices": tubes.vertices,
        "faces": tubes.faces,
        "lvl2_ids": tubes.l2_ids,
        "lvl2_pts": np.full((len(tubes.l2_ids), 3), np.nan),
        "chunks": plan.chunks(),
    }


def voxel_files(service):
    return [one.path for one in service.log if "/bucket/ws/8_8_40/" in one.path]


def test_the_id_at_a_point_is_that_of_the_piece_it_is_in(client, tubes, is_sure):
    beside = tubes.l2_points[0] + np.array([400, 0, 0])
    points = np.vstack([tubes.l2_points[is_sure], [0, 0, 0], beside])
    found = l2_ids_at(client.mesh._connection, client.mesh.cv, points)
    assert found.dtype == np.int64
    assert found.tolist() == [*tubes.l2_ids[is_sure], 0, 0]
    assert l2_ids_at(client.mesh._connection, client.mesh.cv, np.empty((0, 3))).tolist() == []


def test_the_fallback_tells_apart_what_nothing_else_does(client, tube_world, tubes, known):
    true = tubes.l2_ids[tubes.truth]
    without = client.mesh.compute_vertex_to_l2_mapping(ROOT, **known)
    assert (without == 0).mean() > 0.5
    assert voxel_files(tube_world) == []
    labels, assigner = client.mesh.compute_vertex_to_l2_mapping(
        ROOT, **known, cloudvolume_fallback=True, return_assigner=True
    )
    assert voxel_files(tube_world)
    assert ((labels != true) & (labels != 0)).mean() < 0.002
    assert (labels == true).mean() > 0.98
    looked_up = assigner.method == Method.LOOKED_UP
    assert (looked_up >= (without == 0) & (labels == true)).mean() > 0.99
    assert assigner.confidence[looked_up].min() > 0.5
    assert set(assigner.hops[looked_up]) == {0}


def test_the_fallback_asks_only_for_what_is_open(client, tube_world, tubes, known):
    given = known | {"lvl2_pts": tubes.l2_points}
    straight = client.mesh.compute_vertex_to_l2_mapping(ROOT, **given)
    labels = client.mesh.compute_vertex_to_l2_mapping(ROOT, **given, cloudvolume_fallback=True)
    open_still = straight == 0
    assert labels[~open_still].tolist() == straight[~open_still].tolist()
    if not open_still.any():
        assert voxel_files(tube_world) == []


def test_the_fallback_gives_no_id_that_is_not_among_those_given(client, tubes, known):
    gone = tubes.l2_ids[::3]
    kept = np.isin(tubes.l2_ids, gone, invert=True)
    given = known | {"lvl2_ids": tubes.l2_ids[kept], "lvl2_pts": tubes.l2_points[kept]}
    labels = client.mesh.compute_vertex_to_l2_mapping(ROOT, **given, cloudvolume_fallback=True)
    assert not np.isin(labels, gone).any()
    missing = np.isin(tubes.l2_ids[tubes.truth], gone)
    assert (labels[missing] != 0).mean() < 0.01
