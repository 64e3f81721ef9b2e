import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify import Cell, Link
from ossify.errors import (
    LinkError,
    MaskError,
    UnknownFeatureError,
    UnknownLayerError,
    UnmappedVertexError,
)
from ossify.layers.mapping import aggregate

BIG = 2**53 + 1


@pytest.fixture
def cell(skeleton, points):
    """Level-2 vertices on the tree of conftest, synapses on level-2 vertices, and loose points."""
    #  synapse   1   2   3   4
    #            |    \ /    |
    #  level 2   70   71    72   73   74
    #              \  /     |          |
    #  skeleton    104     106        103  (and 100, 101, 102: nothing)
    graph = pd.DataFrame(np.zeros((5, 3)), columns=list("xyz"), index=range(70, 75))
    graph["size"] = [1, 2, 3, 4, 5]
    graph["weight"] = np.array([1, 2, 3, 4, 5], np.float32)
    graph["partner"] = [BIG, BIG, BIG + 1, BIG, BIG]
    graph["label"] = ["a", "b", "b", "a", "a"]
    return (
        Cell("mapped")
        .add_layer(skeleton)
        .add_graph(graph, linkage=Link([104, 104, 106, -1, 103], target="skeleton"))
        .add_point_annotations(
            "syn",
            np.zeros((4, 3)),
            vertex_index=[1, 2, 3, 4],
            linkage=Link([70, 71, 71, 72], target="graph"),
        )
        .add_point_annotations("loose", points)
    )


class TestIndexToLayer:
    def test_there_is_one_target_for_each_source_in_order(self, cell):
        assert cell.annotations.syn.map_index_to_layer("graph").tolist() == [70, 71, 71, 72]
        assert cell.annotations.syn.map_index_to_layer("skeleton", [4, 1, 4]).tolist() == [
            106,
            104,
            106,
        ]
        by_row = cell.annotations.syn.map_index_to_layer("skeleton", [3, 0], as_positional=True)
        assert by_row.tolist() == [5, 0]

    def test_the_other_way_the_first_is_taken(self, cell):
        mapped = cell.skeleton.map_index_to_layer("graph", [104, 106])
        assert mapped.tolist() == [70, 72]
        assert mapped.dtype == np.int64

    def test_several_can_be_refused(self, cell):
        cell.skeleton.map_index_to_layer("graph", [106], validate=True)
        with pytest.raises(LinkError, match=r"1 of 2 .* map to several .* the first is 104"):
            cell.skeleton.map_index_to_layer("graph", [106, 104], validate=True)

    def test_what_maps_to_nothing_is_an_error_or_filled_in(self, cell):
        for builtin in (KeyError, ValueError):
            with pytest.raises(builtin, match=r"1 of 5 vertices of 'graph' map to nothing in 's"):
                cell.graph.map_index_to_layer("skeleton")
        with pytest.raises(UnmappedVertexError, match=r"the first is 73; pass missing=-1"):
            cell.graph.map_index_to_layer("skeleton")
        filled = cell.graph.map_index_to_layer("skeleton", missing=-1)
        assert filled.tolist() == [104, 104, 106, -1, 103]
        assert filled.dtype == np.int64
        floats = cell.graph.map_index_to_layer("skeleton", missing=np.nan)
        assert np.isnan(floats[3])
        assert floats.dtype == np.float64
        by_row = cell.graph.map_index_to_layer("skeleton", [3, 4], as_positional=True, missing=-1)
        assert by_row.tolist() == [-1, 4]

    def test_ids_are_not_turned_into_floats(self):
        cell = Cell().add_point_layer("a", np.zeros((2, 3)), vertex_index=[BIG, 1])
        cell.add_point_layer("b", np.zeros((2, 3)), linkage=Link([BIG, -1], target="a"))
        assert cell.layers.b.map_index_to_layer("a", missing=-1).tolist() == [BIG, -1]
        with pytest.raises(ValueError, match=rf"floats, which cannot hold {BIG}; use a whole nu"):
            cell.layers.b.map_index_to_layer("a", missing=np.nan)

    def test_missing_is_a_number_or_raise(self, cell):
        with pytest.raises(ValueError, match=r"missing must be 'raise' or a number .* not 'drop"):
            cell.graph.map_index_to_layer("skeleton", missing="drop")

    def test_its_own_layer_is_itself(self, cell):
        """W31"""
        ids = cell.graph.vertex_index.tolist()
        assert cell.graph.map_index_to_layer("graph").tolist() == ids
        assert cell.graph.map_region_to_layer("graph", [73, 70]).tolist() == [73, 70]
        assert cell.graph.map_mask_to_layer("graph", np.arange(5) > 2).tolist() == [0, 0, 0, 1, 1]
        assert cell.graph.mapping_coverage("graph") == 1.0

    @pytest.mark.parametrize(
        "verb",
        [
            "map_index_to_layer",
            "map_region_to_layer",
            "map_index_to_layer_region",
            "map_mask_to_layer",
            "mapping_coverage",
            "is_fully_mapped_to",
            "get_unmapped_vertices",
        ],
    )
    def test_no_link_and_no_layer_are_told_apart(self, cell, verb):
        """W48"""
        with pytest.raises(LinkError, match=r"no link leads from 'graph' to 'loose'; 'graph' is"):
            getattr(cell.graph, verb)("loose")
        for builtin in (KeyError, ValueError):
            with pytest.raises(builtin, match=r"there is no layer or annotation 'mesh'; there i"):
                getattr(cell.graph, verb)("mesh")

    def test_a_layer_on_its_own_says_so(self, graph):
        with pytest.raises(UnknownLayerError, match=r"'skeleton'; there is 'graph'"):
            graph.map_index_to_layer("skeleton")


