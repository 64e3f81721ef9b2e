"""Tables that pandas wrote, and what it noted about them.

The notes are JSON in the metadata of the table. Like all of a file, they may be anything.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from ossify._typing import AnyArray
from ossify.io.osy import layout
from ossify.io.osy.codecs import foreign_column
from ossify.io.osy.tables import piece, read_table
from ossify.io.storage import Buffer
from ossify.layers.columns import Column
from ossify.vertex_ids import VertexIds


@dataclass(frozen=True)
class NotedTable:
    """A table and the notes about its index and its columns."""

    table: pa.Table
    index: object
    columns: tuple[dict[str, Any], ...]

    @classmethod
    def read(cls, data: Buffer) -> NotedTable:
        """The table of a Feather file.

        Raises
        ------
        ValueError
            If it is none, is damaged, or pandas cannot have noted what it says.
        """
        table = read_table(data)
        try:
            noted = json.loads((table.schema.metadata or {}).get(b"pandas", b"{}"))
        except (ValueError, RecursionError) as error:
            raise ValueError(f"the notes of pandas are no JSON ({error})") from None
        if not isinstance(noted, dict):
            raise ValueError(f"the notes of pandas are {noted!r:.80}, no JSON object")
        index = _list_of(noted, "index_columns")
        columns = _list_of(noted, "columns")
        if not all(isinstance(column, dict) for column in columns):
            raise ValueError("the notes of pandas describe a column that is no JSON object")
        return cls(table, index[0] if index else None, tuple(columns))

    @property
    def names(self) -> list[str]:
        """The names of all columns, that of the index among them."""
        names: list[str] = self.table.column_names
        return names

    @property
    def index_place(self) -> int | None:
        """The place of the index among the columns; None if it is the row numbers."""
        if not isinstance(self.index, str) or self.index not in self.names:
            return None
        # The last, since a feature may have the name of the index.
        return len(self.names) - 1 - self.names[::-1].index(self.index)

    @property
    def index_name(self) -> str | None:
        """What the index is called.

        Raises
        ------
        ValueError
            If that is no text.
        """
        name = self.index.get("name") if isinstance(self.index, dict) else None
        if self.index_place is not None:
            stated = self._stated(self.index)
            name = stated[-1].get("name") if stated else self.index
        if not isinstance(name, (str, type(None))):
            raise ValueError(f"its index is called {name!r:.80}, which is no text")
        return None if name == layout.INDEX_COLUMN else name

    def range_ids(self) -> VertexIds:
        """The ids of a table whose index is the row numbers, or others in equal steps.

        Raises
        ------
        ValueError
            If they are not as many as there are rows, or no ids.
        """
        count = self.table.num_rows
        if not isinstance(self.index, dict):
            return VertexIds.from_count(count)
        places = [self.index.get(*part) for part in (("start", 0), ("stop", count), ("step", 1))]
        start, stop, step = places
        if not all(type(place) is int and abs(place) < 2**62 for place in places) or step == 0:
            raise ValueError(f"the index is said to be {self.index!r:.80}")
        if len(range(start, stop, step)) != count:
            raise ValueError(f"the index is said to be {self.index!r:.80}, for {count:,} rows")
        return VertexIds(np.arange(start, stop, step, dtype=np.int64))

    def numbers(self, place: int) -> AnyArray:
        """A column of numbers without gaps.

        Raises
        ------
        ValueError
            If it has gaps, or holds something else.
        """
        array = piece(self.table, place)
        is_number = pa.types.is_integer(array.type) or pa.types.is_floating(array.type)
        if array.null_count or not is_number:
            raise ValueError(
                f"{self.names[place]!r} is {array.type}, where numbers without gaps were expected"
            )
        values: AnyArray = array.to_numpy()
        return values

    def feature(self, place: int) -> Column:
        """A column as pandas reads it.

        Raises
        ------
        ValueError
            If it cannot be read.
        """
        name = self.names[place]
        stated = self._stated(name)

        def in_pandas() -> Any:
            alone = {"index_columns": [], "column_indexes": [], "columns": stated[:1]}
            notes = {"pandas": json.dumps(alone)} if stated else None
            return self.table.select([place]).replace_schema_metadata(notes).to_pandas()[name]

        numpy_type = stated[0].get("numpy_type") if stated else None
        try:
            return foreign_column(piece(self.table, place), in_pandas, numpy_type)
        except (
            pa.ArrowException,
            TypeError,
            ValueError,
            KeyError,
            AttributeError,
            OverflowError,
            NotImplementedError,
        ) as error:
            raise ValueError(f"feature {name!r}: {error}") from None

    def _stated(self, name: object) -> list[dict[str, Any]]:
        """What is noted of the columns of a name."""
        return [column for column in self.columns if column.get("field_name") == name]


def _list_of(noted: dict[str, Any], key: str) -> list[Any]:
    value = noted.get(key, [])
    if not isinstance(value, list):
        raise ValueError(f"in the notes of pandas, {key} is {value!r:.80}")
    return value
