"""Pictures are drawn in memory, and closed."""

from __future__ import annotations

import numpy as np
import pytest

import ossify

matplotlib = pytest.importorskip("matplotlib")


@pytest.fixture(autouse=True)
def _headless():
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    yield
    plt.close("all")


@pytest.fixture
def ax():
    from matplotlib import pyplot as plt

    return plt.subplots()[1]


@pytest.fixture
def y_shaped():
    #  (0,2) 13   12 (2,2)
    #          \ /
    #     (1,1) 11
    #           |
    #     (1,0) 10      z is 10, 20, 30, 40
    points = [[1, 0, 10], [1, 1, 20], [2, 2, 30], [0, 2, 40]]
    features = {
        "radius": [4.0, 3.0, 1.0, 2.0],
        "compartment": np.array([1, 2, 3, 3]),
        "kind": ["a", "b", "b", None],
        "spiny": [False, True, True, False],
        "share": [0.0, np.nan, 0.5, 1.0],
    }
    cell = ossify.Cell("y").add_skeleton(
        points, [[1, 0], [2, 1], [3, 1]], features, vertex_index=[10, 11, 12, 13]
    )
    return cell.skeleton
