"""The examples of the cortical-tools documents, call by call, on a world made like the real one.

Bulk exports are tested where they are implemented.
"""

from __future__ import annotations

import inspect
import json
import shutil
import sys
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest

from cortical_tools import (
    DatasetClient,
    MicronsProdClient,
    MinniePublicClient,
    V1ddClient,
    V1ddPublicClient,
)
from cortical_tools.local import serve

SMALL_WORLD = Path(__file__).parents[2] / "packages/cortical-tools/tests/data/small_world"


@pytest.fixture(scope="module")
def minnie(tmp_path_factory):
    """A server that has a datastack of the real one's name."""
    folder = tmp_path_factory.mktemp("snapshots") / "minnie"
    shutil.copytree(SMALL_WORLD, folder)
    facts = folder / "snapshot.json"
    facts.write_text(facts.read_text().replace("local_world", "minnie65_public"))
    with serve(folder, token="abc123") as service:
        yield service


@pytest.fixture
def client(minnie, at_home, monkeypatch):
    """The client of the examples, as they import it; the environment says where the server is."""
    monkeypatch.setenv("CORTICAL_TOOLS_SERVER_MINNIE_PUBLIC", minnie.url)
    # Imported as if for the first time in the process: a client is made once.
    monkeypatch.delitem(sys.modules, "cortical_tools.datasets.minnie_public", raising=False)
    from cortical_tools.datasets.minnie_public import client

    return client


@pytest.fixture
def root_ids(neurons):
    return pd.Series([neuron["root_ids"][-1] for neuron in neurons.values()])


@pytest.fixture
def root_id(neurons):
    return neurons["alternative point agrees"]["root_ids"][-1]


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


def test_versions_and_synapses_of_the_reference(client, root_ids):
    assert client.version == 3
    assert client.version_timestamp() < client.now()
    client.fix_mat_timestamp(version=None)
    standing = root_ids[client.is_latest_roots(root_ids)].tolist()
    found = client.query_synapses(
        root_ids=standing,
        pre=True,
        post=True,
        reference_tables=["synapse_target_structure"],
        synapse_table=None,
        omit_self_synapse=True,
        resolution=[1, 1, 1],
        split_positions=True,
        live=False,
        timestamp=None,
        suffixes=None,
        batch_size=10,
        ref_batch_size=5000,
        progress=False,
    )
    assert found["id"].is_unique
    assert found["tag"].notna().any()
    client.unfix_mat_timestamp()
    client.set_export_cloudpath("gs://my-bucket/exports/")


# Names and defaults of the reference, in its order. A self-evident change: the resolution is a
# tuple, as a default that can be changed is not one.
REFERENCE = {
    "fix_mat_timestamp": {"version": None},
    "get_l2_ids": {"root_id": ..., "bounds": None},
    "get_l2data": {"l2_ids": ..., "attributes": None, "as_dataframe": True, "split_columns": True},
    "get_skeleton": {
        "root_id": ...,
        "synapses": True,
        "restore_graph": False,
        "restore_properties": True,
        "synapse_reference_tables": None,
        "skeleton_version": None,
        "transform": None,
    },
    "latest_valid_timestamp": {"root_ids": ...},
    "neuroglancer_url": {
        "target_url": None,
        "clipboard": False,
        "shorten": False,
        "root_ids": None,
    },
    "now": {},
    "query_synapses": {
        "root_ids": ...,
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
    "set_export_cloudpath": {"cloudpath": ...},
    "unfix_mat_timestamp": {},
    "version_timestamp": {"version": None},
}


@pytest.mark.parametrize("name", REFERENCE)
def test_methods_take_the_arguments_of_the_reference(name):
    parameters = list(inspect.signature(getattr(DatasetClient, name)).parameters.values())
    ours = [parameter for parameter in parameters if parameter.name != "self"]
    for wanted, found in zip(REFERENCE[name].items(), ours, strict=False):
        default = ... if found.default is inspect.Parameter.empty else found.default
        assert (found.name, default) == wanted
    assert len(ours) >= len(REFERENCE[name])


PROPERTIES = [
    *("cave", "dataset_transform", "datastack_name", "mesh", "server_address", "space", "version"),
    *("exports", "tables", "views"),
]


@pytest.mark.parametrize("name", PROPERTIES)
def test_clients_have_the_properties_of_the_reference(name):
    found = inspect.getattr_static(MinniePublicClient, name)
    assert isinstance(found, property)
    assert found.__doc__
    # Only the version is writable.
    assert (found.fset is not None) == (name == "version")


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
