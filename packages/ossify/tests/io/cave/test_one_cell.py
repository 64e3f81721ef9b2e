"""One cell from the answers of CAVE."""

from __future__ import annotations

import datetime as dt
import logging
import threading

import numpy as np
import pandas as pd
import pytest

import ossify
from ossify.compartment import Compartment
from ossify.errors import CaveDataError, CaveDataWarning, IncompleteAnswerError
from ossify.testing import assert_cells_equal

LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
MILLISECOND = dt.timedelta(milliseconds=1)
OTHER = 864691135639806265


def load(cave, root, **kwargs):
    return ossify.load_cell_from_client(root, cave, **kwargs)


def test_a_cell_has_the_layers_links_and_features_of_the_answers(cave, root):
    cell = load(cave, root, synapses=True, restore_graph=True)
    whole = ossify.example_cell(200, 0)
    assert cell.name == root == whole.name
    assert cell.units == "nm"
    np.testing.assert_array_equal(cell.skeleton.vertices, whole.skeleton.vertices)
    np.testing.assert_array_equal(cell.skeleton.parent_node_array, whole.skeleton.parent_node_array)
    assert cell.skeleton.feature_names == ["compartment", "radius"]
    assert cell.graph.nodes.index.name == "l2_id"
    assert set(cell.graph.vertex_index) == set(whole.graph.vertex_index)
    assert {frozenset(edge) for edge in cell.graph.edges.tolist()} == {
        frozenset(edge) for edge in whole.graph.edges.tolist()
    }
    assert cell.annotations.names == ["pre_syn", "post_syn"]
    for synapses in cell.annotations:
        there = whole.annotations[synapses.name]
        assert synapses.n_vertices == there.n_vertices
        assert synapses.is_fully_mapped_to("skeleton")
        at = synapses.map_index_to_layer("skeleton", there.vertex_index)
        assert at.tolist() == there.map_index_to_layer("skeleton").tolist()


def test_meta_says_where_a_cell_comes_from(cave, root):
    meta = load(cave, root).meta
    assert meta["source"] == "SkeletonService(https://cave.test)"
    assert meta["datastack"] == "minnie65_public"
    assert meta["root_id"] == root
    assert meta["timestamp"] == cave.now - MILLISECOND
    assert meta["skeleton_version"] == 4
    assert "notes" not in meta
    assert "autapses_left_out" not in meta


def test_all_ids_are_int64_and_other_columns_plain(cave, root):
    synapses = load(cave, root, synapses=True, include_partner_root_id=True).annotations.pre_syn
    dtypes = synapses.nodes.dtypes
    for name in ("pre_pt_root_id", "post_pt_root_id", "pre_pt_l2_id", "pre_pt_supervoxel_id"):
        assert dtypes[name] == np.int64
    assert all(isinstance(dtype, np.dtype) for dtype in dtypes)
    partners = ossify.example_cell(200, 0).annotations.pre_syn.nodes["post_pt_root_id"]
    assert synapses.nodes["post_pt_root_id"].loc[partners.index].tolist() == partners.tolist()


def test_without_being_asked_for_partners_are_left_out(cave, root):
    cell = load(cave, root, synapses=True)
    assert "post_pt_root_id" not in cell.annotations.pre_syn.feature_names
    assert "pre_pt_root_id" not in cell.annotations.post_syn.feature_names
    assert "pre_pt_root_id" in cell.annotations.pre_syn.feature_names


@pytest.mark.parametrize("point", ["pre_pt_position", "post_pt_position", "ctr_pt_position"])
def test_any_point_of_a_synapse_can_be_its_place(cave, root, point):
    synapses = load(cave, root, synapses=True, synapse_spatial_point=point).annotations.pre_syn
    rows = cave.synapses.set_index("id").loc[synapses.vertex_index]
    columns = [f"{point}_{axis}" for axis in "xyz"]
    np.testing.assert_array_equal(synapses.vertices, rows[columns])
    assert f"{point}_x" not in synapses.feature_names


def test_an_unknown_point_is_an_error_that_names_the_others(cave, root):
    with pytest.raises(ValueError, match=r"'nose'.*'ctr_pt_position'"):
        load(cave, root, synapses=True, synapse_spatial_point="nose")


