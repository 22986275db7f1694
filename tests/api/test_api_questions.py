"""Questions over HTTP: what if, sensitivities, breakdowns, portfolios and recalls, as far as one may see."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

import pytest

from graph.model.refs import Kind, Ref, uid
from graph.store.database import Database
from tests.kit.doors import Client, House
from tests.kit.graphs import cleared
from tests.kit.statements import (
    consumed,
    facility,
    footprint,
    lot,
    of,
    organization,
    process,
    product,
    q,
    transfer,
)

YEAR = "2025-01-01/2026-01-01"


def power(kwh: object, factor: object = "0.5", **more: Any) -> dict[str, Any]:
    given = {"name": "electricity", "type": "electricity", "quantity": q(kwh, "kWh")}
    return {**given, "factor": {"value": str(factor), "unit": "kg/kWh", "own": True}, "primary": True, **more}


@dataclass
class Cast:
    """A smelter sells metal to a former, and to a rival of it; the former's profiles go to a builder."""

    smelter: Client
    former: Client
    rival: Client
    builder: Client


def own(kilograms: object) -> dict[str, Any]:
    return {"name": "fire", "type": "measured", "scope": "direct", "quantity": q(kilograms), "primary": True}


@pytest.fixture(scope="module")
def house(session_database: Database, tmp_path_factory: pytest.TempPathFactory) -> House:
    """One for the whole module: another would clear the graph, and who is signed in here with it."""
    found = House(cleared(session_database), tmp_path_factory.mktemp("house"), GREENCHAIN_MIN_CONTRIBUTORS="2")
    found.published()
    return found


@pytest.fixture(scope="module")
def cast(house: House) -> Cast:
    found = Cast(*(house.client(name, signs=name == "smelter") for name in ("smelter", "former", "rival", "builder")))
    smelter, former, rival, builder = found.smelter, found.former, found.rival, found.builder
    iron = {"material": "pig-iron", "country": "CN", "quantity": q(10)}
    smelter.signs(
        organization("Smelter"),
        facility("pot", "CN"),
        product("metal", "aluminium"),
        process("melt", 1000, made="metal", facility="pot", activities=[own(1000), power(4000)]),
        lot("METAL", 1000, "melt", "metal"),
        transfer(smelter.uri, former.uri, "METAL", 400, "t1"),
        transfer(smelter.uri, rival.uri, "METAL", 100, "t2"),
    )
    former.states(
        organization("Former"),
        facility("line", "DE"),
        product("profile", "profile"),
        process(
            "draw", 300, made="profile", facility="line", activities=[own(30), power(300)],
            inputs=[consumed(of(smelter.uri, "METAL"), 330), iron],
        ),
        lot("PROFILE", 300, "draw", "profile"),
        lot("DARK", 50, "", "profile"),
        transfer(former.uri, builder.uri, "PROFILE", 200, "t3"),
        process("old", 100, made="profile", facility="line", produced_from="2024-01-01", produced_to="2025-01-01"),
        lot("OLD", 100, "old", "profile", produced_at="2024-05-01"),
    )  # fmt: skip
    rival.states(
        product("foil", "foil"),
        process("roll", 90, made="foil", inputs=[consumed(of(smelter.uri, "METAL"), 100)]),
        lot("FOIL", 90, "roll", "foil"),
    )
    builder.states(
        product("window", "window"),
        process("build", 200, made="window", inputs=[consumed(of(former.uri, "PROFILE"), 200)]),
        lot("WINDOW", 200, "build", "window"),
    )
    return found


def asked(client: Client, path: str, *scenarios: list[dict[str, Any]], status: int = 200, query: str = "") -> Any:
    body = {"scenarios": [{"name": f"s{i}", "changes": changes} for i, changes in enumerate(scenarios)]}
    answer = client.post(f"{path}/what-if{query}", json.dumps(body).encode())
    assert answer.status_code == status, answer.text
    return answer.json


def grid(factor: object = "0", region: str = "") -> dict[str, Any]:
    where = {"region": region} if region else {}
    return {"grid": {"factor": {"value": str(factor), "unit": "kg/kWh"}, **where}}


