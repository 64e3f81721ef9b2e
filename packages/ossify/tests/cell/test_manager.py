import copy
import pickle

import numpy as np
import pytest

from ossify import GraphLayer, LayerManager, PointCloudLayer
from ossify.errors import UnknownLayerError


@pytest.fixture
def layers():
    return [PointCloudLayer("b", [[0, 0, 0]]), PointCloudLayer("a b", [[1, 0, 0]])]


def test_layers_are_found_by_name_in_the_order_they_came(layers):
    manager = LayerManager(initial_layers=layers)
    assert manager.names == ["b", "a b"]
    assert list(manager) == layers
    assert len(manager) == 2
    assert manager["a b"] is layers[1]
    assert manager.b is layers[0]
    assert "b" in manager
    assert "c" not in manager
    assert manager.get("c") is None
    assert manager.get("c", 7) == 7
    assert repr(manager) == "LayerManager(layers=['b', 'a b'])"


def test_only_names_that_are_words_are_offered_as_attributes(layers):
    names = dir(LayerManager(initial_layers=layers))
    assert "b" in names
    assert "a b" not in names
    assert "names" in names


def test_an_unknown_name_is_an_error_that_says_what_there_is(layers):
    manager = LayerManager(initial_layers=layers, context="annotation")
    with pytest.raises(UnknownLayerError, match=r"there is no annotation 'c'; there is: 'b', 'a"):
        manager["c"]
    with pytest.raises(AttributeError, match=r'^Annotation "c" does not exist.$'):
        _ = manager.c
    with pytest.raises(KeyError, match=r"there is no layer 'c'; there is: none"):
        LayerManager()["c"]
    assert not hasattr(manager, "c")


def test_layers_can_be_restricted(layers):
    graph = GraphLayer("graph", np.zeros((1, 3)))
    LayerManager(validation="point_cloud_only", initial_layers=layers)
    with pytest.raises(ValueError, match=r"GraphLayer\('graph', .*\) cannot be added as annotat"):
        LayerManager(None, "point_cloud_only", "annotation", [graph])
    with pytest.raises(ValueError, match=r"cannot be added as layer"):
        LayerManager(validation=lambda layer: layer.name == "b", initial_layers=layers)
    with pytest.raises(ValueError, match=r"must be 'any', 'point_cloud_only' or a function, not"):
        LayerManager(validation="x", initial_layers=layers)


def test_it_copies_and_pickles(layers):
    """W5"""
    manager = LayerManager(initial_layers=layers)
    for made in (copy.deepcopy(manager), pickle.loads(pickle.dumps(manager))):
        assert made.names == manager.names
        assert made.b.vertices.tolist() == layers[0].vertices.tolist()


def test_a_description_tells_of_every_layer(layers, capsys):
    LayerManager(initial_layers=layers).describe()
    text = capsys.readouterr().out
    assert "# Layer: b\n  1 vertices" in text
    assert "# Layer: a b" in text
    LayerManager(context="annotation").describe()
    assert capsys.readouterr().out == "no annotations\n"
