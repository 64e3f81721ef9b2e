"""Handing a skeleton to navis: what is refused. What navis makes of it is in ``interop``."""

import sys

import pytest

import ossify
from ossify import Cell
from ossify.errors import UnknownFeatureError, UnknownLayerError


@pytest.fixture
def cell():
    return Cell("y").add_skeleton([[0, 0, 0], [3, 4, 0]], [[1, 0]])


def test_without_navis_it_is_named(cell, monkeypatch):
    monkeypatch.setitem(sys.modules, "navis", None)
    with pytest.raises(ImportError, match="pip install navis"):
        ossify.to_navis(cell)


def test_what_has_no_skeleton_is_refused():
    with pytest.raises(ValueError, match="'y' has no skeleton"):
        ossify.to_navis(Cell("y"))
    with pytest.raises(ValueError, match="with vertices"):
        ossify.to_navis(Cell("y").add_skeleton([], []))
    with pytest.raises(TypeError, match="expected a Cell or a SkeletonLayer, not str"):
        ossify.to_navis("cell.osy")


def test_names_that_are_not_there_are_refused(cell):
    with pytest.raises(UnknownFeatureError, match="no feature 'width'"):
        ossify.to_navis(cell, radius="width")
    with pytest.raises(UnknownLayerError, match="no annotation 'syn'"):
        ossify.to_navis(cell, connectors={"syn": "pre"})
