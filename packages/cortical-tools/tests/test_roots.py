"""Root ids over time."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest


def test_supervoxels_have_their_roots_as_int64_in_order(dataset, truth):
    rows = truth.table("synapses_world")
    supervoxels = rows["pre_pt_supervoxel_id"].to_numpy(dtype=np.int64)[::-1]
    when = truth.versions[2]
    found = dataset.get_roots(supervoxels, timestamp=when.to_pydatetime())
    assert found.dtype == np.int64
    assert found.tolist() == truth.roots(supervoxels, when).tolist()
    assert dataset.get_roots([0, int(supervoxels[0])], when.to_pydatetime())[0] == 0
    assert dataset.get_roots([]).dtype == np.int64


def test_the_pinned_version_is_the_time_where_none_is_given(make_client, truth):
    supervoxels = truth.table("synapses_world")["pre_pt_supervoxel_id"].to_numpy(dtype=np.int64)
    client = make_client(materialization_version=2)
    assert client.get_roots(supervoxels).tolist() == (
        truth.roots(supervoxels, truth.versions[2]).tolist()
    )


def test_a_stop_layer_gives_level_2_ids(dataset, neurons):
    root = neurons["merged"]["root_ids"][-1]
    l2 = dataset.get_l2_ids(root)
    supervoxels = dataset.cave.chunkedgraph.get_leaves(root)
    assert set(dataset.get_roots(supervoxels, stop_layer=2)) == set(l2)


def test_latest_or_not_is_said_in_order_of_any_time(dataset, neurons, truth):
    first, second, third = neurons["edited"]["root_ids"]
    assert dataset.is_latest_roots([third, first, second]).tolist() == [True, False, False]
    at_3 = truth.versions[3].to_pydatetime()
    assert dataset.is_latest_roots([third, first, second], at_3).tolist() == [False, False, True]
    assert dataset.is_latest_roots(third).tolist() == [True]
    assert dataset.is_latest_roots([864691135639806263]).tolist() == [False]
    assert dataset.is_latest_roots([]).dtype == bool


def test_a_standing_root_is_valid_until_now_and_an_old_one_until_it_was_replaced(dataset, neurons):
    first, *_, last = neurons["edited"]["root_ids"]
    before = datetime.now(UTC) - timedelta(seconds=5)
    until = dataset.latest_valid_timestamp([last, first])
    assert until[0] > before
    assert until[1] < before
    assert until.dtype == object
    assert dataset.is_latest_roots(first, until[1]).tolist() == [True]
    assert dataset.is_latest_roots(first, until[1] + timedelta(seconds=1)).tolist() == [False]
    assert dataset.latest_valid_timestamp(last).shape == (1,)


def test_a_root_that_never_was_is_named(dataset, neurons):
    known, never = neurons["edited"]["root_ids"][0], 864691135639806263
    with pytest.raises(ValueError, match=f"never existed, the first is {never}") as said:
        dataset.latest_valid_timestamp([known, never])
    assert said.value.root_ids == (never,)


def test_what_an_old_root_became_is_found_forwards_and_backwards(dataset, neurons, truth):
    first, second, third = neurons["edited"]["root_ids"]
    latest = dataset.get_latest_roots(first)
    assert latest.dtype == np.int64
    assert third in latest
    assert dataset.is_latest_roots(latest).all()
    at_3 = truth.versions[3].to_pydatetime()
    assert second in dataset.get_latest_roots(first, timestamp=at_3)
    assert second in dataset.get_latest_roots(third, timestamp_future=at_3)
    with pytest.raises(TypeError, match="mean the same"):
        dataset.get_latest_roots(first, at_3, at_3)


def test_the_best_guess_shares_the_most(dataset, neurons):
    first, *_, last = neurons["edited"]["root_ids"]
    best = dataset.suggest_latest_roots(first)
    assert best == last
    assert type(best) is int
    assert dataset.suggest_latest_roots(first, stop_layer=2) == last
    ids, shares = dataset.suggest_latest_roots(
        first, stop_layer=2, return_all=True, return_fraction_overlap=True
    )
    assert ids[0] == last
    assert ids.dtype == np.int64
    assert (np.diff(shares) <= 0).all()
    one, share = dataset.suggest_latest_roots(first, stop_layer=2, return_fraction_overlap=True)
    assert (one, share) == (last, shares[0])


def test_many_ids_go_in_parts(service, dataset, neurons):
    root = neurons["merged"]["root_ids"][-1]
    dataset.is_latest_roots(root)
    service.log.clear()
    assert dataset.is_latest_roots([root] * 25_000).all()
    assert len(service.log) == 3


@pytest.mark.parametrize("method", ["get_latest_roots", "suggest_latest_roots", "get_l2_ids"])
@pytest.mark.parametrize("never", [0, 864691135639806263])
def test_what_never_was_is_named_where_one_root_is_asked_about(dataset, method, never):
    with pytest.raises(ValueError, match=f"1 of 1 root ids never existed, the first is {never}"):
        getattr(dataset, method)(never)
