"""The calls of the document "Data Import and Export" that a cell and a local file answer."""

from __future__ import annotations

import os

import numpy as np
import pandas as pd
import pytest

import ossify
from ossify.testing import assert_cells_equal


def test_saving_cells(cell, tmp_path):
    ossify.save_cell(cell)
    assert os.path.exists("my_neuron.osy")

    ossify.save_cell(cell, "path/to/my_cell.osy")
    assert_cells_equal(ossify.load_cell("path/to/my_cell.osy"), cell)

    ossify.save_cell(cell, "existing_file.osy", allow_overwrite=False)
    with pytest.raises(FileExistsError):
        ossify.save_cell(cell, "existing_file.osy", allow_overwrite=False)
    cell.name = "another"
    ossify.save_cell(cell, "existing_file.osy", allow_overwrite=True)
    assert ossify.load_cell("existing_file.osy").name == "another"

    with open("my_cell.osy", "wb") as f:
        ossify.save_cell(cell, f)
    assert_cells_equal(ossify.load_cell("my_cell.osy"), cell)


def test_an_empty_cell_saves_under_its_name():
    cell = ossify.Cell(name="my_neuron")
    ossify.save_cell(cell)
    assert ossify.load_cell("my_neuron.osy").name == "my_neuron"


def test_loading_cells(cell, capsys):
    ossify.save_cell(cell, "path/to/my_cell.osy")
    cell = ossify.load_cell("path/to/my_cell.osy")
    with open("path/to/my_cell.osy", "rb") as f:
        assert_cells_equal(ossify.load_cell(f), cell)

    cell.describe()
    print(f"Loaded cell '{cell.name}' with {len(cell.layers.names)} layers")
    printed = capsys.readouterr().out
    assert "skeleton" in printed
    assert "Loaded cell 'my_neuron' with 3 layers" in printed


def test_local_urls(cell, tmp_path):
    ossify.save_cell(cell, f"file://{tmp_path}/absolute/path/to/cell.osy")
    assert (tmp_path / "absolute/path/to/cell.osy").exists()
    assert_cells_equal(ossify.load_cell(f"file://{tmp_path}/absolute/path/to/cell.osy"), cell)


def test_counts_and_synapses_of_a_loaded_cell(cell):
    assert f"Skeleton: {cell.skeleton.n_vertices} vertices" == "Skeleton: 6 vertices"
    assert f"Graph: {cell.graph.n_vertices} L2 vertices" == "Graph: 6 L2 vertices"
    assert len(cell.annotations.pre_syn.vertices) == 2
    assert len(cell.annotations.post_syn.vertices) == 3

    pre_synapses = cell.annotations.pre_syn
    partner_ids = (
        pre_synapses.get_feature("post_pt_root_id")
        if "post_pt_root_id" in pre_synapses.feature_names
        else None
    )
    assert partner_ids.tolist() == [864691135639806263, 864691135639806265]
    assert partner_ids.dtype == np.int64

    assert (len(cell.graph.edges) if cell.graph else 0) == 5
    assert (cell.graph.feature_names if cell.graph else []) == ["size_nm3"]
    assert (cell.skeleton.feature_names if cell.skeleton else []) == ["compartment", "radius"]


def test_coordinates_radius_and_compartments(cell):
    l2_coords = cell.graph.vertices
    assert l2_coords.min(axis=0).tolist() == [10, 10, 10]
    assert l2_coords.max(axis=0).tolist() == [3010, 2010, 10]
    skel_coords = cell.skeleton.vertices
    assert skel_coords.max(axis=0).tolist() == [3000, 2000, 0]
    if "radius" in cell.skeleton.feature_names:
        radius = cell.skeleton.get_feature("radius")
        assert f"Radius range: {radius.min():.2f} - {radius.max():.2f}" == (
            "Radius range: 80.00 - 500.00"
        )
    if "compartment" in cell.skeleton.feature_names:
        compartment = cell.skeleton.get_feature("compartment")
        assert np.unique(compartment).tolist() == [1, 2, 3]


def test_a_node_mask_applied_to_the_graph_gives_a_graph(cell):
    node_mask = np.array([True, True, False, False, True, True])
    if cell.graph and len(node_mask) == cell.graph.n_vertices:
        masked_graph = cell.graph.apply_mask(node_mask, as_positional=True)
        assert f"Masked graph: {masked_graph.n_vertices} vertices" == "Masked graph: 4 vertices"
        assert isinstance(masked_graph, ossify.GraphLayer)


def test_mesh_counts(cell):
    assert cell.mesh is not None
    counts = f"Mesh: {cell.mesh.n_vertices} vertices, {len(cell.mesh.faces)} faces"
    assert counts == "Mesh: 12 vertices, 3 faces"


def test_linkages_between_layers(cell):
    skeleton_to_graph = cell.skeleton.map_index_to_layer("graph", as_positional=False)
    assert len(skeleton_to_graph) == 6
    assert skeleton_to_graph.tolist() == cell.graph.vertex_index.tolist()
    counts = {name: cell.annotations[name].n_vertices for name in cell.annotations.names}
    assert counts == {"pre_syn": 2, "post_syn": 3}


