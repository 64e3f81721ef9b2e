import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ossify.topology.spatial import nearest_tree

COORDINATES = arrays(
    float, st.tuples(st.integers(1, 20), st.just(3)), elements=st.integers(-9, 9).map(float)
)


@given(COORDINATES, COORDINATES)
def test_the_nearest_point_is_found(points, asked):
    found, rows = nearest_tree(points).query(asked)
    all_distances = np.linalg.norm(asked[:, None] - points, axis=2)
    np.testing.assert_allclose(found, all_distances.min(axis=1))
    np.testing.assert_allclose(all_distances[np.arange(len(asked)), rows], found)


@pytest.mark.parametrize("points", [np.zeros((0, 3)), np.zeros(3)])
def test_without_points_there_is_no_nearest_one(points):
    with pytest.raises(ValueError, match="at least one point"):
        nearest_tree(points)
