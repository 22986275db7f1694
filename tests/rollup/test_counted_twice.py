"""What a portfolio holds more than once: its lots that others of its lots are made of; and groupings of many cells."""

import numpy as np
import pytest

from graph.rollup import portfolio
from graph.rollup.portfolio import Holding, overlap, totals
from graph.rollup.scenarios import Scale, prepare
from tests.rollup.rollup_book import NAN, Book
from tests.rollup.scenarios import Asking
from tests.rollup.test_loops import recycling
from tests.rollup.test_portfolio import everything, stock

ORE, METAL, PART = "urn:a|ore", "urn:b|metal", "urn:c|part"


def near(value):
    return pytest.approx(value, rel=1e-12)


def chain() -> Book:
    """4 kg of ore at 5, of which 2 go into a metal at 2 x 5 + 1, of which 0.5 go into a part."""
    book = Book()
    for name, source, taken, own in ((ORE, "", 0.0, 5.0), (METAL, ORE, 2.0, 1.0), (PART, METAL, 0.5, 3.0)):
        book.process(f"{name}-process")
        book.emits(own)
        if source:
            book.consumes(source, taken)
        book.makes(1.0)
        book.lot(name, f"{name}-process")
    return book


def twice(book: Book, **quantities: float) -> float:
    snapshot, rolled = book.rolled()
    nodes = np.array([snapshot.lots[key] for key in (ORE, METAL, PART) if key[6:] in quantities], np.int64)
    amounts = [quantities[key[6:]] for key in (ORE, METAL, PART) if key[6:] in quantities]
    return overlap(prepare(snapshot, rolled), Holding(nodes, np.array(amounts)))


def test_lots_that_are_not_made_of_each_other_are_counted_once():
    assert twice(chain(), ore=4.0) == 0.0
    book = Book()
    stock(book)
    snapshot, rolled = book.rolled()
    assert overlap(prepare(snapshot, rolled), everything(snapshot)) == 0.0


def test_what_went_into_another_lot_of_the_portfolio_is_counted_twice():
    assert twice(chain(), ore=4.0, metal=1.0) == near(2 * 5.0)
    assert twice(chain(), metal=1.0, part=1.0) == near(0.5 * 11.0)
    assert twice(chain(), ore=4.0, part=1.0) == near(1.0 * 5.0), "through what the portfolio does not hold"
    assert twice(chain(), ore=4.0, metal=1.0, part=1.0) == near((2 + 1) * 5.0 + 0.5 * 11.0)


def test_no_more_of_a_lot_is_counted_twice_than_the_portfolio_holds():
    assert twice(chain(), ore=0.25, metal=1.0) == near(0.25 * 5.0)


def test_evidence_does_not_hide_what_a_lot_was_made_of():
    book = chain()
    book.footprint(METAL, 7.0, primary_data_share=1.0)
    assert twice(book, ore=4.0, metal=1.0) == near(2 * 5.0)
    assert twice(book, metal=1.0, part=1.0) == near(0.5 * 7.0)


def test_a_lot_without_quantity_or_figure_is_no_part_of_what_is_counted_twice():
    assert twice(chain(), ore=NAN, metal=1.0) == 0.0
    assert twice(chain(), ore=4.0, metal=NAN) == 0.0


def test_a_lot_that_a_loop_takes_is_counted_as_often_as_the_loop_goes_round():
    """x_A = 1 + ore + .1 x_B, x_B = 2 + .2 x_A: a unit of A takes 1 / .98 of the ore, a unit of B .2 / .98."""
    book = Book()
    book.footprint(ORE, 5.0, primary_data_share=1.0)
    for own, other, emitted, amount in (("urn:a", "urn:b", 1.0, 0.1), ("urn:b", "urn:a", 2.0, 0.2)):
        book.process(f"{own}|T")
        book.emits(emitted)
        book.consumes(f"{other}|p", amount, "product", start=0.0, end=100.0)
        if own == "urn:a":
            book.consumes(ORE, 1.0)
        book.makes(1.0, f"{own}|p")
        book.lot(f"{own}|l", f"{own}|T", product=f"{own}|p")
    snapshot, rolled = book.rolled()
    nodes = np.array([snapshot.lots[key] for key in (ORE, "urn:a|l", "urn:b|l")], np.int64)
    assert overlap(prepare(snapshot, rolled), Holding(nodes, np.array([9.0, 3.0, 2.0]))) == near(
        5.0 * (3.0 + 2.0 * 0.2) / 0.98
    )


@pytest.mark.parametrize("scale", [0.0, 0.5, 3.0])
def test_an_activity_of_a_loop_counts_as_often_as_the_loop_goes_round(scale):
    """x_A = s + .1 x_B, x_B = 2 s + .2 x_A by the weights of the backward pass: what was built anew gives the same."""
    asking = Asking(recycling(boundary="cradle-to-gate"))
    base, (all_of_it, of_b) = asking.what_if(
        "urn:a|l", [Scale(scale, activity="own")], [Scale(scale, process="urn:b|T")]
    )
    assert base.total == near(1.2 / 0.98)
    assert all_of_it.found.total == pytest.approx(scale * 1.2 / 0.98, rel=1e-12, abs=1e-12)
    assert of_b.found.total == near((1 + 0.1 * 2 * scale) / 0.98)


def test_a_loop_that_evidence_cuts_is_gone_round_as_far_as_the_evidence():
    book = recycling(boundary="cradle-to-gate")
    book.footprint("urn:b|p", 5.0, subject_kind="product", primary_data_share=1.0)
    asking = Asking(book)
    base, (found,) = asking.what_if("urn:a|l", [Scale(3.0, activity="own")])
    assert (base.total, found.found.total) == (near(1.5), near(3.5))


def test_groups_are_the_same_however_many_cells_their_table_would_have(monkeypatch):
    book = Book()
    stock(book)
    snapshot, rolled = book.rolled()
    by = ("supplier", "month", "evidence")
    found = totals(snapshot, rolled, everything(snapshot), by)
    monkeypatch.setattr(portfolio, "_DENSE", 1)
    sparse = totals(snapshot, rolled, everything(snapshot), by)
    assert len(found) > 3
    assert [(g.names, g.lots, g.unknown, g.mass, g.total) for g in sparse] == [
        (g.names, g.lots, g.unknown, g.mass, g.total) for g in found
    ]
