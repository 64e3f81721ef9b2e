import numpy as np
import pytest

from ossify.layers.columns import PromisedColumns


@pytest.fixture
def asked():
    """What has been fetched."""
    return []


@pytest.fixture
def columns(asked):
    def fetch(name):
        asked.append(name)
        return np.array([len(asked), 0.5])

    return PromisedColumns({"radius": "float64", "size": "float64"}, fetch)


def test_each_is_fetched_once_and_when_it_is_asked_for(columns, asked):
    assert list(columns) == ["radius", "size"]
    assert "size" in columns
    assert asked == []
    assert columns["size"] is columns["size"]
    assert asked == ["size"]


def test_what_was_not_promised_is_not_there(columns, asked):
    assert "colour" not in columns
    with pytest.raises(KeyError, match="colour"):
        columns["colour"]
    assert asked == []


def test_what_is_made_of_them_fetches_no_more_than_they_do(columns, asked):
    twice = columns.only(["size"]).each(lambda column: 2 * column)
    more = twice.having({"colour": np.array(["red", "blue"])})
    assert (list(more), asked) == (["size", "colour"], [])
    assert more.dtypes == {"size": "float64", "colour": "<U4"}
    assert more["colour"].tolist() == ["red", "blue"]
    assert more["size"].tolist() == [2.0, 1.0]
    assert (columns["size"].tolist(), asked) == ([1.0, 0.5], ["size"])
