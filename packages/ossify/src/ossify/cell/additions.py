"""How layers and annotations are added to a cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import pandas as pd

from ossify._typing import ArrayLike
from ossify.cell.contents import Contents, Links
from ossify.layers.base import Layer
from ossify.layers.graph import GraphLayer
from ossify.layers.mesh import MeshLayer
from ossify.layers.points import PointCloudLayer
from ossify.layers.skeleton import SkeletonLayer
from ossify.layers.vertex_table import XYZ
from ossify.links import Link
from ossify.vertex_ids import NO_VERTEX, VertexIds

Vertices = ArrayLike | pd.DataFrame
Features = Mapping[str, Any] | pd.DataFrame | None


class Additions(Contents):
    """Contents to which more can be added, described by arrays and tables or finished."""

    def add_skeleton(
        self,
        vertices: Vertices | SkeletonLayer,
        edges: Any = None,
        features: Features = None,
        root: Any = None,
        *,
        vertex_index: Any = None,
        edges_as_positional: bool | None = None,
        root_as_positional: bool = False,
        linkage: Links = None,
        spatial_columns: str | Sequence[str] | None = None,
    ) -> Self:
        """Add the skeleton.

        Parameters
        ----------
        vertices
            (V, 3) coordinates, a DataFrame with the coordinates among its columns, or a
            `SkeletonLayer` that is finished.
        edges, features, root, vertex_index, edges_as_positional, root_as_positional, \