def taken(old: dict[str, Any], to: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"input": {"from": old, **({"to": to} if to else {}), **more}}


METAL_KG, IRON_KG = 1.0 + 4 * 0.5, 1.66
BASE = (330 * METAL_KG + 10 * IRON_KG + 30 + 300 * 0.5) / 300


# What if


def test_scenarios_of_one_lot_in_one_request(cast: Cast) -> None:
    former = cast.former
    metal = {"lot": of(cast.smelter.uri, "METAL")}
    found = asked(
        former,
        former.lot("PROFILE"),
        [grid("0.1", "DE")],
        [taken(metal, {"material": "aluminium", "country": "TR"})],
        [taken(metal, {"footprint": {"value": "2", "unit": "kg/kg"}}), {"activity": {"name": "fire", "scale": "0.5"}}],
        [taken({"supplier": cast.smelter.uri}, scale="0.9")],
        [taken({"material": "pig-iron"}, {"footprint": {"value": "0", "unit": "kg/kg"}})],
    )
    assert found["base"]["total"] == pytest.approx(BASE)
    assert (found["base"]["lower_bound"], found["unit"]) == (True, "kgCO2e/kg"), "the default covers direct alone"
    german, default, stated, less, clean = found["scenarios"]
    assert german["difference"]["total"] == pytest.approx(-300 * 0.4 / 300)
    assert (german["difference_bound"], german["changes"][0]["effect"]) == ("exact", "changed")
    assert default["difference_bound"] == "unknown", "what is unknown below it is another thing"
    assert set(default["difference"].values()) == {None}
    assert stated["total"] == pytest.approx(BASE + 330 * (2 - METAL_KG) / 300 - 15 / 300)
    assert less["difference"]["total"] == pytest.approx(-0.1 * 330 * METAL_KG / 300)
    assert clean["lower_bound"] is False
    assert (clean["difference_bound"], clean["difference"]["total"]) == (
        "known-part",
        pytest.approx(-10 * IRON_KG / 300),
    )


def test_others_electricity_counts_only_where_enough_of_them_take_part(cast: Cast) -> None:
    former = cast.former
    (chinese,) = asked(former, former.lot("PROFILE"), [grid("0", "CN")])["scenarios"]
    assert chinese["changes"][0]["effect"] == "withheld"
    assert chinese["difference"]["total"] == 0
    (own_grid,) = asked(cast.smelter, cast.smelter.lot("METAL"), [grid("0", "CN")])["scenarios"]
    assert own_grid["difference"]["total"] == pytest.approx(-2.0)


def test_what_others_consume_is_as_if_it_did_not_exist(cast: Cast) -> None:
    builder, window = cast.builder, cast.builder.lot("WINDOW")
    zero = {"footprint": {"value": "0", "unit": "kg/kg"}}
    hidden, nothing = (taken({"lot": of(issuer, name)}, zero) for issuer, name in (
        (cast.smelter.uri, "METAL"), (cast.smelter.uri, "NOTHING")
    ))  # fmt: skip
    one, other = asked(builder, window, [hidden], [nothing])["scenarios"]
    assert one | {"name": ""} == other | {"name": ""}
    assert one["changes"][0]["effect"] == "nothing-matches"
    answers = [
        asked(builder, window, [taken({"lot": of(cast.former.uri, "PROFILE")}, to)], status=422)
        for to in (
            {"lot": of(cast.smelter.uri, "METAL")}, {"lot": of(cast.smelter.uri, "NOTHING")},
        )
    ]  # fmt: skip
    assert answers[0]["errors"] == answers[1]["errors"]
    assert answers[0]["errors"][0] == {
        "pointer": "/scenarios/0/changes/0/input/to/lot", "detail": "there is no such lot",
    }  # fmt: skip
    to = {"product": of(cast.former.uri, "profile")}
    refused = asked(builder, window, [taken({"lot": of(cast.former.uri, "PROFILE")}, to)], status=422)
    assert refused["errors"][0]["pointer"].endswith("/to/product")
    activity = {"activity": {"process": of(cast.former.uri, "draw"), "scale": "0"}}
    (closed,) = asked(builder, window, [activity])["scenarios"]
    assert closed["changes"][0]["effect"] == "nothing-matches"


