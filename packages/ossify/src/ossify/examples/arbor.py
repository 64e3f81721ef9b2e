"""A plan of branches grown into vertices: points, parents, radii, compartments.

The arrays of a branch are made at once, so time goes with the number of branches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ossify._typing import BoolArray, FloatArray, IntArray
from ossify.compartment import Compartment
from ossify.examples.plan import AXON_TRUNK, FROM_SOMA, SOMA_RADIUS, UM, Branch

SOMA_ROW = 0
_SOMA = np.array([1000.0, 600.0, 1000.0]) * UM
_INITIAL_SEGMENT = 40 * UM
_WANDER_OVER = 60 * UM
_WAVE_OVER = 8 * UM
_SWELLS_OVER = 3 * UM


@dataclass(frozen=True)
class Arbor:
    """V vertices in rows; row 0 is the soma, and every row comes after its parent's.

    Parameters
    ----------
    points
        (V, 3) in nm.
    parent
        (V,) rows, −1 at the soma.
    radius
        (V,) in nm.
    compartment
        (V,) int64 codes of `Compartment`.
    branch
        (V,) place in the plan of each vertex's branch, −1 at the soma.
    is_initial_segment
        (V,) where the axon has no branches and no output yet.
    """

    points: FloatArray
    parent: IntArray
    radius: FloatArray
    compartment: IntArray
    branch: IntArray
    is_initial_segment: BoolArray

    @property
    def step(self) -> FloatArray:
        """(V,) distance to the parent in nm, 0 at the soma."""
        offset = self.points - self.points[np.maximum(self.parent, SOMA_ROW)]
        return np.sqrt((offset * offset).sum(axis=1))


def grow(branches: list[Branch], n_vertices: int, rng: np.random.Generator) -> Arbor:
    """The arbor of a plan, with exactly `n_vertices`, a branch's share going with its length."""
    counts = _apportion(n_vertices - 1, np.array([branch.length for branch in branches]))
    starts = 1 + np.cumsum(counts) - counts
    points = np.empty((n_vertices, 3))
    points[SOMA_ROW] = _SOMA
    radius = np.full(n_vertices, SOMA_RADIUS)
    parent = np.arange(-1, n_vertices - 1)
    for branch, start, count in zip(branches, starts.tolist(), counts.tolist(), strict=True):
        origin = _origin_row(branch, starts, counts)
        rows = slice(start, start + count)
        parent[start] = origin
        points[rows] = _leave_from(branch, points[origin]) + _path(branch, count, rng)
        radius[rows] = _radii(branch, count, rng)
    number = np.repeat(np.arange(len(branches)), counts)
    compartments = np.array([branch.habit.compartment for branch in branches], dtype=np.int64)
    return Arbor(
        # A tenth of a nanometre is far finer than any measurement, and hides that the last bits
        # of a cosine are not the same everywhere.
        points=np.round(points, 1),
        parent=parent,
        radius=np.round(radius, 1),
        compartment=np.concatenate([[Compartment.SOMA], compartments[number]]),
        branch=np.concatenate([[FROM_SOMA], number]),
        is_initial_segment=_initial_segment(branches, starts, counts, n_vertices),
    )


def _apportion(n_vertices: int, lengths: FloatArray) -> IntArray:
    """Two vertices for every branch, the others by length, the largest remainders rounded up."""
    shares = (n_vertices - 2 * len(lengths)) * lengths / lengths.sum()
    counts = shares.astype(np.int64)
    missing = n_vertices - 2 * len(lengths) - int(counts.sum())
    counts[np.argsort(counts - shares, kind="stable")[:missing]] += 1
    return counts + 2


def _origin_row(branch: Branch, starts: IntArray, counts: IntArray) -> int:
    if branch.origin == FROM_SOMA:
        return SOMA_ROW
    return int(starts[branch.origin]) + round(branch.along * (int(counts[branch.origin]) - 1))


def _leave_from(branch: Branch, origin: FloatArray) -> FloatArray:
    """The soma is one vertex, but what leaves it leaves at its surface."""
    if branch.origin != FROM_SOMA:
        return origin
    surface: FloatArray = origin + SOMA_RADIUS * np.array(branch.heading)
    return surface


def _path(branch: Branch, count: int, rng: np.random.Generator) -> FloatArray:
    """(count, 3) offsets from where the branch leaves, in equal steps."""
    share = np.arange(1, count + 1) / count
    habit = branch.habit
    direction = (
        np.array(branch.heading)
        + share[:, None] * np.array(habit.pull)
        + habit.wander * _noise(rng, branch.length, share, _WANDER_OVER, 3)
        + habit.wave * _noise(rng, branch.length, share, _WAVE_OVER, 3)
    )
    direction /= np.sqrt((direction * direction).sum(axis=1, keepdims=True))
    path: FloatArray = np.cumsum(direction, axis=0) * (branch.length / count)
    return path


def _radii(branch: Branch, count: int, rng: np.random.Generator) -> FloatArray:
    """A taper with swellings: mild on dendrites, varicosities on axons."""
    share = np.arange(1, count + 1) / count
    taper = branch.radius_start + share * (branch.radius_end - branch.radius_start)
    swell = 0.25 if branch.habit.compartment == Compartment.AXON else 0.1
    noise = _noise(rng, branch.length, share, _SWELLS_OVER, 1)[:, 0]
    radii: FloatArray = taper * np.clip(1 + swell * noise, 0.6, 2.0)
    return radii


def _noise(
    rng: np.random.Generator, length: float, share: FloatArray, spacing: float, width: int
) -> FloatArray:
    """(count, width) values that change over `spacing`, at shares of a length.

    The knots are laid in nm: a branch of more vertices has the same shape, drawn finer.
    """
    knots = rng.normal(size=(int(length / spacing) + 3, width))
    place = rng.random() + share * (length / spacing)
    below = place.astype(np.int64)
    weight = (place - below)[:, None]
    values: FloatArray = (1 - weight) * knots[below] + weight * knots[below + 1]
    return values


def _initial_segment(
    branches: list[Branch], starts: IntArray, counts: IntArray, n_vertices: int
) -> BoolArray:
    is_initial = np.zeros(n_vertices, dtype=np.bool_)
    trunk = next(place for place, branch in enumerate(branches) if branch.habit is AXON_TRUNK)
    share = _INITIAL_SEGMENT / branches[trunk].length
    is_initial[starts[trunk] : starts[trunk] + max(1, int(share * counts[trunk]))] = True
    return is_initial
