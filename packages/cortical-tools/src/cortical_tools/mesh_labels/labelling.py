"""Which level-2 id each piece of a mesh has, and by what right.

In a chunk with one id, the piece that is there has it. Otherwise the point that stands for an id
says which piece it is in. What is left over and ends within the chunk is part of what is close by.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from cortical_tools.mesh_labels._arrays import BoolArray, FloatArray, IntArray, groups, ragged
from cortical_tools.mesh_labels.level2_ids import Level2Ids
from cortical_tools.mesh_labels.pieces import Pieces
from cortical_tools.mesh_labels.sides import backs_of_nearest
from cortical_tools.mesh_labels.winding import ClosedPieces

# Below that a point is rather outside of a piece than in it.
_INSIDE = 0.5
# The share of a chunk's vertices that makes a piece the body of the chunk's only id.
_NEARLY_ALL = 0.9


class Method(IntEnum):
    """How a vertex got its level-2 id."""

    NONE = 0
    """It has none."""
    SOLO = 1
    """Its chunk has one level-2 id, or no other was left."""
    WINDING = 2
    """The point that stands for the id is inside of the vertex' piece."""
    PROXIMITY = 3
    """Its piece is close to one of that id."""
    PROPAGATED = 4
    """From its neighbours along the mesh."""
    LOOKED_UP = 5
    """The voxels around its piece have it."""


class PieceLabels:
    """The id of each piece, filled in step by step.

    Parameters
    ----------
    n_pieces
        How many there are.

    Attributes
    ----------
    row
        (P,) which of the level-2 ids; −1 for none.
    method
        (P,) int8, a `Method`.
    confidence
        (P,) float32, from 0 to 1.
    """

    def __init__(self, n_pieces: int) -> None:
        self.row: IntArray = np.full(n_pieces, -1, dtype=np.int64)
        self.method: NDArray[np.int8] = np.zeros(n_pieces, dtype=np.int8)
        self.confidence: NDArray[np.float32] = np.zeros(n_pieces, dtype=np.float32)

    def give(
        self,
        pieces: IntArray,
        rows: IntArray,
        method: Method,
        confidence: FloatArray | NDArray[np.float32] | float,
    ) -> None:
        """Give pieces their ids."""
        self.row[pieces] = rows
        self.method[pieces] = method
        self.confidence[pieces] = confidence

    @property
    def is_free(self) -> BoolArray:
        """(P,) whether a piece has no id."""
        found: BoolArray = self.row < 0
        return found


