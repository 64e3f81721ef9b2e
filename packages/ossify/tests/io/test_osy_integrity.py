"""No damage of a file goes unnoticed: every flipped byte and every truncation is refused.

Of most files, some places are tried, in steps that miss no header and no member. With
`OSSIFY_EXHAUSTIVE` in the environment all are, which takes minutes.
"""

from __future__ import annotations

import io
import os

import numpy as np
import pytest

from ossify import Cell, Link, load_cell, open_cell, save_cell
from ossify.errors import OsyFormatError
from ossify.io.osy import describe_file, pieces, tar
from ossify.io.osy.verifier import verify
from ossify.testing import assert_cells_equal

# No divisor of a block, so that in the end all places of one are met.
STEP = 1 if "OSSIFY_EXHAUSTIVE" in os.environ else 29

#   2   3
#    \ /
#     1
#     |
#     0
POINTS = np.arange(12.0).reshape(4, 3) ** 2


def skeleton():
    radius = {"radius": [1.0, 2.0, 3.0, 4.0]}
    return Cell("y").add_skeleton(POINTS, [[1, 0], [2, 1], [3, 1]], features=radius)


def linked():
    cell = skeleton().add_graph(POINTS, [[0, 1]], linkage=Link([0, 1, 2, 3], target="skeleton"))
    features = {"label": ["a", None]}
    return cell.add_point_annotations(
        "syn", POINTS[:2], features=features, linkage=Link([1, -1], target="graph")
    )


def masked():
    return linked().apply_mask("skeleton", [False, True, True, True])


def mesh():
    return Cell("m").add_mesh(POINTS, [[0, 1, 2], [1, 2, 3]])


FILES = {
    "linked": (linked, True),
    "linked, lean": (linked, False),
    "masked": (masked, True),
    "masked, lean": (masked, False),
    "mesh": (mesh, True),
    "mesh, lean": (mesh, False),
    "skeleton, lean": (skeleton, False),
    "empty": (Cell, True),
}


def saved(cell, **options):
    file = io.BytesIO()
    save_cell(cell, file, **options)
    return file.getvalue()


@pytest.fixture(params=FILES, name="content")
def content_(request, monkeypatch):
    """A file that is small, and yet has tables of which columns can be read alone."""
    monkeypatch.setattr(pieces, "WHOLE_BELOW", 0)
    make, compatible = FILES[request.param]
    content = saved(make(), compatible=compatible)
    has_tables = any(member.pieces for member in describe_file(io.BytesIO(content)).members)
    assert has_tables == (request.param != "empty")
    return content


def loads(content):
    try:
        load_cell(io.BytesIO(content))
    except OsyFormatError:
        return False
    return True


def flips(content, step):
    """Damaged copies: at each place one bit is another, and then all are."""
    damaged = bytearray(content)
    for place in range(0, len(content), step):
        for flip in (1 << place % 8, 255):
            damaged[place] ^= flip
            yield place, damaged
            damaged[place] ^= flip


def test_flipped_bytes_are_refused(content):
    assert loads(content)
    assert [place for place, damaged in flips(content, STEP) if loads(damaged)] == []


def test_each_flipped_byte_of_a_file_is_refused(monkeypatch):
    monkeypatch.setattr(pieces, "WHOLE_BELOW", 0)
    content = saved(skeleton(), compatible=False)
    assert [place for place, damaged in flips(content, 1) if loads(damaged)] == []


def test_truncated_files_are_refused(content):
    assert [size for size in range(0, len(content), STEP) if loads(content[:size])] == []
    assert not loads(content[:-1])


@pytest.mark.parametrize("more", [b"\0", b"more", bytes(10_240)])
def test_what_follows_the_end_is_refused(content, more):
    with pytest.raises(OsyFormatError, match=f"{len(more):,} bytes follow its end"):
        load_cell(io.BytesIO(content + more))


def test_verifying_finds_what_loading_refuses(content):
    assert not verify(io.BytesIO(content)).findings
    unnoticed = [
        place
        for place, damaged in flips(content, 8 * STEP)
        if not verify(io.BytesIO(damaged)).findings
    ]
    assert unnoticed == []


def test_damage_that_an_opened_cell_does_not_notice_changes_nothing(content):
    cell = load_cell(io.BytesIO(content))
    refused = 0
    for _, damaged in flips(content, 16 * STEP):
        try:
            assert_cells_equal(open_cell(io.BytesIO(damaged)), cell)
        except OsyFormatError:
            refused += 1
    assert refused


def test_an_opened_cell_is_refused_when_its_file_is_cut_off_or_longer(content):
    for other in (content[:-1], content[: len(content) // 2], content + b"\0"):
        with pytest.raises(OsyFormatError, match=r"is cut off|follow its end"):
            open_cell(io.BytesIO(other))
        with pytest.raises(OsyFormatError, match=r"is cut off|follow its end"):
            describe_file(io.BytesIO(other))


def test_members_that_change_places_are_refused():
    # Two members of one size, and a file in which each has the other's content.
    content = saved(linked())
    members = {member.name: member for member in describe_file(io.BytesIO(content)).members}
    first, second = members["layers/graph/meta.json"], members["layers/graph/edges.npz"]
    swapped = bytearray(content)
    size = min(first.size, second.size)
    for one, other in ((first, second), (second, first)):
        swapped[one.offset : one.offset + size] = content[other.offset : other.offset + size]
    with pytest.raises(OsyFormatError) as caught:
        load_cell(io.BytesIO(swapped))
    assert "2 problems" in str(caught.value)
    assert all(name in str(caught.value) for name in (first.name, second.name))


def test_whole_blocks_that_are_moved_are_refused():
    content = saved(linked())
    blocks = [content[at : at + tar.BLOCK] for at in range(0, len(content), tar.BLOCK)]
    for place in range(len(blocks) - 1):
        moved = [*blocks]
        moved[place : place + 2] = moved[place + 1], moved[place]
        if moved != blocks:
            assert not loads(b"".join(moved)), place


def test_a_part_that_is_loaded_alone_is_vouched_for_and_the_rest_is_not():
    content = saved(linked())
    members = {member.name: member for member in describe_file(io.BytesIO(content)).members}
    cell = load_cell(io.BytesIO(content), layers=["graph"])
    for name, member in members.items():
        damaged = bytearray(content)
        damaged[member.offset] ^= 1
        own = name in ("layers/graph/nodes.feather", "layers/graph/edges.npz")
        if own:
            with pytest.raises(OsyFormatError, match="is damaged"):
                load_cell(io.BytesIO(damaged), layers=["graph"])
        else:
            assert_cells_equal(load_cell(io.BytesIO(damaged), layers=["graph"]), cell)
        assert not loads(damaged)
