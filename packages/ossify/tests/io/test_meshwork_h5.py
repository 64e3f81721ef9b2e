"""MeshWork files: what becomes of their parts, and which files are refused."""

from __future__ import annotations

import io
import json
import sys

import numpy as np
import pandas as pd
import pytest

import ossify
from ossify.errors import ConversionError, ConversionWarning, MeshWorkFormatError
from ossify.io.meshwork_h5 import hdf, read_meshwork
from ossify.io.meshwork_h5.tables import by_vertex
from ossify.testing import assert_cells_equal

h5py = pytest.importorskip("h5py")
numcodecs = pytest.importorskip("numcodecs")

# The mesh has two vertices at each of the skeleton's 0, 1, 2, and one that is nowhere on it.
#
#   mesh      0 1   2 3   4 5      6
#   skeleton   0  -  1  -  2      none
MESH = np.array(
    [[0, 0, 0], [0, 9, 0], [100, 0, 0], [100, 9, 0], [200, 0, 0], [200, 9, 0], [900, 0, 0]]
)
OF_MESH = np.array([0, 0, 1, 1, 2, 2, -1])
L2_IDS = 160_000_000_000_000_001 + 2 * np.arange(7)

TABLES = {
    "lvl2_ids": ({"lvl2_id": L2_IDS.tolist(), "mesh_ind": list(range(7))}, "mesh_ind", None),
    "compartment": (
        {"compartment": [1, 1, 2, 3, 3, 2, 2], "mesh_ind": list(range(7))},
        "mesh_ind",
        None,
    ),
    "segment_properties": (
        {
            "r_eff": [1.0, 3.0, 5.0, 5.0, 7.0, None, 9.0],
            "area": [2.0] * 7,
            "area_factor": [5.0] * 7,
            "strahler": [1, 1, 2, 2, 2, 1, 4],
            "mesh_ind": list(range(7)),
        },
        "mesh_ind",
        None,
    ),
    "is_axon": ({"mesh_index": [4, 5, 6]}, "mesh_index", None),
    "vol_prop": ({"size_nm3": [10, 20, 30], "mesh_ind": [6, 0, 2]}, "mesh_ind", None),
    "post_syn": (
        {
            "id": [2**60 + 1, 2**60 + 3],
            "ctr_pt_position": [[25.0, 1.0, 0.5], [50.0, 0.0, 0.0]],
            "tag": ["a", None],
            "mesh_ind": [2, 5],
        },
        "mesh_ind",
        "ctr_pt_position",
    ),
    "pre_syn": ({"id": [7], "ctr_pt_position": [[25.0, 2.0, 0.0]]}, None, "ctr_pt_position"),
}


def write(tables=TABLES, version=2, *, skeleton=True, change=None, file=None):
    """A MeshWork file in memory, in the layout of MeshParty."""
    file = io.BytesIO() if file is None else file
    with h5py.File(file, "w") as h5:
        h5.attrs.update(seg_id=864691132533489754, voxel_resolution=[[4, 4, 40]], version=version)
        packed = {"compression": "gzip"}
        h5.create_dataset("mesh/vertices", data=MESH.astype(float), **packed)
        h5.create_dataset("mesh/faces", data=[[0, 1, 2], [1, 3, 2]], **packed)
        h5.create_dataset("mesh/link_edges", data=[[k, k + 1] for k in range(6)], **packed)
        h5.create_dataset("mesh/node_mask", data=np.arange(7) < 6, **packed)
        h5.create_dataset("mesh/mesh_mask", data=np.ones(9, bool), **packed)
        if skeleton:
            h5.create_dataset("skeleton/vertices", data=MESH[:6:2].astype(float), **packed)
            h5.create_dataset("skeleton/edges", data=[[1, 0], [2, 1]], **packed)
            h5["skeleton/root"] = 0
            h5["skeleton/meta"] = np.bytes_(json.dumps({"soma_pt_x": 1.5, "meta": None}))
            h5.create_dataset("skeleton/mesh_to_skel_map", data=OF_MESH, **packed)
            h5.create_dataset("skeleton/radius", data=[3.0, 2.0, 1.0], **packed)
        for name, (columns, index, points) in tables.items():
            group = h5.create_group(f"annotations/{name}")
            group.attrs.update(
                anchor_to_mesh=1, defined_index=int(bool(index)), max_distance=np.inf
            )
            if index:
                group.attrs["index_column"] = index
            if points:
                group.attrs["point_column"] = points
            text = {k: {str(row): v for row, v in enumerate(c)} for k, c in columns.items()}
            group["data"] = np.bytes_(json.dumps(text))
        if change is not None:
            change(h5)
    file.seek(0)
    return file


