"""States, skeletons that are ready, staged annotations: small services, each with its promise."""

import numpy as np
import pytest


def test_a_state_comes_back_as_it_was_sent(dataset):
    state = {"layers": [{"name": "é", "segments": ["864691135639806263"]}], "position": [1.5, 2, 3]}
    number = dataset.upload_state_json(state)
    assert type(number) is int
    assert dataset.get_state_json(number) == state
    assert dataset.get_state_json(str(number)) == state


def test_a_state_can_be_read_at_an_address(service, dataset):
    number = dataset.upload_state_json({"layers": []})
    assert dataset.get_state_json(f"{service.url}/nglstate/api/v1/{number}") == {"layers": []}


def test_a_state_is_dated_by_the_server(dataset):
    with pytest.raises(ValueError, match="the state server dates its states itself"):
        dataset.upload_state_json({}, timestamp=dataset.now())


def test_a_short_link_leads_to_the_state(service, dataset, neurons):
    root = neurons["merged"]["root_ids"][-1]
    site = f"{service.url}/viewer/"
    url = dataset.neuroglancer_url(site, shorten=True, root_ids=[root])
    start = f"{site}#!middleauth+{service.url}/nglstate/api/v1/"
    assert url.startswith(start)
    state = dataset.get_state_json(int(url.removeprefix(start)))
    assert state["layers"][1]["segments"] == [str(root)]


def test_properties_of_objects_are_stored_and_linked(service, dataset):
    properties = {
        "@type": "neuroglancer_segment_properties",
        "inline": {"ids": ["1"], "properties": [{"id": "label", "type": "label", "values": ["a"]}]},
    }
    url = dataset.neuroglancer_url(seg_prop=properties)
    assert "nglstate%2Fapi%2Fv1%2Fproperty%2F" in url or "nglstate/api/v1/property/" in url


def test_skeletons_that_are_ready_are_said_for_any_number_and_kind_of_ids(dataset, neurons):
    ready = neurons["merged"]["root_ids"][-1]
    other = neurons["edited"]["root_ids"][0]
    expected = {ready: True, other: False}
    for ids in (
        [ready, other],
        np.array([ready, other]),
        np.array([ready, other], dtype=np.uint64),
        (str(ready), str(other)),
    ):
        assert dataset.skeletons_exist(root_ids=ids) == expected
    for one in (ready, np.int64(ready), str(ready), [ready]):
        assert dataset.skeletons_exist(root_ids=one) == {ready: True}
    assert dataset.skeletons_exist(root_ids=[]) == {}
    assert all(type(key) is int for key in dataset.skeletons_exist(root_ids=[ready]))


def test_none_of_thousands_of_skeletons_is_passed_over(dataset, neurons):
    ready = neurons["merged"]["root_ids"][-1]
    many = [*range(ready + 1, ready + 2101), ready]
    found = dataset.skeletons_exist(root_ids=many)
    assert list(found) == many
    assert [one for one, there in found.items() if there] == [ready]


def test_an_unknown_skeleton_version_is_refused(dataset, neurons):
    with pytest.raises(ValueError, match="Unknown skeleton version: 77"):
        dataset.skeletons_exist(77, neurons["merged"]["root_ids"])


def test_annotations_are_staged_and_uploaded_once(service, dataset):
    staged = dataset.stage_annotations("nucleus_detection_v0")
    staged.add(pt_position=[1, 2, 3], volume=4.0)
    service.log.clear()
    ids = dataset.upload_staged_annotations(staged)
    assert len(ids) == 1
    staged = dataset.stage_annotations("nucleus_detection_v0")
    staged.add(pt_position=[1, 2, 3], volume=4.0)
    service.faults.add("*/annotations", status=503)
    service.log.clear()
    with pytest.raises(ConnectionError, match="503"):
        dataset.upload_staged_annotations(staged)
    assert len([one for one in service.log if one.path.endswith("/annotations")]) == 1


def test_annotations_are_for_a_table_or_a_schema(dataset):
    with pytest.raises(ValueError, match="give the one that the annotations are for"):
        dataset.stage_annotations()


def test_what_is_no_state_is_refused(dataset):
    with pytest.raises(TypeError, match="a state is a dict, not set"):
        dataset.upload_state_json({"layers"})
