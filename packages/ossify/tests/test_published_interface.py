"""What code that was written for ossify 0.3.0 calls is there, with its arguments and defaults."""

import inspect

import pytest

import ossify

COMMON = """
apply_mask(mask, as_positional=False, return_cell=None, self_only=False)
mask_context(mask, return_cell=None)
mask_out_unmapped(target_layers=None, return_cell=None, self_only=False)
copy()
transform(transform, inplace=False)
get_feature(key)
add_feature(feature, name=None)
drop_features(features)
loc(key)
iloc(key)
map_index_to_layer(layer, source_index=None, as_positional=False, validate=False, missing="raise")
map_region_to_layer(layer, source_index=None, as_positional=False)
map_index_to_layer_region(layer, source_index=None, as_positional=False)
map_mask_to_layer(layer, mask=None)
map_features_to_layer(features, layer, agg="mean")
get_unmapped_vertices(target_layers=None)
mapping_coverage(layer)
is_fully_mapped_to(layer)
describe()
"""
WITH_EDGES = """
distance_between(sources=None, targets=None, as_positional=False, limit=None)
path_between(source, target, as_positional=False, as_vertices=False)
proximity_mapping(distance_threshold, chunk_size=1000, agg_direction="undirected")
map_annotations_to_feature(annotation, distance_threshold, agg="count", chunk_size=1000, \
validate=False, where=None)
aggregate_features(features, radius, metric="hops", direction="undirected", agg="mean", \
weight=None, inclusive=True, chunk_size=1000)
"""
CALLS = {
    "Cell": """
add_skeleton(vertices, edges=None, features=None, root=None, *, vertex_index=None, \
edges_as_positional=None, root_as_positional=False, linkage=None, spatial_columns=None)
add_graph(vertices, edges=None, features=None, *, vertex_index=None, edges_as_positional=None, \
spatial_columns=None, linkage=None)
add_mesh(vertices, faces=None, features=None, *, vertex_index=None, faces_as_positional=None, \
linkage=None, spatial_columns=None)
add_point_annotations(name, vertices=None, spatial_columns=None, *, vertex_index=None, \
features=None, linkage=None, vertices_from_linkage=False)
add_point_layer(name, vertices, spatial_columns=None, *, vertex_index=None, features=None, \
linkage=None)
add_layer(layer)
apply_mask(layer, mask, as_positional=False)
mask_context(layer, mask)
copy()
transform(transform, inplace=False)
remove_layer(name)
remove_annotation(name)
get_features(features, target_layer, source_layers=None, agg="median")
describe(html=False, coverage=True)
""",
    "LayerManager": """
__init__(managed_layers=None, validation="any", context="layer", initial_layers=None)
get(name, default=None)
describe()
""",
    "Link": "__init__(mapping, source=None, target=None, map_value_is_index=True)",
    "GraphLayer": """
__init__(name, vertices, edges, spatial_columns=None, *, vertex_index=None, \
edges_as_positional=None, features=None)
"""
    + COMMON
    + WITH_EDGES,
    "SkeletonLayer": """
__init__(name, vertices, edges, spatial_columns=None, root=None, *, vertex_index=None, \
edges_as_positional=None, root_as_positional=False, features=None)
reroot(new_root, as_positional=False)
distance_to_root(vertices=None, as_positional=False)
hops_to_root(vertices=None, as_positional=False)
cable_length(vertices=None, as_positional=False)
child_vertices(vertices=None, as_positional=False)
downstream_vertices(vertex, inclusive=False, as_positional=False)
lowest_common_ancestor(u, v, as_positional=False)
cut_graph(vertices, directed=True, euclidean_weight=True, as_positional=False)
cover_paths_specific(sources, as_positional=False)
segments_capped(max_length, positional=True)
expand_to_segment(vertices, as_positional=False)
segment_graph(max_length=None, features=None, agg=None, include_length=True)
resample(spacing, skip_root_adjacent=False, feature_agg="nearest")
map_annotations_to_feature(annotation, distance_threshold, agg="count", chunk_size=1000, \
validate=False, *, where=None, agg_direction="undirected")
"""
    # Of the two that skeletons and graphs have had at different places, one is the same for both.
    + COMMON
    + WITH_EDGES,
    "SegmentGraph": """
to_vertices(node_values)
aggregate_vertices(values, agg="mean", weight="length")
""",
    "MeshLayer": """
__init__(name, vertices, faces, spatial_columns=None, *, vertex_index=None, \
faces_as_positional=None, features=None)
surface_area(vertices=None, as_positional=False, inclusive=False)
"""
    + COMMON,
    "PointCloudLayer": """
__init__(name, vertices, spatial_columns=None, *, vertex_index=None, features=None)
distance_to_root(vertices=None, as_positional=False)
distance_between(vertices=None, as_positional=False, via="skeleton", limit=None)
filter(mask, layer)
"""
    + COMMON,
    "algorithms": """
strahler_number(cell)
branch_order(cell)
smooth_features(cell, feature, alpha=0.90)
segment_aggregate(cell, values, agg="mean")
subtree_aggregate(cell, values, agg="sum")
path_to_root_aggregate(cell, values, agg="sum", inclusive=True)
root_connected_mask(cell, cut_vertices, as_positional=False)
segregation_index(axon_pre, axon_post, dendrite_pre, dendrite_post)
synapse_betweenness(skel, pre_inds, post_inds)
label_axon_from_synapse_flow(cell, pre_syn="pre_syn", post_syn="post_syn", \
extend_feature_to_segment=False, ntimes=1, return_segregation_index=False, \
segregation_index_threshold=0, as_positional=False)
label_axon_from_spectral_split(cell, pre_syn="pre_syn", post_syn="post_syn", \
aggregation_distance=1, smoothing_alpha=0.99, axon_bias=0, raw_split=False, \
extend_feature_to_segment=True, max_times=None, segregation_index_threshold=0.5, \
return_segregation_index=False)
""",
    "structured_prediction": """
TransitionSchema(classes, transitions=None, root_classes=None, default_cost=0.0)
tree_map_decode(parent_array, root, unaries, cost_matrix, root_allowed_mask=None)
decode_tree(skeleton, unaries, schema, return_labels_as="index")
tree_absorb_small_compartments(parent_array, root, labels, min_size=None, node_weight=None, \
min_weight=None)
absorb_small_compartments(skeleton, labels, min_size=None, node_weight=None, min_weight=None)
""",
}
# What differs on purpose, by the name of the argument.
DEFAULTS = {
    # None stands for a number that suits.
    "chunk_size": None,
}
MEANT = {
    # "mean" is what None stood for.
    ("SkeletonLayer", "segment_graph", "agg"): "mean",
}

