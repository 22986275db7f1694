"""A facility's inventory against what was accounted for: what was allocated to nothing is a finding, a gap is none."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.model.refs import Kind
from graph.rollup.inventories import Gap, Inventory, Outcome
from graph.rollup.lookup import Indexed
from graph.rollup.policy import load_policy
from graph.rollup.reach import cut
from tests.rollup.inventory_book import (
    GATE,
    LOCATION,
    MARKET,
    OTHER,
    WORKS,
    YEAR,
    compared,
    findings,
    inventory,
    makes,
    outcome,
    silent,
    two,
)
from tests.rollup.rollup_book import NAN, Book


def test_what_is_accounted_for_is_consistent_and_no_finding() -> None:
    found = compared(two())
    assert (found.outcome, found.least, found.most, found.amount) == (Outcome.CONSISTENT, 900.0, 900.0, None)
    assert (found.processes, found.lots, found.gaps) == (2, 0, ())
    assert findings(two()) == []


def test_what_was_allocated_to_nothing_is_a_finding_with_amount_and_share() -> None:
    """Only the clean product was published: the rest of the facility's emissions is in no footprint."""
    book = Book()
    makes(book, "a", 600.0)
    index = inventory(book, 1000.0)
    found = compared(book)
    assert (found.outcome, found.amount, found.share) == (Outcome.UNALLOCATED, 400.0, 0.4)
    (one,) = findings(book)
    assert one.code == "inventory-unallocated"
    assert "hold 600 at most: 400 (0.4 of it) went to nothing" in one.message
    assert (one.subjects, one.processes) == ((WORKS, "urn:o|inv"), (WORKS, "urn:o|inv"))
    assert one.documents == (index,)


def test_the_finding_is_on_the_lots_of_that_facility_and_period() -> None:
    book = Book()
    makes(book, "a", 600.0)
    makes(book, "elsewhere", 600.0, at=OTHER)
    makes(book, "later", 600.0, start=100.0, end=200.0)
    inventory(book, 1000.0)
    assert len(findings(book, "urn:o|lot-a")) == 1
    assert findings(book, "urn:o|lot-elsewhere") == findings(book, "urn:o|lot-later") == []
    book.process("urn:m|press", boundary=GATE)
    book.consumes("urn:o|lot-a", 1.0)
    book.makes(1.0)
    book.lot("urn:m|l", "urn:m|press")
    assert findings(book, "urn:m|l") == findings(book), "whoever builds on the lot learns of it"


def test_processes_that_state_more_than_the_inventory_has() -> None:
    book = two(800.0)
    found = compared(book)
    assert (found.outcome, found.amount, found.share) == (Outcome.EXCEEDED, 100.0, 0.125)
    (one,) = findings(book)
    assert "state 900 kgCO2e in that period: 100 more (0.125 of it)" in one.message


@pytest.mark.parametrize(
    ("direct", "expected"),
    [(940.0, "consistent"), (950.0, "unallocated"), (860.0, "consistent"), (855.0, "exceeded")],
)
def test_five_percent_is_material(direct: float, expected: str) -> None:
    """900 are accounted for: 5 % of 940 is 47, of 950 47.5, of 860 43, of 855 42.75."""
    assert outcome(two(direct)) == expected
    assert load_policy().materiality == 0.05


def test_an_inventory_of_nothing() -> None:
    found = compared(two(0.0))
    assert (found.outcome, found.amount, found.share) == (Outcome.EXCEEDED, 900.0, None)
    assert "900 more" in findings(two(0.0))[0].message
    clean = Book()
    makes(clean, "a", 0.0)
    inventory(clean, 0.0)
    assert outcome(clean) == Outcome.CONSISTENT


def test_where_nothing_is_stated_of_what_was_made_nobody_has_begun_to_account() -> None:
    book = Book()
    inventory(book, 1000.0)
    found = compared(book)
    assert (found.outcome, found.most, found.processes) == (Outcome.UNDECIDED, 0.0, 0)


