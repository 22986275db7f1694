"""Public keys: which ones are taken, how they are named, and what they verify (RFC 7517, 7518, 7638, 8037)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey
from joserfc.jws import JWSRegistry

from graph.errors import GreenchainError
from schemas.errors import StrictJsonError
from schemas.strict_json import parse
from service.trust.envelope import decode_base64url
from service.trust.headers import ALGORITHMS

_FIELD = 2**255 - 19
_SIGN_BIT = 1 << 255
_COORDINATE_BYTES = 32

# The y coordinates of the eight points of small order (RFC 7748 6, RFC 8032 5.1): the neutral element, the point of
# order 2, the two of order 4, and two pairs of order 8. Under such a key one signature fits every message. With either
# sign bit, and with the second spelling that 0 and 1 have modulo p, they make 14 encodings.
_Y_OF_ORDER_8: Final = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER_Y: Final = frozenset({0, 1, _FIELD - 1, _Y_OF_ORDER_8, _FIELD - _Y_OF_ORDER_8})

# RFC 7517 4: what a public JWK may say besides its numbers; ``ext`` is what WebCrypto adds.
_COMMON = {"kty", "crv", "x", "kid", "alg", "use", "key_ops", "ext"}
_MEMBERS: Final = {"OKP": ("crv", "kty", "x"), "EC": ("crv", "kty", "x", "y")}
_CURVES: Final = {"OKP": ("Ed25519", "Ed25519"), "EC": ("P-256", "ES256")}


class KeyRefused(GreenchainError):
    """A JWK that is not a public key we take."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key: its JWK with the required members only, RFC 7638 thumbprint, kind, and the key parsed once."""

    jwk: Mapping[str, str]
    thumbprint: str
    alg: str
    parsed: OKPKey | ECKey = field(repr=False, compare=False)

    def verifies(self, signing_input: bytes, signature: bytes) -> bool:
        """Whether a signature is this key's, by its own algorithm, over exactly these bytes (RFC 7515 5.2 (8))."""
        # joserfc's algorithm objects take the bytes as they are. Its ``EdDSA`` is not used: it leaves the curve open.
        return JWSRegistry.algorithms[self.alg].verify(signing_input, signature, self.parsed)


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A registered key and the organization that it speaks for."""

    organization: str
    key: PublicKey

    @property
    def thumbprint(self) -> str:
        """The name of the key."""
        return self.key.thumbprint


@lru_cache(maxsize=4096)
def load_jwk(text: str) -> PublicKey:
    """The key of a JWK kept as JSON text; parsed once, as parsing costs more than verifying. Raises ``KeyRefused``."""
    try:
        return parse_jwk(parse(text.encode(), max_depth=4))
    except StrictJsonError as error:
        raise KeyRefused(f"key {error}") from error


def parse_jwk(jwk: object) -> PublicKey:
    """Read a public JWK (RFC 7517; RFC 8037 2; RFC 7518 6.2.1). Raises ``KeyRefused``."""
    if not isinstance(jwk, dict):
        raise KeyRefused("key is not a JSON object")
    kind = _kind(jwk)
    _check_members(jwk, kind)
    members: dict[str, Any] = {name: jwk.get(name) for name in _MEMBERS[kind]}
    points = [_coordinate(members, name) for name in _MEMBERS[kind][2:]]
    if kind == "OKP":
        _check_order(points[0])
    parsed = _import(members, kind)
    return PublicKey(MappingProxyType(members), parsed.thumbprint(), _CURVES[kind][1], parsed)


def _kind(jwk: dict[str, Any]) -> str:
    kind = jwk.get("kty")
    if kind not in ("OKP", "EC") or jwk.get("crv") != _CURVES[kind][0]:
        raise KeyRefused("key must be OKP with crv Ed25519, or EC with crv P-256")
    return str(kind)


def _check_members(jwk: dict[str, Any], kind: str) -> None:
    """No private part, nothing that points elsewhere, nothing that contradicts signing (RFC 7517 4.2-4.4)."""
    if "d" in jwk:
        raise KeyRefused("key holds its private part d: keep that to yourself, make a new key, and send x (and y) only")
    unknown = set(jwk) - _COMMON - set(_MEMBERS[kind])
    if unknown:
        raise KeyRefused(f"key member {min(unknown)[:50]!r} is refused")
    if jwk.get("use", "sig") != "sig" or jwk.get("key_ops", ["verify"]) != ["verify"]:
        raise KeyRefused("key is not for verifying signatures")
    if "alg" in jwk and ALGORITHMS.get(str(jwk["alg"])) != _CURVES[kind][1]:
        raise KeyRefused("key names an algorithm that is not its own")


def _coordinate(jwk: dict[str, Any], name: str) -> bytes:
    """RFC 8037 2, RFC 7518 6.2.1.2: 32 bytes, in the one encoding that they have."""
    text = jwk[name]
    decoded = decode_base64url(text.encode("ascii", "replace")) if isinstance(text, str) else None
    if decoded is None or len(decoded) != _COORDINATE_BYTES:
        raise KeyRefused(f"key member {name} is not {_COORDINATE_BYTES} bytes in base64url")
    return decoded


def _check_order(point: bytes) -> None:
    """RFC 8032 5.1.3 (1) refuses y >= p; points of small order verify forgeries (RFC 8725 3.4)."""
    y = int.from_bytes(point, "little") & ~_SIGN_BIT
    if y >= _FIELD:
        raise KeyRefused("key is not a canonical Ed25519 point")
    if y in _SMALL_ORDER_Y:
        raise KeyRefused("key is an Ed25519 point of small order, under which anything verifies")


def _import(members: dict[str, Any], kind: str) -> OKPKey | ECKey:
    """RFC 8725 3.4: a P-256 point must be on its curve; the library checks when it builds the key."""
    try:
        return OKPKey.import_key({**members}) if kind == "OKP" else ECKey.import_key({**members})
    except (JoseError, ValueError) as error:
        raise KeyRefused("key is not a point of its curve") from error
