"""Fixed keys and builders, from which the vectors are made. Nothing of the service is used to make them."""

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.vectors import rsa_kit

AT = 1_800_000_000
ORGANIZATION = "https://mill.example/"
OTHER = "https://rival.example/"
AUDIENCE = "https://greenchain.example/"
NONCE_SECRET = b"not a secret: the vectors' nonce"
STATEMENT = "greenchain-statement+jwt"
REGISTRATION = "greenchain-key+jwt"
# Below the service's own caps, so that the vectors stay small.
LIMITS = {"document_bytes": 150_000, "payload_bytes": 105_000, "json_items": 2_000}


ENDINGS = {
    "application/json": "json",
    "application/jose": "jws",
    "application/vc+jwt": "vcjwt",
    "application/vc": "vc",
    "application/sd-jwt": "sdjwt",
    "application/key-registration+jwt": "reg",
}


@dataclass(frozen=True)
class Vector:
    """The bytes, how they are handed in, the check that refuses them (None: accepted), and what is wrong with them."""

    name: str
    content: bytes
    check: str | None
    why: str
    format: str = "application/jose"

    @property
    def file(self) -> str:
        return f"{self.name}.{ENDINGS[self.format]}"


class Signer:
    """A fixed key and its deterministic signature."""

    def __init__(self, alg: str, seed: bytes) -> None:
        digest = hashlib.sha256(seed).digest()
        self.alg = alg
        self.key: Any
        if alg == "EdDSA":
            self.key = Ed25519PrivateKey.from_private_bytes(digest)
            x = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            self.jwk = {"crv": "Ed25519", "kty": "OKP", "x": b64(x).decode()}
        elif alg == "PS256":
            numbers = RSAPublicNumbers(rsa_kit.E, rsa_kit.P * rsa_kit.Q)
            self.public = numbers.public_key()
            self.jwk = {"e": "AQAB", "kty": "RSA", "n": b64(numbers.n.to_bytes(256, "big")).decode()}
        else:
            curve, self.size, self.hash = _CURVES[alg]
            self.key = ec.derive_private_key(int.from_bytes(digest, "big"), curve)
            point = self.key.public_key().public_numbers()
            x, y = (b64(n.to_bytes(self.size, "big")).decode() for n in (point.x, point.y))
            self.jwk = {"crv": curve.name.replace("secp256r1", "P-256").replace("secp384r1", "P-384"), "kty": "EC"}
            self.jwk |= {"x": x, "y": y}

    @property
    def kid(self) -> str:
        return thumbprint(self.jwk)

    @property
    def public_key(self) -> Any:
        return self.public if self.alg == "PS256" else self.key.public_key()

    def der(self, message: bytes) -> bytes:
        return bytes(self.key.sign(message, ec.ECDSA(self.hash, deterministic_signing=True)))

    def sign(self, message: bytes) -> bytes:
        if self.alg == "EdDSA":
            return bytes(self.key.sign(message))
        if self.alg == "PS256":
            return rsa_kit.sign_pss(rsa_kit.P, rsa_kit.Q, message)
        r, s = decode_dss_signature(self.der(message))
        return r.to_bytes(self.size, "big") + s.to_bytes(self.size, "big")


_CURVES: dict[str, tuple[Any, int, Any]] = {
    "ES256": (ec.SECP256R1(), 32, hashes.SHA256()),
    "ES384": (ec.SECP384R1(), 48, hashes.SHA384()),
}


def b64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def b64_int(number: int) -> str:
    return b64(number.to_bytes(32, "big")).decode()


def thumbprint(jwk: dict[str, Any]) -> str:
    text = json.dumps(
        {n: jwk[n] for n in sorted(jwk) if n in ("crv", "kty", "x", "y", "n", "e")}, separators=(",", ":")
    )
    return b64(hashlib.sha256(text.encode()).digest()).decode()


ED = Signer("EdDSA", b"mill 1")
ES = Signer("ES256", b"mill 2")
STRANGER = Signer("EdDSA", b"nobody")
# The registered keys; the rival's speaks for another organization.
RIVAL = Signer("EdDSA", b"rival 1")
ES384 = Signer("ES384", b"mill 3")
PS = Signer("PS256", b"mill 4")
KEYS = [(ED, ORGANIZATION), (ES, ORGANIZATION), (ES384, ORGANIZATION), (PS, ORGANIZATION), (RIVAL, OTHER)]

CLAIMS: dict[str, Any] = {"iss": ORGANIZATION, "jti": "s-1", "iat": AT - 60, "exp": AT + 3600, "facts": []}


def compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def header(signer: Signer = ED, **changes: Any) -> dict[str, Any]:
    """The header that is taken, with changes; a change to ... leaves the member out."""
    members = {"alg": signer.alg, "kid": signer.kid, "typ": STATEMENT, **changes}
    return {name: value for name, value in members.items() if value is not ...}


def claims(**changes: Any) -> bytes:
    return compact({name: value for name, value in {**CLAIMS, **changes}.items() if value is not ...})


def jws(head: Any = None, payload: bytes | None = None, signer: Signer = ED) -> bytes:
    """Signed properly, whatever stands in it."""
    protected = head if isinstance(head, bytes) else compact(head if head is not None else header(signer))
    message = b64(protected) + b"." + b64(claims() if payload is None else payload)
    return message + b"." + b64(signer.sign(message))
