"""MeshParty: a MeshWork of mesh, skeleton and annotations.

Where no mesh is given, the points of the skeleton are one without faces.
"""

import logging

import numpy as np
import pandas as pd
from meshparty import meshwork, skeleton, trimesh_io
from meshparty.meshwork import algorithms

logging.disable(logging.WARNING)


def make(subject, given, folder):
    work = _meshwork(given, whole=subject.startswith("cell"))
    if subject.endswith("file"):
        path = str(folder / f"{subject}.h5")
        work.save_meshwork(path, overwrite=True)
        return path
    return work


def warm(work, given):
    _ = work.skeleton.csgraph, work.skeleton.csgraph_undirected


def _meshwork(given, whole):
    rows = given["mesh_row"] if whole else np.arange(len(given["points"]))
    points = given["mesh_points"] if whole else given["points"]
    faces = given["mesh_faces"] if whole else np.empty((0, 3), dtype=np.int64)
    mesh = trimesh_io.Mesh(points, faces, process=False)
    tree = skeleton.Skeleton(
        given["points"],
        given["edges"],
        root=0,
        radius=given["radius"],
        mesh_to_skel_map=rows,
        mesh_index=np.arange(len(points)) if not whole else _first_of_each(rows),
        remove_zero_length_edges=False,
    )
    work = meshwork.Meshwork(mesh, skeleton=tree, seg_id=1)
    for name in ("pre_syn", "post_syn"):
        frame = pd.DataFrame({"row": tree.mesh_index[given[f"{name}_row"]]})
        work.add_annotations(name, frame, anchored=True, index_column="row")
    return work


def _first_of_each(rows):
    first = np.zeros(rows.max() + 1, dtype=np.int64)
    first[rows[::-1]] = np.arange(len(rows))[::-1]
    return first


def build_skeleton(_, given):
    return _meshwork(given, whole=False)


def build_cell(_, given):
    return _meshwork(given, whole=True)


def save_skeleton(work, given):
    work.save_meshwork(str(given["folder"] / "saved.h5"), overwrite=True)


save_cell = save_skeleton


def load_skeleton(path, given):
    return meshwork.load_meshwork(path).skeleton.vertices.sum()


load_cell = load_skeleton


def cable_length(work, given):
    return work.skeleton.path_length()


def distance_to_root(work, given):
    return work.skeleton.distance_to_root


def branch_and_end_points(work, given):
    return work.skeleton.branch_points, work.skeleton.end_points


def segments(work, given):
    return work.skeleton.segments


def cover_paths(work, given):
    return work.skeleton.cover_paths


def strahler(work, given):
    return algorithms.strahler_order(work, return_as_skel=True)


def path_between(work, given):
    return work.skeleton.path_between(*given["ends"])


def distances_between(work, given):
    return work.distance_between(given["thousand"], given["thousand"])


def reroot(work, given):
    work.skeleton.reroot(given["ends"][0])
    return work.skeleton


def subtree(work, given):
    return work.skeleton.downstream_nodes(given["subtree_row"])


def betweenness(work, given):
    return algorithms.synapse_betweenness(
        work.skeleton, given["pre_syn_row"], given["post_syn_row"]
    )


def axon(work, given):
    rows = algorithms.split_axon_by_annotation(
        work, "pre_syn", "post_syn", return_quality=False, extend_to_segment=False
    )
    return np.isin(np.arange(work.skeleton.n_vertices), rows)


def mask_skeleton(work, given):
    work.apply_mask(given["keep"][work.skeleton.mesh_to_skel_map])
    return work.skeleton.n_vertices


mask_cell = mask_skeleton


def copy_skeleton(work, given):
    return work.copy().skeleton.n_vertices


copy_cell = copy_skeleton


def annotations_to_skeleton(work, given):
    return work.skeleton.mesh_to_skel_map[work.anno.pre_syn.mesh_index]


def mask_to_mesh(work, given):
    return given["keep"][work.skeleton.mesh_to_skel_map]


def nearest(work, given):
    return work.skeleton.kdtree.query(given["pre_syn_points"])[0]


def _parents(tree):
    parent = np.full(tree.n_vertices, -1)
    edges = tree.edges
    parent[edges[:, 0]] = edges[:, 1]
    return parent


PLAIN = {"reroot": _parents}
