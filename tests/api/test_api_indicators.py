"""Indicators over HTTP: stated in a signed statement, stored in the graph, rolled up, shown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kit.doors import Client, House
from tests.kit.statements import all_indicators, consumed, footprint, lot, of, process, product, q


@pytest.fixture(scope="module")
def mill(house: House) -> Client:
    found = house.client("indicator-mill", signs=True)
    made = process(output=1000, activities=all_indicators(), accounts=["energy", "water"])
    found.signs(product(), made, lot("I1", 1000))
    return found


def asked(client: Client, identity: str, what: str) -> dict[str, Any]:
    answer = client.get(f"{client.lot(identity)}/{what}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json or {})


def test_a_statement_brings_all_indicators_to_the_figure(mill: Client) -> None:
    found = asked(mill, "I1", "footprint")
    parts = {"fossil": 0.3, "land_use_change": 0.007, "land_management": 0, "biogenic_non_co2": 0, "removals": -0.05}
    assert {n: found["parts"][n] for n in parts} == pytest.approx(parts)
    assert found["parts"]["lower_bound"] is False
    assert found["total"] == pytest.approx(sum(parts.values()))
    assert found["data_quality"] == pytest.approx({"technology": 1, "geography": 2, "time": 3, "rated_share": 1})
    assert found["interval"]["low"] < found["total"] < found["interval"]["high"]


def test_energy_water_and_waste_have_an_answer_of_their_own(mill: Client) -> None:
    found = asked(mill, "I1", "indicators")["groups"]
    energy = found["energy"]
    assert (energy["values"]["coal"], energy["values"]["renewable_electricity"]) == (2.5, 0.5)
    assert (energy["unit"], energy["basis"], energy["lower_bound"]) == ("MJ/kg", "computed", False)
    assert found["water"]["values"] == {"fresh_water": pytest.approx(0.003)}
    assert (found["waste"]["values"]["solid_waste"], found["waste"]["lower_bound"]) == (pytest.approx(0.04), True)
    assert found["recovered"]["values"] == {"resources_recovered": None}
    assert found["capture"]["values"]["stored"] == pytest.approx(0.05)
    assert asked(mill, "I1", "indicators")["shares"] == pytest.approx(
        {"coal": 2.5 / 3, "gas": 0, "electrification": 0.5 / 3, "renewable": 0.5 / 3}
    )


def test_a_footprint_states_energy_by_carrier_per_its_declared_unit(house: House, mill: Client) -> None:
    energy = {name: q(0, "MJ") for name in ("gas", "oil", "electricity", "renewable_electricity", "heat", "other_fuel")}
    stated = {"energy": energy | {"coal": q(1, "GJ")}, "per": q(2, "t"), "direct": "4", "indirect": "0"}
    mill.signs(lot("I2", 10, source=""), footprint("FI2", about="I2", biogenic_carbon="500", **stated))
    coal = asked(mill, "I2", "indicators")["groups"]["energy"]
    assert (coal["values"]["coal"], coal["basis"]) == (0.5, "attested")
    found = asked(mill, "I2", "footprint")
    assert found["biogenic"]["uptake"] == pytest.approx(-44 / 12 * 0.25)
    assert found["biogenic"]["total_including_uptake"] == pytest.approx(0.002 - 44 / 12 * 0.25)
    assert found["parts"]["fossil"] is None


def test_a_buyer_sees_the_sums_and_not_the_names(house: House, mill: Client) -> None:
    buyer = house.client("indicator-buyer", signs=True)
    buyer.signs(
        product("part", "part"),
        process("press", 10, emitted=0, made="part", inputs=[consumed(of(mill.uri, "I1"), 20)], accounts=["energy"]),
        lot("B1", 10, "press", "part"),
    )
    found = asked(buyer, "B1", "indicators")["groups"]
    assert found["energy"]["values"]["coal"] == pytest.approx(5.0)
    assert found["waste"]["missing"]["undisclosed"] == 1
    assert found["energy"]["documents"]["undisclosed"] == 1


def test_a_number_is_explained_down_to_the_documents_that_one_may_see(house: House, mill: Client) -> None:
    buyer = house.client("explained-buyer", signs=True)
    document = buyer.signs(
        product("part", "part"),
        process("press", 10, emitted=3, made="part", inputs=[consumed(of(mill.uri, "I1"), 20)]),
        lot("E1", 10, "press", "part"),
    )
    found = asked(buyer, "E1", "explanation")["nodes"]
    assert [node["name"]["id"] for node in found] == ["E1", "press", "I1"]
    made, press, bought = found
    assert (made["terms"], made["unit"]) == ([{"source": 1, "amount": pytest.approx(0.1)}], "kgCO2e/kg")
    assert (press["terms"], press["unit"]) == ([{"source": 2, "amount": pytest.approx(20)}], "kgCO2e")
    assert press["emitted"] == [{"name": "stack", "value": 3.0, "default": False}]
    assert press["total"] == pytest.approx(3 + 20 * bought["total"])
    assert press["documents"] == {"ids": [document["id"]], "undisclosed": 0}
    # How the mill makes it is the mill's own affair: neither a name, nor an amount, nor a document of it.
    assert (bought["terms"], bought["emitted"], bought["undisclosed"]) == ([], [], 1)
    assert bought["documents"]["ids"] == []
    assert bought["documents"]["undisclosed"] == 1


def test_a_process_with_the_name_of_a_lot_that_one_knows_is_still_its_makers_affair(house: House) -> None:
    seller, buyer = house.client("namesake-seller", signs=True), house.client("namesake-buyer", signs=True)
    hidden = {"activities": [{"name": "grid", "type": "electricity", "quantity": q(1, "kWh")}], "inputs_complete": True}
    seller.signs(product(), process("S1", inputs=[consumed("ORE", 5)], **hidden), lot("S1", 1000, "S1"))
    buyer.signs(product("part", "part"), process("press", 10, made="part", inputs=[consumed(of(seller.uri, "S1"), 20)]))
    buyer.signs(lot("N1", 10, "press", "part"))
    found = asked(buyer, "N1", "explanation")["nodes"]
    assert [(node["name"]["kind"], node["name"]["id"]) for node in found] == [
        ("lot", "N1"),
        ("process", "press"),
        ("lot", "S1"),
    ]
    assert found[-1]["undisclosed"] == 1
    figure = asked(buyer, "N1", "footprint")
    named = [name for part in ("missing", "defaulted") for name in figure[part]["named"]]
    assert (named, figure["missing"]["undisclosed"]) == ([], 2), "the ore and the electricity are the seller's affair"
    told = {f["code"]: f["subjects"] for f in figure["findings"]}
    assert (told["mass-out-exceeds-in"], told["factor-unknown"]) == ([], [])
