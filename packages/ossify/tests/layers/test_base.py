import copy
import pickle

import numpy as np
import pandas as pd
import pytest

from ossify import PointCloudLayer
from ossify.errors import MaskError, ShapeError, UnknownFeatureError, UnknownVertexError
from ossify.testing import assert_layers_equal

BIG = 2**53 + 1


def stretch(xyz):
    return xyz * 2


class TestData:
    def test_rows_and_ids_go_together(self, layer):
        assert layer.vertex_index.dtype == np.int64
        assert layer.vertices.dtype == np.float64
        assert len(layer) == layer.n_vertices == len(layer.vertices) == len(layer.vertex_index)
        assert layer.nodes.index.tolist() == layer.vertex_index.tolist()
        assert layer.vertex_df.to_numpy().tolist() == layer.vertices.tolist()
        for row, vertex in enumerate(layer.vertex_index.tolist()):
            assert layer.vertex_index_map[vertex] == row
        assert layer.vertex_index_map[-1] == -1

    def test_its_name_is_its_layer_name(self, layer):
        assert layer.layer_name == layer.name
        assert layer.layer_type in ("skeleton", "graph", "mesh", "points")
        assert (layer.units, layer.space) == ("nm", None)

    def test_arrays_are_read_only(self, layer):
        layer.add_feature(np.arange(len(layer)), "size")
        for array in (layer.vertices, layer.vertex_index, layer.get_feature("size")):
            with pytest.raises(ValueError, match=r"read-only"):
                array[0] = 1

    def test_frames_are_copies(self, layer):
        """W35"""
        layer.add_feature(pd.Categorical(["a"] * len(layer), categories=["a", "b"]), "kind")
        bbox = layer.bbox.copy()
        for frame in (layer.nodes, layer.df, layer.features, layer.vertex_df):
            if "kind" in frame:
                frame.loc[:, "kind"] = "b"
            if "x" in frame:
                frame.loc[:, "x"] = 77.0
            frame["more"] = 1
        assert layer.bbox.tolist() == bbox.tolist()
        assert set(layer.get_feature("kind")) == {"a"}
        assert "more" not in layer.feature_names

    def test_a_category_handed_out_as_an_array_is_read_only(self, layer):
        layer.add_feature(pd.Categorical(["a"] * len(layer)), "kind")
        with pytest.raises(ValueError, match=r"read-only"):
            layer.get_feature("kind")[0] = "b"

    def test_columns_and_rows_can_be_picked(self, skeleton):
        assert skeleton["radius"].loc[103] == 3
        assert skeleton.loc(103)["radius"] == 3
        assert skeleton.iloc(0)["radius"] == 4
        assert list(skeleton[["x", "radius"]]) == ["x", "radius"]
        assert list(skeleton.features) == ["radius"]

    def test_the_box_holds_all_vertices(self, skeleton):
        assert skeleton.bbox.tolist() == [[0, 0, 0], [2, 3, 2]]
        empty = skeleton.apply_mask([])
        assert empty.bbox.shape == (2, 3)
        assert np.isnan(empty.bbox).all()

    def test_an_empty_layer_is_there(self, layer):
        empty = layer.apply_mask(np.zeros(len(layer), bool))
        assert (len(empty), empty.vertices.shape) == (0, (0, 3))
        assert empty
        assert empty.nodes.columns.tolist() == layer.nodes.columns.tolist()
        repr(empty)
        empty.describe()

    def test_an_unknown_feature_is_named_with_those_there_are(self, skeleton):
        for builtin in (KeyError, ValueError):
            with pytest.raises(builtin, match=r"layer 'skeleton' has no feature 'size'; .* radi"):
                skeleton.get_feature("size")

    def test_the_tree_of_points_follows_the_coordinates(self, layer):
        """W10"""
        assert layer.kdtree.query([0, 0, 0])[0] == pytest.approx(
            np.linalg.norm(layer.vertices, axis=1).min()
        )
        layer.transform(lambda xyz: xyz * 10 + 100, inplace=True)
        assert layer.kdtree.maxes.tolist() == layer.vertices.max(axis=0).tolist()

    @pytest.mark.parametrize("wrong", [None, 3])
    def test_a_layer_has_a_name(self, wrong):
        with pytest.raises(TypeError, match=r"a layer's name must be a string"):
            PointCloudLayer(wrong, [[0, 0, 0]])

    def test_the_name_of_a_layer_is_not_empty(self):
        with pytest.raises(ValueError, match="a layer's name is empty"):
            PointCloudLayer("", [[0, 0, 0]])

    def test_a_description_tells_counts_units_features_and_links(self, skeleton, capsys):
        skeleton.describe()
        assert capsys.readouterr().out.splitlines() == [
            "# Layer: skeleton",
            "  6 vertices, 5 edges, 2 branch points, 3 end points",
            "  units: nm",
            "  features: radius (float32)",
            "  links: none",
        ]