class TestRegions:
    def test_all_targets_of_each_source_come_in_order(self, cell):
        assert cell.skeleton.map_region_to_layer("graph", [106, 104]).tolist() == [72, 70, 71]
        assert cell.skeleton.map_region_to_layer("syn", [104]).tolist() == [1, 2, 3]
        assert cell.skeleton.map_region_to_layer("graph", [0], as_positional=True).tolist() == [
            0,
            1,
        ]
        assert cell.skeleton.map_region_to_layer("graph", [100]).tolist() == []

    def test_repeated_sources_give_their_targets_once_each(self, cell):
        """W22"""
        assert cell.skeleton.map_region_to_layer("graph", [106] * 3000).tolist() == [72] * 3000

    def test_a_dict_has_every_source_that_maps(self, cell):
        regions = cell.skeleton.map_index_to_layer_region("graph")
        assert {key: ids.tolist() for key, ids in regions.items()} == {
            104: [70, 71],
            103: [74],
            106: [72],
        }
        assert all(type(key) is int for key in regions)
        by_row = cell.skeleton.map_index_to_layer_region("graph", [0, 1], as_positional=True)
        assert {key: rows.tolist() for key, rows in by_row.items()} == {0: [0, 1]}
        assert cell.skeleton.map_index_to_layer_region("graph", [100]) == {}

    def test_a_mask_maps_to_a_mask(self, cell):
        """W31"""
        on = cell.skeleton.map_mask_to_layer("syn", cell.skeleton.vertex_index == 104)
        assert on.tolist() == [True, True, True, False]
        assert on.dtype == bool
        assert cell.graph.map_mask_to_layer("skeleton").tolist() == [1, 0, 0, 0, 1, 1]
        assert cell.graph.map_mask_to_layer("skeleton", [True] + [False] * 4).sum() == 1

    @pytest.mark.parametrize("wrong", [[True], [70, 71], np.ones((5, 1), bool), np.arange(5)])
    def test_what_is_no_mask_is_refused(self, cell, wrong):
        with pytest.raises(MaskError, match=r"layer 'graph': expected a boolean mask of 5 value"):
            cell.graph.map_mask_to_layer("skeleton", wrong)


