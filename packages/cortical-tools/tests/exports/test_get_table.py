"""What comes out of an exported table: every row, exact, of the types that its header says."""

from __future__ import annotations

import struct
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortical_tools import TableExportClient

# Two neurons that are one as floats.
A, B = 864691135639806263, 864691135639806265


@pytest.fixture
def synapses(folder):
    return TableExportClient(folder).get_table("synapses", 12, progress=False)


def ids(frame):
    return frame["id"].tolist()


def test_every_row_is_there_the_first_too(synapses):
    assert ids(synapses) == [1, 2, 3, 4]
    assert synapses.index.tolist() == [0, 1, 2, 3]


def test_a_table_of_one_row_has_one_row(folder):
    assert ids(TableExportClient(folder).get_table("synapses", 3)) == [1]


def test_ids_are_exact_also_where_some_are_missing(synapses):
    assert synapses["pre_pt_root_id"].tolist() == [A, B, A, B]
    assert synapses["post_pt_root_id"].dtype == "Int64"
    assert synapses["post_pt_root_id"].tolist() == [B, A, A, pd.NA]


def test_types_are_those_of_the_header(synapses):
    assert synapses.dtypes.astype(str).to_dict() == {
        "id": "Int64",
        "pre_pt_root_id": "Int64",
        "post_pt_root_id": "Int64",
        "ctr_pt_position_x": "Int64",
        "ctr_pt_position_y": "Int64",
        "ctr_pt_position_z": "Int64",
        "size": "Int32",
        "score": "float64",
        "valid": "boolean",
        "tag": str(pd.StringDtype()),
        "created": "datetime64[us, UTC]",
    }


def test_values_are_those_of_the_database(synapses):
    assert synapses["size"].tolist() == [5, 7, pd.NA, -9]
    assert np.array_equal(synapses["score"], [0.5, np.nan, np.nan, 1e-300], equal_nan=True)
    assert synapses["valid"].tolist() == [True, False, pd.NA, True]
    assert synapses["tag"].tolist() == [pd.NA, "", 'a "quoted", \n text', "spine"]
    assert synapses["created"].tolist() == [
        datetime(2023, 4, 5, 6, 7, 8, 123456, tzinfo=UTC),
        datetime(2023, 4, 5, 6, 7, 8, tzinfo=UTC),
        pd.NaT,
        datetime(2024, 1, 1, 0, 0, 0, 500000, tzinfo=UTC),
    ]


def test_points_come_as_three_whole_numbers(synapses):
    positions = synapses[[f"ctr_pt_position_{axis}" for axis in "xyz"]]
    assert positions.to_numpy(object).tolist() == [
        [10, 20, 30],
        [11, 21, 31],
        [pd.NA] * 3,
        [-1, 2**20, 0],
    ]


def test_points_that_are_not_whole_keep_their_fractions(table, ewkb):
    frame = table(f"{ewkb(1.5, 2, 3)}\n\n", "pt_position,USER-DEFINED\n").get_table("cells", 1)
    assert np.array_equal(frame["pt_position_x"], [1.5, np.nan], equal_nan=True)
    assert frame["pt_position_y"].tolist() == [2, pd.NA]


@given(
    points=st.lists(
        st.none()
        | st.tuples(
            *[st.floats(allow_nan=False)] * 3,
            st.none() | st.integers(0, 2**31),
            st.sampled_from("<>"),
        )
    ),
    as_bytes=st.booleans(),
)
def test_points_are_decoded_as_they_were_written(points, as_bytes):
    import pyarrow as pa

    from cortical_tools.exports.points import decode_points

    def written(point):
        if point is None:
            return None
        *xyz, srid, order = point
        kind = 0x80000001 | (0 if srid is None else 0x20000000)
        reference = b"" if srid is None else struct.pack(f"{order}I", srid)
        raw = struct.pack(f"{order}BI", order == "<", kind) + reference
        raw += struct.pack(f"{order}3d", *xyz)
        return raw if as_bytes else raw.hex().upper()

    column = pa.array(map(written, points), pa.binary() if as_bytes else pa.string())
    # A part of a column has the buffers of the whole.
    for part, expected in ((column, points), (column[1:], points[1:])):
        axes = [axis.to_pylist() for axis in decode_points(part)]
        for number, axis in enumerate(axes):
            assert axis == [None if point is None else point[number] for point in expected]


