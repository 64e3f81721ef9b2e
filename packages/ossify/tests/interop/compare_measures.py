"""`morphometrics`, `sholl` and `persistence` against NeuroM and navis, on the same SWC files.

``nox -s interop`` runs this: ``OSSIFY_MEASURES`` names the Python of an environment with both. An
ordinary run of the tests does not collect it.

Where they differ from us by what they count, and not by how, this is put right here:

- NeuroM's neurites begin at the first vertex after the soma. There is no edge from the soma to
  it, and the soma does not branch. So NeuroM is compared with our skeleton without the soma; and
  with the whole one where it measures from the soma.
- Where a neurite branches at once, NeuroM has a section that is one point, without length and of
  tortuosity 1. We count the edge from the soma there, and no segment if it is gone.
- navis keeps the root apart from branch points.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ossify
from ossify import Cell, SkeletonLayer
from ossify.algorithms import morphometrics, morphometrics_definitions, persistence, sholl
from ossify.compartment import Compartment

HERE = Path(__file__).parent
DATA = Path(os.environ.get("OSSIFY_TEST_DATA") or "there-is-none")
RADII = [10, 25, 50, 100, 150, 250, 500, 1000]
CELLS = ["example", "unlike", "real", "service"]
# Without the real data only the examples can be made; tests of the others then say so.
MADE = [name for name in CELLS if DATA.is_dir() or name in ("example", "unlike")]

# MorphIO holds coordinates as float32, and a section sums up many of their differences.
CLOSE = {"rel": 1e-5, "abs": 1e-3}


def _cell(name: str) -> Cell:
    if name == "example":
        return ossify.example_cell(5_000)
    if name == "unlike":
        return ossify.example_cell(700, seed=11)
    if name == "real":
        return ossify.load_cell(DATA / "osy" / "864691135336055529_v1.0.osy")
    service = json.loads((DATA / "microns_864691135101289504" / "skel.json").read_text())
    features = {feature: np.array(service[feature]) for feature in ("radius", "compartment")}
    return Cell(name).add_skeleton(
        service["vertices"], service["edges"], root=service["root"], features=features
    )


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """SWC files in µm, by cell."""
    folder = tmp_path_factory.mktemp("measures")
    made = {name: folder / f"{name}.swc" for name in MADE}
    for name, file in made.items():
        ossify.export_swc(_cell(name), file, units="um")
    return made


@pytest.fixture(scope="session")
def measured(files: Mapping[str, Path]) -> dict[str, Any]:
    """What both say of every file."""
    command = [os.environ["OSSIFY_MEASURES"], str(HERE / "measure_neurom.py"), json.dumps(RADII)]
    answer = subprocess.run(
        [*command, *map(str, files.values())], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    # navis may say something first.
    said: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return said


@pytest.fixture(params=CELLS)
def name(request: pytest.FixtureRequest) -> str:
    if request.param not in MADE:
        request.getfixturevalue("real_data")
    return str(request.param)


@pytest.fixture
def whole(name: str, files: Mapping[str, Path]) -> SkeletonLayer:
    return ossify.load_swc(files[name])


@pytest.fixture
def neurites(whole: SkeletonLayer) -> SkeletonLayer:
    """The skeleton without its soma, as a forest of its own that remembers no other root."""
    kept = whole.apply_mask(whole.get_feature("compartment") != Compartment.SOMA)
    return SkeletonLayer(
        kept.name, kept.nodes, kept.edges, spatial_columns=kept.spatial_columns, units=kept.units
    )


def test_every_quantity_is_that_of_neurom(
    name: str, whole: SkeletonLayer, neurites: SkeletonLayer, measured: dict[str, Any]
) -> None:
    ours = morphometrics(neurites).iloc[0]
    theirs = dict(measured[name]["neurom"])
    n_points = sum(length == 0 for length in theirs["section_lengths"])
    is_section = np.array(theirs["section_lengths"]) > 0
    for feature in ("section_lengths", "section_tortuosity"):
        theirs[feature] = np.array(theirs[feature])[is_section].tolist()
    theirs.update(
        zip(("total_width", "total_height", "total_depth"), theirs["extents"], strict=True)
    )
    assert ours["n_segments"] + n_points == theirs["number_of_sections"]
    assert ours["n_roots"] == theirs["number_of_neurites"]

    expected, found = {}, {}
    for quantity, feature in morphometrics_definitions()["neurom"].items():
        if feature:
            values = theirs[feature]
            if isinstance(values, list):
                values = max(values) if str(quantity).startswith("max") else np.mean(values)
            expected[quantity] = values
            found[quantity] = ours[quantity]
    # These it measures from the soma, and a section of one point stands for the edge from there.
    found.update(morphometrics(whole).loc[0, ["max_radial_distance", "n_segments"]])
    assert len(expected) == 21
    assert found == pytest.approx(expected, **CLOSE)


def test_crossings_are_those_of_neurom(
    name: str, whole: SkeletonLayer, neurites: SkeletonLayer, measured: dict[str, Any]
) -> None:
    crossings = sholl(neurites, RADII, center=whole.root_location)["crossings"]
    assert crossings.tolist() == measured[name]["neurom"]["sholl_crossings"]


def test_the_whole_cell_is_that_of_navis(
    name: str, whole: SkeletonLayer, measured: dict[str, Any]
) -> None:
    ours, theirs = morphometrics(whole).iloc[0], measured[name]["navis"]
    root_branches = int(whole.root in whole.branch_points)
    assert ours["n_branch_points"] - root_branches == theirs["n_branches"]
    assert ours["n_end_points"] == theirs["n_leafs"]
    assert ours["max_strahler_number"] == theirs["max_strahler"]
    assert ours["cable_length"] == pytest.approx(theirs["cable_length"], **CLOSE)


def test_bars_are_those_of_navis(name: str, whole: SkeletonLayer, measured: dict[str, Any]) -> None:
    # Theirs are born where ours die.
    bars = persistence(whole)[["death", "birth"]].to_numpy()
    theirs = np.array(measured[name]["navis"]["bars"])
    np.testing.assert_allclose(np.sort(bars[:, 1]), np.sort(theirs[:, 1]), rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(np.sort(bars[:, 0]), np.sort(theirs[:, 0]), rtol=1e-5, atol=1e-3)
