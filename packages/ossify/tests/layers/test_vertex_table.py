import contextlib
import pickle

import numpy as np
import pandas as pd
import pytest

from ossify.errors import ShapeError, UnknownFeatureError
from ossify.layers.vertex_table import VertexTable, as_column, as_points
from ossify.topology.selection import Selection
from ossify.vertex_ids import VertexIds

BIG = 2**53 + 1


@pytest.fixture
def table():
    columns = {
        "radius": as_column(np.array([0.5, 0.25], np.float32), 2, "radius"),
        "label": as_column(pd.Categorical(["axon", "soma"]), 2, "label"),
        "partner": as_column(pd.array([BIG, None], dtype="Int64"), 2, "partner"),
    }
    return VertexTable(VertexIds([BIG, 5]), as_points([[0, 0, 0], [1, 2, 3]], "v"), columns)


COLUMNS = {
    "float64": np.array([1.5, np.nan]),
    "float32": np.array([1.5, 2.5], np.float32),
    "float16": np.array([1.5, 2.5], np.float16),
    "int8": np.array([1, -2], np.int8),
    "uint64": np.array([1, 2**64 - 1], np.uint64),
    "bool": np.array([True, False]),
    "datetime": np.array(["2020-01-01", "NaT"], "M8[ns]"),
    "timedelta": np.array([1, 2], "m8[s]"),
    "zoned datetime": pd.Series(pd.to_datetime(["2020-01-01", None], utc=True)),
    "nullable": pd.array([BIG, None], dtype="Int64"),
    "nullable bool": pd.array([True, None], dtype="boolean"),
    "strings of Python": pd.array(["a", None], dtype="string[python]"),
    "strings": pd.Series(["a", None], dtype="string"),
    "category": pd.Categorical(["axon", None], categories=["soma", "axon"], ordered=True),
    "arrow": pd.array([BIG, None], dtype="int64[pyarrow]"),
    "objects": np.array([{"a": 1}, (1, 2)], object),
    "index": pd.Index([3, 4]),
}


@pytest.mark.parametrize("values", COLUMNS.values(), ids=COLUMNS.keys())
def test_a_column_keeps_its_dtype_and_values(values):
    column = as_column(values, 2, "feature")
    assert column.dtype == values.dtype
    pd.testing.assert_series_equal(pd.Series(column), pd.Series(values))
    assert not np.shares_memory(np.asarray(column), np.asarray(values)) or values.dtype == object


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1, 2], "int64"),
        ([BIG, None], "Int64"),
        ([BIG, pd.NA], "Int64"),
        ([1.5, 2], "float64"),
        ([1.5, None], "float64"),
        ([True, False], "bool"),
        ((1, 2), "int64"),
        (range(2), "int64"),
        (iter([1, 2]), "int64"),
        ([[1, 2], [3, 4]], "object"),
        ([[1], [2, 3]], "object"),
        ([np.zeros(2), np.ones(2)], "object"),
    ],
)
def test_a_list_takes_the_dtype_of_what_is_in_it(values, dtype):
    assert str(as_column(values, 2, "feature").dtype) == dtype


def test_whole_numbers_with_gaps_stay_exact():
    assert as_column([BIG, None], 2, "feature")[0] == BIG


def test_a_list_that_would_round_an_id_is_refused():
    with pytest.raises(ShapeError, match=r"2\*\*53 or more would round them; pass an integer ar"):
        as_column([BIG, 0.5], 2, "feature")


@pytest.mark.parametrize("words", [["a", "b"], np.array(["a", "b"]), pd.Series(["a", "b"])])
def test_words_are_a_column_as_pandas_has_them(words):
    column = as_column(words, 2, "feature")
    assert column.dtype == pd.Series(["a", "b"]).dtype
    assert list(column) == ["a", "b"]


@pytest.mark.parametrize("wrong", [5, "radius", None, {"a": 1}, np.float64(1), [1], np.zeros(3)])
def test_a_feature_has_one_value_per_vertex(wrong):
    with pytest.raises(ShapeError, match=r"radius: expected 2 values"):
        as_column(wrong, 2, "radius")


