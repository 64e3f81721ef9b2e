import numpy as np
import pandas as pd
import pytest

from ossify.errors import ShapeError, TopologyError, UnknownFeatureError, VertexIdError
from ossify.layers.intake import add_features, edges_as_rows, vertex_table
from ossify.vertex_ids import VertexIds

BIG = 2**53 + 1
XYZ = [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "pt_x": [0.0, 3.0],
            "pt_y": [1, 4],
            "pt_z": [2.0, 5.0],
            "id": np.array([BIG, BIG + 1], np.uint64),
            "size": np.array([7, 8], np.int16),
            "radius_um": [0.5, 0.25],
        },
        index=pd.Index([BIG + 3, BIG + 2], name="row_id"),
    )


class TestVertices:
    @pytest.mark.parametrize("make", [list, np.array, lambda xyz: np.array(xyz, np.float32)])
    def test_coordinates_alone_have_the_ids_0_to_n(self, make):
        table = vertex_table("v", make(XYZ))
        assert table.points.tolist() == XYZ
        assert table.ids.ids.tolist() == [0, 1]
        assert table.spatial_columns == ("x", "y", "z")

    def test_spatial_columns_do_not_matter_for_an_array(self):
        assert vertex_table("v", XYZ, ["a", "b", "c"]).spatial_columns == ("x", "y", "z")

    def test_the_index_of_a_frame_is_the_ids_and_other_columns_are_features(self, frame):
        table = vertex_table("v", frame, "pt")
        assert table.points.tolist() == XYZ
        assert table.ids.ids.tolist() == [BIG + 3, BIG + 2]
        assert table.index_name == "row_id"
        assert list(table.columns) == ["id", "size", "radius_um"]
        assert table.columns["id"].tolist() == [BIG, BIG + 1]
        assert table.columns["size"].dtype == np.int16

    def test_a_column_of_ids_is_no_feature(self, frame):
        table = vertex_table("v", frame, ["pt_x", "pt_y", "pt_z"], vertex_index="id")
        assert table.ids.ids.tolist() == [BIG, BIG + 1]
        assert table.index_name == "id"
        assert list(table.columns) == ["size", "radius_um"]

    def test_ids_can_come_apart(self, frame):
        ids = np.array([BIG, 4], np.uint64)
        assert vertex_table("v", frame, "pt", ids).ids.ids.tolist() == [BIG, 4]
        assert vertex_table("v", XYZ, None, ids).ids.ids.tolist() == [BIG, 4]

    def test_a_frame_of_three_columns_needs_no_names(self, frame):
        """W28"""
        table = vertex_table("v", frame[["pt_x", "pt_y", "pt_z"]])
        assert table.points.tolist() == XYZ
        assert table.spatial_columns == ("pt_x", "pt_y", "pt_z")

    def test_x_y_z_need_no_names(self, frame):
        named = frame.rename(columns={"pt_x": "z", "pt_y": "x", "pt_z": "y"})
        assert vertex_table("v", named).points[0].tolist() == [1.0, 2.0, 0.0]

    def test_an_empty_frame_is_no_vertices(self, frame):
        table = vertex_table("v", frame.iloc[:0], "pt", "id")
        assert len(table) == 0
        assert table.columns["size"].dtype == np.int16

    def test_the_frame_is_not_changed(self, frame):
        before = frame.copy()
        table = vertex_table("v", frame, "pt", "id", {"radius": "radius_um"})
        frame["size"] = 0
        assert table.columns["size"].tolist() == [7, 8]
        frame["size"] = before["size"]
        pd.testing.assert_frame_equal(frame, before)


