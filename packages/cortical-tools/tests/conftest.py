"""The small world, served over real HTTP, and clients connected to it by the real caveclient."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings

from cortical_tools import DatasetClient, Patience
from cortical_tools.local import LocalService, serve
from cortical_tools.snapshot_folder import Snapshot

# Machines differ in speed; a test fails for what it finds.
settings.register_profile("cortical-tools", deadline=None)
settings.register_profile("few", deadline=None, max_examples=20)
settings.load_profile("cortical-tools")

SMALL_WORLD = Path(__file__).parent / "data" / "small_world"
TOKEN = "abc123"


@pytest.fixture(scope="session")
def snapshot() -> Snapshot:
    """What the small world holds."""
    return Snapshot(SMALL_WORLD)


@pytest.fixture(scope="session")
def neurons(snapshot: Snapshot) -> dict[str, dict[str, Any]]:
    """Every neuron of the small world by its history: its cell id and its roots, oldest first."""
    return {neuron["history"]: neuron for neuron in snapshot.facts.provenance["neurons"]}


@pytest.fixture(scope="session")
def _running() -> Iterator[LocalService]:
    with serve(SMALL_WORLD, token=TOKEN) as service:
        yield service


@pytest.fixture
def service(
    _running: LocalService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LocalService]:
    """The small world, served without a fault; its token is at home."""
    secrets = tmp_path / ".cloudvolume" / "secrets"
    secrets.mkdir(parents=True)
    (secrets / "cave-secret.json").write_text(json.dumps({"token": TOKEN}))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CLOUD_VOLUME_DIR", raising=False)
    _running.log.clear()
    cap = _running.row_cap
    yield _running
    _running.faults.clear()
    _running.row_cap = cap


@pytest.fixture
def make_client(service: LocalService) -> Callable[..., DatasetClient]:
    """Make a client of the small world; keywords are those of `DatasetClient`."""

    def make(**options: Any) -> DatasetClient:
        known = {
            "datastack_name": service.datastack,
            "server_address": service.url,
            "cell_id_lookup_view": "nucleus_detection_lookup_v1",
            "root_id_lookup_main_table": "nucleus_detection_v0",
            "root_id_lookup_alt_tables": ["nucleus_alternative_points"],
            "patience": Patience(backoff=0.01),
        }
        return DatasetClient(**(known | options))

    return make


@pytest.fixture
def dataset(make_client: Callable[..., DatasetClient]) -> DatasetClient:
    """A client of the small world, connected to nobody yet."""
    return make_client()


class Truth:
    """What a snapshot holds, computed from its tables without the service."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._lives = snapshot.frame("ids/supervoxels.parquet").merge(
            snapshot.frame("ids/roots.parquet"), on="root_id"
        )
        self.versions = {
            version.number: pd.Timestamp(version.time_stamp).tz_convert("UTC")
            for version in snapshot.facts.versions
        }

    def table(self, name: str) -> pd.DataFrame:
        """The rows of a table as stored."""
        return self._snapshot.frame(f"tables/{name}/all.parquet")

    def roots(self, supervoxels: pd.Series, when: pd.Timestamp) -> np.ndarray:
        """The root of each supervoxel at a time, 0 where there is none."""
        begun = self._lives["created"] <= when
        over = (self._lives["replaced"] <= when).fillna(False)
        alive = self._lives[begun & ~over].set_index("supervoxel_id")["root_id"]
        return alive.reindex(supervoxels, fill_value=0).to_numpy(dtype=np.int64)

    def synapses(self, when: pd.Timestamp) -> pd.DataFrame:
        """Every synapse with the roots of a time, plain integers."""
        rows = self.table("synapses_world")
        return pd.DataFrame(
            {
                "id": rows["id"].to_numpy(dtype=np.int64),
                "pre": self.roots(rows["pre_pt_supervoxel_id"], when),
                "post": self.roots(rows["post_pt_supervoxel_id"], when),
            }
        )


@pytest.fixture(scope="session")
def truth(snapshot: Snapshot) -> Truth:
    """What the small world holds, computed without the service."""
    return Truth(snapshot)