def test_only_coordinates_are_asked_for_if_properties_are_not_wanted(cave, root):
    assert load(cave, root, restore_properties=False).graph.feature_names == []
    assert cave.asked[-1] == ("get_l2data", ["rep_coord_nm"])
    assert load(cave, root).graph.feature_names == [
        "area_nm2", "max_dt_nm", "mean_dt_nm", "size_nm3"
    ]  # fmt: skip


def test_level_2_rows_follow_the_skeleton_whatever_order_they_come_in(cave, root):
    answer = cave.roots[root].skeleton
    for name in ("lvl2_ids", "mesh_to_skel_map"):
        answer[name] = answer[name][::-1]
    cell = load(cave, root)
    assert cell.graph.vertex_index.tolist() == answer["lvl2_ids"]
    for row in (0, 7, -1):
        attributes = cave.roots[root].level2[answer["lvl2_ids"][row]]
        assert cell.graph.vertices[row].tolist() == attributes["rep_coord_nm"]
        assert cell.graph.get_feature("size_nm3")[row] == attributes["size_nm3"]
    at = cell.graph.map_index_to_layer("skeleton", as_positional=True)
    assert np.asarray(at).tolist() == answer["mesh_to_skel_map"]


def test_level_2_ids_missing_from_the_cache_are_put_on_their_skeleton_vertex(cave, root):
    answer = cave.roots[root].skeleton
    gone = answer["lvl2_ids"][5]
    del cave.roots[root].level2[gone]
    with pytest.warns(CaveDataWarning, match=rf"no coordinates for 1 of .*the first is {gone}"):
        cell = load(cave, root)
    at = answer["vertices"][answer["mesh_to_skel_map"][5]]
    assert cell.graph.vertices[5].tolist() == at
    assert np.isnan(cell.graph.get_feature("size_nm3")[5])
    assert np.isfinite(np.delete(cell.graph.get_feature("size_nm3"), 5)).all()
    assert str(gone) in cell.meta["notes"][0]


def test_a_level_2_id_without_coordinates_and_skeleton_vertex_is_an_error(cave, root):
    answer = cave.roots[root].skeleton
    gone = answer["lvl2_ids"][5]
    del cave.roots[root].level2[gone]
    answer["mesh_to_skel_map"][5] = -1
    with pytest.raises(CaveDataError, match=str(gone)):
        load(cave, root)


def test_vectors_become_columns_and_stay_missing_where_the_cache_has_none(cave, root):
    first, *others = cave.roots[root].level2.values()
    for answer in others:
        answer["pca"] = [[1, 0, 0], [0, 1, 0], [0, 0, 0.5]]
        answer["chunk_intersect_count"] = [[1, 2, 3], [4, 5, 6]]
    first["chunk_intersect_count"] = [[1, 2, 3], [4, 5, 6]]
    nodes = load(cave, root).graph.nodes
    assert nodes["pca_2_z"].isna().sum() == 1
    assert set(nodes["pca_2_z"].dropna()) == {0.5}
    assert set(nodes["chunk_intersect_count_y_bottom"]) == {2}
    assert set(nodes["chunk_intersect_count_x_top"]) == {4}


def test_a_client_with_tables_alone_is_not_believed_about_the_origin(cave, root):
    from types import SimpleNamespace

    answers = cave.roots[root].level2
    table = pd.DataFrame(
        {
            "size_nm3": [answer["size_nm3"] for answer in answers.values()],
            **{
                f"rep_coord_nm_{axis}": [float(a["rep_coord_nm"][k]) for a in answers.values()]
                for k, axis in enumerate("xyz")
            },
        },
        index=pd.Index(list(answers), name="l2_id"),
    )
    gone = cave.roots[root].skeleton["lvl2_ids"][3]
    table.loc[gone] = [np.nan, 0.0, 0.0, 4.66e-310]
    cave.l2cache = SimpleNamespace(get_l2data_table=lambda ids, attributes=None: table)
    with pytest.warns(CaveDataWarning, match=str(gone)):
        cell = load(cave, root)
    assert np.abs(cell.graph.vertices[3]).max() > 1000
    np.testing.assert_array_equal(
        np.delete(cell.graph.vertices, 3, axis=0),
        np.delete(table.loc[cell.graph.vertex_index].to_numpy()[:, 1:], 3, axis=0),
    )


