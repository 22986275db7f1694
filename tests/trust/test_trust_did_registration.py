"""A did:web in a registration: what is asked for, and which documents list the key that asks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graph.model.documents import Format
from graph.model.intake import NamedStatus
from service.trust.checks import Refusal
from service.trust.envelopes.status_check import status_now
from service.trust.limits import Limits
from service.trust.registration import RegisteredKey, verify_registration
from service.trust.signing import new_key, public_jwk, sign_registration
from service.trust.status import State
from service.trust.wanted import NOTHING, Wanted, wanted

AT, ME, HERE, DID = 1_790_000_000, "urn:me", "https://here.example", "did:web:me.example"
KEY = new_key()


def document(*methods: dict[str, Any], did: str = DID) -> bytes:
    return json.dumps({"id": did, "assertionMethod": list(methods)}).encode()


def method(**changes: Any) -> dict[str, Any]:
    given = {"id": f"{DID}#1", "type": "JsonWebKey", "controller": DID, "publicKeyJwk": public_jwk(KEY)}
    return given | changes


def proof(**changes: Any) -> bytes:
    told = {"organization": ME, "audience": HERE, "nonce": "n", "issued_at": AT, "did": DID}
    return sign_registration(KEY, **(told | changes))


def registered(content: bytes, found: bytes | None) -> RegisteredKey:
    documents = {} if found is None else {DID: found}
    return verify_registration(
        content, organization=ME, audience=HERE, nonce_ok=lambda _: True, at=AT, did_documents=documents
    )


def test_the_did_whose_document_lists_the_key_is_registered() -> None:
    other = method(id=f"{DID}#0", publicKeyJwk=public_jwk(new_key()))
    odd = method(id=f"{DID}#2", type="Unheard2030")
    found = registered(proof(), document(other, odd, method()))
    assert (found.did, found.key.thumbprint, found.replaces) == (DID, KEY["kid"], "")
    assert registered(proof(did=""), None).did == ""


@pytest.mark.parametrize(
    "found",
    [
        None,
        document(),
        document(method(controller="did:web:other.example")),
        document(method(expires="2020-01-01T00:00:00Z")),
        document(method(publicKeyJwk=public_jwk(new_key()))),
        document(method(), did="did:web:other.example"),
        b"[]",
        b"{",
    ],
    ids=["not at hand", "empty", "controlled by another", "expired", "other key", "other DID", "no object", "no JSON"],
)
def test_a_document_that_does_not_list_it_refuses(found: bytes | None) -> None:
    with pytest.raises(Refusal) as refused:
        registered(proof(), found)
    assert refused.value.check == "key"
    assert [e.pointer for e in refused.value.errors] == ["/did"]


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"did": "did:key:z6Mk"}, "key"),
        ({"did": "did:web:a#1"}, "claims"),
        ({"did": "did:web:a|b"}, "claims"),
        ({"did": "did:web:" + "a" * 400}, "claims"),
        ({"replaces": "t" * 43}, "claims"),
    ],
)
def test_only_a_plain_did_web_without_a_rotation_is_taken(changes: dict[str, Any], check: str) -> None:
    with pytest.raises(Refusal) as refused:
        registered(proof(**changes), document(method()))
    assert (refused.value.check, [e.pointer for e in refused.value.errors]) == (check, ["/did"])


def test_what_a_registration_wants_is_the_document_of_its_did() -> None:
    asked = [wanted(c, Format.KEY_REGISTRATION, Limits()) for c in (proof(), proof(did=""), b"a.b", b"a.!.c")]
    assert asked == [Wanted((DID,)), NOTHING, NOTHING, NOTHING]


def test_without_its_list_a_status_is_unknown() -> None:
    place = NamedStatus(DID, "revocation", 7, "https://me.example/list")
    assert status_now((place,), {}, at=AT).state is State.UNKNOWN
