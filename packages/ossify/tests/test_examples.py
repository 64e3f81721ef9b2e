"""The example cell is a pyramidal cell, and the same one each time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ossify import label_axon_from_synapse_flow
from ossify.compartment import Compartment
from ossify.examples import example_cell
from ossify.testing import assert_cells_equal

SOMA, AXON, BASAL, APICAL = (
    Compartment.SOMA,
    Compartment.AXON,
    Compartment.DENDRITE,
    Compartment.APICAL_DENDRITE,
)
sizes = pytest.mark.parametrize("n_vertices", [50, 51, 1_000, 5_000, 20_000])


@pytest.fixture(scope="module")
def cell():
    return example_cell(mesh=True)


def compartment_of(cell, annotation):
    """The compartment of the skeleton vertex that each synapse leads to."""
    rows = annotation.map_index_to_layer("skeleton", as_positional=True)
    return cell.skeleton.get_feature("compartment")[np.asarray(rows)]


@sizes
def test_it_has_exactly_the_vertices_asked_for(n_vertices):
    assert example_cell(n_vertices).skeleton.n_vertices == n_vertices


@sizes
def test_every_compartment_is_there_at_any_size(n_vertices):
    compartment = example_cell(n_vertices).skeleton.get_feature("compartment")
    assert set(compartment.tolist()) == {SOMA, AXON, BASAL, APICAL}


@pytest.mark.parametrize("n_vertices", [-1, 0, 49])
def test_too_few_vertices_are_refused_with_the_least(n_vertices):
    with pytest.raises(ValueError, match=rf"50 vertices or more.*n_vertices={n_vertices}"):
        example_cell(n_vertices)


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError, match="seed must be 0 or more; got -3"):
        example_cell(100, seed=-3)


@pytest.mark.parametrize("argument", [{"n_vertices": 100.0}, {"seed": 1.0}, {"seed": "1"}])
def test_only_whole_numbers_are_taken(argument):
    with pytest.raises(TypeError):
        example_cell(**argument)


def test_the_same_seed_makes_the_same_cell():
    assert_cells_equal(example_cell(700, seed=3, mesh=True), example_cell(700, seed=3, mesh=True))


def test_another_seed_makes_another_cell():
    one, other = example_cell(700, seed=3), example_cell(700, seed=4)
    assert one.name != other.name
    assert not np.array_equal(one.skeleton.vertices, other.skeleton.vertices)


def test_a_seed_makes_the_same_cell_everywhere():
    cell = example_cell(1_000, seed=7, mesh=True)
    assert cell.name == 864691135281321651
    assert cell.skeleton.vertices[[1, 500, 999]].tolist() == [
        [999071.1, 581589.5, 999746.2],
        [1095181.9, 191160.8, 978831.1],
        [1108138.2, 661081.2, 904262.8],
    ]
    assert cell.graph.vertex_index[[0, 1000]].tolist() == [179099985919346423, 181296797266740850]
    assert cell.annotations.pre_syn.vertex_index[[0, -1]].tolist() == [200000092, 200005764]
    assert cell.annotations.post_syn.get_feature("size")[:3].tolist() == [179, 3672, 66]
    assert cell.mesh.vertices[3_000].tolist() == [919457.4, 202969.7, 933031.5]


@pytest.mark.parametrize("seed", range(5))
def test_its_axon_is_found_by_the_flow_of_its_synapses(seed):
    cell = example_cell(4_000, seed)
    is_axon, segregation = label_axon_from_synapse_flow(cell, return_segregation_index=True)
    assert (is_axon == (cell.skeleton.get_feature("compartment") == AXON)).mean() > 0.995
    assert segregation > 0.95


def test_a_mesh_changes_nothing_else():
    with_mesh = example_cell(700, mesh=True)
    assert_cells_equal(with_mesh.remove_layer("mesh"), example_cell(700))


def test_it_says_that_it_is_synthetic(cell):
    assert cell.meta["synthetic"] is True
    assert cell.meta["seed"] == 0
    assert cell.units == "nm"
    assert isinstance(cell.name, int)
    assert cell.name > 2**53


def test_the_soma_is_the_root_and_nothing_else(cell):
    compartment = cell.skeleton.get_feature("compartment")
    assert np.flatnonzero(compartment == SOMA).tolist() == [cell.skeleton.root_positional]
    assert cell.skeleton.roots.tolist() == [cell.skeleton.root]


@sizes
def test_a_path_from_the_soma_stays_in_one_compartment(n_vertices):
    skeleton = example_cell(n_vertices).skeleton
    compartment = skeleton.get_feature("compartment")
    child, parent = skeleton.edges_positional.T
    beyond_soma = parent != skeleton.root_positional
    assert (compartment[child] == compartment[parent])[beyond_soma].all()


def test_there_is_one_axon_one_apical_dendrite_and_several_basal(cell):
    skeleton = cell.skeleton
    stems = skeleton.child_vertices(skeleton.root)[skeleton.root]
    compartments = skeleton.get_feature("compartment")[stems].tolist()
    assert compartments.count(AXON) == 1
    assert compartments.count(APICAL) == 1
    assert compartments.count(BASAL) >= 3


@pytest.mark.parametrize("seed", range(5))
def test_it_is_as_large_as_a_cell_of_cortex(seed):
    skeleton = example_cell(3_000, seed).skeleton
    extent = np.ptp(skeleton.vertices, axis=0) / 1000
    assert 900 < extent[1] < 1_700
    assert ((extent[[0, 2]] > 200) & (extent[[0, 2]] < 1_500)).all()
    assert 5_000 < skeleton.cable_length() / 1000 < 50_000


@pytest.mark.parametrize("seed", range(5))
def test_the_apical_dendrite_rises_and_the_axon_descends(seed):
    skeleton = example_cell(3_000, seed).skeleton
    depth = skeleton.vertices[:, 1] - skeleton.root_location[1]
    compartment = skeleton.get_feature("compartment")
    assert depth[compartment == APICAL].mean() < -150_000
    assert depth[compartment == AXON].mean() > 150_000
    assert abs(depth[compartment == BASAL].mean()) < 100_000


def test_neighbours_are_equally_far_apart_but_for_the_soma(cell):
    skeleton = cell.skeleton
    child, parent = skeleton.edges_positional.T
    step = np.linalg.norm(skeleton.vertices[child] - skeleton.vertices[parent], axis=1)
    step = step[parent != skeleton.root_positional]
    assert step.max() < 1.5 * np.median(step)
    assert step.min() > 0.5 * np.median(step)


def test_the_axon_is_the_thinnest(cell):
    radius = cell.skeleton.nodes.groupby("compartment")["radius"].median()
    assert radius[AXON] < radius[BASAL] / 1.5
    assert radius[SOMA] > 5_000
    assert (radius > 0).all()


def test_branches_taper(cell):
    skeleton = cell.skeleton
    for compartment in (AXON, BASAL, APICAL):
        here = skeleton.get_feature("compartment") == compartment
        radius, distance = skeleton.get_feature("radius")[here], skeleton.distance_to_root()[here]
        near = distance < np.quantile(distance, 0.1)
        assert radius[near].mean() > 1.3 * radius[~near].mean()


def test_the_axon_is_found_whole_below_one_vertex(cell):
    skeleton = cell.skeleton
    is_axon = skeleton.get_feature("compartment") == AXON
    first = skeleton.vertex_index[is_axon][0]
    below = skeleton.downstream_vertices(first, inclusive=True, as_positional=True)
    assert sorted(below.tolist()) == np.flatnonzero(is_axon).tolist()


def test_the_graph_is_like_a_level_2_graph(cell):
    graph = cell.graph
    assert graph.nodes.index.name == "l2_id"
    assert graph.spatial_columns == ["rep_coord_nm_x", "rep_coord_nm_y", "rep_coord_nm_z"]
    assert 1.5 < graph.n_vertices / cell.skeleton.n_vertices < 3
    assert graph.vertex_index.min() > 2**53
    assert {name: dtype.name for name, dtype in graph.features.dtypes.items()} == {
        "area_nm2": "int64",
        "max_dt_nm": "float64",
        "mean_dt_nm": "float64",
        "size_nm3": "int64",
    }
    assert (graph.features > 0).all(axis=None)


def test_the_graph_is_in_one_piece_and_has_cycles(cell):
    graph = cell.graph
    assert graph.n_vertices <= len(graph.edges) < 1.5 * graph.n_vertices
    assert np.isfinite(graph.distance_between(graph.vertex_index[:1])).all()
    assert len({frozenset(edge) for edge in graph.edges.tolist()}) == len(graph.edges)


def test_every_level_2_vertex_is_close_to_its_skeleton_vertex(cell):
    rows = np.asarray(cell.graph.map_index_to_layer("skeleton", as_positional=True))
    offset = cell.graph.vertices - cell.skeleton.vertices[rows]
    assert (np.linalg.norm(offset, axis=1) <= cell.skeleton.get_feature("radius")[rows] + 1).all()


def test_outputs_are_on_the_axon(cell):
    assert set(compartment_of(cell, cell.annotations.pre_syn)) == {AXON}


def test_inputs_are_on_dendrites_but_for_a_few_near_the_soma(cell):
    inputs = cell.annotations.post_syn
    compartment = compartment_of(cell, inputs)
    assert set(compartment) == {AXON, BASAL, APICAL}
    assert (compartment == AXON).mean() == pytest.approx(0.03, abs=0.005)
    outputs = cell.annotations.pre_syn.distance_to_root()
    assert inputs.distance_to_root()[compartment == AXON].max() <= outputs.min()


@pytest.mark.parametrize(
    ("name", "own", "other"), [("pre_syn", "pre", "post"), ("post_syn", "post", "pre")]
)
def test_synapses_have_the_columns_of_a_synapse_table(cell, name, own, other):
    synapses = cell.annotations[name]
    assert synapses.nodes.index.name == "id"
    assert synapses.spatial_columns == [f"ctr_pt_position_{axis}" for axis in "xyz"]
    features = synapses.features
    assert sorted(features) == sorted(["size", f"{own}_pt_l2_id", f"{other}_pt_root_id"])
    assert set(features.dtypes) == {np.dtype(np.int64)}
    assert (features[f"{other}_pt_root_id"] > 2**53).all()
    assert (features["size"] > 0).all()
    assert pd.Index(features[f"{own}_pt_l2_id"]).isin(cell.graph.vertex_index).all()


def test_outputs_and_inputs_share_no_id(cell):
    ids = [synapses.vertex_index for synapses in cell.annotations]
    assert len(np.intersect1d(*ids)) == 0


def test_the_mesh_follows_the_skeleton(cell):
    mesh, skeleton = cell.mesh, cell.skeleton
    assert 5 <= mesh.n_vertices / skeleton.n_vertices <= 10
    rows = np.asarray(mesh.map_index_to_layer("skeleton", as_positional=True))
    distance = np.linalg.norm(mesh.vertices - skeleton.vertices[rows], axis=1)
    np.testing.assert_allclose(distance, skeleton.get_feature("radius")[rows], atol=0.5)
    assert len(np.unique(mesh.faces)) == mesh.n_vertices


def test_the_soma_of_the_mesh_is_a_ball_that_faces_outwards(cell):
    mesh = cell.apply_mask("skeleton", [cell.skeleton.root]).mesh
    corners = mesh.vertices[mesh.faces_positional]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    outwards = corners.mean(axis=1) - mesh.vertices.mean(axis=0)
    assert ((normal * outwards).sum(axis=1) > 0).all()


def test_without_mesh_there_is_none():
    assert example_cell(60).mesh is None
