"""Pieces whose id is looked up in the segmentation: what most of the voxels around them have.

A mesh is where an object ends, so of the voxels around a vertex some are inside. Of those outside
hardly any belong to another part of the same object.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from cortical_tools.chunks import Chunks
from cortical_tools.ids import int_ids
from cortical_tools.mesh_labels._arrays import FloatArray, IntArray, groups
from cortical_tools.mesh_labels.labelling import Chunkwise, Method, PieceLabels
from cortical_tools.mesh_labels.pieces import Pieces

LookUp: TypeAlias = Callable[[FloatArray], IntArray]
"""From (N, 3) points in nanometres to the (N,) level-2 ids of the object there, 0 elsewhere."""

# Of a piece, so many vertices at most are looked at: around each, files have to be downloaded.
_VERTICES = 4
# How many voxels to the side, in both directions along each axis.
_STEPS = (1, 3)
_CLEAR = 0.5


def label_looked_up(
    chunkwise: Chunkwise, labels: PieceLabels, chunks: Chunks, places: IntArray, look_up: LookUp
) -> None:
    """Give pieces that have none the id that most voxels of the object around them have.

    Parameters
    ----------
    chunkwise, labels
        Of the mesh; `labels` are filled in.
    chunks
        The geometry of the segmentation.
    places
        (C, 3) the chunks.
    look_up
        What is asked, once.
    """
    pieces = chunkwise.pieces
    asked = labels.is_free & (chunkwise.n_ids > 0)[pieces.chunk_of_piece]
    if not asked.any():
        return
    vertices = _some_of_each(pieces, np.flatnonzero(asked))
    points, owner = _around(pieces.points[vertices].astype(np.float64), chunks.resolution)
    piece = pieces.piece[vertices][owner].astype(np.int64)
    # What lies in another chunk has one of its ids.
    voxels = np.floor(points / chunks.resolution).astype(np.int64)
    here = ((voxels - chunks.offset) // chunks.size == places[pieces.chunk_of_piece[piece]]).all(
        axis=1
    )
    ids, piece = _answered(look_up, points[here]), piece[here]
    row = _rows_in_chunk(chunkwise, ids, pieces.chunk_of_piece[piece])
    # What has an id that is not given counts against those that are.
    _elect(labels, piece[ids != 0], row[ids != 0])


def _answered(look_up: LookUp, points: FloatArray) -> IntArray:
    """What is said of points, checked: it comes from outside."""
    ids = int_ids(look_up(points), "look_up")
    if ids.shape != (len(points),):
        raise ValueError(
            f"look_up: expected an id for each of {len(points)} points, 0 for none; got {len(ids)}"
        )
    return ids


def _some_of_each(pieces: Pieces, wanted: IntArray) -> IntArray:
    """Vertices of each wanted piece, evenly among its own."""
    by_piece = np.argsort(pieces.piece, kind="stable")
    first = groups(pieces.piece[by_piece], pieces.n_pieces)
    counts = np.diff(first)[wanted]
    taken = np.minimum(counts, _VERTICES)
    owner = np.repeat(np.arange(len(wanted)), taken)
    number = np.arange(len(owner)) - (np.cumsum(taken) - taken)[owner]
    found: IntArray = by_piece[first[wanted][owner] + number * counts[owner] // taken[owner]]
    return found


def _around(points: FloatArray, resolution: FloatArray) -> tuple[FloatArray, IntArray]:
    """Points and others at some voxels' distance along the axes, and which each belongs to."""
    steps = [sign * step * axis for axis in np.eye(3) for step in _STEPS for sign in (-1, 1)]
    offsets = np.vstack([np.zeros((1, 3)), *steps]) * resolution
    around = (points[:, None] + offsets).reshape(-1, 3)
    return around, np.repeat(np.arange(len(points)), len(offsets))


def _rows_in_chunk(chunkwise: Chunkwise, ids: IntArray, chunk: IntArray) -> IntArray:
    """(N,) which of the level-2 ids each is; −1 for one that is not given, or of another chunk."""
    known = chunkwise.level2.ids
    order = np.argsort(known)
    place = np.minimum(np.searchsorted(known, ids, sorter=order), len(known) - 1)
    row = order[place]
    chunk_of_row = np.full(len(known), -1, dtype=np.int64)
    chunk_of_row[chunkwise.rows] = chunkwise.chunk_of_row
    return np.where((known[row] == ids) & (chunk_of_row[row] == chunk), row, -1)


def _elect(labels: PieceLabels, piece: IntArray, row: IntArray) -> None:
    """Give each piece the row that more than half of its votes are for; −1 is nobody's."""
    pairs, votes = np.unique(np.column_stack([piece, row]), axis=0, return_counts=True)
    share = votes / np.bincount(piece, minlength=len(labels.row))[pairs[:, 0]]
    clear = (share > _CLEAR) & (pairs[:, 1] >= 0)
    labels.give(pairs[clear, 0], pairs[clear, 1], Method.LOOKED_UP, share[clear])
