"""The surface of a cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import pandas as pd

from ossify._typing import FloatArray, IntArray
from ossify.layers import intake
from ossify.layers.base import Layer, Transform
from ossify.layers.geometry import EmbeddedSurface
from ossify.layers.vertex_table import VertexTable
from ossify.topology import sparse_graph
from ossify.topology.selection import Selection
from ossify.units import DEFAULT_UNITS

if TYPE_CHECKING:
    import trimesh
    from scipy.sparse import csr_matrix


class MeshLayer(Layer):
    """A triangle mesh.

    Parameters
    ----------
    name
        The name of the layer; in a cell it is ``"mesh"``.
    vertices
        (V, 3) coordinates, or a DataFrame with the coordinates among its columns.
    faces
        (F, 3) vertex ids; rows if `vertex_index` is an array. None for no faces.
    spatial_columns
        Three column names, or the prefix p of p_x, p_y, p_z. None: x, y, z, or the only three.
    vertex_index
        (V,) vertex ids, or the name of the column that holds them.
    faces_as_positional
        Says outright whether `faces` are rows (True) or vertex ids (False).
    features
        Name → (V,) values, or name → column of `vertices`; or a DataFrame.
    units, space
        What the coordinates are in.

    Raises
    ------
    TopologyError
        If a face names a vertex that is not there. A ValueError.

    Examples
    --------
    >>> mesh = MeshLayer("mesh", [[0, 0, 0], [2, 0, 0], [0, 2, 0]], [[0, 1, 2]])
    >>> mesh.surface_area()
    2.0
    """

    layer_type: ClassVar[str] = "mesh"

    def __init__(
        self,
        name: str,
        vertices: Any,
        faces: Any = None,
        spatial_columns: str | Sequence[str] | None = None,
        *,
        vertex_index: Any = None,
        faces_as_positional: bool | None = None,
        features: Mapping[str, Any] | pd.DataFrame | None = None,
        units: str | None = DEFAULT_UNITS,
        space: str | None = None,
    ) -> None:
        table = intake.vertex_table(name, vertices, spatial_columns, vertex_index, features)
        rows = intake.faces_as_rows(name, faces, table.ids, faces_as_positional, vertex_index)
        self._build(name, table, rows, units, space)

    @classmethod
    def from_parts(
        cls, name: str, table: VertexTable, faces: IntArray, units: str | None, space: str | None
    ) -> MeshLayer:
        """A mesh of a finished table and faces in rows of it."""
        made = cls.__new__(cls)
        made._build(name, table, faces, units, space)
        return made

    def _build(
        self, name: str, table: VertexTable, faces: IntArray, units: str | None, space: str | None
    ) -> None:
        super().__init__(name, table, units, space)
        self._surface = EmbeddedSurface(table.points, faces)

    @property
    def faces_positional(self) -> IntArray:
        """(F, 3) int64 faces as rows, read-only."""
        return self._surface.wide_faces

    @property
    def faces(self) -> IntArray:
        """(F, 3) int64 faces as vertex ids."""
        return np.take(self.vertex_index, self._surface.faces)

    @property
    def edges_positional(self) -> IntArray:
        """(3F, 2) int64 sides of the faces as rows: one shared by two faces appears in each."""
        return self._surface.edges

    @property
    def edges(self) -> IntArray:
        """(3F, 2) int64 sides of the faces as vertex ids."""
        return np.take(self.vertex_index, self._surface.edges)

    @property
    def csgraph(self) -> csr_matrix:
        """(V, V) sparse float64 lengths of the sides of the faces, both ways."""
        return self._surface.csgraph.copy()

    @property
    def as_trimesh(self) -> trimesh.Trimesh:
        """A new `trimesh.Trimesh` of the vertices and faces as they are.

        The layer does not change with it.
        """
        return self._surface.trimesh()

    @property
    def as_tuple(self) -> tuple[FloatArray, IntArray]:
        """The (V, 3) coordinates and the (F, 3) faces as rows."""
        return self.vertices, self.faces_positional

    def surface_area(
        self, vertices: Any = None, as_positional: bool = False, inclusive: bool = False
    ) -> float:
        """Area of the faces, in the square of the layer's units.

        Parameters
        ----------
        vertices
            Count only faces between these vertices: ids, or one boolean per vertex.
        as_positional
            Whether numbers mean rows instead of ids.
        inclusive
            Count faces that have any of the vertices, not only those that have no others.

        Returns
        -------
        float
            0.0 where there are no such faces.

        Raises
        ------
        UnknownVertexError
            If a vertex is not there. A KeyError.
        """
        keep = None if vertices is None else self._keep(vertices, as_positional)
        return self._surface.area(keep, inclusive)

    def _distances(self, sources: IntArray, targets: IntArray, limit: float | None) -> FloatArray:
        return sparse_graph.distances(self._surface.csgraph, sources, targets, limit)

    def _selected(self, selection: Selection) -> Self:
        table = self._table.select(selection)
        return self._with_parts(
            _table=table, _surface=self._surface.select(table.points, selection)
        )

    def _moved_parts(self, transform: Transform) -> dict[str, Any]:
        points = self._moved(self.vertices, transform)
        return {
            "_table": self._table.with_points(points),
            "_surface": self._surface.with_points(points),
        }

    def _counts(self) -> dict[str, int]:
        return {"vertices": self.n_vertices, "faces": len(self._surface.faces)}
