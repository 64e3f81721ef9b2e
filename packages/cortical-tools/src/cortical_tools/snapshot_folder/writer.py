"""Snapshot folders, written so that none is ever half there.

Members gather in a folder beside the one that is wanted; it takes the wanted name at the end. What
an interrupted run has gathered is found again by the next.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from cortical_tools.errors import SnapshotError
from cortical_tools.snapshot_folder import layout
from cortical_tools.snapshot_folder.facts import Facts
from cortical_tools.snapshot_folder.frames import read_frame, write_frame
from cortical_tools.snapshot_folder.meshes import StoredMesh

_UNFINISHED = ".unfinished"


class SnapshotWriter:
    """A snapshot folder in the making.

    `finish` makes the folder appear. Until then, and if anything goes wrong, what was gathered
    stays beside it for another writer to resume.

    Parameters
    ----------
    folder
        Where the snapshot is to be; it must not exist.
    resume
        Whether to keep what an earlier writer for the same folder has gathered, rather than to
        begin anew.

    Raises
    ------
    SnapshotError
        If the folder exists.

    Examples
    --------
    With the facts of a dataset at hand::

        writer = SnapshotWriter("here/snapshot")
        writer.add_bytes("states/1.json", b"{}")
        writer.finish(facts)
    """

    def __init__(self, folder: str | os.PathLike[str], *, resume: bool = False) -> None:
        self.folder: Path = Path(folder)
        if self.folder.exists():
            raise SnapshotError(
                f"{self.folder} exists already; a snapshot never changes, so choose another "
                f"folder or remove this one"
            )
        self._gathered = self.folder.with_name(self.folder.name + _UNFINISHED)
        if not resume:
            shutil.rmtree(self._gathered, ignore_errors=True)
        self._gathered.mkdir(parents=True, exist_ok=True)

    def has(self, member: str) -> bool:
        """Whether a member has been gathered, in this run or in the one that is resumed."""
        return (self._gathered / member).is_file()

    def read(self, member: str) -> bytes:
        """The bytes of a member that has been gathered."""
        return (self._gathered / member).read_bytes()

    def frame(self, member: str) -> pd.DataFrame:
        """The rows of a member that has been gathered, in nullable column types."""
        return read_frame(self._gathered / member)

    def add_bytes(self, member: str, content: bytes) -> None:
        """Add a member as it is.

        Parameters
        ----------
        member
            Its place in the folder, as `cortical_tools.snapshot_folder.layout` says it.
        content
            All of it.
        """
        target = self._gathered / member
        target.parent.mkdir(parents=True, exist_ok=True)
        # A member is there wholly or not at all, however the process ends.
        partial = target.with_name(target.name + ".partial")
        partial.write_bytes(content)
        partial.replace(target)

    def add_frame(self, member: str, frame: pd.DataFrame) -> None:
        """Add a member of rows, without their index.

        Raises
        ------
        SnapshotError
            If the member is one with fixed columns and some are missing.
        """
        wanted = layout.COLUMNS.get(member, ())
        if missing := [column for column in wanted if column not in frame]:
            raise SnapshotError(f"{member} needs columns {list(wanted)}; {missing} are missing")
        self.add_bytes(member, write_frame(frame))

    def add_table(self, name: str, rows: pd.DataFrame, version: int | None = None) -> None:
        """Add the rows of a table.

        Parameters
        ----------
        name
            Of the table.
        rows
            Positions are split into ``<point>_position_x``, ``_y``, ``_z`` in the table's voxels.
        version
            The materialization version that the rows are of; their root ids are kept. None if they
            are of all versions: then ``created`` and, if there is one, ``deleted`` say from when
            to when each row is there, and root ids follow from supervoxel ids and the id history.
        """
        self.add_frame(layout.rows_of(layout.TABLES, name, version), rows)

    def add_view(self, name: str, rows: pd.DataFrame, version: int | None = None) -> None:
        """Add the rows of a view, as for `add_table`."""
        self.add_frame(layout.rows_of(layout.VIEWS, name, version), rows)

    def add_skeleton(self, root_id: int, arrays: Mapping[str, Any]) -> None:
        """Add a skeleton, in the form of CAVE's skeleton service.

        Parameters
        ----------
        root_id
            The object it is of.
        arrays
            ``vertices`` (V, 3) in nm, ``edges`` (V − 1, 2), ``root``, ``radius``, ``lvl2_ids``,
            ``mesh_to_skel_map``, ``meta`` and, where known, ``compartment``; lists, not arrays.
        """
        text = json.dumps(arrays, separators=(",", ":"))
        self.add_bytes(layout.skeleton_of(root_id), gzip.compress(text.encode(), 9, mtime=0))

    def add_mesh(self, root_id: int, mesh: StoredMesh) -> None:
        """Add the mesh of an object."""
        self.add_bytes(layout.mesh_of(root_id), mesh.to_bytes())

    def finish(self, facts: Facts) -> Path:
        """Make the folder appear, with the size and the SHA-256 of every member.

        Members under ``steps`` were for those who resume, and are not in it.

        Returns
        -------
        Path
            The folder.
        """
        steps = self._gathered / layout.STEPS
        members = sorted(
            path
            for path in self._gathered.rglob("*")
            if path.is_file() and steps not in path.parents
        )
        files = {
            path.relative_to(self._gathered).as_posix(): {
                "bytes": path.stat().st_size,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            }
            for path in members
            if path.name != layout.FACTS and path.suffix != ".partial"
        }
        for path in members:
            if path.suffix == ".partial":
                path.unlink()
        text = json.dumps({**facts.to_json(), "files": files}, indent=1)
        self.add_bytes(layout.FACTS, text.encode())
        shutil.rmtree(steps, ignore_errors=True)
        self._gathered.replace(self.folder)
        return self.folder
