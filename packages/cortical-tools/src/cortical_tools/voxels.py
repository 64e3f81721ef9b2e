"""What is at points of the segmentation, from the voxels that are stored of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cortical_tools import roots
from cortical_tools.connection import Connection
from cortical_tools.parallel import side_by_side

if TYPE_CHECKING:
    from cloudvolume import CloudVolume

# Files downloaded at once.
_AT_ONCE = 4


def l2_ids_at(
    connection: Connection,
    volume: CloudVolume,
    points: NDArray[np.float64],
    timestamp: datetime | None = None,
) -> NDArray[np.int64]:
    """The level-2 id at each point.

    Every file of the segmentation with a point in it is downloaded.

    Parameters
    ----------
    connection
        Whom to ask what the supervoxels belong to.
    volume
        The segmentation.
    points
        (N, 3) nanometres.
    timestamp
        When; by default the pinned version's time, or now.

    Returns
    -------
    (N,) int64 array
        0 outside of everything that is segmented, and of the volume.
    """
    voxels = np.floor(points / np.asarray(volume.meta.resolution(0), dtype=np.float64))
    low, high = (np.asarray(end) for end in (volume.bounds.minpt, volume.bounds.maxpt))
    within = ((voxels >= low) & (voxels < high)).all(axis=1)
    found = np.zeros(len(points), dtype=np.int64)
    if not within.any():
        return found
    supervoxels, number = np.unique(
        _values(volume, voxels[within].astype(np.int64)), return_inverse=True
    )
    l2_ids = roots.get_roots(connection, supervoxels, timestamp, stop_layer=2)
    found[within] = l2_ids[number.reshape(-1)]
    return found


def _values(volume: CloudVolume, voxels: NDArray[np.int64]) -> NDArray[np.int64]:
    """(N,) what is in each voxel; every file of voxels is downloaded once."""
    offset = np.asarray(volume.meta.voxel_offset(0), dtype=np.int64)
    files = (voxels - offset) // np.asarray(volume.meta.chunk_size(0), dtype=np.int64)
    order = np.lexsort(files.T)
    ends = np.flatnonzero((np.diff(files[order], axis=0) != 0).any(axis=1)) + 1
    found = np.zeros(len(voxels), dtype=np.int64)

    def fill(rows: NDArray[np.intp]) -> None:
        here = voxels[rows]
        low = here.min(axis=0)
        box = tuple(slice(*ends) for ends in zip(low, here.max(axis=0) + 1, strict=True))
        part = np.asarray(volume.download(box, mip=0, agglomerate=False))[..., 0]
        found[rows] = part[tuple((here - low).T)].astype(np.int64)

    side_by_side(fill, np.split(order, ends), _AT_ONCE)
    return found
