"""What users pass for the vertices and edges of a layer, turned into finished parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ossify._typing import IntArray
from ossify.errors import ShapeError, TopologyError, UnknownFeatureError
from ossify.layers.vertex_table import XYZ, VertexTable, as_column, as_points
from ossify.vertex_ids import VertexIds, as_ids


def vertex_table(
    what: str,
    vertices: Any,
    spatial_columns: str | Sequence[str] | None = None,
    vertex_index: Any = None,
    features: Mapping[str, Any] | pd.DataFrame | None = None,
) -> VertexTable:
    """The vertex table that a user describes.

    Parameters
    ----------
    what
        The name of the layer, for errors.
    vertices
        (V, 3) coordinates, or a DataFrame with the coordinates among its columns. The other
        columns become features and the index becomes the vertex ids.
    spatial_columns
        Three column names, or the prefix p of p_x, p_y, p_z. None: x, y, z, or the only three.
    vertex_index
        (V,) vertex ids, or the name of the column that holds them.
    features
        Name → values, or name → the column of `vertices` to take under that name; or a DataFrame
        whose index holds the vertex ids.
    """
    features = _features_by_name(features)
    if isinstance(vertices, pd.DataFrame):
        table = _from_frame(what, vertices, spatial_columns, vertex_index, features)
        if isinstance(features, Mapping):
            features = {k: v for k, v in features.items() if not isinstance(v, str)}
    else:
        points = as_points(vertices, what)
        if isinstance(vertex_index, str):
            raise ShapeError(
                f"{what}: vertex_index={vertex_index!r} names a column, but the vertices are an "
                "array; pass a DataFrame, or the ids themselves"
            )
        ids = _ids(what, vertex_index, len(points))
        table = VertexTable(ids, points)
    return add_features(what, table, features)


def add_features(
    what: str, table: VertexTable, features: Mapping[str, Any] | pd.DataFrame | None
) -> VertexTable:
    """The table with more features; Series and DataFrames are aligned on the vertex ids."""
    if features is None:
        return table
    if isinstance(features, pd.DataFrame):
        if not features.columns.is_unique:
            twice = features.columns[features.columns.duplicated()][0]
            raise ShapeError(f"{what}: there are two features {twice!r}")
        features = {str(name): features[name] for name in features.columns}
    columns = {}
    for name, values in features.items():
        _checked_column(name, f"{what}: a feature's name")
        label = f"{what}: feature {name!r}"
        if isinstance(values, str):
            raise UnknownFeatureError(
                f"{label}: there is no column {values!r} among the vertices to take it from"
            )
        if isinstance(values, pd.Series):
            values = _aligned(label, values, table.ids)
        columns[name] = as_column(values, len(table), label)
    return table.with_columns(columns)


def _aligned(label: str, values: pd.Series[Any], ids: VertexIds) -> Any:
    """The values in the order of the vertex ids."""
    # A float index can equal ids that it has rounded.
    if values.index.dtype == np.int64 and np.array_equal(values.index, ids.ids):
        return values.array
    index = VertexIds(values.index, f"{label}: index")
    rows = index.find(ids.ids)
    missing = ids.ids[rows < 0]
    if len(missing):
        raise ShapeError(
            f"{label}: {len(missing):,} of {len(ids):,} vertices have no value, the first is "
            f"{missing[0]}; the index must hold every vertex id, or pass an array in vertex order"
        )
    return values.array.take(rows)


def _features_by_name(features: Any) -> Any:
    if features is None or isinstance(features, (pd.DataFrame, Mapping)):
        return features
    raise TypeError(
        f"features must be a dict of name → values or a DataFrame, not {type(features).__name__}"
    )


def _from_frame(
    what: str,
    frame: pd.DataFrame,
    spatial_columns: str | Sequence[str] | None,
    vertex_index: Any,
    features: Any,
) -> VertexTable:
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise ShapeError(f"{what}: there are two columns {twice!r}")
    spatial = _spatial_columns(what, frame, spatial_columns)
    points = as_points(frame[list(spatial)].to_numpy(dtype=np.float64, na_value=np.nan), what)
    used = set(spatial)
    ids: Any
    index_name: Any
    if isinstance(vertex_index, str):
        if vertex_index not in frame.columns:
            raise UnknownFeatureError(f"{what}: no column {vertex_index!r} to take the ids from")
        used.add(vertex_index)
        ids, index_name = frame[vertex_index], vertex_index
    elif vertex_index is None:
        ids, index_name = frame.index, frame.index.name
    else:
        ids, index_name = vertex_index, None
    renamed = _columns_taken_by_name(what, frame, features)
    columns = {}
    for name in frame.columns:
        if name in used:
            continue
        _checked_column(name, f"{what}: a column's name")
        if name not in renamed:
            columns[name] = as_column(frame[name], len(frame), f"{what}: feature {name!r}")
    table = VertexTable(
        _ids(what, ids, len(points)),
        points,
        columns,
        tuple(str(name) for name in spatial),  # type: ignore[arg-type]
        None if index_name is None else str(index_name),
    )
    for source, names in renamed.items():
        # Coordinates and ids can be taken as features too.
        for name in names:
            column = as_column(frame[source], len(frame), f"{what}: feature {name!r}")
            table = table.with_columns({name: column})
    return table


def _columns_taken_by_name(what: str, frame: pd.DataFrame, features: Any) -> dict[str, list[str]]:
    """Column → the feature names it is taken under; these leave `features` for good."""
    taken: dict[str, list[str]] = {}
    if isinstance(features, Mapping):
        for name, source in features.items():
            if isinstance(source, str):
                if source not in frame.columns:
                    known = ", ".join(repr(column) for column in frame.columns)
                    raise UnknownFeatureError(
                        f"{what}: feature {name!r} is to be taken from column {source!r}, which "
                        f"the vertices do not have; they have {known}"
                    )
                taken.setdefault(source, []).append(name)
    return taken


def _spatial_columns(
    what: str, frame: pd.DataFrame, spatial_columns: str | Sequence[str] | None
) -> list[Any]:
    if isinstance(spatial_columns, str):
        names: list[Any] = [f"{spatial_columns}_{axis}" for axis in XYZ]
    elif spatial_columns is not None:
        names = list(spatial_columns)
    elif set(XYZ) <= set(frame.columns):
        names = list(XYZ)
    elif len(frame.columns) == 3:
        names = list(frame.columns)
    else:
        raise ShapeError(
            f"{what}: which columns are the coordinates? Pass spatial_columns=[x, y, z] or the "
            f"prefix of p_x, p_y, p_z; the columns are {', '.join(map(repr, frame.columns))}"
        )
    missing = [name for name in names if name not in frame.columns]
    if missing:
        known = ", ".join(map(repr, frame.columns))
        raise UnknownFeatureError(f"{what}: no coordinate column {missing[0]!r} among {known}")
    if len(names) != 3 or len(set(names)) != 3:
        raise ShapeError(f"{what}: expected three different coordinate columns, got {names}")
    return names


def _ids(what: str, ids: Any, n_vertices: int) -> VertexIds:
    if ids is None or (isinstance(ids, pd.RangeIndex) and ids.equals(pd.RangeIndex(n_vertices))):
        return VertexIds.from_count(n_vertices)
    made = VertexIds(ids, f"{what}: vertex ids")
    if len(made) != n_vertices:
        raise ShapeError(f"{what}: {len(made):,} vertex ids for {n_vertices:,} vertices")
    return made


def edges_as_rows(
    what: str, edges: Any, ids: VertexIds, as_positional: bool | None, vertex_index: Any
) -> IntArray:
    """Edges as (E, 2) int32 rows; see `_tuples_as_rows`."""
    return _tuples_as_rows(what, "edges", 2, edges, ids, as_positional, vertex_index)


def faces_as_rows(
    what: str, faces: Any, ids: VertexIds, as_positional: bool | None, vertex_index: Any
) -> IntArray:
    """Faces as (F, 3) int32 rows; see `_tuples_as_rows`."""
    return _tuples_as_rows(what, "faces", 3, faces, ids, as_positional, vertex_index)


def _tuples_as_rows(
    what: str,
    kind: str,
    width: int,
    values: Any,
    ids: VertexIds,
    as_positional: bool | None,
    vertex_index: Any,
) -> IntArray:
    """Edges or faces as (M, width) int32 rows.

    Left None, `as_positional` is whether `vertex_index` was given as an array: ids that come in a
    table, as its index or one of its columns, are what its edges speak of.

    Raises
    ------
    TopologyError
        If the shape is wrong or a vertex is unknown, with a count and the first.
    """
    if as_positional is None:
        as_positional = vertex_index is not None and not isinstance(vertex_index, str)
    if isinstance(values, pd.DataFrame):
        flat = [as_ids(values[name], f"{what}: {kind}") for name in values.columns]
        tuples = np.stack(flat, axis=1) if flat else np.empty((0, width), np.int64)
    else:
        array = values if isinstance(values, np.ndarray) else _list_of_tuples(values)
        shape = array.shape if array.size else (0, width)
        tuples = as_ids(array.reshape(-1), f"{what}: {kind}").reshape(shape)
    if tuples.ndim != 2 or tuples.shape[1] != width:
        raise TopologyError(f"{what}: {kind} must have shape (M, {width}), not {tuples.shape}")
    if as_positional:
        known = tuples < len(ids)
        rows = tuples
    else:
        rows = ids.find(tuples.reshape(-1)).reshape(tuples.shape)
        known = rows >= 0
    if not known.all():
        bad = np.flatnonzero(~known.all(axis=1))
        name = "rows" if as_positional else "ids"
        other = "ids" if as_positional else "rows"
        raise TopologyError(
            f"{what}: {len(bad):,} of {len(tuples):,} {kind} name vertices that are not there, the "
            f"first is {kind[:-1]} {bad[0]}: {tuples[bad[0]].tolist()}. They were read as vertex "
            f"{name}; pass {kind}_as_positional={not as_positional} if they are {other}",
            rows=bad[:10].tolist(),
        )
    return rows.astype(np.int32)


def _list_of_tuples(values: Any) -> Any:
    if values is None:
        return np.empty(0, np.int64)
    array = np.asarray(values)
    if array.dtype.kind == "f" and array.size:
        # A list of ids may have been rounded on the way; look at each one as it came.
        return np.array([list(row) for row in values], dtype=object)
    return array


def checked_name(name: object, what: str) -> str:
    """The name of a layer, if it can be one.

    Raises
    ------
    TypeError
        If it is not a string.
    ValueError
        If it is empty.
    """
    if not isinstance(name, str):
        raise TypeError(f"{what} must be a string, not {name!r}")
    if not name:
        raise ValueError(f"{what} is empty")
    return name


def _checked_column(name: object, what: str) -> None:
    """Raise if tables in files could not have a column of that name."""
    try:
        checked_name(name, what).encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{what}, {name!r}, is no text ({error.reason})") from None
