"""What changed in a figure and who changed it; figures that are published and restated, never silently."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.auth.roles import Role
from service.ledger.note import parse_vkey
from service.receipts.verifying import verify_receipt
from tests.kit.doors import Client, House
from tests.kit.statements import consumed, footprint, lot, of, process, product, transfer


@pytest.fixture(scope="module")
def street(house: House) -> tuple[Client, Client]:
    """A mine that sells ore to a mill; a unit of steel takes two of ore."""
    mine, mill = house.client("history-mine", signs=True), house.client("history-mill", signs=True)
    mine.signs(product("ore", "iron-ore"), lot("ORE", 100, "", "ore"), transfer(mine.uri, mill.uri, "ORE", 50))
    heat = process("heat", 10, emitted=5, inputs=[consumed(of(mine.uri, "ORE"), 20)])
    mill.signs(product(), heat, lot("STEEL", 10, "heat"))
    return mine, mill


def got(client: Client, path: str, status: int = 200, **query: str) -> dict[str, Any]:
    answer = client.get(path, **query)
    assert answer.status_code == status, answer.text
    return dict(answer.json or {})


def posted(client: Client, path: str, content: dict[str, Any] | None = None, status: int = 201) -> dict[str, Any]:
    answer = client.post(path, json.dumps(content or {}).encode())
    assert answer.status_code == status, answer.text
    return dict(answer.json or {})


def publishing(client: Client, name: str, lot_id: str = "STEEL") -> dict[str, Any]:
    return {"name": name, "lot": client.lot(lot_id).rpartition("/")[2]}


def test_what_changed_since_then_and_who_changed_it(street: tuple[Client, Client]) -> None:
    mine, mill = street
    first = mine.signs(footprint("F1", "1.0", "ORE"))
    since = first["ledger_index"]
    second = mine.signs(footprint("F1", "1.5", "ORE", supersedes=first["id"]))
    found = got(mill, f"{mill.lot('STEEL')}/changes", since=str(since))
    assert found["change"] == pytest.approx(1.0)
    assert (found["from"]["total"], found["to"]["total"]) == (2.5, 3.5)
    [step] = found["steps"]
    assert (step["change"], step["documents"][0]["id"]) == (pytest.approx(1.0), second["id"])
    assert step["documents"][0]["issuer"] == mine.uri


def test_who_may_not_be_named_is_counted(house: House) -> None:
    """Two tiers up nobody is named: that something moved is told, and by how much."""
    mine, mill, maker = (house.client(f"hidden-{name}", signs=True) for name in ("mine", "mill", "maker"))
    mine.signs(product("ore", "iron-ore"), lot("ORE", 100, "", "ore"), transfer(mine.uri, mill.uri, "ORE", 50))
    first = mine.signs(footprint("F", "1.0", "ORE"))
    heat = process("heat", 10, emitted=5, inputs=[consumed(of(mine.uri, "ORE"), 20)])
    mill.signs(product(), heat, lot("STEEL", 10, "heat"), transfer(mill.uri, maker.uri, "STEEL", 5, "T-maker"))
    saw = process("saw", 1, emitted=0, made="frame", inputs=[consumed(of(mill.uri, "STEEL"), 1)])
    since = maker.signs(product("frame", "frame"), saw, lot("FRAME", 1, "saw", "frame"))["ledger_index"]
    second = mine.signs(footprint("F", "4.0", "ORE", supersedes=first["id"]))
    found = got(maker, f"{maker.lot('FRAME')}/changes", since=str(since))
    [step] = found["steps"]
    assert (step["documents"], step["undisclosed"], step["change"]) == ([], 1, pytest.approx(6.0))
    assert second["id"] not in json.dumps(found)
    assert mine.uri not in json.dumps(found)


@pytest.mark.parametrize("since", ["99999", "soon", ""])
def test_a_bad_since_is_named(street: tuple[Client, Client], since: str) -> None:
    _, mill = street
    assert "since" in mill.get(f"{mill.lot('STEEL')}/changes", since=since).text


def test_a_publication_is_frozen_restated_and_keeps_its_receipts(house: House, street: tuple[Client, Client]) -> None:
    mine, mill = street
    made = posted(mill, "/api/v1/publications", publishing(mill, "steel 2025"))
    was = made["total"]
    assert (made["edition"], made["current"], made["editions"][0]["moved"]) == (1, True, None)
    path = f"/api/v1/publications/{made['id']}"
    assert posted(mill, path, status=200)["edition"] == 1, "nothing has changed"
    moved = mine.signs(lot("ORE3", 1, "", "ore"))
    assert got(mill, path)["current"]
    mill.signs(footprint("FS", "9.0", "STEEL"))
    outdated = got(mill, path)
    assert (outdated["current"], outdated["total"]) == (False, was)
    again = posted(mill, path, status=200)
    assert (again["edition"], again["current"], again["total"]) == (2, True, 9.0)
    told = again["editions"][1]["moved"]
    assert told["change"] == pytest.approx(9.0 - was)
    assert moved["id"] not in json.dumps(told)
    assert again["editions"][0] == made["editions"][0], "an edition stays as it was"
    for edition, total in ((1, was), (2, 9.0)):
        content = mill.get(f"{path}/receipt", edition=str(edition)).data
        found = verify_receipt(content, [parse_vkey(house.services.log.vkey)])
        assert found.holds, list(found.tree.wrong())
        assert found.receipt is not None
        assert found.receipt.numbers["total"] == pytest.approx(total)


def test_a_product_is_published_over_a_period(street: tuple[Client, Client]) -> None:
    _, mill = street
    form = {"name": "year", "product": mill.product("steel").rpartition("/")[2], "period": "2025-01-01/2026-01-01"}
    made = posted(mill, "/api/v1/publications", form)
    assert made["subject"]["kind"] == "product"
    assert "year" in [p["name"] for p in got(mill, "/api/v1/publications")["data"]]


def test_a_name_stands_for_one_publication(street: tuple[Client, Client]) -> None:
    _, mill = street
    posted(mill, "/api/v1/publications", publishing(mill, "twice"))
    assert "twice" in posted(mill, "/api/v1/publications", publishing(mill, "twice"), 409)["detail"]


def test_others_do_not_see_it(house: House, street: tuple[Client, Client]) -> None:
    mine, mill = street
    made = posted(mill, "/api/v1/publications", publishing(mill, "own"))
    got(mine, f"/api/v1/publications/{made['id']}", 404)
    assert got(mine, "/api/v1/publications")["data"] == []
    reader = house.colleague(mill, Role.PROCUREMENT)
    assert got(reader, f"/api/v1/publications/{made['id']}")["name"] == "own"
    posted(reader, "/api/v1/publications", publishing(mill, "not allowed"), 403)


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"name": "x"}, "exactly one"),
        ({"name": "x", "lot": "a", "product": "b"}, "exactly one"),
        ({"name": "x", "product": "b"}, "period"),
        ({"name": "x", "lot": "a", "period": "2025-01-01/2026-01-01"}, "period"),
        ({"name": "", "lot": "a"}, "name"),
        ({"name": "x", "lot": "a", "policy": "nobody"}, "policy"),
    ],
)
def test_a_bad_form_is_named(street: tuple[Client, Client], form: dict[str, Any], field: str) -> None:
    _, mill = street
    assert field in mill.post("/api/v1/publications", json.dumps(form).encode()).text
