"""Small files that stand for very much, or for ever, are refused in bounded memory and time."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import xxhash

from ossify import Cell, load_cell, save_cell
from ossify.errors import OsyFormatError
from ossify.io.osy import describe_file
from ossify.io.osy.writer import packed

OLD = Path(__file__).parent / "data" / "written_by_0.3.0_whole.osy"
NODES = "layers/graph/nodes.feather"
EDGES = "layers/graph/edges.npz"
TEXT = "x" * 2**20
ODD = 1_234_567
# What one file may take beyond what the process has already.
MOST_MB = 200


def old(changes, more=()):
    """A file of version 2.0, some members of which are others, after more headers."""
    sink = io.BytesIO()
    with tarfile.open(OLD) as source, tarfile.open(fileobj=sink, mode="w") as target:
        for info in more:
            target.addfile(info, io.BytesIO(bytes(max(info.size, 0))))
        for info in source:
            data = changes.get(info.name, source.extractfile(info).read())
            info.size = len(data)
            target.addfile(info, io.BytesIO(data))
    return sink.getvalue()


def new(change):
    """A file of version 3.0 whose index and members a function has changed; all checksums fit."""
    points = np.arange(12.0).reshape(4, 3)
    file = io.BytesIO()
    save_cell(Cell("y").add_graph(points, [[0, 1], [1, 2]]), file, compatible=False)
    content = file.getvalue()
    manifest = describe_file(io.BytesIO(content))
    contents = {m.name: content[m.offset : m.offset + m.size] for m in manifest.members}
    manifest = change(manifest, contents)
    members = [
        replace(m, size=len(contents[m.name]), checksum=xxhash.xxh3_64_hexdigest(contents[m.name]))
        for m in manifest.members
    ]
    return b"".join(packed(replace(manifest, members=tuple(members)), contents))


def graph_of(count, edges=None):
    """A change of the index: the counts of the graph; and of the member of its edges."""

    def change(manifest, contents):
        entry = manifest.layers[0]
        if edges is not None:
            contents[entry.parts["edges"]] = edges
        return replace(manifest, layers=(replace(entry, n_edges=count),))

    return change


def feather(columns, compression="zstd"):
    sink = pa.BufferOutputStream()
    batch = pa.record_batch(columns)
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_file(sink, batch.schema, options=options) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


def points(count, dtype="int8", **more):
    names = [f"{axis}" for axis in "xyz"]
    return {**{name: pa.array(np.zeros(count, dtype)) for name in names}, **more}


def patched(content, count, to):
    """A table that says of an array with an odd number of values that it has others."""
    width = "<q" if to >= 2**31 else "<i"
    assert struct.pack(width, count) in content
    return content.replace(struct.pack(width, count), struct.pack(width, to))


def listed(count, items):
    """Coordinates of one vertex, and a list of so many items."""
    offsets = pa.array([0, count], pa.int32())
    return points(1, many=pa.ListArray.from_arrays(offsets, items))


def viewed(count):
    """So many texts that are one and the same."""
    # Of a view, 4 bytes are the length, 4 the beginning, and 8 say where the text is.
    view = struct.pack("<i4sii", len(TEXT), TEXT[:4].encode(), 0, 0)
    buffers = [None, pa.py_buffer(view * count), pa.py_buffer(TEXT.encode())]
    return points(count, many=pa.Array.from_buffers(pa.string_view(), count, buffers))


def npy(head, data=b""):
    text = head.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def npz(data, **options):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("data.npy"), data, **options)
    return sink.getvalue()


def declared(size):
    """An archive of a few bytes that declares that its array has `size`."""
    head = f"{{'descr': '<i8', 'fortran_order': False, 'shape': ({size // 16}, 2), }}"
    content = bytearray(npz(npy(head, bytes(100_000)), compress_type=zipfile.ZIP_DEFLATED))
    content[22:26] = struct.pack("<I", size)
    place = content.index(b"PK\x01\x02") + 24
    content[place : place + 4] = struct.pack("<I", size)
    return bytes(content)


def zeros(count):
    head = f"{{'descr': '<i8', 'fortran_order': False, 'shape': ({count}, 2), }}"
    return npz(npy(head, bytes(16 * count)), compress_type=zipfile.ZIP_DEFLATED)


def same_batch(times):
    """A table whose footer has the first, large batch in the place of each of many small ones."""
    sink = pa.BufferOutputStream()
    schema = pa.schema([(axis, pa.int8()) for axis in "xyz"])
    with pa.ipc.new_file(sink, schema) as writer:
        for count in (10_000, *[1] * (times - 1)):
            writer.write_batch(pa.record_batch(points(count), schema=schema))
    content = bytearray(sink.getvalue().to_pybytes())
    # 24 bytes each, one after another, the count before them.
    size = struct.unpack_from("<i", content, len(content) - 10)[0]
    start = content.index(struct.pack("<I", times), len(content) - 10 - size) + 4
    content[start : start + 24 * times] = bytes(content[start : start + 24]) * times
    return bytes(content)


def header(**values):
    info = tarfile.TarInfo("more")
    for name, value in values.items():
        setattr(info, name, value)
    return info


def negative():
    """An archive whose second member has a size below 0, which leads back to itself."""
    block = bytearray(tarfile.TarInfo("again").tobuf())
    block[124:136] = (256**12 - 512).to_bytes(12, "big")
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    content = old({}, [header()])
    return content[:512] + bytes(block) + content[512:]


def extended(size):
    """An archive that begins with a long header of names and values, of which there are none."""
    info = header(type=tarfile.XHDTYPE, size=size)
    content = old({}, [header()])
    return content[:512] + info.tobuf(tarfile.USTAR_FORMAT) + b"3 " * (size // 2) + content[512:]


def shaped(shape):
    return npz(npy(f"{{'descr': '<i8', 'fortran_order': False, 'shape': {shape}, }}"))


def empty_lists(count):
    offsets = np.zeros(count + 1, np.int32)
    return points(count, many=pa.ListArray.from_arrays(offsets, pa.array([1])))


def empty_text(count):
    offsets = pa.py_buffer(bytes(4 * (count + 1)))
    return points(count, many=pa.StringArray.from_buffers(count, offsets, pa.py_buffer(b"")))


def counted(count):
    """So many texts, of which the file has one and their number."""
    ends = pa.array([count], pa.int32())
    return points(count, many=pa.RunEndEncodedArray.from_arrays(ends, pa.array([TEXT])))


def numbered(count):
    """A list of so many numbers of one text."""
    numbers = np.zeros(count, np.int8)
    return listed(count, pa.DictionaryArray.from_arrays(numbers, pa.array([TEXT])))


def edges(data):
    return lambda: old({EDGES: data()})


def nodes(data):
    return lambda: old({NODES: data()})


def metadata(data):
    return lambda: old({"metadata.json": data})


def special(kind):
    return lambda: old({}, [header(type=kind, linkname="metadata.json")])


def nothing():
    return patched(feather({axis: pa.nulls(ODD) for axis in "xyz"}), ODD, 2**40)


def a_list_of_nothing():
    return patched(feather(listed(ODD, pa.nulls(ODD)), None), ODD, 2**31 - 1)


NO_TABLE = "which no table does"
NO_OBJECTS = "not read as Python's objects"
NO_FILE = "is a link or a device"
# What it is, what is said of it, and what makes it.
BOMBS = [
    ("kB that declare GB", "unpacks to 3,221,225,472", edges(lambda: declared(3 * 2**30))),
    (
        "kB that declare GB, and the index too",
        "unpacks to 3,221,225,472",
        lambda: new(graph_of(3 * 2**26, declared(3 * 2**30))),
    ),
    ("zeros", "unpacks to 268,435,", edges(lambda: zeros(2**24))),
    (
        "zeros that the index has counted",
        "unpacks to 268,435,",
        lambda: new(graph_of(2**24, zeros(2**24))),
    ),
    ("a shape of 2**60", "is said to be", edges(lambda: shaped((2**60, 2)))),
    ("nothing, 2**60 times", "array is too big", edges(lambda: shaped((0, 2**60)))),
    ("nothing, 2**80 times", "too large", edges(lambda: shaped((0, 2**80)))),
    ("minus signs", "Header info length", edges(lambda: npz(npy("-" * 9000 + "1")))),
    ("parentheses", "Header info length", edges(lambda: npz(npy("(" * 9000)))),
    (
        "lzma",
        "packed as numpy does not",
        edges(lambda: npz(npy("1"), compress_type=zipfile.ZIP_LZMA)),
    ),
    ("an index of 2**62 edges", "'data' is int32", lambda: new(graph_of(2**62))),
    ("narrow coordinates", NO_TABLE, nodes(lambda: feather(points(2**25)))),
    ("coordinates of nothing", NO_TABLE, nodes(nothing)),
    ("a list of nothing", NO_TABLE, nodes(a_list_of_nothing)),
    ("empty lists", NO_TABLE, nodes(lambda: feather(empty_lists(2**23)))),
    ("empty text", NO_TABLE, nodes(lambda: feather(empty_text(2**23)))),
    ("a text seen from many places", NO_TABLE, nodes(lambda: feather(viewed(2**17)))),
    ("a text that is counted", NO_OBJECTS, nodes(lambda: feather(counted(2**17)))),
    ("a text that is numbered", NO_OBJECTS, nodes(lambda: feather(numbered(2**17)))),
    ("one batch, many times", "take more than the file", nodes(lambda: same_batch(5000))),
    ("deep JSON", "recursion", metadata(b"[" * 10**6)),
    ("long numbers", "metadata.json", metadata(b'{"name": 1' + b"0" * 10**6 + b"}")),
    ("a size below 0", "says that -512 bytes follow", negative),
    ("a long extended header", "1,048,576 bytes follow", lambda: extended(2**20)),
    ("a link", NO_FILE, special(tarfile.SYMTYPE)),
    ("a hard link", NO_FILE, special(tarfile.LNKTYPE)),
    ("a device", NO_FILE, special(tarfile.CHRTYPE)),
    ("a pipe", NO_FILE, special(tarfile.FIFOTYPE)),
]
NAMES = [name for name, _, _ in BOMBS]
# As much as a small table is believed to hold. That it does not fit the links shows afterwards.
BELIEVED = [
    ("many narrow coordinates", nodes(lambda: feather(points(560_000)))),
    ("many empty lists", nodes(lambda: feather(empty_lists(170_000)))),
    ("many empty texts", nodes(lambda: feather(empty_text(260_000)))),
]


@pytest.mark.parametrize(("reason", "make"), [bomb[1:] for bomb in BOMBS], ids=NAMES)
def test_it_is_refused(reason, make):
    content = make()
    assert len(content) < 2 * 2**20
    with pytest.raises(OsyFormatError, match=reason):
        load_cell(io.BytesIO(content))


@pytest.mark.parametrize("make", [make for _, make in BELIEVED])
def test_what_is_believed_is_read(make):
    with pytest.raises(OsyFormatError, match=r"are no vertices|for each of its vertices"):
        load_cell(io.BytesIO(make()))


WATCHED = """
import sys, resource, io, time
from ossify import load_cell, open_cell
from ossify.errors import OsyFormatError
from ossify.io.osy.verifier import verify

load_cell(sys.argv[1])
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
before = peak()
for path in sys.argv[2:]:
    started = time.process_time()
    for read in (load_cell, verify):
        try:
            read(path)
        except OsyFormatError:
            pass
    print(peak() - before, time.process_time() - started, path)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="memory is measured as Unix does")
def test_none_takes_much_memory_or_time(tmp_path):
    paths = []
    for name, make in [*((name, make) for name, _, make in BOMBS), *BELIEVED]:
        paths.append(tmp_path / name)
        paths[-1].write_bytes(make())
    command = [sys.executable, "-c", WATCHED, str(OLD), *map(str, paths)]
    # Each takes less than a second. For ever is longer than this on any machine.
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    lines = result.stdout.splitlines()
    assert len(lines) == len(paths)
    assert max(int(line.split()[0]) for line in lines) < MOST_MB, result.stdout
