import gc
import weakref

import numpy as np
import pandas as pd
import pytest

from ossify import Cell, Link, PointCloudLayer
from ossify.errors import MaskError, UnknownLayerError
from ossify.layers.siblings import Siblings


@pytest.fixture
def cell(skeleton, graph):
    # Both layers are drawn in conftest.
    link = Link([104, 104, 103, 106, -1], target="skeleton")
    return Cell().add_layer(skeleton).add_graph(graph, linkage=link)


def test_a_layer_on_its_own_is_its_own_only_sibling(layer):
    assert [member.name for member in layer._siblings] == [layer.name]
    assert layer.mask_out_unmapped().n_vertices == layer.n_vertices
    assert layer.get_unmapped_vertices().tolist() == []


def test_a_layer_does_not_keep_its_cell_alive(graph):
    cell = Cell().add_layer(graph)
    layer, gone = cell.graph, weakref.ref(cell)
    del cell
    gc.collect()
    assert gone() is None
    assert layer.n_vertices == 5


def test_one_name_is_one_member(points):
    siblings = Siblings()
    siblings.add(points, siblings.annotations)
    with pytest.raises(ValueError, match=r"annotation 'spines' already; .* remove_annotation\('"):
        siblings.add(points, siblings.layers)
    assert siblings.layers == {}
    assert siblings["spines"].vertex_index.tolist() == points.vertex_index.tolist()


def test_what_is_taken_in_is_a_copy_of_the_layer(cell, points):
    cell.add_layer(points)
    cell.layers.spines.add_feature([1, 2], "size")
    assert points.feature_names == []
    points.transform(lambda xyz: xyz + 1, inplace=True)
    assert cell.layers.spines.vertices.min() == 0


def test_a_member_that_is_not_there_is_named_with_those_that_are(cell):
    with pytest.raises(UnknownLayerError, match=r"'syn'; there is 'skeleton', 'graph'$"):
        cell._siblings["syn"]
    with pytest.raises(UnknownLayerError, match=r"'syn'; there is nothing$"):
        Siblings()["syn"]


def test_a_removed_layer_goes_on_alone(cell):
    graph = cell.graph
    cell.remove_layer("graph")
    assert graph.n_vertices == 5
    assert graph.apply_mask([10]).n_vertices == 1
    with pytest.raises(UnknownLayerError):
        graph.map_index_to_layer("skeleton")


def test_masked_siblings_are_apart_from_the_whole_ones(cell):
    masked = cell.graph.apply_mask([10, 12])
    skeleton = masked._siblings["skeleton"]
    assert skeleton.vertex_index.tolist() == [104, 103]
    skeleton.add_feature([1, 2], "new")
    assert "new" not in cell.skeleton.feature_names
    assert skeleton.map_index_to_layer("graph").tolist() == [10, 12]


def test_a_moved_copy_of_a_layer_has_no_siblings(cell):
    for made in (cell.graph.copy(), cell.graph.transform(lambda xyz: xyz)):
        with pytest.raises(UnknownLayerError, match=r"there is 'graph'$"):
            made.map_index_to_layer("skeleton")


def test_a_chain_of_links_is_followed_through_annotations_and_point_layers():
    cell = Cell()
    for name, target in (("a", None), ("b", "a"), ("c", "b"), ("d", "c")):
        link = None if target is None else Link([1, 0], target=target)
        cell.add_layer(PointCloudLayer(name, np.zeros((2, 3))), link)
    assert cell.layers.d.map_index_to_layer("a").tolist() == [1, 0]
    assert cell.apply_mask("a", [0]).layers.d.vertex_index.tolist() == [1]


@pytest.fixture
def five():
    return PointCloudLayer("five", np.zeros((5, 3)), vertex_index=[100, 101, 102, 103, 104])


class TestBooleanSeries:
    def test_they_go_by_the_vertex_ids_in_their_index(self, five):
        nodes = five.nodes.sort_index(ascending=False)
        chosen = nodes.index > 102
        assert five._rows(pd.Series(chosen, index=nodes.index)).tolist() == [3, 4]

    def test_without_ids_in_their_index_they_are_in_row_order(self, five):
        assert five._rows(pd.Series([True, False, False, False, True])).tolist() == [0, 4]

    def test_an_index_of_something_else_is_refused(self, five):
        with pytest.raises(MaskError, match=r"the index of a boolean Series must hold the vertex"):
            five._rows(pd.Series([True] * 5, index=[7, 8, 9, 10, 11]))

    def test_gaps_are_refused(self, five):
        gaps = pd.array([True, None, True, False, False], dtype="boolean")
        with pytest.raises(MaskError, match=r"missing values"):
            five._rows(gaps)


def test_lists_of_ids_of_several_kinds_are_exact():
    large = 10**17
    layer = PointCloudLayer("p", [[0, 0, 0], [1, 0, 0]], vertex_index=[large, large + 1])
    assert layer._rows([large + 1, np.uint64(large)]).tolist() == [1, 0]