def load(*args, l2_skeleton=True, as_pcg_skel=False, **options):
    return read_meshwork(write(*args, **options), l2_skeleton, as_pcg_skel)


def refused(change=None, **options):
    with pytest.raises(MeshWorkFormatError) as caught:
        load(change=change, **options)
    return str(caught.value)


def replaced(path, value):
    def change(h5):
        del h5[path]
        h5[path] = value

    return change


# Layers


def test_the_mesh_becomes_a_graph_that_maps_to_the_skeleton():
    cell, node_mask, report = load({})
    assert not report
    assert (cell.name, cell.units) == (864691132533489754, "nm")
    assert set(cell.layers.names) == {"graph", "skeleton"}
    assert cell.graph.vertices.tolist() == MESH.tolist()
    assert cell.graph.edges.tolist() == [[k, k + 1] for k in range(6)]
    assert cell.skeleton.root == 0
    assert cell.skeleton.get_feature("radius").tolist() == [3, 2, 1]
    assert node_mask.tolist() == [True] * 6 + [False]
    assert cell.graph.n_vertices == 7


def test_w12_a_mesh_vertex_that_is_nowhere_on_the_skeleton_maps_to_nothing():
    cell, _, _ = load({})
    mapped = cell.graph.map_index_to_layer("skeleton", missing=-1)
    assert mapped.tolist() == [0, 0, 1, 1, 2, 2, -1]


def test_the_mesh_stays_a_mesh_with_its_faces_if_it_is_no_level_2_graph():
    cell, _, _ = load(l2_skeleton=False)
    assert cell.graph is None
    assert cell.mesh.faces.tolist() == [[0, 1, 2], [1, 3, 2]]
    assert cell.mesh.map_index_to_layer("skeleton", [5]).tolist() == [2]
    assert cell.annotations.post_syn.map_index_to_layer("mesh").tolist() == [2, 5]


def test_scaling_applies_to_vertices_and_to_the_points_of_annotations():
    def change(h5):
        h5["mesh"].attrs["voxel_scaling"] = [[1.0, 1.0, 2.0]]
        h5["skeleton"].attrs["voxel_scaling"] = [2.0, 1.0, 1.0]

    cell, _, _ = load(change=change)
    assert cell.skeleton.vertices[:, 0].tolist() == [0, 200, 400]
    assert cell.annotations.post_syn.vertices.tolist() == [[100, 4, 40], [200, 0, 0]]


def test_flat_faces_and_a_file_without_skeleton_annotations_and_seg_id():
    def change(h5):
        del h5.attrs["seg_id"]
        replaced("mesh/faces", [0, 1, 2, 1, 3, 2])(h5)
        del h5["mesh/link_edges"], h5["mesh/node_mask"], h5["mesh/mesh_mask"]

    cell, node_mask, _ = load({}, change=change, skeleton=False, l2_skeleton=False)
    assert cell.name is None
    assert cell.skeleton is None
    assert cell.mesh.faces.tolist() == [[0, 1, 2], [1, 3, 2]]
    assert node_mask.all()
    assert len(load({}, change=change, skeleton=False)[0].graph.edges) == 0


