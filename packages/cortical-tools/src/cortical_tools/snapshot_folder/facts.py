"""What ``snapshot.json`` says: the datastack, its versions, and which tables and views it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cortical_tools.errors import SnapshotError
from cortical_tools.snapshot_folder import layout

_CLOCK = "%Y-%m-%dT%H:%M:%S.%f"


@dataclass(frozen=True, slots=True)
class Version:
    """One materialization.

    Parameters
    ----------
    number
        Of the version.
    time_stamp
        The moment whose state it shows.
    expires_on
        Until when it was meant to be kept.
    valid
        Whether it may be queried; if not, it has expired.
    """

    number: int
    time_stamp: datetime
    expires_on: datetime
    valid: bool = True

    def to_json(self) -> dict[str, Any]:
        """As it stands in the folder."""
        return {
            "version": self.number,
            "time_stamp": write_time(self.time_stamp),
            "expires_on": write_time(self.expires_on),
            "valid": self.valid,
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Version:
        """Of what stands in a folder."""
        return cls(
            int(record["version"]),
            read_time(record["time_stamp"]),
            read_time(record["expires_on"]),
            bool(record["valid"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a snapshot has of a dataset that is larger and goes on: of all else it knows nothing.

    Parameters
    ----------
    taken
        When the dataset was asked: the present of the snapshot, and of all later moments.
    root_ids
        The neurons of which the level-2 ids with their attributes and edges are there.
    lineage_of
        The roots of which all that they came from is there, and all that had become of them.
    skeletons, meshes
        Whether the skeletons and the meshes that the neurons have are there, too.
    """

    taken: datetime
    root_ids: tuple[int, ...] = ()
    lineage_of: tuple[int, ...] = ()
    skeletons: bool = False
    meshes: bool = False

    def to_json(self) -> dict[str, Any]:
        """As it stands in the folder."""
        return {
            "taken": write_time(self.taken),
            "root_ids": list(self.root_ids),
            "lineage_of": list(self.lineage_of),
            "skeletons": self.skeletons,
            "meshes": self.meshes,
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Held:
        """Of what stands in a folder."""
        return cls(
            taken=read_time(record["taken"]),
            root_ids=tuple(map(int, record["root_ids"])),
            lineage_of=tuple(map(int, record["lineage_of"])),
            skeletons=bool(record["skeletons"]),
            meshes=bool(record["meshes"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All of ``snapshot.json``.

    Parameters
    ----------
    datastack_name
        What CAVE calls the datastack.
    record
        The datastack's record in CAVE's info service. Where text says ``{server}``, the address
        of whoever serves the folder is meant.
    versions
        The materializations, oldest first.
    tables
        The record of each table in CAVE's catalogue.
    views
        The record of each view, and under ``schema`` the type of each of its columns.
    partial
        Of tables that are there in part: by column, the values of which every row is there, or
        the name of the table whose row ids these are.
    held
        Of which ids what is there; None if that is everything there is to know.
    schemas
        The JSON schema of each annotation schema.
    graphene
        The ``info`` of the chunked segmentation, which knows the chunks' geometry.
    graphene_table
        The name of the chunked graph.
    provenance
        Where the contents are from, for people; any JSON.
    """

    datastack_name: str
    record: Mapping[str, Any]
    versions: tuple[Version, ...]
    tables: Mapping[str, Mapping[str, Any]]
    views: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    partial: Mapping[str, Mapping[str, list[int] | str]] = field(default_factory=dict)
    held: Held | None = None
    schemas: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    graphene: Mapping[str, Any]
    graphene_table: str
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As it stands in the folder, without the list of files."""
        return {
            "format": layout.FORMAT,
            "format_version": f"{layout.MAJOR}.{layout.MINOR}",
            "datastack_name": self.datastack_name,
            "record": dict(self.record),
            "versions": [version.to_json() for version in self.versions],
            "tables": {name: dict(record) for name, record in self.tables.items()},
            "views": {name: dict(record) for name, record in self.views.items()},
            **({"partial": dict(self.partial)} if self.partial else {}),
            **({"held": self.held.to_json()} if self.held else {}),
            "schemas": {name: dict(schema) for name, schema in self.schemas.items()},
            "graphene": dict(self.graphene),
            "graphene_table": self.graphene_table,
            "provenance": dict(self.provenance),
        }

    @classmethod
    def from_json(cls, found: object, place: str) -> Facts:
        """Of what stands in a folder.

        Parameters
        ----------
        found
            What the JSON parser made of the file.
        place
            What to call the file in errors.

        Raises
        ------
        SnapshotError
            If it is no snapshot, of a newer format, or lacks something; all that it lacks is named.
        """
        if not isinstance(found, dict) or found.get("format") != layout.FORMAT:
            raise SnapshotError(f"{place} does not say that it is a {layout.FORMAT}")
        written = str(found.get("format_version"))
        if written.partition(".")[0] != str(layout.MAJOR):
            raise SnapshotError(
                f"{place} is written in snapshot format {written}; this cortical-tools reads "
                f"{layout.MAJOR}.x. Another version of cortical-tools may read it."
            )
        parts = ("datastack_name", "record", "versions", "tables", "graphene", "graphene_table")
        if missing := [part for part in parts if part not in found]:
            raise SnapshotError(f"{place} lacks {', '.join(missing)}")
        versions = [Version.from_json(version) for version in found["versions"]]
        return cls(
            datastack_name=found["datastack_name"],
            record=found["record"],
            versions=tuple(sorted(versions, key=lambda version: version.number)),
            tables=found["tables"],
            views=found.get("views", {}),
            partial=found.get("partial", {}),
            held=Held.from_json(found["held"]) if "held" in found else None,
            schemas=found.get("schemas", {}),
            graphene=found["graphene"],
            graphene_table=found["graphene_table"],
            provenance=found.get("provenance", {}),
        )


def write_time(moment: datetime) -> str:
    """A moment as CAVE writes it: UTC without saying so, and always with a fraction.

    Examples
    --------
    >>> write_time(datetime(2024, 3, 1, tzinfo=UTC))
    '2024-03-01T00:00:00.000000'
    """
    return moment.astimezone(UTC).strftime(_CLOCK)


def read_time(text: str) -> datetime:
    """The moment that `write_time` wrote."""
    return datetime.strptime(text, _CLOCK).replace(tzinfo=UTC)
