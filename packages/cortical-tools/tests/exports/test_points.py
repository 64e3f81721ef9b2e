"""Points as PostGIS writes them, in every way in which it does."""

import struct

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortical_tools.exports.points import decode_points

HAS_Z, HAS_SRID = 0x80000000, 0x20000000
NUMBER = st.floats(-1e9, 1e9)


def written(xyz, order="<", kind=1 | HAS_Z, srid=None):
    """The bytes of a point."""
    head = struct.pack(f"{order}BI", 1 if order == "<" else 0, kind | (HAS_SRID if srid else 0))
    reference = b"" if srid is None else struct.pack(f"{order}I", srid)
    return head + reference + struct.pack(f"{order}{len(xyz)}d", *xyz)


@st.composite
def points(draw):
    """Coordinates, and a way to write them."""
    xyz = draw(st.tuples(NUMBER, NUMBER, NUMBER))
    kind = draw(st.sampled_from([1 | HAS_Z, 1001]))
    return xyz, written(xyz, draw(st.sampled_from("<>")), kind, draw(st.sampled_from([None, 4326])))


@given(st.lists(st.none() | points(), max_size=8), st.booleans())
def test_every_point_is_read_however_it_and_its_neighbours_are_written(drawn, as_text):
    content = [one and one[1] for one in drawn]
    kind = pa.string() if as_text else pa.binary()
    column = [one and one.hex().upper() for one in content] if as_text else content
    axes = decode_points(pa.array(column, kind))
    found = list(zip(*(axis.to_pylist() for axis in axes), strict=True))
    assert found == [one[0] if one else (None, None, None) for one in drawn]


def test_a_part_of_a_column_is_read_as_the_whole():
    column = pa.array([written((n, 0.5, -n)).hex() for n in range(5)])
    x, y, z = decode_points(column[2:4])
    assert (x.to_pylist(), y.to_pylist(), z.to_pylist()) == ([2, 3], [0.5, 0.5], [-2, -3])


GOOD = written((1, 2, 3))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        pytest.param(GOOD[:12], "12 bytes are no point in three dimensions", id="cut off"),
        pytest.param(b"\2" + GOOD[1:], "2 is no byte order", id="unknown byte order"),
        pytest.param(written((1, 2, 3), kind=1), "kind 0x1 in 29 bytes", id="no height"),
        pytest.param(written((1, 2, 3), kind=2 | HAS_Z), "kind 0x80000002", id="a line"),
        pytest.param(GOOD + b"\0", "in 30 bytes is no such point", id="too long"),
    ],
)
def test_what_is_no_point_in_three_dimensions_is_refused(wrong, says):
    with pytest.raises(ValueError, match=says):
        decode_points(pa.array([GOOD, wrong], pa.binary()))


def test_half_a_byte_of_text_is_refused():
    with pytest.raises(ValueError, match="odd length"):
        decode_points(pa.array([GOOD.hex()[:-1]]))


def test_coordinates_are_the_doubles_that_were_written():
    exact = np.nextafter(188_832.0, np.inf)
    x, _, _ = decode_points(pa.array([written((exact, 0, 0))], pa.binary()))
    assert x[0].as_py() == exact
