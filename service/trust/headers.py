"""The rules of a protected header (RFC 7515 4.1; RFC 8725): what is on a short list is allowed, nothing else."""

from dataclasses import dataclass
from typing import Final

from schemas.errors import StrictJsonError
from schemas.strict_json import parse
from service.trust.checks import Refusal

STATEMENT_TYPE: Final = "greenchain-statement+jwt"
REGISTRATION_TYPE: Final = "greenchain-key+jwt"

# The algorithm of a header and the kind of key it goes with. RFC 9864 2.2 replaces EdDSA (RFC 8037), which leaves the
# curve open, by Ed25519: both are taken, both mean Ed25519 here, as no other curve can be registered.
ALGORITHMS: Final = {"EdDSA": "Ed25519", "Ed25519": "Ed25519", "ES256": "ES256"}

_ALLOWED = {"alg", "kid", "typ", "cty"}
_KID_LENGTH = 200

# Headers that have misled verifiers, with the reason shown to the sender. None of them is ever followed.
_REFUSED = {
    "jwk": "a key that the document brings along proves nothing (RFC 8725 3.8)",
    "jku": "keys are never fetched from an address in the document (RFC 8725 3.10)",
    "x5u": "certificates are never fetched from an address in the document (RFC 8725 3.10)",
    "x5c": "certificate chains are not taken; register the key",
    "x5t": "certificate chains are not taken; register the key",
    "x5t#S256": "certificate chains are not taken; register the key",
    "b64": "unencoded payloads are not taken (RFC 7797)",
    "crit": "no extensions are taken (RFC 7515 4.1.11)",
    "zip": "compressed content is not taken (RFC 8725 3.6)",
}


@dataclass(frozen=True, slots=True)
class Header:
    """What a header that passed says: the algorithm as spelled, the kind of key it wants, and the key's name."""

    alg: str
    key_alg: str
    kid: str


def check(header: bytes, typ: str) -> Header:
    """Read a protected header. ``typ``: the one type taken here. Raises ``Refusal`` of check 3."""
    members = _members(header)
    _check_names(members)
    _check_type(members, typ)
    return Header(*_algorithm(members), _kid(members))


def _members(header: bytes) -> dict[str, object]:
    """RFC 7515 5.2 (3-4): a UTF-8 JSON object without duplicate names."""
    try:
        members = parse(header, max_depth=8, max_items=100)
    except StrictJsonError as error:
        raise Refusal("header", f"header {error}") from error
    if not isinstance(members, dict):
        raise Refusal("header", "header is not a JSON object")
    return members


def _check_names(members: dict[str, object]) -> None:
    """RFC 8725 3.1, 3.10: members that we do not know or that point elsewhere are refused, not ignored."""
    for name in members:
        if name not in _ALLOWED:
            reason = _REFUSED.get(name, "only alg, kid, typ and cty are taken")
            raise Refusal("header", f"header member {name[:50]!r} is refused: {reason}")


def _check_type(members: dict[str, object], typ: str) -> None:
    """RFC 7515 4.1.9 (``application/`` may be left out), RFC 8725 3.11: no document passes as another kind."""
    if members.get("typ") not in (typ, f"application/{typ}"):
        raise Refusal("header", f"typ must be {typ}")
    if members.get("cty", "json") not in ("json", "application/json"):
        raise Refusal("header", "cty must be json or left out")


def _algorithm(members: dict[str, object]) -> tuple[str, str]:
    """RFC 8725 3.1: our list decides; ``none``, HMAC and any other spelling are simply not on it."""
    alg = members.get("alg")
    if not isinstance(alg, str) or alg not in ALGORITHMS:
        raise Refusal("header", "alg must be EdDSA, Ed25519 or ES256")
    return alg, ALGORITHMS[alg]


def _kid(members: dict[str, object]) -> str:
    """RFC 7515 4.1.4: a case-sensitive string; opaque here, it is only ever compared."""
    kid = members.get("kid")
    if not isinstance(kid, str) or not 1 <= len(kid) <= _KID_LENGTH:
        raise Refusal("header", f"kid must be a string of 1 to {_KID_LENGTH} characters")
    return kid