class Chunkwise:
    """The level-2 ids and the pieces of each chunk, side by side.

    Parameters
    ----------
    pieces
        Of the mesh.
    level2
        The ids.
    keys
        (N,) the chunk of each id, as `pieces.keys` has it.
    """

    def __init__(self, pieces: Pieces, level2: Level2Ids, keys: IntArray) -> None:
        self.pieces: Pieces = pieces
        self.level2: Level2Ids = level2
        n_chunks = len(pieces.keys)
        place = np.minimum(np.searchsorted(pieces.keys, keys), max(n_chunks - 1, 0))
        here = np.flatnonzero(pieces.keys[place] == keys) if n_chunks else place[:0]
        by_chunk = np.argsort(place[here], kind="stable")
        self.rows: NDArray[np.intp] = here[by_chunk]
        """Rows of the ids whose chunks the mesh has, chunk by chunk."""
        self.chunk_of_row: IntArray = place[self.rows]
        self.first_row: IntArray = groups(self.chunk_of_row, n_chunks)
        self.n_ids: IntArray = np.diff(self.first_row)
        surfaces = pieces.chunk_of_piece[pieces.is_surface]
        self.n_surfaces: NDArray[np.intp] = np.bincount(surfaces, minlength=n_chunks)
        self.is_solo: NDArray[np.bool_] = (self.n_ids == 1) & (self.n_surfaces <= 1)
        self.is_contested: NDArray[np.bool_] = (self.n_ids >= 1) & ~self.is_solo

    def label(self) -> PieceLabels:
        """The ids of all pieces that chunks with ids tell by themselves."""
        labels = PieceLabels(self.pieces.n_pieces)
        self._label_solo(labels)
        self._label_enclosed(labels)
        self._label_main(labels)
        self._label_last(labels)
        return labels

    def _label_solo(self, labels: PieceLabels) -> None:
        chunk = self.pieces.chunk_of_piece
        solo = np.flatnonzero(self.is_solo[chunk])
        labels.give(solo, self.rows[self.first_row[chunk[solo]]], Method.SOLO, 1.0)

    def _is_left(self, labels: PieceLabels) -> BoolArray:
        """Which of `rows` no piece has."""
        taken = np.zeros(len(self.level2.ids), dtype=np.bool_)
        taken[labels.row[~labels.is_free]] = True
        left: BoolArray = ~taken[self.rows]
        return left

    def _label_enclosed(self, labels: PieceLabels) -> None:
        """Each piece the id whose point it encloses, one to one within a chunk."""
        rows, piece, turns = self._enclosing()
        self._match(labels, rows, piece, np.abs(turns))
        if len(turns):
            self._label_behind(labels, float(np.sign(np.sign(turns).sum()) or 1))

    def _label_behind(self, labels: PieceLabels, orientation: float) -> None:
        """Pieces that could not be closed well: the id whose point they turn their backs to."""
        left = self.is_contested[self.chunk_of_row] & self.level2.has_point[self.rows]
        left &= self._is_left(labels) & (self.n_surfaces[self.chunk_of_row] > 0)
        if not left.any():
            return
        rows, chunk = self.rows[left], self.chunk_of_row[left]
        piece, squarely = backs_of_nearest(
            self.pieces, self.level2.points[rows], chunk, orientation
        )
        inside = (squarely >= _INSIDE) & labels.is_free[piece]
        self._match(labels, rows[inside], piece[inside], squarely[inside])

    def _match(
        self, labels: PieceLabels, rows: IntArray, piece: IntArray, worth: FloatArray
    ) -> None:
        """Give pieces ids, one to one, so that what the pairs are worth is the most in sum."""
        piece_is_clear = np.bincount(piece, minlength=len(labels.row))[piece] == 1
        row_is_clear = np.bincount(rows, minlength=len(self.level2.ids))[rows] == 1
        chosen = piece_is_clear & row_is_clear
        unclear = np.flatnonzero(~chosen)
        for some in _split(self.pieces.chunk_of_piece[piece[unclear]]):
            pairs = unclear[some]
            chosen[pairs[_matched(rows[pairs], piece[pairs], worth[pairs])]] = True
        sure = np.minimum(worth[chosen], 1)
        labels.give(piece[chosen], rows[chosen], Method.WINDING, sure)

    def _enclosing(self) -> tuple[IntArray, IntArray, FloatArray]:
        """Ids and pieces of one chunk where the point of the id is inside, and how often."""
        pieces, level2 = self.pieces, self.level2
        asked = self.is_contested[self.chunk_of_row] & level2.has_point[self.rows]
        rows, chunk = self.rows[asked], self.chunk_of_row[asked]
        first = pieces.first_of_chunk
        piece, which = ragged(first[chunk], np.diff(first)[chunk])
        rows = rows[which]
        wanted = np.zeros(pieces.n_pieces, dtype=np.bool_)
        wanted[piece] = True
        closed = ClosedPieces(pieces, wanted & pieces.is_surface)
        low, high = closed.bounds()
        points = level2.points[rows]
        # Outside of what surrounds it, a closed piece turns around nothing.
        near = ((points >= low[piece]) & (points <= high[piece])).all(axis=1)
        rows, piece = rows[near], piece[near]
        turns = closed.winding(piece, points[near])
        inside = np.abs(turns) >= _INSIDE
        return rows[inside], piece[inside], turns[inside]

    def _label_main(self, labels: PieceLabels) -> None:
        """The only id of a chunk, whose point is in no piece: the piece that is nearly all of it.

        Such a point is in the middle of a soma, say, of which the chunk has one side.
        """
        pieces = self.pieces
        chunk, n_chunks = pieces.chunk_of_piece, len(pieces.keys)
        open_still = self.is_contested & (self.n_ids == 1)
        open_still[chunk[~labels.is_free]] = False
        whole = np.bincount(chunk, pieces.n_vertices, minlength=n_chunks)
        share = pieces.n_vertices / whole[chunk]
        main = np.flatnonzero(open_still[chunk] & (share >= _NEARLY_ALL) & pieces.is_surface)
        labels.give(main, self.rows[self.first_row[chunk[main]]], Method.SOLO, share[main])

    def _label_last(self, labels: PieceLabels) -> None:
        """An id without a point, if it is the only one left for the only piece left."""
        pieces = self.pieces
        chunk, n_chunks = pieces.chunk_of_piece, len(pieces.keys)
        left = self._is_left(labels)
        lone = left & ~self.level2.has_point[self.rows]
        n_left = np.bincount(self.chunk_of_row[left], minlength=n_chunks)
        n_lone = np.bincount(self.chunk_of_row[lone], minlength=n_chunks)
        of_chunk = np.zeros(n_chunks, dtype=np.int64)
        of_chunk[self.chunk_of_row[lone]] = self.rows[lone]
        is_body = labels.is_free & pieces.goes_on
        n_bodies = np.bincount(chunk[is_body], minlength=n_chunks)
        clear = self.is_contested & (n_left == 1) & (n_lone == 1) & (n_bodies == 1)
        last = np.flatnonzero(is_body & clear[chunk])
        labels.give(last, of_chunk[chunk[last]], Method.SOLO, _INSIDE)


def _split(chunk: NDArray[np.integer]) -> list[IntArray]:
    """Where each distinct chunk stands, one array for each."""
    order = np.argsort(chunk, kind="stable")
    ends = np.flatnonzero(np.diff(chunk[order])) + 1
    return np.split(order, ends) if len(chunk) else []


def _matched(rows: IntArray, piece: IntArray, turns: FloatArray) -> IntArray:
    """Which pairs make the greatest sum where every row and every piece is in one at most."""
    from scipy.optimize import linear_sum_assignment

    distinct_rows, at_row = np.unique(rows, return_inverse=True)
    distinct_pieces, at_piece = np.unique(piece, return_inverse=True)
    worth = np.zeros((len(distinct_rows), len(distinct_pieces)))
    pair = np.full(worth.shape, -1)
    worth[at_row, at_piece], pair[at_row, at_piece] = turns, np.arange(len(rows))
    chosen: IntArray = pair[linear_sum_assignment(worth, maximize=True)]
    return chosen[chosen >= 0]
