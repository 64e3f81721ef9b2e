"""A graph like the level-2 graph of a chunked segmentation, along an arbor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ossify._typing import FloatArray, IntArray
from ossify.examples.arbor import SOMA_ROW, Arbor

_CHUNK = 8000.0
_LAYER_2 = 2 << 56
_SHARE_OF_CYCLES = 0.1


@dataclass(frozen=True)
class Level2:
    """G level-2 vertices.

    Parameters
    ----------
    nodes
        One row each: ``l2_id``, ``rep_coord_nm_x``, ``_y``, ``_z``, ``size_nm3``, ``area_nm2``,
        ``max_dt_nm``, ``mean_dt_nm``.
    edges
        (E, 2) l2 ids.
    skeleton_row
        (G,) the skeleton vertex that each belongs to.
    """

    nodes: pd.DataFrame
    edges: IntArray
    skeleton_row: IntArray


def level2_graph(arbor: Arbor, rng: np.random.Generator) -> Level2:
    """About two level-2 vertices for every vertex of an arbor, more for the soma."""
    counts = rng.integers(1, 4, size=len(arbor.parent))
    counts[SOMA_ROW] = np.clip(len(arbor.parent) // 50, 4, 200)
    owner = np.repeat(np.arange(len(counts)), counts)
    points = _points(arbor, owner, rng)
    ids = _ids(points, rng)
    nodes = pd.DataFrame(
        {
            "l2_id": ids,
            **{f"rep_coord_nm_{axis}": points[:, k] for k, axis in enumerate("xyz")},
            **_measures(arbor, owner, counts, rng),
        }
    )
    return Level2(nodes, ids[_edges(arbor, counts, rng)], owner)


def _points(arbor: Arbor, owner: IntArray, rng: np.random.Generator) -> FloatArray:
    """Points inside the neurite, beside the skeleton."""
    aside = rng.normal(size=(len(owner), 3))
    aside /= np.sqrt((aside * aside).sum(axis=1, keepdims=True))
    reach = arbor.radius[owner] * np.sqrt(rng.random(len(owner)))
    return np.round(arbor.points[owner] + reach[:, None] * aside)


def _ids(points: FloatArray, rng: np.random.Generator) -> IntArray:
    """Ids as a chunked graph makes them: layer, chunk in x, y and z, a number within the chunk."""
    chunk = np.clip(points / _CHUNK, 0, 255).astype(np.int64)
    number = 1 + rng.permutation(len(points))
    place = (chunk[:, 0] << 48) + (chunk[:, 1] << 40) + (chunk[:, 2] << 32)
    ids: IntArray = _LAYER_2 + place + number
    return ids


def _measures(
    arbor: Arbor, owner: IntArray, counts: IntArray, rng: np.random.Generator
) -> dict[str, FloatArray | IntArray]:
    """The size of a piece of tube, or of a piece of the soma's sphere."""
    radius, length = arbor.radius[owner], (arbor.step / counts)[owner]
    length[owner == SOMA_ROW] = 4 / 3 * arbor.radius[SOMA_ROW] / counts[SOMA_ROW]
    uneven = 0.7 + 0.6 * rng.random(len(owner))
    furthest = np.round(radius * uneven, 1)
    return {
        "size_nm3": np.round(np.pi * radius * radius * length * uneven).astype(np.int64),
        "area_nm2": np.round(2 * np.pi * radius * length * uneven).astype(np.int64),
        "max_dt_nm": furthest,
        "mean_dt_nm": np.round(0.4 * furthest, 1),
    }


def _edges(arbor: Arbor, counts: IntArray, rng: np.random.Generator) -> IntArray:
    """(E, 2) rows: chains along the arbor, hung on one another, and some cycles."""
    last = np.cumsum(counts) - 1
    first = last - counts + 1
    parent = arbor.parent[1:]
    is_first = np.zeros(counts.sum(), dtype=np.bool_)
    is_first[first] = True
    inside = np.flatnonzero(~is_first)
    chains = np.column_stack([inside, inside - 1])
    between = np.column_stack([first[1:], last[parent]])
    # Where the parent has two vertices or more, a second edge to it closes a cycle.
    twice = (counts[parent] > 1) & (rng.random(len(parent)) < _SHARE_OF_CYCLES)
    cycles = np.column_stack([first[1:], first[parent]])[twice]
    return np.concatenate([chains, between, cycles])
