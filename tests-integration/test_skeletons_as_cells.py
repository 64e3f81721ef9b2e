"""Skeletons as cells, by the real caveclient over real HTTP."""

from __future__ import annotations

import re
import sys
from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pytest

import ossify
from cortical_tools.errors import MissingExtraError, NotConfiguredError
from ossify.errors import CaveDataError, CaveDataWarning, IncompleteAnswerError
from ossify.testing import assert_cells_equal


@pytest.fixture
def root(neurons):
    """A root that has synapses onto itself."""
    return neurons["edited"]["root_ids"][-1]


def test_a_cell_has_skeleton_level_2_graph_and_synapses(dataset, root):
    cell = dataset.get_skeleton(root)
    assert cell.name == root
    assert (cell.units, cell.space) == ("nm", None)
    assert cell.skeleton.feature_names == ["compartment", "radius"]
    assert cell.graph.nodes.index.name == "l2_id"
    assert cell.graph.edges.shape == (0, 2)
    assert {"area_nm2", "size_nm3", "max_dt_nm", "pca_0_x"} <= set(cell.graph.feature_names)
    assert cell.anno.pre_syn.n_vertices == cell.annotations.pre_syn.n_vertices > 0
    assert cell.annotations.post_syn.is_fully_mapped_to("skeleton")
    assert cell.meta["datastack"] == dataset.datastack_name
    assert abs(cell.meta["timestamp"] - datetime.now(UTC)).total_seconds() < 600


def test_synapses_are_those_of_the_table(dataset, root):
    cell = dataset.get_skeleton(root, include_partner_root_id=True)
    table = dataset.query_synapses([root], pre=True, post=True, live=True, progress=False)
    for side in ("pre", "post"):
        expected = table[table[f"{side}_pt_root_id"] == root].set_index("id")
        synapses = cell.annotations[f"{side}_syn"]
        assert sorted(synapses.vertex_index) == sorted(expected.index)
        columns = [f"ctr_pt_position_{axis}" for axis in "xyz"]
        in_order = expected.loc[synapses.vertex_index]
        np.testing.assert_array_equal(synapses.vertices, in_order[columns])
        other = "post_pt_root_id" if side == "pre" else "pre_pt_root_id"
        assert synapses.get_feature(other).dtype == np.int64
        np.testing.assert_array_equal(synapses.get_feature(other), in_order[other])


def test_level_2_attributes_are_those_of_the_cache(dataset, root):
    graph = dataset.get_skeleton(root, synapses=False, restore_graph=True).graph
    data = dataset.get_l2data(graph.vertex_index)
    np.testing.assert_array_equal(data.index, graph.vertex_index)
    for name in graph.feature_names:
        np.testing.assert_array_equal(
            graph.get_feature(name).astype(float), data[name].astype(float), err_msg=name
        )
    assert len(graph.edges) > 0
    bare = dataset.get_skeleton(root, synapses=False, restore_properties=False).graph
    assert bare.feature_names == []
    np.testing.assert_array_equal(bare.vertices, graph.vertices)


def test_saved_and_loaded_a_cell_is_the_same(dataset, root, tmp_path):
    cell = dataset.get_skeleton(root, reference_tables="synapse_target_structure")
    ossify.save_cell(cell, tmp_path / "cell.osy")
    assert_cells_equal(ossify.load_cell(tmp_path / "cell.osy"), cell)


@pytest.mark.parametrize(
    "tables",
    [
        {"reference_tables": ["synapse_target_structure"]},
        {"reference_tables": "synapse_target_structure"},
        {"synapse_reference_tables": {"synapse_target_structure": None}},
        {"synapse_reference_tables": {"post": "synapse_target_structure", "pre": []}},
    ],
    ids=["several", "one", "a dict of tables", "a dict of sides"],
)
def test_reference_tables_are_joined_by_the_synapse_they_speak_of(dataset, root, tables):
    nodes = dataset.get_skeleton(root, **tables).annotations.post_syn.nodes
    table = dataset.tables.synapse_target_structure().query()
    tags = table.set_index("target_id")["tag"].reindex(nodes.index)
    assert 0 < tags.notna().sum() < len(nodes)
    np.testing.assert_array_equal(nodes["tag"].notna(), tags.notna())
    assert nodes["tag"].dropna().tolist() == tags.dropna().tolist()
    assert nodes["id_synapse_target_structure"].dtype == "Int64"


