"""What pandas notes of a table is believed as far as it fits the table."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ossify.io.osy.pandas_notes import NotedTable

FRAME = pd.DataFrame({"x": [0.5, 1.5, 2.5], "label": ["a", "b", "a"]})


def file_of(table):
    """An Arrow file."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return memoryview(sink.getvalue())


def noted(notes, frame=FRAME):
    """A table of a frame with other notes."""
    text = notes if isinstance(notes, bytes) else json.dumps(notes).encode()
    table = pa.Table.from_pandas(frame).replace_schema_metadata({"pandas": text})
    return NotedTable.read(file_of(table))


@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(3),
        pd.RangeIndex(10, 16, 2),
        pd.RangeIndex(7, 1, -2, name="vertex"),
        pd.Index([2**53 + 1, 5, 864691135639806263], name="l2_id"),
    ],
    ids=str,
)
def test_an_index_is_found_however_pandas_keeps_it(index):
    table = NotedTable.read(file_of(pa.Table.from_pandas(FRAME.set_axis(index))))
    place = table.index_place
    ids = table.range_ids().ids if place is None else table.numbers(place)
    assert ids.tolist() == index.tolist()
    assert table.index_name == index.name


def test_a_table_without_notes_is_numbered():
    table = NotedTable.read(file_of(pa.table({"x": [1.0, 2.0]})))
    assert table.range_ids().ids.tolist() == [0, 1]
    assert (table.index_place, table.index_name) == (None, None)


def test_of_a_feature_and_the_index_of_one_name_the_index_is_the_last():
    frame = FRAME.set_axis(pd.Index([7, 8, 9], name="x"))
    both = pa.Table.from_pandas(frame.rename_axis("i")).rename_columns(["x", "label", "x"])
    both = both.replace_schema_metadata({"pandas": json.dumps({"index_columns": ["x"]})})
    table = NotedTable.read(file_of(both))
    assert table.index_place == 2
    assert table.numbers(2).tolist() == [7, 8, 9]
    assert table.numbers(0).tolist() == [0.5, 1.5, 2.5]


@pytest.mark.parametrize(
    ("notes", "says"),
    [
        pytest.param(b"{", "are no JSON", id="no JSON"),
        pytest.param(b"[" * 100_000, "are no JSON", id="too deep"),
        pytest.param([1], r"are \[1\], no JSON object", id="a list"),
        pytest.param({"index_columns": 3}, "index_columns is 3", id="no list of indices"),
        pytest.param({"columns": ["x"]}, "describe a column that is no JSON object", id="a name"),
    ],
)
def test_notes_that_pandas_cannot_have_made_are_refused(notes, says):
    with pytest.raises(ValueError, match=says):
        noted(notes)


@pytest.mark.parametrize(
    ("index", "says"),
    [
        pytest.param({"start": 0, "stop": 4}, "for 3 rows", id="too many"),
        pytest.param({"step": 0}, "is said to be", id="no step"),
        pytest.param({"start": True}, "is said to be", id="no number"),
        pytest.param({"stop": 2**70}, "is said to be", id="beyond 64 bits"),
        pytest.param({"start": -1, "stop": 2}, "negative", id="below 0"),
    ],
)
def test_row_numbers_that_do_not_fit_are_refused(index, says):
    with pytest.raises(ValueError, match=says):
        noted({"index_columns": [index]}).range_ids()


def test_a_name_that_is_no_text_is_refused():
    with pytest.raises(ValueError, match="called 7, which is no text"):
        _ = noted({"index_columns": [{"name": 7}]}).index_name


def test_only_numbers_without_gaps_are_numbers():
    frame = pd.DataFrame({"gaps": pd.array([1, None, 3], "Int64"), "text": list("abc")})
    table = NotedTable.read(file_of(pa.Table.from_pandas(frame)))
    for place, name in enumerate(frame):
        with pytest.raises(ValueError, match=f"'{name}' is .* where numbers without gaps"):
            table.numbers(place)


def test_a_feature_of_which_nonsense_is_noted_is_named():
    notes = {"columns": [{"field_name": "label", "pandas_type": "datetimetz", "metadata": 3}]}
    with pytest.raises(ValueError, match="feature 'label'"):
        noted(notes).feature(1)


def test_features_are_as_pandas_had_them():
    frame = FRAME.assign(
        kind=pd.Categorical(["b", "a", None]),
        count=pd.array([2**53 + 1, None, 3], "Int64"),
        narrow=np.array([1, 2, 3], np.int8),
    )
    table = NotedTable.read(file_of(pa.Table.from_pandas(frame)))
    for name in ("x", "kind", "count", "narrow"):
        found = pd.Series(table.feature(table.names.index(name)), name=name)
        pd.testing.assert_series_equal(found, frame[name])
