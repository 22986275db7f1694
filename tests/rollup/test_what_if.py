"""What a figure would be: the worked examples of reference/accounting.md, and evidence that stays."""

import pytest

from graph.rollup.nodes import NodeKind
from graph.rollup.scenarios import Grid, Scale, UnitsDiffer
from graph.rollup.whatif import MadeOfItself
from tests.rollup.chains import METAL, PROFILE, SCREWS, STEEL, profile, screws, steel
from tests.rollup.rollup_book import CBAM, Book
from tests.rollup.scenarios import MJ, Asking, carried, near


def test_aluminium_with_four_other_grid_factors_in_one_pass():
    book = Book()
    asking = Asking(book, profile(book) and None)
    factors = (0.5306, 0.2472, 0.6361, 0.0)
    base, found = asking.what_if(PROFILE, *([Grid("", f / MJ)] for f in factors))
    assert base.total == near(8.610026548672568)
    assert [o.found.total for o in found] == pytest.approx([10.643150, 5.865478, 12.421712, 1.698080], abs=5e-7)
    for outcome in found:
        assert outcome.difference.sum() == pytest.approx(outcome.found.total - base.total, abs=1e-12)
        assert outcome.difference[0] == outcome.difference[2] == 0, "only electricity moved"
        assert outcome.bound == "exact"


def test_switching_to_another_lot_and_to_published_values():
    book = Book()
    steel(book)
    book.footprint("urn:other|l", direct=1.539, indirect=0.0, primary_data_share=1.0)
    screws(book)
    asking = Asking(book)
    sources = [asking.lot("urn:other|l"), *(asking.published("hot-rolled-steel", c) for c in ("US", "CN"))]
    base, found = asking.what_if(SCREWS, *([asking.switch(STEEL, s)] for s in sources))
    assert base.scopes[0] == near(20 / 17 * 1.5389760645578654 + 0.19635)
    assert found[0].found.scopes[0] == near(2.0069382352941174)
    assert [o.found.scopes[0] for o in found[1:]] == pytest.approx([1.843409, 3.945635], abs=5e-7)
    assert [o.bound for o in found] == ["exact", "known-part", "known-part"]
    assert [o.found.basis.label for o in found] == ["computed", "computed-gaps", "computed-gaps"]


def test_a_default_that_is_switched_to_evidence_is_told_by_its_known_part():
    book = Book()
    screws(book, kind="material", target="hot-rolled-steel", country="CN")
    asking = Asking(book)
    base, (found,) = asking.what_if(
        SCREWS, [asking.switch("hot-rolled-steel", asking.vector(1.4), kind=NodeKind.MATERIAL)]
    )
    assert base.gap
    assert not found.found.gap
    assert found.bound == "known-part"
    assert found.found.total == near(20 / 17 * 1.4 + 0.19635 + 3400 * 0.833 / 17000)


def test_an_attested_footprint_is_not_changed_by_a_grid_factor_below_it():
    book = Book()
    profile(book)
    book.footprint(METAL, 7.0, primary_data_share=1.0)
    asking = Asking(book)
    base, (everywhere, smelter) = asking.what_if(
        PROFILE, [Grid("", 0.0)], [Scale(0.5, type="electricity", process="urn:smelter|potline")]
    )
    assert everywhere.found.total == near(7.0 * 120 / 113 + 5283 / 113000)
    assert smelter.found.total == base.total
    assert smelter.difference.tolist() == [0, 0, 0]
    effect = smelter.effects[0]
    assert (effect.matched, effect.counted) == (True, False)
    assert [asking.snapshot.key[n] for n in effect.covered] == [METAL]
    assert everywhere.effects[0].counted
    assert [asking.snapshot.key[n] for n in everywhere.effects[0].covered] == [METAL]


def test_an_input_below_an_attested_footprint_changes_nothing_either():
    book = Book()
    steel(book)
    screws(book)
    book.footprint(SCREWS, 3.0, primary_data_share=1.0)
    asking = Asking(book)
    base, (found,) = asking.what_if(SCREWS, [asking.switch(STEEL, asking.vector(0.1))])
    assert base.total == found.found.total == 3.0
    assert (found.effects[0].matched, found.effects[0].counted) == (True, False)


