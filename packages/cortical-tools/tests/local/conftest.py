"""The real CAVEclient, and requests of the test's own, to the small world."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cortical_tools.local import LocalService
from cortical_tools.snapshot_folder import Snapshot


@pytest.fixture(scope="session")
def small_world(snapshot: Snapshot) -> Path:
    """The folder of the small world."""
    return snapshot.folder


@pytest.fixture
def client(service: LocalService) -> Any:
    """The real CAVEclient, connected to the small world."""
    from caveclient import CAVEclient

    return CAVEclient(service.datastack, server_address=service.url, write_server_cache=False)


@pytest.fixture
def ask(service: LocalService) -> Any:
    """Makes a request of its own, with the token, and returns the response."""
    import requests

    def send(method: str, path: str, **more: Any) -> requests.Response:
        headers = {"Authorization": "Bearer abc123", **more.pop("headers", {})}
        return requests.request(method, service.url + path, headers=headers, timeout=30, **more)

    return send
