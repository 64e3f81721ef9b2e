"""PostGIS points, as a database dumps them, to coordinates."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_POINT = 1
# How ISO has it where PostGIS sets a flag.
_ISO_POINT_Z = 1001
_HAS_Z = 0x80000000
_HAS_SRID = 0x20000000
_HEADER = 5
_SRID = 4
_COORDINATES = 24


def decode_points(points: pa.Array) -> tuple[pa.Array, pa.Array, pa.Array]:
    """The x, y and z of points in three dimensions.

    Parameters
    ----------
    points
        (N,) extended well-known binary (EWKB), as hexadecimal text or as bytes; with or without a
        spatial reference, which is passed over, and in either byte order.

    Returns
    -------
    x, y, z
        (N,) float64 arrays; null where a point is.

    Raises
    ------
    ValueError
        If something is not a point in three dimensions.

    Examples
    --------
    The point 1, 2, 3.

    >>> point = "0101000080000000000000F03F00000000000000400000000000000840"
    >>> [axis.to_pylist() for axis in decode_points(pa.array([point, None]))]
    [[1.0, None], [2.0, None], [3.0, None]]
    """
    is_text = pa.types.is_string(points.type) or pa.types.is_large_string(points.type)
    missing = points.is_null().to_numpy(zero_copy_only=False)
    starts, content = _bytes_of(points.drop_null())
    if is_text:
        if np.any(np.diff(starts) % 2):
            raise ValueError("hexadecimal text of an odd length")
        content = np.frombuffer(bytes.fromhex(content.tobytes().decode("ascii")), np.uint8)
        starts = starts // 2
    coordinates = np.full((len(points), 3), np.nan)
    coordinates[~missing] = _coordinates(starts, content)
    x, y, z = (pa.array(axis.copy(), mask=missing) for axis in coordinates.T)
    return x, y, z


def _bytes_of(values: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Where each value starts, and one more; and all their bytes in a row."""
    values = values.cast(pa.large_binary())
    if not len(values):
        return np.zeros(1, np.int64), np.zeros(0, np.uint8)
    _, offsets, content = values.buffers()
    starts = np.frombuffer(offsets, np.int64)[values.offset : values.offset + len(values) + 1]
    return starts - starts[0], np.frombuffer(content, np.uint8)[starts[0] : starts[-1]]


def _coordinates(starts: NDArray[np.int64], content: NDArray[np.uint8]) -> NDArray[np.float64]:
    sizes = np.diff(starts)
    out = np.empty((len(sizes), 3))
    for size in np.unique(sizes):
        rows = np.flatnonzero(sizes == size)
        if size < _HEADER + _COORDINATES:
            raise ValueError(f"{size} bytes are no point in three dimensions")
        raw = content[starts[rows][:, None] + np.arange(size)]
        for order, sign in ((1, "<"), (0, ">")):
            of_order = raw[:, 0] == order
            if of_order.any():
                out[rows[of_order]] = _decoded(raw[of_order], sign)
        if np.any(raw[:, 0] > 1):
            raise ValueError(f"{raw[raw[:, 0] > 1][0, 0]} is no byte order")
    return out


def _decoded(raw: NDArray[np.uint8], sign: str) -> NDArray[np.float64]:
    """Coordinates of (N, size) bytes in one byte order."""
    kinds = np.ascontiguousarray(raw[:, 1:_HEADER]).view(f"{sign}u4")[:, 0]
    if len(raw) and np.any(kinds != kinds[0]):
        out = np.empty((len(raw), 3))
        for kind in np.unique(kinds):
            out[kinds == kind] = _decoded(raw[kinds == kind], sign)
        return out
    kind = int(kinds[0])
    start = _HEADER + (_SRID if kind & _HAS_SRID else 0)
    plain = kind & ~(_HAS_Z | _HAS_SRID)
    is_point_z = (plain == _POINT and kind & _HAS_Z) or plain == _ISO_POINT_Z
    if not is_point_z or raw.shape[1] != start + _COORDINATES:
        raise ValueError(f"a geometry of kind {kind:#x} in {raw.shape[1]} bytes is no such point")
    return np.ascontiguousarray(raw[:, start:]).view(f"{sign}f8").astype(np.float64)
