"""The level-2 cache, byte by byte."""

from __future__ import annotations

import pytest

PATH = "/l2cache/api/v1/table/local_world_v1/attributes?int64_as_str=False"
NAMES = {
    "area_nm2",
    "chunk_intersect_count",
    "max_dt_nm",
    "mean_dt_nm",
    "pca",
    "pca_val",
    "rep_coord_nm",
    "size_nm3",
}


@pytest.fixture(scope="module")
def stored(snapshot):
    return snapshot.frame("level2/attributes.parquet").set_index("l2_id")


def test_the_mapping_names_the_graph(ask, service):
    assert ask("GET", "/l2cache/api/v1/table_mapping").json() == {
        "local_world_v1": {
            "l2cache_id": "local_world_v1",
            "cv_path": f"graphene://{service.url}/segmentation/table/local_world_v1",
        }
    }


def test_the_attributes_are_named(ask):
    assert set(ask("GET", "/l2cache/api/v1/attribute_metadata").json()) == NAMES


def test_attributes_come_by_id_ascending_each_once(ask, stored):
    ids = stored.index[:3].tolist()
    answer = ask("POST", PATH, json={"l2_ids": [ids[2], ids[0], ids[1], ids[0]]}).json()
    assert list(answer) == [str(one) for one in ids]
    row, entry = stored.loc[ids[0]], answer[str(ids[0])]
    assert set(entry) == NAMES
    assert entry["area_nm2"] == row["area_nm2"]
    assert entry["rep_coord_nm"] == [row[f"rep_coord_nm_{axis}"] for axis in "xyz"]
    assert entry["pca"] == [[row[f"pca_{k}_{axis}"] for axis in "xyz"] for k in range(3)]
    assert entry["pca_val"] == [row[f"pca_val_{k}"] for k in range(3)]
    assert entry["chunk_intersect_count"] == [
        [row[f"chunk_intersect_count_{axis}_{end}"] for axis in "xyz"] for end in ("bottom", "top")
    ]


def test_only_the_attributes_asked_for_come(ask, stored):
    one = int(stored.index[0])
    answer = ask("POST", f"{PATH}&attribute_names=size_nm3,max_dt_nm", json={"l2_ids": [one]})
    row = stored.loc[one]
    assert answer.json() == {str(one): {"size_nm3": row["size_nm3"], "max_dt_nm": row["max_dt_nm"]}}


def test_an_id_that_is_not_in_the_cache_has_nothing(ask, snapshot, stored, neurons):
    members = snapshot.frame("ids/level2.parquet")
    root = neurons["nucleus off its segmentation"]["root_ids"][0]
    mine = members.loc[members["root_id"] == root, "l2_id"]
    (missing,) = set(mine.tolist()) - set(stored.index.tolist())
    assert ask("POST", PATH, json={"l2_ids": [missing]}).json() == {str(missing): {}}


def test_a_small_piece_has_no_axes(ask, stored):
    (small,) = stored.index[stored["pca_val_0"].isna()]
    entry = ask("POST", PATH, json={"l2_ids": [int(small)]}).json()[str(small)]
    assert set(entry) == NAMES - {"pca", "pca_val"}


def test_an_unknown_attribute_is_refused(ask):
    answer = ask("POST", f"{PATH}&attribute_names=colour", json={"l2_ids": []})
    assert answer.status_code == 400
    assert "colour" in answer.json()["message"]


def test_another_graph_has_no_cache(ask):
    path = PATH.replace("local_world_v1", "minnie3_v1")
    assert ask("POST", path, json={"l2_ids": []}).status_code == 404
