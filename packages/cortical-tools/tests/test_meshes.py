"""Meshes through the real cloud-volume, and the level-2 ids of their vertices."""

import pickle

import numpy as np
import pytest

from cortical_tools import MeshClient, VertexAssigner
from cortical_tools.chunks import Chunks
from cortical_tools.errors import IdError, MissingMeshError
from cortical_tools.local.mesh_files import LAYOUTS
from cortical_tools.mesh_labels import Method
from cortical_tools.snapshot_folder import StoredMesh, layout

# cloud-volume and what it stands on warn about themselves.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def roots(neurons):
    return [neurons["merged"]["root_ids"][-1], neurons["edited"]["root_ids"][-1]]


@pytest.fixture
def root(roots):
    return roots[0]


@pytest.fixture
def stored(snapshot):
    return lambda root: StoredMesh.from_bytes(snapshot.read(layout.mesh_of(root)))


@pytest.fixture
def known(dataset, snapshot, stored, root):
    """A mapping from arrays alone: what `compute_vertex_to_l2_mapping` has to be given."""
    ids = dataset.get_l2_ids(root)
    points = dataset.get_l2data(ids, attributes=["rep_coord_nm"]).to_numpy()
    mesh = stored(root)
    return {
        "vertices": mesh.vertices,
        "faces": mesh.faces,
        "lvl2_ids": ids,
        "lvl2_pts": points,
        "chunks": Chunks.from_info(dict(snapshot.facts.graphene)),
    }


# Downloads


@pytest.mark.parametrize("kind", LAYOUTS)
def test_a_mesh_comes_in_every_layout(dataset, service, root, stored, kind):
    service.mesh_layout = kind
    try:
        mesh = dataset.mesh.get_mesh(root)
    finally:
        service.mesh_layout = "legacy"
    assert mesh.vertices.dtype == np.float32
    assert mesh.faces.max() == len(mesh.vertices) - 1
    assert len(mesh.faces) == len(stored(root).faces)
    corners = np.sort(mesh.vertices[mesh.faces].reshape(-1, 3), axis=0)
    expected = np.sort(stored(root).vertices[stored(root).faces].reshape(-1, 3), axis=0)
    np.testing.assert_allclose(corners, expected, atol=0 if kind == "legacy" else 21)


def test_meshes_come_by_root_in_the_order_asked_and_once(dataset, service, roots):
    meshes = dataset.mesh.get_meshes([*roots, roots[0]], progress=False)
    assert list(meshes) == roots
    alone = dataset.mesh.get_mesh(roots[1])
    assert len(meshes[roots[1]].vertices) == len(alone.vertices)
    manifests = [one.path for one in service.log if "/manifest/" in one.path]
    assert sum(str(roots[0]) in path for path in manifests) == 1


def test_no_roots_have_no_meshes(dataset, service):
    assert dataset.mesh.get_meshes([]) == {}
    assert service.log == []


def test_a_mesh_that_is_not_there_is_named(dataset):
    with pytest.raises(MissingMeshError, match=r"1 of 1 meshes of .* of 77: .*404") as e:
        dataset.mesh.get_mesh(77)
    assert list(e.value.failures) == [77]
    assert isinstance(e.value, LookupError)


def test_what_came_is_in_the_error_about_what_did_not(dataset, roots):
    with pytest.raises(MissingMeshError, match=r"2 of 4 meshes .* the first is that of 77") as e:
        dataset.mesh.get_meshes([roots[0], 77, 78, roots[1]], progress=False)
    assert list(e.value.meshes) == roots
    assert list(e.value.failures) == [77, 78]
    restored = pickle.loads(pickle.dumps(MissingMeshError("x", {77: ValueError()}, {})))
    assert list(restored.failures) == [77]


def test_what_is_missing_can_be_left_out(dataset, roots):
    with pytest.warns(UserWarning, match="1 of 3 meshes .* that of 77"):
        meshes = dataset.mesh.get_meshes([77, *roots], progress=False, skip_missing=True)
    assert list(meshes) == roots


def test_one_mesh_has_one_id(dataset, roots):
    with pytest.raises(IdError, match="root_id: expected one, got 2"):
        dataset.mesh.get_mesh(roots)
    with pytest.raises(IdError, match="a float has not enough digits"):
        dataset.mesh.get_mesh(float(roots[0]))


def test_the_bar_of_cloud_volume_is_as_before(dataset, root):
    dataset.mesh.get_mesh(root, progress=True)
    assert dataset.mesh.cv.progress is False


