"""From the vertices of one layer to those of another, along the links."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ossify._typing import AnyArray, BoolArray, IntArray
from ossify.errors import LinkError, MaskError, UnmappedVertexError
from ossify.layers.columns import Column
from ossify.layers.siblings import Member
from ossify.layers.vertex_table import column_of
from ossify.vertex_ids import NO_VERTEX

Aggregation = str | Callable[..., Any] | dict[str, Any]

_FLOAT_IS_EXACT_BELOW = 2**53


class Mapped(Member):
    """The verbs of a layer that follow links."""

    def map_index_to_layer(
        self,
        layer: str,
        source_index: Any = None,
        as_positional: bool = False,
        validate: bool = False,
        missing: str | int | float = "raise",
    ) -> AnyArray:
        """The vertex of another layer that each vertex maps to: one for each, in order.

        Where links lead to several, the first that following them in row order comes to is taken.

        Parameters
        ----------
        layer
            The name of the other layer or annotation.
        source_index
            Vertex ids of this layer, or one boolean per vertex; None for all vertices.
        as_positional
            Whether numbers mean rows instead of ids, on both sides.
        validate
            Raise if a vertex maps to several.
        missing
            ``"raise"``, or the number that stands for "maps to nothing", such as −1.

        Returns
        -------
        (N,) int64 array
            Float only if `missing` is a float.

        Raises
        ------
        UnmappedVertexError
            If a vertex maps to nothing and `missing` is ``"raise"``. A KeyError.
        LinkError
            If no links lead to the layer. A ValueError.
        """
        if isinstance(missing, str) and missing != "raise":
            raise ValueError(f"missing must be 'raise' or a number to fill in, not {missing!r}")
        rows = self._rows(source_index, as_positional)
        target = self._siblings[layer]
        if layer == self._name:
            return self._named(rows, as_positional)
        targets, several = self._siblings.linkage.first_targets(self._name, layer, rows)
        if validate and several.any():
            first = self._named(rows[several][:1], as_positional)[0]
            raise LinkError(
                f"{several.sum():,} of {len(rows):,} vertices of {self._name!r} map to several "
                f"vertices of {layer!r} (Ambiguous index mapping), the first is {first}"
            )
        unmapped = targets == NO_VERTEX
        if not unmapped.any():
            found: IntArray = target._named(targets, as_positional)
            return found
        if isinstance(missing, str):
            first = self._named(rows[unmapped][:1], as_positional)[0]
            raise UnmappedVertexError(
                f"{unmapped.sum():,} of {len(rows):,} vertices of {self._name!r} map to nothing in "
                f"{layer!r}, the first is {first}; pass missing=-1 to have them filled in"
            )
        return _filled(target._named(targets[~unmapped], as_positional), unmapped, missing)

    def map_region_to_layer(
        self, layer: str, source_index: Any = None, as_positional: bool = False
    ) -> IntArray:
        """All vertices of another layer that any of the vertices maps to.

        Parameters
        ----------
        layer
            The name of the other layer or annotation.
        source_index
            Vertex ids of this layer, or one boolean per vertex; None for all vertices.
        as_positional
            Whether numbers mean rows instead of ids, on both sides.

        Returns
        -------
        (M,) int64 array
            Source by source, so that a vertex is there once for each source that maps to it.

        Raises
        ------
        LinkError
            If no links lead to the layer. A ValueError.
        """
        rows = self._rows(source_index, as_positional)
        _, targets = self._pairs(layer, rows)
        return np.asarray(self._siblings[layer]._named(targets, as_positional))

    def map_index_to_layer_region(
        self, layer: str, source_index: Any = None, as_positional: bool = False
    ) -> dict[int, IntArray]:
        """For each vertex, all vertices of another layer that it maps to.

        Parameters
        ----------
        layer, source_index, as_positional
            As for `map_region_to_layer`.

        Returns
        -------
        dict
            Vertex → (k,) int64 array. Vertices that map to nothing are not in it.

        Raises
        ------
        LinkError
            If no links lead to the layer. A ValueError.
        """
        rows = np.unique(self._rows(source_index, as_positional))
        places, targets = self._pairs(layer, rows)
        starts = np.flatnonzero(np.diff(places, prepend=-1))
        named = self._siblings[layer]._named(targets, as_positional)
        sources = self._named(rows[places[starts]], as_positional)
        return dict(zip(sources.tolist(), np.split(named, starts[1:]), strict=False))

    def map_mask_to_layer(self, layer: str, mask: Any = None) -> BoolArray:
        """Which vertices of another layer the vertices in a mask map to.

        Parameters
        ----------
        layer
            The name of the other layer or annotation.
        mask
            (V,) booleans of this layer; None for all True.

        Returns
        -------
        (V_target,) boolean array

        Raises
        ------
        MaskError
            If the mask has the wrong length.
        """
        if mask is None:
            keep = np.ones(len(self._table), dtype=bool)
        else:
            keep = np.asarray(mask)
            if keep.dtype != bool or keep.shape != (len(self._table),):
                raise MaskError(
                    f"layer {self._name!r}: expected a boolean mask of {len(self._table):,} "
                    f"values, got {keep.dtype} of shape {keep.shape}"
                )
        return np.array(self._image(layer, keep))

    def map_features_to_layer(
        self, features: str | Sequence[str], layer: str, agg: Aggregation = "mean"
    ) -> pd.DataFrame:
        """Features of this layer, aggregated onto the vertices of another.

        Parameters
        ----------
        features
            One name or several.
        layer
            The name of the other layer or annotation.
        agg
            A pandas aggregation ("mean", "sum", "max", a function …); "majority" for the most
            frequent value, the smallest of those that tie; or a dict of feature → aggregation.
            A name is worked out for all vertices at once; a function is called once for each
            vertex, which takes about a hundred times as long: use a name where there is one.

        Returns
        -------
        DataFrame
            One column per feature, indexed by every vertex id of the other layer in its order.
            Vertices that nothing maps to are missing: NaN, and ``<NA>`` in whole numbers, which
            become nullable Int64 and stay exact.

        Raises
        ------
        UnknownFeatureError
            If there is no feature of a name. A KeyError.
        LinkError
            If no links lead to the layer. A ValueError.
        ValueError
            If pandas has no aggregation of that name.
        """
        names = [features] if isinstance(features, str) else list(features)
        columns = {name: self._table.column(name, f"layer {self._name!r}") for name in names}
        target = self._siblings[layer]
        if layer == self._name:
            return self._table.frame(names)
        places, targets = self._pairs(layer, np.arange(len(self._table)))
        n_targets = len(target._table)
        data = {}
        for name, column in columns.items():
            how = agg.get(name) if isinstance(agg, Mapping) else agg
            if how is None:
                raise ValueError(f"agg says nothing of the feature {name!r}: {agg!r}")
            data[name] = aggregate(column, places, targets, n_targets, how)
        frame = pd.DataFrame(data, index=pd.RangeIndex(n_targets))
        return frame.set_axis(target._table.index, axis=0)

    def get_unmapped_vertices(self, target_layers: str | Sequence[str] | None = None) -> IntArray:
        """Vertices that map to nothing in at least one of some layers.

        Parameters
        ----------
        target_layers
            Names of layers; None for all that links lead to.

        Returns
        -------
        (N,) int64 array
            Vertex ids, ascending.
        """
        mapped = np.ones(len(self._table), dtype=bool)
        for name in self._targets(target_layers):
            mapped &= self._is_mapped_to(name)
        return np.sort(self._table.ids.ids[~mapped])

    def mapping_coverage(self, layer: str) -> float:
        """The fraction of the vertices that map to another layer.

        Parameters
        ----------
        layer
            The name of the other layer or annotation.

        Returns
        -------
        float
            From 0 to 1; 1.0 if there are no vertices.

        Raises
        ------
        LinkError
            If no links lead to the layer. A ValueError.
        """
        mapped = self._is_mapped_to(layer)
        return float(mapped.mean()) if len(mapped) else 1.0

    def is_fully_mapped_to(self, layer: str) -> bool:
        """Whether every vertex maps to another layer."""
        return bool(self._is_mapped_to(layer).all())

    def _targets(self, target_layers: str | Sequence[str] | None) -> list[str]:
        if target_layers is None:
            return list(self._siblings.linkage.ways_from(self._name))
        return [target_layers] if isinstance(target_layers, str) else list(target_layers)

    def _pairs(self, layer: str, rows: IntArray) -> tuple[IntArray, IntArray]:
        if layer == self._name:
            return np.arange(len(rows)), rows
        self._siblings[layer]
        return self._siblings.linkage.pairs(self._name, layer, rows)

    def _image(self, layer: str, keep: BoolArray) -> BoolArray:
        if layer == self._name:
            return keep
        self._siblings[layer]
        return self._siblings.linkage.image(self._name, layer, keep)

    def _is_mapped_to(self, layer: str) -> BoolArray:
        """Whether each vertex maps to another layer."""
        if layer == self._name:
            return np.ones(len(self._table), dtype=bool)
        self._siblings[layer]
        return self._siblings.linkage.is_mapped(self._name, layer)


def _filled(mapped: IntArray, unmapped: BoolArray, missing: int | float) -> AnyArray:
    if isinstance(missing, (float, np.floating)):
        if len(mapped) and mapped.max() >= _FLOAT_IS_EXACT_BELOW:
            raise ValueError(
                f"missing={missing!r} would turn vertex ids into floats, which cannot hold "
                f"{mapped.max()}; use a whole number such as -1"
            )
        filled: AnyArray = np.full(len(unmapped), missing, np.float64)
    else:
        filled = np.full(len(unmapped), missing, np.int64)
    filled[~unmapped] = mapped
    return filled


def aggregate(
    column: Column, places: IntArray, groups: IntArray, n_groups: int, how: Any
) -> Column:
    """Aggregate the values at `places` by group.

    Parameters
    ----------
    column
        Values.
    places, groups
        (M,) arrays: the value at ``places[i]`` belongs to group ``groups[i]``.
    n_groups
        The number of groups.
    how
        A pandas aggregation, or "majority".

    Returns
    -------
    (n_groups,) column, missing where a group has no value.
    """
    if not (isinstance(how, str) or callable(how)):
        raise ValueError(f"an aggregation is a name or a function, not {how!r}")
    if how == "majority":
        return _majority(column, places, groups, n_groups)
    values = column.take(places)
    if (
        how in ("mean", "sum")
        and isinstance(values, np.ndarray)
        and values.dtype == np.float64
        and not np.isnan(values).any()
    ):
        counts = np.bincount(groups, minlength=n_groups)
        sums = np.bincount(groups, values, minlength=n_groups)
        with np.errstate(invalid="ignore"):
            return np.where(counts > 0, sums / (counts if how == "mean" else 1), np.nan)
    if (
        how in ("max", "min")
        and isinstance(values, np.ndarray)
        and values.dtype == np.float64
        and np.isfinite(values).all()
    ):
        extremes = np.full(n_groups, -np.inf if how == "max" else np.inf)
        (np.maximum if how == "max" else np.minimum).at(extremes, groups, values)
        return np.where(np.isinf(extremes), np.nan, extremes)
    try:
        series = pd.Series(values).groupby(groups).agg(how)
    except AttributeError as error:
        if isinstance(how, str):
            raise ValueError(
                f"agg={how!r} is neither 'majority' nor an aggregation of pandas, such as 'mean'"
            ) from error
        raise
    return _taken(series, np.arange(n_groups), has_gaps=len(series) < n_groups)


def _majority(column: Column, places: IntArray, groups: IntArray, n_groups: int) -> Column:
    codes, values = pd.factorize(pd.Series(column), sort=True)
    codes = codes[places]
    present = codes >= 0
    keys = groups[present].astype(np.int64) * max(len(values), 1) + codes[present]
    keys, counts = np.unique(keys, return_counts=True)
    group, code = np.divmod(keys, max(len(values), 1))
    # Sorted by group, then by count with the greatest first, then by value.
    order = np.lexsort((code, -counts, group))
    first = order[np.flatnonzero(np.diff(group[order], prepend=-1))]
    taken = np.full(n_groups, -1, np.int64)
    taken[group[first]] = code[first]
    return _taken(pd.Series(values), taken, has_gaps=bool((taken < 0).any()))


def _taken(series: pd.Series[Any], labels: IntArray, *, has_gaps: bool) -> Column:
    """The values with these labels, missing where there is none."""
    nullable = {"i": "Int64", "u": "UInt64", "b": "boolean"}.get(series.dtype.kind)
    if has_gaps and nullable is not None:
        # pandas would make floats of whole numbers, and lose ids, and objects of booleans.
        series = series.astype(pd.api.types.pandas_dtype(nullable))
    return column_of(series.reindex(labels))