def test_an_activity_without_a_value_is_not_nothing() -> None:
    book = Book()
    makes(book, "a", 600.0)
    book.process("urn:o|b", facility=WORKS, boundary=GATE, **YEAR)
    book.emits(1.0, NAN, name="unknown", type="stream")
    book.makes(1.0)
    inventory(book, 1000.0)
    found = compared(book)
    assert (found.outcome, found.most, found.least) == (Outcome.UNDECIDED, None, 600.0)
    assert (found.gaps, found.gap_count) == ((Gap("activity-unknown", "process", "urn:o|b"),), 1)
    inventory_of_less = Book()
    inventory_of_less.tables = book.tables
    inventory_of_less.index = book.index
    inventory_of_less.tables.rows["inventories"]["direct"][:] = [500.0]
    assert outcome(inventory_of_less) == Outcome.EXCEEDED, "what is known alone is more than the inventory has"


def test_a_process_of_which_something_is_unknown_adds_nothing_that_is_sure() -> None:
    """What is unknown may be taken off: of 600 + 500 - something there are 600 for sure."""
    book = Book()
    makes(book, "a", 600.0)
    book.process("urn:o|b", facility=WORKS, boundary=GATE, **YEAR)
    book.emits(500.0, type="measured")
    book.emits(1.0, NAN, name="unknown", type="stream", multiplier=-1.0)
    book.makes(1.0)
    inventory(book, 700.0)
    found = compared(book)
    assert (found.outcome, found.least) == (Outcome.UNDECIDED, 600.0)


# The period


def test_a_process_across_the_end_of_the_period_counts_at_most_with_all_and_at_least_with_nothing() -> None:
    book = two(800.0)
    book.tables.rows["processes"]["end"][1] = 150.0
    found = compared(book)
    assert (found.outcome, found.least, found.most) == (Outcome.CONSISTENT, 600.0, 900.0)
    assert found.spanning == ("urn:o|b",)
    book.tables.rows["inventories"]["direct"][0] = 1000.0
    assert compared(book).amount == pytest.approx(100.0)


def test_the_end_of_a_period_is_excluded() -> None:
    book = two(700.0)
    for column, value in (("start", 100.0), ("end", 200.0)):
        book.tables.rows["processes"][column][1] = value
    assert (compared(book).processes, compared(book).amount) == (1, pytest.approx(100.0))


def test_a_process_that_ended_when_the_period_began_is_of_another() -> None:
    book = two(700.0)
    for column, value in (("start", -100.0), ("end", 0.0)):
        book.tables.rows["processes"][column][1] = value
    assert (compared(book).processes, compared(book).amount) == (1, pytest.approx(100.0))


def test_a_revised_inventory_counts_in_place_of_the_first() -> None:
    book = two(2000.0)
    first = book.tables.rows["inventories"]["fid"][0]
    index = inventory(book, 900.0)
    book.tables.superseded[first] = index
    assert (outcome(book), compared(book).inventory.document) == (Outcome.CONSISTENT, index)
    (before,) = book.rolled(index - 1)[0].inventories
    assert before.outcome == Outcome.UNALLOCATED, "as of then it was one"


def test_two_inventories_of_one_facility_are_compared_each_by_itself() -> None:
    book = two(2000.0)
    inventory(book, 900.0, key="urn:o|second")
    assert [c.outcome for c in book.rolled()[0].inventories] == [Outcome.UNALLOCATED, Outcome.CONSISTENT]


# What is in an inventory


