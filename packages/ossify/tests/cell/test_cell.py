import copy
import multiprocessing
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify import Cell, GraphLayer, Link, MeshLayer, PointCloudLayer, SkeletonLayer
from ossify.errors import UnitsError, UnknownLayerError
from ossify.testing import assert_cells_equal

BIG = 2**53 + 1
ODD_NAMES = [
    "links",
    "layers",
    "names",
    "apply_mask",
    "_siblings",
    "a b",
    "ü",
    "syn2",
    "sy",
    ".",
    "a/b",
]

# The cell is drawn in conftest.


def stretch(xyz):
    return xyz * 2


def doubled(cell):
    return cell.transform(stretch, units=cell.units, space=cell.space)


class TestWhatItHolds:
    def test_a_name_is_text_or_a_number_and_can_be_set(self):
        """W48: assigning a name is allowed."""
        cell = Cell(np.int64(BIG))
        assert (cell.name, type(cell.name)) == (BIG, int)
        cell.name = "soma 2"
        assert cell.name == "soma 2"
        for wrong in (864691135639806263.0, True, ["a"]):
            with pytest.raises(TypeError, match=r"a cell's name must be a string, a whole"):
                cell.name = wrong
        assert cell.name == "soma 2"

    def test_meta_is_a_copy_that_can_be_changed(self):
        meta = {"a": 1}
        cell = Cell(meta=meta)
        cell.meta["b"] = 2
        assert meta == {"a": 1}
        assert cell.meta == {"a": 1, "b": 2}

    def test_layers_have_short_names_too(self, cell):
        assert cell.s is cell.skeleton is cell.layers["skeleton"] is cell.layers.skeleton
        assert cell.g is cell.graph
        assert cell.m is cell.mesh
        assert cell.l.names == ["skeleton", "graph", "mesh", "far"]
        assert cell.a.names == cell.anno.names == ["syn"]
        assert isinstance(cell.skeleton, SkeletonLayer)

    def test_a_cell_without_layers_has_none(self):
        """W49"""
        cell = Cell()
        assert (cell.skeleton, cell.graph, cell.mesh, cell.name) == (None,) * 4
        assert cell.features.columns.tolist() == ["layer", "features"]
        assert len(cell.features) == 0
        assert (cell.units, cell.space) == ("nm", None)

    def test_features_are_those_of_layers(self, cell):
        assert cell.features.to_numpy().tolist() == [
            ["skeleton", "compartment"],
            ["graph", "size"],
        ]

    def test_annotations_can_come_at_the_start(self, points):
        cell = Cell(annotation_layers=[points])
        assert cell.annotations.names == ["spines"]


@pytest.fixture
def points():
    return PointCloudLayer("spines", [[0, 0, 0], [3, 4, 0]], vertex_index=[BIG, 9])


WRONG_LINKS = {
    "unknown ids": (Link([999], target="skeleton"), "1 of 1 vertices point at ids"),
    "rows outside": (Link([9], target="skeleton", map_value_is_index=False), "point at rows"),
    "wrong length": (
        Link([12, 12], target="skeleton"),
        "2 values for 1 vertices of the source",
    ),
    "no such layer": (Link([12], target="soma"), "there is no layer or annotation 'soma'"),
    "no such column": (Link("on", target="skeleton"), "'new' has no feature 'on'"),
    "itself": (Link([0], target="new"), "from 'new' to itself"),
    "two others": (Link([0], "graph", "skeleton"), "which is neither of the two"),
    "unknown keys": (Link({5: 12}, target="skeleton"), "keys of the mapping"),
    "the second of two": (
        [Link([12], target="skeleton"), Link([999], target="graph")],
        "link new → graph: 1 of 1",
    ),
    "twice the same": ([Link([12], target="skeleton")] * 2, "are linked already"),
}


