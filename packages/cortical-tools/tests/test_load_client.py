"""A client for whatever one has: a name, a folder, an address."""

import gc
import shutil
from pathlib import Path

import pytest

import cortical_tools
from cortical_tools import load_client

SMALL_WORLD = Path(__file__).parent / "data" / "small_world"


@pytest.mark.parametrize("wrap", [str, Path], ids=["text", "path"])
def test_a_snapshot_folder_is_served_while_its_client_is_there(wrap, tmp_path, monkeypatch):
    # No token at home, and none that would be sent to a service of one's own.
    monkeypatch.setenv("HOME", str(tmp_path))
    client = load_client(wrap(SMALL_WORLD))
    assert client.datastack_name == "local_world"
    assert len(client.tables.nucleus_detection_v0().query()) == 8
    address = client.server_address
    del client
    gc.collect()
    with pytest.raises(ConnectionError, match="cannot be reached"):
        load_client(address)


def test_a_folder_with_the_datastack_of_a_dataset_has_its_tables(tmp_path):
    folder = tmp_path / "minnie"
    shutil.copytree(SMALL_WORLD, folder)
    facts = folder / "snapshot.json"
    facts.write_text(facts.read_text().replace("local_world", "minnie65_public"))
    client = load_client(folder)
    nuclei = client.tables.nucleus_detection_v0().query()
    assert (client.cell_id_to_root_id(nuclei["id"])["root_id"] > 0).all()
    assert client.space.name == "minnie65"


def test_an_address_with_one_datastack_is_enough(service):
    client = load_client(service.url)
    assert client.datastack_name == "local_world"
    assert len(client.tables) == 6


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(ValueError, match="nowhere"):
        load_client(tmp_path / "nowhere")


def test_a_name_that_is_neither_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="no dataset goes by 'minie'"):
        cortical_tools.load_client("minie")


def test_a_name_means_its_dataset_whatever_folders_there_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "v1dd").mkdir()
    assert load_client("v1dd").server_address == "https://global.em.brain.allentech.org"


@pytest.mark.parametrize("name", ["MINNIE_PUBLIC", "MICRONS_PUBLIC"])
def test_the_environment_can_name_another_server_for_a_dataset(name, monkeypatch):
    monkeypatch.setenv(f"CORTICAL_TOOLS_SERVER_{name}", "http://127.0.0.1:8080/")
    assert cortical_tools.MinniePublicClient().server_address == "http://127.0.0.1:8080"
    assert cortical_tools.V1ddClient().server_address == "https://global.em.brain.allentech.org"
    said = cortical_tools.MinniePublicClient(server_address="https://cave.example.org")
    assert said.server_address == "https://cave.example.org"


def test_a_server_in_the_environment_that_is_no_address_is_refused(monkeypatch):
    monkeypatch.setenv("CORTICAL_TOOLS_SERVER_V1DD", "snapshots/v1dd")
    with pytest.raises(ValueError, match="CORTICAL_TOOLS_SERVER_V1DD is 'snapshots/v1dd'"):
        cortical_tools.V1ddClient()