def test_a_skeleton_without_compartments_is_said_to_have_none(cave, root):
    del cave.roots[root].skeleton["compartment"]
    with pytest.warns(CaveDataWarning, match=f"cell {root}: .* no compartment"):
        cell = load(cave, root)
    assert cell.skeleton.feature_names == ["radius"]


def test_the_root_is_the_one_of_the_service(cave, root):
    answer = cave.roots[root].skeleton
    answer["root"] = 7
    assert load(cave, root).skeleton.root == 7
    del answer["root"]
    assert load(cave, root).skeleton.root == ossify.example_cell(200, 0).skeleton.root


def test_a_stale_root_is_loaded_as_of_its_last_moment_and_said_to_be_stale(cave, root):
    cave.roots[root].last = cave.before
    with pytest.warns(CaveDataWarning, match=r"no longer current .* 2024-01-15T11:59:59\.999000"):
        cell = load(cave, root, synapses=True)
    assert cell.meta["timestamp"] == cave.before - MILLISECOND
    times = {about for call, about in cave.asked if call == "get_roots"}
    times |= {about[1] for call, about in cave.asked if call == "live_query"}
    assert times == {cave.before - MILLISECOND}


def test_a_moment_at_which_the_root_is_not_valid_is_not_believed(cave, root):
    cave.roots[root].last = LONG_AGO
    with pytest.raises(CaveDataError, match=f"root {root} is not valid at 2019-12-31"):
        load(cave, root)


def test_a_time_can_be_given_and_is_in_utc_without_a_zone(cave, root):
    cell = load(cave, root, timestamp=dt.datetime(2024, 1, 15, 12), synapses=True)
    assert cell.meta["timestamp"] == cave.before
    assert ("is_latest_roots", ([root], cave.before)) in cave.asked
    assert cave.count("get_root_timestamps") == 0


@pytest.mark.parametrize(
    "timestamp",
    [
        dt.datetime(2024, 1, 15, 13, tzinfo=dt.timezone(dt.timedelta(hours=1))),
        pd.Timestamp("2024-01-15T12:00:00Z"),
        pd.Timestamp("2024-01-15T12:00"),
        np.datetime64("2024-01-15T12:00"),
    ],
    ids=["another zone", "pandas", "pandas without a zone", "numpy"],
)
def test_a_time_of_any_kind_is_the_same_time(cave, root, timestamp, tmp_path):
    cell = load(cave, root, timestamp=timestamp)
    assert type(cell.meta["timestamp"]) is dt.datetime
    assert cell.meta["timestamp"] == cave.before
    ossify.save_cell(cell, tmp_path / "cell.osy")
    assert ossify.load_cell(tmp_path / "cell.osy").meta == cell.meta


def test_a_root_that_is_not_valid_at_the_time_is_an_error(cave, root):
    cave.roots[root].first = cave.now
    with pytest.raises(ValueError, match=rf"root {root} is not valid at 2024-01-15T12:00:00\+00"):
        load(cave, root, timestamp=cave.before)
    assert (
        load(cave, root, timestamp=cave.before, assume_valid=True).meta["timestamp"] == cave.before
    )


def test_assuming_that_a_root_is_valid_needs_a_time(cave, root):
    with pytest.raises(ValueError, match="timestamp"):
        load(cave, root, assume_valid=True)
    assert cave.asked == []


@pytest.mark.parametrize("timestamp", ["2024-01-15", 1705320000])
def test_a_time_that_is_no_datetime_is_an_error(cave, root, timestamp):
    with pytest.raises(TypeError, match="datetime"):
        load(cave, root, timestamp=timestamp)


@pytest.mark.parametrize("bad", [float(864691135639806263), "864691135639806263", True, -1])
def test_a_root_id_that_is_not_exact_is_an_error(cave, bad):
    with pytest.raises((TypeError, ValueError), match="root_id"):
        load(cave, bad)


def test_autapses_are_left_out_and_counted_unless_they_are_wanted(cave, root):
    first = cave.synapses.index[cave.synapses["pre_pt_root_id"] == root][:2]
    cave.synapses.loc[first, "post_pt_root_id"] = root
    l2_id = cave.roots[root].skeleton["lvl2_ids"][0]
    for supervoxel in cave.synapses.loc[first, "post_pt_supervoxel_id"]:
        cave.l2_of_supervoxel[supervoxel] = l2_id
    without = load(cave, root, synapses=True)
    with_them = load(cave, root, synapses=True, omit_self_synapses=False)
    for name in ("pre_syn", "post_syn"):
        assert without.meta["autapses_left_out"][name] == 2
        assert with_them.meta["autapses_left_out"][name] == 0
        more = with_them.annotations[name].n_vertices - without.annotations[name].n_vertices
        assert more == 2


