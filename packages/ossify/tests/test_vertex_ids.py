import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify.errors import UnknownVertexError, VertexIdError
from ossify.vertex_ids import VertexIds, as_id, as_ids

# A float64 turns the second of these into the first.
BIG = [2**53, 2**53 + 1, 864691135639806263, 864691135639806265, 2**63 - 1]

CARRIERS = {
    "list": list,
    "tuple": tuple,
    "set's list": lambda ids: sorted(set(ids)),
    "int64": lambda ids: np.array(ids, np.int64),
    "uint64": lambda ids: np.array(ids, np.uint64),
    "big-endian": lambda ids: np.array(ids, ">i8"),
    "objects": lambda ids: np.array(ids, object),
    "list of uint64 and int64": lambda ids: [np.uint64(ids[0]), *map(np.int64, ids[1:])],
    "Series": lambda ids: pd.Series(ids),
    "Series of objects": lambda ids: pd.Series(ids, dtype=object),
    "nullable": lambda ids: pd.array(ids, dtype="Int64"),
    "nullable unsigned": lambda ids: pd.Series(ids, dtype="UInt64"),
    "arrow": lambda ids: pd.Series(ids, dtype="int64[pyarrow]"),
    "Index": lambda ids: pd.Index(ids),
    "category": lambda ids: pd.Series(ids).astype("category"),
    "generator": iter,
}


@pytest.mark.parametrize("carry", CARRIERS.values(), ids=CARRIERS.keys())
def test_ids_come_in_exactly(carry):
    ids = as_ids(carry(BIG))
    assert ids.dtype == np.int64
    assert ids.tolist() == BIG


@given(st.lists(st.integers(0, 2**63 - 1)), st.sampled_from(sorted(CARRIERS)))
def test_any_ids_come_in_exactly(ids, carrier):
    if carrier == "set's list":
        ids = sorted(set(ids))
    if carrier == "list of uint64 and int64" and not ids:
        return
    assert as_ids(CARRIERS[carrier](ids)).tolist() == ids


@pytest.mark.parametrize(
    "whole", [[3.0, 5.0], np.array([3, 5], np.float32), np.array([3.0, 5], object)]
)
def test_small_whole_floats_are_ids(whole):
    assert as_ids(whole).tolist() == [3, 5]


@pytest.mark.parametrize("value", [2.0**53, 864691135639806263.0, 1.5, np.inf, -np.inf])
@pytest.mark.parametrize("carry", [list, np.array, lambda v: np.array(v, object), pd.Series])
def test_a_float_that_may_have_been_rounded_is_refused(carry, value):
    with pytest.raises(VertexIdError, match=r"`df.iloc\[0\]` makes floats .* keeps them"):
        as_ids(carry([value]))


def test_a_float32_is_an_id_only_where_it_is_exact():
    assert as_ids(np.array([2**24 - 1], np.float32)).tolist() == [2**24 - 1]
    with pytest.raises(VertexIdError, match=r"float32 only if whole and below 2\*\*24"):
        as_ids(np.array([2**24 + 1], np.float32))
    with pytest.raises(VertexIdError, match=r"2\*\*24"):
        as_ids([np.float32(2**24 + 1)])


def test_an_id_from_a_row_of_mixed_columns_is_refused_and_from_its_column_taken():
    frame = pd.DataFrame({"vertex_id": [864691135639806263], "radius": [0.5]})
    with pytest.raises(ValueError, match=r'`df\["vertex_id"\].iloc\[0\]` keeps them'):
        as_id(frame.iloc[0]["vertex_id"])
    assert as_id(frame["vertex_id"].iloc[0]) == 864691135639806263


@pytest.mark.parametrize(
    "gaps",
    [
        [2**53 + 1, None],
        [2**53 + 1, pd.NA],
        [2**53 + 1, np.nan],
        [2**53 + 1, -1],
        pd.array([2**53 + 1, None], dtype="Int64"),
        pd.Series([2**53 + 1, None], dtype="UInt64"),
        pd.Series([2**53 + 1, None], dtype=object),
    ],
)
def test_gaps_become_minus_one_where_they_are_allowed(gaps):
    assert as_ids(gaps, allow_none=True).tolist() == [2**53 + 1, -1]
    with pytest.raises(VertexIdError, match=r"missing|negative"):
        as_ids(gaps)


