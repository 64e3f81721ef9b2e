from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify.errors import TopologyError
from ossify.topology import sparse_graph
from ossify.topology.sparse_graph import (
    adjacency,
    binary_adjacency,
    distances,
    edge_lengths,
    half_edge_length,
    parent_edge_lengths,
    shortest_path_rows,
)

#   0 --3-- 1 --0-- 2      4
#    \             /
#     ---- 9 -----3--1--
EDGES = np.array([[0, 1], [1, 2], [0, 3], [3, 2]])
LENGTHS = np.array([3.0, 0.0, 9.0, 1.0])


@st.composite
def graphs(draw):
    n = draw(st.integers(1, 8))
    edge = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1), st.integers(0, 5))
    edges = np.array(draw(st.lists(edge, max_size=12)), dtype=int).reshape(-1, 3)
    return n, edges[:, :2], edges[:, 2].astype(float)


def floyd(n, edges, weights, *, directed):
    """All path lengths, by taking in one vertex after the other."""
    best = np.where(np.eye(n, dtype=bool), 0.0, np.inf)
    seen = set()
    for (first, second), weight in zip(edges.tolist(), weights.tolist(), strict=True):
        ways = [(first, second)] if directed else [(first, second), (second, first)]
        if first == second or seen.intersection(ways):
            continue
        seen.update(ways)
        for way in ways:
            best[way] = weight
    for via in range(n):
        best = np.minimum(best, best[:, [via]] + best[[via], :])
    return best


class TestLengths:
    def test_of_edges(self):
        points = np.array([[0.0, 0, 0], [3, 4, 0], [3, 4, 12]])
        assert edge_lengths(points, np.array([[0, 1], [2, 1], [1, 1]])).tolist() == [5, 12, 0]

    def test_of_the_edges_above_vertices_with_0_at_roots(self):
        points = np.array([[0.0, 0, 0], [3, 4, 0], [7, 7, 7]])
        assert parent_edge_lengths(points, np.array([-1, 0, -1])).tolist() == [0, 5, 0]

    def test_of_none(self):
        assert edge_lengths(np.zeros((2, 3)), np.zeros((0, 2), int)).shape == (0,)
        assert parent_edge_lengths(np.zeros((0, 3)), np.zeros(0, int)).shape == (0,)

    def test_of_more_edges_than_fit_in_one_block(self):
        n = 3 * sparse_graph._BLOCK + 5
        points = np.random.default_rng(0).random((n, 3))
        parent = np.arange(n) - 1
        expected = np.linalg.norm(points[1:] - points[:-1], axis=1)
        np.testing.assert_allclose(parent_edge_lengths(points, parent)[1:], expected)
        edges = np.stack((np.arange(1, n), parent[1:]), axis=1)
        np.testing.assert_allclose(edge_lengths(points, edges), expected)

    @given(graphs())
    def test_halves_add_up_to_the_whole(self, graph):
        n, edges, lengths = graph
        halves = half_edge_length(n, edges, lengths)
        assert halves.shape == (n,)
        assert halves.sum() == lengths.sum()

    def test_half_of_an_isolated_vertex_is_0(self):
        assert half_edge_length(5, EDGES, LENGTHS).tolist() == [6.0, 1.5, 0.5, 5.0, 0.0]
        assert half_edge_length(2, np.zeros((0, 2), int), np.zeros(0)).tolist() == [0.0, 0.0]