class TestAdding:
    def test_adding_can_be_chained_and_ids_stay_exact(self):
        frame = pd.DataFrame({"id": [BIG, BIG + 1], "x": 0, "y": 0, "z": [0, 2]})
        cell = Cell()
        assert cell.add_skeleton(frame, [[BIG + 1, BIG]], root=BIG, vertex_index="id") is cell
        assert cell.skeleton.root == BIG
        assert cell.skeleton.edges.tolist() == [[BIG + 1, BIG]]

    @pytest.mark.parametrize(
        "make",
        [
            lambda: SkeletonLayer("any", np.eye(3), [[1, 0], [2, 1]]),
            lambda: GraphLayer("any", np.eye(3), [[1, 0], [2, 1]]),
            lambda: MeshLayer("any", np.eye(3), [[1, 0, 2]]),
        ],
    )
    def test_a_finished_layer_is_taken_in_under_the_name_of_its_kind(self, make):
        """W29"""
        layer = make()
        cell = Cell()
        getattr(cell, f"add_{layer.layer_type}")(layer)
        taken = cell.layers[layer.layer_type]
        assert type(taken) is type(layer)
        taken.add_feature([1, 2, 3], "size")
        assert (layer.feature_names, layer.name) == ([], "any")

    def test_a_finished_point_cloud_keeps_its_ids_and_features(self, points):
        points.add_feature([1, 2], "size")
        cell = Cell().add_point_annotations("syn", points).add_point_layer("cloud", points)
        for layer in (cell.annotations.syn, cell.layers.cloud):
            assert layer.vertex_index.tolist() == [BIG, 9]
            assert layer.get_feature("size").tolist() == [1, 2]

    def test_a_layer_comes_under_its_own_name(self, points):
        """W20"""
        cell = Cell().add_layer(points)
        assert cell.layers.names == ["spines"]
        assert cell.annotations.names == []

    def test_a_masked_skeleton_can_be_added_and_remembers_the_whole_tree(self, cell):
        other = Cell().add_layer(cell.skeleton.apply_mask([12], self_only=True))
        assert other.skeleton.distance_to_root(12) == 3

    @pytest.mark.parametrize("kind", ["skeleton", "graph", "mesh"])
    def test_there_is_one_of_each_kind(self, cell, kind):
        """W48"""
        before = cell.copy()
        with pytest.raises(ValueError, match=r"already") as caught:
            getattr(cell, f"add_{kind}")(np.zeros((1, 3)))
        assert str(caught.value) == (
            f"there is a {kind} already, '{kind}'; a cell has one at most. "
            f"Call remove_layer('{kind}') first"
        )
        assert_cells_equal(cell, before)

    @pytest.mark.parametrize("add", ["add_point_annotations", "add_point_layer"])
    @pytest.mark.parametrize("name", ["syn", "far", "skeleton"])
    def test_a_name_is_taken_once_by_layer_or_annotation(self, cell, add, name):
        """W25"""
        before = cell.copy()
        message = rf"there is an? (layer|annotation) '{name}' already; |is for a skeleton"
        with pytest.raises(ValueError, match=message):
            getattr(cell, add)(name, np.zeros((1, 3)))
        assert_cells_equal(cell, before)

    @pytest.mark.parametrize("name", ["skeleton", "graph", "mesh"])
    def test_the_names_of_the_three_kinds_are_theirs(self, points, name):
        with pytest.raises(ValueError, match=rf"the name '{name}' is for a {name}, not for"):
            Cell().add_point_layer(name, points)

    @pytest.mark.parametrize("name", ODD_NAMES)
    def test_any_other_name_is_a_name(self, cell, name):
        """W41"""
        cell.add_point_annotations(name, [[0, 0, 0]] * 2, linkage=Link([12, 13], target="skeleton"))
        cell.add_point_layer(f"{name}_", [[0, 0, 0]])
        assert cell.annotations[name].n_vertices == 2
        assert name in cell.annotations
        masked = cell.apply_mask("skeleton", [13])
        assert masked.annotations[name].map_index_to_layer("skeleton").tolist() == [13]
        assert masked.layers[f"{name}_"].n_vertices == 1
        assert cell.apply_mask(name, [0]).skeleton.vertex_index.tolist() == [12]
        assert_cells_equal(pickle.loads(pickle.dumps(cell)), cell)
        assert f"{name}: 2 vertices" in str(cell)
        dir(cell.annotations)
        cell.remove_annotation(name)
        assert name not in cell.annotations
        assert cell.annotations.names == ["syn"]

    def test_coordinates_can_be_those_of_linked_vertices(self, cell):
        """W50"""
        frame = pd.DataFrame({"on": pd.array([13, 12], "Int64"), "size": [1, 2]}, index=[BIG, 3])
        before = frame.copy()
        cell.add_point_annotations(
            "spines", frame, linkage=Link("on", target="skeleton"), vertices_from_linkage=True
        )
        pd.testing.assert_frame_equal(frame, before)
        assert cell.annotations.spines.vertices.tolist() == [[0, 1, 3], [0, 3, 0]]
        assert cell.annotations.spines.vertex_index.tolist() == [BIG, 3]
        assert cell.annotations.spines.feature_names == ["on", "size"]

    def test_coordinates_of_linked_vertices_need_a_frame_a_link_and_targets(self, cell):
        frame = pd.DataFrame({"on": [13, -1]})
        for vertices, link in (([[0, 0, 0]], Link([13], target="skeleton")), (frame, None)):
            with pytest.raises(ValueError, match=r"=True needs a DataFrame and one Link"):
                cell.add_point_annotations(
                    "spines", vertices, linkage=link, vertices_from_linkage=True
                )
        with pytest.raises(ValueError, match=r"1 of 2 rows are linked to nothing and have no co"):
            cell.add_point_annotations(
                "spines", frame, linkage=Link("on", target="skeleton"), vertices_from_linkage=True
            )
        with pytest.raises(ValueError, match=r"needs a Link from the annotation, not skeleton →"):
            cell.add_point_annotations(
                "spines",
                frame,
                linkage=Link([0] * 4, source="skeleton"),
                vertices_from_linkage=True,
            )
        with pytest.raises(ValueError, match=r"annotation 'spines' needs vertices, or a DataFra"):
            cell.add_point_annotations("spines")

    def test_links_can_come_from_what_is_there(self, cell):
        cell.add_point_annotations(
            "soma", [[0, 0, 0]], linkage=Link([0, -1, -1, -1], source="skeleton")
        )
        assert cell.annotations.soma.map_region_to_layer("skeleton").tolist() == [10]

    def test_several_links_can_come_at_once(self, cell):
        links = [Link([12], target="skeleton"), Link([70], target="graph")]
        cell.add_point_annotations("spines", [[0, 0, 0]], linkage=links)
        assert list(cell.linkage.tables)[-2:] == [("spines", "skeleton"), ("spines", "graph")]

    def test_one_link_object_serves_many_cells(self):
        """W23"""
        link = Link("on", target="skeleton")
        for ids in ([101, 102], [104, 105]):
            cell = Cell().add_skeleton(np.eye(3)[:2], [[1, 0]], vertex_index=ids)
            frame = pd.DataFrame({"x": 0.0, "y": 0.0, "z": 0.0, "on": ids})
            cell.add_point_annotations("syn", frame, linkage=link)
            assert cell.annotations.syn.map_index_to_layer("skeleton").tolist() == ids

    @pytest.mark.parametrize(("link", "message"), WRONG_LINKS.values(), ids=WRONG_LINKS.keys())
    def test_a_wrong_link_leaves_the_cell_as_it_was(self, cell, link, message):
        before = cell.copy()
        for add in (cell.add_point_annotations, cell.add_point_layer):
            with pytest.raises(ValueError, match=message):
                add("new", [[0, 0, 0]], linkage=link)
            assert_cells_equal(cell, before)

    @pytest.mark.parametrize("kind", ["skeleton", "graph", "mesh"])
    def test_a_core_layer_with_a_wrong_link_leaves_the_cell_as_it_was(self, kind, points):
        cell = Cell(units="um").add_point_annotations("syn", [[0, 0, 0]])
        before = cell.copy()
        with pytest.raises(ValueError, match=r"point at ids that the target does not have"):
            getattr(cell, f"add_{kind}")(np.zeros((1, 3)), linkage=Link([5], target="syn"))
        assert_cells_equal(cell, before)
        with pytest.raises(ValueError, match=r"NaN"):
            getattr(cell, f"add_{kind}")(np.full((1, 3), np.nan))
        assert_cells_equal(cell, before)

    def test_a_failed_first_layer_does_not_state_units(self, points):
        cell = Cell(units="um")
        with pytest.raises(ValueError, match=r"'soma'"):
            cell.add_point_annotations("syn", points, linkage=Link([0, 0], target="soma"))
        assert (cell.units, cell.annotations.names) == ("um", [])


