"""What a receipt carries beside its documents: what they were examined with, by whose authority, and who assures."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from graph.store.database import Database
from schemas.receipts import load_receipt
from service.auth.roles import Role
from service.receipts.report import Standing
from service.receipts.verifying import verify_receipt
from service.trust.signing_forms import FORMS, sign_as
from tests.kit.abroad import anchors, issuing, status_list, web_document, with_status
from tests.kit.doors import Client, House
from tests.kit.statements import (
    Fact,
    consumed,
    content,
    footprint,
    grant,
    lot,
    of,
    process,
    product,
    statement,
    unique,
)
from tests.receipts.conftest import LOT, Abroad, Street, attested, every, standing, wrong_with
from tests.vectors import chains

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("form", FORMS)
def test_a_document_in_any_form_is_carried(abroad: Abroad, street: Street, form: str) -> None:
    party = abroad.party("ES256" if form == "x5c" else "EdDSA")
    told = issuing(party.uri, party.key, abroad.audience)
    abroad.accepts(party, sign_as(form, statement(party.uri, *LOT), party.key, told).document)
    receipt = street.receipt(party, "L1")
    attested(receipt)
    assert standing(receipt, street)["signature"] is Standing.PROVEN


def test_of_a_certificate_the_authority_is_the_readers_to_trust(abroad: Abroad, street: Street) -> None:
    party = abroad.party("ES256")
    told = issuing(party.uri, party.key)
    abroad.accepts(party, sign_as("x5c", statement(party.uri, *LOT), party.key, told).document)
    receipt = street.receipt(party, "L1")
    attested(receipt)
    shown = standing(receipt, street)
    assert (shown["certificate authority"], shown["revocation list"]) == (Standing.WORD, Standing.WORD)
    assert standing(receipt, street, *anchors().roots)["certificate authority"] is Standing.PROVEN
    other = chains.authority(chains.FALSE_ROOT).public_bytes(Encoding.DER)
    found = verify_receipt(receipt, street.logs, roots=(other,))
    assert "checks" in {line.what for line in found.tree.wrong()}


def test_what_a_did_and_a_status_list_said_then_is_in_the_receipt(abroad: Abroad, street: Street) -> None:
    """And the log held the service to it; what they say now is of no account."""
    party, did = abroad.party(), f"did:web:{unique('issuer')}.example"
    url = f"https://{unique('lists')}.example/status"
    abroad.web.documents[did] = web_document(did, party.key)
    abroad.web.lists[url] = status_list(party.uri, party.key, did, url)
    abroad.accepts(party, with_status(party.uri, party.key, did, url, *LOT))
    abroad.web.documents[did] = abroad.web.lists[url] = b"{}"
    receipt = street.receipt(party, "L1")
    assert len(attested(receipt).validation_data) == 2
    shown = standing(receipt, street)
    assert (shown["signature"], shown["credential-status"]) == (Standing.PROVEN, Standing.PROVEN)
    assert (shown["did-document"], shown["status-list"]) == (Standing.WORD, Standing.WORD)
    for number in range(2):
        assert "validation data" in wrong_with(street, receipt, "validation_data", number)
    for name in ("kind", "name", "digest"):
        last = len(load_receipt(receipt).exhibits) - 1
        assert "validation data" in wrong_with(street, receipt, "exhibits", last, "validation", 0, name)


def test_a_key_binding_is_made_out_to_the_service(abroad: Abroad, street: Street) -> None:
    party = abroad.party()
    told = issuing(party.uri, party.key, abroad.audience)
    abroad.accepts(party, sign_as("sd-jwt", statement(party.uri, *LOT), party.key, told).document)
    receipt = street.receipt(party, "L1")
    assert attested(receipt).audience == abroad.audience
    shown = standing(receipt, street)
    assert (shown["disclosure"], shown["audience"]) == (Standing.PROVEN, Standing.WORD)
    assert "checks" in wrong_with(street, receipt, "audience")


# By whose authority


def delegation(delegate: Client, **more: object) -> Fact:
    named = {"kind": "delegation", "id": unique("d"), "delegate": delegate.uri, "kinds": ["footprint", "content"]}
    return {**named, "valid_from": "2026-01-01", "valid_to": "2100-01-01", **more}


@dataclass
class Spoken:
    """An owner's lot of which a delegate has stated the footprint."""

    owner: Client
    delegate: Client
    reader: Client


