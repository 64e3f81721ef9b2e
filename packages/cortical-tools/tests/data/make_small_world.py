"""Makes the small world beside this file, which the tests of cortical-tools are served from.

Run it with ossify installed when the world is to change: ``python make_small_world.py``. A test in
``tests-integration`` compares what it makes with what is here.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from cortical_tools.local import make_world

NAME = "small_world"


def make_small_world(folder: Path) -> Path:
    """Eight neurons of sixty vertices, one for each history."""
    return make_world(folder / NAME, n_cells=8, seed=0, n_vertices=60)


if __name__ == "__main__":
    here = Path(__file__).parent
    shutil.rmtree(here / NAME, ignore_errors=True)
    sys.stdout.write(f"{make_small_world(here)}\n")