def test_a_mesh_client_takes_a_cave_client(dataset, root):
    client = MeshClient(dataset.cave)
    assert repr(client) == "MeshClient('local_world')"
    assert len(client.get_mesh(root).vertices)
    path = dataset.segmentation_source(format_for="cloudvolume")
    assert len(MeshClient(dataset.cave, path).get_mesh(root).vertices)
    with pytest.raises(TypeError, match="needs a caveclient"):
        MeshClient()


def test_a_client_goes_to_other_processes_with_its_meshes(dataset):
    assert repr(pickle.loads(pickle.dumps(dataset.mesh))) == repr(dataset.mesh)


# Level-2 ids


def test_a_mapping_needs_a_root_id_alone(dataset, root, stored):
    labels, assigner = dataset.mesh.compute_vertex_to_l2_mapping(root, return_assigner=True)
    assert labels.dtype == np.int64
    assert labels.shape == (len(assigner.vertices),)
    assert assigner.root_id == root
    # The world's meshes are cut where another level-2 id begins, not where a chunk does.
    at = {
        tuple(point): one
        for point, one in zip(stored(root).vertices, stored(root).l2_ids, strict=True)
    }
    true = np.array([at[tuple(point)] for point in assigner.vertices])
    found = labels != 0
    assert found.any()
    assert set(labels[found]) <= set(true)


def test_a_mapping_of_a_mesh_at_hand_downloads_none(dataset, service, root, known):
    service.log.clear()
    labels = dataset.mesh.compute_vertex_to_l2_mapping(
        root, vertices=known["vertices"], faces=known["faces"]
    )
    assert not any("/meshing/" in one.path or "/bucket/" in one.path for one in service.log)
    alone = VertexAssigner(root, *known.values()).mesh_label
    assert labels.tolist() == alone.tolist()


def test_a_mapping_of_arrays_asks_nobody(dataset, service, root, known):
    service.log.clear()
    labels = dataset.mesh.compute_vertex_to_l2_mapping(root, **known)
    assert service.log == []
    assert len(labels) == len(known["vertices"])


def test_a_finished_mapping_is_kept_and_used_again(dataset, service, root):
    first = dataset.mesh.compute_vertex_to_l2_mapping(root, return_assigner=True)[1]
    service.log.clear()
    again = dataset.mesh.compute_vertex_to_l2_mapping(root, return_assigner=True)[1]
    assert again is first
    assert service.log == []
    kept = dataset.mesh.mesh_l2_mappings
    assert list(kept) == [root]
    assert kept[root].tolist() == first.mesh_label.tolist()
    dataset.mesh.forget_mappings()
    assert dataset.mesh.mesh_l2_mappings == {}


def test_another_mesh_of_the_same_root_is_mapped_anew(dataset, root, known):
    map_it = dataset.mesh.compute_vertex_to_l2_mapping
    first = map_it(root, **known)
    moved = map_it(root, **(known | {"vertices": known["vertices"] + 1e6}))
    assert first.any()
    assert not moved.any()
    filled = map_it(root, **known, fill_unknown=True)
    assert (filled != 0).sum() >= (first != 0).sum()


def test_an_id_that_the_cache_lacks_is_no_error(dataset, neurons):
    root = neurons["nucleus off its segmentation"]["root_ids"][-1]
    labels, assigner = dataset.mesh.compute_vertex_to_l2_mapping(root, return_assigner=True)
    assert np.isnan(assigner.lvl2_pts).any()
    assert set(np.unique(assigner.method)) <= set(Method)
    assert labels.any()


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (["vertices"], ValueError, "vertices and faces: give both"),
        (["faces"], ValueError, "vertices and faces: give both"),
        (["vertices", "faces", "lvl2_pts"], ValueError, "points of lvl2_ids, which are not given"),
    ],
)
def test_half_of_what_is_needed_is_refused(dataset, root, known, given, error, message):
    with pytest.raises(error, match=message):
        dataset.mesh.compute_vertex_to_l2_mapping(root, **{name: known[name] for name in given})


def test_a_fallback_on_the_segmentation_adds_to_a_mapping(dataset, service, root, known):
    straight = dataset.mesh.compute_vertex_to_l2_mapping(root, **known)
    service.log.clear()
    more = dataset.mesh.compute_vertex_to_l2_mapping(root, **known, cloudvolume_fallback=True)
    assert any("/bucket/ws/8_8_40/" in one.path for one in service.log)
    assert more[straight != 0].tolist() == straight[straight != 0].tolist()
    assert set(more) <= {0, *known["lvl2_ids"].tolist()}
