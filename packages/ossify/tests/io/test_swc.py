"""SWC files: what is read, what is written, what is refused and what is reported."""

from __future__ import annotations

import io
import re
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ossify
from ossify import Cell, SkeletonLayer, SWCCompartment, export_swc, export_swc_dataframe, load_swc
from ossify.compartment import Compartment
from ossify.errors import (
    ConversionError,
    ConversionWarning,
    SWCFormatError,
    UnitsError,
    UnknownFeatureError,
)
from ossify.io.swc import load_swc_cell
from ossify.io.swc.table import _careful, _quick

TREE = """\
1 1 0 0 0 5 -1
2 2 10 0 0 1 1
3 2 20 0 0 0.5 2
4 3 10 10 0 0.25 2
"""


def load(text, **options):
    return load_swc(io.StringIO(text), **options)


def refused(text):
    with pytest.raises(SWCFormatError) as caught:
        load(text)
    return str(caught.value)


def written(cell, **options):
    file = io.StringIO()
    export_swc(cell, file, **options)
    return file.getvalue()


def numbers(text):
    """The lines that are not comments, as lists of numbers."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return [[float(field) for field in line.split()] for line in lines]


@pytest.fixture
def cell():
    #       3
    #       |
    #   0 - 1 - 2      in nm, the ids 10, 11, 12, 13
    return Cell("y").add_skeleton(
        [[0, 0, 0], [1000, 0, 0], [2000, 0, 0], [1000, 500, 0]],
        [[1, 0], [2, 1], [3, 1]],
        features={"radius": [500.0, 100, 50, 25], "compartment": [1, 2, 2, 3]},
        vertex_index=[10, 11, 12, 13],
        root=10,
    )


# Reading


def test_a_file_becomes_a_tree_with_types_and_radii():
    skeleton = load(TREE)
    assert skeleton.vertices.tolist() == [[0, 0, 0], [10, 0, 0], [20, 0, 0], [10, 10, 0]]
    assert skeleton.tree.parent.tolist() == [-1, 0, 1, 1]
    assert skeleton.get_feature("compartment").tolist() == [1, 2, 2, 3]
    assert skeleton.get_feature("compartment").dtype == np.int64
    assert skeleton.get_feature("radius").tolist() == [5, 1, 0.5, 0.25]
    assert (skeleton.name, skeleton.root, skeleton.cable_length()) == ("skeleton", 0, 30.0)


def test_ids_count_from_zero_in_file_order_unless_those_of_the_file_are_kept():
    text = "7 1 0 0 0 1 -1\n9 2 1 0 0 1 7\n8 2 2 0 0 1 9\n"
    assert load(text).vertex_index.tolist() == [0, 1, 2]
    kept = load(text, keep_ids=True)
    assert kept.vertex_index.tolist() == [7, 9, 8]
    assert kept.distance_to_root(8) == 2.0


def test_children_may_come_before_their_parents_and_an_id_may_be_zero():
    skeleton = load("2 2 2 0 0 1 1\n0 1 0 0 0 1 -1\n1 2 1 0 0 1 0\n", keep_ids=True, strict=True)
    assert skeleton.root == 0
    assert skeleton.distance_to_root(2) == 2.0


@pytest.mark.parametrize(
    "text",
    [
        TREE.replace(" ", "\t"),
        TREE.replace("\n", "\r\n"),
        TREE.replace("\n", "\r"),
        TREE.replace("\n", "  \n\n").replace(" ", "   "),
        "  " + TREE.replace("\n", "\n  "),
        "\ufeff" + TREE,
        TREE.rstrip("\n"),
        TREE.replace("\n", "  # a remark\n"),
        TREE.replace(" -1", " -1.0").replace("4 3", "4.0 3."),
        TREE.replace("10 ", "1e1 ").replace("0.5", ".5"),
    ],
    ids=["tabs", "CRLF", "CR", "blanks", "indent", "BOM", "cut", "remarks", "1.0", "exponents"],
)
def test_the_same_tree_in_other_spellings(text):
    skeleton = load(text)
    expected = load(TREE)
    pd.testing.assert_frame_equal(skeleton.nodes, expected.nodes)
    assert skeleton.tree.parent.tolist() == expected.tree.parent.tolist()


def test_paths_bytes_and_text_files_are_read(tmp_path):
    path = tmp_path / "cell.swc"
    path.write_text(TREE)
    with open(path) as text_file, open(path, "rb") as binary_file:
        sources = [path, str(path), path.as_uri(), io.BytesIO(TREE.encode()), text_file]
        assert [load_swc(source).cable_length() for source in [*sources, binary_file]] == [30] * 6


def test_ids_beyond_the_whole_numbers_of_floats_stay_apart():
    text = f"{2**53} 1 0 0 0 1 -1\n{2**53 + 1}.0 2 1 0 0 1 {2**53}\n"
    assert load(text, keep_ids=True).vertex_index.tolist() == [2**53, 2**53 + 1]


def test_w43_several_roots_are_kept_and_none_is_the_root():
    skeleton = load("1 1 0 0 0 1 -1\n2 2 1 0 0 1 1\n3 2 9 0 0 1 -1\n")
    assert skeleton.root is None
    assert skeleton.roots.tolist() == [0, 2]


def test_custom_types_and_missing_radii_are_kept():
    skeleton = load("1 19 0 0 0 nan -1\n2 5 0 0 0 -1 1\n")
    assert skeleton.get_feature("compartment").tolist() == [19, 5]
    np.testing.assert_array_equal(skeleton.get_feature("radius"), [np.nan, -1])


@pytest.mark.parametrize("parent", [" 0", ""])
def test_parent_zero_or_left_out_is_a_root_with_a_warning(parent):
    text = f"1 1 0 0 0 1{parent}\n2 2 3 0 0 1 1\n"
    with pytest.warns(ConversionWarning, match=r"parent '0' \(1\).*taken as a root"):
        assert load(text).root == 0
    with pytest.raises(ConversionError, match="taken as a root"):
        load(text, strict=True)


def test_columns_after_the_seventh_become_features_by_name_or_are_reported():
    text = "1 1 0 0 0 1 -1 0.5 left\n2 2 1 0 0 1 1 0.25\n"
    skeleton = load(text, extra_columns=["depth", "side"])
    assert skeleton.get_feature("depth").tolist() == [0.5, 0.25]
    assert skeleton.get_feature("side").tolist() == ["left", ""]
    with pytest.warns(ConversionWarning, match=r"column '9' \(2\): it has no name"):
        assert load(text, extra_columns=["depth"]).feature_names == [
            "compartment",
            "depth",
            "radius",
        ]
    with pytest.raises(ValueError, match="names 3 columns after the 7th, the file has 2"):
        load(text, extra_columns=["a", "b", "c"])
    with pytest.raises(ValueError, match="different new names"):
        load(text, extra_columns=["radius"])


# Units


@pytest.mark.parametrize(
    ("header", "units"),
    [
        ("", "um"),
        ("# units: nm\n", "nm"),
        ("# Unit = micrometers\n", "um"),
        ('# Meta: {"id": 7, "units": "1 nanometer"}\n', "nm"),
        ("# units: 8 nanometer\n", "8 nanometer"),
        ("# units: not stated\n", None),
        ("# units: micrometers (see the paper)\n", "um"),
        ("# Units: as in the paper\n# units: µm\n", "um"),
        ("# Units: as in the paper\n", "um"),
        ("# units: voxel\n", "voxel"),
    ],
)
def test_units_are_those_of_the_header_or_micrometres(header, units):
    assert load(header + TREE).units == units


def test_units_convert_coordinates_and_radii():
    skeleton = load(TREE, units="nm")
    assert (skeleton.units, skeleton.cable_length()) == ("nm", 30_000.0)
    assert skeleton.get_feature("radius").tolist() == [5000, 1000, 500, 250]
    assert load(TREE, units="nm", file_units="nm").cable_length() == 30.0


def test_rescale_is_exactly_that_factor_and_leaves_units_not_stated():
    skeleton = load(TREE, rescale=1000)
    assert (skeleton.units, skeleton.cable_length()) == (None, 30_000.0)
    assert skeleton.get_feature("radius")[0] == 5000
    assert load(TREE, rescale=1).units == "um"
    with pytest.raises(ValueError, match="two ways to scale"):
        load(TREE, rescale=1000, units="nm")
    for factor in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="rescale must be a number above 0"):
            load(TREE, rescale=factor)


def test_units_of_no_known_size_are_not_converted():
    with pytest.raises(UnitsError, match="file_units="):
        load("# units: 8 nanometer\n" + TREE, units="nm")
    with pytest.raises(UnitsError, match="not stated"):
        load("# units: not stated\n" + TREE, units="nm")


def test_what_is_loaded_can_be_added_to_a_cell():
    cell = Cell("loaded").add_skeleton(load(TREE, units="nm"))
    assert (cell.units, cell.skeleton.cable_length()) == ("nm", 30_000.0)
    assert Cell().add_layer(load(TREE)).units == "um"


# What is refused


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("2 2 1 0 0", "expected 7 fields, found 5"),
        ("2,2,1,0,0,1,1", "expected 7 fields, found 1; separate them by spaces, not commas"),
        ("2 2 1 0 x 1 1", "z must be a finite number, not 'x'"),
        ("2 2 nan 0 0 1 1", "x must be a finite number, not 'nan'"),
        ("2 2 1e999 0 0 1 1", "x must be a finite number, not '1e999'"),
        ("2 2 1_0 0 0 1 1", "x must be a finite number, not '1_0'"),
        ("2 2 1 0 0 inf 1", "the radius must be a finite number, not 'inf'"),
        ("2.5 2 1 0 0 1 1", "the id must be a whole number, not '2.5'"),
        ("-2 2 1 0 0 1 1", "the id must be from 0 to 2**63 - 1, not '-2'"),
        (f"{2**63} 2 1 0 0 1 1", f"the id must be from 0 to 2**63 - 1, not '{2**63}'"),
        (f"{'7' * 5000} 2 1 0 0 1 1", "the id must be from 0 to 2**63 - 1, not '7777"),
        ("2 axon 1 0 0 1 1", "the type must be a whole number, not 'axon'"),
        ("2 -1 1 0 0 1 1", "the type must be from 0"),
        ("2 2 1 0 0 1 -3", "the parent must be from -1"),
        ("2 2 1 0 0 1 7", "parent 7 is not among the ids"),
        ("2 2 1 0 0 1 2", "vertex 2 is its own parent"),
        ("1 2 1 0 0 1 1", "id 1 is taken by an earlier line"),
        ("\x00 2 1 0 0 1 1", "the id must be a whole number"),
    ],
)
def test_a_bad_line_is_named_by_its_number(line, reason):
    message = refused(f"# comment\n\n1 1 0 0 0 1 -1\n{line}\n3 2 2 0 0 1 1\n")
    assert f"line 4: {reason}" in message


def test_parents_in_a_circle_are_refused():
    message = refused("1 1 0 0 0 1 -1\n2 2 1 0 0 1 3\n3 2 1 0 0 1 2\n")
    assert re.search(r"line [23]: from vertex [23] the parents lead back to it", message)


def test_w43_all_bad_lines_are_counted_and_the_first_are_shown():
    message = refused(TREE + "x 1 0 0 0 1 -1\n" * 8)
    assert "line 5: " in message
    assert "line 9: " in message
    assert message.endswith("and 3 more")


@pytest.mark.parametrize("text", ["", "# only comments\n", "\n\n"])
def test_a_file_without_vertices_is_refused(text):
    assert "has no vertices" in refused(text)


def test_the_repeated_id_behind_a_remark_is_refused_with_its_line():
    text = "# a remark\n1 1 0 0 1 0.5 -1\n2 3 0 0 2 0.5 1\n2 3 0 0 2 0.5 1 # again\n"
    assert "line 4: id 2 is taken" in refused(text)


FIELD = st.one_of(
    st.integers(-2, 12).map(str),
    st.floats(allow_nan=True, allow_infinity=True).map(repr),
    st.sampled_from(["1.0", "+3", "1_0", "x", "0x1", ".5", "5.", "1e3", "nan", "-1", "2.50"]),
)


@given(st.lists(st.lists(FIELD, min_size=6, max_size=8).map(" ".join), min_size=1, max_size=4))
def test_the_quick_reading_accepts_only_what_the_careful_one_does_and_reads_the_same(lines):
    body = "\n".join(lines).encode()
    quick = _quick(body)
    if quick is None:
        return
    careful = _careful(body, "the file")
    for name in ("ids", "types", "points", "radius", "parent"):
        np.testing.assert_array_equal(getattr(quick, name), getattr(careful, name))
    for one, other in zip(quick.extra, careful.extra, strict=True):
        np.testing.assert_array_equal(one, other)


# Writing


def test_a_table_has_parents_before_children_from_the_root(cell):
    frame = export_swc_dataframe(cell.skeleton)
    assert frame.columns.tolist() == ["id", "type", "x", "y", "z", "radius", "parent"]
    assert frame.id.tolist() == [1, 2, 3, 4]
    assert frame.parent.tolist() == [-1, 1, 2, 2]
    assert sorted(zip(frame.x, frame.type, frame.radius, strict=True)) == [
        (0.0, 1, 0.5),
        (1.0, 2, 0.1),
        (1.0, 3, 0.025),
        (2.0, 2, 0.05),
    ]
    assert frame.dtypes.astype(str).tolist() == [*["int64"] * 2, *["float64"] * 4, "int64"]


def test_every_tree_of_a_forest_is_written_and_the_stated_root_comes_first():
    #   0 - 1    2 - 3    and 3 is the root
    skeleton = SkeletonLayer(
        "skeleton", [[0, 0, 0], [1, 0, 0], [5, 0, 0], [6, 0, 0]], [[1, 0], [2, 3]], root=3
    )
    frame = export_swc_dataframe(skeleton, units="nm")
    assert frame.x.tolist() == [6, 5, 0, 1]
    assert frame.parent.tolist() == [-1, 1, -1, 3]
    report = export_swc(skeleton, io.BytesIO())
    assert [(item.kind, item.name) for item in report if item.kind == "root"] == [("root", "3")]


@given(st.data())
def test_any_forest_is_written_with_parents_first_and_comes_back(data):
    n = data.draw(st.integers(1, 12))
    parent = [data.draw(st.integers(-1, k - 1)) for k in range(n)]
    names = data.draw(st.permutations(range(n)))
    x = data.draw(
        st.lists(
            st.floats(allow_nan=False, allow_infinity=False), min_size=n, max_size=n, unique=True
        )
    )
    edges = [[names[k], names[parent[k]]] for k in range(n) if parent[k] >= 0]
    points = np.zeros((n, 3))
    points[:, 0] = x
    skeleton = SkeletonLayer("skeleton", points, edges)
    frame = export_swc_dataframe(skeleton, units="nm")
    assert (frame.parent < frame.id).all()
    file = io.StringIO()
    export_swc(skeleton, file, units="nm")
    again = load(file.getvalue(), strict=True)
    assert again.units == "nm"
    # The coordinates are all different, and so tell which vertex is which.
    rows = {place: row for row, place in enumerate(again.vertices[:, 0].tolist())}
    assert len(rows) == n
    for row, above in enumerate(skeleton.tree.parent):
        found = again.tree.parent[rows[skeleton.vertices[row, 0].item()]]
        assert (found < 0) == (above < 0)
        if above >= 0:
            assert again.vertices[found, 0] == skeleton.vertices[above, 0]


def test_w43_numbers_are_written_to_the_last_digit():
    skeleton = SkeletonLayer(
        "skeleton", [[1234567.25, 0.1, 1e-7], [1 / 3, 1e22, -5e-324]], [[1, 0]]
    )
    text = written(skeleton, units="nm")
    assert load(text).vertices.tolist() == skeleton.vertices.tolist()
    assert numbers(written(skeleton))[0][2] == 1234.56725


def test_types_come_from_codes_names_or_a_mapping(cell):
    layer = cell.skeleton
    layer.add_feature(["soma", "Apical dendrite", "axon", "apical_dendrite"], "part")
    layer.add_feature([True, False, False, True], "is_axon")
    layer.add_feature(pd.array([1, None, 2, 2], dtype="Int64"), "gaps")
    layer.add_feature([0.5, 1, 2, 3], "halves")
    types = lambda **options: sorted(export_swc_dataframe(layer, **options).type)  # noqa: E731
    assert types() == [1, 2, 2, 3]
    assert types(compartment=["nothing", "part"]) == [1, 2, 4, 4]
    assert types(compartment="gaps", default_compartment_label=6) == [1, 2, 2, 6]
    mapping = {True: SWCCompartment.AXON, False: SWCCompartment.DENDRITE}
    assert types(compartment="is_axon", compartment_mapping=mapping) == [2, 2, 3, 3]
    for wrong in ("is_axon", "halves"):
        with pytest.raises(ValueError, match="no type of an SWC file; pass compartment_mapping"):
            types(compartment=wrong)
    with pytest.raises(UnknownFeatureError, match="no feature 'nothing'; it has: compartment"):
        types(compartment="nothing")


def test_radii_come_from_a_feature_and_scale_unless_told(cell):
    layer = cell.skeleton
    layer.add_feature([1.0, np.nan, 3, 4], "width")
    radii = lambda **options: sorted(export_swc_dataframe(layer, **options).radius)  # noqa: E731
    assert radii(units="nm") == [25, 50, 100, 500]
    assert radii(rescale=2) == [50, 100, 200, 1000]
    assert radii(rescale=2, rescale_radius=False) == [25, 50, 100, 500]
    assert radii(radius="width", units="nm", default_radius=9) == [1, 3, 4, 9]
    layer.drop_features("radius")
    assert radii(default_radius=7) == [0.007] * 4
    with pytest.raises(ValueError, match="not radii"):
        radii(radius=layer.add_feature(list("abcd"), "text") and "text")


def test_export_converts_from_the_units_of_the_cell_or_multiplies(cell):
    assert numbers(written(cell))[1][2] == 1.0
    assert "# units: um" in written(cell)
    assert numbers(written(cell, units="nm"))[1][2] == 1000.0
    assert numbers(written(cell, rescale=0.25))[1][2] == 250.0
    assert "# units: not stated" in written(cell, rescale=0.25)
    with pytest.raises(ValueError, match="two ways to scale"):
        written(cell, rescale=0.25, units="um")


def test_a_cell_of_unknown_units_needs_a_factor(cell):
    unstated = cell.transform(lambda xyz: xyz)
    with pytest.raises(UnitsError, match=r"not stated.*pass rescale="):
        written(unstated)
    assert numbers(written(unstated, rescale=1))[1][2] == 1000.0
    voxels = cell.transform(lambda xyz: xyz, units="voxel")
    with pytest.raises(UnitsError, match=r"'voxel' is not a unit.*units='voxel'"):
        written(voxels)
    assert load(written(voxels, units="voxel")).units == "voxel"


def test_the_header_says_what_the_numbers_are_and_survives_the_way_back(cell):
    cell = cell.transform(lambda xyz: xyz, units="nm", space="minnie")
    text = written(cell, header="ORIGINAL_SOURCE hand\nCREATURE mouse")
    assert text.splitlines()[1:7] == [
        "# name: y",
        "# units: um",
        "# space: minnie",
        "# ORIGINAL_SOURCE hand",
        "# CREATURE mouse",
        "# id type x y z radius parent",
    ]
    loaded, report = load_swc_cell(io.StringIO(text))
    assert not report
    assert (loaded.name, loaded.units, loaded.space) == ("y", "um", "minnie")
    assert "CREATURE mouse" in loaded.meta["swc_header"]
    assert written(loaded) == text


def test_a_cell_without_a_name_in_its_header_is_called_by_its_file(tmp_path):
    path = tmp_path / "neuron.7.swc"
    path.write_text(TREE)
    assert load_swc_cell(path)[0].name == "neuron.7"
    assert load_swc_cell(path, name="other")[0].name == "other"
    assert load_swc_cell(io.StringIO(TREE))[0].name is None


def test_what_an_swc_file_has_no_place_for_is_reported_and_strict_raises(cell, tmp_path):
    cell.meta["batch"] = 3
    cell.skeleton.add_feature([1, 2, 3, 4], "depth")
    cell.add_graph(np.zeros((5, 3)), linkage=ossify.Link([10, 10, 11, 12, 13], target="skeleton"))
    cell.add_point_annotations("spines", np.zeros((2, 3)))
    report = export_swc(cell, tmp_path / "y.swc")
    assert [(item.kind, item.name, item.count) for item in report] == [
        ("feature", "depth", 4),
        ("vertex ids", "skeleton", 4),
        ("layer", "graph", 5),
        ("annotation", "spines", 2),
        ("link", "graph → skeleton", 5),
        ("meta", "batch", 1),
    ]
    assert str(report).startswith("y to SWC: 6 things could not be carried\n  feature 'depth' (4)")
    with pytest.raises(ConversionError, match="strict=True") as caught:
        export_swc(cell, tmp_path / "strict.swc", strict=True)
    assert caught.value.report == report
    assert not (tmp_path / "strict.swc").exists()


def test_a_masked_skeleton_is_written_without_what_the_mask_took(cell):
    masked = cell.apply_mask("skeleton", [11, 12, 13])
    file = io.StringIO()
    report = export_swc(masked, file)
    assert [row[0] for row in numbers(file.getvalue())] == [1, 2, 3]
    assert [(i.name, i.count) for i in report if i.kind == "whole tree"] == [("skeleton", 4)]


def test_a_complete_conversion_says_so():
    skeleton = load(TREE)
    report = export_swc(skeleton, io.BytesIO(), strict=True)
    assert not report
    assert str(report) == "skeleton to SWC: everything was carried"


def test_w43_paths_bytes_and_text_files_are_written(cell, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    export_swc(cell)
    export_swc(cell, tmp_path / "deep" / "path.swc")
    with open("text.swc", "w") as text_file, open("binary.swc", "wb") as binary_file:
        export_swc(cell, text_file)
        export_swc(cell, binary_file)
    in_memory = io.BytesIO()
    export_swc(cell, in_memory)
    names = ("y.swc", "deep/path.swc", "text.swc", "binary.swc")
    assert {(tmp_path / name).read_bytes() for name in names} == {in_memory.getvalue()}
    with pytest.raises(FileExistsError, match="allow_overwrite=True"):
        export_swc(cell, "y.swc")
    export_swc(cell, "y.swc", allow_overwrite=True)


def test_what_cannot_be_written_is_an_error_and_leaves_the_old_file(cell, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.swc").write_text("precious")
    with pytest.raises(ValueError, match="no feature"):
        export_swc(cell, "old.swc", radius="nothing", allow_overwrite=True)
    assert (tmp_path / "old.swc").read_text() == "precious"
    for name in (None, "", "../y", "a/b"):
        cell.name = name
        with pytest.raises(ValueError, match="pass file="):
            export_swc(cell)
    with pytest.raises(ValueError, match="no skeleton"):
        export_swc(Cell("empty"), io.BytesIO())
    with pytest.raises(ValueError, match="no vertices"):
        export_swc(cell.skeleton.apply_mask([]), io.BytesIO())
    with pytest.raises(TypeError, match="expected a Cell or a SkeletonLayer, not str"):
        export_swc("y", io.BytesIO())
    with pytest.raises(ValueError, match="spacing"):
        export_swc(cell, io.BytesIO(), resample_distance=-100)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"compartment_mapping": {"a": -1}}, r"compartment_mapping\['a'\] must be .*, not -1"),
        ({"default_compartment_label": -3}, "default_compartment_label must be .*, not -3"),
        ({"default_radius": np.inf, "radius": "holes"}, "inf times 1 is no number"),
        ({"radius": "endless"}, "inf times 1 is no number"),
        ({"radius": "endless", "rescale_radius": False}, "inf times 1 is no number"),
        ({"compartment": "endless"}, "inf, which is no type"),
        ({"rescale": 1e308}, r"30.0 times 1e\+308 is no number"),
    ],
)
def test_nothing_is_written_that_could_not_be_read(options, reason, tmp_path):
    columns = {"compartment": ["a", "b"], "endless": [np.inf, 1], "holes": [np.nan, 1]}
    cell = Cell("y").add_skeleton([[0, 0, 0], [30, 0, 0]], [[1, 0]], features=columns)
    with pytest.raises(ValueError, match=reason):
        export_swc(cell, tmp_path / "y.swc", **{"rescale": 1, **options})
    assert list(tmp_path.iterdir()) == []


def test_numbers_that_grow_beyond_floats_are_refused():
    with pytest.raises(ValueError, match=r"1e\+300 times 1e\+10 is no number"):
        load_swc(io.StringIO("1 1 0 0 1e300 1 -1\n"), rescale=1e10)


@pytest.mark.usefixtures("mem")
def test_skeletons_are_written_to_and_read_from_addresses(cell):
    export_swc(cell, "mem://cells/y.swc")
    assert load_swc("mem://cells/y.swc", units="nm").n_vertices == cell.skeleton.n_vertices
    with pytest.raises(FileExistsError, match=r"mem://cells/y\.swc"):
        export_swc(cell, "mem://cells/y.swc")
    with pytest.raises(IsADirectoryError):
        export_swc(cell, "mem://cells/folder/")


# Names and size


def test_there_is_one_enumeration_of_compartments():
    assert SWCCompartment is Compartment
    assert [int(code) for code in SWCCompartment] == list(range(8))
    assert ossify.SWC_CUSTOM is SWCCompartment.CUSTOM
    constants = {name for name in ossify.__all__ if name.startswith("SWC_")}
    assert constants == {f"SWC_{code.name}" for code in SWCCompartment}


def test_a_large_cell_goes_out_and_comes_back_the_same():
    cell = ossify.example_cell(100_000)
    text = written(cell, units="nm")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        back = load(text)
    assert back.n_vertices == cell.skeleton.n_vertices
    assert back.units == "nm"
    order = np.lexsort(back.vertices.T)
    expected = np.lexsort(cell.skeleton.vertices.T)
    np.testing.assert_array_equal(back.vertices[order], cell.skeleton.vertices[expected])
    for feature in ("radius", "compartment"):
        np.testing.assert_array_equal(
            back.get_feature(feature)[order], cell.skeleton.get_feature(feature)[expected]
        )


def test_a_real_cell_goes_out_and_comes_back_with_its_length(real_data):
    cell = ossify.load_cell(real_data / "osy" / "864691135336055529_v1.0.osy")
    back = load(written(cell), units="nm")
    assert back.cable_length() == pytest.approx(cell.skeleton.cable_length(), rel=1e-12)
    assert back.n_branch_points == cell.skeleton.n_branch_points


def test_w26_trees_of_a_forest_all_have_their_own_rows():
    #   0 - 1   2 - 3
    vertices = [[0, 0, 0], [1, 0, 0], [5, 0, 0], [6, 0, 0]]
    forest = ossify.SkeletonLayer("skeleton", vertices, [[1, 0], [3, 2]])
    frame = ossify.export_swc_dataframe(forest, units="nm")
    assert sorted(frame["id"]) == [1, 2, 3, 4]
    assert sorted(frame["x"]) == [0, 1, 5, 6]
    assert (frame["parent"] == -1).sum() == 2
    assert set(frame["parent"]) <= {-1, 1, 2, 3, 4}


def test_a_skeleton_can_be_resampled_on_the_way_out():
    skeleton = SkeletonLayer("skeleton", [[0, 0, 0], [10, 0, 0], [1000, 0, 0]], [[1, 0], [2, 1]])
    file = io.BytesIO()
    export_swc(skeleton, file, resample_distance=250, units="nm")
    again = load_swc(io.BytesIO(file.getvalue()), units="nm")
    assert again.vertices[:, 0].tolist() == [0, 250, 500, 750, 1000]
    assert skeleton.n_vertices == 3
