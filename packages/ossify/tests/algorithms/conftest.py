import numpy as np
import pandas as pd
import pytest

from ossify import SkeletonLayer

#    104   105
#      \   /
#       103    102
#         \    /
#          101        107
#           |          |
#          100        106
#
# Every edge is 1 long. The rows are not in the order of the ids.
IDS = [103, 107, 100, 105, 101, 106, 104, 102]
PARENTS = {101: 100, 102: 101, 103: 101, 104: 103, 105: 103, 107: 106}
HEIGHT = {100: 0, 101: 1, 102: 2, 103: 2, 104: 3, 105: 3, 106: 0, 107: 1}


@pytest.fixture
def two_trees():
    """Both trees above; no root is stated."""
    xyz = pd.DataFrame({"x": 0.0, "y": [float(HEIGHT[i]) for i in IDS], "z": 0.0}, index=IDS)
    return SkeletonLayer("skeleton", xyz, list(PARENTS.items()))


@pytest.fixture
def rooted_at_100():
    """Both trees above; 100 is stated as the root."""
    xyz = pd.DataFrame({"x": 0.0, "y": [float(HEIGHT[i]) for i in IDS], "z": 0.0}, index=IDS)
    return SkeletonLayer("skeleton", xyz, list(PARENTS.items()), root=100)


@pytest.fixture
def by_id(two_trees):
    """A function that names the values of an array, which are in vertex order, by id."""

    def named(values):
        assert isinstance(values, np.ndarray)
        return dict(sorted(zip(two_trees.vertex_index.tolist(), values.tolist(), strict=True)))

    return named
