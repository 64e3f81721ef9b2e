"""Everything that can be asked of a cell, asked of cells of odd shapes: no warnings, no crashes."""

import inspect

import numpy as np
import pandas as pd
import pytest

import ossify
from ossify import Cell, Link, algorithms, structured_prediction
from ossify.errors import OssifyError
from ossify.structured_prediction import TransitionSchema

#     5   6
#      \ /
#   3   4        8
#    \ /         |
#     2          7
#     |
#     1
#     |
#     0
PARENTS = [-1, 0, 1, 2, 2, 4, 4, -1, 7]
XYZ = [
    [0, 0, 0],
    [0, 1, 0],
    [0, 2, 0],
    [-1, 3, 0],
    [1, 3, 0],
    [0, 4, 0],
    [2, 4, 1],
    [9, 0, 0],
    [9, 1, 0],
]
FIRST_ID = 864691135639806263


def cell_of(parents=PARENTS, xyz=XYZ, root=None, radius=None, sites=((5, 5, 6), (0, 1, 3))):
    """A cell with every kind of layer, in which everything hangs on the skeleton."""
    n = len(parents)
    ids = FIRST_ID + np.arange(n)[::-1]
    features = {
        "radius": np.linspace(1, 2, n) if radius is None else radius,
        "compartment": np.resize([1, 2, 3], n),
        "word": np.resize(["a", "b"], n).astype(object),
    }
    edges = [[row, up] for row, up in enumerate(parents) if up >= 0]
    xyz = np.array(xyz, dtype=float).reshape(n, 3)
    cell = Cell("odd").add_skeleton(
        xyz, np.array(edges, int).reshape(-1, 2), features, root, vertex_index=ids,
        root_as_positional=True,
    )  # fmt: skip
    to_skeleton = Link(np.arange(n), target="skeleton", map_value_is_index=False)
    cell.add_graph(xyz, np.array(edges, int).reshape(-1, 2), {"size": np.arange(n)},
                   vertex_index=ids + n, linkage=to_skeleton)  # fmt: skip
    faces = [[row, row + 1, row + 2] for row in range(n - 2)]
    cell.add_mesh(xyz, np.array(faces, int).reshape(-1, 3), linkage=to_skeleton)
    for name, rows in zip(("pre_syn", "post_syn"), sites, strict=True):
        points = pd.DataFrame(xyz[list(rows)], columns=["x", "y", "z"])
        points["size"] = np.arange(len(rows), dtype=float)
        points["kind"] = pd.array(["x"] * len(rows), dtype=object)
        link = Link(np.array(rows, int), target="skeleton", map_value_is_index=False)
        cell.add_point_annotations(name, points, linkage=link)
    return cell


SPECIMENS = {
    "plain": cell_of,
    "a stated root": lambda: cell_of(root=0),
    "no vertices": lambda: cell_of([], [], sites=((), ())),
    "everything masked out": lambda: cell_of(root=0).apply_mask("skeleton", []),
    "one vertex": lambda: cell_of([-1], XYZ[:1], sites=((0, 0), (0,))),
    "one vertex left": lambda: cell_of(root=0).apply_mask("skeleton", [FIRST_ID + 4]),
    "lone vertices": lambda: cell_of([-1] * 9),
    "a masked-out root": lambda: cell_of(root=0).apply_mask(
        "skeleton", FIRST_ID + np.array([0, 1, 2, 4, 5])
    ),
    "no synapses": lambda: cell_of(sites=((), ())),
    "outputs alone": lambda: cell_of(sites=((5, 6), ())),
    "edges of length zero": lambda: cell_of(xyz=[*XYZ[:2], XYZ[1], *XYZ[3:7], XYZ[7], XYZ[7]]),
    "a branch point for a root": lambda: cell_of(root=2),
    "one place for all": lambda: cell_of(xyz=[[5, 5, 5]] * 9),
    "a radius that is missing": lambda: cell_of(radius=[1, np.nan, 2, 3, np.nan, 1, 1, 1, np.nan]),
    "no radius at all": lambda: cell_of(radius=np.full(9, np.nan)),
}


@pytest.fixture(params=SPECIMENS.values(), ids=SPECIMENS.keys())
def cell(request):
    return request.param()


def values(cell):
    return np.arange(float(cell.skeleton.n_vertices))


def scores(cell):
    return np.stack((values(cell), 3 - values(cell)), axis=1)


SCHEMA = TransitionSchema(["a", "b"], default_cost=1)
AGGREGATIONS = ("mean", "sum", "max", "min", "median", "std", "var", "prod", np.ptp)

