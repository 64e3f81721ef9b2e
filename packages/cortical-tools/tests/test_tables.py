"""``client.tables`` and ``client.views``: the words are caveclient's, the answers complete."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest


def same_rows(found, expected):
    """Whether two frames hold the same rows, in whatever order."""
    found = found.sort_values("id", ignore_index=True)
    expected = expected.sort_values("id", ignore_index=True)
    pd.testing.assert_frame_equal(found[expected.columns], expected, check_dtype=False)


def test_tables_are_listed_found_and_reached_by_name(dataset):
    tables = dataset.tables
    assert tables.table_names == [
        "cell_type_manual",
        "nucleus_alternative_points",
        "nucleus_detection_v0",
        "proofreading_status_and_strategy",
        "synapse_target_structure",
        "synapses_world",
    ]
    assert repr(tables) == str(tables.table_names)
    assert len(tables) == 6
    assert "synapses_world" in tables
    assert "synapses" not in tables
    assert tables.find("NUCLEUS") == ["nucleus_alternative_points", "nucleus_detection_v0"]
    assert list(tables) == tables.table_names
    assert tables["synapses_world"].fields == tables.synapses_world.fields
    assert "synapses_world" in dir(tables)
    assert "The nucleus of every neuron" in tables._repr_html_()
    assert dataset.views.table_names == [
        "nucleus_alternative_lookup",
        "nucleus_detection_lookup_v1",
    ]


def test_the_catalogue_is_asked_for_once_per_version(service, dataset):
    assert len(dataset.tables) == 6
    service.log.clear()
    repr(dataset.tables)
    repr(dataset.tables.synapses_world)
    repr(dataset.tables.synapses_world(id=[1, 2]))
    dataset.tables._repr_html_()
    assert service.log == []
    dataset.version = 2
    service.log.clear()
    assert len(dataset.tables) == 6
    assert [request.path.split("/")[7] for request in service.log[:1]] == ["2"]


def test_a_table_that_is_not_there_is_an_error_of_both_kinds_and_names_similar_ones(dataset):
    with pytest.raises(AttributeError, match=r"no table 'nucleus'; similar: nucleus_alt"):
        dataset.tables.nucleus  # noqa: B018
    with pytest.raises(KeyError, match="version 3 of local_world has no view 'nucleus'"):
        dataset.views["nucleus"]
    assert not hasattr(dataset.tables, "_ipython_canary_method_should_not_exist_")
    with pytest.raises(KeyError, match="no table '_nucleus'"):
        dataset.tables["_nucleus"]


def test_every_row_comes_as_it_is_stored(dataset, truth):
    table = dataset.tables.synapses_world
    same_rows(table().query(split_positions=True), truth.table("synapses_world"))
    same_rows(table.get_all(split_positions=True), truth.table("synapses_world"))


def test_a_table_knows_its_filters(dataset):
    table = dataset.tables.synapses_world
    assert table.fields == [
        "pre_pt_root_id",
        "post_pt_root_id",
        "id",
        "size",
        "pre_pt_position_bbox",
        "post_pt_position_bbox",
        "ctr_pt_position_bbox",
    ]
    assert table.numeric_fields == ["pre_pt_root_id", "post_pt_root_id", "id", "size"]
    assert table.spatial_fields == [name for name in table.fields if name.endswith("bbox")]
    assert table.__doc__ == "Every synapse of the world."


def test_a_scalar_is_equal_and_a_list_is_any_of(dataset, truth):
    stored = truth.table("cell_type_manual")
    table = dataset.tables.cell_type_manual
    kinds = stored["cell_type"].unique()
    found = table(cell_type=kinds[0]).query()
    assert sorted(found["id_ref"]) == sorted(stored[stored["cell_type"] == kinds[0]]["id"])
    for several in (list(kinds[:2]), np.array(kinds[:2], dtype=object), set(kinds[:2])):
        found = table(cell_type=several).query()
        assert set(found["cell_type"]) == set(kinds[:2])
        assert len(found) == stored["cell_type"].isin(kinds[:2]).sum()


@pytest.mark.parametrize(
    "nothing", [[], (), np.array([], dtype=np.int64), pd.Series([], dtype=int)]
)
def test_one_of_nothing_is_nothing_with_every_column(dataset, nothing):
    table = dataset.tables.synapses_world
    found = table(pre_pt_root_id=nothing).query(split_positions=True)
    assert len(found) == 0
    assert found.dtypes.equals(table().query(limit=1, split_positions=True).dtypes)


def test_bounds_compare_numbers(dataset, truth):
    sizes = truth.table("synapses_world")["size"]
    middle = float(sizes.median())
    table = dataset.tables.synapses_world
    assert len(table(size={"<": middle}).query()) == (sizes < middle).sum()
    assert len(table(size={">=": middle}).query()) == (sizes >= middle).sum()
    both = table(size={">": middle - 50, "<=": middle}).query()
    assert len(both) == ((sizes > middle - 50) & (sizes <= middle)).sum()


def test_what_is_not_wanted_stays_out_although_the_server_does_not_see_to_it(dataset, truth):
    ids = truth.table("synapses_world")["id"]
    found = dataset.tables.synapses_world(id={"not in": ids[:5].tolist()}).query()
    assert sorted(found["id"]) == sorted(ids[5:])


def test_a_box_holds_what_lies_in_it(dataset, truth):
    stored = truth.table("synapses_world")
    xyz = stored[[f"ctr_pt_position_{axis}" for axis in "xyz"]].to_numpy(dtype=int)
    low, high = np.percentile(xyz, [30, 70], axis=0).astype(int)
    found = dataset.tables.synapses_world(ctr_pt_position_bbox=[low, high]).query()
    inside = ((xyz >= low) & (xyz <= high)).all(axis=1)
    assert 0 < inside.sum() < len(stored)
    assert sorted(found["id"]) == sorted(stored["id"][inside])


def test_positions_come_as_arrays_in_voxels_or_split_in_nanometres(dataset):
    table = dataset.tables.nucleus_detection_v0
    joined = table().query()
    split = table().query(split_positions=True, desired_resolution=[1, 1, 1])
    assert "pt_position" not in split
    nanometres = split[["pt_position_x", "pt_position_y", "pt_position_z"]].to_numpy(dtype=int)
    voxels = np.stack(joined["pt_position"])
    assert voxels.dtype.kind == "i"
    np.testing.assert_array_equal(voxels * [4, 4, 40], nanometres)
    assert joined.attrs["dataframe_resolution"] == [4, 4, 40]
    assert split.attrs["dataframe_resolution"] == [1, 1, 1]
    assert joined.attrs["table_voxel_resolution"] == [4, 4, 40]


def test_a_reference_table_comes_with_what_it_annotates(dataset, truth):
    types, nuclei = truth.table("cell_type_manual"), truth.table("nucleus_detection_v0")
    found = dataset.tables.cell_type_manual().query(split_positions=True)
    assert sorted(found["id_ref"]) == sorted(types["id"])
    expected = types.set_index("target_id")["cell_type"]
    assert found.set_index("id")["cell_type"].to_dict() == expected.to_dict()
    volume = nuclei.set_index("id")["volume"]
    assert found.set_index("id")["volume"].to_dict() == volume.to_dict()


def test_filters_of_both_tables_of_a_join_hold_at_once(dataset, truth):
    stored = truth.table("cell_type_manual")
    ids, kind = stored["target_id"].tolist(), stored["cell_type"].iloc[0]
    found = dataset.tables.cell_type_manual(id=ids[:5], id_ref=stored["id"][:3], cell_type=kind)
    expected = stored[:3][stored["cell_type"][:3] == kind]
    assert sorted(found.query()["id"]) == sorted(expected["target_id"])


def test_some_columns_can_be_asked_for(dataset):
    found = dataset.tables.synapses_world().query(select_columns=["id", "size"])
    assert list(found.columns) == ["id", "size"]
    joined = dataset.tables.cell_type_manual().query(
        select_columns={"cell_type_manual": ["cell_type"], "nucleus_detection_v0": ["id"]}
    )
    assert set(joined.columns) == {"id", "cell_type"}


def test_rows_are_counted_by_the_server(dataset, truth):
    counted = dataset.tables.synapses_world().query(get_counts=True)
    assert int(counted.iloc[0, 0]) == len(truth.table("synapses_world"))


def test_another_version_can_be_asked(dataset, truth):
    stored = truth.table("synapses_world").sort_values("id")
    found = dataset.tables.synapses_world().query(materialization_version=2).sort_values("id")
    expected = truth.roots(stored["pre_pt_supervoxel_id"], truth.versions[2])
    assert found["pre_pt_root_id"].tolist() == expected.tolist()


@pytest.mark.parametrize("way", ["query", "live_query"])
def test_a_time_can_be_asked(dataset, truth, way):
    stored = truth.table("synapses_world").sort_values("id")
    when = truth.versions[3] + timedelta(days=1)
    for moment in (when.to_pydatetime(), when.to_pydatetime().replace(tzinfo=None)):
        rows = dataset.tables.synapses_world()
        found = rows.query(timestamp=moment) if way == "query" else rows.live_query(moment)
        expected = truth.roots(stored["post_pt_supervoxel_id"], when)
        assert found.sort_values("id")["post_pt_root_id"].tolist() == expected.tolist()


def test_a_live_query_leaves_the_root_logger_as_it_is(dataset, truth):
    import logging

    before = list(logging.root.handlers), logging.root.level
    dataset.tables.synapses_world.get_all_live(truth.versions[3].to_pydatetime())
    assert (list(logging.root.handlers), logging.root.level) == before


def test_a_root_id_of_another_time_is_named(dataset, neurons, truth):
    old = neurons["edited"]["root_ids"][0]
    rows = dataset.tables.synapses_world(pre_pt_root_id=[old])
    with pytest.raises(ValueError, match=str(old)):
        rows.live_query(truth.versions[3].to_pydatetime())


def test_views_are_asked_like_tables(dataset, truth):
    nuclei = truth.table("nucleus_detection_v0")
    view = dataset.views.nucleus_detection_lookup_v1
    found = view(id=nuclei["id"][:3].tolist()).query(split_positions=True)
    assert sorted(found["id"]) == sorted(nuclei["id"][:3])
    with pytest.raises(ValueError, match="is a view"):
        dataset.views.nucleus_detection_lookup_v1().query(timestamp=dataset.now())


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"depth": 3}, "synapses_world has no filter 'depth'; it has pre_pt_root_id"),
        ({"size": {"~": 3}}, r"takes <, <=, >, >=, not in, not \['~'\]"),
        ({"size": {}}, "takes <, <="),
        ({"ctr_pt_position_bbox": [1, 2, 3]}, r"takes \[\[min x, y, z\]"),
        ({"pre_pt_root_id": [864691135639806263.0]}, r"whole number, which .* \(float\) is not"),
        ({"pre_pt_root_id": 864691135639806263.0}, r"whole number, which .* \(float\) is not"),
        ({"pre_pt_root_id": True}, r"True \(bool\) is not"),
        ({"pre_pt_root_id": "soma"}, r"'soma' \(str\) is not"),
        ({"pre_pt_root_id": b"12"}, "takes one value or a list of them, not b'12'"),
        ({"pre_pt_root_id": [[12], [13]]}, "takes one value or a list of them"),
        ({"pre_pt_root_id": pd.DataFrame({"id": [12]})}, "takes one value or a list of them"),
        ({"pre_pt_root_id": pd.Series([12, None], dtype="Int64")}, "asked for a missing value"),
        ({"size": [1.5, float("nan")]}, "asked for a missing value"),
        ({"pre_pt_root_id": {">": "soma"}}, "is a number, which 'soma' is not"),
        ({"pre_pt_root_id": {">": 864691135639806263.0}}, "a float of so many digits"),
        ({"size": {">": float("nan")}}, "size is compared with a missing value"),
        ({"ctr_pt_position_bbox": [[2, 0, 0], [1, 9, 9]]}, "nothing lies between"),
    ],
    ids=str,
)
def test_a_filter_that_cannot_be_meant_is_refused(dataset, filters, said):
    with pytest.raises(TypeError, match=said):
        dataset.tables.synapses_world(**filters)


@pytest.mark.parametrize(
    "wrap",
    [
        list,
        set,
        np.array,
        pd.Series,
        iter,
        lambda ids: dict.fromkeys(ids).keys(),
        lambda ids: pd.Series(ids, dtype="Int64"),
        lambda ids: list(map(str, ids)),
        lambda ids: np.array(ids, dtype=np.uint64),
    ],
    ids=["list", "set", "array", "Series", "iterator", "keys", "nullable", "text", "unsigned"],
)
def test_ids_of_every_kind_are_one_of_these(dataset, truth, wrap):
    wanted = sorted(truth.table("nucleus_detection_v0")["id"].astype(int)[:3])
    found = dataset.tables.nucleus_detection_v0(id=wrap(wanted)).query()
    assert sorted(found["id"]) == wanted
    others = dataset.tables.nucleus_detection_v0(id={"not in": wrap(wanted)}).query()
    assert set(others["id"]) == set(truth.table("nucleus_detection_v0")["id"]) - set(wanted)


@pytest.mark.parametrize("wrap", [int, str, np.int64, np.array], ids=lambda one: one.__name__)
def test_one_id_of_every_kind_is_equal(dataset, truth, wrap):
    wanted = int(truth.table("nucleus_detection_v0")["id"][0])
    assert dataset.tables.nucleus_detection_v0(id=wrap(wanted)).query()["id"].tolist() == [wanted]


def test_measures_may_be_floats(dataset, truth):
    volume = truth.table("nucleus_detection_v0")["volume"].astype(float).tolist()[0]
    found = dataset.tables.nucleus_detection_v0(volume={">=": volume - 0.5, "<": volume + 0.5})
    assert len(found.query()) >= 1


def test_words_have_no_bounds(dataset):
    with pytest.raises(ValueError, match=r"cell_type is no number and has no \['<'\]"):
        dataset.tables.cell_type_manual(cell_type={"<": "a"})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"limit": 0}, "at least one row"),
        ({"desired_resolution": [1, 1]}, "nanometres along x, y and z"),
        ({"timestamp": pd.Timestamp("2024-01-01"), "materialization_version": 3}, "or of a"),
        ({"timestamp": pd.Timestamp("2024-01-01"), "get_counts": True}, "counted in a version"),
    ],
    ids=str,
)
def test_options_that_cannot_be_meant_are_refused(dataset, options, said):
    with pytest.raises(ValueError, match=said):
        dataset.tables.synapses_world().query(**options)


def test_a_truth_value_is_a_filter_and_rows_that_were_deleted_stay_away(dataset, truth):
    stored = truth.table("proofreading_status_and_strategy")
    when = truth.versions[3]
    there = (stored["created"] <= when) & ~(stored["deleted"] <= when).fillna(False)
    expected = stored[there & stored["status_axon"]]
    found = dataset.tables.proofreading_status_and_strategy(status_axon=True).query(
        desired_resolution=[1, 1, 1], split_positions=True
    )
    assert 0 < len(expected) < len(stored)
    assert sorted(found["id"]) == sorted(expected["id"])
