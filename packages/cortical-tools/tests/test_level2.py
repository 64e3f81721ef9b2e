"""Level-2 ids and their attributes: in the order asked, missing where missing."""

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def root(neurons):
    """The neuron of which the cache lacks one id, and the components of another."""
    return neurons["nucleus off its segmentation"]["root_ids"][-1]


@pytest.fixture
def stored(snapshot):
    return snapshot.frame("level2/attributes.parquet")


def test_the_ids_of_an_object_are_int64_and_all(dataset, snapshot, root):
    found = dataset.get_l2_ids(root)
    assert found.dtype == np.int64
    members = snapshot.frame("ids/level2.parquet")
    assert sorted(found) == sorted(members.loc[members["root_id"] == root, "l2_id"])


def test_a_box_keeps_what_touches_it(dataset, root):
    every = dataset.get_l2_ids(root)
    points = dataset.get_l2data(every, attributes=["rep_coord_nm"]).dropna()
    one = points.iloc[0].to_numpy() / [8, 8, 40]
    box = np.column_stack([np.floor(one) - 1, np.ceil(one) + 1]).astype(int)
    inside = dataset.get_l2_ids(root, bounds=box)
    assert points.index[0] in inside
    assert 0 < len(inside) < len(every)
    assert set(inside) <= set(every)
    assert dataset.get_l2_ids(root, bounds=box.tolist()).tolist() == inside.tolist()


@pytest.mark.parametrize("bounds", [[1, 2, 3], np.zeros((2, 3)), [[0.5, 1], [0, 1], [0, 1]], "all"])
def test_a_box_that_is_none_is_refused(dataset, root, bounds):
    with pytest.raises(ValueError, match="bounds: whole voxels"):
        dataset.get_l2_ids(root, bounds=bounds)


def test_attributes_come_in_the_order_asked_with_repetitions(dataset, root):
    ids = dataset.get_l2_ids(root)[::-1]
    ids = np.concatenate([ids, ids[:3]])
    found = dataset.get_l2data(ids)
    assert found.index.tolist() == ids.tolist()
    assert found.index.name == "l2_id"
    assert found.index.dtype == np.int64
    alone = dataset.get_l2data(ids[5])
    pd.testing.assert_series_equal(found.iloc[5], alone.iloc[0])


def test_every_attribute_has_its_columns_of_floats(dataset, root):
    found = dataset.get_l2data(dataset.get_l2_ids(root))
    assert len(found.columns) == 25
    assert found.columns[:7].tolist() == [
        "area_nm2",
        "size_nm3",
        "max_dt_nm",
        "mean_dt_nm",
        "rep_coord_nm_x",
        "rep_coord_nm_y",
        "rep_coord_nm_z",
    ]
    assert set(found.dtypes) == {np.dtype(np.float64)}


def test_what_the_cache_does_not_have_is_missing_and_nowhere_else(dataset, root, stored):
    ids = dataset.get_l2_ids(root)
    found = dataset.get_l2data(ids)
    absent = [one for one in ids if one not in set(stored["l2_id"])]
    assert len(absent) == 1
    assert found.loc[absent].isna().all(axis=None)
    assert found["rep_coord_nm_x"].isna().sum() == 1
    # One more is too small to have principal components.
    assert found["pca_0_x"].isna().sum() == 2
    assert found["pca_val_2"].isna().sum() == 2
    assert not (found == 0).any(axis=None)


def test_some_attributes_can_be_asked_for(dataset, root):
    ids = dataset.get_l2_ids(root)
    found = dataset.get_l2data(ids, attributes=["size_nm3", "rep_coord_nm"])
    assert found.columns.tolist() == [
        "size_nm3",
        *(f"rep_coord_nm_{axis}" for axis in "xyz"),
    ]
    whole = dataset.get_l2data(ids, attributes=["rep_coord_nm"], split_columns=False)
    assert whole.columns.tolist() == ["rep_coord_nm"]
    np.testing.assert_array_equal(
        np.stack(whole["rep_coord_nm"].dropna()), found.dropna().iloc[:, 1:]
    )


def test_an_attribute_that_is_none_is_refused_with_those_that_are(dataset):
    with pytest.raises(ValueError, match=r"\['volume'\] are none of area_nm2, size_nm3"):
        dataset.get_l2data([1], attributes=["size_nm3", "volume"])


def test_a_dict_has_every_id_in_order(dataset, root, stored):
    ids = dataset.get_l2_ids(root)[::-1]
    found = dataset.get_l2data(ids, as_dataframe=False)
    assert list(found) == [str(one) for one in ids]
    missing = [key for key, value in found.items() if not value]
    assert [int(key) for key in missing] == [one for one in ids if one not in set(stored["l2_id"])]


def test_nothing_asked_is_nothing_answered(service, dataset):
    _ = dataset.cave
    service.log.clear()
    found = dataset.get_l2data([])
    assert found.shape == (0, 25)
    assert dataset.get_l2data([], as_dataframe=False) == {}
    assert service.log == []
