import numpy as np
import pytest

from ossify import Cell, Link, SkeletonLayer, example_cell
from ossify.algorithms import heal
from ossify.topology.rooted_tree import RootedTree

BIG = 864691135639806263


@pytest.fixture
def cell():
    """0 - 1   3 - 2   and far away 4, with ids that floats do not hold; a synapse on 2."""
    ids = BIG + 2 * np.arange(5)
    return (
        Cell("pieces")
        .add_skeleton(
            [[0, 0, 0], [5, 0, 0], [9, 0, 0], [7, 0, 0], [99, 0, 0]],
            np.array([[1, 0], [3, 2]]),
            root=BIG,
            vertex_index=ids,
            features={"id": ids},
        )
        .add_point_annotations(
            "syn", [[9, 1, 0]], linkage=Link(np.array([BIG + 4]), target="skeleton")
        )
    )


def test_pieces_become_one_and_all_else_stays(cell):
    healed, joins = heal(cell, return_joins=True)
    assert healed.skeleton.root == BIG
    assert healed.skeleton.roots.tolist() == [BIG]
    assert healed.skeleton.vertex_index.tolist() == cell.skeleton.vertex_index.tolist()
    assert healed.skeleton.get_feature("id").dtype == np.int64
    assert healed.skeleton.distance_to_root(BIG + 8) == 99.0
    assert healed.annotations.syn.map_index_to_layer("skeleton").tolist() == [BIG + 4]
    assert joins.to_dict("list") == {
        "vertex": [BIG + 6, BIG + 8],
        "parent": [BIG + 2, BIG + 4],
        "length": [2.0, 90.0],
        "n_vertices": [2, 1],
    }
    assert joins["vertex"].dtype == np.int64
    assert len(cell.skeleton.roots) == 3


def test_gaps_that_are_too_long_stay_open(cell):
    healed, joins = heal(cell.skeleton, max_distance=2, return_joins=True)
    assert isinstance(healed, SkeletonLayer)
    assert healed.roots.tolist() == [BIG, BIG + 8]
    assert joins["length"].tolist() == [2.0]
    assert heal(cell, max_distance=0).skeleton.roots.tolist() == cell.skeleton.roots.tolist()


def test_without_a_stated_root_the_largest_piece_keeps_its_own(two_trees):
    assert two_trees.root is None
    healed = heal(two_trees)
    assert healed.root == 100
    # 106 and 107 lie where 100 and 101 do.
    assert healed.roots.tolist() == heal(two_trees, max_distance=0).roots.tolist() == [100]


def test_what_a_mask_has_cut_is_joined_and_measured_anew(rooted_at_100):
    masked = rooted_at_100.apply_mask([100, 102, 103, 104])
    assert len(masked.roots) == 3
    healed = heal(masked)
    assert healed.roots.tolist() == [100]
    assert healed.distance_to_root(104) == 3.0
    assert healed.base_vertex_index.tolist() == masked.vertex_index.tolist()
    without_root = heal(rooted_at_100.apply_mask([102, 103, 104]))
    assert without_root.root == 103


@pytest.mark.parametrize("kept", [[], [102]])
def test_one_vertex_or_none_has_nothing_to_join(two_trees, kept):
    healed, joins = heal(two_trees.apply_mask(kept), return_joins=True)
    assert healed.vertex_index.tolist() == kept
    assert joins.shape == (0, 4)


def test_a_neuron_cut_into_pieces_is_as_long_as_before():
    whole = example_cell(3_000).skeleton
    parent = whole.tree.parent.copy()
    parent[np.random.default_rng(0).choice(3_000, 40, replace=False)] = -1
    edges = RootedTree.from_parents(parent).edges
    pieces = SkeletonLayer("skeleton", whole.vertices, edges, root=whole.root_positional)
    healed = heal(pieces)
    assert healed.roots.tolist() == [whole.root_positional]
    assert healed.cable_length() <= whole.cable_length()


def test_cable_that_is_not_straight_keeps_its_length():
    graph = example_cell(500).skeleton.segment_graph()
    broken = graph.apply_mask(np.arange(graph.n_vertices) != graph.root_positional)
    healed = heal(broken)
    assert len(healed.roots) == 1
    joins = heal(broken, return_joins=True)[1]
    added = joins["length"].sum()
    assert healed.cable_length() == pytest.approx(broken.cable_length() + added)


@pytest.mark.parametrize("distance", [-1, np.nan])
def test_a_distance_is_not_negative(two_trees, distance):
    with pytest.raises(ValueError, match="max_distance must be a length or None, not"):
        heal(two_trees, distance)
