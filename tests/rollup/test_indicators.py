"""The indicators beside the scopes: each rolls up with its own evidence, and what is unknown stays unknown."""

import pytest

from graph.model.indicators import CARRIERS, GHG_PARTS, STATED, Group
from graph.rollup.policy import Basis
from graph.rollup.product import product_footprint
from tests.rollup.indicator_book import GATE, declared, figure, of, steel
from tests.rollup.rollup_book import NAN, Book


def test_energy_rolls_up_at_the_quantity_consumed_and_what_is_sold_is_negative() -> None:
    energy = of(steel(), "p|screws").accounts[Group.ENERGY]
    expected = {"coal": 50 / 100 * 1740 / 40, "electricity": 0.5 * 72 / 40, "heat": 36 / 40, "gas": -100 / 40}
    assert {n: v for n, v in energy.values.items() if v} == pytest.approx(expected)
    assert (energy.basis, energy.lower_bound, energy.missing) == (Basis.COMPUTED, False, ())
    assert len(energy.documents) == 4


def test_shares_of_final_energy() -> None:
    shares = of(steel(), "o|steel").shares
    assert shares == pytest.approx({"coal": 1740 / 1812, "gas": 0, "electrification": 72 / 1812, "renewable": 0})


def test_renewable_electricity_is_electricity() -> None:
    book = steel()
    book.tables.rows["activities"]["carrier"][:] = ["coal", "solar", "", "heat", "converter-gas"]
    shares = of(book, "o|steel").shares
    assert (shares["electrification"], shares["renewable"]) == pytest.approx((72 / 1812, 72 / 1812))


def test_water_is_counted_in_cubic_metres() -> None:
    assert of(steel(), "o|steel").accounts[Group.WATER].values == {"fresh_water": pytest.approx(0.003)}


def test_an_account_that_is_not_said_to_be_complete_is_a_lower_bound() -> None:
    book = steel()
    book.tables.rows["processes"]["accounts"][0] = "energy"
    water = of(book, "o|steel").accounts[Group.WATER]
    assert water.lower_bound
    assert water.values["fresh_water"] == pytest.approx(0.003)
    assert [name.key for name in water.missing] == ["o|mill"]
    waste = of(book, "p|screws").accounts[Group.WASTE]
    assert (waste.basis, waste.values) == (
        Basis.UNKNOWN if waste.values["solid_waste"] is None else None,
        {"solid_waste": None},
    )
    assert not of(book, "p|screws").accounts[Group.ENERGY].lower_bound


def test_a_lower_bound_has_no_shares() -> None:
    book = steel()
    book.tables.rows["processes"]["accounts"][0] = ""
    assert set(of(book, "p|screws").shares.values()) == {None}


def test_what_nobody_states_is_unknown() -> None:
    accounts = of(steel(), "p|screws").accounts
    assert accounts[Group.CAPTURE].values == dict.fromkeys(("captured", "stored", "bound", "used", "vented"))
    assert accounts[Group.CAPTURE].basis == Basis.UNKNOWN


def test_a_fuel_without_calorific_value_is_a_gap_with_its_name() -> None:
    book = steel()
    book.tables.rows["activities"]["energy"][0] = NAN
    found = of(book, "p|screws")
    assert found.accounts[Group.ENERGY].lower_bound
    assert found.accounts[Group.ENERGY].values["coal"] is None
    assert [f.code for f in found.findings] == ["energy-unknown"]


def test_a_fuel_without_a_carrier_is_a_gap_with_its_name() -> None:
    """Its energy may be of coal: no carrier has it, and no share is told as if it were of none."""
    book = steel()
    book.tables.rows["activities"]["carrier"][0] = ""
    found = of(book, "o|steel")
    energy = found.accounts[Group.ENERGY]
    assert energy.lower_bound
    assert (energy.values["coal"], energy.values["other_fuel"]) == (None, None)
    assert energy.values["electricity"] == pytest.approx(0.72)
    assert set(found.shares.values()) == {None}
    assert [(f.code, f.subjects) for f in found.findings] == [("energy-unknown", ("o|mill",))]


