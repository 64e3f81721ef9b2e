"""Datasets that are compressed with Blosc, as PyTables does it and HDF5 itself cannot read.

The plugin that would teach it to HDF5 brings fifty times what is needed here, so the chunks are
fetched as they lie in the file and unpacked one by one.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ossify._typing import AnyArray

FILTER = 32001
"""The number that Blosc has among the filters of HDF5."""

_HEADER = 16


def is_packed(dataset: Any) -> bool:
    """Whether a dataset is compressed with Blosc and in no other way."""
    plist = dataset.id.get_create_plist()
    return bool(plist.get_nfilters() == 1 and plist.get_filter(0)[0] == FILTER)


def read_packed(dataset: Any) -> AnyArray:
    """The whole of such a dataset.

    Raises
    ------
    ImportError
        If numcodecs is not installed.
    ValueError
        If a chunk is damaged.
    """
    try:
        from numcodecs import Blosc
    except ImportError as error:
        raise ImportError(
            "MeshWork files of version 1 are compressed with Blosc, which takes numcodecs; the "
            "extra `legacy` brings it: pip install 'ossify[legacy]'"
        ) from error
    codec = Blosc()
    values = np.full(dataset.shape, dataset.fillvalue, dtype=dataset.dtype)
    n_bytes = math.prod(dataset.chunks) * dataset.dtype.itemsize
    for place in range(dataset.id.get_num_chunks()):
        start = dataset.id.get_chunk_info(place).chunk_offset
        skipped, packed = dataset.id.read_direct_chunk(start)
        # Where packing gains nothing, HDF5 keeps a chunk as it is and notes that.
        content = bytes(packed) if skipped else _unpacked(codec, bytes(packed), n_bytes)
        if len(content) != n_bytes:
            raise ValueError(f"a chunk of {dataset.name} has {len(content):,} bytes of {n_bytes:,}")
        chunk = np.frombuffer(content, dtype=dataset.dtype).reshape(dataset.chunks)
        room = values[tuple(slice(first, None) for first in start)]
        # Chunks are whole also where the dataset ends within them.
        inside = tuple(map(slice, np.minimum(room.shape, dataset.chunks)))
        room[inside] = chunk[inside]
    return values


def _unpacked(codec: Any, packed: bytes, n_bytes: int) -> bytes:
    # What the header claims is allotted before anything is unpacked.
    stated = int.from_bytes(packed[4:8], "little")
    inside = int.from_bytes(packed[12:16], "little")
    if len(packed) < _HEADER or stated != n_bytes or inside != len(packed):
        raise ValueError("a chunk that is packed with Blosc is damaged")
    try:
        return bytes(codec.decode(packed))
    except RuntimeError as error:
        raise ValueError(f"a chunk that is packed with Blosc is damaged ({error})") from error
