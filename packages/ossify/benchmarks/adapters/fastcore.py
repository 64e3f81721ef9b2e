"""navis-fastcore: compiled functions on bare arrays. It keeps nothing from one call to the next."""

import navis_fastcore as fastcore
import numpy as np


def make(subject, given, folder):
    nodes = np.arange(len(given["parent"]), dtype=np.int32)
    return nodes, given["parent"].astype(np.int32), given["points"]


def warm(tree, given):
    pass


def _lengths(tree):
    return fastcore.parent_dist(*tree, root_dist=0)


def cable_length(tree, given):
    return _lengths(tree).sum()


def distance_to_root(tree, given):
    return fastcore.dist_to_root(*tree[:2], weights=_lengths(tree))


def branch_and_end_points(tree, given):
    kind = fastcore.classify_nodes(*tree[:2])
    return np.flatnonzero(kind == 2), np.flatnonzero(kind == 1)


def segments(tree, given):
    return fastcore.break_segments(*tree[:2])


def cover_paths(tree, given):
    return fastcore.generate_segments(*tree[:2], weights=_lengths(tree))[0]


def strahler(tree, given):
    return fastcore.strahler_index(*tree[:2])


def distances_between(tree, given):
    rows = given["thousand"].astype(np.int32)
    return fastcore.geodesic_matrix(*tree[:2], sources=rows, targets=rows, weights=_lengths(tree))


def path_between(tree, given):
    first, second = fastcore.paths_to_root(*tree[:2], given["ends"])
    second = second[::-1]
    shared = np.argmax(first[::-1][: len(second)] != second[: len(first)])
    return np.concatenate((first[: len(first) - shared + 1], second[shared:]))


def reroot(tree, given):
    return fastcore.reroot(*tree[:2], given["ends"][:1])


def subtree(tree, given):
    return fastcore.descendants(*tree[:2], [given["subtree_row"]])[0]


def sums_below(tree, given):
    at = given["pre_syn_row"].astype(np.int32)
    return fastcore.descendant_counts(*tree[:2], targets=at)


def betweenness(tree, given):
    return fastcore.synapse_flow_centrality(
        *tree[:2], *(given[f"{name}_count"].astype(np.uint32) for name in ("pre_syn", "post_syn"))
    )