class TestFeatures:
    def test_a_name_of_a_column_takes_that_column_under_another_name(self, frame):
        """W6"""
        table = vertex_table("v", frame, "pt", "id", {"radius": "radius_um", "at": "pt_x"})
        assert sorted(table.columns) == ["at", "radius", "size"]
        assert table.columns["radius"].tolist() == [0.5, 0.25]
        assert table.columns["at"].tolist() == [0.0, 3.0]

    def test_ids_can_be_taken_as_a_feature_too(self, frame):
        table = vertex_table("v", frame, "pt", "id", {"synapse_id": "id", "copy": "id"})
        assert table.columns["synapse_id"].tolist() == [BIG, BIG + 1]
        assert table.columns["copy"].dtype == np.uint64

    def test_a_column_taken_under_its_own_name_stays(self, frame):
        assert "size" in vertex_table("v", frame, "pt", "id", {"size": "size"}).columns

    @pytest.mark.parametrize("name", ["size", "pt_x"])
    def test_a_column_does_not_take_the_place_of_another(self, frame, name):
        with pytest.raises(ValueError, match=rf"there is a .* '{name}' already"):
            vertex_table("v", frame, "pt", "id", {name: "radius_um"})

    def test_a_column_that_is_not_there_is_an_error(self, frame):
        with pytest.raises(UnknownFeatureError, match=r"'radius' is to be taken from column 'r'"):
            vertex_table("v", frame, "pt", "id", {"radius": "r"})
        with pytest.raises(UnknownFeatureError, match=r"no column 'radius_um' among the vertice"):
            vertex_table("v", XYZ, features={"radius": "radius_um"})

    def test_arrays_are_in_row_order_and_series_by_id(self):
        features = {"a": [1, 2], "b": pd.Series([BIG, 5], index=[9, 8])}
        table = vertex_table("v", XYZ, None, [8, 9], features)
        assert table.columns["a"].tolist() == [1, 2]
        assert table.columns["b"].tolist() == [5, BIG]

    def test_a_frame_of_features_is_aligned_by_id_and_keeps_dtypes(self):
        index = pd.Index([BIG, 9, 8], dtype="uint64")
        features = pd.DataFrame({"a": np.array([3, 2, 1], np.int8), "b": list("xyz")}, index=index)
        table = vertex_table("v", XYZ, None, [8, BIG], features)
        assert table.columns["a"].tolist() == [1, 3]
        assert table.columns["a"].dtype == np.int8
        assert list(table.columns["b"]) == ["z", "x"]

    def test_a_series_has_a_value_for_every_id(self):
        with pytest.raises(
            ShapeError, match=r"'a': 1 of 2 vertices have no value, the first is 9;"
        ):
            vertex_table("v", XYZ, None, [8, 9], {"a": pd.Series([1, 2], index=[8, 7])})

    def test_a_series_has_one_value_for_an_id(self):
        with pytest.raises(VertexIdError, match=r"feature 'a': index: 1 of 3 are repeated"):
            vertex_table("v", XYZ, None, [8, 9], {"a": pd.Series([1, 2, 3], index=[8, 9, 9])})

    def test_a_series_indexed_by_rounded_ids_is_refused(self):
        series = pd.Series([1.0, 2.0], index=[float(BIG), 3.0])
        with pytest.raises(
            VertexIdError, match=r"feature 'a': index: .* is a float that may not be"
        ):
            vertex_table("v", XYZ, None, [BIG - 1, 3], {"a": series})

    @pytest.mark.parametrize("wrong", [["a"], "radius", 5])
    def test_features_are_named(self, wrong):
        with pytest.raises(TypeError, match=r"features must be a dict of name → values or a Dat"):
            vertex_table("v", XYZ, features=wrong)

    def test_a_name_is_a_string(self):
        with pytest.raises(TypeError, match=r"v: a feature's name must be a string, not 3"):
            vertex_table("v", XYZ, features={3: [1, 2]})

    def test_two_columns_of_one_name_are_refused(self):
        twice = pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"])
        with pytest.raises(ShapeError, match=r"v: there are two features 'a'"):
            add_features("v", vertex_table("v", XYZ), twice)

    def test_a_failed_feature_adds_none(self):
        table = vertex_table("v", XYZ)
        with pytest.raises(ShapeError, match=r"feature 'b': expected 2 values"):
            add_features("v", table, {"a": [1, 2], "b": [1]})
        assert not table.columns


class TestWrongFrames:
    def test_a_repeated_column(self, frame):
        frame.columns = ["pt_x", "pt_y", "pt_z", "id", "size", "size"]
        with pytest.raises(ShapeError, match=r"v: there are two columns 'size'"):
            vertex_table("v", frame, "pt")

    def test_coordinates_that_are_not_said(self, frame):
        with pytest.raises(ShapeError, match=r"which columns are the coordinates"):
            vertex_table("v", frame)

    def test_a_prefix_that_fits_no_columns(self, frame):
        with pytest.raises(UnknownFeatureError, match=r"no coordinate column 'ctr_x' among 'pt_"):
            vertex_table("v", frame, "ctr")

    @pytest.mark.parametrize("names", [["pt_x", "pt_y"], ["pt_x", "pt_x", "pt_y"]])
    def test_coordinates_that_are_not_three(self, frame, names):
        with pytest.raises(ShapeError, match=r"expected three different coordinate columns"):
            vertex_table("v", frame, names)

    def test_coordinates_that_are_words(self, frame):
        frame["pt_x"] = ["a", "b"]
        with pytest.raises(ValueError, match=r"a"):
            vertex_table("v", frame, "pt")

    @pytest.mark.parametrize("missing", [np.nan, None, pd.NA])
    def test_coordinates_that_are_missing(self, frame, missing):
        frame["pt_x"] = pd.array([1.0, missing], dtype="Float64")
        with pytest.raises(ShapeError, match=r"1 of 2 vertices have a coordinate that is NaN"):
            vertex_table("v", frame, "pt")

    def test_a_column_of_ids_that_is_not_there(self, frame):
        with pytest.raises(
            UnknownFeatureError, match=r"no column 'vertex_id' to take the ids from"
        ):
            vertex_table("v", frame, "pt", "vertex_id")
        with pytest.raises(ShapeError, match=r"'id' names a column, but the vertices are an arr"):
            vertex_table("v", XYZ, vertex_index="id")

    def test_a_column_whose_name_is_a_number(self, frame):
        with pytest.raises(TypeError, match=r"v: a column's name must be a string, not 5"):
            vertex_table("v", frame.rename(columns={"size": 5}), "pt")

    @pytest.mark.parametrize(
        ("ids", "error", "message"),
        [
            ([1], ShapeError, "1 vertex ids for 2 vertices"),
            ([1, 1], VertexIdError, "vertex ids: 1 of 2 are repeated, the first is 1"),
            ([1, -4], VertexIdError, "1 of 2 are negative, the first is -4"),
            ([1, None], VertexIdError, "missing"),
            ([1.5, 2], VertexIdError, "1.5 is a float"),
            (["a", "b"], TypeError, "must be integers"),
            ([True, False], TypeError, "must be integers"),
        ],
    )
    def test_ids_that_are_none(self, ids, error, message):
        with pytest.raises(error, match=rf"v: .*{message}"):
            vertex_table("v", XYZ, None, ids)


