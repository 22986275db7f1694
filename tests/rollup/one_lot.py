"""One lot of one maker, as most rules need it: written down, and asked about."""

from graph.rollup.figure import footprint
from tests.rollup.rollup_book import Book

INF = float("inf")
LOT = "urn:a|l"


def figure(book, lot=LOT, **options):
    return footprint(*book.rolled(**options), lot)


def made(book, lot=LOT, emitted=2.0, key="urn:a|p", **values):
    """A lot with a product and a process that emits so much per kg."""
    issuer = lot.partition("|")[0]
    book.process(f"{issuer}|T-{lot}", facility=f"{issuer}|f", **values)
    book.emits(emitted)
    book.makes(1.0, key)
    return book.lot(lot, f"{issuer}|T-{lot}", product=key)


def codes(found):
    return {finding.code for finding in found.findings}


def transported(boundary="cradle-to-gate", own_leg=False, transport=0.5):
    book = Book()
    made(book, "urn:b|in", key="", boundary=boundary)
    book.moved("urn:b|in", "urn:a", 10.0, transport)
    book.moved("urn:b|in", "urn:a", 30.0, 0.1)
    book.tables.rows["transfers"]["key"][1] = "t-other"
    book.document()
    for name, column in book.tables.rows["transfers"].items():
        column.append(book.fid if name == "fid" else column[1])
    book.process("urn:a|T", boundary=boundary)
    book.consumes("urn:b|in", 2.0)
    if own_leg:
        book.emits(7.0, type="transport", name="lorry")
    book.makes(2.0)
    book.lot(LOT, "urn:a|T")
    return book
