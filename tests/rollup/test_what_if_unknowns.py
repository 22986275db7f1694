"""A difference is exact only where what is unknown does not change with what is known."""

import pytest

from graph.rollup.nodes import NodeKind
from graph.rollup.scenarios import Grid, Scale
from graph.rollup.whatif import what_if
from tests.rollup.rollup_book import Book
from tests.rollup.scenarios import MJ, Asking


def without_a_factor() -> tuple[Book, str]:
    """A lot whose process uses electricity of two regions; for that of BR nobody has a factor."""
    book = Book()
    book.process("urn:a|p", boundary="cradle-to-gate")
    book.power(100.0, 1.0, region="CN", name="line")
    book.power(50.0, region="BR", name="oven")
    book.emits(1.0)
    book.consumes("urn:b|steel", 2.0)
    book.makes(1.0)
    book.footprint("urn:b|steel", 3.0, primary_data_share=1.0)
    return book, book.lot("urn:a|l", "urn:a|p")


@pytest.mark.parametrize(
    ("change", "bound"),
    [
        (Grid("", 0.5 / MJ), "unknown"),
        (Grid("BR", 0.5 / MJ), "unknown"),
        (Scale(0.5, type="electricity"), "unknown"),
        (Scale(0.5, activity="oven", process="urn:a|p"), "unknown"),
        (Grid("CN", 0.5 / MJ), "exact"),
        (Scale(0.5, activity="line"), "exact"),
        (Scale(0.5, activity="own"), "exact"),
    ],
)
def test_what_has_no_value_changes_too_where_it_is_named(change: Grid | Scale, bound: str) -> None:
    book, lot = without_a_factor()
    asking = Asking(book)
    base, (found, again) = asking.what_if(lot, [change], [change, asking.switch("urn:b|steel", asking.vector(1.0))])
    assert base.gap
    assert (found.bound, again.bound) == (bound, bound)
    assert again.difference.sum() == pytest.approx(found.difference.sum() - 4.0)


def test_a_leg_without_emissions_changes_with_the_mode() -> None:
    book = Book()
    book.footprint("urn:a|l", 1.0, primary_data_share=1.0)
    book.moved("urn:a|l", "urn:b", 10.0, float("nan"))
    book.process("urn:b|p", boundary="cradle-to-gate")
    book.consumes("urn:a|l", 4.0)
    book.makes(2.0)
    lot = book.lot("urn:b|l", "urn:b|p")
    _, (found,) = Asking(book).what_if(lot, [Scale(0.25, type="transport")])
    assert found.bound == "unknown"


def test_what_lies_below_a_footprint_does_not_count_so_it_changes_nothing_unknown() -> None:
    book, lot = without_a_factor()
    book.process("urn:c|p")
    book.consumes(lot, 1.0)
    book.consumes("urn:who|knows", 1.0)
    book.power(1.0, 1.0)
    book.makes(1.0)
    book.footprint(lot, 7.0, primary_data_share=1.0)
    made = book.lot("urn:c|l", "urn:c|p")
    base, (found,) = Asking(book).what_if(made, [Grid("", 0.0)])
    assert base.gap
    assert (found.bound, found.difference.sum()) == ("exact", -1.0)


def two_lots() -> Asking:
    """Two lots, each of a process of its own that uses electricity and steel."""
    book = Book()
    book.footprint("urn:s|steel", 3.0, primary_data_share=1.0)
    for n in "ab":
        book.process(f"urn:{n}|p")
        book.power(10.0, 1.0)
        book.consumes("urn:s|steel", 1.0)
        book.makes(1.0)
        book.lot(f"urn:{n}|l", f"urn:{n}|p")
    return Asking(book)


def test_a_lot_of_unknown_quantity_changes_a_portfolio_by_nobody_knows_how_much() -> None:
    asking = two_lots()
    asked = asking.asked("urn:a|l", "urn:b|l", amounts=[2.0, 0.0])
    everywhere, at_a, at_b = ([Scale(0.5, type="electricity", process=p)] for p in ("", "urn:a|p", "urn:b|p"))
    steel = [asking.switch("urn:s|steel", asking.vector(1.0), kind=NodeKind.LOT)]
    base, found = what_if(asking.prepared, asked, [everywhere, at_a, at_b, steel])
    assert (base.total, base.gap) == (26.0, True)
    assert [o.bound for o in found] == ["unknown", "exact", "unknown", "unknown"]
    assert found[1].difference.sum() == -10.0


def test_a_lot_beyond_the_range_of_numbers_changes_a_portfolio_by_nobody_knows_how_much() -> None:
    """It has no known part: what the change does to it is in no difference."""
    book = Book()
    book.footprint("urn:s|steel", 3.0, primary_data_share=1.0)
    for n, most in (("a", 1.0), ("b", 1e308)):
        book.process(f"urn:{n}|p")
        book.power(10.0, 1.0)
        book.consumes("urn:s|steel", 1.0)
        book.emits(most), book.emits(most)
        book.makes(1.0)
        book.lot(f"urn:{n}|l", f"urn:{n}|p")
    asking = Asking(book)
    everywhere, at_a, at_b = ([Scale(0.5, type="electricity", process=p)] for p in ("", "urn:a|p", "urn:b|p"))
    steel = [asking.switch("urn:s|steel", asking.vector(1.0), kind=NodeKind.LOT)]
    base, found = what_if(asking.prepared, asking.asked("urn:a|l", "urn:b|l"), [everywhere, at_a, at_b, steel])
    assert (base.total, base.gap) == (15.0, True)
    assert [o.bound for o in found] == ["unknown", "exact", "unknown", "unknown"]
