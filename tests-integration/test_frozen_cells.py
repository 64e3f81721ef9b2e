"""Cells from a snapshot that a client has taken are those that it had."""

from __future__ import annotations

import sys

import pytest

from cortical_tools import load_client
from cortical_tools.local import serve
from cortical_tools.snapshot_folder import Snapshot
from ossify.testing import assert_cells_equal

pytestmark = [
    pytest.mark.filterwarnings("ignore::ossify.errors.CaveDataWarning"),
]
TAGS = "synapse_target_structure"


@pytest.fixture
def folder(dataset, neurons, tmp_path):
    every = [neurons["alternative point agrees"]["root_ids"][-1], neurons["merged"]["root_ids"][-1]]
    standing = dataset.is_latest_roots(every, dataset.version_timestamp())
    roots = [root for root, stands in zip(every, standing, strict=True) if stands]
    assert len(roots) == 2
    return dataset.snapshot(tmp_path / "frozen", roots, [TAGS], progress=False)


@pytest.fixture
def roots(folder):
    return Snapshot(folder).facts.provenance["root_ids"]


@pytest.mark.parametrize("transform", [None, "rigid"])
def test_a_frozen_cell_is_the_one_that_was_there(dataset, folder, roots, transform):
    def load(client):
        return client.get_skeleton(
            roots[0],
            restore_graph=True,
            transform=transform,
            reference_tables=[TAGS],
            include_partner_root_id=True,
            timestamp=dataset.version_timestamp(),
        )

    frozen = load_client(folder)
    frozen._transform = dataset._transform
    before = load(dataset)
    assert len(before.annotations.post_syn.vertices) > 0
    after = load(frozen)
    # Where it was loaded from is another server.
    after.meta["source"] = before.meta["source"]
    assert_cells_equal(after, before)


def test_a_cell_of_the_present_is_the_one_that_was_there(dataset, folder, roots):
    before, after = (
        client.get_skeleton(
            roots[0], restore_graph=True, reference_tables=[TAGS], include_partner_root_id=True
        )
        for client in (dataset, load_client(folder))
    )
    assert len(before.annotations.post_syn.vertices) > 0
    # The present goes on, and where it was loaded from is another server.
    assert before.meta["timestamp"] < after.meta["timestamp"]
    for name in ("timestamp", "source"):
        after.meta[name] = before.meta[name]
    assert_cells_equal(after, before)


def test_many_cells_at_once_are_those_that_were_there(dataset, folder, roots):
    before, after = (
        client.get_skeletons(roots, restore_graph=True, progress=False)
        for client in (dataset, load_client(folder))
    )
    assert list(after) == list(before) == roots
    for root in roots:
        after[root].meta["source"] = before[root].meta["source"]
        assert_cells_equal(after[root], before[root])


def test_a_script_runs_on_what_was_frozen_without_a_change(folder, roots, monkeypatch):
    facts = folder / "snapshot.json"
    facts.write_text(facts.read_text().replace('"local_world"', '"minnie65_public"'))
    monkeypatch.delitem(sys.modules, "cortical_tools.datasets.minnie_public", raising=False)
    with serve(folder) as url:
        monkeypatch.setenv("CORTICAL_TOOLS_SERVER_MINNIE_PUBLIC", url)
        from cortical_tools.datasets.minnie_public import client

        nrn = client.get_skeleton(roots[1], synapses=True, transform="rigid")
        assert nrn.space == "minnie65 rigid"
        assert client.version == 3
        assert len(client.query_synapses(roots, post=True, progress=False)) > 0