spatial_columns
            As for `SkeletonLayer`.
        linkage
            Links to layers that are there already.

        Returns
        -------
        The cell itself.

        Raises
        ------
        ValueError
            If there is a skeleton already, or the input is wrong. The cell is then as it was.
        """
        layer = self._made(
            SkeletonLayer,
            self.SKEL_LN,
            vertices,
            edges=edges,
            root=root,
            spatial_columns=spatial_columns,
            vertex_index=vertex_index,
            edges_as_positional=edges_as_positional,
            root_as_positional=root_as_positional,
            features=features,
        )
        return self._take_in(layer, self._siblings.layers, linkage, self.SKEL_LN)

    def add_graph(
        self,
        vertices: Vertices | GraphLayer,
        edges: Any = None,
        features: Features = None,
        *,
        vertex_index: Any = None,
        edges_as_positional: bool | None = None,
        spatial_columns: str | Sequence[str] | None = None,
        linkage: Links = None,
    ) -> Self:
        """Add the graph, such as the level-2 graph.

        Parameters
        ----------
        vertices
            (V, 3) coordinates, a DataFrame with the coordinates among its columns, or a
            `GraphLayer` that is finished.
        edges, features, vertex_index, edges_as_positional, spatial_columns
            As for `GraphLayer`.
        linkage
            Links to layers that are there already.

        Returns
        -------
        The cell itself.

        Raises
        ------
        ValueError
            If there is a graph already, or the input is wrong. The cell is then as it was.
        """
        layer = self._made(
            GraphLayer,
            self.GRAPH_LN,
            vertices,
            edges=edges,
            spatial_columns=spatial_columns,
            vertex_index=vertex_index,
            edges_as_positional=edges_as_positional,
            features=features,
        )
        return self._take_in(layer, self._siblings.layers, linkage, self.GRAPH_LN)

    def add_mesh(
        self,
        vertices: Vertices | MeshLayer,
        faces: Any = None,
        features: Features = None,
        *,
        vertex_index: Any = None,
        faces_as_positional: bool | None = None,
        linkage: Links = None,
        spatial_columns: str | Sequence[str] | None = None,
    ) -> Self:
        """Add the mesh.

        Parameters
        ----------
        vertices
            (V, 3) coordinates, a DataFrame with the coordinates among its columns, or a
            `MeshLayer` that is finished.
        faces, features, vertex_index, faces_as_positional, spatial_columns
            As for `MeshLayer`.
        linkage
            Links to layers that are there already.

        Returns
        -------
        The cell itself.

        Raises
        ------
        ValueError
            If there is a mesh already, or the input is wrong. The cell is then as it was.
        """
        layer = self._made(
            MeshLayer,
            self.MESH_LN,
            vertices,
            faces=faces,
            spatial_columns=spatial_columns,
            vertex_index=vertex_index,
            faces_as_positional=faces_as_positional,
            features=features,
        )
        return self._take_in(layer, self._siblings.layers, linkage, self.MESH_LN)

    def add_point_annotations(
        self,
        name: str,
        vertices: Vertices | PointCloudLayer | None = None,
        spatial_columns: str | Sequence[str] | None = None,
        *,
        vertex_index: Any = None,
        features: Features = None,
        linkage: Links = None,
        vertices_from_linkage: bool = False,
    ) -> Self:
        """Add points that hang on a layer, such as synapses.

        Parameters
        ----------
        name
            The name of the annotation.
        vertices
            (A, 3) coordinates, a DataFrame, or a `PointCloudLayer` that is finished.
        spatial_columns, vertex_index, features
            As for `PointCloudLayer`.
        linkage
            Links to layers that are there already.
        vertices_from_linkage
            Take the coordinates of the vertices that the rows of the DataFrame are linked to.

        Returns
        -------
        The cell itself.

        Raises
        ------
        ValueError
            If the name is taken, or the input is wrong. The cell is then as it was.
        """
        if vertices_from_linkage:
            vertices = self._placed_on_target(name, vertices, vertex_index, linkage)
            spatial_columns = XYZ
        if vertices is None:
            raise ValueError(
                f"annotation {name!r} needs vertices, or a DataFrame and vertices_from_linkage=True"
            )
        layer = self._made(
            PointCloudLayer,
            name,
            vertices,
            spatial_columns=spatial_columns,
            vertex_index=vertex_index,
            features=features,
        )
        return self._take_in(layer, self._siblings.annotations, linkage, name)

    def add_point_layer(
        self,
        name: str,
        vertices: Vertices | PointCloudLayer,
        spatial_columns: str | Sequence[str] | None = None,
        *,
        vertex_index: Any = None,
        features: Features = None,
        linkage: Links = None,
    ) -> Self:
        """Add points as a layer of their own.

        Parameters
        ----------
        name, vertices, spatial_columns, vertex_index, features, linkage
            As for `add_point_annotations`.

        Returns
        -------
        The cell itself.

        Raises
        ------
        ValueError
            If the name is taken, or the input is wrong. The cell is then as it was.
        """
        layer = self._made(
            PointCloudLayer,
            name,
            vertices,
            spatial_columns=spatial_columns,
            vertex_index=vertex_index,
            features=features,
        )
        return self._take_in(layer, self._siblings.layers, linkage, name)

    def add_layer(self, layer: Layer, linkage: Links = None) -> Self:
        """Add a copy of a finished layer under its own name.

        Parameters
        ----------
        layer
            A layer of any kind.
        linkage
            Links to layers that are there already.

        Returns
        -------
        The cell itself.

        Raises
        ------
        ValueError
            If its name is taken, or there is a skeleton, graph or mesh already and it is another.
        """
        return self._take_in(layer, self._siblings.layers, linkage)

    @property
    def _where(self) -> dict[str, str | None]:
        """What the coordinates of a layer to be added are in."""
        if self._siblings.is_empty:
            return {"units": self._units, "space": self._space}
        return {"units": self.units, "space": self.space}

    def _made(self, kind: type[Layer], name: str, vertices: Any, **described: Any) -> Layer:
        """The layer that is given as `vertices`, or that the arguments describe."""
        if isinstance(vertices, kind):
            return vertices
        return kind(name, vertices, **described, **self._where)

    def _placed_on_target(
        self, name: str, vertices: Any, vertex_index: Any, linkage: Links
    ) -> pd.DataFrame:
        """The rows of a DataFrame with the coordinates of the vertices they are linked to."""
        if not isinstance(vertices, pd.DataFrame) or not isinstance(linkage, Link):
            raise ValueError(
                f"annotation {name!r}: vertices_from_linkage=True needs a DataFrame and one Link"
            )
        source, target = linkage.between(name)
        if source != name:
            raise ValueError(
                f"annotation {name!r}: vertices_from_linkage=True needs a Link from the "
                f"annotation, not {source} → {target}"
            )
        ids = vertices.index if vertex_index is None else vertex_index
        table = linkage.resolve(
            f"{source} → {target}",
            VertexIds(vertices[ids] if isinstance(ids, str) else ids, f"annotation {name!r}: ids"),
            self._siblings[target]._table.ids,
            lambda column: vertices[column],
        )
        unmapped = int((table.rows == NO_VERTEX).sum())
        if unmapped:
            raise ValueError(
                f"annotation {name!r}: {unmapped:,} of {len(vertices):,} rows are linked to "
                "nothing and have no coordinates to take"
            )
        points = self._siblings[target].vertices[table.rows]
        return vertices.assign(**dict(zip(XYZ, points.T, strict=True)))
