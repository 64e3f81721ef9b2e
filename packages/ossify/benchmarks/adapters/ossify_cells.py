"""ossify, this one or the published one: whichever the environment has. The calls are the same."""

import warnings

import ossify
from ossify import Link, algorithms

# Counting the synapses of a masked cell, the published one divides by an array without values.
warnings.simplefilter("ignore")

_made = {}


def _cell(given, whole):
    cell = ossify.Cell(name=1)
    cell.add_skeleton(given["points"], given["edges"], {"radius": given["radius"]}, root=0)
    if whole:
        cell.add_graph(
            given["graph_points"],
            given["graph_edges"],
            vertex_index=given["graph_ids"],
            linkage=Link(given["graph_row"], target="skeleton"),
        )
        cell.add_mesh(
            given["mesh_points"],
            given["mesh_faces"],
            {"value": given["mesh_value"]},
            linkage=Link(given["mesh_row"], target="skeleton"),
        )
    for name in ("pre_syn", "post_syn"):
        link = (
            Link(given[f"{name}_graph_id"], target="graph")
            if whole
            else Link(given[f"{name}_row"], target="skeleton")
        )
        cell.add_point_annotations(name, given[f"{name}_points"], linkage=link)
    return cell


def make(subject, given, folder):
    whole = subject.startswith("cell")
    if subject.endswith("file"):
        path = folder / f"{subject}.osy"
        if not path.exists():
            ossify.save_cell(_cell(given, whole), str(path))
        return str(path)
    if ossify.__version__ != "0.3.0":
        return _cell(given, whole)
    # A copy has nothing computed, as a new one has, and is made much faster.
    if whole not in _made:
        _made[whole] = _cell(given, whole)
    return _made[whole].copy()


def warm(cell, given):
    cell.skeleton.lowest_common_ancestor(1, 2)


def build_skeleton(_, given):
    return _cell(given, whole=False)


def build_cell(_, given):
    return _cell(given, whole=True)


def save_skeleton(cell, given):
    ossify.save_cell(cell, str(given["folder"] / "saved.osy"), allow_overwrite=True)


save_cell = save_skeleton


def load_skeleton(path, given):
    return ossify.load_cell(path).skeleton.vertices.sum()


load_cell = load_skeleton


def cable_length(cell, given):
    return cell.skeleton.cable_length()


def distance_to_root(cell, given):
    return cell.skeleton.distance_to_root()


def branch_and_end_points(cell, given):
    return cell.skeleton.branch_points_positional, cell.skeleton.end_points_positional


def segments(cell, given):
    return cell.skeleton.segments_positional


def cover_paths(cell, given):
    return cell.skeleton.cover_paths_positional


def strahler(cell, given):
    return algorithms.strahler_number(cell)


def path_between(cell, given):
    return cell.skeleton.path_between(*given["ends"], as_positional=True)


def distances_between(cell, given):
    rows = given["thousand"]
    return cell.skeleton.distance_between(rows, rows, as_positional=True)


def reroot(cell, given):
    return cell.skeleton.reroot(given["ends"][0], as_positional=True)


def subtree(cell, given):
    return cell.skeleton.downstream_vertices(given["subtree_row"], inclusive=True)


def sums_below(cell, given):
    return algorithms.subtree_aggregate(cell, given["pre_syn_count"], "sum")


def betweenness(cell, given):
    return algorithms.synapse_betweenness(
        cell.skeleton, given["pre_syn_row"], given["post_syn_row"]
    )


def axon(cell, given):
    return algorithms.label_axon_from_synapse_flow(cell)


def synapses_around(cell, given):
    found = cell.skeleton.map_annotations_to_feature("pre_syn", given["reach"])
    return found.sort_index().to_numpy().ravel()


def smooth(cell, given):
    return algorithms.smooth_features(cell, given["radius"])


def mask_skeleton(cell, given):
    return cell.apply_mask("skeleton", given["keep"]).skeleton.n_vertices


mask_cell = mask_skeleton


def copy_skeleton(cell, given):
    return cell.copy().skeleton.n_vertices


copy_cell = copy_skeleton


def transform_skeleton(cell, given):
    return cell.transform(_to_micrometres).skeleton.vertices.sum()


transform_cell = transform_skeleton


def _to_micrometres(points):
    return points / 1000


def annotations_to_skeleton(cell, given):
    return cell.annotations["pre_syn"].map_index_to_layer("skeleton")


def mask_to_mesh(cell, given):
    return cell.skeleton.map_mask_to_layer("mesh", given["keep"])


def mesh_to_skeleton(cell, given):
    return cell.mesh.map_features_to_layer("value", "skeleton", "mean").to_numpy().ravel()


def nearest(cell, given):
    return cell.skeleton.kdtree.query(given["pre_syn_points"])[0]


PLAIN = {"reroot": lambda skeleton: skeleton.parent_node_array}