def test_synapses_outside_of_the_skeleton_are_kept_and_linked_to_nothing(cave, root):
    synapse = cave.synapses[cave.synapses["pre_pt_root_id"] == root].iloc[3:4]
    cave.l2_of_supervoxel[int(synapse["pre_pt_supervoxel_id"].iloc[0])] = OTHER
    with pytest.warns(CaveDataWarning, match=rf"1 of 20 .* synapse {synapse['id'].iloc[0]}"):
        pre = load(cave, root, synapses=True).annotations.pre_syn
    assert pre.n_vertices == 20
    assert pre.get_feature("pre_pt_l2_id")[3] == OTHER
    mapped = pre.map_index_to_layer("graph", missing=-1)
    assert np.flatnonzero(mapped == -1).tolist() == [3]


def test_edges_to_level_2_ids_outside_of_the_skeleton_are_left_out(cave, root):
    here = cave.roots[root].skeleton["lvl2_ids"][0]
    cave.roots[root].edges.append([here, OTHER])
    with pytest.warns(CaveDataWarning, match=r"1 of [\d,]+ edges"):
        cell = load(cave, root, restore_graph=True)
    assert len(cell.graph.edges) == len(cave.roots[root].edges) - 1


def test_the_graph_of_a_single_level_2_id_is_not_asked_for(cave, root):
    answer = cave.roots[root].skeleton
    answer.update(
        vertices=[[0, 0, 0]], edges=[], root=0, radius=[1.0], compartment=[1],
        lvl2_ids=answer["lvl2_ids"][:1], mesh_to_skel_map=[0],
    )  # fmt: skip
    assert load(cave, root, restore_graph=True).graph.n_vertices == 1
    assert cave.count("level2_chunk_graph") == 0


def test_a_cell_without_synapses_has_empty_annotations(cave, root):
    cave.synapses = cave.synapses[:0]
    cell = load(cave, root, synapses=True)
    assert [synapses.n_vertices for synapses in cell.annotations] == [0, 0]
    cave.synapses = pd.DataFrame(columns=["id", "pre_pt_root_id", "post_pt_root_id"])
    assert load(cave, root, synapses=True).annotations.pre_syn.vertices.shape == (0, 3)


def reference_table(cave, root):
    ids = cave.synapses.loc[cave.synapses["pre_pt_root_id"] == root, "id"].to_numpy()
    return pd.DataFrame(
        {
            # These are ids of other synapses, so that a join by "id" would not go unseen.
            "id": ids[::-1][:3],
            "created": pd.Timestamp(cave.before),
            "target_id": ids[:3],
            "tag": ["spine", "shaft", "soma"],
            "size": [OTHER, OTHER + 1, OTHER + 2],
        }
    )


def test_reference_tables_are_joined_by_the_synapse_they_speak_of(cave, root):
    cave.tables["spines"] = table = reference_table(cave, root)
    pre = load(cave, root, synapses=True, reference_tables=["spines"]).annotations.pre_syn.nodes
    there = pre.loc[table["target_id"]]
    assert there["tag"].tolist() == ["spine", "shaft", "soma"]
    assert there["id_spines"].tolist() == table["id"].tolist()
    assert there["size_spines"].tolist() == [OTHER, OTHER + 1, OTHER + 2]
    assert pre["size_spines"].dtype == "Int64"
    assert pre["tag"].notna().sum() == 3
    assert not {"created", "created_spines", "target_id"} & set(pre.columns)
    assert (pre["size"] < OTHER).all()


def test_a_suffix_can_be_given_and_a_single_table_by_its_name(cave, root):
    cave.tables["spines"] = reference_table(cave, root)
    for suffix in ("s", "_s"):
        cell = load(
            cave,
            root,
            synapses=True,
            reference_tables="spines",
            reference_suffixes={"spines": suffix},
        )
        names = cell.annotations.pre_syn.feature_names
        assert {"id_s", "size_s", "tag"} <= set(names)


