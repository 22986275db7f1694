"""What an examination took from outside makes the same examination again, and nothing else does."""

from __future__ import annotations

import time

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from graph.model.documents import Format, Received, ValidationKind
from schemas.statement import load_statement
from service.trust.anchors import TrustAnchors
from service.trust.envelopes.base import OpenContext
from service.trust.keys import KnownKey
from service.trust.signing import new_key, public_key
from service.trust.signing_forms import sign_as
from service.trust.validation import looked_up, surrounded
from service.trust.verify import Examined, examine
from service.trust.wanted import Resolved
from tests.kit.abroad import anchors, issuing, status_list, web_document, with_status
from tests.kit.statements import product, statement
from tests.vectors import chains

MILL = "urn:greenchain:org:mill"
DID, URL = "did:web:mill.example", "https://mill.example/status"
# What is signed while the tests run has been signed by then, and has not expired yet.
AT = time.time() + 1800


def examined(content: bytes, form: Format, context: OpenContext) -> Examined:
    return examine(Received(content, form, MILL, AT), context, load_statement)


def test_what_was_looked_up_is_kept_by_name() -> None:
    key = new_key()
    content = with_status(MILL, key, DID, URL, product())
    bare = OpenContext({public_key(key).thumbprint: KnownKey(MILL, public_key(key))}, AT)
    data = looked_up(Resolved({DID: web_document(DID, key)}, {URL: status_list(MILL, key, DID, URL)}))
    assert [(d.kind, d.name) for d in data] == [(ValidationKind.DID_DOCUMENT, DID), (ValidationKind.STATUS_LIST, URL)]
    assert examined(content, Format.VC_JWT, surrounded(bare, data)).failed is None
    for missing in range(2):
        left = [d for n, d in enumerate(data) if n != missing]
        assert examined(content, Format.VC_JWT, surrounded(bare, left)).statement is None


def test_of_a_chain_its_own_anchors_are_kept() -> None:
    key, trusted = new_key("ES256"), anchors()
    content = sign_as("x5c", statement(MILL, product()), key, issuing(MILL, key)).document
    found = examined(content, Format.JWS, OpenContext({}, AT, anchors=trusted))
    kept = {(ValidationKind.ROOT, trusted.roots[0]), (ValidationKind.CRL, trusted.crls[0])}
    assert {(d.kind, d.content) for d in found.rests_on} == kept
    again = examined(content, Format.JWS, surrounded(OpenContext({}, AT), found.rests_on))
    assert again == found


def test_a_revoked_certificate_is_refused_again_by_what_was_kept() -> None:
    key = new_key("ES256")
    content = sign_as("x5c", statement(MILL, product()), key, issuing(MILL, key)).document
    found = examined(content, Format.JWS, OpenContext({}, AT, anchors=anchors(1000)))
    assert found.failed is not None
    assert found.failed.name == "key-state"
    assert examined(content, Format.JWS, surrounded(OpenContext({}, AT), found.rests_on)) == found


@pytest.mark.parametrize("others", [True, False])
def test_a_readers_own_roots_stand_instead_of_those_kept(others: bool) -> None:
    key, trusted = new_key("ES256"), anchors()
    content = sign_as("x5c", statement(MILL, product()), key, issuing(MILL, key)).document
    kept = examined(content, Format.JWS, OpenContext({}, AT, anchors=trusted)).rests_on
    foreign = chains.authority(chains.FALSE_ROOT).public_bytes(Encoding.DER)
    found = examined(content, Format.JWS, surrounded(OpenContext({}, AT), kept, [foreign] if others else trusted.roots))
    assert (found.statement is None) == others


def test_intermediates_are_kept_and_trusted_no_more_than_before() -> None:
    key, at = new_key("ES256"), chains.NOW.timestamp()
    roots, middle = (chains.root().public_bytes(Encoding.DER),), chains.middle().public_bytes(Encoding.DER)
    leaf = chains.leaf(key=public_key(key).raw, uris=(MILL,)).public_bytes(Encoding.PEM)
    content = sign_as("x5c", statement(MILL, product(), at=at), key, issuing(MILL, key, chain=leaf)).document
    received = Received(content, Format.JWS, MILL, at)
    trusted = TrustAnchors(roots, (chains.authority(chains.BELOW).public_bytes(Encoding.DER), middle))
    found = examine(received, OpenContext({}, at, anchors=trusted), load_statement)
    assert found.statement is not None, found.failed
    assert [(d.kind.value, d.content) for d in found.rests_on] == [("root", roots[0]), ("intermediate", middle)]
    assert examine(received, surrounded(OpenContext({}, at), found.rests_on), load_statement) == found
    alone = surrounded(OpenContext({}, at, anchors=trusted), found.rests_on[1:])
    assert alone.anchors == trusted, "without a root what was kept is no anchor"
