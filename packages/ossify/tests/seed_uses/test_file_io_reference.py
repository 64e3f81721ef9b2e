"""The calls of the document "File I/O Operations" that a cell and a local file answer."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ossify
from ossify.testing import assert_cells_equal


def add_analysis_features(cell):
    """The document's processing function."""
    strahler = ossify.strahler_number(cell)
    cell.skeleton.add_feature(strahler, "strahler_order")
    if "pre_syn" in cell.annotations.names:
        is_axon = ossify.label_axon_from_synapse_flow(cell)
        compartment = np.where(is_axon, "axon", "dendrite")
        cell.skeleton.add_feature(compartment, "compartment")
    return cell


def validate_cell_file(filepath):
    """The document's validation, with its thresholds."""
    try:
        cell = ossify.load_cell(filepath)
        results = {"valid": True, "errors": [], "warnings": [], "info": {}}
        if cell.skeleton is None:
            results["errors"].append("No skeleton layer found")
        if len(cell.layers.names) == 0:
            results["errors"].append("No morphological layers found")
        if cell.skeleton is not None:
            skeleton = cell.skeleton
            n_components = len(skeleton.cover_paths)
            if n_components > 1:
                results["warnings"].append(f"Skeleton has {n_components} disconnected components")
            total_length = skeleton.cable_length()
            if total_length > 10_000_000:
                results["warnings"].append(f"Unusually long skeleton: {total_length:.0f} nm")
            elif total_length < 1000:
                results["warnings"].append(f"Unusually short skeleton: {total_length:.0f} nm")
        for anno_name in cell.annotations.names:
            anno = cell.annotations[anno_name]
            if len(anno) == 0:
                results["warnings"].append(f"Empty annotation layer: {anno_name}")
        results["info"] = {
            "cell_name": cell.name,
            "n_layers": len(cell.layers.names),
            "layer_names": cell.layers.names,
            "n_annotations": len(cell.annotations.names),
            "annotation_names": cell.annotations.names,
        }
        if cell.skeleton:
            results["info"].update(
                {
                    "n_skeleton_vertices": cell.skeleton.n_vertices,
                    "skeleton_length": cell.skeleton.cable_length(),
                    "n_branch_points": len(cell.skeleton.branch_points),
                    "n_end_points": len(cell.skeleton.end_points),
                }
            )
        results["valid"] = len(results["errors"]) == 0
        return results
    except Exception as e:  # noqa: BLE001 as the document has it
        return {
            "valid": False,
            "errors": [f"Failed to load file: {e!s}"],
            "warnings": [],
            "info": {},
        }


def extract_features(cell):
    """The document's numbers of one cell."""
    features = {}
    if cell.skeleton:
        skeleton = cell.skeleton
        features.update(
            {
                "total_length": skeleton.cable_length(),
                "n_branch_points": len(skeleton.branch_points),
                "n_end_points": len(skeleton.end_points),
                "max_distance_to_root": skeleton.distance_to_root().max(),
            }
        )
        strahler = ossify.strahler_number(skeleton)
        features["max_strahler_order"] = strahler.max()
    return features


def stream_large_dataset(file_list, processing_func):
    """The document's generator."""
    for filepath in file_list:
        cell = ossify.load_cell(filepath)
        try:
            result = processing_func(cell)
            yield {"filepath": filepath, "result": result, "cell_name": cell.name}
        finally:
            del cell


def test_loading_from_paths_file_objects_and_bytes(cell):
    ossify.save_cell(cell, "data/neuron_12345.osy")
    assert_cells_equal(ossify.load_cell("data/neuron_12345.osy"), cell)
    with open("data/neuron_12345.osy", "rb") as f:
        assert_cells_equal(ossify.load_cell(f), cell)
    with open("data/neuron_12345.osy", "rb") as f:
        data_bytes = f.read()
    assert_cells_equal(ossify.load_cell(BytesIO(data_bytes)), cell)


def test_saving_to_paths_and_file_objects(cell):
    ossify.save_cell(cell, "output/processed_neuron.osy")
    ossify.save_cell(cell)
    with open("neuron_backup.osy", "wb") as f:
        ossify.save_cell(cell, f)
    for path in ("output/processed_neuron.osy", "my_neuron.osy", "neuron_backup.osy"):
        assert_cells_equal(ossify.load_cell(path), cell)


def test_overwrite_protection(cell):
    ossify.save_cell(cell, "existing_file.osy")
    before = Path("existing_file.osy").read_bytes()
    with pytest.raises(FileExistsError):
        ossify.save_cell(cell, "existing_file.osy", allow_overwrite=False)
    assert Path("existing_file.osy").read_bytes() == before
    ossify.save_cell(cell, "existing_file.osy", allow_overwrite=True)


def test_path_objects(cell):
    base_path = Path("neuron_data").expanduser().absolute()
    ossify.save_cell(cell, base_path / "subdirectory" / "cell.osy")
    assert_cells_equal(ossify.load_cell(base_path / "subdirectory" / "cell.osy"), cell)


def test_analysis_features(cell):
    cell.skeleton.drop_features("compartment")
    processed = add_analysis_features(cell)
    assert processed.skeleton.get_feature("strahler_order").tolist() == [2, 2, 1, 1, 1, 1]
    compartment = processed.skeleton.get_feature("compartment")
    assert compartment.tolist() == ["dendrite", "dendrite", "axon", "axon", "dendrite", "dendrite"]
    ossify.save_cell(processed, "processed.osy", allow_overwrite=True)
    assert_cells_equal(ossify.load_cell("processed.osy"), processed)


def test_validating_a_file(cell):
    cell.add_point_annotations("spines", np.empty((0, 3)))
    ossify.save_cell(cell, "neuron.osy")
    validation = validate_cell_file("neuron.osy")
    assert validation == {
        "valid": True,
        "errors": [],
        "warnings": ["Skeleton has 2 disconnected components", "Empty annotation layer: spines"],
        "info": {
            "cell_name": "my_neuron",
            "n_layers": 3,
            "layer_names": ["skeleton", "graph", "mesh"],
            "n_annotations": 3,
            "annotation_names": ["pre_syn", "post_syn", "spines"],
            "n_skeleton_vertices": 6,
            "skeleton_length": 5000.0,
            "n_branch_points": 1,
            "n_end_points": 2,
        },
    }


def test_validating_a_cell_without_layers_and_a_file_that_is_not_there():
    ossify.save_cell(ossify.Cell(name="neuron"), "neuron.osy")
    validation = validate_cell_file("neuron.osy")
    assert not validation["valid"]
    assert validation["errors"] == ["No skeleton layer found", "No morphological layers found"]
    missing = validate_cell_file("missing.osy")
    assert not missing["valid"]
    assert "missing.osy" in missing["errors"][0]


def test_streaming_features_of_many_cells(cell):
    file_paths = [f"neuron_{i:03d}.osy" for i in range(3)]
    for path in file_paths:
        ossify.save_cell(cell, path)
    all_features = [
        {"cell_name": result["cell_name"], **result["result"]}
        for result in stream_large_dataset(file_paths, extract_features)
    ]
    features_df = pd.DataFrame(all_features)
    assert (
        features_df.to_dict("records")
        == [
            {
                "cell_name": "my_neuron",
                "total_length": 5000.0,
                "n_branch_points": 1,
                "n_end_points": 2,
                "max_distance_to_root": 3000.0,
                "max_strahler_order": 2,
            }
        ]
        * 3
    )
