"""A did:web registered for an organization: its document says which keys speak, until the DID is revoked."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from werkzeug.test import TestResponse

from graph.store.database import Database
from graph.store.documents import contents_at, ledger_head
from graph.store.ledger import read_leaves
from graph.store.tables import read_newer
from graph.store.validation import validation_of
from service.context import build_intake
from service.trust.signing import new_key, public_jwk
from tests.kit.doors import House
from tests.kit.figures import footprint as figure
from tests.kit.graphs import cleared
from tests.kit.issuers import Enterprise
from tests.kit.outside import Site, reply
from tests.kit.statements import as_bytes, footprint, lot, product, revocation, statement, unique

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def house(session_database: Database, tmp_path_factory: pytest.TempPathFactory, site: Site) -> House:
    return House(cleared(session_database), tmp_path_factory.mktemp("house"), **site.settings)


@pytest.fixture
def firm(house: House, site: Site) -> Enterprise:
    return Enterprise(house.client(unique("firm-")), site)


def failed(answer: TestResponse) -> tuple[str, list[str]]:
    assert answer.status_code == 422, answer.text
    told = answer.json or {}
    [check] = [c for c in told["document"]["verdict"]["checks"] if c["outcome"] == "failed"]
    return check["name"], [e["pointer"] for e in check.get("errors", [])]


def accepted(firm: Enterprise, content: bytes) -> dict[str, Any]:
    status, text = firm.submits(content)
    assert status == 201, text
    return dict(json.loads(text))


def test_an_unregistered_did_speaks_for_nobody(firm: Enterprise) -> None:
    status, text = firm.submits(firm.credential())
    assert status == 422
    assert "speaks for no organization known here" in text


def test_a_registered_did_speaks_for_its_organization_by_whatever_key_its_document_lists(firm: Enterprise) -> None:
    registered = firm.registers()
    assert registered.status_code == 201, registered.text
    firm.client.states(lot("L1", source=""))
    told = accepted(firm, firm.credential(1, footprint(per_kg="2.5")))
    assert told["issuer"] == firm.client.uri
    outcomes = {c["name"]: c for c in told["verdict"]["checks"]}
    assert firm.did in outcomes["key-state"]["detail"]
    assert told["verdict"]["signer_authorised"] is True
    shown = firm.client.get(firm.client.lot("L1") + "/footprint").json or {}
    assert (shown["total"], shown["basis"]) == (2.5, "attested")
    [listed] = (firm.client.get("/api/v1/keys").json or {})["data"]
    assert (listed["thumbprint"], "jwk" in listed) == (firm.did, False)
    firm.client.key = new_key()
    firm.publish()
    firm.list()
    accepted(firm, firm.credential(2))


def test_the_did_must_list_the_key_that_asks(firm: Enterprise) -> None:
    assert failed(firm.registers(firm.registration(new_key()))) == ("key", ["/did"])
    firm.publish(assertionMethod=[])
    assert failed(firm.registers()) == ("key", ["/did"])
    del firm.site.answers[f"{firm.path}/did.json"]
    assert failed(firm.registers()) == ("key", ["/did"])


def test_other_keys_of_the_document_are_passed_over_and_an_expired_one_is_refused(firm: Enterprise) -> None:
    method = {"controller": firm.did, "type": "JsonWebKey", "publicKeyJwk": public_jwk(firm.client.key)}
    odd = {"id": f"{firm.did}#odd", "controller": firm.did, "type": "Unheard2030"}
    expired = {"id": f"{firm.did}#1", "expires": "2020-01-01T00:00:00Z"} | method
    firm.publish(verificationMethod=[], assertionMethod=[odd, expired])
    assert failed(firm.registers()) == ("key", ["/did"])
    firm.publish(verificationMethod=[], assertionMethod=[odd, {"id": f"{firm.did}#1"} | method])
    assert firm.registers().status_code == 201


def test_only_a_plain_did_web_is_registered_and_replaces_nothing(firm: Enterprise) -> None:
    for did in ("did:key:z6Mk", "https://example.com", ""):
        assert failed(firm.registers(firm.registration(did=did or " "))) == ("key", ["/did"])
    for did in (firm.did + "#1", "did:web:" + "a" * 400, "did:web:a|b"):
        assert failed(firm.registers(firm.registration(did=did))) == ("claims", ["/did"])
    assert failed(firm.registers(firm.registration(replaces="t" * 43))) == ("claims", ["/did"])
    assert failed(firm.registers(firm.registration(did="", replaces=firm.did))) == ("claims", ["/replaces"])


def test_a_did_is_registered_once_and_not_by_anothers_key(house: House, site: Site, firm: Enterprise) -> None:
    assert firm.registers().status_code == 201
    rival = house.client(unique("rival-"))
    again = Enterprise(rival, site)
    again.did, again.client.key, again.path = firm.did, firm.client.key, firm.path
    assert failed(again.registers()) == ("key-state", ["/did"])
    other = Enterprise(house.client(unique("other-"), signs=True), site)
    thief = Enterprise(rival, site)
    owned = house.client(unique("owner-"), signs=True)
    thief.client.key = owned.key
    thief.publish()
    assert failed(thief.registers()) == ("key-state", ["/jwk"])
    assert other.registers().status_code == 201


def test_a_revoked_did_speaks_no_more_and_one_called_compromised_takes_its_documents_along(
    house: House, firm: Enterprise
) -> None:
    assert firm.registers().status_code == 201
    firm.client.states(lot("L1", source=""))
    since = datetime.now(UTC).isoformat()
    told = accepted(firm, firm.credential(1, footprint(per_kg="2.5")))
    gone = revocation(firm.did, reason="keyCompromise", since=since)
    [finding] = firm.client.states(gone)["verdict"]["findings"]
    assert finding["subjects"] == [told["id"]]
    assert figure(house.database, firm.client.uri, "L1").total is None
    status, text = firm.submits(firm.credential(2))
    assert status == 422
    assert "(key-state): the DID was revoked" in text
    assert failed(firm.registers()) == ("key-state", ["/did"])


def test_nobody_revokes_anothers_did(house: House, firm: Enterprise) -> None:
    assert firm.registers().status_code == 201
    rival = house.client(unique("rival-"), signs=True)
    assert failed(rival.submit(revoking(rival.uri, firm.did), "application/json"))[0] == "replay"
    accepted(firm, firm.credential(1))


def revoking(issuer: str, did: str) -> bytes:
    return as_bytes(statement(issuer, revocation(did)))


def test_a_document_that_is_away_is_no_verdict(firm: Enterprise) -> None:
    content = firm.registration()
    before = firm.site.answers[f"{firm.path}/did.json"]
    firm.site.answers[f"{firm.path}/did.json"] = lambda request: reply(request, 503, b"", {})
    assert firm.registers(content).status_code == 503
    firm.site.answers[f"{firm.path}/did.json"] = before
    assert firm.registers(content).status_code == 201


def test_it_is_replayed_without_any_network(house: House, firm: Enterprise) -> None:
    assert firm.registers().status_code == 201
    since = datetime.now(UTC).isoformat()
    accepted(firm, firm.credential(1, product("steel")))
    firm.client.states(revocation(firm.did, reason="keyCompromise", since=since))
    assert firm.submits(firm.credential(2))[0] == 422
    database, size = house.database, house.database.read(ledger_head) + 1
    documents, leaves = database.read(contents_at, list(range(size))), read_leaves(database, 0, size)
    firm.site.answers.clear()
    ended, kept = read_newer(database).superseded, database.read(validation_of, list(range(size)))
    build_intake(house.settings, cleared(database)).replay(documents, kept)
    assert read_leaves(database, 0, size) == leaves
    assert read_newer(database).superseded == ended != {}
