"""One neuron as CAVE's services answered for it, made a snapshot folder.

A recording is a folder with the answer of the skeleton service (``skel.json``), the level-2 graph
(``l2graph.json``) and attributes (``l2properties.feather``), and the neuron's synapses with the
level-2 id of its own side (``pre_l2.feather``, ``post_l2.feather``; positions in nanometres).
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cortical_tools.errors import SnapshotError
from cortical_tools.local.world import plan, schemas
from cortical_tools.snapshot_folder import Facts, SnapshotWriter, Version, layout

SYNAPSES = "synapses_pni_2"
GRAPHENE_TABLE = "minnie3_v1"
_LISTS = ("chunk_intersect_count", "pca_val")
_SIDES = ("pre_l2.feather", "post_l2.feather")
_MEMBERS = ("skel.json", "l2graph.json", "l2properties.feather", *_SIDES)


def convert_recording(source: str | os.PathLike[str], folder: str | os.PathLike[str]) -> Path:
    """Make a snapshot folder of the recording of one MICrONS neuron.

    It has one materialization version, 1, of the moment that the skeleton names, and one table,
    ``synapses_pni_2``. When the objects came into being is not recorded: they are said to be as
    old as the segmentation. The partners' level-2 ids are not recorded, either.

    Parameters
    ----------
    source
        The folder of the recording.
    folder
        Where the snapshot is to be; must not exist.

    Returns
    -------
    Path
        The folder of the snapshot.

    Raises
    ------
    SnapshotError
        If the recording is not complete, or the folder exists.
    """
    source = Path(source)
    if missing := [name for name in _MEMBERS if not (source / name).is_file()]:
        raise SnapshotError(f"{source} is no recording: it lacks {', '.join(missing)}")
    skeleton = json.loads((source / "skel.json").read_bytes())
    root_id, moment = int(skeleton["meta"]["root_id"]), skeleton["meta"]["timestamp"]
    writer = SnapshotWriter(folder)
    pre, post = (_synapses(source / side) for side in _SIDES)
    table = pd.concat([pre, post]).drop_duplicates("id")
    writer.add_table(SYNAPSES, table.drop(columns=["pre_pt_l2_id", "post_pt_l2_id"]), version=1)
    _write_ids(writer, root_id, skeleton, pre, post)
    writer.add_frame(layout.ATTRIBUTES, _attributes(source / "l2properties.feather"))
    edges = np.array(json.loads((source / "l2graph.json").read_bytes()), dtype=np.int64)
    writer.add_frame(layout.EDGES, pd.DataFrame(edges, columns=layout.COLUMNS[layout.EDGES]))
    writer.add_skeleton(root_id, skeleton)
    return writer.finish(_facts(skeleton["meta"]["meta"]["datastack"], root_id, moment))


def _synapses(path: Path) -> pd.DataFrame:
    """Synapses in columns of CAVE's tables, and the level-2 id of the side that is the neuron's."""
    # `superceded_id` is empty, and is not among the columns that CAVE's tables have today.
    rows = pd.read_feather(path).drop(columns="superceded_id")
    rows["valid"] = rows["valid"] == "t"
    for axis, size in zip("xyz", plan.TABLE_RESOLUTION, strict=True):
        for point in ("pre", "ctr", "post"):
            name = f"{point}_pt_position_{axis}"
            rows[name] = (rows[name] / size).round().astype(np.int32)
    own = [name for name in rows.columns if name.endswith("_l2_id")]
    return rows.astype(dict.fromkeys(own, np.int64)).astype({"size": np.float32})


def _write_ids(
    writer: SnapshotWriter,
    root_id: int,
    skeleton: dict[str, Any],
    pre: pd.DataFrame,
    post: pd.DataFrame,
) -> None:
    sides = [
        pd.DataFrame(
            {
                "supervoxel_id": rows[f"{side}_pt_supervoxel_id"],
                "l2_id": rows[f"{side}_pt_l2_id"] if side == own else np.int64(0),
                "root_id": rows[f"{side}_pt_root_id"],
            }
        )
        for own, rows in (("pre", pre), ("post", post))
        for side in ("pre", "post")
    ]
    # A supervoxel of which one row knows the level-2 id may be in another that does not.
    known = pd.concat(sides).query("supervoxel_id != 0").sort_values(["supervoxel_id", "l2_id"])
    supervoxels = known.drop_duplicates("supervoxel_id", keep="last")
    writer.add_frame(layout.SUPERVOXELS, supervoxels)
    roots = np.unique(np.append(supervoxels["root_id"].to_numpy(), root_id))
    never = pd.array([None] * len(roots), dtype="datetime64[ns, UTC]")
    writer.add_frame(
        layout.ROOTS,
        pd.DataFrame({"root_id": roots, "created": plan.BEGINNING, "replaced": never}),
    )
    l2_ids = np.array(skeleton["lvl2_ids"], dtype=np.int64)
    writer.add_frame(layout.MEMBERS, pd.DataFrame({"root_id": root_id, "l2_id": l2_ids}))


def _attributes(path: Path) -> pd.DataFrame:
    table = pd.read_feather(path)
    # Small pieces have no axes: they were written as zeros when the lists were taken apart.
    without = table["pca_val"].isna()
    table = table.drop(columns=list(_LISTS))
    table.loc[without, [name for name in table.columns if name.startswith("pca_")]] = np.nan
    table.index.name = "l2_id"
    return table.reset_index().astype({"l2_id": np.int64})


def _facts(datastack_name: str, root_id: int, moment: float) -> Facts:
    time_stamp = datetime.fromtimestamp(moment, UTC)
    known = schemas.schemas()
    return Facts(
        datastack_name=datastack_name,
        record={
            **plan.datastack_record(),
            "description": "One neuron of MICrONS (minnie65), CC BY 4.0, as CAVE answered for it.",
            "proofreading_status_table": None,
            "soma_table": None,
            "synapse_table": SYNAPSES,
        },
        versions=(Version(1, time_stamp, plan.VERSIONS[-1].expires_on),),
        tables={
            SYNAPSES: plan.table_record(
                1, datastack_name, "synapse", None, "The synapses of one neuron.", GRAPHENE_TABLE
            )
        },
        schemas={"synapse": known["synapse"]},
        graphene=plan.graphene_info(),
        graphene_table=GRAPHENE_TABLE,
        provenance={
            "made_by": "cortical_tools.local.convert_recording",
            "source": "MICrONS consortium (minnie65), CC BY 4.0",
            "root_ids": [root_id],
        },
    )
