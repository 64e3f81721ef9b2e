"""The skeleton service, byte by byte."""

from __future__ import annotations

import gzip
import json

import pytest

V1 = "/skeletoncache/api/v1/local_world"


@pytest.fixture
def root(neurons):
    return neurons["merged"]["root_ids"][-1]


def test_the_service_says_its_versions(ask):
    assert ask("GET", "/skeletoncache/api/version").json() == "0.24.0"
    assert ask("GET", "/skeletoncache/api/versions").json() == [-1, 0, 1, 2, 3, 4]


def test_a_skeleton_is_gzip_that_http_does_not_unpack(ask, root):
    answer = ask("GET", f"{V1}/async/get_skeleton/4/{root}/flatdict?verbose_level=0")
    assert answer.content[:2] == b"\x1f\x8b"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert "Content-Encoding" not in answer.headers
    skeleton = json.loads(gzip.decompress(answer.content))
    assert skeleton["meta"]["root_id"] == root
    assert skeleton["meta"]["skeleton_type"] == "pcg_skel"
    assert len(skeleton["edges"]) == len(skeleton["vertices"]) - 1 == 59
    assert skeleton["lvl2_ids"] == sorted(skeleton["lvl2_ids"])
    assert len(skeleton["lvl2_ids"]) == len(skeleton["mesh_to_skel_map"])
    assert set(skeleton["compartment"]) == {1, 2, 3}
    # every vertex but the root is the child of one edge
    children = [child for child, _ in skeleton["edges"]]
    assert sorted([*children, skeleton["root"]]) == list(range(60))


def test_level_2_ids_of_the_skeleton_are_those_of_the_graph(ask, root):
    answer = ask("GET", f"{V1}/async/get_skeleton/4/{root}/flatdict")
    skeleton = json.loads(gzip.decompress(answer.content))
    path = f"/segmentation/api/v1/table/local_world_v1/node/{root}/leaves?stop_layer=2"
    assert skeleton["lvl2_ids"] == ask("GET", path).json()["leaf_ids"]


def test_swc_has_seven_columns_and_parents_first(ask, root):
    answer = ask("GET", f"{V1}/async/get_skeleton/4/{root}/swccompressed")
    lines = gzip.decompress(answer.content).decode().splitlines()
    rows = [line.split(" ") for line in lines]
    assert {len(row) for row in rows} == {7}
    assert [int(row[0]) for row in rows] == list(range(60))
    assert rows[0][6] == "-1"
    assert all(-1 < int(row[6]) < int(row[0]) for row in rows[1:])


def test_a_skeleton_that_is_not_there_is_not_found(ask, root):
    answer = ask("GET", f"{V1}/async/get_skeleton/4/{root + 1}/flatdict")
    assert answer.status_code == 404
    assert str(root + 1) in answer.json()["message"]
    assert ask("GET", f"{V1}/async/get_skeleton/4/{root}/precomputed").status_code == 400


def test_existence_of_one_is_a_bare_truth_and_of_many_an_object(ask, root):
    path = f"{V1}/precomputed/skeleton/exists?verbose_level=0"
    body = {"skeleton_version": 4, "verbose_level": 0}
    assert ask("POST", path, json={"root_ids": [root], **body}).text == "true"
    many = ask("POST", path, json={"root_ids": [root, 77], **body}).json()
    assert many == {str(root): True, "77": False}


def test_cached_skeletons_come_as_hexadecimal_without_those_that_are_not_there(ask, root):
    body = {"root_ids": [root, 77], "generate_missing": False, "verbose_level": 0}
    found = ask("POST", f"{V1}/bulk/get_cached_skeletons/4/flatdict", json=body).json()
    assert list(found) == [str(root)]
    assert json.loads(gzip.decompress(bytes.fromhex(found[str(root)])))["meta"]["root_id"] == root


def test_too_many_cached_skeletons_are_refused(ask):
    body = {"root_ids": list(range(501))}
    path = f"{V1}/bulk/get_cached_skeletons/4/flatdict"
    assert ask("POST", path, json=body).status_code == 400


def test_bulk_answers_for_the_first_ten(ask, root):
    ids = ",".join(map(str, [root, *range(20)]))
    found = ask("GET", f"{V1}/bulk/get_skeletons/4/flatdict/False/{ids}").json()
    assert len(found) == 10
    assert found["0"] == "async"
    assert gzip.decompress(bytes.fromhex(found[str(root)]))


def test_making_skeletons_takes_no_time_as_none_are_made(ask, root):
    assert float(ask("POST", f"{V1}/bulk/gen_skeletons", json={"root_ids": [root]}).text) == 0


def test_another_datastack_has_no_skeletons(ask, root):
    path = f"/skeletoncache/api/v1/v1dd/async/get_skeleton/4/{root}/flatdict"
    assert ask("GET", path).status_code == 404