def test_what_else_the_file_says_is_in_meta():
    cell, _, _ = load()
    assert cell.meta["seg_id"] == 864691132533489754
    assert cell.meta["version"] == 2
    assert cell.meta["voxel_resolution"].tolist() == [[4, 4, 40]]
    further = cell.meta["meshwork"]
    assert further["mesh_mask"].tolist() == [True] * 9
    assert further["skeleton_meta"] == {"soma_pt_x": 1.5}
    assert further["annotations"]["pre_syn"] == {"anchor_to_mesh": True, "max_distance": np.inf}


# Annotations


def test_w42_annotations_lie_at_their_own_points_and_hang_on_their_index():
    cell, _, _ = load()
    synapses = cell.annotations.post_syn
    assert synapses.vertices.tolist() == [[100, 4, 20], [200, 0, 0]]
    assert synapses.map_index_to_layer("graph").tolist() == [2, 5]
    assert synapses.feature_names == ["ctr_pt_position", "id", "tag"]
    assert synapses.get_feature("id").tolist() == [2**60 + 1, 2**60 + 3]
    assert cell.annotations.compartment.vertices.tolist() == MESH.tolist()


def test_points_without_an_index_hang_on_the_nearest_vertex_as_meshparty_has_it():
    cell, _, _ = load()
    synapses = cell.annotations.pre_syn
    assert synapses.vertices.tolist() == [[100, 8, 0]]
    assert synapses.map_index_to_layer("graph").tolist() == [3]


def test_points_beyond_the_greatest_distance_or_not_anchored_hang_on_nothing():
    def near_only(h5):
        h5["annotations/pre_syn"].attrs["max_distance"] = 0.5

    cell, _, _ = load(change=near_only)
    assert cell.annotations.pre_syn.map_index_to_layer("graph", missing=-1).tolist() == [-1]

    def free(h5):
        h5["annotations/pre_syn"].attrs["anchor_to_mesh"] = 0

    cell, _, _ = load(change=free)
    assert cell.annotations.pre_syn.n_vertices == 1
    assert ("pre_syn", "graph") not in cell.linkage.tables


def test_w42_a_table_with_neither_points_nor_index_is_reported_and_the_rest_is_loaded():
    cell, _, report = load({**TABLES, "notes": ({"a": [1, 2]}, None, None)})
    assert "notes" not in cell.annotations.names
    assert [str(item) for item in report] == [
        "annotation 'notes' (2): it has neither points nor index"
    ]
    assert cell.annotations.names == sorted(TABLES)


def test_rows_that_are_nowhere_are_reported_and_points_without_resolution_are_not_guessed():
    table = ({"n": [1, 2], "mesh_ind": [-1, 3]}, "mesh_ind", None)
    cell, _, report = load({"t": table})
    assert cell.annotations.t.get_feature("n").tolist() == [2]
    assert [(item.kind, item.name, item.count) for item in report] == [("rows", "t", 1)]

    def change(h5):
        del h5.attrs["voxel_resolution"]

    cell, _, report = load({"post_syn": TABLES["post_syn"]}, change=change)
    assert cell.annotations.post_syn.vertices.tolist() == MESH[[2, 5]].tolist()
    assert [item.kind for item in report] == ["coordinates"]


def test_names_that_are_taken_are_changed():
    table = ({"x": [5], "n": [1], "mesh_ind": [3]}, "mesh_ind", None)
    cell, _, _ = load({"skeleton": table, "empty": ({}, None, None)})
    assert cell.annotations.names == ["skeleton_annotation"]
    layer = cell.annotations["skeleton_annotation"]
    assert layer.spatial_columns == ["pt_x", "pt_y", "pt_z"]
    assert layer.get_feature("x").tolist() == [5]


