"""Neurons cut into the level-2 nodes of the world's chunks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cortical_tools.local.world.ids import FloatArray, IdMint, IntArray
from cortical_tools.snapshot_folder import StoredMesh

_HOME = np.array([1_000_000.0, 600_000.0, 1_000_000.0])
"""Where the example cells have their soma."""
_SPREAD = np.array([45_000.0, 45_000.0, 45_000.0])
_CENTRE = np.array([760_000.0, 850_000.0, 860_000.0])
_PER_L2 = 2
_CANDIDATES = 16
_AXON = 2
_SHARE_OF_BRANCH = 0.05


@dataclass
class Neuron:
    """One neuron, in level-2 nodes.

    Parameters
    ----------
    points
        (L, 3) representative point of each level-2 node, in nanometres.
    attributes
        One row for each level-2 node: sizes and so on.
    l2_ids
        (L,) ascending.
    edges
        (E, 2) level-2 ids.
    supervoxels
        (L, 2) supervoxel ids in each level-2 node.
    skeleton
        In the form of the skeleton service, but for root id and level-2 ids; see `skeleton_of`.
    skeleton_row
        (L,) the skeleton vertex of each level-2 node.
    is_axon
        (L,) whether it is on the axon.
    is_tip, is_tip_vertex
        (L,) and (V,) what of it is on one small branch of the axon.
    soma
        (3,) in nanometres.
    n_pre, n_post
        How many outputs and inputs it has.
    mesh
        A tube around its skeleton.
    """

    points: FloatArray
    attributes: pd.DataFrame
    l2_ids: IntArray
    edges: IntArray
    supervoxels: IntArray
    skeleton: dict[str, Any]
    skeleton_row: IntArray
    is_axon: NDArray[np.bool_]
    is_tip: NDArray[np.bool_]
    is_tip_vertex: NDArray[np.bool_]
    soma: FloatArray
    n_pre: int
    n_post: int
    mesh: StoredMesh

    def skeleton_of(self, l2_ids: IntArray) -> dict[str, Any] | None:
        """The skeleton of what is made of some level-2 nodes, in the form of the skeleton service.

        Known for the whole neuron and for all but its small branch; None for anything else.
        """
        if np.array_equal(l2_ids, self.l2_ids):
            return self._skeleton_without(np.zeros(len(self.is_tip_vertex), dtype=np.bool_))
        if np.array_equal(l2_ids, self.l2_ids[~self.is_tip]):
            return self._skeleton_without(self.is_tip_vertex)
        return None

    def _skeleton_without(self, gone: NDArray[np.bool_]) -> dict[str, Any]:
        place = np.cumsum(~gone) - 1
        whole = {name: np.array(values) for name, values in self.skeleton.items()}
        edges, l2_stay = whole["edges"], ~gone[self.skeleton_row]
        kept = {name: whole[name][~gone] for name in ("vertices", "radius", "compartment")}
        return {
            "edges": place[edges[~gone[edges].any(axis=1)]].tolist(),
            "mesh_to_skel_map": place[self.skeleton_row[l2_stay]].tolist(),
            "root": int(place[whole["root"]]),
            **{name: values.tolist() for name, values in kept.items()},
            "lvl2_ids": self.l2_ids[l2_stay].tolist(),
        }


def make_neuron(n_vertices: int, seed: int, mint: IdMint, rng: np.random.Generator) -> Neuron:
    """An example cell of ossify, put somewhere and cut along the chunks.

    Parameters
    ----------
    n_vertices, seed
        As for ``ossify.example_cell``.
    mint
        Of the world's ids.
    rng
        For its place.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    # Serving a folder does without ossify; only making one needs it.
    from ossify import example_cell  # noqa: PLC0415

    cell = example_cell(n_vertices, seed, mesh=True)
    shift = np.round(_CENTRE + rng.uniform(-1, 1, 3) * _SPREAD - _HOME)
    graph, skeleton = cell.graph, cell.skeleton
    # This example cell has all of them.
    assert graph is not None
    assert skeleton is not None
    assert cell.mesh is not None
    points = np.asarray(graph.vertices) + shift
    place = mint.place(points)
    pairs = np.asarray(graph.edges_positional)
    within = (place[pairs[:, 0]] == place[pairs[:, 1]]).all(axis=1)
    inside = pairs[within]
    joined = coo_array(
        (np.ones(len(inside), dtype=np.bool_), (inside[:, 0], inside[:, 1])),
        shape=(len(points), len(points)),
    )
    count, piece = connected_components(joined, directed=False)
    first = np.zeros(count, dtype=np.int64)
    first[piece[::-1]] = np.arange(len(points))[::-1]
    ids = mint.nodes(2, place[first])
    order = np.argsort(ids)
    rank = np.empty(count, dtype=np.int64)
    rank[order] = np.arange(count)
    piece, first, ids = rank[piece], first[order], ids[order]
    between = np.sort(piece[pairs[~within]], axis=1)
    edges = ids[np.unique(between, axis=0)]
    rows = np.asarray(graph.map_index_to_layer("skeleton", as_positional=True))[first]
    compartment = np.asarray(skeleton.get_feature("compartment"))
    is_tip_vertex = _small_branch(skeleton.tree, compartment == _AXON)
    return Neuron(
        points=points[first],
        attributes=_attributes(graph.features, piece, points[first], place[first], rng),
        l2_ids=ids,
        edges=edges,
        supervoxels=mint.nodes(1, np.repeat(place[first], _PER_L2, axis=0)).reshape(-1, _PER_L2),
        skeleton=_skeleton(skeleton, shift, compartment),
        skeleton_row=rows,
        is_axon=compartment[rows] == _AXON,
        is_tip=is_tip_vertex[rows],
        is_tip_vertex=is_tip_vertex,
        soma=np.asarray(skeleton.vertices)[0] + shift,
        n_pre=cell.annotations["pre_syn"].n_vertices,
        n_post=cell.annotations["post_syn"].n_vertices,
        mesh=_mesh(cell.mesh, shift, points[first], ids, mint),
    )