def spoken(street: Street, open_: tuple[str, ...], **scope: object) -> Spoken:
    house = street.house
    found = Spoken(
        house.client("owner", signs=True), house.client("delegate", signs=True), house.client("reader", Role.AUDITOR)
    )
    found.owner.signs(*LOT[:2])
    found.owner.signs(delegation(found.delegate, **scope))
    found.delegate.signs(footprint(per_kg="2.5", about=of(found.owner.uri, "L1")))
    for name in open_:
        party: Client = getattr(found, name)
        party.signs(grant(found.reader.uri, evidence=True))
    return found


@pytest.mark.parametrize("about", [None, "lot", "product"])
def test_that_a_delegate_may_speak_is_proven_by_the_delegation(street: Street, about: str | None) -> None:
    scope = {"lot": {"lot": "L1"}, "product": {"product": "steel"}}.get(about or "", {})
    told = spoken(street, ("owner", "delegate"), **scope)
    receipt = street.receipt(told.reader, "L1", told.owner.uri)
    attested(receipt)
    shown = standing(receipt, street)
    assert (shown["delegation"], shown["delegation in force"]) == (Standing.PROVEN, Standing.WORD)


def test_a_delegation_to_somebody_else_proves_nothing(street: Street) -> None:
    """The one that stands before it, to another, is not the one named."""
    house = street.house
    owner, delegate, other = (house.client(name, signs=True) for name in ("owner", "delegate", "other"))
    reader = house.client("reader", Role.AUDITOR)
    owner.signs(*LOT[:2], delegation(other))
    given = owner.signs(delegation(delegate))
    delegate.signs(footprint(per_kg="2.5", about=of(owner.uri, "L1")))
    for party in (owner, delegate):
        party.signs(grant(reader.uri, evidence=True))
    whole = street.receipt(reader, "L1", owner.uri)
    told = [line for line in every(verify_receipt(whole, street.logs).tree) if line.what == "delegation"]
    assert [given["id"] in line.detail for line in told] == [True]


def test_a_delegation_that_may_not_be_read_is_the_logs_word(street: Street) -> None:
    """Who was shown the lot and the delegate's documents holds no document of the owner."""
    told = spoken(street, ("delegate",))
    told.owner.signs({**grant(told.reader.uri), "lot": "L1"})
    receipt = street.receipt(told.reader, "L1", told.owner.uri)
    assert {e.issuer for e in load_receipt(receipt).exhibits} == {told.delegate.uri}
    assert standing(receipt, street)["delegation"] is Standing.WORD


def test_a_delegation_left_out_is_found(street: Street) -> None:
    told = spoken(street, ("owner", "delegate"))
    whole = json.loads(street.receipt(told.reader, "L1", told.owner.uri))
    [left_out] = [n for n, e in enumerate(whole["exhibits"]) if _kinds(e["content"]) == ["delegation"]]
    del whole["exhibits"][left_out]
    found = verify_receipt(json.dumps(whole).encode(), street.logs)
    assert {line.what: line.standing for line in every(found.tree)}["delegation"] is Standing.WORD
    assert "commitment" in {line.what for line in found.tree.wrong()}


def _kinds(content: str) -> list[str]:
    """The kinds of the facts that a signed document in base64 states."""
    payload = base64.b64decode(content).split(b".")[1]
    stated = json.loads(base64.urlsafe_b64decode(payload + b"=="))
    return [fact["kind"] for fact in stated.get("facts", [])]


# Who assures


def accreditation(institution: Client) -> Fact:
    named = {"kind": "accreditation", "id": unique("a"), "institution": institution.uri, "number": "V-1"}
    return {**named, "scope": ["ISO 14064-3"], "valid_from": "2020-01-01", "valid_to": "2100-01-01"}


def assurance(owner: Client, document: str) -> Fact:
    named = {"kind": "assurance", "id": unique("s"), "footprint": of(owner.uri, "F1"), "document": document}
    return {**named, "level": "reasonable", "standard": "ISO 14064-3", "valid_to": "2100-01-01"}


def test_a_level_of_assurance_is_proven_by_statement_and_accreditation(street: Street) -> None:
    house = street.house
    owner, verifier, body = (house.client(name, signs=True) for name in ("owner", "verifier", "body"))
    reader = house.client("reader", Role.AUDITOR)
    stated = owner.signs(*LOT)
    body.signs(accreditation(verifier))
    verifier.signs(assurance(owner, stated["id"]))
    recognising = _recognising(house, body)
    reading = recognising.colleague(reader, Role.AUDITOR)
    owner.signs(grant(reader.uri, evidence=True))

    on_word = street.receipt(reading, "L1", owner.uri)
    assert attested(on_word).assurance == "reasonable"
    assert standing(on_word, street)["assurance"] is Standing.WORD

    for party in (verifier, body):
        party.signs(grant(reader.uri, evidence=True))
    shown = street.receipt(reading, "L1", owner.uri)
    assert attested(shown).recognised == (body.uri,)
    assert standing(shown, street)["assurance"] is Standing.PROVEN
    assert "commitment" in wrong_with(street, shown, "assurance")


