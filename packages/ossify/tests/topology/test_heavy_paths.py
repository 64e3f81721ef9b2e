import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ossify.topology.heavy_paths import HeavyPaths
from ossify.topology.rooted_tree import RootedTree


def rows_of_paths(tree):
    paths = HeavyPaths.of(tree.index)
    rows = tree.index.order[paths.places].astype(int)
    return paths, np.split(rows, np.flatnonzero(paths.is_first)[1:])


def test_a_path_goes_on_to_the_child_with_more_below_it():
    #  4
    #  3   5
    #   \ /
    #    2   6
    #     \ /
    #      1
    #      0
    _, paths = rows_of_paths(RootedTree.from_parents([-1, 0, 1, 2, 3, 2, 1]))
    assert sorted(path.tolist() for path in paths) == [[0, 1, 2, 3, 4], [5], [6]]


def check(tree):
    paths, rows = rows_of_paths(tree)
    assert sorted(paths.places.tolist()) == list(range(tree.n_vertices))
    assert len(paths.layers) - 1 <= np.log2(tree.n_vertices) + 1
    layer = np.empty(tree.n_vertices, int)
    layer[tree.index.order[paths.places]] = np.repeat(
        np.arange(len(paths.layers) - 1), np.diff(paths.layers)
    )
    for path in rows:
        assert (tree.parent[path[1:]] == path[:-1]).all()
        above = tree.parent[path[0]]
        assert layer[path[0]] == (0 if above < 0 else layer[above] + 1)


def test_few_layers_of_paths_cover_every_odd_shape(large_forest):
    check(RootedTree.from_parents(large_forest))


@given(data=st.data())
def test_few_layers_of_paths_cover_a_forest(forests, data):
    check(RootedTree.from_parents(data.draw(forests)))
