"""What lies around each vertex, within a path length along the edges."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from ossify._typing import AnyArray, ArrayLike, BoolArray, FloatArray, IntArray
from ossify.errors import LinkError, MaskError, ShapeError
from ossify.layers.base import Layer
from ossify.layers.columns import Column
from ossify.layers.mapping import aggregate
from ossify.layers.vertex_table import as_column
from ossify.topology.neighbourhoods import Direction, Neighbours

Metric = Literal["hops", "distance"]
Where = Mapping[str, Any] | str | Callable[[pd.DataFrame], ArrayLike] | ArrayLike
NamedAggregations = Mapping[str, Any]

_AT_ONCE = 1 << 14
# What these make of nothing is 0; others make nothing of it.
_ZERO_OF_NOTHING = ("sum", "count", "size", "nunique")


class Neighbourly(Layer):
    """A layer whose vertices have neighbours along its edges."""

    @abstractmethod
    def _neighbours(
        self, rows: IntArray, limit: float, direction: Direction, metric: Metric
    ) -> Neighbours:
        """What each of the rows reaches."""

    @property
    @abstractmethod
    def half_edge_length(self) -> FloatArray:
        """(V,) cable that each vertex stands for."""

    def proximity_mapping(
        self,
        distance_threshold: float,
        chunk_size: int | None = None,
        agg_direction: Direction = "undirected",
    ) -> pd.DataFrame:
        """All pairs of vertices within a path length of each other.

        Parameters
        ----------
        distance_threshold
            The greatest length of the path between them, in the units of the layer.
        chunk_size
            How many vertices to look around at a time; None for a number that suits. It
            changes the memory that is used and not the answer.
        agg_direction
            "upstream" pairs a vertex with its ancestors, "downstream" with its descendants. Only
            skeletons know these.

        Returns
        -------
        DataFrame
            Columns ``idx`` and ``prox_idx``, two vertex ids; in the order of the vertices. Every
            vertex is near itself.

        Raises
        ------
        ValueError
            If the threshold is negative or the direction is not known.
        """
        first, second = [_NO_ROWS], [_NO_ROWS]
        for rows, near in self._around(distance_threshold, agg_direction, chunk_size):
            ordered = near.in_order()
            first.append(rows[ordered.source])
            second.append(ordered.row)
        pairs = {"idx": np.concatenate(first), "prox_idx": np.concatenate(second)}
        return pd.DataFrame({name: self.vertex_index[rows] for name, rows in pairs.items()})

    def map_annotations_to_feature(
        self,
        annotation: str,
        distance_threshold: float,
        agg: Literal["count", "density"] | NamedAggregations = "count",
        chunk_size: int | None = None,
        validate: bool = False,
        where: Where | None = None,
        *,
        agg_direction: Direction = "undirected",
    ) -> pd.Series[Any] | pd.DataFrame:
        """What the annotations around each vertex come to.

        Around a vertex are the annotations that map to vertices within a path length of it.
        Annotations that map to nothing on this layer do not count.

        Parameters
        ----------
        annotation
            The name of an annotation.
        distance_threshold
            The greatest path length, in the units of the layer; 0 for those on the vertex itself.
        agg
            "count"; "density", which is the count divided by the summed `half_edge_length` of the
            vertices around; or a dict of new name → (column, aggregation), where an aggregation
            is one of `map_features_to_layer`.
        chunk_size
            How many vertices to look around at a time; None for a number that suits.
        validate
            Raise if an annotation maps to several vertices. Otherwise the first is taken.
        where
            Which annotations count: a dict of column → value, or list of values; an expression
            for `DataFrame.eval`; a function of the annotation's `nodes` that gives booleans; or
            one boolean per annotation.
        agg_direction
            "upstream" looks towards the root only, "downstream" away from it only. Only skeletons
            know these.

        Returns
        -------
        Series or DataFrame
            Indexed by every vertex id, in vertex order. A Series ``<annotation>_count`` of int64,
            or ``<annotation>_density`` of float64 per unit of length, NaN where there is no
            cable around; a DataFrame for a dict. Counts and sums of nothing are 0, other
            aggregations of nothing are missing.

        Raises
        ------
        UnknownLayerError
            If there is no such annotation. A KeyError.
        ValueError
            If the threshold is negative, the aggregation or the direction is not known, or
            `where` does not give one boolean per annotation.
        """
        points = self._siblings[annotation]
        kept, at = self._places(points, validate, where)
        if isinstance(agg, str) and agg in ("count", "density"):
            count = self._counts_around(at, distance_threshold, agg_direction, chunk_size)
            if agg == "count":
                return self._as_series(count, f"{annotation}_count")
            cable = self._cable_around(distance_threshold, agg_direction, chunk_size)
            # A vertex alone has no cable, and what has none has no density.
            density = np.divide(count, cable, out=np.full(len(cable), np.nan), where=cable > 0)
            return self._as_series(density, f"{annotation}_density")
        if not isinstance(agg, Mapping):
            raise ValueError(
                f"agg must be 'count', 'density' or a dict such as "
                f"{{'total_size': ('size', 'sum')}}, not {agg!r}"
            )
        named = {name: _column_and_how(name, how) for name, how in agg.items()}
        columns = {
            name: (points._table.column(column, f"annotation {annotation!r}"), how)
            for name, (column, how) in named.items()
        }
        around = self._around(distance_threshold, agg_direction, chunk_size)
        parts = [_aggregated(columns, rows, near.in_order(), kept, at) for rows, near in around]
        if not parts:
            parts = [_aggregated(columns, _NO_ROWS, _NOTHING, kept[:0], at[:0])]
        frame = pd.concat(parts, ignore_index=True)
        return frame.set_axis(self._table.frame([]).index, axis=0)

    def aggregate_features(
        self,
        features: str | Sequence[str] | ArrayLike | pd.Series[Any] | pd.DataFrame,
        radius: float,
        metric: Metric = "hops",
        direction: Direction = "undirected",
        agg: Any = "mean",
        weight: Callable[[FloatArray], ArrayLike] | None = None,
        inclusive: bool = True,
        chunk_size: int | None = None,
    ) -> pd.DataFrame:
        """What the features of the vertices around each vertex come to.

        Parameters
        ----------
        features
            Names of features, or values: (V,) or (V, K) numbers in vertex order, which are called
            ``feature_0`` and so on; a Series or DataFrame in vertex order, whose names stay.
        radius
            How far to look: a number of edges, or a path length in the units of the layer.
        metric
            Which of the two: "hops" or "distance".
        direction
            "upstream" looks towards the root only, "downstream" away from it only. Only skeletons
            know these.
        agg
            An aggregation as in `map_features_to_layer`. "mean" and "sum" make float64, and miss
            where a value is missing.
        weight
            A function from (M,) distances, in the metric, to weights, for "mean" and "sum".
        inclusive
            Whether a vertex is among the vertices around it.
        chunk_size
            How many vertices to look around at a time; None for a number that suits.

        Returns
        -------
        DataFrame
            Indexed by every vertex id, in vertex order. Sums over no vertices are 0, other
            aggregations of none are missing.

        Raises
        ------
        ValueError
            If the radius is negative, the metric or the direction is not known, a weight comes
            with another aggregation, or the values are not one per vertex.
        """
        if metric not in get_args(Metric):
            raise ValueError(f"metric must be 'hops' or 'distance', not {metric!r}")
        weighted = isinstance(agg, str) and agg in ("mean", "sum")
        if weight is not None and not weighted:
            raise ValueError(f"weights are for agg='mean' or 'sum', not {agg!r}")
        columns = self._feature_columns(features)
        parts = []
        for rows, near in self._around(radius, direction, chunk_size, metric):
            chosen = near if inclusive else near.choose(near.row != rows[near.source])
            parts.append(
                _weighted(columns, chosen, len(rows), agg, weight)
                if weighted
                else _grouped(columns, chosen.in_order(), len(rows), agg)
            )
        if not parts:
            parts = [_grouped(columns, _NOTHING, 0, "max")]
        frame = pd.concat(parts, ignore_index=True)
        return frame.set_axis(self._table.frame([]).index, axis=0)

    # Steps that several answers share

    def _around(
        self,
        limit: float,
        direction: Direction,
        chunk_size: int | None,
        metric: Metric = "distance",
    ) -> Iterator[tuple[IntArray, Neighbours]]:
        """Rows, some at a time, and what each of them reaches, in no order."""
        self._check_reach(limit, direction)
        for rows in _chunks(np.arange(len(self)), chunk_size):
            yield rows, self._neighbours(rows, limit, direction, metric)

    def _check_reach(self, limit: float, direction: Direction) -> None:
        if not limit >= 0:
            raise ValueError(f"layer {self.name!r}: a reach cannot be negative, as {limit} is")
        known = get_args(Direction) if self.layer_type == "skeleton" else ("undirected",)
        if direction not in known:
            raise ValueError(
                f"layer {self.name!r}: the direction must be {' or '.join(map(repr, known))}, "
                f"not {direction!r}"
            )

    def _counts_around(
        self, at: IntArray, limit: float, direction: Direction, chunk_size: int | None
    ) -> IntArray:
        """(V,) number of the points at some rows that are around each vertex."""
        self._check_reach(limit, direction)
        on_vertex = np.bincount(at, minlength=len(self))
        counts = np.zeros(len(self), dtype=np.int64)
        # What is upstream of a vertex has it downstream.
        back: dict[Direction, Direction] = {"upstream": "downstream", "downstream": "upstream"}
        for rows in _chunks(np.flatnonzero(on_vertex), chunk_size):
            near = self._neighbours(rows, limit, back.get(direction, direction), "distance")
            weights = on_vertex[rows[near.source]].astype(np.float64)
            # Numbers of annotations are small enough to be exact as floats.
            counts += np.bincount(near.row, weights, minlength=len(self)).astype(np.int64)
        return counts

    def _cable_around(
        self, limit: float, direction: Direction, chunk_size: int | None
    ) -> FloatArray:
        """(V,) summed half edge length of the vertices around each vertex."""
        half = self.half_edge_length
        sums = [
            np.bincount(near.source, half[near.row], minlength=len(rows))
            for rows, near in self._around(limit, direction, chunk_size)
        ]
        return np.concatenate([np.empty(0), *sums])

    def _places(
        self, points: Layer, validate: bool, where: Where | None
    ) -> tuple[IntArray, IntArray]:
        """Rows of the annotations that count, and the row of this layer that each is on."""
        rows = np.flatnonzero(_chosen(points, where))
        at, several = self._siblings.linkage.first_targets(points.name, self.name, rows)
        if validate and several.any():
            raise LinkError(
                f"{several.sum():,} of {len(rows):,} annotations of {points.name!r} map to several "
                f"vertices of {self.name!r}; pass validate=False to take the first of each"
            )
        return rows[at >= 0], at[at >= 0]

    def _feature_columns(self, features: Any) -> dict[str, Column]:
        what = f"layer {self.name!r}"
        if isinstance(features, str):
            features = [features]
        if isinstance(features, Sequence) and all(isinstance(name, str) for name in features):
            return {name: self._table.column(name, what) for name in features}
        if isinstance(features, pd.Series):
            features = features.to_frame("feature_0" if features.name is None else features.name)
        if isinstance(features, pd.DataFrame):
            named: dict[str, Any] = {str(name): column for name, column in features.items()}
        else:
            array = np.asarray(features)
            if array.ndim not in (1, 2):
                raise ShapeError(f"{what}: expected (V,) or (V, K) values, not {array.shape}")
            named = {f"feature_{i}": column for i, column in enumerate(np.atleast_2d(array.T))}
        return {
            name: as_column(np.asarray(column), len(self), f"{what}: {name}")
            for name, column in named.items()
        }

    def _as_series(self, values: AnyArray, name: str) -> pd.Series[Any]:
        return pd.Series(values, index=self._table.frame([]).index, name=name)


_NO_ROWS: IntArray = np.empty(0, dtype=np.int64)
_NOTHING = Neighbours(_NO_ROWS, _NO_ROWS, np.empty(0))


def _chunks(rows: IntArray, chunk_size: int | None) -> Iterator[IntArray]:
    size = _AT_ONCE if chunk_size is None else chunk_size
    if size < 1:
        raise ValueError(f"chunk_size must be at least 1, not {chunk_size}")
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _chosen(points: Layer, where: Where | None) -> BoolArray:
    """One boolean per annotation."""
    if where is None:
        return np.ones(len(points), dtype=np.bool_)
    if isinstance(where, Mapping):
        chosen = np.ones(len(points), dtype=np.bool_)
        nodes = points.nodes
        for name, wanted in where.items():
            if name not in nodes:
                # The table knows what there is instead.
                points._table.column(name, f"annotation {points.name!r}")
            values = wanted if pd.api.types.is_list_like(wanted) else [wanted]
            chosen &= nodes[name].isin(list(values)).to_numpy()
        return chosen
    if isinstance(where, str):
        answer: Any = points.nodes.eval(where)
    else:
        answer = where(points.nodes) if callable(where) else where
    mask = np.asarray(answer)
    if mask.dtype == object:
        mask = pd.array(mask, dtype="boolean").to_numpy(dtype=bool, na_value=False)
    if mask.dtype != np.bool_ or mask.shape != (len(points),):
        raise MaskError(
            f"annotation {points.name!r}: where must give {len(points):,} booleans, not "
            f"{mask.dtype} of shape {mask.shape}"
        )
    return mask


def _column_and_how(name: str, how: Any) -> tuple[str, Any]:
    if isinstance(how, tuple) and len(how) == 2 and isinstance(how[0], str):
        return how[0], how[1]
    raise ValueError(
        f"agg[{name!r}] must be a pair of a column and an aggregation, such as ('size', 'sum'), "
        f"not {how!r}"
    )


def _aggregated(
    columns: Mapping[str, tuple[Column, Any]],
    rows: IntArray,
    near: Neighbours,
    kept: IntArray,
    at: IntArray,
) -> pd.DataFrame:
    """Columns of the annotations `kept`, which are at the rows `at`, around each of some rows."""
    order = np.argsort(at, kind="stable")
    first = np.searchsorted(at[order], near.row, side="left")
    count = np.searchsorted(at[order], near.row, side="right") - first
    group = np.repeat(near.source, count)
    within = np.arange(len(group)) - np.repeat(np.cumsum(count) - count, count)
    places = kept[order[np.repeat(first, count) + within]]
    return pd.DataFrame(
        {
            name: _aggregate(column, places, group, len(rows), how)
            for name, (column, how) in columns.items()
        },
        index=pd.RangeIndex(len(rows)),
    )


def _grouped(
    columns: Mapping[str, Column], near: Neighbours, n_rows: int, how: Any
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            name: _aggregate(column, near.row, near.source, n_rows, how)
            for name, column in columns.items()
        },
        index=pd.RangeIndex(n_rows),
    )


def _weighted(
    columns: Mapping[str, Column],
    near: Neighbours,
    n_rows: int,
    how: str,
    weight: Callable[[FloatArray], ArrayLike] | None,
) -> pd.DataFrame:
    weights = np.ones(len(near.row))
    if weight is not None and len(near.row):
        weights = np.asarray(weight(near.distance), dtype=np.float64)
        if weights.shape != near.row.shape:
            raise ShapeError(
                f"the weight function gave shape {weights.shape} for {len(near.row):,} distances"
            )
    total = np.bincount(near.source, weights, minlength=n_rows)
    data = {}
    for name, column in columns.items():
        values = np.asarray(column, dtype=np.float64)[near.row]
        sums = np.bincount(near.source, weights * values, minlength=n_rows)
        if how == "mean":
            sums = np.divide(sums, total, out=np.full(n_rows, np.nan), where=total != 0)
        data[name] = sums
    return pd.DataFrame(data, index=pd.RangeIndex(n_rows))


def _aggregate(
    column: Column, places: IntArray, groups: IntArray, n_groups: int, how: Any
) -> Column | pd.Series[Any]:
    made = aggregate(column, places, groups, n_groups, how)
    if not (isinstance(how, str) and how in _ZERO_OF_NOTHING):
        return made
    series = pd.Series(made)
    empty = np.bincount(groups, minlength=n_groups) == 0
    if pd.api.types.is_numeric_dtype(series.dtype):
        series = series.mask(empty, 0)
        if str(series.dtype) in ("Int64", "UInt64"):
            return series.astype("int64" if str(series.dtype) == "Int64" else "uint64")
    return series
