import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify.errors import TopologyError
from ossify.topology.flow import synapse_betweenness
from ossify.topology.rooted_tree import RootedTree


def test_paths_between_inputs_and_outputs_are_counted_on_every_edge():
    #   2 (3 outputs)   3 (2 inputs)
    #            \     /
    #               1
    #               |
    #               0 (1 input, 1 output)
    tree = RootedTree.from_parents([-1, 0, 1, 1])
    flow = synapse_betweenness(tree, np.array([1, 0, 3, 0]), np.array([1, 0, 0, 2]))
    # above 1: 3 outputs x 1 input + 1 output x 2 inputs; above 2: 3 x 3; above 3: 2 x 4
    assert flow.tolist() == [0, 5, 9, 8]
    assert flow.dtype == np.int64


def test_sites_in_another_tree_do_not_count():
    tree = RootedTree.from_parents([-1, 0, -1, 2])
    assert synapse_betweenness(tree, np.array([0, 1, 0, 0]), np.array([1, 0, 5, 5])).tolist() == [
        0, 1, 0, 0,
    ]  # fmt: skip


def test_products_beyond_32_bits_are_exact():
    counts = np.zeros(10, dtype=np.int32)
    counts[0] = 70_000
    chain = RootedTree.from_parents(np.arange(10) - 1)
    assert synapse_betweenness(chain, counts[::-1], counts)[5] == 4_900_000_000


def test_products_beyond_64_bits_are_an_error():
    chain = RootedTree.from_parents([-1, 0])
    with pytest.raises(OverflowError, match="4294967296 presynaptic times 4294967296"):
        synapse_betweenness(chain, np.array([0, 2**32]), np.array([2**32, 0]))


def test_an_empty_tree_has_no_flow():
    none = np.zeros(0, dtype=int)
    assert synapse_betweenness(RootedTree.from_parents([]), none, none).shape == (0,)


@pytest.mark.parametrize(
    ("pre", "message"),
    [
        pytest.param([1, 2, 3], "presynaptic counts must be 2 integers", id="length"),
        pytest.param([1.0, 2.0], "presynaptic counts must be 2 integers", id="floats"),
        pytest.param([0, -1], "row 1 has -1 presynaptic sites", id="negative"),
    ],
)
def test_what_is_no_count_is_refused(pre, message):
    with pytest.raises(TopologyError, match=message):
        synapse_betweenness(RootedTree.from_parents([-1, 0]), np.array(pre), np.array([0, 0]))


@given(data=st.data())
def test_it_is_what_the_definition_says(forests, data):
    tree = RootedTree.from_parents(data.draw(forests))
    n = tree.n_vertices
    counts = st.lists(st.integers(0, 4), min_size=n, max_size=n).map(np.array)
    pre, post = data.draw(counts), data.draw(counts)
    flow = synapse_betweenness(tree, pre, post)
    for row in range(n):
        below = tree.subtree_mask([row])
        others = (tree.component_root == tree.component_root[row]) & ~below
        outward = pre[below].sum() * post[others].sum()
        assert flow[row] == outward + pre[others].sum() * post[below].sum()
