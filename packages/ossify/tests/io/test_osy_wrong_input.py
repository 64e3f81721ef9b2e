"""Files that are not what they should be are refused, and never taken for something else."""

import bz2
import gzip
import io
import json
import lzma
import struct
import tarfile
import zipfile

import numpy as np
import pyarrow as pa
import pytest
import xxhash

from ossify import Cell, Link, load_cell, save_cell
from ossify.errors import OsyFormatError
from ossify.io.osy import describe_file, tar
from ossify.io.osy.arrow_size import uncompressed_size
from ossify.testing import assert_cells_equal


@pytest.fixture(scope="module")
def cell():
    points = np.arange(12.0).reshape(4, 3)
    cell = Cell("small", {"k": 1}).add_skeleton(
        points, [[1, 0], [2, 1], [3, 1]], features={"label": ["a", "b", None, "c"]}
    )
    cell.add_graph(points, [[0, 1]], linkage=Link([0, 1, 2, 3], target="skeleton"))
    return cell.add_point_annotations("syn", points[:2], linkage=Link([1, -1], target="graph"))


@pytest.fixture(scope="module")
def content(cell):
    file = io.BytesIO()
    save_cell(cell, file)
    return file.getvalue()


def load(content):
    return load_cell(io.BytesIO(content))


def repacked(content, change):
    """The archive with its members changed by a function of a dict, as an old file."""
    members = {}
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for info in archive:
            if not info.name.startswith(("index", "parts")):
                members[info.name] = archive.extractfile(info).read()
    metadata = json.loads(members["metadata.json"])
    members["metadata.json"] = json.dumps({**metadata, "file_version": 2.0}).encode()
    members = change(members) or members
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        for name, data in members.items() if isinstance(members, dict) else members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return sink.getvalue()


def with_index(content, change):
    """The archive with its index changed by a function, and sealed again."""
    size = int(content[124:136].rstrip(b"\0 "), 8)
    end = 512 + size + -size % 512
    index = json.loads(content[512 : 512 + size])
    del index["xxh3_64"]
    # The longer index moves all members.
    length = end - 512 + 4096
    head = tar.header("index.json", length)
    around, place = [head], end
    for entry in index["members"]:
        around.append(content[place : entry["offset"]])
        place = entry["offset"] + entry["size"]
        entry["offset"] += 4096
    outside = b"".join([*around, content[place:]])
    index["outside"] = {"size": len(outside), "checksum": xxhash.xxh3_64_hexdigest(outside)}
    change(index)
    version = index.pop("osy")
    # What is too deep to be read is too deep to be written, too.
    deep = "[" * 1200 + "]" * 1200
    body = json.dumps(index).replace('"DEEP"', deep).encode()[1:] + b"\n"
    line = f'{{"osy": "{version}", "xxh3_64": "{xxhash.xxh3_64_hexdigest(body)}",\n'.encode()
    text = (line + body).ljust(length)
    assert len(text) == length
    return head + text + content[end:]


def member(content, name):
    return next(m for m in describe_file(io.BytesIO(content)).members if m.name == name)


def test_an_empty_file_is_refused():
    with pytest.raises(OsyFormatError, match="the file is empty"):
        load(b"")


@pytest.mark.parametrize("size", [1, 511, 512, 10_000])
def test_garbage_is_refused(size):
    garbage = np.random.default_rng(0).integers(0, 256, size, dtype=np.uint8).tobytes()
    with pytest.raises(OsyFormatError, match=r"not an \.osy file"):
        load(garbage)


def test_an_archive_of_other_things_is_refused():
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("holiday.jpg"))
    with pytest.raises(OsyFormatError, match=r"no member 'metadata.json'.*holiday.jpg"):
        load(sink.getvalue())


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_an_outer_compression_is_refused_before_it_is_unpacked(content, pack):
    with pytest.raises(OsyFormatError, match="is packed with"):
        load(pack(content))


def test_a_greater_major_version_is_refused(content, tmp_path):
    path = tmp_path / "soma.osy"
    path.write_bytes(content.replace(b'{"osy": "3.0"', b'{"osy": "4.0"', 1))
    with pytest.raises(OsyFormatError) as caught:
        load_cell(path)
    assert str(caught.value) == (
        "soma.osy is written in .osy format 4.0; this ossify reads up to 3.x. "
        "Upgrade ossify to open it."
    )


