import numpy as np
import pandas as pd
import pytest

from ossify import Cell, SkeletonLayer


def line(xs, **features):
    nodes = pd.DataFrame({"x": xs, "y": 0.0, "z": 0.0, **features})
    return SkeletonLayer("skeleton", nodes, [(row, row - 1) for row in range(1, len(xs))])


def test_one_edge_is_divided():
    """W16"""
    resampled = line([0.0, 1000.0]).resample(100)
    assert resampled.vertices[:, 0].tolist() == list(range(0, 1001, 100))
    assert resampled.vertex_index.tolist() == [0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1]
    assert resampled.root == 0


def test_features_are_aggregated_over_the_vertices_that_a_new_one_stands_for():
    """W16"""
    kind = pd.Categorical(["a", "a", "b", "b", "b"])
    dense = line([0.0, 1, 2, 3, 4], r=[1.0, 2, 3, 4, 5], kind=kind, ids=np.arange(5) + 2**60)
    nodes = dense.resample(2, feature_agg={"r": "mean", "kind": "majority"}).nodes
    # The old vertices 1 and 3 are halfway: the even step is theirs.
    assert nodes["x"].tolist() == [0, 2, 4]
    assert nodes["r"].tolist() == [1.5, 3, 4.5]
    assert nodes["kind"].tolist() == ["a", "b", "b"]
    assert nodes["ids"].tolist() == [2**60, 2**60 + 2, 2**60 + 4]


def test_an_aggregation_for_a_feature_that_is_not_there_is_refused():
    dense = line([0.0, 1, 2], r=[1.0, 2, 3])
    with pytest.raises(KeyError, match="feature_agg: the skeleton has no feature 'radius'; it has"):
        dense.resample(2, feature_agg={"radius": "mean"})
    with pytest.raises(KeyError, match="agg: layer 'skeleton' has no feature 'radius'; it has: r"):
        dense.segment_graph(features="r", agg={"radius": "max"})


def test_what_no_old_vertex_is_nearest_to_has_the_nearest_value():
    nodes = line([0.0, 4.0], r=[1.0, 2.0]).resample(1, feature_agg="mean").nodes
    assert nodes["r"].tolist() == [1, 1, 2, 2, 2]


def test_a_skeleton_stands_alone_with_its_root_units_and_pieces(two_trees):
    resampled = two_trees.resample(0.25)
    assert resampled.root is None
    assert sorted(resampled.roots.tolist()) == [100, 200]
    assert sorted(resampled.end_points.tolist()) == [103, 104, 106, 205]
    assert resampled.cable_length() == pytest.approx(two_trees.cable_length())
    assert resampled.units == "nm"
    assert np.allclose(
        resampled.distance_to_root([104, 205]), two_trees.distance_to_root([104, 205])
    )
    Cell().add_layer(resampled)


def test_a_stated_root_stays_and_a_mask_is_forgotten(skeleton):
    assert skeleton.resample(10).root == 100
    masked = skeleton.apply_mask([102, 103, 104])
    assert masked.distance_to_root(103) == 4
    assert masked.resample(1).distance_to_root(103) == 2


def test_nothing_and_one_vertex_are_as_they_were(skeleton):
    assert len(skeleton.apply_mask([]).resample(1)) == 0
    assert skeleton.apply_mask([103]).resample(1).vertex_index.tolist() == [103]


@pytest.mark.parametrize("spacing", [0, -1])
def test_a_spacing_is_positive(skeleton, spacing):
    """W16"""
    with pytest.raises(ValueError, match=f"must be a positive number, not {spacing}"):
        skeleton.resample(spacing)


def test_pieces_are_rows_or_ids(skeleton):
    rows, number = skeleton.segments_capped(1)
    ids, _ = skeleton.segments_capped(1, positional=False)
    assert [skeleton.vertex_index[piece].tolist() for piece in rows] == [p.tolist() for p in ids]
    assert sorted(p.tolist() for p in ids) == [[100], [102, 101], [103], [104], [106]]
    assert all(row in rows[k] for row, k in enumerate(number))
    with pytest.raises(ValueError, match="must be positive, not 0"):
        skeleton.segments_capped(0)


@pytest.mark.parametrize("euclidean", [True, False])
@pytest.mark.parametrize("directed", [True, False])
def test_a_cut_graph_lacks_the_edges_above_the_cuts(skeleton, directed, euclidean):
    cut = skeleton.cut_graph([103, 101, 100], directed, euclidean)
    name = "csgraph" if euclidean else "csgraph_binary"
    expected = getattr(skeleton, name if directed else f"{name}_undirected").toarray()
    row = dict(zip(skeleton.vertex_index.tolist(), range(6), strict=True))
    for child, parent in ((103, 102), (101, 100)):
        expected[row[child], row[parent]] = expected[row[parent], row[child]] = 0
    assert (cut.toarray() == expected).all()
    assert cut.dtype == (np.float64 if euclidean else np.int8)


def test_a_cut_graph_keeps_edges_without_length():
    """W7"""
    cut = line([0.0, 0.0, 1.0]).cut_graph([2], directed=False)
    assert cut.nnz == 2
