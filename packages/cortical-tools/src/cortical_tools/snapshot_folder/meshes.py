"""Meshes in snapshots: one compressed archive of arrays for each object."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class StoredMesh:
    """The mesh of an object.

    Parameters
    ----------
    vertices
        (V, 3) float32, in nanometres.
    faces
        (F, 3) rows of vertices.
    l2_ids
        (V,) the level-2 id that each vertex belongs to; 0 where it is not known.
    """

    vertices: NDArray[np.float32]
    faces: NDArray[np.uint32]
    l2_ids: NDArray[np.int64]

    def to_bytes(self) -> bytes:
        """As it stands in a snapshot."""
        target = io.BytesIO()
        np.savez_compressed(
            target,
            vertices=self.vertices.astype(np.float32),
            faces=self.faces.astype(np.uint32),
            l2_ids=self.l2_ids.astype(np.int64),
        )
        return target.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> StoredMesh:
        """Of what stands in a snapshot."""
        with np.load(io.BytesIO(content), allow_pickle=False) as found:
            arrays: dict[str, Any] = {name: found[name] for name in found.files}
        return cls(**arrays)

    def fragment(self, l2_id: int) -> tuple[NDArray[np.float32], NDArray[np.uint32]]:
        """The vertices and faces of a level-2 id; a face is with the first of its vertices.

        Vertices at the border to another fragment are in both.
        """
        faces = self.faces[self.l2_ids[self.faces[:, 0]] == l2_id]
        rows, places = np.unique(faces, return_inverse=True)
        return self.vertices[rows], places.reshape(-1, 3).astype(np.uint32)

    def fragment_ids(self) -> list[int]:
        """The level-2 ids that have faces, ascending."""
        found: list[int] = np.unique(self.l2_ids[self.faces[:, 0]]).tolist()
        return found