class TestFeatures:
    def test_values_are_in_row_order_and_series_by_id(self, skeleton):
        made = skeleton.add_feature([1, 2, 3, 4, 5, 6], "a")
        assert made is skeleton
        ids = [100, 101, 102, 103, 104, 106]
        skeleton.add_feature(pd.Series(np.array(ids, np.int16), index=ids), name="b")
        assert skeleton.get_feature("a").tolist() == [1, 2, 3, 4, 5, 6]
        assert skeleton.get_feature("b").tolist() == skeleton.vertex_index.tolist()
        assert skeleton.get_feature("b").dtype == np.int16

    def test_series_by_large_ids(self, points):
        points.add_feature(pd.Series([1, 2], index=[9, BIG], name="a"))
        assert points.get_feature("a").tolist() == [2, 1]

    def test_several_come_as_a_dict_or_a_frame(self, points):
        points.add_feature({"a": [1, 2], "b": pd.Series([3, 4], index=[9, BIG])})
        points.add_feature(pd.DataFrame({"c": [5, 6]}, index=[9, BIG]))
        assert points.features.to_numpy().tolist() == [[1, 4, 6], [2, 3, 5]]

    def test_the_caller_s_series_keeps_its_name(self, points):
        """W50"""
        series = pd.Series([1, 2], index=[9, BIG], name="mine")
        points.add_feature(series, "ours")
        assert series.name == "mine"
        series[:] = 0
        assert points.get_feature("ours").tolist() == [2, 1]

    def test_names_are_sorted(self, points):
        points.add_feature({"b": [1, 2], "a": [1, 2]})
        assert points.feature_names == ["a", "b"]

    @pytest.mark.parametrize(
        ("feature", "name", "message"),
        [
            ([1, 2], None, "a feature needs a name"),
            (pd.Series([1, 2], index=[9, BIG]), None, "a feature needs a name"),
            ([1, 2], 5, "a feature needs a name"),
            ({"a": [1, 2]}, "b", "name='b' is for a single feature"),
            (pd.DataFrame({"a": [1, 2]}, index=[9, BIG]), "b", "name='b' is for a single"),
            ([1], "a", "expected 2 values, one per vertex; got 1"),
            (np.zeros((2, 2)), "a", r"got \(2, 2\)"),
            (7, "a", "expected 2 values, got 7"),
            (pd.Series([1, 2]), "a", "2 of 2 vertices have no value"),
            ([1, 2], "x", "there is a coordinate 'x' already"),
            ([1, 2], "size", "there is a feature 'size' already"),
            ({"a": [1, 2], "size": [1, 2]}, None, "there is a feature 'size' already"),
        ],
    )
    def test_a_wrong_feature_is_refused_and_adds_nothing(self, points, feature, name, message):
        points.add_feature([0, 0], "size")
        with pytest.raises(ValueError, match=message):
            points.add_feature(feature, name)
        assert points.feature_names == ["size"]
        assert points.get_feature("size").tolist() == [0, 0]

    def test_dropping_ignores_what_is_not_there_and_keeps_coordinates(self, skeleton):
        assert skeleton.drop_features(["radius", "size"]) is skeleton
        assert skeleton.feature_names == []
        skeleton.drop_features("radius")
        with pytest.raises(ValueError, match=r"'x' is a coordinate, not a feature"):
            skeleton.drop_features("x")
        with pytest.raises(UnknownFeatureError):
            skeleton.get_feature("radius")


