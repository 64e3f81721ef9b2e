import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify.errors import LinkError, MaskError, UnknownLayerError, UnknownVertexError
from ossify.testing import assert_cells_equal, assert_layers_equal

NAMES = ["skeleton", "graph", "mesh", "far", "syn"]


def members(cell):
    return {layer.name: layer for layer in [*cell.layers, *cell.annotations]}


def ids(cell):
    return {name: layer.vertex_index.tolist() for name, layer in members(cell).items()}


# The cell is drawn in conftest.


def test_a_mask_follows_links_through_all_layers_and_annotations(cell):
    masked = cell.apply_mask("skeleton", [12, 11])
    assert ids(masked) == {
        "skeleton": [11, 12],
        "graph": [70, 71],
        "mesh": [0],
        "far": [1, 2],
        "syn": [5, 6, 7],
    }
    assert masked.graph.edges.tolist() == [[70, 71]]
    assert masked.mesh.faces.tolist() == []
    assert masked.annotations.syn.map_index_to_layer("skeleton").tolist() == [12, 12, 12]
    assert ids(cell)["skeleton"] == [10, 11, 12, 13]


def test_an_annotation_can_be_masked_too(cell):
    """W49"""
    masked = cell.apply_mask("syn", [8])
    assert ids(masked) == {
        "skeleton": [13],
        "graph": [72],
        "mesh": [1, 2],
        "far": [1, 2],
        "syn": [8],
    }


def test_layers_without_a_link_stay_whole(cell):
    """W44"""
    masked = cell.apply_mask("skeleton", [10])
    assert masked.layers.far.n_vertices == 2
    assert cell.apply_mask("far", [1]).skeleton.n_vertices == 4
    assert cell.layers.far.apply_mask([1], self_only=True).n_vertices == 1


def test_what_maps_to_nothing_is_left_out_and_counted(cell):
    masked = cell.apply_mask("skeleton", np.ones(4, bool))
    assert ids(masked)["graph"] == [70, 71, 72]
    assert masked.left_out == {"graph": 1}
    assert cell.left_out == {}
    again = masked.apply_mask("graph", [70])
    assert again.left_out == {"graph": 1, "skeleton": 2}
    again.remove_layer("skeleton")
    assert again.left_out == {"graph": 1}
    masked.copy().remove_layer("graph")
    assert masked.left_out == {"graph": 1}


def test_what_maps_to_nothing_can_be_kept(cell):
    masked = cell.apply_mask("skeleton", [12], unmapped="keep")
    assert ids(masked)["graph"] == [70, 71, 73]
    assert masked.left_out == {}
    assert masked.graph.map_index_to_layer("skeleton", missing=-1).tolist() == [12, 12, -1]
    assert cell.skeleton.apply_mask([12], unmapped="keep")._siblings["graph"].n_vertices == 3


def test_unmapped_is_drop_or_keep(cell):
    with pytest.raises(ValueError, match=r"unmapped must be 'drop' or 'keep', not 'all'"):
        cell.apply_mask("skeleton", [12], unmapped="all")


def test_a_masked_root_leaves_distances_as_they_were(cell):
    masked = cell.apply_mask("skeleton", cell.skeleton.get_feature("compartment") != 1)
    assert masked.skeleton.root is None
    assert masked.skeleton.roots.tolist() == [11]
    assert masked.skeleton.distance_to_root(12) == 3
    assert masked.annotations.syn.distance_to_root().tolist() == [3, 3, 3, 4]


def test_masks_keep_the_name_the_meta_the_units_and_the_space(cell):
    masked = cell.apply_mask("skeleton", [12])
    assert (masked.name, masked.units, masked.space) == (cell.name, "nm", "atlas")
    masked.meta["more"] = 1
    assert cell.meta == {"source": "drawn"}


def test_a_masked_layer_is_linked_to_its_masked_siblings(cell):
    graph = cell.graph.apply_mask([70, 72])
    assert type(graph) is type(cell.graph)
    assert graph.n_vertices == 2
    assert graph.map_index_to_layer("skeleton").tolist() == [12, 13]
    assert graph.map_index_to_layer("syn").tolist() == [5, 8]
    with cell.graph.mask_context([71]) as masked:
        assert masked.map_region_to_layer("syn").tolist() == [6, 7]
    alone = cell.graph.apply_mask([70], self_only=True)
    with pytest.raises(UnknownLayerError, match=r"'skeleton'; there is 'graph'"):
        alone.map_index_to_layer("skeleton")


