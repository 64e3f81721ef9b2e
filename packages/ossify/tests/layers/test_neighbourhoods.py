import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify import Cell, GraphLayer, Link, SkeletonLayer
from ossify.errors import ShapeError


def cell_with(parents, xyz, ids, sites, **columns):
    """A cell with a skeleton, and an annotation "syn" at the ids `sites`."""
    nodes = pd.DataFrame(np.asarray(xyz, float), columns=list("xyz"), index=ids)
    edges = [(ids[row], ids[up]) for row, up in enumerate(parents) if up >= 0]
    skeleton = SkeletonLayer("skeleton", nodes, edges)
    at = pd.DataFrame({"x": 0.0, "y": 0.0, "z": 0.0, "site": np.asarray(sites, np.int64)})
    at = at.assign(**columns)
    linkage = Link("site", target="skeleton")
    return Cell().add_layer(skeleton).add_point_annotations("syn", at, linkage=linkage)


def line(ids, sites, **columns):
    """Vertices 1 apart, the first of which is the root."""
    xyz = [[x, 0, 0] for x in range(len(ids))]
    return cell_with([row - 1 for row in range(len(ids))], xyz, list(ids), sites, **columns)


def test_density_counts_the_cable_once_however_many_sites_a_vertex_has():
    """W3"""
    density = line(range(11), [5] * 10).skeleton.map_annotations_to_feature("syn", 1, "density")
    assert density.name == "syn_density"
    assert density.to_numpy() == pytest.approx([0, 0, 0, 0, *[10 / 3] * 3, 0, 0, 0, 0])


def test_counts_are_in_vertex_order_and_every_vertex_is_there():
    """W17"""
    skeleton = line([4, 3, 2, 1, 0], [4, 4, 3, 0], size=[1, 2, 3, 4]).skeleton
    count = skeleton.map_annotations_to_feature("syn", 0)
    assert isinstance(count, pd.Series)
    assert count.name == "syn_count"
    assert count.dtype == np.int64
    assert count.index.tolist() == [4, 3, 2, 1, 0]
    assert count.to_numpy().tolist() == [2, 1, 0, 0, 1]
    few = skeleton.map_annotations_to_feature("syn", 0, where={"size": [2, 4]})
    assert few.to_numpy().tolist() == [1, 0, 0, 0, 1]


def test_columns_may_have_any_name():
    """W51"""
    skeleton = line(range(3), [1, 1], idx=[3.0, 5.0], prox_idx=[1.0, 1.0]).skeleton
    frame = skeleton.map_annotations_to_feature("syn", 0, {"total": ("idx", "sum")})
    assert frame["total"].tolist() == [0, 8, 0]
    assert skeleton.map_annotations_to_feature("syn", 0).tolist() == [0, 2, 0]


def test_upstream_and_downstream_are_as_seen_from_the_vertex():
    skeleton = line(range(8), [4, 4]).skeleton

    def counts(direction):
        return skeleton.map_annotations_to_feature("syn", 2, agg_direction=direction).tolist()

    assert counts("undirected") == [0, 0, 2, 2, 2, 2, 2, 0]
    assert counts("upstream") == [0, 0, 0, 0, 2, 2, 2, 0]
    assert counts("downstream") == [0, 0, 2, 2, 2, 0, 0, 0]


def test_several_aggregations_make_a_frame():
    skeleton = line(range(4), [1, 1, 2], size=[3, 5, 7], kind=["a", "b", "b"]).skeleton
    agg = {
        "total": ("size", "sum"),
        "mean": ("size", "mean"),
        "kind": ("kind", "majority"),
        "widest": ("size", lambda sizes: sizes.max()),
    }
    frame = skeleton.map_annotations_to_feature("syn", 0, agg)
    assert frame.index.tolist() == [0, 1, 2, 3]
    assert frame["total"].tolist() == [0, 8, 7, 0]
    assert frame["total"].dtype == np.int64
    assert frame["mean"].isna().tolist() == [True, False, False, True]
    assert frame["mean"][1:3].tolist() == [4, 7]
    assert frame["kind"][1:3].tolist() == ["a", "b"]
    assert frame["widest"][1:3].tolist() == [5, 7]
    everywhere = skeleton.map_annotations_to_feature("syn", 9, agg, chunk_size=1)
    assert everywhere["total"].tolist() == [15] * 4
    assert everywhere["kind"].tolist() == ["b"] * 4


