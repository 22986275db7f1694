"""Facilities with an inventory, and what they made, for the tests of what comes of it."""

from typing import Any

from graph.rollup.figure import footprint
from graph.rollup.findings import Finding
from graph.rollup.inventories import Compared, Outcome
from tests.rollup.rollup_book import NAN, Book

GATE = "cradle-to-gate"
WORKS, OTHER = "urn:o|works", "urn:o|other"
YEAR = {"start": 0.0, "end": 100.0}
LOCATION, MARKET = "location-based", "market-based"


def makes(book: Book, name: str, direct: float = NAN, *, at: str = WORKS, quantity: float = 10.0, **more: Any) -> None:
    """A process at a facility with its measured emissions, and a lot of all that it made."""
    book.process(f"urn:o|{name}", facility=at, boundary=GATE, **YEAR | more)
    if direct == direct:
        book.emits(direct, type="measured")
    book.makes(quantity)
    book.lot(f"urn:o|lot-{name}", f"urn:o|{name}", quantity=quantity)


def inventory(book: Book, direct: float, indirect: float = NAN, **values: Any) -> int:
    index = book.document()
    method = "" if indirect != indirect else LOCATION
    given_ = {"key": "urn:o|inv", "facility": WORKS, "gwp": "AR6", "method": method, **YEAR, **values}
    book.row("inventories", direct=direct, indirect=indirect, **given_)
    return index


def compared(book: Book) -> Compared:
    (found,) = book.rolled()[0].inventories
    return found


def outcome(book: Book) -> Outcome:
    return compared(book).outcome


def findings(book: Book, lot: str = "urn:o|lot-a") -> list[Finding]:
    return [f for f in footprint(*book.rolled(), lot).findings if f.code.startswith("inventory-")]


def two(direct: float = 900.0) -> Book:
    """Two processes that state 600 and 300."""
    book = Book()
    makes(book, "a", 600.0)
    makes(book, "b", 300.0)
    inventory(book, direct)
    return book


def silent(per_kg: float, drawn: float = 10.0, **more: Any) -> Book:
    """A process that states 600, and one that states nothing, whose lots carry a footprint."""
    book = Book()
    makes(book, "a", 600.0)
    makes(book, "b", quantity=drawn)
    book.tables.rows["outputs"]["quantity"][-1] = 10.0
    book.footprint("urn:o|lot-b", per_kg, boundary=GATE, **more)
    inventory(book, 1000.0)
    return book
