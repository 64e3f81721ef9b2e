"""Cells from CAVE as the guide to import and export loads them, with roots of the small world."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

import ossify
from ossify.testing import assert_cells_equal


@pytest.fixture
def client(service):
    """As in the guide, except for where the server is."""
    pytest.importorskip("cloudvolume", reason="caveclient has skeletons made by way of it")
    from caveclient import CAVEclient

    return CAVEclient(service.datastack, server_address=service.url, write_server_cache=False)


@pytest.fixture
def root_id(neurons):
    """A root that has been as it is for long."""
    return neurons["alternative point agrees"]["root_ids"][-1]


def test_basic_import(client, root_id):
    cell = ossify.load_cell_from_client(root_id=root_id, client=client)

    assert cell.name == root_id
    assert cell.skeleton.n_vertices > 0
    assert cell.graph.n_vertices > 0
    assert cell.annotations.names == []


def test_import_with_synapses(client, root_id):
    cell = ossify.load_cell_from_client(
        root_id=root_id,
        client=client,
        synapses=True,
        include_partner_root_id=True,
        omit_self_synapses=True,
    )

    assert len(cell.annotations.pre_syn.vertices) > 0
    assert len(cell.annotations.post_syn.vertices) > 0
    pre_synapses = cell.annotations.pre_syn
    partner_ids = (
        pre_synapses.get_feature("post_pt_root_id")
        if "post_pt_root_id" in pre_synapses.feature_names
        else None
    )
    assert partner_ids.dtype == np.int64
    assert (partner_ids != root_id).all()


def test_import_options(client, root_id):
    timestamp = dt.datetime(2024, 1, 15, 12, 0, 0)

    cell = ossify.load_cell_from_client(
        root_id=root_id,
        client=client,
        synapses=True,
        restore_graph=True,
        restore_properties=True,
        synapse_spatial_point="ctr_pt_position",
        timestamp=timestamp,
        skeleton_version=4,
    )

    assert len(cell.graph.edges) > 0
    assert "size_nm3" in cell.graph.feature_names
    assert cell.skeleton.feature_names == ["compartment", "radius"]
    assert cell.meta["timestamp"] == timestamp.replace(tzinfo=dt.UTC)


def test_working_with_the_data(client, root_id):
    cell = ossify.load_cell_from_client(root_id=root_id, client=client, synapses=True)

    assert cell.graph
    l2_coords = cell.graph.vertices
    assert (l2_coords.min(axis=0) < l2_coords.max(axis=0)).all()
    assert cell.skeleton
    skel_coords = cell.skeleton.vertices
    assert (skel_coords.min(axis=0) < skel_coords.max(axis=0)).all()
    assert "radius" in cell.skeleton.feature_names
    radius = cell.skeleton.get_feature("radius")
    assert 0 < radius.min() <= radius.max()
    assert "compartment" in cell.skeleton.feature_names
    compartment = cell.skeleton.get_feature("compartment")
    assert set(np.unique(compartment)) <= {1, 2, 3, 4}


def test_batch_downloads(client, root_id, neurons, tmp_path):
    def download_multiple_cells(root_ids, client, output_dir):
        output_path = Path(output_dir)
        output_path.mkdir(exist_ok=True)
        for root_id in root_ids:
            cell = ossify.load_cell_from_client(root_id=root_id, client=client, synapses=True)
            output_file = output_path / f"cell_{root_id}.osy"
            ossify.save_cell(cell, str(output_file))

    root_ids = [root_id, neurons["edited"]["root_ids"][-1]]
    download_multiple_cells(root_ids, client, tmp_path / "downloaded_cells/")

    loaded = ossify.load_cell(tmp_path / "downloaded_cells" / f"cell_{root_id}.osy")
    now = loaded.meta["timestamp"]
    again = ossify.load_cell_from_client(root_id, client, synapses=True, timestamp=now)
    assert_cells_equal(loaded, again)
