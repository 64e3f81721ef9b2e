"""Faults of the published 0.3.0 that concern the model, each by its number; none may come back.

What is proved at length where the part is tested is shown here on the tree of the list of faults.
"""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest

import ossify
from ossify import Cell, GraphLayer, Link, MeshLayer, PointCloudLayer, SkeletonLayer
from ossify.algorithms import label_axon_from_synapse_flow, segregation_index, strahler_number
from ossify.compartment import Compartment
from ossify.testing import assert_cells_equal

#  104
#   |
#  102 103
#    \ /
#    101
#     |
#    100
IDS = [100, 101, 102, 103, 104]
EDGES = [[1, 0], [2, 1], [3, 1], [4, 2]]
XYZ = np.array([[0, 0, 0], [0, 1, 0], [0, 2, 0], [1, 1, 0], [0, 3, 0]], float) * 1000


@pytest.fixture
def cell():
    return Cell().add_skeleton(XYZ, EDGES, root=100, vertex_index=IDS)


def test_w0_a_perfect_split_has_the_index_one_whatever_lies_in_memory():
    for _ in range(20):
        leftovers = [np.full((2, 2), np.nan) for _ in range(50)]
        del leftovers
        assert segregation_index(10, 0, 0, 10) == 1.0
        assert segregation_index(0, 0, 10, 10) == 0.0
        assert segregation_index(10, 0, 3, 10) == pytest.approx(0.5540, abs=1e-4)


def test_w5_cells_copy_deeply_and_pickle(cell):
    assert_cells_equal(copy.deepcopy(cell), cell)
    assert_cells_equal(pickle.loads(pickle.dumps(cell)), cell)


def test_w6_a_feature_can_be_the_name_of_a_column():
    frame = pd.DataFrame(XYZ, columns=list("xyz"))
    frame["radius_um"] = [1.0, 2, 3, 4, 5]
    cell = Cell().add_skeleton(frame, EDGES, {"radius": "radius_um"}, spatial_columns=list("xyz"))
    assert cell.skeleton.get_feature("radius").tolist() == [1, 2, 3, 4, 5]


def test_w7_coincident_vertices_are_still_joined():
    cell = Cell().add_skeleton([[0, 0, 0], [0, 0, 0], [1, 0, 0]], [[1, 0], [2, 1]])
    assert cell.skeleton.distance_between([0], [2]).tolist() == [[1.0]]


def test_w8_no_path_is_an_empty_path():
    forest = SkeletonLayer("s", np.zeros((6, 3)), [[1, 0], [2, 1], [4, 3], [5, 4]])
    assert forest.path_between(0, 5).shape == (0,)
    assert forest.path_between(0, 5, as_vertices=True).shape == (0, 3)
    assert forest.path_between(0, 5, as_positional=True).shape == (0,)


def test_w9_vertices_of_different_trees_have_no_common_ancestor():
    forest = SkeletonLayer("s", np.zeros((5, 3)), [[1, 0], [2, 1], [4, 3]])
    assert forest.lowest_common_ancestor(0, 4) is None
    assert forest.lowest_common_ancestor(2, 4) is None


def test_w10_the_tree_of_points_moves_with_a_transform_in_place(cell):
    assert cell.skeleton.kdtree.maxes.max() == 3000
    cell.transform(lambda xyz: xyz * 10, inplace=True)
    assert cell.skeleton.kdtree.maxes.max() == 30_000


@pytest.mark.parametrize("last", [3, 0, 1])
def test_w11_children_of_orders_2_2_and_3_make_3_in_any_order(last):
    parents = [-1]

    def grow(order, on):
        parents.append(on)
        here = len(parents) - 1
        for _ in range(2 if order > 1 else 0):
            grow(order - 1, here)

    orders = [2, 2]
    orders.insert(last, 3)
    for order in orders:
        grow(order, 0)
    edges = [(row, up) for row, up in enumerate(parents) if up >= 0]
    assert strahler_number(SkeletonLayer("s", np.zeros((len(parents), 3)), edges))[0] == 3


def test_w12_minus_one_in_a_link_by_row_is_no_vertex(cell):
    link = Link([0, 1, 2, -1], target="skeleton", map_value_is_index=False)
    cell.add_mesh(np.zeros((4, 3)), linkage=link)
    mapped = cell.mesh.map_index_to_layer("skeleton", missing=-1)
    assert mapped.tolist() == [100, 101, 102, -1]


def test_w13_booleans_of_the_wrong_length_and_unknown_ids_are_no_mask(cell):
    with pytest.raises(ValueError, match=r"a boolean mask of length 3 for 5 vertices"):
        cell.apply_mask("skeleton", [True, True, False])
    with pytest.raises(ValueError, match=r"1 of 2 ids are not among the 5 vertices, the first i"):
        cell.apply_mask("skeleton", [100, 7])


def test_w14_densities_reach_the_spectral_split_in_the_order_of_the_vertices():
    line = SkeletonLayer("s", [[x, 0, 0] for x in range(200)], [[x, x - 1] for x in range(1, 200)])
    raw = ossify.label_axon_from_spectral_split(
        line, range(10, 40), range(120, 180), raw_split=True
    )
    assert np.flatnonzero(raw).tolist() == list(range(80))