def test_a_level_of_assurance_is_on_word_where_something_is_hidden(street: Street) -> None:
    """It is the least of all attested footprints, and of those above a hidden branch nobody outside can tell."""
    house = street.house
    owner, verifier, body, hidden = (house.client(n, signs=True) for n in ("owner", "verifier", "body", "hidden"))
    hidden.signs(product("ore"), lot("ORE", 100, "", made="ore"))
    stated = owner.signs(product(), lot("L1", 100, ""), footprint(per_kg="2.5"))
    inputs = [consumed("L1", 100), consumed(of(hidden.uri, "ORE"), 100)]
    owner.signs(process("build", 200, inputs=inputs, inputs_complete=True), lot("L2", 200, "build"))
    hidden.states(footprint(per_kg="1", about="ORE"))
    body.signs(accreditation(verifier))
    verifier.signs(assurance(owner, stated["id"]))
    reader = house.client("reader", Role.AUDITOR)
    reading = _recognising(house, body).colleague(reader, Role.AUDITOR)
    for party in (owner, verifier, body):
        party.signs(grant(reader.uri, evidence=True))
    receipt = street.receipt(reading, "L2", owner.uri)
    assert load_receipt(receipt).aggregates
    assert standing(receipt, street)["assurance"] is Standing.WORD
    assert load_receipt(receipt).assurance == "reasonable"


def _recognising(house: House, body: Client) -> House:
    """The same house, run by an operator who recognises a body."""
    database: Database = house.database
    return House(database, house.settings.data, GREENCHAIN_RECOGNISED_BODIES=body.uri, GREENCHAIN_MIN_CONTRIBUTORS="1")


# Content


def test_content_is_proven_with_the_footprint(street: Street) -> None:
    """Half of it from a lot of declared content: the shares come out of the same documents."""
    maker = street.house.client("maker", signs=True)
    half = {"material": "coal", "country": "DE", "quantity": {"value": "500", "unit": "kg"}}
    maker.signs(product(), lot("OLD", 500, ""), content(about="OLD", post_consumer="0.8", virgin="0.2"))
    maker.signs(process("heat", 1000, inputs=[consumed({"issuer": maker.uri, "id": "OLD"}, 500), half]), lot("NEW"))
    receipt = street.receipt(maker, "NEW")
    found = load_receipt(receipt)
    answered = maker.get(f"{maker.lot('NEW')}/content", as_of=str(found.as_of)).json
    assert answered is not None
    assert found.content is not None
    assert found.content["post_consumer"] == pytest.approx(0.4)
    assert found.content["unknown"] == pytest.approx(0.5)
    assert found.content["pre_consumer"] is None, "where something is unknown, nothing known is not zero"
    assert {n: found.content[n] for n in ("post_consumer", "virgin", "pre_consumer")} == {
        n: answered[n] for n in ("post_consumer", "virgin", "pre_consumer")
    }
    assert standing(receipt, street)["content"] is Standing.PROVEN
    changed = json.loads(receipt)
    changed["content"]["post_consumer"] = 0.5
    wrong = {line.what for line in verify_receipt(json.dumps(changed).encode(), street.logs).tree.wrong()}
    assert {"commitment", "post_consumer"} <= wrong


def test_content_from_above_stands_in_the_same_aggregate(street: Street) -> None:
    """Whoever may not read the supplier's document still proves what its own process makes of it."""
    house = street.house
    supplier, maker = house.client("supplier", signs=True), house.client("maker", signs=True)
    supplier.signs(product(), lot("OLD", 500, ""), content(about="OLD", post_consumer="1"))
    old = of(supplier.uri, "OLD")
    maker.signs(product(), process("heat", 1000, inputs=[consumed(old, 500)]), lot("NEW"))
    receipt = street.receipt(maker, "NEW")
    found = load_receipt(receipt)
    assert found.content is not None
    assert found.content["post_consumer"] == pytest.approx(1)
    assert standing(receipt, street)["hidden branches"] is Standing.WORD


def test_a_product_has_no_content_of_its_own(street: Street) -> None:
    path = street.maker.product("frame")
    answer = street.maker.get(f"{path}/receipt", period="2025-01-01/2026-01-01")
    assert load_receipt(answer.data).content is None
