"""New rows for annotation tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cortical_tools.connection import Connection


def stage_annotations(
    connection: Connection,
    table_name: str | None = None,
    schema_name: str | None = None,
    update: bool = False,
    id_field: bool = False,
    table_resolution: Sequence[float] | None = None,
    annotation_resolution: Sequence[float] | None = None,
) -> Any:
    """What new rows of an annotation table are collected in before they are uploaded.

    Parameters
    ----------
    connection
        Whom to ask what the rows have to have.
    table_name
        The table that they are for. May be left out where `schema_name` is given.
    schema_name
        What the rows consist of, where there is no table yet.
    update
        Whether the rows replace rows of the table, whose ids they have then.
    id_field
        Whether new rows are given their ids.
    table_resolution
        Nanometres along x, y and z of a voxel of the table; by default the table says it.
    annotation_resolution
        Nanometres along x, y and z per unit of the positions that are added; by default as in the
        table.

    Returns
    -------
    caveclient.tools.stage.StagedAnnotations
        Without rows.

    Raises
    ------
    ValueError
        If neither a table nor a schema is given.
    """
    if table_name is None and schema_name is None:
        raise ValueError("table_name, schema_name: give the one that the annotations are for")
    return connection.service("annotation").stage_annotations(
        table_name=table_name,
        schema_name=schema_name,
        update=update,
        id_field=id_field,
        table_resolution=table_resolution,
        annotation_resolution=annotation_resolution,
    )


def upload_staged_annotations(
    connection: Connection, staged_annos: Any, **options: Any
) -> list[int] | dict[int, int]:
    """Upload what was staged.

    A batch whose answer is lost is not sent again: nobody could tell whether it is stored.

    Parameters
    ----------
    connection
        Whom to give it to.
    staged_annos
        As `stage_annotations` gives it, with rows.
    **options
        As for caveclient's method of this name.

    Returns
    -------
    list of int, or dict of int to int
        The ids of the new rows; where rows were updated, old ids to new.
    """
    options.setdefault("progress", False)
    # caveclient repeats a batch whatever went wrong with it.
    options.setdefault("retries", 1)
    ids: list[int] | dict[int, int] = connection.service("annotation").upload_staged_annotations(
        staged_annos, **options
    )
    return ids
