"""What lies around each vertex, within a path length along the edges."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from ossify._typing import AnyArray, ArrayLike, FloatArray, IntArray
from ossify.errors import LinkError, ShapeError
from ossify.layers.around import (
    Where,
    added_up,
    adds_up,
    chosen_points,
    column_and_how,
    extreme,
    is_extreme,
    of_points,
    of_vertices,
    summed,
    weighted,
)
from ossify.layers.base import Layer
from ossify.layers.columns import Column
from ossify.layers.reaching import Metric, Reach, Reaching
from ossify.layers.vertex_table import as_column
from ossify.topology.neighbourhoods import Direction, Neighbours

NamedAggregations = Mapping[str, Any]


class Neighbourly(Reaching):
    """A layer whose vertices have neighbours along its edges."""

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
        ids = self.vertex_index
        reach = Reach(distance_threshold, agg_direction, chunk_size=chunk_size)
        for rows, near in self._around(reach):
            ordered = near.in_order()
            first.append(ids[rows[ordered.source]])
            second.append(ids[ordered.row])
        # Pairs are by far the greatest thing here: no more of them at a time than has to be.
        idx = np.concatenate(first)
        del first
        return pd.DataFrame({"idx": idx, "prox_idx": np.concatenate(second)}, copy=False)

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
            is one of `map_features_to_layer`: much faster by name than as a function.
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
        reach = Reach(distance_threshold, agg_direction, chunk_size=chunk_size)
        sums_around = partial(self._sums_around, reach=reach)
        minima_around = partial(self._minima_around, reach=reach)
        if isinstance(agg, str) and agg in ("count", "density"):
            on_vertex = np.bincount(at, minlength=len(self))[:, np.newaxis]
            if agg == "count":
                return self._as_series(sums_around(on_vertex)[:, 0], f"{annotation}_count")
            both = {"count": on_vertex[:, 0], "cable": self.half_edge_length}
            count, cable = summed(both, sums_around, "sum").to_numpy().T
            # A vertex alone has no cable, and what has none has no density.
            density = np.divide(count, cable, out=np.full(len(cable), np.nan), where=cable > 0)
            return self._as_series(density, f"{annotation}_density")
        if not isinstance(agg, Mapping):
            raise ValueError(
                f"agg must be 'count', 'density' or a dict such as "
                f"{{'total_size': ('size', 'sum')}}, not {agg!r}"
            )
        named = {name: column_and_how(name, how) for name, how in agg.items()}
        columns = {
            name: (points._table.column(column, f"annotation {annotation!r}"), how)
            for name, (column, how) in named.items()
        }
        walked = {
            name: pair
            for name, pair in columns.items()
            if not adds_up(*pair) and not is_extreme(*pair)
        }
        frame = pd.DataFrame(index=pd.RangeIndex(len(self)))
        if walked:
            frame = self._around_points(walked, (kept, at), reach)
        for name in [name for name in columns if name not in walked]:
            column, how = columns[name]
            frame[name] = (
                added_up(column, how, (kept, at), len(self), sums_around)
                if adds_up(column, how)
                else extreme(column, how, (kept, at), len(self), minima_around)
            )
        return frame[list(columns)].set_axis(self._table.index, axis=0)

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
            An aggregation as in `map_features_to_layer`: much faster by name than as a function,
            which is called once for each vertex. "mean" and "sum" make float64, and miss where a
            value is missing.
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
            If the radius is negative, the metric, the direction or the aggregation is not known,
            a weight comes with another aggregation, or the values are not one per vertex, or no
            numbers where it takes some.
        """
        if metric not in get_args(Metric):
            raise ValueError(f"metric must be 'hops' or 'distance', not {metric!r}")
        if not (isinstance(agg, str) or callable(agg)):
            raise ValueError(f"agg must be the name of an aggregation or a function, not {agg!r}")
        adds_up = isinstance(agg, str) and agg in ("mean", "sum")
        if weight is not None and not adds_up:
            raise ValueError(f"weights are for agg='mean' or 'sum', not {agg!r}")
        columns = self._feature_columns(features)
        reach = Reach(radius, direction, metric, chunk_size)
        if adds_up and weight is None and columns:
            sums_around = partial(self._sums_around, reach=reach, inclusive=inclusive)
            frame = summed(columns, sums_around, agg)
            return frame.set_axis(self._table.index, axis=0)
        if inclusive and columns and all(is_extreme(column, agg) for column in columns.values()):
            here = np.arange(len(self))
            minima_around = partial(self._minima_around, reach=reach)
            extremes = {
                name: extreme(column, agg, (here, here), len(self), minima_around)
                for name, column in columns.items()
            }
            return pd.DataFrame(extremes, index=self._table.index)
        parts = []
        for rows, near in self._around(reach):
            chosen = near if inclusive else near.choose(near.row != rows[near.source])
            parts.append(
                weighted(columns, chosen, len(rows), agg, weight)
                if weight is not None
                else of_vertices(columns, chosen, len(rows), agg)
            )
        if not parts:
            parts = [of_vertices(columns, _NOTHING, 0, agg if isinstance(agg, str) else "max")]
        frame = pd.concat(parts, ignore_index=True)
        return frame.set_axis(self._table.index, axis=0)

    # Steps that several answers share

    def _around_points(
        self,
        columns: Mapping[str, tuple[Column, Any]],
        points: tuple[IntArray, IntArray],
        reach: Reach,
    ) -> pd.DataFrame:
        """Columns of points, aggregated around each vertex, by listing what it reaches."""
        kept, at = points
        has_points = np.zeros(len(self), dtype=np.bool_)
        has_points[at] = True
        parts = [
            of_points(columns, rows, near.choose(has_points[near.row]), kept, at)
            for rows, near in self._around(reach)
        ]
        if not parts:
            parts = [of_points(columns, _NO_ROWS, _NOTHING, kept[:0], at[:0])]
        return pd.concat(parts, ignore_index=True)

    def _places(
        self, points: Layer, validate: bool, where: Where | None
    ) -> tuple[IntArray, IntArray]:
        """Rows of the annotations that count, and the row of this layer that each is on."""
        rows = np.flatnonzero(chosen_points(points, where))
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
            if not features.columns.is_unique:
                raise ShapeError(
                    f"{what}: every column needs a name of its own, not {list(features.columns)}"
                )
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
        return pd.Series(values, index=self._table.index, name=name)


_NO_ROWS: IntArray = np.empty(0, dtype=np.int64)
_NOTHING = Neighbours(_NO_ROWS, _NO_ROWS, np.empty(0))
