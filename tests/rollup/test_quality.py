"""How good the data behind a figure are: ratings weighted by emissions, and the interval or why there is none."""

from typing import Any

import numpy as np
import pytest

from tests.rollup.indicator_book import GATE, declared, figure
from tests.rollup.rollup_book import NAN, Book


def rated(book: Book, quantity: float, rating: float, gsd: float = NAN, **values: Any) -> None:
    book.emits(quantity, name=f"r{rating}{quantity}", technology=rating, geography=1.0, time=5.0, gsd=gsd, **values)


def test_data_quality_is_weighted_by_emissions() -> None:
    """Share rated: of all emissions, those rated in all three dimensions."""
    book = Book()
    book.process("o|p", boundary=GATE)
    rated(book, 30.0, 1.0)
    rated(book, 10.0, 3.0)
    book.emits(40.0, name="unrated", technology=5.0)
    book.makes(10.0)
    book.lot("o|l", "o|p", quantity=10.0)
    found = figure(book, "o|l").particulars
    assert found.quality == pytest.approx({"technology": 1.5, "geography": 1.0, "time": 5.0})
    assert found.rated_share == pytest.approx(0.5)


def test_a_footprint_brings_its_own_rating() -> None:
    book = Book()
    book.lot("o|l")
    declared(book, "o|l", 2.0, technology=2.0, geography=2.0, time=2.0)
    assert figure(book, "o|l").particulars.quality == {"technology": 2.0, "geography": 2.0, "time": 2.0}


def spread_of(*parts: tuple[float, float, str]) -> Any:
    book = Book()
    book.process("o|p", boundary=GATE)
    for i, (value, gsd, source) in enumerate(parts):
        book.emits(value, name=f"a{i}", gsd=gsd, factor_source=source)
    book.makes(10.0)
    book.lot("o|l", "o|p", quantity=10.0)
    return figure(book, "o|l").particulars.spread


def test_independent_parts_add_their_squares() -> None:
    found = spread_of((30.0, 1.2, "own"), (10.0, 1.5, "own"))
    gsd = np.exp(np.sqrt((0.75 * np.log(1.2)) ** 2 + (0.25 * np.log(1.5)) ** 2))
    assert (found.gsd, found.low, found.high) == pytest.approx((gsd, 4 / gsd**2, 4 * gsd**2))
    assert found.share == 1.0


def test_parts_on_one_factor_are_fully_correlated() -> None:
    """Their emissions are added before squaring, so that splitting an activity in two changes nothing."""
    one = spread_of((40.0, 1.3, "MEE, 2023, CN"), (10.0, 1.1, "own"))
    two = spread_of((25.0, 1.3, "MEE, 2023, CN"), (15.0, 1.3, "MEE, 2023, CN"), (10.0, 1.1, "own"))
    assert one.gsd == pytest.approx(two.gsd)
    apart = spread_of((25.0, 1.3, "own"), (15.0, 1.3, "own"), (10.0, 1.1, "own"))
    assert apart.gsd < one.gsd


def test_no_interval_for_a_total_that_is_not_above_zero() -> None:
    found = spread_of((5.0, 1.2, "own"), (-10.0, 1.2, "own"))
    assert found.low is None
    assert "not above 0" in found.reason


def test_an_interval_wider_than_numbers_go_is_none() -> None:
    book = Book()
    book.lot("o|l")
    declared(book, "o|l", 1e307, gsd=100.0)
    for found in (spread_of((1e307, 100.0, "own")), figure(book, "o|l").particulars.spread):
        assert (found.low, found.high, found.gsd) == (None, None, None)
        assert "wider" in found.reason


def test_no_interval_where_a_part_has_no_width() -> None:
    found = spread_of((5.0, 1.2, "own"), (15.0, NAN, "own"))
    assert (found.low, found.share) == (None, 0.25)
    assert "not every part" in found.reason


def test_the_floor_at_zero_is_arithmetic_and_has_no_width() -> None:
    book = Book()
    book.process("o|gas", boundary="cbam-embedded")
    book.emits(2.0, name="own", gsd=1.1)
    book.emits(5.0, -1.0, name="exported", gsd=1.1)
    book.makes(1.0)
    book.lot("o|l", "o|gas")
    book.process("o|next", boundary="cbam-embedded")
    book.consumes("o|l", 1.0)
    book.emits(4.0, gsd=1.3)
    book.makes(1.0)
    book.lot("o|m", "o|next")
    found = figure(book, "o|m")
    assert (found.total, found.particulars.spread.reason) == (pytest.approx(4.0), "")


def test_no_interval_of_a_lower_bound() -> None:
    book = Book()
    book.process("o|p", boundary=GATE)
    book.emits(5.0, gsd=1.1)
    book.consumes("x|nobody", 1.0)
    book.makes(1.0)
    book.lot("o|l", "o|p")
    assert "known part" in figure(book, "o|l").particulars.spread.reason