class TestRemoving:
    def test_a_removed_layer_takes_its_links_with_it(self, cell):
        graph = cell.graph
        assert cell.remove_layer("graph") is cell
        assert (cell.graph, cell.layers.names) == (None, ["skeleton", "mesh", "far"])
        assert list(cell.linkage.tables) == [("mesh", "skeleton")]
        assert cell.apply_mask("skeleton", [12]).annotations.syn.n_vertices == 4
        with pytest.raises(UnknownLayerError):
            graph.map_index_to_layer("skeleton")
        cell.add_graph(np.zeros((1, 3)))

    def test_what_is_not_there_cannot_be_removed(self, cell):
        for builtin in (KeyError, ValueError):
            with pytest.raises(builtin, match=r"there is no layer 'syn'; there is: 'skeleton'"):
                cell.remove_layer("syn")
            with pytest.raises(builtin, match=r"there is no annotation 'graph'; there is: 'syn'"):
                cell.remove_annotation("graph")


class TestUnits:
    def test_layers_take_those_of_the_cell(self):
        cell = Cell(units="micron", space="atlas").add_graph(np.zeros((1, 3)))
        assert (cell.graph.units, cell.graph.space) == ("um", "atlas")
        cell.add_point_annotations("syn", [[0, 0, 0]])
        assert (cell.annotations.syn.units, cell.annotations.syn.space) == ("um", "atlas")

    def test_they_stay_through_masks_and_copies_and_are_forgotten_by_a_transform(self, cell):
        for made in (cell.copy(), cell.apply_mask("skeleton", [12]), copy.deepcopy(cell)):
            assert (made.units, made.space) == ("nm", "atlas")
        moved = cell.transform(stretch)
        assert (moved.units, moved.space) == (None, None)
        assert (cell.units, cell.space) == ("nm", "atlas")
        stated = cell.transform(stretch, units="micron", space="other")
        assert (stated.units, stated.space) == ("um", "other")
        assert {layer.units for layer in [*stated.layers, *stated.annotations]} == {"um"}

    def test_layers_that_differ_leave_the_cell_s_not_stated(self, cell):
        cell.graph.transform(stretch, inplace=True, units="um")
        assert cell.units is None
        assert cell.skeleton.units == "nm"

    def test_a_layer_in_other_units_is_refused(self, cell, points):
        in_um = points.transform(stretch, units="um")
        with pytest.raises(UnitsError, match=r"layer 'spines' is in units um, the cell in nm; t"):
            cell.add_layer(in_um)
        assert "spines" not in cell.layers

    def test_the_first_layer_brings_its_own(self, points):
        cell = Cell().add_layer(points.transform(stretch, units="um", space="atlas"))
        assert (cell.units, cell.space) == ("um", "atlas")

    @pytest.mark.parametrize("wrong", ["", 3])
    def test_they_are_a_name(self, wrong):
        with pytest.raises(UnitsError, match=r"units must be a name such as 'nm'"):
            Cell(units=wrong)


