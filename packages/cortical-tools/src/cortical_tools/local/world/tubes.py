"""Meshes of tubes whose level-2 ids are known: the answers to check a mapping against.

Tubes wind through chunks. Some have a twin beside them, so that their chunks have several pieces.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cortical_tools.chunks import Chunks

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

_AROUND = 16
"""Vertices of a ring."""
_ALONG_NM = 100
"""Between one ring and the next."""
_RINGS = 1200
"""Of a tube, at most."""
# How far a tube swings to the side and in depth, and how far it goes until it is back, in nm.
_SWING_NM = np.array([1500.0, 0.0, 8000.0])
_PERIOD_NM = np.array([9000.0, 1.0, 40000.0])
# Between tubes, so that none touches another.
_APART_NM = np.array([8000.0, 0.0, 42000.0])


@dataclass(frozen=True)
class TubeMesh:
    """A mesh and what is true of it.

    Parameters
    ----------
    vertices
        (V, 3) float32 nanometres.
    faces
        (F, 3) uint32, their normals outwards.
    l2_ids
        (N,) int64, one for each connected piece of a tube in a chunk.
    l2_points
        (N, 3) a point inside of each.
    truth
        (V,) int64, which of `l2_ids` each vertex belongs to.
    """

    vertices: NDArray[np.float32]
    faces: NDArray[np.uint32]
    l2_ids: IntArray
    l2_points: FloatArray
    truth: IntArray


def tube_mesh(
    chunks: Chunks,
    n_vertices: int,
    *,
    seed: int = 0,
    radius: float = 150,
    twins: float = 0.5,
    between: float = 700,
) -> TubeMesh:
    """A mesh of about `n_vertices` vertices.

    Parameters
    ----------
    chunks
        The geometry of the segmentation; vertices lie on its grid.
    n_vertices
        At least 100.
    seed
        Equal seeds give equal meshes.
    radius
        Of the tubes, in nanometres.
    twins
        The share of tubes that have another beside them.
    between
        Nanometres between the middles of the two.
    """
    rng = np.random.default_rng(seed)
    middles = _middles(chunks, max(n_vertices // _AROUND, 4), rng, twins, between)
    parts = [_tube(middle, radius) for middle in middles]
    before = np.cumsum([0, *(len(points) for points, _ in parts)])
    faces = np.concatenate([f + n for (_, f), n in zip(parts, before[:-1], strict=True)])
    points = np.concatenate([points for points, _ in parts])
    inside = np.concatenate([_middle_of_vertices(middle) for middle in middles])
    if chunks.grid:
        points = np.round(points / chunks.grid) * chunks.grid
    place = _places(chunks, points)
    truth = _connected_in_chunks(faces, place)
    number, rows = np.unique(truth, return_index=True)
    l2_ids = _ids(chunks, place[rows])
    return TubeMesh(
        points.astype(np.float32),
        faces.astype(np.uint32),
        l2_ids,
        _points_inside(truth, len(number), points, inside, place, _places(chunks, inside)),
        truth,
    )


def _middles(
    chunks: Chunks, n_rings: int, rng: np.random.Generator, twins: float, between: float
) -> list[FloatArray]:
    """The middle line of each tube."""
    lengths = np.full(max(round(n_rings / _RINGS), 1), _RINGS)
    lengths = np.maximum(lengths * n_rings // lengths.sum(), 4)
    side = int(np.ceil(np.sqrt(len(lengths))))
    origin = (chunks.offset + 50 * chunks.size) * chunks.resolution
    found = []
    place = 0
    while lengths.size:
        has_twin = rng.random() < twins and (lengths.size > 1 or n_rings >= 8)
        rings = int(lengths[0]) if lengths.size > 1 or not has_twin else int(lengths[0]) // 2
        along = np.arange(rings)[:, None] * _ALONG_NM
        turns = 2 * np.pi * (along / _PERIOD_NM + rng.random(3))
        line = origin + _SWING_NM * np.sin(turns) + _APART_NM * [place % side, 0, place // side]
        line = line + along * [0, 1, 0]
        found.append(line)
        if has_twin:
            found.append(line + np.array([between, 0, 0]))
        lengths = lengths[2 if has_twin and lengths.size > 1 else 1 :]
        place += 1
    return found


def _tube(middle: FloatArray, radius: float) -> tuple[FloatArray, IntArray]:
    """Rings around a line, and a point on it at either end."""
    along = np.gradient(middle, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = np.cross(along, [0.0, 0.0, 1.0])
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    up = np.cross(across, along)
    turn = 2 * np.pi * np.arange(_AROUND) / _AROUND
    rings = (
        middle[:, None]
        + radius * np.cos(turn)[:, None] * across[:, None]
        + radius * np.sin(turn)[:, None] * up[:, None]
    )
    points = np.concatenate([middle[:1], rings.reshape(-1, 3), middle[-1:]])
    here = 1 + np.arange(len(middle))[:, None] * _AROUND + np.arange(_AROUND)
    beside = np.roll(here, -1, axis=1)
    sides = [
        np.stack([here[:-1], here[1:], beside[:-1]], axis=-1),
        np.stack([beside[:-1], here[1:], beside[1:]], axis=-1),
        np.stack([np.zeros_like(here[0]), here[0], beside[0]], axis=-1),
        np.stack([np.full_like(here[-1], len(points) - 1), beside[-1], here[-1]], axis=-1),
    ]
    return points, np.concatenate([side.reshape(-1, 3) for side in sides])


def _middle_of_vertices(middle: FloatArray) -> FloatArray:
    """The point of the middle line beside each vertex of a tube."""
    return np.concatenate([middle[:1], np.repeat(middle, _AROUND, axis=0), middle[-1:]])


def _places(chunks: Chunks, points: FloatArray) -> IntArray:
    """(N, 3) the chunk of each point, one after the other."""
    voxels = np.floor(points / chunks.resolution).astype(np.int64) - chunks.offset
    place = voxels // chunks.size
    for axis in range(3):
        # On the grid, a chunk begins a little before its first voxel does.
        place[:, axis] += points[:, axis] >= chunks.begins(axis, place[:, axis] + 1)
    return place


def _connected_in_chunks(faces: IntArray, place: IntArray) -> IntArray:
    """(V,) numbers of the parts that are connected within a chunk."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    edges = edges[(place[edges[:, 0]] == place[edges[:, 1]]).all(axis=1)]
    ones = np.ones(len(edges), dtype=np.int8)
    graph = coo_array((ones, edges.T), shape=(len(place), len(place)))
    found: IntArray = connected_components(graph, directed=False)[1].astype(np.int64)
    return found


