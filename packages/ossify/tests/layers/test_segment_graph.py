import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify import SkeletonLayer

#       9
#       8
#       7
#       6
#       |
# 0-1-2-3'-4'-5'      (3', 4', 5' are the rows 3, 4 and 5, and 6 hangs on 2)
XYZ = [[x, 0, 0] for x in range(6)] + [[2, y, 0] for y in range(1, 5)]
PARENT = [-1, 0, 1, 2, 3, 4, 2, 6, 7, 8]


def skeleton_with(ids):
    nodes = pd.DataFrame(XYZ, columns=list("xyz"), index=ids, dtype=float)
    nodes["f"] = np.arange(10.0)
    nodes["kind"] = list("aabbbbcccc")
    edges = [(ids[row], ids[up]) for row, up in enumerate(PARENT) if up >= 0]
    return SkeletonLayer("skeleton", nodes, edges)


@pytest.fixture
def skeleton():
    return skeleton_with(range(100, 110))


def test_a_node_lies_at_the_far_end_of_its_segment(skeleton):
    graph = skeleton.segment_graph()
    assert [rows.tolist() for rows in graph.node_source_vertices] == [
        [2, 1], [0], [5, 4, 3], [9, 8, 7, 6],
    ]  # fmt: skip
    assert graph.vertices.tolist() == [[2, 0, 0], [0, 0, 0], [5, 0, 0], [2, 4, 0]]
    assert graph.edges.tolist() == [[0, 1], [2, 0], [3, 0]]
    assert graph.root == 1
    assert graph.vertex_segment_map.tolist() == [1, 0, 0, 2, 2, 2, 3, 3, 3, 3]
    assert graph.get_feature("length").tolist() == [2.5, 0.5, 2.5, 3.5]
    assert graph.source_skeleton is skeleton


@pytest.mark.parametrize("ids", [range(100, 110), [7, 3, 9, 1, 0, 8, 2, 6, 4, 5]])
def test_long_segments_are_cut_whatever_the_ids(ids):
    """W4"""
    graph = skeleton_with(list(ids)).segment_graph(max_length=2)
    assert [rows.tolist() for rows in graph.node_source_vertices] == [
        [2, 1], [0], [5, 4, 3], [9, 8], [7, 6],
    ]  # fmt: skip
    assert graph.cable_length() == 9
    assert graph.distance_to_root(3) == 6


def test_features_come_along_as_asked(skeleton):
    agg = {"f": "sum", "kind": "majority"}
    graph = skeleton.segment_graph(features=["f", "kind"], agg=agg)
    assert graph.get_feature("f").tolist() == [3, 0, 12, 30]
    assert graph.get_feature("kind").tolist() == ["a", "a", "b", "c"]
    for agg, expected in [
        ("distal", [2, 0, 5, 9]),
        ("proximal", [1, 0, 3, 6]),
        ("mean", [1.5, 0, 4, 7.5]),
        ("max", [2, 0, 5, 9]),
        ("median", [1.5, 0, 4, 7.5]),
        (lambda values: values.iloc[0], [2, 0, 5, 9]),
    ]:
        assert skeleton.segment_graph(features="f", agg=agg).get_feature("f").tolist() == expected
    assert skeleton.segment_graph(include_length=False).feature_names == []
    with pytest.raises(KeyError, match="no feature 'g'"):
        skeleton.segment_graph(features="g")


def test_values_go_from_vertices_to_nodes_and_back(skeleton):
    graph = skeleton.segment_graph()
    f = np.arange(10.0)
    # Vertex 2, where three edges meet, counts 1.5 and vertex 1 counts 1.
    assert graph.aggregate_vertices(f).tolist() == pytest.approx([1.6, 0, 9.5 / 2.5, 25.5 / 3.5])
    assert graph.aggregate_vertices(f, weight=None).tolist() == [1.5, 0, 4, 7.5]
    assert graph.aggregate_vertices(f, "sum").tolist() == [4, 0, 9.5, 25.5]
    assert graph.aggregate_vertices(f, "max").tolist() == [2, 0, 5, 9]
    assert graph.aggregate_vertices(f, lambda values: values[-1]).tolist() == [1, 0, 3, 6]
    both = graph.aggregate_vertices(np.stack((f, -f), axis=1), "sum", weight=f)
    assert both.tolist() == [[5, -5], [0, 0], [50, -50], [230, -230]]
    assert graph.to_vertices([10, 20, 30, 40]).tolist() == [20, 10, 10, *[30] * 3, *[40] * 4]
    with pytest.raises(ValueError, match="expected 10 values, one per vertex"):
        graph.aggregate_vertices([1, 2])
    with pytest.raises(ValueError, match="expected 4 values, one per node"):
        graph.to_vertices([1, 2])
    with pytest.raises(ValueError, match="agg must be a function, 'mean'"):
        graph.aggregate_vertices(f, "mode")