class TestTransform:
    def test_every_layer_and_annotation_moves(self, cell):
        moved = cell.transform(stretch)
        for before, after in zip(
            [*cell.layers, *cell.annotations], [*moved.layers, *moved.annotations], strict=True
        ):
            assert after.vertices.tolist() == (before.vertices * 2).tolist()
        assert moved.skeleton.distance_to_root(12) == 6
        assert cell.skeleton.distance_to_root(12) == 3
        assert moved.annotations.syn.map_index_to_layer("skeleton").tolist() == [12, 12, 12, 13]

    def test_in_place_it_is_the_same_cell_and_the_same_layers(self, cell):
        skeleton = cell.skeleton
        assert cell.transform(stretch, inplace=True, units="um") is cell
        assert cell.skeleton is skeleton
        assert skeleton.cable_length() == 12

    def test_new_coordinates_can_be_given_where_there_is_one_layer(self, points):
        cell = Cell().add_layer(points)
        moved = cell.transform([[1, 1, 1], [2, 2, 2]])
        assert moved.layers.spines.vertices.tolist() == [[1, 1, 1], [2, 2, 2]]

    @pytest.mark.parametrize(
        "wrong",
        [
            lambda xyz: np.where(xyz == 99, np.nan, xyz),
            lambda xyz: xyz[:3],
            lambda xyz: xyz / 0,
            np.zeros((4, 3)),
        ],
    )
    def test_a_failed_one_leaves_the_cell_as_it_was(self, cell, wrong):
        before = cell.copy()
        with np.errstate(all="ignore"), pytest.raises(ValueError, match=r"transform of layer '"):
            cell.transform(wrong, inplace=True)
        assert_cells_equal(cell, before)

    def test_wrong_units_leave_the_cell_as_it_was(self, cell):
        before = cell.copy()
        with pytest.raises(UnitsError):
            cell.transform(stretch, inplace=True, units=3)
        assert_cells_equal(cell, before)