def test_columns_come_as_they_are_asked_for(folder):
    exports = TableExportClient(folder)
    frame = exports.get_table("synapses", 12, columns=["size", "ctr_pt_position", "id"])
    axes = [f"ctr_pt_position_{axis}" for axis in "xyz"]
    assert frame.columns.tolist() == ["size", *axes, "id"]
    frame = exports.get_table("synapses", 12, columns="ctr_pt_position_z")
    assert frame.columns.tolist() == ["ctr_pt_position_z"]
    assert frame["ctr_pt_position_z"].tolist() == [30, 31, pd.NA, 0]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"pre_pt_root_id": A}, [1, 3]),
        ({"pre_pt_root_id": [A]}, [1, 3]),
        ({"pre_pt_root_id": np.array([A, 5])}, [1, 3]),
        ({"pre_pt_root_id": pd.Series([B], dtype="Int64")}, [2, 4]),
        ({"pre_pt_root_id": {A, B}}, [1, 2, 3, 4]),
        ({"pre_pt_root_id": str(A)}, [1, 3]),
        ({"pre_pt_root_id": [str(A)]}, [1, 3]),
        ({"pre_pt_root_id": np.array([A], np.uint64)}, [1, 3]),
        ({"pre_pt_root_id": []}, []),
        ({"pre_pt_root_id": None}, [1, 2, 3, 4]),
        ({"post_pt_root_id": {"not in": [B]}}, [2, 3]),
        ({"post_pt_root_id": {"not in": []}}, [1, 2, 3, 4]),
        ({"pre_pt_root_id": A, "post_pt_root_id": A}, [3]),
        ({"size": {">": 5}}, [2]),
        ({"size": {">=": 5, "<": 7}}, [1]),
        ({"size": {"<=": 5.5}}, [1, 4]),
        ({"size": {">": 4.5}}, [1, 2]),
        ({"size": {"<": 6.5}}, [1, 4]),
        ({"size": {">=": 5.5}}, [2]),
        ({"score": {"<": 0.5}}, [4]),
        ({"valid": True}, [1, 4]),
        ({"valid": False}, [2]),
        ({"tag": ""}, [2]),
        ({"tag": ["spine", "shaft"]}, [4]),
        ({"created": {">": datetime(2023, 12, 1)}}, [4]),
        ({"created": {"<": "2023-12-01"}}, [1, 2]),
        ({"created": datetime(2023, 4, 5, 6, 7, 8, tzinfo=UTC)}, [2]),
        ({"ctr_pt_position_x": {"<": 11}}, [1, 4]),
        ({"ctr_pt_position_bbox": [[10, 20, 30], [11, 21, 30]]}, [1]),
    ],
    ids=str,
)
def test_filters_are_those_of_tables(folder, filters, expected):
    exports = TableExportClient(folder)
    assert ids(exports.get_table("synapses", 12, filters=filters)) == expected
    # What is filtered by need not be given.
    assert ids(exports.get_table("synapses", 12, filters=filters, columns=["id"])) == expected


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"filters": {"root": 1}}, r"synapses\[v12\] has no filter 'root'; it has id, pre_pt_root"),
        ({"filters": {"pre_pt_root_id": 8.6e17}}, r"pre_pt_root_id .* 8.6e\+17 \(float\) is not"),
        ({"filters": {"pre_pt_root_id": [8.6e17]}}, r"pre_pt_root_id .* 8.6e\+17 \(float\) is not"),
        ({"filters": {"pre_pt_root_id": {">": 8.6e17}}}, "pre_pt_root_id .* may have lost some"),
        ({"filters": {"pre_pt_root_id": [float("nan")]}}, "pre_pt_root_id .* missing value"),
        ({"filters": {"pre_pt_root_id": [2**63]}}, "pre_pt_root_id is int64"),
        ({"filters": {"pre_pt_root_id": [A, None]}}, "missing value"),
        ({"filters": {"pre_pt_root_id": True}}, r"True \(bool\) is not"),
        ({"filters": {"pre_pt_root_id": "dendrite"}}, r"'dendrite' \(str\) is not"),
        ({"filters": {"valid": 1}}, "valid is bool"),
        ({"filters": {"size": {"<": float("nan")}}}, "size is compared with a missing value"),
        ({"filters": {"score": {"<": float("nan")}}}, "score is compared with a missing value"),
        ({"filters": {"created": {"<": pd.NaT}}}, "created is compared with a missing value"),
        ({"filters": {"size": {"<": float("inf")}}}, "size is a whole number, and inf"),
        ({"filters": {"tag": {"<": "b"}}}, "tag is no number"),
        ({"filters": {"created": "soon"}}, "created is timestamp"),
        ({"filters": {"ctr_pt_position_bbox": [1, 2, 3]}}, "ctr_pt_position_bbox takes"),
        ({"filters": {"ctr_pt_position_bbox": [[2, 0, 0], [1, 9, 9]]}}, "nothing lies between"),
        (
            {"filters": {"ctr_pt_position_bbox": [[0, 0, 0], [9, 9, np.nan]]}},
            "nothing lies between",
        ),
        ({"columns": ["root"]}, r"synapses\[v12\] has no column 'root'; it has id, pre_pt_root"),
        ({"columns": []}, "columns= names none"),
    ],
    ids=str,
)
def test_a_wrong_question_is_refused(folder, wrong, says):
    with pytest.raises(ValueError, match=says):
        TableExportClient(folder).get_table("synapses", 12, **wrong)