PROPERTIES = {
    "Cell": "name meta layers annotations skeleton graph mesh s g m a l features",
    "LayerManager": "names",
    "SkeletonLayer": """
        name layer_name layer_type layer vertices vertex_df vertex_index vertex_index_map n_vertices
        bbox spatial_columns nodes df features feature_names kdtree
        edges edge_df edges_positional csgraph csgraph_binary csgraph_undirected
        csgraph_binary_undirected half_edge_length
        root root_positional root_location parent_node_array branch_points branch_points_positional
        end_points end_points_positional branch_points_undirected
        branch_points_undirected_positional end_points_undirected end_points_undirected_positional
        topo_points topo_points_positional parentless_nodes parentless_nodes_positional
        n_branch_points n_end_points n_topo_points as_tuple
        base_root base_root_positional base_root_location base_vertex_index base_parent_array
        base_csgraph base_csgraph_binary
        cover_paths cover_paths_positional segments segments_positional segments_plus
        segments_plus_positional segment_map""",
    "GraphLayer": """
        edges edge_df edges_positional csgraph csgraph_binary csgraph_undirected
        csgraph_binary_undirected half_edge_length""",
    "SegmentGraph": "vertex_segment_map node_source_vertices source_skeleton",
    "MeshLayer": "faces faces_positional as_trimesh as_tuple edges edges_positional csgraph",
    "PointCloudLayer": "layer_name",
}


def published(line):
    """Name and signature of a line such as ``reroot(new_root, as_positional=False)``."""
    name = line.split("(")[0]
    scope = {}
    exec(f"def {line.replace(name, 'published', 1)}: ...", scope)
    return name, inspect.signature(scope["published"])


ALL_CALLS = [
    (owner, *published(line))
    for owner, lines in CALLS.items()
    for line in lines.split("\n")
    if line
]


@pytest.mark.parametrize(
    ("owner", "name", "signature"), ALL_CALLS, ids=[f"{call[0]}.{call[1]}" for call in ALL_CALLS]
)
def test_what_could_be_called_can_be_called_in_the_same_way(owner, name, signature):
    ours = inspect.signature(getattr(getattr(ossify, owner), name))
    mine = [p for p in ours.parameters.values() if p.name != "self"]
    by_name = {p.name: p for p in mine}
    # Those of whatever could be given by position have their places.
    positional = [p.name for p in mine if p.kind is not inspect.Parameter.KEYWORD_ONLY]
    expected = [
        p.name
        for p in signature.parameters.values()
        if p.kind is not inspect.Parameter.KEYWORD_ONLY
    ]
    assert positional[: len(expected)] == expected
    for theirs in signature.parameters.values():
        default = by_name[theirs.name].default
        wanted = MEANT.get((owner, name, theirs.name), DEFAULTS.get(theirs.name, theirs.default))
        if theirs.default is not inspect.Parameter.empty:
            assert default == wanted
    for extra in [p for p in mine if p.name not in signature.parameters]:
        assert extra.default is not inspect.Parameter.empty


@pytest.mark.parametrize("owner", PROPERTIES)
def test_what_could_be_read_can_be_read(owner):
    names = PROPERTIES[owner].split()
    known = {*dir(getattr(ossify, owner)), "meta", "linkage"}
    assert [name for name in names if name not in known] == []


def test_what_was_at_the_top_is_at_the_top_with_all_algorithms():
    layers = "Cell GraphLayer MeshLayer SkeletonLayer PointCloudLayer Link LayerManager CellFiles"
    files = "load_cell save_cell import_legacy_meshwork export_swc export_swc_dataframe load_swc"
    constants = "SWC_UNDEFINED SWC_SOMA SWC_AXON SWC_DENDRITE SWC_APICAL_DENDRITE SWC_CUSTOM"
    modules = "algorithms plot structured_prediction __version__"
    for name in f"{layers} SWCCompartment {files} {constants} {modules}".split():
        assert hasattr(ossify, name), name
    for name in (call[1] for call in ALL_CALLS if call[0] == "algorithms"):
        assert getattr(ossify, name) is getattr(ossify.algorithms, name)
        assert {name} <= {*ossify.__all__} & {*ossify.algorithms.__all__}
