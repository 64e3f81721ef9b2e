"""Data frames as Parquet, and back with the column types that CAVE's tables have.

Integers, floats, booleans and text come back as pandas' nullable types, so that a gap never makes
a float of an id.
"""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

_NULLABLE = {
    pa.int8(): pd.Int8Dtype(),
    pa.int16(): pd.Int16Dtype(),
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.float32(): pd.Float32Dtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.string(): pd.StringDtype(),
    pa.large_string(): pd.StringDtype(),
}


def write_frame(frame: pd.DataFrame) -> bytes:
    """The bytes of a Parquet file; the same frame gives the same bytes.

    Parameters
    ----------
    frame
        Its index is not kept.
    """
    table = pa.Table.from_pandas(frame, preserve_index=False)
    # What pandas says of itself names its own version, and is not needed.
    plain = table.replace_schema_metadata(None)
    target = io.BytesIO()
    pq.write_table(plain, target, compression="zstd", store_schema=False)
    return target.getvalue()


def read_frame(path: Path) -> pd.DataFrame:
    """The frame that a Parquet file holds, in nullable column types."""
    table = pq.read_table(path)
    frame: pd.DataFrame = table.to_pandas(types_mapper=_NULLABLE.get, ignore_metadata=True)
    return frame