def _small_branch(tree: Any, is_axon: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The part of the axon beyond the vertex that has about a twentieth of the cell there."""
    size = np.asarray(tree.subtree_sums(np.ones(len(is_axon), dtype=np.int64)))
    off = np.where(is_axon, np.abs(size - _SHARE_OF_BRANCH * len(is_axon)), np.inf)
    mask: NDArray[np.bool_] = np.asarray(tree.subtree_mask([int(np.argmin(off))]))
    return mask


def _attributes(
    features: pd.DataFrame,
    piece: IntArray,
    points: FloatArray,
    place: IntArray,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """The attributes of level-2 nodes, from those of the bits that each is made of."""
    bits = features.reset_index(drop=True).groupby(piece)
    table = pd.DataFrame(
        {
            "area_nm2": bits["area_nm2"].sum().astype(np.int64),
            "size_nm3": bits["size_nm3"].sum().astype(np.int64),
            "max_dt_nm": bits["max_dt_nm"].max().round().astype(np.int64),
            "mean_dt_nm": bits["mean_dt_nm"].mean().round(3),
        }
    )
    for axis, name in enumerate("xyz"):
        table[f"rep_coord_nm_{name}"] = points[:, axis].astype(np.int64)
    turned, _ = np.linalg.qr(rng.normal(size=(len(table), 3, 3)))
    for row in range(3):
        for axis, name in enumerate("xyz"):
            table[f"pca_{row}_{name}"] = turned[:, row, axis].round(3)
    spread = np.sort(rng.uniform(100, 30_000, size=(len(table), 3)), axis=1)[:, ::-1]
    for row in range(3):
        table[f"pca_val_{row}"] = spread[:, row].round(3)
    for end in ("bottom", "top"):
        for name in "xyz":
            table[f"chunk_intersect_count_{name}_{end}"] = rng.integers(0, 600, len(table))
    return table


def _mesh(
    mesh: Any, shift: FloatArray, points: FloatArray, l2_ids: IntArray, mint: IdMint
) -> StoredMesh:
    """The mesh of a cell, each vertex with the nearest level-2 id, if possible of its own chunk."""
    from scipy.spatial import cKDTree

    vertices = np.asarray(mesh.vertices) + shift
    near = cKDTree(points).query(vertices, k=min(_CANDIDATES, len(points)))[1]
    chunk = mint.place(points)
    is_own = (chunk[near] == mint.place(vertices)[:, None]).all(axis=2)
    best = near[np.arange(len(near)), is_own.argmax(axis=1)]
    faces = np.asarray(mesh.faces_positional)
    return StoredMesh(vertices.astype(np.float32), faces.astype(np.uint32), l2_ids[best])


def _skeleton(skeleton: Any, shift: FloatArray, compartment: IntArray) -> dict[str, Any]:
    parent = np.asarray(skeleton.parent_node_array)
    child = np.flatnonzero(parent >= 0)
    # The service knows no apical dendrites.
    codes = np.where(compartment > 2, 3, compartment)
    return {
        "edges": np.column_stack([child, parent[child]]).tolist(),
        "root": int(np.flatnonzero(parent < 0)[0]),
        "vertices": (np.asarray(skeleton.vertices) + shift).round(1).tolist(),
        "radius": np.asarray(skeleton.get_feature("radius")).round(1).tolist(),
        "compartment": codes.tolist(),
    }
