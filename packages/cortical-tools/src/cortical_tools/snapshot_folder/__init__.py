"""Folders that hold what an analysis needs of a datastack: written, read, and told apart.

The format is described in ``docs/snapshots.md``.
"""

from cortical_tools.snapshot_folder.facts import Facts, Held, Version
from cortical_tools.snapshot_folder.meshes import StoredMesh
from cortical_tools.snapshot_folder.reader import Snapshot
from cortical_tools.snapshot_folder.writer import SnapshotWriter

__all__ = ["Facts", "Held", "Snapshot", "SnapshotWriter", "StoredMesh", "Version"]
