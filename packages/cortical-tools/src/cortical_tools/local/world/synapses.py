"""Synapses: where an axon comes close to a dendrite, and with partners that were never followed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cortical_tools.local.world import plan
from cortical_tools.local.world.ids import FloatArray, IdMint, IntArray
from cortical_tools.local.world.neurons import Neuron

_REACH = 5_000.0
_BESIDE = 250.0
_CUBE = 24_000.0
_AUTAPSES = 2
_CONTACTS = 2
_FIRST_ID = 158_000_000


@dataclass(frozen=True)
class Fragments:
    """Pieces of neurons that are known only from the synapses they make.

    Parameters
    ----------
    fragment, l2_ids
        (M,) which fragment has which level-2 node.
    supervoxels, site_l2
        (N,) for each synaptic site on a fragment: where it is.
    """

    fragment: IntArray
    l2_ids: IntArray
    supervoxels: IntArray
    site_l2: IntArray


@dataclass(frozen=True)
class Synapses:
    """All synapses of the world, in columns of CAVE's synapse tables, and their fragments."""

    table: pd.DataFrame
    fragments: Fragments


def make_synapses(neurons: list[Neuron], mint: IdMint, rng: np.random.Generator) -> Synapses:
    """Outputs and inputs of every neuron.

    Neurons touch one another where an output comes within 5 µm of another's dendrite, and each of
    them at its two closest outputs. The other outputs and inputs are with fragments. Two neurons
    have autapses.
    """
    points = np.concatenate([neuron.points for neuron in neurons])
    owner = np.repeat(np.arange(len(neurons)), [len(neuron.points) for neuron in neurons])
    is_axon = np.concatenate([neuron.is_axon for neuron in neurons])
    choice = np.concatenate([neuron.supervoxels for neuron in neurons])
    pre, post = _pairs(neurons, points, owner, is_axon, rng)
    lone_pre, lone_post = post < 0, pre < 0
    site = {
        "pre": _beside(points, pre, post, rng),
        "post": _beside(points, post, pre, rng),
    }
    fragments = _fragments(
        np.concatenate([site["post"][lone_pre], site["pre"][lone_post]]),
        np.repeat([1, 0], [lone_pre.sum(), lone_post.sum()]),
        mint,
    )
    supervoxel = {}
    for name, rows, lone, taken in (
        ("pre", pre, lone_post, slice(int(lone_pre.sum()), None)),
        ("post", post, lone_pre, slice(None, int(lone_pre.sum()))),
    ):
        found = choice[np.maximum(rows, 0), rng.integers(choice.shape[1], size=len(rows))]
        found[lone] = fragments.supervoxels[taken]
        supervoxel[name] = found
    return Synapses(_table(site, supervoxel, rng), fragments)


def _pairs(
    neurons: list[Neuron],
    points: FloatArray,
    owner: IntArray,
    is_axon: np.ndarray[tuple[int], np.dtype[np.bool_]],
    rng: np.random.Generator,
) -> tuple[IntArray, IntArray]:
    """For each synapse the level-2 row before and behind it, -1 where that is a fragment."""
    from scipy.spatial import cKDTree

    pre, post = [], []
    for number, neuron in enumerate(neurons):
        mine = np.flatnonzero(owner == number)
        others = np.flatnonzero(~is_axon & (owner != number))
        out = rng.choice(mine[is_axon[mine]], size=neuron.n_pre)
        distance, near = cKDTree(points[others]).query(points[out])
        # The closest ones always touch: in a sparse world nothing else would.
        reach = max(_REACH, np.sort(distance)[_CONTACTS - 1])
        target = np.where(distance <= reach, others[near], -1)
        if number in (0, len(neurons) - 1):
            free = np.flatnonzero(target < 0)[:_AUTAPSES]
            target[free] = rng.choice(mine[~is_axon[mine]], size=len(free))
        into = rng.choice(mine[~is_axon[mine]], size=neuron.n_post)
        pre += [out, np.full(len(into), -1)]
        post += [target, into]
    return np.concatenate(pre).astype(np.int64), np.concatenate(post).astype(np.int64)


def _beside(
    points: FloatArray, own: IntArray, other: IntArray, rng: np.random.Generator
) -> FloatArray:
    """Where one side of each synapse is: at its level-2 point, or beside its partner's."""
    place = points[np.where(own >= 0, own, other)]
    aside = rng.normal(size=place.shape)
    aside *= np.where(own >= 0, 0.2, 1.0)[:, None] * _BESIDE
    return place + aside


def _fragments(points: FloatArray, side: IntArray, mint: IdMint) -> Fragments:
    """Fragments that have the sites in one cube and on one side of the cleft in common."""
    cube = np.column_stack([np.floor(points / _CUBE), side])
    _, fragment = np.unique(cube, axis=0, return_inverse=True)
    place = mint.place(points)
    keys = np.column_stack([fragment.ravel(), place])
    nodes, site_node = np.unique(keys, axis=0, return_inverse=True)
    l2_ids = mint.nodes(2, nodes[:, 1:])
    return Fragments(
        fragment=nodes[:, 0],
        l2_ids=l2_ids,
        supervoxels=mint.nodes(1, place),
        site_l2=l2_ids[site_node.ravel()],
    )


def _table(
    site: dict[str, FloatArray], supervoxel: dict[str, IntArray], rng: np.random.Generator
) -> pd.DataFrame:
    count = len(site["pre"])
    site = {**site, "ctr": (site["pre"] + site["post"]) / 2}
    columns: dict[str, object] = {
        "id": _FIRST_ID + np.cumsum(rng.integers(1, 5_000, size=count)),
        "created": plan.SYNAPSES_MADE,
        "valid": True,
    }
    for name in ("pre", "post", "ctr"):
        voxels = np.round(site[name] / np.array(plan.TABLE_RESOLUTION)).astype(np.int32)
        for axis, letter in enumerate("xyz"):
            columns[f"{name}_pt_position_{letter}"] = voxels[:, axis]
        if name in supervoxel:
            columns[f"{name}_pt_supervoxel_id"] = supervoxel[name]
    strength = rng.normal(size=(4, count)) ** 2
    size = np.round(60 + 60 * strength.sum(axis=0) ** 2).astype(np.float32)
    columns["size"] = size
    table = pd.DataFrame(columns)
    return table.sample(frac=1, random_state=int(rng.integers(2**31))).reset_index(drop=True)