class TestFeatures:
    def test_they_are_aggregated_onto_every_vertex_of_the_target(self, cell):
        frame = cell.graph.map_features_to_layer("weight", "skeleton")
        assert frame.index.tolist() == cell.skeleton.vertex_index.tolist()
        assert frame["weight"].dropna().to_dict() == {104: 1.5, 103: 5.0, 106: 3.0}
        total = cell.graph.map_features_to_layer(["weight", "size"], "skeleton", "sum")
        assert total.loc[104].tolist() == [3, 3]

    def test_each_can_have_an_aggregation_of_its_own(self, cell):
        how = {"weight": "max", "size": lambda sizes: sizes.iloc[0]}
        frame = cell.graph.map_features_to_layer(["weight", "size"], "skeleton", how)
        assert frame.loc[104].tolist() == [2, 1]

    def test_a_feature_comes_down_many_links(self, cell):
        frame = cell.annotations.syn.add_feature([1.0, 2, 3, 4], "w").map_features_to_layer(
            "w", "skeleton", "sum"
        )
        assert frame["w"].dropna().to_dict() == {104: 6, 106: 4}
        back = cell.skeleton.map_features_to_layer("radius", "syn")
        assert back["radius"].tolist() == [4, 4, 4, 6]

    @pytest.mark.parametrize("how", ["max", "first", "majority", "sum"])
    def test_whole_numbers_with_gaps_stay_exact(self, cell, how):
        mapped = cell.graph.map_features_to_layer("partner", "skeleton", how)["partner"]
        assert str(mapped.dtype) == "Int64"
        assert mapped[106] == BIG + 1
        assert mapped[103] == BIG
        assert mapped.isna().sum() == 3

    def test_whole_numbers_without_gaps_keep_their_dtype(self, cell):
        masked = cell.apply_mask("skeleton", [104, 103])
        mapped = masked.graph.map_features_to_layer("size", "skeleton", "max")["size"]
        assert mapped.dtype == np.int64
        assert mapped.tolist() == [2, 5]

    def test_the_majority_of_words_is_a_word(self, cell):
        """W32"""
        mapped = cell.graph.map_features_to_layer("label", "syn", "majority")["label"]
        assert mapped.tolist() == ["a", "b", "b", "b"]
        frame = cell.graph.add_feature(
            pd.Categorical(["axon", "soma", "soma", "axon", None]), "kind"
        ).map_features_to_layer("kind", "skeleton", "majority")
        assert isinstance(frame["kind"].dtype, pd.CategoricalDtype)
        assert frame["kind"].dropna().to_dict() == {104: "axon", 106: "soma"}

    def test_a_dict_names_an_aggregation_for_every_feature(self, cell):
        mapped = cell.graph.map_features_to_layer(
            ["size", "label"], "skeleton", {"size": "max", "label": "majority"}
        )
        assert mapped.loc[[104, 106]].to_numpy().tolist() == [[2, "a"], [3, "b"]]
        with pytest.raises(ValueError, match="agg says nothing of the feature 'label'"):
            cell.graph.map_features_to_layer(["size", "label"], "skeleton", {"size": "max"})
        with pytest.raises(ValueError, match="is a name or a function, not"):
            cell.graph.map_features_to_layer("size", "skeleton", ["max", "min"])

    def test_the_majority_is_the_most_frequent_and_the_smallest_of_those_that_tie(self):
        values = np.array([3, 1, 3, 2, 2, 9])
        groups = np.array([0, 0, 0, 1, 1, 1])
        result = aggregate(values, np.arange(6), groups, 2, "majority")
        assert result.tolist() == [3, 2]
        tied = aggregate(np.array([7, 5]), np.arange(2), np.zeros(2, int), 1, "majority")
        assert tied.tolist() == [5]

    @given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), max_size=12))
    def test_majority_and_mean_are_those_counted_by_hand(self, rows):
        groups = np.array([group for group, _ in rows], dtype=np.int64)
        values = np.array([value for _, value in rows], dtype=np.int64)
        places = np.arange(len(rows))
        common = list(aggregate(values, places, groups, 4, "majority"))
        means = aggregate(values.astype(float), places, groups, 4, "mean")
        for group in range(4):
            own = [value for at, value in rows if at == group]
            if own:
                assert common[group] == max(own, key=lambda v: (own.count(v), -v))
                assert means[group] == pytest.approx(sum(own) / len(own))
            else:
                assert common[group] is pd.NA
                assert np.isnan(means[group])

    @pytest.mark.parametrize("how", ["mean", "sum", "median", "max", "count", "majority", "first"])
    @pytest.mark.parametrize("feature", ["weight", "size"])
    def test_it_is_what_pandas_makes_of_each_group(self, cell, how, feature):
        nodes = cell.graph.nodes
        nodes["on"] = cell.graph.map_index_to_layer("skeleton", missing=-1)
        groups = nodes[nodes["on"] >= 0].groupby("on")[feature]
        agg = (lambda values: values.mode().min()) if how == "majority" else how
        expected = groups.agg(agg).to_dict()
        mapped = cell.graph.map_features_to_layer(feature, "skeleton", how)[feature].dropna()
        assert mapped.to_dict() == expected

    def test_its_own_layer_has_them_already(self, cell):
        frame = cell.graph.map_features_to_layer("size", "graph", "sum")
        assert frame["size"].tolist() == [1, 2, 3, 4, 5]

    def test_an_unknown_feature_is_named(self, cell):
        with pytest.raises(UnknownFeatureError, match=r"layer 'graph' has no feature 'volume';"):
            cell.graph.map_features_to_layer("volume", "skeleton")

    @pytest.mark.parametrize("how", ["mean", "majority", "max"])
    def test_nothing_mapped_is_missing_everywhere(self, cell, how):
        masked = cell.apply_mask("graph", [])
        for target in ("skeleton", "syn"):
            frame = masked.graph.map_features_to_layer(["weight", "size"], target, how)
            assert frame.shape == (0, 2)
        alone = Cell().add_graph(cell.graph.apply_mask([73], self_only=True))
        alone.add_point_layer("p", np.zeros((2, 3)), linkage=Link([-1, -1], target="graph"))
        frame = alone.graph.map_features_to_layer(["weight", "size"], "p", how)
        assert frame.isna().all(axis=None)