MASKS = {
    "booleans": lambda layer, keep: keep,
    "list of booleans": lambda layer, keep: keep.tolist(),
    "nullable booleans": lambda layer, keep: pd.array(keep, dtype="boolean"),
    "Series of booleans": lambda layer, keep: pd.Series(keep, index=layer.vertex_index),
    "ids": lambda layer, keep: layer.vertex_index[keep],
    "ids in another order": lambda layer, keep: layer.vertex_index[keep][::-1].tolist(),
    "repeated ids": lambda layer, keep: [*layer.vertex_index[keep].tolist()] * 2,
    "set of ids": lambda layer, keep: set(layer.vertex_index[keep].tolist()),
    "unsigned ids": lambda layer, keep: layer.vertex_index[keep].astype(np.uint64),
    "nullable ids": lambda layer, keep: pd.array(layer.vertex_index[keep], dtype="Int64"),
    "Index": lambda layer, keep: layer.nodes.index[keep],
}


class TestMasks:
    @pytest.mark.parametrize("make", MASKS.values(), ids=MASKS.keys())
    def test_a_mask_is_booleans_or_ids_in_any_carrier(self, layer, make):
        keep = np.arange(len(layer)) % 2 == 0
        masked = layer.apply_mask(make(layer, keep))
        assert type(masked) is type(layer)
        assert masked.vertex_index.tolist() == layer.vertex_index[keep].tolist()
        assert masked.vertices.tolist() == layer.vertices[keep].tolist()
        assert len(layer) == len(keep)

    def test_rows_are_rows_when_said(self, layer):
        masked = layer.apply_mask([1], as_positional=True)
        assert masked.vertex_index.tolist() == layer.vertex_index[[1]].tolist()
        keep = np.arange(len(layer)) == 1
        same = layer.apply_mask(keep, as_positional=True)
        assert_layers_equal(masked, same)

    def test_one_id_is_a_mask(self, layer):
        vertex = layer.vertex_index[1]
        assert layer.apply_mask(vertex).vertex_index.tolist() == [vertex]

    def test_units_and_space_stay(self, layer):
        layer.transform(stretch, inplace=True, units="um", space="atlas")
        masked = layer.apply_mask([0], as_positional=True)
        assert (masked.units, masked.space) == ("um", "atlas")
        assert (layer.copy().units, layer.copy().space) == ("um", "atlas")

    @pytest.mark.parametrize("length", [0, 1, 99])
    def test_booleans_of_another_length_are_refused(self, layer, length):
        """W13"""
        if length == len(layer):
            return
        expected = f"a boolean mask of length {length} for {len(layer)} vertices"
        with pytest.raises(MaskError, match=expected):
            layer.apply_mask(np.ones(length, bool))

    def test_a_list_of_booleans_of_another_length_is_refused(self, layer):
        with pytest.raises(MaskError, match=r"a boolean mask of length 1 for"):
            layer.apply_mask([True])

    def test_unknown_ids_are_refused(self, layer):
        with pytest.raises(UnknownVertexError, match=r"1 of 2 ids are not among .* first is 999"):
            layer.apply_mask([layer.vertex_index[0], 99999])

    def test_rows_outside_are_refused_with_a_hint(self, layer):
        with pytest.raises(UnknownVertexError, match=r"row 99 is outside 0 … . *"):
            layer.apply_mask([0, 99], as_positional=True)
        with pytest.raises(ValueError, match=r"1 of 1 are negative, the first is -1"):
            layer.apply_mask([-1], as_positional=True)

    @pytest.mark.parametrize("wrong", ["7", ["7"], [1.5], [864691135639806263.0]])
    def test_what_is_no_mask_is_refused(self, layer, wrong):
        with pytest.raises((TypeError, ValueError), match=r"must be integers|is a float"):
            layer.apply_mask(wrong)

    def test_a_mask_gives_a_layer_and_never_a_cell(self, layer):
        for wrong in (
            lambda: layer.apply_mask([], return_cell=True),
            lambda: layer.mask_out_unmapped(return_cell=True),
            lambda: layer.mask_context([], return_cell=True).__enter__(),
        ):
            with pytest.raises(TypeError, match=r"call cell.apply_mask\(layer_name, mask\)"):
                wrong()
        assert type(layer.apply_mask([], return_cell=False)) is type(layer)

    def test_a_context_gives_the_masked_layer(self, layer):
        with layer.mask_context([0], as_positional=True) as masked:
            assert len(masked) == 1
        assert len(masked) == 1


