"""Faults of key registrations: the key itself, and the proof that its sender holds it."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from tests.vectors import rsa_kit
from tests.vectors.kit import (
    AT,
    AUDIENCE,
    ED,
    ES,
    ES384,
    NONCE_SECRET,
    ORGANIZATION,
    OTHER,
    PS,
    REGISTRATION,
    STATEMENT,
    STRANGER,
    Signer,
    Vector,
    b64,
    b64_int,
    compact,
    header,
    jws,
    thumbprint,
)

# y and sign bit of the points of small order, then the second spellings of 0 and 1 (RFC 8032 5.1.3 refuses those).
P = 2**255 - 19
Y8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
SMALL_ORDER = [(y, sign) for y in (0, 1, P - 1, Y8, P - Y8, P, P + 1) for sign in (0, 1)]


def nonce(at: int = AT - 10, organization: str = ORGANIZATION) -> str:
    """As ``service.trust.nonce`` makes them; written again here, so that a change of form is noticed."""
    body = at.to_bytes(8, "big") + bytes(range(16))
    purpose = b"greenchain key registration nonce 1\0"
    return b64(body + hmac.new(NONCE_SECRET, purpose + body + organization.encode(), hashlib.sha256).digest()).decode()


def claims(jwk: Any = ED.jwk) -> dict[str, Any]:
    return {"iss": ORGANIZATION, "aud": AUDIENCE, "jwk": jwk, "nonce": nonce(), "iat": AT - 5, "exp": AT + 300}


def registration(
    signer: Signer = ED,
    jwk: Any = None,
    head: dict[str, Any] | None = None,
    signature: bytes | None = None,
    **changes: Any,
) -> bytes:
    """A key registration with changes to its key, header or claims."""
    jwk = signer.jwk if jwk is None else jwk
    kid = thumbprint(jwk) if isinstance(jwk, dict) and ("x" in jwk or "n" in jwk) else signer.kid
    payload = {name: value for name, value in {**claims(jwk), **changes}.items() if value is not ...}
    protected = compact(header(signer, **{"kid": kid, "typ": REGISTRATION, **(head or {})}))
    message = b64(protected) + b"." + b64(compact(payload))
    return message + b"." + b64(signer.sign(message) if signature is None else signature)


def small_order_jwk(y: int, sign: int) -> dict[str, str]:
    return {"crv": "Ed25519", "kty": "OKP", "x": b64((y | sign << 255).to_bytes(32, "little")).decode()}


def vectors() -> Iterator[Vector]:
    """All of them."""

    def vector(name: str, check: str | None, why: str, content: bytes) -> Vector:
        return Vector(f"registration-{name}", content, check, why, "application/key-registration+jwt")

    yield vector("valid-ed25519", None, "nothing", registration())
    yield vector("valid-es256", None, "nothing", registration(ES))
    yield vector("valid-es384", None, "nothing", registration(ES384))
    yield vector("valid-ps256", None, "nothing", registration(PS))
    extras = {"use": "sig", "key_ops": ["verify"], "ext": True, "alg": "EdDSA", "kid": "mine"}
    yield vector(
        "valid-webcrypto", None, "nothing: members that WebCrypto adds", registration(jwk={**ED.jwk, **extras})
    )

    # R is the neutral element and S zero: under the neutral element as key this fits every message.
    forged = (1).to_bytes(32, "little") + bytes(32)
    for n, (y, sign) in enumerate(SMALL_ORDER, 1):
        content = registration(jwk=small_order_jwk(y, sign), signature=forged)
        yield vector(f"small-order-{n}", "key", "an Ed25519 point of small order, signature forged", content)
    for name, (jwk, why) in _bad_jwks().items():
        kty = jwk.get("kty") if isinstance(jwk, dict) else None
        signer = {"EC": ES, "RSA": PS}.get(kty, ED) if isinstance(kty, str) else ED
        yield vector(name, "key", why, registration(signer, jwk=jwk))
    yield vector("jwk-missing", "key", "no key", registration(jwk=...))
    yield vector("kid-other", "key", "kid is not the key's thumbprint", registration(head={"kid": ES.kid}))
    yield vector("alg-other", "key", "alg is not the key's", registration(head={"alg": "ES256"}))
    yield vector("stranger", "signature", "signed with another key", registration(STRANGER, jwk=ED.jwk))
    yield vector("embedded-jwk", "header", "the key stands in the header", registration(head={"jwk": ED.jwk}))
    yield vector("typ-statement", "header", "the typ of a statement", registration(head={"typ": STATEMENT}))
    yield vector("padding", "envelope", "padding after the signature", registration() + b"==")
    yield vector("oversize", "caps", "larger than 8,192 bytes", b"A" * 8193)
    yield vector("aud-other", "claims", "made for another service", registration(aud="https://other.example/"))
    yield vector("aud-list", "claims", "made for several services", registration(aud=[AUDIENCE]))
    yield vector("iss-other", "claims", "for another organization", registration(iss=OTHER))
    yield vector("nonce-old", "claims", "a nonce of eleven minutes ago", registration(nonce=nonce(AT - 660)))
    yield vector("nonce-other", "claims", "another organization's nonce", registration(nonce=nonce(organization=OTHER)))
    yield vector("nonce-made-up", "claims", "a nonce that was never given", registration(nonce="A" * 75))
    yield vector("nonce-missing", "claims", "no nonce", registration(nonce=...))
    yield vector("replaces", None, "takes the place of another key for a week", registration(replaces=ES.kid))
    yield vector("overlap", None, "and says how long", registration(replaces=ES.kid, overlap_until=AT + 86_400))
    yield vector("replaces-itself", "claims", "takes its own place", registration(replaces=ED.kid))
    yield vector("replaces-list", "claims", "takes the place of several", registration(replaces=[ES.kid]))
    yield vector("overlap-alone", "claims", "an overlap with nothing", registration(overlap_until=AT + 86_400))
    for name, until in (("past", AT - 1), ("far", AT + 91 * 86_400), ("float", AT + 0.5), ("true", True)):
        changes = {"replaces": ES.kid, "overlap_until": until}
        yield vector(f"overlap-{name}", "claims", f"overlap_until is {name}", registration(**changes))
    yield vector("exp-past", "claims", "expired", registration(exp=AT - 1))
    yield vector("exp-missing", "claims", "no exp", registration(exp=...))
    yield vector("unknown-member", "claims", "a member too many", registration(sub="x"))
    yield vector("list", "json", "the payload is a list", _signed_registration(b"[]"))
    yield vector("duplicate", "json", "the key twice", _signed_registration(b'{"jwk":1,"jwk":2}'))


def _signed_registration(payload: bytes) -> bytes:
    return jws(header(typ=REGISTRATION), payload)


def _modulus() -> bytes:
    return (rsa_kit.P * rsa_kit.Q).to_bytes(256, "big")


def _rsa(n: int, e: int = 65537) -> dict[str, str]:
    n_text, e_text = (b64(v.to_bytes((v.bit_length() + 7) // 8, "big")).decode() for v in (n, e))
    return {"e": e_text, "kty": "RSA", "n": n_text}


def _bad_jwks() -> dict[str, tuple[Any, str]]:
    y = int.from_bytes(base64.urlsafe_b64decode(ES.jwk["y"] + "="), "big")
    p384 = ec.derive_private_key(7, ec.SECP384R1()).public_key().public_numbers()
    long = {"x": b64(p384.x.to_bytes(48, "big")).decode(), "y": b64(p384.y.to_bytes(48, "big")).decode()}
    return {
        "private": ({**ED.jwk, "d": b64(bytes(32)).decode()}, "the private part came along"),
        "off-curve": ({**ES.jwk, "y": b64_int(y ^ 1)}, "a point that is not on P-256"),
        "origin": ({**ES.jwk, "x": b64_int(0), "y": b64_int(0)}, "the point (0, 0) of an EC key"),
        "p521": ({"crv": "P-521", "kty": "EC", **long}, "a curve that is not taken"),
        "p256-as-p384": ({**ES.jwk, "crv": "P-384"}, "coordinates too short for P-384"),
        "p384-off-curve": ({"crv": "P-384", "kty": "EC", "x": long["x"], "y": long["x"]}, "a point not on P-384"),
        "p384-as-p256": ({**ES.jwk, **long}, "coordinates too long for an EC key of P-256"),
        "secp256k1": ({**ES.jwk, "crv": "secp256k1"}, "another EC curve"),
        "x25519": ({**ED.jwk, "crv": "X25519"}, "a key for key agreement"),
        "ed448": ({**ED.jwk, "crv": "Ed448"}, "another curve"),
        "oct": ({"kty": "oct", "k": "AAAA"}, "a symmetric key"),
        "rsa-tiny": ({"kty": "RSA", "n": "AQAB", "e": "AQAB"}, "an RSA key of 17 bits"),
        "rsa-1024": (_rsa(rsa_kit.SHORT_P * rsa_kit.SHORT_Q), "an RSA key of 1024 bits"),
        "rsa-even": (_rsa(rsa_kit.P * rsa_kit.Q + 1), "an even RSA modulus"),
        "rsa-large": (_rsa((1 << 16383) + 1), "an RSA key of 16,384 bits"),
        "rsa-e-3": (_rsa(rsa_kit.P * rsa_kit.Q, 3), "the RSA exponent 3"),
        "rsa-e-1": (_rsa(rsa_kit.P * rsa_kit.Q, 1), "the RSA exponent 1: the message is its signature"),
        "rsa-e-even": (_rsa(rsa_kit.P * rsa_kit.Q, 65538), "an even RSA exponent"),
        "rsa-e-large": (_rsa(rsa_kit.P * rsa_kit.Q, (1 << 2040) + 1), "an RSA exponent of 2041 bits"),
        "rsa-leading-zero": ({**PS.jwk, "n": b64(bytes(1) + _modulus()).decode()}, "a zero before the RSA modulus"),
        "rsa-crv": ({**PS.jwk, "crv": "P-256"}, "an RSA key with a curve"),
        "rsa-private": ({**PS.jwk, "p": "AQAB"}, "a prime of the RSA key came along"),
        "rsa-alg": ({**PS.jwk, "alg": "RS256"}, "an RSA key for PKCS #1 v1.5"),
        "kty-list": ({**ED.jwk, "kty": ["OKP"]}, "kty is a list"),
        "short": ({**ED.jwk, "x": ED.jwk["x"][:-2]}, "x is too short"),
        "padded": ({**ED.jwk, "x": ED.jwk["x"] + "="}, "x is padded"),
        "x-number": ({**ED.jwk, "x": 5}, "x is a number"),
        "x-unicode": ({**ED.jwk, "x": "é" * 43}, "x is not ASCII"),
        "x-missing": ({"crv": "Ed25519", "kty": "OKP"}, "no x"),
        "y-extra": ({**ED.jwk, "y": ED.jwk["x"]}, "an Ed25519 key with y"),
        "x5u": ({**ED.jwk, "x5u": "https://rival.example/"}, "an address to fetch from"),
        "use-enc": ({**ED.jwk, "use": "enc"}, "for encryption"),
        "ops-sign": ({**ED.jwk, "key_ops": ["sign"]}, "for signing"),
        "jwk-alg": ({**ED.jwk, "alg": "ES256"}, "an algorithm that is not its own"),
        "jwk-alg-list": ({**ED.jwk, "alg": ["EdDSA"]}, "alg is a list"),
        "jwk-string": ("AAAA", "the key is a string"),
        "jwk-list": ([ED.jwk], "the key is a list"),
    }
