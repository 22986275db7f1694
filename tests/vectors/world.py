"""What the vectors' world holds beside keys: DIDs and their documents, status lists, certificate authorities.

Nothing of the service is used to make it.
"""

import base64
import gzip
import json
from datetime import UTC, datetime
from typing import Any

from tests.vectors import rsa_kit
from tests.vectors.kit import AT, ED, ES, ES384, ORGANIZATION, OTHER, RIVAL, STRANGER, Signer, b64, compact

V2 = "https://www.w3.org/ns/credentials/v2"
WEB_KEY = Signer("ES256", b"mill on the web")
LATE_KEY = Signer("EdDSA", b"mill's key that expired")
UNBOUND_KEY = Signer("EdDSA", b"somebody on the web")
WEB = "did:web:mill.example"
RIVAL_WEB = "did:web:rival.example"
UNBOUND_WEB = "did:web:nobody.example"
ABSENT_WEB = "did:web:absent.example"
GARBAGE_WEB = "did:web:garbage.example"
WRONG_WEB = "did:web:wrong.example"
LIST = "https://mill.example/status/1"
SUSPENSIONS = "https://mill.example/status/2"
_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def _rsa(modulus: int, exponent: int) -> dict[str, str]:
    n, e = (b64(v.to_bytes((v.bit_length() + 7) // 8, "big")).decode() for v in (modulus, exponent))
    return {"kty": "RSA", "n": n, "e": e}


class WeakRsa:
    """A signer whose signatures hold, under a key that is too weak."""

    alg = "PS256"

    def __init__(self, p: int, q: int, e: int) -> None:
        self._numbers, self.jwk = (p, q, e), _rsa(p * q, e)

    def sign(self, message: bytes) -> bytes:
        p, q, e = self._numbers
        return rsa_kit.sign_pss(p, q, message, e=e)


SHORT = WeakRsa(rsa_kit.SHORT_P, rsa_kit.SHORT_Q, rsa_kit.E)
SMALL_EXPONENT = WeakRsa(rsa_kit.P, rsa_kit.Q, 257)
# Under the neutral element as key this fits every message: R is the neutral element, S is zero.
SMALL_ORDER = {"crv": "Ed25519", "kty": "OKP", "x": b64(b"\1" + bytes(31)).decode()}
FORGED = b"\1" + bytes(63)


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def base58(data: bytes) -> str:
    number, letters = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        letters = _ALPHABET[digit] + letters
    return "z" + "1" * (len(data) - len(data.lstrip(b"\0"))) + letters


def multikey(signer: Signer) -> str:
    if signer.alg == "EdDSA":
        return base58(b"\xed\x01" + base64.urlsafe_b64decode(signer.jwk["x"] + "="))
    point = signer.public_key.public_numbers()
    codec = {"ES256": b"\x80\x24", "ES384": b"\x81\x24"}[signer.alg]
    return base58(codec + bytes([2 + point.y % 2]) + point.x.to_bytes(signer.size, "big"))


def did_key(signer: Signer) -> str:
    return f"did:key:{multikey(signer)}"


def method(signer: Signer) -> str:
    """The DID URL of a did:key's only key."""
    return f"{did_key(signer)}#{multikey(signer)}"


def did_document(did: str, **changes: Any) -> dict[str, Any]:
    members = {"id": did, "verificationMethod": [], "assertionMethod": [], **changes}
    return {name: value for name, value in members.items() if value is not ...}


def jwk_method(did: str, name: str, signer: Signer, **changes: Any) -> dict[str, Any]:
    return {"id": f"{did}#{name}", "type": "JsonWebKey", "controller": did, "publicKeyJwk": signer.jwk, **changes}


def _mill() -> dict[str, Any]:
    """Every way in which a key can be listed, right and wrong."""
    multi = {"id": f"{WEB}#multi", "type": "Multikey", "controller": WEB, "publicKeyMultibase": multikey(WEB_KEY)}
    held = jwk_method(WEB, "held", WEB_KEY)
    methods = [
        jwk_method(WEB, "key-1", WEB_KEY),
        multi,
        jwk_method(WEB, "x", WEB_KEY) | {"id": "#relative"},
        jwk_method(WEB, "registered", ED),
        jwk_method(WEB, "login", WEB_KEY),
        jwk_method(WEB, "twice", WEB_KEY),
        jwk_method(WEB, "twice", STRANGER),
        jwk_method(WEB, "controlled", WEB_KEY, controller=RIVAL_WEB),
        jwk_method(WEB, "expired", LATE_KEY, expires=iso(AT - 1)),
        jwk_method(WEB, "revoked", LATE_KEY, revoked=iso(AT - 1)),
        jwk_method(WEB, "odd", LATE_KEY, expires="tomorrow"),
        jwk_method(WEB, "type", WEB_KEY, type="JsonWebKey2020"),
        jwk_method(WEB, "both", WEB_KEY, publicKeyMultibase=multikey(ES384)),
        jwk_method(WEB, "private", WEB_KEY, publicKeyJwk={**WEB_KEY.jwk, "d": "AAAA"}),
        jwk_method(WEB, "rivals", RIVAL),
        jwk_method(WEB, "weak", ED, publicKeyJwk=SMALL_ORDER),
        jwk_method(WEB, "short", ED, publicKeyJwk=SHORT.jwk),
        jwk_method(WEB, "e257", ED, publicKeyJwk=SMALL_EXPONENT.jwk),
    ]
    skipped = (f"{WEB}#login", "#relative")
    listed = [m["id"] for m in methods if m["id"] not in skipped]
    return did_document(
        WEB,
        verificationMethod=methods,
        assertionMethod=[*dict.fromkeys(listed), "#relative", held],
        authentication=[f"{WEB}#login"],
    )


IDENTITIES = {WEB: ORGANIZATION, RIVAL_WEB: OTHER}
DID_DOCUMENTS = {
    WEB: compact(_mill()),
    RIVAL_WEB: compact(
        did_document(
            RIVAL_WEB, verificationMethod=[jwk_method(RIVAL_WEB, "1", RIVAL)], assertionMethod=[f"{RIVAL_WEB}#1"]
        )
    ),
    UNBOUND_WEB: compact(
        did_document(
            UNBOUND_WEB,
            verificationMethod=[jwk_method(UNBOUND_WEB, "1", UNBOUND_KEY)],
            assertionMethod=[f"{UNBOUND_WEB}#1"],
        )
    ),
    GARBAGE_WEB: b"<html>",
    WRONG_WEB: compact(_mill()),
}


def credential(**changes: Any) -> dict[str, Any]:
    members: dict[str, Any] = {
        "@context": [V2],
        "type": ["VerifiableCredential"],
        "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
        "issuer": did_key(ED),
        "validFrom": iso(AT - 60),
        "validUntil": iso(AT + 3600),
        "credentialSubject": {"facts": []},
        **changes,
    }
    return {name: value for name, value in members.items() if value is not ...}


def vc_jwt(
    content: Any = None,
    signer: Signer = ED,
    kid: Any = None,
    signed_by: Signer | None = None,
    **head: Any,
) -> bytes:
    """A credential enveloped; ``kid`` names another key than the signer's did:key."""
    members = {"alg": signer.alg, "kid": method(signer) if kid is None else kid, "typ": "vc+jwt", **head}
    protected = compact({name: value for name, value in members.items() if value is not ...})
    payload = content if isinstance(content, bytes) else compact(credential() if content is None else content)
    message = b64(protected) + b"." + b64(payload)
    return message + b"." + b64((signed_by or signer).sign(message))


def bits(*on: int, size: int = 131_072) -> str:
    found = bytearray(size // 8)
    for index in on:
        found[index // 8] |= 0x80 >> index % 8
    return "u" + b64(gzip.compress(bytes(found), mtime=0)).decode()


def status_list(url: str = LIST, purpose: str = "revocation", encoded: str | None = None, **changes: Any) -> Any:
    subject = {"type": "BitstringStatusList", "statusPurpose": purpose, "encodedList": encoded or bits(7, 9)}
    types = ["VerifiableCredential", "BitstringStatusListCredential"]
    return credential(**{"id": url, "type": types, "credentialSubject": subject, **changes})


def entry(index: object = 8, url: str = LIST, purpose: str = "revocation", **changes: Any) -> dict[str, Any]:
    return {
        "type": "BitstringStatusListEntry",
        "statusPurpose": purpose,
        "statusListIndex": index,
        "statusListCredential": url,
        **changes,
    }


def _lists() -> dict[str, bytes]:
    def at(name: str) -> str:
        return f"https://mill.example/status/{name}"

    return {
        LIST: vc_jwt(status_list()),
        SUSPENSIONS: vc_jwt(status_list(SUSPENSIONS, "suspension")),
        at("bomb"): vc_jwt(status_list(at("bomb"), encoded=bits(size=8 * 16 * 1024 * 1024))),
        at("small"): vc_jwt(status_list(at("small"), encoded=bits(size=1024))),
        at("forged"): vc_jwt(status_list(at("forged")), signed_by=STRANGER),
        at("others"): vc_jwt(status_list(at("others"), issuer=did_key(RIVAL)), signer=RIVAL),
        at("expired"): vc_jwt(status_list(at("expired"), validUntil=iso(AT - 1))),
        at("moved"): vc_jwt(status_list(LIST)),
        at("statement"): vc_jwt(credential(id=at("statement"))),
        at("garbage"): b"<html>",
        at("not-gzip"): vc_jwt(status_list(at("not-gzip"), encoded="uAAAA")),
        at("claimed"): vc_jwt(status_list(at("claimed"), issuer=did_key(ES))),
    }


STATUS_LISTS = _lists()


def manifest() -> dict[str, Any]:
    """As a reader of the manifest finds it."""
    return {
        "identities": IDENTITIES,
        "did_documents": {did: base64.b64encode(found).decode() for did, found in DID_DOCUMENTS.items()},
        "status_lists": {url: base64.b64encode(found).decode() for url, found in STATUS_LISTS.items()},
    }


def indented(value: Any) -> bytes:
    return json.dumps(value, indent=1).encode()
