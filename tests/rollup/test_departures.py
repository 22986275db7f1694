"""What a compromised key signed is gone from the figures, and whatever lost it says so (graph/rollup/departures.py)."""

from graph.model.standing import COMPROMISE
from graph.rollup.figure import footprint
from graph.rollup.product import product_footprint
from tests.rollup.rollup_book import Book

LOT = "urn:a|l"
INF = float("inf")
CODE = "evidence-compromised"


def revoked(book: Book, gone: int, reason: str = COMPROMISE) -> int:
    """A revocation, with which a document left."""
    index = book.document()
    book.row("revocations", issuer="urn:a", thumbprint="t", reason=reason)
    book.tables.superseded[gone << 20] = index
    return index


def found(book: Book, lot: str = LOT, at: int | None = None) -> list[tuple[str, tuple[int, ...]]]:
    figure = footprint(*book.rolled(at), lot)
    return [(f.code, f.documents) for f in figure.findings if f.code == CODE]


def attested() -> tuple[Book, int]:
    book = Book()
    book.lot(LOT)
    return book, book.footprint(LOT, 5.0, primary_data_share=1.0)


def test_a_lot_that_lost_its_footprint_says_so_until_another_is_stated():
    book, index = attested()
    end = revoked(book, index)
    assert footprint(*book.rolled(), LOT).total is None
    assert found(book) == [(CODE, (index,))]
    assert found(book, at=end - 1) == [], "before the revocation nothing has left"
    book.footprint(LOT, 6.0, primary_data_share=1.0)
    assert (footprint(*book.rolled(), LOT).total, found(book)) == (6.0, [])


def test_what_is_withdrawn_for_another_reason_is_simply_gone():
    book, index = attested()
    revoked(book, index, "superseded")
    assert (footprint(*book.rolled(), LOT).total, found(book)) == (None, [])


def test_what_was_taken_back_before_did_not_leave_with_the_key():
    book, index = attested()
    book.tables.superseded[index << 20] = book.document()
    book.document()
    book.row("revocations", issuer="urn:a", thumbprint="t", reason=COMPROMISE)
    assert found(book) == []


def test_what_its_issuer_suspended_says_where_that_stands():
    book, index = attested()
    book.tables.superseded[index << 20] = end = book.document()
    book.row("statuses", document=index, state="suspended")
    told = [f for f in footprint(*book.rolled(), LOT).findings if f.code == "evidence-suspended"]
    assert [f.documents for f in told] == [(index,)]
    assert f"entry {end}" in told[0].message
    book.document()
    book.row("statuses", document=index, state="valid")
    (lifted,) = [f for f in footprint(*book.rolled(), LOT).findings if f.code == "evidence-suspended"]
    assert "until entry" in lifted.message


def test_a_product_that_lost_its_description_is_missed_by_its_lots():
    book = Book()
    book.product("urn:a|p")
    book.lot(LOT, product="urn:a|p")
    index = book.footprint("urn:a|p", 5.0, subject_kind="product")
    revoked(book, index)
    assert found(book) == [(CODE, (index,))]
    told = product_footprint(*book.rolled(), "urn:a|p", -INF, INF)
    assert CODE in {f.code for f in told.findings}
