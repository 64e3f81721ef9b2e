"""The small world, served over real HTTP, and a dataset client connected to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cortical_tools import DatasetClient, Patience
from cortical_tools.local import LocalService, serve
from cortical_tools.snapshot_folder import Snapshot

ROOT = Path(__file__).resolve().parents[1]
SMALL_WORLD = ROOT / "packages" / "cortical-tools" / "tests" / "data" / "small_world"
TOKEN = "abc123"


@pytest.fixture(scope="session")
def neurons() -> dict[str, dict[str, Any]]:
    """Every neuron of the small world by its history: its cell id and its roots, oldest first."""
    facts = Snapshot(SMALL_WORLD).facts
    return {neuron["history"]: neuron for neuron in facts.provenance["neurons"]}


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder with the token of the service."""
    secrets = tmp_path / ".cloudvolume" / "secrets"
    secrets.mkdir(parents=True)
    (secrets / "cave-secret.json").write_text(json.dumps({"token": TOKEN}))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CLOUD_VOLUME_DIR", raising=False)
    return tmp_path


@pytest.fixture(scope="session")
def _running() -> Iterator[LocalService]:
    with serve(SMALL_WORLD, token=TOKEN) as service:
        yield service


@pytest.fixture
def service(_running: LocalService, at_home: Path) -> Iterator[LocalService]:
    """The small world, served without a fault."""
    _running.log.clear()
    cap = _running.row_cap
    yield _running
    _running.faults.clear()
    _running.row_cap = cap


@pytest.fixture
def dataset(service: LocalService) -> DatasetClient:
    """A client of the small world."""
    return DatasetClient(
        service.datastack,
        service.url,
        dataset_transform="minnie_ds",
        patience=Patience(backoff=0.01),
    )
