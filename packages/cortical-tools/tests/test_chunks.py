"""Chunks: what ids say of them, and where they begin."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortical_tools.chunks import Chunks
from cortical_tools.errors import AnswerError

BITS = {"1": 10, "2": 10, "3": 9, "12": 1}


def info(**more):
    scale = {"resolution": [8, 8, 40], "voxel_offset": [26385, 30308, 14850]}
    return {
        "graph": {"n_layers": 12, "chunk_size": [256, 256, 512], "spatial_bit_masks": BITS},
        "scales": [scale],
        **more,
    }


@given(
    st.sampled_from([1, 2, 3]),
    st.tuples(*[st.integers(0, 2**9 - 1)] * 3),
    st.integers(0, 2**26 - 1),
)
def test_an_id_says_where_it_is_and_of_which_layer(layer, place, number):
    chunks = Chunks.from_info(info())
    bits = BITS[str(layer)]
    shifts = [56 - bits, 56 - 2 * bits, 56 - 3 * bits]
    known = (layer << 56) + number + sum(p << s for p, s in zip(place, shifts, strict=True))
    ids = chunks.ids(layer, np.array([place]), np.array([number]))
    assert ids.dtype == np.int64
    assert ids.tolist() == [known]
    assert chunks.layer(ids).tolist() == [layer]
    assert chunks.place(ids, layer).tolist() == [list(place)]
    assert number < chunks.numbers(layer)


def test_the_layer_may_have_more_bits():
    graph = {**info()["graph"], "n_bits_for_layer_id": 10}
    chunks = Chunks.from_info(info(graph=graph))
    ids = chunks.ids(2, np.array([[5, 6, 7]]), np.array([9]))
    assert ids.tolist() == [(2 << 54) + (5 << 44) + (6 << 34) + (7 << 24) + 9]
    assert chunks.place(ids, 2).tolist() == [[5, 6, 7]]


def test_the_first_chunk_begins_at_the_volume_where_the_info_says_so():
    there = Chunks.from_info(info(chunks_start_at_voxel_offset=True))
    assert [there.begins(axis, np.array([0, 1])).tolist() for axis in range(3)] == [
        [211080, 213128],
        [242464, 244512],
        [594000, 614480],
    ]
    at_zero = Chunks.from_info(info())
    assert at_zero.begins(2, np.array([0, 1])).tolist() == [0, 20480]


def test_chunks_begin_on_the_grid_before():
    chunks = Chunks.from_info(
        info(chunks_start_at_voxel_offset=True, mesh_metadata={"uniform_draco_grid_size": 21})
    )
    for axis, begin in enumerate((211080, 242464, 594000)):
        assert chunks.begins(axis, np.array([0])).tolist() == [begin // 21 * 21]


def test_chunks_are_measured_in_voxels_of_the_scale_that_the_graph_is_of():
    graph = {**info()["graph"], "cv_mip": 1}
    scales = [*info()["scales"], {"resolution": [16, 16, 40]}]
    assert Chunks.from_info(info(graph=graph, scales=scales)).size_nm.tolist() == [
        4096,
        4096,
        20480,
    ]


def test_places_around_go_beyond_both_ends():
    chunks = Chunks.from_info(info())
    assert chunks.places_around(0, 100.0, 5000.0).tolist() == [-1, 0, 1, 2, 3, 4]


@pytest.mark.parametrize("without", ["graph", "scales"])
def test_a_segmentation_without_chunks_is_refused(without):
    flat = {key: value for key, value in info().items() if key != without}
    with pytest.raises(AnswerError, match=f"info of the segmentation has no '{without}'"):
        Chunks.from_info(flat)
