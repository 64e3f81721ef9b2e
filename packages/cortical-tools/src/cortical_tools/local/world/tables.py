"""The annotation tables and views of the world."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from cortical_tools.local.world import edits, plan
from cortical_tools.local.world.ids import FloatArray, IntArray
from cortical_tools.local.world.neurons import Neuron

SYNAPSES = "synapses_world"
NUCLEI = "nucleus_detection_v0"
ALTERNATIVES = "nucleus_alternative_points"
CELL_TYPES = "cell_type_manual"
PROOFREADING = "proofreading_status_and_strategy"
TAGS = "synapse_target_structure"
LOOKUP_VIEWS = ("nucleus_detection_lookup_v1", "nucleus_alternative_lookup")

_FIRST_CELL_ID = 200_000
_STRUCTURES = ("spine", "shaft", "soma")


def cell_ids(count: int) -> IntArray:
    """The cell id of every neuron, which is the row id of its nucleus."""
    return _FIRST_CELL_ID + 1_009 * np.arange(count, dtype=np.int64)


def nuclei(neurons: list[Neuron], rng: np.random.Generator) -> pd.DataFrame:
    """One nucleus for each neuron; that of one lies off the segmentation."""
    supervoxel = _soma_supervoxels(neurons)
    supervoxel[edits.OFF_SEGMENTATION] = 0
    return pd.DataFrame(
        {
            "id": cell_ids(len(neurons)),
            "created": plan.BEGINNING,
            "valid": True,
            **_position("pt", _somas(neurons)),
            "pt_supervoxel_id": supervoxel,
            "volume": rng.uniform(150, 600, len(neurons)).round(2).astype(np.float32),
        }
    )


def alternatives(neurons: list[Neuron]) -> pd.DataFrame:
    """Further points, for the nucleus off its segmentation and for one that needs none."""
    of = [edits.OFF_SEGMENTATION, edits.AGREEING]
    return pd.DataFrame(
        {
            "id": np.array([1, 2], dtype=np.int64),
            "created": plan.BEGINNING,
            "valid": True,
            "target_id": cell_ids(len(neurons))[of],
            **_position("pt", _somas(neurons)[of] + 2_000),
            "pt_supervoxel_id": _soma_supervoxels(neurons, 1)[of],
        }
    )


def lookup(nuclei_table: pd.DataFrame, alternatives_table: pd.DataFrame) -> pd.DataFrame:
    """The view of every cell id, at its alternative point where there is one."""
    points = [f"pt_position_{axis}" for axis in "xyz"] + ["pt_supervoxel_id"]
    view = nuclei_table[["id", "volume", *points]].copy()
    instead = alternatives_table.set_index("target_id")[points]
    rows = view["id"].isin(instead.index)
    for column in points:
        view.loc[rows, column] = instead.loc[view.loc[rows, "id"], column].to_numpy()
    return view


def cell_types(neurons: list[Neuron]) -> pd.DataFrame:
    """What type each neuron is of, by cell id."""
    ids = cell_ids(len(neurons))[::-1]
    return pd.DataFrame(
        {
            "id": np.arange(1, len(ids) + 1, dtype=np.int64),
            "created": plan.BEGINNING,
            "valid": True,
            "target_id": ids,
            "classification_system": "excitatory_neuron",
            "cell_type": [("23P", "4P", "5P-IT")[row % 3] for row in range(len(ids))],
        }
    )


def proofreading(neurons: list[Neuron]) -> pd.DataFrame:
    """The status of the first neurons; that of one was withdrawn and given anew."""
    count = max(len(neurons) // 2, edits.BRIEF + 1)
    rows = [*range(count), edits.MERGED]
    is_new = np.array([False] * count + [True])
    made = pd.Series(plan.SYNAPSES_MADE, index=range(len(rows))).mask(is_new, plan.LAST_STATUS)
    gone = pd.Series(pd.NaT, index=range(len(rows)), dtype="datetime64[us, UTC]")
    gone[edits.MERGED] = plan.LAST_STATUS
    axon = (np.arange(len(rows)) % 2 == 0) | is_new
    return pd.DataFrame(
        {
            "id": np.arange(1, len(rows) + 1, dtype=np.int64),
            "created": made,
            "deleted": gone,
            "valid": True,
            **_position("pt", _somas(neurons)[rows]),
            "pt_supervoxel_id": _soma_supervoxels(neurons)[rows],
            "valid_id": np.zeros(len(rows), dtype=np.int64),
            "status_dendrite": True,
            "status_axon": axon,
            "strategy_dendrite": "dendrite_extended",
            "strategy_axon": np.where(axon, "axon_fully_extended", "none"),
        }
    )


def tags(synapses: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """On what two thirds of the synapses are; their own ids are other synapses' ids."""
    ids = synapses["id"].to_numpy()
    tagged = np.sort(rng.choice(ids, size=2 * len(ids) // 3, replace=False))
    return pd.DataFrame(
        {
            "id": rng.permutation(ids)[: len(tagged)],
            "created": plan.SYNAPSES_MADE,
            "valid": True,
            "target_id": tagged,
            "tag": rng.choice(_STRUCTURES, size=len(tagged)),
        }
    )


def records(datastack_name: str) -> dict[str, dict[str, Any]]:
    """The record of every table in the catalogue."""
    plain = {
        SYNAPSES: ("synapse", None, "Every synapse of the world."),
        NUCLEI: ("nucleus_detection", None, "The nucleus of every neuron; row ids are cell ids."),
        ALTERNATIVES: ("reference_point", NUCLEI, "Points to use instead of a nucleus."),
        CELL_TYPES: ("cell_type_reference", NUCLEI, "The type of every neuron."),
        PROOFREADING: ("proofreading_strategy", None, "How far neurons have been proofread."),
        TAGS: ("reference_tag", SYNAPSES, "What the postsynaptic side of a synapse is."),
    }
    return {
        name: plan.table_record(number, datastack_name, *facts)
        for number, (name, facts) in enumerate(plain.items(), 1)
    }


def view_records(datastack_name: str) -> dict[str, dict[str, Any]]:
    """The record and the schema of every view."""
    number = {"type": "integer"}
    return {
        name: {
            "id": place,
            "datastack_name": datastack_name,
            "description": "The point and the root id of every cell id.",
            "live_compatible": True,
            "notice_text": None,
            **plan.table_resolution(),
            "schema": {
                "id": number,
                "volume": {"type": "float"},
                "pt_position": {"type": "SpatialPoint"},
                "pt_supervoxel_id": number,
                "pt_root_id": number,
            },
        }
        for place, name in enumerate(LOOKUP_VIEWS, 1)
    }


def _somas(neurons: list[Neuron]) -> FloatArray:
    return np.array([neuron.soma for neuron in neurons])


def _soma_supervoxels(neurons: list[Neuron], which: int = 0) -> IntArray:
    """A supervoxel of each neuron next to its soma."""
    near = [int(np.argmin(((neuron.points - neuron.soma) ** 2).sum(axis=1))) for neuron in neurons]
    found = [neuron.supervoxels[row, which] for neuron, row in zip(neurons, near, strict=True)]
    return np.array(found, dtype=np.int64)


def _position(point: str, nanometres: FloatArray) -> dict[str, IntArray]:
    voxels = np.round(nanometres / np.array(plan.TABLE_RESOLUTION)).astype(np.int32)
    return {f"{point}_position_{axis}": voxels[:, k] for k, axis in enumerate("xyz")}