def test_bought_energy_is_in_the_sum_and_what_is_sold_was_made_here() -> None:
    """Steam that is sold leaves the product's footprint, and not the chimney."""
    book = two()
    book.process("urn:o|c", facility=WORKS, boundary=GATE, **YEAR)
    book.power(100.0, 1.0)
    book.emits(500.0, type="measured")
    book.emits(200.0, name="steam", type="heat", multiplier=-1.0)
    book.emits(50.0, name="gas", type="waste-gas", multiplier=-1.0)
    book.makes(1.0)
    book.tables.rows["inventories"]["direct"][0] = 900.0 + 450.0
    book.tables.rows["inventories"]["indirect"][0] = 100.0
    book.tables.rows["inventories"]["method"][0] = LOCATION
    found = compared(book)
    assert (found.outcome, found.whole) == (Outcome.CONSISTENT, True)
    assert found.most == pytest.approx(1450.0)


def test_transport_to_the_facility_and_the_floor_at_zero_are_in_no_inventory() -> None:
    book = two()
    book.tables.rows["processes"]["boundary"][1] = "cbam-embedded"
    book.tables.rows["activities"]["quantity"][1] = -50.0
    book.lot("urn:s|ore", quantity=100.0)
    book.moved("urn:s|ore", "urn:o", 100.0, 1.0)
    assert dict.fromkeys(book.rolled()[0].activities.names, 0.0) == {"floor at zero": 0.0, "own": 0.0}
    assert (compared(book).least, compared(book).amount) == (600.0, pytest.approx(300.0))
    book.process("urn:o|a2", facility=WORKS, boundary=GATE, **YEAR)
    book.consumes("urn:s|ore", 100.0)
    book.emits(300.0)
    book.makes(1.0)
    assert "transport" in book.rolled()[0].activities.names
    assert compared(book).most == pytest.approx(900.0)


@pytest.mark.parametrize(
    ("method", "supply", "whole"),
    [(LOCATION, "grid", True), (LOCATION, "", True), (LOCATION, "own", True), (LOCATION, "ppa", False),
     (LOCATION, "certificate", False), (MARKET, "grid", False), (MARKET, "", False), (MARKET, "ppa", True),
     (MARKET, "direct-line", True)],
)  # fmt: skip
def test_bought_energy_is_compared_where_both_count_it_by_one_method(method: str, supply: str, whole: bool) -> None:
    """GHG Protocol Scope 2 Guidance: what no contract is named for is the grid's."""
    book = Book()
    makes(book, "a", 600.0)
    book.tables.rows["activities"]["fid"][-1] = book.fid = book.tables.rows["processes"]["fid"][-1]
    book.power(100.0, 1.0, supply_kind=supply)
    inventory(book, 600.0, 500.0, method=method)
    found = compared(book)
    assert (found.whole, found.compared) == (whole, 1100.0 if whole else 600.0)
    assert found.outcome == (Outcome.UNALLOCATED if whole else Outcome.CONSISTENT)


def test_an_inventory_without_bought_energy_is_compared_by_its_direct_emissions() -> None:
    book = Book()
    makes(book, "a", 600.0)
    book.current = "urn:o|a"
    book.fid = book.tables.rows["processes"]["fid"][-1]
    book.power(100.0, 1.0)
    inventory(book, 1000.0)
    assert (compared(book).whole, compared(book).most) == (False, 600.0)
    assert "(direct emissions)" in findings(book)[0].message


def test_what_nobody_divides_may_be_direct() -> None:
    book = two(600.0)
    book.tables.rows["activities"]["scope"][1] = "undivided"
    found = compared(book)
    assert (found.outcome, found.least, found.most) == (Outcome.CONSISTENT, 600.0, 900.0)


def test_another_set_of_warming_potentials_leaves_it_open() -> None:
    book = two(5000.0)
    book.tables.rows["inventories"]["gwp"][0] = "AR5"
    found = compared(book)
    assert (found.outcome, found.least) == (Outcome.UNDECIDED, 0.0)
    assert {gap.reason for gap in found.gaps} == {"gwp-differs"}
    (asked,) = book.rolled(policy=load_policy(gwp="AR5"))[0].inventories
    assert asked.outcome == Outcome.UNALLOCATED


