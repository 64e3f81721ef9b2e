"""Synapses: all, once, of the right time, with what is said about each of them."""

import time
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def at_3(truth):
    """Every synapse with the roots of version 3."""
    return truth.synapses(truth.versions[3])


@pytest.fixture
def roots(neurons, at_3):
    """The roots of the neurons that stand at version 3."""
    standing = set(at_3["pre"]) | set(at_3["post"])
    every = [root for neuron in neurons.values() for root in neuron["root_ids"]]
    return [root for root in dict.fromkeys(every) if root in standing]


def expected(synapses, roots, pre, post, autapses=False):
    wanted = (pre & synapses["pre"].isin(roots)) | (post & synapses["post"].isin(roots))
    if not autapses:
        wanted &= synapses["pre"] != synapses["post"]
    return sorted(synapses.loc[wanted, "id"])


@pytest.mark.parametrize(("pre", "post"), [(True, False), (False, True), (True, True)])
@pytest.mark.parametrize("batch_size", [1, 3, 10])
def test_every_synapse_of_the_neurons_comes_once(dataset, roots, at_3, pre, post, batch_size):
    found = dataset.query_synapses(roots, pre=pre, post=post, batch_size=batch_size, progress=False)
    assert found["id"].tolist() == found["id"].drop_duplicates().tolist()
    assert sorted(found["id"]) == expected(at_3, roots, pre, post)
    assert found.index.tolist() == list(range(len(found)))
    assert len(found) > 20


def test_synapses_that_are_made_come_before_those_that_are_received(dataset, roots):
    found = dataset.query_synapses(roots, pre=True, post=True, progress=False)
    made = found["pre_pt_root_id"].isin(roots).to_numpy(dtype=bool)
    assert (np.diff(made.astype(int)) <= 0).all()


def test_autapses_stay_where_they_are_wanted(dataset, roots, at_3):
    kept = dataset.query_synapses(
        roots, pre=True, post=True, omit_self_synapse=False, progress=False
    )
    assert sorted(kept["id"]) == expected(at_3, roots, True, True, autapses=True)
    own = kept[kept["pre_pt_root_id"] == kept["post_pt_root_id"]]
    expected_own = at_3[(at_3["pre"] == at_3["post"]) & at_3["pre"].isin(roots)]
    assert sorted(own["id"]) == sorted(expected_own["id"])
    assert len(own) > 0
    omitted = dataset.query_synapses(roots, pre=True, post=True, progress=False)
    assert len(kept) - len(omitted) == len(own)


def test_columns_are_those_of_the_schema_with_nullable_integers(dataset, roots):
    found = dataset.query_synapses(roots[0], post=True, progress=False)
    axes = ("x", "y", "z")
    assert found.columns.tolist() == [
        "id",
        "created",
        "valid",
        *(f"pre_pt_position_{axis}" for axis in axes),
        "pre_pt_supervoxel_id",
        "pre_pt_root_id",
        *(f"post_pt_position_{axis}" for axis in axes),
        "post_pt_supervoxel_id",
        "post_pt_root_id",
        *(f"ctr_pt_position_{axis}" for axis in axes),
        "size",
    ]
    assert {str(found[name].dtype) for name in found if name.endswith("_id")} == {"Int64"}


def test_positions_are_nanometres_unless_asked_otherwise(dataset, roots, truth):
    stored = truth.table("synapses_world").set_index("id")
    found = dataset.query_synapses(roots[0], post=True, progress=False).set_index("id")
    voxels = stored.loc[found.index, [f"ctr_pt_position_{axis}" for axis in "xyz"]]
    nanometres = found[[f"ctr_pt_position_{axis}" for axis in "xyz"]]
    np.testing.assert_array_equal(
        nanometres.to_numpy(dtype=int), voxels.to_numpy(dtype=int) * [4, 4, 40]
    )
    joined = dataset.query_synapses(
        roots[0], post=True, resolution=[4, 4, 40], split_positions=False, progress=False
    ).set_index("id")
    np.testing.assert_array_equal(np.stack(joined["ctr_pt_position"]), voxels.to_numpy(dtype=int))


@pytest.mark.parametrize("live", [False, True])
def test_a_reference_table_is_joined_by_what_it_refers_to(dataset, roots, truth, live):
    tags = truth.table("synapse_target_structure").set_index("target_id")
    when = truth.versions[3].to_pydatetime() if live else None
    found = dataset.query_synapses(
        roots,
        pre=True,
        post=True,
        reference_tables=["synapse_target_structure"],
        timestamp=when,
        ref_batch_size=7,
        progress=False,
    )
    plain = dataset.query_synapses(roots, pre=True, post=True, timestamp=when, progress=False)
    assert found["id"].tolist() == plain["id"].tolist()
    tagged = found["id"].isin(tags.index).to_numpy(dtype=bool)
    assert 0 < tagged.sum() < len(found)
    assert found["tag"].notna().tolist() == tagged.tolist()
    with_tag = found[tagged]
    assert with_tag["tag"].tolist() == tags.loc[with_tag["id"], "tag"].tolist()
    ids = "id_synapse_target_structure"
    assert with_tag[ids].tolist() == tags.loc[with_tag["id"], "id"].tolist()
    assert str(found[ids].dtype) == "Int64"
    assert "target_id" not in found


def test_each_neuron_alone_has_all_tags_of_its_synapses(dataset, roots, truth):
    # The tags' own ids are other synapses' ids: asked for by these, some would not come.
    tags = truth.table("synapse_target_structure").set_index("target_id")["tag"]
    for root in roots:
        found = dataset.query_synapses(
            root, post=True, reference_tables=["synapse_target_structure"], progress=False
        )
        expected = tags.reindex(found["id"].astype(int))
        assert found["tag"].fillna("").tolist() == expected.fillna("").tolist()


