import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify import Cell, Link, SkeletonLayer, example_cell, segregation_index
from ossify.algorithms import branch_order, morphometrics, morphometrics_definitions
from ossify.algorithms import strahler_number as strahler

BIG = 864691135639806263
ADDITIVE = [
    "n_vertices", "n_roots", "n_branch_points", "n_end_points", "n_segments", "cable_length",
    "surface_area", "volume", "pre_syn_count", "post_syn_count",
]  # fmt: skip


def test_a_drawn_neuron_is_measured_as_by_eye():
    #            3 (0, 7)
    #            |
    #            2 (0, 4)     4 (4, 3)
    #             \          /
    #              -- 1 ----      1 is (0, 0) and hangs 5 below the root, 0
    skeleton = SkeletonLayer(
        "y",
        [[0, -5, 0], [0, 0, 0], [0, 4, 0], [0, 7, 0], [4, 3, 0]],
        [[1, 0], [2, 1], [3, 2], [4, 1]],
        features={"radius": [1.0, 1.0, 1.0, 1.0, 1.0]},
        units="um",
    )
    table = morphometrics(skeleton)
    assert len(table) == 1
    row = table.iloc[0].to_dict()
    assert {name: row[name] for name in list(row)[:7]} == {
        "cell": "y", "units": "um", "n_vertices": 5, "n_roots": 1, "n_branch_points": 1,
        "n_end_points": 2, "n_segments": 3,
    }  # fmt: skip
    expected = {
        "cable_length": 17, "mean_segment_length": 17 / 3, "max_segment_length": 7,
        "mean_path_length": 11, "max_path_length": 12, "max_radial_distance": 12,
        "mean_tortuosity": 1, "mean_local_angle": np.arctan2(4, 3), "extent_x": 4,
        "mean_remote_angle": np.arctan2(4, 3), "mean_partition_asymmetry": 0,
        "max_strahler_number": 2, "max_branch_order": 1, "extent_y": 12, "extent_z": 0,
        "surface_area": 34 * np.pi, "volume": 17 * np.pi,
    }  # fmt: skip
    assert {name: row[name] for name in expected} == pytest.approx(expected)
    assert set(row) == {*list(row)[:7], *expected}


@given(data=st.data())
def test_each_quantity_is_its_definition(data):
    n = data.draw(st.integers(1, 14))
    parents = [-1, *(data.draw(st.integers(-1, row - 1)) for row in range(1, n))]
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    xyz, radius = rng.normal(size=(n, 3)), rng.uniform(0.1, 1, n)
    skeleton = SkeletonLayer(
        "s", xyz, [(r, p) for r, p in enumerate(parents) if p >= 0], features={"radius": radius}
    )
    row = morphometrics(skeleton).iloc[0]

    children = [[c for c in range(n) if parents[c] == r] for r in range(n)]
    step = [np.linalg.norm(xyz[r] - xyz[p]) if p >= 0 else 0.0 for r, p in enumerate(parents)]
    up = [row_ for row_ in range(n) if parents[row_] >= 0]

    def root(r):
        return r if parents[r] < 0 else root(parents[r])

    def path(r):
        return step[r] + (path(parents[r]) if parents[r] >= 0 else 0.0)

    def far(first):
        while len(children[first]) == 1:
            first = children[first][0]
        return first

    def angle(at, a, b):
        a, b = xyz[a] - xyz[at], xyz[b] - xyz[at]
        return np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))

    def n_segments(first):
        return 1 + sum(n_segments(child) for child in children[far(first)])

    tips = [r for r in range(n) if not children[r]]
    runs = [
        (near, far(first))
        for near in range(n)
        for first in children[near]
        if parents[near] < 0 or len(children[near]) > 1
    ]
    lengths = [path(b) - path(a) for a, b in runs]
    forks = [(r, *children[r]) for r in range(n) if len(children[r]) == 2]
    sizes = [(n_segments(a), n_segments(b)) for _, a, b in forks]
    bends = [
        length / np.linalg.norm(xyz[a] - xyz[b])
        for (a, b), length in zip(runs, lengths, strict=True)
    ]
    expected = {
        "n_vertices": n,
        "n_roots": parents.count(-1),
        "n_branch_points": sum(len(c) > 1 for c in children),
        "n_end_points": len(tips),
        "n_segments": len(runs),
        "cable_length": sum(step),
        "mean_segment_length": np.mean(lengths) if runs else np.nan,
        "max_segment_length": max(lengths, default=np.nan),
        "mean_path_length": np.mean([path(r) for r in tips]),
        "max_path_length": max(path(r) for r in tips),
        "max_radial_distance": max(np.linalg.norm(xyz[r] - xyz[root(r)]) for r in tips),
        "mean_tortuosity": np.mean(bends) if runs else np.nan,
        "mean_local_angle": np.mean([angle(*f) for f in forks]) if forks else np.nan,
        "mean_remote_angle": (
            np.mean([angle(r, far(a), far(b)) for r, a, b in forks]) if forks else np.nan
        ),
        "mean_partition_asymmetry": (
            np.mean([abs(a - b) / max(a + b - 2, 1) for a, b in sizes]) if forks else np.nan
        ),
        "max_strahler_number": strahler(skeleton).max(),
        "max_branch_order": branch_order(skeleton).max(),
        **{f"extent_{axis}": np.ptp(xyz[:, i]) for i, axis in enumerate("xyz")},
        "surface_area": sum(
            np.pi * (radius[r] + radius[parents[r]])
            * np.sqrt(step[r] ** 2 + (radius[r] - radius[parents[r]]) ** 2)
            for r in up
        ),
        "volume": sum(
            np.pi * step[r] / 3
            * (radius[r] ** 2 + radius[r] * radius[parents[r]] + radius[parents[r]] ** 2)
            for r in up
        ),
    }  # fmt: skip
    assert row[list(expected)].to_dict() == pytest.approx(expected, nan_ok=True, abs=1e-7)


