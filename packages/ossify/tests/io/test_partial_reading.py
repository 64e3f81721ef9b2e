"""What is read of a file when not all of it is asked for, counted in bytes."""

import copy
import io
import os
import pickle

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import ossify
from ossify import Cell, Link, load_cell, open_cell, save_cell
from ossify.errors import OsyFormatError, UnknownLayerError
from ossify.io.osy import describe_file
from ossify.io.osy.pieces import table_pieces
from ossify.io.storage import sources
from ossify.testing import assert_cells_equal


def saved(cell):
    file = io.BytesIO()
    save_cell(cell, file)
    return file.getvalue()


def size_of(manifest, *names):
    """The bytes of all members of some layers."""
    parts = {
        part for entry in manifest.layers if entry.name in names for part in entry.parts.values()
    }
    return sum(member.size for member in manifest.members if member.name in parts)


@pytest.fixture(scope="module")
def cell():
    cell = ossify.example_cell(4000, seed=3)
    kinds = pd.Categorical(np.where(np.arange(len(cell.graph)) % 3, "a", "b"))
    cell.graph.add_feature(kinds, "kind")
    cell.graph.add_feature([[n, n + 1] for n in range(len(cell.graph))], "pair")
    cell.graph.add_feature(np.random.default_rng(1).random(len(cell.graph)), "noise")
    return cell


@pytest.fixture(scope="module")
def content(cell):
    return saved(cell)


@pytest.fixture
def path(content, tmp_path):
    (tmp_path / "a.osy").write_bytes(content)
    return tmp_path / "a.osy"


@pytest.fixture
def url(content, web):
    web.files["/a.osy"] = content
    return f"{web.address}/a.osy"


@pytest.fixture(scope="module")
def huge():
    """A cell of more than 100 MB, of which the skeleton is small."""
    rng = np.random.default_rng(0)
    cell = ossify.example_cell(3000, seed=1)
    faces = rng.integers(0, 2_900_000, (2_900_000, 3))
    cell.add_mesh(rng.random((2_900_000, 3)), faces[(np.diff(np.sort(faces), axis=1) > 0).all(1)])
    content = saved(cell)
    assert len(content) > 100e6
    return content


# Of 100 MB


def test_describing_a_cell_of_100_mb_costs_less_than_100_kb(huge, web):
    web.files["/huge.osy"] = huge
    manifest = describe_file(f"{web.address}/huge.osy")
    assert {entry.name for entry in manifest.layers} >= {"skeleton", "mesh"}
    assert sum(web.sent) < 100_000
    assert web.asked == ["bytes=0-65535"]


def test_the_skeleton_of_a_cell_of_100_mb_costs_the_skeleton(huge, web):
    web.files["/huge.osy"] = huge
    manifest = describe_file(f"{web.address}/huge.osy")
    web.sent.clear()
    cell = load_cell(f"{web.address}/huge.osy", layers=["skeleton"])
    assert cell.skeleton.cable_length() > 0
    assert sum(web.sent) < size_of(manifest, "skeleton") + 100_000


def test_a_skeleton_that_is_touched_in_100_mb_costs_the_skeleton(huge, web):
    web.files["/huge.osy"] = huge
    cell = open_cell(f"{web.address}/huge.osy")
    assert web.asked == ["bytes=0-65535"]
    print(cell)
    assert len(web.asked) == 1
    skeleton = size_of(describe_file(f"{web.address}/huge.osy"), "skeleton")
    web.sent.clear()
    assert cell.skeleton.cable_length() > 0
    assert sum(web.sent) <= skeleton


# An index of any length


def test_an_index_longer_than_the_first_bytes_takes_one_more_request(web):
    cell = Cell("y", {"note": "x" * 3 * sources.FIRST}).add_skeleton([[0, 0, 0]], [])
    web.files["/a.osy"] = saved(cell)
    assert describe_file(f"{web.address}/a.osy").meta == cell.meta
    assert len(web.asked) == 2


# Some layers


def test_chosen_layers_come_with_the_links_between_them(cell, path, url):
    wanted = ["graph", "pre_syn"]
    expected = cell.copy()
    expected.remove_layer("skeleton")
    expected.remove_annotation("post_syn")
    assert_cells_equal(load_cell(path, layers=wanted), expected)
    assert_cells_equal(load_cell(url, layers=iter(wanted)), expected)
    assert load_cell(path, layers=[]).layers.names == []