@pytest.mark.parametrize("filters", [["pre_pt_root_id"], "pre_pt_root_id", 5], ids=str)
def test_filters_that_are_no_mapping_are_refused(folder, filters):
    with pytest.raises(TypeError, match="filters: a dict from a column to what it has to be"):
        TableExportClient(folder).get_table("synapses", 12, filters=filters)


def test_pieces_are_the_whole(table, monkeypatch):
    monkeypatch.setattr("cortical_tools.exports.text._BLOCK", 1 << 10)
    rows = "".join(f'{A + row},"{row}\n"\n' for row in range(2000))
    exports = table(rows, "id,bigint\nnote,text\n")
    pieces = list(exports.iter_table("cells", 1))
    assert len(pieces) > 10
    whole = exports.get_table("cells", 1)
    pd.testing.assert_frame_equal(pd.concat(pieces), whole)
    assert whole["id"].tolist() == list(range(A, A + 2000))
    assert whole["note"].tolist() == [f"{row}\n" for row in range(2000)]
    # A piece without anything wanted is none.
    only = list(exports.iter_table("cells", 1, filters={"id": [A + 1500]}))
    assert [len(piece) for piece in only] == [1]


def test_a_table_without_rows_has_columns(table):
    frame = table("", "id,bigint\npt_position,USER-DEFINED\n").get_table("cells", 1)
    assert frame.dtypes.astype(str).to_dict() == {"id": "Int64"} | {
        f"pt_position_{axis}": "Int64" for axis in "xyz"
    }
    assert len(frame) == 0


def test_a_row_of_nothing_in_a_table_of_one_column_is_a_row(table):
    assert ids(table("1\n\n3\n", "id,bigint\n").get_table("cells", 1)) == [1, pd.NA, 3]


@pytest.mark.parametrize(
    ("values", "type_", "expected"),
    [
        ([str(A), "-1"], "Int64", [A, -1]),
        (["1", "2.5", "NaN"], "float64", [1, 2.5, np.nan]),
        # A float has no room for it, so it stays what it is.
        ([str(A), "0.5"], "text", [str(A), "0.5"]),
        ([str(2**64)], "text", [str(2**64)]),
        (["007"], "text", ["007"]),
        (["0x10"], "text", ["0x10"]),
        (["t", "f"], "boolean", [True, False]),
        (["2023-04-05 06:07:08.5"], "time", [datetime(2023, 4, 5, 6, 7, 8, 500000, tzinfo=UTC)]),
        (["2023-04-05 06:07:08+02"], "time", [datetime(2023, 4, 5, 4, 7, 8, tzinfo=UTC)]),
        (["t", "true love"], "text", ["t", "true love"]),
    ],
    ids=str,
)
def test_a_header_of_names_alone_takes_types_from_all_values(table, values, type_, expected):
    names = {"text": str(pd.StringDtype()), "time": "datetime64[us, UTC]"}
    exports = table("".join(f"{row},{value}\n" for row, value in enumerate(values)), "id\nvalue\n")
    frame = exports.get_table("cells", 1)
    assert str(frame["value"].dtype) == names.get(type_, type_)
    pd.testing.assert_series_equal(
        frame["value"], pd.Series(expected, dtype=frame["value"].dtype, name="value")
    )


