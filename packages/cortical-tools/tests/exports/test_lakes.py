"""Tables that are there as Delta Lakes or as Parquet files."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cortical_tools import TableExportClient

# Synapse number i is from neuron FIRST + i // 10.
FIRST = 864691135639806200
COUNT = 400


def rows(ewkb) -> pa.Table:
    ids = np.arange(COUNT)
    return pa.table(
        {
            "id": ids,
            "valid": np.ones(COUNT, bool),
            "ctr_pt_position_x": pa.array(ids, pa.int32()),
            "pre_pt_position": pa.array(
                [bytes.fromhex(ewkb(number, 2 * number, -number)) for number in ids]
            ),
            "pre_pt_root_id": FIRST + ids // 10,
            "post_pt_root_id": FIRST + ids % 7,
        }
    )


@pytest.fixture
def lakes(folder, ewkb) -> Path:
    """``synapses`` of version 12 in three layouts, each of four files, as CAVE writes them."""
    deltalake = pytest.importorskip("deltalake")
    table = rows(ewkb)
    for layout in ("id", "pre_pt_root_id", "post_pt_root_id"):
        place = folder / "v12" / "synapses" / layout
        ordered = table.sort_by(layout)
        for part in range(4):
            piece = ordered.slice(part * COUNT // 4, COUNT // 4)
            name = f"{layout}_partition"
            piece = piece.append_column(name, pa.array([part] * len(piece), pa.int32()))
            deltalake.write_deltalake(place, piece, mode="append", partition_by=[name])
    return folder


NEURON = {"pre_pt_root_id": [FIRST + 5]}


@pytest.mark.parametrize("kind", ["path", "gs", "s3"])
def test_a_lake_is_read_wherever_it_is(kind, lakes, request):
    cloudpath = str(lakes)
    if kind != "path":
        request.getfixturevalue({"gs": "gcs", "s3": "s3"}[kind])(lakes.parent, "my-bucket")
        cloudpath = f"{kind}://my-bucket/exports"
    exports = TableExportClient(cloudpath)
    assert [(repr(lake), lake.layouts) for lake in exports.available_lakes] == [
        ("synapses[v12]", ("id", "post_pt_root_id", "pre_pt_root_id"))
    ]
    frame = exports.get_lake_table("synapses", 12, filters=NEURON)
    assert frame["id"].tolist() == list(range(50, 60))
    assert frame["pre_pt_root_id"].tolist() == [FIRST + 5] * 10
    # The table as one file is still there.
    assert exports.available_tables == ["cells", "synapses"]


def test_types_are_those_of_tables_and_points_are_split(lakes):
    frame = TableExportClient(lakes).get_lake_table("synapses", 12, layout="id")
    assert frame.dtypes.astype(str).to_dict() == {
        "id": "Int64",
        "valid": "boolean",
        "ctr_pt_position_x": "Int32",
        "pre_pt_position_x": "Int64",
        "pre_pt_position_y": "Int64",
        "pre_pt_position_z": "Int64",
        "pre_pt_root_id": "Int64",
        "post_pt_root_id": "Int64",
    }
    frame = frame.sort_values("id")
    assert frame["id"].tolist() == list(range(COUNT))
    assert frame["pre_pt_position_z"].tolist() == [-number for number in range(COUNT)]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"id": {"<": 3}}, [0, 1, 2]),
        ({"pre_pt_root_id": FIRST + 1, "post_pt_root_id": FIRST}, [14]),
        ({"post_pt_root_id": [FIRST], "id": {"<": 10}}, [0, 7]),
        ({"pre_pt_position_bbox": [[5, 0, -9], [6, 100, 0]]}, [5, 6]),
        ({"pre_pt_root_id": []}, []),
    ],
    ids=str,
)
def test_filters_are_those_of_tables(lakes, filters, expected):
    frame = TableExportClient(lakes).get_lake_table("synapses", 12, columns="id", filters=filters)
    assert sorted(frame["id"]) == expected
    assert frame.columns.tolist() == ["id"]


@pytest.mark.parametrize("column", ["id", "pre_pt_root_id", "post_pt_root_id"])
def test_files_that_cannot_have_a_wanted_row_are_not_read(lakes, column):
    exports = TableExportClient(lakes)
    value = {"id": 50, "pre_pt_root_id": FIRST + 5, "post_pt_root_id": FIRST}[column]
    expected = exports.get_lake_table("synapses", 12, filters={column: value})
    # Only the first file of the layout that is put together by the column is left whole.
    for path in lakes.glob("v12/synapses/*/*/*.parquet"):
        if f"/{column}/{column}_partition=0/" not in path.as_posix():
            path.write_bytes(b"")
    frame = exports.get_lake_table("synapses", 12, filters={column: value})
    assert sorted(frame["id"]) == sorted(expected["id"])
    assert len(frame)
    with pytest.raises(ValueError, match="synapses/id is damaged or incomplete"):
        exports.get_lake_table("synapses", 12)


def test_plain_parquet_files_are_read_too(folder, ewkb):
    place = folder / "v12" / "plain" / "flat"
    place.mkdir(parents=True)
    table = rows(ewkb)
    for part in range(2):
        pq.write_table(table.slice(part * 200, 200), place / f"part-{part}.parquet")
    exports = TableExportClient(folder)
    frame = exports.get_lake_table("plain", 12, filters=NEURON, columns=["id", "pre_pt_position"])
    assert frame["id"].tolist() == list(range(50, 60))
    assert frame["pre_pt_position_y"].tolist() == list(range(100, 120, 2))


def test_what_is_not_there_is_named_with_what_is(lakes):
    exports = TableExportClient(lakes)
    with pytest.raises(ValueError, match=r"no table 'cells' .* there are synapses"):
        exports.get_lake_table("cells", 12)
    with pytest.raises(ValueError, match="synapses was not exported in version 3; it was in 12"):
        exports.get_lake_table("synapses", 3)
    with pytest.raises(ValueError, match=r"no layout 'size'; it has .*pre_pt_root_id"):
        exports.get_lake_table("synapses", 12, layout="size")
    with pytest.raises(ValueError, match="has no column 'size'; it has id, valid"):
        exports.get_lake_table("synapses", 12, columns=["size"])
    (lakes / "v12" / "synapses.csv.gz").unlink()
    exports.reset_available_files()
    with pytest.raises(ValueError, match="in version 12; it was in 3") as caught:
        exports.get_table("synapses", 12)
    assert "get_lake_table()" in caught.value.__notes__[0]


def test_a_lake_without_what_reads_it_says_what_to_install(lakes, monkeypatch):
    monkeypatch.setitem(sys.modules, "deltalake", None)
    with pytest.raises(ImportError, match=r"cortical-tools\[lake\]"):
        TableExportClient(lakes).get_lake_table("synapses", 12)


def test_a_lake_whose_file_is_gone_is_refused(lakes):
    next(lakes.glob("v12/synapses/id/*/*.parquet")).unlink()
    with pytest.raises(ValueError, match="synapses/id is damaged or incomplete"):
        TableExportClient(lakes).get_lake_table("synapses", 12, layout="id")


def test_a_lake_whose_rows_are_damaged_is_refused(lakes):
    path = next(lakes.glob("v12/synapses/id/*/*.parquet"))
    content = bytearray(path.read_bytes())
    # The rows, and not the footer, which says where they are.
    content[4:400] = bytes(396)
    path.write_bytes(content)
    with pytest.raises(ValueError, match="synapses/id is damaged or incomplete"):
        TableExportClient(lakes).get_lake_table("synapses", 12, layout="id")


@pytest.mark.parametrize("content", [b"", b"PAR1 and no more"])
def test_plain_files_that_are_no_parquet_are_refused(folder, content):
    place = folder / "v12" / "plain" / "flat"
    place.mkdir(parents=True)
    (place / "part.parquet").write_bytes(content)
    with pytest.raises(ValueError, match="plain/flat is damaged or incomplete"):
        TableExportClient(folder).get_lake_table("plain", 12)


def test_a_layout_without_files_is_refused(folder):
    (folder / "v12" / "plain" / "flat").mkdir(parents=True)
    with pytest.raises(ValueError, match="plain/flat holds no Parquet files"):
        TableExportClient(folder).get_lake_table("plain", 12)
