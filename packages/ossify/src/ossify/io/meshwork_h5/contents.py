"""What a MeshWork file holds, checked and in arrays."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from ossify._typing import AnyArray, BoolArray, FloatArray, IntArray
from ossify.io.meshwork_h5.hdf import Hdf, open_hdf
from ossify.io.meshwork_h5.tables import Table, read_tables
from ossify.io.storage import Location, Readable
from ossify.vertex_ids import NO_VERTEX

_VERSIONS = (1, 2)


@dataclass(frozen=True, eq=False)
class Mesh:
    """M vertices in nm, with what makes them a mesh or a graph.

    Attributes
    ----------
    scaling
        (3,) what the vertices have been multiplied by, and own points of annotations have to be.
    """

    vertices: FloatArray
    faces: IntArray
    link_edges: IntArray
    node_mask: BoolArray
    mesh_mask: BoolArray | None
    scaling: FloatArray


@dataclass(frozen=True, eq=False)
class Skeleton:
    """N vertices in nm, a tree over them, and where the mesh is on it."""

    vertices: FloatArray
    edges: IntArray
    root: int
    of_mesh: IntArray
    radius: FloatArray | None
    mesh_index: IntArray | None
    meta: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Contents:
    """A whole file.

    Attributes
    ----------
    attributes
        ``seg_id``, ``voxel_resolution`` and ``version`` as the file has them, None where it has
        not.
    """

    label: str
    attributes: dict[str, Any]
    mesh: Mesh
    skeleton: Skeleton | None
    tables: list[Table]

    @property
    def resolution(self) -> FloatArray | None:
        """(3,) nm per voxel, if the file says."""
        given = self.attributes["voxel_resolution"]
        if given is None or np.size(given) != 3:
            return None
        return np.asarray(given, dtype=np.float64).reshape(3)


def read_contents(source: Location | Readable) -> Contents:
    """Read a MeshWork file of version 1 or 2.

    Raises
    ------
    MeshWorkFormatError
        If it is none, or its parts do not fit one another.
    """
    with open_hdf(source) as hdf:
        attributes = hdf.attributes("")
        seg_id = attributes.get("seg_id")
        version = int(attributes.get("version", 1))
        if version not in _VERSIONS:
            raise hdf.error(f"version {version} is none of those that are read, 1 and 2")
        if hdf.node("mesh") is None:
            raise hdf.error("it has no mesh, so it is no MeshWork file")
        mesh = _mesh(hdf)
        return Contents(
            hdf.label,
            {
                "seg_id": None if seg_id is None else int(np.asarray(seg_id).reshape(-1)[0]),
                "voxel_resolution": attributes.get("voxel_resolution"),
                "version": version,
            },
            mesh,
            _skeleton(hdf, len(mesh.vertices)),
            read_tables(hdf, version),
        )


def _mesh(hdf: Hdf) -> Mesh:
    vertices, scaling = _vertices(hdf, "mesh")
    count = len(vertices)
    node_mask = _per_vertex(hdf, "mesh/node_mask", "b", count)
    return Mesh(
        vertices,
        _tuples(hdf, "mesh/faces", 3, count),
        _tuples(hdf, "mesh/link_edges", 2, count),
        np.ones(count, dtype=bool) if node_mask is None else node_mask,
        hdf.data("mesh/mesh_mask", "b"),
        scaling,
    )


def _skeleton(hdf: Hdf, n_mesh: int) -> Skeleton | None:
    if hdf.node("skeleton") is None:
        return None
    vertices, _ = _vertices(hdf, "skeleton")
    count = len(vertices)
    of_mesh = _per_vertex(hdf, "skeleton/mesh_to_skel_map", "iu", n_mesh)
    root = int(hdf.wanted("skeleton/root", "iu").reshape(-1)[0])
    _check_range(hdf, "skeleton/root", np.array([root]), 0, count)
    if of_mesh is None:
        of_mesh = np.full(n_mesh, NO_VERTEX)
    _check_range(hdf, "skeleton/mesh_to_skel_map", of_mesh, NO_VERTEX, count)
    return Skeleton(
        vertices,
        _tuples(hdf, "skeleton/edges", 2, count),
        root,
        of_mesh,
        _per_vertex(hdf, "skeleton/radius", "fiu", count),
        hdf.data("skeleton/mesh_index", "iuf"),
        _meta(hdf),
    )


def _meta(hdf: Hdf) -> dict[str, Any]:
    text = hdf.data("skeleton/meta", "S")
    if text is None:
        return {}
    try:
        loaded = json.loads(bytes(text[()]))
    except (ValueError, RecursionError) as error:
        raise hdf.error(f"skeleton/meta is no JSON ({error})") from None
    known = loaded.items() if isinstance(loaded, dict) else ()
    return {str(key): value for key, value in known if value is not None}


def _vertices(hdf: Hdf, group: str) -> tuple[FloatArray, FloatArray]:
    vertices = hdf.wanted(f"{group}/vertices", "fiu", 3).astype(np.float64)
    scaling = np.asarray(hdf.attributes(group).get("voxel_scaling", 1.0), dtype=np.float64)
    if scaling.size not in (1, 3):
        raise hdf.error(f"{group}: voxel_scaling has {scaling.size} numbers, expected 3")
    scaling = np.broadcast_to(scaling.reshape(-1), 3)
    return vertices * scaling, scaling


def _tuples(hdf: Hdf, path: str, width: int, count: int) -> IntArray:
    tuples = hdf.data(path, "iu", width)
    if tuples is None:
        return np.empty((0, width), dtype=np.int64)
    _check_range(hdf, path, tuples, 0, count)
    return tuples.astype(np.int64)


def _per_vertex(hdf: Hdf, path: str, kinds: str, count: int) -> AnyArray | None:
    values = hdf.data(path, kinds)
    if values is not None and values.shape != (count,):
        raise hdf.error(f"{path} has shape {values.shape}, expected ({count},)")
    return values


def _check_range(hdf: Hdf, path: str, rows: IntArray, least: int, count: int) -> None:
    if rows.size and not (rows.min() >= least and rows.max() < count):
        bad = rows[(rows < least) | (rows >= count)].reshape(-1)
        raise hdf.error(f"{path} names vertex {bad[0]}, where there are {count:,}")