def test_nothing_else_is_read(content, web, url):
    manifest = describe_file(url)
    web.sent.clear()
    load_cell(url, layers=["pre_syn"])
    assert sum(web.sent) < size_of(manifest, "pre_syn") + sources.FIRST + 10_000
    # What is damaged elsewhere does not matter.
    graph = next(
        member for member in manifest.members if member.name == "layers/graph/nodes.feather"
    )
    damaged = bytearray(content)
    damaged[graph.offset + graph.size // 2] ^= 1
    web.files["/a.osy"] = bytes(damaged)
    load_cell(url, layers=["skeleton"])
    with pytest.raises(OsyFormatError, match=r"layers/graph/nodes\.feather"):
        load_cell(url)


def test_layers_that_are_not_there_are_named(path):
    with pytest.raises(
        UnknownLayerError, match=r"a\.osy has no layer or annotation 'axon'; it has"
    ):
        load_cell(path, layers=["skeleton", "axon"])
    with pytest.raises(TypeError, match=r"layers=\['skeleton'\]"):
        load_cell(path, layers="skeleton")


def test_chosen_layers_of_old_files(real_data):
    path = real_data / "osy" / "864691135336055529_v1.0.osy"
    whole = load_cell(path)
    some = load_cell(path, layers=["skeleton"])
    assert some.layers.names == ["skeleton"]
    assert len(some.annotations) == 0
    assert some.skeleton.cable_length() == whole.skeleton.cable_length()
    with pytest.raises(UnknownLayerError):
        load_cell(path, layers=["axon"])
    assert_cells_equal(open_cell(path), whole)


# Parts when they are touched


@pytest.fixture(params=["path", "url"])
def opened(request):
    return open_cell(request.getfixturevalue(request.param))


def test_an_opened_cell_is_the_cell(cell, opened):
    assert_cells_equal(opened, cell)


def test_a_masked_cell_is_opened_as_it_was_saved(cell, tmp_path):
    # The root is gone, so the whole tree is in the file too.
    masked = cell.apply_mask("skeleton", cell.skeleton.distance_to_root() > 50_000)
    save_cell(masked, tmp_path / "m.osy")
    opened = open_cell(tmp_path / "m.osy")
    assert_cells_equal(opened, masked)
    np.testing.assert_array_equal(
        opened.skeleton.distance_to_root(), masked.skeleton.distance_to_root()
    )


def test_masking_an_opened_cell_gives_what_masking_the_cell_gives(cell, opened):
    keep = cell.skeleton.vertex_index[::2]
    assert_cells_equal(opened.apply_mask("skeleton", keep), cell.apply_mask("skeleton", keep))


def test_copies_and_pickles_of_an_opened_cell_are_the_cell(cell, opened):
    assert_cells_equal(opened.copy(), cell)
    assert_cells_equal(copy.deepcopy(opened), cell)
    assert_cells_equal(pickle.loads(pickle.dumps(opened)), cell)


def test_an_opened_cell_can_be_changed_and_saved(cell, opened, tmp_path):
    changed = cell.copy()
    for each in (opened, changed):
        each.graph.add_feature(np.arange(len(each.graph)), "new")
        each.graph.drop_features("noise")
        each.skeleton.reroot(each.skeleton.end_points[0])
        each.transform(lambda points: points / 1000, inplace=True, units="um")
        each.remove_annotation("post_syn")
    assert_cells_equal(opened, changed)
    save_cell(opened, tmp_path / "changed.osy")
    assert_cells_equal(load_cell(tmp_path / "changed.osy"), changed)


def test_each_part_is_fetched_when_it_is_touched_and_once(web, url):
    cell = open_cell(url)
    graph = cell.graph

    def n_requests(touch):
        before = len(web.asked)
        touch()
        return len(web.asked) - before

    for untouching in (
        lambda: (cell.layers.names, cell.units, cell.annotations, cell.name),
        lambda: (repr(cell), str(cell), cell.describe(), cell._repr_html_()),
        lambda: (repr(graph), graph.name, graph.units, graph.describe()),
        lambda: (len(graph), graph.n_vertices, graph.feature_names, bool(graph)),
        lambda: cell.copy(),
    ):
        assert n_requests(untouching) == 0
    # Coordinates and ids, which lie apart.
    assert n_requests(lambda: graph.vertices) == 2
    assert n_requests(lambda: (graph.vertex_index, graph.feature_names, len(graph))) == 0
    assert n_requests(lambda: (repr(graph), graph.describe(), repr(cell), cell.describe())) == 0
    assert n_requests(lambda: graph.get_feature("noise")) == 1
    assert n_requests(lambda: graph.get_feature("noise")) == 0
    assert n_requests(lambda: cell.copy().graph.get_feature("noise")) == 0
    assert n_requests(lambda: graph.edges) == 1
    assert n_requests(lambda: graph.drop_features("pair")) == 0
    assert n_requests(lambda: graph.add_feature(graph.get_feature("noise") * 2, "twice")) == 0


def test_a_column_costs_the_column(web, url, cell):
    graph = open_cell(url).graph
    graph.vertices  # noqa: B018
    web.sent.clear()
    graph.get_feature("noise")
    # Random numbers do not get smaller.
    assert 0.9 * 8 * len(cell.graph) < sum(web.sent) < 1.1 * 8 * len(cell.graph)


def test_a_layer_untouched_is_never_read(tmp_path, content):
    manifest = describe_file(io.BytesIO(content))
    graph = next(
        member for member in manifest.members if member.name == "layers/graph/nodes.feather"
    )
    damaged = bytearray(content)
    damaged[graph.offset : graph.offset + graph.size] = bytes(graph.size)
    (tmp_path / "a.osy").write_bytes(damaged)
    opened = open_cell(tmp_path / "a.osy")
    assert opened.skeleton.cable_length() > 0
    with pytest.raises(
        OsyFormatError, match=r"a\.osy: graph: member .* is damaged; get the file anew"
    ):
        opened.graph.vertices  # noqa: B018


def test_every_flipped_byte_of_a_column_is_found(tmp_path, content):
    manifest = describe_file(io.BytesIO(content))
    member = next(m for m in manifest.members if m.name == "layers/graph/nodes.feather")
    assert sum(piece.size for piece in member.pieces) == member.size
    place = [feature.name for feature in manifest.layers[1].features].index("noise")
    assert manifest.layers[1].name == "graph"
    start = member.offset + sum(piece.size for piece in member.pieces[: place + 4])
    end = start + member.pieces[place + 4].size
    for at in (start, (start + end) // 2, end - 1):
        damaged = bytearray(content)
        damaged[at] ^= 64
        (tmp_path / "a.osy").write_bytes(damaged)
        graph = open_cell(tmp_path / "a.osy").graph
        graph.get_feature("pair")
        with pytest.raises(OsyFormatError, match=r"noise.*is damaged"):
            graph.get_feature("noise")


def test_a_mapped_file_may_be_replaced_and_deleted(cell, path):
    opened = open_cell(path)
    save_cell(Cell("other"), path, allow_overwrite=True)
    os.remove(path)
    assert_cells_equal(opened, cell)


def test_tables_of_all_types_are_cut_into_their_columns():
    n = 20_000
    rng = np.random.default_rng(0)
    columns = [
        pa.array(rng.random(n)),
        pa.array([None if k % 7 == 0 else k for k in range(n)]),
        pa.array([f"text {k}" for k in range(n)]),
        pa.array([[k] * (k % 4) for k in range(n)]),
        pa.array(["a", "b"] * (n // 2)).dictionary_encode(),
        pa.array([k % 2 == 0 for k in range(n)]),
        pa.array([{"x": k, "y": str(k)} for k in range(n)]),
    ]
    for options in (pa.ipc.IpcWriteOptions(), pa.ipc.IpcWriteOptions(compression="zstd")):
        sink = pa.BufferOutputStream()
        batch = pa.record_batch(columns, names=[str(k) for k in range(len(columns))])
        with pa.ipc.new_file(sink, batch.schema, options=options) as writer:
            writer.write_batch(batch)
        data = memoryview(sink.getvalue())
        pieces = table_pieces(data, columns)
        assert len(pieces) == len(columns) + 2
        assert sum(piece.size for piece in pieces) == len(data)


def test_a_table_whose_buffers_cannot_be_told_apart_is_read_whole():
    columns = [pa.nulls(100_000), pa.array(np.random.default_rng(0).random(100_000))]
    sink = pa.BufferOutputStream()
    batch = pa.record_batch(columns, names=["a", "b"])
    with pa.ipc.new_file(sink, batch.schema) as writer:
        writer.write_batch(batch)
    assert table_pieces(memoryview(sink.getvalue()), columns) == ()


def test_small_and_empty_layers_are_opened_too(tmp_path):
    cell = (
        Cell("y")
        .add_skeleton([[0, 0, 0], [3, 4, 0]], [[1, 0]], features={"radius": [1.0, 2.0]})
        .add_point_annotations("none", np.empty((0, 3)), linkage=Link([], target="skeleton"))
    )
    save_cell(cell, tmp_path / "y.osy")
    assert_cells_equal(open_cell(tmp_path / "y.osy"), cell)
    save_cell(Cell("empty"), tmp_path / "empty.osy")
    assert_cells_equal(open_cell(tmp_path / "empty.osy"), Cell("empty"))


def test_what_is_no_cell_is_refused_when_it_is_opened(tmp_path):
    (tmp_path / "a.osy").write_bytes(b"")
    with pytest.raises(OsyFormatError, match="is empty"):
        open_cell(tmp_path / "a.osy")
    with pytest.raises(FileNotFoundError):
        open_cell(tmp_path / "none.osy")
