"""How many solved chains a process keeps: a few, and of large ones no more than there is room for."""

import pytest

from service import chain as kept
from service.chain import Chain, World
from tests.rollup.rollup_book import Book


@pytest.fixture(scope="module")
def world():
    book = Book()
    for name in ("a", "b", "c"):
        book.lot(f"urn:{name}|l")
    snapshot, rolled = book.rolled()
    return World(snapshot, rolled, book.tables)


def kept_of(world, count):
    chain = Chain(None, "default")
    for index in range(count):
        chain._make_room()
        chain._worlds[index, "default", ""] = world
    return [index for index, *_ in chain._worlds]


def test_a_few_small_chains_are_kept_those_asked_for_last(world):
    assert kept_of(world, 7) == [3, 4, 5, 6]


def test_of_large_chains_no_more_are_kept_than_there_is_room_for(world, monkeypatch):
    size = len(world.snapshot.key)
    assert size == 3
    monkeypatch.setattr(kept, "KEPT_NODES", 2 * size)
    assert kept_of(world, 5) == [3, 4]
    monkeypatch.setattr(kept, "KEPT_NODES", size - 1)
    assert kept_of(world, 5) == [4]


def test_the_product_of_a_lot_is_what_was_said_of_it(world):
    book = Book()
    book.lot("urn:a|l", product="urn:a|p")
    book.lot("urn:a|plain")
    book.footprint("urn:a|named", total=1.0)
    snapshot, rolled = book.rolled()
    told = World(snapshot, rolled, book.tables)
    assert [told.product_of(f"urn:a|{lot}") for lot in ("l", "plain", "named")] == ["urn:a|p", "", None]