def test_another_lot_and_an_own_product(cast: Cast) -> None:
    former = cast.former
    profile = {"lot": of(former.uri, "PROFILE")}
    found = asked(cast.builder, cast.builder.lot("WINDOW"), [taken(profile, profile)])
    assert found["scenarios"][0]["total"] == found["base"]["total"] == pytest.approx(BASE + 100 / 200)
    own_product = taken({"lot": of(cast.smelter.uri, "METAL")}, {"product": "profile"})
    refused = asked(former, former.lot("PROFILE"), [own_product], status=422)
    assert "made of" in refused["errors"][0]["detail"]


def test_a_signed_footprint_is_not_changed_by_what_is_below_it(cast: Cast) -> None:
    smelter = cast.smelter
    smelter.signs(
        process("again", 10, made="metal", facility="pot", activities=[power(100)]),
        lot("SURE", 10, "again", "metal"),
        footprint("f-sure", 3, "SURE"),
    )
    found = asked(smelter, smelter.lot("SURE"), [grid("0")])
    (outcome,) = found["scenarios"]
    assert (found["base"]["total"], outcome["total"], outcome["basis"]) == (3.0, 3.0, "attested")
    change = outcome["changes"][0]
    assert change["effect"] == "covered-by-evidence"
    assert [n["id"] for n in change["covered_by"]["named"]] == ["SURE"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({}, "/scenarios/0/changes/0"),
        ({"grid": {"factor": {"value": "1", "unit": "kg/m3"}}}, "/scenarios/0/changes/0/grid/factor"),
        ({"grid": {"factor": {"value": "-1", "unit": "kg/kWh"}}}, "/scenarios/0/changes/0/grid/factor/value"),
        ({"transport": {"scale": "-1"}}, "/scenarios/0/changes/0/transport/scale"),
        ({"activity": {"scale": "2"}}, "/scenarios/0/changes/0/activity"),
        ({"input": {"from": {"lot": "a"}}}, "/scenarios/0/changes/0/input"),
        ({"input": {"from": {"lot": "a", "material": "b"}, "scale": 1}}, "/scenarios/0/changes/0/input/from"),
        ({"input": {"from": {"lot": "a"}, "to": {"material": "dust"}}}, "/scenarios/0/changes/0/input/to/material"),
        ({"input": {"from": {"lot": "a"}, "to": {"footprint": {"value": 1, "unit": "m/kg"}}}},
         "/scenarios/0/changes/0/input/to/footprint"),
        ({"magic": {}}, "/scenarios/0/changes/0/magic"),
    ],
)  # fmt: skip
def test_a_change_that_makes_no_sense_names_its_place(cast: Cast, change: dict[str, Any], pointer: str) -> None:
    refused = asked(cast.former, cast.former.lot("PROFILE"), [change], status=422)
    assert any(str(e["pointer"]).startswith(pointer) for e in refused["errors"]), refused


def test_too_many_scenarios_are_refused_and_lots_of_others_are_not_there(cast: Cast) -> None:
    path = cast.former.lot("PROFILE")
    asked(cast.former, path, *([[grid()]] * 101), status=422)
    assert len(asked(cast.former, path, *([[grid()]] * 100))["scenarios"]) == 100
    asked(cast.rival, path, [grid()], status=404)


# What a figure moves with, and what it is made of


def test_sensitivities_name_only_what_one_may_look_into(cast: Cast) -> None:
    found = cast.former.get(cast.former.lot("PROFILE") + "/sensitivities", top="5").json
    assert found["total"] == pytest.approx(BASE)
    subjects = {s["subject"] for s in (*found["factors"], *found["inputs"])}
    assert subjects == {f"{cast.former.uri}|draw"}
    first = found["inputs"][0]
    assert first["derivative"] == pytest.approx(METAL_KG / 300)
    assert first["elasticity"] == pytest.approx(330 * METAL_KG / 300 / BASE)
    assert found["undisclosed"] == 3
    assert found["others"] == pytest.approx(1 - (30 + 150) / 300 / BASE)


