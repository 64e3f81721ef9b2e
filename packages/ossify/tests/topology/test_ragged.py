import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify.topology.ragged import Ragged, joined_ranges, offsets_of
from ossify.topology.range_minimum import range_minima


@pytest.fixture
def ragged():
    return Ragged(np.array([7, 8, 9]), np.array([0, 2, 2, 3]))


def test_items_are_views_of_the_values(ragged):
    assert len(ragged) == 3
    assert [item.tolist() for item in ragged.split()] == [[7, 8], [], [9]]
    assert np.shares_memory(ragged[0], ragged.values)


def test_negative_numbers_count_from_the_end(ragged):
    assert ragged[-1].tolist() == [9]


def test_a_number_out_of_range_is_an_index_error(ragged):
    with pytest.raises(IndexError):
        ragged[3]


def test_take_reorders_and_repeats(ragged):
    assert [item.tolist() for item in ragged.take(np.array([2, 0, 2]))] == [[9], [7, 8], [9]]


def test_no_items_are_an_empty_list():
    assert Ragged(np.zeros(0), np.zeros(1, dtype=int)).split() == []


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(0, 4))), st.booleans())
def test_joined_ranges_are_the_ranges_joined(ranges, backwards):
    starts = np.array([start for start, _ in ranges], dtype=int)
    lengths = np.array([length for _, length in ranges], dtype=int)
    sign = -1 if backwards else 1
    expected = [n for start, length in ranges for n in range(start, start + sign * length, sign)]
    assert joined_ranges(starts, lengths, backwards=backwards).tolist() == expected
    assert offsets_of(lengths)[-1] == len(expected)


@given(st.lists(st.integers(-9, 9), min_size=1), st.data())
def test_range_minima_are_the_minima_of_the_slices(values, data):
    bounds = st.integers(0, len(values))
    pairs = data.draw(st.lists(st.tuples(bounds, bounds), min_size=1))
    expected = [min(values[start:stop], default=99) for start, stop in pairs]
    starts, stops = np.array(pairs).T
    assert range_minima(np.array(values), starts, stops, empty=99).tolist() == expected


def test_values_are_read_only(ragged):
    with pytest.raises(ValueError, match="read-only"):
        ragged[0][0] = 1