def test_an_old_file_that_says_version_99_is_refused(content):
    def change(members):
        metadata = json.loads(members["metadata.json"])
        members["metadata.json"] = json.dumps({**metadata, "file_version": 99.0}).encode()

    with pytest.raises(OsyFormatError, match=r"format 99.0; this ossify reads up to 3.x"):
        load(repacked(content, change))


def test_a_greater_minor_version_is_read_and_what_it_adds_is_ignored(content, cell):
    def change(index):
        index["version"] = [3, 7]
        index["osy"] = "3.7"
        index["novelty"] = {"a": 1}
        index["writer"] = None
        index["layers"][0]["features"][0]["novelty"] = 1

    # `osy` stands in the first line; here it only says what to write there.
    newer = with_index(content, change)
    assert_cells_equal(load(newer), cell)


def test_an_old_file_cut_anywhere_is_refused_unless_only_padding_is_lost(content):
    old = repacked(content, lambda members: None)
    with tarfile.open(fileobj=io.BytesIO(old)) as archive:
        last = max(info.offset_data + info.size + -info.size % 512 for info in archive)
    whole = load(old)
    for size in np.linspace(0, len(old) - 1, 200).astype(int):
        if size >= last:
            assert_cells_equal(load(old[:size]), whole)
        else:
            with pytest.raises(OsyFormatError):
                load(old[:size])


def test_a_damaged_member_is_named(content):
    nodes = member(content, "layers/skeleton/nodes.feather")
    damaged = bytearray(content)
    damaged[nodes.offset + 40] ^= 255
    with pytest.raises(OsyFormatError, match=r"skeleton/nodes.feather: its content is damaged"):
        load(bytes(damaged))


def test_all_problems_of_an_index_are_named_at_once(content):
    def change(index):
        index["layers"][0]["n_vertices"] = -1
        index["layers"][1]["layer_type"] = "blob"
        index["links"][0]["source"] = "nobody"
        index["units"] = 3

    with pytest.raises(OsyFormatError) as caught:
        load(with_index(content, change))
    text = str(caught.value)
    assert "layers[0]: n_vertices is -1" in text
    assert "layers[1]: layer_type is 'blob'" in text
    assert "links[0]: there is no layer 'nobody'" in text
    assert "units is 3" in text


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda i: i["layers"][0].update(n_vertices=5), "the index says 5"),
        (lambda i: i["layers"][0].update(root=9), "the root is row 9 of 4"),
        (lambda i: i["layers"][0]["parts"].pop("tree"), "no member for its tree"),
        (lambda i: i["members"][0].update(size=10**12), "is cut off"),
        (lambda i: i["members"].append(i["members"][0]), "a name is there twice"),
        (lambda i: i["layers"].append(i["layers"][0]), "a name is there twice"),
        (lambda i: i.pop("layers"), "layers is missing"),
        (lambda i: i["layers"][0].update(features=[]), "where the index says"),
        (lambda i: i.update(version=[3]), "version"),
        (lambda i: i["layers"][0].update(index_name=3), "index_name is 3"),
        (lambda i: i.update(meta={"$type": "frog", "value": 1}), "meta"),
        (lambda i: i["layers"][0]["features"][0].update(holding={"held": "frog"}), "frog"),
        (lambda i: i["layers"][0]["parts"].update(tree="metadata.json"), "skeleton"),
        (lambda i: i["layers"][0]["parts"].update(vertices="metadata.json"), "skeleton"),
    ],
)
def test_an_index_that_lies_is_refused(content, change, problem):
    with pytest.raises(OsyFormatError, match=problem):
        load(with_index(content, change))


def test_metadata_deeper_than_can_be_followed_are_refused(content):
    with pytest.raises(OsyFormatError, match="recursion"):
        load(with_index(content, lambda index: index.update(meta={"key": "DEEP"})))


