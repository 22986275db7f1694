"""Of a facility's inventory what nobody states of itself, or of a place: it may be the most, and it may be unknown."""

from typing import Any

import pytest

from graph.rollup.inventories import Gap, Outcome
from graph.units import Dimension
from tests.rollup.inventory_book import GATE, WORKS, YEAR, compared, inventory, makes, outcome, silent, two
from tests.rollup.rollup_book import NAN, Book

# Processes that state nothing of themselves


def test_a_footprint_holds_what_came_from_upstream_too_so_it_is_the_most_that_can_be_of_the_facility() -> None:
    found = compared(silent(100.0))
    assert (found.outcome, found.least, found.most) == (Outcome.CONSISTENT, 600.0, 1600.0)
    assert compared(silent(20.0)).amount == pytest.approx(200.0)
    assert outcome(silent(20.0, signed=False)) == Outcome.UNALLOCATED, "declared as well as attested"


@pytest.mark.parametrize(
    "more",
    [{"direct": 20.0, "undivided": NAN}, {"gwp": "AR5"}, {"fossil": 1.0, "total": -5.0}],
    ids=["one scope", "another GWP set", "below 0"],
)
def test_a_footprint_that_does_not_say_all_of_it_bounds_nothing(more: dict[str, Any]) -> None:
    book = silent(more.pop("total", 20.0), **{k: v for k, v in more.items() if k not in ("undivided", "direct")})
    if "direct" in more:
        rows = book.tables.rows["footprints"]
        rows["direct"][-1], rows["undivided"][-1] = 20.0, NAN
    found = compared(book)
    assert (found.outcome, found.gaps) == (Outcome.UNDECIDED, (Gap("nothing-stated", "process", "urn:o|b"),))


def test_what_was_removed_was_emitted_first() -> None:
    assert compared(silent(20.0, removals=-15.0)).most == pytest.approx(600 + 350)


def test_of_two_footprints_of_a_lot_the_larger_bounds_it() -> None:
    book = silent(20.0)
    book.footprint("urn:o|lot-b", 30.0, boundary=GATE, signed=False)
    assert compared(book).most == pytest.approx(900.0)


def test_what_was_not_drawn_into_lots_carries_an_unknown_amount() -> None:
    found = compared(silent(20.0, drawn=4.0))
    assert (found.outcome, found.gaps) == (Outcome.UNDECIDED, (Gap("nothing-stated", "process", "urn:o|b"),))


def test_a_lot_without_a_footprint_carries_an_unknown_amount() -> None:
    book = silent(20.0, drawn=4.0)
    book.lot("urn:o|rest", "urn:o|b", quantity=6.0)
    assert outcome(book) == Outcome.UNDECIDED
    book.footprint("urn:o|rest", 20.0, boundary=GATE)
    assert compared(book).amount == pytest.approx(200.0)


def test_one_footprint_of_a_product_counts_for_each_of_its_lots_once() -> None:
    book = silent(20.0, drawn=4.0)
    book.tables.rows["footprints"]["subject"][-1] = "urn:o|p"
    book.tables.rows["footprints"]["subject_kind"][-1] = "product"
    book.tables.rows["footprints"]["start"][-1], book.tables.rows["footprints"]["end"][-1] = 0.0, 100.0
    book.tables.rows["lots"]["product"][-1] = "urn:o|p"
    book.lot("urn:o|rest", "urn:o|b", quantity=6.0, product="urn:o|p")
    assert compared(book).most == pytest.approx(600 + 10 * 20)


def test_quantities_are_brought_to_the_unit_of_the_lot() -> None:
    book = Book()
    book.product("urn:o|screw", dimension=Dimension.PIECE, kg_per_unit=0.01)
    book.process("urn:o|a", facility=WORKS, boundary=GATE, **YEAR)
    book.makes(10.0, "urn:o|screw")
    book.lot("urn:o|lot-a", quantity=1000.0, product="urn:o|screw", dimension=Dimension.PIECE)
    book.draws("urn:o|lot-a", "urn:o|a", 1000.0, dimension=Dimension.PIECE)
    book.footprint("urn:o|lot-a", 0.5, boundary=GATE, dimension=Dimension.PIECE)
    inventory(book, 1000.0)
    assert compared(book).most == pytest.approx(500.0)
    book.tables.rows["products"]["kg_per_unit"][0] = NAN
    assert outcome(book) == Outcome.UNDECIDED


