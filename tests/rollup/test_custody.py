"""Contradictions between organizations about a lot are findings for both (accounting.md, Roll-up)."""

from graph.rollup.figure import footprint
from tests.rollup.rollup_book import Book

LOT = "urn:s|lot"


def supplied(quantity: float = 100.0) -> Book:
    """A supplier's lot with a footprint."""
    book = Book()
    book.lot(LOT, quantity=quantity)
    book.footprint(LOT, 1.0)
    return book


def buyer(book: Book, who: str, amount: float) -> str:
    """An organization that uses some of the lot."""
    book.process(f"urn:{who}|T")
    book.consumes(LOT, amount)
    book.makes(1.0)
    return book.lot(f"urn:{who}|made", f"urn:{who}|T")


def codes(book: Book, lot: str) -> set[str]:
    return {f.code for f in footprint(*book.rolled(), lot).findings} - {"pds-missing"}


def passed_on(book: Book, receiver: str, amount: float, sender: str = "urn:s", **values: str) -> None:
    given = {"sender": sender, "asserted_by": sender, **values}
    book.moved(LOT, f"urn:{receiver}", amount, float("nan"), **given)


def test_a_buyer_within_what_was_passed_on_gets_no_finding() -> None:
    book = supplied()
    passed_on(book, "x", 50.0)
    made = buyer(book, "x", 50.0)
    assert codes(book, made) == set()


def test_using_more_than_was_passed_on_is_a_finding_for_supplier_and_buyer() -> None:
    book = supplied()
    passed_on(book, "x", 50.0)
    made = buyer(book, "x", 60.0)
    assert "consumption-beyond-transfer" in codes(book, made)
    assert "consumption-beyond-transfer" in codes(book, LOT)


def test_the_weighing_tolerance_is_no_contradiction() -> None:
    book = supplied()
    passed_on(book, "x", 50.0)
    made = buyer(book, "x", 50.2)
    assert codes(book, made) == set()


def test_two_buyers_who_together_use_more_than_there_is_overcommit_the_lot() -> None:
    book = supplied()
    first, second = buyer(book, "x", 60.0), buyer(book, "y", 60.0)
    assert "lot-overcommitted" in codes(book, first)
    assert "lot-overcommitted" in codes(book, second)


def test_a_stranger_who_claims_a_lot_that_went_to_another_overcommits_it() -> None:
    book = supplied()
    passed_on(book, "x", 100.0)
    assert "lot-overcommitted" in codes(book, buyer(book, "thief", 10.0))


def test_a_lot_sold_on_is_not_counted_twice() -> None:
    book = supplied()
    passed_on(book, "dealer", 100.0)
    passed_on(book, "x", 100.0, sender="urn:dealer")
    assert codes(book, buyer(book, "x", 100.0)) == set()


def test_only_the_senders_word_counts_as_passed_on() -> None:
    book = supplied()
    passed_on(book, "x", 100.0, asserted_by="urn:x")
    made = buyer(book, "x", 60.0)
    assert "consumption-beyond-transfer" not in codes(book, made)


def test_sender_and_receiver_with_different_quantities_dispute_the_transfer() -> None:
    book = supplied()
    passed_on(book, "x", 50.0, key="t")
    passed_on(book, "x", 40.0, key="t", asserted_by="urn:x")
    assert "transfer-disputed" in codes(book, LOT)


def test_no_finding_names_who_bought() -> None:
    book = supplied()
    buyer(book, "x", 60.0), buyer(book, "y", 60.0)
    found = footprint(*book.rolled(), LOT).findings
    assert found
    assert not any("urn:x" in f.message or "urn:y" in f.message for f in found)


def test_quantities_of_another_dimension_are_left_alone() -> None:
    book = supplied()
    book.process("urn:x|T")
    book.consumes(LOT, 1000.0, dimension=7)
    book.makes(1.0)
    book.lot("urn:x|made", "urn:x|T")
    assert "lot-overcommitted" not in codes(book, LOT)
