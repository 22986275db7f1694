"""Chains with energy, water and waste, and what is asked of them."""

from typing import Any

from graph.rollup.figure import Figure, footprint
from graph.rollup.resources import Resources, resources
from graph.units import Dimension
from tests.rollup.rollup_book import NAN, Book

GATE = "cradle-to-gate"
EVERYTHING = "energy water waste recovered"


def steel() -> Book:
    """100 kg of steel from 1,740 MJ of coal and 20 kWh; 50 kg of it in 40 kg of screws made with 36 MJ of heat."""
    book = Book()
    book.process("o|mill", boundary=GATE, accounts=EVERYTHING)
    book.emits(180.0, name="coal", type="stream", carrier="coal", energy=1740.0)
    book.power(20.0, 0.5, energy=72.0, carrier="electricity")
    book.emits(0.0, name="water", type="water", dimension=Dimension.VOLUME, energy=NAN)
    book.tables.rows["activities"]["quantity"][-1] = 0.3
    book.makes(100.0)
    book.lot("o|steel", "o|mill", quantity=100.0)
    book.process("p|works", boundary=GATE, accounts=EVERYTHING)
    book.consumes("o|steel", 50.0)
    book.emits(2.0, name="heat", type="heat", energy=36.0, carrier="heat")
    book.emits(-10.0, 0.0, name="sold gas", type="waste-gas", energy=-100.0, carrier="converter-gas")
    book.makes(40.0)
    book.lot("p|screws", "p|works", quantity=40.0)
    return book


def figure(book: Book, lot: str) -> Figure:
    return footprint(*book.rolled(), lot)


def of(book: Book, lot: str) -> Resources:
    return resources(*book.rolled(), lot)


def declared(book: Book, lot: str, total: float = NAN, **values: Any) -> int:
    return book.footprint(lot, total, boundary=GATE, **values)
