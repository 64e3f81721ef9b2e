import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ossify.topology.joining import joined_trees
from ossify.topology.rooted_tree import RootedTree


def test_the_larger_tree_keeps_its_root_and_the_path_in_the_other_turns():
    #   2        5
    #   |        |
    #   1 -new-  4      6
    #   |        |      |
    #   0        3      7
    tree = RootedTree.from_parents([-1, 0, 1, -1, 3, 4, 7, -1])
    joined, hung = joined_trees(tree, [1], [4])
    assert joined.parent.tolist() == [-1, 0, 1, 4, 1, 4, 7, -1]
    assert hung.tolist() == [4]
    stated, hung = joined_trees(tree, [1], [4], stated_root=3)
    assert stated.parent.tolist() == [1, 4, 1, -1, 3, 4, 7, -1]
    assert hung.tolist() == [1]


def test_nothing_to_join_is_the_same_forest():
    tree = RootedTree.from_parents([-1, 0, -1])
    assert joined_trees(tree, [], [])[0] is tree


@given(data=st.data())
def test_the_edges_are_the_old_and_the_new_and_one_root_of_each_group_stays(forests, data):
    tree = RootedTree.from_parents(data.draw(forests))
    n = tree.n_vertices
    group = tree.component_root.copy()
    new = []
    for _ in range(data.draw(st.integers(0, 6))):
        a, b = data.draw(st.integers(0, n - 1)), data.draw(st.integers(0, n - 1))
        if group[a] != group[b]:
            new.append((a, b))
            group[group == group[b]] = group[a]
    stated = data.draw(st.sampled_from([None, *tree.roots.tolist()]))
    ends = np.array(new, dtype=np.int64).reshape(-1, 2)
    joined, hung = joined_trees(tree, ends[:, 0], ends[:, 1], stated)

    def undirected(edges):
        return sorted(tuple(sorted(edge)) for edge in edges)

    assert undirected(joined.edges.tolist()) == undirected(tree.edges.tolist() + new)
    for child, edge in zip(hung.tolist(), new, strict=True):
        assert {child, int(joined.parent[child])} == set(edge)
    sizes = np.bincount(tree.component_root, minlength=n)
    for one in np.unique(group):
        trees = np.unique(tree.component_root[group == one])
        best = max(trees, key=lambda root: (root == stated, sizes[root], -root))
        assert set(joined.roots) & set(trees) == {best}
