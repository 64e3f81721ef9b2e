"""Meshes: the bytes of every layout, and what the real cloud-volume makes of them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cortical_tools.errors import ServiceError
from cortical_tools.local import serve
from cortical_tools.local.mesh_files import LAYOUTS
from cortical_tools.snapshot_folder import StoredMesh, layout

MANIFEST = "/meshing/api/v1/table/local_world_v1/manifest/{}:0?verify=True&return_seg_ids=1"
FILES = "/bucket/ws/graphene_meshes"
GRID = 21


@pytest.fixture
def root(neurons):
    return neurons["merged"]["root_ids"][-1]


@pytest.fixture
def stored(snapshot, root):
    return StoredMesh.from_bytes(snapshot.read(layout.mesh_of(root)))


@pytest.fixture
def keep_in(service):
    """Lets the service keep meshes in a layout."""

    def choose(kind):
        service.mesh_layout = kind

    yield choose
    service.mesh_layout = "legacy"


def triangles(vertices, faces, grid=None):
    """The corners of every face from its first on, the faces in a definite order.

    A compressed mesh has the faces in another order, and each from another corner on.
    """
    corners = np.asarray(vertices, dtype=float)[np.asarray(faces)]
    if grid is not None:
        corners = np.floor(corners / grid + 0.5)
    keys = corners @ [1e12, 1e6, 1.0]
    turn = (keys.argmin(axis=1)[:, None] + np.arange(3)) % 3
    flat = np.take_along_axis(corners, turn[:, :, None], axis=1).reshape(-1, 9)
    return flat[np.lexsort(flat.T)]


def test_a_manifest_names_one_fragment_for_each_level_2_id(ask, root, stored):
    # The client says in a body where to start, though it is a GET.
    answer = ask("GET", MANIFEST.format(root), data=json.dumps({"start_layer": 2})).json()
    assert answer["seg_ids"] == stored.fragment_ids()
    for name, l2_id in zip(answer["fragments"], answer["seg_ids"], strict=True):
        number, level, bounds = name.split(":")
        assert (int(number), level) == (l2_id, "0")
        x = (l2_id >> 46) & 1023
        assert bounds.startswith(f"{256 * x}-{256 * x + 256}_")
    without = ask("GET", MANIFEST.format(root).replace("&return_seg_ids=1", ""))
    assert without.json() == {"fragments": answer["fragments"]}


@pytest.mark.parametrize("node", [77, "mesh"])
def test_an_object_without_a_mesh_is_not_found(ask, node):
    answer = ask("GET", MANIFEST.format(node))
    assert answer.status_code == 404
    assert str(node) in answer.json()["message"]


def test_a_legacy_fragment_is_a_count_then_vertices_then_faces(ask, root, stored):
    manifest = ask("GET", MANIFEST.format(root)).json()
    found = []
    for name in manifest["fragments"]:
        content = ask("GET", f"{FILES}/{name}").content
        count = int(np.frombuffer(content, "<u4", 1)[0])
        vertices = np.frombuffer(content, "<f4", 3 * count, 4).reshape(-1, 3)
        faces = np.frombuffer(content, "<u4", -1, 4 + 12 * count).reshape(-1, 3)
        assert faces.max() == count - 1
        found.append(triangles(vertices, faces))
    together = np.concatenate(found)
    expected = triangles(stored.vertices, stored.faces)
    np.testing.assert_array_equal(together[np.lexsort(together.T)], expected)


def test_only_sharded_layouts_have_an_info(ask, keep_in):
    for kind in ("legacy", "draco"):
        keep_in(kind)
        assert ask("GET", f"{FILES}/info").status_code == 404
    for kind in ("dynamic", "initial"):
        keep_in(kind)
        info = ask("GET", f"{FILES}/info").json()
        assert info["@type"] == "neuroglancer_legacy_mesh"
        assert set(info["sharding"]) == {str(layer) for layer in range(2, 13)}
        assert info["sharding"]["12"]["hash"] == "murmurhash3_x86_128"


def test_draco_fragments_share_a_grid(ask, root, stored, keep_in):
    import DracoPy

    keep_in("dynamic")
    manifest = ask("GET", MANIFEST.format(root)).json()
    name, l2_id = manifest["fragments"][0], manifest["seg_ids"][0]
    mesh = DracoPy.decode(ask("GET", f"{FILES}/dynamic/{name}").content)
    vertices, faces = stored.fragment(l2_id)
    np.testing.assert_array_equal(
        triangles(mesh.points, mesh.faces, GRID), triangles(vertices, faces, GRID)
    )
    off_grid = np.abs(mesh.points / GRID - np.round(mesh.points / GRID))
    assert off_grid.max() < 0.01


def test_initial_fragments_are_byte_ranges_of_one_file(ask, root, keep_in):
    import DracoPy

    keep_in("initial")
    name = ask("GET", MANIFEST.format(root)).json()["fragments"][1]
    path, start, size = name.removeprefix("~").split(":")
    bounds = {"Range": f"bytes={start}-{int(start) + int(size) - 1}"}
    answer = ask("GET", f"{FILES}/initial/{path}", headers=bounds)
    assert answer.status_code == 206
    assert len(answer.content) == int(size)
    assert answer.headers["Content-Range"].startswith(f"bytes {start}-")
    assert len(DracoPy.decode(answer.content).faces)
    assert ask("GET", f"{FILES}/initial/2/77-0.shard").status_code == 404


def test_a_fragment_that_no_manifest_named_is_not_found(ask):
    assert ask("GET", f"{FILES}/1:0:0-1_0-1_0-1").status_code == 404


@pytest.mark.parametrize("kind", LAYOUTS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_cloud_volume_gets_the_mesh_that_is_stored(client, root, stored, keep_in, kind):
    keep_in(kind)
    volume = client.info.segmentation_cloudvolume(progress=False)
    mesh = volume.mesh.get(root, deduplicate_chunk_boundaries=False)[root]
    assert mesh.vertices.dtype == np.float32
    grid = None if kind == "legacy" else GRID
    np.testing.assert_array_equal(
        triangles(mesh.vertices, mesh.faces, grid), triangles(stored.vertices, stored.faces, grid)
    )


def test_an_unknown_layout_is_refused(small_world):
    with (
        pytest.raises(ServiceError, match=r"mesh_layout must be one of.*'ply'"),
        serve(small_world, mesh_layout="ply"),
    ):
        pass
