"""The rows of tables in a version and at a moment."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
import requests

from cortical_tools.local import serve
from cortical_tools.local.tables import at_moment, of_version
from cortical_tools.snapshot_folder import Snapshot, Version
from cortical_tools.snapshot_folder.frames import write_frame

OLD, NEW = 864691135639806263, 864691135639806265
VERSION = Version(1, datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC))
NOW = int(pd.Timestamp("2024-06-01", tz="UTC").value)


def lookup(supervoxels, moment):
    """Supervoxel 7 is known, and in another root since; nothing is known of any other."""
    return np.where(supervoxels == 7, NEW, 0)


@pytest.fixture
def rows():
    return pd.DataFrame(
        {
            "id": pd.array([1, 2, 3], dtype="Int64"),
            "created": pd.to_datetime(["2023-01-01"] * 3, utc=True),
            "pt_supervoxel_id": pd.array([7, 8, 0], dtype="Int64"),
            "pt_root_id": pd.array([OLD, OLD, 0], dtype="Int64"),
        }
    )


def test_root_ids_that_stand_with_a_version_are_kept(rows):
    assert of_version(rows, True, VERSION, lookup)["pt_root_id"].tolist() == [OLD, OLD, 0]


def test_root_ids_that_do_not_stand_there_follow_from_supervoxels(rows):
    found = of_version(rows.drop(columns="pt_root_id"), False, VERSION, lookup)
    assert found["pt_root_id"].tolist() == [NEW, 0, 0]
    assert str(found["pt_root_id"].dtype) == "Int64"


def test_at_a_moment_what_the_history_does_not_know_stays_as_it_was(rows):
    found, waiting = at_moment(rows, NOW, lookup)
    assert found["pt_root_id"].tolist() == [NEW, OLD, 0]
    assert not waiting.any()


def test_a_row_without_a_supervoxel_awaits_its_lookup(rows):
    rows.loc[1, "pt_supervoxel_id"] = pd.NA
    assert at_moment(rows, NOW, lookup)[1].tolist() == [False, True, False]


def test_rows_that_await_their_lookup_are_refused_unless_allowed(small_world, tmp_path):
    folder = tmp_path / "world"
    shutil.copytree(small_world, folder)
    member = "tables/nucleus_detection_v0/all.parquet"
    nuclei = Snapshot(folder).frame(member)
    nuclei.loc[2, "pt_supervoxel_id"] = pd.NA
    (folder / member).write_bytes(write_frame(nuclei))
    body = {"table": "nucleus_detection_v0", "timestamp": "2024-06-01T00:00:00+00:00"}
    with serve(folder) as url:
        path = f"{url}/materialize/api/v3/datastack/local_world/query?allow_missing_lookups="
        refused = requests.post(path + "False", json=body, timeout=9)
        allowed = requests.post(path + "True", json=body, timeout=9)
    assert refused.status_code == 406
    assert "1 rows of nucleus_detection_v0 are awaiting" in refused.json()["message"]
    assert allowed.status_code == 200
