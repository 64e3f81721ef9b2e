"""The calls of the document "Data Import and Export" that read MeshWork files."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import ossify
from ossify.testing import assert_cells_equal


@pytest.fixture(autouse=True)
def meshwork_files(real_data, in_a_folder_of_its_own):
    """The file of MeshParty, wherever the document has one."""
    pytest.importorskip("h5py")
    source = real_data / "meshwork" / "meshparty-2.0.3.h5"
    for name in ("path/to/meshwork_file.h5", "meshwork_file.h5", "legacy_files/first.h5"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, name)


def process_cell_directory(input_dir, output_dir, file_pattern="*.h5"):
    """The document's conversion of a folder."""
    input_path = Path(input_dir)
    output_path = Path(output_dir)
    output_path.mkdir(exist_ok=True)
    for meshwork_file in input_path.glob(file_pattern):
        print(f"Processing {meshwork_file.name}...")
        try:
            cell, mask = ossify.import_legacy_meshwork(  # noqa: RUF059
                str(meshwork_file), l2_skeleton=True, as_pcg_skel=True
            )
            output_file = output_path / f"{meshwork_file.stem}.osy"
            ossify.save_cell(cell, str(output_file))
            print(f"  Saved: {output_file.name}")
        except Exception as e:  # noqa: BLE001 as the document has it
            print(f"  Error processing {meshwork_file.name}: {e}")


def test_basic_import_and_its_node_mask():
    cell, node_mask = ossify.import_legacy_meshwork(
        "path/to/meshwork_file.h5", l2_skeleton=True, as_pcg_skel=False
    )
    assert cell.name == 864691132533489754
    assert node_mask.shape == (120,)
    assert sorted(cell.layers.names) == ["graph", "skeleton"]
    assert sorted(cell.annotations.names) == [
        "compartment",
        "is_axon",
        "lvl2_ids",
        "post_syn",
        "pre_syn",
        "segment_properties",
        "vol_prop",
    ]
    assert cell.graph
    assert len(node_mask) == cell.graph.n_vertices
    masked_graph = cell.graph.apply_mask(node_mask, as_positional=True)
    assert masked_graph.n_vertices == np.count_nonzero(node_mask)


def test_import_as_a_mesh():
    cell, node_mask = ossify.import_legacy_meshwork(
        "meshwork_file.h5", l2_skeleton=False, as_pcg_skel=False
    )
    assert cell.mesh is not None
    assert (cell.mesh.n_vertices, len(cell.mesh.faces), len(node_mask)) == (120, 1, 120)


def test_import_with_the_tables_of_pcg_skel_as_features():
    cell, _ = ossify.import_legacy_meshwork("meshwork_file.h5", l2_skeleton=True, as_pcg_skel=True)
    assert cell.skeleton.feature_names == [
        "area",
        "area_factor",
        "compartment",
        "is_axon",
        "len",
        "r_eff",
        "radius",
        "strahler",
        "vol",
    ]
    assert cell.graph.feature_names == ["area_nm2", "lvl2_id", "size_nm3"]


def test_understanding_the_structure(capsys):
    cell, _ = ossify.import_legacy_meshwork("meshwork_file.h5")
    cell.describe()
    assert "graph <-> skeleton" in capsys.readouterr().out
    skeleton_to_graph = cell.skeleton.map_index_to_layer("graph", as_positional=False)
    assert len(skeleton_to_graph) == cell.skeleton.n_vertices
    back = cell.graph.map_index_to_layer("skeleton", skeleton_to_graph)
    assert back.tolist() == cell.skeleton.vertex_index.tolist()
    counts = {name: cell.annotations[name].n_vertices for name in cell.annotations.names}
    assert (counts["post_syn"], counts["pre_syn"], counts["is_axon"]) == (4, 10, 37)


def test_a_folder_of_meshwork_files_becomes_a_folder_of_cells(capsys):
    Path("legacy_files/broken.h5").write_bytes(b"no HDF5")
    process_cell_directory("legacy_files/", "ossify_files/", "*.h5")
    printed = capsys.readouterr().out
    assert "  Saved: first.osy" in printed
    assert "  Error processing broken.h5: broken.h5 is no HDF5 file" in printed
    expected, _ = ossify.import_legacy_meshwork("legacy_files/first.h5", True, True)
    assert_cells_equal(ossify.load_cell("ossify_files/first.osy"), expected)
