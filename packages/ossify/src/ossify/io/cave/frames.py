"""Tables as the services send them, with exact ids and plain columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ossify.vertex_ids import as_ids

_IDS = "_id"


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with numpy columns where nothing is missing, and int64 ids.

    Servers send nullable integers; whole numbers with gaps stay nullable, so that none of them
    becomes a float.
    """
    return pd.DataFrame(
        {name: _plain(str(name), frame[name]) for name in frame.columns}, index=frame.index
    )


def _plain(name: str, column: pd.Series[Any]) -> pd.Series[Any]:
    dtype = column.dtype
    if isinstance(dtype, pd.api.extensions.ExtensionDtype):
        kind = getattr(dtype, "numpy_dtype", None)
        if kind is None or np.dtype(kind).kind not in "iufb" or column.isna().any():
            return column
        column = column.astype(kind)
    if column.dtype.kind == "u" and (name == "id" or name.endswith(_IDS)):
        return pd.Series(as_ids(column, name), index=column.index)
    return column


def with_gaps(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with columns in which values can be missing without becoming another kind."""
    kinds = {"i": "Int64", "u": "UInt64", "b": "boolean"}
    return frame.astype(
        {
            name: kinds[frame[name].dtype.kind]
            for name in frame.columns
            if isinstance(frame[name].dtype, np.dtype) and frame[name].dtype.kind in kinds
        }
    )
