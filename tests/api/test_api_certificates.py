"""Certificates of organizations and sites: who sees which, as JSON and on the page of a lot, and how they stand."""

from __future__ import annotations

from typing import Any

import pytest

from graph.store.database import Database
from service.auth.roles import Role
from tests.kit.doors import Client, House
from tests.kit.graphs import cleared
from tests.kit.statements import Fact, facility, grant, lot, process, product, transfer, unique

pytestmark = pytest.mark.engine

BODY = "urn:greenchain:org:body"


@pytest.fixture(scope="module")
def house(session_database: Database, tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(
        cleared(session_database),
        tmp_path_factory.mktemp("house"),
        GREENCHAIN_RECOGNISED_BODIES=BODY,
        GREENCHAIN_MIN_CONTRIBUTORS="1",
    )


@pytest.fixture(scope="module")
def certifier(house: House) -> Client:
    """Accredited for green factories by the one body that counts."""
    found = house.client("certifier", signs=True)
    body = house._enter(BODY, "Body", (Role.SUPPLIER,))
    assert body.register_key().status_code == 201
    given = {"kind": "accreditation", "id": "A", "institution": found.uri, "number": "A-1", "scope": ["green factory"]}
    body.signs(given | {"valid_from": "2020-01-01", "valid_to": "2100-01-01"})
    return found


def certificate(holder: Client, number: str, **more: Any) -> Fact:
    named = {"kind": "certificate", "id": unique("Z"), "scheme": "green factory", "number": number}
    return {**named, "holder": holder.uri, "valid_from": "2020-01-01", "valid_to": "2100-01-01", **more}


@pytest.fixture(scope="module")
def mill(house: House, certifier: Client) -> Client:
    """With a lot from one of its two sites, and certificates for itself and for each site."""
    found = house.client("mill", signs=True)
    found.signs(facility("works"), facility("idle"), product(), process(facility="works"), lot("L1"))
    site = {"issuer": found.uri, "id": "works"}
    certifier.signs(certificate(found, "whole"))
    certifier.signs(certificate(found, "works", facility=site))
    certifier.signs(certificate(found, "idle", facility=site | {"id": "idle"}))
    certifier.signs(certificate(found, "old", valid_to="2021-01-01"))
    return found


def numbers(client: Client, path: str, **query: Any) -> dict[str, str]:
    answer = client.get(path, **query)
    assert answer.status_code == 200, answer.text
    return {c["number"]: c["status"] for c in (answer.json or {})["data"]}


def test_the_owner_sees_those_of_the_site_that_a_lot_comes_from(mill: Client) -> None:
    expected = {"whole": "valid", "works": "valid", "old": "expired"}
    assert numbers(mill, mill.lot("L1") + "/certificates") == expected
    assert numbers(mill, mill.product("steel") + "/certificates") == expected
    assert numbers(mill, "/api/v1/certificates").keys() == {"whole", "works", "idle", "old"}
    shown = mill.get(mill.lot("L1") + "/certificates").json or {}
    assert "judged_at" in shown
    site = next(c for c in shown["data"] if c["number"] == "works")["facility"]
    assert (site["issuer"], site["id"]) == (mill.uri, "works")


def test_a_buyer_sees_those_of_the_sender_as_a_whole_and_may_follow_them(house: House, mill: Client) -> None:
    buyer = house.client("buyer")
    assert buyer.get(mill.lot("L1") + "/certificates").status_code == 404
    mill.signs(transfer(mill.uri, buyer.uri, "L1", 10, unique("T")))
    assert numbers(buyer, mill.lot("L1") + "/certificates") == {"whole": "valid", "old": "expired"}
    assert numbers(buyer, "/api/v1/certificates") == {}
    assert buyer.get(mill.product("steel") + "/certificates").status_code == 404
    for shown in (buyer.get(mill.lot("L1") + "/certificates").json or {})["data"]:
        assert buyer.get(f"/api/v1/documents/{shown['document']}").status_code == 200
        assert buyer.get(f"/api/v1/documents/{shown['document']}/content").status_code == 404
    held = (mill.get("/api/v1/certificates").json or {})["data"]
    [site] = [c["document"] for c in held if c["number"] == "works"]
    assert [c.get(f"/api/v1/documents/{site}").status_code for c in (mill, buyer)] == [200, 404]


def test_who_was_granted_the_facts_sees_all_of_the_holder(house: House, mill: Client) -> None:
    auditor = house.client("auditor", Role.AUDITOR)
    assert numbers(auditor, "/api/v1/certificates", holder=mill.uri) == {}
    mill.signs(grant(auditor.uri, unique("g")))
    assert numbers(auditor, "/api/v1/certificates", holder=mill.uri).keys() == {"whole", "works", "idle", "old"}


def test_the_issuer_lists_what_it_issued_page_by_page(certifier: Client, mill: Client) -> None:
    seen, cursor = [], ""
    while True:
        answer = certifier.get("/api/v1/certificates", limit=3, holder=mill.uri, cursor=cursor)
        page = answer.json or {}
        seen += [c["number"] for c in page["data"]]
        cursor = page.get("next", "")
        if not cursor:
            break
    assert seen == ["whole", "works", "idle", "old"]


def test_a_change_of_status_shows_from_its_index_on(house: House, certifier: Client) -> None:
    holder = house.client("holder", signs=True)
    holder.signs(product(), lot("L1", source=""))
    first = certifier.signs(certificate(holder, "C", id="C1"))
    changed = certificate(holder, "C", id="C1", status="suspended", supersedes=first["id"])
    index = certifier.signs(changed)["ledger_index"]
    path = holder.lot("L1") + "/certificates"
    assert numbers(holder, path) == {"C": "suspended"}
    assert numbers(holder, path, as_of=index - 1) == {"C": "valid"}


def test_what_anybody_may_say_stands_last_and_says_nothing(house: House, mill: Client) -> None:
    rival = house.client("rival", signs=True)
    rival.signs(certificate(mill, "slander", status="withdrawn"))
    found = numbers(mill, mill.lot("L1") + "/certificates")
    assert list(found.items())[-1] == ("slander", "issuer-not-accredited")


def test_the_page_of_a_lot_shows_them(house: House, certifier: Client) -> None:
    maker = house.client("maker", signs=True)
    maker.signs(product(), lot("L1", source=""))
    plain = maker.get(maker.lot("L1").removeprefix("/api/v1")).text
    assert 'id="certificates"' not in plain
    given = certifier.signs(certificate(maker, "GF-<7>", valid_to="2021-01-01"))
    page = maker.get(maker.lot("L1").removeprefix("/api/v1")).text
    for shown in ("green factory", "GF-&lt;7&gt;", "Whole organization", "1 Jan 2020", "Expired"):
        assert shown in page, shown
    assert f'href="/documents/{given["id"]}"' in page


def test_a_wrong_cursor_is_refused(mill: Client) -> None:
    assert mill.get("/api/v1/certificates", cursor="x").status_code == 400