def test_a_dict_of_tables_gives_suffixes_and_one_of_sides_is_for_these(dataset, root):
    table = "synapse_target_structure"
    cell = dataset.get_skeleton(root, synapse_reference_tables={table: "target"})
    assert "id_target" in cell.annotations.pre_syn.feature_names
    cell = dataset.get_skeleton(root, synapse_reference_tables={"post": table})
    assert f"id_{table}" in cell.annotations.post_syn.feature_names
    assert f"id_{table}" not in cell.annotations.pre_syn.feature_names
    with pytest.raises(ValueError, match="either the sides"):
        dataset.get_skeleton(root, synapse_reference_tables={"post": table, table: None})


def test_a_level_2_id_that_the_cache_lacks_is_said_and_not_at_the_origin(dataset, neurons):
    # The world leaves one out on purpose, and the shape of another.
    root = neurons["nucleus off its segmentation"]["root_ids"][-1]
    with pytest.warns(CaveDataWarning, match=r"no coordinates for 1 of"):
        cell = dataset.get_skeleton(root)
    assert np.abs(cell.graph.vertices).max(axis=1).min() > 1000
    nodes = cell.graph.nodes
    assert nodes["size_nm3"].isna().sum() == 1
    assert nodes["pca_0_x"].isna().sum() == 2


def test_autapses_are_left_out_and_counted(dataset, neurons):
    for neuron in neurons.values():
        if neuron["history"] == "nucleus off its segmentation":
            # It lacks a level-2 id, which is another test's.
            continue
        root = neuron["root_ids"][-1]
        cell = dataset.get_skeleton(root, include_partner_root_id=True)
        assert (cell.annotations.pre_syn.get_feature("post_pt_root_id") != root).all()
        kept = dataset.get_skeleton(root, omit_self_synapses=False)
        left_out = cell.meta["autapses_left_out"]
        assert left_out["pre_syn"] == left_out["post_syn"]
        for name, count in left_out.items():
            more = kept.annotations[name].n_vertices - cell.annotations[name].n_vertices
            assert more == count


def test_an_unknown_root_is_an_error_that_names_it(dataset):
    with pytest.raises(Exception, match="864691135639806263"):
        dataset.get_skeleton(864691135639806263)


def test_a_root_that_was_made_later_is_not_valid_then(dataset, neurons):
    root = neurons["late"]["root_ids"][-1]
    with pytest.raises(CaveDataError, match=f"root {root} is not valid at 2000-01-01"):
        dataset.get_skeleton(root, timestamp=datetime(2000, 1, 1))


def test_an_answer_that_was_cut_is_an_error_and_never_a_cell(dataset, service, root):
    service.row_cap = 5
    with pytest.raises((IncompleteAnswerError, RuntimeError), match=str(root)):
        dataset.get_skeleton(root)


def test_rigid_every_point_and_radius_is_in_cortical_space(dataset, root):
    plain = dataset.get_skeleton(root, reference_tables="synapse_target_structure")
    cell = dataset.get_skeleton(
        root, reference_tables="synapse_target_structure", transform="rigid"
    )
    apply = dataset.space.transform("nm").apply
    assert (cell.units, cell.space) == ("um", "minnie65 rigid")
    for member in (*plain.layers, *plain.annotations):
        moved = (cell.annotations if member.name in cell.annotations else cell.layers)[member.name]
        np.testing.assert_allclose(moved.vertices, apply(member.vertices))
        assert moved.feature_names == member.feature_names
    np.testing.assert_allclose(
        cell.skeleton.get_feature("radius"), plain.skeleton.get_feature("radius") / 1000
    )
    for name in ("max_dt_nm", "area_nm2", "size_nm3"):
        np.testing.assert_array_equal(
            cell.graph.get_feature(name), plain.graph.get_feature(name), err_msg=name
        )
    for point in ("pre_pt_position", "post_pt_position"):
        columns = [f"{point}_{axis}" for axis in "xyz"]
        before = plain.annotations.pre_syn.nodes[columns].to_numpy(dtype=float)
        after = cell.annotations.pre_syn.nodes[columns].to_numpy()
        np.testing.assert_allclose(after, apply(before))


def test_streamline_is_seen_from_the_root_of_the_skeleton(dataset, root):
    plain = dataset.get_skeleton(root)
    cell = dataset.get_skeleton(root, transform="streamline")
    move = dataset.space.streamline("nm").transformer(anchor=plain.skeleton.root_location)
    assert (cell.units, cell.space) == ("um", "minnie65 streamline")
    np.testing.assert_allclose(cell.skeleton.vertices, move(plain.skeleton.vertices))
    np.testing.assert_allclose(
        cell.annotations.post_syn.vertices, move(plain.anno.post_syn.vertices)
    )
    assert cell.skeleton.root_location[[0, 2]] == pytest.approx([0, 0], abs=1e-6)


