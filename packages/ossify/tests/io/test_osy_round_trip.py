"""What is saved is what is loaded."""

import datetime as dt
import decimal
import io
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ossify import Cell, Link, PointCloudLayer, SkeletonLayer, load_cell, save_cell
from ossify.io.osy import describe_file
from ossify.testing import assert_cells_equal


def saved(cell, **options):
    file = io.BytesIO()
    save_cell(cell, file, **options)
    return file.getvalue()


def reloaded(cell, **options):
    return load_cell(io.BytesIO(saved(cell, **options)))


def y_cell(**features):
    #   2   3
    #    \ /
    #     1
    #     |
    #     0
    points = [[0, 0, 0], [0, 1, 0], [-1, 2, 0], [1, 2, 0]]
    return Cell("y").add_skeleton(points, [[1, 0], [2, 1], [3, 1]], features=features)


def full_cell():
    graph_ids = np.array([864691135639806263, 864691135639806265, 7])
    cell = y_cell(radius=[4.0, 3.0, 2.0, 1.0])
    cell.add_graph(
        [[0, 0, 0], [0, 1, 0], [1, 2, 0]],
        np.array([[graph_ids[0], graph_ids[1]], [graph_ids[1], 7]]),
        vertex_index=graph_ids,
        edges_as_positional=False,
        linkage=Link([0, -1, 3], target="skeleton"),
    )
    cell.add_mesh(np.eye(3), [[0, 1, 2]], linkage=Link([0, 1, 3], target="skeleton"))
    for name in ("syn", "syn2", "syn-x", "links", "layers", "apply_mask", "é ñ", "../up", "a/b"):
        cell.add_point_annotations(
            name, [[0, 0, 0], [1, 1, 1]], linkage=Link([2, -1], target="skeleton")
        )
    cell.add_point_layer("cloud", [[1, 2, 3]], linkage=Link([7], target="graph"))
    return cell


@pytest.mark.parametrize("compatible", [True, False], ids=["default", "lean"])
@pytest.mark.parametrize("compression", ["zstd", "lz4", "uncompressed"])
def test_a_cell_with_everything_comes_back(compression, compatible):
    cell = full_cell()
    assert_cells_equal(cell, reloaded(cell, compression=compression, compatible=compatible))


def test_names_that_begin_alike_keep_their_own_points():
    cell = full_cell()
    for count, name in enumerate(("p", "pp", "ppp", "p p"), 1):
        cell.add_point_annotations(name, np.full((count, 3), float(count)))
    again = reloaded(cell)
    assert [len(again.annotations[name]) for name in ("p", "pp", "ppp", "p p")] == [1, 2, 3, 4]


def test_a_zone_of_metadata_is_kept_by_name():
    again = reloaded(Cell("m", {"in a zone": META["in a zone"]})).meta["in a zone"]
    assert (again.tzinfo.key, again.fold) == ("Europe/Berlin", 1)


@pytest.mark.parametrize("name", ["long" * 100, "ü" * 60, "tab\t", "\ud800", "x" * 300 + "/y"])
def test_names_that_no_plain_header_holds_come_back(name):
    cell = full_cell().add_point_annotations(name, [[1, 2, 3]])
    assert_cells_equal(cell, reloaded(cell))


def test_a_point_layer_is_not_lost():
    assert reloaded(full_cell()).layers.cloud.vertices.tolist() == [[1, 2, 3]]


def test_a_masked_cell_without_its_root_and_in_two_pieces_measures_on_the_whole_tree():
    masked = full_cell().apply_mask("skeleton", [2, 3])
    again = reloaded(masked)
    assert_cells_equal(masked, again)
    assert again.skeleton.root is None
    assert again.skeleton.base_root == 0
    assert again.skeleton.distance_to_root([2]).tolist() == [pytest.approx(1 + 2**0.5)]


def test_what_masks_left_out_is_remembered():
    masked = full_cell().apply_mask("skeleton", [0, 1])
    assert masked.left_out["graph"] == 1
    assert reloaded(masked).left_out == masked.left_out


