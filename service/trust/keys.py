"""Public keys: which ones are taken, how they are named, and what they verify (RFC 7517, 7518, 7638, 8037)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from graph.errors import GreenchainError
from schemas.errors import StrictJsonError
from schemas.strict_json import parse
from service.trust.envelope import decode_base64url
from service.trust.headers import ALGORITHMS
from service.trust.signatures import RawKey, verifies

_FIELD = 2**255 - 19
_SIGN_BIT = 1 << 255

# The y coordinates of the eight points of small order (RFC 7748 6, RFC 8032 5.1): the neutral element, the point of
# order 2, the two of order 4, and two pairs of order 8. Under such a key one signature fits every message. With either
# sign bit, and with the second spelling that 0 and 1 have modulo p, they make 14 encodings.
_Y_OF_ORDER_8: Final = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER_Y: Final = frozenset({0, 1, _FIELD - 1, _Y_OF_ORDER_8, _FIELD - _Y_OF_ORDER_8})

# RFC 7518 3.5: 2048 bits or more; NIST SP 800-56B 6.2: e is odd and at least 65537. The upper ends keep one
# verification below a few milliseconds.
RSA_BITS: Final = (2048, 4096)
_RSA_EXPONENT: Final = (65537, 2**32 - 1)


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of key: the algorithm it is for, its required members (RFC 7638 3.2), and the size of each number."""

    alg: str
    members: tuple[str, ...]
    numbers: tuple[str, ...]
    size: int
    library: Any


_KINDS: Final[Mapping[tuple[object, object], _Kind]] = {
    ("OKP", "Ed25519"): _Kind("Ed25519", ("crv", "kty", "x"), ("x",), 32, OKPKey),
    ("EC", "P-256"): _Kind("ES256", ("crv", "kty", "x", "y"), ("x", "y"), 32, ECKey),
    ("EC", "P-384"): _Kind("ES384", ("crv", "kty", "x", "y"), ("x", "y"), 48, ECKey),
    ("RSA", None): _Kind("PS256", ("e", "kty", "n"), (), 0, RSAKey),
}
# RFC 7517 4: what a public JWK may say besides its numbers; ``ext`` is what WebCrypto adds.
_COMMON = {"kty", "kid", "alg", "use", "key_ops", "ext"}


class KeyRefused(GreenchainError):
    """A JWK that is not a public key we take."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key: its JWK with the required members only, RFC 7638 thumbprint, kind, and the key parsed once."""

    jwk: Mapping[str, str]
    thumbprint: str
    alg: str
    raw: RawKey = field(repr=False, compare=False)

    def verifies(self, signing_input: bytes, signature: bytes) -> bool:
        """Whether a signature is this key's, by its own algorithm, over exactly these bytes (RFC 7515 5.2 (8))."""
        return verifies(self.alg, self.raw, signing_input, signature)


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
    """Read a public JWK (RFC 7517; RFC 8037 2; RFC 7518 6.2.1, 6.3.1). Raises ``KeyRefused``."""
    if not isinstance(jwk, dict):
        raise KeyRefused("key is not a JSON object")
    kind = _kind(jwk)
    _check_members(jwk, kind)
    members: dict[str, Any] = {name: jwk.get(name) for name in kind.members}
    points = [_coordinate(members, name, kind.size) for name in kind.numbers]
    if kind.alg == "Ed25519":
        _check_order(points[0])
    if kind.alg == "PS256":
        _check_rsa(_number(members, "n"), _number(members, "e"))
    return _import(members, kind)


def _kind(jwk: dict[str, Any]) -> _Kind:
    """RFC 8725 3.4, 3.5: the short list of curves and kinds; an RSA key has no curve."""
    kty, crv = jwk.get("kty"), jwk.get("crv")
    known = _KINDS.get((kty, crv)) if isinstance(kty, str) and isinstance(crv, str | None) else None
    if known is None:
        raise KeyRefused("key must be OKP with crv Ed25519, EC with crv P-256 or P-384, or RSA")
    return known


def _check_members(jwk: dict[str, Any], kind: _Kind) -> None:
    """No private part, nothing that points elsewhere, nothing that contradicts signing (RFC 7517 4.2-4.4)."""
    if "d" in jwk:
        raise KeyRefused("key holds its private part d: keep that to yourself, make a new key, and send x (and y) only")
    unknown = set(jwk) - _COMMON - set(kind.members)
    if unknown:
        raise KeyRefused(f"key member {min(unknown)[:50]!r} is refused")
    if jwk.get("use", "sig") != "sig" or jwk.get("key_ops", ["verify"]) != ["verify"]:
        raise KeyRefused("key is not for verifying signatures")
    if "alg" in jwk and ALGORITHMS.get(str(jwk["alg"])) != kind.alg:
        raise KeyRefused("key names an algorithm that is not its own")


def _bytes(jwk: dict[str, Any], name: str) -> bytes | None:
    text = jwk[name]
    return decode_base64url(text.encode("ascii", "replace")) if isinstance(text, str) else None


def _coordinate(jwk: dict[str, Any], name: str, size: int) -> bytes:
    """RFC 8037 2, RFC 7518 6.2.1.2: as many bytes as the curve has, in the one encoding that they have."""
    decoded = _bytes(jwk, name)
    if decoded is None or len(decoded) != size:
        raise KeyRefused(f"key member {name} is not {size} bytes in base64url")
    return decoded


def _number(jwk: dict[str, Any], name: str) -> int:
    """RFC 7518 2, Base64urlUInt: big-endian, the fewest bytes that hold the number."""
    decoded = _bytes(jwk, name)
    if not decoded or decoded[0] == 0 or len(decoded) > RSA_BITS[1] // 8:
        raise KeyRefused(f"key member {name} is not a number of 1 to {RSA_BITS[1] // 8} bytes in base64url")
    return int.from_bytes(decoded, "big")


def _check_rsa(modulus: int, exponent: int) -> None:
    """RFC 8725 3.5; NIST SP 800-56B 6.2."""
    if not RSA_BITS[0] <= modulus.bit_length() <= RSA_BITS[1] or not modulus % 2:
        raise KeyRefused(f"key is RSA of {modulus.bit_length()} bits: {RSA_BITS[0]} to {RSA_BITS[1]} are taken")
    if not _RSA_EXPONENT[0] <= exponent <= _RSA_EXPONENT[1] or not exponent % 2:
        raise KeyRefused("key is RSA with an exponent e that is not odd and at least 65537")


def _check_order(point: bytes) -> None:
    """RFC 8032 5.1.3 (1) refuses y >= p; points of small order verify forgeries (RFC 8725 3.4)."""
    y = int.from_bytes(point, "little") & ~_SIGN_BIT
    if y >= _FIELD:
        raise KeyRefused("key is not a canonical Ed25519 point")
    if y in _SMALL_ORDER_Y:
        raise KeyRefused("key is an Ed25519 point of small order, under which anything verifies")


def _import(members: dict[str, Any], kind: _Kind) -> PublicKey:
    """RFC 8725 3.4: a point must be on its curve; the library checks when it builds the key."""
    try:
        parsed = kind.library.import_key({**members})
        raw: RawKey = parsed.public_key
    except (JoseError, ValueError) as error:
        raise KeyRefused("key is not a point of its curve") from error
    return PublicKey(MappingProxyType(members), parsed.thumbprint(), kind.alg, raw)