def test_breakdowns_by_pairs_with_the_others_as_one(cast: Cast) -> None:
    path = cast.former.lot("PROFILE") + "/contributions"
    found = cast.former.get(path, by="organization,activity", top="1").json
    (rows,) = found["by"].values()
    hidden = "upstream, not disclosed"
    assert (rows[0]["names"], rows[1]["name"]) == ([cast.smelter.uri, hidden], "4 others")
    assert math.fsum(r["total"] for r in rows) == pytest.approx(found["total"]["total"], rel=1e-12)
    assert (rows[1]["others"], rows[0]["name"]) == (4, f"Smelter / {hidden}")
    one = cast.former.get(path, by="tier").json["by"]["tier"]
    assert math.fsum(r["total"] for r in one) == pytest.approx(BASE)
    for wrong in ("magic", "tier,tier", "tier,lot,country"):
        assert cast.former.get(path, by=wrong).status_code == 422


# Portfolios


def test_what_one_made_in_a_year(cast: Cast) -> None:
    found = cast.former.get("/api/v1/portfolio", period=YEAR, by="supplier,month").json
    assert found["total"]["total"] == pytest.approx(BASE * 300)
    assert (found["total"]["lots"], found["total"]["unknown_lots"], found["total"]["lower_bound"]) == (1, 1, True)
    assert [n["id"] for n in found["without_figure"]["named"]] == ["DARK"]
    (group,) = found["groups"]
    assert group["names"] == {"supplier": cast.former.uri, "supplier_name": "Former", "month": "2025-06"}
    assert (group["mass"], group["intensity"]) == (300, pytest.approx(BASE))
    assert found["counted_twice"] == 0


def test_what_one_received_counts_by_the_quantity_received(cast: Cast) -> None:
    found = cast.former.get("/api/v1/portfolio", period=YEAR, by="supplier", scope="received").json
    assert [(g["names"]["supplier"], g["total"]) for g in found["groups"]] == [
        (cast.smelter.uri, pytest.approx(400 * METAL_KG))
    ]
    refused = cast.former.get("/api/v1/portfolio", period=YEAR, by="facility", scope="received")
    assert refused.status_code == 422


def test_a_cycle_among_what_one_received_names_no_lots_of_others(house: House) -> None:
    mill, buyer = (house.client(f"circle-{name}", signs=True) for name in ("mill", "buyer"))
    for made, of_lot in (("there", "BACK"), ("back", "THERE")):
        mill.signs(
            product(made), process(made, made=made, inputs=[consumed(of_lot, 1)]), lot(made.upper(), 10, made, made)
        )
    mill.signs(lot("CALM", 10, "", "there"), transfer(mill.uri, buyer.uri, "THERE", 5))
    body = json.dumps({"scenarios": [{"name": "s", "changes": [grid("0.1")]}]}).encode()
    refused = buyer.post(f"/api/v1/portfolio/what-if?period={YEAR}&scope=received", body)
    assert (refused.status_code, refused.json["type"]) == (409, "urn:greenchain:problem:cycle")
    assert "THERE" in refused.text
    assert "BACK" not in refused.text


def test_a_product_that_there_was_not_yet_then_has_no_figure(house: House) -> None:
    maker = house.client("later-maker", signs=True)
    maker.signs(organization("Maker"))
    before = maker.signs(facility("site", "DE"))["ledger_index"]
    maker.signs(product("late"), lot("L9", 10, "", "late"))
    path = f"/api/v1/products/{uid(Kind.PRODUCT, Ref(maker.uri, 'late').key)}/footprint"
    assert maker.get(path, period=YEAR).status_code == 200
    assert maker.get(path, period=YEAR, as_of=str(before)).status_code == 404


