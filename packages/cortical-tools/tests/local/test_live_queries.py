"""Queries at a moment: rows, root ids and refusals."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest

LIVE = (
    "/materialize/api/v3/datastack/local_world/query"
    "?return_pyarrow=True&arrow_format=True&merge_reference=False&allow_missing_lookups=False"
)
SYNAPSES = "synapses_world"
SUMMER_2023, SUMMER_2024 = "2023-07-01T00:00:00+00:00", "2024-08-01T00:00:00+00:00"


@pytest.fixture
def live(ask):
    def send(moment, more="&allow_invalid_root_ids=False", table=SYNAPSES, **body):
        answer = ask("POST", LIVE + more, json={"table": table, "timestamp": moment, **body})
        answer.raise_for_status()
        return pa.ipc.open_stream(answer.content).read_pandas()

    return send


def test_root_ids_are_those_of_the_moment(live, neurons):
    roots = neurons["edited"]["root_ids"]
    before = live(SUMMER_2023, filter_equal_dict={SYNAPSES: {"pre_pt_root_id": roots[1]}})
    after = live(SUMMER_2024, filter_equal_dict={SYNAPSES: {"pre_pt_root_id": roots[2]}})
    assert 0 < len(before) <= len(after)
    assert set(before["id"]) <= set(after["id"])
    assert set(after["pre_pt_root_id"]) == {roots[2]}


def test_live_rows_do_not_say_that_they_are_valid(live):
    assert "valid" not in live(SUMMER_2024)


@pytest.mark.parametrize(
    ("moment", "which"), [(SUMMER_2024, 1), (SUMMER_2023, 2)], ids=["expired", "not yet"]
)
def test_a_root_that_does_not_exist_then_is_refused(ask, neurons, moment, which):
    root = neurons["edited"]["root_ids"][which]
    body = {
        "table": SYNAPSES,
        "timestamp": moment,
        "filter_in_dict": {SYNAPSES: {"pre_pt_root_id": [root]}},
    }
    answer = ask("POST", LIVE + "&allow_invalid_root_ids=False", json=body)
    assert answer.status_code == 400
    assert "Some root_ids passed are not valid at the query timestamp" in answer.json()["message"]
    allowed = ask("POST", LIVE + "&allow_invalid_root_ids=True", json=body)
    assert len(pa.ipc.open_stream(allowed.content).read_pandas()) == 0


def test_a_live_join_suffixes_what_both_have(live, neurons):
    cell = neurons["nucleus off its segmentation"]
    found = live(
        SUMMER_2024,
        table="nucleus_alternative_points",
        join_tables=[["nucleus_alternative_points", "target_id", "nucleus_detection_v0", "id"]],
        suffixes={"nucleus_alternative_points": "_ref", "nucleus_detection_v0": ""},
        filter_in_dict={"nucleus_alternative_points": {"pt_root_id": cell["root_ids"]}},
        select_columns={
            "nucleus_alternative_points": ["pt_root_id", "target_id"],
            "nucleus_detection_v0": ["id", "pt_root_id"],
        },
    )
    assert list(found) == ["pt_root_id_ref", "target_id", "id", "pt_root_id"]
    assert found["id"].tolist() == [cell["cell_id"]]
    assert found["pt_root_id"].tolist() == [0]


def test_not_in_filters_hold_for_live_queries(live, snapshot):
    ids = snapshot.frame("tables/synapses_world/all.parquet")["id"].tolist()
    rows = live(SUMMER_2024, filter_notin_dict={SYNAPSES: {"id": ids[1:]}})
    assert rows["id"].tolist() == ids[:1]


def test_rows_come_and_go_with_the_moment(live):
    status = "proofreading_status_and_strategy"
    early = live("2023-07-31T00:00:00+00:00", table=status)
    late = live("2023-08-02T00:00:00+00:00", table=status)
    assert len(early) == len(late)
    assert len(set(early["id"]) ^ set(late["id"])) == 2
    assert late["created"].max() == pd.Timestamp("2023-08-01T12:00:00Z")


def test_a_live_query_needs_a_table_and_a_moment(ask):
    answer = ask("POST", LIVE, json={"table": SYNAPSES})
    assert answer.status_code == 400
    assert "timestamp" in answer.json()["message"]


def test_a_moment_that_is_none_is_refused(ask):
    answer = ask("POST", LIVE, json={"table": SYNAPSES, "timestamp": "yesterday"})
    assert answer.status_code == 400
    assert "yesterday" in answer.json()["message"]
