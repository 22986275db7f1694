"""Signing a statement in each form that this service takes, for those who hold a key."""

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from schemas.instants import rfc3339
from service.trust.disclosures import digest_of
from service.trust.envelope import encode_base64url
from service.trust.envelopes.credential import CONTEXT, TYPE
from service.trust.envelopes.data_integrity import CRYPTOSUITE, PROOF_TYPE, PURPOSE, signed_bytes
from service.trust.envelopes.dids import DID_KEY
from service.trust.envelopes.sd_jwt import KEY_BINDING_TYPE, SD_JWT_TYPE
from service.trust.envelopes.vc_jwt import VC_JWT_TYPE
from service.trust.headers import STATEMENT_TYPE
from service.trust.multikey import did_key, encode_base58
from service.trust.signing import SigningError, canonical, public_key, raw_signature, sign_compact, sign_statement

Jwk = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Issuing:
    """What some forms need beside the statement and the key.

    ``at``: seconds since the epoch. ``method``: DID URL of the key, where it is not its did:key. ``chain``: PEM, the
    signer's certificate first. ``audience``: the service that an SD-JWT is for. ``hide``: pointers (RFC 6901) of the
    inputs and attachments not to be shown. ``salt`` gives a new random text of 128 bits and more each time.
    """

    at: float = 0.0
    method: str = ""
    chain: bytes = b""
    audience: str = ""
    hide: tuple[str, ...] = ()
    salt: Callable[[], str] | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed document, and the disclosures that were kept back (RFC 9901): whoever has one can show it later."""

    document: bytes
    kept: tuple[bytes, ...] = ()


def _jws(statement: Jwk, key: Jwk, _: Issuing) -> Signed:
    return Signed(sign_statement(statement, key))


def _x5c(statement: Jwk, key: Jwk, issuing: Issuing) -> Signed:
    try:
        chain = [c.public_bytes(Encoding.DER) for c in x509.load_pem_x509_certificates(issuing.chain)]
    except ValueError as error:
        raise SigningError("the chain holds no certificates in PEM") from error
    named = {"x5c": [base64.b64encode(der).decode() for der in chain]}
    return Signed(sign_compact(STATEMENT_TYPE, canonical(statement), key, named))


def _method(key: Jwk, issuing: Issuing) -> str:
    if issuing.method:
        return issuing.method
    did = did_key(public_key(key))
    return f"{did}#{did.removeprefix(DID_KEY)}"


def credential_of(statement: Mapping[str, Any], method: str) -> dict[str, Any]:
    """A statement as verifiable credential (VC Data Model 2.0), as ``service.trust.envelopes.credential`` reads it."""
    return {
        "@context": [CONTEXT],
        "type": [TYPE],
        "id": statement["jti"],
        "issuer": method.partition("#")[0],
        "validFrom": rfc3339(statement["iat"]),
        "validUntil": rfc3339(statement["exp"]),
        "credentialSubject": {"facts": statement["facts"]},
    }


def _vc_jwt(statement: Jwk, key: Jwk, issuing: Issuing) -> Signed:
    method = _method(key, issuing)
    return Signed(sign_compact(VC_JWT_TYPE, canonical(credential_of(statement, method)), key, {"kid": method}))


def _data_integrity(statement: Jwk, key: Jwk, issuing: Issuing) -> Signed:
    """EdDSA Cryptosuites 1.0, 3.3.1."""
    if public_key(key).alg != "Ed25519":
        raise SigningError(f"{CRYPTOSUITE} needs an Ed25519 key")
    method = _method(key, issuing)
    document = credential_of(statement, method)
    proof = {
        "type": PROOF_TYPE,
        "cryptosuite": CRYPTOSUITE,
        "created": rfc3339(issuing.at),
        "verificationMethod": method,
        "proofPurpose": PURPOSE,
    }
    value = encode_base58(raw_signature(signed_bytes(document, proof), key))
    return Signed(canonical({**document, "proof": {**proof, "proofValue": value}}))


def _sd_jwt(statement: Jwk, key: Jwk, issuing: Issuing) -> Signed:
    """RFC 9901 5: every input and attachment by digest; those to be hidden are kept back. The holder is the issuer."""
    payload, shown, kept = _with_digests(statement, issuing)
    payload |= {"_sd_alg": "sha-256", "cnf": {"jwk": dict(public_key(key).jwk)}}
    presented = b"~".join([sign_compact(SD_JWT_TYPE, canonical(payload), key), *shown, b""])
    binding = {
        "aud": issuing.audience,
        "iat": int(issuing.at),
        "nonce": _salt(issuing),
        "sd_hash": encode_base64url(hashlib.sha256(presented).digest()).decode(),
    }
    return Signed(presented + sign_compact(KEY_BINDING_TYPE, canonical(binding), key, {}), tuple(kept))


def _salt(issuing: Issuing) -> str:
    if issuing.salt is None:
        raise SigningError("an SD-JWT needs salts")
    return issuing.salt()


def _with_digests(statement: Jwk, issuing: Issuing) -> tuple[dict[str, Any], list[bytes], list[bytes]]:
    """The payload, the disclosures to show and those to keep. Raises ``SigningError`` for a place that is not there."""
    payload = deepcopy(dict(statement))
    shown: list[bytes] = []
    kept: list[bytes] = []
    left = set(issuing.hide)
    for place, items, number in _elements(payload["facts"]):
        encoded = encode_base64url(canonical([_salt(issuing), items[number]]))
        (kept if place in left else shown).append(encoded)
        left.discard(place)
        items[number] = {"...": digest_of(encoded)}
    if left:
        raise SigningError(f"there is no input or attachment at {min(left)}")
    return payload, shown, kept


def _elements(facts: list[Any]) -> Iterable[tuple[str, list[Any], int]]:
    for position, fact in enumerate(facts):
        for name in ("inputs", "attachments"):
            items = fact.get(name, [])
            for number in range(len(items)):
                yield f"/facts/{position}/{name}/{number}", items, number


FORMS: Final[Mapping[str, Callable[[Jwk, Jwk, Issuing], Signed]]] = {
    "jws": _jws,
    "vc-jwt": _vc_jwt,
    "data-integrity": _data_integrity,
    "sd-jwt": _sd_jwt,
    "x5c": _x5c,
}


def sign_as(form: str, statement: Mapping[str, Any], private_jwk: Jwk, issuing: Issuing | None = None) -> Signed:
    """A whole statement (with iat and exp) signed in a form. Raises ``SigningError`` and ``keys.KeyRefused``."""
    return FORMS[form](statement, private_jwk, issuing or Issuing())
