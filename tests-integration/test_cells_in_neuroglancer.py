"""A cell as layers of a neuroglancer view, and back."""

from __future__ import annotations

import numpy as np
import pytest

from cortical_tools import cell_layers


def test_a_cell_comes_back_from_its_link(dataset, neurons):
    cell = dataset.get_skeleton(neurons["edited"]["root_ids"][-1])
    layers = cell_layers(cell, color_by="compartment")
    url = dataset.neuroglancer_url(root_ids=cell.name, layers=layers)
    tables = dataset.neuroglancer_tables(url)
    assert tables.segments["root_id"].tolist() == [cell.name]
    found = dict(list(tables.annotations.groupby("layer")))
    assert set(found) == {"skeleton", *cell.annotations.names}

    lines, skeleton = found["skeleton"], cell.skeleton
    edges = skeleton.edges_positional
    for end, columns in enumerate((["x_nm", "y_nm", "z_nm"], ["x2_nm", "y2_nm", "z2_nm"])):
        assert lines[columns].to_numpy() == pytest.approx(skeleton.vertices[edges[:, end]])
    assert lines["id"].astype(np.int64).tolist() == skeleton.vertex_index[edges[:, 0]].tolist()
    codes = skeleton.get_feature("compartment")[edges[:, 0]]
    assert lines["compartment"].tolist() == codes.tolist()

    for name in cell.annotations.names:
        sites = found[name][["x_nm", "y_nm", "z_nm"]].to_numpy()
        assert sites == pytest.approx(cell.annotations[name].vertices)
