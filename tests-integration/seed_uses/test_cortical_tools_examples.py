"""The examples of the cortical-tools documents, call by call, on a world made like the real one."""

from __future__ import annotations

import json
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest

from cortical_tools import (
    MicronsProdClient,
    MinniePublicClient,
    TableExportClient,
    V1ddClient,
    V1ddPublicClient,
)


def test_install_and_import():
    from cortical_tools.datasets.minnie_public import client as minnie_public_client

    assert isinstance(minnie_public_client, MinniePublicClient)
    from cortical_tools.datasets.minnie_prod import client as minnie_prod_client
    from cortical_tools.datasets.v1dd import client as v1dd_client
    from cortical_tools.datasets.v1dd_public import client as v1dd_public_client

    assert isinstance(minnie_prod_client, MicronsProdClient)
    assert isinstance(v1dd_client, V1ddClient)
    assert isinstance(v1dd_public_client, V1ddPublicClient)


def test_the_caveclient_and_the_link(client, root_ids):
    assert isinstance(client, MinniePublicClient)
    assert client.cave.datastack_name == "minnie65_public"
    assert client.neuroglancer_url() in client._repr_html_().replace("&amp;", "&")
    url = client.neuroglancer_url(target_url=None, root_ids=list(root_ids))
    state = json.loads(unquote(url.split("#!")[1]))
    assert state["layers"][1]["segments"] == [str(one) for one in root_ids]


def test_queries(client):
    assert "proofreading_status_and_strategy" in repr(client.tables)

    df = client.tables.proofreading_status_and_strategy().query()
    assert len(df) > 0

    proof_df = client.tables.proofreading_status_and_strategy(status_axon=True).query(
        desired_resolution=[1, 1, 1], split_positions=True
    )
    assert proof_df["status_axon"].all()
    assert 0 < len(proof_df) < len(df)
    np.testing.assert_array_equal(
        proof_df["pt_position_z"].to_numpy(dtype=int) % 40, np.zeros(len(proof_df))
    )


def test_map_cell_ids_to_root_ids_and_back_again(client, root_ids, neurons):
    cell_id_df = client.root_id_to_cell_id(root_ids.tolist())
    assert isinstance(cell_id_df, pd.DataFrame)
    assert cell_id_df.index.tolist() == root_ids.tolist()
    assert cell_id_df["cell_id"].tolist() == [one["cell_id"] for one in neurons.values()]

    cell_ids = cell_id_df["cell_id"].tolist()
    root_id_df = client.cell_id_to_root_id([*cell_ids, 518853])
    assert root_id_df.index.tolist() == [*cell_ids, 518853]
    assert root_id_df.loc[518853, "root_id"] == -1
    merged = pd.DataFrame({"cell_id": cell_ids}).merge(
        root_id_df, left_on="cell_id", right_index=True
    )
    assert len(merged) == len(cell_ids)


# The package says that this spelling will go; the documents have it.
@pytest.mark.filterwarnings("ignore:.*transform_nm is deprecated:DeprecationWarning")
def test_spatial_transformations(client):
    from standard_transform.datasets import minnie_ds

    assert client.space is minnie_ds
    assert client.dataset_transform is minnie_ds
    proof_df = client.tables.proofreading_status_and_strategy(status_axon=True).query(
        desired_resolution=[1, 1, 1], split_positions=True
    )
    soma_depth = client.space.transform_nm.apply_dataframe("pt_position", proof_df, projection="y")
    assert len(soma_depth) == len(proof_df)
    assert np.isfinite(np.asarray(soma_depth, dtype=float)).all()


@pytest.mark.parametrize("transform", [None, "rigid", "streamline"])
def test_get_a_skeleton(client, root_ids, root_id, transform):
    pytest.importorskip("cloudvolume", reason="caveclient has skeletons made by way of it")
    root_id = int(root_ids[root_ids == root_id].iloc[0])
    nrn = client.get_skeleton(root_id, synapses=True, transform=transform)
    assert nrn.skeleton.n_vertices > 0
    assert len(nrn.anno.pre_syn.vertices) > 0
    assert len(nrn.anno.post_syn.vertices) > 0


