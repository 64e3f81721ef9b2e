"""Where everything stands in a snapshot folder: names and versions of the format, written once.

A reader opens a folder whose major version it knows. A change that an older reader would
misunderstand raises the major version; an addition that it may pass over raises the minor one.
"""

from __future__ import annotations

FORMAT = "cortical-tools snapshot"
MAJOR, MINOR = 1, 0

FACTS = "snapshot.json"

ROOTS = "ids/roots.parquet"
LINEAGE = "ids/lineage.parquet"
MEMBERS = "ids/level2.parquet"
SUPERVOXELS = "ids/supervoxels.parquet"
PARTS = "ids/parts.parquet"
LOOKUPS = "ids/lookups.parquet"

ATTRIBUTES = "level2/attributes.parquet"
EDGES = "level2/edges.parquet"

TABLES = "tables"
VIEWS = "views"
BUCKET = "bucket"
SEGMENTATION_FILES = f"{BUCKET}/ws"
"""Where whoever serves the folder has the files of the segmentation."""
MESH_FILES = "graphene_meshes"
"""Those of its meshes, beneath."""
STEPS = "steps"
"""What a writer needs while it gathers, and the finished folder does not have."""

COLUMNS = {
    ROOTS: ("root_id", "created", "replaced"),
    LINEAGE: ("old_root_id", "new_root_id", "operation_id"),
    MEMBERS: ("root_id", "l2_id"),
    SUPERVOXELS: ("supervoxel_id", "l2_id", "root_id"),
    PARTS: ("root_id", "node_id"),
    LOOKUPS: ("at", "node_id", "l2_id", "root_id"),
    EDGES: ("l2_id_0", "l2_id_1"),
}
"""The columns that the members with fixed columns have."""


def rows_of(kind: str, name: str, version: int | None) -> str:
    """Where the rows of a table or view stand.

    Parameters
    ----------
    kind
        `TABLES` or `VIEWS`.
    name
        Of the table or view.
    version
        The materialization version whose rows they are, or None if the rows of all versions stand
        together.

    Examples
    --------
    >>> rows_of(TABLES, "synapses", 343)
    'tables/synapses/v343.parquet'
    """
    return f"{kind}/{name}/{'all' if version is None else f'v{version}'}.parquet"


def live_rows_of(name: str) -> str:
    """Where the rows of a table stand as they were when the snapshot was taken.

    Examples
    --------
    >>> live_rows_of("synapses")
    'tables/synapses/live.parquet'
    """
    return f"{TABLES}/{name}/live.parquet"


def skeleton_of(root_id: int) -> str:
    """Where the skeleton of an object stands."""
    return f"skeletons/{root_id}.json.gz"


def mesh_of(root_id: int) -> str:
    """Where the mesh of an object stands."""
    return f"meshes/{root_id}.npz"


def state_of(state_id: int) -> str:
    """Where a neuroglancer state stands."""
    return f"states/{state_id}.json"


def property_of(state_id: int) -> str:
    """Where the segment properties of a neuroglancer state stand."""
    return f"states/properties/{state_id}.json"
