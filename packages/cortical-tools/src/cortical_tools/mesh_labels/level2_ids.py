"""The level-2 ids of an object, chunk by chunk, with the points that stand for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cortical_tools.chunks import Chunks
from cortical_tools.errors import IdError
from cortical_tools.ids import Ids, int_ids
from cortical_tools.mesh_labels._arrays import BoolArray, FloatArray, IntArray
from cortical_tools.mesh_labels.pieces import chunk_corners

_LAYER = 2


@dataclass(frozen=True)
class Level2Ids:
    """Checked level-2 ids.

    Parameters
    ----------
    ids
        (N,) in the order given.
    points
        (N, 3) nanometres; NaN where there is none.
    places
        (N, 3) the chunk of each.
    """

    ids: IntArray
    points: FloatArray
    places: IntArray

    @classmethod
    def checked(cls, ids: Ids, points: ArrayLike, chunks: Chunks) -> Level2Ids:
        """From ids and points as they are given.

        A point that lies outside of its id's chunk is none: where the cache has no point, what
        stands there may be anything.
        """
        ids = int_ids(ids, "lvl2_ids")
        found = np.asarray(points, dtype=np.float64)
        if len(ids) == 0 and found.size == 0:
            found = found.reshape(0, 3)
        if found.shape != (len(ids), 3):
            raise ValueError(
                f"lvl2_pts: expected ({len(ids)}, 3), a point for each of lvl2_ids, "
                f"not {found.shape}"
            )
        layers = chunks.layer(ids)
        if (layers != _LAYER).any():
            row = int(np.argmax(layers != _LAYER))
            raise IdError(
                f"lvl2_ids: {int((layers != _LAYER).sum())} of {len(ids)} are not of layer 2, the "
                f"first is {ids[row]}, which is of layer {layers[row]}"
            )
        distinct, counts = np.unique(ids, return_counts=True)
        if len(distinct) < len(ids):
            raise IdError(
                f"lvl2_ids: {int((counts > 1).sum())} are there more than once, the first is "
                f"{distinct[counts > 1][0]}"
            )
        places = chunks.place(ids, _LAYER)
        low, high = chunk_corners(chunks, places)
        # A point is that of a voxel, which the grid of meshes may put on the other side.
        room = chunks.resolution + chunks.grid
        is_there = ((found >= low - room) & (found <= high + room)).all(axis=1)
        return cls(ids, np.where(is_there[:, None], found, np.nan), places)

    @property
    def has_point(self) -> BoolArray:
        """(N,) whether there is a point."""
        found: BoolArray = ~np.isnan(self.points[:, 0])
        return found
