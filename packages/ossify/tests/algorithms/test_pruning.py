import numpy as np
import pytest

from ossify import Cell, Link, SkeletonLayer
from ossify.algorithms import prune

SYNAPSE = 864691135639806263


@pytest.fixture
def cell(rooted_at_100):
    """Two trees; a synapse on 102 and one on 105."""
    return (
        Cell("two trees")
        .add_skeleton(rooted_at_100)
        .add_point_annotations(
            "pre_syn",
            np.zeros((2, 3)),
            vertex_index=np.array([SYNAPSE, SYNAPSE + 2]),
            linkage=Link([102, 105], target="skeleton"),
        )
    )


def ids(skeleton):
    return sorted(skeleton.vertex_index.tolist())


def test_what_is_linked_goes_with_the_twig(cell):
    pruned = prune(cell, min_length=1.5)
    assert ids(pruned.skeleton) == [100, 101, 103, 106, 107]
    assert len(pruned.annotations.pre_syn) == 0
    assert ids(cell.skeleton) == list(range(100, 108))
    assert pruned.skeleton.distance_to_root(103) == 2.0


def test_a_synapse_keeps_its_twig(cell):
    pruned = prune(cell, 1.5, keep="pre_syn")
    assert ids(pruned.skeleton) == [100, 101, 102, 103, 105, 106, 107]
    assert pruned.annotations.pre_syn.vertex_index.tolist() == [SYNAPSE, SYNAPSE + 2]
    assert ids(prune(cell.skeleton, 1.5, keep=["pre_syn"])) == ids(pruned.skeleton)
    by_mask = cell.skeleton.vertex_index == 104
    assert 104 in prune(cell, 1.5, keep=by_mask).skeleton.vertex_index
    row = np.flatnonzero(by_mask)
    assert 104 in prune(cell, 1.5, keep=row, as_positional=True).skeleton.vertex_index


def test_a_skeleton_gives_a_skeleton_and_hops_do_too(two_trees):
    pruned = prune(two_trees, min_hops=2)
    assert isinstance(pruned, SkeletonLayer)
    assert ids(pruned) == [100, 101, 103, 106, 107]
    # With 102 kept, 103 becomes the end of a twig that is too short itself.
    again = prune(two_trees, min_hops=2, keep=[102], recursive=True)
    assert ids(again) == [100, 101, 102, 106, 107]


def test_without_its_root_a_masked_skeleton_is_pruned_all_the_same(rooted_at_100):
    masked = rooted_at_100.apply_mask([103, 104, 105, 102])
    assert masked.root is None
    assert ids(prune(masked, 2)) == [102, 103]
    assert ids(prune(masked.apply_mask([]), 2)) == []


@pytest.mark.parametrize("limits", [{"min_length": -1}, {"min_length": np.nan}, {"min_hops": -2}])
def test_a_limit_is_not_negative(two_trees, limits):
    with pytest.raises(ValueError, match="cannot be negative or NaN"):
        prune(two_trees, **limits)


def test_a_limit_must_be_given(two_trees):
    with pytest.raises(ValueError, match="say how long twigs must be"):
        prune(two_trees)


def test_a_fraction_of_a_hop_is_refused(two_trees):
    with pytest.raises(TypeError, match="integer"):
        prune(two_trees, min_hops=1.5)


def test_an_annotation_that_is_not_there_is_named(cell):
    with pytest.raises(KeyError, match="no layer or annotation 'spines'"):
        prune(cell, 1, keep="spines")
