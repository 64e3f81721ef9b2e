"""What the level-2 cache knows of level-2 ids, in the order in which they were asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ossify._typing import AnyArray, BoolArray, IntArray
from ossify.errors import CaveDataError
from ossify.io.cave.frames import plain
from ossify.io.cave.work import ask_side_by_side, portions
from ossify.vertex_ids import NO_VERTEX, VertexIds, as_ids

L2_ID = "l2_id"
POSITION = "rep_coord_nm"
POSITIONS = tuple(f"{POSITION}_{axis}" for axis in "xyz")

# A request for one neuron, except for the largest.
_IDS_PER_REQUEST = 20_000

_SPLIT: dict[str, tuple[str, ...]] = {
    POSITION: POSITIONS,
    "pca": tuple(f"pca_{k}_{axis}" for k in range(3) for axis in "xyz"),
    "pca_val": tuple(f"pca_val_{k}" for k in range(3)),
    "chunk_intersect_count": tuple(
        f"chunk_intersect_count_{axis}_{side}" for side in ("bottom", "top") for axis in "xyz"
    ),
}


def get_level2(
    client: Any,
    l2_ids: Sequence[IntArray],
    properties: bool,
    workers: int,
    progress: bool = False,
) -> list[pd.DataFrame]:
    """The attributes of the level-2 ids of several cells; they are asked for together.

    Parameters
    ----------
    client
        Its ``l2cache`` is asked.
    l2_ids
        (L,) ids of each cell, in any order.
    properties
        Whether all attributes are wanted, or the coordinates alone.
    workers, progress
        How many requests are made at once, and whether a bar shows how far they are.

    Returns
    -------
    list of DataFrame
        For each cell one row per id, as asked: ``l2_id``, ``rep_coord_nm_x`` and so on. What the
        cache does not have is missing (NaN), coordinates too.
    """
    pooled = np.concatenate([np.empty(0, np.int64), *l2_ids])
    cache = client.l2cache
    options: dict[str, Any] = {} if properties else {"attributes": [POSITION]}
    # The table of a CAVEclient has whatever lay in memory where the cache has nothing.
    exact = hasattr(cache, "get_l2data")
    ask = cache.get_l2data if exact else cache.get_l2data_table
    answers = ask_side_by_side(
        lambda part: ask(part.tolist(), **options),
        portions(pooled, _IDS_PER_REQUEST),
        workers,
        progress=progress,
        what="level-2 attributes",
    )
    if exact:
        known = {int(l2_id): of for answer in answers for l2_id, of in answer.items()}
        return [_from_answers(known, ids) for ids in l2_ids]
    return [in_order(pd.concat(answers), ids) for ids in l2_ids]


def _from_answers(known: Mapping[int, Mapping[str, Any]], l2_ids: IntArray) -> pd.DataFrame:
    answered = [known.get(l2_id) or {} for l2_id in l2_ids.tolist()]
    names = dict.fromkeys(name for answer in answered for name in answer)
    columns: dict[str, Any] = {L2_ID: l2_ids}
    # Coordinates are there even if the cache has none of these ids.
    for name in dict.fromkeys([*names, POSITION]):
        values = [answer.get(name) for answer in answered]
        if name in _SPLIT:
            columns.update(_split(name, values))
        else:
            columns[name] = pd.Series(values).to_numpy()
    return pd.DataFrame(columns).astype(dict.fromkeys(POSITIONS, np.float64))


def _split(name: str, values: list[Any]) -> dict[str, Any]:
    """Vectors as one column per component, whole numbers where all are."""
    parts = _SPLIT[name]
    there = [value is not None for value in values]
    given = np.array([np.ravel(value) for value in values if value is not None])
    if len(given) == 0:
        return dict.fromkeys(parts, np.full(len(values), np.nan))
    if given.shape != (sum(there), len(parts)):
        raise CaveDataError(
            f"level-2 cache: {name} must have {len(parts)} numbers each, got {given.shape[1:]}"
        )
    if all(there):
        table = given
    else:
        table = np.full((len(values), len(parts)), np.nan)
        table[there] = given
    return dict(zip(parts, table.T, strict=True))


def get_edges(client: Any, root_id: int, l2_ids: IntArray) -> AnyArray:
    """The edges of the level-2 graph of a root, (E, 2) level-2 ids."""
    # Servers fail on the graph of a root with a single level-2 id, which has no edges.
    if len(l2_ids) < 2:
        return np.empty((0, 2), np.int64)
    return np.asarray(client.chunkedgraph.level2_chunk_graph(root_id))


def in_order(frame: pd.DataFrame, l2_ids: IntArray) -> pd.DataFrame:
    """A table of level-2 attributes with one row per id, in the order of `l2_ids`.

    Parameters
    ----------
    frame
        With the ids as its index or in the column ``l2_id``, in any order; ids more than once are
        taken once, and further ids are left out.
    l2_ids
        (L,) ids.

    Raises
    ------
    CaveDataError
        If it has no coordinates.
    """
    frame = frame.reset_index(drop=True) if L2_ID in frame.columns else _index_as_column(frame)
    missing = [name for name in POSITIONS if name not in frame.columns]
    if missing:
        raise CaveDataError(f"level-2 attributes: there is no column {', '.join(missing)}")
    frame = frame.assign(**{L2_ID: as_ids(frame[L2_ID], "level-2 attributes: l2_id")})
    frame = frame[~frame[L2_ID].duplicated()]
    rows = VertexIds(frame[L2_ID]).find(l2_ids)
    ordered = frame.reset_index(drop=True).reindex(np.where(rows == NO_VERTEX, len(frame), rows))
    ordered = ordered.assign(**{L2_ID: l2_ids}).reset_index(drop=True)
    ordered.loc[_at_the_origin(ordered), list(POSITIONS)] = np.nan
    return plain(ordered.infer_objects())


def _index_as_column(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.rename_axis(L2_ID).reset_index()


def _at_the_origin(frame: pd.DataFrame) -> BoolArray:
    """Coordinates that nobody has measured.

    A CAVEclient fills its table from memory where the cache has nothing: zeros, or next to zero.
    No neuron has a vertex within a nanometre of the corner of its volume.
    """
    points = frame[list(POSITIONS)].to_numpy(dtype=np.float64, na_value=np.nan)
    near: BoolArray = (np.abs(points) < 1).all(axis=1)
    return near
