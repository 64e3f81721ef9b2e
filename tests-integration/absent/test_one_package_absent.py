"""Each optional package absent in turn: what needs it names the extra, and all the rest works.

Packages are hidden from a fresh process. `nox -s extras` runs this, and shows the same for
cortical-tools in environments where they are truly not installed.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from cortical_tools.local import serve

HERE = Path(__file__).parent
PACKAGES = HERE.parents[1] / "packages"
ASK_CORTICAL_TOOLS = PACKAGES / "cortical-tools" / "tests" / "extras" / "ask.py"
SMALL_WORLD = PACKAGES / "cortical-tools" / "tests" / "data" / "small_world"
# By the names that are imported, the calls that need them, and the extra that these name.
OF_OSSIFY = {
    "h5py": {"meshwork": "legacy"},
    "matplotlib": {"picture": "plot", "picture of a mesh": "plot"},
    # Only MeshWork files of version 1 need numcodecs, which have a test of their own.
    "hypothesis,networkx,numcodecs,pytest": {},
}
OF_CORTICAL_TOOLS = {
    "cloudvolume": {"images": "mesh", "segmentation": "mesh", "mesh": "mesh"},
    "deltalake": {"lake": "lake"},
    "nglui": {"viewer": "viewer"},
    "ossify": {
        "skeleton": "ossify",
        "skeletons": "ossify",
        "skeleton in cortical space": "ossify",
        "world": "local",
    },
    "starlette": {"service": "local", "client of a folder": "local"},
    "uvicorn": {"service": "local", "client of a folder": "local"},
    "hypothesis,pytest": {},
}
IMPORTED_AS = {"cloud-volume": "cloudvolume"}


def answers_without(hidden, *command):
    arguments = [HERE / "without.py", hidden, *command]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def failed(answers):
    return {call: extra for call, extra in answers.items() if extra is not None}


@pytest.fixture(scope="module")
def meshwork(tmp_path_factory):
    h5py = pytest.importorskip("h5py")
    path = tmp_path_factory.mktemp("meshwork") / "cell.h5"
    with h5py.File(path, "w") as h5:
        h5.attrs["version"] = 2
        h5["mesh/vertices"] = [[0.0, 0, 0], [100, 0, 0], [0, 100, 0]]
        h5["mesh/faces"] = [[0, 1, 2]]
    return path


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """A folder of exports with ``cells`` of version 7 as a Delta Lake."""
    deltalake = pytest.importorskip("deltalake")
    arrow = pytest.importorskip("pyarrow")
    folder = tmp_path_factory.mktemp("exports")
    table = arrow.table({"id": [864691135639806263], "id_partition": arrow.array([0], "int32")})
    place = folder / "v7" / "cells" / "id"
    deltalake.write_deltalake(place, table, partition_by=["id_partition"])
    return folder


@pytest.fixture(scope="module")
def address():
    with serve(SMALL_WORLD) as service:
        yield service


@pytest.mark.parametrize("hidden", OF_OSSIFY)
def test_ossify_without_one_package(hidden, meshwork, tmp_path):
    answers = answers_without(hidden, HERE / "ask_ossify.py", meshwork, tmp_path)
    assert failed(answers) == OF_OSSIFY[hidden]


@pytest.mark.parametrize("hidden", OF_CORTICAL_TOOLS)
def test_cortical_tools_without_one_package(hidden, address, lake, tmp_path):
    command = (ASK_CORTICAL_TOOLS, address, SMALL_WORLD, tmp_path / "world", lake)
    assert failed(answers_without(hidden, *command)) == OF_CORTICAL_TOOLS[hidden]


@pytest.mark.parametrize(
    ("package", "tried"), [("ossify", OF_OSSIFY), ("cortical-tools", OF_CORTICAL_TOOLS)]
)
def test_every_optional_package_is_tried(package, tried):
    metadata = tomllib.loads((PACKAGES / package / "pyproject.toml").read_text(encoding="utf-8"))
    extras = metadata["project"]["optional-dependencies"].values()
    named = {re.match(r"[\w-]+", requirement)[0] for extra in extras for requirement in extra}
    assert {IMPORTED_AS.get(name, name) for name in named - {package}} == set(
        ",".join(tried).split(",")
    )
