"""What a task cannot do without: its memory traffic in numpy, or its tables in bare pyarrow.

The preorder of the tree is given. Nothing is checked, and no answer is meant to be right.
"""

import numpy as np
import pyarrow as pa
from pyarrow import feather

_SKELETON = ("points", "radius", "edges")
_SYNAPSES = ("pre_syn", "post_syn")
_CELL = ("graph_points", "graph_edges", "graph_ids", "graph_row")
# What the edges say already.
_DERIVED = {"order", "parent"}
_MESH = ("mesh_points", "mesh_faces", "mesh_value", "mesh_row")


def make(subject, given, folder):
    whole = subject.startswith("cell")
    links = [f"{name}_graph_id" if whole else f"{name}_row" for name in _SYNAPSES]
    names = [*_SKELETON, *(f"{name}_points" for name in _SYNAPSES), *links]
    arrays = {name: given[name] for name in (*names, *(_CELL + _MESH if whole else ()))}
    if subject.endswith("file"):
        save_skeleton(arrays, given)
        return arrays
    return arrays | {"order": given["order"].astype(np.int64), "parent": given["parent"]}


def warm(arrays, given):
    pass


def build_skeleton(_, given):
    arrays = make("skeleton", given, None)
    return [array.astype(_narrow(array)) for array in arrays.values()]


def build_cell(_, given):
    arrays = make("cell", given, None)
    return [array.astype(_narrow(array)) for array in arrays.values()]


def _narrow(array):
    # Rows take half the space that they come in.
    return np.int32 if array.ndim == 2 and array.dtype.kind == "i" else array.dtype


def save_skeleton(arrays, given):
    for name in arrays.keys() - _DERIVED:
        array = arrays[name]
        columns = np.ascontiguousarray(array.reshape(len(array), -1).T)
        table = pa.table(list(columns), names=[str(i) for i in range(len(columns))])
        path = given["folder"] / f"{name}.feather"
        feather.write_feather(table, path, compression="zstd", compression_level=1)


save_cell = save_skeleton


def load_skeleton(arrays, given):
    for name in arrays:
        table = feather.read_table(given["folder"] / f"{name}.feather", memory_map=True)
        np.stack([column.to_numpy() for column in table.columns], axis=1)


load_cell = load_skeleton


def _steps(arrays):
    points = arrays["points"]
    difference = points - np.take(points, arrays["parent"], axis=0)
    return np.sqrt(np.einsum("ij,ij->i", difference, difference))


def _summed(arrays, values):
    """One pass over the tree: to preorder, along it, and back."""
    running = np.cumsum(np.take(values, arrays["order"]))
    answer = np.empty_like(running)
    answer[arrays["order"]] = running
    return answer


def cable_length(arrays, given):
    return _steps(arrays).sum()


def distance_to_root(arrays, given):
    return _summed(arrays, _steps(arrays))


def branch_and_end_points(arrays, given):
    n_children = np.bincount(arrays["parent"] + 1)
    return np.flatnonzero(n_children > 1), np.flatnonzero(n_children == 0)


def segments(arrays, given):
    # Every row is written once, in the order of the paths.
    return np.split(np.take(arrays["parent"], arrays["order"]), given["run_start"][1:])


cover_paths = segments


def strahler(arrays, given):
    return _summed(arrays, np.ones(len(arrays["parent"]), dtype=np.int64))


sums_below = strahler


def distances_between(arrays, given):
    rows = np.take(distance_to_root(arrays, given), given["thousand"])
    distances = np.empty((len(rows), len(rows)))
    np.minimum(rows, rows[:, np.newaxis], out=distances)
    distances *= -2
    distances += rows
    distances += rows[:, np.newaxis]
    return distances


def reroot(arrays, given):
    return arrays["parent"].astype(np.int32)


def subtree(arrays, given):
    return np.sort(arrays["order"][: len(arrays["order"]) // 3])


def betweenness(arrays, given):
    pre, post = (_summed(arrays, given[f"{name}_count"]) for name in _SYNAPSES)
    return pre * post[::-1] + post * pre[::-1]


def axon(arrays, given):
    return betweenness(arrays, given) > 0


def smooth(arrays, given):
    return _summed(arrays, _summed(arrays, given["radius"]))


def mask_skeleton(arrays, given):
    keep = {"": given["keep"]}
    keep |= {name: np.take(given["keep"], given[f"{name}_row"]) for name in _SYNAPSES}
    if "mesh_row" in arrays:
        keep |= {name: np.take(given["keep"], given[f"{name}_row"]) for name in ("graph", "mesh")}
    return [
        _renumbered(array, chosen)
        if name.endswith(("edges", "faces"))
        else np.compress(chosen, array, axis=0)
        for name, array in arrays.items()
        for chosen in [keep[next((of for of in keep if of and name.startswith(of)), "")]]
    ]


def _renumbered(tuples, keep):
    whole = np.logical_and.reduce([np.take(keep, column) for column in tuples.T])
    return np.take(np.cumsum(keep), np.compress(whole, tuples, axis=0))


mask_cell = mask_skeleton


def copy_skeleton(arrays, given):
    return [array.copy() for array in arrays.values()]


copy_cell = copy_skeleton


def transform_skeleton(arrays, given):
    return [array / 1000 for name, array in arrays.items() if name.endswith("points")]


transform_cell = transform_skeleton


def annotations_to_skeleton(arrays, given):
    return np.take(given["graph_ids"], given["pre_syn_row"])


def mask_to_mesh(arrays, given):
    return np.take(given["keep"], arrays["mesh_row"])


def mesh_to_skeleton(arrays, given):
    counts = np.bincount(arrays["mesh_row"])
    return np.bincount(arrays["mesh_row"], arrays["mesh_value"]) / np.maximum(counts, 1)