def test_a_context_gives_the_masked_cell(cell):
    with cell.mask_context("skeleton", [12]) as masked:
        assert masked.skeleton.n_vertices == 1
    with cell.mask_context("skeleton", [0], as_positional=True) as masked:
        assert masked.skeleton.vertex_index.tolist() == [10]
    assert cell.skeleton.n_vertices == 4


def test_masking_everything_away_leaves_a_cell(cell):
    empty = cell.apply_mask("skeleton", np.zeros(4, bool))
    assert ids(empty) == {"skeleton": [], "graph": [], "mesh": [], "far": [1, 2], "syn": []}
    assert empty.annotations.syn.features.dtypes.equals(cell.annotations.syn.features.dtypes)
    assert_cells_equal(empty.apply_mask("skeleton", []), empty)


def test_a_wrong_mask_is_refused(cell):
    with pytest.raises(MaskError, match=r"layer 'skeleton': a boolean mask of length 3 for 4 ve"):
        cell.apply_mask("skeleton", [True, True, False])
    with pytest.raises(UnknownVertexError, match=r"1 of 2 ids are not among .* the first is 99"):
        cell.apply_mask("skeleton", [12, 99])
    for builtin in (KeyError, ValueError):
        with pytest.raises(builtin, match=r"there is no layer or annotation 'soma'; there is 's"):
            cell.apply_mask("soma", [12])


def masks_of(data, layer):
    n = layer.n_vertices
    return np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)), bool)


@given(st.data())
def test_a_mask_of_a_mask_is_one_mask(cells, data):
    cell = data.draw(cells)
    name = data.draw(st.sampled_from(sorted(members(cell))))
    first = masks_of(data, members(cell)[name])
    second = masks_of(data, members(cell.apply_mask(name, first))[name])
    both = first.copy()
    both[first] = second
    for unmapped in ("drop", "keep"):
        twice = cell.apply_mask(name, first, unmapped=unmapped)
        twice = twice.apply_mask(name, second, unmapped=unmapped)
        once = cell.apply_mask(name, both, unmapped=unmapped)
        for other, layer in members(once).items():
            if unmapped == "drop":
                assert_layers_equal(members(twice)[other], layer)
            else:
                # What was linked to a vertex that is gone maps to nothing the second time.
                assert set(layer.vertex_index) <= set(members(twice)[other].vertex_index)


@given(st.data())
def test_masking_then_mapping_is_mapping_then_masking(cells, data):
    cell = data.draw(cells)
    name = data.draw(st.sampled_from(sorted(members(cell))))
    masked = cell.apply_mask(name, masks_of(data, members(cell)[name]))
    for source, layer in members(masked).items():
        kept = set(layer.vertex_index.tolist())
        for target, other in members(masked).items():
            whole = members(cell)[source]
            if not cell.linkage.is_linked(source, target) or name not in (source, target):
                continue
            there = set(other.vertex_index.tolist())
            before = {
                key: [t for t in found.tolist() if t in there]
                for key, found in whole.map_index_to_layer_region(target).items()
                if key in kept
            }
            after = layer.map_index_to_layer_region(target)
            assert {key: found.tolist() for key, found in after.items()} == {
                key: found for key, found in before.items() if found
            }


@given(st.data())
def test_masking_and_moving_go_in_either_order(cells, data):
    cell = data.draw(cells)
    name = data.draw(st.sampled_from(sorted(members(cell))))
    mask = masks_of(data, members(cell)[name])
    move = lambda xyz: xyz * 2 + 1  # noqa: E731
    left = cell.apply_mask(name, mask).transform(move, units="um", space="s")
    right = cell.transform(move, units="um", space="s").apply_mask(name, mask)
    assert_cells_equal(left, right)


@given(st.data())
def test_a_cell_of_a_layer_s_mask_has_that_layer(cells, data):
    cell = data.draw(cells)
    name = data.draw(st.sampled_from(sorted(members(cell))))
    mask = masks_of(data, members(cell)[name])
    layer = members(cell)[name].apply_mask(mask)
    masked = cell.apply_mask(name, mask)
    assert_layers_equal(layer, members(masked)[name])
    for other in members(masked):
        try:
            expected = members(masked)[name].map_region_to_layer(other)
        except LinkError:
            continue
        assert layer.map_region_to_layer(other).tolist() == expected.tolist()
