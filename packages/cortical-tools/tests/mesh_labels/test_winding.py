"""Winding numbers, of closed surfaces and of those that chunks have cut open."""

import numpy as np
import pytest

from cortical_tools.mesh_labels.pieces import Cutter
from cortical_tools.mesh_labels.winding import ClosedPieces


def closed_pieces(chunks, mesh, wanted=None):
    points, faces = mesh
    cutter = Cutter(chunks, points, np.zeros((0, 3), dtype=np.int64))
    pieces = cutter.cut(faces, np.zeros(0, dtype=np.int64))
    if wanted is None:
        wanted = np.ones(pieces.n_pieces, dtype=bool)
    return pieces, ClosedPieces(pieces, wanted)


def naive_winding(mesh, point):
    """Solid angles by the spherical excess: the angles of a triangle on a sphere, less π."""
    points, faces = mesh
    total = 0.0
    for corners in points[faces] - point:
        unit = corners / np.linalg.norm(corners, axis=1, keepdims=True)
        excess = -np.pi
        for n in range(3):
            a, b, c = unit[n], unit[(n + 1) % 3], unit[(n + 2) % 3]
            to_b, to_c = np.cross(a, b), np.cross(a, c)
            cosine = to_b @ to_c / np.linalg.norm(to_b) / np.linalg.norm(to_c)
            excess += np.arccos(np.clip(cosine, -1, 1))
        total += excess * np.sign(np.linalg.det(corners))
    return total / (4 * np.pi)


def test_a_closed_surface_turns_once_around_what_is_inside(chunks, box):
    mesh = box([210, 220, 230], [610, 520, 730])
    _, closed = closed_pieces(chunks, mesh)
    points = np.array([[400.0, 400, 400], [230, 240, 250], [700, 400, 400], [400, 400, 100]])
    turns = closed.winding(np.zeros(4, dtype=np.int64), points)
    np.testing.assert_allclose(turns, [1, 1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(turns, [naive_winding(mesh, point) for point in points], atol=1e-6)


def test_faces_the_other_way_round_turn_the_other_way(chunks, box):
    points, faces = box([210, 220, 230], [610, 520, 730])
    _, closed = closed_pieces(chunks, (points, faces[:, ::-1]))
    turns = closed.winding(np.zeros(1, dtype=np.int64), np.array([[400.0, 400, 400]]))
    np.testing.assert_allclose(turns, [-1], atol=1e-12)


def test_a_piece_is_closed_where_its_chunk_ends(chunks, box):
    # A rod along x through three chunks, open on both sides in the middle one.
    pieces, closed = closed_pieces(chunks, box([150, 400, 400], [2850, 600, 600], step=90))
    assert pieces.n_pieces == 3
    # Pieces reach beyond their chunks as far as their last faces do, here to 1050.
    near_the_end = np.array([[1070.0, 500, 500]])
    inside_of = [closed.winding(np.array([row]), near_the_end)[0] for row in range(3)]
    np.testing.assert_allclose(inside_of, [0, 1, 0], atol=1e-12)
    outside = closed.winding(np.array([1]), np.array([[1500.0, 700, 500]]))
    np.testing.assert_allclose(outside, [0], atol=1e-12)


def test_what_is_not_wanted_is_not_there(chunks, box, together):
    mesh = together(box([100, 100, 100], [400, 400, 400]), box([600, 600, 600], [900, 900, 900]))
    pieces, closed = closed_pieces(chunks, mesh, np.array([False, True]))
    low, high = closed.bounds()
    assert not (low <= high)[0].any()
    assert low[1].tolist() == [600] * 3
    assert high[1].tolist() == [900] * 3
    middles = np.array([[250.0] * 3, [750.0] * 3])
    assert pieces.n_pieces == 2
    np.testing.assert_allclose(closed.winding(np.arange(2), middles), [0, 1], atol=1e-12)


def test_many_points_are_looked_at_in_blocks(chunks, box, monkeypatch):
    monkeypatch.setattr("cortical_tools.mesh_labels.winding._BLOCK", 37)
    mesh = box([210, 220, 230], [610, 520, 730])
    _, closed = closed_pieces(chunks, mesh)
    rng = np.random.default_rng(0)
    points = rng.uniform(150, 800, (50, 3))
    inside = ((points > [210, 220, 230]) & (points < [610, 520, 730])).all(axis=1)
    turns = closed.winding(np.zeros(50, dtype=np.int64), points)
    np.testing.assert_allclose(turns, inside, atol=1e-9)


def test_no_points_have_no_winding_numbers(chunks, box):
    _, closed = closed_pieces(chunks, box([100, 100, 100], [400, 400, 400]))
    assert closed.winding(np.zeros(0, dtype=np.int64), np.zeros((0, 3))).shape == (0,)


def test_a_tube_without_ends_turns_nearly_once(chunks, box):
    points, faces = box([300, 300, 100], [500, 500, 900])
    ends = (points[faces][:, :, 2] == 100).all(axis=1) | (points[faces][:, :, 2] == 900).all(axis=1)
    _, closed = closed_pieces(chunks, (points, faces[~ends]))
    turns = closed.winding(np.zeros(1, dtype=np.int64), np.array([[400.0, 400, 500]]))
    assert turns[0] == pytest.approx(1, abs=0.05)
