"""From cells to roots and back: every id answered, in the order asked, at the right time."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortical_tools import DatasetClient
from cortical_tools.cell_ids import _common_moments, _table


def asked(service, part):
    return [request for request in service.log if part in request.path]


def test_every_cell_has_its_root_in_the_order_asked_with_repetitions(dataset, truth):
    nuclei = truth.table("nucleus_detection_v0")
    cells = nuclei["id"].tolist()[::-1] + nuclei["id"].tolist()[:2]
    found = dataset.cell_id_to_root_id(cells)
    assert found.index.tolist() == cells
    assert found.index.name == "cell_id"
    assert list(found.columns) == ["root_id"]
    assert found["root_id"].dtype == np.int64
    points = truth.table("nucleus_alternative_points").set_index("target_id")
    roots = nuclei.set_index("id")["pt_supervoxel_id"].to_dict()
    roots |= points["pt_supervoxel_id"].to_dict()
    expected = [int(truth.roots([roots[cell]], truth.versions[3])[0]) for cell in cells]
    assert found["root_id"].tolist() == expected
    assert min(expected) > 0


def test_every_root_has_its_cell_in_the_order_asked_with_repetitions(dataset, neurons):
    pairs = [(neuron["root_ids"][-1], neuron["cell_id"]) for neuron in neurons.values()] * 2
    pairs.insert(3, pairs[-1])
    roots, cells = zip(*pairs, strict=True)
    found = dataset.root_id_to_cell_id(list(roots))
    assert found.index.tolist() == list(roots)
    assert found.index.name == "root_id"
    assert list(found.columns) == ["cell_id"]
    assert found["cell_id"].dtype == np.int64
    assert found["cell_id"].tolist() == list(cells)


def test_roots_of_any_time_find_their_cell(dataset, neurons):
    for history in ("edited", "merged", "late"):
        neuron = neurons[history]
        found = dataset.root_id_to_cell_id(neuron["root_ids"])
        assert found["cell_id"].tolist() == [neuron["cell_id"]] * len(neuron["root_ids"]), history


def test_a_root_that_lived_half_a_millisecond_ends_the_search_too(service, dataset, neurons):
    neuron = neurons["brief"]
    others = [one["root_ids"][0] for one in neurons.values()]
    service.log.clear()
    found = dataset.root_id_to_cell_id([*neuron["root_ids"], *others])
    assert found["cell_id"].tolist()[:3] == [neuron["cell_id"]] * 3
    assert len(asked(service, "/query")) < 40


def test_a_client_pinned_to_the_past_finds_roots_of_later(make_client, neurons):
    client = make_client(materialization_version=2)
    neuron = neurons["edited"]
    assert client.root_id_to_cell_id(neuron["root_ids"])["cell_id"].tolist() == (
        [neuron["cell_id"]] * 3
    )


def test_a_root_with_two_nuclei_has_no_cell(dataset, neurons):
    shared = neurons["first of two that were one"]["root_ids"][0]
    assert neurons["second of two that were one"]["root_ids"][0] == shared
    assert dataset.root_id_to_cell_id([shared])["cell_id"].tolist() == [-1]


def test_a_cell_that_main_and_alternative_table_agree_on_is_no_contradiction(dataset, neurons):
    neuron = neurons["alternative point agrees"]
    assert dataset.root_id_to_cell_id(neuron["root_ids"])["cell_id"].tolist() == [neuron["cell_id"]]
    assert dataset.cell_id_to_root_id(neuron["cell_id"])["root_id"].tolist() == neuron["root_ids"]


def test_a_nucleus_off_its_segmentation_is_found_through_its_alternative_point(
    dataset, make_client, neurons
):
    neuron = neurons["nucleus off its segmentation"]
    # With the view, which knows, and with the tables alone.
    for client in (dataset, make_client(cell_id_lookup_view=None)):
        assert (
            client.cell_id_to_root_id(neuron["cell_id"])["root_id"].tolist() == neuron["root_ids"]
        )
        assert client.root_id_to_cell_id(neuron["root_ids"])["cell_id"].tolist() == [
            neuron["cell_id"]
        ]


def test_a_nucleus_off_every_object_has_no_root(make_client, neurons):
    neuron = neurons["nucleus off its segmentation"]
    client = make_client(cell_id_lookup_view=None, root_id_lookup_alt_tables=None)
    assert client.cell_id_to_root_id(neuron["cell_id"])["root_id"].tolist() == [-1]
    assert client.root_id_to_cell_id(neuron["root_ids"])["cell_id"].tolist() == [-1]


def test_what_has_no_answer_is_minus_one_or_left_out(dataset, neurons):
    neuron = neurons["merged"]
    cell, root = neuron["cell_id"], neuron["root_ids"][-1]
    cells = dataset.cell_id_to_root_id([5, cell, 6])
    assert cells["root_id"].tolist() == [-1, root, -1]
    assert dataset.cell_id_to_root_id([5, cell, 6], filter_empty=True).index.tolist() == [cell]
    roots = dataset.root_id_to_cell_id([0, root, 0])
    assert roots["cell_id"].tolist() == [-1, cell, -1]
    assert dataset.root_id_to_cell_id([0, root, 0], filter_empty=True).index.tolist() == [root]


def test_what_two_tables_contradict_each_other_on_is_none_or_left_out():
    pairs = pd.DataFrame({"cell_id": [1, 1, 2, 3, 3], "root_id": [7, 8, 9, 10, 10]})
    asked = np.array([3, 1, 2, 4, 1])
    found = _table(asked, pairs, "cell_id", "root_id", filter_empty=False, omit_multiple=False)
    assert found["root_id"].tolist() == [10, -1, 9, -1, -1]
    found = _table(asked, pairs, "cell_id", "root_id", filter_empty=False, omit_multiple=True)
    assert found.index.tolist() == [3, 2, 4]


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(-5, 15)), max_size=12))
def test_the_fewest_moments_meet_every_life(lives):
    # Some of them end before they begin, as servers have claimed.
    zero = datetime(2024, 1, 1, tzinfo=UTC)
    begun = np.array([zero + timedelta(days=start) for start, _ in lives], dtype=object)
    last = np.array([zero + timedelta(days=start + long) for start, long in lives], dtype=object)
    moments = _common_moments(begun, last)
    met = np.concatenate([rows for _, rows in moments]) if moments else []
    assert sorted(met) == list(range(len(lives)))
    for when, rows in moments:
        for row in rows:
            assert begun[row] < when <= max(last[row], begun[row] + timedelta(seconds=1))
    # No fewer will do: one life of each group has no moment in common with one of the others.
    ends = [when for when, _ in moments]
    assert ends == sorted(ends)
    firsts = [rows[0] for _, rows in moments]
    for (earlier, _), later in zip(moments[:-1], firsts[1:], strict=True):
        assert begun[later] >= earlier - timedelta(microseconds=1)


def test_nothing_asked_is_nothing_answered_and_not_the_whole_table(service, dataset):
    dataset.cell_id_to_root_id([1])
    service.log.clear()
    for found in (dataset.cell_id_to_root_id([]), dataset.root_id_to_cell_id([])):
        assert len(found) == 0
        assert found.dtypes.tolist() == [np.dtype(np.int64)]
    assert service.log == []


@pytest.mark.parametrize(
    "wrap", [int, str, np.int64, lambda one: [one], lambda one: pd.Series([one])]
)
def test_one_id_of_any_kind_is_enough(dataset, neurons, wrap):
    neuron = neurons["merged"]
    cell, root = neuron["cell_id"], neuron["root_ids"][-1]
    assert dataset.cell_id_to_root_id(wrap(cell))["root_id"].tolist() == [root]
    assert dataset.root_id_to_cell_id(wrap(root))["cell_id"].tolist() == [cell]


def test_a_version_is_honoured_by_the_lookup(make_client, neurons, truth):
    neuron = neurons["merged"]
    cell, (before, after) = neuron["cell_id"], neuron["root_ids"]
    old, new = make_client(), make_client()
    old.version = 2
    assert old.cell_id_to_root_id(cell)["root_id"].tolist() == [before]
    assert new.cell_id_to_root_id(cell)["root_id"].tolist() == [after]
    assert new.cell_id_to_root_id(cell, materialization_version=2)["root_id"].tolist() == [before]
    when = truth.versions[2].to_pydatetime()
    assert new.cell_id_to_root_id(cell, timestamp=when)["root_id"].tolist() == [before]


def test_a_time_gives_the_roots_of_that_time(dataset, neurons, truth):
    neuron = neurons["edited"]
    later = (truth.versions[3] + timedelta(days=900)).to_pydatetime()
    found = dataset.cell_id_to_root_id(neuron["cell_id"], timestamp=later)
    assert found["root_id"].tolist() == [neuron["root_ids"][-1]]
    assert dataset.cell_id_to_root_id(neuron["cell_id"])["root_id"].tolist() == [
        neuron["root_ids"][1]
    ]


def test_lookups_use_the_connection_there_is_and_few_requests(service, dataset, neurons):
    dataset.cell_id_to_root_id([1])
    dataset.root_id_to_cell_id([neurons["merged"]["root_ids"][-1]])
    service.log.clear()
    dataset.cell_id_to_root_id([neuron["cell_id"] for neuron in neurons.values()])
    assert len(service.log) == 1
    service.log.clear()
    # Valid at the version: the check, the table, the alternatives.
    dataset.root_id_to_cell_id([neurons["merged"]["root_ids"][-1]])
    assert len(service.log) == 3


def test_ids_are_asked_for_in_batches(service, dataset, neurons):
    cell = neurons["merged"]["cell_id"]
    dataset.cell_id_to_root_id([1])
    service.log.clear()
    many = [*range(1, 4500), cell]
    found = dataset.cell_id_to_root_id(many)
    assert found.loc[cell, "root_id"] == neurons["merged"]["root_ids"][-1]
    assert (found["root_id"] == -1).sum() == 4499
    assert len(asked(service, "/views/")) == 3


def test_a_server_that_says_a_root_ended_before_it_began_does_not_hang_us(
    service, dataset, neurons, monkeypatch
):
    # Servers have said so; the local service does not, so its answer is replaced.
    import cortical_tools.roots as roots

    right = roots._timestamps

    def wrong(connection, ids, *, latest, timestamp=None):
        found = right(connection, ids, latest=latest, timestamp=timestamp)
        if latest:
            found[0] = pd.Timestamp("1969-12-31", tz="UTC").to_pydatetime()
        return found

    monkeypatch.setattr(roots, "_timestamps", wrong)
    neuron = neurons["edited"]
    found = dataset.root_id_to_cell_id([neuron["root_ids"][0], neurons["merged"]["root_ids"][0]])
    assert found["cell_id"].tolist() == [neuron["cell_id"], neurons["merged"]["cell_id"]]


def test_a_root_that_never_was_is_named(dataset, neurons):
    never = 864691135639806263
    with pytest.raises(ValueError, match=f"1 of 2 root ids never existed, the first is {never}"):
        dataset.root_id_to_cell_id([neurons["edited"]["root_ids"][0], never])


def test_a_dataset_without_tables_of_cells_says_what_it_needs(service):
    client = DatasetClient(service.datastack, service.url)
    with pytest.raises(NotImplementedError, match=r"local_world says neither cell_id_lookup_view"):
        client.cell_id_to_root_id([1])
    with pytest.raises(NotImplementedError, match=r"does not say its root_id_lookup_main_table"):
        client.root_id_to_cell_id([1])
