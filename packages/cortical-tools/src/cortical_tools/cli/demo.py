"""The examples of the documentation, asked of a local service."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from cortical_tools.client import DatasetClient
from cortical_tools.errors import CorticalToolsError
from cortical_tools.local import LocalService
from cortical_tools.snapshot_folder import Snapshot, layout

_STEPS = """
client
client.tables
df = client.tables.proofreading_status_and_strategy().query()
proof_df = client.tables.proofreading_status_and_strategy(status_axon=True).query(\
desired_resolution=[1, 1, 1], split_positions=True)
cell_id_df = client.root_id_to_cell_id(root_ids)
root_id_df = client.cell_id_to_root_id(cell_ids)
client.query_synapses(root_ids[:3], pre=True, post=True, progress=False)
client.query_synapses(root_ids[:1], pre=True, reference_tables=["synapse_target_structure"], \
progress=False)
client.space.transform_nm.apply_dataframe("pt_position", proof_df, projection="y")
nrn = client.get_skeleton(root_id, synapses=True)
nrn.skeleton
nrn.anno.pre_syn
nrn = client.get_skeleton(root_id, transform="rigid", reference_tables=["synapse_target_structure"])
client.is_latest_roots([root_id, old_root_id])
latest = client.get_latest_roots(old_root_id)
client.get_roots(supervoxel_ids)
suggested = client.suggest_latest_roots(old_root_id)
client.latest_valid_timestamp([root_id, old_root_id])
version = client.most_recent_materialization_version()
client.version_timestamp(version)
info = client.get_datastack_info()
img = client.image_source()
seg = client.segmentation_source()
res = client.viewer_resolution()
state_id = client.upload_state_json({"layers": []})
state = client.get_state_json(state_id)
l2_ids = client.get_l2_ids(root_id)
df = client.get_l2data(l2_ids)
data = client.get_l2data(l2_ids, as_dataframe=False)
result = client.skeletons_exist(root_ids=[root_id, old_root_id])
url = client.neuroglancer_url(root_ids=[root_id])
client.neuroglancer_viewer(root_ids=[root_id])
client.neuroglancer_tables(url).segments
mesh = client.mesh.get_mesh(root_id)
meshes = client.mesh.get_meshes(root_ids[:2], progress=False)
l2mapping = client.mesh.compute_vertex_to_l2_mapping(root_id)
l2mapping = client.mesh.compute_vertex_to_l2_mapping(root_id, vertices=mesh.vertices, \
faces=mesh.faces)
found = client.mesh.compute_vertex_to_l2_mapping(root_id, return_assigner=True)
client.mesh.mesh_l2_mappings
nrn = client.add_mesh(client.get_skeleton(root_id))
client.set_export_cloudpath(cloudpath)
client.exports.available_data_df()
versions = client.exports.available_versions("synapses_world")
df = client.exports.get_table("synapses_world", versions[-1], progress=False)
"""
"""One call in a line, as one would type it."""

_EXPORTED = "synapses_world"
_TYPES = {
    "id": "bigint",
    "pre_pt_supervoxel_id": "bigint",
    "post_pt_supervoxel_id": "bigint",
    "size": "real",
}
"""The columns of the table that is exported, with their types in Postgres."""
_MOST_LINES, _MOST_CHARACTERS = 8, 160
_FRAMES = (
    *("display.max_columns", 8, "display.width", 120),
    *("display.max_rows", 6, "display.min_rows", 6),
)


def run_demo(service: LocalService, say: Callable[[str], None]) -> None:
    """Make the calls of the documentation, and show each with what it returned.

    Parameters
    ----------
    service
        That serves a world of `make_world`.
    say
        Called with each paragraph.
    """
    say(f"It is served at {service}, and asked by the real CAVEclient.")
    # Downloading a mesh, cloud-volume opens more connections than it keeps, and each is a warning.
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as cloudpath:
        names = _names(service) | {"cloudpath": cloudpath}
        _export(service.snapshot, Path(cloudpath))
        lacking: set[str] = set()
        for step in _STEPS.strip().splitlines():
            say(f"\n>>> {step}\n{_outcome(step, names, lacking)}")
    say(f"\nThat took {len(service.log)} requests.")


def _names(service: LocalService) -> dict[str, Any]:
    """What the calls refer to: the neurons that are today what they were in the last version."""
    facts = service.snapshot.facts
    at_version = facts.versions[-1].time_stamp
    lives = service.snapshot.frame("ids/roots.parquet").set_index("root_id")
    neurons = [
        neuron
        for neuron in facts.provenance["neurons"]
        if lives.loc[neuron["root_ids"][-1], "created"] <= at_version
    ]
    edited = next(neuron for neuron in neurons if len(neuron["root_ids"]) > 1)
    client = DatasetClient(
        service.datastack,
        service.url,
        auth_token="0",
        cell_id_lookup_view="nucleus_detection_lookup_v1",
        root_id_lookup_main_table="nucleus_detection_v0",
        root_id_lookup_alt_tables=["nucleus_alternative_points"],
        dataset_transform="minnie_ds",
    )
    supervoxels = service.snapshot.frame("tables/nucleus_detection_v0/all.parquet")
    return {
        "client": client,
        "root_id": edited["root_ids"][-1],
        "old_root_id": edited["root_ids"][0],
        "root_ids": [neuron["root_ids"][-1] for neuron in neurons],
        "cell_ids": [neuron["cell_id"] for neuron in neurons],
        "supervoxel_ids": supervoxels["pt_supervoxel_id"].to_numpy(dtype="int64"),
    }


def _export(snapshot: Snapshot, folder: Path) -> None:
    """A table as CAVE writes it to buckets, without some columns."""
    number = snapshot.facts.versions[-1].number
    version = folder / f"v{number}"
    version.mkdir()
    rows, _ = snapshot.rows(layout.TABLES, _EXPORTED, number)
    place = version / f"{_EXPORTED}.csv.gz"
    rows[list(_TYPES)].to_csv(place, compression="gzip", header=False, index=False)
    header = "".join(f"{name},{kind}\n" for name, kind in _TYPES.items())
    (version / f"{_EXPORTED}_header.csv").write_text(header)


def _outcome(step: str, names: dict[str, Any], lacking: set[str]) -> str:
    """What a call returned, or what it needs; `lacking` are names for what could not be had."""
    target, _, call = step.rpartition(" = ") if step.split(" ")[1:2] == ["="] else ("", "", step)
    try:
        # The text that is shown is the text that is run.
        value = eval(call, names)
    except CorticalToolsError as error:
        lacking.add(target)
        return f"    {type(error).__name__}: {error}"
    except NameError as error:
        if error.name not in lacking:
            raise
        return f"    There is no {error.name}, as was said above."
    if target:
        names[target] = value
    return _shown(value)


def _shown(value: object) -> str:
    if isinstance(value, pd.DataFrame):
        # It cuts itself, and says of what.
        with pd.option_context(*_FRAMES):
            return repr(value)
    lines = repr(value).splitlines()
    rest = len(lines) - _MOST_LINES
    shown = [
        line if len(line) <= _MOST_CHARACTERS else f"{line[:_MOST_CHARACTERS]} …"
        for line in lines[:_MOST_LINES]
    ]
    return "\n".join([*shown, f"… {rest} more lines"] if rest > 0 else shown)