@pytest.mark.parametrize(
    "where",
    [
        {"size": 5},
        {"size": [5, 6]},
        {"size": {5}, "site": 1},
        "size == 5",
        lambda nodes: nodes["size"] == 5,
        [False, True, False],
        pd.array([False, True, None], dtype="boolean"),
    ],
)
def test_where_chooses_annotations(where):
    skeleton = line(range(3), [1, 1, 2], size=[3, 5, 7]).skeleton
    before = skeleton._siblings["syn"].nodes.copy()
    assert skeleton.map_annotations_to_feature("syn", 0, where=where).tolist() == [0, 1, 0]
    pd.testing.assert_frame_equal(skeleton._siblings["syn"].nodes, before)


def test_annotations_that_map_to_nothing_do_not_count():
    skeleton = line(range(3), [1, -1]).skeleton
    assert skeleton.map_annotations_to_feature("syn", 5).tolist() == [1, 1, 1]
    masked = skeleton.apply_mask([0, 2])
    assert masked.map_annotations_to_feature("syn", 5).tolist() == [0, 0]


def test_where_there_is_no_cable_there_is_no_density():
    skeleton = line(range(1), [0]).skeleton
    assert np.isnan(skeleton.map_annotations_to_feature("syn", 5, "density")[0])


def test_no_vertices_have_nothing_around_them():
    skeleton = line(range(3), [1], size=[2]).skeleton.apply_mask([])
    assert skeleton.map_annotations_to_feature("syn", 5).shape == (0,)
    assert skeleton.map_annotations_to_feature("syn", 5, "density").shape == (0,)
    assert skeleton.map_annotations_to_feature("syn", 5, {"a": ("size", "sum")}).shape == (0, 1)
    assert skeleton.proximity_mapping(5).shape == (0, 2)
    assert skeleton.aggregate_features(np.empty(0), 5).shape == (0, 1)


def test_what_cannot_be_asked_is_refused():
    skeleton = line(range(3), [1], size=[2]).skeleton
    for message, arguments in [
        ("cannot be negative", ("syn", -1)),
        ("agg must be 'count', 'density' or a dict", ("syn", 1, "mean")),
        (r"agg\['a'\] must be a pair", ("syn", 1, {"a": "sum"})),
        ("chunk_size must be at least 1", ("syn", 1, "count", 0)),
        ("where must give 1 booleans", ("syn", 1, "count", None, False, [True, False])),
    ]:
        with pytest.raises(ValueError, match=message):
            skeleton.map_annotations_to_feature(*arguments)
    for arguments in [("spines", 1), ("syn", 1, {"a": ("width", "sum")})]:
        with pytest.raises(KeyError):
            skeleton.map_annotations_to_feature(*arguments)
    with pytest.raises(KeyError, match="'width'"):
        skeleton.map_annotations_to_feature("syn", 1, where={"width": 1})
    with pytest.raises(ValueError, match="the direction must be 'undirected' or 'upstream' or"):
        skeleton.proximity_mapping(1, agg_direction="sideways")
    with pytest.raises(ValueError, match="weights are for agg='mean' or 'sum', not 'max'"):
        skeleton.aggregate_features(np.ones(3), 1, agg="max", weight=np.exp)
    with pytest.raises(ValueError, match="metric must be 'hops' or 'distance'"):
        skeleton.aggregate_features(np.ones(3), 1, metric="nm")


@pytest.mark.parametrize("weight", [None, np.ones_like])
def test_what_cannot_be_added_up_is_named(weight):
    skeleton = line(range(3), []).skeleton
    word = pd.DataFrame({"word": ["a", "b", "b"]})
    for how in ("mean", "sum"):
        with pytest.raises(ShapeError, match="'word': expected numbers, not"):
            skeleton.aggregate_features(word, 1, agg=how, weight=weight)
    times = pd.Series(pd.date_range("2020", periods=3), name="when")
    with pytest.raises(ShapeError, match="'when': expected numbers, not datetime64"):
        skeleton.aggregate_features(times, 1, weight=weight)
    some = pd.Series([1, None, 3], dtype="Int64", name="some")
    sums = skeleton.aggregate_features(some, 0, agg="sum", weight=weight)["some"]
    assert sums.tolist()[::2] == [1, 3]
    assert np.isnan(sums[1])


