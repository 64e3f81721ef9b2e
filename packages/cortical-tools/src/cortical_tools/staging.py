"""New rows for annotation tables."""

from __future__ import annotations

from typing import Any

from cortical_tools.connection import Connection


def stage_annotations(connection: Connection, table_name: str | None = None, **options: Any) -> Any:
    """New ``StagedAnnotations`` of caveclient's, for a table or a schema."""
    if table_name is None and options.get("schema_name") is None:
        raise ValueError("table_name, schema_name: give the one that the annotations are for")
    return connection.service("annotation").stage_annotations(table_name=table_name, **options)


def upload_staged_annotations(
    connection: Connection, staged_annos: Any, **options: Any
) -> list[int] | dict[int, int]:
    """Upload what was staged; the new ids, or old ids to new where rows were updated.

    A batch whose answer is lost is not sent again: nobody could tell whether it is stored.
    """
    options.setdefault("progress", False)
    # caveclient repeats a batch whatever went wrong with it.
    options.setdefault("retries", 1)
    ids: list[int] | dict[int, int] = connection.service("annotation").upload_staged_annotations(
        staged_annos, **options
    )
    return ids
