"""``client.tables`` and ``client.views``: every table by its name, every column as a filter.

::

    client.tables.nucleus_detection_v0(pt_root_id=[864691135639806263]).query()

The words are caveclient's; the answers are complete, and a filter for nothing finds nothing.
"""

from __future__ import annotations

import html
import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NoReturn

import pandas as pd

from cortical_tools.catalogue import Catalogue, TableFacts
from cortical_tools.conditions import conditions_of, shortened
from cortical_tools.connection import Connection, version_number
from cortical_tools.errors import UnknownTableError
from cortical_tools.instants import in_utc
from cortical_tools.positions import joined_positions, require_resolution
from cortical_tools.queries import run
from cortical_tools.query_protocol import Moment, Query


class Tables:
    """The tables, or the views, of one version; ``tables.<name>(**filters).query()``.

    Has ``in``, ``len``, ``[name]``, iteration over the names, and completes names in a notebook.
    """

    def __init__(self, connection: Connection, catalogue: Catalogue, kind: str, version: int):
        self._connection = connection
        self._kind = kind
        self._version = version
        read = catalogue.tables if kind == "tables" else catalogue.views
        self._facts = read(version)

    @property
    def table_names(self) -> list[str]:
        """Every name, in alphabetical order."""
        return list(self._facts)

    def find(self, search_str: str) -> list[str]:
        """The names that contain a text, in whatever case, in alphabetical order."""
        return [name for name in self._facts if search_str.lower() in name.lower()]

    def __getattr__(self, name: str) -> Table:
        # Copying and notebooks ask for names of their own.
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> Table:
        try:
            return Table(self._connection, self._facts[name], self._version)
        except KeyError:
            close = self.find(name) or self.find(name.split("_")[0])
            hint = f"; similar: {', '.join(close[:5])}" if close else ""
            raise UnknownTableError(
                f"version {self._version} of {self._connection.datastack_name} has no "
                f"{self._kind[:-1]} {name!r}{hint}. client.{self._kind}.table_names lists all "
                f"{len(self)}."
            ) from None

    def __contains__(self, name: object) -> bool:
        return name in self._facts

    def __iter__(self) -> Iterator[str]:
        return iter(self._facts)

    def __len__(self) -> int:
        return len(self._facts)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._facts]

    def __repr__(self) -> str:
        return str(self.table_names)

    def _repr_html_(self) -> str:
        """Every name, that opens to its description."""
        entries = (
            f"<details><summary>{html.escape(name)}</summary>"
            f"<p>{html.escape(facts.description)}</p></details>"
            for name, facts in self._facts.items()
        )
        return "".join(entries)


class Table:
    """One table or view; calling it with filters gives what can be queried.

    Attributes
    ----------
    fields
        What can be filtered by.
    numeric_fields
        Those that take ``{"<": 5}`` and the like.
    spatial_fields
        Those that take a box, [[min x, y, z], [max x, y, z]] in voxels of the table.
    """

    def __init__(self, connection: Connection, facts: TableFacts, version: int) -> None:
        self._connection = connection
        self._facts = facts
        self._version = version
        self.__name__: str = facts.name
        self.__doc__ = facts.description
        self.fields: list[str] = list(facts.fields)
        self.numeric_fields: list[str] = [
            name for name, field in facts.fields.items() if field.is_number
        ]
        self.spatial_fields: list[str] = [
            name for name, field in facts.fields.items() if field.is_box
        ]

    @property
    def __signature__(self) -> inspect.Signature:
        kind = inspect.Parameter.KEYWORD_ONLY
        return inspect.Signature(
            [inspect.Parameter(name, kind, default=None) for name in self.fields]
        )

    def __call__(self, **filters: Any) -> TableQuery:
        """The rows that hold all of `filters`.

        Parameters
        ----------
        **filters
            A scalar: equal to it. A list, set or array: one of these; of an empty one nothing is.
            A dict with ``<``, ``<=``, ``>``, ``>=``: bounds; with ``not in``: none of these.
            ``<point>_position_bbox=[[min], [max]]``: inside the box. None: no filter.

        Raises
        ------
        FilterError
            If the table has no such column, or the column takes no such value.
        """
        query = Query(
            table=self._facts.name,
            target=self._facts.target,
            is_view=self._facts.is_view,
            conditions=conditions_of(self.__name__, self._facts.fields, filters),
        )
        return TableQuery(self._connection, self._facts, query, self._version)

    def get_all(self, **options: Any) -> pd.DataFrame:
        """Every row; `options` are those of `TableQuery.query`."""
        return self().query(**options)

    def get_all_live(self, timestamp: datetime, **options: Any) -> pd.DataFrame:
        """Every row at a time; `options` are those of `TableQuery.live_query`."""
        return self().live_query(timestamp, **options)

    def __repr__(self) -> str:
        kind = "view" if self._facts.is_view else "table"
        return f"<{kind} {self.__name__}, version {self._version}: {', '.join(self.fields)}>"


