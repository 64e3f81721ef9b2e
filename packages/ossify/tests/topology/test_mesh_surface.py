import numpy as np
import pytest

from ossify.errors import TopologyError
from ossify.topology import mesh_surface
from ossify.topology.mesh_surface import face_areas, face_edges, surface_area, vertex_adjacency

#  3 ---- 2
#  |    / |      a square of side 2, and a vertex 4 that no face has
#  |  /   |
#  0 ---- 1
POINTS = np.array([[0.0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0], [9, 9, 9]])
FACES = np.array([[0, 1, 2], [0, 2, 3]])


def test_areas_are_half_the_square_each():
    assert face_areas(POINTS, FACES).tolist() == [2.0, 2.0]
    assert surface_area(POINTS, FACES) == 4.0


def test_a_face_with_a_repeated_vertex_has_no_area():
    assert face_areas(POINTS, np.array([[0, 1, 1]])).tolist() == [0.0]


def test_areas_of_more_faces_than_fit_in_one_block():
    rng = np.random.default_rng(0)
    points = rng.random((500, 3))
    faces = rng.integers(0, 500, (2 * mesh_surface._BLOCK + 3, 3))
    a, b, c = (points[faces[:, corner]] for corner in range(3))
    expected = 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1)
    np.testing.assert_allclose(face_areas(points, faces), expected, atol=1e-12)


def test_a_selection_has_the_faces_inside_it_or_all_it_touches():
    keep = np.array([True, True, True, False, False])
    assert surface_area(POINTS, FACES, keep) == 2.0
    assert surface_area(POINTS, FACES, keep, inclusive=True) == 4.0
    assert surface_area(POINTS, FACES, np.zeros(5, bool), inclusive=True) == 0.0


def test_no_faces_have_no_area_and_no_edges():
    none = np.zeros((0, 3), dtype=int)
    assert surface_area(POINTS, none) == 0.0
    assert face_edges(none).shape == (0, 2)
    assert vertex_adjacency(POINTS, none).nnz == 0


@pytest.mark.parametrize("keep", [np.ones(4, bool), np.ones(5, int)])
def test_a_selection_of_another_kind_is_refused(keep):
    with pytest.raises(TopologyError, match="5 booleans"):
        surface_area(POINTS, FACES, keep)


def test_a_side_between_two_faces_is_there_in_both_directions():
    sides = face_edges(FACES).tolist()
    assert sides == [[0, 1], [1, 2], [2, 0], [0, 2], [2, 3], [3, 0]]


def test_neighbours_are_joined_once_with_their_distance():
    graph = vertex_adjacency(POINTS, FACES)
    diagonal = np.sqrt(8)
    assert graph.toarray().tolist() == [
        [0, 2, diagonal, 2, 0],
        [2, 0, 2, 0, 0],
        [diagonal, 2, 0, 2, 0],
        [2, 0, 2, 0, 0],
        [0, 0, 0, 0, 0],
    ]


def test_vertices_in_one_place_are_neighbours_at_no_distance():
    points = np.zeros((3, 3))
    assert vertex_adjacency(points, np.array([[0, 1, 2]])).nnz == 6
