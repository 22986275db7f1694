"""Keys as multibase and multicodec (W3C Controlled Identifiers 1.0, 2.2.2 Multikey; W3C CCG did:key method)."""

from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from service.trust.envelope import encode_base64url
from service.trust.keys import KeyRefused, PublicKey, parse_jwk

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DIGITS: Final = {letter: n for n, letter in enumerate(_ALPHABET)}
# Longer than any key or signature here; reading base58 takes time with the square of its length.
_MOST_LETTERS: Final = 200

# The multicodec of each kind of public key, as an unsigned varint; EC points follow compressed (SEC 1, 2.3.3).
_CODECS: Final = {"Ed25519": b"\xed\x01", "ES256": b"\x80\x24", "ES384": b"\x81\x24"}
_CURVES: Final[dict[str, tuple[ec.EllipticCurve, str, int]]] = {
    "ES256": (ec.SECP256R1(), "P-256", 32),
    "ES384": (ec.SECP384R1(), "P-384", 48),
}


def decode_base58(text: str) -> bytes | None:
    """The bytes behind ``z`` and base58btc (Controlled Identifiers 1.0, 2.4), or None where it is not that."""
    if not text.startswith("z") or not 2 <= len(text) <= _MOST_LETTERS:
        return None
    number = 0
    for letter in text[1:]:
        if letter not in _DIGITS:
            return None
        number = number * 58 + _DIGITS[letter]
    zeros = len(text) - 1 - len(text[1:].lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def encode_base58(data: bytes) -> str:
    """Bytes as ``z`` and base58btc."""
    number, letters = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        letters = _ALPHABET[digit] + letters
    return "z" + "1" * (len(data) - len(data.lstrip(b"\0"))) + letters


def parse_multikey(text: str) -> PublicKey:
    """The public key of a ``publicKeyMultibase``. Raises ``KeyRefused``."""
    data = decode_base58(text) or b""
    alg = next((name for name, codec in _CODECS.items() if data.startswith(codec)), None)
    if alg is None:
        raise KeyRefused("key must be an Ed25519, P-256 or P-384 public key in multibase base58btc")
    return parse_jwk(_jwk(alg, data[len(_CODECS[alg]) :]))


def _jwk(alg: str, data: bytes) -> dict[str, str]:
    if alg == "Ed25519":
        return {"kty": "OKP", "crv": "Ed25519", "x": encode_base64url(data).decode()}
    curve, name, size = _CURVES[alg]
    if len(data) != size + 1 or data[0] not in (2, 3):
        raise KeyRefused("key must be a compressed point")
    try:
        point = ec.EllipticCurvePublicKey.from_encoded_point(curve, data).public_numbers()
    except ValueError as error:
        raise KeyRefused("key is not a point of its curve") from error
    x, y = (encode_base64url(n.to_bytes(size, "big")).decode() for n in (point.x, point.y))
    return {"kty": "EC", "crv": name, "x": x, "y": y}


def multikey(key: PublicKey) -> str:
    """The ``publicKeyMultibase`` of a key. Raises ``KeyRefused`` for RSA, which did:key does not carry here."""
    if key.alg not in _CODECS:
        raise KeyRefused("an RSA key cannot be written as did:key here: take Ed25519, P-256 or P-384")
    numbers = key.raw
    if isinstance(numbers, ec.EllipticCurvePublicKey):
        return encode_base58(_CODECS[key.alg] + _compressed(numbers))
    return encode_base58(_CODECS[key.alg] + numbers.public_bytes_raw())  # type: ignore[union-attr]


def _compressed(key: ec.EllipticCurvePublicKey) -> bytes:
    point, size = key.public_numbers(), (key.curve.key_size + 7) // 8
    return bytes([2 + point.y % 2]) + point.x.to_bytes(size, "big")


def did_key(key: PublicKey) -> str:
    """The did:key of a key. Raises ``KeyRefused`` as ``multikey`` does."""
    return f"did:key:{multikey(key)}"
