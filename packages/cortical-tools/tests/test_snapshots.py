"""A snapshot answers as the dataset did, of what was asked to be in it."""

import json

import pandas as pd
import pytest

from cortical_tools import load_client
from cortical_tools.snapshot_folder import Snapshot

TABLES = [
    "cell_type_manual",
    "nucleus_alternative_points",
    "proofreading_status_and_strategy",
    "synapse_target_structure",
]


@pytest.fixture
def standing(dataset, neurons):
    """Roots of neurons as they are at the version."""
    cells = [neuron["cell_id"] for neuron in neurons.values()]
    return dataset.cell_id_to_root_id(cells)["root_id"].tolist()


@pytest.fixture
def roots(standing):
    return standing[:3]


def take(dataset, folder, roots, **options):
    given = {"tables": TABLES, "views": ["nucleus_detection_lookup_v1"], "progress": False}
    return dataset.snapshot(folder, roots, **(given | options))


@pytest.fixture
def offline(dataset, roots, tmp_path, make_client):
    client = load_client(take(dataset, tmp_path / "frozen", roots))
    # The tables of cells are those that the dataset was told of.
    client._lookup = dataset._lookup
    return client


def same(found, expected):
    key = "id_ref" if "id_ref" in expected else "id"
    pd.testing.assert_frame_equal(
        found.sort_values(key, ignore_index=True)[expected.columns],
        expected.sort_values(key, ignore_index=True),
    )


@pytest.mark.parametrize("name", [name for name in TABLES if name != "synapse_target_structure"])
def test_tables_are_the_same(dataset, offline, name):
    assert offline.version == dataset.version
    assert offline.version_timestamp() == dataset.version_timestamp()
    same(offline.tables[name]().query(), dataset.tables[name]().query())


def test_views_are_the_same(dataset, offline):
    view = "nucleus_detection_lookup_v1"
    same(offline.views[view]().query(), dataset.views[view]().query())


def test_synapses_with_what_is_said_of_them_are_the_same(dataset, offline, roots):
    def ask(client, **options):
        return client.query_synapses(
            roots,
            pre=True,
            post=True,
            reference_tables=["synapse_target_structure"],
            progress=False,
            **options,
        )

    assert ask(dataset)["tag"].notna().any()
    same(ask(offline), ask(dataset))
    then = dataset.version_timestamp()
    same(ask(offline, timestamp=then), ask(dataset, timestamp=then))


def test_lookups_and_roots_are_the_same(dataset, offline, roots, standing):
    cells = dataset.root_id_to_cell_id(standing)
    pd.testing.assert_frame_equal(offline.root_id_to_cell_id(standing), cells)
    ids = cells["cell_id"].tolist()
    pd.testing.assert_frame_equal(offline.cell_id_to_root_id(ids), dataset.cell_id_to_root_id(ids))
    assert offline.is_latest_roots(standing).tolist() == dataset.is_latest_roots(standing).tolist()
    # One of them was replaced after the version.
    assert not dataset.is_latest_roots(standing).all()
    old = [root for root in standing if not dataset.is_latest_roots(root)[0]]
    assert offline.latest_valid_timestamp(old).tolist() == (
        dataset.latest_valid_timestamp(old).tolist()
    )


def test_level_2_data_and_skeletons_are_the_same(dataset, offline, roots):
    for root in roots:
        ids = dataset.get_l2_ids(root)
        assert sorted(offline.get_l2_ids(root)) == sorted(ids)
        pd.testing.assert_frame_equal(offline.get_l2data(ids), dataset.get_l2data(ids))
        graphs = [
            client.cave.chunkedgraph.level2_chunk_graph(root) for client in (dataset, offline)
        ]
        assert sorted(map(sorted, graphs[0])) == sorted(map(sorted, graphs[1]))
    ready = dataset.skeletons_exist(root_ids=roots)
    assert any(ready.values())
    assert offline.skeletons_exist(root_ids=roots) == ready


