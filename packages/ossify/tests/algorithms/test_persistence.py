import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify import SkeletonLayer, example_cell
from ossify.algorithms import persistence


def bars(skeleton, distance="path"):
    frame = persistence(skeleton, distance)
    return sorted(
        frame[["end_point", "dies_at", "birth", "death"]].itertuples(index=False, name=None)
    )


def test_where_branches_meet_the_one_with_the_farthest_tip_goes_on(rooted_at_100):
    found = bars(rooted_at_100)
    # 104 and 105 are as far; one of them goes on to the root, the other dies at 103.
    assert (102, 101, 2.0, 1.0) in found
    assert (107, 106, 1.0, 0.0) in found
    assert {bar[1:] for bar in found if bar[0] in (104, 105)} == {(103, 3.0, 2.0), (100, 3.0, 0.0)}


def test_a_branch_that_turns_back_has_a_negative_radial_bar():
    #  0 --------- 1 ------ 3      2 hangs on 1 and lies near the root
    xyz = [[0, 0, 0], [5, 0, 0], [1, 1, 0], [9, 0, 0]]
    skeleton = SkeletonLayer("hook", xyz, [[1, 0], [2, 1], [3, 1]])
    frame = persistence(skeleton, "radial").set_index("end_point")
    assert frame.loc[3, ["dies_at", "birth", "death"]].tolist() == [0, 9.0, 0.0]
    assert frame.loc[2, "length"] == pytest.approx(np.sqrt(2) - 5)


@given(data=st.data(), distance=st.sampled_from(["path", "radial"]))
def test_it_is_the_elder_rule(data, distance):
    n = data.draw(st.integers(1, 12))
    parents = [-1, *(data.draw(st.integers(-1, row - 1)) for row in range(1, n))]
    # No two distances are equal, so that there is one elder.
    points = np.random.default_rng(data.draw(st.integers(0, 99))).normal(size=(n, 3))
    skeleton = SkeletonLayer("s", points, [(r, p) for r, p in enumerate(parents) if p >= 0])

    root_of, path = list(range(n)), [0.0] * n
    for row, up in enumerate(parents):
        if up >= 0:
            root_of[row] = root_of[up]
            path[row] = path[up] + float(np.linalg.norm(points[row] - points[up]))
    far = path if distance == "path" else np.linalg.norm(points - points[root_of], axis=1).tolist()
    eldest, expected = list(range(n)), []
    for row in reversed(range(n)):
        alive = sorted(
            (eldest[child] for child in range(n) if parents[child] == row), key=lambda t: far[t]
        )
        expected += [(tip, row, far[tip], far[row]) for tip in alive[:-1]]
        eldest[row] = alive[-1] if alive else row
        if parents[row] < 0:
            expected.append((eldest[row], row, far[eldest[row]], far[row]))
    got, expected = bars(skeleton, distance), sorted(expected)
    assert [bar[:2] for bar in got] == [bar[:2] for bar in expected]
    np.testing.assert_allclose([b[2:] for b in got], [b[2:] for b in expected], atol=1e-12)


def test_path_bars_add_up_to_the_cable():
    cell = example_cell(2_000)
    frame = persistence(cell)
    assert frame["length"].sum() == pytest.approx(cell.skeleton.cable_length())
    assert len(frame) == cell.skeleton.n_end_points
    assert frame["birth"].is_monotonic_decreasing


def test_a_mask_leaves_distances_as_they_were(rooted_at_100):
    masked = rooted_at_100.apply_mask([103, 104, 105])
    assert sorted(persistence(masked)["length"]) == [1.0, 1.0]
    assert persistence(masked)["birth"].tolist() == [3.0, 3.0]
    assert sorted(persistence(masked, "radial")["death"]) == [2.0, 2.0]


@pytest.mark.parametrize("kept", [[], [102]])
def test_one_vertex_has_a_bar_without_length_and_none_has_none(two_trees, kept):
    frame = persistence(two_trees.apply_mask(kept))
    assert frame["end_point"].tolist() == kept
    assert frame["length"].tolist() == [0.0] * len(kept)


def test_ids_stay_exact():
    ids = 864691135639806263 + 2 * np.arange(2)
    nodes = pd.DataFrame({"x": [0.0, 1.0], "y": 0.0, "z": 0.0}, index=ids)
    frame = persistence(SkeletonLayer("s", nodes, [[ids[1], ids[0]]]))
    assert (frame["end_point"].item(), frame["dies_at"].item()) == (ids[1], ids[0])
    assert frame["end_point"].dtype == frame["dies_at"].dtype == np.int64


def test_another_distance_is_refused(two_trees):
    with pytest.raises(ValueError, match="'path' or 'radial', not 'hops'"):
        persistence(two_trees, "hops")
