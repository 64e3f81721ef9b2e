"""The cells of one folder, bucket or web server."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ossify._parallel import checked_workers, side_by_side
from ossify.cell.cell import Cell
from ossify.errors import CellsNotLoadedError
from ossify.io import storage
from ossify.io.osy.reader import load_cell, read_cell
from ossify.io.osy.tables import Compression, Packing
from ossify.io.osy.writer import archive_of, file_name, save_cell
from ossify.io.storage import Location

SUFFIX = ".osy"
_MOST_WORKERS = 8
_log = logging.getLogger(__name__)

# `list` is a method of the class, so the types have names of their own.
Names: TypeAlias = list[str]
Cells: TypeAlias = list[Any]
"""Cells, and None in the place of those that could not be loaded."""


class CellFiles:
    """The ``.osy`` files of a folder, in storage of any kind.

    Parameters
    ----------
    path
        A folder: a path, in which ``~`` is the home folder, or an address that begins with
        ``file://``, ``mem://``, ``gs://``, ``s3://``, ``https://`` or ``http://``.
    use_https
        Read a bucket as anyone can, over https and without credentials. Saving needs them still.

    Raises
    ------
    ValueError
        If the address is of an unknown kind.

    Examples
    --------
    >>> files = CellFiles("mem://docstring/cells")
    >>> files.save(Cell("y").add_skeleton([[0, 0, 0], [3, 4, 0]], [[1, 0]]))
    >>> list(files), files.load("y.osy").skeleton.cable_length()
    (['y.osy'], 5.0)
    """

    def __init__(self, path: Location, use_https: bool = False) -> None:
        self._path = os.fspath(path)
        self._use_https = use_https
        self._address = storage.address_of(self._path)
        if self._address is None:
            storage.local_path(self._path)

    @property
    def path(self) -> str:
        """The folder, as it was given."""
        return self._path

    @property
    def saveable(self) -> bool:
        """Whether there is a way to write: everywhere but on web servers.

        It says nothing of permissions.
        """
        return self._address is None or self._store.saveable

    @property
    def remote(self) -> bool:
        """Whether it is reached over the network."""
        return self._address is not None and self._address.scheme in storage.REMOTE

    @cached_property
    def cf(self) -> Any:
        """The `cloudfiles.CloudFiles` of the folder, for what is not offered here.

        For ``s3://`` with credentials from the environment, cloud-files wants AWS_SESSION_TOKEN to
        be there, if empty.
        """
        path = self._path if self._address is not None else f"file://{self._folder}"
        return storage.cloud_files(path, self._use_https)

    # One file

    def save(
        self,
        cell: Cell,
        filename: str | None = None,
        allow_overwrite: bool = False,
        compression: Compression = "zstd",
        compression_level: int | None = None,
        *,
        compatible: bool = True,
    ) -> None:
        """Save a cell, whole or not at all.

        Parameters
        ----------
        cell
            The cell.
        filename
            The name of the file in the folder; None for the name of the cell and ``.osy``.
        allow_overwrite
            Whether a file that exists is replaced. Without, two that save the same name at once
            do not replace each other on disks, ``gs://`` and ``s3://``.
        compression, compression_level, compatible
            As for `save_cell`.

        Raises
        ------
        FileExistsError
            If the file exists and `allow_overwrite` is False.
        PermissionError, ConnectionError
            If it may not be written, or the storage does not answer.
        ValueError
            If the folder is on a web server, or the name leads out of the folder.
        """
        name = file_name(cell) if filename is None else filename
        if self._address is None:
            save_cell(
                cell,
                self._file(name),
                allow_overwrite,
                compression,
                compression_level,
                compatible=compatible,
            )
            return
        packing = Packing(compression, compression_level)
        self._store.check_free(self._key(name), allow_overwrite)
        content = b"".join(archive_of(cell, packing, compatible))
        self._store.put(self._key(name), content, allow_overwrite)

    def load(self, filename: str, *, layers: Iterable[str] | None = None) -> Cell:
        """Load a cell.

        Parameters
        ----------
        filename
            The name of a file in the folder.
        layers
            As for `load_cell`.

        Returns
        -------
        Cell

        Raises
        ------
        FileNotFoundError, PermissionError, ConnectionError
            If there is no such file, it may not be read, or the storage does not answer.
        OsyFormatError
            If it is no ``.osy`` file, or damaged. A ValueError.
        """
        if self._address is None:
            return load_cell(self._file(filename), layers=layers)
        source = self._store.open(self._key(filename))
        try:
            return read_cell(source, layers)
        finally:
            source.close()

    def exists(self, filename: str) -> bool:
        """Whether there is a file of that name.

        Parameters
        ----------
        filename
            The name of a file in the folder.

        Returns
        -------
        bool

        Raises
        ------
        PermissionError, ConnectionError
            If that may not be known, or the storage does not answer.
        ValueError
            If the name leads out of the folder.
        """
        if self._address is None:
            return self._file(filename).is_file()
        return self._store.exists(self._key(filename))

    def delete(self, filename: str) -> None:
        """Delete a file.

        Parameters
        ----------
        filename
            The name of a file in the folder.

        Raises
        ------
        FileNotFoundError
            If there is none of that name.
        PermissionError, ConnectionError
            If it may not be deleted, or the storage does not answer.
        ValueError
            If the folder is on a web server, or the name leads out of the folder.
        """
        if self._address is None:
            self._file(filename).unlink()
            return
        key = self._key(filename)
        if self._store.saveable and not self._store.exists(key):
            raise self._store.missing(key)
        self._store.delete(key)

    # Many files

    def list(self) -> Names:
        """The names of the ``.osy`` files in the folder; those of folders in it are not.

        Returns
        -------
        list of str
            Sorted, as `load` takes them.

        Raises
        ------
        FileNotFoundError
            If there is no such folder on the disk. In buckets there are no empty folders.
        ValueError
            If the folder is on a web server, which does not list files.
        """
        if self._address is None:
            return sorted(
                entry.name
                for entry in self._folder.iterdir()
                if entry.name.endswith(SUFFIX) and entry.is_file()
            )
        start = self._prefix
        names = (key.removeprefix(start) for key in self._store.keys(start))
        return sorted(name for name in names if name.endswith(SUFFIX) and "/" not in name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.list())

    def __contains__(self, filename: object) -> bool:
        return isinstance(filename, str) and self.exists(filename)

    def load_many(
        self,
        filenames: Iterable[str] | None = None,
        max_workers: int | None = None,
        progress: bool = True,
        *,
        errors: Literal["raise", "log", "ignore"] = "raise",
        layers: Iterable[str] | None = None,
    ) -> Cells:
        """Load cells side by side.

        Parameters
        ----------
        filenames
            Names of files in the folder; None for all.
        max_workers
            How many are loaded at once; None for 8, or twice the number of processors where that
            is less.
        progress
            Whether to show a bar, if someone is looking: on a terminal.
        errors
            What becomes of a file that cannot be loaded: ``"raise"`` loads the others and raises
            one error that names each; ``"log"`` and ``"ignore"`` give None in its place.
        layers
            As for `load_cell`.

        Returns
        -------
        list of Cell
            In the order of `filenames`; None for what could not be loaded, if `errors` lets it.

        Raises
        ------
        CellsNotLoadedError
            If any could not be loaded; its ``failures`` says why, by name. An OSError.
        """
        if errors not in ("raise", "log", "ignore"):
            raise ValueError(f"errors must be 'raise', 'log' or 'ignore', not {errors!r}")
        workers = checked_workers(max_workers, min(_MOST_WORKERS, 2 * (os.cpu_count() or 1)))
        if isinstance(filenames, str):
            raise TypeError(f"filenames must be several names; for one, load({filenames!r})")
        names = self.list() if filenames is None else list(filenames)
        wanted = None if layers is None else list(layers)

        def outcome_of(name: str) -> Cell | Exception:
            # What one file is wrong with does not concern the others; a bug or an interrupt does.
            try:
                return self.load(name, layers=wanted)
            except (OSError, ValueError) as failure:
                return failure

        outcomes = side_by_side(outcome_of, names, workers, progress=progress, what="cells")
        failures = {
            name: outcome
            for name, outcome in zip(names, outcomes, strict=True)
            if isinstance(outcome, Exception)
        }
        if failures and errors == "raise":
            raise _not_loaded(failures, len(names))
        if errors == "log":
            for name, failure in failures.items():
                _log.warning("%s could not be loaded: %s", name, failure)
        return [outcome if isinstance(outcome, Cell) else None for outcome in outcomes]

    # Places

    @cached_property
    def _store(self) -> storage.Store:
        assert self._address is not None
        return storage.store_at(self._address, anonymous=self._use_https)

    @property
    def _folder(self) -> Path:
        return storage.local_path(self._path).absolute()

    def _file(self, filename: str) -> Path:
        return self._folder / _checked(filename)

    @property
    def _prefix(self) -> str:
        """What the keys of all files in the folder begin with."""
        assert self._address is not None
        folder = self._address.key
        # A bucket may well have a folder without a name: s3://bucket//a.osy is in it.
        return f"{folder}/" if folder and not folder.endswith("/") else folder

    def _key(self, filename: str) -> str:
        return self._prefix + self._store.key_of(_checked(filename))

    def __getstate__(self) -> dict[str, Any]:
        # Connections stay in the process that made them.
        return {name: self.__dict__[name] for name in ("_path", "_use_https", "_address")}

    def __repr__(self) -> str:
        https = ", use_https=True" if self._use_https else ""
        return f"CellFiles({self._path!r}{https})"


def _checked(filename: str) -> str:
    if not isinstance(filename, str):
        raise TypeError(f"a file name must be text, not {type(filename).__name__}")
    parts = filename.replace("\\", "/").split("/")
    if {"", ".", ".."} & set(parts) or "\0" in filename:
        raise ValueError(f"{filename!r} is no name of a file in the folder")
    return filename


def _not_loaded(failures: dict[str, Exception], count: int) -> CellsNotLoadedError:
    listed = "\n".join(f"- {name}: {failure}" for name, failure in failures.items())
    return CellsNotLoadedError(
        f"{len(failures):,} of {count:,} cells could not be loaded:\n{listed}\n"
        "errors='log' or 'ignore' gives the others",
        failures,
    )