def test_what_one_may_not_see_is_as_if_there_were_none(cast: Cast) -> None:
    def totals(**query: str) -> Any:
        return cast.rival.get("/api/v1/portfolio", period=YEAR, **query).json

    nobody = totals(organization="urn:greenchain:org:nobody-at-all")
    assert nobody["total"]["total"] is None
    assert totals(organization=cast.former.uri) == nobody
    hidden, unknown = (uid(Kind.PRODUCT, Ref(cast.former.uri, name).key) for name in ("profile", "nothing"))
    assert totals(product=hidden) == totals(product=unknown)
    mine = uid(Kind.PRODUCT, Ref(cast.rival.uri, "foil").key)
    assert totals(product=mine)["total"]["lots"] == 1


def test_two_years_by_product(cast: Cast) -> None:
    found = cast.former.get("/api/v1/portfolio/compare", period=YEAR, base="2024-01-01/2025-01-01").json
    before, after = 100.0, BASE * 300
    assert found["change"] == pytest.approx(after - before)
    assert math.fsum(found["effects"].values()) == pytest.approx(found["change"], rel=1e-12)
    mean = (after - before) / math.log(after / before)
    assert found["effects"]["volume"] == pytest.approx(mean * math.log(3))
    assert found["of_known"] is True
    assert found["groups"][0]["names"]["product_name"] == "Product profile"


def test_from_a_year_of_which_nothing_is_on_record_there_is_no_change(cast: Cast) -> None:
    found = cast.former.get("/api/v1/portfolio/compare", period=YEAR, base="2020-01-01/2021-01-01").json
    assert (found["change"], found["before"]["total"]["total"]) == (None, None)
    assert set(found["effects"].values()) == {None}
    (group,) = found["groups"]
    assert (group["before"], group["after"], group["unknown_after"]) == (None, pytest.approx(BASE * 300), 1)


def test_the_way_to_a_target(cast: Cast) -> None:
    query = {"base_year": "2024", "target_year": "2026", "reduction": "50"}
    found = cast.former.get("/api/v1/portfolio/target", **query).json
    assert [(y["year"], y["aim"]) for y in found["years"]] == [(2024, 100.0), (2025, 75.0), (2026, 50.0)]
    now, later = found["years"][1:]
    assert (now["gap"], now["gap_bound"], now["unknown_lots"]) == (pytest.approx(BASE * 300 - 75), "known-part", 1)
    assert (later["actual"], later["gap"], later["gap_bound"]) == (None, None, "unknown")
    for wrong in ({"base_year": "2026"}, {"base_year": "2000", "target_year": "2001"}):
        assert cast.former.get("/api/v1/portfolio/target", **query | wrong).status_code == 422


def test_what_if_for_all_lots_of_a_year(cast: Cast) -> None:
    found = asked(cast.former, "/api/v1/portfolio", [grid("0", "DE")], query=f"?period={YEAR}")
    assert (found["lots"], found["unit"], found["base"]["lower_bound"]) == (2, "kgCO2e", True)
    assert found["base"]["total"] == pytest.approx(BASE * 300)
    assert found["scenarios"][0]["difference"]["total"] == pytest.approx(-150.0)


# Recall


def test_where_a_lot_went_as_far_as_one_may_see(cast: Cast) -> None:
    smelter, former, builder, rival = cast.smelter, cast.former, cast.builder, cast.rival
    found = smelter.get(smelter.lot("METAL") + "/recall").json
    assert found["lots"] == []
    assert {h["organization"] for h in found["holders"]} == {former.uri, rival.uri}
    assert found["undisclosed"] == {"lots": 3, "organizations": 1}
    mine = former.get(former.lot("METAL", smelter.uri) + "/recall").json
    assert [(x["id"], x["certain"], x["holders"]) for x in mine["lots"]] == [("PROFILE", True, [builder.uri])]
    assert mine["undisclosed"] == {"lots": 1, "organizations": 0}, "the rival's foil is the rival's business"
    assert builder.get(builder.lot("METAL", smelter.uri) + "/recall").status_code == 404
    assert builder.get(builder.lot("WINDOW") + "/recall").json["undisclosed"] == {"lots": 0, "organizations": 0}


# Whom to ask first


