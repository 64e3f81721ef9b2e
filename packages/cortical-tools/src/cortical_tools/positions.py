"""Positions in tables: three columns, x, y and z, or one of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
import pandas as pd


def position_columns(frame: pd.DataFrame) -> dict[str, list[str]]:
    """The columns of every position that a frame has, x, y and z side by side, by its name.

    Examples
    --------
    >>> position_columns(pd.DataFrame(columns=["id", "pt_x", "pt_y", "pt_z", "size_x"]))
    {'pt': ['pt_x', 'pt_y', 'pt_z']}
    """
    groups = groupby(frame.columns, key=lambda column: column[:-2])
    columns = {name: list(group) for name, group in groups}
    return {
        name: those
        for name, those in columns.items()
        if [column[-2:] for column in those] == ["_x", "_y", "_z"]
    }


def joined_positions(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with every x, y, z of a position in one column of arrays, at the end.

    Examples
    --------
    >>> split = pd.DataFrame({"pt_position_x": [1], "pt_position_y": [2], "pt_position_z": [3]})
    >>> joined_positions(split)["pt_position"][0].tolist()
    [1, 2, 3]
    """
    split = position_columns(frame)
    joined = {
        name: pd.Series(_rows(frame[columns]), index=frame.index, dtype=object)
        for name, columns in split.items()
    }
    out = frame.drop(columns=[column for columns in split.values() for column in columns])
    out = out.assign(**joined)
    out.attrs.update(frame.attrs)
    return out


def _rows(position: pd.DataFrame) -> list[np.ndarray]:
    """Its rows as arrays. A missing one is three NaN; without one, whole numbers stay whole."""
    if position.isna().any(axis=None):
        return list(position.to_numpy(dtype=np.float64, na_value=np.nan))
    return list(np.column_stack([position[column].to_numpy() for column in position]))


def require_resolution(resolution: Sequence[float] | None, what: str) -> None:
    """Stop unless a resolution is left open or has three numbers.

    Raises
    ------
    ValueError
        If it has not; `what` is what it is called.
    """
    if resolution is not None and np.shape(resolution) != (3,):
        raise ValueError(f"{what}: nanometres along x, y and z, not {resolution!r}")
