"""How much memory a table will take, found out before it is taken.

Compressed buffers say how large they become. Arrow believes them, so that a file of a few
kilobytes can make it ask for gigabytes. What they say stands in the metadata of the file, which is
encoded as flatbuffers; just enough of these is read here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import pyarrow as pa

Bytes: TypeAlias = bytes | bytearray | memoryview

# What values take in Python, at least, in bytes: a list or array, a dict, a text, anything else.
_OF_A_LIST, _OF_A_DICT, _OF_A_TEXT, _OF_ANY = 128, 256, 64, 8
# What coordinates and ids of a vertex take, however narrow they are in the file.
_OF_A_VERTEX = 32

_MAGIC = b"ARROW1"
# Before there was a field for it, compression was noted here, where Arrow still finds it.
_EXPERIMENTAL = b"ARROW:experimental_compression"
_CONTINUATION = 0xFFFFFFFF
# Places of fields in the tables of Arrow's schema files.
_FOOTER_DICTIONARIES, _FOOTER_BATCHES = 2, 3
_MESSAGE_KIND, _MESSAGE_HEADER = 1, 2
_BATCH_BUFFERS, _BATCH_COMPRESSION = 2, 3
_DICTIONARY_DATA = 1
_KIND_DICTIONARY, _KIND_BATCH = 2, 3
_BLOCK = np.dtype([("offset", "<i8"), ("head", "<i4"), ("_", "<i4"), ("body", "<i8")])
_BUFFER = np.dtype([("offset", "<i8"), ("size", "<i8")])


def uncompressed_size(data: Bytes) -> int:
    """The bytes that all buffers of an Arrow IPC file take once they are unpacked.

    Raises
    ------
    ValueError
        If it is no such file, or its metadata lead outside of it.
    """
    try:
        blocks = list(_blocks(data))
        # Else a small file could have the same batch very often.
        if sum(head + body for _, head, body in blocks) > len(data):
            raise ValueError("its batches take more than the file has")
        return sum(_batch_size(data, block) for block in blocks)
    except (struct.error, IndexError, OverflowError) as error:
        raise ValueError(f"it is no Arrow file, or damaged ({error})") from None


def size_in_memory(table: pa.Table) -> int:
    """About how many bytes a table takes as vertices with features; never far more than this."""
    columns: int = sum(_size(chunk) for column in table.columns for chunk in column.chunks)
    rows: int = table.num_rows
    return _OF_A_VERTEX * rows + columns


def _size(array: pa.Array) -> int:
    count, kind = len(array), array.type
    if isinstance(array, pa.ExtensionArray):
        return _size(array.storage)
    if isinstance(array, pa.StructArray):
        return _OF_A_DICT * count + sum(_size(array.field(n)) for n in range(kind.num_fields))
    if isinstance(array, (pa.ListArray, pa.LargeListArray, pa.FixedSizeListArray)):
        return _OF_A_LIST * count + _size(array.values)
    if isinstance(array, pa.DictionaryArray):
        return _OF_ANY * count + _size(array.dictionary)
    if pa.types.is_string_view(kind) or pa.types.is_binary_view(kind):
        # Of the 16 bytes of a view, the first 4 are the length; many may be of the same text.
        views = np.frombuffer(array.buffers()[1], "<i4").reshape(-1, 4)
        lengths = views[array.offset : array.offset + count, 0]
        return _OF_A_TEXT * count + int(lengths.clip(0).sum(dtype=np.int64))
    is_number = pa.types.is_primitive(kind) or pa.types.is_null(kind)
    return (_OF_ANY if is_number else _OF_A_TEXT) * count + int(array.nbytes)


def _blocks(
    data: Bytes, fields: tuple[int, ...] = (_FOOTER_DICTIONARIES, _FOOTER_BATCHES)
) -> Iterator[tuple[int, int, int]]:
    if data[:6] != _MAGIC or data[-6:] != _MAGIC or len(data) < 20:
        raise ValueError("it is no Arrow file, or cut off")
    size = struct.unpack_from("<i", data, len(data) - 10)[0]
    start = len(data) - 10 - size
    if size < 8 or start < 8:
        raise ValueError("its footer is damaged")
    footer = _root(data, start)
    for field in fields:
        for offset, head, _, body in _structs(data, _field(data, footer, field), _BLOCK):
            yield offset, head, body


def batch_buffers(data: Bytes) -> list[tuple[int, int]] | None:
    """Where the buffers of the one batch of a file begin and end; None if there are more batches.

    Raises
    ------
    ValueError
        If it is no Arrow file, or its metadata lead outside of it.
    """
    try:
        blocks = list(_blocks(data, (_FOOTER_BATCHES,)))
        if len(blocks) != 1:
            return None
        start = blocks[0][0] + blocks[0][1]
        found = _structs(data, _field(data, _batch(data, blocks[0]), _BATCH_BUFFERS), _BUFFER)
    except (struct.error, IndexError, OverflowError) as error:
        raise ValueError(f"it is no Arrow file, or damaged ({error})") from None
    return [(start + place, start + place + size) for place, size in found]


def _batch(data: Bytes, block: tuple[int, int, int]) -> int:
    """Where the description of a batch is."""
    offset, head, body = block
    if min(offset, head, body) < 0 or offset + head + body > len(data):
        raise ValueError("its footer leads outside of it")
    prefix = 8 if struct.unpack_from("<I", data, offset)[0] == _CONTINUATION else 4
    message = _root(data, offset + prefix)
    kind = data[_field(data, message, _MESSAGE_KIND) or 0]
    batch = _table(data, _field(data, message, _MESSAGE_HEADER))
    if kind == _KIND_DICTIONARY:
        return _table(data, _field(data, batch, _DICTIONARY_DATA))
    if kind != _KIND_BATCH:
        raise ValueError("its footer leads to what is no batch")
    return batch


def _batch_size(data: Bytes, block: tuple[int, int, int]) -> int:
    offset, head, _ = block
    batch = _batch(data, block)
    buffers = _structs(data, _field(data, batch, _BATCH_BUFFERS), _BUFFER)
    if not _field(data, batch, _BATCH_COMPRESSION):
        if _EXPERIMENTAL in bytes(data[offset : offset + head]):
            raise ValueError("it is compressed as Arrow did it before version 1.0")
        return sum(size for _, size in buffers)
    return sum(_declared(data, offset + head + place, size) for place, size in buffers)


def _declared(data: Bytes, start: int, size: int) -> int:
    if size == 0:
        return 0
    declared: int = struct.unpack_from("<q", data, start)[0]
    # −1 stands for a buffer that was left as it is.
    return size if declared == -1 else abs(declared)


def _root(data: Bytes, start: int) -> int:
    return start + int(struct.unpack_from("<I", data, start)[0])


def _table(data: Bytes, place: int | None) -> int:
    if place is None:
        raise ValueError("its metadata are incomplete")
    return place + int(struct.unpack_from("<I", data, place)[0])


def _field(data: Bytes, table: int, number: int) -> int | None:
    """Where a field of a table is; None if it is left out."""
    entries = table - int(struct.unpack_from("<i", data, table)[0])
    if entries < 0:
        raise ValueError("its metadata lead outside of it")
    size = struct.unpack_from("<H", data, entries)[0]
    at = 4 + 2 * number
    if at >= size:
        return None
    offset = struct.unpack_from("<H", data, entries + at)[0]
    return table + int(offset) if offset else None


def _structs(data: Bytes, place: int | None, dtype: np.dtype[np.void]) -> list[tuple[int, ...]]:
    if place is None:
        return []
    start = _table(data, place)
    count = struct.unpack_from("<I", data, start)[0]
    # In the vectors of blocks and buffers, structs are aligned to 8 bytes after the count.
    if start + 4 + count * dtype.itemsize > len(data):
        raise ValueError("its metadata lead outside of it")
    found = np.frombuffer(data, dtype, count, start + 4)
    return [tuple(struct) for struct in found.tolist()]