class TestFeaturesAcrossLayers:
    def test_they_come_to_one_layer(self, cell):
        frame = cell.get_features(["size", "compartment"], "skeleton", agg="sum")
        assert frame.index.tolist() == [10, 11, 12, 13]
        assert frame["size"].dropna().to_dict() == {12: 3, 13: 3}
        assert frame["compartment"].tolist() == [1, 3, 2, 3]
        assert cell.get_features("size", "skeleton")["size"][12] == 1.5

    def test_annotations_are_searched_too(self, cell):
        """W49"""
        frame = cell.get_features("partner", "graph", agg="majority")
        assert frame["partner"].dropna().to_dict() == {70: BIG, 71: BIG, 72: BIG}

    def test_each_can_have_an_aggregation_of_its_own(self, cell):
        how = {"size": "max", "compartment": "mean"}
        assert cell.get_features(["size", "compartment"], "skeleton", agg=how)["size"][12] == 2

    def test_a_feature_of_several_layers_needs_a_source(self, cell):
        cell.skeleton.add_feature([1, 2, 3, 4], "size")
        with pytest.raises(ValueError, match=r"'size' is in 'skeleton', 'graph'; say which by s"):
            cell.get_features("size", "skeleton")
        chosen = cell.get_features("size", "skeleton", source_layers="skeleton")
        assert chosen["size"].tolist() == [1, 2, 3, 4]

    def test_a_feature_of_none_is_named(self, cell):
        with pytest.raises(ValueError, match=r"feature 'volume' is not in any layer or annotati"):
            cell.get_features("volume", "skeleton")
        with pytest.raises(ValueError, match=r"feature 'size' is not in 'mesh', 'far'"):
            cell.get_features("size", "skeleton", ["mesh", "far"])

    def test_no_features_are_a_frame(self, cell):
        assert cell.get_features([], "skeleton").shape == (4, 0)


class TestCopies:
    @pytest.mark.parametrize(
        "make",
        [
            Cell.copy,
            copy.copy,
            copy.deepcopy,
            lambda cell: pickle.loads(pickle.dumps(cell)),
            lambda cell: pickle.loads(pickle.dumps(cell, protocol=5)),
        ],
    )
    def test_a_copy_is_equal_and_apart(self, cell, make):
        """W5"""
        cell.skeleton.kdtree, cell.skeleton.segments, cell.mesh.csgraph  # noqa: B018
        before = pickle.loads(pickle.dumps(cell))
        made = make(cell)
        assert_cells_equal(made, cell)
        made.skeleton.add_feature([1, 2, 3, 4], "new")
        made.skeleton.reroot(12)
        made.annotations.syn.drop_features("partner")
        made.remove_layer("graph")
        made.add_point_annotations("more", [[0, 0, 0]])
        made.meta["new"] = 1
        made.name = "other"
        made.transform(stretch, inplace=True)
        assert_cells_equal(cell, before)

    def test_a_deep_copy_has_meta_of_its_own(self):
        cell = Cell(meta={"a": [1]})
        copy.deepcopy(cell).meta["a"].append(2)
        assert cell.meta == {"a": [1]}

    def test_arrays_stay_read_only_on_the_other_side(self, cell):
        read = pickle.loads(pickle.dumps(cell))
        for array in (read.skeleton.vertices, read.graph.edges_positional, read.mesh.vertex_index):
            with pytest.raises(ValueError, match=r"read-only"):
                array[0] = 0

    def test_it_goes_to_another_process_and_comes_back(self, cell):
        """W5"""
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            masked = cell.apply_mask("skeleton", [12, 13])
            back = pool.map(Cell.copy, [cell, masked])
        assert_cells_equal(back[0], cell)
        assert_cells_equal(back[1], masked)


@given(st.data())
def test_copies_of_any_cell_are_equal(cells, data):
    cell = data.draw(cells)
    assert_cells_equal(cell.copy(), cell)
    assert_cells_equal(copy.deepcopy(cell), cell)
    assert_cells_equal(pickle.loads(pickle.dumps(cell)), cell)


def test_the_arguments_stand_in_the_order_of_the_published_one():
    xyz = np.eye(3)
    cell = Cell("name")
    cell.add_skeleton(xyz, [[1, 0], [2, 1]], {"radius": [1, 2, 3]}, 0)
    cell.add_graph(xyz, [[1, 0]], {"size": [1, 2, 3]})
    cell.add_mesh(xyz, [[0, 1, 2]], {"label": [1, 2, 3]})
    cell.add_point_annotations("syn", xyz, ["x", "y", "z"])
    cell.add_point_layer("cloud", xyz, ["x", "y", "z"])
    assert cell.apply_mask("skeleton", [0], True).skeleton.n_vertices == 1
    assert cell.get_features("size", "graph", "graph", "sum")["size"].tolist() == [1, 2, 3]
    assert (Cell.SKEL_LN, Cell.GRAPH_LN, Cell.MESH_LN) == ("skeleton", "graph", "mesh")