def test_mesh_to_trimesh(cell):
    tmesh = cell.mesh.as_trimesh
    tmesh.export("output.ply")
    tmesh.export("output.obj")
    assert os.path.getsize("output.ply") > 0
    assert os.path.getsize("output.obj") > 0


def test_skeleton_to_networkx(cell):
    import networkx as nx

    G = nx.from_edgelist(cell.skeleton.edges)
    pos_dict = {vid: cell.skeleton.vertices[i] for i, vid in enumerate(cell.skeleton.vertex_index)}
    nx.set_node_attributes(G, pos_dict, "pos")
    assert nx.is_tree(G)
    assert G.nodes[3]["pos"].tolist() == [3000, 0, 0]


def test_tables_to_csv(cell):
    skeleton_data = cell.skeleton.nodes
    skeleton_data.to_csv("skeleton_data.csv")
    read = pd.read_csv("skeleton_data.csv", index_col=0)
    assert read["x"].tolist() == cell.skeleton.vertices[:, 0].tolist()

    cell.add_point_annotations("synapses", [[1.0, 2.0, 3.0]])
    annotation_data = (
        cell.annotations.synapses.nodes if "synapses" in cell.annotations.names else None
    )
    annotation_data.to_csv("synapse_data.csv")
    assert pd.read_csv("synapse_data.csv")["z"].tolist() == [3.0]


def test_creating_cells_from_external_data():
    pd.DataFrame(
        {
            "vertex_id": [7, 3, 9, 4],
            "x": [0.0, 1.0, 2.0, 1.0],
            "y": [0.0, 0.0, 0.0, 1.0],
            "z": [0.0, 0.0, 0.0, 0.0],
            "radius_um": [2.0, 0.5, 0.25, 0.5],
            "compartment_type": [1, 3, 3, 3],
        }
    ).to_csv("neuron_vertices.csv", index=False)
    pd.DataFrame({"source": [3, 9, 4], "target": [7, 3, 3]}).to_csv("neuron_edges.csv", index=False)
    pd.DataFrame(
        {
            "pos_x": [1.5, 1.0],
            "pos_y": [0.0, 0.5],
            "pos_z": [0.0, 0.0],
            "conf_score": [0.9, 0.8],
            "synapse_type": ["excitatory", "inhibitory"],
        }
    ).to_csv("synapses.csv", index=False)
    vertex_data = pd.read_csv("neuron_vertices.csv")
    edge_data = pd.read_csv("neuron_edges.csv")

    cell = ossify.Cell(name="imported_neuron")
    cell.add_skeleton(
        vertices=vertex_data,
        edges=edge_data[["source", "target"]].values,
        root=vertex_data.iloc[0]["vertex_id"],  # a float by now
        spatial_columns=["x", "y", "z"],
        vertex_index="vertex_id",
        features={"radius": "radius_um", "compartment": "compartment_type"},
    )
    synapse_data = pd.read_csv("synapses.csv")
    cell.add_point_annotations(
        name="synapses",
        vertices=synapse_data,
        spatial_columns=["pos_x", "pos_y", "pos_z"],
        features={"confidence": "conf_score", "type": "synapse_type"},
    )

    assert cell.skeleton.root == 7
    assert cell.skeleton.vertex_index.tolist() == [7, 3, 9, 4]
    assert cell.skeleton.branch_points.tolist() == [3]
    assert cell.skeleton.get_feature("radius").tolist() == [2.0, 0.5, 0.25, 0.5]
    assert cell.skeleton.get_feature("compartment").tolist() == [1, 3, 3, 3]
    assert cell.skeleton.cable_length() == 3.0
    assert cell.annotations.synapses.get_feature("confidence").tolist() == [0.9, 0.8]
    assert cell.annotations.synapses.get_feature("type").tolist() == ["excitatory", "inhibitory"]


def test_coordinate_systems(cell):
    def convert_coordinates(vertices, scale_factor=1000, offset=[0, 0, 0]):  # noqa: B006
        vertices_scaled = vertices * scale_factor
        vertices_offset = vertices_scaled + offset
        return vertices_offset

    def complex_transform(coords):
        scaled = coords * 0.001
        translated = scaled + [100, 100, 0]
        return translated

    cell_um = cell.transform(lambda x: x / 1000)
    assert cell_um.skeleton.cable_length() == pytest.approx(5)
    assert cell_um.annotations.pre_syn.vertices[0].tolist() == [3, 0.005, 0]
    back = cell_um.transform(convert_coordinates)
    np.testing.assert_allclose(back.mesh.vertices, cell.mesh.vertices)

    converted_cell = cell.transform(complex_transform)
    converted_cell.name = f"{cell.name}_converted"
    assert converted_cell.name == "my_neuron_converted"
    assert cell.name == "my_neuron"
    assert converted_cell.skeleton.root_location.tolist() == [100, 100, 0]


def test_file_sizes(cell):
    ossify.save_cell(cell, "cell.osy")
    original_size = os.path.getsize("cell.osy")
    assert original_size / 1024 / 1024 < 0.1
