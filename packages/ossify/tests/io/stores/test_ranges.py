"""Which ranges of a remote file are fetched."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify.io.storage import sources


class _Held:
    """A remote file of known content, that notes what is asked of it."""

    label = "held"

    def __init__(self, content):
        self.content = content
        self.asked = []

    def first(self, size):
        return sources.Answer(self.content[:size], len(self.content), "1")

    def range(self, offset, size, start):
        self.asked.append((offset, size))
        return self.content[offset : offset + size]


@given(data=st.data())
def test_ranges_are_what_the_file_has_there(data):
    content = bytes(range(256)) * 3
    held = _Held(content)
    ends = st.integers(0, len(content) + 9)
    ranges = data.draw(st.lists(st.tuples(ends, st.integers(0, 300)), max_size=6))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "FIRST", 50)
        patch.setattr(sources, "_PART", 70)
        patch.setattr(sources, "_NEAR", 5)
        source = sources.RemoteSource(held)
        found = source.read_many(ranges)
    assert [bytes(each) for each in found] == [content[o : o + size] for o, size in ranges]
    assert all(size <= 70 for _, size in held.asked)
    # Nothing is fetched twice.
    places = sorted(held.asked)
    assert all(a + size <= b for (a, size), (b, _) in itertools.pairwise(places))
