"""Lots and products by their addresses, whoever named them and wherever in a document they stand."""

import pytest

from graph.model.refs import Kind, fact_id, uid
from graph.rollup.naming import Named
from tests.rollup.rollup_book import Book


def named(key: str, kind: Kind, book: Book) -> str | None:
    return Named().find(book.tables, kind, uid(kind, key))


def all_over() -> Book:
    """One document after another, each of which names things that no other names."""
    book = Book()
    book.lot("urn:a|own", product="urn:a|of-lot")
    book.draws("urn:a|drawn", "urn:a|source", 1.0, kind="lot")
    book.process("urn:a|p")
    book.consumes("urn:b|input", 1.0)
    book.consumes("urn:b|ware", 1.0, "product")
    book.consumes("quicklime", 1.0, "material")
    book.makes(1.0, "urn:a|made")
    book.footprint("urn:b|printed", 1.0)
    book.footprint("urn:b|printed-ware", 1.0, subject_kind="product")
    book.content("urn:b|filled")
    book.content("urn:b|filled-ware", subject_kind="product")
    book.moved("urn:b|moved", "urn:c", 1.0, 0.0)
    book.product("urn:a|described")
    return book


@pytest.mark.parametrize("key", ["a|own", "a|drawn", "a|source", "b|input", "b|printed", "b|filled", "b|moved"])
def test_a_lot_is_found_wherever_it_is_named(key):
    book = all_over()
    assert named(f"urn:{key}", Kind.LOT, book) == f"urn:{key}"
    assert named(f"urn:{key}", Kind.PRODUCT, book) is None, "an address is one of a kind"


@pytest.mark.parametrize("key", ["a|described", "a|of-lot", "a|made", "b|ware", "b|printed-ware", "b|filled-ware"])
def test_a_product_is_found_wherever_it_is_named(key):
    book = all_over()
    assert named(f"urn:{key}", Kind.PRODUCT, book) == f"urn:{key}"
    assert named(f"urn:{key}", Kind.LOT, book) is None


def test_what_is_no_lot_has_no_address_as_one():
    book = all_over()
    book.draws("urn:a|own", "urn:a|p", 1.0)
    for key in ("quicklime", "urn:a|p", "urn:nobody|x", ""):
        assert named(key, Kind.LOT, book) is None
    assert Named().find(book.tables, Kind.LOT, "no address") is None


def test_what_was_superseded_keeps_its_address():
    book = Book()
    book.lot("urn:a|l")
    book.tables.superseded[fact_id(book.index, 0)] = book.document()
    assert named("urn:a|l", Kind.LOT, book) == "urn:a|l"


def test_what_comes_later_is_found_by_the_one_who_looked_before():
    book = all_over()
    known = Named()
    late = uid(Kind.LOT, "urn:z|late")
    assert known.find(book.tables, Kind.LOT, late) is None
    book.consumes("urn:z|ware", 1.0, "product")
    book.consumes("urn:z|late", 1.0)
    assert known.find(book.tables, Kind.LOT, late) == "urn:z|late"
    assert known.find(book.tables, Kind.PRODUCT, uid(Kind.PRODUCT, "urn:z|ware")) == "urn:z|ware"
    assert known.find(book.tables, Kind.LOT, uid(Kind.LOT, "urn:a|own")) == "urn:a|own"
