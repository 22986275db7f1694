"""A figure taken apart by any one or two dimensions: exact sums, the largest apart, what is hidden stays hidden."""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from graph.rollup.breakdown import DIMENSIONS, _grouped, _Pieces, breakdown
from graph.rollup.contributions import Disclosure, contributions
from tests.rollup.chains import FRAME, PROFILE, frame, profile
from tests.rollup.rollup_book import Book
from tests.rollup.test_properties import random_book

PAIRS = [(a, b) for a in DIMENSIONS for b in DIMENSIONS if a < b]


@pytest.mark.parametrize("by", DIMENSIONS)
@given(seed=st.integers(0, 10**6))
@example(seed=500_000)
@settings(max_examples=8, deadline=None)
def test_one_dimension_is_the_contributions(by, seed):
    snapshot, rolled = random_book(seed).rolled()
    for lot in list(snapshot.lots)[-4:]:
        expected = {str(k): e for k, e in getattr(contributions(snapshot, rolled, lot), f"by_{by}").items()}
        found = {part.names[0]: part.emissions for part in breakdown(snapshot, rolled, lot, (by,))}
        size = rolled.chosen[snapshot.lots[lot], 3]
        # What rounding leaves of what is nothing may be listed by one and not by the other.
        for name in found.keys() | {k for k, e in expected.items() if abs(e.total) > 1e-9 * size}:
            for scope in ("direct", "indirect", "undivided"):
                assert getattr(found[name], scope) == pytest.approx(getattr(expected[name], scope), abs=1e-9 * size)


@pytest.mark.parametrize("other", ["urn:a|A", "urn:a|Z"])
def test_a_process_is_of_the_material_that_has_most_of_its_burden(other):
    """Who asks what a figure rests on is not told the name of a by-product."""
    book = Book()
    book.product("urn:a|M", material="profile")
    book.product(other, material="dross")
    book.process("urn:a|T")
    book.emits(10.0)
    book.makes(1.0, other, "w", allocation="explicit", allocation_value=0.1)
    book.makes(1.0, "urn:a|M", allocation="explicit", allocation_value=0.9)
    book.lot("urn:a|l", "urn:a|T")
    assert [part.names for part in breakdown(*book.rolled(), "urn:a|l", ("material",))] == [("profile",)]


@pytest.mark.long
@given(seed=st.integers(0, 10**6), top=st.integers(0, 4), pair=st.sampled_from(PAIRS))
@settings(max_examples=40, deadline=None)
def test_pairs_sum_to_the_total_whatever_is_shown(seed, top, pair):
    snapshot, rolled = random_book(seed).rolled()
    told = Disclosure(frozenset({"urn:a", "urn:b"}), frozenset({"urn:a"}), frozenset(), 2, "hidden")
    for lot, node in list(snapshot.lots.items())[-4:]:
        for disclosure in (None, told):
            parts = breakdown(snapshot, rolled, lot, pair, top=top, disclosure=disclosure)
            summed = math.fsum(p.emissions.total for p in parts)
            assert abs(summed - rolled.chosen[node, :3].sum()) <= 1e-12 * rolled.chosen[node, 3]
            assert len(parts) <= top + 1 or not top


def test_the_largest_stand_apart_and_the_rest_is_counted():
    book = Book()
    lot = frame(book)
    snapshot, rolled = book.rolled()
    every = breakdown(snapshot, rolled, lot, ("organization", "activity"))
    first = breakdown(snapshot, rolled, lot, ("organization", "activity"), top=2)
    assert [p.names for p in first[:2]] == [("urn:smelter", "electricity"), ("urn:smelter", "anodes")]
    assert first[2].others == len(every) - 2
    assert first[2].emissions.total == pytest.approx(sum(p.emissions.total for p in every[2:]), rel=1e-12)
    assert {p.names[0] for p in every} == {"urn:smelter", "urn:former", "urn:mill", "urn:screws"}
    assert FRAME not in {p.names[0] for p in breakdown(snapshot, rolled, lot, ("lot",))}, "assembly emits nothing"


def test_a_pair_of_one_organization_that_is_not_open_is_not_told():
    """One organization alone has electricity in tier 1: its total may be known by name, not what it is made of."""
    book = Book()
    lot = profile(book)
    snapshot, rolled = book.rolled()
    own = frozenset({"urn:former"})
    told = Disclosure(own | {"urn:smelter"}, own, frozenset(), 2, "hidden")
    found = {
        p.names: p.emissions.total
        for p in breakdown(snapshot, rolled, lot, ("organization", "activity"), disclosure=told)
    }
    assert set(found) == {("urn:former", "own"), ("urn:former", "electricity"), ("urn:smelter", "hidden")}
    assert found["urn:smelter", "hidden"] == pytest.approx(7.705 * 120 / 113, rel=1e-9)
    closed = Disclosure(own, own, frozenset(), 2, "hidden")
    for by in (("activity", "evidence"), ("tier", "activity"), ("country", "organization"), ("lot", "activity")):
        names = {p.names for p in breakdown(snapshot, rolled, lot, by, disclosure=closed)}
        assert ("hidden", "hidden") in names
        assert not any("anodes" in name or "1" in name or "urn:smelter|l" in name for name in names)


def test_enough_organizations_are_told_together():
    book = Book()
    lot = profile(book)
    snapshot, rolled = book.rolled()
    told = Disclosure(frozenset(), frozenset(), frozenset(), 2, "hidden")
    found = {p.names for p in breakdown(snapshot, rolled, lot, ("activity", "evidence"), disclosure=told)}
    assert found == {("electricity", "signed-activity"), ("hidden", "hidden")}


def test_nothing_known_is_no_row_at_all():
    book = Book()
    book.lot("urn:a|l")
    snapshot, rolled = book.rolled()
    assert breakdown(snapshot, rolled, "urn:a|l", ("country", "lot"), top=3) == ()
    assert PROFILE not in snapshot.lots


def test_pairs_of_dimensions_of_many_labels_keep_their_labels():
    """Codes of 32 bits each: together they do not fit into 32."""
    many, open_ = 70_000, Disclosure(frozenset({"urn:a"}), frozenset({"urn:a"}), frozenset(), 1, "hidden")
    labels = {by: tuple(f"{by[0]}{i}" for i in range(many)) for by in ("material", "country")}
    codes = {by: np.array([0, many - 1], np.int32) for by in labels}
    pieces = _Pieces(np.ones((2, 3)), np.zeros(2, np.int32), ("urn:a",), codes, labels)
    group, names = _grouped(pieces, ("material", "country"), open_)
    assert [names[i] for i in group.tolist()] == [("m0", "c0"), ("m69999", "c69999")]


@pytest.mark.parametrize("by", [("organization",), ("organization", "facility")])
def test_what_cancels_leaves_the_last_digit_of_the_rest(by):
    """As the contributions: credits as large as the emissions are no reason to lose what is between them."""
    book = Book()
    book.process("urn:a|p")
    for i, value in enumerate((1e16, 1.0, -1e16)):
        book.emits(1.0, value, name=f"n{i}")
    book.makes(1.0)
    book.lot("urn:a|l", "urn:a|p")
    snapshot, rolled = book.rolled()
    assert [part.emissions.total for part in breakdown(snapshot, rolled, "urn:a|l", by)] == [1.0]
    first, rest = breakdown(snapshot, rolled, "urn:a|l", ("activity",), top=1)
    assert (abs(first.emissions.total), rest.others) == (1e16, 2)