def test_working_with_root_ids_over_time(client, root_id, neurons):
    assert client.is_latest_roots([root_id]).tolist() == [True]
    outdated, *_, current = neurons["edited"]["root_ids"]
    latest = client.get_latest_roots(outdated)
    assert current in latest
    supervoxel_ids = client.cave.chunkedgraph.get_leaves(root_id)
    found = client.get_roots(supervoxel_ids)
    assert set(found.tolist()) == {root_id}
    suggested = client.suggest_latest_roots(outdated)
    assert suggested == current
    assert client.latest_valid_timestamp([root_id])[0].tzinfo is not None
    assert client.most_recent_materialization_version() == 3


def test_dataset_info(client, minnie):
    assert client.get_datastack_info()["synapse_table"] == "synapses_world"
    assert minnie.url in client.image_source()
    assert client.segmentation_source().startswith("graphene://")
    res = client.viewer_resolution()
    assert isinstance(res, np.ndarray)
    assert res.shape == (3,)


def test_saving_and_retrieving_neuroglancer_states(client):
    my_state_dict = {"layers": [], "position": [1, 2, 3]}
    state_id = client.upload_state_json(my_state_dict)
    state = client.get_state_json(state_id)
    assert state == my_state_dict


def test_level_2_data(client, root_id):
    l2_ids = client.get_l2_ids(root_id)
    df = client.get_l2data(l2_ids)
    assert df.index.name == "l2_id"
    assert df.index.tolist() == l2_ids.tolist()
    data = client.get_l2data(l2_ids, as_dataframe=False)
    assert [int(key) for key in data] == l2_ids.tolist()


def test_checking_skeleton_availability(client, root_ids):
    root_id_1, root_id_2 = root_ids[:2]
    result = client.skeletons_exist(root_ids=[root_id_1, root_id_2])
    assert set(result) == {root_id_1, root_id_2}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_meshes(client, root_id, root_ids):
    mesh = client.mesh.get_mesh(root_id)
    assert mesh.vertices.shape[1] == mesh.faces.shape[1] == 3
    assert set(client.mesh.get_meshes(root_ids, progress=False)) == set(root_ids)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_level_2_ids_of_a_mesh(client, root_id):
    l2mapping = client.mesh.compute_vertex_to_l2_mapping(root_id)
    mesh = client.mesh.get_mesh(root_id)
    l2mapping = client.mesh.compute_vertex_to_l2_mapping(
        root_id, vertices=mesh.vertices, faces=mesh.faces
    )
    assert l2mapping.dtype == np.int64
    assert len(l2mapping) == len(mesh.vertices)
    assert set(l2mapping) <= {0, *client.get_l2_ids(root_id)}
    assert client.mesh.mesh_l2_mappings[root_id].tolist() == l2mapping.tolist()
    l2mapping, va = client.mesh.compute_vertex_to_l2_mapping(root_id, return_assigner=True)
    assert len(va.vertices) == len(l2mapping)
    assert va.faces.max() < len(va.vertices)


def test_helpers_to_download_bulk_exports(client, my_bucket):
    client.set_export_cloudpath("gs://my-bucket/exports/")
    assert isinstance(client.exports, TableExportClient)
    available = client.exports.available_data_df()
    assert available[["name", "version"]].to_numpy().tolist() == [
        ["cells", 1484],
        ["connections_with_nuclei", 1300],
        ["connections_with_nuclei", 1484],
    ]
    written = my_bucket / "v1484" / "connections_with_nuclei.csv.gz"
    assert available["size"].iloc[-1] == written.stat().st_size

    df = client.exports.get_table("connections_with_nuclei", 1484)
    # Every row, the first too, and two ids that are one as floats.
    assert df["id"].tolist() == [1, 2]
    assert df["pre_pt_root_id"].tolist() == [864691135639806263, 864691135639806265]
    assert df["post_pt_root_id"].tolist() == [864691135639806265, pd.NA]
    assert df["is_soma"].tolist() == [True, False]

    versions = client.exports.available_versions("connections_with_nuclei")
    assert versions == [1300, 1484]
