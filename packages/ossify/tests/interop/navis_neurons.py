"""What navis makes of our skeletons, asked of navis itself.

``nox -s navis`` runs this, in an environment that has navis. An ordinary run of the tests does not
collect it.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import navis

import ossify
from ossify import Cell, Link
from ossify.errors import ConversionError, ConversionWarning
from ossify.io.navis_neurons import navis_neuron

pytestmark = pytest.mark.filterwarnings("ignore:::navis.*", "ignore:::pint.*")

BASE = 864691135639806263

#       3 (+7)      4 (+9)
#            \     /
#             2 (+5)        5 (+11), on its own
#             |
#             1 (+3)
#             |
#  BASE + 1   0  soma
IDS = BASE + np.array([1, 3, 5, 7, 9, 11])
POINTS = np.array(
    [[0, 0, 0], [0, 1000.0625, 0], [0, 2000, 0], [-3, 3000, 0], [3, 3000, 0], [9, 9, 1e6]]
)
EDGES = np.array([[1, 0], [2, 1], [3, 2], [4, 2]])


def cell(units="nm"):
    made = Cell(BASE, units=units).add_skeleton(
        POINTS,
        EDGES,
        vertex_index=IDS,
        root=IDS[0],
        features={
            "compartment": [1, 2, 2, 3, 4, 0],
            "radius": [500.5, 2, 3, 4, np.nan, 6],
            "l2_id": IDS[::-1].copy(),
            "type": list("abcdef"),
        },
    )
    made.add_point_annotations(
        "pre_syn",
        POINTS[[3, 4]] + 1,
        vertex_index=BASE + np.array([101, 103]),
        features={"size": [5, 6], "score": [0.5, 1.5]},
        linkage=Link(IDS[[3, 4]], target="skeleton"),
    )
    made.add_point_annotations(
        "post_syn",
        POINTS[[1]] + 1,
        vertex_index=[BASE + 201],
        features={"size": [7], "score": ["high"]},
        linkage=Link(IDS[[1]], target="skeleton"),
    )
    return made.add_point_annotations("notes", [[0, 0, 0]])


def test_nodes_are_the_vertices_exactly():
    neuron, _ = navis_neuron(cell())
    nodes = neuron.nodes.sort_values("node_id")
    assert nodes["node_id"].dtype == nodes["parent_id"].dtype == np.int64
    assert nodes["node_id"].tolist() == IDS.tolist()
    assert nodes["parent_id"].tolist() == [-1, IDS[0], IDS[1], IDS[2], IDS[2], -1]
    np.testing.assert_array_equal(nodes[["x", "y", "z"]], POINTS)
    np.testing.assert_array_equal(nodes["radius"], [500.5, 2, 3, 4, np.nan, 6])
    assert nodes["label"].tolist() == [1, 2, 2, 3, 4, 0]
    assert nodes["l2_id"].dtype == np.int64
    assert nodes["l2_id"].tolist() == IDS[::-1].tolist()


def test_navis_finds_the_tree_that_we_have():
    made = cell()
    neuron, _ = navis_neuron(made)
    assert sorted(neuron.root) == [IDS[0], IDS[5]]
    assert neuron.n_branches == 1
    assert neuron.n_trees == 2
    assert neuron.cable_length == pytest.approx(made.skeleton.cable_length(), rel=1e-6)


def test_the_neuron_is_called_as_the_cell_and_has_its_units():
    neuron, _ = navis_neuron(cell())
    assert (neuron.name, neuron.id) == (str(BASE), BASE)
    assert neuron.units == navis.config.ureg("1 nanometer")
    assert navis_neuron(cell(units="um"))[0].units == navis.config.ureg("1 micrometer")


def test_units_that_navis_does_not_know_are_reported():
    neuron, report = navis_neuron(cell(units="voxel"))
    assert ("units", "voxel") in [(item.kind, item.name) for item in report]
    assert neuron.units.dimensionless
    neuron, report = navis_neuron(cell(units=None))
    assert neuron.units.dimensionless
    assert "units" not in [item.kind for item in report]


def test_the_soma_is_the_vertex_that_is_said_to_be_one():
    assert navis_neuron(cell())[0].soma == IDS[0]
    made = cell()
    made.skeleton.add_feature([0, 2, 2, 3, 4, 0], "other")
    # Navis alone would take the widest.
    assert navis_neuron(made, compartment="other")[0].soma is None


def test_synapses_are_connectors_of_their_type_at_their_vertex():
    neuron, _ = navis_neuron(cell())
    table = neuron.connectors
    assert table["connector_id"].dtype == table["node_id"].dtype == np.int64
    assert table["connector_id"].tolist() == [BASE + 101, BASE + 103, BASE + 201]
    assert table["node_id"].tolist() == [IDS[3], IDS[4], IDS[1]]
    np.testing.assert_array_equal(table[["x", "y", "z"]], POINTS[[3, 4, 1]] + 1)
    assert table["type"].tolist() == ["pre", "pre", "post"]
    assert table["size"].dtype == np.int64
    assert table["size"].tolist() == [5, 6, 7]
    assert (neuron.n_presynapses, neuron.n_postsynapses) == (2, 1)


def test_types_of_connectors_can_be_chosen():
    neuron, report = navis_neuron(cell(), connectors={"pre_syn": "gap"})
    assert neuron.connectors["type"].tolist() == ["gap", "gap"]
    assert neuron.connectors["score"].tolist() == [0.5, 1.5]
    assert ("annotation", "post_syn") in [(item.kind, item.name) for item in report]


def test_what_has_no_place_is_reported_and_strict_raises():
    _, report = navis_neuron(cell())
    assert {(item.kind, item.name, item.count) for item in report} == {
        ("feature", "type", 6),
        ("feature", "pre_syn/score", 2),
        ("feature", "post_syn/score", 1),
        ("annotation", "notes", 1),
    }
    with pytest.warns(ConversionWarning, match="'notes'"):
        ossify.to_navis(cell())
    with pytest.raises(ConversionError, match="'notes'"):
        ossify.to_navis(cell(), strict=True)


def test_sites_off_the_skeleton_are_reported():
    made = cell().apply_mask("skeleton", [True, True, True, False, True, True])
    neuron, report = navis_neuron(made)
    assert neuron.connectors["connector_id"].tolist() == [BASE + 103, BASE + 201]
    assert ("whole tree", "skeleton", 6) in [(i.kind, i.name, i.count) for i in report]


def test_a_skeleton_alone_is_carried_without_a_word():
    skeleton = ossify.SkeletonLayer("skeleton", [[0, 0, 0], [3, 4, 0]], [[1, 0]])
    neuron = ossify.to_navis(skeleton, strict=True)
    assert neuron.cable_length == 5
    assert neuron.connectors is None


def test_the_example_cell_goes_over_whole(tmp_path):
    made = ossify.example_cell(3_000)
    neuron, _ = navis_neuron(made)
    assert neuron.n_nodes == 3_000
    assert neuron.cable_length == pytest.approx(made.skeleton.cable_length(), rel=1e-5)
    sites = sum(len(layer) for layer in made.annotations)
    assert len(neuron.connectors) == sites
    # What navis writes of it, we read.
    navis.write_swc(neuron, tmp_path / "neuron.swc", labels="label")
    again = ossify.load_swc(tmp_path / "neuron.swc")
    assert again.units == "nm"
    assert again.cable_length() == pytest.approx(made.skeleton.cable_length(), rel=1e-5)
