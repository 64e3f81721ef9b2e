import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ossify
from ossify import Cell, Link, SkeletonLayer
from ossify.algorithms import (
    label_axon_from_spectral_split,
    label_axon_from_synapse_flow,
    segregation_index,
    synapse_betweenness,
)
from ossify.errors import UnknownLayerError, UnknownVertexError

#   14   15  16
#     \  /  /
#      13  /
#      |  /
#      12
#      |
#      11   17 - 18
#       \  /
#        10
IDS = [10, 11, 12, 13, 14, 15, 16, 17, 18]
PARENTS = {11: 10, 12: 11, 13: 12, 14: 13, 15: 13, 16: 12, 17: 10, 18: 17}
XYZ = [
    (0, 0, 0),
    (-1, 1, 0),
    (-1, 5, 0),
    (-1, 6, 0),
    (-2, 7, 0),
    (0, 7, 0),
    (1, 7, 0),
    (1, 1, 0),
    (2, 1, 0),
]
OUTPUTS, INPUTS = [14, 15, 16, 14], [10, 17, 18, 18]
AXON = [False, False, True, True, True, True, True, False, False]


@pytest.fixture
def skeleton():
    nodes = pd.DataFrame(np.array(XYZ, float), columns=list("xyz"), index=IDS)
    return SkeletonLayer("skeleton", nodes, list(PARENTS.items()), root=10)


@pytest.fixture
def cell(skeleton):
    cell = Cell().add_layer(skeleton)
    for name, sites in (("pre_syn", OUTPUTS), ("post_syn", INPUTS)):
        link = Link(sites, target="skeleton")
        cell.add_point_annotations(name, np.zeros((len(sites), 3)), linkage=link)
    return cell


class TestSegregationIndex:
    @pytest.mark.parametrize(
        "counts", [(10, 0, 0, 10), (0, 10, 10, 0), (3, 0, 0, 1), (1, 0, 0, 10**9)]
    )
    def test_each_kind_on_a_side_of_its_own_is_one(self, counts):
        """W0"""
        np.full((2, 2), np.nan).copy()
        assert segregation_index(*counts) == 1.0

    @pytest.mark.parametrize("counts", [(5, 5, 5, 5), (2, 4, 3, 6), (0, 0, 10, 10), (7, 3, 0, 0)])
    def test_the_same_mix_on_both_sides_is_nothing(self, counts):
        """W0"""
        assert segregation_index(*counts) == pytest.approx(0, abs=1e-12)
        assert segregation_index(*counts) >= 0

    @pytest.mark.parametrize("counts", [(0, 0, 0, 0), (4, 0, 2, 0), (0, 4, 0, 2)])
    def test_without_one_kind_there_is_nothing_to_segregate(self, counts):
        assert segregation_index(*counts) == 0

    def test_it_is_one_minus_the_ratio_of_entropies(self):
        """W0"""
        # 10 outputs alone on the axon; 3 outputs and 10 inputs on the dendrite.
        h = lambda p: -p * np.log2(p) - (1 - p) * np.log2(1 - p)  # noqa: E731
        expected = 1 - (13 * h(3 / 13)) / (23 * h(13 / 23))
        assert segregation_index(10, 0, 3, 10) == pytest.approx(expected, rel=1e-12)

    @given(st.tuples(*[st.integers(0, 40)] * 4))
    def test_it_lies_between_0_and_1_and_does_not_mind_which_side_is_which(self, counts):
        index = segregation_index(*counts)
        assert 0 <= index <= 1
        assert segregation_index(*counts[2:], *counts[:2]) == pytest.approx(index, abs=1e-9)

    @pytest.mark.parametrize("number", [-1, np.nan, np.inf])
    def test_what_is_no_number_of_sites_is_refused(self, number):
        with pytest.raises(ValueError, match=r"numbers of sites cannot be negative, NaN or inf"):
            segregation_index(number, 0, 0, 1)


class TestSynapseBetweenness:
    def test_it_counts_the_paths_over_the_edge_above(self, cell):
        row = {vertex: place for place, vertex in enumerate(IDS)}
        pre = [row[v] for v in OUTPUTS]
        post = [row[v] for v in INPUTS]
        expected = [0, 16, 16, 12, 8, 4, 4, 12, 8]
        assert synapse_betweenness(cell.skeleton, pre, post).tolist() == expected
        assert synapse_betweenness(cell, pre_inds=pre, post_inds=post).tolist() == expected

    def test_no_sites_make_no_paths(self, skeleton):
        assert synapse_betweenness(skeleton, [], []).tolist() == [0] * 9

    def test_rows_outside_are_refused(self, skeleton):
        with pytest.raises(UnknownVertexError, match=r"row 9 is outside 0 … 8"):
            synapse_betweenness(skeleton, [9], [0])


