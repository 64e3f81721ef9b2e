"""Queries of tables and views: the bytes of the answer, filters, joins, and the row cap."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

V3 = "/materialize/api/v3/datastack/local_world"
ARGUMENTS = "?return_pyarrow=True&arrow_format=True&split_positions=True&direct_sql_pandas=True"
SYNAPSES = "synapses_world"


@pytest.fixture
def query(ask):
    """Asks a table of version 3 and returns the frame in the answer, and the answer."""

    def send(body, table=SYNAPSES, path="/version/3/table/{}/query", more="", version=3, **headers):
        address = V3 + path.format(table) + ARGUMENTS + more
        answer = ask(
            "POST",
            address.replace("/version/3/", f"/version/{version}/"),
            json=body,
            headers=headers,
        )
        answer.raise_for_status()
        return pa.ipc.open_stream(answer.content).read_pandas(), answer

    return send


@pytest.fixture(scope="module")
def synapses(snapshot):
    return snapshot.frame("tables/synapses_world/all.parquet")


def test_an_answer_is_an_arrow_stream_in_the_types_of_the_server(query):
    rows, answer = query({})
    assert answer.headers["Content-Type"] == "data.arrow"
    assert "Content-Encoding" not in answer.headers
    assert rows.dtypes.astype(str).to_dict() == {
        "id": "Int64",
        "created": "datetime64[ns, UTC]",
        "valid": "boolean",
        **{f"pre_pt_position_{axis}": "Int32" for axis in "xyz"},
        "pre_pt_supervoxel_id": "Int64",
        "pre_pt_root_id": "Int64",
        **{f"post_pt_position_{axis}": "Int32" for axis in "xyz"},
        "post_pt_supervoxel_id": "Int64",
        "post_pt_root_id": "Int64",
        **{f"ctr_pt_position_{axis}": "Int32" for axis in "xyz"},
        "size": "Float32",
    }


@pytest.mark.parametrize(("accepted", "smaller"), [("zstd", True), ("lz4", True), ("gzip", False)])
def test_buffers_are_compressed_inside_as_the_client_accepts(query, accepted, smaller):
    _, plain = query({}, **{"Accept-Encoding": "identity"})
    rows, answer = query({}, **{"Accept-Encoding": accepted})
    assert (len(answer.content) < len(plain.content)) is smaller
    assert len(rows) == 144


def test_rows_can_come_as_json_with_exact_ids(ask, synapses):
    path = V3 + f"/version/3/table/{SYNAPSES}/query?return_pyarrow=False&split_positions=True"
    records = ask("POST", path, json={}).json()
    assert [record["id"] for record in records] == synapses["id"].tolist()
    supervoxels = [record["pre_pt_supervoxel_id"] for record in records]
    assert supervoxels == synapses["pre_pt_supervoxel_id"].tolist()


def test_a_body_needs_no_content_type(ask):
    path = V3 + f"/version/3/table/{SYNAPSES}/query" + ARGUMENTS
    answer = ask("POST", path, data='{"limit": 2}')
    assert len(pa.ipc.open_stream(answer.content).read_pandas()) == 2


MIDDLE = 158_200_000


@pytest.mark.parametrize(
    ("body", "keeps"),
    [
        pytest.param(
            {"filter_greater_dict": {SYNAPSES: {"id": MIDDLE}}},
            lambda t: t["id"] > MIDDLE,
            id="greater",
        ),
        pytest.param(
            {"filter_less_dict": {SYNAPSES: {"size": 100}}}, lambda t: t["size"] < 100, id="less"
        ),
        pytest.param(
            {"filter_greater_equal_dict": {SYNAPSES: {"size": 100}}},
            lambda t: t["size"] >= 100,
            id="greater or equal",
        ),
        pytest.param(
            {"filter_less_equal_dict": {SYNAPSES: {"id": MIDDLE}}},
            lambda t: t["id"] <= MIDDLE,
            id="less or equal",
        ),
        pytest.param(
            {
                "filter_spatial_dict": {
                    SYNAPSES: {"ctr_pt_position": [[0, 0, 0], [2e5, 215e3, 22e3]]}
                }
            },
            lambda t: (
                (t["ctr_pt_position_x"] <= 2e5)
                & (t["ctr_pt_position_y"] <= 215e3)
                & (t["ctr_pt_position_z"] <= 22e3)
            ),
            id="box",
        ),
    ],
)
def test_a_filter_keeps_the_rows_it_describes(query, synapses, body, keeps):
    expected = synapses.loc[keeps(synapses), "id"].tolist()
    assert 0 < len(expected) < len(synapses)
    assert query(body)[0]["id"].tolist() == expected


def test_filters_by_ids_compare_all_64_bits(query, neurons):
    root = neurons["edited"]["root_ids"][1]
    by_list, _ = query({"filter_in_dict": {SYNAPSES: {"pre_pt_root_id": [root]}}})
    by_value, _ = query({"filter_equal_dict": {SYNAPSES: {"pre_pt_root_id": root}}})
    next_to_it, _ = query({"filter_in_dict": {SYNAPSES: {"pre_pt_root_id": [root + 1]}}})
    assert len(by_list) == len(by_value) > 0
    assert set(by_list["pre_pt_root_id"]) == {root}
    assert len(next_to_it) == 0


def test_an_empty_answer_keeps_columns_and_types(query):
    all_rows, _ = query({})
    none, _ = query({"filter_in_dict": {SYNAPSES: {"id": [1]}}})
    assert len(none) == 0
    assert none.dtypes.astype(str).to_dict() == all_rows.dtypes.astype(str).to_dict()


def test_a_filter_by_text_is_a_regular_expression(query):
    found, _ = query(
        {"filter_regex_dict": {"cell_type_manual": {"cell_type": "^5P"}}}, "cell_type_manual"
    )
    assert set(found["cell_type"]) == {"5P-IT"}


def test_not_in_filters_are_accepted_and_not_looked_at(query, synapses):
    body = {"filter_notin_dict": {SYNAPSES: {"id": synapses["id"].tolist()}}}
    assert len(query(body)[0]) == len(synapses)


def test_an_unknown_column_is_named(ask):
    path = V3 + f"/version/3/table/{SYNAPSES}/query" + ARGUMENTS
    answer = ask("POST", path, json={"filter_in_dict": {SYNAPSES: {"colour": [1]}}})
    assert answer.status_code == 400
    assert "colour" in answer.json()["message"]


def test_columns_are_selected_points_as_three(query):
    rows, _ = query({"select_columns": ["id", "ctr_pt_position"]})
    assert list(rows) == ["id", *(f"ctr_pt_position_{axis}" for axis in "xyz")]


def test_positions_come_in_the_wanted_voxels(query, synapses):
    rows, answer = query({"desired_resolution": [1, 1, 1]})
    assert answer.headers["dataframe_resolution"] == "1.0, 1.0, 1.0"
    assert rows["ctr_pt_position_z"].tolist() == (synapses["ctr_pt_position_z"] * 40).tolist()
    assert str(rows["ctr_pt_position_z"].dtype) == "Int32"
    coarse, _ = query({"desired_resolution": [8, 8, 40]})
    np.testing.assert_array_equal(
        coarse["ctr_pt_position_x"].to_numpy(float),
        synapses["ctr_pt_position_x"].to_numpy(float) / 2,
    )


def test_without_a_wish_the_resolution_is_the_table_s(query):
    assert query({})[1].headers["dataframe_resolution"] == "4.0, 4.0, 40.0"


def test_more_rows_than_the_cap_are_cut_and_the_header_says_so(query, service, synapses):
    service.row_cap = 5
    rows, answer = query({})
    assert rows["id"].tolist() == synapses["id"].tolist()[:5]
    assert answer.headers["Warning"] == '201 - "Limited query to 5 rows'
    few, answer = query({"limit": 3, "offset": 4})
    assert few["id"].tolist() == synapses["id"].tolist()[4:7]
    assert answer.headers["Warning"] == '201 - "Limited query to 3 rows'
    one, answer = query({"filter_in_dict": {SYNAPSES: {"id": [int(synapses["id"][0])]}}})
    assert len(one) == 1
    assert "Warning" not in answer.headers


def test_counts_disregard_the_cap(query, service, synapses):
    service.row_cap = 5
    rows, answer = query({}, more="&count=True")
    assert rows.to_dict("list") == {"count": [len(synapses)]}
    assert "Warning" not in answer.headers


def test_a_random_sample_has_rows_of_the_table(query, synapses):
    rows, _ = query({}, more="&random_sample=7")
    assert len(rows) == 7
    assert set(rows["id"]) <= set(synapses["id"])


def test_a_view_answers_as_a_table(query, neurons):
    cell = neurons["nucleus off its segmentation"]
    name = "nucleus_detection_lookup_v1"
    rows, _ = query(
        {"filter_in_dict": {name: {"id": [cell["cell_id"]]}}}, name, "/version/3/views/{}/query"
    )
    assert rows["pt_root_id"].tolist() == cell["root_ids"]


def test_a_join_is_inner_and_suffixes_what_both_have(query, snapshot):
    tags = snapshot.frame("tables/synapse_target_structure/all.parquet")
    rows, _ = query(
        {
            "tables": [["synapse_target_structure", "target_id"], [SYNAPSES, "id"]],
            "suffix_map": {"synapse_target_structure": "_ref", SYNAPSES: ""},
        },
        path="/version/3/query",
    )
    assert list(rows)[:5] == ["id_ref", "created_ref", "valid_ref", "target_id", "tag"]
    assert (rows["id"] == rows["target_id"]).all()
    expected = dict(zip(tags["target_id"], tags["tag"], strict=True))
    assert dict(zip(rows["id"], rows["tag"], strict=True)) == expected


def test_the_suffix_of_a_joined_position_stands_before_its_axis(query):
    rows, _ = query(
        {
            "tables": [["nucleus_alternative_points", "target_id"], ["nucleus_detection_v0", "id"]],
            "suffix_map": {"nucleus_alternative_points": "_ref", "nucleus_detection_v0": ""},
            "select_column_map": {
                "nucleus_alternative_points": ["pt_position", "pt_root_id"],
                "nucleus_detection_v0": ["id", "pt_root_id"],
            },
        },
        path="/version/3/query",
    )
    assert list(rows) == [
        *(f"pt_position_ref_{axis}" for axis in "xyz"),
        "pt_root_id_ref",
        "id",
        "pt_root_id",
    ]


def test_a_join_on_what_is_not_there_is_refused(ask):
    body = {"tables": [["synapse_target_structure", "synapse"], [SYNAPSES, "id"]]}
    answer = ask("POST", V3 + "/version/3/query" + ARGUMENTS, json=body)
    assert answer.status_code == 400
    assert "synapse" in answer.json()["message"]


def test_rows_are_in_a_version_from_when_they_were_made_to_when_they_were_deleted(query, snapshot):
    status = "proofreading_status_and_strategy"
    stored = snapshot.frame(f"tables/{status}/all.parquet")
    for version, record in ((2, snapshot.facts.versions[1]), (3, snapshot.facts.versions[2])):
        at = pd.Timestamp(record.time_stamp)
        there = (stored["created"] <= at) & ~(stored["deleted"] <= at)
        rows, _ = query({}, status, version=version)
        assert rows["id"].tolist() == stored.loc[there, "id"].tolist()
        assert "deleted" not in rows
    gone = set(query({}, status, version=2)[0]["id"]) ^ set(query({}, status)[0]["id"])
    assert len(gone) == 2


def test_root_ids_are_those_of_the_version(query, neurons):
    one_cell = {"filter_in_dict": {"nucleus_detection_v0": {"id": [neurons["merged"]["cell_id"]]}}}
    found = [
        query(one_cell, "nucleus_detection_v0", version=version)[0]["pt_root_id"][0]
        for version in (2, 3)
    ]
    assert found == neurons["merged"]["root_ids"]
