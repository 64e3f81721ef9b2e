"""The files in which a chunked segmentation keeps meshes, in the four layouts there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cortical_tools.chunks import Chunks
from cortical_tools.errors import MissingExtraError
from cortical_tools.snapshot_folder import Snapshot, StoredMesh, layout

MeshLayout: TypeAlias = Literal["legacy", "draco", "dynamic", "initial"]
LAYOUTS: tuple[MeshLayout, ...] = ("legacy", "draco", "dynamic", "initial")
_DRACO_BITS = 16


@dataclass(frozen=True)
class Manifest:
    """The fragments of a mesh: their names, and the level-2 id of each."""

    fragments: list[str]
    l2_ids: list[int]


class MeshFiles:
    """The mesh files of a snapshot, made when they are asked for.

    Parameters
    ----------
    snapshot
        Whose meshes they are.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        info: dict[str, Any] = dict(snapshot.facts.graphene)
        self._chunks = Chunks.from_info(info)
        self._grid = int(info.get("mesh_metadata", {}).get("uniform_draco_grid_size", 21))
        self._of_fragment: dict[str, int] = {}

    @lru_cache(maxsize=32)  # noqa: B019 - lives as long as its server
    def mesh(self, root_id: int) -> StoredMesh | None:
        """The mesh of an object, if there is one."""
        content = self._snapshot.read(layout.mesh_of(root_id))
        return None if content is None else StoredMesh.from_bytes(content)

    def info(self, kind: MeshLayout) -> dict[str, Any] | None:
        """The ``info`` beside the meshes; the layouts that are not sharded have none."""
        if kind not in ("dynamic", "initial"):
            return None
        spec = {
            "@type": "neuroglancer_uint64_sharded_v1",
            "data_encoding": "raw",
            "hash": "murmurhash3_x86_128",
            "minishard_bits": 0,
            "minishard_index_encoding": "raw",
            "preshift_bits": 1,
            "shard_bits": 0,
        }
        layers = range(2, self._chunks.n_layers + 1)
        return {
            "@type": "neuroglancer_legacy_mesh",
            "chunk_size": self._chunks.size.tolist(),
            "mip": 0,
            "sharding": {str(layer): spec for layer in layers},
            "spatial_index": None,
        }

    def manifest(self, root_id: int, kind: MeshLayout) -> Manifest | None:
        """What a mesh is made of, if there is one."""
        mesh = self.mesh(root_id)
        if mesh is None:
            return None
        # What is of no level-2 id is a fragment of the object itself: names are of one object.
        ids = [l2_id or root_id for l2_id in mesh.fragment_ids()]
        if kind == "initial":
            offsets = self._shard(root_id)[1]
            sizes = np.diff(offsets).tolist()
            names = [
                f"~2/{root_id}-0.shard:{start}:{size}"
                for start, size in zip(offsets[:-1].tolist(), sizes, strict=True)
            ]
            return Manifest(names, ids)
        names = [f"{l2_id}:0:{self._bounds(l2_id)}" for l2_id in ids]
        # Fragments are asked for by their own names, which do not say of which object they are.
        self._of_fragment.update(dict.fromkeys(names, root_id))
        return Manifest(names, ids)

    def fragment(self, name: str, kind: MeshLayout) -> bytes | None:
        """The file of one fragment, of a mesh whose manifest has been asked for."""
        root_id = self._of_fragment.get(name)
        mesh = None if root_id is None else self.mesh(root_id)
        if mesh is None:
            return None
        write = legacy_bytes if kind == "legacy" else self._draco
        l2_id = int(name.partition(":")[0])
        return write(*mesh.fragment(0 if l2_id == root_id else l2_id))

    def shard(self, name: str) -> bytes | None:
        """The file with all fragments of a mesh, one after the other."""
        text = name.removesuffix("-0.shard")
        if not text.isdecimal() or self.mesh(int(text)) is None:
            return None
        return self._shard(int(text))[0]

    @lru_cache(maxsize=8)  # noqa: B019 - lives as long as its server
    def _shard(self, root_id: int) -> tuple[bytes, NDArray[np.int64]]:
        mesh = self.mesh(root_id)
        assert mesh is not None
        parts = [self._draco(*mesh.fragment(l2_id)) for l2_id in mesh.fragment_ids()]
        offsets = np.cumsum([0, *map(len, parts)], dtype=np.int64)
        return b"".join(parts), offsets

    def _bounds(self, node_id: int) -> str:
        """The voxels of the chunk that a node is in, as names of fragments have them."""
        layer = int(self._chunks.layer(np.array(node_id)))
        place = self._chunks.place(np.array([node_id], dtype=np.int64), layer)[0]
        low = place * self._chunks.size
        high = low + self._chunks.size
        return "_".join(f"{start}-{stop}" for start, stop in zip(low, high, strict=True))

    def _draco(self, vertices: NDArray[np.float32], faces: NDArray[np.uint32]) -> bytes:
        """Compressed, on the grid that all fragments share so that their borders still meet."""
        low = np.floor(vertices.min(axis=0) / self._grid) * self._grid
        packed: bytes = _encoder()(
            vertices,
            faces=faces,
            quantization_bits=_DRACO_BITS,
            quantization_range=float(self._grid * (2**_DRACO_BITS - 1)),
            quantization_origin=low.tolist(),
        )
        return packed


def legacy_bytes(vertices: NDArray[np.float32], faces: NDArray[np.uint32]) -> bytes:
    """A fragment as neuroglancer's legacy meshes have it: the number of vertices, them, faces."""
    count = np.array([len(vertices)], dtype="<u4")
    return count.tobytes() + vertices.astype("<f4").tobytes() + faces.astype("<u4").tobytes()


def _encoder() -> Callable[..., bytes]:
    try:
        import DracoPy
    except ImportError as error:
        raise MissingExtraError("meshes in Draco's format", "mesh") from error
    encode: Callable[..., bytes] = DracoPy.encode
    return encode
