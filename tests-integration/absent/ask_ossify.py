"""What ossify can be asked, and what came of each. Arguments: a MeshWork file, and where to write.

Prints JSON: by call, the extra that is named where one is missing, otherwise null.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ossify
from ossify.testing import assert_cells_equal


def all_calls(meshwork: str, folder: Path) -> dict[str, Callable[[], Any]]:
    cell = ossify.example_cell(300, mesh=True)

    def files() -> None:
        ossify.save_cell(cell, folder / "cell.osy")
        assert_cells_equal(ossify.load_cell(folder / "cell.osy"), cell)

    def swc() -> None:
        ossify.export_swc(cell, folder / "cell.swc")
        ossify.load_swc(folder / "cell.swc")

    return {
        "files": files,
        "swc": swc,
        "masks": lambda: cell.apply_mask("skeleton", cell.skeleton.get_feature("compartment") == 2),
        "measures": lambda: ossify.algorithms.morphometrics(cell),
        "graphs": lambda: cell.skeleton.csgraph,
        "surface": lambda: (cell.mesh.surface_area(), cell.mesh.as_trimesh),
        "summary": lambda: cell._repr_html_(),
        "labels": lambda: ossify.label_axon_from_synapse_flow(cell),
        "many files": lambda: ossify.CellFiles(folder).load_many(["cell.osy"], progress=False),
        "memory": lambda: ossify.save_cell(cell, io.BytesIO()),
        "meshwork": lambda: ossify.import_legacy_meshwork(meshwork),
        "picture": lambda: ossify.plot_morphology_2d(cell),
        "picture of a mesh": lambda: ossify.plot_mesh_2d(cell),
    }


def missing(call: Callable[[], Any]) -> str | None:
    try:
        call()
    except ImportError as error:
        return str(error).partition("ossify[")[2].rpartition("]")[0]
    return None


if __name__ == "__main__":
    calls = all_calls(sys.argv[1], Path(sys.argv[2]))
    print(json.dumps({name: missing(call) for name, call in calls.items()}))
