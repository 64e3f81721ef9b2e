import numpy as np
import pandas as pd
import pytest

from ossify import GraphLayer, MeshLayer, PointCloudLayer, SkeletonLayer

#    104  103
#      \  /
#      102
#       |
#      101  106
#        \ /
#        100        205
#                    |
#                   200
#
# A step up is 1 long, and sideways 2. The rows are not in the order of the ids.
IDS = [104, 100, 102, 101, 103, 106]
PARENTS = {101: 100, 102: 101, 103: 102, 104: 102, 106: 100}
XYZ = {
    100: (0, 0, 0),
    101: (0, 1, 0),
    102: (0, 2, 0),
    103: (0, 2, 2),
    104: (0, 3, 0),
    106: (2, 0, 0),
}


@pytest.fixture
def skeleton():
    """The tree of six vertices above, without the lone piece."""
    vertices = pd.DataFrame([XYZ[i] for i in IDS], columns=["x", "y", "z"], index=IDS)
    vertices["radius"] = np.array([4, 0, 2, 1, 3, 6], np.float32)
    return SkeletonLayer("skeleton", vertices, list(PARENTS.items()), root=100)


@pytest.fixture
def two_trees():
    """Both trees above; no root is stated."""
    ids = [*IDS, 205, 200]
    xyz = [*(XYZ[i] for i in IDS), (9, 5, 0), (9, 0, 0)]
    return SkeletonLayer(
        "skeleton", xyz, [*PARENTS.items(), (205, 200)], vertex_index=ids, edges_as_positional=False
    )


@pytest.fixture
def graph():
    """A square with one diagonal, and a vertex on its own."""
    #  12 - 13   14
    #   | \ |
    #  10 - 11
    xyz = [[0, 0, 0], [3, 0, 0], [0, 4, 0], [3, 4, 0], [9, 9, 9]]
    edges = [[10, 11], [10, 12], [12, 11], [11, 13], [12, 13]]
    nodes = pd.DataFrame(xyz, columns=["x", "y", "z"], index=range(10, 15), dtype=float)
    return GraphLayer("graph", nodes, edges)


@pytest.fixture
def mesh():
    """Two triangles that share a side, of areas 6 and 6."""
    xyz = [[0, 0, 0], [3, 0, 0], [0, 4, 0], [3, 4, 0]]
    return MeshLayer("mesh", xyz, [[0, 1, 2], [1, 3, 2]], vertex_index=[7, 5, 6, 8])


@pytest.fixture
def points():
    return PointCloudLayer("spines", [[0, 0, 0], [3, 4, 0]], vertex_index=[2**53 + 1, 9])


@pytest.fixture(params=["skeleton", "graph", "mesh", "points"])
def layer(request):
    """Each kind of layer."""
    return request.getfixturevalue(request.param)
