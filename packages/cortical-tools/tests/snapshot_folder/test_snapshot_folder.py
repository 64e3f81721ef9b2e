"""Snapshot folders: what is written is what is read, wholly or not at all."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from cortical_tools.errors import SnapshotError
from cortical_tools.snapshot_folder import Facts, Snapshot, SnapshotWriter, Version, layout

IDS = [864691135639806263, 864691135639806265]


@pytest.fixture
def facts():
    return Facts(
        datastack_name="tiny",
        record={"aligned_volume": {"name": "nowhere"}},
        versions=(
            Version(2, datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)),
            Version(
                1, datetime(2023, 1, 1, 0, 0, 0, 5, UTC), datetime(2024, 1, 1, tzinfo=UTC), False
            ),
        ),
        tables={"cells": {"schema": "cell"}},
        graphene={"graph": {}},
        graphene_table="tiny_v1",
        provenance={"by": "a test"},
    )


@pytest.fixture
def folder(tmp_path, facts):
    writer = SnapshotWriter(tmp_path / "snap")
    writer.add_table("cells", pd.DataFrame({"id": IDS, "cell_type": ["a", None]}))
    writer.add_table("cells", pd.DataFrame({"id": IDS[:1], "cell_type": ["b"]}), version=2)
    writer.add_skeleton(IDS[0], {"vertices": [[1.5, 2, 3]], "lvl2_ids": IDS})
    return writer.finish(facts)


def test_facts_come_back_with_versions_in_order(folder, facts):
    found = Snapshot(folder).facts
    assert [version.number for version in found.versions] == [1, 2]
    assert found.versions[0] == facts.versions[1]
    assert found.tables == facts.tables
    assert found.provenance == {"by": "a test"}


def test_ids_stay_64_bit_integers_with_gaps_beside_them(tmp_path, facts):
    frame = pd.DataFrame({"id": pd.array([*IDS, None], dtype="Int64"), "n": np.int32([1, 2, 3])})
    writer = SnapshotWriter(tmp_path / "snap")
    writer.add_table("cells", frame)
    found = Snapshot(writer.finish(facts)).frame("tables/cells/all.parquet")
    pd.testing.assert_frame_equal(found, frame.astype({"n": "Int32"}))


def test_rows_of_a_version_go_before_rows_of_all(folder):
    snapshot = Snapshot(folder)
    rows, is_of_version = snapshot.rows(layout.TABLES, "cells", 2)
    assert (rows["cell_type"].tolist(), is_of_version) == (["b"], True)
    rows, is_of_version = snapshot.rows(layout.TABLES, "cells", 1)
    assert (rows["id"].tolist(), is_of_version) == (IDS, False)


def test_nothing_is_there_before_it_is_finished(tmp_path, facts):
    writer = SnapshotWriter(tmp_path / "snap")
    writer.add_bytes("states/1.json", b"{}")
    assert not (tmp_path / "snap").exists()
    writer.finish(facts)
    assert (tmp_path / "snap" / "states" / "1.json").read_bytes() == b"{}"
    assert [path.name for path in tmp_path.iterdir()] == ["snap"]


def test_an_interrupted_snapshot_can_be_resumed_or_begun_anew(tmp_path):
    SnapshotWriter(tmp_path / "snap").add_bytes("states/1.json", b"{}")
    again = SnapshotWriter(tmp_path / "snap", resume=True)
    assert again.has("states/1.json")
    assert not again.has("states/2.json")
    assert not SnapshotWriter(tmp_path / "snap").has("states/1.json")


def test_a_folder_that_exists_is_left_alone(folder):
    with pytest.raises(SnapshotError, match="exists already"):
        SnapshotWriter(folder)


def test_the_same_contents_make_the_same_bytes(tmp_path, facts):
    made = []
    for name in ("one", "two"):
        writer = SnapshotWriter(tmp_path / name)
        writer.add_table("cells", pd.DataFrame({"id": IDS}))
        writer.add_skeleton(1, {"vertices": []})
        folder = writer.finish(facts)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        made.append([(path.relative_to(folder), path.read_bytes()) for path in files])
    assert made[0] == made[1]


def test_a_whole_folder_has_no_damage_and_a_changed_one_names_it(folder):
    snapshot = Snapshot(folder)
    assert list(snapshot.damage()) == []
    (folder / layout.skeleton_of(IDS[0])).write_bytes(b"other")
    (folder / "tables" / "cells" / "all.parquet").unlink()
    damage = "\n".join(snapshot.damage())
    assert f"skeletons/{IDS[0]}.json.gz is not what was written" in damage
    assert "tables/cells/all.parquet is missing" in damage


def test_members_with_fixed_columns_may_be_missing_but_not_their_columns(folder, tmp_path):
    assert list(Snapshot(folder).frame(layout.ROOTS)) == ["root_id", "created", "replaced"]
    with pytest.raises(SnapshotError, match=r"ids/roots.parquet needs.*'created', 'replaced'"):
        SnapshotWriter(tmp_path / "other").add_frame(layout.ROOTS, pd.DataFrame({"root_id": IDS}))


def test_a_member_that_is_not_there_is_named(folder):
    with pytest.raises(SnapshotError, match=r"tables/none/v2.parquet nor tables/none/all.parquet"):
        Snapshot(folder).rows(layout.TABLES, "none", 2)
    with pytest.raises(SnapshotError, match=r"has no level2/attributes.parquet"):
        Snapshot(folder).frame(layout.ATTRIBUTES)


def test_objects_with_skeletons_are_known_by_id(folder):
    assert Snapshot(folder).skeleton_ids == {IDS[0]}
    assert Snapshot(folder).mesh_ids == frozenset()


def _rewrite(folder, change):
    path = folder / layout.FACTS
    found = json.loads(path.read_bytes())
    change(found)
    path.write_text(json.dumps(found))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(lambda f: f.pop("format"), "does not say that it is", id="another JSON"),
        pytest.param(
            lambda f: f.update(format_version="2.0"), "format 2.0; this .* reads 1.x", id="newer"
        ),
        pytest.param(
            lambda f: (f.pop("record"), f.pop("graphene")), "lacks record, graphene", id="parts"
        ),
    ],
)
def test_facts_that_cannot_be_used_say_why(folder, change, message):
    _rewrite(folder, change)
    with pytest.raises(SnapshotError, match=message):
        Snapshot(folder)


def test_what_is_no_snapshot_is_refused(tmp_path):
    with pytest.raises(SnapshotError, match=r"has no snapshot.json"):
        Snapshot(tmp_path)
    (tmp_path / layout.FACTS).write_text("{")
    with pytest.raises(SnapshotError, match="is not JSON"):
        Snapshot(tmp_path)
