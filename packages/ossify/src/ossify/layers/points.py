"""Point clouds: synapses and other annotations, and free point layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd

from ossify._typing import FloatArray, IntArray
from ossify.errors import LinkError
from ossify.layers import intake
from ossify.layers.base import Layer
from ossify.layers.reaching import checked_limit
from ossify.layers.vertex_table import VertexTable
from ossify.topology.selection import Selection
from ossify.units import DEFAULT_UNITS
from ossify.vertex_ids import NO_VERTEX


class PointCloudLayer(Layer):
    """Points with ids and features, such as synapses.

    Parameters
    ----------
    name
        The name of the layer.
    vertices
        (V, 3) coordinates, or a DataFrame with the coordinates among its columns.
    spatial_columns
        Three column names, or the prefix p of p_x, p_y, p_z. None: x, y, z, or the only three.
    vertex_index
        (V,) vertex ids, or the name of the column that holds them.
    features
        Name → (V,) values, or name → column of `vertices`; or a DataFrame.
    units, space
        What the coordinates are in.

    Examples
    --------
    >>> spines = PointCloudLayer("spines", [[0, 0, 0], [3, 4, 0]], vertex_index=[7, 9])
    >>> spines.vertex_index.tolist(), spines.bbox[1].tolist()
    ([7, 9], [3.0, 4.0, 0.0])
    """

    layer_type: ClassVar[str] = "points"

    def __init__(
        self,
        name: str,
        vertices: Any,
        spatial_columns: str | Sequence[str] | None = None,
        *,
        vertex_index: Any = None,
        features: Mapping[str, Any] | pd.DataFrame | None = None,
        units: str | None = DEFAULT_UNITS,
        space: str | None = None,
    ) -> None:
        table = intake.vertex_table(name, vertices, spatial_columns, vertex_index, features)
        super().__init__(name, table, units, space)

    @classmethod
    def from_parts(
        cls, name: str, table: VertexTable, units: str | None, space: str | None
    ) -> PointCloudLayer:
        """A point cloud of a finished table."""
        made = cls.__new__(cls)
        Layer.__init__(made, name, table, units, space)
        return made

    def distance_to_root(self, vertices: Any = None, as_positional: bool = False) -> Any:
        """Path length along the skeleton from the point that each vertex maps to, to the root.

        Parameters
        ----------
        vertices
            Vertex ids, or one boolean per vertex; None for all.
        as_positional
            Whether numbers mean rows instead of ids.

        Returns
        -------
        (N,) float64 array, a float for a single vertex
            In the units of the skeleton. NaN where a vertex maps to nothing.

        Raises
        ------
        LinkError
            If there is no skeleton that links lead to. A ValueError.
        """
        rows = self._rows(vertices, as_positional)
        skeleton, on_skeleton = self._places_on("skeleton", rows)
        mapped = on_skeleton != NO_VERTEX
        distances = np.full(len(rows), np.nan)
        distances[mapped] = skeleton.distance_to_root(on_skeleton[mapped], as_positional=True)
        return float(distances[0]) if np.isscalar(vertices) else distances

    def distance_between(
        self,
        vertices: Any = None,
        as_positional: bool = False,
        via: Literal["skeleton", "graph", "mesh"] = "skeleton",
        limit: float | None = None,
    ) -> FloatArray:
        """Path lengths between the points that the vertices map to.

        Parameters
        ----------
        vertices
            Vertex ids, or one boolean per vertex; None for all.
        as_positional
            Whether numbers mean rows instead of ids.
        via
            The layer to measure along.
        limit
            Distances beyond it are infinite.

        Returns
        -------
        (N, N) float64 array
            In the units of that layer. Infinite where no path leads, NaN where a vertex maps to
            nothing.

        Raises
        ------
        LinkError
            If there is no such layer that links lead to. A ValueError.
        ValueError
            If the limit is negative or NaN.
        """
        limit = checked_limit(limit, self.name)
        rows = self._rows(vertices, as_positional)
        layer, targets = self._places_on(via, rows)
        places = np.flatnonzero(targets != NO_VERTEX)
        unique, inverse = np.unique(targets[places], return_inverse=True)
        along = layer._distances(unique, unique, limit)
        distances = np.full((len(rows), len(rows)), np.nan)
        distances[np.ix_(places, places)] = along[np.ix_(inverse, inverse)]
        return distances

    def filter(self, mask: Any, layer: str) -> pd.DataFrame:
        """The `nodes` of the points that map to chosen vertices of another layer.

        Parameters
        ----------
        mask
            One boolean per vertex of that layer, or its vertex ids.
        layer
            The name of the other layer.

        Returns
        -------
        DataFrame
            Their rows of `nodes`, in row order.

        Raises
        ------
        LinkError
            If no links lead from that layer to this one. A ValueError.
        """
        keep = self._siblings[layer]._keep(mask, as_positional=False)
        here = self._siblings[layer]._image(self._name, keep)
        nodes: pd.DataFrame = self.nodes[here]
        return nodes

    def _places_on(self, layer_type: str, rows: IntArray) -> tuple[Any, IntArray]:
        """The layer of a type, and its row that each row of this layer maps to."""
        layer = self._siblings.of_type(layer_type)
        if layer is None or layer.layer_type == self.layer_type:
            raise LinkError(f"layer {self._name!r}: there is no {layer_type!r} to measure along")
        places, _ = self._siblings.linkage.first_targets(self._name, layer.name, rows)
        return layer, places

    def _selected(self, selection: Selection) -> Self:
        return self._with_parts(_table=self._table.select(selection))