@pytest.mark.parametrize(
    "value",
    [
        {"$type": "array", "dtype": "<f8", "shape": [2**40], "value": ""},
        {"$type": "array", "dtype": "V0", "shape": [2**62], "value": ""},
        {"$type": "array", "dtype": "O", "shape": [1], "value": "AAAAAAAAAAA="},
        {"$type": "array", "dtype": "(1,", "shape": [1], "value": ""},
        {"$type": "array", "dtype": "object", "shape": [2**40], "value": [1]},
        {"$type": "datetime", "value": ["2025-01-01", "../../../etc/passwd", 0]},
        {"$type": "datetime", "value": ["2025-01-01", "Europe", 0]},
        {"$type": "Timestamp", "value": [1, "ns", "dateutil//etc/passwd"]},
        {"$type": "timedelta", "value": [10**12, 0, 0]},
        {"$type": "dict", "value": [[[], 1]]},
        {"$type": [], "value": 1},
    ],
)
def test_metadata_that_are_no_values_of_their_type_are_refused(content, value):
    with pytest.raises(OsyFormatError, match="meta"):
        load(with_index(content, lambda index: index.update(meta={"key": value})))


def test_everything_that_an_old_file_lacks_is_named_at_once(content):
    def change(members):
        return {
            name: data
            for name, data in members.items()
            if not name.endswith(("edges.npz", "syn/nodes.feather", "properties.json"))
        }

    with pytest.raises(OsyFormatError) as caught:
        load(repacked(content, change))
    text = str(caught.value)
    for missing in (
        "layers/skeleton/edges.npz",
        "layers/graph/edges.npz",
        "annotations/syn/nodes.feather",
        "layers/skeleton/base_properties/properties.json",
    ):
        assert f"member '{missing}' is missing; get the file anew" in text


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("metadata.json", b"{"),
        ("metadata.json", b"[]"),
        ("metadata.json", b"{}"),
        ("metadata.json", b"\xff\xfe"),
        ("metadata.json", b"[" * 100_000),
        ("layers/skeleton/meta.json", b"null"),
        ("layers/skeleton/meta.json", b'{"root": "a"}'),
        ("layers/skeleton/meta.json", b'{"spatial_columns": ["x", "y", "label"]}'),
        ("layers/skeleton/meta.json", b'{"spatial_columns": [[], {}, 1]}'),
        ("layers/skeleton/nodes.feather", b"ARROW1 but no more than that ARROW1"),
        ("layers/skeleton/edges.npz", b"PK but no archive"),
        ("layers/skeleton/base_properties/properties.json", b'{"base_vertex_index": [1]}'),
        (
            "layers/skeleton/base_properties/properties.json",
            b'{"base_vertex_index": [0, 1, 2, 3], "base_parent_array": [1, 2, 3, 0]}',
        ),
        *(
            (
                "layers/skeleton/base_properties/properties.json",
                b'{"base_vertex_index": [0, 1, 2, %s], "base_parent_array": [-1, 0, 1, 1]}' % wrong,
            )
            for wrong in (b"NaN", b"Infinity", b"1e300", b"1" + b"0" * 30, b"null", b"[]", b"2")
        ),
        ("layers/skeleton/meta.json", b'{"root": NaN}'),
        ("layers/skeleton/meta.json", b'{"root": 1%s}' % (b"0" * 30)),
        ("linkage/graph/skeleton/linkage.feather", b""),
    ],
)
def test_damaged_members_of_old_files_are_refused_by_name(content, name, data):
    def change(members):
        members[name] = data

    with pytest.raises(OsyFormatError) as caught:
        load(repacked(content, change))
    assert (
        name in str(caught.value)
        or "metadata.json" in str(caught.value)
        or ("skeleton" in str(caught.value))
    )


def npz(array, **options):
    sink = io.BytesIO()
    np.savez_compressed(sink, data=array)
    return sink.getvalue()