def rows(values, ids, as_positional=None, vertex_index=None, read=edges_as_rows):
    return read("v", values, VertexIds(ids), as_positional, vertex_index).tolist()


class TestTuples:
    def test_they_are_ids_unless_ids_come_as_an_array(self):
        assert rows([[7, 5]], [5, 7]) == [[1, 0]]
        assert rows([[7, 5]], [5, 7], vertex_index="id") == [[1, 0]]
        assert rows([[1, 0]], [5, 7], vertex_index=np.array([5, 7])) == [[1, 0]]

    def test_what_they_are_can_be_said(self):
        assert rows([[1, 0]], [5, 7], as_positional=True) == [[1, 0]]
        assert rows([[7, 5]], [5, 7], as_positional=False, vertex_index=[5, 7]) == [[1, 0]]

    @pytest.mark.parametrize(
        "carry",
        [
            list,
            lambda edges: [tuple(edge) for edge in edges],
            lambda edges: np.array(edges, np.uint64),
            lambda edges: np.array(edges, object),
            lambda edges: pd.DataFrame(edges, columns=["child", "parent"]),
            lambda edges: pd.DataFrame(edges).astype({0: "uint64", 1: "Int64"}),
            lambda edges: [[np.uint64(a), np.int64(b)] for a, b in edges],
        ],
    )
    def test_large_ids_are_exact(self, carry):
        ids = [BIG - 1, BIG, BIG + 1]
        assert rows(carry([[BIG, BIG - 1], [BIG + 1, BIG]]), ids) == [[1, 0], [2, 1]]

    def test_small_whole_floats_are_ids_and_large_ones_are_refused(self):
        assert rows([[1.0, 0.0]], [0, 1]) == [[1, 0]]
        with pytest.raises(VertexIdError, match=r"v: edges: .* is a float that may not be the i"):
            rows(np.array([[float(BIG), 0]]), [0, BIG - 1])

    @pytest.mark.parametrize("nothing", [None, [], np.empty((0, 2)), pd.DataFrame()])
    def test_none_are_allowed(self, nothing):
        assert rows(nothing, [0, 1]) == []

    def test_unknown_vertices_are_counted_with_the_first_and_a_remedy(self):
        with pytest.raises(TopologyError) as caught:
            rows([[5, 7], [7, 8], [9, 5]], [5, 7])
        assert str(caught.value) == (
            "v: 2 of 3 edges name vertices that are not there, the first is edge 1: [7, 8]. They "
            "were read as vertex ids; pass edges_as_positional=True if they are rows"
        )
        assert caught.value.rows == (1, 2)

    def test_rows_outside_are_counted_with_the_first_and_a_remedy(self):
        with pytest.raises(
            TopologyError, match=r"read as vertex rows; pass edges_as_positional=Fal"
        ):
            rows([[5, 7]], [5, 7], as_positional=True)

    @pytest.mark.parametrize("wrong", [[[0, 1, 1]], [0, 1], [[[0, 1]]]])
    def test_the_width_is_checked(self, wrong):
        with pytest.raises(TopologyError, match=r"v: edges must have shape \(M, 2\), not"):
            rows(wrong, [0, 1])

    def test_negative_ones_and_words_are_refused(self):
        with pytest.raises(VertexIdError, match=r"edges: 1 of 2 are negative, the first is -1"):
            rows([[0, -1]], [0, 1])
        with pytest.raises(TypeError, match=r"edges must be integers"):
            rows([["a", "b"]], [0, 1])


@pytest.mark.parametrize("name", ["\udc80", ""])
def test_names_that_are_no_text_are_refused(name):
    table = vertex_table("v", [[0, 0, 0]])
    with pytest.raises(ValueError, match=r"v: a feature's name"):
        add_features("v", table, {name: [1]})
