"""What goes back over the wire: plain values that no web framework knows of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from cortical_tools.local.history import instant


@dataclass(frozen=True)
class Answer:
    """A response: status, headers, and the whole body."""

    body: bytes = b""
    status: int = 200
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):  # noqa: N818 - an answer, raised where it is decided
    """Ends a request with an error status and a message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message

    def answer(self) -> Answer:
        """As CAVE's services phrase it."""
        return json_answer({"message": self.message, "code": self.status}, status=self.status)


def json_answer(
    value: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Answer:
    """A value as JSON. Integers stay integers, however large."""
    text = json.dumps(value, separators=(",", ":"), default=_plain)
    return Answer(text.encode(), status, headers=headers or {})


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    # numpy scalars and arrays know their plain form.
    return value.tolist()


def arrow_answer(frame: pd.DataFrame, accepted: str, headers: Mapping[str, str]) -> Answer:
    """A frame as an Arrow IPC stream, compressed inside in a way that the client accepts.

    What pandas has to know to bring back nullable types stands in the schema.
    """
    codec = next((name for name in ("zstd", "lz4") if name in accepted), None)
    batch = pa.RecordBatch.from_pandas(frame.reset_index(drop=True), preserve_index=False)
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=codec)
    with pa.ipc.new_stream(sink, batch.schema, options=options) as writer:
        writer.write_batch(batch)
    return Answer(sink.getvalue().to_pybytes(), 200, "data.arrow", headers)


def records_answer(frame: pd.DataFrame, headers: Mapping[str, str]) -> Answer:
    """A frame as a JSON list of rows."""
    rows = pa.Table.from_pandas(frame, preserve_index=False).to_pylist()
    return json_answer(rows, headers=headers)


def nanoseconds(text: str) -> int:
    """A moment in POSIX seconds or in ISO form, UTC if it does not say, as nanoseconds."""
    try:
        # A double holds a moment of this century to a quarter of a microsecond.
        return round(float(text) * 1e6) * 1000
    except ValueError:
        pass
    try:
        moment = pd.Timestamp(text)
    except ValueError:
        raise Refusal(400, f"{text!r} is neither POSIX seconds nor an ISO time") from None
    utc = moment.tz_localize(UTC) if moment.tzinfo is None else moment.tz_convert(UTC)
    return instant(utc)


def seconds(moments: NDArray[np.int64]) -> NDArray[np.float64]:
    """Moments in nanoseconds as POSIX seconds, exact to the microsecond."""
    # A double holds the microseconds of this century, but not the nanoseconds.
    found: NDArray[np.float64] = (moments // 1000) / 1e6
    return found


def now() -> int:
    """The present moment, in nanoseconds."""
    return instant(datetime.now(UTC))
