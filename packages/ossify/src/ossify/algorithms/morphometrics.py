"""A neuron in one row of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ossify._typing import ArrayLike, FloatArray
from ossify.algorithms.measures import MEASURES, Measured
from ossify.algorithms.parts import COMPARTMENT, Parts, ratio
from ossify.algorithms.segregation import index_of, site_counts
from ossify.algorithms.subject import site_rows, skeleton_of
from ossify.algorithms.values import vertex_values
from ossify.cell.cell import Cell
from ossify.compartment import Compartment
from ossify.layers.skeleton import SkeletonLayer

_RADIUS = "radius"
_OUTPUTS, _INPUTS = "pre_syn", "post_syn"
# What comes with annotations: unit and definition.
_OF_ANNOTATIONS = {
    "<annotation>_count": ("1", "Annotations of that name on the vertices."),
    "<annotation>_density": ("1/length", "The same, over the cable length."),
    "segregation_index": (
        "1",
        "How well axon and rest, by the feature 'compartment', separate the annotations "
        "'pre_syn' and 'post_syn', from 0 to 1 (see segregation_index); only if all are there "
        "and the skeleton is not divided.",
    ),
}


def morphometrics(
    cell: Cell | SkeletonLayer,
    by: str | None = None,
    *,
    annotations: str | Sequence[str] | None = None,
    radius: str | ArrayLike | None = None,
) -> pd.DataFrame:
    """Measure a neuron: one row for the cell, or one for each of its compartments.

    The columns and their definitions are listed by `morphometrics_definitions`.

    Parameters
    ----------
    cell
        A cell with a skeleton, or a skeleton. Several trees are measured together. In a masked
        skeleton only what is left is measured, but path lengths and radial distances reach to the
        roots of the whole tree.
    by
        A feature of the skeleton that divides it, such as ``"compartment"``: a row for each of
        its values, ascending, those without a value last. An edge and a segment belong to the
        part that their ends farther from the root are in, what is measured at a branch point to
        the part of the branch point; numbers of Strahler and branch orders are those of the whole
        tree. Counts, lengths, areas and volumes add up to those of the cell.
    annotations
        Names of annotations to count. None: all that links lead from to the skeleton.
    radius
        The feature, or (V,) numbers, with the radii, in the unit of the coordinates; `transform`
        leaves features as they are, so that radii may have to be given after one. None: the
        feature ``"radius"``. Surface and volume are NaN without it, and where an edge has an end
        whose radius is missing or negative.

    Returns
    -------
    DataFrame
        First columns: ``cell``, the name of the cell or the skeleton; ``units``, those of the
        coordinates; and, if the skeleton is divided, one called `by`, where compartments go by
        their names. Then one for each quantity: int64 counts, else float64, NaN where there is
        nothing to take the mean or the extreme of. A skeleton without vertices gives counts and
        lengths of 0, or, if divided, no rows.

    Raises
    ------
    UnknownFeatureError
        If there is no such feature. A KeyError.
    UnknownLayerError
        If there is no annotation of a name. A KeyError.
    ValueError
        If there is no skeleton.

    Notes
    -----
    NeuroM measures neurites, which begin at the first vertex after the soma: it has no edge from
    the soma to a stem, and the soma is no branch point. Without the vertices of the soma, as a
    skeleton of its own, the quantities are those of NeuroM; its sections are our segments.

    Examples
    --------
    >>> edges = [[1, 0], [2, 1], [3, 1]]
    >>> skeleton = SkeletonLayer("y", [[0, 0, 0], [1, 0, 0], [2, 0, 0], [1, 1, 0]], edges)
    >>> morphometrics(skeleton)[["cell", "n_segments", "cable_length", "mean_local_angle"]]
      cell  n_segments  cable_length  mean_local_angle
    0    y           3           3.0          1.570796
    """
    skeleton = skeleton_of(cell)
    parts = Parts.of(skeleton, by)
    measured = Measured(skeleton, parts, _radii(skeleton, radius))
    columns: dict[str, Any] = {
        # Without parts there are no rows, but columns of the same kinds.
        name: pd.Series([value]).repeat(len(parts)).reset_index(drop=True)
        for name, value in (("cell", cell.name), ("units", skeleton.units))
    }
    if parts.labels is not None:
        columns[str(by)] = parts.labels
    columns.update((measure.name, measure.compute(measured)) for measure in MEASURES)
    for name in _names(skeleton, annotations):
        count = parts.counts(site_rows(skeleton, name, as_positional=False))
        columns[f"{name}_count"] = count
        columns[f"{name}_density"] = ratio(count, columns["cable_length"])
    if by is None and {f"{_OUTPUTS}_count", f"{_INPUTS}_count"} <= columns.keys():
        columns["segregation_index"] = _segregation_index(skeleton)
    return pd.DataFrame(columns)


def morphometrics_definitions() -> pd.DataFrame:
    """What `morphometrics` measures.

    Returns
    -------
    DataFrame
        A row for every quantity, indexed by its ``name``, with columns ``unit`` ("length" is the
        unit of the coordinates), ``definition``, and ``neurom``, the feature of NeuroM that is
        the same, or whose values ours is the mean or the maximum of; empty if there is none.

    Examples
    --------
    >>> morphometrics_definitions().loc["cable_length"].tolist()
    ['length', 'Summed length of all edges.', 'total_length']
    """
    rows = [(one.name, one.unit, one.definition, one.neurom) for one in MEASURES]
    rows += [(name, *described, "") for name, described in _OF_ANNOTATIONS.items()]
    frame = pd.DataFrame(rows, columns=["name", "unit", "definition", "neurom"])
    return frame.set_index("name")


def _radii(skeleton: SkeletonLayer, radius: str | ArrayLike | None) -> FloatArray:
    if radius is None:
        if _RADIUS not in skeleton.feature_names:
            return np.full(skeleton.n_vertices, np.nan)
        radius = _RADIUS
    radii = vertex_values(skeleton, radius)
    # Some programs write -1 where they do not know it.
    return np.where(radii >= 0, radii, np.nan)


def _names(skeleton: SkeletonLayer, annotations: str | Sequence[str] | None) -> list[str]:
    if annotations is None:
        siblings = skeleton._siblings
        linked = siblings.linkage.ways_from(skeleton.name)
        return [name for name in siblings.annotations if name in linked]
    return [annotations] if isinstance(annotations, str) else list(annotations)


def _segregation_index(skeleton: SkeletonLayer) -> float:
    if COMPARTMENT not in skeleton.feature_names:
        return float("nan")
    is_axon = np.asarray(vertex_values(skeleton, COMPARTMENT) == Compartment.AXON)
    pre, post = (
        site_counts(skeleton, site_rows(skeleton, name, as_positional=False))
        for name in (_OUTPUTS, _INPUTS)
    )
    return index_of(is_axon, pre, post)
