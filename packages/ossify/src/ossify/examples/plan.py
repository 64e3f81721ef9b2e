"""Which branches a pyramidal cell has: how long, how thick, where they leave and where they head.

A plan is a list of branches in which every branch comes after the one that it leaves, the stems
first. Cutting it short therefore leaves a tree: a smaller cell of the thickest branches.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from ossify.compartment import Compartment

Vector: TypeAlias = tuple[float, float, float]

UM = 1000.0
"""Nanometres in a micrometre: habits are written in the unit that textbooks use."""

FROM_SOMA = -1
SOMA_RADIUS = 8 * UM


@dataclass(frozen=True)
class Habit:
    """How one kind of branch grows. The y axis points away from the pia.

    Parameters
    ----------
    compartment
        What its vertices are.
    inner, terminal
        Shortest and longest length in µm of a branch that forks, and of one that does not.
    fork_chance
        How likely a branch forks, by the number of forks before it; 0 beyond.
    spread
        How far the two branches of a fork turn aside, relative to the way ahead.
    pull
        What is added to the heading towards the end of a branch.
    wander, wave
        How much the heading changes, relative to it, over tens of µm and over a few.
    radius, thinnest
        In µm: the most that it starts with, and the least that it tapers to.
    """

    compartment: Compartment
    inner: tuple[float, float]
    terminal: tuple[float, float]
    fork_chance: tuple[float, ...]
    spread: float
    pull: Vector
    wander: float
    wave: float
    radius: float
    thinnest: float


APICAL_TRUNK = Habit(
    Compartment.APICAL_DENDRITE, (330, 390), (330, 390), (), 0, (0, 0, 0), 0.12, 0.08, 2.4, 1.1
)
OBLIQUE = Habit(
    Compartment.APICAL_DENDRITE,
    (25, 60),
    (70, 140),
    (0.7, 0.3),
    0.6,
    (0, -0.3, 0),
    0.3,
    0.2,
    0.8,
    0.3,
)
TUFT = Habit(
    Compartment.APICAL_DENDRITE,
    (20, 55),
    (60, 130),
    (1, 0.9, 0.45),
    0.8,
    (0, -0.2, 0),
    0.3,
    0.2,
    1,
    0.25,
)
BASAL = Habit(
    Compartment.DENDRITE, (12, 45), (80, 150), (1, 0.85, 0.5), 0.55, (0, 0, 0), 0.25, 0.2, 1.4, 0.3
)
AXON_TRUNK = Habit(Compartment.AXON, (560, 640), (560, 640), (), 0, (0, 0, 0), 0.22, 0.2, 0.55, 0.2)
COLLATERAL = Habit(
    Compartment.AXON,
    (50, 130),
    (90, 230),
    (0.95, 0.7, 0.4),
    0.7,
    (0, 0.1, 0),
    0.5,
    0.45,
    0.25,
    0.09,
)
ASCENDING = Habit(
    Compartment.AXON,
    (70, 160),
    (110, 260),
    (0.95, 0.7, 0.4),
    0.6,
    (0, -0.9, 0),
    0.5,
    0.45,
    0.25,
    0.09,
)


@dataclass(frozen=True)
class Branch:
    """One unbranched stretch, or a trunk that others leave from.

    Parameters
    ----------
    habit
        How it grows.
    origin
        The place in the plan of the branch that it leaves, or ``FROM_SOMA``.
    along
        Where it leaves that branch: 0 at its start, 1 at its end.
    order
        The number of forks before it.
    length, radius_start, radius_end
        In nm.
    heading
        Unit vector.
    """

    habit: Habit
    origin: int
    along: float
    order: int
    forks: bool
    length: float
    radius_start: float
    radius_end: float
    heading: Vector

    def radius_at(self, along: float) -> float:
        """The radius in nm at a fraction of the length."""
        return self.radius_start + along * (self.radius_end - self.radius_start)


def plan_branches(rng: np.random.Generator, richness: float, at_most: int) -> list[Branch]:
    """The branches of a cell.

    Parameters
    ----------
    rng
        Where chance comes from.
    richness
        How many axon collaterals there are, relative to an ordinary cell.
    at_most
        The plan ends after so many branches.
    """
    branches = _stems(rng)
    place = 0
    while place < len(branches) and len(branches) < at_most:
        branch = branches[place]
        if branch.habit is APICAL_TRUNK:
            branches += _along_apical_trunk(rng, place, branch)
        elif branch.habit is AXON_TRUNK:
            branches += _along_axon_trunk(rng, place, branch, richness)
        elif branch.forks:
            branches += _fork(rng, place, branch)
        place += 1
    return _with_tips(rng, branches[:at_most])


def _with_tips(rng: np.random.Generator, branches: list[Branch]) -> list[Branch]:
    """The same, where branches whose forks were cut off the plan end as tips do."""
    origins = {branch.origin for branch in branches}
    return [
        replace(branch, forks=False, length=_length(rng, branch.habit.terminal))
        if branch.forks and place not in origins
        else branch
        for place, branch in enumerate(branches)
    ]


def _stems(rng: np.random.Generator) -> list[Branch]:
    apical = _branch(rng, APICAL_TRUNK, (0.05 * rng.normal(), -1, 0.05 * rng.normal()))
    axon = _branch(rng, AXON_TRUNK, (0.1 * rng.normal(), 1, 0.1 * rng.normal()))
    n_basal = int(rng.integers(6, 9))
    turn = rng.random()
    basal = [
        _branch(rng, BASAL, _sideways(turn + (number + 0.3 * rng.normal()) / n_basal, rng, 0.35))
        for number in range(n_basal)
    ]
    return [apical, axon, *basal]


def _along_apical_trunk(rng: np.random.Generator, place: int, trunk: Branch) -> list[Branch]:
    turn = rng.random()
    tuft = [
        _branch(rng, TUFT, _sideways(turn + number / 3, rng, -0.7), place, trunk, 1.0)
        for number in range(3)
    ]
    obliques = [
        _branch(rng, OBLIQUE, _sideways(rng.random(), rng, -0.25), place, trunk, along)
        for along in _spaced(rng, int(rng.integers(7, 11)), 0.08, 0.75)
    ]
    return [*tuft, *obliques]


def _along_axon_trunk(
    rng: np.random.Generator, place: int, trunk: Branch, richness: float
) -> list[Branch]:
    places = [*_spaced(rng, max(2, round(10 * richness)), 0.15, 0.95), 1.0]
    collaterals = []
    for number, along in enumerate(places):
        # Every third collateral climbs back towards the pia, as those of layer 5 do.
        habit = ASCENDING if number % 3 == 0 and along < 0.6 else COLLATERAL
        heading = _sideways(rng.random(), rng, -0.2 if habit is ASCENDING else 0.2)
        collaterals.append(_branch(rng, habit, heading, place, trunk, along))
    return collaterals


def _fork(rng: np.random.Generator, place: int, branch: Branch) -> list[Branch]:
    aside = _unit(rng.normal(size=3))
    children = []
    for side in (1.0, -1.0):
        turn = branch.habit.spread * side * (0.6 + 0.6 * rng.random())
        heading = np.array(branch.heading) + turn * np.array(aside)
        pulled = heading + 0.5 * np.array(branch.habit.pull)
        children.append(_branch(rng, branch.habit, pulled, place, branch, 1.0, branch.order + 1))
    return children


def _branch(
    rng: np.random.Generator,
    habit: Habit,
    heading: Vector | np.ndarray[tuple[int], np.dtype[np.float64]],
    origin: int = FROM_SOMA,
    parent: Branch | None = None,
    along: float = 0.0,
    order: int = 0,
) -> Branch:
    chances = habit.fork_chance
    forks = order < len(chances) and bool(rng.random() < chances[order])
    start = habit.radius * UM
    if parent is not None:
        start = min(start, 0.85 * parent.radius_at(along))
    return Branch(
        habit=habit,
        origin=origin,
        along=along,
        order=order,
        forks=forks,
        length=_length(rng, habit.inner if forks else habit.terminal),
        radius_start=start,
        radius_end=max(min(start, habit.thinnest * UM), (0.8 if forks else 0.4) * start),
        heading=_unit(np.asarray(heading, dtype=np.float64)),
    )


def _length(rng: np.random.Generator, between: tuple[float, float]) -> float:
    return UM * float(rng.uniform(*between))


def _sideways(turn: float, rng: np.random.Generator, down: float) -> Vector:
    """A heading at `turn` of a full circle around the y axis, and about `down` along it."""
    angle = 2 * math.pi * turn
    return math.cos(angle), down + 0.25 * float(rng.normal()), math.sin(angle)


def _spaced(rng: np.random.Generator, count: int, first: float, last: float) -> list[float]:
    """`count` places between `first` and `last`, spread evenly but for some chance."""
    steps = (np.arange(count) + 0.2 + 0.6 * rng.random(count)) / count
    places: list[float] = (first + (last - first) * steps).tolist()
    return places


def _unit(vector: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Vector:
    x, y, z = (vector / np.sqrt((vector * vector).sum())).tolist()
    return x, y, z