def test_parts_add_up_to_the_cell():
    cell = example_cell(4_000)
    whole, parts = morphometrics(cell), morphometrics(cell, "compartment")
    assert parts["compartment"].tolist() == ["soma", "axon", "dendrite", "apical dendrite"]
    assert parts["cell"].tolist() == [cell.name] * 4
    for name in ADDITIVE:
        assert parts[name].sum() == pytest.approx(whole[name].item())
        assert parts[name].dtype == whole[name].dtype
    for name in ("max_path_length", "max_segment_length", "max_radial_distance"):
        assert parts[name].max() == whole[name].item()
    assert "segregation_index" not in parts
    axon = parts.iloc[1]
    rest = parts[parts["compartment"] != "axon"]
    assert whole["segregation_index"].item() == segregation_index(
        axon["pre_syn_count"],
        axon["post_syn_count"],
        rest["pre_syn_count"].sum(),
        rest["post_syn_count"].sum(),
    )


def test_the_name_of_the_cell_is_an_exact_number():
    table = morphometrics(Cell(BIG).add_skeleton([[0, 0, 0]], []))
    assert table["cell"].dtype == np.int64
    assert table["cell"].item() == BIG
    assert morphometrics(Cell().add_skeleton([[0, 0, 0]], []))["cell"].item() is None


def test_rows_of_several_cells_make_one_table():
    rows = [morphometrics(example_cell(300, seed=seed)) for seed in range(3)]
    table = pd.concat(rows, ignore_index=True)
    assert len(table) == 3
    assert table.dtypes.equals(rows[0].dtypes)


def test_without_radius_there_is_no_surface(rooted_at_100):
    row = morphometrics(rooted_at_100).iloc[0]
    assert np.isnan([row["surface_area"], row["volume"]]).all()
    assert row["cable_length"] == 6.0
    given_ = morphometrics(rooted_at_100, radius=np.full(8, 0.5)).iloc[0]
    assert given_["volume"] == pytest.approx(6 * np.pi / 4)


