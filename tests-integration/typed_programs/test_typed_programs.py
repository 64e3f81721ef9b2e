"""The programs that type checkers judge are programs that run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SMALL_WORLD = HERE.parents[1] / "packages" / "cortical-tools" / "tests" / "data" / "small_world"


@pytest.mark.parametrize(
    ("program", "arguments"),
    [("measure_a_neuron.py", ()), ("keep_files.py", ()), ("ask_a_dataset.py", (SMALL_WORLD,))],
    ids=["measure a neuron", "keep files", "ask a dataset"],
)
def test_a_typed_program_runs(program, arguments, tmp_path):
    command = [sys.executable, HERE / program, *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
