"""The real CAVEclient, connected to the small world."""

from __future__ import annotations

from typing import Any

import pytest

from cortical_tools.local import LocalService


@pytest.fixture
def client(service: LocalService) -> Any:
    """The real CAVEclient, connected to the small world."""
    from caveclient import CAVEclient

    return CAVEclient(service.datastack, server_address=service.url, write_server_cache=False)