def test_numbers_with_gaps_stay_whole():
    table = ({"partner": [2**60 + 1, None], "mesh_ind": [0, 1]}, "mesh_ind", None)
    cell, _, _ = load({"t": table})
    assert cell.annotations.t.nodes["partner"].tolist() == [2**60 + 1, pd.NA]


# Tables of pcg_skel


@pytest.mark.parametrize("l2_skeleton", [True, False])
def test_w42_tables_of_pcg_skel_become_features(l2_skeleton):
    cell, _, report = load(l2_skeleton=l2_skeleton, as_pcg_skel=True)
    assert not report
    base = cell.graph if l2_skeleton else cell.mesh
    skeleton = cell.skeleton
    assert cell.annotations.names == ["post_syn", "pre_syn"]
    assert base.get_feature("lvl2_id").tolist() == L2_IDS.tolist()
    assert base.nodes["size_nm3"].tolist() == [20, pd.NA, 30, pd.NA, pd.NA, pd.NA, 10]
    assert skeleton.get_feature("is_axon").tolist() == [False, False, True]
    assert skeleton.get_feature("area").tolist() == [2, 2, 2]
    assert skeleton.get_feature("area_factor").tolist() == [5, 5, 5]
    assert skeleton.get_feature("r_eff").tolist() == [2, 5, 7]
    # Of equally many the lowest.
    assert skeleton.get_feature("compartment").tolist() == [1, 2, 2]
    assert skeleton.get_feature("strahler").tolist() == [1, 2, 1]


def test_skeleton_vertices_without_mesh_have_no_compartment():
    change = replaced("skeleton/mesh_to_skel_map", np.array([0, 0, 0, 0, 0, 0, -1]))
    cell, _, _ = load(change=change, as_pcg_skel=True)
    assert cell.skeleton.get_feature("compartment").tolist() == [1, 0, 0]
    assert cell.skeleton.nodes["strahler"].tolist() == [1, pd.NA, pd.NA]


def test_without_a_skeleton_its_tables_stay_annotations():
    cell, _, _ = load(skeleton=False, as_pcg_skel=True)
    assert cell.graph.feature_names == ["lvl2_id", "size_nm3"]
    assert "is_axon" in cell.annotations.names


def test_several_rows_for_a_vertex_stay_an_annotation():
    table = ({"lvl2_id": [5, 6], "mesh_ind": [1, 1]}, "mesh_ind", None)
    cell, _, _ = load({"lvl2_ids": table}, as_pcg_skel=True)
    assert cell.annotations.lvl2_ids.get_feature("lvl2_id").tolist() == [5, 6]


def test_values_by_vertex_keep_their_type():
    places = np.array([2, 0, -1])
    assert by_vertex(np.array([5, 6, 7]), np.array([1, 2, 0]), 3).tolist() == [7, 5, 6]
    assert by_vertex(np.array([2**60 + 1, 6, 7]), places, 3).tolist() == [6, pd.NA, 2**60 + 1]
    floats = by_vertex(np.array([0.5, 1.5, 2.5]), places, 3)
    np.testing.assert_array_equal(floats, [1.5, np.nan, 0.5])


# Version 1


def write_blocks(h5, name, blocks, pickled=()):
    """A table in the fixed layout that pandas gives PyTables, without Blosc."""
    data = h5.create_group(f"annotations/{name}/data")
    n_rows = len(blocks[0][1])
    order = [column for names, _ in blocks for column in names] + list(pickled)
    data.attrs["nblocks"] = len(blocks) + bool(pickled)
    data["axis0"] = np.array(order, dtype="S")
    data["axis1"] = np.arange(n_rows)
    for place, (names, values) in enumerate(blocks):
        data[f"block{place}_items"] = np.array(names, dtype="S")
        data[f"block{place}_values"] = values
        data[f"block{place}_values"].attrs["transposed"] = np.uint8(1)
    if pickled:
        place = len(blocks)
        data[f"block{place}_items"] = np.array(pickled, dtype="S")
        vlen = data.create_dataset(f"block{place}_values", (1,), dtype=h5py.vlen_dtype(np.uint8))
        vlen.attrs["PSEUDOATOM"] = b"object"
        # Unpickled, this would raise: it names a function that is not there.
        vlen[0] = np.frombuffer(b"cossify\nno_such_function\n.", dtype=np.uint8)