def test_an_absent_level_2_id_stays_absent(dataset, neurons, tmp_path):
    root = neurons["nucleus off its segmentation"]["root_ids"][-1]
    frozen = load_client(take(dataset, tmp_path / "frozen", [root]))
    ids = dataset.get_l2_ids(root)
    pd.testing.assert_frame_equal(frozen.get_l2data(ids), dataset.get_l2data(ids))
    assert frozen.get_l2data(ids)["rep_coord_nm_x"].isna().sum() == 1


def test_what_is_there_in_part_is_never_taken_for_the_whole(dataset, offline, roots, standing):
    other = standing[3]
    held = "holds only those rows of synapses_world whose pre_pt_root_id or post_pt_root_id"
    for asked in (other, [roots[0], other]):
        with pytest.raises(OSError, match=held):
            offline.query_synapses(asked, post=True, progress=False)
        with pytest.raises(OSError, match=held):
            offline.query_synapses(
                asked, post=True, timestamp=offline.version_timestamp(), progress=False
            )
    with pytest.raises(OSError, match=held):
        offline.tables.synapses_world().query()
    with pytest.raises(OSError, match="holds only those rows of synapse_target_structure"):
        offline.tables.synapse_target_structure(tag="spine").query()
    # All of these neurons', by whichever column.
    mine = offline.query_synapses(roots, pre=True, post=True, progress=False)["id"]
    same(
        offline.tables.synapses_world(id=mine).query(),
        dataset.tables.synapses_world(id=mine).query(),
    )
    same(
        offline.tables.synapse_target_structure(pre_pt_root_id=roots).query(),
        dataset.tables.synapse_target_structure(pre_pt_root_id=roots).query(),
    )
    assert len(offline.query_synapses([], pre=True, progress=False)) == 0


def test_synapses_of_nobody_are_not_frozen(dataset, tmp_path):
    for table in ("synapses_world", "synapse_target_structure"):
        with pytest.raises(ValueError, match="synapses_world is kept for neurons"):
            dataset.snapshot(tmp_path / "frozen", tables=[table], progress=False)
    assert not (tmp_path / "frozen").exists()


def test_a_snapshot_says_where_it_is_from(dataset, roots, tmp_path):
    folder = take(dataset, tmp_path / "frozen", roots)
    said = Snapshot(folder).facts.provenance
    assert said["datastack"] == "local_world"
    assert said["version"] == 3
    assert said["root_ids"] == roots
    assert said["timestamp"] == dataset.version_timestamp().isoformat()
    assert {"cortical-tools", "caveclient"} <= set(said["packages"])
    files = json.loads((folder / "snapshot.json").read_text())["files"]
    assert all(len(one["sha256"]) == 64 for one in files.values())


def test_what_is_interrupted_goes_on_where_it_was_and_is_never_half_there(
    service, dataset, roots, tmp_path
):
    folder = tmp_path / "frozen"
    fault = service.faults.add("*/attributes", status=500)
    with pytest.raises(OSError, match="500"):
        take(dataset, folder, roots)
    assert not folder.exists()
    service.faults.remove(fault)
    service.log.clear()
    take(dataset, folder, roots)
    assert folder.is_dir()
    # No table was asked for again.
    assert [one.path for one in service.log if one.path.endswith("/query")] == []
    assert load_client(folder).get_l2_ids(roots[0]).size > 0


def test_what_was_gathered_for_something_else_is_not_used(service, dataset, roots, tmp_path):
    folder = tmp_path / "frozen"
    fault = service.faults.add("*/attributes", status=500)
    with pytest.raises(OSError, match="500"):
        take(dataset, folder, roots)
    service.faults.remove(fault)
    client = load_client(take(dataset, folder, roots[:1]))
    expected = dataset.query_synapses(roots[0], post=True, progress=False)
    same(client.query_synapses(roots[0], post=True, progress=False), expected)
    with pytest.raises(OSError, match="holds only those rows"):
        client.query_synapses(roots[1], post=True, progress=False)


