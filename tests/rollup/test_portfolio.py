"""Many lots at once: totals by group, why they changed, the way to a target, and where a lot went."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from graph.rollup.adjacency import users_of
from graph.rollup.comparison import compare
from graph.rollup.decomposition import decompose, path
from graph.rollup.portfolio import DIMENSIONS, Holding, made_by, totals, within
from graph.rollup.recall import downstream
from schemas.questions import PORTFOLIO_BY
from tests.rollup.chains import METAL, PROFILE, SCREWS, STEEL, frame, profile
from tests.rollup.rollup_book import NAN, Book

DAY = 86400.0
JANUARY, FEBRUARY = 1735689600.0, 1738368000.0  # 2025


def near(value):
    return pytest.approx(value, rel=1e-12)


def stock(book):
    """Lots of two makers in two months, one of them without a figure and one with a gap."""
    for maker, per_kg, when in (("a", 1.0, JANUARY), ("a", 2.0, FEBRUARY), ("b", 4.0, JANUARY)):
        key = f"urn:{maker}|{per_kg:g}"
        book.lot(key, quantity=10.0, produced_at=when)
        book.footprint(key, per_kg, primary_data_share=1.0)
    book.lot("urn:a|unknown", quantity=1000.0, produced_at=JANUARY)
    book.process("urn:b|p")
    book.consumes("urn:who|knows", 1.0)
    book.emits(3.0)
    book.makes(1.0)
    book.lot("urn:b|gap", "urn:b|p", quantity=1.0, produced_at=FEBRUARY - 1)


def everything(snapshot):
    return made_by(snapshot, np.ones(len(snapshot.attributes.organizations), np.bool_))


def by_names(groups):
    return {g.names: g for g in groups}


def test_totals_by_supplier_and_month():
    book = Book()
    stock(book)
    snapshot, rolled = book.rolled()
    own = everything(snapshot)
    found = by_names(totals(snapshot, rolled, own, ("supplier", "month")))
    assert set(found) == {
        ("urn:a", "2025-01"), ("urn:a", "2025-02"), ("urn:b", "2025-01"), ("urn:who", ""),
    }  # fmt: skip
    january = found["urn:a", "2025-01"]
    assert (january.total, january.lots, january.unknown, january.mass) == (near(10.0), 1, 1, 10.0)
    assert january.lower_bound, "a lot without a figure is no zero"
    assert not found["urn:a", "2025-02"].lower_bound
    both = found["urn:b", "2025-01"]
    assert (both.total, both.lots, both.unknown, both.lower_bound) == (near(43.0), 2, 0, True)
    nobody = found["urn:who", ""]
    assert (nobody.total, nobody.lots, nobody.unknown, nobody.mass) == (None, 0, 1, None)


def test_every_grouping_has_the_same_sum():
    book = Book()
    stock(book)
    snapshot, rolled = book.rolled()
    (whole,) = totals(snapshot, rolled, everything(snapshot), ())
    for by in (("country",), ("facility",), ("material", "year"), ("product",), ("evidence", "supplier"), ("month",)):
        groups = totals(snapshot, rolled, everything(snapshot), by)
        assert math.fsum(g.total or 0 for g in groups) == near(whole.total)
        assert sum(g.lots for g in groups) == whole.lots
        assert sum(g.unknown for g in groups) == whole.unknown
        assert [g.names for g in groups] == sorted(g.names for g in groups) or by[0] == "evidence"


def test_what_lots_are_grouped_by_is_what_may_be_asked():
    assert DIMENSIONS == PORTFOLIO_BY


def test_a_period_and_what_lies_in_none():
    book = Book()
    stock(book)
    snapshot, rolled = book.rolled()
    found, undated = within(snapshot, everything(snapshot), JANUARY, FEBRUARY)
    (whole,) = totals(snapshot, rolled, found, ())
    assert (whole.total, undated) == (near(53.0), 1)
    assert totals(snapshot, rolled, Holding(found.nodes[:0], found.quantity[:0]), ("month",)) == ()


def test_a_lot_without_a_quantity_counts_as_unknown():
    book = Book()
    book.footprint("urn:a|l", 2.0, primary_data_share=1.0)
    snapshot, rolled = book.rolled()
    (whole,) = totals(snapshot, rolled, everything(snapshot), ())
    assert (whole.total, whole.lots, whole.unknown, whole.lower_bound) == (None, 0, 1, True)


def test_lots_of_one_product_or_organization():
    book = Book()
    frame(book)
    snapshot, rolled = book.rolled()
    mask = np.array([name == "urn:mill" for name in snapshot.attributes.organizations], np.bool_)
    assert [snapshot.key[n] for n in made_by(snapshot, mask).nodes] == [STEEL]
    every = np.ones(len(mask), np.bool_)
    frames = made_by(snapshot, every, snapshot.facts.products.codes["urn:maker|frames"])
    (whole,) = totals(snapshot, rolled, frames, ())
    assert (whole.lots, whole.mass) == (1, near(8.6))


# Why emissions changed


def split(before, after):
    found = decompose(*((np.array(q, float), np.array(e, float)) for q, e in (before, after)))
    return float(found.volume.sum()), float(found.mix.sum()), float(found.intensity.sum())


def test_a_single_group_by_hand():
    """E 10 -> 30 by twice the volume at 1.5 times the intensity: L = 20 / ln 3."""
    mean = 20 / math.log(3)
    assert split(([10], [10]), ([20], [30])) == (near(mean * math.log(2)), 0.0, near(mean * math.log(1.5)))


def test_pure_effects_are_pure():
    assert split(([10, 5], [10, 20]), ([20, 10], [20, 40])) == (near(30), pytest.approx(0), pytest.approx(0, abs=1e-12))
    volume, mix, intensity = split(([10, 10], [10, 30]), ([5, 15], [5, 45]))
    assert (volume, intensity) == (pytest.approx(0, abs=1e-12), pytest.approx(0, abs=1e-12))
    assert mix == near(10)
    assert split(([10], [10]), ([10], [7])) == (0.0, 0.0, near(-3))
    assert split(([10], [10]), ([10], [10])) == (0.0, 0.0, 0.0)


def test_zeros_by_their_limits():
    """Each limit is what small numbers in place of the zeros come to; logarithms come slowly."""
    assert split(([10, 0], [10, 0]), ([10, 10], [10, 20]))[1:] == (
        near(20 - 10 * math.log(2)),
        pytest.approx(0, abs=1e-12),
    )
    assert split(([10, 5], [10, 0]), ([10, 5], [10, 4])) == (0.0, 0.0, near(4))
    assert split(([10, 5], [10, 3]), ([10, 5], [10, 0])) == (0.0, 0.0, near(-3))
    assert split(([10, 5], [10, -2]), ([10, 5], [10, 3])) == (0.0, 0.0, near(5))
    assert split(([10], [-10]), ([20], [-20])) == (near(-10), 0.0, pytest.approx(0, abs=1e-12))
    assert split(([0], [0]), ([20], [30])) == (30.0, 0.0, 0.0)
    assert split(([10], [5]), ([0], [0])) == (-5.0, 0.0, 0.0)
    tiny = 1e-200
    exact, limit = (
        split(([10, tiny], [10, 2 * tiny]), ([10, 10], [10, 20])),
        split(([10, 0], [10, 0]), ([10, 10], [10, 20])),
    )
    assert exact == pytest.approx(limit, abs=0.06)
    for wrong in (([-1], [1]), ([0], [1])):
        with pytest.raises(ValueError, match="volume"):
            split(wrong, ([1], [1]))


@given(st.lists(st.tuples(*[st.floats(0, 1e9)] * 2, *[st.floats(-1e3, 1e3)] * 2), min_size=1, max_size=6))
@settings(max_examples=200, deadline=None)
def test_the_split_leaves_nothing_over(rows):
    q0, q1, i0, i1 = (np.array(column) for column in zip(*rows, strict=True))
    assume(np.isfinite(q0.sum() + q1.sum()))
    e0, e1 = q0 * i0, q1 * i1
    found = decompose((q0, e0), (q1, e1))
    size = np.abs(e0).sum() + np.abs(e1).sum()
    for effect in (found.volume, found.mix, found.intensity):
        assert np.isfinite(effect).all()
    left = math.fsum([*found.volume, *found.mix, *found.intensity]) - math.fsum([*e1, *-e0])
    assert abs(left) <= 1e-9 * max(size, 1e-300)


def test_the_way_to_a_target_and_the_gap():
    steps = path((2020, 100.0), (2030, 0.42), {2020: (100.0, False), 2025: (90.0, True), 2026: (None, True)})
    assert [s.year for s in steps] == list(range(2020, 2031))
    assert (steps[0].aim, steps[-1].aim) == (100.0, near(58.0))
    assert (steps[5].aim, steps[5].gap, steps[5].lower_bound) == (near(79.0), near(11.0), True)
    assert (steps[6].actual, steps[6].gap) == (None, None)
    assert (steps[7].actual, steps[7].gap) == (None, None)
    with pytest.raises(ValueError, match="after"):
        path((2020, 1.0), (2020, 0.5), {})


# Where a lot went


def went(book, lot, first=None):
    snapshot, _ = book.rolled()
    names = snapshot.attributes.organizations
    mask = np.array([first is None or n in first for n in names], np.bool_)
    found = downstream(snapshot, users_of(snapshot), snapshot.lots[lot], mask)
    return {snapshot.key[n]: bool(sure) for n, sure in zip(found.lots, found.named, strict=True)}


def test_every_lot_made_of_a_lot():
    book = Book()
    lot = frame(book)
    assert went(book, STEEL) == {SCREWS: True, lot: True}
    assert went(book, METAL) == {PROFILE: True, lot: True}
    assert went(book, lot) == {}
    assert went(book, METAL, first={"urn:maker"}) == {}
    assert went(book, METAL, first={"urn:former"}) == {PROFILE: True, lot: True}


def test_evidence_hides_no_lot_that_was_made_of_it():
    book = Book()
    lot = profile(book)
    book.footprint(lot, 1.0, primary_data_share=1.0)
    assert went(book, METAL) == {PROFILE: True}


def test_a_product_that_was_named_in_place_of_a_lot_is_a_may_be():
    book = Book()
    book.product("urn:a|good")
    book.lot("urn:a|raw")
    book.process("urn:a|p")
    book.consumes("urn:a|raw", 1.0)
    book.makes(1.0, "urn:a|good")
    book.lot("urn:a|l", "urn:a|p", product="urn:a|good")
    book.process("urn:b|p")
    book.consumes("urn:a|good", 1.0, "product", start=0.0, end=100.0)
    book.makes(1.0)
    book.lot("urn:b|l", "urn:b|p")
    assert went(book, "urn:a|raw") == {"urn:a|l": True, "urn:b|l": False}


# Two periods


def test_two_periods_by_product():
    book = Book()
    book.product("urn:a|bars", kg_per_unit=1.0)
    book.product("urn:a|pieces", dimension=7, kg_per_unit=NAN)
    for name, when, quantity, per_unit, product in (
        ("one", JANUARY, 10.0, 2.0, "urn:a|bars"),
        ("two", FEBRUARY, 30.0, 1.0, "urn:a|bars"),
        ("three", FEBRUARY, 4.0, 5.0, "urn:a|pieces"),
    ):
        dimension = 7 if product == "urn:a|pieces" else 1
        book.lot(f"urn:a|{name}", quantity=quantity, produced_at=when, product=product, dimension=dimension)
        book.footprint(f"urn:a|{name}", per_unit, primary_data_share=1.0, dimension=dimension)
    book.lot("urn:a|unknown", quantity=7.0, produced_at=FEBRUARY, product="urn:a|bars")
    snapshot, rolled = book.rolled()
    january, _ = within(snapshot, everything(snapshot), JANUARY, FEBRUARY)
    february, _ = within(snapshot, everything(snapshot), FEBRUARY, FEBRUARY + DAY)
    found = compare(snapshot, rolled, january, february, ("product",))
    mean = 10 / math.log(1.5)
    assert (found.change, found.mix) == (near(10.0), 0.0)
    assert (found.volume, found.intensity) == (near(mean * math.log(3)), near(mean * math.log(0.5)))
    assert [(g.names, g.mass, g.emissions, g.apart) for g in found.groups] == [
        (("urn:a|bars",), (10.0, 30.0), (20.0, 30.0), (0, 1)),
        (("urn:a|pieces",), (0.0, None), (0.0, None), (0, 1)),
    ]
    assert found.groups[1].effects is None
    assert (found.after.unweighed, found.after.unweighed_total) == (1, 20.0)
    assert (found.after.whole.unknown, found.after.whole.lower_bound) == (1, True)
    assert (found.before.unweighed, found.before.whole.lower_bound) == (0, False)


def two_years(*lots):
    """Lots as (product, year 0 or 1, kg, kgCO2e per kg or None where nobody tells)."""
    book = Book()
    for name in sorted({product for product, *_ in lots}):
        book.product(f"urn:a|{name}", kg_per_unit=1.0)
    for i, (product, year, quantity, per_unit) in enumerate(lots):
        key = book.lot(f"urn:a|{i}", quantity=quantity, produced_at=JANUARY + year * DAY, product=f"urn:a|{product}")
        if per_unit is not None:
            book.footprint(key, per_unit, primary_data_share=1.0)
    snapshot, rolled = book.rolled()
    sides = [within(snapshot, everything(snapshot), JANUARY + y * DAY, JANUARY + (y + 1) * DAY)[0] for y in (0, 1)]
    return compare(snapshot, rolled, *sides, ("product",))


def test_a_product_that_comes_and_one_that_goes_are_matters_of_mix():
    found = two_years(("kept", 0, 10.0, 1.0), ("gone", 0, 10.0, 3.0), ("kept", 1, 10.0, 1.0), ("new", 1, 10.0, 2.0))
    moved = {g.names[0].partition("|")[2]: g for g in found.groups}
    assert (moved["gone"].emissions, moved["new"].emissions) == ((30.0, 0.0), (0.0, 20.0))
    assert (moved["gone"].effects, moved["new"].effects) == ((0.0, -30.0, 0.0), (0.0, 20.0, 0.0))
    assert (found.change, found.volume, found.mix, found.intensity) == (-10.0, 0.0, -10.0, 0.0)
    less = two_years(("kept", 0, 10.0, 1.0), ("kept", 1, 5.0, 1.0), ("new", 1, 1.0, 2.0))
    new = next(g for g in less.groups if g.names == ("urn:a|new",))
    assert math.copysign(1.0, new.effects[0]) == 1.0, "no minus before nothing"


@pytest.mark.parametrize("year", [0, 1])
def test_a_product_of_which_one_year_is_unknown_is_in_no_effect(year):
    """It neither came nor went: that it was made is known, and what was emitted for it is not."""
    dark = [("dark", y, 5.0, None if y == year else 7.0) for y in (0, 1)]
    found = two_years(("kept", 0, 10.0, 1.0), ("kept", 1, 10.0, 2.0), *dark)
    assert (found.change, found.volume, found.mix) == (10.0, 0.0, 0.0)
    assert found.intensity == near(10.0)
    group = next(g for g in found.groups if g.names == ("urn:a|dark",))
    assert (group.emissions[year], group.mass[year], group.effects) == (None, None, None)
    assert (group.emissions[1 - year], group.apart[year]) == (35.0, 1)


@pytest.mark.parametrize("lots", [[("kept", 1, 10.0, 1.0)], [("kept", 0, 10.0, None), ("kept", 1, 10.0, 1.0)]])
def test_from_a_year_of_which_nothing_is_known_there_is_no_change(lots):
    found = two_years(*lots)
    assert (found.change, found.volume, found.mix, found.intensity) == (None, None, None, None)
    (group,) = found.groups
    assert (group.emissions, group.mass, group.effects) == ((None, 10.0), (None, 10.0), None)


def test_where_something_is_unknown_a_year_of_nothing_known_is_not_zero():
    book = Book()
    for year, emitted in ((0, 0.0), (1, 5.0)):
        book.process(f"urn:a|p{year}")
        book.consumes("urn:who|knows", 1.0)
        book.emits(emitted)
        book.makes(1.0)
        book.lot(f"urn:a|{year}", f"urn:a|p{year}", produced_at=JANUARY + year * DAY)
    snapshot, rolled = book.rolled()
    sides = [within(snapshot, everything(snapshot), JANUARY + y * DAY, JANUARY + (y + 1) * DAY)[0] for y in (0, 1)]
    found = compare(snapshot, rolled, *sides, ("supplier",))
    assert (found.change, found.groups[0].emissions) == (None, (None, 5.0))
