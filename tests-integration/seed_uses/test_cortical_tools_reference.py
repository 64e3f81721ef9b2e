"""The reference of cortical-tools: every name, argument and default, and calls with all of them.

A self-evident change: the default resolution is a tuple, as a list that can be changed is none.
"""

from __future__ import annotations

import datetime as dt
import inspect

import numpy as np
import pandas as pd
import pytest

from cortical_tools import (
    CloudFileViewExport,
    DatasetClient,
    MeshClient,
    MicronsProdClient,
    MinniePublicClient,
    TableExportClient,
    V1ddClient,
    V1ddPublicClient,
    VertexAssigner,
)

MESHES = pytest.mark.filterwarnings("ignore::DeprecationWarning")
REQUIRED = inspect.Parameter.empty
DATASET_CLIENT = {
    "fix_mat_timestamp": {"version": None},
    "get_l2_ids": {"root_id": REQUIRED, "bounds": None},
    "get_l2data": {
        "l2_ids": REQUIRED,
        "attributes": None,
        "as_dataframe": True,
        "split_columns": True,
    },
    "get_skeleton": {
        "root_id": REQUIRED,
        "synapses": True,
        "restore_graph": False,
        "restore_properties": True,
        "synapse_reference_tables": None,
        "skeleton_version": None,
        "transform": None,
    },
    "latest_valid_timestamp": {"root_ids": REQUIRED},
    "neuroglancer_url": {
        "target_url": None,
        "clipboard": False,
        "shorten": False,
        "root_ids": None,
    },
    "now": {},
    "query_synapses": {
        "root_ids": REQUIRED,
        "pre": False,
        "post": False,
        "reference_tables": None,
        "synapse_table": None,
        "omit_self_synapse": True,
        "resolution": (1, 1, 1),
        "split_positions": True,
        "live": False,
        "timestamp": None,
        "suffixes": None,
        "batch_size": 10,
        "ref_batch_size": 5000,
        "progress": True,
    },
    "set_export_cloudpath": {"cloudpath": REQUIRED},
    "unfix_mat_timestamp": {},
    "version_timestamp": {"version": None},
}
MESH_CLIENT = {
    "compute_vertex_to_l2_mapping": {
        "root_id": REQUIRED,
        "vertices": None,
        "faces": None,
        "lvl2_ids": None,
        "lvl2_pts": None,
        "max_distance": 500,
        "ratio_better": 0.5,
        "hop_limit": None,
        "cloudvolume_fallback": False,
        "n_jobs": -1,
        "return_assigner": False,
        "mesh_kwargs": None,
    },
    "get_mesh": {"root_id": REQUIRED, "progress": False},
    "get_meshes": {"root_ids": REQUIRED, "progress": True},
}
TABLE_EXPORT_CLIENT = {
    "__init__": {"cloudpath": REQUIRED},
    "available_data_df": {},
    "available_versions": {"table_name": REQUIRED},
    "get_table": {"table_name": REQUIRED, "version": REQUIRED},
    "reset_available_files": {},
}
# The reference has the version of a file required. Ours may be left out, as the file is of one.
CLOUD_FILE = {"get_dataframe": {"version": None, "verbose": True}}
METHODS = [
    *((DatasetClient, name, arguments) for name, arguments in DATASET_CLIENT.items()),
    *((MeshClient, name, arguments) for name, arguments in MESH_CLIENT.items()),
    *((TableExportClient, name, arguments) for name, arguments in TABLE_EXPORT_CLIENT.items()),
    *((CloudFileViewExport, name, arguments) for name, arguments in CLOUD_FILE.items()),
]
PROPERTIES = [
    *(
        (DatasetClient, name)
        for name in (
            *("cave", "dataset_transform", "datastack_name", "exports", "mesh"),
            *("server_address", "space", "tables", "version", "views"),
        )
    ),
    (MeshClient, "mesh_l2_mappings"),
    (TableExportClient, "available_files"),
    (TableExportClient, "available_tables"),
    (CloudFileViewExport, "datapath"),
    (CloudFileViewExport, "headerpath"),
]


def parameters_of(function):
    return {
        name: one for name, one in inspect.signature(function).parameters.items() if name != "self"
    }


@pytest.mark.parametrize(
    ("kind", "name", "arguments"), METHODS, ids=lambda value: getattr(value, "__name__", None)
)
def test_methods_take_the_arguments_of_the_reference(kind, name, arguments):
    parameters = parameters_of(getattr(kind, name))
    found = {one: parameter.default for one, parameter in parameters.items()}
    # What is ours comes after them.
    assert list(found)[: len(arguments)] == list(arguments)
    assert {one: found[one] for one in arguments} == arguments
    for one in set(found) - set(arguments):
        is_kwargs = parameters[one].kind is inspect.Parameter.VAR_KEYWORD
        assert is_kwargs or found[one] is not REQUIRED


