"""Reading an HDF5 file that may come from anywhere: plain data of bounded size, nothing else."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from ossify._typing import AnyArray
from ossify.errors import MeshWorkFormatError
from ossify.io.meshwork_h5.blosc import is_packed, read_packed
from ossify.io.storage import Location, Readable, Source, open_source

# The compression of HDF5 gains less than this, so more is no data but a claim.
_MOST_GAINED = 1100
_SMALL = 2**20
# PyTables writes chunks of up to 64 kB, h5py and MeshParty of up to some MB.
_LARGEST_CHUNK = 2**26


@dataclass(frozen=True, eq=False)
class Hdf:
    """An open HDF5 file."""

    label: str
    file: Any

    def error(self, problem: str) -> MeshWorkFormatError:
        """The error that says what is wrong with the file."""
        return MeshWorkFormatError(
            f"{self.label}: {problem}; write the file anew with MeshParty, or get it anew"
        )

    def node(self, path: str) -> Any | None:
        """The group or dataset at a path, None if there is none.

        Raises
        ------
        MeshWorkFormatError
            If a link on the way leads to another file or another path.
        """
        node: Any = self.file
        for name in path.split("/"):
            link = node.get(name, getlink=True) if hasattr(node, "keys") else None
            if link is None:
                return None
            if type(link).__name__ != "HardLink":
                raise self.error(f"{path} is a link to elsewhere, which is not followed")
            node = node[name]
        return node

    def names(self, path: str) -> list[str]:
        """What a group holds, none if there is no such group."""
        group: Any = self.node(path)
        return list(group.keys()) if hasattr(group, "keys") else []

    def attributes(self, path: str) -> dict[str, Any]:
        """The attributes of a group or dataset, texts as str."""
        node = self.node(path) if path else self.file
        if node is None:
            return {}
        values = {key: node.attrs[key] for key in node.attrs}
        return {k: v.decode() if isinstance(v, bytes) else v for k, v in values.items()}

    def data(self, path: str, kinds: str, width: int | None = None) -> AnyArray | None:
        """A dataset, None if there is none.

        Parameters
        ----------
        path
            Where it is.
        kinds
            The numpy kinds that it may be of, such as ``"iu"``.
        width
            The length of its second axis, None if it has none. A flat array is folded.

        Raises
        ------
        MeshWorkFormatError
            If it is no dataset, of another kind or shape, or not all in this file.
        """
        node = self.node(path)
        if node is None:
            return None
        self._check_plain(path, node, kinds)
        values = read_packed(node) if is_packed(node) else np.asarray(node[()])
        if width is not None:
            if values.size % width or (values.ndim == 2 and values.shape[1] != width):
                raise self.error(f"{path} has shape {values.shape}, expected (…, {width})")
            values = values.reshape(-1, width)
        return values

    def wanted(self, path: str, kinds: str, width: int | None = None) -> AnyArray:
        """A dataset that has to be there."""
        values = self.data(path, kinds, width)
        if values is None:
            raise self.error(f"{path} is missing")
        return values

    def is_flags(self, path: str) -> bool:
        """Whether a dataset holds bits, which is how PyTables stores booleans."""
        node = self.node(path)
        from h5py import h5t

        return node is not None and bool(node.id.get_type().get_class() == h5t.BITFIELD)

    def is_pickled(self, path: str) -> bool:
        """Whether a dataset holds Python objects as pickles, as PyTables stores them."""
        node = self.node(path)
        return node is not None and (node.dtype.kind == "O" or "PSEUDOATOM" in node.attrs)

    def _check_plain(self, path: str, node: Any, kinds: str) -> None:
        if not hasattr(node, "shape"):
            raise self.error(f"{path} is a group, where data is expected")
        if node.shape is None or node.dtype.kind not in kinds:
            raise self.error(f"{path} holds {node.dtype}, which is not what belongs there")
        if node.is_virtual or node.external:
            raise self.error(f"{path} has its data in other files, which are not read")
        if node.nbytes > _SMALL + _MOST_GAINED * node.id.get_storage_size():
            raise self.error(f"{path} claims {node.nbytes:,} bytes, more than the file can hold")
        # A chunk is unpacked whole, also where the data is only a corner of it.
        chunk = math.prod(node.chunks or ()) * node.dtype.itemsize
        if chunk > _LARGEST_CHUNK:
            raise self.error(f"{path} is in chunks of {chunk:,} bytes, more than is read at once")


@contextmanager
def open_hdf(source: Location | Readable) -> Iterator[Hdf]:
    """An HDF5 file, for as long as the context lasts.

    Raises
    ------
    ImportError
        If h5py is not installed.
    MeshWorkFormatError
        If it is no HDF5 file, or a damaged one.
    """
    try:
        import h5py
    except ImportError as error:
        raise ImportError(
            "MeshWork files need h5py, which the extra `legacy` brings: "
            "pip install 'ossify[legacy]'"
        ) from error
    with open_source(source) as opened:
        # h5py reads here and there in small bits, each of which would be a journey.
        is_far = opened.is_far
        content = opened.read_at(0, opened.size) if is_far else b""
        file = io.BytesIO(content) if is_far else io.BufferedReader(_SourceFile(opened))
        try:
            with h5py.File(file, "r") as hdf:
                yield Hdf(opened.label, hdf)
        except MeshWorkFormatError:
            raise
        except (OSError, KeyError, RuntimeError, ValueError) as error:
            # h5py tells of damage by any of these, in words of the HDF5 library.
            raise MeshWorkFormatError(
                f"{opened.label} is no HDF5 file, or is damaged ({error}); get it anew"
            ) from error


class _SourceFile(io.RawIOBase):
    """A source as the file that h5py wants."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._source.size}
        self._place = start[whence] + offset
        return self._place

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._source.read_at(self._place, len(buffer))
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)
