"""Tables of which single columns are read.

In the one batch of a table, what belongs to a column lies together. A table is therefore cut into
pieces: what comes before the first column, each column, and what comes after the last. The index
has a checksum of each, so that a column that was read alone is vouched for.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

import pyarrow as pa
import xxhash

from ossify.io.osy.arrow_size import batch_buffers
from ossify.io.osy.manifest import Member, Piece
from ossify.io.osy.tables import piece, read_columns
from ossify.io.storage import Buffer, Source

# A smaller table is read whole: one journey takes longer.
WHOLE_BELOW = 2**16


def table_pieces(data: Buffer, columns: Sequence[pa.Array]) -> tuple[Piece, ...]:
    """The pieces of a table that was written of `columns`; () where it is to be read whole."""
    if len(data) < WHOLE_BELOW:
        return ()
    buffers = batch_buffers(data)
    counts = [len(column.buffers()) for column in columns]
    # There are types whose buffers in memory are not those of the file.
    if buffers is None or sum(counts) != len(buffers) or not all(counts):
        return ()
    firsts = accumulate(counts[:-1], initial=0)
    cuts = [0, *(buffers[first][0] for first in firsts), buffers[-1][1], len(data)]
    return tuple(
        Piece(end - start, xxhash.xxh3_64_hexdigest(data[start:end]))
        for start, end in pairwise(cuts)
    )


class PartialTable:
    """A table of which columns are read when they are wanted.

    Parameters
    ----------
    source, member
        Where it is. The member has pieces.
    n_rows
        How many rows the table must have.
    """

    def __init__(self, source: Source, member: Member, n_rows: int) -> None:
        self._source = source
        self._member = member
        self._n_rows = n_rows
        # Nothing takes memory that has not been written to.
        self._data = bytearray(member.size)
        self._starts = list(accumulate((piece.size for piece in member.pieces), initial=0))
        self._held: set[int] = set()

    def columns(self, places: Sequence[int]) -> list[pa.Array]:
        """The columns at some places, in ascending order.

        Raises
        ------
        ValueError
            If a piece is damaged, or it is no such table.
        """
        ends = (0, len(self._member.pieces) - 1)
        self._hold({*ends, *(place + 1 for place in places)} - self._held)
        table = read_columns(self._data, places)
        if table.shape != (self._n_rows, len(places)):
            raise ValueError(
                f"member {self._member.name!r} has {table.num_rows:,} rows, where the index says "
                f"{self._n_rows:,}"
            )
        return [piece(table, place) for place in range(len(places))]

    def _hold(self, wanted: set[int]) -> None:
        runs = _consecutive(sorted(wanted))
        spans = [(self._starts[first], self._starts[last + 1]) for first, last in runs]
        offset = self._member.offset
        found = self._source.read_many([(offset + start, end - start) for start, end in spans])
        for (first, last), (start, end), content in zip(runs, spans, found, strict=True):
            data = memoryview(content)
            for place in range(first, last + 1):
                part = data[self._starts[place] - start : self._starts[place + 1] - start]
                stated = self._member.pieces[place].checksum
                if xxhash.xxh3_64_hexdigest(part) != stated:
                    raise ValueError(f"member {self._member.name!r} is damaged")
            self._data[start:end] = data
        self._held |= wanted


def _consecutive(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """The first and last of each run of consecutive numbers."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs
