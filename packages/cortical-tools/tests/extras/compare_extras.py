"""cortical-tools without its extras: all works that can, and the rest names what it needs.

Run by `nox -s extras`, which names the environments in CORTICAL_TOOLS_BARE.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from cortical_tools.local import serve

SMALL_WORLD = Path(__file__).parents[1] / "data" / "small_world"
NEEDED = {
    "skeleton": "ossify",
    "skeletons": "ossify",
    "skeleton in cortical space": "ossify",
    "viewer": "viewer",
    "lake": "lake",
    "mesh": "mesh",
    "images": "mesh",
    "segmentation": "mesh",
    "service": "local",
    "client of a folder": "local",
    "world": "local",
}
"""What cannot be done without an extra, and with which."""
# A world is made of ossify's neurons, and written with what is there anyway.
WITH_OSSIFY = {"skeleton", "skeletons", "skeleton in cortical space", "world"}


def run(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """The Python of an environment, run so that nothing else can be imported."""
    python = Path(os.environ["CORTICAL_TOOLS_BARE"]) / name / "bin" / "python"
    return subprocess.run(
        [python, "-I", *map(str, arguments)], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("name", "needed"),
    [
        pytest.param("none", NEEDED, id="no extra"),
        pytest.param(
            "ossify",
            {call: extra for call, extra in NEEDED.items() if call not in WITH_OSSIFY},
            id="ossify",
        ),
    ],
)
def test_what_needs_an_extra_names_it_and_the_rest_works(name, needed, tmp_path):
    # Its log would be read first, which is what takes the extra.
    lake = tmp_path / "exports"
    (lake / "v7" / "cells" / "id" / "_delta_log").mkdir(parents=True)
    (lake / "v7" / "cells" / "id" / "_delta_log" / "00000000000000000000.json").write_text("{}")
    with serve(SMALL_WORLD) as service:
        script = Path(__file__).with_name("ask.py")
        finished = run(name, script, service, SMALL_WORLD, tmp_path / "world", lake)
    assert finished.returncode == 0, finished.stderr
    found = json.loads(finished.stdout)
    assert {call: extra for call, extra in found.items() if extra} == needed
    assert len(found) > len(NEEDED)


@pytest.mark.parametrize("name", ["none", "ossify"])
@pytest.mark.parametrize("command", [["demo"], ["serve", str(SMALL_WORLD)]], ids=["demo", "serve"])
def test_commands_say_in_one_line_what_they_need(name, command):
    finished = run(name, "-m", "cortical_tools", *command)
    assert finished.returncode == 1
    assert finished.stdout == ""
    assert finished.stderr.count("\n") == 1
    assert 'pip install "cortical-tools[local]"' in finished.stderr
