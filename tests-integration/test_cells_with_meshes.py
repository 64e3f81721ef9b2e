"""The mesh of a cell, linked to its level-2 graph and skeleton, over real HTTP."""

from __future__ import annotations

import numpy as np
import pytest

import ossify


@pytest.fixture
def root(neurons):
    return neurons["edited"]["root_ids"][-1]


@pytest.fixture
def cell(dataset, root):
    return dataset.get_skeleton(root, synapses=False)


def test_a_cell_gets_its_mesh_with_the_level_2_ids_of_its_vertices(dataset, cell, root):
    assert dataset.add_mesh(cell) is cell
    mesh = dataset.mesh.get_mesh(root)
    np.testing.assert_array_equal(cell.mesh.vertices, mesh.vertices)
    np.testing.assert_array_equal(cell.mesh.faces, mesh.faces)
    l2_ids, assigner = dataset.mesh.compute_vertex_to_l2_mapping(root, return_assigner=True)
    for name, values in (
        ("l2_id", l2_ids),
        ("l2_method", assigner.method),
        ("l2_confidence", assigner.confidence),
    ):
        assert cell.mesh.get_feature(name).dtype == values.dtype
        np.testing.assert_array_equal(cell.mesh.get_feature(name), values)


def test_every_vertex_with_an_id_is_on_that_vertex_of_the_graph(dataset, cell):
    dataset.add_mesh(cell)
    l2_ids = cell.mesh.get_feature("l2_id")
    assert (l2_ids > 0).any()
    np.testing.assert_array_equal(cell.mesh.map_index_to_layer("graph", missing=0), l2_ids)


def test_a_mask_of_the_skeleton_cuts_the_mesh(dataset, cell):
    dataset.add_mesh(cell)
    places = cell.mesh.map_index_to_layer("skeleton", missing=-1)
    there = places[places >= 0]
    part = there[: len(there) // 2]
    masked = cell.apply_mask("skeleton", np.isin(cell.skeleton.vertex_index, part))
    expected = cell.mesh.vertex_index[np.isin(places, part)]
    assert 0 < len(expected) < len(there)
    np.testing.assert_array_equal(masked.mesh.vertex_index, expected)


def test_a_mesh_at_hand_is_not_downloaded(dataset, service, cell, root):
    mesh = dataset.mesh.get_mesh(root)
    service.log.clear()
    dataset.add_mesh(cell, vertices=mesh.vertices, faces=mesh.faces)
    assert not [request for request in service.log if "manifest" in request.path]
    assert cell.mesh.n_vertices == len(mesh.vertices)


def _twice(cell):
    cell.add_mesh([[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 1, 2]])


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_twice, "has a mesh already"),
        (lambda cell: cell.remove_layer("graph"), "no level-2 graph"),
        (
            lambda cell: cell.transform(lambda xyz: xyz / 1000, inplace=True, units="um"),
            "is in um of",
        ),
        (lambda cell: cell.meta.pop("root_id"), "root_id has to say whose mesh"),
    ],
    ids=["mesh", "graph", "units", "root"],
)
def test_what_cannot_have_the_mesh_is_refused_and_left_as_it_was(dataset, cell, spoil, said):
    spoil(cell)
    before = cell.copy()
    with pytest.raises(ValueError, match=said):
        dataset.add_mesh(cell)
    ossify.testing.assert_cells_equal(cell, before)