def test_an_empty_annotation_can_be_transformed(dataset, neurons, root):
    cell = dataset.get_skeleton(root)
    empty = cell.annotations.pre_syn.nodes[:0]
    from cortical_tools.coordinates import cortical_mover

    cell.remove_annotation("pre_syn").add_point_annotations("pre_syn", empty, "ctr_pt_position")
    for transform in ("rigid", "streamline"):
        moved = cortical_mover(transform, lambda: dataset.space)(cell)
        assert moved.annotations.pre_syn.vertices.shape == (0, 3)


@pytest.mark.parametrize("word", ["rigd", "Rigid", "", True])
def test_another_word_is_refused_before_anything_is_asked(dataset, service, root, word):
    with pytest.raises(ValueError, match="'rigid' or 'streamline'"):
        dataset.get_skeleton(root, transform=word)
    assert service.log == []


def test_without_transforms_it_says_so_before_anything_is_asked(service, root):
    from cortical_tools import DatasetClient

    client = DatasetClient(service.datastack, service.url)
    with pytest.raises(NotConfiguredError, match="transform"):
        client.get_skeleton(root, transform="rigid")
    assert service.log == []


def test_many_are_as_one_by_one_in_far_fewer_requests(dataset, service, neurons):
    roots = [neuron["root_ids"][-1] for neuron in neurons.values()]
    now = datetime.now(UTC)
    dataset.get_skeleton(roots[0], timestamp=now)
    service.log.clear()
    with pytest.warns(CaveDataWarning):
        cells = dataset.get_skeletons(roots, timestamp=now, restore_graph=True, progress=False)
    together = len(service.log)
    service.log.clear()
    with pytest.warns(CaveDataWarning):
        alone = [dataset.get_skeleton(r, timestamp=now, restore_graph=True) for r in roots]
    assert list(cells) == roots
    for cell in alone:
        assert_cells_equal(cells[cell.name], cell)
    assert 4 * together < 3 * len(service.log)
    asked = Counter(re.sub(r"\d{6,}", "…", request.path) for request in service.log)
    assert not any("provenance" in path for path in asked), "no volume is opened for a skeleton"


def test_a_cut_answer_for_many_is_asked_for_in_halves_until_it_is_whole(dataset, service, neurons):
    roots = [neuron["root_ids"][-1] for neuron in neurons.values()]
    roots.remove(neurons["nucleus off its segmentation"]["root_ids"][-1])
    now = datetime.now(UTC)
    options = {"timestamp": now, "omit_self_synapses": False, "progress": False}
    whole = dataset.get_skeletons(roots, **options)
    most = max(layer.n_vertices for cell in whole.values() for layer in cell.annotations)
    # A server that sends as many rows as it may does not know whether there are more.
    service.row_cap = most + 1
    service.log.clear()
    cells = dataset.get_skeletons(roots, **options)
    assert sum("query" in request.path for request in service.log) > 2
    for root in roots:
        assert_cells_equal(cells[root], whole[root])


def test_many_can_be_transformed_too(dataset, root):
    now = datetime.now(UTC)
    cells = dataset.get_skeletons([root], transform="rigid", timestamp=now, progress=False)
    [cell] = cells.values()
    assert cell.units == "um"


def not_ready(dataset, monkeypatch):
    monkeypatch.setattr(dataset.cave.skeleton, "fetch_skeletons", lambda *args, **kwargs: {})


def test_a_skeleton_that_is_not_ready_is_made_by_the_service(dataset, service, root, monkeypatch):
    pytest.importorskip("cloudvolume")
    not_ready(dataset, monkeypatch)
    cell = dataset.get_skeleton(root, synapses=False)
    assert any(f"get_skeleton/4/{root}" in request.path for request in service.log)
    assert cell.skeleton.n_vertices > 0


def test_having_one_made_needs_cloud_volume_and_says_so(dataset, root, monkeypatch):
    not_ready(dataset, monkeypatch)
    monkeypatch.setitem(sys.modules, "cloudvolume", None)
    with pytest.raises(MissingExtraError, match=r"cortical-tools\[mesh\]"):
        dataset.get_skeleton(root, synapses=False)