def version_1(h5):
    write_blocks(
        h5,
        "syn",
        [
            (["id", "mesh_ind"], np.array([[2**60 + 1, 4], [2**60 + 3, 0]])),
            (["size"], np.array([[0.5], [np.nan]])),
        ],
        ["tag", "ctr_pt_position"],
    )
    h5["annotations/syn"].attrs.update(
        anchor_to_mesh=1,
        defined_index=1,
        max_distance=np.inf,
        index_column="mesh_ind",
        point_column="ctr_pt_position",
    )


def test_numbers_of_version_1_are_read_and_pickles_are_left_alone_and_reported():
    cell, _, report = load({}, 1, change=version_1)
    synapses = cell.annotations.syn
    assert synapses.get_feature("id").tolist() == [2**60 + 1, 2**60 + 3]
    np.testing.assert_array_equal(synapses.get_feature("size"), [0.5, np.nan])
    assert synapses.map_index_to_layer("graph").tolist() == [4, 0]
    assert synapses.vertices.tolist() == MESH[[4, 0]].tolist()
    assert [(item.kind, item.name, item.count) for item in report] == [
        ("column", "syn/tag", 2),
        ("column", "syn/ctr_pt_position", 2),
    ]
    assert "pickle, which can run code" in report.items[0].reason


def test_a_file_without_a_version_is_of_version_1():
    def change(h5):
        version_1(h5)
        del h5.attrs["version"]

    assert load({}, change=change)[0].meta["version"] == 1


def packed(values, chunk, spoil=lambda content: content, keep=()):
    """Changes a file so that its column of row labels is compressed with Blosc.

    Parameters
    ----------
    values
        The labels.
    chunk
        How many are in a chunk.
    spoil
        What becomes of the content of each chunk.
    keep
        The places of the chunks that are not compressed.
    """

    def change(h5):
        version_1(h5)
        data = h5["annotations/syn/data"]
        del data["axis1"]
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk((chunk,))
        plist.set_filter(32001, h5py.h5z.FLAG_OPTIONAL, (2, 2, 8, 8 * chunk, 5, 1))
        # PyTables makes them extendable, so that a chunk may be larger than the data.
        space = h5py.h5s.create_simple(values.shape, (h5py.h5s.UNLIMITED,))
        made = h5py.h5d.create(data.id, b"axis1", h5py.h5t.NATIVE_INT64, space, plist)
        whole = np.zeros((-len(values) // chunk * -chunk,), dtype=np.int64)
        whole[: len(values)] = values
        for place, start in enumerate(range(0, len(values), chunk)):
            content = whole[start : start + chunk].tobytes()
            if place not in keep:
                content = spoil(numcodecs.Blosc("blosclz", 5, 1).encode(content))
            made.write_direct_chunk((start,), content, filter_mask=int(place in keep))

    return change


@pytest.mark.parametrize("chunk", [1, 2, 7, 8192])
@pytest.mark.parametrize("keep", [(), (0,)])
def test_what_is_compressed_with_blosc_is_read_exactly(chunk, keep):
    labels = 2**60 + np.arange(1, 30, 2)
    file = write({}, 1, change=packed(labels, chunk, keep=keep))
    with hdf.open_hdf(file) as opened:
        found = opened.wanted("annotations/syn/data/axis1", "iu")
    assert found.dtype == np.int64
    assert found.tolist() == labels.tolist()


def test_a_table_that_is_compressed_with_blosc_becomes_an_annotation():
    cell, _, _ = load({}, 1, change=packed(np.arange(2), 8192))
    assert cell.annotations.syn.get_feature("id").tolist() == [2**60 + 1, 2**60 + 3]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content[:-1],
        lambda content: content[:8],
        lambda content: content[:4] + (2**31 - 1).to_bytes(4, "little") + content[8:],
        lambda content: content[:16] + bytes([255]) * (len(content) - 16),
    ],
    ids=["cut", "without a header", "bomb", "noise"],
)
def test_damaged_blosc_is_refused(spoil):
    with pytest.raises(MeshWorkFormatError, match="damaged"):
        load({}, 1, change=packed(np.arange(2), 8192, spoil))