def test_what_is_not_there_matches_nothing():
    book = Book()
    profile(book)
    asking = Asking(book)
    base, found = asking.what_if(
        PROFILE,
        [Grid("BR", 0.0)],
        [Scale(0.0, activity="magic")],
        [Scale(0.0, process="urn:smelter|nothing")],
        [asking.switch("urn:nobody|x", asking.vector(0.0))],
    )
    assert [o.found.total for o in found] == [base.total] * 4
    assert not any(o.effects[0].matched or o.effects[0].counted for o in found)


def test_a_region_takes_in_its_provinces_and_nothing_that_only_begins_alike():
    book = Book()
    book.process("urn:a|p", boundary="cradle-to-gate")
    for region, kwh in (("CN-EAST", 1.0), ("CN", 10.0), ("CNX", 100.0), ("", 1000.0)):
        book.power(kwh, 1.0, name=region or "none", region=region)
    book.makes(1.0)
    lot = book.lot("urn:a|l", "urn:a|p")
    asking = Asking(book)
    _, found = asking.what_if(lot, *([Grid(r, 0.0)] for r in ("CN", "cn-east", "")))
    assert [o.found.total for o in found] == [near(1100.0), near(1110.0), 0.0]


def test_changes_of_one_scenario_work_together():
    """The replacement's own electricity is on the new grid, too."""
    book = Book()
    profile(book)
    book.process("urn:rival|potline")
    book.emits(100.0)
    book.power(1000.0, 1.0)
    book.makes(100.0)
    book.lot("urn:rival|l", "urn:rival|potline")
    asking = Asking(book)
    switched = asking.switch(METAL, asking.lot("urn:rival|l"))
    expected = (120_000 * (1 + 10 * 0.5) + 5283 + 105_000 * 0.5) / 113_000
    for changes in ([switched, Grid("", 0.5 / MJ)], [Grid("", 0.5 / MJ), switched]):
        _, (found,) = asking.what_if(PROFILE, changes)
        assert found.found.total == near(expected)
    _, (less,) = asking.what_if(PROFILE, [switched, asking.switch(METAL, scale=0.5)])
    assert less.found.total == near((60_000 * 11 + 5283 + 105_000 * 0.41) / 113_000)
    _, (last,) = asking.what_if(PROFILE, [switched, asking.switch(METAL, asking.vector(2.0))])
    assert last.found.total == near((120_000 * 2 + 5283 + 105_000 * 0.41) / 113_000), "the last source counts"


def test_a_lot_cannot_stand_in_for_what_it_is_made_of():
    book = Book()
    steel(book)
    screws(book)
    asking = Asking(book)
    with pytest.raises(MadeOfItself):
        asking.what_if(SCREWS, [asking.switch(STEEL, asking.lot(SCREWS))])


def test_units_that_nothing_relates_are_refused():
    book = Book()
    book.process("urn:a|p")
    book.emits(1.0)
    book.makes(1.0, dimension=7)
    book.lot("urn:a|pieces", "urn:a|p", dimension=7)
    steel(book)
    screws(book)
    asking = Asking(book)
    with pytest.raises(UnitsDiffer, match=r"urn:mill\|l"):
        asking.what_if(SCREWS, [asking.switch(STEEL, asking.lot("urn:a|pieces"))])


def test_a_lot_in_pieces_stands_in_by_its_mass():
    book = Book()
    book.product("urn:a|bar", dimension=7, kg_per_unit=4.0)
    book.process("urn:a|p")
    book.emits(8.0)
    book.makes(1.0, "urn:a|bar", dimension=7)
    book.lot("urn:a|pieces", "urn:a|p", dimension=7, product="urn:a|bar")
    steel(book)
    screws(book)
    asking = Asking(book)
    _, (found,) = asking.what_if(SCREWS, [asking.switch(STEEL, asking.lot("urn:a|pieces"))])
    assert found.found.scopes[0] == near(20 / 17 * 2.0 + 0.19635)


def test_a_transport_leg_by_another_mode():
    asking, lot = carried()
    base, (rail,) = asking.what_if(lot, [Scale(0.25, type="transport")])
    per_unit = 5.0
    assert base.total == near((4 * 1 + 4 * per_unit) / 2)
    assert rail.found.total == near((4 * 1 + 4 * per_unit * 0.25) / 2)


