"""Cortical space: pia at depth 0, depth straight down, in micrometres; and cells moved into it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cortical_tools.errors import NotConfiguredError

if TYPE_CHECKING:
    from standard_transform.datasets import Dataset

    from ossify import Cell

Transform = Literal["rigid", "streamline"]
Points = Callable[[NDArray[np.float64]], NDArray[np.float64]]

_TRANSFORMS = ("rigid", "streamline")
_NM_PER_UM = 1000.0
_AXES = ("x", "y", "z")
# These say their unit in their name, and keep it.
_NAMED_UNITS = ("_nm", "_nm2", "_nm3")


def named_transform(name: str | None, dataset: str) -> Dataset:
    """The transforms that the package ``standard_transform`` has under a name.

    Raises
    ------
    NotConfiguredError
        If there is no name, or none such.
    """
    if name is None:
        raise NotConfiguredError(
            f"{dataset} does not say its transform into cortical space: give "
            "dataset_transform, one of the datasets of the package standard_transform"
        )
    from standard_transform import datasets

    try:
        found: Dataset = getattr(datasets, name)
    except AttributeError:
        raise NotConfiguredError(
            f"standard_transform has no dataset {name!r}, which {dataset} names as its transform"
        ) from None
    return found


def cortical_mover(
    transform: str | None, space: Callable[[], Dataset] | None
) -> Callable[[Cell], Cell]:
    """What moves a cell into cortical space; what is wrong is found before there is a cell.

    Parameters
    ----------
    transform
        ``"rigid"`` rotates and moves it, so that the pia is at y = 0 and y points to white matter;
        ``"streamline"`` bends it along the streamlines of cortex as well, seen from the root of
        its skeleton; None leaves it as it is.
    space
        Gives the transforms of the dataset, when they are needed.

    Returns
    -------
    function from a Cell to a Cell
        Takes one in nanometres and returns another, with every point, and the feature ``radius``,
        in micrometres. Features whose name ends in ``_nm``, ``_nm2`` or ``_nm3`` keep their unit.

    Raises
    ------
    ValueError
        If `transform` is another word; when it is called, if a cell has no root to be seen from.
    NotConfiguredError
        If there are no transforms. A NotImplementedError.
    """
    if transform is None:
        return _as_it_is
    if transform not in _TRANSFORMS:
        raise ValueError(
            f"transform must be {' or '.join(map(repr, _TRANSFORMS))}, or None for the "
            f"coordinates of the dataset; got {transform!r}"
        )
    if space is None:
        raise NotConfiguredError(f"transform={transform!r} needs the transforms of the dataset")
    return partial(_moved, transform, space())


def _as_it_is(cell: Cell) -> Cell:
    return cell


def _moved(transform: str, space: Dataset, cell: Cell) -> Cell:
    """The cell in cortical space, with every point and length in micrometres."""
    move = _points_function(transform, space, cell)
    cell = cell.transform(move, units="um", space=f"{space.name} {transform}")
    for member in (*cell.layers, *cell.annotations):
        _move_features(member, move)
    return cell


def _points_function(transform: str, space: Dataset, cell: Cell) -> Points:
    if transform == "rigid":
        apply: Points = space.transform("nm").apply
    else:
        root = None if cell.skeleton is None else cell.skeleton.root_location
        if root is None:
            raise ValueError(
                f"cell {cell.name}: transform='streamline' is seen from the root of the skeleton, "
                "which has none; transform='rigid' does without"
            )
        apply = space.streamline("nm").transformer(anchor=root)

    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        # A streamline of no points is an error in standard_transform.
        return np.asarray(apply(points)) if len(points) else points

    return move


def _move_features(layer: Any, move: Points) -> None:
    """Points and radii among the features of a layer, where they belong in the new space."""
    nodes = layer.nodes
    changed: dict[str, Any] = {}
    for columns in _point_columns(layer.feature_names):
        points = nodes[columns].to_numpy(dtype=np.float64, na_value=np.nan)
        there = np.isfinite(points).all(axis=1)
        where = np.full(points.shape, np.nan)
        where[there] = move(points[there])
        changed.update(zip(columns, where.T, strict=True))
    if "radius" in layer.feature_names:
        changed["radius"] = nodes["radius"].to_numpy(dtype=np.float64) / _NM_PER_UM
    layer.drop_features(list(changed)).add_feature(pd.DataFrame(changed, index=nodes.index))


def _point_columns(names: Iterable[str]) -> list[list[str]]:
    """The columns of each point, such as ``pre_pt_position_x``, ``_y`` and ``_z``."""
    there = set(names)
    points = []
    for name in sorted(there):
        before, position_x, after = name.partition("_position_x")
        columns = [f"{before}_position_{axis}{after}" for axis in _AXES]
        if position_x and there.issuperset(columns) and not name.endswith(_NAMED_UNITS):
            points.append(columns)
    return points
