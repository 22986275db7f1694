"""Whom to ask first: what an interval would be with one exact, against the chain in which it is."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.rollup.budget import Sum, budget
from graph.rollup.contributions import Disclosure
from graph.rollup.figure import footprint
from graph.rollup.scenarios import prepare
from tests.rollup.rollup_book import NAN, Book

FRAME = "urn:maker|frame"


def chain(mill=1.5, smelter=1.3, own=1.2, shared=""):
    """A maker of frames, of steel and metal of two suppliers; each with one activity of a width, or none."""
    book = Book()
    for who, emitted, gsd in (("mill", 30.0, mill), ("smelter", 50.0, smelter)):
        book.process(f"urn:{who}|make")
        book.emits(emitted, name="fire", gsd=gsd, factor_source=shared or "own")
        book.makes(10.0)
        book.lot(f"urn:{who}|lot", f"urn:{who}|make", quantity=10.0)
    book.process("urn:maker|build")
    for who in ("mill", "smelter"):
        book.consumes(f"urn:{who}|lot", 10.0)
    book.emits(20.0, name="fire", gsd=own, factor_source="own")
    book.makes(1.0)
    book.lot(FRAME, "urn:maker|build")
    return book


def told(snapshot, open_to=None, named=()):
    every = snapshot.attributes.organizations
    seen = frozenset(every if open_to is None else open_to)
    return Disclosure(seen | frozenset(named), seen, frozenset(), 0, "others")


def asked(book, lot=FRAME, *seen):
    snapshot, rolled = book.rolled()
    node, whole = snapshot.lots[lot], footprint(snapshot, rolled, lot)
    one = Sum(np.array([node]), np.ones(1), np.zeros(0, np.int64), whole.total or 0.0)
    return budget(prepare(snapshot, rolled), one, told(snapshot, *seen)), whole.particulars.spread


def rows(found):
    return {lack.organization: lack for lack in found.lacks}


def test_the_first_to_ask_is_who_leaves_the_interval_widest():
    found, spread = asked(chain())
    assert found.spread == spread
    assert [lack.organization for lack in found.lacks] == ["urn:smelter", "urn:mill", "urn:maker"]
    assert sum(lack.variance for lack in found.lacks) == pytest.approx(1, rel=1e-12)
    for who, exact in (("mill", {"mill": 1.0}), ("smelter", {"smelter": 1.0}), ("maker", {"own": 1.0})):
        left = rows(found)[f"urn:{who}"].without
        assert (left.low, left.high, left.gsd) == pytest.approx(_interval(asked(chain(**exact))[1]), rel=1e-12)
        assert left.high - left.low < spread.high - spread.low


def _interval(spread):
    return spread.low, spread.high, spread.gsd


def test_of_a_factor_that_two_share_each_takes_off_what_is_its_own():
    """Both rest on one factor: with the mill's part exact, the smelter's still moves with it."""
    found, spread = asked(chain(1.3, 1.3, shared="MEE, 2023, CN"))
    both, maker = (80 * math.log(1.3)) ** 2, (20 * math.log(1.2)) ** 2
    smelter = (50 * math.log(1.3)) ** 2
    assert spread.gsd == pytest.approx(math.exp(math.sqrt(both + maker) / 100), rel=1e-12)
    assert rows(found)["urn:mill"].without.gsd == pytest.approx(math.exp(math.sqrt(smelter + maker) / 100), rel=1e-12)
    assert sum(lack.variance for lack in found.lacks) > 1, "what is shared would go with either of them"


def test_who_may_not_be_named_stands_in_one_row():
    found, spread = asked(chain(), FRAME, {"urn:maker"})
    assert [lack.organization for lack in found.lacks] == ["others", "urn:maker"]
    assert rows(found)["others"].without.gsd == pytest.approx(math.exp(0.2 * math.log(1.2)), rel=1e-12)
    assert (rows(found)["others"].emissions, found.size) == (pytest.approx(80), pytest.approx(100))
    (all_in_one,) = asked(chain(), FRAME, ())[0].lacks
    assert (all_in_one.without.gsd, all_in_one.variance) == (1.0, 1.0), "nothing is left, not even rounding"
    assert spread.gsd > 1


def test_who_states_no_width_comes_before_who_states_a_wide_one():
    found, spread = asked(chain(mill=NAN))
    assert spread.low is None
    first = found.lacks[0]
    assert (first.organization, first.unstated, first.without) == ("urn:mill", pytest.approx(30), None)
    assert first.variance == 0.0
    assert rows(found)["urn:smelter"].variance == pytest.approx(1 - _part(20, 1.2) / (_part(20, 1.2) + _part(50, 1.3)))


def _part(emitted, gsd):
    return (emitted * math.log(gsd)) ** 2


def test_who_leaves_something_unknown_comes_first_by_its_mass():
    book = chain()
    book.lot("urn:dark|lot")
    book.process("urn:maker|pack")
    book.consumes(FRAME, 1.0)
    book.consumes("urn:dark|lot", 3.0)
    book.consumes("urn:vague|lot", 5.0, dimension=7)
    book.consumes("fog", 2.0, "material", country="CN")
    book.makes(1.0)
    book.lot("urn:maker|packed", "urn:maker|pack")
    found, spread = asked(book, "urn:maker|packed")
    assert (spread.low, found.lacks[0].without) == (None, None)
    assert [(x.organization, x.kilograms) for x in found.lacks[:3]] == [
        ("urn:dark", 3.0), ("urn:maker", 2.0), ("urn:vague", None),
    ]  # fmt: skip
    assert [n.key for n in rows(found)["urn:maker"].unknown] == ["fog"], "of a material who takes it in is asked"
    assert rows(found)["urn:mill"].unknown == ()


def test_what_one_names_itself_is_told_by_name_and_what_others_name_is_not():
    """Who takes in a lot says of whom; by how much others take it in nobody else may find out."""
    book = Book()
    book.process("urn:mill|make")
    book.consumes("urn:dark|lot", 4.0)
    book.consumes("urn:pit|lot", 5.0)
    book.consumes("fog", 6.0, "material", country="CN")
    book.makes(1.0)
    book.lot("urn:mill|lot", "urn:mill|make")
    book.process("urn:maker|build")
    book.consumes("urn:mill|lot", 1.0)
    book.consumes("urn:dark|lot", 3.0)
    book.makes(1.0)
    book.lot(FRAME, "urn:maker|build")
    found, _ = asked(book, FRAME, {"urn:maker"}, {"urn:mill"})
    assert [(x.organization, x.kilograms, [n.key for n in x.unknown]) for x in found.lacks] == [
        ("others", 9.0, ["urn:dark|lot", "urn:pit|lot"]),
        ("urn:mill", 6.0, ["fog"]),
        ("urn:dark", 3.0, ["urn:dark|lot"]),
    ]  # fmt: skip


def test_a_process_with_a_gap_counts_by_what_was_drawn_from_it():
    book = chain()
    book.process("urn:gap|make")
    book.power(5.0)
    book.makes(8.0)
    book.lot("urn:gap|lot", "urn:gap|make", quantity=8.0)
    book.process("urn:maker|pack")
    book.consumes(FRAME, 1.0)
    book.consumes("urn:gap|lot", 4.0)
    book.makes(1.0)
    book.lot("urn:maker|packed", "urn:maker|pack")
    first = asked(book, "urn:maker|packed")[0].lacks[0]
    assert (first.organization, first.kilograms) == ("urn:gap", 4.0)
    assert [(n.kind, n.key) for n in first.unknown] == [("process", "urn:gap|make")]


def test_a_material_of_two_is_split_by_who_takes_it_in():
    book = Book()
    for who, quantity in (("a", 3.0), ("b", 1.0)):
        book.process(f"urn:{who}|make")
        book.consumes("pig-iron", quantity, "material", country="CN")
        book.makes(1.0)
        book.lot(f"urn:{who}|lot", f"urn:{who}|make")
    book.process("urn:maker|build")
    for who in ("a", "b"):
        book.consumes(f"urn:{who}|lot", 1.0)
    book.makes(1.0)
    book.lot(FRAME, "urn:maker|build")
    found, _ = asked(book)
    assert {x.organization: x.unstated for x in found.lacks} == {
        "urn:a": pytest.approx(3 * 1.66), "urn:b": pytest.approx(1.66),
    }  # fmt: skip
    assert found.lacks[0].variance is None, "nobody states a width: of nothing there is no share"


def test_widths_beyond_the_range_of_numbers_have_no_shares():
    book = Book()
    book.process("urn:maker|build")
    book.emits(1e307, gsd=100.0)
    book.makes(1.0)
    book.lot(FRAME, "urn:maker|build")
    found, _ = asked(book)
    assert (found.spread.low, found.lacks[0].variance, found.lacks[0].without) == (None, None, None)


def test_a_portfolio_adds_up_lots_and_names_those_in_no_sum():
    book = chain()
    book.lot("urn:maker|bare", quantity=NAN)
    snapshot, rolled = book.rolled()
    node, bare = snapshot.lots[FRAME], snapshot.lots["urn:maker|bare"]
    prepared = prepare(snapshot, rolled)
    whole = budget(prepared, Sum(np.array([node]), np.full(1, 7.0), np.zeros(0, np.int64), 700.0), told(snapshot))
    assert whole.spread.gsd == pytest.approx(footprint(snapshot, rolled, FRAME).particulars.spread.gsd, rel=1e-12)
    found = budget(prepared, Sum(np.array([node]), np.full(1, 7.0), np.array([bare]), 700.0), told(snapshot))
    assert found.spread.low is None
    first = found.lacks[0]
    assert (first.organization, first.kilograms, [n.key for n in first.unknown]) == (
        "urn:maker", None, ["urn:maker|bare"],
    )  # fmt: skip
    nothing = budget(prepared, Sum(np.zeros(0, np.int64), np.zeros(0), np.array([bare]), 0.0), told(snapshot))
    assert [x.organization for x in nothing.lacks] == ["urn:maker"]


@given(st.lists(st.tuples(st.floats(1, 2), st.floats(0.1, 100), st.integers(0, 3)), min_size=1, max_size=8))
@settings(max_examples=25, deadline=None)
def test_one_made_exact_is_the_chain_in_which_it_is(parts):
    def made(exact):
        book = Book()
        for i, (gsd, emitted, factor) in enumerate(parts):
            book.process(f"urn:s{i}|make")
            book.emits(emitted, gsd=1.0 if i == exact else gsd, factor_source=f"f{factor}" if factor else "own")
            book.makes(1.0)
            book.lot(f"urn:s{i}|lot", f"urn:s{i}|make")
        book.process("urn:maker|build")
        for i in range(len(parts)):
            book.consumes(f"urn:s{i}|lot", 1.0)
        book.makes(1.0)
        book.lot(FRAME, "urn:maker|build")
        return asked(book)

    found, _ = made(None)
    for i in range(len(parts)):
        assert rows(found)[f"urn:s{i}"].without.gsd == pytest.approx(made(i)[1].gsd, rel=1e-6)
