import copy
import itertools
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossify import Link
from ossify.errors import LinkError
from ossify.links import Linkage, LinkTable
from ossify.topology.selection import Selection
from ossify.vertex_ids import VertexIds

BIG = 2**53 + 1
SOURCE = VertexIds([7, 5, 6])
TARGET = VertexIds([BIG - 1, BIG, BIG + 1])


def resolved(link, source=SOURCE, target=TARGET, column=None):
    return link.resolve("a → b", source, target, lambda name: column[name]).rows.tolist()


CARRIERS = {
    "list": lambda ids: ids,
    "uint64": lambda ids: np.array(ids, np.uint64),
    "nullable": lambda ids: pd.array(ids, dtype="Int64"),
    "objects": lambda ids: np.array(ids, object),
    "Series by source id": lambda ids: pd.Series(ids[::-1], index=[6, 5, 7]),
    "nullable Series by source id": lambda ids: pd.Series(
        ids[::-1], index=pd.Index([6, 5, 7], dtype="UInt64"), dtype="Int64"
    ),
    "dict by source id": lambda ids: dict(zip([6, 5, 7], ids[::-1], strict=True)),
}


class TestLink:
    @pytest.mark.parametrize("carry", CARRIERS.values(), ids=CARRIERS.keys())
    def test_target_ids_are_exact(self, carry):
        assert resolved(Link(carry([BIG, BIG + 1, BIG]), target="b")) == [1, 2, 1]

    @pytest.mark.parametrize(
        "gaps",
        [
            [BIG, -1, BIG],
            [BIG, None, BIG],
            [BIG, np.nan, BIG],
            pd.array([BIG, None, BIG], dtype="Int64"),
            {7: BIG, 6: BIG},
            {7: BIG, 5: None, 6: BIG},
            pd.Series([BIG, BIG], index=[6, 7]),
        ],
    )
    def test_gaps_and_source_ids_left_out_map_to_nothing(self, gaps):
        assert resolved(Link(gaps, target="b")) == [1, -1, 1]

    def test_minus_one_among_rows_maps_to_nothing_and_not_to_the_last_vertex(self):
        link = Link([0, 2, -1], target="b", map_value_is_index=False)
        assert resolved(link) == [0, 2, -1]

    def test_a_name_means_a_feature_of_the_source(self):
        column = {"l2_id": pd.array([BIG, None, BIG + 1], dtype="Int64")}
        assert resolved(Link("l2_id", target="b"), column=column) == [1, -1, 2]

    def test_it_needs_a_source_or_a_target(self):
        with pytest.raises(ValueError, match=r"needs the name of its source or of its target"):
            Link([1, 2])

    @pytest.mark.parametrize("wrong", [[1.9, 2.2], [2.0**53], np.array([2**63 + 5], np.uint64)])
    def test_values_that_are_no_ids_are_refused(self, wrong):
        with pytest.raises(LinkError, match=r"^link: "):
            Link(wrong, target="b")

    def test_words_are_no_ids(self):
        with pytest.raises(TypeError, match=r"link must be integers, not"):
            Link(["a", "b"], target="b")

    def test_a_source_id_mapped_twice_is_refused(self):
        with pytest.raises(LinkError, match=r"source id 7 is mapped more than once"):
            Link(pd.Series([1, 2], index=[7, 7]), target="b")

    def test_ids_that_the_target_does_not_have_are_counted_and_one_shown(self):
        with pytest.raises(LinkError, match=r"link a → b: 2 of 3 vertices point at ids that the"):
            resolved(Link([BIG, 999, 998], target="b"))
        with pytest.raises(LinkError, match=r"the first is 999; −1 stands for a vertex that map"):
            resolved(Link([BIG, 999, 998], target="b"))

    def test_rows_outside_the_target_are_counted_and_one_shown(self):
        with pytest.raises(LinkError, match=r"1 of 3 vertices point at rows .* the first is 3"):
            resolved(Link([0, 1, 3], target="b", map_value_is_index=False))

    def test_there_is_a_value_for_every_source_vertex(self):
        with pytest.raises(LinkError, match=r"2 values for 3 vertices of the source; give one p"):
            resolved(Link([BIG, BIG], target="b"))

    def test_keys_are_source_ids(self):
        with pytest.raises(LinkError, match=r"keys of the mapping: .* ids are not among .* is 4"):
            resolved(Link({4: BIG}, target="b"))

    def test_it_does_not_change_with_what_it_was_made_of_and_can_be_used_again(self):
        values = np.array([BIG, BIG, BIG])
        link = Link(values, target="b")
        values[:] = 0
        assert resolved(link) == [1, 1, 1]
        assert resolved(link, target=VertexIds([BIG])) == [0, 0, 0]
        assert (link.source, link.target) == (None, "b")

    def test_it_copies_and_pickles(self):
        for link in (Link([BIG] * 3, target="b"), Link({5: BIG}, target="b")):
            expected = resolved(link)
            assert resolved(copy.deepcopy(link)) == expected
            assert resolved(pickle.loads(pickle.dumps(link))) == expected

    def test_it_joins_its_owner_to_another(self):
        assert Link([1], target="b").between("a") == ("a", "b")
        assert Link([1], source="b").between("a") == ("b", "a")
        assert Link([1], source="b", target="a").between("a") == ("b", "a")
        with pytest.raises(LinkError, match=r"from 'a' to itself"):
            Link([1], target="a").between("a")
        with pytest.raises(LinkError, match=r"given with 'c', which is neither of the two"):
            Link([1], source="a", target="b").between("c")

    def test_mapping_to_index_gives_target_ids(self):
        nodes = pd.DataFrame({"l2": [BIG, -1]}, index=[BIG, BIG + 1])
        assert Link([BIG, -1], target="b").mapping_to_index(nodes).tolist() == [BIG, -1]
        by_row = Link([1, -1], target="b", map_value_is_index=False)
        assert by_row.mapping_to_index(nodes).tolist() == [BIG + 1, -1]
        assert Link("l2", target="b").mapping_to_index(nodes).tolist() == [BIG, -1]

    def test_the_arguments_stand_in_the_order_of_the_published_one(self):
        link = Link([0], "a", "b", False)
        assert (link.source, link.target, link.map_value_is_index) == ("a", "b", False)


