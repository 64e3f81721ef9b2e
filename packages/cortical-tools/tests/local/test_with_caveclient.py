"""What the unmodified CAVEclient returns is what the snapshot's tables say."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

pytestmark = [
    # caveclient speaks of the future of its own arguments.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:caveclient"),
    pytest.mark.filterwarnings("ignore::FutureWarning:caveclient"),
]


def test_a_table_comes_back_as_it_stands_in_the_folder(client, snapshot):
    stored = snapshot.frame("tables/synapses_world/all.parquet")
    found = client.materialize.query_table("synapses_world", split_positions=True)
    pd.testing.assert_frame_equal(found[stored.columns], stored, check_dtype=False)
    assert str(found["pre_pt_root_id"].dtype) == "Int64"


def test_the_managers_know_the_tables_the_views_and_their_fields(client, snapshot):
    tables, views = client.materialize.tables, client.materialize.views
    assert set(tables.table_names) == set(snapshot.facts.tables)
    assert "pre_pt_root_id" in tables.synapses_world.fields
    assert "size" in tables.synapses_world.numeric_fields
    assert "ctr_pt_position" in str(tables.synapses_world.spatial_fields)
    assert "nucleus_detection_lookup_v1" in views


def test_a_reference_table_is_joined_to_its_target(client, neurons):
    rows = client.materialize.tables.nucleus_alternative_points().query()
    assert set(rows["id"]) == set(rows["target_id"])
    off = neurons["nucleus off its segmentation"]
    row = rows.set_index("id").loc[off["cell_id"]]
    assert (row["pt_root_id"], row["pt_root_id_ref"]) == (0, off["root_ids"][0])


def test_a_view_gives_every_cell_its_root(client, neurons):
    rows = client.materialize.views.nucleus_detection_lookup_v1().query().set_index("id")
    for history in ("merged", "nucleus off its segmentation", "alternative point agrees"):
        cell = neurons[history]
        assert rows.loc[cell["cell_id"], "pt_root_id"] == cell["root_ids"][-1]


def test_a_query_at_a_moment_agrees_with_the_live_query(client, neurons):
    moment = client.materialize.get_timestamp(2)
    root = neurons["edited"]["root_ids"][1]
    table = client.materialize.tables.synapses_world(pre_pt_root_id=root)
    queried = table.query(timestamp=moment, split_positions=True)
    live = table.live_query(timestamp=moment, split_positions=True)
    assert len(live) > 0
    assert sorted(queried["id"]) == sorted(live["id"])


def test_root_ids_are_followed_through_their_history(client, neurons):
    graph, roots = client.chunkedgraph, neurons["edited"]["root_ids"]
    assert graph.is_latest_roots(roots).tolist() == [False, False, True]
    assert roots[2] in graph.get_latest_roots(roots[0])
    assert graph.suggest_latest_roots(roots[0]) == roots[2]
    assert graph.suggest_latest_roots(roots[1], stop_layer=2) == roots[2]
    assert roots[0] in graph.get_original_roots(roots[2])
    assert graph.is_valid_nodes([*roots, 12]).tolist() == [True, True, True, False]
    changes = graph.get_tabular_change_log(roots[2])[roots[2]]
    assert changes["is_merge"].tolist() == [False, True]


def test_the_last_moment_of_a_root_lies_before_its_replacement(client, neurons, snapshot):
    lives = snapshot.frame("ids/roots.parquet").set_index("root_id")
    roots = neurons["edited"]["root_ids"][:2]
    last = client.chunkedgraph.get_root_timestamps(roots, latest=True)
    for root, moment in zip(roots, last, strict=True):
        assert moment == lives.loc[root, "replaced"] - timedelta(milliseconds=1)


def test_a_brief_root_ended_as_the_client_sees_it_before_it_began(client, neurons):
    brief = neurons["brief"]["root_ids"][1]
    begun = client.chunkedgraph.get_root_timestamps(brief)[0]
    ended = client.chunkedgraph.get_root_timestamps(brief, latest=True)[0]
    assert ended < begun


def test_roots_of_supervoxels_are_those_that_existed_then(client, snapshot):
    supervoxels = snapshot.frame("ids/supervoxels.parquet")
    roots = snapshot.frame("ids/roots.parquet").set_index("root_id")
    at = pd.Timestamp("2023-06-10", tz="UTC")
    life = roots.loc[supervoxels["root_id"]].reset_index()
    alive = ((life["created"] <= at) & ~(life["replaced"] <= at)).to_numpy()
    expected = supervoxels[alive]
    found = client.chunkedgraph.get_roots(
        expected["supervoxel_id"].to_numpy(dtype=np.uint64), timestamp=at.to_pydatetime()
    )
    assert found.astype(np.int64).tolist() == expected["root_id"].tolist()


def test_level_2_data_is_what_the_folder_has(client, snapshot):
    stored = snapshot.frame("level2/attributes.parquet").set_index("l2_id").iloc[:20]
    found = client.l2cache.get_l2data_table(stored.index.to_list()).loc[stored.index]
    for name in stored.columns:
        np.testing.assert_array_equal(found[name].astype(float), stored[name].astype(float))
    assert client.l2cache.has_cache()
    assert len(client.l2cache.attributes) == 8


def test_skeletons_come_as_arrays_one_by_one_and_many(client, neurons):
    roots = [neuron["root_ids"][-1] for neuron in neurons.values()]
    one = client.skeleton.get_skeleton(roots[0], output_format="dict", skeleton_version=4)
    assert one["vertices"].shape == (60, 3)
    table = client.skeleton.get_skeleton(roots[0], output_format="swc", skeleton_version=4)
    assert len(table) == 60
    many = client.skeleton.fetch_skeletons(roots, method="server", skeleton_version=4)
    assert {int(root) for root in many} == set(roots)
    swc = client.skeleton.get_bulk_skeletons(roots, output_format="swc", skeleton_version=4)
    assert {len(rows) for rows in swc.values()} == {60}
    exist = client.skeleton.skeletons_exist(root_ids=[roots[0], roots[0] + 1], skeleton_version=4)
    assert exist == {roots[0]: True, roots[0] + 1: False}


def test_states_go_up_and_come_down(client, service):
    state = {"layers": [{"name": "segmentation", "segments": ["864691135639806263"]}]}
    number = client.state.upload_state_json(state)
    assert client.state.get_state_json(number) == state
    properties = client.state.upload_property_json({"inline": {"ids": []}})
    assert client.state.get_property_json(properties) == {"inline": {"ids": []}}
    assert client.state.get_neuroglancer_info(f"{service.url}/viewer/") == {"tag": "local"}


def test_staged_annotations_are_uploaded(client):
    stage = client.annotation.stage_annotations("nucleus_detection_v0")
    stage.add(pt_position=[1, 2, 3], volume=3.0)
    assert len(client.annotation.upload_staged_annotations(stage)) == 1


def test_the_info_client_knows_the_sources(client, service):
    assert client.info.image_source() == f"precomputed://{service.url}/bucket/em"
    assert client.info.viewer_resolution().tolist() == [4, 4, 40]
    assert client.info.get_datastacks() == ["local_world"]


def test_a_refused_token_is_an_http_error(service):
    import requests
    from caveclient import CAVEclient

    with pytest.raises(requests.HTTPError, match="401"):
        CAVEclient(
            "local_world",
            server_address=service.url,
            auth_token="f00",
            write_server_cache=False,
        )
