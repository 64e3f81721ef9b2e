"""The vertices of one layer: ids, points and feature columns of one length."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from ossify._frozen import Frozen, freeze
from ossify._typing import FloatArray, IntArray
from ossify.errors import ShapeError, UnknownFeatureError
from ossify.layers.columns import Column, PromisedColumns
from ossify.topology.selection import Selection
from ossify.vertex_ids import VertexIds

XYZ = ("x", "y", "z")


@dataclass(frozen=True, eq=False)
class VertexTable(Frozen):
    """Ids, points and features of V vertices, in row order. Never changes.

    Parameters
    ----------
    ids
        The vertex ids.
    points
        (V, 3) float64, read-only.
    columns
        Features by name, each of length V.
    spatial_columns
        What the three coordinates are called in a DataFrame.
    index_name
        What the ids are called in a DataFrame.
    """

    ids: VertexIds
    points: FloatArray
    columns: Mapping[str, Column] = field(default_factory=dict)
    spatial_columns: tuple[str, str, str] = XYZ
    index_name: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.columns, PromisedColumns):
            self._set("columns", dict(self.columns))

    @property
    def dtypes(self) -> dict[str, str]:
        """The dtype of every feature, in words; no column is fetched for it."""
        if isinstance(self.columns, PromisedColumns):
            return dict(self.columns.dtypes)
        return {name: str(column.dtype) for name, column in self.columns.items()}

    def __len__(self) -> int:
        return len(self.ids)

    def column(self, name: str, owner: str) -> Column:
        """One feature.

        Raises
        ------
        UnknownFeatureError
            If there is none of that name.
        """
        if name not in self.columns:
            known = ", ".join(sorted(self.columns)) or "none"
            raise UnknownFeatureError(f"{owner} has no feature {name!r}; it has: {known}")
        return self.columns[name]

    def select(self, selection: Selection) -> VertexTable:
        """The kept rows."""
        if selection.keeps_all:
            return self
        rows = selection.rows
        return replace(
            self,
            ids=self.ids.select(rows),
            points=freeze(np.take(self.points, rows, axis=0)),
            columns=_each(self.columns, lambda column: take(column, rows)),
        )

    def with_points(self, points: FloatArray) -> VertexTable:
        """The same vertices elsewhere."""
        return replace(self, points=points)

    def with_columns(self, columns: Mapping[str, Column]) -> VertexTable:
        """With more features.

        Raises
        ------
        ValueError
            If a name is taken.
        """
        for name in columns:
            if name in self.columns or name in self.spatial_columns:
                what = "coordinate" if name in self.spatial_columns else "feature"
                raise ValueError(
                    f"there is a {what} {name!r} already; choose another name"
                    + ("" if what == "coordinate" else f", or call drop_features({name!r}) first")
                )
        if isinstance(self.columns, PromisedColumns):
            return replace(self, columns=self.columns.having(columns))
        return replace(self, columns={**self.columns, **columns})

    def without_columns(self, names: Iterable[str]) -> VertexTable:
        """Without the named features."""
        gone = set(names)
        kept = [name for name in self.columns if name not in gone]
        if isinstance(self.columns, PromisedColumns):
            return replace(self, columns=self.columns.only(kept))
        return replace(self, columns={name: self.columns[name] for name in kept})

    @property
    def index(self) -> pd.Index[Any]:
        """The vertex ids as the index of DataFrames, under the name that they have there."""
        # Users may rename theirs.
        return self._index.copy()

    @cached_property
    def _index(self) -> pd.Index[Any]:
        return pd.Index(self.ids.ids, name=self.index_name, copy=False)

    def frame(self, names: Iterable[str] | None = None, *, spatial: bool = False) -> pd.DataFrame:
        """Features, after the coordinates if `spatial`, as a new DataFrame indexed by vertex id."""
        data: dict[str, Any] = {}
        if spatial:
            data.update(zip(self.spatial_columns, self.points.T, strict=True))
        for name in self.columns if names is None else names:
            data[name] = self.columns[name]
        return pd.DataFrame(data, index=self.index, copy=True)


def _each(columns: Mapping[str, Column], make: Callable[[Column], Column]) -> Mapping[str, Column]:
    if isinstance(columns, PromisedColumns):
        return columns.each(make)
    return {name: make(column) for name, column in columns.items()}


def freeze_column(column: Column) -> Column:
    """The column, made read-only where it is a numpy array."""
    return freeze(column) if isinstance(column, np.ndarray) else column


def take(column: Column, rows: IntArray) -> Column:
    """The values of a column at `rows`."""
    return freeze_column(column.take(rows))


def as_points(values: Any, what: str) -> FloatArray:
    """Coordinates as a new read-only (V, 3) float64 array.

    Raises
    ------
    ShapeError
        If they are not (V, 3) numbers, or not all finite.
    """
    try:
        points = np.array(values, dtype=np.float64, order="C")
    except (TypeError, ValueError) as error:
        raise ShapeError(f"{what}: coordinates must be numbers ({error})") from None
    if points.size == 0 and points.ndim <= 2:
        points = points.reshape(0, 3)
    if points.ndim != 2 or points.shape[1] != 3:
        raise ShapeError(f"{what}: coordinates must have shape (V, 3), not {points.shape}")
    if not np.isfinite(points).all():
        bad = np.flatnonzero(~np.isfinite(points).all(axis=1))
        raise ShapeError(
            f"{what}: {len(bad):,} of {len(points):,} vertices have a coordinate that is NaN or "
            f"infinite, the first is row {bad[0]}"
        )
    return freeze(points)


def as_column(values: Any, n_vertices: int, what: str) -> Column:
    """One feature, copied, its dtype kept.

    A list of whole numbers with gaps becomes nullable Int64, never floats.

    Raises
    ------
    ShapeError
        If it is not one value per vertex.
    """
    try:
        column = _as_column(values, n_vertices, what)
    except UnicodeEncodeError as error:
        raise ShapeError(f"{what}: {error.object!r} is no text ({error.reason})") from None
    if column.ndim != 1 or len(column) != n_vertices:
        shape = column.shape if column.ndim != 1 else f"{len(column):,} values"
        raise ShapeError(f"{what}: expected {n_vertices:,} values, one per vertex; got {shape}")
    return freeze_column(column)


def _as_column(values: Any, n_vertices: int, what: str) -> Column:
    if isinstance(values, np.ndarray):
        column: Column = values.copy()
        if column.ndim == 1 and column.dtype.kind in "US":
            column = _pandas_array(column)
        return column
    if isinstance(values, (pd.Series, pd.Index, ExtensionArray)):
        return _pandas_array(values)
    if isinstance(values, Iterable) and not isinstance(values, (str, bytes, dict)):
        return _from_list(list(values), what)
    raise ShapeError(f"{what}: expected {n_vertices:,} values, got {values!r}")


def column_of(series: pd.Series[Any]) -> Column:
    """The values of a Series as a numpy array where pandas keeps them in one."""
    return series.to_numpy() if isinstance(series.dtype, np.dtype) else series.array


def _pandas_array(values: Any) -> Column:
    return column_of(pd.Series(values)).copy()


def _from_list(values: list[Any], what: str) -> Column:
    kinds = {type(value) for value in values}
    whole = {kind for kind in kinds if issubclass(kind, (int, np.integer)) and kind is not bool}
    if whole and kinds - whole <= {type(None), type(pd.NA)} and kinds != whole:
        return pd.array(values, dtype="Int64")
    if kinds & {np.ndarray, list, tuple}:
        # np.array would make a matrix of lists that happen to be equally long.
        return np.fromiter(values, dtype=object, count=len(values))
    column = _pandas_array(values)
    large = (abs(int(value)) >= 2**53 for value in values if type(value) in whole)
    if whole and column.dtype.kind == "f" and any(large):
        raise ShapeError(
            f"{what}: a list that mixes floats with whole numbers of 2**53 or more would round "
            "them; pass an integer array, or a nullable one (dtype='Int64')"
        )
    return column
