"""A cell with everything that the documents speak of, countable by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ossify


@pytest.fixture
def cell() -> ossify.Cell:
    #   soma 0 - 1 - 2 - 3   axon, with two output sites at its end
    #           \
    #            4 - 5       dendrite, with three input sites
    vertices = np.array(
        [[0, 0, 0], [1, 0, 0], [2, 0, 0], [3, 0, 0], [1, 1, 0], [1, 2, 0]], dtype=float
    )
    vertices *= 1000
    l2_ids = 160_000_000_000_000_001 + np.arange(6)
    return (
        ossify.Cell(name="my_neuron")
        .add_skeleton(
            vertices,
            [[1, 0], [2, 1], [3, 2], [4, 1], [5, 4]],
            features={
                "radius": np.array([500.0, 100, 90, 80, 200, 150]),
                "compartment": np.array([1, 2, 2, 2, 3, 3]),
            },
            root=0,
        )
        .add_graph(
            vertices + 10,
            [[1, 0], [2, 1], [3, 2], [4, 1], [5, 4]],
            vertex_index=l2_ids,
            edges_as_positional=True,
            features={"size_nm3": np.arange(6) * 1_000_000},
            linkage=ossify.Link(np.arange(6), target="skeleton"),
        )
        .add_point_annotations(
            "pre_syn",
            pd.DataFrame(
                {
                    "ctr_pt_position_x": [3000.0, 3000.0],
                    "ctr_pt_position_y": [5.0, 6.0],
                    "ctr_pt_position_z": [0.0, 0.0],
                    "post_pt_root_id": [864691135639806263, 864691135639806265],
                    "pre_pt_l2_id": l2_ids[[3, 3]],
                },
                index=pd.Index([11, 12], name="id"),
            ),
            spatial_columns="ctr_pt_position",
            linkage=ossify.Link("pre_pt_l2_id", target="graph"),
        )
        .add_point_annotations(
            "post_syn",
            vertices[[5, 5, 4]],
            linkage=ossify.Link(l2_ids[[5, 5, 4]], target="graph"),
        )
        .add_mesh(
            np.vstack([vertices, vertices + 50]),
            [[0, 1, 6], [1, 2, 7], [4, 5, 10]],
            linkage=ossify.Link(np.tile(np.arange(6), 2), target="skeleton"),
        )
    )


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path
