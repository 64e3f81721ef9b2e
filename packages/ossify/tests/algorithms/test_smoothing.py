import numpy as np
import pytest

from ossify import Cell
from ossify.algorithms import smooth_features
from ossify.errors import ShapeError


def test_it_is_the_definition_as_a_dense_matrix_solves_it(two_trees):
    adjacency = two_trees.csgraph_binary_undirected.toarray().astype(float)
    degree = adjacency.sum(axis=0)
    matrix = np.eye(8) - 0.9 * adjacency / np.sqrt(np.outer(degree, degree))
    feature = np.arange(8.0)
    expected = np.linalg.solve(matrix, 0.1 * feature)
    np.testing.assert_allclose(smooth_features(two_trees, feature), expected)
    both = smooth_features(Cell().add_layer(two_trees), np.stack((feature, -feature), axis=1))
    np.testing.assert_allclose(both, np.stack((expected, -expected), axis=1))
    two_trees.add_feature(feature.astype(np.float32), "f")
    np.testing.assert_allclose(smooth_features(two_trees, "f"), expected)


def test_a_vertex_on_its_own_keeps_its_value(two_trees):
    """W49"""
    assert smooth_features(two_trees.apply_mask([104]), [3.0]).tolist() == [3.0]
    lone = two_trees.apply_mask([104, 106, 107])
    smooth = dict(zip(lone.vertex_index.tolist(), smooth_features(lone, [2, 2, 2]), strict=True))
    assert smooth == {104: 2, 106: pytest.approx(2), 107: pytest.approx(2)}
    assert smooth_features(two_trees.apply_mask([]), []).shape == (0,)


def test_what_cannot_be_smoothed_is_refused(two_trees):
    with pytest.raises(ValueError, match="2 values are NaN or infinite and would spread"):
        smooth_features(two_trees, [np.nan, np.inf, 0, 0, 0, 0, 0, 0])
    with pytest.raises(ValueError, match="expected 8 values, one per vertex"):
        smooth_features(two_trees, [1, 2])
    two_trees.add_feature(list("abcdefgh"), "word")
    with pytest.raises(ShapeError, match="feature 'word': expected numbers, not object"):
        smooth_features(two_trees, "word")
    with pytest.raises(KeyError, match="no feature 'gone'"):
        smooth_features(two_trees, "gone")
    with pytest.raises(ValueError, match="alpha must be"):
        smooth_features(two_trees, np.ones(8), alpha=1)
