"""What the vectors cannot hold, being too large or a matter of the world around them."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from graph.model.documents import Format, Received
from service.trust.anchors import TrustAnchors
from service.trust.checks import Refusal
from service.trust.disclosures import MOST_DISCLOSURES
from service.trust.envelopes.base import OpenContext, Steps
from service.trust.envelopes.lists import open_list
from service.trust.envelopes.revocation import check_revocation
from service.trust.envelopes.sd_jwt import reveals
from service.trust.limits import Limits
from service.trust.signing import new_key
from service.trust.signing_forms import Issuing, sign_as
from service.trust.verify import Examined, examine
from service.trust.wanted import wanted
from tests.trust.test_trust_vectors import CONTEXT
from tests.trust.trust_kit import AT, ME, parse_statement
from tests.vectors import chains, credentials, kit, selective, world
from tests.vectors.chains import AUTHORITY, DAY, NOW, ROOT, authority, crl, leaf, middle, x5c


def look(content: bytes, form: Format, context: OpenContext = CONTEXT) -> Examined:
    return examine(Received(content, form, ME, AT), context, parse_statement)


def failed(found: Examined) -> tuple[str, str]:
    assert found.failed is not None, "it was accepted"
    return found.failed.name, found.failed.detail


def _der(found: Any) -> bytes:
    return bytes(found.public_bytes(Encoding.DER))


def trusting(*crls: Any, intermediates: tuple[Any, ...] = (), required: bool = True) -> OpenContext:
    anchors = TrustAnchors(
        (_der(chains.root()),), tuple(map(_der, intermediates)), tuple(map(_der, crls)), revocation_required=required
    )
    return replace(CONTEXT, anchors=anchors)


LISTED = leaf(extra=[chains._points()])


def test_an_operator_without_authorities_takes_no_chain() -> None:
    context = replace(CONTEXT, anchors=TrustAnchors())
    assert failed(look(x5c(leaf(), middle()), Format.JWS, context)) == (
        "key",
        "this service trusts no certificate authority: register the key",
    )


def test_an_intermediate_may_be_the_operators() -> None:
    assert look(x5c(leaf()), Format.JWS, trusting(intermediates=(middle(),))).failed is None


def test_a_chain_whose_revocations_nobody_asks_for() -> None:
    content = x5c(LISTED, middle())
    assert failed(look(content, Format.JWS, trusting()))[0] == "key-state"
    assert look(content, Format.JWS, trusting(required=False)).failed is None
    assert look(content, Format.JWS, trusting(crl(AUTHORITY))).failed is None


def test_what_is_revoked_is_revoked_also_by_a_list_that_is_not_asked_for_or_has_expired() -> None:
    content = x5c(leaf(serial=77), middle())
    expired = crl(AUTHORITY, 77, start=NOW - 9 * DAY, end=NOW - DAY)
    for context in (trusting(crl(AUTHORITY, 77), required=False), trusting(expired)):
        found = look(content, Format.JWS, context)
        assert failed(found)[0] == "key-state"
        assert (found.signature_valid, found.signer_authorised) == (True, True)


def test_a_list_by_one_that_may_not_sign_lists_says_nothing() -> None:
    mute = authority(AUTHORITY, usage=chains._usage(key_cert_sign=True))
    assert failed(look(x5c(LISTED, mute), Format.JWS, trusting(crl(AUTHORITY))))[0] == "key-state"


def test_a_list_that_speaks_of_a_part_only_says_nothing() -> None:
    point = x509.IssuingDistributionPoint(None, None, True, False, None, False, False)
    builder = x509.CertificateRevocationListBuilder().issuer_name(chains._name(AUTHORITY.name))
    builder = builder.last_update(NOW - DAY).next_update(NOW + DAY).add_extension(point, critical=True)
    partial = builder.sign(AUTHORITY.signer.key, hashes.SHA256(), ecdsa_deterministic=True)
    assert failed(look(x5c(LISTED, middle()), Format.JWS, trusting(partial)))[0] == "key-state"


def test_a_list_of_another_key_says_nothing() -> None:
    """The name of the issuer is right, its key is of another kind: the library raises, and that is no list."""
    other = replace(AUTHORITY, signer=chains.LEAF_384)
    assert failed(look(x5c(LISTED, middle()), Format.JWS, trusting(crl(other))))[0] == "key-state"


def test_an_authority_without_a_usage_signs_no_lists() -> None:
    bare = chains.certificate(
        AUTHORITY.name,
        AUTHORITY.signer.public_key,
        ROOT,
        [(x509.BasicConstraints(ca=True, path_length=None), True)],
        serial=2,
    )
    with pytest.raises(Refusal, match="none in force"):
        check_revocation([LISTED, bare], [crl(AUTHORITY)], AT, required=True)


def test_a_certificate_has_one_spelling() -> None:
    """Base64 that is padded leaves bits that no byte needs: set, they make another text of the same certificate."""
    texts = (base64.b64encode(_der(leaf(by=ROOT, serial=10**n))).decode() for n in range(3, 30))
    text = next(t for t in texts if t.endswith("="))
    assert look(x5c(text), Format.JWS, trusting()).failed is None
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    bare = text.rstrip("=")
    altered = bare[:-1] + letters[letters.index(bare[-1]) + 1] + text[len(bare) :]
    assert failed(look(x5c(altered), Format.JWS, trusting()))[0] == "key"


def test_any_byte_of_a_certificate_changed_is_refused() -> None:
    good = _der(leaf(by=ROOT))
    for place in range(len(good)):
        for mask in (0x01, 0x80):
            altered = good[:place] + bytes([good[place] ^ mask]) + good[place + 1 :]
            content = x5c(base64.b64encode(altered).decode())
            assert failed(look(content, Format.JWS, trusting()))[0] in ("key", "signature"), place


def test_a_hostile_did_document_is_refused() -> None:
    did = world.WEB
    for document in (b"[]", kit.compact({"id": did, "assertionMethod": {}}), kit.compact(_crowd(did))):
        context = replace(CONTEXT, did_documents={did: document})
        content = world.vc_jwt(world.credential(issuer=did), world.WEB_KEY, f"{did}#key-1")
        assert failed(look(content, Format.VC_JWT, context))[0] == "key"


def _crowd(did: str) -> dict[str, Any]:
    methods = [world.jwk_method(did, str(n), world.WEB_KEY) for n in range(101)]
    return world.did_document(did, verificationMethod=methods)


def test_a_key_that_will_expire_is_still_good() -> None:
    did = world.WEB
    method = world.jwk_method(did, "1", world.WEB_KEY, expires=world.iso(AT + 1))
    document = kit.compact(world.did_document(did, verificationMethod=[method], assertionMethod=[f"{did}#1"]))
    context = replace(CONTEXT, did_documents={did: document})
    assert (
        look(world.vc_jwt(world.credential(issuer=did), world.WEB_KEY, f"{did}#1"), Format.VC_JWT, context).failed
        is None
    )


def test_a_status_list_may_come_with_a_proof_inside() -> None:
    content = credentials.data_integrity(world.status_list())
    context = replace(CONTEXT, status_lists={world.LIST: content})
    for index, check in ((8, None), (7, "credential-status")):
        found = look(world.vc_jwt(world.credential(credentialStatus=world.entry(index))), Format.VC_JWT, context)
        assert (found.failed.name if found.failed else None) == check


def test_a_status_list_beyond_its_cap_is_not_opened() -> None:
    with pytest.raises(Refusal, match="larger"):
        open_list(b"e" * (4 * 1024 * 1024 + 1), CONTEXT, Steps())


def test_disclosures_beyond_their_cap_are_not_read() -> None:
    small = replace(CONTEXT, limits=Limits(payload_bytes=2000))
    many = tuple(selective.disclosure("x" * 100, salt=str(n)) for n in range(20))
    assert failed(look(selective.sd_jwt(given=many), Format.SD_JWT, small))[0] == "envelope"


def test_more_disclosures_than_are_taken_are_not_read() -> None:
    many = selective.sd_jwt(given=(b"A",) * (MOST_DISCLOSURES + 1))
    assert failed(look(many, Format.SD_JWT)) == ("envelope", f"holds more than {MOST_DISCLOSURES} disclosures")


def test_an_embedded_proof_beyond_its_cap_is_not_read() -> None:
    small = replace(CONTEXT, limits=Limits(canonical_bytes=2000, canonical_items=30))
    large = credentials.data_integrity(world.credential(description="x" * 2000))
    many = credentials.data_integrity(world.credential(type=["VerifiableCredential"] * 20))
    assert failed(look(large, Format.DATA_INTEGRITY, small))[0] == "envelope"
    assert failed(look(many, Format.DATA_INTEGRITY, small))[0] == "json"
    listed = world.credential(credentialStatus=world.entry())
    assert wanted(credentials.data_integrity(listed), Format.DATA_INTEGRITY, small.limits)
    for more in ({"description": "x" * 2000}, {"type": ["VerifiableCredential"] * 20}):
        assert not wanted(credentials.data_integrity({**listed, **more}), Format.DATA_INTEGRITY, small.limits)


def test_json_is_no_denser_than_a_statement() -> None:
    dense = kit.claims()[:-1] + b',"q":[' + b"0," * 2000 + b"0]}"
    assert failed(look(kit.jws(payload=dense), Format.JWS, replace(CONTEXT, limits=Limits()))) == (
        "json",
        f"content holds more than {1000 + len(dense) // 8} items",
    )


def test_what_a_disclosure_shows_is_told_by_name_and_place() -> None:
    member = selective.disclosure("a/b", 5)
    document = selective.sd_jwt(facts=[{"_sd": [selective.digest(member)]}])
    shown = reveals(document, member, Limits())
    assert (shown.pointer, shown.name, shown.value) == ("/facts/0", "a/b", 5)


def test_an_issuer_may_sign_by_its_did_web() -> None:
    made = sign_as("vc-jwt", kit.CLAIMS, new_key(), Issuing(method=f"{world.WEB}#key-9")).document
    assert failed(look(made, Format.VC_JWT))[0] == "key"
