"""Skeletons as neurons of navis, which brings its own tools for drawing and comparing them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from ossify._typing import IntArray
from ossify.algorithms.subject import skeleton_of
from ossify.cell.cell import Cell
from ossify.compartment import Compartment
from ossify.errors import UnknownLayerError
from ossify.io.report import ConversionReport, NotCarried
from ossify.io.swc.vertex_values import Codes, Names, Radii
from ossify.layers.points import PointCloudLayer
from ossify.layers.skeleton import SkeletonLayer
from ossify.vertex_ids import NO_VERTEX

if TYPE_CHECKING:
    from navis import TreeNeuron

Types: TypeAlias = Mapping[str, str]

_USUAL_TYPES: Types = {"pre_syn": "pre", "post_syn": "post"}
# navis computes `type` from the tree, whatever a table says.
_NODE_COLUMNS = ("node_id", "parent_id", "x", "y", "z", "radius", "label", "type")
_CONNECTOR_COLUMNS = ("connector_id", "node_id", "x", "y", "z", "type")
# What navis, through pint, is told. Other units it would take for some of its own.
_UNITS = {
    "nm": "1 nanometer",
    "um": "1 micrometer",
    "mm": "1 millimeter",
    "cm": "1 centimeter",
    "m": "1 meter",
}


def to_navis(
    cell: Cell | SkeletonLayer,
    *,
    compartment: Names = None,
    compartment_mapping: Mapping[Any, int] | None = None,
    radius: Names = None,
    connectors: Types | None = None,
    strict: bool = False,
) -> TreeNeuron:
    """The skeleton of a cell as a neuron of navis, with annotations as its connectors.

    Vertex ids become node ids and stay int64, coordinates and radii stay what they are, and so do
    the units. Features become columns of the node table.

    Parameters
    ----------
    cell
        A cell with a skeleton, or a skeleton.
    compartment
        The feature that becomes ``label``, or several of which the first that is there is taken.
        None: ``compartment``, if there is one, else 0 everywhere.
    compartment_mapping
        Value of that feature → code of `SWCCompartment`. None: whole numbers are taken as codes,
        texts as their names.
    radius
        The feature that holds the radii, likewise. None: ``radius``, if there is one, else NaN.
    connectors
        Name of an annotation → type of its connectors. None: all annotations that are linked to
        the skeleton, ``pre_syn`` as ``"pre"``, ``post_syn`` as ``"post"``, others by their names.
    strict
        Raise where something cannot be carried, instead of warning.

    Returns
    -------
    navis.TreeNeuron
        Its soma is the vertex with the code of a soma that is nearest to its root, or the widest of
        several; None where there is no such code. Connectors are called by the vertex ids of their
        annotation; they have the features that all of the annotations have with the same dtype.

    Raises
    ------
    ImportError
        If navis is not installed.
    UnknownFeatureError
        If none of the named features is there. A KeyError and a ValueError.
    UnknownLayerError
        If `connectors` names an annotation that is not there. A KeyError and a ValueError.
    ConversionError
        If `strict` and something cannot be carried. A ValueError.
    ValueError
        If there is no skeleton or no vertex in it.

    Warns
    -----
    ConversionWarning
        With what navis' neuron has no place for: meshes and graphs, annotations that are not on the
        skeleton, features, metadata.

    Examples
    --------
    Where navis is installed::

        neuron = ossify.to_navis(ossify.load_cell("neuron.osy"))
        neuron.presynapses, neuron.soma
    """
    neuron, report = navis_neuron(
        cell,
        compartment=compartment,
        compartment_mapping=compartment_mapping,
        radius=radius,
        connectors=connectors,
    )
    report.check(strict)
    report.warn(stacklevel=2)
    return neuron


def navis_neuron(
    cell: Cell | SkeletonLayer,
    *,
    compartment: Names = None,
    compartment_mapping: Mapping[Any, int] | None = None,
    radius: Names = None,
    connectors: Types | None = None,
) -> tuple[TreeNeuron, ConversionReport]:
    """The skeleton of a cell as a neuron of navis, and what could not be carried.

    Parameters
    ----------
    cell, compartment, compartment_mapping, radius, connectors
        As for `to_navis`.

    Returns
    -------
    neuron
        The navis.TreeNeuron.
    report
        What it has no place for.
    """
    skeleton = _skeleton_of(cell)
    nodes = _Nodes(
        skeleton,
        Codes.of(skeleton, compartment, compartment_mapping, Compartment.UNDEFINED),
        Radii.of(skeleton, radius, np.nan, scaled=False),
    )
    sites = _Sites(_annotations(cell, connectors), skeleton)
    try:
        from navis import TreeNeuron
    except ImportError as error:
        raise ImportError("a neuron of navis takes navis: pip install navis") from error
    neuron = TreeNeuron(nodes.frame(), units=_UNITS.get(skeleton.units or ""))
    if cell.name is not None:
        neuron.name = str(cell.name)
    if isinstance(cell.name, (int, np.integer)):
        neuron.id = int(cell.name)
    # Left to itself, navis takes the widest vertex.
    neuron.soma = nodes.soma
    if len(table := sites.frame()):
        neuron.connectors = table
    left = [*nodes.left(), *sites.left(), *_left_of_cell(cell, skeleton, sites)]
    title = "the cell" if cell.name is None else str(cell.name)
    return neuron, ConversionReport.of(f"{title} to navis", left)


@dataclass(frozen=True, eq=False)
class _Nodes:
    """The vertices of a skeleton as the nodes of a neuron."""

    skeleton: SkeletonLayer
    codes: Codes
    radii: Radii

    @cached_property
    def carried(self) -> list[str]:
        """The features that become columns of their own."""
        gone = {self.codes.feature, self.radii.feature, *_NODE_COLUMNS}
        return [name for name in self.skeleton.feature_names if name not in gone]

    def frame(self) -> pd.DataFrame:
        ids, parent = self.skeleton.vertex_index, self.skeleton.tree.parent
        features = self.skeleton.features[self.carried].reset_index(drop=True)
        return pd.DataFrame(
            {
                "node_id": ids,
                "parent_id": np.where(parent == NO_VERTEX, NO_VERTEX, ids[parent]),
                **dict(zip("xyz", self.skeleton.vertices.T, strict=True)),
                "radius": self.radii.values,
                "label": self.codes.values,
                **features,
            }
        )

    @property
    def soma(self) -> int | None:
        rows = np.flatnonzero(self.codes.values == Compartment.SOMA)
        if not len(rows):
            return None
        # Vertices without a radius come last.
        widths = np.nan_to_num(self.radii.values[rows], nan=-np.inf)
        order = np.lexsort((-widths, self.skeleton.tree.depth[rows]))
        return int(self.skeleton.vertex_index[rows[order[0]]])

    def left(self) -> Iterator[NotCarried]:
        skeleton = self.skeleton
        if self.codes.feature is not None:
            yield from self.codes.left()
        for name in skeleton.feature_names:
            if name in _NODE_COLUMNS and name not in (self.codes.feature, self.radii.feature):
                reason = "navis has a column of that name for something else"
                yield NotCarried("feature", name, len(skeleton), reason)
        if skeleton.units is not None and skeleton.units not in _UNITS:
            yield NotCarried("units", skeleton.units, 1, "navis knows metric lengths alone")
        if skeleton.space is not None:
            yield NotCarried("space", skeleton.space, 1, "a neuron of navis names no space")
        if len(skeleton.base_vertex_index) > len(skeleton):
            whole = len(skeleton.base_vertex_index)
            yield NotCarried("whole tree", skeleton.name, whole, "what a mask has left is carried")


@dataclass(frozen=True, eq=False)
class _Sites:
    """Annotations as the connectors of a neuron."""

    types: Mapping[PointCloudLayer, str]
    skeleton: SkeletonLayer

    @cached_property
    def nodes(self) -> list[IntArray]:
        """For each annotation, the vertex of the skeleton that each of its rows is at, or -1."""
        name = self.skeleton.name
        return [layer.map_index_to_layer(name, missing=NO_VERTEX) for layer in self.types]

    @cached_property
    def shared(self) -> list[str]:
        """The features that all annotations have alike."""
        tables = [layer.features.dtypes for layer in self.types]
        return [
            name
            for name in (tables[0].index if tables else ())
            if name not in _CONNECTOR_COLUMNS
            and all(name in table and table[name] == tables[0][name] for table in tables)
        ]

    def frame(self) -> pd.DataFrame:
        tables = []
        for (layer, kind), nodes in zip(self.types.items(), self.nodes, strict=True):
            table = pd.DataFrame(
                {
                    "connector_id": layer.vertex_index,
                    "node_id": nodes,
                    **dict(zip("xyz", layer.vertices.T, strict=True)),
                    "type": kind,
                    **layer.features[self.shared].reset_index(drop=True),
                }
            )
            tables.append(table[nodes != NO_VERTEX])
        return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()

    def left(self) -> Iterator[NotCarried]:
        for layer, nodes in zip(self.types, self.nodes, strict=True):
            if lost := int((nodes == NO_VERTEX).sum()):
                reason = "rows that are nowhere on the skeleton can be no connectors"
                yield NotCarried("annotation", layer.name, lost, reason)
            for name in layer.feature_names:
                if name not in self.shared:
                    reason = "connectors are one table, and this is not in all of it"
                    yield NotCarried("feature", f"{layer.name}/{name}", len(layer), reason)


def _skeleton_of(cell: Cell | SkeletonLayer) -> SkeletonLayer:
    skeleton = skeleton_of(cell)
    if not len(skeleton):
        raise ValueError(
            f"{cell.name!r} has no skeleton with vertices, which is what a TreeNeuron holds"
        )
    return skeleton


def _annotations(
    cell: Cell | SkeletonLayer, connectors: Types | None
) -> dict[PointCloudLayer, str]:
    """The annotations that become connectors, and their types."""
    if isinstance(cell, SkeletonLayer) or cell.skeleton is None:
        return {}
    there = {layer.name: layer for layer in cell.annotations}
    if connectors is None:
        return {
            layer: _USUAL_TYPES.get(name, name)
            for name, layer in there.items()
            if cell.linkage.is_linked(name, cell.skeleton.name)
        }
    if unknown := [name for name in connectors if name not in there]:
        raise UnknownLayerError(
            f"there is no annotation {unknown[0]!r} to make connectors of; there are: "
            f"{', '.join(there) or 'none'}"
        )
    return {there[name]: kind for name, kind in connectors.items()}


def _left_of_cell(
    cell: Cell | SkeletonLayer, skeleton: SkeletonLayer, sites: _Sites
) -> Iterator[NotCarried]:
    if isinstance(cell, SkeletonLayer):
        return
    for layer in cell.layers:
        if layer.name != skeleton.name:
            reason = "a TreeNeuron is a skeleton; navis has other classes for other things"
            yield NotCarried("layer", layer.name, len(layer), reason)
    names = {layer.name for layer in sites.types}
    for layer in cell.annotations:
        if layer.name not in names:
            reason = "it is not linked to the skeleton, or not among connectors="
            yield NotCarried("annotation", layer.name, len(layer), reason)
    for key in cell.meta:
        yield NotCarried("meta", str(key), 1, "a neuron of navis is told by its name and id")
