"""Scenarios at the limits: beyond the range of numbers, made of themselves together, and more than one pass holds."""

import pytest

from graph.rollup import whatif
from graph.rollup.errors import BeyondRange
from graph.rollup.scenarios import Grid, Scale
from graph.rollup.whatif import MadeOfItself, what_if
from tests.rollup.chains import METAL, PROFILE, SCREWS, STEEL, profile, screws, steel
from tests.rollup.rollup_book import CBAM, Book
from tests.rollup.scenarios import Asking, carried


def near(value):
    return pytest.approx(value, rel=1e-12)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "change",
    [
        lambda asking: Grid("", 1e308),
        lambda asking: Scale(1e308),
        lambda asking: asking.switch(STEEL, asking.vector(1.7e308)),
    ],
    ids=["grid", "activities", "switch"],
)
def test_a_scenario_beyond_the_range_of_numbers_is_refused(change):
    """However it is answered: by the weights of what is, or rolled up again."""
    book = Book()
    steel(book), screws(book), profile(book)
    asking = Asking(book)
    with pytest.raises(BeyondRange, match="scenario"):
        asking.what_if(SCREWS, [Grid("", 0.1)], [change(asking)])
    with pytest.raises(BeyondRange, match="scenario"):
        what_if(asking.prepared, asking.asked(PROFILE, SCREWS), [[change(asking)]])


def test_a_lot_that_was_beyond_the_range_before_is_an_unknown_of_its_portfolio_in_a_scenario_too():
    book = Book()
    steel(book), screws(book)
    book.process("urn:a|p")
    book.consumes(STEEL, 1.0)
    book.emits(1e308), book.emits(1e308)
    book.makes(1.0)
    lot = book.lot("urn:a|l", "urn:a|p")
    asking = Asking(book)
    change = [asking.switch(STEEL, asking.vector(1.0))]
    base, (found,) = what_if(asking.prepared, asking.asked(lot, SCREWS), [change])
    alone, (other,) = asking.what_if(SCREWS, change)
    assert base.gap
    assert found.found.gap
    assert (base.total, found.found.total) == (near(alone.total), near(other.found.total))
    with pytest.raises(BeyondRange, match=r"urn:a\|l"):
        asking.what_if(lot, change)


@pytest.mark.parametrize("boundary", [CBAM, "cradle-to-gate"])
def test_the_same_activities_are_turned_in_each_scenario_by_its_own_numbers(boundary):
    """What changes name is looked up once, whether they touch one another or not; how far they turn it is not."""
    book = Book()
    book.process("urn:a|p", boundary=boundary)
    book.emits(5.0, name="fire"), book.emits(7.0, name="flare")
    book.power(10.0, 0.3)
    book.makes(1.0)
    lot = book.lot("urn:a|l", "urn:a|p")
    asking = Asking(book)
    numbers = ((2.0, 1.0), (0.5, 3.0), (1.0, 0.0))
    apart = [[Scale(x, type="electricity"), Scale(y, activity="fire")] for x, y in numbers]
    joint = [[Scale(x, type="combustion"), Scale(y, activity="fire")] for x, y in numbers]
    _, found = asking.what_if(lot, *apart, *joint)
    assert [o.found.total for o in found[:3]] == [near(3 * x + 5 * y + 7) for x, y in numbers]
    assert [o.found.total for o in found[3:]] == [near(3 + 5 * x * y + 7 * x) for x, y in numbers]


def test_switches_that_only_together_make_a_lot_of_itself_are_refused():
    """One press would take what the other makes of it: either alone is an answer."""
    book = Book()
    for name in ("1", "2"):
        book.process(f"urn:a|p{name}")
        book.emits(2.0)
        book.makes(1.0)
        book.lot(f"urn:a|raw{name}", f"urn:a|p{name}")
        book.process(f"urn:b|p{name}")
        book.emits(float(name))
        book.consumes(f"urn:a|raw{name}", 3.0)
        book.makes(1.0)
        book.lot(f"urn:b|l{name}", f"urn:b|p{name}")
    book.process("urn:c|p")
    book.consumes("urn:b|l1", 1.0)
    book.consumes("urn:b|l2", 1.0)
    book.makes(1.0)
    lot = book.lot("urn:c|l", "urn:c|p")
    asking = Asking(book)
    one = asking.switch("urn:a|raw1", asking.lot("urn:b|l2"))
    other = asking.switch("urn:a|raw2", asking.lot("urn:b|l1"))
    base, found = asking.what_if(lot, [one], [other])
    assert [o.found.total for o in (*found,)] == [near(8 + 1 + 3 * 8), near(7 + 2 + 3 * 7)]
    assert base.total == near(15)
    with pytest.raises(MadeOfItself):
        asking.what_if(lot, [one, other])


def test_scenarios_that_do_not_fit_into_one_pass_are_answered_by_several_in_their_order(monkeypatch):
    book = Book()
    profile(book)
    asking = Asking(book)
    scenarios = [[asking.switch(METAL, asking.vector(value))] for value in (1.0, 2.0, 3.0, 4.0, 5.0)]
    _, together = asking.what_if(PROFILE, *scenarios)
    passes = []
    solve = whatif.roll_up
    monkeypatch.setattr(whatif, "roll_up", lambda system: passes.append(len(system.kind)) or solve(system))
    for most, count in ((1, 5), (5, 3), (10**6, 1)):
        monkeypatch.setattr(whatif, "MOST_NODES", most)
        passes.clear()
        _, apart = asking.what_if(PROFILE, *scenarios)
        assert [o.found.scopes.tolist() for o in apart] == [o.found.scopes.tolist() for o in together]
        assert len(passes) == count
    for value, outcome in zip((1.0, 2.0, 3.0, 4.0, 5.0), together, strict=True):
        assert outcome.found.total == near((120 * value + 5.283 + 105 * 0.41) / 113)


@pytest.mark.parametrize("how", ["more of it", "something else"])
def test_another_input_leaves_the_legs_as_they_were(how):
    """Legs are of transfers that were stated; of what would come instead nobody has stated any."""
    asking, lot = carried()
    change = (
        asking.switch("urn:a|l", None, scale=2.0)
        if how == "more of it"
        else asking.switch("urn:a|l", asking.vector(2.0))
    )
    base, (found, without) = asking.what_if(lot, [change], [change, Scale(0.0, type="transport")])
    assert base.total == near((4 * 1 + 4 * 5) / 2)
    assert found.found.total == near((4 * 2 + 4 * 5) / 2)
    assert without.found.total == near(4 * 2 / 2)
