"""Questions about a lot over HTTP: what if, sensitivities, breakdowns, recalls, whom to ask, as far as one may see."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.api.works import BASE, IRON_KG, METAL_KG, Works, asked, grid, own, power
from tests.kit.statements import (
    consumed,
    footprint,
    lot,
    of,
    process,
    product,
    transfer,
)


def taken(old: dict[str, Any], to: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"input": {"from": old, **({"to": to} if to else {}), **more}}


# What if


def test_scenarios_of_one_lot_in_one_request(works: Works) -> None:
    former = works.former
    metal = {"lot": of(works.smelter.uri, "METAL")}
    found = asked(
        former,
        former.lot("PROFILE"),
        [grid("0.1", "DE")],
        [taken(metal, {"material": "aluminium", "country": "TR"})],
        [taken(metal, {"footprint": {"value": "2", "unit": "kg/kg"}}), {"activity": {"name": "fire", "scale": "0.5"}}],
        [taken({"supplier": works.smelter.uri}, scale="0.9")],
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


def test_others_electricity_counts_only_where_enough_of_them_take_part(works: Works) -> None:
    former = works.former
    (chinese,) = asked(former, former.lot("PROFILE"), [grid("0", "CN")])["scenarios"]
    assert chinese["changes"][0]["effect"] == "withheld"
    assert set(chinese["difference"].values()) == {None}, "what is not told is not nothing"
    assert (chinese["total"], chinese["difference_bound"]) == (None, "unknown")
    (everywhere,) = asked(former, former.lot("PROFILE"), [grid("0")])["scenarios"]
    assert everywhere["lower_bound"] is True, "theirs would be another, too"
    assert (everywhere["difference_bound"], everywhere["difference"]["direct"]) == ("known-part", None)
    assert everywhere["difference"]["total"] == pytest.approx(-300 * 0.5 / 300), "the asker's own part"
    (own_grid,) = asked(works.smelter, works.smelter.lot("METAL"), [grid("0", "CN")])["scenarios"]
    assert own_grid["difference"]["total"] == pytest.approx(-2.0)


def test_what_others_consume_is_as_if_it_did_not_exist(works: Works) -> None:
    builder, window = works.builder, works.builder.lot("WINDOW")
    zero = {"footprint": {"value": "0", "unit": "kg/kg"}}
    hidden, nothing = (taken({"lot": of(issuer, name)}, zero) for issuer, name in (
        (works.smelter.uri, "METAL"), (works.smelter.uri, "NOTHING")
    ))  # fmt: skip
    one, other = asked(builder, window, [hidden], [nothing])["scenarios"]
    assert one | {"name": ""} == other | {"name": ""}
    assert one["changes"][0]["effect"] == "nothing-matches"
    answers = [
        asked(builder, window, [taken({"lot": of(works.former.uri, "PROFILE")}, to)], status=422)
        for to in (
            {"lot": of(works.smelter.uri, "METAL")}, {"lot": of(works.smelter.uri, "NOTHING")},
        )
    ]  # fmt: skip
    assert answers[0]["errors"] == answers[1]["errors"]
    assert answers[0]["errors"][0] == {
        "pointer": "/scenarios/0/changes/0/input/to/lot", "detail": "there is no such lot",
    }  # fmt: skip
    to = {"product": of(works.former.uri, "profile")}
    refused = asked(builder, window, [taken({"lot": of(works.former.uri, "PROFILE")}, to)], status=422)
    assert refused["errors"][0]["pointer"].endswith("/to/product")
    activity = {"activity": {"process": of(works.former.uri, "draw"), "scale": "0"}}
    (closed,) = asked(builder, window, [activity])["scenarios"]
    assert closed["changes"][0]["effect"] == "nothing-matches"


def test_another_lot_and_an_own_product(works: Works) -> None:
    former = works.former
    profile = {"lot": of(former.uri, "PROFILE")}
    found = asked(works.builder, works.builder.lot("WINDOW"), [taken(profile, profile)])
    assert found["scenarios"][0]["total"] == found["base"]["total"] == pytest.approx(BASE + 100 / 200)
    own_product = taken({"lot": of(works.smelter.uri, "METAL")}, {"product": "profile"})
    refused = asked(former, former.lot("PROFILE"), [own_product], status=422)
    assert "made of" in refused["errors"][0]["detail"]


def test_a_signed_footprint_is_not_changed_by_what_is_below_it(works: Works) -> None:
    smelter = works.smelter
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
def test_a_change_that_makes_no_sense_names_its_place(works: Works, change: dict[str, Any], pointer: str) -> None:
    refused = asked(works.former, works.former.lot("PROFILE"), [change], status=422)
    assert any(str(e["pointer"]).startswith(pointer) for e in refused["errors"]), refused


def test_too_many_scenarios_are_refused_and_lots_of_others_are_not_there(works: Works) -> None:
    path = works.former.lot("PROFILE")
    asked(works.former, path, *([[grid()]] * 101), status=422)
    assert len(asked(works.former, path, *([[grid()]] * 100))["scenarios"]) == 100
    asked(works.rival, path, [grid()], status=404)


# What a figure moves with, and what it is made of


def test_sensitivities_name_only_what_one_may_look_into(works: Works) -> None:
    found = works.former.get(works.former.lot("PROFILE") + "/sensitivities", top="5").json
    assert found["total"] == pytest.approx(BASE)
    subjects = {s["subject"] for s in (*found["factors"], *found["inputs"])}
    assert subjects == {f"{works.former.uri}|draw"}
    first = found["inputs"][0]
    assert first["derivative"] == pytest.approx(METAL_KG / 300)
    assert first["elasticity"] == pytest.approx(330 * METAL_KG / 300 / BASE)
    assert found["undisclosed"] == 3
    assert found["others"] == pytest.approx(1 - (30 + 150) / 300 / BASE)


def test_breakdowns_by_pairs_with_the_others_as_one(works: Works) -> None:
    path = works.former.lot("PROFILE") + "/contributions"
    found = works.former.get(path, by="organization,activity", top="1").json
    (rows,) = found["by"].values()
    hidden = "upstream, not disclosed"
    assert (rows[0]["names"], rows[1]["name"]) == ([works.smelter.uri, hidden], "4 others")
    assert math.fsum(r["total"] for r in rows) == pytest.approx(found["total"]["total"], rel=1e-12)
    assert (rows[1]["others"], rows[0]["name"]) == (4, f"Smelter / {hidden}")
    one = works.former.get(path, by="tier").json["by"]["tier"]
    assert math.fsum(r["total"] for r in one) == pytest.approx(BASE)
    for wrong in ("magic", "tier,tier", "tier,lot,country"):
        assert works.former.get(path, by=wrong).status_code == 422


# Recall


def test_where_a_lot_went_as_far_as_one_may_see(works: Works) -> None:
    smelter, former, builder, rival = works.smelter, works.former, works.builder, works.rival
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


def test_whom_to_ask_first_about_a_lot_as_far_as_one_may_know(works: Works) -> None:
    """The former's iron has a published value without a width, and its indirect emissions are unknown."""
    former = works.former
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
    assert works.rival.get(former.lot("PROFILE") + "/uncertainty").status_code == 404


def test_what_is_behind_a_supplier_is_asked_of_that_supplier_and_not_told(works: Works) -> None:
    builder = works.builder
    answer = builder.get(builder.lot("WINDOW") + "/uncertainty")
    first, own_row = answer.json["rows"]
    assert (first["name"], own_row["organization"]) == ("Former", builder.uri)
    assert first["emissions_share"] == pytest.approx(BASE / (BASE + 100 / 200))
    assert (first["missing"], first["missing_mass"]) == ({"named": [], "undisclosed": 1}, None)
    assert "pig-iron" not in answer.text
    assert "Smelter" not in answer.text


def test_the_interval_that_would_be_left(works: Works) -> None:
    smith, maker = works.house.client("wide-smith", signs=True), works.house.client("wide-maker", signs=True)
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
