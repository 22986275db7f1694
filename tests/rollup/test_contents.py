"""What a lot consists of: by its own declaration, or by what went in; what nobody states stays unknown."""

import pytest

from graph.rollup.figure import content
from tests.rollup.one_lot import LOT, codes, figure, made
from tests.rollup.rollup_book import Book


def test_recycled_claim_on_electrolysis_and_more_out_than_in():
    book = Book()
    book.product("urn:a|al", material="aluminium")
    book.process("urn:a|T", complete=1)
    book.power(13.3, 0.5)
    book.consumes("alumina", 0.5, "material")
    book.makes(1.0, "urn:a|al")
    book.lot(LOT, "urn:a|T", product="urn:a|al")
    book.content(LOT, post_consumer=0.1)
    assert codes(content(*book.rolled(), LOT)) == set()
    assert codes(figure(book)) == {"mass-out-exceeds-in"}
    book.content(LOT, signed=True, post_consumer=0.5)
    assert codes(content(*book.rolled(), LOT)) == {"recycled-exceeds"}


def test_undisclosed_inputs_never_look_like_nothing():
    book = Book()
    made(book, key="")
    whole = figure(book)
    hidden = Book()
    made(hidden, key="", complete=-1)
    bound = figure(hidden)
    assert (whole.lower_bound, bound.lower_bound) == (False, True)
    assert bound.total == whole.total
    assert "inputs-undisclosed" in codes(bound)
    assert content(*hidden.rolled(), LOT).unknown == 1.0


def test_content_declarations():
    book = Book()
    made(book, key="")
    book.content(LOT, post_consumer=0.9, signed=False)
    assert content(*book.rolled(), LOT).post_consumer == 0.9
    book.content(LOT, pre_consumer=0.2, virgin=0.3)
    found = content(*book.rolled(), LOT)
    assert (found.pre_consumer, found.virgin, found.declared) == (0.2, 0.3, True)
    assert found.unknown == pytest.approx(0.5)
    for bad in ({"virgin": 1.2}, {"virgin": 1.0, "custody": "mass-balance"}, {"virgin": 1.0, "basis": "bio-C/total C"}):
        book.content(LOT, **bad)
    again = content(*book.rolled(), LOT)
    assert (again.pre_consumer, codes(again)) == (0.2, {"content-refused"})


def test_a_content_of_which_nothing_is_known_is_told_as_nothing():
    book = Book()
    made(book, key="")
    book.content(LOT, post_consumer=0.4)
    told = content(*book.rolled(), LOT).told
    assert (told["post_consumer"], told["virgin"]) == (0.4, None)
    book.content(LOT, post_consumer=0.4, virgin=0.6)
    assert content(*book.rolled(), LOT).told["pre_consumer"] == 0.0, "all is told, so this is none of it"


def test_own_scrap_and_fuel_earn_nothing():
    book = Book()
    book.process("urn:a|T")
    book.consumes("steel-scrap", 1.0, "material", origin="post-consumer")
    book.consumes("steel-scrap", 1.0, "material", origin="virgin", incorporated=3.0)
    book.consumes("steel-scrap", 5.0, "material", origin="post-consumer", role="own-scrap")
    book.consumes("wood", 5.0, "material", origin="non-grain-bio", role="fuel")
    book.makes(1.0)
    book.lot(LOT, "urn:a|T")
    found = content(*book.rolled(), LOT)
    assert (found.post_consumer, found.virgin, found.unknown) == (0.25, 0.75, 0.0)