@pytest.mark.parametrize("unknown", [np.nan, -1.0])
def test_a_radius_that_is_not_known_leaves_the_surface_of_its_part_unknown(rooted_at_100, unknown):
    radius = np.where(rooted_at_100.vertex_index == 104, unknown, 1.0)
    rooted_at_100.add_feature(radius, "radius")
    rooted_at_100.add_feature(rooted_at_100.vertex_index == 104, "part")
    assert np.isnan(morphometrics(rooted_at_100)[["surface_area", "volume"]]).all(axis=None)
    parts = morphometrics(rooted_at_100, "part").set_index("part")
    assert np.isnan(parts.loc[True, "volume"])
    assert parts.loc[False, "volume"] == pytest.approx(5 * np.pi)


def test_after_a_mask_lengths_are_of_what_is_left_and_paths_lead_to_the_old_root(rooted_at_100):
    row = morphometrics(rooted_at_100.apply_mask([103, 104, 105])).iloc[0]
    assert (row["cable_length"], row["n_roots"], row["n_segments"]) == (2.0, 1, 2)
    assert (row["max_path_length"], row["max_radial_distance"]) == (3.0, 3.0)


def test_one_vertex_and_none(rooted_at_100):
    one = morphometrics(rooted_at_100.apply_mask([102])).iloc[0]
    assert (one["n_vertices"], one["n_end_points"], one["n_segments"]) == (1, 1, 0)
    assert one["cable_length"] == one["extent_x"] == 0.0
    assert np.isnan(one["mean_tortuosity"])
    none = morphometrics(rooted_at_100.apply_mask([]))
    assert len(none) == 1
    assert none["n_vertices"].item() == none["cable_length"].item() == 0
    assert none["max_path_length"].isna().item()
    empty = rooted_at_100.copy()
    empty.add_feature(np.ones(8, dtype=int), "compartment")
    assert len(morphometrics(empty.apply_mask([]), "compartment")) == 0


@pytest.mark.parametrize("by", [None, "compartment"])
def test_columns_are_of_the_same_kinds_without_vertices(by):
    cell = example_cell(500)
    none = cell.apply_mask("skeleton", [])
    kinds = morphometrics(none, by).dtypes.to_dict()
    assert kinds == morphometrics(cell, by).dtypes.to_dict()


def test_edges_without_length_are_counted_and_have_no_angle():
    skeleton = SkeletonLayer("s", np.zeros((4, 3)), [[1, 0], [2, 1], [3, 1]])
    row = morphometrics(skeleton).iloc[0]
    assert (row["n_segments"], row["cable_length"]) == (3, 0.0)
    assert np.isnan([row["mean_local_angle"], row["mean_tortuosity"]]).all()


def test_annotations_are_those_that_are_linked_or_named(rooted_at_100):
    cell = Cell("c").add_skeleton(rooted_at_100)
    cell.add_point_annotations("far", [[0, 0, 0]])
    cell.add_point_annotations("syn", [[0, 0, 0]] * 2, linkage=Link([101, -1], target="skeleton"))
    table = morphometrics(cell)
    assert [name for name in table if "syn" in name or "far" in name] == [
        "syn_count",
        "syn_density",
    ]
    assert (table["syn_count"].item(), table["syn_density"].item()) == (1, 1 / 6)
    assert "syn_count" not in morphometrics(cell, annotations=[])
    with pytest.raises(KeyError, match="no layer or annotation 'spines'"):
        morphometrics(cell, annotations="spines")


def test_without_compartments_nothing_is_known_of_segregation():
    cell = example_cell(300)
    cell.skeleton.drop_features("compartment")
    assert morphometrics(cell)["segregation_index"].isna().item()
    with pytest.raises(KeyError, match="no feature 'compartment'"):
        morphometrics(cell, "compartment")


def test_every_column_is_defined():
    table, definitions = morphometrics(example_cell(300)), morphometrics_definitions()
    named = [
        name.replace("<annotation>", annotation)
        for name in definitions.index
        for annotation in ("pre_syn", "post_syn")
    ]
    assert set(table.columns) == {"cell", "units", *named}
    assert definitions.loc["mean_local_angle", ["unit", "neurom"]].tolist() == [
        "rad",
        "local_bifurcation_angles",
    ]
    assert (definitions["definition"].str.endswith(".")).all()
