import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ossify
from ossify import Cell, SkeletonLayer, label_axon_from_synapse_flow
from ossify.algorithms import label_axon_from_spectral_split, segregation_index
from ossify.compartment import Compartment


def chain(n):
    return SkeletonLayer("chain", [[x, 0, 0] for x in range(n)], [[x, x - 1] for x in range(1, n)])


def forked():
    """A stem of rows 0–9, and on it two arms: rows 10–59 and 60–109."""
    parents = [*range(-1, 59), 9, *range(60, 109)]
    xyz = [[x, 0, 0] for x in range(60)] + [[9, y, 0] for y in range(1, 51)]
    return SkeletonLayer("y", xyz, [[row, up] for row, up in enumerate(parents) if up >= 0])


def test_outputs_and_inputs_balance_half_way():
    """W14"""
    raw = label_axon_from_spectral_split(chain(200), range(10, 40), range(120, 180), raw_split=True)
    assert np.flatnonzero(raw).tolist() == list(range(80))


def test_the_raw_split_is_the_definition_as_dense_matrices_solve_it(two_trees):
    between = two_trees.distance_between()
    rows = np.array([0, 2, 2, 5]), np.array([1, 3, 4, 4, 7])
    adjacency = two_trees.csgraph_binary_undirected.toarray().astype(float)
    degree = adjacency.sum(axis=0)
    system = np.eye(8) - 0.8 * adjacency / np.sqrt(np.outer(degree, degree))
    near = between <= 1
    spread = [
        np.linalg.solve(
            system, near @ np.bincount(of, minlength=8) / (near @ two_trees.half_edge_length)
        )
        for of in rows
    ]
    ids = [two_trees.vertex_index[of] for of in rows]
    for bias in (-0.5, 0, 0.5):
        raw = label_axon_from_spectral_split(
            two_trees, *ids, smoothing_alpha=0.8, axon_bias=bias * 5, raw_split=True
        )
        assert raw.tolist() == (spread[0] * 0.2 + bias * 5 > spread[1] * 0.2).tolist()


def test_an_arm_of_outputs_is_the_axon_up_to_where_it_branches_off():
    pre, post = range(25, 60), [*range(10), *range(75, 110)]
    is_axon = label_axon_from_spectral_split(forked(), pre, post)
    assert np.flatnonzero(is_axon).tolist() == list(range(10, 60))
    exact, index = label_axon_from_spectral_split(
        forked(), pre, post, extend_feature_to_segment=False, return_segregation_index=True
    )
    assert index == 1.0
    assert 10 < np.flatnonzero(exact)[0] <= 25
    assert np.flatnonzero(exact)[-1] == 59


def test_an_axon_that_leaves_the_soma_twice_is_found_in_two_cuts():
    pre, post = [*range(30, 60), *range(80, 110)], [*range(10)] * 6
    arms = label_axon_from_spectral_split(forked(), pre, post)
    assert np.flatnonzero(arms).tolist() == list(range(10, 110))
    one = label_axon_from_spectral_split(
        forked(), pre, post, max_times=1, segregation_index_threshold=0
    )
    assert one.sum() == 50


def test_a_split_that_separates_too_little_is_refused():
    #  Inputs and outputs are mixed on one arm, and the other has inputs alone.
    pre, post = range(20, 60), [*range(10, 60), *range(70, 110)]
    labels, index = label_axon_from_spectral_split(
        forked(), pre, post, return_segregation_index=True, axon_bias=0.1
    )
    assert not labels.any()
    assert index == 0
    accepted, index = label_axon_from_spectral_split(
        forked(), pre, post, return_segregation_index=True, axon_bias=0.1,
        segregation_index_threshold=0.1,
    )  # fmt: skip
    assert accepted.any()
    assert 0.1 < index < 0.5


def test_names_of_annotations_and_ids_of_vertices_are_the_same():
    cell = ossify.example_cell(2_000)
    sites = [
        cell.annotations[name].map_index_to_layer("skeleton") for name in ("pre_syn", "post_syn")
    ]
    by_name = label_axon_from_spectral_split(cell)
    assert by_name.tolist() == label_axon_from_spectral_split(cell.skeleton).tolist()
    assert by_name.tolist() == label_axon_from_spectral_split(cell, *sites).tolist()
    is_axon = cell.skeleton.get_feature("compartment") == Compartment.AXON
    assert (by_name == is_axon).mean() > 0.95


def test_sites_may_be_given_by_row():
    rows = {"pre_syn": range(10, 40), "post_syn": range(120, 180)}
    line = chain(200)
    nodes = line.nodes.set_axis(np.arange(200) + 864691135639806263)
    named = SkeletonLayer("named", nodes, line.edges, edges_as_positional=True)
    by_row = label_axon_from_spectral_split(named, **rows, raw_split=True, as_positional=True)
    assert by_row.any()
    assert (by_row == label_axon_from_spectral_split(line, **rows, raw_split=True)).all()
    with pytest.raises(KeyError, match="named"):
        label_axon_from_spectral_split(named, **rows, raw_split=True)


def test_masked_it_labels_what_is_left():
    cell = ossify.example_cell(2_000)
    whole = label_axon_from_spectral_split(cell)
    far = cell.skeleton.distance_to_root() > 30_000
    masked = cell.apply_mask("skeleton", far)
    assert masked.skeleton.root is None
    assert (label_axon_from_spectral_split(masked) == whole[far]).mean() > 0.95