def test_a_chunk_beyond_all_measure_is_refused():
    with pytest.raises(MeshWorkFormatError, match="axis1 is in chunks of 536,870,912 bytes"):
        load({}, 1, change=packed(np.arange(2), 2**26))


def test_without_numcodecs_the_extra_is_named(monkeypatch):
    file = write({}, 1, change=packed(np.arange(2), 2))
    monkeypatch.setitem(sys.modules, "numcodecs", None)
    with pytest.raises(ImportError, match=r"Blosc.*pip install 'ossify\[legacy\]'"):
        read_meshwork(file)


# What is refused


def test_strict_raises_and_otherwise_a_warning_says_what_stays_behind(tmp_path):
    path = tmp_path / "cell.h5"
    with open(path, "w+b") as file:
        write({"notes": ({"a": [1]}, None, None)}, file=file)
    with pytest.warns(ConversionWarning, match=r"cell\.h5 to a cell.*\n.*'notes' \(1\)"):
        ossify.import_legacy_meshwork(path)
    with pytest.raises(ConversionError, match="'notes'"):
        ossify.import_legacy_meshwork(str(path), strict=True)


def test_without_numcodecs_the_extra_is_named_where_it_is_needed(monkeypatch):
    needs_it = packed(np.arange(2), 8192)
    monkeypatch.setitem(sys.modules, "numcodecs", None)
    with pytest.raises(ImportError, match=r"numcodecs; .* pip install 'ossify\[legacy\]'"):
        load({}, 1, change=needs_it)
    assert load({}, 1, change=version_1)[0].annotations.names == ["syn"]


def test_without_h5py_the_extra_is_named(monkeypatch):
    file = write()
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ImportError, match=r"pip install 'ossify\[legacy\]'"):
        ossify.import_legacy_meshwork(file)


def test_a_file_that_is_not_there_or_no_hdf5_or_cut_off(tmp_path):
    with pytest.raises(FileNotFoundError):
        ossify.import_legacy_meshwork(tmp_path / "nothing.h5")
    whole = write().getvalue()
    for data in (b"", b"not HDF5", whole[: len(whole) // 2], whole[:-1]):
        with pytest.raises(MeshWorkFormatError, match="no HDF5 file, or is damaged"):
            ossify.import_legacy_meshwork(io.BytesIO(data))


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("mesh/vertices", [["a"]], "holds"),
        ("mesh/vertices", np.zeros((7, 2)), r"has shape \(7, 2\), expected"),
        ("mesh/vertices", np.full((7, 3), np.nan), "NaN or infinite"),
        ("mesh/node_mask", np.ones(3, bool), r"mesh/node_mask has shape \(3,\), expected \(7,\)"),
        ("mesh/link_edges", [[0, 7]], "mesh/link_edges names vertex 7, where there are 7"),
        ("skeleton/root", 3, "skeleton/root names vertex 3"),
        ("skeleton/edges", [[1, 0], [2, 1], [0, 2]], "cycle|circle"),
        ("skeleton/mesh_to_skel_map", np.full(7, 3), "skeleton/mesh_to_skel_map names vertex 3"),
        ("skeleton/radius", np.zeros(2), "skeleton/radius has shape"),
        ("skeleton/meta", np.bytes_("{"), "skeleton/meta is no JSON"),
        ("annotations/is_axon/data", np.bytes_("[1]"), "is not a table"),
        ("annotations/is_axon/data", np.bytes_("[" * 100_000), "is no JSON"),
        ("annotations/is_axon/data", np.bytes_('{"a": {"0": 1}, "b": {}}'), "different rows"),
        ("annotations/is_axon/data", np.bytes_('{"mesh_index": {"0": 7}}'), "names vertex 7"),
        ("annotations/is_axon/data", np.bytes_('{"mesh_index": {"0": 0.5}}'), "0.5"),
        ("annotations/pre_syn/data", np.bytes_('{"ctr_pt_position": {"0": [1]}}'), "three numbers"),
    ],
)
def test_parts_that_do_not_fit_are_refused_by_name(path, value, reason):
    with pytest.raises(MeshWorkFormatError, match=reason):
        load(change=replaced(path, value))


