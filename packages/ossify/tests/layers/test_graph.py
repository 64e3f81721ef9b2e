import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify import Cell, GraphLayer, Link, SkeletonLayer
from ossify.errors import TopologyError, UnknownVertexError, VertexIdError

BIG = 2**53 + 1


def test_edges_are_ids_and_rows(graph):
    assert graph.edges.dtype == np.int64
    assert graph.edges.tolist()[:2] == [[10, 11], [10, 12]]
    assert graph.edges_positional.tolist()[:2] == [[0, 1], [0, 2]]
    assert graph.edge_df.to_numpy().tolist() == graph.edges.tolist()
    assert np.array_equal(graph.vertex_index[graph.edges_positional], graph.edges)


def test_edges_between_large_ids_are_exact():
    nodes = pd.DataFrame(np.zeros((3, 3)), index=[BIG - 1, BIG, BIG + 1], columns=list("xyz"))
    assert GraphLayer("graph", nodes, [[BIG, BIG + 1]]).edges.tolist() == [[BIG, BIG + 1]]


def test_no_edges_are_allowed():
    for nothing in (None, [], np.empty((0, 2), int)):
        graph = GraphLayer("graph", [[0, 0, 0], [1, 0, 0]], nothing)
        assert graph.edges.shape == (0, 2)
        assert graph.half_edge_length.tolist() == [0, 0]
        assert graph.distance_between().tolist() == [[0, np.inf], [np.inf, 0]]


def test_matrices_hold_lengths_one_way_and_both(graph):
    assert graph.csgraph.toarray()[0].tolist() == [0, 3, 4, 0, 0]
    assert graph.csgraph.toarray()[:, 0].tolist() == [0, 0, 0, 0, 0]
    both = graph.csgraph + graph.csgraph.T
    assert np.array_equal(graph.csgraph_undirected.toarray(), both.toarray())
    assert graph.csgraph_binary.dtype == np.int8
    assert graph.csgraph_binary.sum() == 5
    assert graph.csgraph_binary_undirected.sum() == 10


def test_what_is_done_to_a_matrix_stays_in_it(graph, mesh):
    names = ("csgraph", "csgraph_undirected", "csgraph_binary", "csgraph_binary_undirected")
    for layer, name in [*((graph, name) for name in names), (mesh, "csgraph")]:
        before = getattr(layer, name).toarray()
        matrix = getattr(layer.copy(), name)
        matrix.data[:] = 9
        matrix.indices[:] = 0
        matrix.indptr[:] = 0
        assert np.array_equal(getattr(layer, name).toarray(), before), name
    with pytest.raises(ValueError, match=r"read-only"):
        graph.half_edge_length[0] = 9


def test_matrices_can_be_used_by_all_of_scipy(graph):
    from scipy.sparse import csgraph

    # Older releases of scipy refuse arrays that are read-only here.
    assert csgraph.dijkstra(graph.csgraph, directed=False, indices=0)[3] == 7


def test_matrices_are_what_scipy_takes(graph):
    from scipy.sparse import csgraph

    assert csgraph.connected_components(graph.csgraph, directed=False)[0] == 2
    assert csgraph.dijkstra(graph.csgraph_undirected, indices=0)[3] == 7
    doubled = graph.csgraph * np.ones(5)
    assert doubled.tolist() == graph.csgraph.toarray().sum(axis=1).tolist()


def test_half_edges_sum_to_the_length_of_all(graph):
    assert graph.half_edge_length.tolist() == [3.5, 6, 6, 3.5, 0]
    assert graph.half_edge_length.sum() == 3 + 4 + 5 + 4 + 3


def test_distances_are_shortest_and_infinite_across(graph):
    assert graph.distance_between([10, 14], [13, 10]).tolist() == [[7, 0], [np.inf, np.inf]]
    assert graph.distance_between(12, 11).tolist() == [[5.0]]
    assert graph.distance_between([0], [3], as_positional=True, limit=6).tolist() == [[np.inf]]


@pytest.mark.parametrize("limit", [-1, np.nan])
def test_a_limit_is_a_length(graph, limit):
    skeleton = SkeletonLayer("s", graph.vertices)
    cell = Cell().add_layer(skeleton)
    cell.add_point_annotations("syn", [[0, 0, 0]], linkage=Link([0], target="s"))
    for layer in (graph, skeleton, cell.annotations.syn):
        with pytest.raises(ValueError, match=f"limit must be a length or None, not {limit}"):
            layer.distance_between(limit=limit)


def test_one_of_sources_and_targets_can_be_left_out(graph):
    """W31"""
    everything = graph.distance_between()
    assert graph.distance_between(targets=[13]).tolist() == everything[:, [3]].tolist()
    assert graph.distance_between([13]).tolist() == everything[[3]].tolist()