def test_lengths_are_those_of_the_cable_also_where_it_bends():
    #  1 - 2
    #  |   |
    #  0   3
    bent = SkeletonLayer(
        "skeleton", [[0, 0, 0], [0, 1, 0], [1, 1, 0], [1, 0, 0]], [[1, 0], [2, 1], [3, 2]]
    )
    graph = bent.segment_graph()
    assert graph.vertices.tolist() == [[1, 0, 0], [0, 0, 0]]
    assert graph.cable_length() == 3
    assert graph.csgraph.sum() == 3
    for same in (graph.copy(), copy.deepcopy(graph), pickle.loads(pickle.dumps(graph))):
        assert same.distance_to_root(0) == 3
    assert graph.copy().reroot(0).distance_to_root(1) == 3
    assert graph.apply_mask([True, True]).cable_length() == 3
    moved = graph.transform(lambda xyz: xyz * 10)
    assert moved.cable_length() == 30
    assert moved.aggregate_vertices(np.ones(4), "sum").sum() == 30
    assert graph.cable_length() == 3
    with pytest.raises(ValueError, match="pass a function"):
        graph.transform(np.zeros((2, 3)))


def test_a_masked_segment_graph_keeps_its_lengths_and_loses_its_maps(skeleton):
    masked = skeleton.segment_graph(max_length=2).apply_mask([0, 3, 4])
    assert masked.cable_length() == 4
    assert masked.distance_to_root(3) == 6
    for ask in (
        lambda: masked.vertex_segment_map,
        lambda: masked.node_source_vertices,
        lambda: masked.source_skeleton,
        lambda: masked.to_vertices([1, 2, 3]),
        lambda: masked.transform(lambda xyz: xyz),
    ):
        with pytest.raises(ValueError, match="is masked and does not know the vertices"):
            ask()


def test_rerooting_carries_the_lengths_along(skeleton):
    graph = skeleton.segment_graph()
    assert graph.reroot(3).distance_to_root().tolist() == [4, 6, 7, 0]


def test_nothing_makes_nothing(skeleton):
    graph = skeleton.apply_mask([]).segment_graph(features="f")
    assert len(graph) == 0
    assert graph.aggregate_vertices([]).shape == (0,)


@given(st.data())
def test_cable_and_topology_are_those_of_the_skeleton(data):
    n = data.draw(st.integers(1, 12))
    parents = [-1, *(data.draw(st.integers(-1, row - 1)) for row in range(1, n))]
    xyz = np.random.default_rng(n).integers(0, 5, (n, 3))
    ids = data.draw(st.permutations(range(2**53, 2**53 + n)))
    edges = [(row, up) for row, up in enumerate(parents) if up >= 0]
    skeleton = SkeletonLayer("skeleton", xyz, edges, vertex_index=ids, edges_as_positional=True)
    cap = data.draw(st.sampled_from([None, 3.0]))
    graph = skeleton.segment_graph(max_length=cap)
    assert graph.cable_length() == pytest.approx(skeleton.cable_length())
    assert graph.get_feature("length").sum() == pytest.approx(skeleton.cable_length())
    far = [int(rows[0]) for rows in graph.node_source_vertices]
    np.testing.assert_allclose(graph.distance_to_root(), skeleton.distance_to_root()[far])
    assert sorted(np.concatenate(graph.node_source_vertices).tolist()) == list(range(n))
    assert set(skeleton.topo_points_positional.tolist()) <= set(far)
    assert graph.n_branch_points == skeleton.n_branch_points
