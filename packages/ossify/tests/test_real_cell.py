"""The main job on a real neuron."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ossify
from ossify import Cell, Link, algorithms
from ossify.compartment import Compartment
from ossify.testing import assert_cells_equal


@pytest.fixture
def real_cell(real_data: Path) -> Cell:
    return ossify.load_cell(real_data / "osy" / "864691135336055529_v1.0.osy")


@pytest.fixture
def service_cell(real_data: Path) -> Cell:
    """A neuron from the answers of the services, as they came."""
    folder = real_data / "microns_864691135101289504"
    skeleton = json.loads((folder / "skel.json").read_text())
    level2 = pd.read_feather(folder / "l2properties.feather")
    l2_ids = np.array(skeleton["lvl2_ids"])
    cell = Cell(json.loads((folder / "root_id.json").read_text()))
    cell.add_skeleton(
        skeleton["vertices"],
        skeleton["edges"],
        root=skeleton["root"],
        features={name: np.array(skeleton[name]) for name in ("radius", "compartment")},
    ).add_graph(
        level2.loc[l2_ids],
        json.loads((folder / "l2graph.json").read_text()),
        spatial_columns="rep_coord_nm",
        linkage=Link(skeleton["mesh_to_skel_map"], target="skeleton", map_value_is_index=False),
    )
    for side in ("pre", "post"):
        synapses = pd.read_feather(folder / f"{side}_l2.feather").set_index("id")
        cell.add_point_annotations(
            f"{side}_syn",
            synapses,
            spatial_columns="ctr_pt_position",
            linkage=Link(f"{side}_pt_l2_id", target="graph"),
        )
    return cell


def test_a_cell_of_2025_opens_whole(real_cell):
    assert real_cell.name == 864691135336055529
    assert real_cell.skeleton.n_vertices == 5592
    assert real_cell.skeleton.root == 5591
    assert real_cell.graph.n_vertices == 10998
    assert real_cell.graph.edges.shape == (0, 2)
    assert real_cell.annotations.names == ["pre_syn", "post_syn"]
    assert [len(synapses) for synapses in real_cell.annotations] == [902, 2648]
    assert real_cell.skeleton.cable_length() == pytest.approx(11043211.64, abs=0.01)


def test_axon_by_compartment_and_by_flow_agree(real_cell):
    by_compartment = real_cell.skeleton.get_feature("compartment") == Compartment.AXON
    by_flow, index = ossify.label_axon_from_synapse_flow(real_cell, return_segregation_index=True)
    assert (by_compartment == by_flow).mean() >= 0.997
    assert index > 0.85


def test_axon_and_rest_share_the_cable(real_cell):
    is_axon = real_cell.skeleton.get_feature("compartment") == Compartment.AXON
    axon = real_cell.apply_mask("skeleton", is_axon)
    rest = real_cell.apply_mask("skeleton", ~is_axon)
    parent = real_cell.skeleton.parent_node_array
    joins = (is_axon != is_axon[parent]) & (parent >= 0)
    between = real_cell.skeleton.vertices[joins] - real_cell.skeleton.vertices[parent[joins]]
    total = (
        axon.skeleton.cable_length()
        + rest.skeleton.cable_length()
        + np.linalg.norm(between, axis=1).sum()
    )
    assert total == pytest.approx(real_cell.skeleton.cable_length(), rel=1e-12)
    for synapses in real_cell.annotations:
        kept = [part.annotations[synapses.name].n_vertices for part in (axon, rest)]
        assert sum(kept) == synapses.n_vertices
    np.testing.assert_array_equal(
        axon.skeleton.distance_to_root(), real_cell.skeleton.distance_to_root(is_axon)
    )


@pytest.mark.parametrize("compartment", [None, Compartment.AXON, Compartment.DENDRITE])
def test_whole_or_masked_it_is_loaded_as_it_was_saved(real_cell, compartment, tmp_path):
    cell = real_cell
    if compartment is not None:
        keep = cell.skeleton.get_feature("compartment") == compartment
        cell = cell.apply_mask("skeleton", keep)
    ossify.save_cell(cell, tmp_path / "cell.osy")
    assert_cells_equal(ossify.load_cell(tmp_path / "cell.osy"), cell)
    ossify.save_cell(cell, tmp_path / "lean.osy", compatible=False)
    assert_cells_equal(ossify.load_cell(tmp_path / "lean.osy"), cell)


def test_answers_of_the_services_make_a_cell(service_cell, tmp_path):
    assert service_cell.skeleton.n_vertices == 16720
    assert len(service_cell.skeleton.roots) == 1
    assert service_cell.graph.is_fully_mapped_to("skeleton")
    assert service_cell.annotations.pre_syn.is_fully_mapped_to("skeleton")
    is_axon = service_cell.skeleton.get_feature("compartment") == Compartment.AXON
    by_flow = ossify.label_axon_from_synapse_flow(service_cell)
    assert (is_axon == by_flow).mean() > 0.9
    ossify.save_cell(service_cell, tmp_path / "cell.osy")
    assert_cells_equal(ossify.load_cell(tmp_path / "cell.osy"), service_cell)


def test_it_is_cut_into_pieces_healed_and_simplified_with_all_its_synapses(real_cell: Cell) -> None:
    whole = real_cell.skeleton
    # Every 500th vertex goes, with the synapses on it, and leaves a gap of two edges.
    broken = real_cell.apply_mask("skeleton", np.arange(whole.n_vertices) % 500 != 7)
    healed, joins = algorithms.heal(broken, 20_000, return_joins=True)
    assert len(joins) == len(broken.skeleton.roots) - 1 > 5
    assert healed.skeleton.roots.tolist() == [whole.root]
    assert healed.skeleton.cable_length() == pytest.approx(whole.cable_length(), rel=0.01)

    simple = algorithms.simplify(healed, 500)
    assert simple.skeleton.n_vertices < 0.7 * whole.n_vertices
    assert np.array_equal(simple.skeleton.end_points, healed.skeleton.end_points)
    measures = algorithms.morphometrics(simple, "compartment")
    for name in ("pre_syn", "post_syn"):
        assert measures[f"{name}_count"].sum() == broken.annotations[name].n_vertices


def test_no_synapse_is_lost_with_twigs_that_bear_none(service_cell: Cell) -> None:
    names = service_cell.annotations.names
    pruned = algorithms.prune(service_cell, 10_000, keep=names, recursive=True)
    assert pruned.skeleton.n_end_points < service_cell.skeleton.n_end_points
    table = algorithms.morphometrics(pruned)
    for name in names:
        linked = service_cell.annotations[name].map_index_to_layer("skeleton", missing=-1) >= 0
        assert table[f"{name}_count"].item() == linked.sum()
