"""Portfolios over HTTP: totals, why they changed, the way to a target, whom to ask, as far as one may see."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from graph.model.refs import Kind, Ref, uid
from tests.api.works import BASE, METAL_KG, YEAR, Works, asked, grid
from tests.kit.statements import (
    consumed,
    facility,
    lot,
    organization,
    process,
    product,
    transfer,
)


def test_what_one_made_in_a_year(works: Works) -> None:
    found = works.former.get("/api/v1/portfolio", period=YEAR, by="supplier,month").json
    assert found["total"]["total"] == pytest.approx(BASE * 300)
    assert (found["total"]["lots"], found["total"]["unknown_lots"], found["total"]["lower_bound"]) == (1, 1, True)
    assert [n["id"] for n in found["without_figure"]["named"]] == ["DARK"]
    (group,) = found["groups"]
    assert group["names"] == {"supplier": works.former.uri, "supplier_name": "Former", "month": "2025-06"}
    assert (group["mass"], group["intensity"]) == (300, pytest.approx(BASE))
    assert found["counted_twice"] == 0


def test_what_one_received_counts_by_the_quantity_received(works: Works) -> None:
    found = works.former.get("/api/v1/portfolio", period=YEAR, by="supplier", scope="received").json
    assert [(g["names"]["supplier"], g["total"]) for g in found["groups"]] == [
        (works.smelter.uri, pytest.approx(400 * METAL_KG))
    ]
    refused = works.former.get("/api/v1/portfolio", period=YEAR, by="facility", scope="received")
    assert refused.status_code == 422


def test_a_cycle_among_what_one_received_names_no_lots_of_others(works: Works) -> None:
    mill, buyer = (works.house.client(f"circle-{name}", signs=True) for name in ("mill", "buyer"))
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


def test_a_product_that_there_was_not_yet_then_has_no_figure(works: Works) -> None:
    maker = works.house.client("later-maker", signs=True)
    maker.signs(organization("Maker"))
    before = maker.signs(facility("site", "DE"))["ledger_index"]
    maker.signs(product("late"), lot("L9", 10, "", "late"))
    path = f"/api/v1/products/{uid(Kind.PRODUCT, Ref(maker.uri, 'late').key)}/footprint"
    assert maker.get(path, period=YEAR).status_code == 200
    assert maker.get(path, period=YEAR, as_of=str(before)).status_code == 404


def test_what_one_may_not_see_is_as_if_there_were_none(works: Works) -> None:
    def totals(**query: str) -> Any:
        return works.rival.get("/api/v1/portfolio", period=YEAR, **query).json

    nobody = totals(organization="urn:greenchain:org:nobody-at-all")
    assert nobody["total"]["total"] is None
    assert totals(organization=works.former.uri) == nobody
    hidden, unknown = (uid(Kind.PRODUCT, Ref(works.former.uri, name).key) for name in ("profile", "nothing"))
    assert totals(product=hidden) == totals(product=unknown)
    mine = uid(Kind.PRODUCT, Ref(works.rival.uri, "foil").key)
    assert totals(product=mine)["total"]["lots"] == 1


def test_two_years_by_product(works: Works) -> None:
    found = works.former.get("/api/v1/portfolio/compare", period=YEAR, base="2024-01-01/2025-01-01").json
    before, after = 100.0, BASE * 300
    assert found["change"] == pytest.approx(after - before)
    assert math.fsum(found["effects"].values()) == pytest.approx(found["change"], rel=1e-12)
    mean = (after - before) / math.log(after / before)
    assert found["effects"]["volume"] == pytest.approx(mean * math.log(3))
    assert found["of_known"] is True
    assert found["groups"][0]["names"]["product_name"] == "Product profile"


def test_from_a_year_of_which_nothing_is_on_record_there_is_no_change(works: Works) -> None:
    found = works.former.get("/api/v1/portfolio/compare", period=YEAR, base="2020-01-01/2021-01-01").json
    assert (found["change"], found["before"]["total"]["total"]) == (None, None)
    assert set(found["effects"].values()) == {None}
    (group,) = found["groups"]
    assert (group["before"], group["after"], group["unknown_after"]) == (None, pytest.approx(BASE * 300), 1)


def test_the_way_to_a_target(works: Works) -> None:
    query = {"base_year": "2024", "target_year": "2026", "reduction": "50"}
    found = works.former.get("/api/v1/portfolio/target", **query).json
    assert [(y["year"], y["aim"]) for y in found["years"]] == [(2024, 100.0), (2025, 75.0), (2026, 50.0)]
    now, later = found["years"][1:]
    assert (now["gap"], now["gap_bound"], now["unknown_lots"]) == (pytest.approx(BASE * 300 - 75), "known-part", 1)
    assert (later["actual"], later["gap"], later["gap_bound"]) == (None, None, "unknown")
    for wrong in ({"base_year": "2026"}, {"base_year": "2000", "target_year": "2001"}):
        assert works.former.get("/api/v1/portfolio/target", **query | wrong).status_code == 422


def test_what_if_for_all_lots_of_a_year(works: Works) -> None:
    found = asked(works.former, "/api/v1/portfolio", [grid("0", "DE")], query=f"?period={YEAR}")
    assert (found["lots"], found["unit"], found["base"]["lower_bound"]) == (2, "kgCO2e", True)
    assert found["base"]["total"] == pytest.approx(BASE * 300)
    assert found["scenarios"][0]["difference"]["total"] == pytest.approx(-150.0)


def test_whom_to_ask_first_about_a_portfolio(works: Works) -> None:
    found = works.former.get("/api/v1/portfolio/uncertainty", period=YEAR).json
    assert (found["lots"], found["unknown_lots"], found["unit"]) == (1, 1, "kgCO2e")
    assert found["total"] == pytest.approx(BASE * 300)
    first = found["rows"][0]
    assert {n["id"] for n in first["missing"]["named"]} == {"pig-iron", "DARK"}
    assert first["missing_mass"] == pytest.approx(10 + 50)
    received = works.former.get("/api/v1/portfolio/uncertainty", period=YEAR, scope="received").json
    assert [row["name"] for row in received["rows"]] == ["Smelter"]
    assert received["interval_missing"] == "no geometric standard deviation is stated"
    assert works.former.get("/api/v1/portfolio/uncertainty", period="soon").status_code == 422
