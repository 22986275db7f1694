"""A did:web that is registered for an organization: its registration is carried, and shows whose key has signed."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from typing import Any

import pytest

from graph.model.documents import Format
from schemas.receipts import load_receipt
from service.auth.roles import Role
from service.intake.submit import Registration
from service.receipts.report import Standing
from service.receipts.verifying import verify_receipt
from service.trust.signing import new_key, sign_registration
from tests.kit.abroad import by_web, status_list, web_document, with_status
from tests.kit.doors import AUDIENCE, Client
from tests.kit.statements import consumed, grant, lot, of, organization, process, product, unique
from tests.receipts.conftest import LOT, Abroad, Street, attested, every, standing, wrong_with

pytestmark = pytest.mark.engine


@dataclass
class Bound:
    """A member whose did:web is registered, and whose keys are not."""

    party: Client
    did: str
    key: dict[str, str]
    receipt: bytes


def bound(abroad: Abroad, *, listed: bool = False, same: bool = False) -> Bound:
    """Its lot, signed by a key that the document of the DID lists then, and not yet at the registration.

    ``listed``: with an entry in a status list; ``same``: with the key that has signed the registration.
    """
    party, did = abroad.street.house.client(unique("enterprise-")), f"did:web:{unique('issuer')}.example"
    uri, first = party.uri, new_key()
    key = first if same else new_key()
    abroad.web.documents[did] = web_document(did, first)
    told = {"organization": uri, "audience": abroad.audience, "nonce": "n", "issued_at": int(time.time())}
    registration = sign_registration(first, did=did, **told)  # type: ignore[arg-type]
    entered = abroad.intake.register_key(registration, uri, Registration(abroad.audience, lambda _: True))
    assert entered.verdict.accepted, entered.verdict.failed
    abroad.web.documents[did] = web_document(did, key)
    url = f"https://{unique('lists')}.example/status"
    abroad.web.lists[url] = status_list(uri, key, did, url)
    abroad.accepts(party, with_status(uri, key, did, url, *LOT) if listed else by_web(uri, key, did, *LOT))
    abroad.web.documents[did] = b"{}"
    return Bound(party, did, key, abroad.street.receipt(party, "L1"))


@pytest.mark.parametrize("listed", [False, True])
def test_a_registered_did_vouches_for_a_key_that_is_not_registered(
    abroad: Abroad, street: Street, listed: bool
) -> None:
    """Its registration is in the receipt, with what its document said then: another key than at the signature."""
    receipt = bound(abroad, listed=listed).receipt
    assert len(attested(receipt).validation_data) == 2 + listed
    shown = standing(receipt, street)
    assert (shown["possession"], shown["signature"]) == (Standing.PROVEN, Standing.PROVEN)
    assert {shown[name] for name in ("owner", "did-document", "key in force")} == {Standing.WORD}


def test_without_the_registration_of_its_did_a_document_speaks_for_nobody(abroad: Abroad, street: Street) -> None:
    whole = json.loads(bound(abroad).receipt)
    registration = next(e for e in whole["exhibits"] if e["format"] == Format.KEY_REGISTRATION.value)
    for changes in ({"validation": []}, {"validation": [], "validation_salt": ""}):
        changed = {**whole, "exhibits": [registration | changes, *whole["exhibits"][1:]]}
        assert "validation data" in _found_wrong(street, changed)
    left_out = {**whole, "exhibits": [e for e in whole["exhibits"] if e is not registration]}
    assert {"checks", "commitment"} <= _found_wrong(street, left_out)
    for number in range(2):
        assert "validation data" in wrong_with(street, json.dumps(whole).encode(), "validation_data", number)


def test_what_is_registered_counts_from_its_own_entry_on(abroad: Abroad, street: Street) -> None:
    """The key is registered as well, later: what it signed before goes by the DID still, what it signs then by it."""
    made = bound(abroad, same=True)
    party = _registers(made.party, made.key)
    party.signs(organization("Enterprise"))
    receipt = street.receipt(made.party, "L1")
    assert len(load_receipt(receipt).exhibits) == 4
    lines = every(verify_receipt(receipt, street.logs).tree)
    told = [line.detail for line in lines if line.what == "key in force"]
    assert [made.did in each for each in told] == [True, False]


def test_whoever_shares_the_key_and_registers_it_later_takes_nothing_away(abroad: Abroad, street: Street) -> None:
    """Even where both have signed with it what one receipt holds: each document goes by its own moment."""
    made = bound(abroad)
    sharing = _registers(street.house.client("sharing"), made.key)
    made.party.states(grant(sharing.uri, evidence=True))
    heated = process("heat", 1000, emitted=0, inputs=[consumed(of(made.party.uri, "L1"), 1000)], inputs_complete=True)
    sharing.signs(product(), heated, lot("L2", source="heat"))
    auditor = street.house.colleague(sharing, Role.AUDITOR)
    content = street.receipt(auditor, "L2")
    receipt = load_receipt(content)
    assert (receipt.numbers["total"], receipt.aggregates) == (2.5, ())
    assert {e.issuer for e in receipt.exhibits} == {made.party.uri, sharing.uri}
    assert standing(content, street)["figure"] is Standing.PROVEN


def _registers(party: Client, key: dict[str, str]) -> Client:
    nonce = (party.post("/api/v1/keys:challenge").json or {})["nonce"]
    told = {"organization": party.uri, "audience": AUDIENCE, "nonce": nonce, "issued_at": int(time.time())}
    assert party.post("/api/v1/keys", sign_registration(key, **told), "application/jose").status_code == 201  # type: ignore[arg-type]
    return replace(party, key=key)


def _found_wrong(street: Street, changed: dict[str, Any]) -> set[str]:
    return {line.what for line in verify_receipt(json.dumps(changed).encode(), street.logs).tree.wrong()}
