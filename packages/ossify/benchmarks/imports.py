"""What importing the package costs a fresh process, beside what it stands on."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

SUBJECTS = {
    "numpy, pandas, pyarrow": "import numpy, pandas, pyarrow",
    "ossify": "import ossify",
    "ossify, a cell of 1,000 vertices, its cable length": (
        "import ossify; ossify.example_cell(1000).skeleton.cable_length()"
    ),
}


def cpu_seconds(code: str, cache: str, repeats: int = 5) -> float:
    """CPU time of a fresh Python that runs some code, the shortest of some runs.

    Modules are compiled once, into a folder of their own, as an installed package is: whether this
    process may write bytecode says nothing about others.
    """
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = cache
    best = float("inf")
    for _ in range(1 + repeats):
        before = os.times()
        subprocess.run([sys.executable, "-c", code], check=True, env=environment)
        after = os.times()
        user = after.children_user - before.children_user
        best = min(best, user + after.children_system - before.children_system)
    return best


def measured() -> dict[str, float]:
    """Every subject and its seconds."""
    with tempfile.TemporaryDirectory() as cache:
        return {name: cpu_seconds(code, cache) for name, code in SUBJECTS.items()}
