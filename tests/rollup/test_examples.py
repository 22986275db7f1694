"""The Commission's filled templates and the figures derived from them (reference/accounting.md, "Worked examples")."""

import math

import pytest

from graph.rollup.contributions import contributions
from graph.rollup.figure import content, footprint
from graph.rollup.policy import MJ_PER_KWH, Basis
from graph.units import Dimension
from tests.rollup.chains import FRAME, PROFILE, SCREWS, STEEL, cement, frame, profile, screws, steel
from tests.rollup.rollup_book import NAN, Book

EXACT = 1e-9


def near(value):
    return pytest.approx(value, rel=EXACT)


def figure(book, lot):
    return footprint(*book.rolled(), lot)


def test_integrated_steel():
    book = Book()
    found = figure(book, steel(book))
    assert found.direct == near(1.5389760645578654)
    assert found.indirect == near(0.2035539825)
    assert found.total == near(1.7425300470578653)
    assert (found.basis, found.boundary, found.lower_bound) == (Basis.COMPUTED, "cbam-embedded", False)


def in_tonnes(book, lot, tonnes):
    """What each activity of the lot's process adds to so many tonnes of it, tCO2e."""
    parts = contributions(*book.rolled(), lot).by_activity
    return {name: part.total * tonnes for name, part in parts.items()}


def test_the_carbon_of_integrated_steel_is_balanced_at_3_664():
    """44/12 gives another, wrong total: 7,871,769 t."""
    book = Book()
    parts = in_tonnes(book, steel(book), 4.8e6)
    balance = [value for name, value in parts.items() if name not in ("electricity", "waste gas")]
    assert math.fsum(balance) == near(7866044.469877754)
    assert parts["waste gas"] == near(-478959.36)
    assert parts["electricity"] == near(1658844 * 0.589)


def test_screws_of_that_steel():
    book = Book()
    steel(book)
    found = figure(book, screws(book))
    assert found.direct == near(20 / 17 * 1.5389760645578654 + 0.19635)


@pytest.mark.parametrize(
    ("grid", "total"), [(0.5306, 10.643150), (0.2472, 5.865478), (0.6361, 12.421712), (0.0, 1.698080)]
)
def test_aluminium_with_another_grid_factor_everywhere(grid, total):
    book = Book()
    assert figure(book, profile(book, grid)).total == pytest.approx(total, abs=5e-7)


def test_aluminium():
    book = Book()
    found = figure(book, profile(book))
    assert (found.direct, found.indirect) == (near(1.698079646017699), near(6.9119469026548686))
    assert found.total == near(8.610026548672568)
    metal = figure(book, "urn:smelter|l")
    assert (metal.direct, metal.indirect, metal.total) == (near(1.555), near(6.15), near(7.705))


def test_cement():
    book = Book()
    found = figure(book, cement(book))
    assert (found.direct, found.indirect) == (near(0.7852147410358565), near(0.12224275))
    assert found.total == near(0.9074574910358565)
    parts = in_tonnes(book, "urn:kiln|l", 1321052.6315789474)
    assert math.fsum(value for name, value in parts.items() if name != "electricity") == near(1037310)


def test_battery_by_the_energy_it_delivers():
    """60 kWh usable, 60 full equivalent cycles a year, 8 years: 28,800 kWh; of 6,000 kg .2083333 kg each."""
    book = Book()
    delivered = 60 * 60 * 8
    assert delivered == 28_800
    book.product("urn:cells|pack", dimension=Dimension.ENERGY, kg_per_unit=NAN)
    book.process("urn:cells|line", boundary="cradle-to-gate")
    book.emits(6000.0)
    book.makes(delivered * MJ_PER_KWH, "urn:cells|pack", dimension=Dimension.ENERGY)
    lot = book.lot("urn:cells|l", "urn:cells|line", product="urn:cells|pack", dimension=Dimension.ENERGY)
    found = figure(book, lot)
    assert found.dimension == Dimension.ENERGY
    assert found.total * MJ_PER_KWH == pytest.approx(0.2083333, abs=5e-8)


def test_switching_the_supplier_to_one_with_a_footprint():
    book = Book()
    found = figure(book, screws(book, direct=1.539))
    assert found.direct == near(2.0069382352941174)


@pytest.mark.parametrize(("country", "direct"), [("US", 1.843409), ("CN", 3.945635)])
def test_switching_the_supplier_to_a_default(country, direct):
    book = Book()
    found = figure(book, screws(book, kind="material", target="hot-rolled-steel", country=country))
    assert found.direct == pytest.approx(direct, abs=5e-7)
    assert found.basis == Basis.COMPUTED_GAPS
    assert [name.key for name in found.defaulted] == ["hot-rolled-steel"]


def test_window_frame_counted_in_pieces():
    book = Book()
    lot = frame(book)
    found = figure(book, lot)
    assert found.direct == pytest.approx(14.7270171277, rel=1e-11)
    assert found.indirect == pytest.approx(56.8403947112, rel=1e-11)
    inside = content(*book.rolled(), lot)
    assert inside.post_consumer == pytest.approx(0.001937984, abs=5e-10)
    assert inside.pre_consumer == pytest.approx(0.007751938, abs=5e-10)
    assert inside.unknown == pytest.approx(1 - 0.001937984 - 0.007751938, abs=1e-8)


def test_window_frame_by_contributions():
    book = Book()
    lot = frame(book)
    snapshot, rolled = book.rolled()
    found, total = contributions(snapshot, rolled, lot), footprint(snapshot, rolled, lot).total
    for name in ("lot", "process", "tier", "organization", "facility", "country", "material", "activity", "evidence"):
        parts = getattr(found, f"by_{name}").values()
        assert math.fsum(p.total for p in parts) == pytest.approx(total, rel=1e-12), name
    assert set(found.by_lot) >= {STEEL, SCREWS, PROFILE}
    assert FRAME in found.by_lot or found.by_organization["urn:mill"].total > 0
    assert {tier for tier, part in found.by_tier.items() if part.total} == {1, 2}
    assert found.by_lot[STEEL].direct == pytest.approx(0.4 * 20 / 17 * 1.5389760645578654, rel=1e-12)
    assert found.by_activity["waste gas"].direct < 0
