"""A snapshot, ready to answer: what is derived from it once and asked for often."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pandas as pd

from cortical_tools.local.answers import Refusal
from cortical_tools.local.held_ids import HeldIds
from cortical_tools.local.history import IdHistory, IntArray, instant
from cortical_tools.local.level2 import Level2Data
from cortical_tools.local.mesh_files import MeshFiles
from cortical_tools.local.segmentation_files import SegmentationFiles
from cortical_tools.local.tables import Lookup, at_moment, of_version
from cortical_tools.snapshot_folder import Facts, Snapshot, Version, layout

# Clients ask about the last moment of what stands at a version's time by a millisecond before it.
_CLIENTS_TAKE_OFF = 1_000_000
_FIRST_NEW_ID = 5_000_000_000_000_001


@dataclass
class Uploads:
    """What clients have sent in: kept while the service runs, never written to the folder."""

    states: dict[int, Any] = field(default_factory=dict)
    properties: dict[int, Any] = field(default_factory=dict)
    annotations: dict[str, dict[int, Any]] = field(default_factory=dict)
    # `next` on a counter is one step, whichever threads take it.
    new_ids: Iterator[int] = field(default_factory=lambda: itertools.count(_FIRST_NEW_ID))
    lock: threading.Lock = field(default_factory=threading.Lock)


class ServedSnapshot:
    """A snapshot and what is derived from it.

    Parameters
    ----------
    snapshot
        Never changed.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.facts: Facts = snapshot.facts
        self.uploads: Uploads = Uploads()
        # Building the history twice at once would take twice the memory.
        self._lock = threading.Lock()

    @cached_property
    def history(self) -> IdHistory:
        """The id history."""
        with self._lock:
            return self.__dict__.get("history") or IdHistory(self.snapshot)

    @cached_property
    def ids(self) -> HeldIds:
        """The id history, as far as it is held."""
        return HeldIds(self.snapshot, self.history)

    @cached_property
    def level2(self) -> Level2Data:
        """Level-2 attributes and edges."""
        return Level2Data(self.snapshot)

    @cached_property
    def meshes(self) -> MeshFiles:
        """The files of meshes."""
        return MeshFiles(self.snapshot)

    @cached_property
    def voxels(self) -> SegmentationFiles:
        """The files of voxels."""
        return SegmentationFiles(self.snapshot, self.meshes, self.level2)

    def version(self, text: str) -> Version:
        """A version that may be queried.

        Raises
        ------
        Refusal
            404 if there is no such version, 410 if it has expired.
        """
        found = self.known_version(text)
        if not found.valid:
            raise Refusal(410, "This materialization version is not available")
        return found

    def known_version(self, text: str) -> Version:
        """A version, expired or not; `Refusal` with 404 if there is none."""
        for version in self.facts.versions:
            if str(version.number) == text:
                return version
        raise Refusal(404, f"version {text} not found in {self.facts.datastack_name}")

    def absent(self, what: str, name: str) -> Refusal:
        """What is said of a table or view that is not there."""
        if self.facts.held is None:
            return Refusal(404, f"{what} {name} not found in {self.facts.datastack_name}")
        return Refusal(
            404, f"the snapshot does not hold {what} {name}; take it with it among its {what}s"
        )

    def check_datastack(self, name: str) -> None:
        """Refuse with 404 what is another datastack."""
        if name != self.facts.datastack_name:
            raise Refusal(404, f"datastack {name} not found")

    def rows(self, kind: str, name: str, version: Version) -> pd.DataFrame:
        """The rows of a table or view in a version; not to be changed."""
        catalogue = self.facts.tables if kind == layout.TABLES else self.facts.views
        if name not in catalogue:
            raise self.absent("table" if kind == layout.TABLES else "view", name)
        return self._rows(kind, name, version)

    @lru_cache(maxsize=64)  # noqa: B019 - lives as long as its server
    def _rows(self, kind: str, name: str, version: Version) -> pd.DataFrame:
        rows, is_of_version = self.snapshot.rows(kind, name, version.number)
        return of_version(rows, is_of_version, version, self._lookup)

    def live_rows(self, name: str, moment: int) -> tuple[pd.DataFrame, pd.Series]:
        """The rows of a table at a moment, and which of them await the lookup of a supervoxel.

        They are not to be changed.
        """
        if name not in self.facts.tables:
            raise self.absent("table", name)
        return self._live_rows(name, moment)

    @lru_cache(maxsize=16)  # noqa: B019 - lives as long as its server
    def _live_rows(self, name: str, moment: int) -> tuple[pd.DataFrame, pd.Series]:
        if self.facts.held is None:
            rows, _ = self.snapshot.rows(layout.TABLES, name, self._version_for(moment).number)
            return at_moment(rows, moment, self._lookup)
        return at_moment(self._frozen_rows(name, moment, self.facts.held.taken), moment, _nowhere)

    def _frozen_rows(self, name: str, moment: int, taken: datetime) -> pd.DataFrame:
        """The rows of a table at a moment at which the dataset was asked for them."""
        live = self.snapshot.path(layout.live_rows_of(name))
        if live is not None and moment >= instant(taken):
            return self.snapshot.frame(layout.live_rows_of(name))
        for version in self.facts.versions:
            stamp, changes = instant(version.time_stamp), self.history.events
            # What was edited in between had other roots before.
            is_same = not ((moment < changes) & (changes <= stamp)).any()
            if stamp - _CLIENTS_TAKE_OFF <= moment <= stamp and is_same:
                return self.snapshot.rows(layout.TABLES, name, version.number)[0]
        versions = " and ".join(
            f"version {one.number} ({one.time_stamp:%Y-%m-%d %H:%M:%S.%f} UTC)"
            for one in self.facts.versions
        )
        when = f"{pd.Timestamp(moment, tz='UTC'):%Y-%m-%d %H:%M:%S.%f}"
        now = f" and of {taken:%Y-%m-%d %H:%M:%S.%f} UTC and later" if live else ""
        raise Refusal(
            400,
            f"the snapshot does not hold {name} of {when} UTC, but of {versions}{now}. Ask for the "
            "version, give timestamp=client.version_timestamp(), or pin the client with "
            "materialization_version.",
        )

    def _version_for(self, moment: int) -> Version:
        """The newest version up to a moment, else the one after it."""
        usable = [version for version in self.facts.versions if version.valid]
        if not usable:
            raise Refusal(400, "no materialization version is available")
        stamps = [instant(version.time_stamp) for version in usable]
        before = [version for version, stamp in zip(usable, stamps, strict=True) if stamp <= moment]
        return before[-1] if before else usable[0]

    @property
    def _lookup(self) -> Lookup:
        return lambda supervoxels, moment: self.history.roots_at(supervoxels, moment)


def _nowhere(supervoxels: IntArray, moment: int) -> IntArray:
    """No root for any supervoxel: rows keep those that they came with."""
    return np.zeros(len(supervoxels), dtype=np.int64)
