"""The facts of the datasets, and the front door that lists them."""

import dataclasses
import subprocess
import sys

import pytest

import cortical_tools
from cortical_tools import DatasetSpec, list_datasets

BY_NAME = {spec.name: spec for spec in list_datasets()}


def test_the_four_datasets_are_listed_in_the_order_of_their_names():
    assert [spec.name for spec in list_datasets()] == [
        "minnie_prod",
        "minnie_public",
        "v1dd",
        "v1dd_public",
    ]


@pytest.mark.parametrize(
    ("name", "datastack", "host"),
    [
        ("minnie_prod", "minnie65_phase3_v1", "global.daf-apis.com"),
        ("minnie_public", "minnie65_public", "global.daf-apis.com"),
        ("v1dd", "v1dd", "global.em.brain.allentech.org"),
        ("v1dd_public", "v1dd_public", "global.em.brain.allentech.org"),
    ],
)
def test_each_dataset_says_where_it_lives(name, datastack, host):
    spec = BY_NAME[name]
    assert spec.datastack_name == datastack
    assert spec.server_address == f"https://{host}"


def test_names_and_other_names_are_unique_and_can_be_module_names():
    names = [name for spec in list_datasets() for name in (spec.name, *spec.other_names)]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)


@pytest.mark.parametrize(
    ("prefix", "voxel_size_nm", "transform"),
    [("minnie", (4.0, 4.0, 40.0), "minnie_ds"), ("v1dd", (9.0, 9.0, 45.0), "v1dd_ds")],
)
def test_voxels_and_transform_belong_to_the_volume_and_not_to_the_release(
    prefix, voxel_size_nm, transform
):
    specs = [spec for spec in list_datasets() if spec.name.startswith(prefix)]
    assert len(specs) == 2
    assert {spec.voxel_size_nm for spec in specs} == {voxel_size_nm}
    assert {spec.transform_name for spec in specs} == {transform}


def test_every_dataset_can_look_cells_up():
    tables = {spec.name: spec.root_id_lookup_alt_tables for spec in list_datasets()}
    assert {spec.root_id_lookup_main_table for spec in list_datasets()} == {"nucleus_detection_v0"}
    assert tables["v1dd_public"] == ()
    assert tables["v1dd"] == tables["minnie_public"] == ("nucleus_alternative_points",)
    assert BY_NAME["minnie_public"].cell_id_lookup_view == "nucleus_detection_lookup_v1"
    assert BY_NAME["v1dd_public"].cell_id_lookup_view == "nucleus_alternative_lookup"


def test_the_public_releases_are_marked_as_public():
    assert {spec.name for spec in list_datasets() if spec.public} == {
        "minnie_public",
        "v1dd_public",
    }


def test_a_spec_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        BY_NAME["v1dd"].datastack_name = "another"


def test_specs_with_the_same_facts_are_equal_and_hash_alike():
    spec = BY_NAME["v1dd"]
    copy = dataclasses.replace(spec)
    assert copy == spec
    assert len({copy, spec}) == 1
    assert dataclasses.replace(spec, public=True) != spec


def test_the_public_names_are_these():
    assert cortical_tools.__all__ == ["DatasetSpec", "__version__", "list_datasets"]
    assert all(isinstance(spec, DatasetSpec) for spec in list_datasets())


# Sockets are refused before the import, so the attempt itself is what would fail.
LIST_WITHOUT_A_NETWORK = """
import socket, sys

def refuse(*arguments, **keywords):
    raise AssertionError("a socket was opened")

socket.socket.connect = refuse
socket.getaddrinfo = refuse
import cortical_tools
print(len(cortical_tools.list_datasets()))
heavy = {"ossify", "caveclient", "numpy", "pandas", "requests"} & set(sys.modules)
assert not heavy, heavy
"""


def test_listing_opens_no_socket_and_loads_no_heavy_package():
    finished = subprocess.run(
        [sys.executable, "-c", LIST_WITHOUT_A_NETWORK], capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.strip() == "4"
