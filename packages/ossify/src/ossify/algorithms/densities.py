"""How densely synapses sit on the cable."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ossify._typing import AnyArray
from ossify.algorithms.parts import COMPARTMENT, Parts, ratio
from ossify.algorithms.subject import site_rows, skeleton_of
from ossify.cell.cell import Cell
from ossify.layers.skeleton import SkeletonLayer


def synapse_density(
    cell: Cell | SkeletonLayer,
    annotations: str | Sequence[str] = ("pre_syn", "post_syn"),
    by: str | None = COMPARTMENT,
) -> pd.DataFrame:
    """Annotations per length of cable, for each compartment.

    Parameters
    ----------
    cell
        A cell with a skeleton, or a skeleton that is part of one.
    annotations
        One name or several. Annotations that map to nothing on the skeleton do not count.
    by
        The feature of the skeleton that tells parts apart; None for the whole skeleton.

    Returns
    -------
    DataFrame
        A row for every part, indexed by its label: the values of the feature, ascending, with
        compartments called by their names and vertices without a value last. Columns are

        - ``cable_length``: the length of the edges whose end farther from the root is in the
          part, in the unit of the skeleton;
        - ``<name>_count`` and ``<name>_density`` for each annotation: how many are on vertices of
          the part, and that number over its cable length. NaN where there is no cable.

        Several trees are counted together. A skeleton without vertices has no parts; whole, it
        has counts and lengths of 0.

    Raises
    ------
    UnknownFeatureError
        If there is no such feature. A KeyError.
    UnknownLayerError
        If there is no annotation of a name. A KeyError.
    ValueError
        If there is no skeleton.

    Examples
    --------
    >>> from ossify import Link
    >>> cell = Cell("y").add_skeleton(
    ...     [[0, 0, 0], [4, 0, 0], [8, 0, 0], [9, 0, 0]],
    ...     [[1, 0], [2, 1], [3, 2]],
    ...     features={"compartment": [1, 3, 3, 2]},
    ... )
    >>> cell = cell.add_point_annotations(
    ...     "spines", [[4, 1, 0], [8, 1, 0]], linkage=Link([1, 2], target="skeleton")
    ... )
    >>> synapse_density(cell, "spines")
                 cable_length  spines_count  spines_density
    compartment
    soma                  0.0             0             NaN
    axon                  1.0             0            0.00
    dendrite              8.0             2            0.25
    """
    skeleton = skeleton_of(cell)
    parts = Parts.of(skeleton, by)
    length = parts.sums(skeleton._embedded.steps)
    columns: dict[str, AnyArray] = {"cable_length": length}
    for name in [annotations] if isinstance(annotations, str) else annotations:
        count = parts.counts(site_rows(skeleton, name, as_positional=False))
        columns[f"{name}_count"] = count
        columns[f"{name}_density"] = ratio(count, length)
    return pd.DataFrame(columns, index=parts.labels)