class TableQuery:
    """A table with its filters."""

    def __init__(
        self, connection: Connection, facts: TableFacts, query: Query, version: int
    ) -> None:
        self._connection = connection
        self._facts = facts
        self._query = query
        self._version = version

    def __repr__(self) -> str:
        conditions = ", ".join(
            f"{item.shown_as} {item.operator} {shortened(item.value)}"
            for item in self._query.conditions
        )
        return f"<query of {self._query.table}: {conditions or 'every row'}>"

    def query(
        self,
        select_columns: list[str] | Mapping[str, list[str]] | None = None,
        offset: int | None = None,
        limit: int | None = None,
        split_positions: bool = False,
        materialization_version: int | None = None,
        timestamp: datetime | None = None,
        metadata: bool = True,
        desired_resolution: Sequence[float] | None = None,
        get_counts: bool = False,
        log_warning: bool = True,
        random_sample: int | None = None,
    ) -> pd.DataFrame:
        """All rows that hold the filters.

        Parameters
        ----------
        select_columns
            Names of columns, or names by table where two are joined. All by default.
        offset, limit
            Rows to leave out at the beginning, and how many to take.
        split_positions
            Whether positions come as three columns rather than one of arrays.
        materialization_version
            Another version than the client's.
        timestamp
            A time instead of a version; not for views.
        metadata
            Whether the frame's ``attrs`` say what was asked, of which table.
        desired_resolution
            Nanometres per unit of the positions; by default they are voxels of the table.
        get_counts
            Only how many rows there are.
        log_warning
            Accepted for the sake of older calls; what the server says is logged.
        random_sample
            Roughly so many rows, chosen by the server.

        Returns
        -------
        DataFrame
            Integers nullable where the server says so. A reference table comes joined with the
            rows it annotates; where both have a column, its own ends in ``_ref``.

        Raises
        ------
        TruncatedAnswerError
            If the server keeps rows back and the query cannot be split.
        StaleRootError
            If a root id that is filtered for did not exist at `timestamp`.
        ValueError
            If both a version and a time are given, a time for a view or for `get_counts`, a `limit`
            below 1, or a resolution that is none.
        """
        if timestamp is not None:
            if materialization_version is not None:
                raise ValueError("a query is of a materialization_version or of a timestamp")
            moment = self._live_moment(timestamp)
        else:
            version = materialization_version
            moment = Moment(version=self._version if version is None else version_number(version))
        query = self._with(select_columns, offset, limit, desired_resolution, random_sample)
        if get_counts:
            return self._count(query, moment)
        return self._run(query, moment, split_positions, metadata)

    def live_query(
        self,
        timestamp: datetime,
        offset: int | None = None,
        limit: int | None = None,
        split_positions: bool = False,
        metadata: bool = True,
        desired_resolution: Sequence[float] | None = None,
        allow_missing_lookups: bool = False,
        log_warning: bool = True,
        random_sample: int | None = None,
    ) -> pd.DataFrame:
        """All rows that hold the filters at `timestamp`, with the root ids of that time.

        Parameters
        ----------
        timestamp
            The time; one without a zone is taken for UTC.
        allow_missing_lookups
            Whether rows may be missing whose supervoxels the server has not found yet.
        offset, limit, split_positions, metadata, desired_resolution, log_warning, random_sample
            As in `query`.

        Returns
        -------
        DataFrame
            As from `query`.

        Raises
        ------
        StaleRootError
            If a root id that is filtered for did not exist at `timestamp`.
        ValueError
            If this is a view, or as in `query`.
        """
        query = self._with(None, offset, limit, desired_resolution, random_sample)
        if allow_missing_lookups:
            query = replace(query, allow_missing_lookups=True)
        return self._run(query, self._live_moment(timestamp), split_positions, metadata)

    def _live_moment(self, timestamp: datetime) -> Moment:
        if self._facts.is_view:
            _refuse_live_view(self._facts.name)
        return Moment(timestamp=in_utc(timestamp))

    def _with(
        self,
        select: list[str] | Mapping[str, list[str]] | None,
        offset: int | None,
        limit: int | None,
        resolution: Sequence[float] | None,
        random_sample: int | None,
    ) -> Query:
        if limit is not None and limit < 1:
            raise ValueError(f"limit: at least one row, not {limit}")
        require_resolution(resolution, "desired_resolution")
        return replace(
            self._query,
            select=select,
            offset=offset,
            limit=limit,
            resolution=resolution,
            random_sample=random_sample,
        )

    def _run(
        self, query: Query, moment: Moment, split_positions: bool, metadata: bool
    ) -> pd.DataFrame:
        frame = run(self._connection, query, moment)
        if not split_positions:
            frame = joined_positions(frame)
        if metadata:
            frame.attrs.update(_attributes(self._connection, self._facts, query, moment))
        return frame

    def _count(self, query: Query, moment: Moment) -> pd.DataFrame:
        if moment.version is None:
            raise ValueError("rows can be counted in a version, not at a timestamp")
        return run(self._connection, replace(query, count=True), moment)


def _refuse_live_view(name: str) -> NoReturn:
    raise ValueError(f"{name} is a view, which exists in versions only: it has no timestamp")


def _attributes(
    connection: Connection, facts: TableFacts, query: Query, moment: Moment
) -> dict[str, Any]:
    """What was asked of which table, in the words of caveclient."""
    about: dict[str, Any] = {
        "datastack_name": connection.datastack_name,
        "join_query": facts.target is not None,
        "materialization_version": moment.version,
        "live_query": moment.version is None,
        "timestamp": None if moment.timestamp is None else moment.timestamp.isoformat(),
        "filters": [
            [item.table, item.column, item.operator, item.value] for item in query.conditions
        ],
        "select_columns": query.select,
        "offset": query.offset,
        "limit": query.limit,
    }
    records = {
        name: {
            key if key.startswith("table") else f"table_{key}": value
            for key, value in record.items()
        }
        for name, record in facts.metadata.items()
    }
    if facts.target is None:
        about |= records[facts.name]
    else:
        about["tables"] = records
    stored = facts.metadata[facts.target or facts.name].get("voxel_resolution")
    about["dataframe_resolution"] = stored if query.resolution is None else list(query.resolution)
    return about
