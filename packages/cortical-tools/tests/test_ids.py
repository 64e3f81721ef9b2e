"""Ids become int64 without ever having been floats."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortical_tools.ids import int_ids, one_id

# As floats these two are one.
NEURON, OTHER = 864691135639806263, 864691135639806265
WAYS = {
    "list": [NEURON, OTHER],
    "tuple": (NEURON, OTHER),
    "array": np.array([NEURON, OTHER]),
    "unsigned array": np.array([NEURON, OTHER], dtype=np.uint64),
    "object array": np.array([NEURON, OTHER], dtype=object),
    "list of numpy scalars": [np.int64(NEURON), np.uint64(OTHER)],
    "text": [str(NEURON), str(OTHER)],
    "series": pd.Series([NEURON, OTHER], index=[7, 3]),
    "nullable series": pd.Series([NEURON, OTHER], dtype="Int64"),
    "index": pd.Index([NEURON, OTHER]),
    "column of Arrow": pd.Series([NEURON, OTHER], dtype="int64[pyarrow]"),
    "unsigned column of Arrow": pd.Series([NEURON, OTHER], dtype="uint64[pyarrow]"),
    "keys": dict.fromkeys([NEURON, OTHER]).keys(),
    "values": {"a": NEURON, "b": OTHER}.values(),
    "column of text": pd.Series([str(NEURON), str(OTHER)]),
}


@pytest.mark.parametrize("values", WAYS.values(), ids=WAYS)
def test_ids_of_every_kind_become_int64_exactly(values):
    ids = int_ids(values)
    assert ids.dtype == np.int64
    assert ids.tolist() == [NEURON, OTHER]


def test_ids_that_are_run_through_once_become_int64_too():
    assert int_ids(one for one in [NEURON, OTHER]).tolist() == [NEURON, OTHER]
    assert int_ids(map(str, [NEURON, OTHER])).tolist() == [NEURON, OTHER]


@pytest.mark.parametrize("value", [NEURON, np.int64(NEURON), np.uint64(NEURON), str(NEURON)])
def test_one_id_is_a_list_of_one(value):
    assert int_ids(value).tolist() == [NEURON]
    assert one_id(value) == NEURON
    assert type(one_id(value)) is int


@pytest.mark.parametrize("nothing", [[], (), set(), np.array([]).astype(int), pd.Series([])])
def test_no_ids_are_no_ids(nothing):
    assert int_ids(nothing).dtype == np.int64
    assert len(int_ids(nothing)) == 0


@given(st.lists(st.integers(0, 2**63 - 1)))
def test_every_id_survives_in_order_and_number(values):
    assert int_ids(values).tolist() == values


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (float(NEURON), "float has not enough digits"),
        ([1, 2.0], "float has not enough digits"),
        (np.array([1.0]), "float has not enough digits"),
        ([True], "bool"),
        (None, "NoneType"),
        (["12a"], "'12a'"),
        (b"12", "b'12'"),
        ({NEURON: 1}, "a dict is no collection of ids; give the column or the keys"),
        (pd.DataFrame({"root_id": [NEURON]}), "a DataFrame is no collection of ids"),
        (-1, "-1 is not an id"),
        (2**63, "9223372036854775808 is not an id"),
        (pd.Series([1, None], dtype="Int64"), "1 of 2 are missing"),
    ],
    ids=str,
)
def test_what_is_no_id_is_refused_and_named(value, said):
    with pytest.raises(ValueError, match=f"^neurons: .*{said}"):
        int_ids(value, "neurons")


def test_several_ids_are_not_one():
    with pytest.raises(ValueError, match="root_id: expected one, got 2"):
        one_id([NEURON, OTHER], "root_id")