def test_several_roots_of_which_none_is_stated_stay_so():
    # 0 - 1   2 - 3
    cell = Cell().add_skeleton(np.arange(12).reshape(4, 3), [[1, 0], [3, 2]])
    again = reloaded(cell)
    assert again.skeleton.root is None
    assert again.skeleton.roots.tolist() == [0, 2]


def test_layers_without_vertices_come_back():
    cell = Cell("none").add_skeleton(np.empty((0, 3))).add_graph(np.empty((0, 3)))
    cell.add_mesh(np.empty((0, 3))).add_point_annotations("a", np.empty((0, 3)))
    assert_cells_equal(cell, reloaded(cell))
    assert_cells_equal(Cell(), reloaded(Cell()))


def test_units_and_space_come_back_also_where_they_are_not_stated():
    cell = full_cell().transform(lambda xyz: xyz / 1000, units="um", space="atlas")
    again = reloaded(cell)
    assert (again.units, again.space) == ("um", "atlas")
    unstated = reloaded(full_cell().transform(lambda xyz: xyz * 2))
    assert (unstated.units, unstated.space) == (None, None)


def test_layers_under_other_names_come_back():
    cell = Cell().add_layer(SkeletonLayer("tree of 2024", np.eye(3), [[1, 0], [2, 1]]))
    assert reloaded(cell).layers.names == ["tree of 2024"]


def test_the_index_may_have_the_name_of_a_feature():
    frame = pd.DataFrame(
        {"x": [1.0], "y": [2.0], "z": [3.0], "id": [5]}, index=pd.Index([9], name="id")
    )
    layer = PointCloudLayer("p", frame[["x", "y", "z"]], vertex_index=[9], features={"id": [5]})
    cell = Cell(annotation_layers=[layer])
    again = reloaded(cell)
    assert_cells_equal(cell, again)
    assert again.annotations.p.get_feature("id").tolist() == [5]


def test_a_loaded_skeleton_has_its_index_already():
    assert "index" in reloaded(y_cell()).skeleton.tree.__dict__


def test_arrays_of_a_loaded_cell_are_read_only():
    again = reloaded(full_cell())
    for array in (
        again.skeleton.vertices,
        again.skeleton.vertex_index,
        again.graph.edges_positional,
        again.mesh.faces_positional,
        again.skeleton.layer.columns["radius"],
        again.linkage.tables["graph", "skeleton"].rows,
    ):
        assert not array.flags.writeable


def test_two_saves_make_the_same_bytes():
    assert saved(full_cell()) == saved(full_cell())
    assert saved(reloaded(full_cell())) == saved(full_cell())


def test_sets_are_saved_in_an_order_of_their_own():
    cell = Cell("s", {"tags": {"b", "a", "c"}})
    assert b'"a","b","c"' in saved(cell)


