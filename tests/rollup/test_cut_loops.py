"""A footprint in a loop against what is computed in its place, which rests on the footprint itself."""

import pytest

from graph.rollup.figure import footprint
from tests.rollup.rollup_book import NAN, Book


def attested(value: float, gsd: float = NAN, back: float = 0.2) -> Book:
    """A makes 1 + .1 of B's product, B 2 + ``back`` of A's; all widths are stated, and B's product is attested."""
    book = Book()
    for own, other, emitted, amount in (("urn:a", "urn:b", 1.0, 0.1), ("urn:b", "urn:a", 2.0, back)):
        book.process(f"{own}|T")
        book.emits(emitted, gsd=3.0)
        if amount:
            book.consumes(f"{other}|p", amount, "product", start=0.0, end=100.0)
        book.makes(1.0, f"{own}|p")
        book.lot(f"{own}|l", f"{own}|T", product=f"{own}|p")
    book.footprint("urn:b|p", value, subject_kind="product", primary_data_share=1.0, gsd=gsd)
    return book


def told(book: Book) -> list[str]:
    found = footprint(*book.rolled(), "urn:a|l")
    return [finding.message for finding in found.findings if finding.code == "attested-differs"]


def test_the_width_of_what_is_computed_round_a_cut_excuses_no_difference():
    """2 + .2 x (1 + .1 x 5): of the 2.3 a part is the footprint itself, so that its width is none of its own."""
    (message,) = told(attested(5.0))
    assert message.endswith("attested 5 kgCO2e a unit, computed 2.3")
    assert told(attested(5.0, back=0.0)) == [], "without the loop a factor of 3 twice is wide enough"


def test_the_width_that_the_footprint_of_a_loop_states_itself_is_allowed():
    assert told(attested(5.0, gsd=1.5)) == []
    (message,) = told(attested(5.0, gsd=1.4))
    assert message.endswith("their uncertainty allows a factor of 1.96")


@pytest.mark.parametrize("value", [2.24, 2.25])
def test_a_footprint_that_agrees_with_its_loop_is_no_finding(value):
    assert told(attested(value)) == []