@pytest.mark.parametrize("name", ["get_mesh", "get_meshes"])
def test_meshes_take_progress_by_name_and_what_cloud_volume_takes(name):
    parameters = parameters_of(getattr(MeshClient, name))
    assert parameters["progress"].kind is inspect.Parameter.KEYWORD_ONLY
    assert parameters["kwargs"].kind is inspect.Parameter.VAR_KEYWORD


@pytest.mark.parametrize(
    ("kind", "name"), PROPERTIES, ids=lambda value: getattr(value, "__name__", value)
)
def test_the_properties_of_the_reference_are_there(kind, name):
    found = inspect.getattr_static(kind, name)
    assert isinstance(found, property)
    assert found.__doc__
    # Only the version is writable.
    assert (found.fset is not None) == (name == "version")


@pytest.mark.parametrize(
    "kind", [MinniePublicClient, MicronsProdClient, V1ddPublicClient, V1ddClient]
)
def test_every_dataset_has_all_that_a_dataset_client_has(kind):
    assert issubclass(kind, DatasetClient)
    for name in DATASET_CLIENT:
        assert getattr(kind, name) is getattr(DatasetClient, name)


def test_what_a_client_says_of_itself(client, minnie):
    assert client.datastack_name == "minnie65_public"
    assert client.server_address == minnie.url
    assert client.cave.server_address == minnie.url
    assert client.space is client.dataset_transform
    assert isinstance(client.mesh, MeshClient)
    assert client.now().tzinfo is dt.UTC


def test_versions(client):
    assert client.version == 3
    assert client.version_timestamp(version=None) == client.version_timestamp(version=3)
    client.version = 2
    assert client.version == 2
    assert client.version_timestamp() < client.version_timestamp(version=3) < client.now()
    client.fix_mat_timestamp(version=None)
    assert client.cave.timestamp == client.version_timestamp(version=2)
    client.fix_mat_timestamp(version=3)
    assert client.cave.timestamp == client.version_timestamp(version=3)
    client.unfix_mat_timestamp()
    assert client.cave.timestamp is None


def test_level_2_ids_and_data(client, root_id):
    l2_ids = client.get_l2_ids(root_id, bounds=None)
    points = client.get_l2data(l2_ids, attributes=["rep_coord_nm"])
    voxel = (points.iloc[0].to_numpy(dtype=float) / [8, 8, 40]).astype(int)
    some = client.get_l2_ids(root_id, bounds=np.column_stack([voxel, voxel + 1]))
    assert points.index[0] in some
    assert set(some) < set(l2_ids)

    attributes = [
        *("area_nm2", "chunk_intersect_count", "max_dt_nm", "mean_dt_nm"),
        *("pca", "pca_val", "rep_coord_nm", "size_nm3"),
    ]
    whole = client.get_l2data(
        list(l2_ids), attributes=attributes, as_dataframe=True, split_columns=False
    )
    assert sorted(whole.columns) == attributes
    assert len(whole["rep_coord_nm"].iloc[0]) == 3
    split = client.get_l2data(l2_ids, attributes=None, as_dataframe=True, split_columns=True)
    assert {"rep_coord_nm_x", "area_nm2", "pca_val_0"} <= set(split.columns)
    found = client.get_l2data(l2_ids, as_dataframe=False, split_columns=True)
    assert len(found) == len(l2_ids)


def test_a_skeleton_with_every_argument(client, root_id):
    pytest.importorskip("cloudvolume", reason="caveclient has skeletons made by way of it")
    plain = client.get_skeleton(
        root_id,
        synapses=False,
        restore_graph=False,
        restore_properties=False,
        synapse_reference_tables=None,
        skeleton_version=None,
        transform=None,
    )
    assert plain.annotations.names == []
    assert len(plain.graph.edges) == 0
    assert "size_nm3" not in plain.graph.feature_names
    whole = client.get_skeleton(
        root_id,
        synapses=True,
        restore_graph=True,
        restore_properties=True,
        synapse_reference_tables={"synapse_target_structure": "target"},
        skeleton_version=4,
        transform="rigid",
    )
    assert len(whole.graph.edges) > 0
    assert "size_nm3" in whole.graph.feature_names
    assert any(name.startswith("tag") for name in whole.anno.post_syn.feature_names)
    assert not np.allclose(whole.skeleton.vertices, plain.skeleton.vertices)


def test_when_roots_were_valid(client, neurons):
    outdated, *_, current = neurons["edited"]["root_ids"]
    before = client.now()
    then, now = client.latest_valid_timestamp([outdated, current])
    assert then < before <= now
    assert client.is_latest_roots([outdated], timestamp=then).tolist() == [True]


