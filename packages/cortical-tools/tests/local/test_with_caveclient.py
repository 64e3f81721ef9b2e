"""What the unmodified CAVEclient returns is what the snapshot's tables say."""

from __future__ import annotations

import numpy as np
import pandas as pd


def test_a_table_comes_back_as_it_stands_in_the_folder(client, snapshot):
    stored = snapshot.frame("tables/synapses_world/all.parquet")
    found = client.materialize.query_table("synapses_world", split_positions=True)
    pd.testing.assert_frame_equal(found[stored.columns], stored, check_dtype=False)
    assert str(found["pre_pt_root_id"].dtype) == "Int64"


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