class TestAxon:
    def test_the_axon_is_beyond_the_cut(self, cell):
        # Above 11 and above 12 run 16 paths each; 11 is nearer the root.
        is_axon = label_axon_from_synapse_flow(cell)
        assert is_axon.tolist() == [
            vertex == 11 or axon for vertex, axon in zip(IDS, AXON, strict=True)
        ]
        assert is_axon.dtype == bool
        assert ossify.label_axon_from_synapse_flow is label_axon_from_synapse_flow

    def test_of_equal_cuts_the_shortest_path_to_the_root_counts(self):
        #  1 carries the outputs and 2 the inputs; 2 is nearer, so the cut is above 2.
        skeleton = SkeletonLayer("s", [[0, 0, 0], [5, 0, 0], [0, 1, 0]], [[1, 0], [2, 0]])
        assert label_axon_from_synapse_flow(skeleton, [1], [2]).tolist() == [True, True, False]
        moved = skeleton.transform([[0, 0, 0], [1, 0, 0], [0, 5, 0]])
        assert label_axon_from_synapse_flow(moved, [1], [2]).tolist() == [False, True, False]

    def test_sites_can_be_ids_or_rows_of_the_skeleton(self, cell):
        expected = label_axon_from_synapse_flow(cell).tolist()
        by_id = label_axon_from_synapse_flow(cell.skeleton, OUTPUTS, INPUTS)
        assert by_id.tolist() == expected
        rows = [[IDS.index(v) for v in sites] for sites in (OUTPUTS, INPUTS)]
        by_row = label_axon_from_synapse_flow(cell.skeleton, *rows, as_positional=True)
        assert by_row.tolist() == expected

    def test_annotations_can_have_other_names(self, cell):
        cell.add_point_annotations(
            "out", cell.annotations.pre_syn, linkage=Link(OUTPUTS, target="skeleton")
        )
        assert label_axon_from_synapse_flow(cell, "out", "post_syn").sum() == 6
        for builtin in (KeyError, ValueError):
            with pytest.raises(builtin, match=r"there is no layer or annotation 'in'; there is"):
                label_axon_from_synapse_flow(cell, "out", "in")
        with pytest.raises(UnknownLayerError, match=r"'pre_syn'"):
            label_axon_from_synapse_flow(cell.skeleton.copy())

    def test_sites_that_hang_on_nothing_do_not_count(self, cell):
        link = Link([*OUTPUTS, -1, -1], target="skeleton")
        cell.add_point_annotations("out", np.zeros((6, 3)), linkage=link)
        assert label_axon_from_synapse_flow(cell, "out").sum() == 6

    @pytest.mark.parametrize(("pre", "post"), [([], [11, 12]), ([], [])])
    def test_without_outputs_nothing_is_axon(self, skeleton, pre, post):
        """W15"""
        assert not label_axon_from_synapse_flow(skeleton, pre, post).any()
        labels, index = label_axon_from_synapse_flow(
            skeleton, pre, post, return_segregation_index=True
        )
        assert (labels.any(), index) == (False, 0.0)

    def test_without_inputs_everything_is_axon(self, skeleton):
        assert label_axon_from_synapse_flow(skeleton, [14], []).all()

    def test_the_segregation_index_comes_along(self, cell):
        _, index = label_axon_from_synapse_flow(cell, return_segregation_index=True)
        assert index == 1.0

    def test_a_cut_that_segregates_too_little_is_not_made(self, skeleton):
        mixed = [*OUTPUTS, *INPUTS]
        high = label_axon_from_synapse_flow(
            skeleton, mixed, INPUTS, segregation_index_threshold=0.9
        )
        assert not high.any()
        assert label_axon_from_synapse_flow(skeleton, mixed, INPUTS).any()

    @pytest.mark.parametrize(
        "label", [label_axon_from_synapse_flow, label_axon_from_spectral_split]
    )
    def test_a_threshold_is_a_number_and_none_is_no_site(self, skeleton, label):
        with pytest.raises(ValueError, match="segregation_index_threshold must be a number"):
            label(skeleton, OUTPUTS, INPUTS, segregation_index_threshold=np.nan)
        with pytest.raises(TypeError, match=r"for none pass \[\]"):
            label(skeleton, None, INPUTS)

    def test_a_whole_segment_can_be_labelled(self, skeleton):
        # The cut is above 12, in the middle of the segment 12, 11.
        outputs, inputs = OUTPUTS, [11, 17]
        plain = label_axon_from_synapse_flow(skeleton, outputs, inputs)
        assert plain.tolist() == AXON
        whole = label_axon_from_synapse_flow(
            skeleton, outputs, inputs, extend_feature_to_segment=True
        )
        assert [v for v, axon in zip(IDS, whole, strict=True) if axon] == [11, 12, 13, 14, 15, 16]

    def test_several_cuts_find_several_axons(self):
        #  outputs 1   2 outputs
        #          \  /
        #           0 inputs
        skeleton = SkeletonLayer("s", np.eye(3), [[1, 0], [2, 0]], root=0)
        pre, post = [1, 1, 1, 2, 2], [0] * 9
        once = label_axon_from_synapse_flow(skeleton, pre, post)
        twice = label_axon_from_synapse_flow(skeleton, pre, post, ntimes=2)
        many = label_axon_from_synapse_flow(skeleton, pre, post, ntimes=9)
        assert once.tolist() == [False, True, False]
        assert twice.tolist() == many.tolist() == [False, True, True]
        with pytest.raises(ValueError, match=r"ntimes must be at least 1, not 0"):
            label_axon_from_synapse_flow(skeleton, pre, post, ntimes=0)

    def test_a_cell_in_pieces_is_labelled_in_one_of_them(self, cell):
        masked = cell.apply_mask("skeleton", [v for v in IDS if v != 11])
        is_axon = label_axon_from_synapse_flow(masked)
        assert is_axon.shape == (8,)
        empty = cell.apply_mask("skeleton", [])
        assert label_axon_from_synapse_flow(empty).shape == (0,)

    @given(st.data())
    def test_the_cut_is_the_one_of_most_paths(self, data):
        n = data.draw(st.integers(2, 9))
        parents = [-1, *(data.draw(st.integers(0, row - 1)) for row in range(1, n))]
        edges = [(row, up) for row, up in enumerate(parents) if up >= 0]
        xyz = np.array(data.draw(st.permutations(range(3 * n))), float).reshape(n, 3)
        skeleton = SkeletonLayer("s", xyz, edges)
        sites = st.lists(st.integers(0, n - 1), min_size=1, max_size=8)
        pre, post = data.draw(sites), data.draw(sites)
        below = [set(skeleton.downstream_vertices(v, inclusive=True).tolist()) for v in range(n)]
        paths = [
            sum((a in below[v]) != (b in below[v]) for a in pre for b in post) if v else 0
            for v in range(n)
        ]
        assert synapse_betweenness(skeleton, pre, post).tolist() == paths
        is_axon = label_axon_from_synapse_flow(skeleton, pre, post)
        if max(paths) == 0:
            assert not is_axon.any()
            return
        best = min((v for v in range(n) if paths[v] == max(paths)), key=skeleton.distance_to_root)
        axon = set(np.flatnonzero(is_axon).tolist())
        assert axon in (below[best], set(range(n)) - below[best])
        share = lambda side: (  # noqa: E731
            (k := sum(a in side for a in pre)) / max(k + sum(b in side for b in post), 1)
        )
        assert share(axon) >= share(set(range(n)) - axon)

    @given(st.data())
    def test_forests_are_cut_again_and_again_in_what_is_left(self, data):
        n = data.draw(st.integers(1, 9))
        parents = [-1, *(data.draw(st.integers(-1, row - 1)) for row in range(1, n))]
        edges = np.array([(row, up) for row, up in enumerate(parents) if up >= 0], int)
        # Powers of two: no two vertices are as far from their roots, however trees are mixed.
        steps = 2.0 ** np.array(data.draw(st.permutations(range(n))))
        height = np.zeros(n)
        for row, up in enumerate(parents):
            height[row] = steps[row] + (height[up] if up >= 0 else 0)
        xyz = np.stack((height, np.zeros(n), np.zeros(n)), axis=1)
        skeleton = SkeletonLayer("s", xyz, edges.reshape(-1, 2))
        sites = st.lists(st.integers(0, n - 1), max_size=8)
        pre, post = data.draw(sites), data.draw(sites)
        ntimes = data.draw(st.integers(1, 3))
        threshold = data.draw(st.sampled_from([0, 0.2, 0.8]))
        from_root = skeleton.distance_to_root()

        axon = set()
        if pre and not post and threshold == 0:
            axon = set(range(n))
        for _ in range(ntimes):
            axon |= _cut_once(parents, set(range(n)) - axon, pre, post, from_root, threshold)
        labels, index = label_axon_from_synapse_flow(
            skeleton, pre, post, ntimes=ntimes, segregation_index_threshold=threshold,
            return_segregation_index=True,
        )  # fmt: skip
        assert np.flatnonzero(labels).tolist() == sorted(axon)
        counts = [
            sum((site in axon) == side for site in kind)
            for side in (True, False)
            for kind in (pre, post)
        ]
        assert index == segregation_index(*counts)


