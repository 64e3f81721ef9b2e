"""Bare arrays as ``.npz``, laid out so that they can be used where they lie."""

from __future__ import annotations

import io
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from ossify._frozen import freeze
from ossify._typing import AnyArray
from ossify.io.storage import Buffer

_ALIGNMENT = 64
_LOCAL_HEADER = 30
# A header that old readers skip, with which the next array is moved to an aligned place.
_PADDING = 0x6F73
# Small arrays are deflated, where it costs nothing that is noticed. Large ones would take longer
# to deflate than all else that is written.
_DEFLATE_BELOW = 2**17
# Coordinates and ids do not compress a hundredfold. Small files may, and do no harm.
_MOST_RATIO = 100
_HARMLESS = 2**25
# The headers of plain arrays are not half as long, and longer ones take time to parse.
_MOST_HEADER = 512
_IS_ENCRYPTED = 1
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def write_npz(arrays: Mapping[str, AnyArray]) -> memoryview:
    """Arrays as an ``.npz`` that `numpy.load` reads, the same bytes each time."""
    sink = io.BytesIO()
    deflate = sum(array.nbytes for array in arrays.values()) < _DEFLATE_BELOW
    with zipfile.ZipFile(sink, "w", compresslevel=1) as archive:
        for name, given in arrays.items():
            array = np.require(given, requirements="C")
            info = zipfile.ZipInfo(f"{name}.npy")
            if deflate:
                info.compress_type = zipfile.ZIP_DEFLATED
            else:
                used = sink.tell() + _LOCAL_HEADER + len(info.filename) + 4
                info.extra = struct.pack("<HH", _PADDING, room := -used % _ALIGNMENT) + b"\0" * room
            with archive.open(info, "w") as member:
                np.lib.format.write_array_header_1_0(
                    member,
                    np.lib.format.header_data_from_array_1_0(array),
                )
                member.write(array.reshape(-1).view(np.uint8))
    # Not its buffer: in a cycle, such as an error makes of all that its frames hold, a BytesIO may
    # be collected before the buffers that it has handed out, and takes the process with it.
    return memoryview(sink.getvalue())


def most_unpacked(packed: int) -> int:
    """How many bytes may come of so many that are compressed."""
    return max(_HARMLESS, packed * _MOST_RATIO)


def read_npz(data: Buffer, most_bytes: int) -> dict[str, AnyArray]:
    """The arrays of an ``.npz``, read-only, those that are not deflated where they lie.

    Parameters
    ----------
    data
        The bytes.
    most_bytes
        How large the arrays may be together.

    Raises
    ------
    ValueError
        If it is no ``.npz``, is damaged, holds objects, or unpacks to more than it may.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            declared = sum(info.file_size for info in members)
            most = min(most_bytes + _MOST_HEADER * len(members), most_unpacked(len(data)))
            if declared > most:
                raise ValueError(f"it unpacks to {declared:,} bytes, where {most:,} were expected")
            return {
                info.filename.removesuffix(".npy"): _read_array(archive, info, data)
                for info in members
            }
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        # What numpy's reader of headers lets through.
        tokenize.TokenError,
        SyntaxError,
        TypeError,
        KeyError,
        RecursionError,
        MemoryError,
        OverflowError,
        EOFError,
        NotImplementedError,
        OSError,
    ) as error:
        raise ValueError(f"it is damaged ({error})") from None


def _read_array(archive: zipfile.ZipFile, info: zipfile.ZipInfo, data: Buffer) -> AnyArray:
    if info.flag_bits & _IS_ENCRYPTED or info.compress_type not in _PACKINGS:
        raise ValueError(f"{info.filename} is encrypted, or packed as numpy does not pack arrays")
    with archive.open(info) as member:
        version = np.lib.format.read_magic(member)
        read = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, column_major, dtype = read(member, max_header_size=_MOST_HEADER)
        header_size = member.tell()
        _check(info, shape, dtype, info.file_size - header_size)
        if info.compress_type == zipfile.ZIP_STORED:
            name_size, extra_size = struct.unpack_from("<HH", data, info.header_offset + 26)
            start = info.header_offset + _LOCAL_HEADER + name_size + extra_size + header_size
            content: Any = data
        else:
            start, content = 0, member.read()
    count = int(np.prod(shape, dtype=np.int64))
    array = np.frombuffer(content, dtype, count, start)
    return freeze(array.reshape(shape, order="F" if column_major else "C"))


def _check(info: zipfile.ZipInfo, shape: tuple[int, ...], dtype: np.dtype[Any], size: int) -> None:
    if dtype.hasobject:
        raise ValueError(f"{info.filename} holds Python objects, which are never read from a file")
    if any(length < 0 for length in shape) or np.prod([dtype.itemsize, *map(float, shape)]) != size:
        raise ValueError(f"{info.filename} is said to be {shape} {dtype}, in {size:,} bytes")