def test_w15_without_presynaptic_sites_nothing_is_axon(cell):
    for inputs in ([1, 2, 3], []):
        labels = label_axon_from_synapse_flow(cell.skeleton, [], inputs, as_positional=True)
        assert not labels.any()


def test_w21_distances_between_points_take_ids(cell):
    cell.add_point_annotations(
        "syn",
        np.zeros((2, 3)),
        vertex_index=[500, 502],
        linkage=Link([100, 104], target="skeleton"),
    )
    assert cell.annotations.syn.distance_between([500, 502]).tolist() == [[0, 3000], [3000, 0]]
    cell.add_mesh(XYZ[:3], [[0, 1, 2]])
    cell.add_point_annotations("spines", XYZ[:2], linkage=Link([0, 1], target="mesh"))
    assert cell.annotations.spines.distance_between(via="mesh")[0, 1] == 1000


def test_w22_repeated_sources_do_not_multiply(cell):
    cell.add_graph(np.zeros((1, 3)), linkage=Link([104], target="skeleton"))
    assert cell.skeleton.map_region_to_layer("graph", [104] * 3000).shape == (3000,)


def test_w23_a_link_serves_many_cells():
    link = Link("on", target="skeleton")
    for vertex in (101, 104):
        cell = Cell().add_skeleton(XYZ, EDGES, root=100, vertex_index=IDS)
        points = pd.DataFrame({"x": [0.0], "y": [0.0], "z": [0.0], "on": [vertex]})
        cell.add_point_annotations("syn", points, linkage=link)
        assert cell.annotations.syn.map_index_to_layer("skeleton").tolist() == [vertex]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.9, 2.2], "1.9 is a float that may not be the id it was"),
        (np.array([2**63 + 5], np.uint64), r"2\*\*63 or more"),
        ([999], "1 of 1 vertices point at ids that the target does not have, the first is 999"),
    ],
)
def test_w24_a_link_refuses_what_is_no_vertex(cell, values, message):
    with pytest.raises(ValueError, match=message):
        cell.add_point_annotations(
            "syn", np.zeros((len(values), 3)), linkage=Link(values, target="skeleton")
        )
    assert cell.annotations.names == []


def test_w24_a_missing_value_in_a_link_is_no_vertex(cell):
    cell.add_point_annotations(
        "syn", np.zeros((2, 3)), linkage=Link([np.nan, 100.0], target="skeleton")
    )
    assert cell.annotations.syn.map_index_to_layer("skeleton", missing=-1).tolist() == [-1, 100]


def test_w25_a_name_is_never_taken_twice(cell):
    cell.add_point_annotations("syn", np.zeros((4, 3)))
    for add in (cell.add_point_annotations, cell.add_point_layer):
        with pytest.raises(ValueError, match=r"there is a annotation 'syn' already|an annotatio"):
            add("syn", np.zeros((2, 3)))
    assert cell.annotations.syn.n_vertices == 4


def test_w28_three_columns_are_the_coordinates():
    frame = pd.DataFrame(XYZ, columns=["a", "b", "c"])
    assert Cell().add_graph(frame).graph.spatial_columns == ["a", "b", "c"]


def test_w29_a_layer_on_its_own_can_be_added_to_a_cell():
    for add, layer in (
        ("add_skeleton", SkeletonLayer("swc", XYZ, EDGES)),
        ("add_graph", GraphLayer("g", XYZ, EDGES)),
        ("add_mesh", MeshLayer("m", XYZ, [[0, 1, 2]])),
        ("add_layer", PointCloudLayer("p", XYZ)),
    ):
        cell = getattr(Cell(), add)(layer)
        assert next(iter(cell.layers)).vertices.tolist() == XYZ.tolist()


def test_w30_there_is_one_enumeration_of_compartments_and_it_has_custom():
    assert ossify.SWCCompartment is Compartment
    assert Compartment.CUSTOM == 5
    assert Compartment(2) is Compartment.AXON


def test_w31_arguments_that_are_left_out_mean_everything(cell):
    skeleton = cell.skeleton
    cell.add_graph(XYZ[:2], linkage=Link([100, 101], target="skeleton"))
    assert skeleton.distance_between(targets=[100]).shape == (5, 1)
    assert list(skeleton.child_vertices()) == [100, 101, 102]
    assert skeleton.map_mask_to_layer("graph").tolist() == [True, True]
    assert skeleton.map_index_to_layer("skeleton").tolist() == IDS


def test_w32_the_majority_of_words_is_a_word(cell):
    cell.add_graph(
        np.zeros((3, 3)),
        features={"label": ["a", "b", "b"]},
        linkage=Link([104] * 3, None, "skeleton"),
    )
    mapped = cell.graph.map_features_to_layer("label", "skeleton", agg="majority")["label"]
    assert mapped[104] == "b"
    assert mapped.isna().sum() == 4