@pytest.mark.parametrize("agg", [None, ["mean", "max"], {"r": "max"}, 3], ids=repr)
def test_an_aggregation_is_a_name_or_a_function(agg):
    cell = line(range(3), [1], size=[2])
    with pytest.raises(ValueError, match="must be the name of an aggregation or a function"):
        cell.skeleton.aggregate_features(np.ones(3), 1, agg=agg)
    with pytest.raises(ValueError, match="an aggregation is a name or a function, not"):
        cell.skeleton.map_annotations_to_feature("syn", 1, {"a": ("size", agg)})


def test_no_column_takes_the_place_of_another():
    twice = pd.DataFrame([[1, 2]] * 3, columns=["a", "a"])
    with pytest.raises(ShapeError, match=r"a name of its own, not \['a', 'a'\]"):
        line(range(3), []).skeleton.aggregate_features(twice, 1)


def test_a_graph_has_no_upstream(graph):
    with pytest.raises(ValueError, match="the direction must be 'undirected', not 'upstream'"):
        graph.proximity_mapping(1, agg_direction="upstream")


def test_pairs_are_in_vertex_order_and_include_the_vertex_itself(skeleton):
    near = skeleton.proximity_mapping(1)
    assert near.columns.tolist() == ["idx", "prox_idx"]
    assert near["idx"].drop_duplicates().tolist() == skeleton.vertex_index.tolist()
    assert near[near["idx"] == 102]["prox_idx"].tolist() == [104, 102, 101]
    up = skeleton.proximity_mapping(1, agg_direction="upstream", chunk_size=2)
    assert up[up["idx"] == 102]["prox_idx"].tolist() == [102, 101]


def test_a_graph_is_measured_along_its_shortest_paths(graph):
    near = graph.proximity_mapping(6)
    between = graph.distance_between()
    expected = np.argwhere(between <= 6) + 10
    assert near.to_numpy().tolist() == expected.tolist()
    values = np.array([1.0, 2, 4, 8, 16])
    one_hop = graph.aggregate_features(values, 1, agg="sum")
    assert one_hop["feature_0"].tolist() == [7, 15, 15, 14, 16]
    assert one_hop.index.tolist() == graph.vertex_index.tolist()


def test_features_around_a_vertex_are_aggregated_and_weighted(skeleton):
    radius = skeleton.get_feature("radius")
    around = skeleton.aggregate_features("radius", 1, agg="max")
    # ids 104, 100, 102, 101, 103, 106
    assert around["radius"].tolist() == [4, 6, 4, 2, 3, 6]
    without = skeleton.aggregate_features(["radius"], 1, agg="mean", inclusive=False)
    assert without["radius"].tolist() == [2, 3.5, 8 / 3, 1, 2, 0]
    halved = skeleton.aggregate_features(radius, 2, "distance", agg="sum", weight=lambda d: 0.5**d)
    between = skeleton.distance_between()
    expected = np.where(between <= 2, 0.5**between, 0) @ radius
    np.testing.assert_allclose(halved["feature_0"], expected)
    named = skeleton.aggregate_features(pd.DataFrame({"a": radius, "b": -radius}), 0)
    assert named.columns.tolist() == ["a", "b"]
    assert named["b"].tolist() == [-4, 0, -2, -1, -3, -6]
    text = skeleton.aggregate_features(pd.Series(list("aabbab"), name="kind"), 0, agg="majority")
    assert text["kind"].tolist() == list("aabbab")


def test_with_nothing_around_sums_are_0_and_means_are_missing():
    skeleton = line(range(2), []).skeleton.apply_mask([1])
    for agg, expected in (("sum", 0.0), ("mean", np.nan), ("max", np.nan)):
        around = skeleton.aggregate_features([3.0], 5, agg=agg, inclusive=False)
        np.testing.assert_array_equal(around["feature_0"], [expected])


def test_kinds_of_numbers_do_not_depend_on_whether_anything_is_there():
    alone = SkeletonLayer("s", np.zeros((1, 3)), np.empty((0, 2), int))
    sums = alone.aggregate_features([7], 1, agg="sum", weight=np.ones_like, inclusive=False)
    assert (sums["feature_0"].dtype, sums["feature_0"].tolist()) == (np.float64, [0.0])
    none = alone.apply_mask([])
    assert none.aggregate_features(np.array([], int), 1, agg="median").dtypes.tolist() == [float]


