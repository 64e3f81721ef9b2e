"""The files in which a chunked segmentation keeps the supervoxel of every voxel.

A snapshot has no voxels, but meshes: what is inside of the surface of an object is of it, and of
that level-2 id of its chunk that is known of the nearest point.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cortical_tools.chunks import Chunks
from cortical_tools.errors import MissingExtraError
from cortical_tools.local.level2 import Level2Data
from cortical_tools.local.mesh_files import MeshFiles
from cortical_tools.snapshot_folder import Snapshot, layout

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_NAME = re.compile(r"(\d+)-(\d+)_(\d+)-(\d+)_(\d+)-(\d+)")
# Triangles that are looked at together, each with all columns of voxels of a file.
_BLOCK = 256
# Where a level-2 id has several supervoxels, they take turns every so many planes of voxels.
_PLANES = 8
# Columns go beside the corners of meshes, which mostly have round coordinates, in nanometres.
_ASIDE = np.array([0.0123, 0.0071])


class SegmentationFiles:
    """The voxels of a snapshot, made when they are asked for.

    Parameters
    ----------
    snapshot
        Whose objects they are of.
    meshes, level2
        What is known of them.
    """

    def __init__(self, snapshot: Snapshot, meshes: MeshFiles, level2: Level2Data) -> None:
        self._snapshot, self._meshes, self._level2 = snapshot, meshes, level2
        info: dict[str, Any] = dict(snapshot.facts.graphene)
        self._chunks = Chunks.from_info(info)
        self._scale: dict[str, Any] = info["scales"][int(info["graph"].get("cv_mip", 0))]

    def file(self, key: str, name: str) -> bytes | None:
        """The voxels of one chunk of storage; None where there is nothing, or no such file."""
        low = self._low(key, name)
        if low is None:
            return None
        found = self.supervoxels(low)
        return self._encoded(found) if found.any() else None

    def supervoxels(self, low: IntArray) -> NDArray[np.uint64]:
        """(X, Y, Z) the supervoxel of each voxel of the chunk of storage that begins at `low`.

        0 is outside of everything.
        """
        shape = self._file_size(low)
        out = np.zeros(shape, dtype=np.uint64)
        for root_id in self._near(low, low + shape):
            mesh = self._meshes.mesh(root_id)
            assert mesh is not None
            corners = mesh.vertices[mesh.faces].astype(np.float64)
            inside = enclosed(corners, low, shape, self._chunks.resolution) & (out == 0)
            if inside.any():
                self._fill(out, inside, low, root_id)
        return out

    def _fill(
        self, out: NDArray[np.uint64], inside: BoolArray, low: IntArray, root_id: int
    ) -> None:
        """Put the supervoxels of an object where it is."""
        from scipy.spatial import KDTree

        voxels = np.argwhere(inside) + low
        place = (voxels - self._chunks.offset) // self._chunks.size
        l2_ids, points = self._parts(root_id)
        found = np.zeros(len(voxels), dtype=np.int64)
        chunk_of_id = self._chunks.place(l2_ids, 2)
        for chunk in np.unique(place, axis=0):
            of_chunk = np.flatnonzero((chunk_of_id == chunk).all(axis=1))
            here = np.flatnonzero((place == chunk).all(axis=1))
            if len(of_chunk):
                at = (voxels[here] + 0.5) * self._chunks.resolution
                nearest = of_chunk[KDTree(points[of_chunk]).query(at)[1]]
                found[here] = self._supervoxels_of(root_id, l2_ids[nearest], voxels[here])
        out[tuple((voxels - low).T)] = found

    def _parts(self, root_id: int) -> tuple[IntArray, FloatArray]:
        """Points of an object whose level-2 ids are known, and these."""
        mesh = self._meshes.mesh(root_id)
        assert mesh is not None
        l2_ids = self._of_root(root_id)["l2_id"].drop_duplicates().to_numpy(dtype=np.int64)
        known = self._level2.attributes(l2_ids, ["rep_coord_nm"])
        places = {one: known[str(one)].get("rep_coord_nm") for one in l2_ids.tolist()}
        inside = {one: place for one, place in places.items() if place is not None}
        of_mesh = np.isin(mesh.l2_ids, l2_ids)
        return (
            np.concatenate([mesh.l2_ids[of_mesh], np.array(list(inside), dtype=np.int64)]),
            np.vstack([mesh.vertices[of_mesh], np.array(list(inside.values())).reshape(-1, 3)]),
        )

    def _supervoxels_of(self, root_id: int, l2_ids: IntArray, voxels: IntArray) -> IntArray:
        """(N,) one of the supervoxels of each level-2 id."""
        known = self._of_root(root_id)
        keys = known["l2_id"].to_numpy(dtype=np.int64)
        first, after = np.searchsorted(keys, l2_ids), np.searchsorted(keys, l2_ids, side="right")
        turn = voxels[:, 2] // _PLANES % (after - first)
        found: IntArray = known["supervoxel_id"].to_numpy(dtype=np.int64)[first + turn]
        return found

    def _of_root(self, root_id: int) -> pd.DataFrame:
        return self._members.get(root_id, self._no_members)

    @cached_property
    def _members(self) -> dict[int, pd.DataFrame]:
        """The supervoxels and level-2 ids of each object with a mesh, ascending by the latter."""
        frame = self._snapshot.frame(layout.SUPERVOXELS)
        frame = frame[frame["root_id"].isin(self._snapshot.mesh_ids)]
        frame = frame.sort_values(["l2_id", "supervoxel_id"])
        found: Iterator[tuple[Any, pd.DataFrame]] = iter(frame.groupby("root_id"))
        return {int(root): rows for root, rows in found}

    @cached_property
    def _no_members(self) -> pd.DataFrame:
        return self._snapshot.frame(layout.SUPERVOXELS).iloc[:0]

    @cached_property
    def _bounds(self) -> dict[int, tuple[FloatArray, FloatArray]]:
        """Where each mesh begins and ends, in nanometres."""
        found = {}
        for root_id in sorted(self._snapshot.mesh_ids):
            mesh = self._meshes.mesh(root_id)
            if mesh is not None and len(mesh.faces):
                corners = mesh.vertices.astype(np.float64)
                found[root_id] = corners.min(axis=0), corners.max(axis=0)
        return found

    def _near(self, low: IntArray, high: IntArray) -> Iterator[int]:
        starts, ends = low * self._chunks.resolution, high * self._chunks.resolution
        for root_id, (begin, end) in self._bounds.items():
            if (begin <= ends).all() and (end >= starts).all():
                yield root_id

    def _low(self, key: str, name: str) -> IntArray | None:
        """Where the file of a name begins, if there is such a file."""
        match = _NAME.fullmatch(name)
        if match is None or key != self._scale["key"]:
            return None
        low, high = np.array(match.groups(), dtype=np.int64).reshape(3, 2).T
        steps, rest = np.divmod(low - self._scale["voxel_offset"], self._scale["chunk_sizes"][0])
        if rest.any() or (steps < 0).any() or (low + self._file_size(low) != high).any():
            return None
        return low

    def _file_size(self, low: IntArray) -> IntArray:
        end = np.add(self._scale["voxel_offset"], self._scale["size"])
        size: IntArray = np.minimum(self._scale["chunk_sizes"][0], end - low)
        return size

    def _encoded(self, found: NDArray[np.uint64]) -> bytes:
        if self._scale["encoding"] == "raw":
            return found.tobytes(order="F")
        try:
            import compressed_segmentation
        except ImportError as error:
            raise MissingExtraError("compressed segmentations", "mesh") from error
        block = self._scale["compressed_segmentation_block_size"]
        packed: bytes = compressed_segmentation.compress(
            np.asfortranarray(found), block_size=tuple(block), order="F"
        )
        return packed


def enclosed(
    corners: FloatArray, low: IntArray, shape: IntArray, resolution: FloatArray
) -> BoolArray:
    """(X, Y, Z) whether the middle of each voxel is inside of closed surfaces.

    Parameters
    ----------
    corners
        (F, 3, 3) nanometres of the corners of triangles.
    low, shape
        The first voxel, and how many there are along each axis.
    resolution
        Nanometres of a voxel.

    Notes
    -----
    Along every column of voxels, surfaces are passed inwards and outwards; inside is what more have
    been passed in one of both than in the other.
    """
    x, y, z = (
        (low[axis] + np.arange(shape[axis]) + 0.5) * resolution[axis] + (*_ASIDE, 0.0)[axis]
        for axis in range(3)
    )
    begins, ends = corners.min(axis=1), corners.max(axis=1)
    over = (begins[:, 0] <= x[-1]) & (ends[:, 0] >= x[0])
    over &= (begins[:, 1] <= y[-1]) & (ends[:, 1] >= y[0]) & (begins[:, 2] <= z[-1])
    corners = corners[over]
    passed = np.zeros((len(x), len(y), len(z) + 1), dtype=np.int32)
    for start in range(0, len(corners), _BLOCK):
        column, height, way = _passes(corners[start : start + _BLOCK], x, y)
        first = np.searchsorted(z, height)
        np.add.at(passed, (*np.divmod(column, len(y)), first), way)
    inside: BoolArray = passed.cumsum(axis=2)[:, :, :-1] != 0
    return inside


def _passes(
    corners: FloatArray, x: FloatArray, y: FloatArray
) -> tuple[IntArray, FloatArray, IntArray]:
    """Where columns pass triangles: which columns, at which height, and from which side."""
    at = np.column_stack([np.repeat(x, len(y)), np.tile(y, len(x))])
    a, b, c = (corners[:, None, corner] for corner in range(3))
    of_c, of_a, of_b = (_area(one, other, at) for one, other in ((a, b), (b, c), (c, a)))
    up = (of_a > 0) & (of_b > 0) & (of_c > 0)
    down = (of_a < 0) & (of_b < 0) & (of_c < 0)
    triangle, column = np.nonzero(up | down)
    weights = np.stack([part[triangle, column] for part in (of_a, of_b, of_c)], axis=1)
    heights = (weights * corners[triangle, :, 2]).sum(axis=1) / weights.sum(axis=1)
    return column, heights, np.where(up[triangle, column], 1, -1)


def _area(one: FloatArray, other: FloatArray, at: FloatArray) -> FloatArray:
    """Twice the area of a side and a point, positive where they turn left."""
    way, rest = other - one, at[None] - one[..., :2]
    found: FloatArray = way[..., 0] * rest[..., 1] - way[..., 1] * rest[..., 0]
    return found
