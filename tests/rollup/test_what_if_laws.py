"""What holds of every scenario: it is what the changed documents would give, and none touches another."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.rollup.figure import footprint
from graph.rollup.nodes import NodeKind
from graph.rollup.offers import GAP, KNOWN
from graph.rollup.scenarios import Grid, Scale
from graph.rollup.whatif import MadeOfItself, what_if
from tests.rollup.chains import PROFILE, SCREWS, STEEL, profile, screws, steel
from tests.rollup.rollup_book import Book
from tests.rollup.scenarios import Asking, near
from tests.rollup.test_loops import recycling
from tests.rollup.test_properties import random_book


def test_the_whole_portfolio():
    book = Book()
    steel(book), screws(book), profile(book)
    asking = Asking(book)
    amounts = [3.0, 2.0, 5.0]
    asked = asking.asked(SCREWS, PROFILE, "urn:mill|l", amounts=amounts)
    changes = [[Grid("", 0.1)], [asking.switch(STEEL, asking.vector(0.5)), Scale(0.5, activity="own")]]
    base, found = what_if(asking.prepared, asked, changes)
    singles = [asking.what_if(lot, *changes) for lot in (SCREWS, PROFILE, STEEL)]
    assert base.total == near(sum(a * s[0].total for a, s in zip(amounts, singles, strict=True)))
    for number, outcome in enumerate(found):
        expected = sum(a * s[1][number].found.total for a, s in zip(amounts, singles, strict=True))
        assert outcome.found.total == near(expected)
        assert outcome.difference.sum() == pytest.approx(outcome.found.total - base.total, abs=1e-12)


@pytest.mark.long
@given(st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_a_scenario_is_what_the_changed_documents_would_give(seed):
    """Random chains with gaps, defaults and evidence: the changes made to the rows and everything built anew."""
    rng = random.Random(seed)
    book, other = random_book(seed), random_book(seed)
    rows = other.tables.rows
    scale, kept = rng.choice([0.0, 0.5, 3.0]), rng.choice([0.25, 2.0])
    asking = Asking(book)
    lots = sorted(asking.snapshot.lots)
    old = rng.choice(lots)
    changes = [Scale(scale, activity="own")]
    rows["activities"]["factor"][:] = [f * scale for f in rows["activities"]["factor"]]
    for i, target in enumerate(rows["inputs"]["target"]):
        if target == old:
            rows["inputs"]["quantity"][i] *= kept
    changes.append(asking.switch(old, scale=kept))
    snapshot, rolled = other.rolled()
    for lot, node in snapshot.lots.items():
        base, (found,) = asking.what_if(lot, changes)
        figure = footprint(snapshot, rolled, lot)
        assert found.found.known == (rolled.chosen[node, KNOWN] > 0)
        assert found.found.gap == (rolled.chosen[node, GAP] > 0)
        assert found.found.basis == figure.basis
        if found.found.known:
            np.testing.assert_allclose(found.found.scopes, rolled.chosen[node, :3], rtol=1e-9, atol=1e-9)
        assert base.known == (asking.rolled.chosen[asking.snapshot.lots[lot], KNOWN] > 0)


@pytest.mark.long
@given(st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_a_switch_is_what_the_changed_documents_would_give(seed):
    rng = random.Random(seed)
    book, other = random_book(seed), random_book(seed)
    asking = Asking(book)
    lots = sorted(asking.snapshot.lots)
    old, new = rng.sample(lots, 2)
    inputs, sources = other.tables.rows["inputs"], other.tables.rows["lot_sources"]
    for rows, column in ((inputs, "target"), (sources, "source")):
        rows[column][:] = [new if target == old else target for target in rows[column]]
    snapshot, rolled = other.rolled()
    change = [asking.switch(old, asking.lot(new))]
    for lot in lots:
        node = snapshot.lots.get(lot)
        if node is None:
            continue
        if node >= snapshot.ready:
            with pytest.raises(MadeOfItself):
                asking.what_if(lot, change)
            continue
        _, (found,) = asking.what_if(lot, change)
        assert found.found.basis == footprint(snapshot, rolled, lot).basis
        np.testing.assert_allclose(found.found.scopes, rolled.chosen[node, :3], rtol=1e-9, atol=1e-9)


@pytest.mark.long
@given(st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_scenarios_do_not_touch_one_another_and_none_changes_nothing(seed):
    asking = Asking(random_book(seed))
    lots = sorted(asking.snapshot.lots)
    scenarios = [[], [Scale(2.0)], [asking.switch(lots[0], scale=2.0)], [asking.switch(lots[1], asking.vector(4.0))]]
    for lot in lots:
        base, together = asking.what_if(lot, *scenarios)
        for scenario, outcome in zip(scenarios, together, strict=True):
            alone = asking.what_if(lot, scenario)[1][0]
            assert alone.found.scopes.tobytes() == outcome.found.scopes.tobytes()
        assert together[0].found.scopes.tobytes() == base.scopes.tobytes()
        assert not together[0].difference.any()


def test_a_scenario_goes_round_a_legal_loop():
    """x_A = 1 + .1 x_B, x_B = 2 + .2 x_A; with A's own emissions doubled, and with half of what A takes of B."""
    book = recycling()
    asking = Asking(book)
    base, (twice, half) = asking.what_if(
        "urn:a|l",
        [Scale(2.0, process="urn:a|T")],
        [asking.switch("urn:b|p", scale=0.5, kind=NodeKind.PRODUCT)],
    )
    assert base.total == pytest.approx(1.2 / 0.98, rel=1e-12)
    assert twice.found.total == pytest.approx(2.2 / 0.98, rel=1e-12)
    assert half.found.total == pytest.approx(1.1 / 0.99, rel=1e-12)