def test_tables_alone_can_be_frozen(dataset, tmp_path):
    folder = dataset.snapshot(tmp_path / "frozen", tables=["nucleus_detection_v0"], progress=False)
    client = load_client(folder)
    assert client.tables.table_names == ["nucleus_detection_v0"]
    same(
        client.tables.nucleus_detection_v0().query(), dataset.tables.nucleus_detection_v0().query()
    )


def test_an_old_root_or_an_unknown_table_is_refused_before_anything_is_written(
    dataset, neurons, tmp_path
):
    with pytest.raises(ValueError, match="did not exist at version 3"):
        dataset.snapshot(tmp_path / "a", neurons["edited"]["root_ids"][:1], progress=False)
    with pytest.raises(KeyError, match="tables: the version has no nuclei"):
        dataset.snapshot(tmp_path / "b", tables=["nuclei"], progress=False)
    with pytest.raises(KeyError, match="views: the version has no nuclei"):
        dataset.snapshot(tmp_path / "b", views=["nuclei"], progress=False)
    with pytest.raises(ValueError, match="never existed, the first is 864691135639806263"):
        dataset.snapshot(tmp_path / "c", lineage_of=864691135639806263, progress=False)
    with pytest.raises(ValueError, match="0 is no root id"):
        dataset.snapshot(tmp_path / "c", lineage_of=[0], progress=False)
    assert {path.name for path in tmp_path.iterdir()} <= {".cloudvolume"}


def test_a_folder_that_is_there_is_left_alone(dataset, tmp_path):
    (tmp_path / "mine").mkdir()
    with pytest.raises(ValueError, match="exists already"):
        dataset.snapshot(tmp_path / "mine", tables=["nucleus_detection_v0"], progress=False)


def test_neurons_are_gathered_one_by_one_and_none_of_them_twice(service, dataset, roots, tmp_path):
    folder = tmp_path / "frozen"
    stuck = service.faults.add(f"*/node/{roots[2]}/lvl2_graph", status=500)
    with pytest.raises(OSError, match="500"):
        take(dataset, folder, roots)
    service.faults.remove(stuck)
    stuck = service.faults.add("*/get_cached_skeletons/*", status=500)
    service.log.clear()
    with pytest.raises(OSError, match="500"):
        take(dataset, folder, roots)
    asked = [one.path for one in service.log if "/lvl2_graph" in one.path]
    assert [path.split("/")[-2] for path in asked] == [str(roots[2])]
    service.faults.remove(stuck)
    service.log.clear()
    client = load_client(take(dataset, folder, roots))
    # All that is asked again is whether these are roots of the version.
    graph = [one.path.split("/")[-1] for one in service.log if "/segmentation/" in one.path]
    assert graph == ["is_latest_roots"]
    assert not (folder / "steps").exists()
    for root in roots:
        ids = dataset.get_l2_ids(root)
        pd.testing.assert_frame_equal(client.get_l2data(ids), dataset.get_l2data(ids))


def test_meshes_are_kept_where_they_are_wanted(service, dataset, roots, tmp_path):
    pytest.importorskip("cloudvolume")
    frozen = load_client(take(dataset, tmp_path / "frozen", roots, meshes=True))
    with pytest.raises(LookupError, match="404"):
        dataset.mesh.get_mesh(roots[0])
    with pytest.raises(LookupError, match="404 Client Error"):
        frozen.mesh.get_mesh(roots[0])
    for root in roots[1:]:
        before = dataset.mesh.get_mesh(root)
        service.log.clear()
        after = frozen.mesh.get_mesh(root)
        assert not service.log
        assert len(after.faces) == len(before.faces) > 0
        assert corners(after) == corners(before)
    other = dataset.cell_id_to_root_id(206054)["root_id"].item()
    with pytest.raises(LookupError, match="400 Client Error"):
        frozen.mesh.get_mesh(other)
    without = load_client(take(dataset, tmp_path / "without", roots))
    with pytest.raises(LookupError, match="404 Client Error"):
        without.mesh.get_mesh(roots[0])


def corners(mesh):
    """The corners of every face, the faces in a definite order."""
    return sorted(mesh.vertices[mesh.faces].reshape(-1, 9).tolist())
