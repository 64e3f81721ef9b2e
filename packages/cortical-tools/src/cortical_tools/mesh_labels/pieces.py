"""A mesh cut into its pieces: what is connected within one chunk.

Everything else works on pieces. Vertices are put in the order of their chunks first, so that a
chunk is a slice, and what is near in space is near in memory, whatever order the mesh came in.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import permutations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cortical_tools.chunks import Chunks
from cortical_tools.mesh_labels._arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    RowArray,
    connected,
    groups,
)

# Places are packed into one integer, this many bits for each axis.
_BITS = 21


@dataclass(frozen=True)
class Pieces:
    """The pieces of a mesh of V vertices, F faces and C chunks.

    Parameters
    ----------
    order
        (V,) the row of the mesh that each vertex here has.
    points
        (V, 3) nanometres.
    faces
        (F, 3) rows of `points`.
    chunk
        (V,) the chunk of each vertex, ascending.
    keys
        (C,) which chunk that is, ascending; see `Cutter.keys`.
    piece
        (V,) the piece of each vertex; pieces are numbered chunk by chunk.
    n_pieces
        How many there are.
    """

    order: IntArray
    points: NDArray[np.floating[Any]]
    faces: RowArray
    chunk: RowArray
    keys: IntArray
    piece: RowArray
    n_pieces: int

    @cached_property
    def chunk_of_piece(self) -> RowArray:
        """(P,) ascending."""
        chunk = np.zeros(self.n_pieces, dtype=np.int32)
        chunk[self.piece] = self.chunk
        return chunk

    @cached_property
    def n_vertices(self) -> IntArray:
        """(P,) vertices of each piece."""
        return np.bincount(self.piece, minlength=self.n_pieces)

    @cached_property
    def is_surface(self) -> BoolArray:
        """(P,) whether a piece has part in a face; one that has not is a lone vertex."""
        out = np.zeros(self.n_pieces, dtype=np.bool_)
        for column in self.faces.T:
            out[self.piece[column]] = True
        return out

    @cached_property
    def goes_on(self) -> BoolArray:
        """(P,) whether the mesh goes on from a piece into another chunk."""
        out = np.zeros(self.n_pieces, dtype=np.bool_)
        for one, other in ((0, 1), (1, 2), (2, 0)):
            heads, tails = self.piece[self.faces[:, one]], self.piece[self.faces[:, other]]
            leaves = heads != tails
            out[heads[leaves]] = True
            out[tails[leaves]] = True
        return out

    @cached_property
    def first_of_chunk(self) -> IntArray:
        """(C + 1,) the first piece of each chunk, and the end."""
        return groups(self.chunk_of_piece, len(self.keys))


class Cutter:
    """Cuts meshes where the chunks of a segmentation end.

    Parameters
    ----------
    chunks
        The geometry.
    vertices
        (V, 3) nanometres, finite.
    places
        (N, 3) chunks that are there even if no vertex is.
    """

    def __init__(
        self, chunks: Chunks, vertices: NDArray[np.floating[Any]], places: IntArray
    ) -> None:
        self._vertices, self._chunks = vertices, chunks
        low, high = vertices.min(axis=0), vertices.max(axis=0)
        _require_room(low, high, chunks)
        self._along = []
        for axis in range(3):
            around = chunks.places_around(axis, float(low[axis]), float(high[axis]))
            self._along.append((around[0], chunks.begins(axis, around)))
        firsts = np.array([first for first, _ in self._along])
        self._origin = np.vstack([firsts[None], places]).min(axis=0) - 1

    def keys(self, places: IntArray) -> IntArray:
        """(N,) one integer for each chunk, by its place along x, y and z."""
        x, y, z = (places - self._origin).T
        packed: IntArray = (x << 2 * _BITS) | (y << _BITS) | z
        return packed

    def places(self, keys: IntArray) -> IntArray:
        """(N, 3) the chunks that `keys` stand for."""
        mask = (1 << _BITS) - 1
        packed = [keys >> 2 * _BITS, keys >> _BITS & mask, keys & mask]
        found: IntArray = np.column_stack(packed) + self._origin
        return found

    def cut(self, faces: NDArray[np.integer[Any]], known: IntArray) -> Pieces:
        """The pieces of the mesh with these faces.

        A vertex on the border of chunks is in the one that begins there. Only where that is none of
        `known`, ascending keys, the one that ends there is, and the mesh goes no further, it is in
        the latter: then nothing of the object is beyond. But where the mesh lies in chunks that
        are not known, known ones are not all there are, and nobody can tell.
        """
        vertex_keys, borders = self._vertex_keys()
        if not self._lies_elsewhere(vertex_keys, known):
            _settle_borders(vertex_keys, borders, known, faces)
        keys, chunk = _distinct(vertex_keys)
        order = _stable_order(chunk, len(keys))
        rank = np.empty(len(order), dtype=np.int32)
        rank[order] = np.arange(len(order), dtype=np.int32)
        chunk = chunk[order]
        ranked = rank[faces]
        n_pieces, piece = connected(*_edges_inside(ranked, chunk), len(chunk))
        points = np.take(self._vertices, order, axis=0)
        return Pieces(order, points, ranked, chunk, keys, piece, n_pieces)

    def _lies_elsewhere(self, keys: IntArray, known: IntArray) -> bool:
        """Whether vertices are in chunks that are not known, and not just by rounding."""
        rows = np.flatnonzero(~_is_in(keys, known))
        points, places = self._vertices[rows].astype(np.float64), self.places(keys[rows])
        low, high = chunk_corners(self._chunks, places)
        grid = self._chunks.grid
        return bool(((points > low + grid) & (points < high - grid)).all(axis=1).any())

    def _vertex_keys(self) -> tuple[IntArray, list[IntArray]]:
        """The chunk of each vertex, and for each axis the vertices that it begins at."""
        keys = np.zeros(len(self._vertices), dtype=np.int64)
        borders = []
        for axis, (first, begins) in enumerate(self._along):
            column = self._vertices[:, axis].astype(np.float64)
            place = np.searchsorted(begins, column, side="right") - 1
            borders.append(np.flatnonzero(begins[place] == column))
            keys <<= _BITS
            keys |= place + (first - self._origin[axis])
        return keys, borders


def _require_room(low: NDArray[Any], high: NDArray[Any], chunks: Chunks) -> None:
    """Stop before vertices take up more chunks than ids can have along an axis."""
    reach = float(max(np.abs(low / chunks.size_nm).max(), np.abs(high / chunks.size_nm).max()))
    if reach >= 1 << (_BITS - 2):
        raise ValueError(
            f"vertices: they reach {reach:.3g} chunks far, more than any volume has; expected are "
            "nanometres of the dataset that the level-2 ids are of"
        )


def _settle_borders(
    keys: IntArray, borders: list[IntArray], known: IntArray, faces: NDArray[np.integer[Any]]
) -> None:
    """Put vertices that only touch a chunk that is not known into one that is."""
    rows = np.unique(np.concatenate(borders))
    rows = rows[~_is_in(keys[rows], known)]
    rows = rows[~_goes_further(rows, keys, faces)]
    on_border = [np.isin(rows, border, assume_unique=True) for border in borders]
    old = keys[rows]
    # Of the chunks that end there, that with the fewest steps back is taken: the last one here.
    for steps in sorted(product((0, 1), repeat=3), key=sum, reverse=True):
        back = old - sum(step << (2 - axis) * _BITS for axis, step in enumerate(steps))
        possible = _is_in(back, known)
        for touches, step in zip(on_border, steps, strict=True):
            possible &= touches | (step == 0)
        keys[rows[possible]] = back[possible]


def _goes_further(rows: IntArray, keys: IntArray, faces: NDArray[np.integer[Any]]) -> BoolArray:
    """Whether each of some vertices has a neighbour in its chunk that is not one of them."""
    is_asked = np.zeros(len(keys), dtype=np.bool_)
    is_asked[rows] = True
    further = np.zeros(len(keys), dtype=np.bool_)
    if len(rows):
        near = faces[is_asked[faces].any(axis=1)]
        for one, other in permutations(range(3), 2):
            heads, tails = near[:, one], near[:, other]
            further[heads[~is_asked[tails] & (keys[heads] == keys[tails])]] = True
    return further[rows]


def chunk_corners(chunks: Chunks, places: IntArray) -> tuple[FloatArray, FloatArray]:
    """(N, 3) each: where chunks begin, and where they end."""
    starts = [chunks.begins(axis, places[:, axis]) for axis in range(3)]
    ends = [chunks.begins(axis, places[:, axis] + 1) for axis in range(3)]
    return np.column_stack(starts), np.column_stack(ends)


def _is_in(keys: IntArray, known: IntArray) -> BoolArray:
    """Whether each key is one of `known`, which is ascending."""
    if not len(known):
        return np.zeros(len(keys), dtype=np.bool_)
    places = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    found: BoolArray = known[places] == keys
    return found


def _distinct(keys: IntArray) -> tuple[IntArray, RowArray]:
    """The distinct keys, ascending, and which of them each is."""
    # Meshes are mostly stored chunk by chunk: a run of equal keys is looked at once.
    starts = np.flatnonzero(np.diff(keys, prepend=keys[:1] - 1))
    distinct, which = np.unique(keys[starts], return_inverse=True)
    lengths = np.diff(starts, append=len(keys))
    return distinct, np.repeat(which.astype(np.int32), lengths)


def _stable_order(rows: RowArray, n_values: int) -> IntArray:
    # Sixteen bits are sorted by radix, in time proportional to their number.
    fits = n_values <= np.iinfo(np.uint16).max
    return np.argsort(rows.astype(np.uint16) if fits else rows, kind="stable")


def _edges_inside(faces: RowArray, chunk: RowArray) -> tuple[RowArray, RowArray]:
    """Edges between vertices of one chunk, enough of them to connect what faces connect."""
    of = [chunk[column] for column in faces.T]
    first, second = of[0] == of[1], of[1] == of[2]
    # Two edges connect a face as well as three do.
    third = (of[0] == of[2]) & ~first
    pairs = ((0, 1, first), (1, 2, second), (0, 2, third))
    heads = np.concatenate([faces[inside, one] for one, _, inside in pairs])
    tails = np.concatenate([faces[inside, other] for _, other, inside in pairs])
    return heads, tails
