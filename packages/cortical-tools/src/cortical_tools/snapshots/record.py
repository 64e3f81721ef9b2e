"""What a snapshot says of itself."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import metadata
from typing import Any

from cortical_tools._version import __version__
from cortical_tools.catalogue import TableFacts
from cortical_tools.datastack import get_datastack_info
from cortical_tools.snapshot_folder import Facts, Held, Version, layout
from cortical_tools.snapshots.wanted import Wanted

_PACKAGES = ("caveclient", "numpy", "pandas", "pyarrow")


def facts(wanted: Wanted, taken: datetime) -> Facts:
    """The record of a snapshot: of what it is, from whom, and of which moments."""
    connection, version = wanted.connection, wanted.version
    about = connection.materialize.get_version_metadata(version)
    schemas = connection.service("schema").schema_definition_all()
    used = {_schema_of(table) for table in wanted.tables.values()}
    columns = connection.materialize.get_view_schemas(version) if wanted.views else {}
    expires = about["expires_on"].astimezone(UTC)
    return Facts(
        datastack_name=connection.datastack_name,
        record=get_datastack_info(connection),
        versions=(Version(version, wanted.when, expires),),
        tables={name: _record(table, name) for name, table in wanted.tables.items()},
        views={
            name: {**_record(view, name), "schema": columns[name]}
            for name, view in wanted.views.items()
        },
        partial=wanted.partial,
        held=Held(
            taken=taken,
            root_ids=tuple(wanted.roots.tolist()),
            lineage_of=tuple(wanted.lineage_of.tolist()),
            skeletons=wanted.skeletons,
            meshes=wanted.meshes,
        ),
        schemas={name: schemas[name] for name in sorted(used)},
        # Its files are where it is served: elsewhere they would be those of another moment.
        graphene={
            **connection.chunkedgraph.segmentation_info,
            "data_dir": f"{{server}}/{layout.SEGMENTATION_FILES}",
            "mesh": layout.MESH_FILES,
        },
        graphene_table=connection.chunkedgraph.table_name,
        provenance={
            **wanted.as_record(),
            "made_by": "cortical_tools",
            "server": connection.server_address,
            "timestamp": wanted.when.isoformat(),
            "taken": taken.isoformat(),
            "packages": {
                "cortical-tools": __version__,
                **{name: metadata.version(name) for name in _PACKAGES},
            },
        },
    )


def _schema_of(facts: TableFacts) -> str:
    record = facts.metadata[facts.name]
    return str(record.get("schema") or record.get("schema_type"))


def _record(facts: TableFacts, name: str) -> dict[str, Any]:
    """The record as a server has it, with its voxel size in three parts."""
    record = dict(facts.metadata[name])
    sizes = record.pop("voxel_resolution")
    parts = (f"voxel_resolution_{axis}" for axis in ("x", "y", "z"))
    return record | dict(zip(parts, sizes, strict=True))
