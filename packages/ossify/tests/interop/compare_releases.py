"""Files to and from every published release, compared member by member.

``nox -s interop`` runs this: ``OSSIFY_RELEASES`` names a folder with one environment for each
release, called by its version. An ordinary run of the tests does not collect it.

Each release is asked twice, as starting it takes longest: once to write its files, once to read
ours. What it reads and writes is compared as the plain arrays of ``dump.py``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

import ossify
from ossify import Cell
from ossify.compartment import Compartment

HERE = Path(__file__).parent
RELEASES = ("0.0.4", "0.1.0", "0.2.0", "0.3.0")
REAL = "864691135336055529_v1.0.osy"

# The compartments that a mask keeps of a cell; none for all of it.
PARTS: Mapping[str, tuple[int, ...]] = {
    "whole": (),
    "root_kept": (Compartment.SOMA, Compartment.DENDRITE),
    "root_gone": (Compartment.DENDRITE,),
}
CELLS = [f"{cell}_{part}" for cell in ("example", "real", "service") for part in PARTS]
# Without the real data only the example can be made; tests of the others then say so.
DATA = Path(os.environ.get("OSSIFY_TEST_DATA") or "there-is-none")
MADE = [name for name in CELLS if DATA.is_dir() or name.startswith("example")]

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Limits:
    """How far what one release reads or writes may be from what it was given, and why.

    Attributes
    ----------
    relative
        For coordinates and other floats, as a part of their value.
    length
        For distances to the root, as a part of their value.
    step
        For distances to the root, in nm.
    """

    relative: float
    length: float
    step: float


# Lengths of edges are kept as float32, by all of them.
LENGTH = 2.0**-22
WRITES = {
    "0.0.4": Limits(0.0, LENGTH, 0.0),
    # Format 2.0 narrows all floats to float32. Coordinates of 1,000,000 nm lie 0.06 nm apart there,
    # and the length of an edge is as wrong as its ends.
    **dict.fromkeys(("0.1.0", "0.2.0", "0.3.0"), Limits(2.0**-23, LENGTH, 0.5)),
}
# What we write keeps its floats, whoever reads it.
READS = dict.fromkeys(RELEASES, Limits(0.0, LENGTH, 0.0))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our files, and all arrays that are taken from files."""
    return tmp_path_factory.mktemp("interop")


@pytest.fixture(scope="session")
def ours(folder: Path) -> dict[str, Arrays]:
    """The arrays of our files, by cell; the files lie in `folder`."""
    for name, cell in _cells():
        for part, codes in PARTS.items():
            ossify.save_cell(_masked(cell, codes), folder / f"{name}_{part}.osy")
    return _dumped(sys.executable, {name: folder / f"{name}.osy" for name in MADE}, folder, "ours")


@pytest.fixture(scope="session")
def all_read(ours: dict[str, Arrays], folder: Path) -> dict[str, dict[str, Arrays]]:
    """Our files, as each release reads them."""
    files = {name: folder / f"{name}.osy" for name in MADE}
    return _of_each(lambda release: _dumped(_python(release), files, folder, release))


@pytest.fixture(scope="session")
def all_written(ours: dict[str, Arrays], folder: Path) -> dict[str, dict[str, Arrays]]:
    """The files of each release, as we read them."""
    return _of_each(lambda release: _written(release, folder))


@pytest.fixture(params=RELEASES)
def release(request: pytest.FixtureRequest) -> str:
    return request.param


def _of_each(make: Callable[[str], dict[str, Arrays]]) -> dict[str, dict[str, Arrays]]:
    """What comes of each release; two at a time, as most of it is waiting for them to start."""
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(RELEASES, pool.map(make, RELEASES), strict=True))


def _written(release: str, folder: Path) -> dict[str, Arrays]:
    home = folder / release
    home.mkdir()
    files = {name: home / f"{name}.osy" for name in MADE}
    _run(_python(release), "specimens.py", json.dumps(list(_jobs(files, folder))))
    return _dumped(sys.executable, files, home, "read_by_us")


def _jobs(files: dict[str, Path], folder: Path) -> Iterator[list[object]]:
    for name, file in files.items():
        cell, _, part = name.partition("_")
        codes = [int(code) for code in PARTS[part]]
        if cell == "example":
            yield ["build", str(folder / "ours_example_whole.npz"), str(file), codes]
        else:
            # Lists and times go through no plain array; the release has them from our file.
            yield ["again", str(folder / f"{cell}_whole.osy"), str(file), codes]


@pytest.fixture(params=CELLS)
def name(request: pytest.FixtureRequest) -> str:
    """A cell and the part of it that is kept."""
    if request.param not in MADE:
        request.getfixturevalue("real_data")
    return request.param


def test_the_release_reads_ours(name: str, release: str, ours: dict, all_read: dict) -> None:
    differences = compared(_as_they_model(ours[name]), all_read[release][name], READS[release])
    assert not differences, "\n".join(differences)


def test_ours_reads_what_the_release_wrote(
    name: str, release: str, ours: dict, all_written: dict
) -> None:
    differences = compared(ours[name], all_written[release][name], WRITES[release])
    assert not differences, "\n".join(differences)


def _as_they_model(arrays: Arrays) -> Arrays:
    """What a release can make of a cell.

    They refuse a skeleton of several pieces of which none holds the root; the first vertex
    without a parent is put down as the root for them.
    """
    facts = json.loads(str(arrays["facts"]))
    skeleton = facts["layers"]["skeleton"]
    if skeleton["root"] is None:
        ids, children = arrays["skeleton/ids"], arrays["skeleton/edges"][:, 0]
        skeleton["root"] = int(ids[~np.isin(ids, children)][0])
    return {**arrays, "facts": np.array(json.dumps(facts))}