# Each gives one value, or a tuple of which the first is one, for every vertex of the skeleton.
PER_VERTEX = {
    "strahler_number": lambda subject, cell: algorithms.strahler_number(subject),
    "branch_order": lambda subject, cell: algorithms.branch_order(subject),
    "smooth_features": lambda subject, cell: algorithms.smooth_features(subject, values(cell)),
    "smooth_features of several": lambda subject, cell: algorithms.smooth_features(
        subject, scores(cell)
    ),
    **{
        f"segment_aggregate {getattr(agg, '__name__', agg)}": lambda subject, cell, agg=agg: (
            algorithms.segment_aggregate(subject, "radius", agg)
        )
        for agg in AGGREGATIONS
    },
    **{
        f"subtree_aggregate {agg}": lambda subject, cell, agg=agg: algorithms.subtree_aggregate(
            subject, "radius", agg
        )
        for agg in ("sum", "max", "min")
    },
    **{
        f"path_to_root_aggregate {agg} {inclusive}": (
            lambda subject, cell, agg=agg, inclusive=inclusive: algorithms.path_to_root_aggregate(
                subject, "radius", agg, inclusive
            )
        )
        for agg in ("sum", "max", "min")
        for inclusive in (True, False)
    },
    "root_connected_mask": lambda subject, cell: algorithms.root_connected_mask(
        subject, cell.skeleton.vertex_index[1:2]
    ),
    "synapse_betweenness": lambda subject, cell: algorithms.synapse_betweenness(
        subject, np.arange(cell.skeleton.n_vertices)[-1:], np.arange(cell.skeleton.n_vertices)[:1]
    ),
    "label_axon_from_synapse_flow": lambda subject, cell: algorithms.label_axon_from_synapse_flow(
        subject, return_segregation_index=True, ntimes=2, extend_feature_to_segment=True
    ),
    "label_axon_from_spectral_split": (
        lambda subject, cell: algorithms.label_axon_from_spectral_split(
            subject, return_segregation_index=True
        )
    ),
    "label_axon_from_spectral_split raw": (
        lambda subject, cell: algorithms.label_axon_from_spectral_split(subject, raw_split=True)
    ),
    "decode_tree": lambda subject, cell: structured_prediction.decode_tree(
        subject, scores(cell), SCHEMA
    ),
    "absorb_small_compartments": (
        lambda subject, cell: structured_prediction.absorb_small_compartments(
            subject, cell.skeleton.get_feature("word"), min_size=1, min_weight=1
        )
    ),
    "tree_map_decode": lambda subject, cell: structured_prediction.tree_map_decode(
        cell.skeleton.parent_node_array, 0, scores(cell), SCHEMA.cost_matrix
    ),
    "tree_absorb_small_compartments": (
        lambda subject, cell: structured_prediction.tree_absorb_small_compartments(
            cell.skeleton.parent_node_array, 0, values(cell) > 2, min_size=1
        )
    ),
}
# These begin at a root, which has to be there.
NEED_A_VERTEX = {"tree_map_decode", "tree_absorb_small_compartments"}


@pytest.fixture(scope="module")
def dtypes():
    """What each algorithm gives for a plain cell."""
    plain = cell_of()
    return {name: values_of(ask(plain, plain)).dtype for name, ask in PER_VERTEX.items()}


def values_of(answer):
    return answer[0] if isinstance(answer, tuple) else answer


@pytest.mark.parametrize("name", PER_VERTEX)
def test_an_algorithm_gives_something_for_every_vertex(cell, name, dtypes):
    n = cell.skeleton.n_vertices
    ask = PER_VERTEX[name]
    if n == 0 and name in NEED_A_VERTEX:
        with pytest.raises(ValueError, match="0"):
            ask(cell, cell)
        return
    of_cell, of_skeleton = values_of(ask(cell, cell)), values_of(ask(cell.skeleton, cell))
    assert isinstance(of_cell, np.ndarray)
    assert len(of_cell) == n
    assert of_cell.dtype == dtypes[name]
    np.testing.assert_array_equal(of_cell, of_skeleton)


def functions(module):
    return {name for name in module.__all__ if inspect.isfunction(getattr(module, name))}


def takes_a_subject_alone(function):
    first, *others = inspect.signature(function).parameters.values()
    return first.name in ("cell", "skel", "skeleton") and all(
        parameter.default is not inspect.Parameter.empty for parameter in others
    )


WHOLE = sorted(
    name
    for name in functions(algorithms) - {key.split()[0] for key in PER_VERTEX}
    if inspect.signature(getattr(algorithms, name)).parameters
    and takes_a_subject_alone(getattr(algorithms, name))
)


# What has to be said of those that leave it to the caller.
CHOICES = {
    "prune": {"min_length": 1.0},
    "simplify": {"factor": 2},
    "sholl": {"step": 1.0, "center": [0, 0, 0]},
}


@pytest.mark.parametrize("name", WHOLE)
def test_what_measures_or_changes_a_whole_cell_takes_any_cell(cell, name):
    for subject in (cell, cell.skeleton):
        answer = getattr(algorithms, name)(subject, **CHOICES.get(name, {}))
        assert isinstance(answer, (pd.DataFrame, type(subject)))