def test_a_matrix_is_no_feature():
    with pytest.raises(ShapeError, match=r"one per vertex; got \(2, 3\)"):
        as_column(np.zeros((2, 3)), 2, "radius")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_coordinates_are_finite(bad):
    with pytest.raises(ShapeError, match=r"1 of 2 vertices have .* NaN or infinite, .* is row 1"):
        as_points([[0, 0, 0], [1, bad, 3]], "v")


@pytest.mark.parametrize("shape", [(2,), (2, 2), (2, 4), (1, 2, 3), ()])
def test_coordinates_are_triples(shape):
    with pytest.raises(ShapeError, match=r"v: coordinates must have shape \(V, 3\), not"):
        as_points(np.ones(shape), "v")


@pytest.mark.parametrize("wrong", [[["a", "b", "c"]], [[0, 0, 0], [1, 1]], [[None, "x", 0]]])
def test_coordinates_are_numbers(wrong):
    with pytest.raises(ShapeError, match=r"v: coordinates must be numbers"):
        as_points(wrong, "v")


def test_no_coordinates_are_coordinates():
    for nothing in ([], np.empty((0, 3)), ()):
        assert as_points(nothing, "v").shape == (0, 3)


def test_coordinates_are_a_read_only_copy():
    given = np.zeros((2, 3))
    points = as_points(given, "v")
    given[:] = 7
    assert points.max() == 0
    with pytest.raises(ValueError, match=r"read-only"):
        points[0] = 1


class TestVertexTable:
    def test_frames_are_copies(self, table):
        frame = table.frame(spatial=True)
        frame.loc[5, "x"] = 77.0
        frame["radius"] = 0
        frame.loc[5, "label"] = "axon"
        frame["partner"].array[0] = 3
        frame.index.name = "changed"
        again = table.frame(spatial=True)
        assert again["x"].tolist() == [0.0, 1.0]
        assert again["label"].tolist() == ["axon", "soma"]
        assert again["partner"][BIG] == BIG
        assert again["radius"].dtype == np.float32
        assert again.index.name is None
        assert again.index.tolist() == [BIG, 5]

    def test_selecting_keeps_dtypes(self, table):
        part = table.select(Selection(np.array([False, True])))
        assert part.ids.ids.tolist() == [5]
        assert part.points.tolist() == [[1, 2, 3]]
        assert part.frame().dtypes.tolist() == table.frame().dtypes.tolist()
        assert part.columns["partner"].isna().tolist() == [True]

    def test_selecting_everything_is_the_table_itself(self, table):
        assert table.select(Selection(np.ones(2, bool))) is table

    def test_columns_are_added_to_another_table(self, table):
        more = table.with_columns({"size": np.array([1, 2])})
        assert list(more.columns) == ["radius", "label", "partner", "size"]
        assert list(table.columns) == ["radius", "label", "partner"]
        assert list(more.without_columns(["size", "nothing"]).columns) == list(table.columns)

    def test_a_name_is_taken_once(self, table):
        with pytest.raises(
            ValueError, match=r"there is a feature 'radius' already; .*drop_feature"
        ):
            table.with_columns({"radius": np.zeros(2)})
        with pytest.raises(
            ValueError, match=r"there is a coordinate 'x' already; choose another n"
        ):
            table.with_columns({"x": np.zeros(2)})

    def test_a_column_that_is_not_there_is_named_with_those_that_are(self, table):
        with pytest.raises(
            UnknownFeatureError, match=r"no feature 'size'; it has: label, partner, r"
        ):
            table.column("size", "layer 'graph'")

    def test_it_pickles(self, table):
        read = pickle.loads(pickle.dumps(table))
        pd.testing.assert_frame_equal(read.frame(spatial=True), table.frame(spatial=True))
        assert not read.points.flags.writeable
        assert not read.columns["radius"].flags.writeable


def test_large_floats_among_small_whole_numbers_are_floats():
    assert as_column([1e300, 1, 2], 3, "v").tolist() == [1e300, 1.0, 2.0]


def test_a_value_that_is_no_text_is_named():
    # Before pandas 3 text is held as objects, and only a file refuses it.
    with contextlib.ExitStack() as stack:
        if pd.Series(["a"]).dtype != object:
            stack.enter_context(pytest.raises(ValueError, match=r"v: .*no text"))
        as_column(["\udc80"], 1, "v")