@given(st.data())
def test_it_is_what_the_definition_says(data):
    n = data.draw(st.integers(1, 10))
    parents = [-1, *(data.draw(st.integers(-1, row - 1)) for row in range(1, n))]
    xyz = [[data.draw(st.integers(0, 3)), 0, 0] for _ in range(n)]
    ids = list(data.draw(st.permutations(range(2**53, 2**53 + n))))
    rows = data.draw(st.lists(st.integers(0, n - 1), max_size=8))
    sizes = np.arange(len(rows)) + 1
    cell = cell_with(parents, xyz, ids, [ids[row] for row in rows], size=sizes)
    limit = data.draw(st.sampled_from([0, 1, 2.5, 100]))
    direction = data.draw(st.sampled_from(["undirected", "upstream", "downstream"]))
    skeleton = cell.skeleton
    near = skeleton.distance_between() <= limit
    below = np.array([skeleton.tree.subtree_mask([row]) for row in range(n)])
    near &= {"undirected": np.True_, "upstream": below.T, "downstream": below}[direction]
    on = np.zeros((n, len(rows)), dtype=bool)
    on[rows, np.arange(len(rows))] = True
    around = near.astype(int) @ on

    def mapped(agg):
        return skeleton.map_annotations_to_feature(
            "syn", limit, agg, agg_direction=direction, chunk_size=3
        )

    assert mapped("count").tolist() == around.sum(axis=1).tolist()
    assert mapped({"t": ("size", "sum")})["t"].tolist() == (around @ sizes).tolist()
    cable = near @ skeleton.half_edge_length
    with np.errstate(invalid="ignore", divide="ignore"):
        density = np.where(cable > 0, around.sum(axis=1) / cable, np.nan)
    np.testing.assert_allclose(mapped("density"), density)


def test_a_graph_takes_annotations_too():
    graph = GraphLayer("graph", [[0, 0, 0], [1, 0, 0], [2, 0, 0]], [[0, 1], [1, 2]])
    cell = Cell().add_layer(graph)
    at = pd.DataFrame({"x": [0.0], "y": 0.0, "z": 0.0, "site": [2]})
    cell.add_point_annotations("syn", at, linkage=Link("site", target="graph"))
    assert cell.graph.map_annotations_to_feature("syn", 1).tolist() == [0, 1, 1]
    assert cell.graph.map_annotations_to_feature("syn", 2, "density").tolist() == [0.5] * 3


@given(st.data())
def test_what_is_not_finite_is_in_those_sums_and_means_that_it_is_near(data):
    n = data.draw(st.integers(1, 8))
    parents = [-1, *(data.draw(st.integers(-1, row - 1)) for row in range(1, n))]
    skeleton = cell_with(parents, np.zeros((n, 3)), list(range(n)), []).skeleton
    some = st.sampled_from([0.0, 1, 2.5, -3, np.nan, np.inf, -np.inf])
    values = np.array(data.draw(st.lists(some, min_size=n, max_size=n)))
    hops, inclusive = data.draw(st.integers(0, 3)), data.draw(st.booleans())
    near = np.array(
        [
            [len(skeleton.path_between(row, to)) in range(1, hops + 2) for to in range(n)]
            for row in range(n)
        ]
    )
    near &= inclusive | ~np.eye(n, dtype=bool)
    with np.errstate(invalid="ignore"):
        sums = np.array([values[row].sum() for row in near])
        means = np.divide(sums, near.sum(axis=1), out=np.full(n, np.nan), where=near.any(axis=1))
    for agg, expected in (("sum", sums), ("mean", means)):
        around = skeleton.aggregate_features(values, hops, agg=agg, inclusive=inclusive)
        np.testing.assert_allclose(around["feature_0"], expected, atol=1e-12)


