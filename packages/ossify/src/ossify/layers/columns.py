"""Feature columns: what they are, as numbers, and fetched when they are first looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from ossify._typing import AnyArray, FloatArray
from ossify.errors import ShapeError

Column: TypeAlias = AnyArray | ExtensionArray
"""One feature: a numpy array, or a pandas array for categories, nullable ids, times."""


def numbers_of(values: Any, what: str) -> FloatArray:
    """Values as float64, those that are missing as NaN.

    Parameters
    ----------
    values
        An array, or anything that becomes one.
    what
        What they are, for messages.

    Raises
    ------
    ShapeError
        If they are times, texts, complex or anything else that is no number. A ValueError.
    """
    array = np.asarray(values)
    if array.dtype == object:
        array = np.where(pd.isna(array), np.nan, array)
    if array.size and array.dtype.kind not in "biufO":
        raise ShapeError(f"{what}: expected numbers, not {array.dtype}")
    try:
        return array.astype(np.float64, copy=False)
    except (TypeError, ValueError) as error:
        raise ShapeError(f"{what}: expected numbers, not {array.dtype} ({error})") from None


class PromisedColumns(Mapping[str, Column]):
    """Columns by name, each fetched when it is first asked for, and kept.

    Parameters
    ----------
    dtypes
        The names, in order, with the dtype that each column will have.
    fetch
        Fetches a column.
    """

    def __init__(self, dtypes: Mapping[str, str], fetch: Callable[[str], Column]) -> None:
        self.dtypes: dict[str, str] = dict(dtypes)
        self._fetch = fetch
        self._columns: dict[str, Column] = {}

    def __getitem__(self, name: str) -> Column:
        if name not in self._columns:
            if name not in self.dtypes:
                raise KeyError(name)
            self._columns[name] = self._fetch(name)
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.dtypes)

    def __len__(self) -> int:
        return len(self.dtypes)

    def __contains__(self, name: object) -> bool:
        return name in self.dtypes

    def each(self, make: Callable[[Column], Column]) -> PromisedColumns:
        """What `make` makes of each column, once it is looked at."""
        return PromisedColumns(self.dtypes, lambda name: make(self[name]))

    def having(self, columns: Mapping[str, Column]) -> PromisedColumns:
        """With more columns."""
        dtypes = self.dtypes | {name: str(column.dtype) for name, column in columns.items()}
        return PromisedColumns(
            dtypes, lambda name: columns[name] if name in columns else self[name]
        )

    def only(self, names: Iterable[str]) -> PromisedColumns:
        """Some of the columns."""
        return PromisedColumns({name: self.dtypes[name] for name in names}, self.__getitem__)
