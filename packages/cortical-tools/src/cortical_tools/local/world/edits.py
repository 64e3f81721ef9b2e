"""The id history of the world: who was what, from when to when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from cortical_tools.local.world import plan
from cortical_tools.local.world.ids import IdMint, IntArray
from cortical_tools.local.world.neurons import Neuron
from cortical_tools.local.world.synapses import Fragments

EDITED, MERGED, FIRST_OF_TWO, SECOND_OF_TWO, LATE, BRIEF, OFF_SEGMENTATION, AGREEING = range(8)
"""Which neuron has which history; the others were never touched."""
ROLES = (
    "edited",
    "merged",
    "first of two that were one",
    "second of two that were one",
    "late",
    "brief",
    "nucleus off its segmentation",
    "alternative point agrees",
)
_BRIEF_LIFE = timedelta(microseconds=500)


@dataclass
class Objects:
    """Objects, each with a lifetime and its level-2 nodes."""

    mint: IdMint
    created: dict[int, datetime] = field(default_factory=dict)
    replaced: dict[int, datetime] = field(default_factory=dict)
    level2: dict[int, IntArray] = field(default_factory=dict)
    lineage: list[tuple[int, int, int]] = field(default_factory=list)
    operations: int = 0

    def add(self, l2_ids: IntArray, when: datetime = plan.BEGINNING) -> int:
        """A new object."""
        root_id = self.mint.root()
        self.created[root_id] = when
        self.level2[root_id] = np.unique(l2_ids)
        return root_id

    def edit(self, when: datetime, before: list[int], after: list[IntArray]) -> list[int]:
        """One operation that makes some objects out of others."""
        self.operations += 1
        made = [self.add(l2_ids, when) for l2_ids in after]
        for old in before:
            self.replaced[old] = when
            self.lineage += [(old, new, self.operations) for new in made]
        return made

    def roots_frame(self) -> pd.DataFrame:
        """As it stands in ``ids/roots.parquet``."""
        ids = sorted(self.created)
        created = pd.Series([self.created[one] for one in ids])
        replaced = pd.Series([self.replaced.get(one) for one in ids])
        # Which unit pandas takes by itself differs between its versions.
        return pd.DataFrame(
            {
                "root_id": np.array(ids, dtype=np.int64),
                "created": pd.to_datetime(created, utc=True).dt.as_unit("ns"),
                "replaced": pd.to_datetime(replaced, utc=True).dt.as_unit("ns"),
            }
        )

    def lineage_frame(self) -> pd.DataFrame:
        """As it stands in ``ids/lineage.parquet``."""
        rows = np.array(self.lineage, dtype=np.int64).reshape(-1, 3)
        return pd.DataFrame(rows, columns=["old_root_id", "new_root_id", "operation_id"])

    def members_frame(self) -> pd.DataFrame:
        """As it stands in ``ids/level2.parquet``."""
        ids = sorted(self.level2)
        counts = [len(self.level2[one]) for one in ids]
        return pd.DataFrame(
            {
                "root_id": np.repeat(np.array(ids, dtype=np.int64), counts),
                "l2_id": np.concatenate([self.level2[one] for one in ids]),
            }
        )


@dataclass(frozen=True)
class Story:
    """What happened: the objects, and which of them each neuron was, oldest first."""

    objects: Objects
    neurons: list[list[int]]
    supervoxels: pd.DataFrame
    bridge: IntArray


def tell(neurons: list[Neuron], fragments: Fragments, mint: IdMint) -> Story:
    """Every neuron's history, and every fragment's, which is short."""
    objects = Objects(mint)
    scar = int(np.flatnonzero(~neurons[EDITED].is_tip)[0])
    old_l2 = int(mint.nodes(2, mint.place(neurons[EDITED].points[scar : scar + 1]))[0])
    apart = [np.flatnonzero(neuron.is_tip) for neuron in neurons]
    whole = [neuron.l2_ids for neuron in neurons]
    tip = [ids[rows] for ids, rows in zip(whole, apart, strict=True)]
    rest = [np.delete(ids, rows) for ids, rows in zip(whole, apart, strict=True)]
    histories: list[list[int]] = []
    for number in range(len(neurons)):
        if number == EDITED:
            histories.append(_edited(objects, rest[number], tip[number], old_l2, fragments))
        elif number in (MERGED, LATE):
            when = plan.MERGED if number == MERGED else plan.LATE
            before = [objects.add(rest[number]), objects.add(tip[number])]
            histories.append([before[0], *objects.edit(when, before, [whole[number]])])
        elif number == FIRST_OF_TWO:
            both = objects.add(np.concatenate([whole[number], whole[number + 1]]))
            one, other = objects.edit(plan.UNMERGED, [both], [whole[number], whole[number + 1]])
            histories += [[both, one], [both, other]]
        elif number == SECOND_OF_TWO:
            continue
        elif number == BRIEF:
            first = objects.add(whole[number])
            split = objects.edit(plan.BRIEF, [first], [rest[number], tip[number]])
            last = objects.edit(plan.BRIEF + _BRIEF_LIFE, split, [whole[number]])
            histories.append([first, split[0], last[0]])
        else:
            histories.append([objects.add(whole[number])])
    for number in range(1, int(fragments.fragment.max(initial=-1)) + 1):
        objects.add(fragments.l2_ids[fragments.fragment == number])
    bridge = np.array([[old_l2, fragments.l2_ids[fragments.fragment == 0][0]]])
    again = pd.DataFrame({"supervoxel_id": neurons[EDITED].supervoxels[scar], "l2_id": old_l2})
    return Story(objects, histories, _supervoxels(neurons, fragments, objects, again), bridge)


def _edited(
    objects: Objects, rest: IntArray, tip: IntArray, old_l2: int, fragments: Fragments
) -> list[int]:
    """Split from a fragment, in whose chunk it got a new level-2 id; a branch came back later."""
    stranger = fragments.l2_ids[fragments.fragment == 0]
    before = np.concatenate([rest[1:], [old_l2], stranger])
    first = objects.add(before)
    branch = objects.add(tip)
    second, _ = objects.edit(plan.SPLIT, [first], [rest, stranger])
    third = objects.edit(plan.LAST, [second, branch], [np.concatenate([rest, tip])])
    return [first, second, third[0]]


def _supervoxels(
    neurons: list[Neuron], fragments: Fragments, objects: Objects, again: pd.DataFrame
) -> pd.DataFrame:
    """As it stands in ``ids/supervoxels.parquet``."""
    per_l2 = neurons[0].supervoxels.shape[1]
    supervoxel = np.concatenate(
        [
            *(neuron.supervoxels.ravel() for neuron in neurons),
            fragments.supervoxels,
        ]
    )
    l2_ids = np.concatenate(
        [
            *(np.repeat(neuron.l2_ids, per_l2) for neuron in neurons),
            fragments.site_l2,
        ]
    )
    now = pd.DataFrame({"supervoxel_id": supervoxel, "l2_id": l2_ids})
    found = pd.concat([now, again]).merge(objects.members_frame(), on="l2_id")
    return found[["supervoxel_id", "l2_id", "root_id"]].sort_values(
        ["supervoxel_id", "root_id"], ignore_index=True
    )
