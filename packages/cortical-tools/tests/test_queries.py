"""Complete, or an error: what a server keeps back is asked for in parts."""

import numpy as np
import pandas as pd
import pytest


def queries(service):
    return [request for request in service.log if request.path.endswith("/query")]


@pytest.mark.parametrize("cap", [1000, 40, 7, 2])
def test_a_whole_table_comes_although_the_server_sends_few_rows_at_a_time(
    service, dataset, truth, cap
):
    service.row_cap = cap
    found = dataset.tables.synapses_world().query(split_positions=True)
    stored = truth.table("synapses_world")
    pd.testing.assert_frame_equal(
        found.sort_values("id", ignore_index=True)[stored.columns],
        stored.sort_values("id", ignore_index=True),
        check_dtype=False,
    )


@pytest.mark.parametrize("cap", [30, 2])
def test_synapses_of_many_come_complete_and_once(service, dataset, truth, cap):
    service.row_cap = cap
    rows = truth.synapses(truth.versions[3])
    roots = [root for root in np.unique(rows["pre"]).tolist() if root]
    found = dataset.query_synapses(roots, pre=True, omit_self_synapse=False, progress=False)
    assert sorted(found["id"]) == sorted(rows.loc[rows["pre"].isin(roots), "id"])


def test_a_join_comes_complete(service, dataset, truth):
    service.row_cap = 3
    found = dataset.tables.synapse_target_structure().query()
    assert sorted(found["id_ref"]) == sorted(truth.table("synapse_target_structure")["id"])


def test_a_view_comes_complete(service, dataset, truth):
    service.row_cap = 3
    found = dataset.views.nucleus_detection_lookup_v1().query()
    assert sorted(found["id"]) == sorted(truth.table("nucleus_detection_v0")["id"])


def test_a_live_query_comes_complete(service, dataset, truth):
    service.row_cap = 25
    when = truth.versions[3].to_pydatetime()
    found = dataset.tables.synapses_world(size={">": 0}).live_query(when)
    assert sorted(found["id"]) == sorted(truth.table("synapses_world")["id"])


def test_bounds_that_were_asked_for_hold_in_every_part(service, dataset, truth):
    ids = np.sort(truth.table("synapses_world")["id"].to_numpy(dtype=int))
    service.row_cap = 5
    wanted = {">=": int(ids[3]), "<": int(ids[-3])}
    found = dataset.tables.synapses_world(id=wanted).query()
    assert sorted(found["id"]) == ids[3:-3].tolist()


def test_rows_that_cannot_be_told_apart_are_an_error_that_says_what_came(service, dataset):
    service.row_cap = 1
    with pytest.raises(RuntimeError, match=r"sends 1 rows at a time, and synapses_world has more"):
        dataset.tables.synapses_world().query()
    service.row_cap = 5
    with pytest.raises(RuntimeError, match="without a column 'id'"):
        dataset.tables.synapses_world().query(select_columns=["size"])
    with pytest.raises(RuntimeError, match="with offset, limit or random_sample"):
        dataset.tables.synapses_world().query(offset=3)


def test_as_many_rows_as_were_asked_for_are_no_truncation(service, dataset):
    service.row_cap = 5
    assert len(dataset.tables.synapses_world().query(limit=5)) == 5
    assert len(dataset.tables.synapses_world().query(limit=3)) == 3
    with pytest.raises(RuntimeError, match="limit"):
        dataset.tables.synapses_world().query(limit=6)


def test_a_list_is_halved_before_anything_else(service, dataset, truth):
    ids = truth.table("synapses_world")["id"].tolist()[:8]
    _ = dataset.tables
    service.row_cap = 5
    service.log.clear()
    assert sorted(dataset.tables.synapses_world(id=ids).query()["id"]) == sorted(ids)
    # All of them, and each half.
    assert len(queries(service)) == 3


def test_the_first_error_of_many_ends_them(service, dataset, truth):
    rows = truth.synapses(truth.versions[3])
    roots = [root for root in np.unique(rows[["pre", "post"]]).tolist() if root]
    dataset.query_synapses(roots[:1], pre=True, progress=False)
    service.log.clear()
    service.faults.add("*/query", status=500, times=1)
    service.faults.add("*/query", delay=0.02)
    with pytest.raises(OSError, match="500 Server Error"):
        dataset.query_synapses(roots, pre=True, batch_size=1, progress=False)
    assert len(roots) > 50
    assert len(queries(service)) < len(roots) / 2


def test_an_answer_that_is_no_table_is_an_error(service, dataset):
    _ = dataset.tables
    service.faults.add("*/query", status=200, message="a page")
    with pytest.raises(RuntimeError, match="where an Arrow stream was due"):
        dataset.tables.synapses_world().query()


def test_a_server_that_fails_for_another_reason_than_its_roots_says_its_own(service, dataset):
    _ = dataset.tables
    service.faults.add("*/query", status=500, message="the database is away")
    with pytest.raises(OSError, match="the database is away"):
        dataset.tables.synapses_world().query()


def test_sets_and_values_of_numpy_are_sent_as_what_they_hold(dataset, truth):
    rows = truth.table("synapses_world")
    ids = rows["id"].to_numpy()[:3]
    least = np.median(rows["size"]).astype(np.float32)
    found = dataset.tables.synapses_world(id=set(ids), size={">=": least}).query()
    expected = rows[rows["id"].isin(ids) & (rows["size"] >= least)]
    assert sorted(found["id"]) == sorted(expected["id"])
