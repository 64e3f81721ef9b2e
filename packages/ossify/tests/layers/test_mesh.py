import numpy as np
import pytest

from ossify import MeshLayer
from ossify.errors import TopologyError


def test_faces_are_ids_and_rows(mesh):
    assert mesh.faces.tolist() == [[7, 5, 6], [5, 8, 6]]
    assert mesh.faces.dtype == np.int64
    assert mesh.faces_positional.tolist() == [[0, 1, 2], [1, 3, 2]]
    assert mesh.as_tuple[0] is mesh.vertices
    assert mesh.as_tuple[1].tolist() == mesh.faces_positional.tolist()


def test_edges_are_the_sides_of_every_face(mesh):
    sides = sorted(tuple(sorted(side)) for side in mesh.edges.tolist())
    assert sides == [(5, 6), (5, 6), (5, 7), (5, 8), (6, 7), (6, 8)]
    assert np.array_equal(mesh.vertex_index[mesh.edges_positional], mesh.edges)


def test_a_side_of_two_faces_counts_once_in_the_matrix(mesh):
    assert mesh.csgraph.toarray().tolist() == [
        [0, 3, 4, 0],
        [3, 0, 5, 4],
        [4, 5, 0, 3],
        [0, 4, 3, 0],
    ]


def test_area_is_of_faces_inside_or_touching(mesh):
    assert mesh.surface_area() == 12
    assert mesh.surface_area([7, 5, 6]) == 6
    assert mesh.surface_area([7, 5]) == 0
    assert mesh.surface_area([7, 5], inclusive=True) == 12
    assert mesh.surface_area([0], as_positional=True, inclusive=True) == 6
    assert mesh.surface_area([]) == 0


def test_a_mask_keeps_faces_between_kept_vertices(mesh):
    masked = mesh.apply_mask([8, 5, 6])
    assert masked.faces.tolist() == [[5, 8, 6]]
    assert masked.faces_positional.tolist() == [[0, 2, 1]]
    assert masked.surface_area() == 6


def test_it_goes_out_to_trimesh_as_it_is_and_stays_as_it_is(mesh):
    tmesh = mesh.as_trimesh
    assert tmesh.vertices.tolist() == mesh.vertices.tolist()
    assert tmesh.faces.tolist() == mesh.faces_positional.tolist()
    assert tmesh.area == 12
    tmesh.apply_scale(10)
    assert mesh.surface_area() == 12
    assert mesh.as_trimesh.area == 12


def test_what_is_derived_follows_a_transform_in_place(mesh):
    mesh.csgraph, mesh.as_trimesh  # noqa: B018
    mesh.transform(lambda xyz: xyz * 10, inplace=True)
    assert mesh.surface_area() == 1200
    assert mesh.csgraph.max() == 50
    assert mesh.as_trimesh.area == 1200


@pytest.mark.parametrize("nothing", [None, [], np.empty((0, 3), int)])
def test_no_faces_are_allowed(nothing):
    mesh = MeshLayer("mesh", [[0, 0, 0]], nothing)
    assert mesh.faces.shape == (0, 3)
    assert mesh.surface_area() == 0
    assert mesh.edges.shape == (0, 2)


def test_faces_of_unknown_vertices_are_refused_at_once():
    """W36"""
    xyz = np.zeros((3, 3))
    with pytest.raises(TopologyError, match=r"mesh: 1 of 2 faces name .* face 1: \[0, 1, 9\]"):
        MeshLayer("mesh", xyz, [[0, 1, 2], [0, 1, 9]])
    with pytest.raises(TopologyError, match=r"faces_as_positional=True if they are rows"):
        MeshLayer("mesh", xyz, [[0, 1, 9]])
    with pytest.raises(TopologyError, match=r"faces must have shape \(M, 3\)"):
        MeshLayer("mesh", xyz, [[0, 1]])


def test_faces_can_be_rows_or_ids():
    xyz, ids = np.zeros((3, 3)), [7, 8, 9]
    by_row = MeshLayer("mesh", xyz, [[2, 1, 0]], vertex_index=ids)
    by_id = MeshLayer("mesh", xyz, [[9, 8, 7]], vertex_index=ids, faces_as_positional=False)
    assert by_row.faces.tolist() == by_id.faces.tolist() == [[9, 8, 7]]
