"""What a cell holds, and what may come in beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from ossify.cell.manager import LayerManager
from ossify.errors import UnitsError
from ossify.layers.base import Layer
from ossify.layers.graph import GraphLayer
from ossify.layers.mesh import MeshLayer
from ossify.layers.points import PointCloudLayer
from ossify.layers.siblings import Siblings
from ossify.layers.skeleton import SkeletonLayer
from ossify.links import Link, Linkage
from ossify.units import DEFAULT_UNITS, NOT_STATED, canonical_units

Links = Link | Iterable[Link] | None


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

    # Taking in and removing

    def remove_layer(self, name: str) -> Self:
        """Remove a layer and its links; those who hold it keep it, on its own.

        Parameters
        ----------
        name
            The name of the layer.

        Returns
        -------
        The cell itself.

        Raises
        ------
        ValueError
            If there is no layer of that name.
        """
        return self._remove(name, self.layers)

    def remove_annotation(self, name: str) -> Self:
        """Remove an annotation and its links; those who hold it keep it, on its own.

        Parameters
        ----------
        name
            The name of the annotation.

        Returns
        -------
        The cell itself.

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

    def _take_in(
        self, layer: Layer, group: dict[str, Any], linkage: Links, name: str | None = None
    ) -> Self:
        if name is not None and layer.name != name:
            layer = layer._with_parts(_name=name)
        self._check_fits(layer)
        links = [linkage] if isinstance(linkage, Link) else list(linkage or ())
        first = self._siblings.is_empty
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
        if not self._siblings.is_empty and layer.units != self.units:
            raise UnitsError(
                f"layer {layer.name!r} is in units {layer.units or NOT_STATED}, the cell in "
                f"{self.units or NOT_STATED}; transform one of them first"
            )


def _checked_name(name: object) -> str | int | None:
    if isinstance(name, np.integer):
        return int(name)
    if isinstance(name, (str, int, type(None))) and not isinstance(name, bool):
        return name
    raise TypeError(
        f"a cell's name must be a string, a whole number or None, not {name!r}; "
        "a root id that has become a float is no longer exact"
    )