def table(rows, n_target):
    return LinkTable(np.array(rows, np.int64), n_target)


@st.composite
def linkages(draw):
    """Layers a, b, c … of a few vertices, and links that join some of them, without circles."""
    sizes = draw(st.lists(st.integers(0, 5), min_size=2, max_size=5))
    names = "abcde"[: len(sizes)]
    linkage = Linkage()
    for place in range(1, len(names)):
        if draw(st.booleans()) or draw(st.booleans()):
            other = draw(st.integers(0, place - 1))
            source, target = draw(st.permutations([place, other]))
            rows = draw(
                st.lists(
                    st.integers(-1, sizes[target] - 1),
                    min_size=sizes[source],
                    max_size=sizes[source],
                )
            )
            linkage = linkage.add(names[source], names[target], table(rows, sizes[target]))
    return dict(zip(names, sizes, strict=True)), linkage


def related(linkage, source, target, row):
    """Every target row that a row leads to, link by link."""
    rows, widened = [row], False
    for step in linkage.route(source, target):
        links = step.table.rows.tolist()
        if step.forward:
            rows = [links[r] for r in rows if links[r] >= 0]
            rows = sorted(set(rows)) if widened else rows
        else:
            rows = [s for r in rows for s, t in enumerate(links) if t == r]
            widened = True
    return rows


