"""What every layer can do: hand out its data, take features, be masked, copied and moved."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from ossify._typing import AnyArray, ArrayLike, FloatArray, IntArray
from ossify.errors import ShapeError
from ossify.layers import intake
from ossify.layers.mapping import Mapped
from ossify.layers.siblings import alone
from ossify.layers.summary import layer_text
from ossify.layers.vertex_table import VertexTable, as_points
from ossify.links import Unmapped
from ossify.topology.selection import Selection
from ossify.topology.spatial import nearest_tree
from ossify.units import canonical_units

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

Transform = Callable[[FloatArray], ArrayLike] | ArrayLike


class Layer(Mapped):
    """Vertices with ids, coordinates and features, and the siblings they are linked to."""

    _kdtree: tuple[FloatArray, cKDTree] | None = None

    def __init__(self, name: str, table: VertexTable, units: str | None, space: str | None) -> None:
        self._name = intake.checked_name(name, "a layer's name")
        self._table = table
        self._units = canonical_units(units)
        self._space = space
        self._siblings = alone(self)

    # Data

    @property
    def layer_name(self) -> str:
        """The name under which links and masks speak of the layer."""
        return self._name

    @property
    def layer(self) -> VertexTable:
        """Ids, points and features as one part."""
        return self._table

    @property
    def vertices(self) -> FloatArray:
        """(V, 3) coordinates, read-only."""
        return self._table.points

    @property
    def vertex_df(self) -> pd.DataFrame:
        """The coordinates as a DataFrame indexed by vertex id."""
        return self._table.frame([], spatial=True)

    @property
    def vertex_index(self) -> IntArray:
        """(V,) int64 vertex ids, read-only."""
        return self._table.ids.ids

    @property
    def vertex_index_map(self) -> dict[int, int]:
        """Vertex id → row, and −1 → −1."""
        rows = dict(zip(self.vertex_index.tolist(), range(len(self)), strict=True))
        rows[-1] = -1
        return rows

    def __len__(self) -> int:
        return self.n_vertices

    def __bool__(self) -> bool:
        # `if cell.mesh:` asks whether there is a mesh, also of one that a mask has emptied.
        return True

    @property
    def bbox(self) -> FloatArray:
        """(2, 3) smallest and largest coordinates; NaN where there are no vertices."""
        if not len(self):
            return np.full((2, 3), np.nan)
        # Column by column: numpy is ten times slower along the long axis of (V, 3).
        columns = self.vertices.T
        return np.array([[c.min() for c in columns], [c.max() for c in columns]])

    @property
    def spatial_columns(self) -> list[str]:
        """What the three coordinates are called in `nodes`."""
        return list(self._table.spatial_columns)

    @property
    def nodes(self) -> pd.DataFrame:
        """Coordinates and features as a new DataFrame indexed by vertex id.

        It is a copy: the layer does not change with it.
        """
        return self._table.frame(spatial=True)

    @property
    def df(self) -> pd.DataFrame:
        """The same as `nodes`."""
        return self.nodes

    @property
    def features(self) -> pd.DataFrame:
        """The features as a new DataFrame indexed by vertex id."""
        return self._table.frame(self.feature_names)

    def get_feature(self, key: str) -> AnyArray:
        """One feature.

        Parameters
        ----------
        key
            The name of the feature.

        Returns
        -------
        (V,) array
            Read-only, in row order and with the dtype of the feature; what pandas holds in arrays
            of its own, such as categories, as numpy has it.

        Raises
        ------
        UnknownFeatureError
            If there is no such feature. A KeyError.
        """
        column = self._table.column(key, f"layer {self._name!r}")
        if isinstance(column, np.ndarray):
            return column
        array = np.array(column)
        array.flags.writeable = False
        return array

    def __getitem__(self, key: Any) -> Any:
        """Columns of `nodes`."""
        return self.nodes[key]

    def loc(self, key: Any) -> Any:
        """``nodes.loc[key]``."""
        return self.nodes.loc[key]

    def iloc(self, key: Any) -> Any:
        """``nodes.iloc[key]``."""
        return self.nodes.iloc[key]

    @property
    def kdtree(self) -> cKDTree:
        """A scipy KD-tree of the vertices, for nearest-neighbour questions.

        Raises
        ------
        ValueError
            If there are no vertices.
        """
        if self._kdtree is None or self._kdtree[0] is not self.vertices:
            self._kdtree = (self.vertices, nearest_tree(self.vertices))
        return self._kdtree[1]

    # Features

    def add_feature(
        self,
        feature: Sequence[Any] | AnyArray | Mapping[str, Any] | pd.Series[Any] | pd.DataFrame,
        name: str | None = None,
    ) -> Self:
        """Add one feature or several.

        Parameters
        ----------
        feature
            (V,) values in row order, with a `name`; a Series, aligned by vertex id; or a dict or
            DataFrame of several, whose names they keep.
        name
            The name of a single feature.

        Returns
        -------
        The layer itself.

        Raises
        ------
        ValueError
            If a name is taken, missing or one too many, or the values are not one per vertex.

        Examples
        --------
        >>> from ossify import PointCloudLayer
        >>> layer = PointCloudLayer("spines", [[0, 0, 0], [1, 0, 0]])
        >>> layer.add_feature([0.5, 0.25], "size").get_feature("size").tolist()
        [0.5, 0.25]
        """
        what = f"layer {self._name!r}"
        if isinstance(feature, (Mapping, pd.DataFrame)):
            if name is not None:
                raise ValueError(
                    f"{what}: name={name!r} is for a single feature; a dict or DataFrame has names"
                )
            named: Any = feature
        else:
            if name is None and isinstance(feature, pd.Series):
                name = str(feature.name) if isinstance(feature.name, str) else None
            if not isinstance(name, str):
                raise ValueError(
                    f"{what}: a feature needs a name, as in add_feature(values, 'name')"
                )
            named = {name: feature}
        self._table = intake.add_features(what, self._table, named)
        return self

    def drop_features(self, features: str | Sequence[str]) -> Self:
        """Drop features by name.

        Parameters
        ----------
        features
            One name or several; names that are not there are ignored.

        Returns
        -------
        The layer itself.

        Raises
        ------
        ValueError
            If a name is that of a coordinate.
        """
        names = [features] if isinstance(features, str) else list(features)
        for name in names:
            if name in self._table.spatial_columns:
                raise ValueError(f"layer {self._name!r}: {name!r} is a coordinate, not a feature")
        self._table = self._table.without_columns(names)
        return self

    # Masks

    def apply_mask(
        self,
        mask: Any,
        as_positional: bool = False,
        return_cell: bool | None = None,
        self_only: bool = False,
        *,
        unmapped: Unmapped = "drop",
    ) -> Self:
        """The layer with only some of its vertices, linked to its siblings under the same mask.

        Parameters
        ----------
        mask
            (V,) booleans, or vertex ids.
        as_positional
            Whether numbers mean rows instead of ids.
        self_only
            Return the layer on its own, without siblings.
        unmapped
            Whether vertices of linked layers that map to nothing here are dropped or kept.
        return_cell
            Only False is left of it: `Cell.apply_mask` gives a cell.

        Returns
        -------
        A layer of the same kind. Ids are kept, rows are new.

        Raises
        ------
        TypeError
            If `return_cell` is True.
        """
        _refuse_cell(return_cell)
        keep = self._keep(mask, as_positional)
        if self_only:
            return self._on_its_own(self._selected(Selection(keep)))
        masked: Self = self._siblings.masked(self._name, keep, unmapped)[self._name]
        return masked

    @contextmanager
    def mask_context(
        self, mask: Any, return_cell: bool | None = None, *, as_positional: bool = False
    ) -> Iterator[Self]:
        """`apply_mask` for the length of a ``with`` block.

        Parameters
        ----------
        mask, return_cell, as_positional
            As for `apply_mask`.

        Yields
        ------
        The masked layer.
        """
        yield self.apply_mask(mask, as_positional, return_cell)

    def mask_out_unmapped(
        self,
        target_layers: str | Sequence[str] | None = None,
        return_cell: bool | None = None,
        self_only: bool = False,
    ) -> Self:
        """The layer without the vertices that do not map to every one of some layers.

        Parameters
        ----------
        target_layers
            Names of layers; None for all that links lead to.
        return_cell, self_only
            As in `apply_mask`.

        Returns
        -------
        A layer of the same kind. Ids are kept, rows are new.

        Raises
        ------
        LinkError
            If no links lead to one of the layers. A ValueError.
        ValueError
            If no vertex would be left.
        """
        _refuse_cell(return_cell)
        keep = np.ones(len(self), dtype=bool)
        targets = self._targets(target_layers)
        for name in targets:
            keep &= self._is_mapped_to(name)
        if not keep.any():
            raise ValueError(
                f"layer {self._name!r}: no vertex maps to all of {', '.join(map(repr, targets))}"
            )
        return self.apply_mask(keep, self_only=self_only)

    # Copies and coordinates

    def copy(self) -> Self:
        """A copy on its own, without siblings."""
        return self._on_its_own(copy.copy(self))

    def transform(
        self,
        transform: Transform,
        inplace: bool = False,
        *,
        units: str | None = None,
        space: str | None = None,
    ) -> Self:
        """The layer with its coordinates moved.

        Parameters
        ----------
        transform
            A function from (V, 3) to (V, 3) coordinates, or the new coordinates themselves.
        inplace
            Change this layer; otherwise return one on its own.
        units, space
            What the new coordinates are in. Not given: not stated.

        Returns
        -------
        The layer itself if `inplace`, otherwise a copy on its own, without siblings.

        Raises
        ------
        ShapeError
            If the result is not (V, 3) finite numbers. The layer is then as it was.
        """
        parts = self._moved_parts(transform)
        moved = self if inplace else self.copy()
        moved._take_moved(parts, units, space)
        return moved

    def _moved_parts(self, transform: Transform) -> dict[str, Any]:
        """The parts of the layer that change with its coordinates, by attribute."""
        return {"_table": self._table.with_points(self._moved(self.vertices, transform))}

    def _take_moved(self, parts: dict[str, Any], units: str | None, space: str | None) -> None:
        self._units = canonical_units(units)
        self._space = space
        for name, part in parts.items():
            setattr(self, name, part)

    def _moved(self, points: FloatArray, transform: Transform) -> FloatArray:
        what = f"transform of layer {self._name!r}"
        moved = as_points(transform(points) if callable(transform) else transform, what)
        if moved.shape != points.shape:
            raise ShapeError(f"{what}: {len(moved):,} coordinates for {len(points):,} vertices")
        return moved

    def _with_parts(self, **parts: Any) -> Self:
        made = copy.copy(self)
        for name, part in parts.items():
            setattr(made, name, part)
        return made

    def _on_its_own(self, layer: Self) -> Self:
        layer._siblings = alone(layer)
        return layer

    # Text

    def describe(self) -> None:
        """Print counts, features and links."""
        print(layer_text(self))

    def __repr__(self) -> str:
        counts = ", ".join(f"{count:,} {what}" for what, count in self._outline()[0].items())
        return f"{type(self).__name__}({self._name!r}, {counts})"


def _refuse_cell(return_cell: bool | None) -> None:
    if return_cell:
        raise TypeError(
            "a layer's mask gives a layer; for a masked cell call cell.apply_mask(layer_name, mask)"
        )
