"""Pieces that float in a chunk belong to what is close by, if that is clear.

A mesh loses thin necks, and has surfaces inside of others. A piece from which the mesh goes on into
another chunk is not such a piece: it is a neurite, whose own id is not known.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cortical_tools.mesh_labels._arrays import FloatArray, IntArray, stacked_apart
from cortical_tools.mesh_labels.labelling import Method, PieceLabels
from cortical_tools.mesh_labels.pieces import Pieces

# The reach grows to its limit by doubling, so that what is close is settled before what is far.
_STEPS = (0.125, 0.25, 0.5, 1.0)


def label_floating(
    pieces: Pieces, labels: PieceLabels, max_distance: float, ratio_better: float
) -> None:
    """Give floating pieces the id of what is nearest in their chunk.

    Parameters
    ----------
    pieces, labels
        Of the mesh; `labels` are filled in.
    max_distance
        Nanometres between the nearest vertices of two pieces, at most.
    ratio_better
        What is nearest has to be less than this times as far as the nearest of another id.
    """
    floats = labels.is_free & ~pieces.goes_on
    has_id = np.zeros(len(pieces.keys), dtype=np.bool_)
    has_id[pieces.chunk_of_piece[~labels.is_free]] = True
    floats &= has_id[pieces.chunk_of_piece]
    if max_distance <= 0 or not floats.any():
        return
    chunks = np.zeros(len(pieces.keys), dtype=np.bool_)
    chunks[pieces.chunk_of_piece[floats]] = True
    near = _Neighbourhood(pieces, np.flatnonzero(chunks[pieces.chunk]), max_distance / ratio_better)
    for step in _STEPS:
        while _settle(near, floats, labels, step * max_distance, max_distance, ratio_better):
            floats &= labels.is_free


class _Neighbourhood:
    """Vertices of some chunks, with coordinates in which chunks are out of each other's reach."""

    def __init__(self, pieces: Pieces, vertices: IntArray, reach: float) -> None:
        self.piece = pieces.piece[vertices]
        points = np.take(pieces.points, vertices, axis=0).astype(np.float64)
        self.points = stacked_apart(points, pieces.chunk[vertices], 2 * reach)
        self.reach = reach

    def nearest(self, among: IntArray, of: IntArray) -> tuple[FloatArray, IntArray]:
        """How far the nearest of some vertices is from each of others, and which it is."""
        from scipy.spatial import KDTree

        if not len(among):
            return np.full(len(of), np.inf), np.zeros(len(of), dtype=np.int64)
        tree = KDTree(self.points[among], balanced_tree=False, compact_nodes=False)
        distance, which = tree.query(self.points[of], distance_upper_bound=self.reach)
        return distance, among[np.minimum(which, len(among) - 1)]


def _settle(
    near: _Neighbourhood,
    floats: NDArray[np.bool_],
    labels: PieceLabels,
    reach: float,
    max_distance: float,
    ratio_better: float,
) -> bool:
    """Label what is clear within reach; whether anything was."""
    row = labels.row[near.piece]
    known, open_still = np.flatnonzero(row >= 0), np.flatnonzero(floats[near.piece])
    distance, found = near.nearest(known, open_still)
    piece = near.piece[open_still].astype(np.int64)
    order = np.lexsort((distance, piece))
    first = np.flatnonzero(np.diff(piece[order], prepend=-1))
    best = order[first]
    pieces, shortest, source = piece[best], distance[best], found[best]
    close = shortest <= reach
    pieces, shortest, source = pieces[close], shortest[close], source[close]
    if not len(pieces):
        return False
    own = np.full(len(labels.row), -1, dtype=np.int64)
    own[pieces] = row[source]
    other = _nearest_of_others(near, labels, own, floats)[pieces]
    clear = (shortest < ratio_better * other) | np.isinf(other)
    pieces, shortest, source, other = pieces[clear], shortest[clear], source[clear], other[clear]
    # Sure of it is who is close, and far from being another's.
    margin = 1 - shortest / np.minimum(other, 2 * max_distance)
    sure = labels.confidence[near.piece[source]] * margin
    labels.give(pieces, row[source], Method.PROXIMITY, sure)
    return bool(len(pieces))


def _nearest_of_others(
    near: _Neighbourhood, labels: PieceLabels, own: IntArray, floats: NDArray[np.bool_]
) -> FloatArray:
    """(P,) how far each piece with a candidate `own` is from the nearest piece of another id.

    Two ids differ if any bit of their numbers does, so a search for each bit finds all others
    without one for each id.
    """
    row = labels.row[near.piece]
    candidate = own[near.piece]
    shortest = np.full(len(own), np.inf)
    asking = np.flatnonzero(candidate >= 0)
    number = _numbers_in_chunk(near, row)
    own_number = np.zeros(len(own), dtype=np.int64)
    known = np.flatnonzero(row >= 0)
    number_of_row = np.zeros(int(row.max()) + 1, dtype=np.int64)
    number_of_row[row[known]] = number[known]
    own_number[own >= 0] = number_of_row[own[own >= 0]]
    for bit in range(int(number.max()).bit_length()):
        of_known = number[known] >> bit & 1
        of_asking = own_number[near.piece[asking]] >> bit & 1
        for value in (0, 1):
            among, of = known[of_known != value], asking[of_asking == value]
            distance, _ = near.nearest(among, of)
            np.minimum.at(shortest, near.piece[of], distance)
    return shortest


def _numbers_in_chunk(near: _Neighbourhood, row: IntArray) -> IntArray:
    """Numbers from 0 for the ids of each chunk, one for each vertex that has an id."""
    chunk = near.points[:, 3]
    known = np.flatnonzero(row >= 0)
    rows, first = np.unique(row[known], return_index=True)
    by_chunk = np.argsort(chunk[known][first], kind="stable")
    sorted_chunk = chunk[known][first][by_chunk]
    starts = np.flatnonzero(np.diff(sorted_chunk, prepend=-1.0))
    counts = np.diff(starts, append=len(rows))
    number = np.empty(len(rows), dtype=np.int64)
    number[by_chunk] = np.arange(len(rows)) - np.repeat(starts, counts)
    out = np.zeros(len(row), dtype=np.int64)
    out[known] = number[np.searchsorted(rows, row[known])]
    return out