def _cut_once(parents, kept, pre, post, from_root, threshold):
    """The axon among the kept vertices, by the definition."""
    pre, post = ([site for site in sites if site in kept] for sites in (pre, post))
    if not pre or not post:
        return set()

    def way_up(row):
        return [row, *(way_up(parents[row]) if parents[row] in kept else [])]

    tree = {row: way_up(row)[-1] for row in kept}
    below = {row: {other for other in kept if row in way_up(other)} for row in kept}
    paths = {
        row: sum(
            (a in below[row]) != (b in below[row])
            for a in pre
            for b in post
            if tree[a] == tree[b] == tree[row]
        )
        for row in kept
    }
    if max(paths.values()) == 0:
        return set()
    best = min((row for row in kept if paths[row] == max(paths.values())), key=from_root.item)
    whole = {row for row in kept if tree[row] == tree[best]}
    distal, proximal = below[best], whole - below[best]

    def count(side):
        return [sum(site in side for site in sites) for sites in (pre, post)]

    def share(side):
        outputs, inputs = count(side)
        return outputs / (outputs + inputs) if outputs + inputs else 0

    axon, rest = (distal, proximal) if share(distal) >= share(proximal) else (proximal, distal)
    return axon if segregation_index(*count(axon), *count(rest)) >= threshold else set()