def _ids(chunks: Chunks, place: IntArray) -> IntArray:
    """A level-2 id in each chunk, the ones of a chunk counted from 1."""
    start = chunks.ids(2, place, np.zeros(len(place), dtype=np.int64))
    order = np.argsort(start, kind="stable")
    firsts = np.flatnonzero(np.diff(start[order], prepend=-1))
    counts = np.diff(firsts, append=len(order))
    number = np.empty(len(place), dtype=np.int64)
    number[order] = np.arange(len(order)) - np.repeat(firsts, counts) + 1
    return start + number


def _points_inside(
    truth: IntArray,
    n_parts: int,
    points: FloatArray,
    middle: FloatArray,
    place: IntArray,
    middle_place: IntArray,
) -> FloatArray:
    """(N, 3) in each part the point of the middle line nearest to the mean of those within.

    Where a part is only one side of a tube, the mean of its vertices.
    """
    within = (place == middle_place).all(axis=1)
    out = _means(truth, n_parts, points)
    rows = np.flatnonzero(within)
    means = _means(truth[rows], n_parts, middle[rows])
    far = np.linalg.norm(middle[rows] - means[truth[rows]], axis=1)
    order = np.lexsort((far, truth[rows]))
    firsts = order[np.flatnonzero(np.diff(truth[rows][order], prepend=-1))]
    out[truth[rows[firsts]]] = middle[rows[firsts]]
    return out


def _means(group: IntArray, n_groups: int, points: FloatArray) -> FloatArray:
    counts = np.maximum(np.bincount(group, minlength=n_groups), 1)
    sums = [np.bincount(group, points[:, axis], minlength=n_groups) for axis in range(3)]
    return np.column_stack(sums) / counts[:, None]