TIMES = pd.DatetimeIndex(
    np.array(["2025-09-08T08:10:01.123456789", "NaT", "1969-01-01", "2262-01-01"], "M8[ns]")
)
COLUMNS = {
    **{name: np.array([0, 1, 2, 3], dtype=name) for name in ("i1", "i2", "i4", "i8")},
    **{name: np.array([0, 1, 2, 3], dtype=name) for name in ("u1", "u2", "u4", "u8")},
    **{name: np.array([0.1, np.nan, np.inf, -0.0], dtype=name) for name in ("f2", "f4", "f8")},
    "large": np.array([2**53 + 1, -(2**63), 2**63 - 1, 0]),
    "large unsigned": np.array([2**64 - 1, 0, 1, 2**63], np.uint64),
    "big-endian": np.array([1.5, 2.5, 3.5, 4.5], ">f8"),
    "bool": np.array([True, False, True, False]),
    "text": np.array(["", "ünï", "b\n", "d"], object),
    "text with None": np.array(["a", None, "b", None], object),
    "text with NaN": np.array(["a", np.nan, "b", np.nan], object),
    "text with NA": np.array(["a", pd.NA, "b", "c"], object),
    "str": pd.array(["a", None, "b", "c"], dtype="str"),
    "string python": pd.array(["a", None, "b", "c"], dtype="string[python]"),
    "string pyarrow": pd.array(["a", None, "b", "c"], dtype="string[pyarrow]"),
    "category": pd.Categorical(["x", None, "y", "x"], categories=["z", "y", "x"]),
    "ordered": pd.Categorical(["x", "y", "y", "x"], categories=["y", "x"], ordered=True),
    "category of ints": pd.Categorical([3, 1, None, 3], categories=[1, 2, 3]),
    "category of intervals": pd.cut([1, 2, 3, 9], [0, 2, 4]),
    "category of objects": pd.Categorical(
        ["a", "b", "a", "b"], categories=pd.Index(["b", "a"], dtype=object)
    ),
    "intervals": pd.arrays.IntervalArray.from_breaks([0.0, 1.0, 2.0, 3.0, 4.0]),
    "Int64": pd.array([2**53 + 1, None, 3, 4], dtype="Int64"),
    "UInt8": pd.array([1, None, 3, 4], dtype="UInt8"),
    "Float32": pd.array([1.5, None, 3, 4], dtype="Float32"),
    "boolean": pd.array([True, None, False, True], dtype="boolean"),
    "times ns": TIMES.as_unit("ns").array,
    "times us": TIMES.as_unit("us").array,
    "times ms": TIMES.as_unit("ms").array,
    "times s": TIMES.as_unit("s").array,
    "times as numpy": TIMES.as_unit("ns").to_numpy(),
    "days": np.array(["2025-01-01", "NaT", "1969-12-31", "2000-02-29"], "M8[D]"),
    "times in UTC": TIMES.tz_localize("UTC").array,
    "times in Berlin": TIMES[[1, 1, 1, 1]].tz_localize("Europe/Berlin").array,
    "durations": pd.to_timedelta([1, None, 3, 4], unit="ms").array,
    "durations as numpy": np.array([1, 2, 3, 4], "m8[us]"),
    "lists": np.fromiter([[1, 2], [], [3], [4]], object),
    "lists with None": np.fromiter([["a"], None, [], ["b", "c"]], object),
    "lists of lists": np.fromiter([[[1], []], [], [[2, 3]], [[4]]], object),
    "tuples": np.fromiter([(1.5,), (), (2.5, 3.5), (4.5,)], object),
    "arrays": np.fromiter([np.arange(n, dtype=np.int16) for n in (2, 0, 3, 1)], object),
    "arrays with None": np.fromiter([np.arange(2.0), None, np.arange(0.0), np.arange(1.0)], object),
    "arrays of arrays": np.fromiter(
        [np.fromiter([np.arange(3), np.arange(n)], object) for n in (2, 0, 3, 1)], object
    ),
    "bytes": np.array([b"", b"\0\xff", b"x", None], object),
    "whole numbers as objects": np.array([1, None, 2**62, -1], object),
    "booleans as objects": np.array([True, None, False, True], object),
    "decimals": np.array([decimal.Decimal(n) for n in ("1.50", "2.25", "-3.75", "0.00")], object),
    "dates": np.array([dt.date(2025, 1, n) for n in (1, 2, 3, 4)], object),
    "nothing": np.array([None] * 4, object),
    "Arrow": pd.array([1, None, 3, 4], dtype=pd.ArrowDtype(pa.int16())),
    "Arrow lists": pd.array([[1], None, [], [2]], dtype=pd.ArrowDtype(pa.list_(pa.int8()))),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_comes_back_with_its_dtype_and_values(name):
    cell = y_cell(**{name: COLUMNS[name]})
    again = reloaded(cell)
    before, after = (c.skeleton.layer.columns[name] for c in (cell, again))
    assert type(after) is type(before)
    assert after.dtype == before.dtype
    assert_cells_equal(cell, again)
    for left, right in zip(before, after, strict=True):
        same_objects(left, right)


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_comes_back_from_no_vertices_and_through_two_files(name):
    empty = y_cell(**{name: COLUMNS[name]}).apply_mask("skeleton", np.zeros(4, bool))
    again = reloaded(reloaded(empty))
    assert again.skeleton.layer.columns[name].dtype == empty.skeleton.layer.columns[name].dtype
    assert_cells_equal(empty, again)


def same_objects(left, right):
    assert type(left) is type(right)
    if isinstance(left, np.ndarray):
        assert left.dtype == right.dtype
        assert left.shape == right.shape
    if isinstance(left, (list, tuple, np.ndarray)):
        for mine, theirs in zip(left, right, strict=True):
            same_objects(mine, theirs)
    else:
        assert left is right or left == right or (left != left and right != right)


UNSTORABLE = {
    "complex": np.array([1j, 2, 3, 4]),
    "mixed": np.array([1, "a", 2.5, None], object),
    "two kinds of missing": np.array(["a", None, np.nan, "b"], object),
    "objects": np.array([object()] * 4, object),
    "dicts": np.array([{"a": 1}] * 4, object),
    "sets": np.array([{1}] * 4, object),
    "whole numbers beyond 64 bits": np.array([2**70] * 4, object),
    "matrices": np.fromiter([np.eye(2)] * 4, object),
    "arrays of several dtypes": np.fromiter([np.arange(2), np.arange(2.0)] * 2, object),
    "half a character": np.array(["\ud800"] * 4, object),
    "decimals of several precisions": np.array(
        [decimal.Decimal(n) for n in ("1.5", "2.25", "3", "4")], object
    ),
}


@pytest.mark.parametrize("name", UNSTORABLE)
def test_a_column_that_could_not_come_back_is_refused_by_name(name):
    with pytest.raises((TypeError, ValueError), match=f"layer 'skeleton', feature '{name}'"):
        saved(y_cell(**{name: UNSTORABLE[name]}))


META = {
    "none": None,
    "bool": True,
    "whole": -(2**200),
    "number": 0.1,
    "nan": float("nan"),
    "infinity": float("-inf"),
    "text": "ünï\ud800\0",
    "bytes": b"\0\xff",
    "complex": 1 - 2j,
    "naive": dt.datetime(2025, 9, 8, 8, 10, 1, 114121),
    "aware": dt.datetime(2025, 9, 8, 8, tzinfo=dt.UTC),
    "elsewhere": dt.datetime(2025, 9, 8, tzinfo=dt.timezone(dt.timedelta(hours=-3.5))),
    "in a zone": dt.datetime(2025, 10, 26, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1),
    "date": dt.date(2025, 9, 8),
    "time": dt.time(8, 10, 1, 5),
    "timedelta": dt.timedelta(days=-1, microseconds=3),
    "Timestamp": pd.Timestamp("2025-09-08 08:10:01.123456789"),
    "Timestamp in UTC": pd.Timestamp("2025-09-08", tz="UTC"),
    "Timestamp in Berlin": pd.Timestamp("2025-09-08", tz="Europe/Berlin").as_unit("s"),
    "Timedelta": pd.Timedelta(3, "ns"),
    "NaT": pd.NaT,
    "float32": np.float32(0.1),
    "int64": np.int64(2**62),
    "bool_": np.bool_(False),
    "datetime64": np.datetime64("2025-09-08T08", "h"),
    "str_": np.str_("a"),
    "array": np.arange(6, dtype=np.uint8).reshape(2, 3),
    "no array": np.empty((0, 3), np.float32),
    "scalar array": np.array(3),
    "texts": np.array(["a", "bcd"]),
    "times": np.array(["2025-01-01", "NaT"], "M8[ns]"),
    "objects": np.array([None, "a", 3], object),
    "tuple": (1, (2.0, [None])),
    "set": {1, 2, 3},
    "frozenset": frozenset({"a", None}),
    "dict": {"a": {"b": [{"c": ()}]}},
    "keys": {1: "int", (2, "b"): "tuple", None: "none", "$type": "text"},
    "tagged": {"$type": "datetime", "value": 3},
}


@pytest.mark.parametrize("name", META)
def test_metadata_come_back_with_their_types(name):
    cell = Cell("m", {name: META[name], "$type": 1} if name == "tagged" else {name: META[name]})
    assert_cells_equal(cell, reloaded(cell))


def test_metadata_that_could_not_come_back_are_refused_with_their_keys():
    with pytest.raises(TypeError, match=r"meta\['a'\]\[1\]\['b'\] is a builtins.object"):
        saved(Cell("m", {"a": [0, {"b": object()}]}))


def test_the_index_alone_describes_a_file():
    content = saved(full_cell())
    manifest = describe_file(io.BytesIO(content))
    layers = {layer.name: layer for layer in manifest.layers}
    assert manifest.version == (3, 0)
    assert (manifest.name, manifest.units) == ("y", "nm")
    assert layers["skeleton"].features[0].dtype == "float64"
    assert (layers["skeleton"].n_vertices, layers["skeleton"].n_edges) == (4, 3)
    assert layers["skeleton"].root_id == 0
    assert layers["skeleton"].bbox == [[-1, 0, 0], [1, 2, 0]]
    assert layers["mesh"].n_faces == 1
    assert (manifest.links[0].source, manifest.links[0].target) == ("graph", "skeleton")
    assert manifest.links[0].coverage == pytest.approx(2 / 3)
    # Whatever follows the index, it is not looked at.
    end = manifest.members[0].offset
    damaged = content[:end] + b"?" * (len(content) - end)
    assert describe_file(io.BytesIO(damaged)) == manifest


names = st.text(min_size=1, max_size=6) | st.sampled_from(["a", "aa", "a/a", "links", "..", "x y"])
dtypes = st.sampled_from(["i1", "u8", "f2", "f8", "bool", "M8[s]", "Int64", "str", "category"])


@st.composite
def cells(draw):
    n = draw(st.integers(0, 6))
    parents = [draw(st.integers(-1, v - 1)) for v in range(n)]
    ids = draw(st.lists(st.integers(0, 2**63 - 1), min_size=n, max_size=n, unique=True))
    edges = [[v, p] for v, p in enumerate(parents) if p >= 0]
    features = {
        name: pd.array(np.arange(n), dtype="i8").astype(draw(dtypes))
        for name in draw(st.lists(names.filter(storable), max_size=2, unique=True))
        if name not in ("x", "y", "z")
    }
    cell = Cell(
        draw(st.none() | st.integers() | st.text()), units=draw(st.sampled_from(["um", None]))
    )
    cell.add_skeleton(
        np.arange(3.0 * n).reshape(n, 3),
        edges,
        vertex_index=np.array(ids, dtype=np.int64),
        edges_as_positional=True,
        features=features,
    )
    for name in draw(
        st.lists(names.filter(lambda name: name != "skeleton"), max_size=3, unique=True)
    ):
        rows = draw(st.lists(st.integers(-1, n - 1), max_size=4))
        link = Link(np.array(rows, dtype=np.int64), target="skeleton", map_value_is_index=False)
        cell.add_point_annotations(name, np.zeros((len(rows), 3)), linkage=link)
    if draw(st.booleans()):
        keep = draw(st.lists(st.booleans(), min_size=n, max_size=n))
        cell = cell.apply_mask("skeleton", np.array(keep, dtype=bool))
    return cell


def storable(name):
    # Arrow's names are UTF-8.
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


@settings(max_examples=60, deadline=None)
@given(cells(), st.booleans())
def test_any_cell_comes_back(cell, compatible):
    assert_cells_equal(cell, reloaded(cell, compatible=compatible))
