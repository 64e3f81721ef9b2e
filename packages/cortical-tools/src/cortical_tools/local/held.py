"""Which questions a snapshot can answer of tables that it holds in part.

A snapshot of some neurons has their synapses and no others. What it has of another neuron would
look like all there is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cortical_tools.local.answers import Refusal
from cortical_tools.local.served import ServedSnapshot
from cortical_tools.snapshot_folder import layout

_CHOOSING = ("filter_in_dict", "filter_equal_dict")


def require_held(
    served: ServedSnapshot,
    tables: Sequence[str],
    body: Mapping[str, Any],
    moment: int | None = None,
    *,
    is_count: bool = False,
) -> None:
    """Refuse a query, of one table or several that are joined, whose answer would not be whole.

    One row may be asked for: it shows the columns.

    Parameters
    ----------
    served
        What is asked.
    tables
        Of which the query is.
    body
        The query.
    moment
        The moment whose rows are asked for; None for those of a version.
    is_count
        Whether the answer is the number of the rows.
    """
    partial = [name for name in tables if name in served.facts.partial]
    if not partial or (body.get("limit") == 1 and not is_count):
        return
    # What is joined to rows that are all held is held, too.
    if any(_is_held(served, one, body, moment) for one in partial):
        return
    columns = " or ".join(served.facts.partial[partial[0]])
    raise Refusal(
        400,
        f"the snapshot holds only those rows of {partial[0]} whose {columns} is of the neurons "
        f"that it was made for, and others were asked for. Filter by {columns}, or make a snapshot "
        "with more root_ids.",
    )


def _is_held(
    served: ServedSnapshot, table: str, body: Mapping[str, Any], moment: int | None
) -> bool:
    return any(
        set(value if isinstance(value, list) else [value]) <= _held(served, table, column, moment)
        for kind in _CHOOSING
        for column, value in (body.get(kind) or {}).get(table, {}).items()
    )


def _held(served: ServedSnapshot, table: str, column: str, moment: int | None) -> set[int]:
    """The values of a column of which every row is there."""
    if column == "id":
        return _ids_of(served, table, moment)
    values = served.facts.partial[table].get(column, [])
    return _ids_of(served, values, moment) if isinstance(values, str) else set(values)


def _ids_of(served: ServedSnapshot, table: str, moment: int | None) -> set[int]:
    if moment is None:
        rows = served.rows(layout.TABLES, table, served.facts.versions[-1])
    else:
        rows, _ = served.live_rows(table, moment)
    return set(rows["id"].to_numpy(dtype="int64").tolist())
