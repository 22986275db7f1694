"""Whom to ask first: what an interval would be with one exact, against the chain in which it is."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.rollup import budget as budgets
from graph.rollup.budget import Sum, Telling, budget
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


def assembled(book, lot, taken):
    """A kilogram of a lot, of so much of each of these lots and nothing else."""
    book.process(f"{lot}-assembly")
    for part, quantity in taken.items():
        book.consumes(part, quantity)
    book.makes(1.0)
    book.lot(lot, f"{lot}-assembly")


def told(snapshot, open_to=None, named=(), tells=None):
    every = snapshot.attributes.organizations
    seen = every if open_to is None else open_to
    masks = [np.array([n in who for n in every], np.bool_) for who in (seen, {*seen, *named})]
    return Telling(*masks, tells or (lambda name: open_to is None), "hidden")


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


def test_what_is_behind_a_supplier_is_told_by_that_supplier():
    book = chain()
    for who, taken in (("shop", 1.0), ("store", 3.0)):
        book.process(f"urn:{who}|pack")
        book.consumes(FRAME, taken)
        book.emits(10.0, name="fire", gsd=1.1, factor_source="own")
        book.makes(1.0)
        book.lot(f"urn:{who}|lot", f"urn:{who}|pack")
    assembled(book, "urn:me|lot", {"urn:shop|lot": 1.0, "urn:store|lot": 1.0})
    found, _ = asked(book, "urn:me|lot", {"urn:me"}, {"urn:shop", "urn:store"})
    assert [lack.organization for lack in found.lacks] == ["urn:store", "urn:shop"]
    assert [lack.emissions for lack in found.lacks] == [pytest.approx(310), pytest.approx(110)]
    # What both take in moves with both: with the store's three quarters exact, a quarter of it is left.
    left = sum(_part(e, g) for e, g in ((30, 1.5), (50, 1.3), (20, 1.2), (10, 1.1)))
    assert rows(found)["urn:store"].without.gsd == pytest.approx(math.exp(math.sqrt(left) / 420), rel=1e-12)
    (hidden,) = asked(book, "urn:me|lot", {"urn:me"})[0].lacks
    assert (hidden.organization, hidden.variance, hidden.without.gsd) == ("hidden", 1.0, 1.0), "not even rounding"
    again, _ = asked(book, "urn:me|lot", {"urn:me", "urn:maker"}, {"urn:shop", "urn:store", "urn:mill"})
    assert {x.organization: round(x.emissions) for x in again.lacks} == {
        "urn:store": 10, "urn:shop": 10, "urn:maker": 80, "urn:mill": 120, "hidden": 200,
    }, "where one may look again each stands for itself"  # fmt: skip


def test_small_suppliers_share_a_row(monkeypatch):
    monkeypatch.setattr(budgets, "MOST", 1)
    found, _ = asked(chain(), FRAME, {"urn:maker"}, {"urn:mill", "urn:smelter"})
    assert [x.organization for x in found.lacks] == ["urn:smelter", "other suppliers", "urn:maker"]


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
    """Who takes in a lot says of whom; that others take it in, too, and how much, stands with them."""
    book = Book()
    book.lot("urn:nil|lot")
    book.process("urn:mill|make")
    for lot, quantity in (("urn:dark|lot", 4.0), ("urn:pit|lot", 5.0)):
        book.consumes(lot, quantity)
    book.consumes("fog", 6.0, "material", country="CN")
    book.makes(1.0)
    book.lot("urn:mill|lot", "urn:mill|make")
    book.process("urn:maker|build")
    for lot, quantity, unit in (("urn:mill|lot", 1.0, 1), ("urn:dark|lot", 3.0, 1), ("urn:nil|lot", 2.0, 2)):
        book.consumes(lot, quantity, dimension=unit)
    book.makes(1.0)
    book.lot(FRAME, "urn:maker|build")
    found, _ = asked(book, FRAME, {"urn:maker"}, {"urn:mill"}, lambda name: name.key == "urn:dark|lot")
    assert [(x.organization, x.kilograms, [n.key for n in x.unknown], x.hidden) for x in found.lacks] == [
        ("urn:dark", 3.0, ["urn:dark|lot"], 0),
        ("hidden", None, [], 1),
        ("urn:maker", None, [], 1),
        ("urn:mill", None, [], 3),
    ], "how much of the third it takes in nobody can tell"


def test_of_what_bears_nothing_nobody_is_asked():
    """Slag without a share, of a mill of which something is unknown, and a lot of which nothing was consumed."""
    book = Book()
    book.process("urn:mill|make")
    book.consumes("urn:dark|lot", 1.0)
    for output, value in (("o", 1.0), ("slag", 0.0)):
        book.makes(1.0, output=output, allocation="economic", allocation_value=value)
    book.lot("urn:mill|slag", "urn:mill|make", output="slag")
    book.process("urn:maker|build")
    for lot, quantity in (("urn:mill|slag", 2.0), ("urn:nil|lot", 0.0)):
        book.consumes(lot, quantity)
    book.emits(20.0, gsd=1.2, factor_source="own")
    book.makes(1.0)
    book.lot(FRAME, "urn:maker|build")
    found, spread = asked(book)
    assert (found.spread, found.spread.gsd) == (spread, pytest.approx(1.2))
    assert [(x.organization, x.unknown, x.hidden) for x in found.lacks] == [("urn:maker", (), 0)]


def test_a_process_with_a_gap_counts_by_what_was_drawn_from_it():
    book = chain()
    book.process("urn:gap|make")
    book.power(5.0)
    book.makes(8.0)
    book.lot("urn:gap|lot", "urn:gap|make", quantity=8.0)
    assembled(book, "urn:maker|packed", {FRAME: 1.0, "urn:gap|lot": 4.0})
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
    assembled(book, FRAME, {"urn:a|lot": 1.0, "urn:b|lot": 1.0})
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
        assembled(book, FRAME, {f"urn:s{i}|lot": 1.0 for i in range(len(parts))})
        return asked(book)

    found, _ = made(None)
    for i in range(len(parts)):
        assert rows(found)[f"urn:s{i}"].without.gsd == pytest.approx(made(i)[1].gsd, rel=1e-6)
