"""A skeleton out of a snapshot is the one that the dataset gave."""

from __future__ import annotations

from cortical_tools import load_client
from ossify.testing import assert_cells_equal


def test_a_cell_out_of_a_snapshot_is_the_same(dataset, neurons, tmp_path):
    root = neurons["alternative point agrees"]["root_ids"][-1]
    folder = dataset.snapshot(tmp_path / "frozen", [root], progress=False)
    when = dataset.version_timestamp()
    online, frozen = (
        client.get_skeleton(root, timestamp=when, restore_graph=True, include_partner_root_id=True)
        for client in (dataset, load_client(folder))
    )
    assert len(online.annotations.pre_syn.vertices) > 0
    # Where it is from is all that differs.
    assert frozen.meta["source"] != online.meta["source"]
    frozen.meta["source"] = online.meta["source"]
    assert_cells_equal(frozen, online)
