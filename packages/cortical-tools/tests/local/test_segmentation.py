"""The chunked graph, byte by byte, against plain definitions on the snapshot's own tables."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

TABLE = "/segmentation/api/v1/table/local_world_v1"
SPLIT = datetime(2023, 3, 1, 9, 30, 0, 250000, tzinfo=UTC).timestamp()
LAST = datetime(2024, 7, 1, 10, 0, 0, 375000, tzinfo=UTC).timestamp()
SUMMER_2023 = datetime(2023, 7, 1, tzinfo=UTC).timestamp()
BEGINNING = datetime(2020, 11, 1, tzinfo=UTC).timestamp()


@pytest.fixture
def roots_of(ask):
    def send(ids, query=""):
        body = np.asarray(ids, dtype="<u8").tobytes()
        answer = ask("POST", f"{TABLE}/roots_binary{query}", data=body)
        answer.raise_for_status()
        return np.frombuffer(answer.content, dtype="<u8").astype(np.int64).tolist()

    return send


@pytest.fixture(scope="module")
def members(snapshot):
    return (
        snapshot.frame("ids/level2.parquet")
        .groupby("root_id")["l2_id"]
        .agg(lambda ids: set(ids.tolist()))
    )


def test_the_graph_says_its_versions(ask):
    assert ask("GET", "/segmentation/api/versions").json() == [0, 1]
    assert ask("GET", "/segmentation/api/version").json() == "2.21.1"


def test_the_info_has_the_chunks_and_points_to_this_server(ask, service):
    info = ask("GET", "/segmentation/table/local_world_v1/info").json()
    assert info["data_dir"] == f"{service.url}/bucket/ws"
    assert info["graph"]["n_layers"] == 12
    assert info["graph"]["chunk_size"] == [256, 256, 512]
    assert info["graph"]["spatial_bit_masks"]["2"] == 10
    assert info["scales"][0]["resolution"] == [8, 8, 40]


def test_another_graph_is_not_found(ask):
    answer = ask("POST", "/segmentation/api/v1/table/minnie3_v1/is_latest_roots", json={})
    assert answer.status_code == 404


def test_roots_come_as_raw_integers_in_the_order_asked(roots_of, snapshot, neurons):
    rows = snapshot.frame("ids/supervoxels.parquet")
    root = neurons["merged"]["root_ids"][-1]
    mine = rows.loc[rows["root_id"] == root, "supervoxel_id"].tolist()
    assert roots_of([mine[1], 0, mine[0], 77]) == [root, 0, root, 0]


@pytest.mark.parametrize("moment", [BEGINNING, SPLIT - 0.001, SPLIT, SUMMER_2023, LAST])
def test_a_supervoxel_belongs_to_the_one_root_that_has_it_then(roots_of, snapshot, moment):
    rows = snapshot.frame("ids/supervoxels.parquet")
    lives = snapshot.frame("ids/roots.parquet").set_index("root_id")
    at = pd.Timestamp(moment, unit="s", tz="UTC").round("us")
    life = lives.loc[rows["root_id"]].reset_index(drop=True)
    alive = ((life["created"] <= at) & ~(life["replaced"] <= at)).to_numpy()
    expected = rows[alive]
    assert not expected["supervoxel_id"].duplicated().any()
    found = roots_of(expected["supervoxel_id"], f"?timestamp={moment}")
    assert found == expected["root_id"].tolist()


def test_climbing_to_layer_2_gives_the_id_of_that_time(roots_of, snapshot, neurons, members):
    first, second, _ = neurons["edited"]["root_ids"]
    rows = snapshot.frame("ids/supervoxels.parquet")
    (scar,) = members[second] - members[first]
    supervoxel = rows.loc[rows["l2_id"] == scar, "supervoxel_id"].iloc[0]
    then, now = (
        roots_of([supervoxel], f"?stop_layer=2&timestamp={moment}") for moment in (BEGINNING, LAST)
    )
    assert now == [scar]
    assert then[0] in members[first] - members[second]


def test_a_body_of_broken_ids_is_refused(ask):
    assert ask("POST", f"{TABLE}/roots_binary", data=b"1234567").status_code == 400


def test_one_root_can_be_asked_for_by_path(ask, neurons, members):
    root = neurons["merged"]["root_ids"][-1]
    l2_id = min(members[root])
    assert ask("GET", f"{TABLE}/node/{l2_id}/root").json() == {"root_id": root}
    assert ask("GET", f"{TABLE}/node/77/root").status_code == 400


def test_a_root_is_latest_from_its_making_until_its_replacement(ask, neurons):
    body = json.dumps({"node_ids": [*neurons["edited"]["root_ids"], 12]})
    for query, expected in (
        ("", [False, False, True, False]),
        (f"?timestamp={SUMMER_2023}", [False, True, False, False]),
        (f"?timestamp={SPLIT}", [False, True, False, False]),
        (f"?timestamp={SPLIT - 0.001}", [True, False, False, False]),
    ):
        answer = ask("POST", f"{TABLE}/is_latest_roots{query}", data=body)
        assert answer.json() == {"is_latest": expected}


def test_timestamps_are_of_making_or_of_the_last_moment(ask, neurons):
    roots = neurons["edited"]["root_ids"]
    body = {"node_ids": [roots[2], roots[0], roots[1]]}
    made = ask("POST", f"{TABLE}/root_timestamps?latest=False", json=body).json()
    assert made == {"timestamp": [LAST, BEGINNING, SPLIT]}
    last = ask("POST", f"{TABLE}/root_timestamps?latest=True&timestamp={LAST + 9}", json=body)
    assert last.json() == {"timestamp": [LAST + 9, SPLIT, LAST]}


def test_the_timestamp_of_a_root_that_never_was_is_a_server_error(ask):
    body = {"node_ids": [864691135639806263]}
    answer = ask("POST", f"{TABLE}/root_timestamps?latest=True", json=body)
    assert answer.status_code == 500
    assert "pop from an empty deque" in answer.text


def test_leaves_of_layer_2_are_the_level_2_ids_of_the_root(ask, neurons, members):
    for root in neurons["edited"]["root_ids"]:
        found = ask("GET", f"{TABLE}/node/{root}/leaves?stop_layer=2").json()["leaf_ids"]
        assert found == sorted(members[root])


def test_leaves_without_a_layer_are_supervoxels(ask, snapshot, neurons):
    rows = snapshot.frame("ids/supervoxels.parquet")
    root = neurons["brief"]["root_ids"][1]
    expected = sorted(rows.loc[rows["root_id"] == root, "supervoxel_id"])
    assert ask("GET", f"{TABLE}/node/{root}/leaves").json()["leaf_ids"] == expected


def test_bounds_keep_the_chunks_they_touch(ask, neurons, members):
    #  chunk of x:  0 | 1 | 2        bounds end inside chunk 1
    root = neurons["merged"]["root_ids"][-1]
    mask = (1 << 10) - 1
    place = {one: [(one >> shift) & mask for shift in (46, 36, 26)] for one in members[root]}
    middle = sorted(at[0] for at in place.values())[len(place) // 2]
    end = 26_385 + middle * 256 + 1
    found = ask(
        "GET", f"{TABLE}/node/{root}/leaves?stop_layer=2&bounds=0-{end}_0-999999_0-99999"
    ).json()["leaf_ids"]
    assert found == sorted(one for one, at in place.items() if at[0] <= middle)
    assert 0 < len(found) < len(place)


def test_bounds_that_cannot_be_read_are_refused(ask, neurons):
    root = neurons["merged"]["root_ids"][-1]
    assert ask("GET", f"{TABLE}/node/{root}/leaves?bounds=1-2_3-4").status_code == 400


def test_leaves_of_many_and_of_none(ask, neurons, members):
    roots = neurons["merged"]["root_ids"]
    body = {"node_ids": roots}
    found = ask("POST", f"{TABLE}/node/leaves_many?stop_layer=2", json=body).json()
    assert found == {str(root): sorted(members[root]) for root in roots}
    assert ask("GET", f"{TABLE}/node/{roots[0] + 1}/leaves").status_code == 400


@pytest.mark.parametrize("layer", [3, 8, 11])
def test_nodes_between_hold_the_level_2_ids_of_their_chunk(ask, roots_of, neurons, members, layer):
    root = neurons["merged"]["root_ids"][-1]
    path = f"{TABLE}/node/{root}/leaves?stop_layer={layer}"
    nodes = ask("GET", path).json()["leaf_ids"]
    assert {node >> 56 for node in nodes} == {layer}
    assert set(roots_of(nodes)) == {root}
    below = [
        ask("GET", f"{TABLE}/node/{node}/leaves?stop_layer=2").json()["leaf_ids"] for node in nodes
    ]
    assert sorted(sum(below, [])) == sorted(members[root])


def test_a_root_and_its_successor_share_the_nodes_away_from_the_edit(ask, neurons):
    before, after = (
        set(ask("GET", f"{TABLE}/node/{root}/leaves?stop_layer=6").json()["leaf_ids"])
        for root in neurons["merged"]["root_ids"]
    )
    assert before & after
    assert after - before


def test_children_are_the_nodes_one_layer_below(ask, neurons):
    root = neurons["merged"]["root_ids"][-1]
    children = ask("GET", f"{TABLE}/node/{root}/children").json()["children_ids"]
    assert children == ask("GET", f"{TABLE}/node/{root}/leaves?stop_layer=11").json()["leaf_ids"]


def test_the_level_2_graph_has_the_edges_between_the_root_s_own(ask, snapshot, neurons, members):
    root = neurons["edited"]["root_ids"][-1]
    edges = snapshot.frame("level2/edges.parquet").to_numpy(dtype=np.int64).tolist()
    answer = ask("GET", f"{TABLE}/node/{root}/lvl2_graph")
    own = [edge for edge in edges if set(edge) <= members[root]]
    assert answer.json() == {"edge_graph": own}
    assert "Used-Bounds" not in answer.headers
    bounded = ask("GET", f"{TABLE}/node/{root}/lvl2_graph?bounds=0-1_0-1_0-1")
    assert bounded.json() == {"edge_graph": []}
    assert bounded.headers["Used-Bounds"] == "True"


def test_the_lineage_is_a_graph_that_networkx_reads(ask, neurons):
    import networkx as nx

    roots = neurons["edited"]["root_ids"]
    found = ask("POST", f"{TABLE}/lineage_graph_multiple", json={"root_ids": [roots[1]]}).json()
    graph = nx.node_link_graph(found, edges="links")
    assert {(roots[0], roots[1]), (roots[1], roots[2])} <= set(graph.edges)
    # What the split left, and what the merge took in, are relatives only of the others.
    assert set(graph) == set(roots)
    by_id = {node["id"]: node for node in found["nodes"]}
    assert by_id[roots[1]]["timestamp"] == SPLIT
    assert by_id[roots[0]]["operation_id"] is None


def test_the_lineage_ends_at_the_moments_given(ask, neurons):
    roots = neurons["edited"]["root_ids"]
    body = {"root_ids": [roots[1]]}
    for query, expected in (
        (f"?timestamp_future={LAST - 1}", set(roots[:2])),
        (f"?timestamp_past={SPLIT + 1}", set(roots[1:])),
        ("?name=timestamp_future", set(roots)),
    ):
        found = ask("POST", f"{TABLE}/lineage_graph_multiple{query}", json=body).json()
        assert {node["id"] for node in found["nodes"]} == expected


def test_past_ids_existed_then_and_led_here(ask, neurons):
    roots = neurons["edited"]["root_ids"]
    body = json.dumps({"root_ids": [roots[2]]})
    path = f"{TABLE}/past_id_mapping?timestamp_past={SUMMER_2023}"
    found = ask("GET", path, data=body).json()
    assert found["future_id_map"] == {}
    past = found["past_id_map"][str(roots[2])]
    assert roots[1] in past
    assert len(past) == 2


def test_valid_nodes_existed_whatever_became_of_them(ask, neurons, members):
    roots = neurons["edited"]["root_ids"]
    body = json.dumps({"node_ids": [*roots, roots[0] + 1, min(members[roots[2]])]})
    path = f"{TABLE}/valid_nodes?start_timestamp=946684800.0"
    valid = [*roots, min(members[roots[2]])]
    assert ask("GET", path, data=body).json() == {"valid_roots": valid}
    early = ask("GET", f"{path}&end_timestamp={SUMMER_2023}", data=body).json()["valid_roots"]
    assert set(roots[:2]) <= set(early)
    assert roots[2] not in early


def test_changed_roots_are_those_made_and_ended_in_the_interval(ask, neurons):
    first, second, _ = neurons["edited"]["root_ids"]
    path = f"{TABLE}/delta_roots?timestamp_past={SPLIT - 1}&timestamp_future={SPLIT + 1}"
    found = ask("GET", path).json()
    assert found["old_roots"] == [first]
    assert len(found["new_roots"]) == 2
    assert second in found["new_roots"]


def test_the_oldest_moment_is_the_making_of_the_segmentation(ask):
    assert ask("GET", f"{TABLE}/oldest_timestamp").json() == {"iso": "2020-11-01 00:00:00+00:00"}


def test_change_logs_tell_splits_from_merges(ask, neurons):
    root = neurons["edited"]["root_ids"][-1]
    log = ask("GET", f"{TABLE}/root/{root}/change_log?filtered=True").json()
    assert (log["n_splits"], log["n_mergers"]) == (1, 1)
    body = json.dumps({"root_ids": [root]})
    packed = ask("GET", f"{TABLE}/tabular_change_log_many", data=body).json()[str(root)]
    rows = json.loads(packed)
    assert list(rows["is_merge"].values()) == [False, True]
    assert rows["timestamp"]["0"] == int(SPLIT * 1000)


def test_a_body_without_ids_is_refused(ask):
    answer = ask("POST", f"{TABLE}/is_latest_roots", data="{}")
    assert answer.status_code == 400
    assert "node_ids" in answer.json()["message"]


def test_a_body_that_is_not_json_is_refused(ask):
    assert ask("POST", f"{TABLE}/is_latest_roots", data="root ids").status_code == 400