def test_a_lot_drawn_from_an_output_that_is_not_there_bounds_nothing() -> None:
    book = silent(20.0)
    book.tables.rows["lot_sources"]["output"][-1] = "another"
    assert outcome(book) == Outcome.UNDECIDED


def test_a_process_without_outputs_bounds_nothing() -> None:
    book = Book()
    book.process("urn:o|a", facility=WORKS, **YEAR)
    inventory(book, 10.0)
    assert compared(book).gaps == (Gap("nothing-stated", "process", "urn:o|a"),)


@pytest.mark.parametrize("kind", ["split", "blend", "store"])
def test_what_only_moves_material_about_emits_nothing_where_it_states_nothing(kind: str) -> None:
    book = two()
    makes(book, "silo", kind=kind)
    assert outcome(book) == Outcome.CONSISTENT


# Lots and processes without a place


def test_a_lot_without_an_account_may_be_of_the_facility() -> None:
    book = Book()
    makes(book, "a", 600.0)
    book.lot("urn:o|loose", quantity=10.0)
    inventory(book, 1000.0)
    found = compared(book)
    assert (found.outcome, found.gaps) == (Outcome.UNDECIDED, (Gap("lot-unknown", "lot", "urn:o|loose"),))
    book.footprint("urn:o|loose", 10.0, boundary=GATE)
    assert (compared(book).amount, compared(book).lots) == (pytest.approx(300.0), 1)
    book.tables.rows["lots"]["quantity"][-1] = NAN
    assert outcome(book) == Outcome.UNDECIDED


@pytest.mark.parametrize("when", [-1.0, 100.0])
def test_a_lot_of_another_time_or_organization_may_not(when: float) -> None:
    book = Book()
    makes(book, "a", 600.0)
    book.lot("urn:o|loose", produced_at=when)
    book.lot("urn:m|loose")
    inventory(book, 1000.0)
    assert outcome(book) == Outcome.UNALLOCATED


def test_a_part_of_a_lot_is_in_that_lot() -> None:
    book = Book()
    makes(book, "a", 600.0)
    book.lot("urn:o|part", quantity=5.0)
    book.draws("urn:o|part", "urn:o|lot-a", 5.0, kind="lot")
    inventory(book, 1000.0)
    assert (outcome(book), compared(book).lots) == (Outcome.UNALLOCATED, 0)


def test_a_lot_drawn_from_a_process_that_nobody_describes_has_no_place() -> None:
    book = Book()
    makes(book, "a", 600.0)
    book.lot("urn:o|loose", "urn:o|undescribed")
    inventory(book, 1000.0)
    assert compared(book).gaps == (Gap("lot-unknown", "lot", "urn:o|loose"),)


@pytest.mark.parametrize(("issuer", "expected"), [("urn:o", Outcome.UNDECIDED), ("urn:m", Outcome.UNALLOCATED)])
def test_a_lot_of_which_there_is_a_footprint_alone(issuer: str, expected: Outcome) -> None:
    """Its issuer's word counts: what others name after it changes nothing."""
    book = Book()
    makes(book, "a", 600.0)
    book.footprint("urn:o|undescribed", 1.0, key=f"{issuer}|f", **YEAR)
    inventory(book, 1000.0)
    assert outcome(book) == expected


def test_a_process_without_a_place_may_be_of_the_facility() -> None:
    book = two(800.0)
    book.tables.rows["processes"]["facility"][1] = ""
    found = compared(book)
    assert (found.outcome, found.least, found.most) == (Outcome.CONSISTENT, 600.0, 900.0)