@given(st.data())
def test_columns_of_annotations_are_aggregated_as_pandas_aggregates_them(data):
    n = data.draw(st.integers(1, 8))
    parents = [-1, *(data.draw(st.integers(-1, row - 1)) for row in range(1, n))]
    ids = [2**53 + 1 + row for row in range(n)]
    rows = data.draw(st.lists(st.integers(0, n - 1), max_size=8))
    some = st.sampled_from([0.0, 1, 2.5, -3, np.nan])
    depth = np.array(data.draw(st.lists(some, min_size=len(rows), max_size=len(rows))), float)
    xyz = [[row, 0, 0] for row in range(n)]
    size = np.arange(len(rows)) * 2**54 + 1
    cell = cell_with(parents, xyz, ids, [ids[row] for row in rows], size=size, depth=depth)
    limit = data.draw(st.sampled_from([0, 2, 9]))
    hows = ["sum", "mean", "count", "size", "max", "min", "median", "nunique", np.ptp]
    agg = {f"{column} {how}": (column, how) for column in ("size", "depth") for how in hows[:-1]}
    agg["size np.ptp"] = ("size", np.ptp)
    got = cell.skeleton.map_annotations_to_feature("syn", limit, agg)
    assert got.columns.tolist() == list(agg)
    assert got["size sum"].dtype == got["depth count"].dtype == np.int64
    near = cell.skeleton.distance_between() <= limit
    nodes = cell.annotations.syn.nodes
    for row in range(n):
        around = nodes[near[row][np.array(rows, int)]]
        for name, (column, how) in agg.items():
            if not len(around) and how not in ("sum", "count", "size", "nunique"):
                expected = np.nan
            elif callable(how):
                # pandas 2 tries a function on each value first, when asked to aggregate with it.
                expected = how(around[column].to_numpy())
            else:
                expected = around[column].agg(how)
            value = got[name].iloc[row]
            assert (pd.isna(value) and pd.isna(expected)) or value == pytest.approx(expected), name


def test_extremes_of_whole_numbers_are_whole_numbers_and_exact():
    size = np.array([2**53, 2**53 - 1, 3])
    few = line(range(5), [0, 1, 1], size=size, site_id=[2**63 - 1, 2**63 - 2, 3])
    agg = {"max": ("size", "max"), "min": ("size", "min"), "id": ("site_id", "max")}
    frame = few.skeleton.map_annotations_to_feature("syn", 1, agg)
    assert frame["max"].tolist() == [2**53, 2**53, 2**53 - 1, pd.NA, pd.NA]
    assert frame["min"].tolist() == [3, 3, 3, pd.NA, pd.NA]
    assert frame["id"].tolist()[:2] == [2**63 - 1] * 2
    assert {str(dtype) for dtype in frame.dtypes} == {"Int64"}
    everywhere = few.skeleton.map_annotations_to_feature("syn", 9, agg)
    assert {str(dtype) for dtype in everywhere.dtypes} == {"int64"}


@pytest.mark.parametrize("kind", ["skeleton", "graph"])
def test_lists_of_what_is_near_are_bounded_also_where_everything_is_near_everything(kind):
    # A star: every tip is two edges away from every other.
    n = 1_500
    xyz = np.zeros((n, 3))
    xyz[1:, 0] = 1
    edges = [[row, 0] for row in range(1, n)]
    layer = {"skeleton": SkeletonLayer, "graph": GraphLayer}[kind]("star", xyz, edges)
    values = np.arange(n) % 10.0

    tracemalloc.start()
    median = layer.aggregate_features(values, 2, agg="median")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert median["feature_0"].tolist() == [np.median(values)] * n
    assert peak < 50e6


def test_what_is_near_is_the_same_whether_chunks_shrink_and_grow_or_stay():
    # A star of 600 tips that come first, and a long chain.
    crowd, chain = 600, 40_000
    parents = [crowd] * crowd + [-1] + list(range(crowd, crowd + chain))
    xyz = np.zeros((len(parents), 3))
    xyz[crowd + 1 :, 0] = np.arange(chain) + 1
    edges = [[row, up] for row, up in enumerate(parents) if up >= 0]
    skeleton = SkeletonLayer("both", xyz, edges)
    here = np.arange(len(parents), dtype=float)
    chunked = skeleton.aggregate_features(here, 2, agg="median", chunk_size=1_000)
    pd.testing.assert_frame_equal(skeleton.aggregate_features(here, 2, agg="median"), chunked)