def test_of_several_rows_for_a_synapse_the_newest_counts(cave, root):
    table = reference_table(cave, root)
    again = table[:1].assign(id=OTHER, tag="newer")
    cave.tables["spines"] = pd.concat([again, table])
    pre = load(cave, root, synapses=True, reference_tables=["spines"]).annotations.pre_syn
    assert pre.n_vertices == 20
    assert pre.nodes.loc[table["target_id"][0], "tag"] == "newer"


def test_a_reference_table_about_none_of_the_synapses_gives_its_columns_empty(cave, root):
    cave.tables["spines"] = reference_table(cave, root)[:0]
    cell = load(cave, root, synapses=True, reference_tables=["spines"])
    assert cell.annotations.pre_syn.nodes["tag"].isna().all()
    cave.tables["spines"] = reference_table(cave, root)
    cave.synapses = cave.synapses[:0]
    cell = load(cave, root, synapses=True, reference_tables=["spines"])
    assert cell.annotations.pre_syn.n_vertices == 0


def test_a_table_that_is_no_reference_table_is_an_error(cave, root):
    cave.tables["nuclei"] = pd.DataFrame({"id": [1], "target_id": [1]})
    cave.rows = lambda frame, column, ids: frame.drop(columns="target_id", errors="ignore")
    with pytest.raises(CaveDataError, match="'nuclei' is no reference table"):
        load(cave, root, synapses=True, reference_tables=["nuclei"])


def test_two_tables_with_the_same_columns_need_suffixes(cave, root):
    cave.tables["a"] = cave.tables["b"] = reference_table(cave, root).drop(columns="size")
    cell = load(cave, root, synapses=True, reference_tables=["a", "b"])
    assert {"tag", "tag_b", "id_a", "id_b"} <= set(cell.annotations.pre_syn.feature_names)
    with pytest.raises(CaveDataError, match="'id_x'"):
        load(
            cave, root, synapses=True, reference_tables=["a", "b"],
            reference_suffixes={"a": "x", "b": "x"},
        )  # fmt: skip


def test_tables_can_be_for_one_side_alone(cave, root):
    cave.tables["spines"] = reference_table(cave, root)
    cell = load(cave, root, synapses=True, reference_tables={"pre": "spines"})
    assert "tag" in cell.annotations.pre_syn.feature_names
    assert "tag" not in cell.annotations.post_syn.feature_names
    with pytest.raises(ValueError, match="'spines' is no side"):
        load(cave, root, synapses=True, reference_tables={"spines": "s"})


def test_a_suffix_for_a_table_that_is_not_asked_for_is_an_error(cave, root):
    with pytest.raises(ValueError, match="'spine'"):
        load(cave, root, reference_tables=["spines"], reference_suffixes={"spine": "s"})


@pytest.mark.parametrize(
    ("says", "row_limit"), [(True, 0), (False, 5)], ids=["by its log", "by the count"]
)
def test_an_answer_that_was_cut_is_an_error(cave, root, says, row_limit):
    cave.row_cap, cave.says_that_it_caps = 5, says
    with pytest.raises(IncompleteAnswerError, match=rf"presynaptic sites of {root}: .* 5 rows"):
        load(cave, root, synapses=True, row_limit=row_limit, max_workers=1)


def test_what_a_client_logs_in_other_threads_is_not_taken_for_a_cut(cave, root):
    rows, log = cave.rows, logging.getLogger("caveclient.base")

    def beside_another(*args):
        other = threading.Thread(target=log.warning, args=["201 - Limited query to 3 rows"])
        other.start()
        other.join()
        return rows(*args)

    cave.rows = beside_another
    assert load(cave, root, synapses=True).annotations.pre_syn.n_vertices == 20
    assert logging.getLogger("caveclient").handlers == []


def test_other_warnings_of_a_client_are_still_printed(cave, root, monkeypatch):
    rows, printed = cave.rows, []

    def with_a_notice(*args):
        logging.getLogger("caveclient.base").warning("this table is in the making")
        return rows(*args)

    class Printing(logging.Handler):
        def emit(self, record):
            printed.append(record.getMessage())

    cave.rows = with_a_notice
    monkeypatch.setattr(logging.getLogger("caveclient"), "propagate", False)
    monkeypatch.setattr(logging, "lastResort", Printing())
    load(cave, root, synapses=True)
    assert printed == ["this table is in the making"] * 2