class TestCoverage:
    def test_unmapped_vertices_are_sorted_ids(self, cell):
        """W44"""
        assert cell.graph.get_unmapped_vertices("skeleton").tolist() == [73]
        assert cell.graph.get_unmapped_vertices("syn").tolist() == [73, 74]
        assert cell.graph.get_unmapped_vertices(["skeleton", "syn"]).tolist() == [73, 74]
        assert cell.graph.get_unmapped_vertices().tolist() == [73, 74]
        assert cell.skeleton.get_unmapped_vertices("graph").tolist() == [100, 101, 102]

    def test_coverage_is_the_share_that_maps(self, cell):
        assert cell.graph.mapping_coverage("skeleton") == 0.8
        assert cell.skeleton.mapping_coverage("syn") == pytest.approx(2 / 6)
        assert cell.annotations.syn.is_fully_mapped_to("skeleton") is True
        assert cell.graph.is_fully_mapped_to("skeleton") is False
        empty = cell.apply_mask("graph", [])
        assert empty.graph.mapping_coverage("skeleton") == 1.0
        assert empty.graph.is_fully_mapped_to("skeleton")

    def test_unmapped_vertices_can_be_masked_out(self, cell):
        masked = cell.graph.mask_out_unmapped("skeleton")
        assert masked.vertex_index.tolist() == [70, 71, 72, 74]
        assert cell.graph.mask_out_unmapped().vertex_index.tolist() == [70, 71, 72]
        assert masked.map_index_to_layer("skeleton").tolist() == [104, 104, 106, 103]
        alone = cell.graph.mask_out_unmapped("skeleton", self_only=True)
        with pytest.raises(UnknownLayerError):
            alone.map_index_to_layer("skeleton")

    def test_masking_everything_out_is_refused(self, cell):
        part = cell.apply_mask("graph", [73], unmapped="keep").graph
        with pytest.raises(ValueError, match=r"layer 'graph': no vertex maps to all of 'skeleto"):
            part.mask_out_unmapped("skeleton")


def test_booleans_with_gaps_stay_booleans():
    cell = (
        Cell()
        .add_skeleton([[0, 0, 0], [1, 0, 0]], [[1, 0]])
        .add_point_annotations(
            "spines",
            [[0, 0, 0], [0, 1, 0]],
            features={"big": np.array([True, False])},
            linkage=Link([0, 0], target="skeleton"),
        )
    )
    for how in ("any", "majority"):
        mapped = cell.annotations.spines.map_features_to_layer("big", "skeleton", agg=how)["big"]
        assert mapped.dtype == "boolean"
        assert mapped.isna().tolist() == [False, True]


def test_an_aggregation_that_there_is_not_is_named():
    cell = (
        Cell()
        .add_skeleton([[0, 0, 0]], features={"a": ["x"]})
        .add_point_layer(
            "p", [[0, 0, 0]], features={"a": [1]}, linkage=Link([0], target="skeleton")
        )
    )
    with pytest.raises(ValueError, match=r"agg='nonsense' is neither"):
        cell.layers["p"].map_features_to_layer("a", "skeleton", agg="nonsense")
