"""A facility's inventory over HTTP: for its operator and whom it opened its facts to; others learn of the finding."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import pytest

from graph.model.refs import Kind, uid
from tests.kit.doors import Client, House
from tests.kit.statements import (
    DECLARED,
    Fact,
    as_bytes,
    consumed,
    facility,
    grant,
    lot,
    of,
    process,
    product,
    q,
    statement,
    transfer,
    unique,
)


def inventory(direct: object, **more: Any) -> Fact:
    return {"kind": "inventory", "id": "inv-2025", "facility": "works", **DECLARED, "direct": q(direct), **more}


pytestmark = pytest.mark.engine


@dataclass
class Site:
    """A works of which 600 of 1,000 kg are accounted for, and a buyer of what it made."""

    works: Client
    buyer: Client
    document: str

    def read(self, client: Client, address: str) -> Any:
        return client.get(f"/api/v1/facilities/{address}/inventory")


@pytest.fixture(scope="module")
def site(house: House) -> Site:
    works, buyer = house.client(unique("works"), signs=True), house.client(unique("buyer"), signs=True)
    works.signs(
        facility("works"),
        product(),
        process("heat", 100, emitted=600, facility="works"),
        lot("L1", 100),
        transfer(works.uri, buyer.uri, "L1", 100, "t-1"),
    )
    sent = works.signs(inventory(1000, boundary="operational control"))
    buyer.signs(
        product("part", "bracket"),
        process("press", 50, made="part", inputs=[consumed(of(works.uri, "L1"), 60)]),
        lot("P1", 50, "press", "part"),
    )
    return Site(works, buyer, sent["id"])


def finding(client: Client, lot_id: str, issuer: str) -> dict[str, Any]:
    found = client.get(client.lot(lot_id, issuer) + "/footprint").json["findings"]
    (one,) = [f for f in found if f["code"].startswith("inventory-")]
    return one


def test_the_operator_reads_what_came_of_it(site: Site) -> None:
    answer = site.read(site.works, "works").json
    assert answer["subject"] == {"kind": "facility", "uid": uid(Kind.FACILITY, f"{site.works.uri}|works")} | {
        "issuer": site.works.uri,
        "id": "works",
    }
    (one,) = answer["data"]
    told = {n: one[n] for n in ("id", "document", "signed", "outcome", "compared", "amount", "share", "direct")}
    assert told == {"id": "inv-2025", "document": site.document, "signed": True, "outcome": "unallocated"} | {
        "compared": "direct",
        "amount": 400.0,
        "share": 0.4,
        "direct": 1000.0,
    }
    assert (one["indirect"], one["indirect_method"], one["boundary"]) == (None, "", "operational control")
    assert (one["accounted_least"], one["accounted_most"], one["processes"]) == (600.0, 600.0, 1)
    assert (one["spanning"], one["gaps"], one["gap_count"]) == ([], [], 0)
    assert one["period"] == {"start": "2025-01-01T00:00:00Z", "end": "2026-01-01T00:00:00Z"}
    assert answer["materiality"] == 0.05


def test_its_address_finds_it_too(site: Site) -> None:
    address = uid(Kind.FACILITY, f"{site.works.uri}|works")
    assert site.read(site.works, address).json["data"] == site.read(site.works, "works").json["data"]


def test_who_may_not_see_the_facilitys_facts_learns_the_code_of_the_finding(site: Site) -> None:
    own = finding(site.works, "L1", site.works.uri)
    assert own["code"] == "inventory-unallocated"
    assert "400 (0.4 of it) went to nothing" in own["message"]
    assert own["documents"] == [site.document]
    for lot_id, issuer in (("L1", site.works.uri), ("P1", site.buyer.uri)):
        theirs = finding(site.buyer, lot_id, issuer)
        assert theirs["code"] == "inventory-unallocated"
        assert theirs["message"] == "about something upstream that is not disclosed to you"
        assert (theirs["subjects"], theirs["documents"]) == ([], [])


def test_the_facility_of_another_is_not_there(site: Site, house: House) -> None:
    address = uid(Kind.FACILITY, f"{site.works.uri}|works")
    for client, asked in ((site.buyer, address), (site.buyer, "works"), (site.works, "none")):
        answer = site.read(client, asked)
        assert (answer.status_code, answer.json["detail"]) == (404, "there is no such facility")
    auditor = house.client(unique("auditor"))
    site.works.signs(grant(auditor.uri, unique("g")), at=time.time())
    assert site.read(auditor, address).json["data"][0]["amount"] == 400.0
    assert "went to nothing" in finding(auditor, "L1", site.works.uri)["message"]


def test_the_missing_product_makes_the_finding_vanish_and_the_past_stays(house: House) -> None:
    works = house.client(unique("works"), signs=True)
    works.signs(facility("works"), product(), process("heat", 100, emitted=600, facility="works"), lot("L1", 100))
    works.signs(inventory(1000))
    before = works.get("/api/v1/facilities/works/inventory").json
    works.signs(process("other", 100, emitted=400, facility="works"), lot("L2", 100, "other"))
    after = works.get("/api/v1/facilities/works/inventory").json
    assert [v["data"][0]["outcome"] for v in (before, after)] == ["unallocated", "consistent"]
    past = works.get("/api/v1/facilities/works/inventory", as_of=before["as_of"]).json
    assert past["data"] == before["data"]


def test_a_revised_inventory_takes_the_place_of_the_first(house: House) -> None:
    works = house.client(unique("works"), signs=True)
    first = works.signs(inventory(1000))["id"]
    assert works.get("/api/v1/facilities/works/inventory").json["data"][0]["outcome"] == "undecided"
    works.signs(inventory(700))
    assert works.get("/api/v1/facilities/works/inventory").json["data"][0]["direct"] == 1000.0, "a conflict"
    works.signs(inventory(800, supersedes=first))
    assert [i["direct"] for i in works.get("/api/v1/facilities/works/inventory").json["data"]] == [800.0]


def test_nobody_states_the_inventory_of_another(house: House, site: Site) -> None:
    rival = house.client(unique("rival"))
    stated = inventory(5) | {"facility": of(site.works.uri, "works")}
    answer = rival.submit(as_bytes(statement(rival.uri, stated)), "application/json")
    assert answer.status_code == 422
    assert "for which this organization may not speak" in answer.text