def test_numbers_of_no_size_are_whole_where_all_are(table):
    header = 'id,bigint\nsum,numeric\nmean,"numeric(20,3)"\nflag,numeric\n'
    frame = table(f"1,{A},1.5,t\n2,,,f\n", header).get_table("cells", 1)
    assert frame["sum"].tolist() == [A, pd.NA]
    assert str(frame["mean"].dtype) == "float64"
    assert frame["flag"].tolist() == ["t", "f"]


def test_times_with_a_zone_are_in_utc(table):
    frame = table("2023-04-05 06:07:08+05:30\n", "at,timestamp with time zone\n").get_table(
        "cells", 1
    )
    assert frame["at"].tolist() == [datetime(2023, 4, 5, 0, 37, 8, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("rows", "header", "says"),
    [
        ("1,2\n", "id,bigint\n", r"rows of 2 values.*lists 1 columns"),
        ("1\n", "id,bigint\nb,text\n", r"rows of 1 values.*lists 2 columns"),
        ("1,2\n3\n", "id,bigint\nb,text\n", r"rows of 1 values.*lists 2 columns"),
        ("1.5\n", "id,bigint\n", "column id, .*bigint, holds something else.*1.5"),
        (f"{2**63}\n", "id,bigint\n", "column id, .*bigint, holds something else"),
        ("maybe\n", "a,boolean\n", "column a, .*boolean, holds something else"),
        ("infinity\n", "a,timestamp without time zone\n", "column a, .*timestamp without"),
        ("nowhere\n", "pt_position,USER-DEFINED\n", "column pt_position should hold points"),
        ("0101000000\n", "pt_position,USER-DEFINED\n", "column pt_position should hold points"),
        ("1\n", None, "has no header file .*cells_header.csv"),
        ("1\n", "", "cells_header.csv lists no columns"),
        ("1\n", "id,bigint,yes\n", "line 1 is 'id,bigint,yes'"),
        ("1\n", "id,bigint\nb\n", "line 2 is 'b'"),
        ("1,1\n", "id,bigint\nid,bigint\n", "lists more than once: id"),
    ],
    ids=str,
)
def test_a_file_that_is_not_what_its_header_says_is_refused(table, rows, header, says):
    with pytest.raises(ValueError, match=says):
        table(rows, header).get_table("cells", 1)


@pytest.mark.parametrize("lost", [1, 8, 9, 40, 10_000])
def test_a_file_that_was_cut_off_is_refused(folder, lost):
    path = folder / "v12" / "synapses.csv.gz"
    path.write_bytes(path.read_bytes()[:-lost])
    with pytest.raises(ValueError, match=r"synapses.csv.gz is damaged or was cut off"):
        TableExportClient(folder).get_table("synapses", 12)


def test_a_file_with_a_changed_byte_is_refused(folder):
    path = folder / "v12" / "synapses.csv.gz"
    content = bytearray(path.read_bytes())
    content[-6] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"synapses.csv.gz is damaged or was cut off"):
        TableExportClient(folder).get_table("synapses", 12, columns=["id"])


def test_a_file_that_was_replaced_since_it_was_listed_is_refused(folder):
    exports = TableExportClient(folder)
    assert exports.available_tables == ["cells", "synapses"]
    path = folder / "v12" / "synapses.csv.gz"
    path.write_bytes((folder / "v3" / "synapses.csv.gz").read_bytes())
    with pytest.raises(ValueError, match=r"when it was listed.*reset_available_files\(\)"):
        exports.get_table("synapses", 12)
    exports.reset_available_files()
    assert ids(exports.get_table("synapses", 12)) == [1]


def test_a_header_may_have_a_title_and_a_byte_order_mark(table):
    header = "\ufeffcolumn_name,data_type\r\nid,bigint\r\n"
    assert ids(table("1\r\n2\r\n", header).get_table("cells", 1)) == [1, 2]


def test_progress_shows_the_bytes_that_were_read(folder, capsys):
    exports = TableExportClient(folder)
    exports.get_table("synapses", 12, progress=False)
    assert capsys.readouterr().err == ""
    exports.get_table("synapses", 12)
    assert "synapses[v12]: 100%" in capsys.readouterr().err
