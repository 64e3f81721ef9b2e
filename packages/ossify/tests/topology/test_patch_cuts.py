import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify.topology.patch_cuts import cut_where_it_pays
from ossify.topology.patches import patch_heads
from ossify.topology.rooted_tree import RootedTree


def entropy(*counts):
    share = np.array([count for count in counts if count]) / max(sum(counts), 1)
    return -sum(counts) * (share * np.log2(share)).sum()


def bits(label, pre, post):
    return sum(entropy(pre[side].sum(), post[side].sum()) for side in (label, ~label))


def labels_of(tree, proposed, cut):
    """Every vertex has the label of the nearest cut at or above it; roots are cuts."""
    label = np.zeros(tree.n_vertices, bool)
    for row in tree.index.order:
        is_cut = cut[row] or tree.parent[row] < 0
        label[row] = proposed[row] if is_cut else label[tree.parent[row]]
    return label


def step_by_step(tree, proposed, pre, post, max_cuts):
    """The definition, with all labels made anew for every cut that could be next."""
    changes = [
        row
        for row in tree.index.order
        if tree.parent[row] >= 0 and proposed[row] != proposed[tree.parent[row]]
    ]
    fee = np.log2(len(changes) + len(tree.roots))
    cut = np.zeros(tree.n_vertices, bool)
    for _ in range(max_cuts):
        left = bits(labels_of(tree, proposed, cut), pre, post)
        best, least = None, left
        for row in changes:
            new = cut.copy()
            new[row] = True
            if bits(labels_of(tree, proposed, new), pre, post) < least - 1e-9:
                best, least = row, bits(labels_of(tree, proposed, new), pre, post)
        if best is None or left - least <= fee + 1e-9 * (pre.sum() + post.sum()):
            break
        cut[best] = True
    return labels_of(tree, proposed, cut)


@given(data=st.data())
def test_one_cut_after_another_is_the_one_that_saves_most(forests, data):
    tree = RootedTree.from_parents(data.draw(forests))
    n = tree.n_vertices
    proposed = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    # Of primes, hardly two cuts save the same.
    counts = st.sampled_from([0, 0, 2, 3, 5, 7, 11, 13, 17])
    pre, post = (np.array(data.draw(st.lists(counts, min_size=n, max_size=n))) for _ in range(2))
    max_cuts = data.draw(st.sampled_from([1, 2, 99]))
    made = cut_where_it_pays(tree, proposed, pre, post, max_cuts)
    expected = step_by_step(tree, proposed, pre, post, max_cuts)
    assert bits(made, pre, post) == pytest.approx(bits(expected, pre, post), abs=1e-6)


def test_a_cut_among_many_has_to_save_more_than_its_name_takes():
    #  root - - - - - -  and twelve tips on it, one of which has a site of its own
    tree = RootedTree.from_parents([-1, *[0] * 12])
    proposed = np.array([False, *[True] * 12])
    pre, post = np.zeros(13, int), np.zeros(13, int)
    post[0], pre[4] = 5, 1
    # The site saves 3.9 bits; the name of one of thirteen patches takes 3.7.
    assert np.flatnonzero(cut_where_it_pays(tree, proposed, pre, post)).tolist() == [4]
    post[0] = 3
    assert not cut_where_it_pays(tree, proposed, pre, post).any()


def test_a_patch_below_another_may_go_back():
    chain = RootedTree.from_parents([-1, 0, 1, 2, 3])
    proposed = np.array([False, True, True, False, False])
    pre, post = np.array([0, 9, 9, 0, 0]), np.array([9, 0, 0, 9, 0])
    cut = cut_where_it_pays(chain, proposed, pre, post)
    assert cut.tolist() == [False, True, True, False, False]
    once = cut_where_it_pays(chain, proposed, pre, post, max_cuts=1)
    assert once.tolist() == [False, True, True, True, True]


def test_patches_are_connected_and_in_preorder(large_forest):
    tree = RootedTree.from_parents(large_forest)
    labels = np.random.default_rng(0).integers(0, 3, tree.n_vertices)
    heads = patch_heads(tree, labels)
    assert (np.diff(heads.places) > 0).all()
    assert (labels[heads.rows][heads.patch_of] == labels).all()
    inner = np.flatnonzero((tree.parent >= 0) & (labels[tree.parent] == labels))
    assert (heads.patch_of[inner] == heads.patch_of[tree.parent[inner]]).all()
    assert len(heads.rows) == tree.n_vertices - len(inner)
    assert heads.patch_of[heads.rows].tolist() == list(range(len(heads.rows)))
    hangs = heads.parent >= 0
    above = tree.parent[heads.rows]
    assert (heads.patch_of[above[hangs]] == heads.parent[hangs]).all()
    assert (above[~hangs] < 0).all()
    for patch in range(0, len(heads.rows), 97):
        below = np.unique(heads.patch_of[tree.subtree_rows(heads.rows[patch])])
        assert below.tolist() == list(range(patch, heads.last[patch]))
