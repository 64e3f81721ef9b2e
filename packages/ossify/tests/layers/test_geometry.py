"""A tree of which a file has kept the lengths, and not all the points."""

from __future__ import annotations

import numpy as np
import pytest

from ossify.layers.geometry import EmbeddedTree
from ossify.topology.rooted_tree import RootedTree
from ossify.vertex_ids import VertexIds


@pytest.fixture
def half_forgotten() -> EmbeddedTree:
    #   0 - 1 - 2 - 3 - 4, where the points of 1 and 2 are lost
    lost = [np.nan] * 3
    points = np.array([[0, 0, 0], lost, lost, [3, 0, 0], [3, 4, 0]])
    steps = np.array([0.0, 1.0, 1.5, 0.5, 4.0])
    tree = RootedTree.from_parents([-1, 0, 1, 2, 3])
    return EmbeddedTree(VertexIds.from_count(5), points, tree, 0, steps)


def test_lost_lengths_are_those_of_the_file(half_forgotten):
    assert half_forgotten.from_root.tolist() == [0, 1, 2.5, 3, 7]


def test_lost_lengths_grow_as_the_others_do(half_forgotten):
    assert half_forgotten.moved(lambda xyz: xyz * 2).from_root.tolist() == [0, 2, 5, 6, 14]


def test_lost_lengths_are_unknown_where_the_others_do_not_grow_alike(half_forgotten):
    longer = EmbeddedTree(
        VertexIds.from_count(6),
        np.vstack([half_forgotten.points, [[8, 4, 0]]]),
        RootedTree.from_parents([-1, 0, 1, 2, 3, 4]),
        0,
        np.append(half_forgotten.given_steps, 5.0),
    )
    with pytest.warns(UserWarning, match="are NaN now"):
        moved = longer.moved(lambda xyz: xyz * [2, 1, 1])
    assert moved.steps[4:].tolist() == [4, 10]
    assert np.isnan(moved.from_root[1:]).all()
