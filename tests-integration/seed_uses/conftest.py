"""What the documents take for granted: a client of their dataset, root ids, a bucket of exports."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest

from cortical_tools.local import serve

TESTS = Path(__file__).parents[2] / "packages" / "cortical-tools" / "tests"


def _stores():
    """The stores and tables that the tests of exports have, which an sdist takes along."""
    spec = importlib.util.spec_from_file_location("stores", TESTS / "exports" / "conftest.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


stores = _stores()
# As fixtures they are known by these names.
_gcs_server, gcs, cache = stores._gcs_server, stores.gcs, stores.cache


@pytest.fixture(scope="module")
def minnie(tmp_path_factory):
    """A server that has a datastack of the real one's name."""
    folder = tmp_path_factory.mktemp("snapshots") / "minnie"
    shutil.copytree(TESTS / "data" / "small_world", folder)
    facts = folder / "snapshot.json"
    facts.write_text(facts.read_text().replace("local_world", "minnie65_public"))
    with serve(folder, token="abc123") as service:
        yield service


@pytest.fixture
def client(minnie, at_home, monkeypatch):
    """The client of the examples, as they import it; the environment says where the server is."""
    monkeypatch.setenv("CORTICAL_TOOLS_SERVER_MINNIE_PUBLIC", minnie.url)
    # Imported as if for the first time in the process: a client is made once.
    monkeypatch.delitem(sys.modules, "cortical_tools.datasets.minnie_public", raising=False)
    from cortical_tools.datasets.minnie_public import client

    return client


@pytest.fixture
def root_ids(neurons):
    """A root id of each neuron."""
    return pd.Series([neuron["root_ids"][-1] for neuron in neurons.values()])


@pytest.fixture
def root_id(neurons):
    """A root that has been as it is for long."""
    return neurons["alternative point agrees"]["root_ids"][-1]


@pytest.fixture
def my_bucket(tmp_path, gcs):
    """``gs://my-bucket/exports/`` as CAVE fills it: a table in two versions, and another."""
    folder = tmp_path / "my-bucket"
    exports = folder / "exports"
    connections = "id,bigint\npre_pt_root_id,bigint\npost_pt_root_id,bigint\nis_soma,boolean\n"
    rows = f"1,{stores.A},{stores.B},t\n2,{stores.B},,f\n"
    for version in (1300, 1484):
        stores.put_table(exports, "connections_with_nuclei", version, connections, rows)
    stores.put_table(exports, "cells", 1484, "id,bigint\ncell_type,text\n", "7,L2\n")
    gcs(folder, "my-bucket")
    return exports
