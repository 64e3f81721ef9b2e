"""A mesh is cut into what is connected within one chunk."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cortical_tools.mesh_labels.pieces import Cutter

NOWHERE = np.zeros((0, 3), dtype=np.int64)


def cut(chunks, vertices, faces, known=NOWHERE):
    """The place, in chunks, and the piece of each vertex, in the order of the mesh."""
    known = np.asarray(known, dtype=np.int64).reshape(-1, 3)
    cutter = Cutter(chunks, np.asarray(vertices, float), known)
    pieces = cutter.cut(np.asarray(faces, np.int64).reshape(-1, 3), np.unique(cutter.keys(known)))
    place, piece = np.zeros((len(vertices), 3), dtype=int), np.zeros(len(vertices), dtype=int)
    place[pieces.order] = cutter.places(pieces.keys)[pieces.chunk]
    piece[pieces.order] = pieces.piece
    return place, piece, pieces


def naive_pieces(place, faces):
    """The smallest vertex that each is connected with, through edges within one chunk."""
    found = np.arange(len(place))
    pairs = [(f[a], f[b]) for f in faces for a in range(3) for b in range(3)]
    pairs = [(a, b) for a, b in pairs if (place[a] == place[b]).all()]
    for _ in found:
        for a, b in pairs:
            found[a] = found[b] = min(found[a], found[b])
    return found


@settings(max_examples=60, deadline=None)
@given(data=st.data(), n=st.integers(1, 25))
def test_pieces_are_those_of_the_definition(make_chunks, data, n):
    chunks = make_chunks(grid=data.draw(st.sampled_from([0, 7])), offset=(3, -250, 0))
    vertices = data.draw(arrays(np.int64, (n, 3), elements=st.integers(-2100, 2100)))
    faces = data.draw(
        arrays(np.int64, (data.draw(st.integers(0, 30)), 3), elements=st.integers(0, n - 1))
    )
    place, piece, pieces = cut(chunks, vertices, faces)
    for axis in range(3):
        assert (chunks.begins(axis, place[:, axis]) <= vertices[:, axis]).all()
        assert (vertices[:, axis] < chunks.begins(axis, place[:, axis] + 1)).all()
    naive = naive_pieces(place, faces)
    assert ((piece[:, None] == piece) == (naive[:, None] == naive)).all()
    assert pieces.n_pieces == len(np.unique(naive))
    assert pieces.n_vertices.sum() == n
    assert (np.diff(pieces.chunk_of_piece) >= 0).all()
    in_faces = np.isin(np.arange(n), faces)
    goes_on = [(piece[f] != piece[v]).any() for v in range(n) for f in [faces[(faces == v).any(1)]]]
    for row in range(pieces.n_pieces):
        assert pieces.is_surface[row] == in_faces[piece == row].any()
        assert pieces.goes_on[row] == np.array(goes_on)[piece == row].any()


@pytest.fixture
def cut_simple(chunks):
    """Cut a mesh of chunks of 1000 nm."""

    def simple(vertices, faces, known=NOWHERE):
        return cut(chunks, vertices, faces, known)

    return simple


def test_a_face_that_reaches_out_and_back_connects(cut_simple):
    # 0 and 2 are in one chunk, 1 in the next: the edge from 0 to 2 is all that holds them.
    _, piece, pieces = cut_simple([[900, 0, 0], [1100, 0, 0], [900, 50, 0]], [[0, 1, 2]])
    assert piece[0] == piece[2] != piece[1]
    assert pieces.goes_on.all()


#  chunk 0          | chunk 1
#     0 ------------1
#        \          |  \
#          \ ------ 2    3
SQUARE = [[500, 500, 500], [1000, 500, 500], [1000, 600, 500], [1500, 600, 500]]


def test_a_vertex_on_a_border_is_in_the_chunk_that_begins_there(cut_simple):
    place, _, _ = cut_simple(SQUARE[:3], [[0, 1, 2]])
    assert place[:, 0].tolist() == [0, 1, 1]


def test_a_vertex_on_a_border_is_in_the_only_chunk_that_is_known(cut_simple):
    place, piece, _ = cut_simple(SQUARE[:3], [[0, 1, 2]], known=[[0, 0, 0]])
    assert place[:, 0].tolist() == [0, 0, 0]
    assert len(set(piece.tolist())) == 1


def test_unless_the_mesh_goes_on_behind_it(cut_simple):
    place, _, _ = cut_simple(SQUARE, [[0, 1, 2], [1, 3, 2]], known=[[0, 0, 0]])
    assert place[:, 0].tolist() == [0, 1, 1, 1]


def test_a_vertex_on_a_corner_is_taken_by_the_chunk_that_is_fewest_steps_back(cut_simple):
    corner = [[1000, 1000, 1000], [700, 900, 1100], [900, 700, 1100]]
    known = [[0, 0, 0], [0, 0, 1]]
    place, _, _ = cut_simple(corner, [[0, 1, 2]], known=known)
    assert place[0].tolist() == [0, 0, 1]
    inside = [corner[0], [700, 900, 900], [900, 700, 900]]
    place, _, _ = cut_simple(inside, [[0, 1, 2]], known=[[0, 0, 0]])
    assert place[0].tolist() == [0, 0, 0]


def test_a_vertex_on_a_border_stays_where_it_is_if_chunks_with_a_mesh_are_not_known(cut_simple):
    # What ends at the border of a chunk, and something in a third one.
    points = [*SQUARE[:3], [2500, 500, 500]]
    place, _, _ = cut_simple(points, [[0, 1, 2]], known=[[0, 0, 0]])
    assert place[:, 0].tolist() == [0, 1, 1, 2]
    place, _, _ = cut_simple(points, [[0, 1, 2]], known=[[0, 0, 0], [2, 0, 0]])
    assert place[:, 0].tolist() == [0, 0, 0, 2]


def test_coordinates_of_another_unit_are_refused(cut_simple):
    with pytest.raises(ValueError, match="more than any volume has"):
        cut_simple([[0, 0, 0], [1e12, 0, 0]], [])
