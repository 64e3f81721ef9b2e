"""An object that answers like a CAVEclient, from tables in memory.

The client itself needs CAVE's packages, which ossify has to do without, and a server; what is
tested here is what becomes of the answers. The same over HTTP and with the client is in
``tests-integration``.
"""

from __future__ import annotations

import copy
import datetime as dt
import json
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

import ossify

LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
BEFORE = dt.datetime(2024, 1, 15, 12, tzinfo=dt.UTC)
NOW = dt.datetime(2025, 7, 1, 12, tzinfo=dt.UTC)
MILLISECOND = dt.timedelta(milliseconds=1)

_AXES = "xyz"
_FIRST_SUPERVOXEL = 90_000_000_000_000_000


@dataclass(repr=False)
class Root:
    """What CAVE knows of one root: a skeleton, level-2 vertices and edges, and when it is valid."""

    root_id: int
    skeleton: dict[str, object]
    level2: dict[int, dict[str, object]]
    edges: list[list[int]]
    first: dt.datetime = LONG_AGO
    last: dt.datetime | None = None

    def is_valid(self, when: dt.datetime) -> bool:
        return self.first <= when and (self.last is None or when < self.last)


@dataclass(repr=False)
class Cave:
    """Answers like a CAVEclient. What it is asked is in `asked`, by the name of the call.

    For it the time is `now`, and it is set to a materialization of `before`.
    """

    now: ClassVar[dt.datetime] = NOW
    before: ClassVar[dt.datetime] = BEFORE

    roots: dict[int, Root] = field(default_factory=dict)
    synapses: pd.DataFrame = field(default_factory=pd.DataFrame)
    l2_of_supervoxel: dict[int, int] = field(default_factory=dict)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    row_cap: int | None = None
    says_that_it_caps: bool = True
    asked: list[tuple[str, object]] = field(default_factory=list)
    datastack_name: str = "minnie65_public"
    local_server: str = "https://cave.test"

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self.skeleton = SimpleNamespace(
            get_skeleton=self.get_skeleton, fetch_skeletons=self.fetch_skeletons
        )
        self.chunkedgraph = SimpleNamespace(
            get_root_timestamps=self.get_root_timestamps,
            is_latest_roots=self.is_latest_roots,
            get_roots=self.get_roots,
            level2_chunk_graph=self.level2_chunk_graph,
        )
        self.l2cache = SimpleNamespace(get_l2data=self.get_l2data)
        self.materialize = SimpleNamespace(
            synapse_table="synapses",
            tables={"synapses": self.synapse_rows},
            live_live_query=self.live_live_query,
            get_timestamp=lambda: BEFORE,
        )

    def note(self, call: str, about: object) -> None:
        with self._lock:
            self.asked.append((call, about))

    def count(self, call: str) -> int:
        return sum(name == call for name, _ in self.asked)

    def get_skeleton(
        self, root_id: int, skeleton_version: int = 4, output_format: str = "dict"
    ) -> dict[str, object]:
        self.note("get_skeleton", (root_id, skeleton_version, output_format))
        return copy.deepcopy(self.roots[root_id].skeleton)

    def fetch_skeletons(
        self, root_ids: Sequence[int], **kwargs: object
    ) -> dict[str, dict[str, object]]:
        self.note("fetch_skeletons", (list(root_ids), kwargs))
        return {
            str(root_id): copy.deepcopy(self.roots[root_id].skeleton)
            for root_id in root_ids
            if self.roots[root_id].skeleton
        }

    def get_root_timestamps(self, root_ids: Sequence[int], latest: bool = False) -> object:
        self.note("get_root_timestamps", list(root_ids))
        assert latest
        return np.array([(self.roots[root].last or NOW) - MILLISECOND for root in root_ids])

    def is_latest_roots(
        self, root_ids: Sequence[int], timestamp: dt.datetime | None = None
    ) -> object:
        self.note("is_latest_roots", (list(root_ids), timestamp))
        return np.array(
            [
                root in self.roots and self.roots[root].is_valid(timestamp or NOW)
                for root in root_ids
            ]
        )

    def get_roots(
        self, supervoxel_ids: object, stop_layer: int, timestamp: dt.datetime
    ) -> np.ndarray:
        assert stop_layer == 2
        self.note("get_roots", timestamp)
        ids = np.asarray(supervoxel_ids)
        return np.array([self.l2_of_supervoxel[int(i)] for i in ids], dtype=np.uint64)

    def level2_chunk_graph(self, root_id: int) -> list[list[int]]:
        self.note("level2_chunk_graph", root_id)
        return self.roots[root_id].edges

    def get_l2data(
        self, l2_ids: Sequence[int], attributes: Sequence[str] | None = None
    ) -> dict[str, dict[str, object]]:
        """As servers send it: sorted, each id once, nothing for ids that the cache lacks."""
        self.note("get_l2data", attributes)
        known: dict[int, dict[str, object]] = {}
        for root in self.roots.values():
            known.update(root.level2)
        return {
            str(l2_id): {
                name: value
                for name, value in known.get(l2_id, {}).items()
                if attributes is None or name in attributes
            }
            for l2_id in sorted(set(l2_ids))
        }

    def synapse_rows(self, **column: int) -> SimpleNamespace:
        def live_query(timestamp: dt.datetime, **kwargs: object) -> pd.DataFrame:
            assert kwargs["split_positions"]
            assert kwargs["desired_resolution"] == [1, 1, 1]
            self.note("live_query", (column, timestamp))
            [(name, value)] = column.items()
            return self.rows(self.synapses, name, [value])

        return SimpleNamespace(live_query=live_query)

    def live_live_query(
        self,
        table: str,
        timestamp: dt.datetime,
        filter_in_dict: dict[str, dict[str, list[int]]],
        **kwargs: object,
    ) -> pd.DataFrame:
        assert kwargs["split_positions"]
        assert kwargs["desired_resolution"] == [1, 1, 1]
        [(column, ids)] = filter_in_dict[table].items()
        self.note(f"query {table}", (column, ids, timestamp))
        return self.rows(self.synapses if table == "synapses" else self.tables[table], column, ids)

    def rows(self, frame: pd.DataFrame, column: str, ids: list[int]) -> pd.DataFrame:
        # Servers take an empty list for no filter, and send the whole table.
        assert ids
        rows = frame[frame[column].isin(ids)]
        if self.row_cap is not None and len(rows) > self.row_cap:
            rows = rows[: self.row_cap]
            if self.says_that_it_caps:
                logging.getLogger("caveclient.base").warning(
                    '201 - "Limited query to %d rows', self.row_cap
                )
        return as_sent(rows)


