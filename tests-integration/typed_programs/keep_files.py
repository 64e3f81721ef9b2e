"""Read and write files, and make a cell by hand."""

import io
from pathlib import Path
from typing import assert_type

import numpy as np
import pandas as pd

import ossify
from ossify import Cell, CellFiles, Link, SkeletonLayer
from ossify.errors import OsyFormatError, UnknownLayerError

here = Path()
made = (
    Cell("864691135639806263", meta={"dataset": "mine"})
    .add_skeleton(
        np.array([[0.0, 0, 0], [0, 0, 1000], [0, 0, 2000]]),
        [[1, 0], [2, 1]],
        root=0,
        features={"radius": [300.0, 200, 100]},
    )
    .add_point_annotations(
        "spines",
        pd.DataFrame({"x": [0.0], "y": [50.0], "z": [1000.0]}),
        spatial_columns=["x", "y", "z"],
        linkage=Link([1], target="skeleton"),
    )
)
assert_type(made, Cell)

ossify.save_cell(made, here / "made.osy", allow_overwrite=True)
assert_type(ossify.load_cell(here / "made.osy"), Cell)
assert_type(ossify.load_cell(str(here / "made.osy"), layers=["skeleton"]), Cell)
file = io.BytesIO()
ossify.save_cell(made, file)

try:
    made.layers["axons"]
except UnknownLayerError as error:
    said: str = str(error)
try:
    ossify.load_cell(io.BytesIO(b"no file of ours"))
except OsyFormatError as error:
    said = str(error)

ossify.export_swc(made, here / "made.swc", radius="radius")
assert_type(ossify.load_swc(here / "made.swc"), SkeletonLayer)
assert_type(CellFiles(here).load("made.osy"), Cell)