def test_the_floor_at_zero_holds_in_a_scenario():
    book = Book()
    book.process("urn:a|p", boundary=CBAM)
    book.emits(10.0, name="fire")
    book.emits(4.0, -1.0, name="export")
    book.makes(1.0)
    lot = book.lot("urn:a|l", "urn:a|p")
    asking = Asking(book)
    base, (less, none, more) = asking.what_if(
        lot,
        [Scale(0.5, activity="fire")],
        [Scale(0.1, activity="fire")],
        [Scale(0.1, activity="fire"), Scale(0.0, activity="export")],
    )
    assert [base.total, less.found.total, none.found.total, more.found.total] == [6.0, near(1.0), 0.0, near(1.0)]


def test_a_process_on_the_floor_rises_from_it():
    book = Book()
    book.process("urn:a|p", boundary=CBAM)
    book.emits(3.0, name="fire")
    book.emits(4.0, -1.0, name="export")
    book.makes(1.0)
    lot = book.lot("urn:a|l", "urn:a|p")
    asking = Asking(book)
    base, (found,) = asking.what_if(lot, [Scale(2.0, activity="fire")])
    assert (base.total, found.found.total) == (0.0, near(2.0))


def test_an_unknown_that_is_replaced_leaves_no_exact_difference():
    book = Book()
    book.process("urn:b|p")
    book.consumes("urn:who|knows", 2.0)
    book.consumes("urn:who|else", 1.0)
    book.emits(1.0)
    book.makes(1.0)
    lot = book.lot("urn:b|l", "urn:b|p")
    book.footprint("urn:c|good", 3.0, primary_data_share=1.0)
    asking = Asking(book)
    base, (one, both, worse) = asking.what_if(
        lot,
        [asking.switch("urn:who|knows", asking.lot("urn:c|good"))],
        [asking.switch(f"urn:who|{n}", asking.lot("urn:c|good")) for n in ("knows", "else")],
        [asking.switch("urn:who|knows", scale=0.5)],
    )
    assert (base.total, base.gap) == (1.0, True)
    assert (one.found.total, one.found.gap, one.bound) == (7.0, True, "unknown")
    assert (both.found.total, both.found.gap, both.bound) == (10.0, False, "known-part")
    assert worse.bound == "unknown", "half of an unknown is another unknown"


def test_a_declared_figure_gives_way_once_nothing_is_missing():
    """The order of evidence holds in a scenario: computed where nothing is missing counts before declared."""
    book = Book()
    book.process("urn:b|p")
    book.consumes("urn:who|knows", 2.0)
    book.emits(1.0)
    book.makes(1.0)
    lot = book.lot("urn:b|l", "urn:b|p")
    book.footprint(lot, 99.0, signed=False)
    asking = Asking(book)
    base, (found,) = asking.what_if(lot, [asking.switch("urn:who|knows", asking.vector(1.0))])
    assert (base.total, base.basis.label) == (99.0, "declared")
    assert (found.found.total, found.found.basis.label) == (3.0, "computed")


def test_few_organizations_that_one_may_not_look_into_are_left_as_they_are():
    book = Book()
    profile(book)
    asking = Asking(book)
    own = {"urn:former"}
    _, (few,) = asking.what_if(PROFILE, [Grid("", 0.0)], open_to=own, minimum=2)
    assert few.effects[0].withheld
    assert few.found.total == near(8.610026548672568 - 105_000 * 0.41 / 113_000)
    _, (enough,) = asking.what_if(PROFILE, [Grid("", 0.0)], open_to=own, minimum=1)
    assert not enough.effects[0].withheld
    assert enough.found.total == pytest.approx(1.698080, abs=5e-7)
    closed = asking.what_if(PROFILE, [Scale(0.0, process="urn:smelter|potline")], open_to=own, minimum=1)[1][0]
    assert not closed.effects[0].matched, "a process of others is as if it were not there"


def test_inputs_of_those_that_one_may_not_look_into_are_as_if_they_were_not_there():
    book = Book()
    steel(book)
    screws(book)
    asking = Asking(book)
    change = [asking.switch(STEEL, asking.vector(0.0))]
    base, (found,) = asking.what_if(SCREWS, change, open_to={"urn:mill"})
    assert found.found.total == base.total
    assert not found.effects[0].matched
