"""navis: a table of nodes, with a graph of igraph that is kept once it has been asked for."""

import logging

import navis
import numpy as np
import pandas as pd

navis.set_loggers("ERROR")
navis.set_pbars(hide=True)
logging.disable(logging.WARNING)


def make(subject, given, folder):
    if subject.endswith("file"):
        path = folder / "skeleton.swc"
        save_skeleton(build_skeleton(None, given), {"folder": folder})
        (folder / "navis.swc").replace(path)
        return path
    return build_skeleton(None, given)


def warm(neuron, given):
    _ = neuron.igraph


def build_skeleton(_, given):
    x, y, z = given["points"].T
    nodes = pd.DataFrame(
        {
            "node_id": np.arange(len(x)),
            "parent_id": given["parent"],
            "x": x,
            "y": y,
            "z": z,
            "radius": given["radius"],
        }
    )
    synapses = []
    for kind in ("pre", "post"):
        places = pd.DataFrame(given[f"{kind}_syn_points"], columns=["x", "y", "z"])
        synapses.append(places.assign(node_id=given[f"{kind}_syn_row"], type=kind))
    connectors = pd.concat(synapses, ignore_index=True)
    connectors["connector_id"] = np.arange(len(connectors))
    neuron = navis.TreeNeuron(nodes, units="nm", soma=None)
    neuron.connectors = connectors
    return neuron


def save_skeleton(neuron, given):
    navis.write_swc(neuron, given["folder"] / "navis.swc")


def load_skeleton(path, given):
    return navis.read_swc(path).nodes[["x", "y", "z"]].to_numpy().sum()


def cable_length(neuron, given):
    return neuron.cable_length


def distance_to_root(neuron, given):
    distance = navis.dist_to_root(neuron, weight="weight")
    return np.array([distance[row] for row in range(neuron.n_nodes)])


def branch_and_end_points(neuron, given):
    return neuron.branch_points.node_id.to_numpy(), neuron.ends.node_id.to_numpy()


def segments(neuron, given):
    return neuron.small_segments


def cover_paths(neuron, given):
    return neuron.segments


def strahler(neuron, given):
    return navis.strahler_index(neuron).nodes.strahler_index.to_numpy()


def path_between(neuron, given):
    return neuron.igraph.get_shortest_path(*given["ends"].tolist(), mode="all")


def distances_between(neuron, given):
    rows = np.unique(given["thousand"])
    matrix = navis.geodesic_matrix(neuron, from_=rows, to_=rows)
    return matrix.loc[given["thousand"], given["thousand"]].to_numpy()


def reroot(neuron, given):
    return navis.reroot_skeleton(neuron, given["ends"][0])


def subtree(neuron, given):
    return navis.cut_skeleton(neuron, given["subtree_row"], ret="distal")


def betweenness(neuron, given):
    return navis.synapse_flow_centrality(neuron).nodes.synapse_flow_centrality.to_numpy()


def axon(neuron, given):
    return navis.split_axon_dendrite(neuron, label_only=True, reroot_soma=False)


def mask_skeleton(neuron, given):
    return navis.subset_neuron(neuron, np.flatnonzero(given["keep"])).n_nodes


def copy_skeleton(neuron, given):
    return neuron.copy().n_nodes


def transform_skeleton(neuron, given):
    return (neuron / 1000).nodes[["x", "y", "z"]].to_numpy().sum()


def _rows(nodes, column):
    return nodes.sort_values("node_id")[column].to_numpy()


PLAIN = {
    "reroot": lambda neuron: _rows(neuron.nodes, "parent_id"),
    "subtree": lambda pieces: pieces[0].nodes.node_id.to_numpy(),
    "axon": lambda neuron: _rows(neuron.nodes, "compartment") == "axon",
}