class TestCopies:
    def test_what_is_added_to_a_copy_is_not_in_the_original(self, layer):
        layer.kdtree  # noqa: B018
        for made in (layer.copy(), copy.copy(layer), copy.deepcopy(layer)):
            assert_layers_equal(made, layer)
            made.add_feature(np.zeros(len(layer)), "more")
            made.transform(stretch, inplace=True)
            assert "more" not in layer.feature_names
            assert layer.units == "nm"
            assert made.kdtree.maxes.tolist() == made.vertices.max(axis=0).tolist()

    def test_it_pickles(self, layer):
        layer.add_feature(pd.array([BIG] * len(layer), dtype="Int64"), "partner")
        read = pickle.loads(pickle.dumps(layer))
        assert_layers_equal(read, layer)
        with pytest.raises(ValueError, match=r"read-only"):
            read.vertices[0] = 0


class TestTransform:
    def test_it_moves_a_copy_whose_units_are_not_stated(self, layer):
        moved = layer.transform(stretch)
        assert moved.vertices.tolist() == (layer.vertices * 2).tolist()
        assert (moved.units, moved.space) == (None, None)
        assert layer.units == "nm"
        assert moved.vertex_index.tolist() == layer.vertex_index.tolist()

    def test_it_moves_in_place_and_states_units(self, layer):
        before = layer.vertices
        assert layer.transform(stretch, inplace=True, units="micron", space="atlas") is layer
        assert layer.vertices.tolist() == (before * 2).tolist()
        assert (layer.units, layer.space) == ("um", "atlas")

    def test_new_coordinates_can_be_given(self, layer):
        moved = layer.transform(layer.vertices + 1)
        assert moved.vertices.tolist() == (layer.vertices + 1).tolist()

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            (lambda xyz: xyz * np.nan, "NaN or infinite"),
            (lambda xyz: xyz[:1], "1 coordinates for . vertices"),
            (lambda xyz: xyz[:, :2], r"must have shape \(V, 3\)"),
            (lambda xyz: None, r"must have shape \(V, 3\)|must be numbers|NaN"),
            (lambda xyz: "a", "must be numbers"),
            (np.zeros((99, 3)), "99 coordinates for . vertices"),
        ],
    )
    @pytest.mark.parametrize("inplace", [True, False])
    def test_a_failed_one_changes_nothing(self, layer, wrong, message, inplace):
        before = layer.copy()
        with pytest.raises(ShapeError, match=rf"transform of layer '.*': .*{message}"):
            layer.transform(wrong, inplace=inplace)
        assert_layers_equal(layer, before)

    def test_wrong_units_change_nothing(self, layer):
        before = layer.copy()
        with pytest.raises(ValueError, match=r"units must be a name"):
            layer.transform(stretch, inplace=True, units=7)
        assert_layers_equal(layer, before)
