import numpy as np
import pytest

from ossify import Cell, Link, SkeletonLayer, example_cell
from ossify.algorithms import simplify

BIG = 864691135639806263


@pytest.fixture
def cell():
    """A chain of 5 with a bend at its middle, synapses on the second and fourth, a small graph."""
    xyz = [[0, 0, 0], [1, 0, 0], [2, 0, 0], [2, 1, 0], [2, 2, 0]]
    ids = BIG + 2 * np.arange(5)
    return (
        Cell("bent")
        .add_skeleton(
            xyz,
            np.array([[1, 0], [2, 1], [3, 2], [4, 3]]),
            root=BIG,
            vertex_index=ids,
            features={"supervoxel": ids},
        )
        .add_point_annotations(
            "syn",
            [[1, 0, 0], [2, 1, 0], [5, 5, 5]],
            linkage=Link(np.array([ids[1], ids[3], -1]), target="skeleton"),
        )
        .add_graph(
            [[0, 0, 0], [1, 0, 0]],
            [],
            linkage=Link([0, 0, 1, 1, 1], source="skeleton", target="graph"),
        )
    )


def test_what_hung_on_a_vertex_hangs_on_the_nearest_that_stayed(cell):
    simple = simplify(cell, 0.1)
    assert simple.skeleton.vertex_index.tolist() == [BIG, BIG + 4, BIG + 8]
    assert simple.skeleton.get_feature("supervoxel").tolist() == [BIG, BIG + 4, BIG + 8]
    assert simple.skeleton.edges.tolist() == [[BIG + 4, BIG], [BIG + 8, BIG + 4]]
    assert simple.skeleton.root == BIG
    assert simple.annotations.syn.map_index_to_layer("skeleton", missing=-1).tolist() == [
        BIG,
        BIG + 4,
        -1,
    ]
    assert simple.skeleton.map_index_to_layer("graph").tolist() == [0, 1, 1]
    assert cell.skeleton.n_vertices == 5


def test_what_bears_a_synapse_can_be_kept(cell):
    simple = simplify(cell, factor=9, keep="syn")
    assert simple.skeleton.vertex_index.tolist() == [BIG, BIG + 2, BIG + 6, BIG + 8]


def test_the_cable_length_before_and_after_is_reported(cell):
    simple, before, after = simplify(cell.skeleton, 9, return_cable_lengths=True)
    assert isinstance(simple, SkeletonLayer)
    assert (before, after) == (4.0, pytest.approx(8**0.5))
    assert simple.map_index_to_layer("graph").tolist() == [0, 1]


def test_all_branches_of_a_neuron_stay_as_they_were():
    cell = example_cell(3_000)
    for simple in (simplify(cell, 3_000), simplify(cell, factor=7)):
        before, after = cell.skeleton, simple.skeleton
        assert after.n_vertices < 0.6 * before.n_vertices
        for what in ("branch_points", "end_points", "roots", "root"):
            assert np.array_equal(getattr(after, what), getattr(before, what))
        assert simple.annotations.pre_syn.n_vertices == cell.annotations.pre_syn.n_vertices
        assert after.cable_length() > 0.7 * before.cable_length()


def test_a_forest_without_a_stated_root_and_a_mask_that_took_it(two_trees, rooted_at_100):
    simple = simplify(two_trees, factor=9)
    assert sorted(simple.vertex_index.tolist()) == [100, 101, 102, 103, 104, 105, 106, 107]
    masked = rooted_at_100.apply_mask([101, 103, 104])
    simple = simplify(masked, factor=9)
    assert simple.root is None
    assert sorted(simple.vertex_index.tolist()) == [101, 104]
    assert simple.distance_to_root(104) == 2.0


@pytest.mark.parametrize("how", [{"tolerance": 1}, {"factor": 2}], ids=["tolerance", "factor"])
def test_one_vertex_stays_and_none_is_none(two_trees, how):
    assert simplify(two_trees.apply_mask([102]), **how).vertex_index.tolist() == [102]
    assert simplify(two_trees.apply_mask([]), **how).n_vertices == 0


def test_a_segment_graph_becomes_a_plain_skeleton():
    graph = example_cell(500).skeleton.segment_graph(max_length=20_000)
    simple = simplify(graph, factor=3)
    assert type(simple) is SkeletonLayer
    assert np.array_equal(simple.branch_points, graph.branch_points)


@pytest.mark.parametrize("how", [{}, {"tolerance": 1, "factor": 1}], ids=["neither", "both"])
def test_how_to_simplify_must_be_said_once(two_trees, how):
    with pytest.raises(ValueError, match="by tolerance or by factor"):
        simplify(two_trees, **how)


@pytest.mark.parametrize("tolerance", [-1, np.nan])
def test_a_tolerance_is_not_negative(two_trees, tolerance):
    with pytest.raises(ValueError, match=r"tolerance must be .* not -?(1|nan)"):
        simplify(two_trees, tolerance)


def test_a_factor_counts(two_trees):
    with pytest.raises(ValueError, match="factor must be at least 1, not 0"):
        simplify(two_trees, factor=0)
    with pytest.raises(TypeError):
        simplify(two_trees, factor=1.5)