def test_a_missing_float_is_a_gap():
    assert as_ids([np.nan, 4.0], allow_none=True).tolist() == [-1, 4]
    with pytest.raises(VertexIdError, match=r"1 of 2 are missing \(NaN\)"):
        as_ids([np.nan, 4.0])


@pytest.mark.parametrize(
    "too_large", [[2**63], [2**64], [-(2**63) - 1], np.array([2**63 + 5], np.uint64), [2**63, -1]]
)
def test_what_is_outside_int64_is_refused(too_large):
    with pytest.raises(VertexIdError, match=r"2\*\*63|outside int64"):
        as_ids(too_large)


def test_negative_ids_are_counted_and_the_first_named():
    with pytest.raises(VertexIdError, match=r"vertex ids: 2 of 3 are negative, the first is -7"):
        as_ids([4, -7, -1])
    with pytest.raises(VertexIdError, match=r"1 of 3 are negative, the first is -7"):
        as_ids([4, -7, -1], allow_none=True)


@pytest.mark.parametrize(
    "values",
    [
        ["7"],
        "7",
        [b"7"],
        [True, False],
        [True, None],
        [True, 7],
        np.array([True]),
        np.array([True, 1], object),
        pd.Series([True], dtype="boolean"),
        pd.Series(["7"]),
        [1j],
        np.array(["2020-01-01"], "M8[ns]"),
        [object()],
    ],
)
def test_what_is_not_a_number_is_a_type_error(values):
    with pytest.raises(TypeError, match=r"must be integers"):
        as_ids(values)


def test_no_ids_are_ids():
    for nothing in ([], (), np.array([]), pd.Series([], dtype=float), pd.Index([])):
        assert as_ids(nothing).dtype == np.int64


class TestVertexIds:
    def test_a_repeated_id_is_refused_with_a_count_and_the_first(self):
        with pytest.raises(VertexIdError, match=r"2 of 5 are repeated, the first is 4"):
            VertexIds([9, 4, 9, 4, 1])

    @given(st.lists(st.integers(0, 2**63 - 1), unique=True), st.data())
    def test_rows_is_the_inverse_of_ids(self, ids, data):
        vertex_ids = VertexIds(ids)
        rows = data.draw(st.lists(st.integers(0, len(ids) - 1))) if ids else []
        assert vertex_ids.rows(np.array(ids, np.int64)[rows]).tolist() == rows

    @pytest.mark.parametrize("ids", [[0, 1, 2], [5, 7, 9], [9, 5, 7], []])
    def test_unknown_ids_are_counted_and_the_first_named(self, ids):
        vertex_ids = VertexIds(ids)
        with pytest.raises(UnknownVertexError, match=r"2 of 2 ids are not among the . vertices"):
            vertex_ids.rows([8, 10])
        assert vertex_ids.find(np.array([8, 10])).tolist() == [-1, -1]

    def test_an_unknown_id_is_a_key_error_and_a_value_error_that_reads_as_a_sentence(self):
        for builtin in (KeyError, ValueError):
            with pytest.raises(builtin) as caught:
                VertexIds([5]).rows([4])
            expected = "vertices: 1 of 1 ids are not among the 1 vertices, the first is 4"
            assert str(caught.value) == expected

    def test_it_does_not_change_with_the_array_it_was_made_of(self):
        ids = np.array([3, 4])
        vertex_ids = VertexIds(ids)
        ids[0] = 9
        assert vertex_ids.ids.tolist() == [3, 4]
        with pytest.raises(ValueError, match=r"read-only"):
            vertex_ids.ids[0] = 9

    def test_it_is_its_own_copy_and_pickles(self):
        vertex_ids = VertexIds([3, 2**53 + 1])
        vertex_ids.rows([3])
        assert copy.deepcopy(vertex_ids) is vertex_ids
        read = pickle.loads(pickle.dumps(vertex_ids))
        assert read.ids.tolist() == [3, 2**53 + 1]
        assert not read.ids.flags.writeable
        assert read.rows([2**53 + 1]).tolist() == [1]
