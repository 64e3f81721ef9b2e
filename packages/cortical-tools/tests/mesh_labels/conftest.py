"""Meshes of boxes, and a segmentation of round chunks to put them in."""

from __future__ import annotations

import numpy as np
import pytest

from cortical_tools.chunks import Chunks


@pytest.fixture(scope="session")
def make_chunks():
    """Chunks of 1000 nm along each axis, the first from 0 on."""

    def make(grid: int = 0, offset: tuple[int, int, int] = (0, 0, 0)) -> Chunks:
        return Chunks.from_info(
            {
                "chunks_start_at_voxel_offset": True,
                "graph": {
                    "n_layers": 12,
                    "chunk_size": [100, 100, 25],
                    "spatial_bit_masks": {"1": 10, "2": 10, "12": 1},
                },
                "mesh_metadata": {"uniform_draco_grid_size": grid} if grid else None,
                "scales": [{"resolution": [10, 10, 40], "voxel_offset": list(offset)}],
            }
        )

    return make


@pytest.fixture(scope="session")
def chunks(make_chunks):
    """Chunks of 1000 nm, whose meshes lie on no grid."""
    return make_chunks()


@pytest.fixture(scope="session")
def l2_id(chunks):
    """The level-2 id with a number in the chunk at a place."""

    def find(place, number=1):
        return int(chunks.ids(2, np.array([place]), np.array([number]))[0])

    return find


def box(low, high, step=100.0):
    """The surface of a box, with a vertex every `step` or so; its normals go outwards."""
    low, high = np.asarray(low, float), np.asarray(high, float)
    lines = [np.linspace(a, b, round((b - a) / step) + 1) for a, b in zip(low, high, strict=True)]
    points, faces = [], []
    for axis in range(3):
        u, v = (axis + 1) % 3, (axis + 2) % 3
        for end, outwards in ((low, -1), (high, 1)):
            grid = np.zeros((len(lines[u]), len(lines[v]), 3))
            grid[..., axis] = end[axis]
            grid[..., u], grid[..., v] = np.meshgrid(lines[u], lines[v], indexing="ij")
            rows = np.arange(grid[..., 0].size).reshape(grid.shape[:2]) + sum(map(len, points))
            a, b, c, d = rows[:-1, :-1], rows[1:, :-1], rows[1:, 1:], rows[:-1, 1:]
            sides = [np.stack([a, b, c], -1), np.stack([a, c, d], -1)]
            faces += [side.reshape(-1, 3)[:, ::outwards] for side in sides]
            points.append(grid.reshape(-1, 3))
    points, which = np.unique(np.concatenate(points).round(6), axis=0, return_inverse=True)
    return points, which.reshape(-1)[np.concatenate(faces)]


def together(*meshes):
    """Several meshes as one."""
    before = np.cumsum([0, *(len(points) for points, _ in meshes)])
    faces = [f + n for (_, f), n in zip(meshes, before[:-1], strict=True)]
    return np.concatenate([points for points, _ in meshes]), np.concatenate(faces)


@pytest.fixture(scope="session", name="box")
def _box():
    return box


@pytest.fixture(scope="session", name="together")
def _together():
    return together