class TestAdjacency:
    def test_an_edge_of_length_zero_is_stored_both_ways(self):
        matrix = adjacency(5, EDGES, LENGTHS)
        assert matrix.nnz == 8
        assert matrix.dtype == np.float64
        stored = set(zip(*(ends.tolist() for ends in matrix.tocoo().coords), strict=True))
        assert {(1, 2), (2, 1)} <= stored

    def test_a_directed_edge_goes_from_the_first_to_the_second(self):
        matrix = adjacency(2, np.array([[1, 0]]), np.array([2.0]), directed=True)
        assert matrix.toarray().tolist() == [[0, 0], [2, 0]]

    def test_loops_go_and_the_first_of_repeated_edges_stays(self):
        edges = np.array([[0, 1], [1, 1], [1, 0], [0, 1]])
        weights = np.array([2.0, 9.0, 3.0, 4.0])
        assert adjacency(2, edges, weights).toarray().tolist() == [[0, 2], [2, 0]]
        both = adjacency(2, edges, weights, directed=True)
        assert both.toarray().tolist() == [[0, 2], [3, 0]]

    def test_binary_entries_are_ones_however_often_an_edge_is_given(self):
        matrix = binary_adjacency(2, np.array([[0, 1]] * 300))
        assert matrix.dtype == np.int8
        assert matrix.toarray().tolist() == [[0, 1], [1, 0]]

    def test_no_edges_and_no_vertices(self):
        assert adjacency(3, np.zeros((0, 2), int), np.zeros(0)).nnz == 0
        assert binary_adjacency(0, np.zeros((0, 2), int)).shape == (0, 0)

    @pytest.mark.parametrize("row", [-1, 5])
    def test_an_unknown_row_is_named(self, row):
        with pytest.raises(TopologyError, match=f"the first is {row}"):
            adjacency(5, np.array([[0, row]]), np.ones(1))


class TestDistances:
    def test_an_edge_of_length_zero_is_walked(self):
        assert distances(adjacency(5, EDGES, LENGTHS), np.array([0]))[0].tolist() == [
            0, 3, 3, 4, np.inf,
        ]  # fmt: skip

    def test_nothing_beyond_the_limit_is_found(self):
        found = distances(adjacency(5, EDGES, LENGTHS), np.array([0]), np.array([1, 3]), limit=3)
        assert found.tolist() == [[3.0, np.inf]]

    def test_no_sources_and_no_targets(self):
        graph = adjacency(5, EDGES, LENGTHS)
        none = np.zeros(0, dtype=int)
        assert distances(graph, none).shape == (0, 5)
        assert distances(graph, targets=none).shape == (5, 0)
        empty = adjacency(0, np.zeros((0, 2), int), np.zeros(0))
        assert distances(empty).shape == (0, 0)

    def test_an_unknown_row_is_named(self):
        with pytest.raises(TopologyError, match="row 7 is not in this graph"):
            distances(adjacency(5, EDGES, LENGTHS), np.array([7]))

    @given(graphs(), st.booleans(), st.integers(1, 3))
    def test_they_are_the_shortest_in_whatever_portions(self, graph, directed, at_once):
        n, edges, weights = graph
        matrix = adjacency(n, edges, weights, directed=directed)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sparse_graph, "_ENTRIES_AT_ONCE", at_once * n)
            found = distances(matrix)
        assert found.tolist() == floyd(n, edges, weights, directed=directed).tolist()


class TestShortestPath:
    def test_it_is_the_shortest_and_not_the_one_of_fewest_edges(self):
        graph = adjacency(5, EDGES, LENGTHS)
        assert shortest_path_rows(graph, 0, 3).tolist() == [0, 1, 2, 3]
        assert shortest_path_rows(graph, 3, 0).tolist() == [3, 2, 1, 0]

    def test_no_path_is_none(self):
        assert shortest_path_rows(adjacency(5, EDGES, LENGTHS), 0, 4) is None

    def test_from_a_vertex_to_itself_it_is_the_vertex(self):
        assert shortest_path_rows(adjacency(5, EDGES, LENGTHS), 4, 4).tolist() == [4]

    @given(graphs(), st.data())
    def test_its_edges_add_up_to_the_distance(self, graph, data):
        n, edges, weights = graph
        rows = st.integers(0, n - 1)
        source, target = data.draw(rows), data.draw(rows)
        matrix = adjacency(n, edges, weights)
        path = shortest_path_rows(matrix, source, target)
        distance = distances(matrix, np.array([source]), np.array([target]))[0, 0]
        if path is None:
            assert distance == np.inf
        else:
            assert path[[0, -1]].tolist() == [source, target]
            assert sum(matrix[a, b] for a, b in pairwise(path.tolist())) == distance
            pattern = binary_adjacency(n, edges)
            assert all(pattern[a, b] for a, b in pairwise(path.tolist()))
