"""The real neuron, served by the local service and loaded by the real caveclient."""

from __future__ import annotations

import numpy as np
import pytest

import ossify
from cortical_tools import DatasetClient
from cortical_tools.local import convert_recording, serve
from ossify.compartment import Compartment
from ossify.testing import assert_cells_equal

ROOT_ID = 864691135101289504
TOKEN = "abc123"


@pytest.fixture(scope="session")
def recorded(real_data, tmp_path_factory):
    """A snapshot folder of what CAVE has answered about the neuron."""
    folder = tmp_path_factory.mktemp("recorded") / "neuron"
    convert_recording(real_data / f"microns_{ROOT_ID}", folder)
    return folder


@pytest.fixture
def minnie(recorded, at_home):
    with serve(recorded, token=TOKEN) as service:
        yield DatasetClient(
            service.datastack, service.url, auth_token=TOKEN, dataset_transform="minnie_ds"
        )


def test_the_real_neuron_is_all_there(minnie, tmp_path):
    cell = minnie.get_skeleton(ROOT_ID, restore_graph=True, include_partner_root_id=True)
    assert cell.skeleton.n_vertices == 16720
    assert cell.skeleton.root == 16719
    assert cell.graph.n_vertices == 25889
    assert len(cell.graph.edges) == 30352
    assert "notes" not in cell.meta
    left_out = cell.meta["autapses_left_out"]
    assert cell.annotations.pre_syn.n_vertices == 6514 - left_out["pre_syn"] == 6470
    assert cell.annotations.post_syn.n_vertices == 12424 - left_out["post_syn"] == 12380
    for synapses in cell.annotations:
        assert synapses.is_fully_mapped_to("skeleton")
    is_axon = cell.skeleton.get_feature("compartment") == Compartment.AXON
    assert (ossify.label_axon_from_synapse_flow(cell) == is_axon).mean() >= 0.9998
    ossify.save_cell(cell, tmp_path / "cell.osy")
    assert_cells_equal(ossify.load_cell(tmp_path / "cell.osy"), cell)


def test_its_apical_dendrite_rises_to_the_pia_in_cortical_space(minnie):
    cell = minnie.get_skeleton(ROOT_ID, transform="rigid")
    depth = cell.skeleton.vertices[:, 1]
    assert cell.units == "um"
    # A millimetre of cortex, from the pia down; the soma lies between.
    assert -50 < depth.min() < cell.skeleton.root_location[1] < depth.max() < 1100
    radius = cell.skeleton.get_feature("radius")
    assert 0.01 < np.median(radius) < 10
