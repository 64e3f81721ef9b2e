"""Files that every published release wrote from one small cell, read for ever.

``tests/interop/little_cell.py`` has the arrays that they were made of, ``specimens.py`` beside it
the calls that made them. What is expected is written out here.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from ossify import load_cell, save_cell
from ossify.io.osy import describe_file
from ossify.testing import assert_cells_equal

# The skeleton, by id; 15 to 17 are axon, the others but the soma 10 dendrite:
#
#      13   14   17
#        \ /      |
#        12      16      19
#         |       |       |
#        11      15      18
#          \      |      /
#           +--- 10 ---+

RELEASES = ["0.0.4", "0.1.0", "0.2.0", "0.3.0"]
GRAPH = 2**60
# What is kept: all, soma and dendrites, and dendrites alone, which are two pieces.
KEPT = {
    "whole": [10, 11, 12, 13, 14, 15, 16, 17, 18, 19],
    "masked": [10, 11, 12, 13, 14, 18, 19],
    "pieces": [11, 12, 13, 14, 18, 19],
}
ROOTS = {"whole": [10], "masked": [10], "pieces": [11, 18]}
TO_ROOT = {10: 0, 11: 5, 12: 10, 13: 12, 14: 12, 15: 1, 16: 2, 17: 4, 18: 10, 19: 11}
PARENTS = {11: 10, 12: 11, 13: 12, 14: 12, 15: 10, 16: 15, 17: 16, 18: 10, 19: 18}
RADIUS = {vertex: (20 - vertex) / 10 for vertex in range(10, 20)}
# By the part of the cell that is kept.
FACES = {
    "whole": [[0, 1, 2], [1, 2, 3], [3, 4, 5]],
    "masked": [[0, 1, 2], [1, 2, 3]],
    "pieces": [[0, 1, 2], [1, 2, 3]],
}
SYNAPSES = {"whole": [0, 1, 2, 3], "masked": [0, 1], "pieces": [0, 1]}
# Each graph vertex is on the skeleton vertex at its place; the last is one more on 13.
ON_SKELETON = [10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 13]


@pytest.fixture(params=RELEASES)
def release(request):
    return request.param


@pytest.fixture(params=KEPT)
def part(request):
    return request.param


@pytest.fixture
def path(release, part):
    return Path(__file__).parent / "data" / f"written_by_{release}_{part}.osy"


@pytest.fixture
def cell(path):
    return load_cell(path)


def links(cell, source, target):
    """Target ids by source ids."""
    managers = {name: group for group in (cell.layers, cell.annotations) for name in group.names}
    ends = [managers[name][name].vertex_index for name in (source, target)]
    rows = cell.linkage.tables[source, target].rows
    return dict(zip(ends[0].tolist(), ends[1][rows].tolist(), strict=True))


def test_the_version_is_the_one_of_the_release(path, release):
    assert describe_file(path).version == ((1, 0) if release == "0.0.4" else (2, 0))


def test_name_and_meta_are_as_they_were(cell):
    assert cell.name == 864691135639806263
    assert cell.meta == {"purpose": "specimen", "scale": [4, 4, 40]}
    assert sorted(cell.layers.names) == ["graph", "mesh", "skeleton"]
    assert cell.annotations.names == ["syn"]


def test_the_skeleton_is_the_one_that_was_kept(cell, part):
    skeleton = cell.skeleton
    assert skeleton.vertex_index.tolist() == KEPT[part]
    kept = {edge for edge in PARENTS.items() if set(edge) <= set(KEPT[part])}
    assert set(map(tuple, skeleton.edges.tolist())) == kept
    assert skeleton.roots.tolist() == ROOTS[part]
    assert skeleton.root == (None if part == "pieces" else 10)


def test_coordinates_that_fit_are_exact(cell):
    points = dict(zip(cell.skeleton.vertex_index.tolist(), cell.skeleton.vertices, strict=True))
    assert points[13].tolist() == [-2, 6, 8]
    assert points[19].tolist() == [6, 0, 9]


def test_distances_are_measured_on_the_tree_before_the_mask(cell, part):
    expected = [TO_ROOT[vertex] for vertex in KEPT[part]]
    assert cell.skeleton.distance_to_root().tolist() == expected
    assert cell.skeleton.base_root == 10


def test_skeleton_features_are_as_exact_as_the_release_wrote_them(cell, part, release):
    expected = np.array([RADIUS[vertex] for vertex in KEPT[part]])
    stored = expected if release == "0.0.4" else expected.astype(np.float32)
    np.testing.assert_array_equal(cell.skeleton.get_feature("radius"), stored)
    compartment = cell.skeleton.get_feature("compartment")
    assert set(compartment[1:].tolist()) == ({3} if part != "whole" else {2, 3})


def test_the_graph_keeps_its_long_ids(cell, part):
    kept = [place for place, on in enumerate(ON_SKELETON) if on in KEPT[part]]
    graph = cell.graph
    assert graph.vertex_index.tolist() == [GRAPH + place for place in kept]
    expected = {(GRAPH + b, GRAPH + a) for a, b in zip(kept, kept[1:], strict=False) if b == a + 1}
    assert {tuple(sorted(edge, reverse=True)) for edge in graph.edges.tolist()} == expected
    assert graph.get_feature("size_nm3").tolist() == [2**40 + place for place in kept]
    assert graph.get_feature("is_axon").tolist() == [place in (5, 6, 7) for place in kept]


def test_the_mesh_keeps_the_faces_whose_corners_are_kept(cell, part):
    assert cell.mesh.faces.tolist() == FACES[part]
    assert links(cell, "mesh", "skeleton") == {
        vertex: on for vertex, on in enumerate([13, 13, 13, 14, 17, 17]) if on in KEPT[part]
    }


def test_links_lead_where_they_led(cell, part):
    assert links(cell, "graph", "skeleton") == {
        GRAPH + place: on for place, on in enumerate(ON_SKELETON) if on in KEPT[part]
    }
    on_graph = [GRAPH + 1, GRAPH + 10, GRAPH + 6, GRAPH + 7]
    assert links(cell, "syn", "graph") == {
        5_000_000_001 + place: on_graph[place] for place in SYNAPSES[part]
    }
    assert len(cell.linkage.tables) == 3


def test_synapses_keep_partners_that_no_float_holds(cell, part):
    synapses = cell.annotations.syn
    partners = [864691135639806265 + place for place in SYNAPSES[part]]
    assert synapses.get_feature("partner").tolist() == partners
    assert synapses.get_feature("size").tolist() == [100 * (p + 1) for p in SYNAPSES[part]]
    tags = ["spine", "shaft", "bouton", "bouton"]
    assert list(synapses.get_feature("tag")) == [tags[place] for place in SYNAPSES[part]]


def test_saved_by_this_version_it_is_still_the_same(cell):
    file = io.BytesIO()
    save_cell(cell, file)
    assert_cells_equal(load_cell(io.BytesIO(file.getvalue())), cell)
