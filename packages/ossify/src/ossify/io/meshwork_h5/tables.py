"""The annotation tables of a MeshWork file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ossify._typing import AnyArray, FloatArray, IntArray
from ossify.errors import ShapeError
from ossify.io.meshwork_h5.hdf import Hdf
from ossify.layers.columns import Column
from ossify.layers.vertex_table import as_column
from ossify.vertex_ids import NO_VERTEX, as_ids

ANNOTATIONS = "annotations"


@dataclass(frozen=True, eq=False)
class Table:
    """One table of A rows.

    Attributes
    ----------
    name
        What it is called.
    columns
        Column name → (A,) values.
    n_rows
        A.
    index_column
        The column of mesh vertices, as positions, that the rows are anchored to.
    point_column
        The column of own coordinates, in voxels.
    anchor_to_mesh
        Whether rows without an index belong to the mesh vertex nearest to their point.
    max_distance
        How far away that vertex may be.
    pickled
        Columns that are stored as pickles and have not been read.
    """

    name: str
    columns: Mapping[str, Column]
    n_rows: int
    index_column: str | None
    point_column: str | None
    anchor_to_mesh: bool
    max_distance: float
    pickled: tuple[str, ...] = ()

    def index(self, n_mesh: int) -> IntArray | None:
        """(A,) mesh vertices as positions, -1 for none; None if there is no such column.

        Raises
        ------
        ValueError
            If a value is not a position in the mesh.
        """
        if self.index_column is None or self.index_column not in self.columns:
            return None
        what = f"{ANNOTATIONS}/{self.name}: {self.index_column!r}"
        rows = as_ids(self.columns[self.index_column], what, allow_none=True)
        if len(rows) and rows.max() >= n_mesh:
            raise ShapeError(f"{what} names vertex {rows.max()} of a mesh of {n_mesh:,}")
        return rows

    def voxels(self) -> FloatArray | None:
        """(A, 3) own coordinates in voxels, NaN where a row has none; None without the column.

        Raises
        ------
        ValueError
            If a row has other than three numbers.
        """
        if self.point_column is None or self.point_column not in self.columns:
            return None
        values = list(self.columns[self.point_column])
        none = [np.nan] * 3
        try:
            points = np.array([none if v is None else v for v in values], dtype=np.float64)
            return points.reshape(len(values), 3)
        except (TypeError, ValueError):
            raise ShapeError(
                f"{ANNOTATIONS}/{self.name}: {self.point_column!r} must have three numbers a row"
            ) from None

    def other_columns(self) -> dict[str, Column]:
        """The columns besides the index."""
        return {k: v for k, v in self.columns.items() if k != self.index_column}


def read_tables(hdf: Hdf, version: int) -> list[Table]:
    """All tables of a file of version 1 or 2."""
    read = _columns_of_json if version == 2 else _columns_of_blocks
    return [_table(hdf, name, read) for name in hdf.names(ANNOTATIONS)]


def _table(hdf: Hdf, name: str, read: Any) -> Table:
    path = f"{ANNOTATIONS}/{name}"
    facts = hdf.attributes(path)
    columns, n_rows, pickled = read(hdf, f"{path}/data")
    return Table(
        name,
        {key: as_column(values, n_rows, f"{path}: {key!r}") for key, values in columns.items()},
        n_rows,
        facts.get("index_column"),
        facts.get("point_column"),
        bool(facts.get("anchor_to_mesh", False)),
        float(facts.get("max_distance", np.inf)),
        pickled,
    )


_Columns = tuple[dict[str, Any], int, tuple[str, ...]]


def _columns_of_json(hdf: Hdf, path: str) -> _Columns:
    """Version 2: the text of an object of columns, each an object of row → value."""
    text = bytes(hdf.wanted(path, "S")[()])
    try:
        loaded = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise hdf.error(f"{path} is no JSON ({error})") from None
    if not isinstance(loaded, dict) or not all(isinstance(c, dict) for c in loaded.values()):
        raise hdf.error(f"{path} is not a table: expected columns of rows")
    rows = list(next(iter(loaded.values()), {}))
    if any(column.keys() != set(rows) for column in loaded.values()):
        raise hdf.error(f"{path} is not a table: its columns have different rows")
    columns = {name: [column[row] for row in rows] for name, column in loaded.items()}
    return columns, len(rows), ()


def _columns_of_blocks(hdf: Hdf, path: str) -> _Columns:
    """Version 1: pandas' fixed layout, in which columns of one type make a block.

    Blocks of Python objects are pickles. Reading a pickle can run any code that whoever made the
    file has put there, so they are left alone.
    """
    n_rows = len(hdf.wanted(f"{path}/axis1", "iuSf"))
    order = _texts(hdf.wanted(f"{path}/axis0", "S"))
    columns: dict[str, AnyArray] = {}
    pickled: list[str] = []
    for place in range(int(hdf.attributes(path).get("nblocks", 0))):
        names = _texts(hdf.wanted(f"{path}/block{place}_items", "S"))
        values_path = f"{path}/block{place}_values"
        if hdf.is_pickled(values_path):
            pickled += names
            continue
        block = hdf.wanted(values_path, "biuf")
        if "transposed" not in hdf.attributes(values_path):
            block = block.T
        if block.shape != (n_rows, len(names)):
            raise hdf.error(f"{values_path} has shape {block.shape}, not {(n_rows, len(names))}")
        flags = hdf.is_flags(values_path)
        for name, column in zip(names, block.T, strict=True):
            columns[name] = column.astype(bool) if flags else column.copy()
    return {name: columns[name] for name in order if name in columns}, n_rows, tuple(pickled)


def _texts(values: AnyArray) -> list[str]:
    return [bytes(value).decode() for value in values.tolist()]


def by_vertex(column: Column, places: IntArray, n_vertices: int) -> Column:
    """(V,) values in vertex order; missing where no row is for a vertex.

    Parameters
    ----------
    column
        (A,) values.
    places
        (A,) the vertex that each row is for, all different, -1 for none.
    n_vertices
        V.
    """
    rows = np.full(n_vertices, NO_VERTEX)
    there = np.flatnonzero(places != NO_VERTEX)
    rows[places[there]] = there
    series = pd.Series(column)
    if (rows == NO_VERTEX).any() and series.dtype.kind in "iu":
        # Not by way of floats, which is where pandas goes when integers have gaps.
        series = series.astype("Int64")
    taken: Column = series.array.take(rows, allow_fill=True)
    return taken