@given(
    edges=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=9),
    sites=st.lists(st.tuples(st.integers(0, 6), st.integers(-4, 4) | st.none()), max_size=6),
    reach=st.integers(0, 3),
)
def test_extremes_on_graphs_are_those_of_what_is_within_reach(edges, sites, reach):
    steps = np.abs(np.subtract.outer(np.arange(7), np.arange(7)))
    apart = np.where(np.eye(7, dtype=bool), 0.0, np.inf)
    for one, other in edges:
        apart[one, other] = apart[other, one] = steps[one, other]
    for via in range(7):
        apart = np.minimum(apart, apart[:, [via]] + apart[[via]])
    graph = GraphLayer("graph", [[x, 0, 0] for x in range(7)], edges)
    at = pd.DataFrame(np.zeros((len(sites), 3)), columns=list("xyz"))
    at["size"] = pd.Series([size for _, size in sites], dtype="float64")
    link = Link([row for row, _ in sites], target="graph")
    cell = Cell().add_layer(graph).add_point_annotations("syn", at, linkage=link)
    found = cell.graph.map_annotations_to_feature(
        "syn", reach, {"most": ("size", "max"), "least": ("size", "min")}
    )
    for row in range(7):
        near = [size for at, size in sites if size is not None and apart[row, at] <= reach]
        expected = [max(near, default=np.nan), min(near, default=np.nan)]
        np.testing.assert_array_equal(found.loc[row, ["most", "least"]], expected)


def walked(parents, steps):
    """Path lengths between all vertices, and whether the second is above the first."""
    n = len(parents)
    up = np.full((n, n), np.inf)
    for row in range(n):
        here, length = row, 0.0
        while here >= 0:
            up[row, here] = length
            length, here = length + steps[here], parents[here]
    return (up[:, np.newaxis, :] + up[np.newaxis]).min(axis=2), np.isfinite(up)


@given(st.data())
def test_features_are_aggregated_over_what_a_walk_reaches(data):
    n = data.draw(st.integers(1, 9))
    parents = [-1, *(data.draw(st.integers(-1, row - 1)) for row in range(1, n))]
    xyz = np.array([[data.draw(st.integers(0, 3)), 0, 0] for _ in range(n)], np.float32)
    ids = list(data.draw(st.permutations(range(2**53, 2**53 + n))))
    skeleton = cell_with(parents, xyz, ids, []).skeleton
    metric = data.draw(st.sampled_from(["hops", "distance"]))
    direction = data.draw(st.sampled_from(["undirected", "upstream", "downstream"]))
    inclusive = data.draw(st.booleans())
    radius = data.draw(st.sampled_from([0, 1, 2, 3.5, np.inf]))
    lengths = [abs(xyz[row, 0] - xyz[up, 0]) for row, up in enumerate(parents)]
    apart, above = walked(parents, lengths if metric == "distance" else np.ones(n))
    near = (apart <= radius) & np.isfinite(apart)
    near &= {"undirected": np.True_, "upstream": above, "downstream": above.T}[direction]
    near &= inclusive | ~np.eye(n, dtype=bool)
    values = np.array(data.draw(st.lists(st.integers(-4, 4), min_size=n, max_size=n)))

    def around(agg, weight=None):
        chunk = data.draw(st.sampled_from([None, 1, 4]))
        made = skeleton.aggregate_features(
            pd.Series(values, name="v"), radius, metric, direction, agg, weight, inclusive, chunk
        )
        assert made.index.tolist() == ids
        return [None if pd.isna(value) else value for value in made["v"].tolist()]

    def expected(how, of_nothing=None):
        return [how(values[row]) if row.any() else of_nothing for row in near]

    assert around("sum") == expected(np.sum, 0)
    assert around("mean") == pytest.approx(expected(np.mean))
    assert around("max") == expected(np.max)
    assert around("min") == expected(np.min)
    assert around("median") == expected(np.median)
    assert around("count") == [row.sum() for row in near]
    assert around("majority") == expected(
        lambda some: min(some.tolist(), key=lambda v: (-some.tolist().count(v), v))
    )
    assert around(np.ptp) == expected(np.ptp)
    weights = np.where(near, 0.5 ** np.where(near, apart, 0), 0)
    assert around("sum", lambda d: 0.5**d) == pytest.approx((weights @ values).tolist())
    total = weights.sum(axis=1)
    means = [(w @ values) / t if t else None for w, t in zip(weights, total, strict=True)]
    assert around("mean", lambda d: 0.5**d) == pytest.approx(means)
    if inclusive:
        pairs = skeleton.proximity_mapping(radius, 2, direction) if metric == "distance" else None
        if pairs is not None:
            index = np.array(ids)
            assert pairs.to_numpy().tolist() == index[np.argwhere(near)].tolist()
