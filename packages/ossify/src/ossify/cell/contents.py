"""What a cell holds, and how it comes in and goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from ossify._typing import ArrayLike
from ossify.cell.manager import LayerManager
from ossify.errors import UnitsError
from ossify.layers.base import Layer
from ossify.layers.graph import GraphLayer
from ossify.layers.mesh import MeshLayer
from ossify.layers.points import PointCloudLayer
from ossify.layers.siblings import Siblings
from ossify.layers.skeleton import SkeletonLayer
from ossify.layers.vertex_table import XYZ
from ossify.links import Link, Linkage
from ossify.units import DEFAULT_UNITS, NOT_STATED, canonical_units
from ossify.vertex_ids import NO_VERTEX, VertexIds

Links = Link | Iterable[Link] | None
Vertices = ArrayLike | pd.DataFrame
Features = Mapping[str, Any] | pd.DataFrame | None


class Contents:
    """Layers, annotations, and the links between them."""

    SKEL_LN: ClassVar[str] = "skeleton"
    GRAPH_LN: ClassVar[str] = "graph"
    MESH_LN: ClassVar[str] = "mesh"

    def __init__(
        self,
        name: str | int | None = None,
        meta: Mapping[str, Any] | None = None,
        *,
        annotation_layers: Iterable[PointCloudLayer] | None = None,
        units: str | None = DEFAULT_UNITS,
        space: str | None = None,
    ) -> None:
        self._siblings = Siblings()
        self._units = canonical_units(units)
        self._space = space
        self.name = name
        self.meta: dict[str, Any] = dict(meta or {})
        for layer in annotation_layers or ():
            self._take_in(layer, self._siblings.annotations, None)

    @classmethod
    def from_parts(
        cls,
        name: str | int | None,
        meta: Mapping[str, Any],
        layers: Iterable[Layer],
        annotations: Iterable[PointCloudLayer],
        linkage: Linkage,
        *,
        units: str | None,
        space: str | None,
        left_out: Mapping[str, int],
    ) -> Self:
        """A cell of finished layers and a finished linkage between them, as read from a file."""
        cell = cls(name, meta, units=units, space=space)
        siblings = cell._siblings
        for group, members in ((siblings.layers, layers), (siblings.annotations, annotations)):
            for member in members:
                siblings.add(member, group)
        siblings.linkage = linkage
        siblings.left_out = dict(left_out)
        return cell

    @property
    def linkage(self) -> Linkage:
        """The links between layers and annotations, as rows."""
        return self._siblings.linkage

    @property
    def left_out(self) -> dict[str, int]:
        """How many vertices of each layer masks have dropped because they map to nothing."""
        return dict(self._siblings.left_out)

    # What it holds

    @property
    def name(self) -> str | int | None:
        """The name, often the root id of the segmentation."""
        return self._name

    @name.setter
    def name(self, name: str | int | None) -> None:
        self._name = _checked_name(name)

    @property
    def units(self) -> str | None:
        """The unit of all coordinates; None where it is not stated or not the same for all."""
        return self._shared("units", self._units)

    @property
    def space(self) -> str | None:
        """The space of all coordinates; None where it is not named or not the same for all."""
        return self._shared("space", self._space)

    def _shared(self, what: str, default: str | None) -> str | None:
        values = {getattr(member, what) for member in self._siblings} or {default}
        return values.pop() if len(values) == 1 else None

    @property
    def layers(self) -> LayerManager:
        """Skeleton, graph, mesh and point layers, by name."""
        return LayerManager(self._siblings.layers)

    @property
    def annotations(self) -> LayerManager:
        """Annotations by name."""
        return LayerManager(self._siblings.annotations, "point_cloud_only", "annotation")

    @property
    def skeleton(self) -> SkeletonLayer | None:
        """The skeleton, or None."""
        return self._siblings.of_type("skeleton")

    @property
    def graph(self) -> GraphLayer | None:
        """The graph, or None."""
        return self._siblings.of_type("graph")

    @property
    def mesh(self) -> MeshLayer | None:
        """The mesh, or None."""
        return self._siblings.of_type("mesh")

    s = skeleton
    g = graph
    m = mesh
    a = annotations
    anno = annotations
    l = layers  # noqa: E741

    @property
    def features(self) -> pd.DataFrame:
        """The features of every layer: columns ``layer`` and ``features``, a row each."""
        rows = [(layer.name, name) for layer in self.layers for name in layer.feature_names]
        return pd.DataFrame(rows, columns=["layer", "features"], dtype=object)

    # Adding and removing

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
        """Add points as a layer of their own; the arguments are those of `add_point_annotations`.

        Returns
        -------
        The cell itself.
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

    def remove_layer(self, name: str) -> Self:
        """Remove a layer and its links.

        Raises
        ------
        ValueError
            If there is no layer of that name.
        """
        return self._remove(name, self.layers)

    def remove_annotation(self, name: str) -> Self:
        """Remove an annotation and its links.

        Raises
        ------
        ValueError
            If there is no annotation of that name.
        """
        return self._remove(name, self.annotations)

    def _remove(self, name: str, among: LayerManager) -> Self:
        among[name]
        self._siblings.remove(name)
        return self

    @property
    def _where(self) -> dict[str, str | None]:
        """What the coordinates of a layer to be added are in."""
        if any(True for _ in self._siblings):
            return {"units": self.units, "space": self.space}
        return {"units": self._units, "space": self._space}

    def _made(self, kind: type[Layer], name: str, vertices: Any, **described: Any) -> Layer:
        """The layer that is given as `vertices`, or that the arguments describe."""
        if isinstance(vertices, kind):
            return vertices
        return kind(name, vertices, **described, **self._where)

    def _take_in(
        self, layer: Layer, group: dict[str, Any], linkage: Links, name: str | None = None
    ) -> Self:
        if name is not None and layer.name != name:
            layer = layer._with_parts(_name=name)
        self._check_fits(layer)
        links = [linkage] if isinstance(linkage, Link) else list(linkage or ())
        first = not any(True for _ in self._siblings)
        self._siblings.add(layer, group, links)
        if first:
            self._units, self._space = layer.units, layer.space
        return self

    def _check_fits(self, layer: Layer) -> None:
        there = self._siblings.of_type(layer.layer_type) if layer.layer_type != "points" else None
        if there is not None:
            raise ValueError(
                f"there is a {layer.layer_type} already, {there.name!r}; a cell has one at most. "
                f"Call remove_layer({there.name!r}) first"
            )
        core = (self.SKEL_LN, self.GRAPH_LN, self.MESH_LN)
        if layer.name in core and layer.name != layer.layer_type:
            raise ValueError(f"the name {layer.name!r} is for a {layer.name}, not for {layer!r}")
        if any(True for _ in self._siblings) and layer.units != self.units:
            raise UnitsError(
                f"layer {layer.name!r} is in units {layer.units or NOT_STATED}, the cell in "
                f"{self.units or NOT_STATED}; transform one of them first"
            )

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


def _checked_name(name: object) -> str | int | None:
    if isinstance(name, np.integer):
        return int(name)
    if isinstance(name, (str, int, type(None))) and not isinstance(name, bool):
        return name
    raise TypeError(
        f"a cell's name must be a string, a whole number or None, not {name!r}; "
        "a root id that has become a float is no longer exact"
    )