def test_all_algorithms_are_asked():
    asked = {key.split()[0] for key in PER_VERTEX} | set(WHOLE)
    # These take numbers alone.
    without = {"segregation_index", "morphometrics_definitions"}
    assert functions(algorithms) | functions(structured_prediction) == asked | without


@pytest.mark.parametrize(
    "function",
    [
        getattr(module, name)
        for module in (algorithms, structured_prediction)
        for name in sorted(functions(module))
    ],
)
def test_an_algorithm_says_what_it_takes_and_returns(function):
    text = inspect.getdoc(function)
    parameters = inspect.signature(function).parameters
    for heading in (*(["Parameters"] if parameters else []), "Returns", "Examples"):
        assert f"{heading}\n{'-' * len(heading)}\n" in text
    listed = text.split("Returns\n")[0]
    for name in parameters:
        assert name in listed


def first(layer):
    return layer.vertex_index[0]


# Every public method of layers with edges, of meshes and of points, called on each specimen. A
# method that needs a vertex is not called where there are none.
METHODS = {
    "add_feature": lambda layer: layer.add_feature(np.zeros(len(layer)), "new"),
    "aggregate_features": lambda layer: [
        layer.aggregate_features(np.arange(float(len(layer))), 1, metric=metric, agg=agg,
                                 inclusive=inclusive)
        for metric in ("hops", "distance") for agg in ("mean", "sum", "max", "median", "majority")
        for inclusive in (True, False)
    ],
    "aggregate_vertices": lambda layer: [
        layer.aggregate_vertices(np.ones(len(layer.source_skeleton)), agg)
        for agg in ("mean", "sum", "max", "min", np.mean)
    ],
    "apply_mask": lambda layer: [
        layer.apply_mask(np.zeros(len(layer), bool)),
        layer.apply_mask(np.ones(len(layer), bool)),
        layer.apply_mask(layer.vertex_index[:1], self_only=True),
    ],
    "cable_length": lambda layer: [layer.cable_length(), layer.cable_length([])],
    "child_vertices": lambda layer: layer.child_vertices(),
    "copy": lambda layer: layer.copy(),
    "cover_paths_specific": lambda layer: layer.cover_paths_specific(layer.vertex_index),
    "cut_graph": lambda layer: [layer.cut_graph(layer.vertex_index[:1], directed, weighted)
                                for directed in (True, False) for weighted in (True, False)],
    "describe": lambda layer: layer.describe(),
    "distance_between": lambda layer: layer.distance_between(),
    "distance_to_root": lambda layer: layer.distance_to_root(),
    "downstream_vertices": lambda layer: layer.downstream_vertices(first(layer)),
    "drop_features": lambda layer: layer.drop_features([]),
    "expand_to_segment": lambda layer: layer.expand_to_segment(layer.vertex_index),
    "filter": lambda layer: layer.filter([], "skeleton"),
    "get_feature": lambda layer: [layer.get_feature(name) for name in layer.feature_names],
    "get_unmapped_vertices": lambda layer: layer.get_unmapped_vertices(),
    "hops_to_root": lambda layer: layer.hops_to_root(),
    "iloc": lambda layer: layer.iloc(slice(0, 1)),
    "is_fully_mapped_to": lambda layer: layer.is_fully_mapped_to(other(layer)),
    "loc": lambda layer: layer.loc(layer.vertex_index[:1]),
    "lowest_common_ancestor": lambda layer: layer.lowest_common_ancestor(
        first(layer), layer.vertex_index[-1]),
    "map_annotations_to_feature": lambda layer: [
        layer.map_annotations_to_feature("post_syn", 1, agg)
        for agg in ("count", "density", {"a": ("size", "sum"), "b": ("kind", "majority")})
    ],
    "map_features_to_layer": lambda layer: [
        layer.map_features_to_layer(name, other(layer), agg)
        for name in layer.feature_names for agg in ("majority", "first")
    ],
    "map_index_to_layer": lambda layer: layer.map_index_to_layer(other(layer), missing=-1),
    "map_index_to_layer_region": lambda layer: layer.map_index_to_layer_region(other(layer)),
    "map_mask_to_layer": lambda layer: layer.map_mask_to_layer(other(layer)),
    "map_region_to_layer": lambda layer: layer.map_region_to_layer(other(layer)),
    "mapping_coverage": lambda layer: layer.mapping_coverage(other(layer)),
    "mask_context": lambda layer: layer.mask_context(np.ones(len(layer), bool)).__enter__(),
    "path_between": lambda layer: [
        layer.path_between(first(layer), layer.vertex_index[-1], as_vertices=as_vertices)
        for as_vertices in (True, False)],
    "proximity_mapping": lambda layer: layer.proximity_mapping(1),
    "reroot": lambda layer: layer.reroot(layer.vertex_index[-1]),
    "resample": lambda layer: [layer.resample(spacing, feature_agg=agg)
                               for spacing in (0.3, 10) for agg in ("nearest", "majority")],
    "segment_graph": lambda layer: layer.segment_graph(0.7, ["word"], "majority"),
    "segments_capped": lambda layer: layer.segments_capped(0.7),
    "surface_area": lambda layer: [layer.surface_area(), layer.surface_area([])],
    "to_vertices": lambda layer: layer.to_vertices(np.ones(len(layer))),
    "transform": lambda layer: layer.transform(lambda xyz: 2 * xyz),
}  # fmt: skip
ONE_VERTEX = {"downstream_vertices", "lowest_common_ancestor", "path_between", "reroot"}
KINDS = ["SkeletonLayer", "SegmentGraph", "GraphLayer", "MeshLayer", "PointCloudLayer"]
# How layers are made of parts, and what may find that nothing is left: tested for itself.
ELSEWHERE = {"from_parts", "promised", "mask_out_unmapped"}


