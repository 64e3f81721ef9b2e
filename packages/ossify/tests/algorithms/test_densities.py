import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify import Cell, Link, example_cell
from ossify.algorithms import synapse_density


@pytest.fixture
def cell(rooted_at_100):
    """Two trees of edges 1 long; 104 and 105 are axon; synapses on 100, 104, 104 and nowhere."""
    compartment = {100: 1, 104: 2, 105: 2}
    skeleton = rooted_at_100.copy()
    skeleton.add_feature([compartment.get(i, 3) for i in skeleton.vertex_index], "compartment")
    skeleton.add_feature(
        pd.array([None if i == 102 else i >= 106 for i in skeleton.vertex_index], dtype="boolean"),
        "is_other",
    )
    return (
        Cell("two trees")
        .add_skeleton(skeleton)
        .add_point_annotations(
            "syn", np.zeros((4, 3)), linkage=Link([100, 104, 104, -1], target="skeleton")
        )
    )


def test_an_edge_counts_for_the_part_that_its_far_end_is_in(cell):
    frame = synapse_density(cell, "syn")
    assert frame.index.name == "compartment"
    assert frame.index.tolist() == ["soma", "axon", "dendrite"]
    assert frame["cable_length"].tolist() == [0.0, 2.0, 4.0]
    assert frame["syn_count"].tolist() == [1, 2, 0]
    assert frame["syn_count"].dtype == np.int64
    assert frame["syn_density"].tolist()[1:] == [1.0, 0.0]
    assert np.isnan(frame["syn_density"].iloc[0])


def test_the_whole_skeleton_is_one_row(cell):
    frame = synapse_density(cell.skeleton, ["syn"], by=None)
    assert frame.to_dict("records") == [
        {"cable_length": 6.0, "syn_count": 3, "syn_density": 0.5},
    ]


def test_vertices_without_a_value_are_a_part_too(cell):
    frame = synapse_density(cell, "syn", by="is_other")
    assert frame["cable_length"].tolist() == [4.0, 1.0, 1.0]
    assert frame.index.tolist()[:2] == [False, True]
    assert frame.index.isna().tolist() == [False, False, True]


def test_codes_that_have_no_name_are_called_by_their_number(cell):
    cell.skeleton.drop_features("compartment")
    cell.skeleton.add_feature(np.full(8, 42), "compartment")
    assert synapse_density(cell, "syn").index.tolist() == ["42"]


def test_parts_add_up_to_the_cell():
    cell = example_cell(2_000)
    frame = synapse_density(cell)
    assert frame["cable_length"].sum() == pytest.approx(cell.skeleton.cable_length())
    assert frame["pre_syn_count"].sum() == cell.annotations.pre_syn.n_vertices
    assert frame.loc["axon", "pre_syn_density"] > frame.loc["dendrite", "pre_syn_density"]


def test_no_vertices_have_no_parts(cell):
    assert len(synapse_density(cell.apply_mask("skeleton", []), "syn")) == 0
    whole = synapse_density(cell.apply_mask("skeleton", []), "syn", by=None)
    assert whole.shape == (1, 3)
    assert (whole.dtypes == synapse_density(cell, "syn", by=None).dtypes).all()


def test_what_is_not_there_is_named(cell):
    with pytest.raises(KeyError, match="no feature 'layer'"):
        synapse_density(cell, "syn", by="layer")
    with pytest.raises(KeyError, match="no layer or annotation 'pre_syn'"):
        synapse_density(cell)


@given(st.data())
def test_each_part_has_the_edges_that_end_in_it_and_what_is_on_its_vertices(data):
    n = data.draw(st.integers(1, 10))
    parents = [-1, *(data.draw(st.integers(-1, row - 1)) for row in range(1, n))]
    xyz = np.array([[data.draw(st.integers(0, 3)), 0, 0] for _ in range(n)], float)
    part = np.array(data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)))
    ids = np.array(data.draw(st.permutations(range(2**53, 2**53 + n))))
    sites = data.draw(st.lists(st.integers(0, n - 1), max_size=8))
    edges = np.array([(row, up) for row, up in enumerate(parents) if up >= 0], int).reshape(-1, 2)
    cell = Cell().add_skeleton(
        xyz, edges, {"part": part}, vertex_index=ids, edges_as_positional=True
    )
    link = Link(ids[np.array(sites, int)], target="skeleton")
    cell.add_point_annotations("syn", np.zeros((len(sites), 3)), linkage=link)
    frame = synapse_density(cell, "syn", by="part")
    assert frame.index.tolist() == sorted(set(part.tolist()))
    for label, row in frame.iterrows():
        length = sum(abs(xyz[r, 0] - xyz[up, 0]) for r, up in edges if part[r] == label)
        count = sum(part[site] == label for site in sites)
        assert row.tolist()[:2] == [length, count]
        expected = count / length if length else np.nan
        assert row["syn_density"] == pytest.approx(expected, nan_ok=True)