def test_a_carrier_of_no_other_name_is_another_fuel() -> None:
    book = steel()
    book.tables.rows["activities"]["carrier"][0] = "waste-oil"
    assert of(book, "o|steel").accounts[Group.ENERGY].values["other_fuel"] == pytest.approx(17.4)
    assert of(book, "o|steel").shares["coal"] == 0.0


@pytest.mark.parametrize(("sold", "told"), [(1740.0, False), (2000.0, False), (100.0, False), (0.0, True)])
def test_more_of_a_carrier_sold_than_bought_leaves_no_shares(sold: float, told: bool) -> None:
    """Of 72 MJ in all, 1,740 of coal would be beyond 100 %, and the gas below nothing."""
    book = Book()
    book.process("o|mill", boundary=GATE, accounts="energy")
    book.emits(180.0, name="coal", type="stream", carrier="coal", energy=1740.0)
    book.power(20.0, 0.5, energy=72.0)
    book.emits(0.0, name="gas", type="waste-gas", energy=-sold)
    book.makes(100.0)
    book.lot("o|steel", "o|mill", quantity=100.0)
    found = of(book, "o|steel")
    assert not found.accounts[Group.ENERGY].lower_bound
    expected = {"coal": 1740 / 1812, "gas": 0, "electrification": 72 / 1812, "renewable": 0}
    assert found.shares == (pytest.approx(expected) if told else dict.fromkeys(expected))


def test_declared_energy_counts_for_energy_and_leaves_emissions_alone() -> None:
    """A footprint without emissions states energy: computed emissions stay, attested energy replaces the computed."""
    book = steel()
    computed = figure(book, "p|screws")
    index = declared(book, "o|steel", **dict.fromkeys(CARRIERS, 0.0) | {"oil": 7.0})
    after, energy = figure(book, "p|screws"), of(book, "p|screws").accounts[Group.ENERGY]
    assert (after.total, after.basis) == (computed.total, computed.basis)
    assert energy.values["oil"] == pytest.approx(0.5 * 100 * 7 / 40)
    assert energy.values["coal"] == 0
    assert index in energy.documents
    assert of(book, "o|steel").accounts[Group.ENERGY].basis == Basis.ATTESTED


def test_a_footprint_without_energy_leaves_the_computed_energy() -> None:
    book = steel()
    declared(book, "o|steel", 9.0)
    assert figure(book, "o|steel").basis == Basis.ATTESTED
    assert of(book, "o|steel").accounts[Group.ENERGY].values["coal"] == pytest.approx(17.4)


def test_carriers_that_a_declaration_does_not_state_are_unknown() -> None:
    book = steel()
    declared(book, "o|steel", oil=7.0)
    energy = of(book, "o|steel").accounts[Group.ENERGY]
    assert (energy.values["oil"], energy.values["coal"], energy.lower_bound) == (7.0, None, True)
    assert [name.key for name in energy.missing] == ["o|steel"]


def test_a_product_over_a_period_has_the_same_particulars() -> None:
    book = steel()
    book.product("o|steel-product")
    book.lot("o|steel2", "o|mill", quantity=100.0, product="o|steel-product")
    found = product_footprint(*book.rolled(), "o|steel-product", 0.0, 100.0).particulars
    assert found.parts["fossil"] == pytest.approx(figure(book, "o|steel").total)
    book.footprint(
        "o|steel-product", 3.0, subject_kind="product", boundary=GATE, start=0.0, end=100.0, fossil=3.0, gsd=1.1
    )
    found = product_footprint(*book.rolled(), "o|steel-product", 0.0, 100.0).particulars
    assert (found.parts["fossil"], found.parts["removals"], found.spread.gsd) == (3.0, None, 1.1)


def test_every_indicator_has_its_column_in_the_tables() -> None:
    names = {*GHG_PARTS, *STATED, "biogenic_carbon"}
    assert names <= set(Book().tables.rows["footprints"])
