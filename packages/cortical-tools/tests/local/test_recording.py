"""The real neuron, as it was recorded, through HTTP and the real client."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from cortical_tools.errors import SnapshotError
from cortical_tools.local import convert_recording, serve

NAME = "microns_864691135101289504"
ROOT = 864691135101289504


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """Where the recording is put, once for all tests of this module."""
    return tmp_path_factory.mktemp("recording") / "snapshot"


@pytest.fixture
def connected(real_data, recording, tmp_path, monkeypatch):
    from caveclient import CAVEclient

    if not recording.exists():
        convert_recording(real_data / NAME, recording)
    monkeypatch.setenv("HOME", str(tmp_path))
    with serve(recording) as service:
        # cloud-volume asks for a token even where nobody wants one.
        yield CAVEclient(
            service.datastack,
            server_address=service.url,
            auth_token="abc123",
            write_server_cache=False,
        )


def test_the_synapses_are_those_recorded(connected, real_data):
    for side, count in (("pre", 6_514), ("post", 12_424)):
        recorded = pd.read_feather(real_data / NAME / f"{side}_l2.feather")
        assert len(recorded) == count
        found = connected.materialize.synapse_query(
            **{f"{side}_ids": ROOT},
            remove_autapses=False,
            split_positions=True,
            desired_resolution=[1, 1, 1],
        )
        found = found.set_index("id").loc[recorded["id"]]
        for name in ("pre_pt_root_id", "post_pt_root_id", "pre_pt_supervoxel_id", "size"):
            assert found[name].tolist() == recorded[name].tolist()
        for name in (f"{p}_pt_position_{axis}" for p in ("pre", "ctr", "post") for axis in "xyz"):
            np.testing.assert_array_equal(found[name].to_numpy(float), recorded[name].to_numpy())


def test_the_skeleton_is_the_one_recorded(connected, real_data):
    recorded = json.loads((real_data / NAME / "skel.json").read_bytes())
    found = connected.skeleton.get_skeleton(ROOT, output_format="dict", skeleton_version=4)
    assert found["vertices"].shape == (16_720, 3)
    for name in ("vertices", "edges", "radius", "compartment", "lvl2_ids", "mesh_to_skel_map"):
        np.testing.assert_array_equal(found[name], recorded[name])


def test_the_level_2_graph_and_attributes_are_those_recorded(connected, real_data):
    edges = json.loads((real_data / NAME / "l2graph.json").read_bytes())
    assert connected.chunkedgraph.level2_chunk_graph(ROOT) == edges
    recorded = pd.read_feather(real_data / NAME / "l2properties.feather")
    l2_ids = connected.chunkedgraph.get_leaves(ROOT, stop_layer=2)
    assert sorted(l2_ids) == sorted(recorded.index)
    found = connected.l2cache.get_l2data(l2_ids[:500].tolist())
    for one in l2_ids[:500]:
        row, entry = recorded.loc[one], found[str(one)]
        assert entry["rep_coord_nm"] == [row[f"rep_coord_nm_{axis}"] for axis in "xyz"]
        assert entry["size_nm3"] == row["size_nm3"]
        assert ("pca" in entry) == (row["pca_val"] is not None)


def test_the_supervoxels_of_its_synapses_lead_to_their_level_2_ids(connected, real_data):
    recorded = pd.read_feather(real_data / NAME / "pre_l2.feather")
    supervoxels = recorded["pre_pt_supervoxel_id"].to_numpy(np.uint64)
    graph = connected.chunkedgraph
    assert set(graph.get_roots(supervoxels).tolist()) == {ROOT}
    assert graph.get_roots(supervoxels, stop_layer=2).tolist() == recorded["pre_pt_l2_id"].tolist()


def test_a_folder_that_is_no_recording_says_what_it_lacks(tmp_path):
    (tmp_path / "skel.json").write_text("{}")
    with pytest.raises(SnapshotError, match=r"lacks l2graph\.json, l2properties\.feather"):
        convert_recording(tmp_path, tmp_path / "snapshot")
