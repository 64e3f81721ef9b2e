"""Synapses on a level-2 graph: outputs on the axon, inputs on the dendrites."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ossify._typing import BoolArray, IntArray
from ossify.compartment import Compartment
from ossify.examples.arbor import Arbor
from ossify.examples.level2 import Level2

_PRE_PER_VERTEX = 0.1
_POST_PER_VERTEX = 0.2
_SHARE_ON_INITIAL_SEGMENT = 0.03
_FIRST_ID = 200_000_000
_FIRST_ROOT_ID = 864_691_135_000_000_000
_ROOT_IDS = 10**9
_CLEFT = 300.0


def root_ids(rng: np.random.Generator, count: int) -> IntArray:
    """Numbers like the root ids of a segmentation, all above 2**53."""
    ids: IntArray = _FIRST_ROOT_ID + rng.integers(_ROOT_IDS, size=count)
    return ids


def pre_synapses(arbor: Arbor, level2: Level2, rng: np.random.Generator) -> pd.DataFrame:
    """Outputs: ``id``, ``ctr_pt_position_*``, ``size``, ``post_pt_root_id``, ``pre_pt_l2_id``."""
    is_site = (arbor.compartment == Compartment.AXON) & ~arbor.is_initial_segment
    count = round(_PRE_PER_VERTEX * len(arbor.parent))
    rows = rng.choice(_level2_rows(level2, is_site), size=count)
    return _table(level2, rows, "pre", "post", _FIRST_ID, rng)


def post_synapses(arbor: Arbor, level2: Level2, rng: np.random.Generator) -> pd.DataFrame:
    """Inputs: ``id``, ``ctr_pt_position_*``, ``size``, ``pre_pt_root_id``, ``post_pt_l2_id``.

    All are on dendrites, but for a few on the axon's initial segment.
    """
    is_dendrite = np.isin(arbor.compartment, [Compartment.DENDRITE, Compartment.APICAL_DENDRITE])
    count = round(_POST_PER_VERTEX * len(arbor.parent))
    on_axon = round(_SHARE_ON_INITIAL_SEGMENT * count)
    rows = np.concatenate(
        [
            rng.choice(_level2_rows(level2, is_dendrite), size=count - on_axon),
            rng.choice(_level2_rows(level2, arbor.is_initial_segment), size=on_axon),
        ]
    )
    # Outputs and inputs are rows of one synapse table: their ids never meet.
    return _table(level2, rows, "post", "pre", _FIRST_ID + _ROOT_IDS, rng)


def _level2_rows(level2: Level2, is_site: BoolArray) -> IntArray:
    return np.flatnonzero(is_site[level2.skeleton_row])


def _table(
    level2: Level2,
    rows: IntArray,
    own: str,
    other: str,
    first_id: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    nodes, count = level2.nodes, len(rows)
    partners = root_ids(rng, 1 + count // 2)
    position = {
        f"ctr_pt_position_{axis}": np.round(
            nodes[f"rep_coord_nm_{axis}"].to_numpy()[rows] + _CLEFT * rng.normal(size=count)
        )
        for axis in "xyz"
    }
    # The square of a sum of squares: many small synapses and a few large ones.
    size = rng.normal(size=(4, count)) ** 2
    return pd.DataFrame(
        {
            "id": first_id + np.cumsum(rng.integers(1, 100, size=count)),
            **position,
            "size": np.round(60 + 60 * size.sum(axis=0) ** 2).astype(np.int64),
            f"{other}_pt_root_id": rng.choice(partners, size=count),
            f"{own}_pt_l2_id": nodes["l2_id"].to_numpy()[rows],
        }
    )