def test_whom_to_ask_first_about_a_lot_as_far_as_one_may_know(cast: Cast) -> None:
    """The former's iron has a published value without a width, and its indirect emissions are unknown."""
    former = cast.former
    found = former.get(former.lot("PROFILE") + "/uncertainty").json
    assert (found["total"], found["interval"], found["lower_bound"]) == (pytest.approx(BASE), None, True)
    mine, metal = found["rows"]
    assert (mine["organization"], mine["name"], [n["id"] for n in mine["missing"]["named"]]) == (
        former.uri, "Former", ["pig-iron"],
    )  # fmt: skip
    assert mine["missing_mass"] == pytest.approx(10 / 300)
    assert mine["emissions_share"] == pytest.approx((10 * IRON_KG + 180) / 300 / BASE)
    assert (metal["name"], metal["missing"]) == ("Smelter", {"named": [], "undisclosed": 0})
    assert (metal["unstated_share"], metal["variance_share"], metal["without"], metal["narrower"]) == (
        pytest.approx(330 * METAL_KG / 300 / BASE), None, None, None,
    )  # fmt: skip
    assert former.get(former.lot("PROFILE") + "/uncertainty", top="1").json["others"] == 1
    assert cast.rival.get(former.lot("PROFILE") + "/uncertainty").status_code == 404


def test_what_is_behind_a_supplier_is_asked_of_that_supplier_and_not_told(cast: Cast) -> None:
    builder = cast.builder
    answer = builder.get(builder.lot("WINDOW") + "/uncertainty")
    first, own_row = answer.json["rows"]
    assert (first["name"], own_row["organization"]) == ("Former", builder.uri)
    assert first["emissions_share"] == pytest.approx(BASE / (BASE + 100 / 200))
    assert (first["missing"], first["missing_mass"]) == ({"named": [], "undisclosed": 1}, None)
    assert "pig-iron" not in answer.text
    assert "Smelter" not in answer.text


def test_whom_to_ask_first_about_a_portfolio(cast: Cast) -> None:
    found = cast.former.get("/api/v1/portfolio/uncertainty", period=YEAR).json
    assert (found["lots"], found["unknown_lots"], found["unit"]) == (1, 1, "kgCO2e")
    assert found["total"] == pytest.approx(BASE * 300)
    first = found["rows"][0]
    assert {n["id"] for n in first["missing"]["named"]} == {"pig-iron", "DARK"}
    assert first["missing_mass"] == pytest.approx(10 + 50)
    received = cast.former.get("/api/v1/portfolio/uncertainty", period=YEAR, scope="received").json
    assert [row["name"] for row in received["rows"]] == ["Smelter"]
    assert received["interval_missing"] == "no geometric standard deviation is stated"
    assert cast.former.get("/api/v1/portfolio/uncertainty", period="soon").status_code == 422


def test_the_interval_that_would_be_left(house: House) -> None:
    smith, maker = house.client("wide-smith", signs=True), house.client("wide-maker", signs=True)
    wide = [power(100, "0.5", quality={"gsd": "1.5"}), own(10) | {"quality": {"gsd": "1.1"}}]
    forge = process("forge", 10, made="rod", activities=wide)
    sold = transfer(smith.uri, maker.uri, "ROD", 10)
    smith.signs(product("rod", "steel"), forge, lot("ROD", 10, "forge", "rod"), sold)
    inputs = [consumed(of(smith.uri, "ROD"), 1)]
    exact = own(1) | {"quality": {"gsd": "1.2"}}
    maker.signs(product("gate", "gate"), process("weld", 1, made="gate", activities=[exact], inputs=inputs),
                lot("GATE", 1, "weld", "gate"))  # fmt: skip
    figure = maker.get(maker.lot("GATE") + "/footprint").json
    found = maker.get(maker.lot("GATE") + "/uncertainty").json
    assert found["interval"] == figure["interval"]
    first, second = found["rows"]
    assert (first["organization"], second["organization"]) == (smith.uri, maker.uri)
    assert first["without"]["gsd"] == pytest.approx(math.exp(math.log(1.2) / 7))
    whole, left = found["interval"], first["without"]
    assert first["narrower"] == pytest.approx(1 - (left["high"] - left["low"]) / (whole["high"] - whole["low"]))
    assert first["variance_share"] + second["variance_share"] == pytest.approx(1)