@pytest.mark.parametrize("add", ["add_graph", "add_skeleton", "add_mesh"])
def test_w33_repeated_ids_are_refused_at_once(add):
    with pytest.raises(ValueError, match=r"1 of 5 are repeated, the first is 100"):
        getattr(Cell(), add)(XYZ, vertex_index=[100, 101, 102, 103, 100])


def test_w34_rerooting_at_an_unknown_vertex_changes_nothing(cell):
    before = cell.copy()
    with pytest.raises(KeyError, match=r"the first is 999"):
        cell.skeleton.reroot(999)
    assert_cells_equal(cell, before)
    assert cell.skeleton.root_positional == 0


def test_w35_what_is_done_to_nodes_does_not_reach_the_layer(cell):
    nodes = cell.skeleton.nodes
    nodes["x"] *= 10
    nodes.loc[100, "x"] = 7.0
    assert cell.skeleton.vertices.tolist() == XYZ.tolist()
    assert cell.skeleton.cable_length() == 4000


def test_w36_what_is_no_tree_no_graph_and_no_surface_is_refused_at_once():
    with pytest.raises(ValueError, match=r"cycle"):
        Cell().add_skeleton(XYZ[:3], [[0, 1], [1, 2], [2, 0]])
    with pytest.raises(ValueError, match=r"1 of 1 faces name vertices that are not there"):
        Cell().add_mesh(XYZ[:3], [[0, 1, 9]])
    with pytest.raises(ValueError, match=r"1 of 1 edges name vertices that are not there"):
        Cell().add_graph(XYZ[:3], [[0, 9]])


def test_w39_a_masked_skeleton_measures_in_the_units_it_was_moved_to(cell):
    masked = cell.apply_mask("skeleton", [101, 102, 104]).transform(lambda xyz: xyz / 1000)
    assert masked.skeleton.distance_to_root().tolist() == [1, 2, 3]


def test_w40_the_place_of_the_root_before_masks_moves_along(cell):
    moved = cell.transform(lambda xyz: xyz / 1000 + 7)
    for made in (moved, cell.apply_mask("skeleton", [104]).transform(lambda xyz: xyz / 1000 + 7)):
        assert made.skeleton.base_root_location.tolist() == [7, 7, 7]


@pytest.mark.parametrize("name", ["links", "layers", "apply_mask", "_delayed_add_links", "names"])
def test_w41_a_name_is_only_a_name(cell, name):
    cell.add_point_annotations(name, np.zeros((2, 3)), linkage=Link([100, 104], target="skeleton"))
    masked = cell.apply_mask("skeleton", [104])
    assert masked.annotations[name].vertex_index.tolist() == [1]


def test_w44_layers_without_a_link_stay_whole(cell):
    cell.add_mesh(np.zeros((3, 3)), [[0, 1, 2]]).add_point_annotations("syn", np.zeros((2, 3)))
    masked = cell.apply_mask("skeleton", [104])
    assert (masked.mesh.n_vertices, masked.annotations.syn.n_vertices) == (3, 2)
    assert cell.skeleton.apply_mask([104], self_only=True).n_vertices == 1
    assert cell.skeleton.get_unmapped_vertices().tolist() == []


class TestW48ErrorsSayWhatIsWrong:
    def test_an_unknown_vertex(self, cell):
        with pytest.raises(KeyError) as caught:
            cell.skeleton.distance_to_root(999)
        expected = "layer 'skeleton': 1 of 1 ids are not among the 5 vertices, the first is 999"
        assert str(caught.value) == expected

    def test_layers_without_a_link(self, cell):
        cell.add_mesh(np.zeros((3, 3)))
        with pytest.raises(ValueError, match=r"^no link leads from 'skeleton' to 'mesh'; 'skele"):
            cell.skeleton.map_index_to_layer("mesh")

    def test_a_second_skeleton(self, cell):
        with pytest.raises(ValueError, match=r"^there is a skeleton already, 'skeleton'; a cell"):
            cell.add_skeleton(XYZ, EDGES)

    def test_a_cell_without_a_skeleton(self):
        with pytest.raises(ValueError, match=r"^cell 'a' has no skeleton; add one first$"):
            strahler_number(Cell("a"))


def test_w49_features_of_annotations_are_found_and_annotations_are_masked(cell):
    cell.add_point_annotations(
        "syn",
        np.zeros((2, 3)),
        features={"size": [1.0, 2.0]},
        linkage=Link([100, 104], target="skeleton"),
    )
    assert cell.get_features("size", "skeleton")["size"].dropna().to_dict() == {100: 1, 104: 2}
    assert cell.apply_mask("syn", [1]).skeleton.vertex_index.tolist() == [104]
    assert len(Cell().features) == 0


def test_w50_what_the_caller_passes_is_not_changed(cell):
    series = pd.Series([1, 2, 3, 4, 5], index=IDS, name="mine")
    cell.skeleton.add_feature(series, "ours")
    assert series.name == "mine"
    frame = pd.DataFrame({"on": [104]})
    cell.add_point_annotations(
        "syn", frame, linkage=Link("on", target="skeleton"), vertices_from_linkage=True
    )
    assert list(frame) == ["on"]
    assert cell.annotations.syn.vertices.tolist() == [[0, 3000, 0]]