def test_coincident_vertices_are_still_joined():
    """W7"""
    graph = GraphLayer("graph", [[0, 0, 0], [0, 0, 0], [1, 0, 0]], [[0, 1], [1, 2]])
    assert graph.distance_between([0], [2]).tolist() == [[1.0]]
    assert graph.csgraph_undirected.nnz == 4


def test_a_path_is_the_shortest_and_empty_where_there_is_none(graph):
    """W8"""
    assert graph.path_between(10, 13).tolist() in ([10, 11, 13], [10, 12, 13])
    assert graph.path_between(12, 11).tolist() == [12, 11]
    assert graph.path_between(0, 1, as_positional=True).tolist() == [0, 1]
    assert graph.path_between(10, 11, as_vertices=True).tolist() == [[0, 0, 0], [3, 0, 0]]
    assert graph.path_between(10, 10).tolist() == [10]
    assert graph.path_between(10, 14).shape == (0,)
    assert graph.path_between(10, 14, as_vertices=True).shape == (0, 3)
    assert graph.path_between(0, 4, as_positional=True).shape == (0,)


def test_too_many_distances_are_refused_before_they_are_made():
    graph = GraphLayer("graph", np.zeros((40_000, 3)))
    with pytest.raises(MemoryError, match=r"40,000 × 40,000 distances would take 12 GiB; pass f"):
        graph.distance_between()


def test_a_mask_keeps_edges_between_kept_vertices(graph):
    masked = graph.apply_mask([13, 11, 10])
    assert masked.edges.tolist() == [[10, 11], [11, 13]]
    assert masked.edges_positional.tolist() == [[0, 1], [1, 2]]
    assert masked.distance_between([10], [13]).tolist() == [[7.0]]


def test_lengths_follow_a_transform_in_place(graph):
    graph.half_edge_length, graph.csgraph_undirected  # noqa: B018
    graph.transform(lambda xyz: xyz * 10, inplace=True)
    assert graph.half_edge_length.sum() == 190
    assert graph.distance_between([10], [13]).tolist() == [[70.0]]


@pytest.mark.parametrize(
    ("edges", "error", "message"),
    [
        (
            [[10, 99]],
            TopologyError,
            r"graph: 1 of 1 edges name .* not there, .* edge 0: \[10, 99\]",
        ),
        ([[10, -1]], VertexIdError, "negative"),
        ([[10, 11, 12]], TopologyError, r"must have shape \(M, 2\)"),
        ([[10, 11.5]], VertexIdError, "11.5 is a float"),
        ([["a", "b"]], TypeError, "must be integers"),
    ],
)
def test_wrong_edges_are_refused_at_once(graph, edges, error, message):
    """W36"""
    with pytest.raises(error, match=message):
        GraphLayer("graph", graph.nodes, edges)


def test_repeated_ids_are_refused_at_once():
    """W33"""
    with pytest.raises(VertexIdError, match=r"graph: vertex ids: 1 of 3 are repeated, the first"):
        GraphLayer("graph", np.zeros((3, 3)), vertex_index=[5, 6, 5])


def test_an_unknown_vertex_is_named(graph):
    """W48"""
    with pytest.raises(UnknownVertexError) as caught:
        graph.path_between(10, 99)
    expected = "layer 'graph': 1 of 1 ids are not among the 5 vertices, the first is 99"
    assert str(caught.value) == expected


def test_a_path_is_between_two_vertices(graph):
    with pytest.raises(ValueError, match=r"expected one vertex, got 2"):
        graph.path_between([10, 11], 12)


@given(st.data())
def test_masking_then_measuring_is_measuring_what_is_left(data):
    n = data.draw(st.integers(1, 7))
    vertex = st.integers(0, n - 1)
    edges = data.draw(st.lists(st.tuples(vertex, vertex), max_size=12))
    xyz = data.draw(st.lists(st.tuples(*[st.integers(0, 9)] * 3), min_size=n, max_size=n))
    keep = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    ids = np.array(data.draw(st.permutations(range(BIG, BIG + n))))
    named = ids[np.array(edges, int).reshape(-1, 2)]
    graph = GraphLayer("graph", pd.DataFrame(xyz, columns=list("xyz"), index=ids), named)
    masked = graph.apply_mask(keep)
    expected = [edge for edge in named.tolist() if set(edge) <= set(ids[keep].tolist())]
    assert masked.edges.tolist() == expected
    fresh = GraphLayer("graph", masked.nodes, masked.edges)
    assert np.array_equal(masked.distance_between(), fresh.distance_between())
    assert masked.half_edge_length.tolist() == fresh.half_edge_length.tolist()
