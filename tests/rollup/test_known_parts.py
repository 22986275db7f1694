"""Of what is partly unknown there is a known part; it is a lower bound only of what can never be negative."""

import pytest

from graph.model.indicators import NEVER_NEGATIVE, Group
from graph.rollup.figure import Figure, footprint, told
from graph.rollup.policy import load_policy
from graph.rollup.resources import resources
from graph.units import Dimension
from schemas.errors import StatementInvalid
from schemas.statement import load_statement
from tests.rollup.rollup_book import NAN, Book

PERIOD = {"period_start": "2025-01-01", "period_end": "2026-01-01"}


def works(factor: float = NAN) -> Book:
    """100 kg of direct emissions, an input of which nothing is known, electricity sold; 3 m3 of water."""
    book = Book()
    book.process("o|p", boundary="cradle-to-gate", accounts="")
    book.emits(100.0)
    book.emits(300.0, factor, name="sold", type="electricity", multiplier=-1.0, dimension=Dimension.ENERGY)
    book.emits(3.0, name="well", type="water", dimension=Dimension.VOLUME)
    book.consumes("s|ore", 1.0)
    book.makes(1.0)
    book.lot("o|l", "o|p")
    return book


def figure(book: Book) -> Figure:
    return footprint(*book.rolled(policy=load_policy("no-defaults")), "o|l")


def water(book: Book) -> float | None:
    return resources(*book.rolled(policy=load_policy("no-defaults")), "o|l").accounts[Group.WATER].values["fresh_water"]


def test_what_is_unknown_may_lower_a_total_and_no_amount_that_is_never_negative() -> None:
    """Each thing that is stated later takes off a total that was not known in full; water only grows."""
    credit, removal = works(0.1), works(0.1)
    removal.footprint("s|ore", -50.0, removals=-60.0, fossil=10.0, fresh_water=0.0, boundary="cradle-to-gate")
    totals = [figure(book).total for book in (works(), credit, removal)]
    assert totals == pytest.approx([100.0, 70.0, 20.0])
    assert [figure(book).lower_bound for book in (works(), credit, removal)] == [True, True, False]
    assert [water(book) for book in (works(), credit, removal)] == [3.0, 3.0, 3.0]


def test_a_value_that_was_not_taken_is_its_known_part_as_well() -> None:
    """A published default covers direct emissions alone: its indirect ones are unknown, not 0."""
    book = Book()
    book.product("o|p", material="hot-rolled-steel")
    book.lot("o|l", product="o|p")
    book.footprint("o|l", 5.0)
    (found,) = footprint(*book.rolled(), "o|l").shadows
    assert (found.direct, found.indirect, found.undivided) == (4.048689266, None, None)
    assert (found.total, found.lower_bound) == (4.048689266, True)


def test_of_a_stated_total_nobody_tells_how_much_is_direct() -> None:
    whole = {"direct": 0.0, "indirect": 0.0, "undivided": 5.0, "total": 5.0}
    assert told(whole, gaps=False) == {"direct": None, "indirect": None, "undivided": 5.0, "total": 5.0}
    apart = {"direct": 0.0, "indirect": 2.0, "undivided": 0.0, "total": 2.0}
    assert told(apart, gaps=False) == apart, "stated to be nothing"
    assert told(apart, gaps=True) == {"direct": None, "indirect": 2.0, "undivided": None, "total": 2.0}


@pytest.mark.parametrize("name", ["biogenic_non_co2", "fresh_water", "solid_waste", "resources_recovered"])
def test_no_footprint_states_less_than_nothing_of_what_is_never_negative(name: str) -> None:
    assert name in NEVER_NEGATIVE
    value = "-1" if name == "biogenic_non_co2" else {"value": "-1", "unit": "m3" if name == "fresh_water" else "kg"}
    stated = {"ghg": {name: value}} if name == "biogenic_non_co2" else {name: value}
    fact = {"kind": "footprint", "id": "F", "lot": "L", **PERIOD, "per": {"value": "1", "unit": "kg"}, "direct": "1"}
    whole = {
        "iss": "urn:greenchain:org:a",
        "jti": "j",
        "iat": 1,
        "facts": [fact | {"boundary": "gate-to-gate"} | stated],
    }
    with pytest.raises(StatementInvalid) as raised:
        load_statement(whole)
    assert name in raised.value.errors[0].pointer


@pytest.mark.parametrize("kind", ["water", "waste", "recovered", "measured", "capture"])
def test_no_activity_takes_off_what_is_never_negative(kind: str) -> None:
    more = {"measured": {"scope": "direct", "category": "biogenic_non_co2"}, "capture": {"fate": "used"}}.get(kind, {})
    unit = "m3" if kind == "water" else "kg"
    activity = {"name": "a", "type": kind, "direction": "out", "quantity": {"value": "1", "unit": unit}, **more}
    fact = {
        "kind": "process", "id": "P", "produced_from": "2025-01-01", "produced_to": "2026-01-01",
        "outputs": [{"id": "o", "product": "p", "quantity": {"value": "1", "unit": "kg"}}], "activities": [activity],
    }  # fmt: skip
    with pytest.raises(StatementInvalid, match="only adds"):
        load_statement({"iss": "urn:greenchain:org:a", "jti": "j", "iat": 1, "facts": [fact]})