def other(layer):
    return "graph" if layer.layer_type == "skeleton" else "skeleton"


def layer_of(cell, kind):
    by_kind = {
        "SkeletonLayer": lambda: cell.skeleton,
        "SegmentGraph": lambda: cell.skeleton.segment_graph(
            features=["radius", "word"], agg="majority"
        ),
        "GraphLayer": lambda: cell.graph,
        "MeshLayer": lambda: cell.mesh,
        "PointCloudLayer": lambda: cell.annotations.post_syn,
    }
    return by_kind[kind]()


def public(kind):
    return {name for name in dir(getattr(ossify, kind)) if not name.startswith("_")}


def methods(kind):
    return {name for name in public(kind) if callable(getattr(getattr(ossify, kind), name))}


CALLS = [(kind, name) for kind in KINDS for name in sorted(methods(kind) - ELSEWHERE)]
# A segment graph stands beside the layers of its cell, and no link leads from it.
NEED_A_LINK = {name for name in METHODS if name.startswith("map")} | {"is_fully_mapped_to"}


@pytest.mark.parametrize(("kind", "name"), CALLS, ids=[".".join(call) for call in CALLS])
def test_a_method_answers_for_every_vertex(cell, kind, name, capsys):
    layer = layer_of(cell, kind)
    if kind == "SegmentGraph" and name in NEED_A_LINK:
        with pytest.raises((KeyError, ValueError)) as caught:
            METHODS[name](layer)
        assert isinstance(caught.value, OssifyError)
        return
    if len(layer) == 0 and name in ONE_VERTEX:
        return
    answers = METHODS[name](layer)
    for answer in answers if isinstance(answers, list) else [answers]:
        check(answer, layer, name)


def check(answer, layer, name):
    """Series and frames have every vertex of the layer that they are of, in order."""
    about = {"aggregate_features": layer, "map_annotations_to_feature": layer}
    if name == "map_features_to_layer":
        about[name] = layer._siblings[other(layer)]
    if name in about:
        assert isinstance(answer, (pd.Series, pd.DataFrame))
        assert answer.index.tolist() == about[name].vertex_index.tolist()
    if name in ("distance_to_root", "hops_to_root", "map_index_to_layer"):
        assert answer.shape == (len(layer),)
    if name == "distance_between":
        assert answer.shape == (len(layer), len(layer))


@pytest.mark.parametrize("kind", KINDS)
def test_every_property_can_be_read(cell, kind):
    layer = layer_of(cell, kind)
    for name in sorted(public(kind) - methods(kind)):
        if name == "kdtree" and not len(layer):
            with pytest.raises(ValueError, match="at least one point"):
                layer.kdtree  # noqa: B018
            continue
        answer = getattr(layer, name)
        if isinstance(answer, np.ndarray) and name in ("vertex_index", "segment_map", "vertices"):
            assert len(answer) == len(layer)


def test_all_methods_are_asked():
    assert {name for kind in KINDS for name in methods(kind)} == set(METHODS) | ELSEWHERE


def test_a_cell_is_asked_as_well(cell):
    n = cell.skeleton.n_vertices
    assert cell.copy().skeleton.n_vertices == n
    assert cell.transform(lambda xyz: xyz + 1).skeleton.n_vertices == n
    assert cell.apply_mask("skeleton", np.ones(n, bool)).skeleton.n_vertices == n
    assert cell.apply_mask("skeleton", np.zeros(n, bool)).skeleton.n_vertices == 0
    frame = cell.get_features(["size"], "skeleton", "graph")
    assert frame.index.tolist() == cell.skeleton.vertex_index.tolist()
    assert "odd" in str(cell)
    assert len(cell.features) == len(cell.skeleton.feature_names) + 1
