"""The chunks of a segmentation: which part of space an id belongs to, and which a point lies in.

A chunked segmentation is a tree over space. Supervoxels (layer 1) lie each in one chunk, and so do
level-2 nodes, one for each connected piece of an object in that chunk. The highest bits of an id
are its layer, the next ones the place of its chunk along x, y and z; the rest counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cortical_tools.errors import AnswerError

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

_ID_BITS = 64
_LAYER_BITS = 8


@dataclass(frozen=True)
class Chunks:
    """The geometry of the chunks of a segmentation.

    Parameters
    ----------
    n_layers
        How many layers the tree has; roots are of the last.
    bits
        For each layer how many bits of an id say where its chunk is along one axis.
    size
        Voxels of a level-2 chunk along x, y and z.
    offset
        The voxel at which the first chunk begins.
    resolution
        Nanometres of a voxel.
    grid
        Nanometres of the grid that vertices of meshes lie on; 0 if they lie anywhere.
    layer_bits
        How many bits of an id are its layer.

    Examples
    --------
    >>> graph = {"n_layers": 12, "chunk_size": [256, 256, 512], "spatial_bit_masks": {"2": 10}}
    >>> scale = {"resolution": [8, 8, 40], "voxel_offset": [0, 0, 0]}
    >>> chunks = Chunks.from_info({"graph": graph, "scales": [scale]})
    >>> chunks.size_nm.tolist()
    [2048.0, 2048.0, 20480.0]
    >>> l2_ids = chunks.ids(2, np.array([[3, 0, 1]]), np.array([7]))
    >>> chunks.place(l2_ids, 2).tolist()
    [[3, 0, 1]]
    """

    n_layers: int
    bits: Mapping[int, int]
    size: IntArray
    offset: IntArray
    resolution: FloatArray
    grid: int = 0
    layer_bits: int = _LAYER_BITS

    @classmethod
    def from_info(cls, info: Mapping[str, Any]) -> Chunks:
        """Of the ``info`` of a graphene segmentation.

        Raises
        ------
        AnswerError
            If it does not say how large chunks are, as that of a flat segmentation does not.
        """
        try:
            graph = info["graph"]
            scale = info["scales"][int(graph.get("cv_mip", 0))]
            begins = np.asarray(scale.get("voxel_offset", (0, 0, 0)), dtype=np.int64)
            starts_there = bool(info.get("chunks_start_at_voxel_offset", False))
            return cls(
                n_layers=int(graph["n_layers"]),
                bits={int(layer): int(n) for layer, n in graph["spatial_bit_masks"].items()},
                size=np.asarray(graph["chunk_size"], dtype=np.int64),
                offset=begins if starts_there else np.zeros(3, dtype=np.int64),
                resolution=np.asarray(scale["resolution"], dtype=np.float64),
                grid=int((info.get("mesh_metadata") or {}).get("uniform_draco_grid_size") or 0),
                layer_bits=int(graph.get("n_bits_for_layer_id", _LAYER_BITS)),
            )
        except (KeyError, IndexError) as error:
            raise AnswerError(
                f"the info of the segmentation has no {error}, so its chunks are not known"
            ) from error

    @property
    def size_nm(self) -> FloatArray:
        """(3,) nanometres of a level-2 chunk."""
        return self.size * self.resolution

    def layer(self, ids: IntArray) -> IntArray:
        """(N,) the layer of each node."""
        # Arithmetic shifts are right for ids, of which none is negative.
        found: IntArray = ids >> (_ID_BITS - self.layer_bits)
        return found

    def place(self, ids: IntArray, layer: int) -> IntArray:
        """(N, 3) where the chunk of each node of a layer is, counted in chunks of that layer."""
        bits = self.bits[layer]
        mask = (1 << bits) - 1
        return np.column_stack([(ids >> shift) & mask for shift in self._shifts(bits)])

    def ids(self, layer: int, place: IntArray, number: IntArray) -> IntArray:
        """(N,) ids of nodes of a layer, from their chunks and their numbers within."""
        start = np.full(len(place), layer << (_ID_BITS - self.layer_bits), dtype=np.int64)
        for axis, shift in enumerate(self._shifts(self.bits[layer])):
            start += place[:, axis] << shift
        return start + number

    def numbers(self, layer: int) -> int:
        """How many numbers a node of a layer can have within its chunk."""
        return 1 << (_ID_BITS - self.layer_bits - 3 * self.bits[layer])

    def begins(self, axis: int, places: IntArray) -> FloatArray:
        """(N,) where level-2 chunks begin along an axis, in nanometres as meshes have it.

        Meshes cut chunks on the grid that their vertices lie on: at the point of the grid before
        the chunk begins.
        """
        corner = (self.offset[axis] + places * self.size[axis]) * self.resolution[axis]
        begins: FloatArray = np.floor(corner / self.grid) * self.grid if self.grid else corner
        return begins

    def places_around(self, axis: int, low: float, high: float) -> IntArray:
        """Places of level-2 chunks along an axis, from before `low` to after `high`, in nm."""
        ends = np.array([low, high]) / self.resolution[axis] - self.offset[axis]
        first, last = np.floor(ends / self.size[axis]).astype(np.int64)
        return np.arange(first - 1, last + 3)

    def _shifts(self, bits: int) -> tuple[int, ...]:
        return tuple(_ID_BITS - self.layer_bits - bits * axis for axis in (1, 2, 3))
