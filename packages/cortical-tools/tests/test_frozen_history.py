"""Of ids over time a snapshot says what the dataset said, or that it does not know."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from cortical_tools import DatasetClient, load_client
from cortical_tools.snapshot_folder import Snapshot

NEVER = 864691135639806263
REFUSED = "does not hold|holds only|taken without"
A_MILLISECOND = timedelta(milliseconds=1)


@pytest.fixture(scope="module")
def neuron_roots(neurons):
    return {history: neuron["root_ids"] for history, neuron in neurons.items()}


@pytest.fixture(scope="module")
def kept(neuron_roots):
    """Neurons as they are at the version, one of them edited later, and one old root."""
    one = neuron_roots["edited"][1]
    other = neuron_roots["first of two that were one"][1]
    return [one, other, neuron_roots["merged"][1]], [neuron_roots["late"][0]]


@pytest.fixture(scope="module")
def folder(_running, kept, tmp_path_factory):
    roots, others = kept
    client = DatasetClient(_running.datastack, _running.url, auth_token="abc123")
    return client.snapshot(
        tmp_path_factory.mktemp("taken") / "frozen",
        roots,
        ["nucleus_detection_v0", "nucleus_alternative_points", "synapse_target_structure"],
        ["nucleus_detection_lookup_v1"],
        lineage_of=others,
        progress=False,
    )


@pytest.fixture
def offline(dataset, folder):
    client = load_client(folder)
    client._lookup = dataset._lookup
    return client


def plain(value):
    """What is said, in a form in which equal answers are equal."""
    if isinstance(value, pd.DataFrame):
        rows = value.sort_values("id", ignore_index=True) if "id" in value else value
        return rows.astype(object).where(rows.notna(), None).to_dict("records")
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, dict) and "links" in value:
        nodes = {(node["id"], node["timestamp"], node["operation_id"]) for node in value["nodes"]}
        return nodes, {(link["source"], link["target"]) for link in value["links"]}
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    return value


def answer(ask, client):
    try:
        return plain(ask(client))
    except (ValueError, OSError) as error:
        return error


def told_apart(dataset, offline, calls):
    """The names of the calls that the snapshot answers, and of those that it refuses.

    What it answers must be what the dataset says; and what the dataset refuses it must refuse.
    """
    answered, refused = set(), set()
    is_refusal = re.compile(REFUSED).search
    for name, ask in calls.items():
        before, after = answer(ask, dataset), answer(ask, offline)
        if isinstance(after, Exception):
            assert is_refusal(str(after)) or type(after) is type(before), (name, before, after)
            refused.add(name)
        else:
            assert after == before, name
            answered.add(name)
    return answered, refused


def moments(dataset):
    at = dataset.version_timestamp
    return {"v2": at(2), "v3": at(3), "between": at(3) + timedelta(days=150), "now": None}


def asked_of(root, when):
    def cave(client):
        return client.cave.chunkedgraph

    then = when or datetime.now(UTC)
    return {
        "is_latest": lambda c: c.is_latest_roots(root, when),
        "begun": lambda c: cave(c).get_root_timestamps([root], latest=False),
        "latest": lambda c: c.get_latest_roots(root, when),
        "suggested": lambda c: c.suggest_latest_roots(
            root, when, return_all=True, return_fraction_overlap=True
        ),
        "suggested finely": lambda c: c.suggest_latest_roots(
            root, when, stop_layer=2, return_all=True, return_fraction_overlap=True
        ),
        "lineage": lambda c: cave(c).get_lineage_graph(root, timestamp_future=then),
        "recent lineage": lambda c: cave(c).get_lineage_graph(
            root, timestamp_past=then - timedelta(days=400), timestamp_future=then
        ),
        "past": lambda c: cave(c).get_past_ids([root], timestamp_past=then)["past_id_map"],
        "original": lambda c: sorted(cave(c).get_original_roots(root, then)),
        "valid": lambda c: cave(c).is_valid_nodes([root], end_timestamp=then),
        "synapses": lambda c: c.query_synapses(
            root, pre=True, post=True, timestamp=when, live=True, progress=False
        )[["id", "pre_pt_root_id", "post_pt_root_id", "pre_pt_position_x"]],
    }


def without_time(root):
    def cave(client):
        return client.cave.chunkedgraph

    return {
        "l2 ids": lambda c: sorted(c.get_l2_ids(root)),
        "supervoxels": lambda c: cave(c).get_leaves(root),
        "many leaves": lambda c: cave(c).get_leaves_many([root], stop_layer=2),
        "children": lambda c: cave(c).get_children(root),
        "l2 graph": lambda c: sorted(map(sorted, cave(c).level2_chunk_graph(root))),
        "log": lambda c: cave(c).get_change_log(root),
        "edits": lambda c: cave(c).get_tabular_change_log([root])[root],
        "skeleton there": lambda c: c.skeletons_exist(root_ids=root),
        "synapses": lambda c: c.query_synapses(root, post=True, progress=False),
        "cell": lambda c: c.root_id_to_cell_id(root),
    }


ROLES = [
    "edited",
    "merged",
    "first of two that were one",
    "second of two that were one",
    "late",
    "brief",
    "nucleus off its segmentation",
]


@pytest.mark.parametrize("role", ROLES)
def test_no_answer_about_a_root_is_another_than_the_dataset_gave(
    dataset, offline, neuron_roots, role
):
    for root in neuron_roots[role]:
        for moment in moments(dataset).values():
            told_apart(dataset, offline, asked_of(root, moment))
        told_apart(dataset, offline, without_time(root))


def test_all_relatives_of_the_neurons_are_there(dataset, offline, kept):
    roots, others = kept
    asked = ("is_latest", "begun", "latest", "lineage", "recent lineage", "past", "original")
    for root in roots + others:
        for moment in moments(dataset).values():
            calls = asked_of(root, moment)
            answered, _ = told_apart(dataset, offline, {name: calls[name] for name in asked})
            assert answered == set(asked)
        calls = asked_of(root, None)
        assert told_apart(dataset, offline, {"now": calls["suggested"]})[0]
        calls = asked_of(root, dataset.version_timestamp())
        assert told_apart(dataset, offline, {"version": calls["suggested"]})[0]


def test_what_became_of_a_root_that_was_replaced_since_is_there(dataset, offline, neuron_roots):
    first, second, third = neuron_roots["edited"]
    assert offline.get_latest_roots(second).tolist() == [third]
    assert offline.suggest_latest_roots(second) == third
    assert offline.suggest_latest_roots(second, stop_layer=2) == third
    assert offline.is_latest_roots([second, third]).tolist() == [False, True]
    assert offline.get_latest_roots(third).tolist() == [third]
    until = offline.latest_valid_timestamp([first, second])
    assert until.tolist() == dataset.latest_valid_timestamp([first, second]).tolist()


def test_the_other_descendants_of_an_ancestor_are_not_made_up(dataset, offline, neuron_roots):
    both, one = neuron_roots["first of two that were one"]
    other = neuron_roots["second of two that were one"][1]
    assert set(dataset.get_latest_roots(both)) == {one, other}
    with pytest.raises(OSError, match=rf"all relatives of these root ids then: 1 id, .*{both}"):
        offline.get_latest_roots(both)
    # Before the split it had become nothing else.
    before = dataset.version_timestamp(1)
    assert offline.get_latest_roots(both, before).tolist() == [both]


def test_an_old_root_that_was_asked_for_has_its_history(dataset, neuron_roots, tmp_path):
    both = neuron_roots["first of two that were one"][0]
    folder = dataset.snapshot(tmp_path / "frozen", lineage_of=both, progress=False)
    frozen = load_client(folder)
    assert frozen.get_latest_roots(both).tolist() == dataset.get_latest_roots(both).tolist()
    told = [
        client.suggest_latest_roots(both, return_all=True, return_fraction_overlap=True)
        for client in (frozen, dataset)
    ]
    assert plain(told[0]) == plain(told[1])


@pytest.mark.parametrize("ask", ["is_latest_roots", "latest_valid_timestamp", "get_latest_roots"])
def test_a_root_that_is_not_held_is_named_and_not_said_to_be_none(offline, ask):
    with pytest.raises(OSError, match=f"does not hold .*the first is {NEVER}.*lineage_of"):
        getattr(offline, ask)(NEVER)


def test_a_snapshot_of_no_roots_knows_of_none(dataset, tmp_path):
    frozen = load_client(dataset.snapshot(tmp_path / "frozen", progress=False))
    graph = frozen.cave.chunkedgraph
    for one in (NEVER, 7):
        with pytest.raises(OSError, match=f"does not hold the relatives .*the first is {one}"):
            graph.get_lineage_graph(one, timestamp_future=datetime.now(UTC))
    with pytest.raises(OSError, match="does not hold"):
        frozen.get_roots([(1 << 56) + 5])
    assert frozen.get_roots([0]).tolist() == [0]
    assert frozen.is_latest_roots([]).tolist() == []
    assert frozen.tables.table_names == []


def test_supervoxels_are_looked_up_at_the_times_of_the_snapshot(dataset, offline, folder):
    held = Snapshot(folder).frame("ids/supervoxels.parquet")
    supervoxels = held["supervoxel_id"].to_numpy(dtype=np.int64)
    at_version = dataset.version_timestamp()
    for when in (at_version, at_version - A_MILLISECOND, None):
        for layer in (None, 2):
            expected = dataset.get_roots(supervoxels, when, layer)
            assert offline.get_roots(supervoxels, when, layer).tolist() == expected.tolist()
    moved = dataset.get_roots(supervoxels, at_version) != dataset.get_roots(supervoxels)
    assert moved.any()
    # In between it is not known of those that were moved, and of the others it is.
    between = at_version + timedelta(days=150)
    with pytest.raises(OSError, match="does not hold what these ids belonged to then"):
        offline.get_roots(supervoxels, between)
    still = supervoxels[~moved]
    assert offline.get_roots(still, between).tolist() == dataset.get_roots(still, between).tolist()
    assert offline.get_roots([0, still[0]], between)[0] == 0


def test_supervoxels_of_views_are_looked_up_too(dataset, neurons, tmp_path):
    view = "nucleus_detection_lookup_v1"
    folder = dataset.snapshot(tmp_path / "frozen", views=[view], progress=False)
    frozen = load_client(folder)
    frozen._lookup = dataset._lookup
    cells = [neuron["cell_id"] for neuron in neurons.values()]
    for when in (None, dataset.version_timestamp(), datetime.now(UTC)):
        found = [
            client.views[view](id=cells).query()[["id", "pt_supervoxel_id"]]
            for client in (dataset, frozen)
        ]
        assert plain(found[0]) == plain(found[1])
        supervoxels = found[0]["pt_supervoxel_id"]
        expected = dataset.get_roots(supervoxels, when).tolist()
        assert frozen.get_roots(supervoxels, when).tolist() == expected


@pytest.mark.parametrize("is_pinned", [False, True], ids=["present", "pinned"])
def test_synapses_of_the_present_are_there_where_a_client_asks_about_it(
    make_client, neuron_roots, tmp_path, is_pinned
):
    client = make_client(materialization_version=3 if is_pinned else None)
    root, edited = neuron_roots["merged"][1], neuron_roots["edited"][1]
    folder = client.snapshot(tmp_path / "frozen", [root, edited], progress=False)
    frozen = load_client(folder)
    calls = {"now": asked_of(root, None)["synapses"]}
    at_version = {
        when: asked_of(root, client.version_timestamp() - timedelta(milliseconds=before))[
            "synapses"
        ]
        for when, before in (("version", 0), ("before", 1))
    }
    answered, _ = told_apart(client, frozen, calls | at_version)
    assert answered == ({"version", "before"} if is_pinned else {"version", "before", "now"})
    if is_pinned:
        with pytest.raises(OSError, match=r"does not hold synapses_world of .* but of version 3"):
            calls["now"](frozen)
    # One that was edited since has none, for the dataset and for the snapshot alike.
    for one in (client, frozen):
        with pytest.raises(ValueError, match="did not exist"):
            asked_of(edited, None)["synapses"](one)


def test_cells_are_found_by_root_ids_of_the_version_and_of_the_present(offline, neurons):
    _first, second, third = neurons["edited"]["root_ids"]
    found = offline.root_id_to_cell_id([third, second])
    assert found["cell_id"].tolist() == [neurons["edited"]["cell_id"]] * 2


def test_whole_tables_of_the_present_are_there(dataset, offline):
    def ask(client):
        rows = client.tables.nucleus_detection_v0().live_query(datetime.now(UTC))
        return plain(rows[["id", "pt_root_id", "pt_supervoxel_id"]])

    assert ask(offline) == ask(dataset)


def test_neurons_that_were_not_asked_for_are_refused_wherever_they_are_named(
    dataset, offline, neuron_roots
):
    other = neuron_roots["nucleus off its segmentation"][-1]
    l2_ids = dataset.get_l2_ids(other)
    for ask in (
        lambda: offline.get_l2_ids(other),
        lambda: offline.get_l2data(l2_ids),
        lambda: offline.cave.chunkedgraph.level2_chunk_graph(other),
        lambda: offline.skeletons_exist(root_ids=[other]),
        lambda: offline.skeletons_exist(root_ids=[other, neuron_roots["merged"][1]]),
        lambda: offline.get_roots(l2_ids),
    ):
        with pytest.raises(OSError, match="does not hold"):
            ask()


def test_what_only_the_whole_history_knows_is_refused(offline, neuron_roots):
    graph = offline.cave.chunkedgraph
    root = neuron_roots["merged"][1]
    now = datetime.now(UTC)
    for ask in (
        lambda: graph.get_delta_roots(now - timedelta(days=1), now),
        lambda: graph.get_oldest_timestamp(),
        lambda: graph.get_change_log(root),
        lambda: graph.get_tabular_change_log([root]),
        lambda: graph.get_leaves(root),
        lambda: graph.get_children(root),
    ):
        with pytest.raises(OSError, match="does not hold"):
            ask()


def test_a_table_that_was_not_asked_for_is_not_said_to_be_none_of_the_dataset(offline):
    for ask in (
        lambda: offline.query_synapses([], pre=True, synapse_table="other", progress=False),
        lambda: offline.cave.materialize.get_table_metadata("cell_type_manual"),
    ):
        with pytest.raises((LookupError, OSError), match="the snapshot does not hold table"):
            ask()


def test_parts_of_tables_are_not_counted(offline):
    materialize = offline.cave.materialize
    assert materialize.get_annotation_count("nucleus_detection_v0") == 8
    for ask in (
        lambda: materialize.get_annotation_count("synapses_world"),
        lambda: offline.tables.synapses_world().query(get_counts=True, limit=1),
        lambda: materialize.get_unique_string_values("synapse_target_structure"),
    ):
        with pytest.raises(OSError, match="holds only those rows"):
            ask()
