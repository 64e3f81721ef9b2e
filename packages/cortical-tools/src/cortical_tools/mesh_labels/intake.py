"""Meshes as they are given, checked before anything is computed from them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def checked_vertices(vertices: ArrayLike) -> NDArray[np.floating[Any]]:
    """(V, 3) finite coordinates; 32-bit floats stay what they are."""
    found = np.asarray(vertices)
    if found.size == 0:
        found = np.zeros((0, 3), dtype=np.float32)
    if found.ndim != 2 or found.shape[1] != 3 or found.dtype.kind not in "iuf":
        raise ValueError(
            f"vertices: expected (V, 3) coordinates in nanometres, not {found.shape} of "
            f"{found.dtype}"
        )
    if found.dtype != np.float32:
        found = found.astype(np.float64, copy=False)
    finite = np.isfinite(found).all(axis=1)
    if not finite.all():
        row = int(np.argmin(finite))
        raise ValueError(
            f"vertices: {int((~finite).sum())} of {len(found)} are not finite, the first is "
            f"vertex {row}, {found[row].tolist()}"
        )
    return found


def checked_faces(faces: ArrayLike, n_vertices: int) -> NDArray[np.integer[Any]]:
    """(F, 3) rows of vertices."""
    found = np.asarray(faces)
    if found.size == 0:
        found = np.zeros((0, 3), dtype=np.int64)
    if found.ndim != 2 or found.shape[1] != 3 or found.dtype.kind not in "iu":
        raise ValueError(
            f"faces: expected (F, 3) integers, the rows of three vertices, not {found.shape} of "
            f"{found.dtype}"
        )
    if len(found) and not 0 <= int(found.min()) <= int(found.max()) < n_vertices:
        wrong = ((found < 0) | (found >= n_vertices)).any(axis=1)
        row = int(np.argmax(wrong))
        raise ValueError(
            f"faces: {int(wrong.sum())} of {len(found)} name vertices that are not there, the "
            f"first is face {row}, {found[row].tolist()}; there are {n_vertices} vertices"
        )
    return found


def checked_options(max_distance: float, ratio_better: float, hop_limit: int) -> None:
    """Stop where an option makes no sense."""
    if not (np.isfinite(max_distance) and max_distance >= 0):
        raise ValueError(f"max_distance: expected nanometres, 0 or more, not {max_distance!r}")
    if not 0 < ratio_better <= 1:
        raise ValueError(f"ratio_better: expected more than 0 and at most 1, not {ratio_better!r}")
    if hop_limit != int(hop_limit) or hop_limit < 0:
        raise ValueError(f"hop_limit: expected a number of edges, 0 or more, not {hop_limit!r}")
