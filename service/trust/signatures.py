"""Raw signatures under one algorithm a kind of key, over the bytes as they are (RFC 7518 3.4, 3.5; RFC 8037 3.1).

Straight through ``cryptography``: nothing is looked up, parsed or written anew between the bytes and the primitive.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

RawKey = Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey

_ES256: Final = ec.ECDSA(hashes.SHA256())
_ES384: Final = ec.ECDSA(hashes.SHA384())
# RFC 7518 3.5: MGF1 with the same hash, and a salt as long as the hash.
_PSS: Final = padding.PSS(padding.MGF1(hashes.SHA256()), 32)


def verifies(alg: str, key: RawKey, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` is ``key``'s over ``message``. ``alg``: the kind of the key, as ``ALGORITHMS`` maps it."""
    try:
        return _VERIFIERS[alg](key, message, signature)
    except InvalidSignature:
        return False


def _ed25519(key: Any, message: bytes, signature: bytes) -> bool:
    """RFC 8032 5.1.7."""
    key.verify(signature, message)
    return True


def _ecdsa(algorithm: ec.ECDSA, size: int) -> Callable[[Any, bytes, bytes], bool]:
    """RFC 7518 3.4: r and s side by side, each as long as the order of the curve; no other form."""

    def verify(key: Any, message: bytes, signature: bytes) -> bool:
        if len(signature) != 2 * size:
            return False
        r, s = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
        key.verify(encode_dss_signature(r, s), message, algorithm)
        return True

    return verify


def _ps256(key: Any, message: bytes, signature: bytes) -> bool:
    key.verify(signature, message, _PSS, hashes.SHA256())
    return True


_VERIFIERS: Final[Mapping[str, Callable[[Any, bytes, bytes], bool]]] = {
    "Ed25519": _ed25519,
    "ES256": _ecdsa(_ES256, 32),
    "ES384": _ecdsa(_ES384, 48),
    "PS256": _ps256,
}
