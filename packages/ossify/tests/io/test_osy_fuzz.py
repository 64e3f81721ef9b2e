"""Files of old releases, changed at random: each is read, or refused as `OsyFormatError`.

They carry no checksums, so that what is changed reaches all of the reader. With `OSSIFY_EXHAUSTIVE`
in the environment, a hundred times as many are tried.
"""

from __future__ import annotations

import io
import json
import os
import random
import tarfile
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import feather

from ossify import load_cell
from ossify.errors import OsyFormatError

FILES = sorted((Path(__file__).parent / "data").glob("written_by_*.osy"))
ROUNDS = 4000 if "OSSIFY_EXHAUSTIVE" in os.environ else 40
ANYTHING = [
    *(None, True, 0, -1, 2**31, 2**62, 2**63, 2**70, 10**400, 1.5, float("nan"), float("inf")),
    *("", "x", "x" * 3000, "metadata.json", [], {}, [[]], {"a": 1}, ["x", "x", "x"], "points"),
]


def members_of(path):
    with tarfile.open(path) as archive:
        return {info.name: archive.extractfile(info).read() for info in archive}


def packed(members):
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return sink.getvalue()


def places(value, path=()):
    """Every place in a JSON value but its top."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        yield (*path, key)
        if isinstance(item, (dict, list)):
            yield from places(item, (*path, key))


def other_json(dice, text):
    value = json.loads(text)
    *path, last = dice.choice(list(places(value)))
    inner = value
    for key in path:
        inner = inner[key]
    if dice.random() < 0.7:
        inner[last] = dice.choice(ANYTHING)
    else:
        del inner[last]
    return json.dumps(value).encode()


def other_bytes(dice, data):
    changed = bytearray(data)
    for _ in range(dice.choice([1, 2, 8])):
        place = dice.randrange(len(changed))
        changed[place] = dice.choice([changed[place] ^ 1 << dice.randrange(8), 0, 255])
    return bytes(changed)


def other_table(dice, data):
    table = feather.read_table(io.BytesIO(data), memory_map=False)
    metadata = dict(table.schema.metadata)
    if dice.random() < 0.5:
        metadata[b"pandas"] = other_json(dice, metadata[b"pandas"])
    else:
        count = len(table)
        column = dice.choice(
            [
                pa.nulls(count),
                pa.nulls(count, pa.int64()),
                pa.array([2**63] * count, pa.uint64()),
                pa.array([float("nan")] * count),
                pa.array(["a"] * count).dictionary_encode(),
                pa.array([{"a": 1}] * count),
                pa.array([[{"a": 1}]] * count),
                pa.array([[None, 1]] * count),
                pa.array([2**62] * count, pa.timestamp("s")),
                pa.array([1] * count, pa.timestamp("us", "Nowhere")),
            ]
        )
        place = dice.randrange(table.num_columns)
        table = table.set_column(place, table.column_names[place], column)
    sink = io.BytesIO()
    written = table.replace_schema_metadata(metadata)
    # Without compression, what is flipped afterwards is metadata, offsets and values.
    feather.write_feather(written, sink, compression=dice.choice(["zstd", "uncompressed"]))
    return sink.getvalue() if dice.random() < 0.5 else other_bytes(dice, sink.getvalue())


def other(dice, name, data):
    kinds = {"json": other_json, "feather": other_table}
    change = kinds.get(name.rpartition(".")[2], other_bytes)
    return dice.choice([change, other_bytes])(dice, data)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_changed_at_random_is_read_or_refused(path):
    members = members_of(path)
    dice = random.Random(path.stem)
    refused = 0
    for _ in range(ROUNDS):
        name = dice.choice(list(members))
        content = packed({**members, name: other(dice, name, members[name])})
        try:
            load_cell(io.BytesIO(content))
        except OsyFormatError:
            refused += 1
    assert 0 < refused < ROUNDS


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_archives_changed_at_random_are_read_or_refused(path):
    content = path.read_bytes()
    dice = random.Random(path.stem)
    refused = 0
    for _ in range(ROUNDS):
        try:
            load_cell(io.BytesIO(other_bytes(dice, content)))
        except OsyFormatError:
            refused += 1
    assert 0 < refused < ROUNDS
