"""The facts of the datasets, and the front door that lists them."""

import dataclasses
import importlib
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
    assert cortical_tools.__all__ == [
        "CloudFileViewExport",
        "DatasetClient",
        "DatasetSpec",
        "MeshClient",
        "MicronsProdClient",
        "MinniePublicClient",
        "Patience",
        "TableExportClient",
        "V1ddClient",
        "V1ddPublicClient",
        "VertexAssigner",
        "ViewerTables",
        "__version__",
        "cell_layers",
        "list_datasets",
        "load_client",
        "point_layer",
        "read_state",
        "skeleton_layer",
    ]
    assert all(isinstance(spec, DatasetSpec) for spec in list_datasets())
    assert all(getattr(cortical_tools, name) is not None for name in cortical_tools.__all__)


def test_a_name_that_the_package_does_not_have_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_thing"):
        cortical_tools.no_such_thing  # noqa: B018


@pytest.fixture
def offer(tmp_path, monkeypatch):
    """Install a package that offers one more dataset."""

    def install(value: str, source: str) -> None:
        (tmp_path / "my_lab.py").write_text(source)
        info = tmp_path / "my_lab-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-lab\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[cortical_tools.datasets]\nours = {value}\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, "my_lab", raising=False)

    yield install
    sys.modules.pop("my_lab", None)


TEN_LINES = """
from cortical_tools import DatasetSpec

ours = DatasetSpec(
    name="our_cortex",
    datastack_name="our_cortex_v3",
    server_address="https://cave.example.org",
    root_id_lookup_main_table="nuclei",
)
"""


def test_another_package_can_offer_a_dataset_in_ten_lines(offer):
    offer("my_lab:ours", TEN_LINES)
    assert [spec.name for spec in list_datasets()] == [
        "minnie_prod",
        "minnie_public",
        "our_cortex",
        "v1dd",
        "v1dd_public",
    ]
    client = cortical_tools.load_client("our_cortex")
    assert client.datastack_name == "our_cortex_v3"
    assert client.server_address == "https://cave.example.org"


def test_an_offer_of_something_else_is_named(offer):
    offer("my_lab:ours", "ours = {'name': 'our_cortex'}")
    with pytest.raises(ValueError, match=r"ours = my_lab:ours .* is a dict, not a DatasetSpec"):
        list_datasets()


def test_an_offer_under_a_taken_name_is_refused(offer):
    offer("my_lab:ours", TEN_LINES.replace('"our_cortex"', '"microns_public"'))
    with pytest.raises(ValueError, match="microns_public"):
        list_datasets()


@pytest.mark.parametrize(
    ("name", "datastack"),
    [
        ("minnie_public", "minnie65_public"),
        ("microns_public", "minnie65_public"),
        ("minnie_prod", "minnie65_phase3_v1"),
        ("microns_prod", "minnie65_phase3_v1"),
        ("v1dd", "v1dd"),
        ("v1dd_public", "v1dd_public"),
    ],
)
def test_every_name_has_a_module_and_loads_the_same_client(name, datastack):
    module = importlib.import_module(f"cortical_tools.datasets.{name}")
    assert module.client is cortical_tools.load_client(name)
    assert module.client.datastack_name == datastack
    assert repr(module.client) == (
        f"{type(module.client).__name__}(datastack_name='{datastack}', version=None)"
    )


def test_a_dataset_that_nobody_knows_is_refused_with_those_that_are_known():
    with pytest.raises(ValueError, match=r"'minie_public'; there are minnie_prod, microns_prod"):
        cortical_tools.load_client("minie_public")


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

# Nor does importing a dataset read a token, change how the root logger logs, or load the packages
# that only some questions need.
IMPORT_EVERYTHING = """
import builtins, logging, socket, sys

def refuse(*arguments, **keywords):
    raise AssertionError("a socket was opened")

socket.socket.connect = refuse
socket.getaddrinfo = refuse
read = []
open_ = builtins.open
builtins.open = lambda file, *rest, **more: (read.append(str(file)), open_(file, *rest, **more))[1]
before = (logging.root.level, list(logging.root.handlers), logging.getLogger("urllib3").level)

from cortical_tools.datasets import minnie_prod, minnie_public, v1dd, v1dd_public
for module in (minnie_prod, minnie_public, v1dd, v1dd_public):
    print(repr(module.client))
    module.client._repr_html_()

assert not [name for name in read if "secret" in name], read
assert before == (
    logging.root.level, list(logging.root.handlers), logging.getLogger("urllib3").level
)
heavy = {
    "ossify", "caveclient", "requests", "scipy", "matplotlib", "cloudvolume", "nglui",
    "standard_transform", "tqdm", "IPython", "networkx", "starlette",
} & set(sys.modules)
assert not heavy, heavy
"""


def run(script: str) -> str:
    finished = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.strip()


def test_listing_opens_no_socket_and_loads_no_heavy_package():
    assert run(LIST_WITHOUT_A_NETWORK) == "4"


def test_importing_a_dataset_opens_no_socket_reads_no_token_and_touches_no_logger():
    assert len(run(IMPORT_EVERYTHING).splitlines()) == 4