def compared(expected: Arrays, found: Arrays, limits: Limits) -> list[str]:
    """What is different, a line for each member."""
    if "error" in found:
        return [f"not read: {found['error']}"]
    differences = [
        f"{what}: {left!r:.300} ≠ {right!r:.300}"
        for what, left, right in _fact_pairs(expected, found)
        if left != right
    ]
    if expected.keys() != found.keys():
        differences.append(f"members: only one has {sorted(expected.keys() ^ found.keys())}")
    shared = sorted(expected.keys() & found.keys() - {"facts"})
    problems = {key: _Member(key, expected, found).difference(limits) for key in shared}
    return differences + [f"{key}: {problem}" for key, problem in problems.items() if problem]


def _fact_pairs(expected: Arrays, found: Arrays) -> Iterator[tuple[str, object, object]]:
    left, right = (json.loads(str(arrays["facts"])) for arrays in (expected, found))
    for key in ("name", "meta", "layers"):
        yield key, left[key], right[key]


@dataclass(frozen=True)
class _Member:
    """One array of two cells."""

    key: str
    expected: Arrays
    found: Arrays
    kind: str = field(init=False)

    def __post_init__(self) -> None:
        parts = self.key.split("/")
        object.__setattr__(self, "kind", "links" if parts[0] == "links" else parts[1])

    def difference(self, limits: Limits) -> str | None:
        """What is different, or None."""
        if self.kind in ("edges", "faces"):
            left, right = (self._tuples(arrays) for arrays in (self.expected, self.found))
            return None if left == right else f"{len(left ^ right):,} are in one only"
        left, right = self._aligned(self.expected), self._aligned(self.found)
        if left.shape != right.shape:
            return f"{left.shape} ≠ {right.shape}"
        if self.kind == "to_root":
            return _too_far(left, right, limits.length * np.abs(left) + limits.step)
        if left.dtype.kind == "f":
            return _too_far(left, right, limits.relative * np.abs(left))
        wrong = left != right
        return f"{wrong.sum():,} of {wrong.size:,} values" if wrong.any() else None

    def _aligned(self, arrays: Arrays) -> np.ndarray:
        """By the order of ids: that of rows says nothing."""
        layer = self.key.split("/")[1 if self.kind == "links" else 0]
        return arrays[self.key][np.argsort(arrays[f"{layer}/ids"])]

    def _tuples(self, arrays: Arrays) -> set[tuple[int, ...]]:
        rows = arrays[self.key]
        if self.key == "graph/edges":
            rows = np.sort(rows, axis=1)
        return set(map(tuple, rows.tolist()))


def _too_far(left: np.ndarray, right: np.ndarray, allowed: np.ndarray) -> str | None:
    if (np.isnan(left) != np.isnan(right)).any():
        return "not missing in the same places"
    away = np.abs(left - right) > allowed
    if not away.any():
        return None
    farthest = np.nanmax(np.abs(left - right))
    return f"{away.sum():,} of {away.size:,} values, the farthest by {farthest:.3g}"


def _cells() -> Iterator[tuple[str, Cell]]:
    yield "example", ossify.example_cell(300, mesh=True)
    if DATA.is_dir():
        yield "real", ossify.load_cell(DATA / "osy" / REAL)
        yield "service", _service_cell(DATA / "microns_864691135101289504")


def _service_cell(folder: Path) -> Cell:
    """A neuron from the answers of the services: the largest that there is."""
    import pandas as pd

    answer = json.loads((folder / "skel.json").read_text())
    level2 = pd.read_feather(folder / "l2properties.feather").loc[np.array(answer["lvl2_ids"])]
    features = {name: np.array(answer[name]) for name in ("radius", "compartment")}
    link = ossify.Link(answer["mesh_to_skel_map"], target="skeleton", map_value_is_index=False)
    return (
        Cell(json.loads((folder / "root_id.json").read_text()))
        .add_skeleton(answer["vertices"], answer["edges"], features, answer["root"])
        .add_graph(
            level2[["rep_coord_nm_x", "rep_coord_nm_y", "rep_coord_nm_z", "size_nm3"]],
            json.loads((folder / "l2graph.json").read_text()),
            spatial_columns="rep_coord_nm",
            linkage=link,
        )
    )


def _masked(cell: Cell, codes: tuple[int, ...]) -> Cell:
    if not codes:
        return cell
    return cell.apply_mask("skeleton", np.isin(cell.skeleton.get_feature("compartment"), codes))


def _python(release: str) -> str:
    home = Path(os.environ["OSSIFY_RELEASES"]) / release
    return str(home / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def _dumped(python: str, files: dict[str, Path], folder: Path, prefix: str) -> dict[str, Arrays]:
    """The arrays of files, as the ossify of a Python reads them."""
    targets = {name: folder / f"{prefix}_{name}.npz" for name in files}
    _run(python, "dump.py", *(str(path) for name in files for path in (files[name], targets[name])))
    return {name: _loaded(target) for name, target in targets.items()}


def _loaded(path: Path) -> Arrays:
    with np.load(path) as stored:
        return dict(stored)


def _run(python: str, script: str, *arguments: str) -> None:
    # A release must not meet our package on a path that is set for us.
    hidden = set() if python == sys.executable else {"PYTHONPATH"}
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    done = subprocess.run(
        [python, str(HERE / script), *arguments], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr[-2000:]