def test_what_it_was_stated_as_is_told() -> None:
    book = two()
    inventory(book, 1.0, 2.0, key="urn:o|second", boundary="operational control", method=MARKET)
    _, found = book.rolled()[0].inventories
    assert found.inventory == Inventory(
        "urn:o|second", WORKS, 0.0, 100.0, 1.0, 2.0, MARKET, "AR6", "operational control", book.index, signed=True
    )


def test_a_hundred_gaps_are_named_and_all_counted() -> None:
    book = Book()
    for i in range(120):
        book.lot(f"urn:o|l{i:03}")
    inventory(book, 1.0)
    found = compared(book)
    assert (len(found.gaps), found.gap_count, found.gaps[0].key) == (100, 120, "urn:o|l000")


# Laws

AMOUNT = st.floats(1.0, 1e6)


def facility(amounts: list[float], total: float, scale: float = 1.0) -> Book:
    book = Book()
    for i, amount in enumerate(amounts):
        makes(book, f"p{i}", amount * scale)
    inventory(book, total * scale)
    return book


@settings(deadline=None, max_examples=30)
@given(st.lists(AMOUNT, min_size=2, max_size=5), st.integers(0, 4))
def test_adding_the_missing_product_makes_the_finding_vanish(amounts: list[float], left_out: int) -> None:
    at = left_out % len(amounts)
    rest = amounts[:at] + amounts[at + 1 :]
    material = amounts[at] > 0.05 * sum(amounts) * (1 + 1e-9)
    partly = compared(facility(rest, sum(amounts)))
    assert (partly.outcome == Outcome.UNALLOCATED) == material or abs(amounts[at] / sum(amounts) - 0.05) < 1e-6
    assert compared(facility(amounts, sum(amounts))).outcome == Outcome.CONSISTENT


@settings(deadline=None, max_examples=30)
@given(st.lists(AMOUNT, min_size=1, max_size=4), AMOUNT, st.sampled_from([1e-3, 0.5, 1024.0]))
def test_the_unit_of_mass_is_no_matter(amounts: list[float], total: float, scale: float) -> None:
    one, other = compared(facility(amounts, total)), compared(facility(amounts, total, scale))
    assert one.outcome == other.outcome
    assert one.share == pytest.approx(other.share)


@settings(deadline=None, max_examples=30)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_is_no_matter(random: Any) -> None:
    book = silent(20.0)
    makes(book, "c", 12.34)
    book.lot("urn:o|loose", quantity=3.0)
    book.footprint("urn:o|loose", 1.1, boundary=GATE)
    before = compared(book)
    for columns in book.tables.rows.values():
        size = len(next(iter(columns.values())))
        order = random.sample(range(size), size)
        for column in columns.values():
            values = list(column)
            column[:] = [values[i] for i in order]
    assert compared(book) == replace(before)


# From a part of the chain


def test_a_lot_that_an_inventory_is_held_against_takes_the_whole_chain() -> None:
    """Else the comparison would lack what was made beside it, and find emissions that went to nothing."""

    def size(book: Book) -> int | None:
        found = cut(Indexed(book.tables), [(Kind.LOT, "urn:o|lot-a")], book.index, 100)
        return None if found is None else found.nodes

    without = Book()
    makes(without, "a", 600.0)
    assert size(without) == 2
    book = two(2000.0)
    assert size(book) is None
    for column, value in (("start", 100.0), ("end", 200.0)):
        book.tables.rows["inventories"][column][0] = value
    assert size(book) == 2, "of another period"
    book = two(2000.0)
    book.tables.rows["inventories"]["facility"][0] = OTHER
    assert size(book) == 2, "of another facility"
    book = two(2000.0)
    book.tables.superseded[book.tables.rows["inventories"]["fid"][0]] = book.index
    assert size(book) == 2, "taken back"
