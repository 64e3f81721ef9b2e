"""Versions and the catalogue of tables and views, byte by byte."""

from __future__ import annotations

import re

import pytest

V3 = "/materialize/api/v3/datastack/local_world"
CAVE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}")


def test_the_engine_says_its_versions(ask):
    assert ask("GET", "/materialize/api/versions").json() == [2, 3]
    assert ask("GET", "/materialize/version").json() == "5.26.4"


def test_expired_versions_are_listed_only_if_asked_for(ask):
    assert ask("GET", V3 + "/versions?expired=False").json() == [2, 3]
    assert ask("GET", V3 + "/versions?expired=True").json() == [1, 2, 3]


def test_times_of_versions_have_a_fraction_and_no_zone(ask):
    for record in ask("GET", V3 + "/metadata?expired=True").json():
        assert CAVE_TIME.fullmatch(record["time_stamp"])
        assert CAVE_TIME.fullmatch(record["expires_on"])
        assert {"id", "version", "datastack", "valid", "status", "is_merged"} <= record.keys()


def test_one_version_is_described_even_if_it_has_expired(ask):
    assert ask("GET", V3 + "/version/3").json()["time_stamp"] == "2024-01-10T10:10:01.370750"
    assert ask("GET", V3 + "/version/1").json()["valid"] is False


def test_an_expired_version_is_gone_for_queries(ask):
    answer = ask("POST", V3 + "/version/1/table/synapses_world/query", data="{}")
    assert answer.status_code == 410
    assert answer.json()["message"] == "This materialization version is not available"


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/version/7", id="version"),
        pytest.param("/version/3/table/none/metadata", id="table"),
        pytest.param("/version/3/views/none/metadata", id="view"),
    ],
)
def test_what_is_unknown_is_not_found(ask, path):
    assert ask("GET", V3 + path).status_code == 404


def test_another_datastack_is_not_found(ask):
    assert ask("GET", "/materialize/api/v3/datastack/v1dd/versions").status_code == 404


def test_the_catalogue_names_reference_tables_and_voxel_sizes(ask):
    records = {
        record["table_name"]: record
        for record in ask("GET", V3 + "/version/3/tables/metadata").json()
    }
    assert records["synapse_target_structure"]["reference_table"] == "synapses_world"
    assert records["synapses_world"]["reference_table"] is None
    assert records["synapses_world"]["schema_type"] == "synapse"
    assert [records["synapses_world"][f"voxel_resolution_{axis}"] for axis in "xyz"] == [4, 4, 40]
    one = ask("GET", V3 + "/version/3/table/synapses_world/metadata").json()
    assert one == records["synapses_world"]


def test_the_second_api_lists_names_and_counts(ask, snapshot):
    v2 = "/materialize/api/v2/datastack/local_world/version/3"
    assert set(ask("GET", v2 + "/tables").json()) == set(snapshot.facts.tables)
    rows = snapshot.frame("tables/synapses_world/all.parquet")
    assert ask("GET", v2 + "/table/synapses_world/count").json() == len(rows)


def test_views_are_listed_apart_from_the_types_of_their_columns(ask):
    views = ask("GET", V3 + "/version/3/views").json()
    assert views["nucleus_detection_lookup_v1"]["live_compatible"] is True
    assert "schema" not in views["nucleus_detection_lookup_v1"]
    schemas = ask("GET", V3 + "/version/3/views/schemas").json()
    assert schemas["nucleus_detection_lookup_v1"]["pt_root_id"] == {"type": "integer"}
    assert schemas["nucleus_detection_lookup_v1"]["pt_position"] == {"type": "SpatialPoint"}
    one = ask("GET", V3 + "/version/3/views/nucleus_detection_lookup_v1/schema").json()
    assert one == schemas["nucleus_detection_lookup_v1"]


def test_the_texts_of_a_table_are_listed_once_each(ask):
    found = ask("GET", V3 + "/table/cell_type_manual/unique_string_values").json()
    assert found["cell_type"] == ["23P", "4P", "5P-IT"]