def test_links_with_every_argument(client, root_ids, monkeypatch):
    pyperclip = pytest.importorskip("pyperclip")
    # The clipboard is that of whoever runs the tests, or there is none.
    copied = []
    monkeypatch.setattr(pyperclip, "copy", copied.append)
    url = client.neuroglancer_url(clipboard=True)
    assert copied == [url]
    short = client.neuroglancer_url(
        target_url="https://neuroglancer.example.org",
        clipboard=False,
        shorten=True,
        root_ids=root_ids.tolist(),
    )
    assert short.startswith("https://neuroglancer.example.org/#!middleauth+http://127.0.0.1")
    found = client.neuroglancer_tables(short).segments["root_id"]
    assert found.tolist() == root_ids.tolist()


def test_synapses_with_every_argument(client, root_ids):
    client.fix_mat_timestamp(version=None)
    standing = root_ids[client.is_latest_roots(root_ids)].tolist()
    arguments = {
        "pre": True,
        "post": True,
        "reference_tables": ["synapse_target_structure"],
        "synapse_table": None,
        "omit_self_synapse": True,
        "resolution": [1, 1, 1],
        "split_positions": True,
        "live": False,
        "timestamp": None,
        "suffixes": None,
        "batch_size": 10,
        "ref_batch_size": 5000,
        "progress": False,
    }
    found = client.query_synapses(root_ids=standing, **arguments)
    assert found["id"].is_unique
    assert found["tag"].notna().any()
    of_one = client.query_synapses(standing[0], **arguments)
    its = found[
        (found["pre_pt_root_id"] == standing[0]) | (found["post_pt_root_id"] == standing[0])
    ]
    assert sorted(of_one["id"]) == sorted(its["id"])
    client.unfix_mat_timestamp()


@MESHES
def test_meshes_with_every_argument(client, root_id, root_ids):
    mesh = client.mesh.get_mesh(root_id, progress=False, remove_duplicate_vertices=True)
    assert mesh.vertices.shape[1] == 3
    meshes = client.mesh.get_meshes(
        root_ids.tolist(), progress=True, deduplicate_chunk_boundaries=False
    )
    assert list(meshes) == root_ids.tolist()


@MESHES
def test_a_mapping_with_every_argument(client, root_id):
    mesh = client.mesh.get_mesh(root_id)
    l2_ids = client.get_l2_ids(root_id)
    points = client.get_l2data(l2_ids, attributes=["rep_coord_nm"]).to_numpy(dtype=float)
    l2_mapping, vertex_assigner = client.mesh.compute_vertex_to_l2_mapping(
        root_id,
        vertices=mesh.vertices,
        faces=mesh.faces,
        lvl2_ids=l2_ids,
        lvl2_pts=points,
        max_distance=500,
        ratio_better=0.5,
        hop_limit=None,
        cloudvolume_fallback=False,
        n_jobs=-1,
        return_assigner=True,
        mesh_kwargs=None,
    )
    assert isinstance(vertex_assigner, VertexAssigner)
    assert np.array_equal(vertex_assigner.vertices, mesh.vertices)
    assert np.array_equal(vertex_assigner.faces, mesh.faces)
    assert l2_mapping.shape == (len(mesh.vertices),)
    assert {0} < set(l2_mapping) <= {0, *l2_ids}
    asked_for = client.mesh.compute_vertex_to_l2_mapping(root_id)
    assert np.array_equal(asked_for, l2_mapping)
    downloaded = client.mesh.compute_vertex_to_l2_mapping(
        root_id, mesh_kwargs={"deduplicate_chunk_boundaries": False}
    )
    assert set(client.mesh.mesh_l2_mappings) == {root_id}
    assert np.array_equal(client.mesh.mesh_l2_mappings[root_id], downloaded)


def test_exports(client, my_bucket):
    client.set_export_cloudpath(cloudpath="gs://my-bucket/exports/")
    exports = TableExportClient("gs://my-bucket/exports/")
    assert repr(client.exports) == repr(exports)
    assert exports.available_tables == ["cells", "connections_with_nuclei"]
    assert exports.available_versions(table_name="cells") == [1484]
    file = exports.available_files[-1]
    assert isinstance(file, CloudFileViewExport)
    assert file.datapath == "gs://my-bucket/exports/v1484/connections_with_nuclei.csv.gz"
    assert file.headerpath == "gs://my-bucket/exports/v1484/connections_with_nuclei_header.csv"
    df = exports.get_table(table_name="connections_with_nuclei", version=1484)
    pd.testing.assert_frame_equal(file.get_dataframe(1484, verbose=True), df)
    on_disk = TableExportClient(str(my_bucket))
    assert on_disk.available_versions("cells") == [1484]
    (my_bucket / "v1484").rename(my_bucket / "v1485")
    assert on_disk.available_versions("cells") == [1484]
    on_disk.reset_available_files()
    assert on_disk.available_versions("cells") == [1485]
