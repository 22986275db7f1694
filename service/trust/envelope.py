"""Compact JWS, taken apart from the bytes as they came (RFC 7515 3.1, 7.1)."""

import base64
import binascii
from dataclasses import dataclass

from service.trust.checks import Refusal
from service.trust.limits import Limits

# The longest signature taken is RSA's with 4096 bits; the cap leaves room to say "wrong length" in the check that
# knows the key.
_SIGNATURE_BYTES = 1024

# The alphabet of base64url as that of plain base64 (RFC 4648 4, 5), whose own last letters and padding become none.
_PLAIN_ALPHABET = bytes.maketrans(b"-_+/=", b"+/...")


@dataclass(frozen=True, slots=True)
class CompactJws:
    """The parts of a compact JWS, decoded; ``signing_input`` is a slice of the received bytes, never re-encoded."""

    header: bytes
    payload: bytes
    signing_input: bytes
    signature: bytes


def split(content: bytes, limits: Limits) -> CompactJws:
    """Take a compact JWS apart. Raises ``Refusal`` of the check ``envelope``.

    RFC 7515 5.2 (1-2): exactly two dots. A signature may be empty here: that is ``alg`` none, and the header says so.
    """
    if content.count(b".") != 2:
        raise Refusal("envelope", "is not three parts joined by two dots")
    signing_input, _, signature = content.rpartition(b".")
    header, _, payload = signing_input.partition(b".")
    return CompactJws(
        _part("header", header, limits.header_bytes, 1),
        _part("payload", payload, limits.payload_bytes, 1),
        signing_input,
        _part("signature", signature, _SIGNATURE_BYTES, 0),
    )


def _part(name: str, part: bytes, most: int, least: int) -> bytes:
    """Decode one part within its cap."""
    if len(part) * 3 // 4 > most:
        raise Refusal("envelope", f"{name} is larger than {most} bytes")
    if len(part) < least:
        raise Refusal("envelope", f"{name} is empty")
    decoded = decode_base64url(part)
    if decoded is None:
        raise Refusal("envelope", f"{name} is not base64url without padding")
    return decoded


def decode_base64url(part: bytes) -> bytes | None:
    """The bytes behind unpadded base64url, or None.

    One encoding only (RFC 4648 3.5): what does not encode back to the same text holds padding, white space, other
    characters or stray bits, and would make the token's text malleable.
    """
    plain = part.translate(_PLAIN_ALPHABET) + b"=" * (-len(part) % 4)
    try:
        decoded = binascii.a2b_base64(plain)
    except binascii.Error:
        return None
    return decoded if binascii.b2a_base64(decoded, newline=False) == plain else None


def encode_base64url(data: bytes) -> bytes:
    """Base64url without padding (RFC 7515 appendix C)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=")
