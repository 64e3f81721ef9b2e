"""The world of synthetic neurons: what it holds, and that the one in the tests is what is made."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from cortical_tools.cli import app
from cortical_tools.errors import SnapshotError
from cortical_tools.local import make_world
from cortical_tools.local.world import plan
from cortical_tools.snapshot_folder import Snapshot

DATA = Path(__file__).parents[1] / "packages" / "cortical-tools" / "tests" / "data"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Ten neurons: one for each history, and two that were never touched."""
    return Snapshot(make_world(tmp_path_factory.mktemp("made") / "world", 10, n_vertices=300))


@pytest.fixture(scope="module")
def neurons(world):
    return {neuron["history"]: neuron for neuron in world.facts.provenance["neurons"]}


@pytest.fixture(scope="module")
def members(world):
    return world.frame("ids/level2.parquet").groupby("root_id")["l2_id"].agg(set)


def _script():
    spec = importlib.util.spec_from_file_location("small", DATA / "make_small_world.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_small_world_of_the_tests_is_what_its_script_makes(tmp_path):
    made, kept = Snapshot(_script().make_small_world(tmp_path)), Snapshot(DATA / "small_world")
    assert made.facts == kept.facts
    # Other versions of pyarrow and zlib write other bytes for the same rows and skeletons.
    files = {path.relative_to(made.folder) for path in made.folder.rglob("*.parquet")}
    assert files == {path.relative_to(kept.folder) for path in kept.folder.rglob("*.parquet")}
    for file in files:
        pd.testing.assert_frame_equal(made.frame(str(file)), kept.frame(str(file)))
    assert made.skeleton_ids == kept.skeleton_ids


def test_the_small_world_is_small_and_whole():
    kept = Snapshot(DATA / "small_world")
    assert list(kept.damage()) == []
    sizes = [path.stat().st_size for path in kept.folder.rglob("*") if path.is_file()]
    assert sum(sizes) < 300_000


def test_another_seed_makes_another_world(world, tmp_path):
    other = Snapshot(make_world(tmp_path / "other", 8, seed=1, n_vertices=60))
    assert not set(other.frame("ids/roots.parquet")["root_id"]) & set(
        world.frame("ids/roots.parquet")["root_id"]
    )


def test_every_object_has_its_level_2_ids_to_itself_at_any_time(world, members):
    lives = world.frame("ids/roots.parquet").set_index("root_id")
    events = pd.concat([lives["created"], lives["replaced"].dropna()]).unique()
    for event in events:
        alive = lives.index[(lives["created"] <= event) & ~(lives["replaced"] <= event)]
        here = [one for root in alive for one in members[root]]
        assert len(here) == len(set(here))


def test_an_edit_moves_level_2_ids_and_loses_only_those_it_renews(world, members):
    lineage = world.frame("ids/lineage.parquet")
    renewed = []
    for _, edit in lineage.groupby("operation_id"):
        before = set().union(*(members[root] for root in edit["old_root_id"]))
        after = set().union(*(members[root] for root in edit["new_root_id"]))
        renewed.append(len(before - after))
        assert len(before) == len(after)
    assert sorted(renewed) == [0] * (len(renewed) - 1) + [1]


def test_ids_say_their_layer_and_lie_beyond_what_floats_hold(world, members):
    roots = world.frame("ids/roots.parquet")["root_id"].to_numpy(np.int64)
    supervoxels = world.frame("ids/supervoxels.parquet")["supervoxel_id"].to_numpy(np.int64)
    l2_ids = world.frame("ids/level2.parquet")["l2_id"].to_numpy(np.int64)
    assert set(roots >> 56) == {12}
    assert set(supervoxels >> 56) == {1}
    assert set(l2_ids >> 56) == {2}
    assert min(roots.min(), supervoxels.min(), l2_ids.min()) > 2**53


def test_some_chunks_hold_one_level_2_id_of_a_neuron_and_some_more(members, neurons):
    l2_ids = np.array(sorted(members[neurons["never touched"]["root_ids"][0]]))
    _, counts = np.unique(l2_ids >> 26, return_counts=True)
    assert {1, 2} <= set(counts.tolist())


def test_level_2_points_lie_in_the_chunk_that_their_id_names(world):
    table = world.frame("level2/attributes.parquet")
    ids = table["l2_id"].to_numpy(np.int64)
    points = table[[f"rep_coord_nm_{axis}" for axis in "xyz"]].to_numpy(float)
    chunks = plan.chunks()
    low = (chunks.offset + chunks.place(ids, 2) * chunks.size) * np.array(plan.RESOLUTION)
    inside = (points >= low) & (points < low + chunks.size * np.array(plan.RESOLUTION))
    assert inside.all()


def test_neighbours_in_the_level_2_graph_lie_in_different_chunks(world):
    edges = world.frame("level2/edges.parquet").to_numpy(np.int64)
    assert (edges[:, 0] >> 26 != edges[:, 1] >> 26).all()


def test_neurons_touch_one_another_themselves_and_fragments(world, neurons):
    synapses = world.frame("tables/synapses_world/all.parquet")
    owner = world.frame("ids/supervoxels.parquet").drop_duplicates("supervoxel_id", keep="last")
    l2_of = owner.set_index("supervoxel_id")["l2_id"]
    cell_of = {
        l2_id: number
        for number, neuron in enumerate(world.facts.provenance["neurons"])
        for l2_id in json.loads(_unzipped(world, neuron["root_ids"][-1]))["lvl2_ids"]
    }
    pre = synapses["pre_pt_supervoxel_id"].map(l2_of).map(cell_of)
    post = synapses["post_pt_supervoxel_id"].map(l2_of).map(cell_of)
    both = pre.notna() & post.notna()
    assert (both & (pre == post)).sum() == 4
    assert (both & (pre != post)).sum() > 0
    assert (pre.notna() ^ post.notna()).sum() > 0


def _unzipped(world, root):
    import gzip

    return gzip.decompress(world.read(f"skeletons/{root}.json.gz"))


def test_skeletons_have_the_level_2_ids_of_their_root_then_and_now(world, neurons, members):
    first, second = neurons["merged"]["root_ids"]
    skeletons = [json.loads(_unzipped(world, root)) for root in (first, second)]
    for root, skeleton in zip((first, second), skeletons, strict=True):
        count = len(skeleton["vertices"])
        assert skeleton["meta"]["root_id"] == root
        assert set(skeleton["lvl2_ids"]) == members[root]
        assert len(skeleton["mesh_to_skel_map"]) == len(skeleton["lvl2_ids"])
        assert max(skeleton["mesh_to_skel_map"]) < count
        children = [child for child, _ in skeleton["edges"]]
        assert sorted([*children, skeleton["root"]]) == list(range(count))
    assert len(skeletons[0]["vertices"]) < len(skeletons[1]["vertices"])


def test_a_world_has_a_neuron_for_each_history(tmp_path):
    with pytest.raises(SnapshotError, match=r"8 cells or more.*got 7"):
        make_world(tmp_path / "world", 7)
    assert list(tmp_path.iterdir()) == []


def test_a_world_does_not_overwrite(world):
    with pytest.raises(SnapshotError, match="exists already"):
        make_world(world.folder, 8, n_vertices=60)


# standard_transform renames what the documents call by its old name.
@pytest.mark.filterwarnings("ignore:Dataset.transform_nm is deprecated:DeprecationWarning")
# caveclient inverts a bool bit by bit.
def test_the_demo_shows_what_every_call_returned(tmp_path):
    arguments = ["demo", "--n-cells", "8", "--n-vertices", "60", "-o", str(tmp_path / "world")]
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    assert "Error" not in done.stdout
    assert done.stdout.count(">>> ") > 20
    assert ">>> cell_id_df = client.root_id_to_cell_id(root_ids)" in done.stdout
    for step in (
        "compute_vertex_to_l2_mapping(root_id)",
        "exports.available_data_df()",
        "get_mesh(",
    ):
        assert step in done.stdout
    assert (tmp_path / "world" / "snapshot.json").is_file()