def as_sent(rows: pd.DataFrame) -> pd.DataFrame:
    """Nullable columns, as servers send them."""
    kinds = {name: "Int64" for name in rows.columns if rows[name].dtype.kind in "iu"}
    return rows.reset_index(drop=True).astype(kinds)


def as_answers(frame: pd.DataFrame) -> dict[int, dict[str, object]]:
    """A table of level-2 attributes, split as a CAVEclient splits it, as the cache sends it."""
    answers: dict[int, dict[str, object]] = {}
    scalars = [
        name for name in ("area_nm2", "size_nm3", "max_dt_nm", "mean_dt_nm") if name in frame
    ]
    points = frame[[f"rep_coord_nm_{axis}" for axis in _AXES]].to_numpy()
    for row, l2_id in enumerate(frame.index.tolist()):
        answer = {name: frame[name].iat[row].item() for name in scalars}
        answers[l2_id] = {**answer, "rep_coord_nm": points[row].astype(int).tolist()}
    return answers


def add_cell(cave: Cave, cell: ossify.Cell) -> int:
    """Let it answer for an example cell too."""
    graph, skeleton = cell.graph, cell.skeleton
    order = np.argsort(graph.vertex_index)
    owner = cell.linkage.tables["graph", "skeleton"].rows[order]
    cave.roots[cell.name] = Root(
        cell.name,
        {
            "vertices": skeleton.vertices.tolist(),
            "edges": skeleton.edges_positional.tolist(),
            "root": int(skeleton.root_positional),
            "radius": skeleton.get_feature("radius").tolist(),
            "compartment": skeleton.get_feature("compartment").tolist(),
            "lvl2_ids": graph.vertex_index[order].tolist(),
            "mesh_to_skel_map": owner.tolist(),
            "meta": {"root_id": cell.name, "skeleton_version": 4},
        },
        as_answers(graph.nodes),
        graph.edges.tolist(),
    )
    for side in ("pre", "post"):
        frame = cell.annotations[f"{side}_syn"].nodes.reset_index()
        # All example cells number their synapses alike.
        frame["id"] += 1_000_000 * (len(cave.roots) - 1)
        add_synapses(cave, frame, side, cell.name)
    return cell.name


def add_synapses(cave: Cave, frame: pd.DataFrame, side: str, root_id: int) -> None:
    """Rows of the synapse table of one root, with positions for all points and supervoxels."""
    other = "post" if side == "pre" else "pre"
    first = _FIRST_SUPERVOXEL + 1000 * len(cave.synapses)
    frame = frame.assign(**{f"{side}_pt_root_id": root_id}).reset_index(drop=True)
    for offset, name in enumerate((side, other)):
        column = f"{name}_pt_supervoxel_id"
        if column not in frame:
            frame[column] = first + 1000 * frame.index.to_numpy() + offset
        for axis in _AXES:
            if f"{name}_pt_position_{axis}" not in frame:
                frame[f"{name}_pt_position_{axis}"] = frame[f"ctr_pt_position_{axis}"] + 40
    l2_ids = frame.pop(f"{side}_pt_l2_id").astype(np.int64)
    cave.l2_of_supervoxel.update(
        zip(frame[f"{side}_pt_supervoxel_id"].tolist(), l2_ids.tolist(), strict=True)
    )
    rows = pd.concat([cave.synapses, frame]) if len(cave.synapses) else frame
    cave.synapses = rows.drop_duplicates("id").reset_index(drop=True)


@pytest.fixture(scope="session")
def example_cave() -> Cave:
    cave = Cave()
    for seed in range(3):
        add_cell(cave, ossify.example_cell(200, seed))
    return cave


@pytest.fixture
def cave(example_cave: Cave) -> Cave:
    """It answers for three example cells."""
    return Cave(
        copy.deepcopy(example_cave.roots),
        example_cave.synapses.copy(),
        dict(example_cave.l2_of_supervoxel),
    )


@pytest.fixture
def root(cave: Cave) -> int:
    """The first of its cells."""
    return next(iter(cave.roots))


@pytest.fixture
def crowded_cave() -> Cave:
    """It answers for forty example cells."""
    cave = Cave()
    for seed in range(40):
        add_cell(cave, ossify.example_cell(50, seed))
    return cave


@pytest.fixture
def real_cave(real_data: Path) -> Cave:
    """It answers for a real neuron as CAVE did."""
    folder = real_data / "microns_864691135101289504"
    cave = Cave()
    root_id = json.loads((folder / "root_id.json").read_text())
    cave.roots[root_id] = Root(
        root_id,
        json.loads((folder / "skel.json").read_text()),
        as_answers(pd.read_feather(folder / "l2properties.feather")),
        json.loads((folder / "l2graph.json").read_text()),
    )
    for side in ("pre", "post"):
        add_synapses(cave, pd.read_feather(folder / f"{side}_l2.feather"), side, root_id)
    return cave
