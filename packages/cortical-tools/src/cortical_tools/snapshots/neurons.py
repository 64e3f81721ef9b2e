"""What neurons are made of and look like: each gathered by itself, so that none is lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cortical_tools.errors import MissingMeshError
from cortical_tools.level2 import ATTRIBUTES, get_l2_ids, get_l2data
from cortical_tools.meshes import MeshClient
from cortical_tools.snapshot_folder import SnapshotWriter, StoredMesh, layout
from cortical_tools.snapshots.wanted import Wanted

_LEVEL2 = (layout.MEMBERS, layout.EDGES, layout.ATTRIBUTES)


def level2_step(root: int, member: str = layout.ATTRIBUTES) -> str:
    """Where the level-2 data of one neuron stand until those of all are there."""
    return f"{layout.STEPS}/{root}/{member}"


def write_level2_of(wanted: Wanted, writer: SnapshotWriter, root: int) -> None:
    """The level-2 ids of a neuron, how they hang together, and what is known of them."""
    connection = wanted.connection
    l2_ids = get_l2_ids(connection, root)
    graph = connection.chunkedgraph.level2_chunk_graph(root)
    edges = np.asarray(graph, dtype=np.int64).reshape(-1, 2)
    answers = get_l2data(connection, l2_ids, as_dataframe=False)
    assert isinstance(answers, dict)
    frames = {
        layout.MEMBERS: pd.DataFrame({"root_id": np.int64(root), "l2_id": l2_ids}),
        layout.EDGES: pd.DataFrame(edges, columns=list(layout.COLUMNS[layout.EDGES])),
        # Last, as its presence says that the others are there.
        layout.ATTRIBUTES: _attributes(answers),
    }
    for member, frame in frames.items():
        writer.add_frame(level2_step(root, member), frame)


def write_level2(wanted: Wanted, writer: SnapshotWriter) -> None:
    """The level-2 data of all neurons, which have been gathered one by one."""
    for member in _LEVEL2:
        parts = [writer.frame(level2_step(root, member)) for root in wanted.roots.tolist()]
        frame = pd.concat(parts, ignore_index=True) if parts else _nothing(member)
        writer.add_frame(member, frame)


def write_skeleton(wanted: Wanted, writer: SnapshotWriter, root: int) -> None:
    """The skeleton of a neuron, if the service has one."""
    service = wanted.connection.service("skeleton")
    ready = service.fetch_skeletons([root], method="server", output_format="dict")
    if str(root) in ready:
        writer.add_skeleton(root, _as_lists(ready[str(root)]))


def write_mesh(writer: SnapshotWriter, meshes: MeshClient, root: int) -> None:
    """The mesh of a neuron, if there is one.

    It is in one piece: which part of it is of which level-2 id is not asked for.
    """
    try:
        mesh = meshes.get_mesh(root)
    except MissingMeshError as error:
        if all(_is_absent(failure) for failure in error.failures.values()):
            return
        raise
    vertices = np.asarray(mesh.vertices, dtype=np.float32)
    faces = np.asarray(mesh.faces, dtype=np.uint32)
    nowhere = np.zeros(len(vertices), dtype=np.int64)
    writer.add_mesh(root, StoredMesh(vertices, faces, nowhere))


def _is_absent(failure: Exception) -> bool:
    """Whether the server said that there is no such thing."""
    response = getattr(failure, "response", None)
    return response is not None and response.status_code == 404


def _nothing(member: str) -> pd.DataFrame:
    """What is known of no level-2 ids."""
    if member == layout.ATTRIBUTES:
        return _attributes({})
    return pd.DataFrame({column: [] for column in layout.COLUMNS[member]}, dtype=np.int64)


def _attributes(answers: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """One row per level-2 id that the cache has, whole numbers where it sends whole numbers."""
    known = {int(key): value for key, value in answers.items() if value}
    columns: dict[str, Any] = {"l2_id": np.array(list(known), dtype=np.int64)}
    for name, parts in ATTRIBUTES.items():
        rows = [np.ravel(value[name]).tolist() if name in value else [] for value in known.values()]
        whole = all(isinstance(number, int) for row in rows for number in row)
        for place, part in enumerate(parts):
            numbers = [row[place] if len(row) == len(parts) else None for row in rows]
            columns[part] = pd.array(numbers, dtype="Int64" if whole else "Float64")
    return pd.DataFrame(columns)


def _as_lists(value: Any) -> Any:
    """Arrays as lists, which JSON has."""
    if isinstance(value, dict):
        return {key: _as_lists(one) for key, one in value.items()}
    return value.tolist() if hasattr(value, "tolist") else value
