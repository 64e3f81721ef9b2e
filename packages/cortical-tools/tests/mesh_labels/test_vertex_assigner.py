"""Every vertex gets the level-2 id that it belongs to, or none."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cortical_tools.errors import IdError
from cortical_tools.local.world.plan import chunks as minnie_chunks
from cortical_tools.local.world.tubes import tube_mesh
from cortical_tools.mesh_labels import Method, VertexAssigner

ROOT = 864691135639806263


@pytest.fixture
def assigner(chunks):
    """An assigner for a mesh, level-2 ids by their points."""

    def make(mesh, points_of):
        ids = list(points_of)
        points = [points_of[one] for one in ids]
        return VertexAssigner(ROOT, *mesh, ids, points, chunks)

    return make


# One id in a chunk


def test_the_only_id_of_a_chunk_has_its_vertices(assigner, box, l2_id):
    one = l2_id((0, 0, 0))
    found = assigner(box([100, 100, 100], [400, 400, 400]), {one: [250, 250, 250]})
    assert found.mesh_label.dtype == np.int64
    assert set(found.mesh_label) == {one}
    assert set(found.method) == {Method.SOLO}
    assert set(found.hops) == {0}
    assert set(found.confidence) == {1}


def test_where_no_id_is_known_there_is_none(assigner, box, l2_id):
    #  chunk 0 |  chunk 1  | chunk 2
    #      ----------------------
    mesh = box([550, 400, 400], [2450, 600, 600], step=90)
    first, last = l2_id((0, 0, 0)), l2_id((2, 0, 0))
    found = assigner(mesh, {first: [700, 500, 500], last: [2200, 500, 500]})
    x = mesh[0][:, 0]
    known = np.where(x < 1000, first, np.where(x < 2000, 0, last))
    assert found.mesh_label.tolist() == known.tolist()
    unknown = known == 0
    assert set(found.method[unknown]) == {Method.NONE}
    assert set(found.hops[unknown]) == {-1}
    assert set(found.confidence[unknown]) == {0}
    assert set(found.mesh_label_index[unknown]) == {-1}


def test_an_id_without_a_point_has_its_chunk_if_nobody_else_is_there(assigner, box, l2_id):
    one = l2_id((0, 0, 0))
    found = assigner(box([100] * 3, [400] * 3), {one: [np.nan] * 3})
    assert set(found.mesh_label) == {one}


def test_the_main_piece_of_a_chunk_has_its_only_id_though_the_point_is_in_none(
    assigner, box, together, l2_id
):
    mesh = together(box([100, 100, 100], [400, 400, 900], 50), box([800] * 3, [850] * 3, 50))
    one = l2_id((0, 0, 0))
    found = assigner(mesh, {one: [600, 600, 100]})
    large = mesh[0][:, 0] < 500
    assert set(found.mesh_label[large]) == {one}
    assert set(found.mesh_label[~large]) == {0}
    assert found.confidence[large].tolist() == pytest.approx([large.mean()] * large.sum())


# Several in one


def two_rods(box, together):
    """Two rods side by side, through three chunks; the first is the one at smaller y."""
    return together(
        box([550, 200, 400], [2450, 400, 600], step=90),
        box([550, 600, 400], [2450, 800, 600], step=90),
    )


def test_each_rod_has_the_id_whose_point_it_encloses(assigner, box, together, l2_id):
    mesh = two_rods(box, together)
    low, high = l2_id((1, 0, 0), 1), l2_id((1, 0, 0), 2)
    points = {high: [1500, 700, 500], low: [1200, 300, 500]}
    found = assigner(mesh, points)
    x, y, _ = mesh[0].T
    middle = (x >= 1000) & (x < 2000)
    assert set(found.mesh_label[middle & (y <= 400)]) == {low}
    assert set(found.mesh_label[middle & (y >= 600)]) == {high}
    assert set(found.mesh_label[~middle]) == {0}
    assert set(found.method[middle]) == {Method.WINDING}
    assert found.confidence[middle].min() > 0.99


def test_faces_may_be_oriented_either_way(assigner, box, together, l2_id):
    points, faces = two_rods(box, together)
    ids = {l2_id((1, 0, 0), 1): [1200, 300, 500], l2_id((1, 0, 0), 2): [1500, 700, 500]}
    outwards = assigner((points, faces), ids).mesh_label
    assert assigner((points, faces[:, ::-1]), ids).mesh_label.tolist() == outwards.tolist()
    mixed = faces.copy()
    mixed[: len(faces) // 2] = mixed[: len(faces) // 2, ::-1]
    assert assigner((points, mixed), ids).mesh_label.tolist() == outwards.tolist()


@pytest.mark.parametrize("kept", [0, 1])
def test_a_rod_whose_id_is_missing_has_none(assigner, box, together, l2_id, kept):
    mesh = two_rods(box, together)
    one, point = l2_id((1, 0, 0), 1 + kept), [[1200, 300, 500], [1500, 700, 500]][kept]
    found = assigner(mesh, {one: point})
    x, y, _ = mesh[0].T
    own = (x >= 1000) & (x < 2000) & ((y > 500) == bool(kept))
    assert found.mesh_label.tolist() == np.where(own, one, 0).tolist()


def test_a_rod_that_encloses_no_point_has_no_id(assigner, box, together, l2_id):
    mesh = two_rods(box, together)
    ids = {l2_id((1, 0, 0), 1): [1200, 450, 500], l2_id((1, 0, 0), 2): [1500, 700, 500]}
    found = assigner(mesh, ids)
    y = mesh[0][:, 1]
    assert set(found.mesh_label[y <= 400]) == {0}


def test_an_id_without_a_point_has_the_only_piece_that_is_left(assigner, box, together, l2_id):
    mesh = two_rods(box, together)
    low, high = l2_id((1, 0, 0), 1), l2_id((1, 0, 0), 2)
    found = assigner(mesh, {low: [1200, 300, 500], high: [np.nan] * 3})
    x, y, _ = mesh[0].T
    middle = (x >= 1000) & (x < 2000)
    assert set(found.mesh_label[middle & (y > 500)]) == {high}
    assert set(found.method[middle & (y > 500)]) == {Method.SOLO}
    assert set(found.confidence[middle & (y > 500)]) == {0.5}
    # Of two without points nobody knows which is which.
    assert not assigner(mesh, {low: [np.nan] * 3, high: [np.nan] * 3}).mesh_label.any()


def test_a_point_outside_of_its_chunk_is_none(assigner, box, together, l2_id):
    mesh = two_rods(box, together)
    low, high = l2_id((1, 0, 0), 1), l2_id((1, 0, 0), 2)
    found = assigner(mesh, {low: [0, 0, 0], high: [1500, 700, 500]})
    assert np.isnan(found.lvl2_pts[0]).all()
    assert set(found.mesh_label) == {0, low, high}


def test_one_piece_is_not_given_to_two_ids(assigner, box, together, l2_id):
    mesh = two_rods(box, together)
    ids = {l2_id((1, 0, 0), 1): [1200, 300, 500], l2_id((1, 0, 0), 2): [1500, 300, 500]}
    found = assigner(mesh, ids)
    assert len(set(found.mesh_label)) == 2
    assert set(found.mesh_label[mesh[0][:, 1] > 500]) == {0}


def test_nested_surfaces_are_shared_so_that_most_ids_have_one(assigner, box, together, l2_id):
    # The inner box encloses both points, the outer one too.
    mesh = together(box([100] * 3, [900] * 3), box([300] * 3, [700] * 3))
    one, other = l2_id((0, 0, 0), 1), l2_id((0, 0, 0), 2)
    found = assigner(mesh, {one: [500, 500, 500], other: [200, 200, 200]})
    is_outer = np.arange(len(mesh[0])) < len(box([100] * 3, [900] * 3)[0])
    assert set(found.mesh_label[is_outer]) == {other}
    assert set(found.mesh_label[~is_outer]) == {one}


def test_a_point_behind_one_side_of_a_large_surface_is_inside(assigner, box, together, l2_id):
    # A soma from 200 to 2800: the chunk in the middle of its lower side has one wall of it, and a
    # passing rod.
    soma = box([200] * 3, [2800] * 3)
    rod = box([1100, 1100, 50], [1900, 1200, 150], 50)
    of_soma, of_rod = l2_id((1, 1, 0), 1), l2_id((1, 1, 0), 2)
    mesh = together(soma, rod)
    ids = {of_soma: [1500, 1500, 700], of_rod: [1500, 1150, 100]}
    for way in (1, -1):
        found = assigner((mesh[0], mesh[1][:, ::way]), ids)
        z, is_rod = mesh[0][:, 2], np.arange(len(mesh[0])) >= len(soma[0])
        x, y, _ = mesh[0].T
        wall = (z == 200) & (x >= 1000) & (x < 2000) & (y >= 1000) & (y < 2000)
        assert set(found.mesh_label[is_rod]) == {of_rod}
        assert set(found.mesh_label[wall]) == {of_soma}


# What floats


def with_floats(box, together, *at):
    """The two rods, and small boxes in the middle chunk, at given corners."""
    rods = two_rods(box, together)
    floats = [box(np.array(low), np.array(low) + 40, 40) for low in at]
    number = np.repeat(
        np.arange(len(at) + 1), [len(rods[0]), *(len(points) for points, _ in floats)]
    )
    return together(rods, *floats), number


@pytest.fixture
def of_rods(l2_id):
    return {l2_id((1, 0, 0), 1): [1200, 300, 500], l2_id((1, 0, 0), 2): [1500, 700, 500]}


def test_what_floats_is_part_of_what_is_close(assigner, box, together, of_rods):
    mesh, number = with_floats(box, together, [1500, 410, 500], [1300, 540, 500])
    low, high = of_rods
    found = assigner(mesh, of_rods)
    assert set(found.mesh_label[number == 1]) == {low}
    assert set(found.mesh_label[number == 2]) == {high}
    assert set(found.method[number > 0]) == {Method.PROXIMITY}
    assert set(found.hops[number > 0]) == {0}
    assert (found.confidence[number > 0] < found.confidence[number == 0].max()).all()
    assert found.confidence[number > 0].min() > 0


def test_what_floats_between_two_is_part_of_neither(assigner, box, together, of_rods):
    mesh, number = with_floats(box, together, [1500, 470, 500])
    found = assigner(mesh, of_rods)
    assert set(found.mesh_label[number == 1]) == {0}
    near = assigner(mesh, of_rods).compute_mesh_label(ratio_better=1.0)
    assert len(set(near[number == 1])) == 1


def test_what_floats_too_far_away_is_part_of_nothing(assigner, box, together, of_rods):
    mesh, number = with_floats(box, together, [1500, 300, 900])
    low, _ = of_rods
    found = assigner(mesh, of_rods)
    assert set(found.compute_mesh_label(ratio_better=0.9)[number == 1]) == {low}
    nearer = found.compute_mesh_label(max_distance=250, ratio_better=0.9)
    assert set(nearer[number == 1]) == {0}
    assert set(found.mesh_label[number == 1]) == {0}


def test_floats_hold_on_to_each_other(assigner, box, together, of_rods):
    mesh, number = with_floats(box, together, [1500, 280, 700], [1500, 280, 800], [1500, 280, 900])
    low, _ = of_rods
    labels = assigner(mesh, of_rods).compute_mesh_label(max_distance=120)
    assert set(labels[number > 0]) == {low}


def test_vertices_without_faces_are_part_of_what_is_close(assigner, box, together, of_rods):
    points, faces = two_rods(box, together)
    points = np.vstack([points, [[1500, 410, 500], [1500, 590, 500], [1500, 500, 500]]])
    low, high = of_rods
    assert assigner((points, faces), of_rods).mesh_label[-3:].tolist() == [low, high, 0]


def test_a_mesh_without_faces_goes_by_chunks(assigner, l2_id):
    points = [[100, 100, 100], [1100, 100, 100], [900, 900, 900], [2500, 0, 0]]
    ids = {l2_id((0, 0, 0)): [150, 100, 100], l2_id((1, 0, 0)): [1500, 500, 500]}
    found = assigner((points, []), ids).mesh_label
    assert found.tolist() == [*ids, next(iter(ids)), 0]


# What is looked up


@pytest.fixture
def nameless_rods(assigner, box, together, of_rods):
    """The two rods, and their ids without points; and which vertices of the middle are of each."""
    mesh = two_rods(box, together)
    x, y, _ = mesh[0].T
    middle = (x >= 1000) & (x < 2000)
    found = assigner(mesh, dict.fromkeys(of_rods, [np.nan] * 3))
    return found, middle & (y <= 400), middle & (y >= 600)


def voxels_of_rods(low, high):
    """The voxels of the two rods: `low` and `high` are what they have."""

    def look_up(points):
        x, y, z = points.T
        inside = (x >= 550) & (x < 2450) & (z >= 400) & (z < 600)
        of_low, of_high = inside & (y >= 200) & (y < 400), inside & (y >= 600) & (y < 800)
        return np.where(of_low, low, np.where(of_high, high, 0))

    return look_up


def test_what_nothing_tells_is_looked_up(nameless_rods, of_rods):
    found, is_low, is_high = nameless_rods
    low, high = of_rods
    assert not found.mesh_label.any()
    labels = found.compute_mesh_label(look_up=voxels_of_rods(low, high))
    assert set(labels[is_low]) == {low}
    assert set(labels[is_high]) == {high}
    assert set(labels[~is_low & ~is_high]) == {0}
    assert set(found.method[is_low | is_high]) == {Method.LOOKED_UP}
    assert set(found.hops[is_low]) == {0}
    assert set(found.confidence[is_low]) == {1}


def test_what_is_looked_up_but_not_given_is_nobodys(nameless_rods, of_rods):
    found, is_low, is_high = nameless_rods
    low, high = of_rods
    labels = found.compute_mesh_label(look_up=voxels_of_rods(low, high + 1))
    assert set(labels[is_low]) == {low}
    assert set(labels[is_high]) == {0}
    assert not found.compute_mesh_label(look_up=voxels_of_rods(0, 0)).any()


def test_only_some_points_around_what_is_open_are_looked_up(nameless_rods, of_rods, chunks):
    found, is_low, is_high = nameless_rods
    asked = []
    look_up = voxels_of_rods(*of_rods)
    found.compute_mesh_label(look_up=lambda points: asked.append(points) or look_up(points))
    (points,) = asked
    assert len(points) <= 2 * 4 * 13
    at = found.vertices[is_low | is_high]
    low, high = at.min(axis=0) - 3 * chunks.resolution, at.max(axis=0) + 3 * chunks.resolution
    assert ((points >= low) & (points <= high)).all()
    assert ((points[:, 0] >= 1000) & (points[:, 0] < 2000)).all()


def test_what_is_looked_up_may_be_any_integers_but_one_for_each_point(nameless_rods, of_rods):
    found, is_low, _ = nameless_rods
    low, _ = of_rods
    look_up = voxels_of_rods(*of_rods)
    for form in (list, lambda ids: ids.astype(np.uint64), pd.Series):
        labels = found.compute_mesh_label(look_up=lambda points, form=form: form(look_up(points)))
        assert set(labels[is_low]) == {low}
    with pytest.raises(ValueError, match=r"look_up: expected an id for each of \d+ points"):
        found.compute_mesh_label(look_up=lambda points: look_up(points)[:-1])
    with pytest.raises(IdError, match=r"look_up: .* a float has not enough digits"):
        found.compute_mesh_label(look_up=lambda points: look_up(points).astype(float))


def test_nothing_is_looked_up_where_all_is_known(assigner, box, l2_id):
    found = assigner(box([100] * 3, [400] * 3), {l2_id((0, 0, 0)): [250] * 3})
    assert found.compute_mesh_label(look_up=None).all()

    def never(points):
        raise AssertionError(points)

    assert found.compute_mesh_label(look_up=never).all()


# What is along the mesh


def test_what_rounding_put_over_the_border_has_its_neighbours_id(make_chunks, box, together, l2_id):
    # A rod ends 5 nm behind the border, where another one begins at some distance.
    mesh = together(
        box([550, 200, 400], [1005, 400, 600], 65), box([1100, 600, 400], [1900, 800, 600])
    )
    ids = [l2_id((0, 0, 0)), l2_id((1, 0, 0))]
    points = [[700, 300, 500], [1500, 700, 500]]
    over = mesh[0][:, 0] == 1005
    found = VertexAssigner(ROOT, *mesh, ids, points, make_chunks(grid=10))
    assert set(found.mesh_label[over]) == {ids[0]}
    assert set(found.method[over]) == {Method.PROPAGATED}
    assert found.hops[over].min() == 1
    np.testing.assert_allclose(found.confidence[over], 1 / (1 + found.hops[over]), rtol=1e-6)
    assert set(found.compute_mesh_label(hop_limit=0)[over]) == {0}
    exact = VertexAssigner(ROOT, *mesh, ids, points, make_chunks())
    assert set(exact.mesh_label[over]) == {0}


def line(n):
    """A strip of triangles along x, a vertex every 100 nm: hops are differences of numbers."""
    points = np.column_stack([50.0 + 100 * np.arange(n), np.zeros(n), np.zeros(n)])
    first = np.arange(n - 1)
    return points, np.column_stack([first, first + 1, first + 1])


def test_gaps_are_filled_on_request_from_the_nearest_along_the_mesh(assigner, l2_id):
    first, last = l2_id((0, 0, 0)), l2_id((3, 0, 0))
    found = assigner(line(40), {first: [500, 0, 0], last: [3500, 0, 0]})
    assert found.mesh_label.tolist() == [first] * 10 + [0] * 20 + [last] * 10
    filled = found.compute_mesh_label(fill_unknown=True)
    assert filled.tolist() == [first] * 20 + [last] * 20
    away = [0] * 10 + list(range(1, 11)) + list(range(10, 0, -1)) + [0] * 10
    assert found.hops.tolist() == away
    assert (found.method == np.where(np.array(away), Method.PROPAGATED, Method.SOLO)).all()
    np.testing.assert_allclose(found.confidence, 1 / (1 + np.array(away)), rtol=1e-6)


def test_no_further_than_the_limit(assigner, l2_id):
    first = l2_id((0, 0, 0))
    found = assigner(line(80), {first: [500, 0, 0]})
    labels = found.compute_mesh_label(hop_limit=3, fill_unknown=True)
    assert labels.tolist() == [first] * 13 + [0] * 67
    assert (found.compute_mesh_label(fill_unknown=True) != 0).sum() == 60


def test_of_two_that_are_equally_near_the_first_gives(assigner, l2_id):
    first, last = l2_id((0, 0, 0)), l2_id((2, 0, 0))
    points, faces = line(29)
    points[10:20, 0] = np.linspace(1050, 1950, 10)
    points = np.delete(points, 15, axis=0)
    found = assigner((points, faces[:27]), {last: [2500, 0, 0], first: [500, 0, 0]})
    labels = found.compute_mesh_label(fill_unknown=True)
    assert labels[14] == first
    assert found.hops[14] == 5


# All kinds of input


def test_nothing_has_no_ids(assigner, l2_id):
    found = assigner(([], []), {l2_id((0, 0, 0)): [1, 1, 1]})
    for values in (found.mesh_label, found.method, found.hops, found.confidence):
        assert values.shape == (0,)


def test_an_object_without_level_2_ids_leaves_its_mesh_without(assigner, box):
    found = assigner(box([0] * 3, [100] * 3), {})
    assert not found.mesh_label.any()
    assert set(found.hops) == {-1}


def test_lists_are_as_good_as_arrays_of_any_type(chunks, box, l2_id):
    points, faces = box([100] * 3, [1800, 400, 400])
    ids = [l2_id((0, 0, 0)), l2_id((1, 0, 0))]
    inside = [[500, 250, 250], [1500, 250, 250]]
    lists = VertexAssigner(ROOT, points.tolist(), faces.tolist(), ids, inside, chunks)
    for dtype in (np.uint32, np.int32, np.uint64):
        arrays = VertexAssigner(
            str(ROOT),
            points.astype(np.float32),
            faces.astype(dtype),
            pd.Series(ids),
            np.array(inside),
            chunks,
        )
        assert arrays.mesh_label.tolist() == lists.mesh_label.tolist()
        assert arrays.root_id == ROOT
    assert set(lists.mesh_label) == set(ids)


def test_answers_are_not_changed_by_accident(assigner, box, l2_id):
    found = assigner(box([0] * 3, [100] * 3), {l2_id((0, 0, 0)): [50] * 3})
    for values in (found.mesh_label_index, found.method, found.hops, found.confidence):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 0


def test_it_says_what_it_works_on(assigner, box, l2_id):
    found = assigner(box([0] * 3, [100] * 3), {l2_id((0, 0, 0)): [50] * 3})
    assert repr(found) == f"VertexAssigner({ROOT}, 8 vertices, 12 faces, 1 level-2 ids)"
    assert found.chunk_dims.tolist() == [1000] * 3
    assert found.draco_size == 0


def test_the_chunks_of_ids_come_as_a_table(make_chunks, l2_id):
    ids = [l2_id((0, 2, 0)), l2_id((1, 0, 0), 5), l2_id((0, 2, 0), 2)]
    points = [[500, 2500, 500], [np.nan] * 3, [600, 2600, 600]]
    found = VertexAssigner(ROOT, [], [], ids, points, make_chunks(grid=30))
    frame = found.chunk_df
    assert frame.columns.tolist() == [
        "l2id",
        *("chunk_x", "chunk_y", "chunk_z"),
        *("bbox_start_x", "bbox_start_y", "bbox_start_z"),
        *("bbox_end_x", "bbox_end_y", "bbox_end_z"),
        "chunk_number",
        *("pt_x", "pt_y", "pt_z"),
    ]
    assert frame["l2id"].tolist() == ids
    assert frame["l2id"].dtype == np.int64
    assert frame["chunk_y"].tolist() == [2, 0, 2]
    assert frame["bbox_start_y"].tolist() == [1980, 0, 1980]
    assert frame["bbox_end_y"].tolist() == [3000, 990, 3000]
    assert frame["pt_x"].fillna(-1).tolist() == [500, -1, 600]
    assert found.chunk_df_solo["l2id"].tolist() == [ids[1]]
    assert found.chunk_df_multi["l2id"].tolist() == [ids[0], ids[2]]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"vertices": [[0, 0]]}, ValueError, r"vertices: expected \(V, 3\) .* not \(1, 2\)"),
        ({"vertices": [["a", "b", "c"]]}, ValueError, r"vertices: expected \(V, 3\)"),
        (
            {"vertices": [[0, 0, 0], [1, np.nan, 1], [np.inf, 0, 0]]},
            ValueError,
            r"2 of 3 are not finite, the first is vertex 1, \[1.0, nan, 1.0\]",
        ),
        ({"faces": [[0, 1]]}, ValueError, r"faces: expected \(F, 3\) integers"),
        ({"faces": [[0.0, 1.0, 2.0]]}, ValueError, "faces: .* of float64"),
        (
            {"faces": [[0, 1, 2], [0, 1, 3]]},
            ValueError,
            r"1 of 2 name vertices that are not there, the first is face 1, \[0, 1, 3\]",
        ),
        ({"faces": [[0, 1, -1]]}, ValueError, "name vertices that are not there"),
        ({"lvl2_ids": [1.5]}, IdError, "a float has not enough digits"),
        (
            {"lvl2_ids": [ROOT]},
            IdError,
            f"1 of 1 are not of layer 2, the first is {ROOT}, which is of layer 12",
        ),
        ({"lvl2_pts": [[0, 0]]}, ValueError, r"lvl2_pts: expected \(1, 3\), .* not \(1, 2\)"),
        ({"root_id": [1, 2]}, IdError, "root_id: expected one, got 2"),
    ],
)
def test_what_makes_no_sense_is_refused(chunks, l2_id, change, error, message):
    known = {
        "root_id": ROOT,
        "vertices": [[0, 0, 0], [1, 0, 0], [0, 1, 0]],
        "faces": [[0, 1, 2]],
        "lvl2_ids": [l2_id((0, 0, 0))],
        "lvl2_pts": [[0, 0, 0]],
    }
    with pytest.raises(error, match=message):
        VertexAssigner(**(known | change), chunks=chunks)


def test_ids_that_are_there_twice_are_refused(chunks, l2_id):
    one = l2_id((0, 0, 0))
    with pytest.raises(IdError, match=f"1 are there more than once, the first is {one}"):
        VertexAssigner(ROOT, [], [], [one, one], [[0] * 3] * 2, chunks)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_distance": -1}, "max_distance: expected nanometres, 0 or more, not -1"),
        ({"max_distance": np.nan}, "max_distance"),
        ({"ratio_better": 0}, "ratio_better: expected more than 0 and at most 1, not 0"),
        ({"ratio_better": 1.5}, "ratio_better"),
        ({"hop_limit": -1}, "hop_limit: expected a number of edges, 0 or more, not -1"),
        ({"hop_limit": 1.5}, "hop_limit"),
    ],
)
def test_options_that_make_no_sense_are_refused(assigner, box, l2_id, options, message):
    found = assigner(box([0] * 3, [100] * 3), {l2_id((0, 0, 0)): [50] * 3})
    with pytest.raises(ValueError, match=message):
        found.compute_mesh_label(**options)


# Meshes with known answers


@pytest.fixture(scope="module")
def tubes():
    return tube_mesh(minnie_chunks(), 60_000, seed=2, twins=0.8)


def shares(mesh, faces=None, kept=None, **options):
    """The shares of right and of false answers, and of false ones where the id is missing."""
    kept = np.ones(len(mesh.l2_ids), dtype=bool) if kept is None else kept
    found = VertexAssigner(
        ROOT,
        mesh.vertices,
        mesh.faces if faces is None else faces,
        mesh.l2_ids[kept],
        mesh.l2_points[kept],
        minnie_chunks(),
    ).compute_mesh_label(**options)
    is_known, true = kept[mesh.truth], mesh.l2_ids[mesh.truth]
    false = (found != true) & (found != 0)
    there = false[~is_known].mean() if not is_known.all() else 0
    return (found == true)[is_known].mean(), false.mean(), there


def chunks_of(mesh):
    return minnie_chunks().place(mesh.l2_ids, 2) @ [1 << 40, 1 << 20, 1]


def test_tubes_that_are_known_are_found(tubes):
    chunk = chunks_of(tubes)
    assert len(np.unique(chunk)) < 0.8 * len(chunk)
    right, false, _ = shares(tubes)
    assert right > 0.999
    assert false < 0.001


def test_tubes_are_found_with_all_faces_flipped(tubes):
    right, false, _ = shares(tubes, faces=tubes.faces[:, ::-1])
    assert right > 0.999
    assert false < 0.001


def test_where_whole_chunks_are_missing_there_is_nothing(tubes):
    chunk = chunks_of(tubes)
    rng = np.random.default_rng(0)
    gone = rng.choice(np.unique(chunk), len(np.unique(chunk)) // 5, replace=False)
    right, _, there = shares(tubes, kept=~np.isin(chunk, gone))
    assert right > 0.999
    assert there == 0


def places_and_depths(mesh):
    """The chunk of each vertex, and how far it is from where that begins or ends."""
    chunks = minnie_chunks()
    place = chunks.place(mesh.l2_ids, 2)[mesh.truth]
    low, high = (
        np.column_stack([chunks.begins(axis, place[:, axis] + more) for axis in range(3)])
        for more in (0, 1)
    )
    return place @ [1 << 40, 1 << 20, 1], np.minimum(mesh.vertices - low, high - mesh.vertices).min(
        axis=1
    )


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.01, 0.99), between=st.integers(400, 1500))
def test_no_vertex_of_a_chunk_that_is_missing_has_an_id(seed, share, between):
    mesh = tube_mesh(minnie_chunks(), 5_000, seed=seed, twins=0.8, between=between)
    chunk, depth = places_and_depths(mesh)
    distinct = np.unique(chunk)
    gone = distinct[np.random.default_rng(seed).random(len(distinct)) < share]
    missing = np.isin(chunk, gone)
    # Chunks that are only touched cannot be told from those in which nothing is.
    assume((depth[missing] > minnie_chunks().grid).any())
    kept = ~np.isin(chunks_of(mesh), gone)
    found = VertexAssigner(
        ROOT, mesh.vertices, mesh.faces, mesh.l2_ids[kept], mesh.l2_points[kept], minnie_chunks()
    )
    assert not found.mesh_label[missing].any()
    assert set(found.method[missing]) == {Method.NONE}


def test_where_one_of_several_is_missing_nearly_nothing_is_false(tubes):
    chunk, rng = chunks_of(tubes), np.random.default_rng(0)
    distinct, counts = np.unique(chunk, return_counts=True)
    gone = [rng.choice(np.flatnonzero(chunk == one)) for one in distinct[counts > 1]]
    right, false, _ = shares(tubes, kept=~np.isin(np.arange(len(chunk)), gone))
    assert right > 0.999
    assert false < 0.02


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_order_of_a_mesh_does_not_matter(small_tubes, seed):
    rng = np.random.default_rng(seed)
    chunks, mesh, straight = small_tubes
    order = rng.permutation(len(mesh.vertices))
    rank = np.argsort(order)
    faces = rng.permutation(rank[mesh.faces])
    faces = np.take_along_axis(faces, (rng.integers(3, size=(len(faces), 1)) + range(3)) % 3, 1)
    rows = rng.permutation(len(mesh.l2_ids))
    found = VertexAssigner(
        ROOT, mesh.vertices[order], faces, mesh.l2_ids[rows], mesh.l2_points[rows], chunks
    )
    assert found.mesh_label.tolist() == straight[order].tolist()


@pytest.fixture(scope="module")
def small_tubes():
    chunks = minnie_chunks()
    mesh = tube_mesh(chunks, 3_000, seed=5, twins=1.0)
    found = VertexAssigner(ROOT, mesh.vertices, mesh.faces, mesh.l2_ids, mesh.l2_points, chunks)
    return chunks, mesh, found.mesh_label
