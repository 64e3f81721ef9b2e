import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify import SkeletonLayer
from ossify.structured_prediction import (
    TransitionSchema,
    absorb_small_compartments,
    decode_tree,
    tree_absorb_small_compartments,
    tree_map_decode,
)


def test_labels_below_the_root_are_the_best_and_others_are_not_known():
    #  2   3       0 and 4 are roots; 1 is where decoding begins
    #   \ /
    #    1     5
    #    |     |
    #    0     4
    scores = [[0, 9], [4, 0], [0, 1], [0, 3], [9, 0], [9, 0]]
    labels, cost = tree_map_decode([-1, 0, 1, 1, -1, 4], 1, scores, [[0, 2], [1, 0]])
    assert labels.tolist() == [-1, 0, 0, 1, -1, -1]
    assert cost.tolist() == [0, 0, 0, 2, 0, 0]
    assert cost.dtype == np.float64


def test_a_skeleton_is_decoded_in_all_its_trees(two_trees, by_id):
    schema = TransitionSchema(["dendrite", "axon"], {("axon", "dendrite"): np.inf}, ["dendrite"], 1)
    is_axon = two_trees.vertex_index[:, None] >= 103
    scores = np.where(is_axon, [[0, 2]], [[2, 0]]).astype(float)
    labels, cost = decode_tree(two_trees, scores, schema, return_labels_as="label")
    assert by_id(labels) == {
        **dict.fromkeys([100, 101, 102, 106], "dendrite"),
        **dict.fromkeys([103, 104, 105, 107], "axon"),
    }
    assert by_id(cost) == {**dict.fromkeys([100, 101, 102, 104, 105, 106], 0), 103: 1, 107: 1}
    numbers, _ = decode_tree(two_trees, scores, schema)
    assert numbers.tolist() == (labels == "axon").astype(int).tolist()