def test_the_suffix_of_a_reference_table_can_be_chosen(dataset, roots):
    found = dataset.query_synapses(
        roots[0],
        post=True,
        reference_tables="synapse_target_structure",
        suffixes={"synapse_target_structure": "_of_target"},
        progress=False,
    )
    assert {"id_of_target", "created_of_target", "tag"} <= set(found.columns)


def test_a_reference_table_of_no_synapses_only_adds_columns(dataset, roots):
    found = dataset.query_synapses(
        [], pre=True, reference_tables=["synapse_target_structure"], progress=False
    )
    assert len(found) == 0
    assert "tag" in found


def test_a_table_that_annotates_nothing_is_refused(dataset, roots):
    with pytest.raises(ValueError, match="nucleus_detection_v0 annotates no other table"):
        dataset.query_synapses(
            roots[0], post=True, reference_tables=["nucleus_detection_v0"], progress=False
        )


def test_a_reference_table_that_the_server_fails_at_is_no_other_error(service, dataset, roots):
    service.faults.add("*/synapse_target_structure/query", status=500)
    with pytest.raises(OSError, match="500"):
        dataset.query_synapses(
            roots[0], post=True, reference_tables=["synapse_target_structure"], progress=False
        )


def test_no_neurons_have_no_synapses_and_every_column(dataset, roots):
    none = dataset.query_synapses([], pre=True, post=True, progress=False)
    some = dataset.query_synapses(roots, pre=True, post=True, progress=False)
    assert len(none) == 0
    assert none.dtypes.equals(some.dtypes)


def test_a_root_of_another_time_is_refused_by_name(dataset, neurons, roots):
    old = neurons["edited"]["root_ids"][0]
    with pytest.raises(ValueError, match=rf"1 of 2 root ids did not exist at version 3 .*{old}"):
        dataset.query_synapses([roots[0], old], pre=True, progress=False)


def test_a_time_is_honoured_also_where_live_is_not_said(dataset, neurons, truth):
    old = neurons["merged"]["root_ids"][0]
    when = truth.versions[2]
    synapses = truth.synapses(when)
    for options in ({}, {"live": True}, {"live": False}):
        found = dataset.query_synapses(
            old, pre=True, post=True, timestamp=when.to_pydatetime(), progress=False, **options
        )
        assert sorted(found["id"]) == expected(synapses, [old], True, True)


def test_an_old_root_is_answered_at_the_time_the_error_proposes(dataset, neurons, truth):
    old = neurons["merged"]["root_ids"][0]
    when = dataset.latest_valid_timestamp(old)[0]
    found = dataset.query_synapses(old, post=True, timestamp=when, progress=False)
    assert sorted(found["id"]) == expected(truth.synapses(pd.Timestamp(when)), [old], False, True)


def test_live_means_now(dataset, neurons, truth):
    late = neurons["late"]["root_ids"][-1]
    now = truth.versions[3] + timedelta(days=1000)
    found = dataset.query_synapses(late, post=True, live=True, progress=False)
    assert sorted(found["id"]) == expected(truth.synapses(now), [late], False, True)


def test_a_pinned_version_is_the_one_that_is_asked(make_client, neurons, truth):
    client = make_client(materialization_version=2)
    root = neurons["merged"]["root_ids"][0]
    found = client.query_synapses(root, post=True, progress=False)
    assert sorted(found["id"]) == expected(truth.synapses(truth.versions[2]), [root], False, True)


def test_another_synapse_table_can_be_named(dataset, roots):
    with pytest.raises(LookupError, match="local_world has no table 'synapses_nowhere'"):
        dataset.query_synapses(roots[0], pre=True, synapse_table="synapses_nowhere", progress=False)
    with pytest.raises(LookupError, match="local_world has no table 'tags_nowhere'"):
        dataset.query_synapses(roots[0], True, reference_tables="tags_nowhere", progress=False)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "pre, post: at least one"),
        ({"pre": True, "resolution": [1, 1]}, "resolution: nanometres along x, y and z"),
        ({"pre": True, "batch_size": 0}, "batch_size: at least 1, not 0"),
    ],
    ids=["neither side", "two axes", "empty batches"],
)
def test_what_cannot_be_meant_is_refused(dataset, roots, options, said):
    with pytest.raises(ValueError, match=said):
        dataset.query_synapses(roots[0], progress=False, **options)


def test_zero_is_no_neuron(dataset, roots):
    with pytest.raises(ValueError, match="0 is no neuron"):
        dataset.query_synapses([roots[0], 0], pre=True, progress=False)


def test_a_repeated_neuron_counts_once(dataset, roots, at_3):
    found = dataset.query_synapses([roots[0]] * 3, post=True, progress=False)
    assert sorted(found["id"]) == expected(at_3, roots[:1], False, True)


def test_a_bar_shows_how_far_it_is_and_only_if_wanted(dataset, roots, capsys):
    dataset.query_synapses(roots, pre=True, post=True, batch_size=2, progress=True)
    assert "synapses" in capsys.readouterr().err
    dataset.query_synapses(roots, pre=True, post=True, batch_size=2, progress=False)
    assert capsys.readouterr().err == ""


def test_batches_are_asked_for_side_by_side_and_not_more_often(service, dataset, roots):
    def ask(neurons):
        return dataset.query_synapses(neurons, post=True, batch_size=1, progress=False)

    ask(roots[0])
    service.faults.add("*/query", delay=0.1)
    service.log.clear()
    begun = time.monotonic()
    ask(roots)
    took = time.monotonic() - begun
    queries = [request for request in service.log if request.path.endswith("/query")]
    assert len(queries) == len(roots) >= 6
    assert sum(request.seconds for request in queries) > 2 * took
