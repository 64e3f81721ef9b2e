"""Snapshot folders, read. Members are read when they are asked for, and kept."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from cortical_tools.errors import SnapshotError
from cortical_tools.snapshot_folder import layout
from cortical_tools.snapshot_folder.facts import Facts
from cortical_tools.snapshot_folder.frames import read_frame


class Snapshot:
    """A snapshot folder.

    Parameters
    ----------
    folder
        Where it is.

    Raises
    ------
    SnapshotError
        If it is not a snapshot folder, or of a format that this version does not read.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder: Path = Path(folder)
        facts = self.folder / layout.FACTS
        if not facts.is_file():
            raise SnapshotError(
                f"{self.folder} is not a snapshot folder: it has no {layout.FACTS}. "
                f"`cortical-tools demo` makes one."
            )
        try:
            found = json.loads(facts.read_bytes())
        except ValueError as error:
            raise SnapshotError(f"{facts} is not JSON: {error}") from error
        self.facts: Facts = Facts.from_json(found, str(facts))
        self._files: dict[str, dict[str, Any]] = found.get("files", {})

    def __repr__(self) -> str:
        return f"Snapshot({str(self.folder)!r}, datastack {self.facts.datastack_name!r})"

    def path(self, member: str) -> Path | None:
        """The file of a member, or None if there is none."""
        found = self.folder / member
        return found if found.is_file() else None

    def read(self, member: str) -> bytes | None:
        """The bytes of a member, or None if there is none."""
        path = self.path(member)
        return None if path is None else path.read_bytes()

    def frame(self, member: str) -> pd.DataFrame:
        """The rows of a member, in nullable column types.

        Members with fixed columns may be missing: then there are no rows.

        Raises
        ------
        SnapshotError
            If it is missing and its columns are not known.
        """
        path = self.path(member)
        if path is not None:
            return read_frame(path)
        if member in layout.COLUMNS:
            return pd.DataFrame(
                {column: pd.array([], dtype="Int64") for column in layout.COLUMNS[member]}
            )
        raise SnapshotError(f"{self.folder} has no {member}")

    def rows(self, kind: str, name: str, version: int) -> tuple[pd.DataFrame, bool]:
        """The rows of a table or view for a version.

        Returns
        -------
        (rows, is_of_version)
            Whether they are the rows of that version as they were, and not of all versions.

        Raises
        ------
        SnapshotError
            If there are none.
        """
        own = layout.rows_of(kind, name, version)
        if self.path(own) is not None:
            return self.frame(own), True
        shared = layout.rows_of(kind, name, None)
        if self.path(shared) is None:
            raise SnapshotError(f"{self.folder} has neither {own} nor {shared}")
        return self.frame(shared), False

    @cached_property
    def skeleton_ids(self) -> frozenset[int]:
        """The objects that have a skeleton."""
        return self._numbered("skeletons", ".json.gz")

    @cached_property
    def mesh_ids(self) -> frozenset[int]:
        """The objects that have a mesh."""
        return self._numbered("meshes", ".npz")

    def _numbered(self, place: str, ending: str) -> frozenset[int]:
        found = (self.folder / place).glob(f"*{ending}")
        return frozenset(int(path.name.removesuffix(ending)) for path in found)

    def damage(self) -> Iterator[str]:
        """What is not as it was when the folder was written, one sentence for each member."""
        for member, record in self._files.items():
            content = self.read(member)
            if content is None:
                yield f"{member} is missing"
            elif hashlib.sha256(content).hexdigest() != record["sha256"]:
                yield f"{member} is not what was written: {len(content):,} bytes, other contents"