def test_a_schema_survives_json():
    schema = TransitionSchema(["a", "b", "c"], {("a", "b"): 2.0}, ["a", "c"], 0.5)
    assert schema.cost_matrix.tolist() == [[0, 2, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]
    assert schema.root_allowed_mask.tolist() == [True, False, True]
    assert (schema.n_classes, schema.class_index("c")) == (3, 2)
    assert TransitionSchema.from_dict(json.loads(json.dumps(schema.to_dict()))) == schema
    assert TransitionSchema(["a"]).root_allowed_mask.tolist() == [True]
    with pytest.raises(ValueError, match="version 2; this ossify reads up to 1"):
        TransitionSchema.from_dict({**schema.to_dict(), "version": 2})


@pytest.mark.parametrize(
    "arguments", [(["a", "a"],), (["a"], {("a", "b"): 1}), (["a"], None, ["b"])]
)
def test_a_schema_knows_its_classes(arguments):
    with pytest.raises(ValueError, match=r"named once|no class 'b'"):
        TransitionSchema(*arguments)


@pytest.mark.parametrize(
    ("scores", "cost", "message"),
    [
        ([[1.0, 2]], np.zeros((2, 2)), r"unaries must be \(2, K\)"),
        (np.zeros((2, 2)), np.zeros((3, 3)), "costs of 2 classes must be square"),
        (np.full((2, 2), np.nan), np.zeros((2, 2)), "must not be NaN"),
        (np.full((2, 2), np.inf), np.zeros((2, 2)), "scores must not be NaN or inf"),
        (np.zeros((2, 2)), np.full((2, 2), np.nan), "must not be NaN"),
        (np.zeros((2, 2)), np.full((2, 2), -np.inf), "costs must not be NaN or −inf"),
    ],
)
def test_scores_and_costs_must_fit(scores, cost, message):
    with pytest.raises(ValueError, match=message):
        tree_map_decode([-1, 0], 0, scores, cost)
    with pytest.raises(ValueError, match="every choice is forbidden"):
        tree_map_decode([-1, 0], 0, np.zeros((2, 1)), [[0]], [False])


@pytest.mark.parametrize("cost", [np.nan, -np.inf])
def test_a_schema_knows_what_a_cost_is(cost):
    for arguments in ({("a", "b"): cost},), (None, None, cost):
        with pytest.raises(ValueError, match="a cost is a number, or inf for what is forbidden"):
            TransitionSchema(["a", "b"], *arguments)


@pytest.mark.parametrize(
    "sizes",
    [
        {"min_size": np.nan},
        {"min_weight": np.nan},
        {"min_weight": 1, "node_weight": [np.nan] + 7 * [1.0]},
    ],
    ids=repr,
)
def test_what_is_small_is_told_by_numbers(two_trees, sizes):
    with pytest.raises(ValueError, match="by sizes or weights that are NaN"):
        absorb_small_compartments(two_trees, ["a"] * 8, **sizes)


def test_small_patches_take_the_label_of_what_they_hang_on(two_trees):
    labels = np.array(["axon"] * 8)
    labels[two_trees.vertex_index == 103] = "soma"
    absorbed = absorb_small_compartments(two_trees, labels, min_size=1)
    assert absorbed.tolist() == ["axon"] * 8
    # A tip has half an edge of cable, and 103 half of three.
    assert (absorb_small_compartments(two_trees, labels, min_weight=0.4) == labels).all()
    assert (absorb_small_compartments(two_trees, labels, min_weight=1.5) == "axon").all()
    labelled = two_trees.copy().add_feature(labels, "kind")
    assert (absorb_small_compartments(labelled, "kind", min_size=1) == absorbed).all()
    with pytest.raises(ValueError, match="give min_size, min_weight or both"):
        absorb_small_compartments(two_trees, labels)
    with pytest.raises(ValueError, match="expected 8 labels"):
        absorb_small_compartments(two_trees, labels[1:], min_size=1)


def test_a_missing_label_is_one_as_well(two_trees):
    labels = np.array(["axon", "axon", None, None, "axon", "axon", "axon", "axon"], dtype=object)
    absorbed = absorb_small_compartments(two_trees, labels, min_size=0)
    assert absorbed.tolist() == labels.tolist()
    known = np.array([2**53 + 1, 2**53 + 2] * 4)
    assert (absorb_small_compartments(two_trees, known, min_size=0) == known).all()


@given(st.data())
def test_nothing_small_is_left_but_at_the_roots(data):
    n = data.draw(st.integers(1, 14))
    parents = np.array([-1, *(data.draw(st.integers(-1, row - 1)) for row in range(1, n))])
    labels = np.array(data.draw(st.lists(st.integers(0, 2), min_size=n, max_size=n)))
    least = data.draw(st.integers(0, 4))
    absorbed = tree_absorb_small_compartments(parents, 0, labels, min_size=least)
    head = np.arange(n)
    for row in range(n):
        if parents[row] >= 0 and absorbed[row] == absorbed[parents[row]]:
            head[row] = head[parents[row]]
    sizes = np.bincount(head, minlength=n)
    assert all(sizes[h] > least or parents[h] < 0 for h in head)
    roots = parents < 0
    assert (absorbed[roots] == labels[roots]).all()
    again = tree_absorb_small_compartments(parents, 0, absorbed, min_size=least)
    assert (again == absorbed).all()


@given(st.data())
def test_what_is_small_is_absorbed_again_and_again_by_what_it_hangs_on(data):
    n = data.draw(st.integers(1, 10))
    parents = [-1, *(data.draw(st.integers(-1, row - 1)) for row in range(1, n))]
    xyz = [[data.draw(st.integers(0, 3)), 0, 0] for _ in range(n)]
    edges = [(row, up) for row, up in enumerate(parents) if up >= 0]
    skeleton = SkeletonLayer("s", xyz, np.array(edges, int).reshape(-1, 2))
    labels = data.draw(st.lists(st.sampled_from("abc"), min_size=n, max_size=n))
    min_size = data.draw(st.none() | st.integers(0, 3))
    min_weight = data.draw(st.sampled_from([0.5, 1.0, 2.5]))
    weight = skeleton.half_edge_length

    now = list(labels)
    while True:
        head = list(range(n))
        for row, up in enumerate(parents):
            if up >= 0 and now[row] == now[up]:
                head[row] = head[up]
        members = {at: [row for row in range(n) if head[row] == at] for at in head}
        small = {
            at
            for at, rows in members.items()
            if parents[at] >= 0
            and (
                (min_size is not None and len(rows) <= min_size) or weight[rows].sum() <= min_weight
            )
        }
        if not small:
            break
        taken = {}
        for at in members:
            holder = at
            while holder in small:
                holder = head[parents[holder]]
            taken[at] = now[holder]
        now = [taken[head[row]] for row in range(n)]
    absorbed = absorb_small_compartments(skeleton, labels, min_size, min_weight=min_weight)
    assert absorbed.tolist() == now
