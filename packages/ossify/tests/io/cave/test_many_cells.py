"""Many cells from the answers of CAVE."""

from __future__ import annotations

import operator
import threading
import time
import warnings

import numpy as np
import pandas as pd
import pytest

import ossify
from ossify.errors import CaveDataError, CaveDataWarning, IncompleteAnswerError
from ossify.io.cave.work import ask_side_by_side, portions
from ossify.testing import assert_cells_equal


def load(cave, roots, **kwargs):
    return ossify.load_cell_batch_from_client(roots, cave, **kwargs)


@pytest.mark.parametrize("synapses", [False, True])
def test_many_are_as_one_by_one(cave, synapses):
    roots = list(cave.roots)
    cells = load(cave, roots[::-1], synapses=synapses, restore_graph=True)
    assert list(cells) == roots[::-1]
    for root in roots:
        alone = ossify.load_cell_from_client(
            root, cave, synapses=synapses, restore_graph=True, timestamp=cave.before
        )
        assert_cells_equal(cells[root], alone)


def test_what_one_cell_lacks_does_not_change_the_others(cave):
    first, second, _ = cave.roots
    del cave.roots[first].level2[cave.roots[first].skeleton["lvl2_ids"][0]]
    ids = cave.synapses.loc[cave.synapses["pre_pt_root_id"] == second, "id"].to_numpy()
    cave.tables["tags"] = pd.DataFrame({"id": ids, "target_id": ids, "number": ids})
    with pytest.warns(CaveDataWarning):
        cells = load(cave, cave.roots, synapses=True, reference_tables={"pre": "tags"})
    assert cells[first].graph.get_feature("size_nm3").dtype == np.float64
    assert cells[second].graph.get_feature("size_nm3").dtype == np.int64
    assert cells[first].annotations.pre_syn.nodes["number"].dtype == "Int64"
    assert cells[second].annotations.pre_syn.nodes["number"].dtype == np.int64


def test_many_are_fewer_requests_than_one_by_one(cave):
    roots = list(cave.roots)
    load(cave, roots, synapses=True)
    together = len(cave.asked)
    cave.asked.clear()
    for root in roots:
        ossify.load_cell_from_client(root, cave, synapses=True, timestamp=cave.before)
    # Skeletons, validity, level-2 attributes, and on both sides the synapses and their level-2 ids.
    assert (together, len(cave.asked)) == (7, 7 * len(roots))


def test_the_time_is_that_of_the_materialization_or_the_given_one(cave, root):
    assert load(cave, [root])[root].meta["timestamp"] == cave.before
    assert load(cave, [root], timestamp=cave.now)[root].meta["timestamp"] == cave.now


def test_each_root_is_loaded_once(cave, root):
    assert list(load(cave, [root, root])) == [root]


def test_no_roots_are_no_cells_and_no_requests(cave):
    assert load(cave, [], synapses=True) == {}
    assert ossify.fetch_frames_batch([], cave) == {}
    assert cave.asked == []


@pytest.mark.parametrize("roots", [864691135639806263, "864691135639806263"])
def test_a_single_root_is_not_taken_for_many(cave, roots):
    with pytest.raises(TypeError, match="root_ids must be several"):
        load(cave, roots)


def test_root_ids_that_are_floats_are_an_error(cave):
    with pytest.raises(ValueError, match="root_ids"):
        load(cave, np.array([864691135639806263.0]))


def test_roots_that_are_not_valid_are_an_error_or_left_out_with_a_warning(cave):
    first, second, third = cave.roots
    cave.roots[second].first = cave.now
    with pytest.raises(ValueError, match=rf"1 of 3 roots are not valid at 2024.*{second}"):
        load(cave, cave.roots)
    with pytest.warns(CaveDataWarning, match=str(second)):
        assert list(load(cave, cave.roots, skip_invalid=True)) == [first, third]


def test_roots_without_a_skeleton_are_an_error_or_left_out_with_a_warning(cave):
    first, second, third = cave.roots
    cave.roots[second].skeleton = {}
    with pytest.raises(CaveDataError, match=rf"1 of 3 roots are without a skeleton.*{second}"):
        load(cave, cave.roots)
    with pytest.warns(CaveDataWarning, match=str(second)):
        cells = load(cave, cave.roots, synapses=True, skip_invalid=True)
    assert list(cells) == [first, third]