def test_other_versions_and_files_without_a_mesh_are_refused():
    assert "version 3 is none of those" in refused(version=3)

    def change(h5):
        del h5["mesh"]

    assert "it has no mesh" in refused(change)


def test_links_to_elsewhere_are_not_followed(tmp_path):
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as h5:
        h5["vertices"] = np.zeros((7, 3))

    def external_link(h5):
        del h5["mesh/vertices"]
        h5["mesh/vertices"] = h5py.ExternalLink(str(secret), "vertices")

    def soft_link(h5):
        del h5["mesh/vertices"]
        h5["mesh/vertices"] = h5py.SoftLink("/skeleton/vertices")

    def virtual(h5):
        del h5["mesh/vertices"]
        layout = h5py.VirtualLayout((7, 3), "f8")
        layout[:] = h5py.VirtualSource(str(secret), "vertices", shape=(7, 3))
        h5.create_virtual_dataset("mesh/vertices", layout)

    def external_data(h5):
        del h5["mesh/vertices"]
        raw = [(str(secret), 0, 168)]
        h5.create_dataset("mesh/vertices", (7, 3), "f8", external=raw)

    for change in (external_link, soft_link):
        assert "is a link to elsewhere" in refused(change)
    for change in (virtual, external_data):
        assert "its data in other files" in refused(change)


def test_a_small_file_that_claims_gigabytes_is_refused_before_they_are_made():
    def change(h5):
        del h5["mesh/vertices"]
        h5.create_dataset("mesh/vertices", (10**9, 3), "f8", chunks=(10**4, 3), compression="gzip")

    assert "claims 24,000,000,000 bytes" in refused(change)


# Real files


def test_w42_the_file_of_meshparty_is_loaded_with_its_axon_and_areas_in_place(real_data):
    path = real_data / "meshwork" / "meshparty-2.0.3.h5"
    cell, node_mask = ossify.import_legacy_meshwork(path, as_pcg_skel=True, strict=True)
    assert cell.graph.n_vertices == len(node_mask) == 120
    assert cell.skeleton.n_vertices == 60
    assert np.flatnonzero(cell.skeleton.get_feature("is_axon")).tolist() == list(range(41, 60))
    assert set(cell.skeleton.get_feature("area_factor")) == {5.0}
    assert set(cell.skeleton.get_feature("area")) == {2.0}
    own = cell.annotations.post_syn.get_feature("ctr_pt_position")
    expected = np.array(own.tolist()) * [9, 9, 45]
    np.testing.assert_array_equal(cell.annotations.post_syn.vertices, expected)


def test_an_imported_cell_survives_saving(real_data):
    path = real_data / "meshwork" / "meshparty-2.0.3.h5"
    for cell in (load()[0], ossify.import_legacy_meshwork(path)[0]):
        file = io.BytesIO()
        ossify.save_cell(cell, file)
        assert_cells_equal(ossify.load_cell(io.BytesIO(file.getvalue())), cell)
