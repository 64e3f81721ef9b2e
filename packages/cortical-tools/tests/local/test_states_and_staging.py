"""Neuroglancer states, segment properties, annotations and buckets, byte by byte."""

from __future__ import annotations

import re

AV = "/annotation/api/v2/aligned_volume/local_volume/table"


def test_a_state_comes_back_by_the_number_at_the_end_of_its_address(ask, service):
    state = {"layers": [{"segments": ["864691135639806263"]}], "n": 864691135639806263}
    address = ask("POST", "/nglstate/api/v1/post", json=state).json()
    assert re.fullmatch(rf"{service.url}/nglstate/api/v1/\d+", address)
    assert ask("GET", address.removeprefix(service.url)).json() == state


def test_a_state_can_be_replaced_under_its_number(ask):
    assert ask("POST", "/nglstate/api/v1/post/12", data='{"a": 1}').json().endswith("/12")
    assert ask("GET", "/nglstate/api/v1/raw/12").json() == {"a": 1}


def test_properties_have_addresses_of_their_own(ask, service):
    address = ask("POST", "/nglstate/api/v1/property/post", json={"inline": {}}).json()
    assert "/property/" in address
    path = address.removeprefix(service.url)
    assert ask("GET", f"{path}/info").json() == {"inline": {}}
    assert ask("GET", path.replace("/property", "")).status_code == 404


def test_what_is_not_json_is_no_state(ask):
    assert ask("POST", "/nglstate/api/v1/post", data="state").status_code == 400
    assert ask("GET", "/nglstate/api/v1/1").status_code == 404
    assert ask("GET", "/nglstate/api/v1/one").status_code == 400


def test_the_site_says_that_it_knows_new_links(ask):
    assert ask("GET", "/viewer//version.json").json()


def test_a_table_says_its_schema_and_voxels(ask):
    record = ask("GET", f"{AV}/nucleus_detection_v0").json()
    assert record["schema_type"] == "nucleus_detection"
    assert [record[f"voxel_resolution_{axis}"] for axis in "xyz"] == [4, 4, 40]
    assert ask("GET", f"{AV}/none").status_code == 404
    assert ask("GET", AV.replace("local_volume", "minnie65_phase3")).status_code == 404


def test_annotations_get_ids_and_updates_new_ones(ask):
    table = f"{AV}/proofreading_status_and_strategy/annotations"
    sent = [{"pt": {"position": [1, 2, 3]}}, {"pt": {"position": [4, 5, 6]}}]
    ids = ask("POST", table, json={"annotations": sent}).json()
    assert len(set(ids)) == 2
    update = {"id": ids[0], "pt": {"position": [7, 8, 9]}}
    renewed = ask("PUT", table, json={"annotations": [update]}).json()
    assert list(renewed) == [str(ids[0])]
    new = renewed[str(ids[0])]
    assert new not in ids
    found = ask("GET", f"{table}?annotation_ids={new}").json()
    assert found == [{"pt": {"position": [7, 8, 9]}, "id": new}]
    assert ask("DELETE", table, json={"annotation_ids": [new, 1]}).json() == [new]
    assert ask("GET", f"{table}?annotation_ids={new}").json() == []


def test_ids_are_never_given_twice(ask):
    table = f"{AV}/cell_type_manual/annotations"
    first, second = ask("POST", table, json={"annotations": [{}, {}]}).json()
    ask("DELETE", table, json={"annotation_ids": [first]})
    (third,) = ask("POST", table, json={"annotations": [{}]}).json()
    assert third not in (first, second)


def test_too_many_or_nameless_annotations_are_refused(ask):
    table = f"{AV}/nucleus_detection_v0/annotations"
    assert ask("POST", table, json={"annotations": [{}] * 10_001}).status_code == 413
    assert ask("PUT", table, json={"annotations": [{"pt": {}}]}).status_code == 400
    assert ask("POST", table, json={"annotations": 3}).status_code == 400


def test_a_bucket_shows_nothing_outside_itself(ask):
    assert ask("GET", "/bucket/ws/provenance").status_code == 404
    assert ask("GET", "/bucket/%2e%2e/snapshot.json").status_code == 404