@pytest.mark.parametrize("raw_split", [True, False])
def test_without_sites_nothing_is_axon(raw_split):
    for pre, post in ([[], []], [[], [1, 2]]):
        labels, index = label_axon_from_spectral_split(
            chain(5), pre, post, raw_split=raw_split, return_segregation_index=True
        )
        assert labels.tolist() == [False] * 5
        assert index == 0


def test_without_inputs_the_threshold_decides():
    assert not label_axon_from_spectral_split(chain(5), [3], []).any()
    assert (
        label_axon_from_spectral_split(chain(5), [3], [], segregation_index_threshold=0).tolist()
        == [True] * 5
    )


def test_one_vertex_and_none():
    lone = chain(1)
    for pre, post, expected in [([0, 0], [0], True), ([0], [0], False), ([], [], False)]:
        raw = label_axon_from_spectral_split(lone, pre, post, raw_split=True)
        assert raw.tolist() == [expected]
        assert label_axon_from_spectral_split(lone, pre, post).tolist() == [False]
    none = lone.apply_mask([])
    for raw_split in (True, False):
        labels = label_axon_from_spectral_split(none, [], [], raw_split=raw_split)
        assert labels.shape == (0,)
        assert labels.dtype == bool


def test_wrong_input_is_refused():
    skeleton = chain(3)
    for message, arguments in [
        ("max_times must be at least 1, not 0", {"max_times": 0}),
        ("aggregation_distance cannot be negative", {"aggregation_distance": -1}),
        ("alpha must be", {"smoothing_alpha": 1.0}),
    ]:
        with pytest.raises(ValueError, match=message):
            label_axon_from_spectral_split(skeleton, [0], [1], **arguments)
    with pytest.raises(KeyError, match="pre_syn"):
        label_axon_from_spectral_split(skeleton)
    with pytest.raises(KeyError, match="999"):
        label_axon_from_spectral_split(skeleton, [999], [])
    with pytest.raises(ValueError, match="has no skeleton"):
        label_axon_from_spectral_split(Cell("empty"))


@given(st.data())
def test_whatever_is_labelled_is_a_label_per_vertex_and_its_index(data):
    n = data.draw(st.integers(1, 12))
    parents = [-1, *(data.draw(st.integers(-1, row - 1)) for row in range(1, n))]
    edges = [[row, up] for row, up in enumerate(parents) if up >= 0]
    xyz = [[data.draw(st.integers(0, 2)), 0, 0] for _ in range(n)]
    skeleton = SkeletonLayer("s", xyz, np.array(edges, int).reshape(-1, 2))
    pre, post = (data.draw(st.lists(st.integers(0, n - 1), max_size=9)) for _ in range(2))
    options = {
        "aggregation_distance": data.draw(st.sampled_from([0, 1, 5])),
        "raw_split": data.draw(st.booleans()),
        "extend_feature_to_segment": data.draw(st.booleans()),
        "segregation_index_threshold": data.draw(st.sampled_from([0, 0.3, 1])),
    }
    labels, index = label_axon_from_spectral_split(
        skeleton, pre, post, return_segregation_index=True, **options
    )
    assert labels.shape == (n,)
    counts = [[(labels[of] == side).sum() for of in (pre, post)] for side in (True, False)]
    assert index == segregation_index(*counts[0], *counts[1])
    if not options["raw_split"]:
        assert index >= options["segregation_index_threshold"] or not labels.any()
        if options["extend_feature_to_segment"]:
            for segment in skeleton.segments_positional:
                assert len(set(labels[segment].tolist())) == 1


def test_a_real_cell_is_split_as_synapse_flow_splits_it(real_data):
    cell = ossify.load_cell(real_data / "osy" / "864691135336055529_v1.0.osy")
    cable = cell.skeleton.half_edge_length
    spectral, index = label_axon_from_spectral_split(cell, return_segregation_index=True)
    assert index > 0.85
    assert cable[spectral == label_axon_from_synapse_flow(cell)].sum() / cable.sum() > 0.99
    service = cell.skeleton.get_feature("compartment") == Compartment.AXON
    assert cable[spectral == service].sum() / cable.sum() > 0.99


@given(st.data())
def test_the_raw_split_of_a_forest_is_the_definition(data):
    n = data.draw(st.integers(1, 10))
    parents = [-1, *(data.draw(st.integers(-1, row - 1)) for row in range(1, n))]
    edges = np.array([(row, up) for row, up in enumerate(parents) if up >= 0], int).reshape(-1, 2)
    skeleton = SkeletonLayer("s", [[x, 0, 0] for x in data.draw(st.permutations(range(n)))], edges)
    sites = [data.draw(st.lists(st.integers(0, n - 1), max_size=9)) for _ in range(2)]
    distance = data.draw(st.sampled_from([0, 1, 4]))
    alpha = data.draw(st.sampled_from([0, 0.5, 0.9]))
    near = skeleton.distance_between() <= distance
    cable = near @ skeleton.half_edge_length
    adjacency = skeleton.csgraph_binary_undirected.toarray().astype(float)
    roots = np.sqrt(np.maximum(adjacency.sum(axis=0), 1))
    system = np.eye(n) - alpha * adjacency / np.outer(roots, roots)
    pre, post = (
        np.linalg.solve(
            system, near @ np.bincount(rows, minlength=n) / np.where(cable > 0, cable, 1)
        )
        for rows in (np.array(some, int) for some in sites)
    )
    raw = label_axon_from_spectral_split(
        skeleton, *sites, distance, smoothing_alpha=alpha, raw_split=True
    )
    # Where they are equal, rounding may decide.
    clear = abs(pre - post) > 1e-9
    assert raw[clear].tolist() == (pre > post)[clear].tolist()