def test_skeletons_come_from_the_server_unless_the_bucket_is_asked_for(cave, root):
    load(cave, [root])
    load(cave, [root], skeleton_download_method="gcs")
    methods = [about[1]["method"] for call, about in cave.asked if call == "fetch_skeletons"]
    assert methods == ["server", "gcs"]
    with pytest.raises(ValueError, match="'s3'"):
        load(cave, [root], skeleton_download_method="s3")


@pytest.mark.parametrize("says", [True, False], ids=["by its log", "by the count"])
def test_an_answer_that_was_cut_is_asked_for_in_halves(cave, says):
    roots = list(cave.roots)
    most = max(
        cave.synapses[f"{side}_pt_root_id"].isin([root]).sum()
        for side in ("pre", "post")
        for root in roots
    )
    whole = load(cave, roots, synapses=True)
    cave.row_cap, cave.says_that_it_caps = int(most) + 1, says
    cells = load(cave, roots, synapses=True, row_limit=0 if says else int(most) + 1)
    for root in roots:
        assert_cells_equal(cells[root], whole[root])


def test_a_single_root_whose_answer_was_cut_is_an_error(cave):
    cave.row_cap = 5
    with pytest.raises(IncompleteAnswerError):
        load(cave, cave.roots, synapses=True)


def test_reference_tables_are_joined_for_all(cave):
    roots = list(cave.roots)
    ids = cave.synapses["id"].to_numpy()
    cave.tables["tags"] = pd.DataFrame(
        {"id": np.arange(len(ids)), "target_id": ids, "tag": [f"of {i}" for i in ids]}
    )
    cave.row_cap = 30
    cells = (
        load(cave, roots, synapses=True, reference_tables=["tags"], row_limit=0) if False else None
    )
    cave.row_cap = None
    cells = load(cave, roots, synapses=True, reference_tables=["tags"])
    for cell in cells.values():
        for synapses in cell.annotations:
            expected = [f"of {i}" for i in synapses.vertex_index]
            assert synapses.nodes["tag"].tolist() == expected


def test_frames_are_by_root_and_in_the_order_of_the_level_2_ids(cave):
    roots = list(cave.roots)
    wanted = {root: cave.roots[root].skeleton["lvl2_ids"][::-1] for root in roots}
    frames = ossify.fetch_frames_batch(roots, cave, lvl2_ids_by_root=wanted)
    for root in roots:
        assert set(frames[root]) == {"pre_syn_df", "post_syn_df", "l2_df"}
        assert frames[root]["l2_df"]["l2_id"].tolist() == wanted[root]
        assert (frames[root]["pre_syn_df"]["pre_pt_root_id"] == root).all()
        assert "post_pt_root_id" not in frames[root]["pre_syn_df"]
    frames = ossify.fetch_frames_batch(roots, cave, synapses=False)
    assert set(frames[roots[0]].values()) == {None}
    with pytest.raises(ValueError, match=str(roots[2])):
        ossify.fetch_frames_batch(roots, cave, lvl2_ids_by_root={r: [] for r in roots[:2]})


def test_answers_come_side_by_side_but_no_more_than_allowed(crowded_cave):
    at_once, most, lock, full = 0, 0, threading.Lock(), threading.Event()

    def slowly(*args, **kwargs):
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
            if most == 3:
                full.set()
        full.wait(30)
        time.sleep(0.01)
        with lock:
            at_once -= 1
        return crowded_cave.get_roots(*args, **kwargs)

    crowded_cave.chunkedgraph.get_roots = slowly
    load(crowded_cave, crowded_cave.roots, synapses=True, max_workers=3)
    assert most == 3
    with pytest.raises(ValueError, match="max_workers"):
        load(crowded_cave, [1], max_workers=0)


def test_filters_of_warnings_are_as_before_whatever_requests_do_to_them_at_once():
    #  first   [ ignores      ]
    #  second       [ ignores      ]
    both, over = threading.Barrier(2, timeout=30), threading.Event()

    def first():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            both.wait()
            both.wait()
        over.set()

    def second():
        both.wait()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            both.wait()
            over.wait(30)

    before = list(warnings.filters)
    with warnings.catch_warnings():
        ask_side_by_side(operator.call, [first, second], 2)
        assert warnings.filters == before


def test_a_bar_is_shown_only_on_a_terminal(cave, root, capsys):
    load(cave, [root], progress=True)
    assert capsys.readouterr() == ("", "")


def test_portions_hold_everything_once():
    ids = np.arange(7)
    assert [part.tolist() for part in portions(ids, 3)] == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(portions(ids[:0], 3)) == []