def bomb(count):
    """An archive of one array that is said to have `count` numbers, all of them 0."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "<i8", "fortran_order": False, "shape": (count, 2)}
    )
    sink = io.BytesIO()
    with (
        zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("data.npy", "w") as file,
    ):
        file.write(head.getvalue())
        for _ in range(count * 16 // 2**20):
            file.write(bytes(2**20))
    return sink.getvalue()


def test_an_array_that_unpacks_to_more_than_its_vertices_allow_is_refused(content):
    def change(members):
        members["layers/skeleton/edges.npz"] = bomb(2**22)

    with pytest.raises(OsyFormatError, match="unpacks to 67,1"):
        load(repacked(content, change))


def test_an_array_that_is_said_to_be_larger_than_it_is_is_refused(content):
    small = npz(np.zeros((4, 2), np.int64))

    def change(members):
        with zipfile.ZipFile(io.BytesIO(small)) as archive:
            data = archive.read("data.npy").replace(b"(4, 2)", b"(9, 9)")
        sink = io.BytesIO()
        with zipfile.ZipFile(sink, "w") as archive:
            archive.writestr("data.npy", data)
        members["layers/skeleton/edges.npz"] = sink.getvalue()

    with pytest.raises(OsyFormatError, match=r"is said to be \(9, 9\)"):
        load(repacked(content, change))


def test_arrays_of_objects_are_never_read(content):
    def change(members):
        members["layers/skeleton/edges.npz"] = npz(np.array([[1, None]], object))

    with pytest.raises(OsyFormatError, match="Python objects"):
        load(repacked(content, change))


def test_a_table_that_unpacks_to_far_more_than_it_is_is_refused(content):
    sink = pa.BufferOutputStream()
    batch = pa.record_batch({name: pa.array(np.zeros(2**22)) for name in "xyz"})
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_file(sink, batch.schema, options=options) as writer:
        writer.write_batch(batch)
    table = sink.getvalue().to_pybytes()
    assert len(table) < 100_000
    assert uncompressed_size(table) >= 3 * 2**25

    def change(members):
        members["layers/skeleton/nodes.feather"] = table

    with pytest.raises(OsyFormatError, match="which no table does"):
        load(repacked(content, change))


def test_a_buffer_that_only_says_to_be_huge_is_refused_before_memory_is_taken(content):
    # Each compressed buffer starts with its size; the first is that of x.
    nodes = None

    def change(members):
        nonlocal nodes
        nodes = bytearray(members["layers/graph/nodes.feather"])
        size = struct.pack("<q", 32)
        place = (
            nodes.index(size + b"\x28\xb5\x2f\xfd") if size + b"\x28\xb5\x2f\xfd" in nodes else -1
        )
        if place < 0:
            pytest.skip("this Arrow leaves small buffers as they are")
        nodes[place : place + 8] = struct.pack("<q", 2**40)
        members["layers/graph/nodes.feather"] = bytes(nodes)

    with pytest.raises(OsyFormatError, match="which no table does"):
        load(repacked(content, change))


def test_points_that_are_all_the_same_can_be_loaded_however_well_they_compress():
    cell = Cell().add_point_annotations("p", np.zeros((3_000_000, 3)))
    file = io.BytesIO()
    save_cell(cell, file)
    assert len(load(file.getvalue()).annotations.p) == 3_000_000


def test_members_outside_of_the_archive_are_not_written_anywhere(content, tmp_path, monkeypatch):
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)

    def change(members):
        members["../../evil"] = b"x"
        members["/evil"] = b"x"

    load(repacked(content, change))
    assert [path.name for path in tmp_path.rglob("*")] == ["a", "b"]


def test_an_old_file_with_two_members_of_one_name_is_refused(content):
    def change(members):
        return [("metadata.json", members["metadata.json"]), *members.items()]

    with pytest.raises(OsyFormatError, match=r"members of the same name: \['metadata.json'\]"):
        load(repacked(content, change))


def test_a_repacked_file_is_refused_with_a_reason(content):
    sink = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(content)) as archive,
        tarfile.open(fileobj=sink, mode="w") as new,
    ):
        for info in sorted(archive, key=lambda info: info.name, reverse=True):
            new.addfile(info, archive.extractfile(info))
    with pytest.raises(OsyFormatError, match="it was packed anew"):
        load(sink.getvalue())


def places(value, path=()):
    """Every place in a JSON value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items if isinstance(value, (dict, list)) else ():
        if isinstance(item, (dict, list)):
            yield from places(item, (*path, key))
        else:
            yield (*path, key)


def test_whatever_an_index_says_it_is_read_or_refused(content):
    size = int(content[124:136].rstrip(b"\0 "), 8)
    index = json.loads(content[512 : 512 + size])
    anything = [None, True, -1, 2**62, 2**70, 1.5, "", "x", "metadata.json", [], {}, [[]], {"a": 1}]
    rng = np.random.default_rng(3)
    for path in places(index):
        if not path or path == ("osy",):
            continue

        def change(index, path=path):
            inner = index
            for key in path[:-1]:
                inner = inner[key]
            if path[-1] != "xxh3_64":
                inner[path[-1]] = anything[rng.integers(len(anything))]

        for _ in range(3):
            try:
                load(with_index(content, change))
            except OsyFormatError:
                continue
