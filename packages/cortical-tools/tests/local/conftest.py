"""The small world, served, and the real client connected to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cortical_tools.local import LocalService, serve
from cortical_tools.snapshot_folder import Snapshot

SMALL_WORLD = Path(__file__).parents[1] / "data" / "small_world"
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
def client(service: LocalService) -> Any:
    """The real CAVEclient, connected to the small world."""
    from caveclient import CAVEclient

    return CAVEclient(service.datastack, server_address=service.url, write_server_cache=False)
