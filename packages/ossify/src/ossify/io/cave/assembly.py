"""A cell of the answers of the services."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ossify._typing import AnyArray, IntArray
from ossify.cell.cell import Cell
from ossify.errors import CaveDataError, CaveDataWarning
from ossify.io.cave.level2 import L2_ID, POSITION, POSITIONS
from ossify.io.cave.skeletons import ServiceSkeleton
from ossify.io.cave.synapses import Side, Synapses, l2_column
from ossify.links import Link
from ossify.vertex_ids import NO_VERTEX, VertexIds, as_ids


@dataclass(frozen=True, eq=False)
class Answers:
    """All that the services have answered about one root.

    Parameters
    ----------
    root_id
        The root.
    timestamp
        The time at which it was asked about.
    skeleton
        The skeleton.
    level2
        One row per level-2 id of the skeleton, in its order.
    l2_edges
        (E, 2) level-2 ids; None if they were not asked for.
    synapses
        By side, as far as they were asked for.
    notes
        What there is to say about them.
    """

    root_id: int
    timestamp: dt.datetime
    skeleton: ServiceSkeleton
    level2: pd.DataFrame
    l2_edges: AnyArray | None = None
    synapses: Mapping[Side, Synapses] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def assembled(
    answers: Answers, meta: Mapping[str, Any], synapse_spatial_point: str, stacklevel: int
) -> Cell:
    """The cell, with a warning for each thing that is not as it should be.

    `meta` is what to remember besides times, ids and counts.
    """
    skeleton = answers.skeleton
    cell = Cell(
        answers.root_id,
        {
            **meta,
            "timestamp": answers.timestamp,
            "root_id": answers.root_id,
            "skeleton_meta": skeleton.meta,
        },
        units="nm",
    )
    cell.add_skeleton(skeleton.points, skeleton.edges, skeleton.features, root=skeleton.root)
    cell.add_graph(
        _level2_with_points(answers),
        _known_edges(answers),
        vertex_index=L2_ID,
        spatial_columns=POSITION,
        linkage=Link(skeleton.row_of_l2, target=Cell.SKEL_LN, map_value_is_index=False),
    )
    for side, synapses in answers.synapses.items():
        _add_synapses(cell, side, synapses, synapse_spatial_point, answers)
    if answers.synapses:
        cell.meta["autapses_left_out"] = {
            f"{side}_syn": synapses.n_autapses for side, synapses in answers.synapses.items()
        }
    if answers.notes:
        cell.meta["notes"] = list(answers.notes)
    for note in answers.notes:
        warnings.warn(f"cell {answers.root_id}: {note}", CaveDataWarning, stacklevel=stacklevel + 1)
    return cell


def _level2_with_points(answers: Answers) -> pd.DataFrame:
    """Level-2 vertices without coordinates are put on the skeleton vertex they belong to."""
    frame, skeleton = answers.level2, answers.skeleton
    points = frame[list(POSITIONS)].to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
    missing = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if len(missing) == 0:
        return frame
    rows = skeleton.row_of_l2[missing]
    nowhere = skeleton.l2_ids[missing][rows == NO_VERTEX]
    if len(nowhere):
        raise CaveDataError(
            f"cell {answers.root_id}: {len(nowhere):,} level-2 ids have neither coordinates nor a "
            f"skeleton vertex, the first is {nowhere[0]}"
        )
    points[missing] = skeleton.points[rows]
    first = skeleton.l2_ids[missing[0]]
    answers.notes.append(
        f"the level-2 cache has no coordinates for {len(missing):,} of {len(points):,} level-2 "
        f"ids, the first is {first}; they are put on their skeleton vertices"
    )
    return frame.assign(**dict(zip(POSITIONS, points.T, strict=True)))


def _known_edges(answers: Answers) -> IntArray:
    if answers.l2_edges is None or len(answers.l2_edges) == 0:
        return np.empty((0, 2), np.int64)
    edges = as_ids(answers.l2_edges, f"level-2 graph of root {answers.root_id}").reshape(-1, 2)
    known = np.isin(edges, answers.skeleton.l2_ids).all(axis=1)
    n_unknown = len(known) - int(known.sum())
    if n_unknown:
        answers.notes.append(
            f"{n_unknown:,} of {len(known):,} edges of the level-2 graph lead to level-2 ids that "
            "the skeleton was not made of; they are left out"
        )
    return edges[known]


def _add_synapses(cell: Cell, side: Side, synapses: Synapses, point: str, answers: Answers) -> None:
    name, frame = f"{side}_syn", synapses.frame
    missing = [f"{point}_{axis}" for axis in "xyz" if f"{point}_{axis}" not in frame.columns]
    if missing:
        raise CaveDataError(
            f"{name}: synapse_spatial_point={point!r}, but the synapses have no column "
            f"{missing[0]!r}; their points are {', '.join(_points_of(frame)) or 'none'}"
        )
    l2_ids = as_ids(frame[l2_column(side)], f"{name}: {l2_column(side)}", allow_none=True)
    known = VertexIds(answers.skeleton.l2_ids).find(l2_ids) != NO_VERTEX
    if not known.all():
        answers.notes.append(
            f"{name}: {(~known).sum():,} of {len(known):,} synapses are on level-2 ids that the "
            f"skeleton was not made of, the first is synapse {frame['id'].to_numpy()[~known][0]}; "
            "they are kept and linked to nothing"
        )
    cell.add_point_annotations(
        name,
        frame.assign(**{l2_column(side): l2_ids}),
        point,
        vertex_index="id",
        linkage=Link(np.where(known, l2_ids, NO_VERTEX), target=Cell.GRAPH_LN),
    )


def _points_of(frame: pd.DataFrame) -> list[str]:
    return [repr(str(name)[:-2]) for name in frame.columns if str(name).endswith("_position_x")]


def meta_of(client: Any, version: int) -> dict[str, Any]:
    """What to remember of where cells come from."""
    return {
        "source": f"SkeletonService({client.local_server})",
        "datastack": client.datastack_name,
        "skeleton_version": int(version),
    }