def test_what_a_client_says_to_whoever_writes_live_queries_is_not_passed_on(cave, root, caplog):
    rows = cave.rows

    def with_a_notice(*args):
        logging.warning(
            "Deprecation: this method is to facilitate beta testing of this feature, it will "
            "likely get removed in future versions. "
        )
        logging.warning("something else")
        return rows(*args)

    cave.rows = with_a_notice
    load(cave, root, synapses=True)
    assert caplog.messages == ["something else"] * 2
    assert logging.getLogger().filters == []


def test_what_was_fetched_before_is_not_asked_for_again(cave, root):
    whole = load(cave, root, synapses=True, timestamp=cave.before)
    answer = cave.get_skeleton(root)
    frames = ossify.fetch_frames_batch(
        [root], cave, timestamp=cave.before, lvl2_ids_by_root={root: answer["lvl2_ids"]}
    )[root]
    cave.asked.clear()
    cell = load(cave, root, timestamp=cave.before, skeleton=answer, assume_valid=True, **frames)
    assert cave.asked == []
    assert_cells_equal(cell, whole)


def test_given_synapses_get_what_they_lack(cave, root):
    table = cave.synapses[cave.synapses["pre_pt_root_id"] == root]
    cell = load(cave, root, pre_syn_df=table)
    assert cell.annotations.names == ["pre_syn"]
    whole = load(cave, root, synapses=True)
    pd.testing.assert_frame_equal(
        cell.annotations.pre_syn.nodes, whole.annotations.pre_syn.nodes, check_like=True
    )
    with pytest.raises(CaveDataError, match="pre_syn_df has no column 'pre_pt_supervoxel_id'"):
        load(cave, root, pre_syn_df=table[["id"]])


def test_given_level_2_attributes_need_coordinates(cave, root):
    with pytest.raises(CaveDataError, match="rep_coord_nm_x"):
        load(cave, root, l2_df=pd.DataFrame({"l2_id": [1], "size_nm3": [2]}))


@pytest.mark.parametrize("name", ["vertices", "edges", "lvl2_ids", "mesh_to_skel_map"])
def test_a_skeleton_that_lacks_a_part_is_an_error_that_names_it(cave, root, name):
    del cave.roots[root].skeleton[name]
    with pytest.raises(CaveDataError, match=rf"skeleton of root {root}: .* no {name}"):
        load(cave, root)


def test_a_skeleton_that_is_a_table_is_an_error(cave, root):
    with pytest.raises(CaveDataError, match=r"expected a dict .* got DataFrame"):
        load(cave, root, skeleton=pd.DataFrame({"id": [1]}))


def test_level_2_ids_and_their_vertices_must_be_as_many(cave, root):
    cave.roots[root].skeleton["mesh_to_skel_map"].pop()
    with pytest.raises(CaveDataError, match="mesh_to_skel_map for"):
        load(cave, root)


def test_the_version_of_the_skeleton_is_the_one_asked_for(cave, root):
    load(cave, root, skeleton_version=3)
    load(cave, root, skeleton_version=None)
    assert [about[1] for call, about in cave.asked if call == "get_skeleton"] == [3, 4]


def test_the_real_neuron_is_all_there(real_cave, tmp_path):
    [root] = real_cave.roots
    cell = load(real_cave, root, synapses=True, restore_graph=True)
    assert cell.skeleton.n_vertices == 16720
    assert cell.skeleton.root == 16719
    assert cell.graph.n_vertices == 25889
    assert len(cell.graph.edges) == 30352
    assert cell.meta["autapses_left_out"] == {"pre_syn": 44, "post_syn": 44}
    assert cell.annotations.pre_syn.n_vertices == 6514 - 44
    assert cell.annotations.post_syn.n_vertices == 12424 - 44
    assert cell.annotations.pre_syn.is_fully_mapped_to("skeleton")
    is_axon = cell.skeleton.get_feature("compartment") == Compartment.AXON
    assert (ossify.label_axon_from_synapse_flow(cell) == is_axon).mean() >= 0.9998
    ossify.save_cell(cell, tmp_path / "cell.osy")
    assert_cells_equal(ossify.load_cell(tmp_path / "cell.osy"), cell)
