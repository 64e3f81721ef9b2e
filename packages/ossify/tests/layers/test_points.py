import numpy as np
import pytest

from ossify import Cell, Link, PointCloudLayer
from ossify.errors import LinkError, UnknownLayerError

BIG = 2**53 + 1


@pytest.fixture
def cell(skeleton):
    """Four synapses on the tree of conftest: on 104, on 106, on 104 again, and on nothing."""
    synapses = [BIG, 9, 8, 7]
    return (
        Cell()
        .add_layer(skeleton)
        .add_point_annotations(
            "syn",
            np.zeros((4, 3)),
            vertex_index=synapses,
            features={"size": [1, 2, 3, 4]},
            linkage=Link([104, 106, 104, -1], target="skeleton"),
        )
    )


def test_distance_to_root_is_that_of_the_skeleton_vertex(cell):
    synapses = cell.annotations.syn
    distances = synapses.distance_to_root()
    assert distances.tolist()[:3] == [3, 2, 3]
    assert np.isnan(distances[3])
    assert synapses.distance_to_root([9, BIG]).tolist() == [2, 3]
    assert synapses.distance_to_root([1], as_positional=True).tolist() == [2]
    assert synapses.distance_to_root(9) == 2.0
    assert synapses.distance_to_root([]).shape == (0,)


def test_distance_between_takes_ids(cell):
    """W21"""
    synapses = cell.annotations.syn
    assert synapses.distance_between([BIG, 9]).tolist() == [[0, 5], [5, 0]]
    everything = synapses.distance_between()
    assert everything[:3, :3].tolist() == [[0, 5, 0], [5, 0, 5], [0, 5, 0]]
    assert np.isnan(everything[3]).all()
    assert synapses.distance_between([0, 1], as_positional=True).tolist() == [[0, 5], [5, 0]]
    assert synapses.distance_between([BIG, 9], limit=4).tolist() == [[0, np.inf], [np.inf, 0]]


@pytest.mark.parametrize("via", ["graph", "mesh"])
def test_distance_between_can_go_along_another_layer(request, via):
    layer = request.getfixturevalue(via)
    cell = Cell().add_layer(layer)
    targets = layer.vertex_index[[0, 1]]
    cell.add_point_annotations("syn", np.zeros((2, 3)), linkage=Link(targets, target=via))
    assert cell.annotations.syn.distance_between(via=via).tolist() == [[0, 3], [3, 0]]


@pytest.mark.parametrize("via", ["graph", "points", "syn", "nothing"])
def test_what_cannot_be_measured_along_is_named(cell, via):
    cell.add_point_layer("cloud", [[0, 0, 0]])
    with pytest.raises(LinkError, match=rf"layer 'syn': there is no '{via}' to measure along"):
        cell.annotations.syn.distance_between(via=via)


def test_a_point_cloud_on_its_own_has_no_root(points):
    with pytest.raises(ValueError, match=r"layer 'spines': there is no 'skeleton' to measure al"):
        points.distance_to_root()


def test_points_without_a_link_have_no_root(skeleton, points):
    cell = Cell().add_layer(skeleton).add_point_annotations("spines", points)
    with pytest.raises(LinkError, match=r"no link leads from 'spines' to 'skeleton'"):
        cell.annotations.spines.distance_to_root()


def test_filter_takes_booleans_or_ids_of_the_other_layer(cell):
    synapses = cell.annotations.syn
    on_skeleton = cell.skeleton.vertex_index == 104
    assert synapses.filter(on_skeleton, "skeleton").index.tolist() == [BIG, 8]
    assert synapses.filter([104, 103], "skeleton")["size"].tolist() == [1, 3]
    assert synapses.filter([7], "syn").index.tolist() == [7]
    with pytest.raises(UnknownLayerError, match=r"there is no layer or annotation 'mesh'; there"):
        synapses.filter([0], "mesh")


def test_the_arguments_stand_in_the_order_of_the_published_one():
    layer = PointCloudLayer("spines", [[0, 0, 0]], ["x", "y", "z"])
    assert layer.name == "spines"
