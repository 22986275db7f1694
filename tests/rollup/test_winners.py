"""Of two accounts of one thing that both stand, the earlier counts whole."""

from graph.rollup.figure import footprint
from tests.rollup.rollup_book import Book


def test_of_two_accounts_of_a_process_the_earlier_counts():
    book = Book()
    for direct in (3.0, 5.0):
        book.process("urn:a|p", boundary="cradle-to-gate")
        book.emits(direct)
        book.makes(1.0)
    book.lot("urn:a|l", "urn:a|p")
    assert footprint(*book.rolled(), "urn:a|l").direct == 3.0


def test_of_two_accounts_of_what_a_lot_is_from_the_earlier_counts():
    book = Book()
    for name, direct in (("p", 3.0), ("q", 5.0)):
        book.process(f"urn:a|{name}", boundary="cradle-to-gate")
        book.emits(direct)
        book.makes(1.0)
    for name in ("p", "q"):
        book.lot("urn:a|l", f"urn:a|{name}")
    assert footprint(*book.rolled(), "urn:a|l").direct == 3.0
