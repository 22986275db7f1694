"""Nonces that need no storage: time, randomness and an HMAC (RFC 2104) that binds both to one organization.

A nonce can be used again within its lifetime, by the same organization only; registering the same key twice is one
registration, so nothing is won by it.
"""

import hashlib
import hmac

from service.trust.envelope import decode_base64url, encode_base64url

LIFETIME = 600
_RANDOM_BYTES = 16
_PURPOSE = b"greenchain key registration nonce 1\0"


def make_nonce(secret: bytes, organization: str, at: float, random: bytes) -> str:
    """A nonce for one organization, from 16 random bytes, valid for ``LIFETIME`` seconds from ``at``."""
    if len(random) != _RANDOM_BYTES:
        raise ValueError(f"random must be {_RANDOM_BYTES} bytes")
    body = int(at).to_bytes(8, "big") + random
    return encode_base64url(body + _mac(secret, body, organization)).decode()


def check_nonce(secret: bytes, nonce: str, organization: str, at: float) -> bool:
    """Whether a nonce was made with this secret for this organization and has not expired."""
    decoded = decode_base64url(nonce.encode("ascii", "replace")) or b""
    body, mac = decoded[: 8 + _RANDOM_BYTES], decoded[8 + _RANDOM_BYTES :]
    if not hmac.compare_digest(mac, _mac(secret, body, organization)):
        return False
    issued = int.from_bytes(body[:8], "big")
    return issued <= at < issued + LIFETIME


def _mac(secret: bytes, body: bytes, organization: str) -> bytes:
    """The organization comes last: all before it has a fixed length, so no two inputs run together."""
    return hmac.new(secret, _PURPOSE + body + organization.encode(), hashlib.sha256).digest()