class TestLinkageFollowsLinks:
    @given(linkages())
    def test_pairs_images_and_first_targets_are_what_following_each_link_gives(self, drawn):
        sizes, linkage = drawn
        for source, target in itertools.permutations(sizes, 2):
            if not linkage.is_linked(source, target):
                with pytest.raises(
                    LinkError, match=rf"no link leads from '{source}' to '{target}'"
                ):
                    linkage.route(source, target)
                continue
            everything = np.arange(sizes[source])
            expected = [related(linkage, source, target, row) for row in everything]
            places, rows = linkage.pairs(source, target, everything)
            found = [rows[places == place].tolist() for place in everything]
            assert found == expected
            first, several = linkage.first_targets(source, target, everything)
            assert first.tolist() == [each[0] if each else -1 for each in expected]
            assert several.tolist() == [len(each) > 1 for each in expected]
            assert linkage.is_mapped(source, target).tolist() == [bool(each) for each in expected]
            keep = everything % 2 == 0
            image = linkage.image(source, target, keep)
            reached = set().union(*(each for row, each in enumerate(expected) if keep[row]))
            assert np.flatnonzero(image).tolist() == sorted(reached)

    @given(linkages(), st.data())
    def test_a_mask_keeps_what_leads_to_a_kept_vertex(self, drawn, data):
        sizes, linkage = drawn
        name = data.draw(st.sampled_from(sorted(sizes)))
        keep = np.array(data.draw(st.lists(st.booleans(), min_size=5, max_size=5)), bool)
        keep = keep[: sizes[name]]
        dropped, n_unmapped = linkage.spread(name, keep, "drop")
        kept, _ = linkage.spread(name, keep, "keep")
        assert set(dropped) == {name, *linkage.ways_from(name)}
        for other in linkage.ways_from(name):
            leads_to = [related(linkage, other, name, row) for row in range(sizes[other])]
            expected = [any(keep[row] for row in rows) for rows in leads_to]
            assert dropped[other].tolist() == expected
            unmapped = [not rows for rows in leads_to]
            assert n_unmapped[other] == sum(unmapped)
            here, step = linkage.ways_from(name)[other]
            one_link = step.table.preimage if not step.forward else step.table.image
            expected = np.logical_or(one_link(kept[here]), unmapped)
            assert kept[other].tolist() == expected.tolist()

    @given(linkages(), st.data())
    def test_selecting_twice_is_selecting_once(self, drawn, data):
        sizes, linkage = drawn
        draw_mask = lambda n: np.array(  # noqa: E731
            data.draw(st.lists(st.booleans(), min_size=n, max_size=n)), bool
        )
        once = {name: draw_mask(size) for name, size in sizes.items()}
        again = {name: draw_mask(int(keep.sum())) for name, keep in once.items()}
        both = {name: keep.copy() for name, keep in once.items()}
        for name, keep in both.items():
            keep[keep] = again[name]
        first = linkage.select({name: Selection(keep) for name, keep in once.items()})
        twice = first.select({name: Selection(keep) for name, keep in again.items()})
        direct = linkage.select({name: Selection(keep) for name, keep in both.items()})
        for pair, made in direct.tables.items():
            assert twice.tables[pair].rows.tolist() == made.rows.tolist()
            assert twice.tables[pair].n_target == made.n_target


class TestLinkage:
    def test_two_layers_are_linked_once(self):
        linkage = Linkage().add("a", "b", table([0], 1))
        for pair in (("a", "b"), ("b", "a")):
            with pytest.raises(LinkError, match=r"are linked already"):
                linkage.add(*pair, table([0], 1))

    def test_the_fewest_links_are_followed(self):
        linkage = Linkage().add("a", "b", table([0], 2)).add("b", "c", table([0, 1], 2))
        assert len(linkage.route("a", "c")) == 2
        shorter = linkage.add("a", "c", table([1], 2))
        assert len(shorter.route("a", "c")) == 1
        assert shorter.first_targets("a", "c", np.array([0]))[0].tolist() == [1]

    def test_dropping_a_layer_drops_its_links(self):
        linkage = Linkage().add("a", "b", table([0], 1)).add("b", "c", table([0], 1))
        assert list(linkage.drop("a").tables) == [("b", "c")]
        assert list(linkage.tables) == [("a", "b"), ("b", "c")]

    def test_coverage_is_the_share_that_maps(self):
        half = table([0, -1], 4)
        assert (half.coverage, half.inverse_coverage) == (0.5, 0.25)
        nothing = table([], 0)
        assert (nothing.coverage, nothing.inverse_coverage) == (1.0, 1.0)

    def test_it_pickles_and_is_its_own_copy(self):
        linkage = Linkage().add("a", "b", table([0, -1], 1))
        read = pickle.loads(pickle.dumps(linkage))
        assert read.tables["a", "b"].rows.tolist() == [0, -1]
        assert not read.tables["a", "b"].rows.flags.writeable
        assert copy.deepcopy(linkage) is linkage

    def test_tables_are_read_only(self):
        made = table([0, 1], 2)
        with pytest.raises(ValueError, match=r"read-only"):
            made.rows[0] = 1
