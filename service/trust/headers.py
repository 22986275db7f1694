"""The rules of a protected header (RFC 7515 4.1; RFC 8725): what is on a short list is allowed, nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from schemas.errors import StrictJsonError
from schemas.strict_json import parse
from service.trust.checks import Refusal

STATEMENT_TYPE: Final = "greenchain-statement+jwt"
REGISTRATION_TYPE: Final = "greenchain-key+jwt"

# The algorithm of a header and the kind of key it goes with. RFC 9864 2.2 replaces EdDSA (RFC 8037), which leaves the
# curve open, by Ed25519: both are taken, both mean Ed25519 here, as no other curve can be registered.
ALGORITHMS: Final = {"EdDSA": "Ed25519", "Ed25519": "Ed25519", "ES256": "ES256", "ES384": "ES384", "PS256": "PS256"}
ALGORITHM_NAMES: Final = ", ".join(ALGORITHMS)

_KID_LENGTH = 200

# Headers that have misled verifiers, with the reason shown to the sender. None of them is ever followed.
_REFUSED = {
    "jwk": "a key that the document brings along proves nothing (RFC 8725 3.8)",
    "jku": "keys are never fetched from an address in the document (RFC 8725 3.10)",
    "x5u": "certificates are never fetched from an address in the document (RFC 8725 3.10)",
    "x5c": "this form takes no certificate chain, or not beside kid; register the key",
    "x5t": "a certificate is brought as a chain (x5c), never named",
    "x5t#S256": "a certificate is brought as a chain (x5c), never named",
    "b64": "unencoded payloads are not taken (RFC 7797)",
    "crit": "no extensions are taken (RFC 7515 4.1.11)",
    "zip": "compressed content is not taken (RFC 8725 3.6)",
}


@dataclass(frozen=True, slots=True)
class HeaderRule:
    """What a form allows: its ``typ``, its ``cty`` (may be left out), and the members that may name the key
    (none where the key is known from elsewhere)."""

    typ: str
    cty: tuple[str, ...] = ("json",)
    names_key: tuple[str, ...] = ("kid",)


@dataclass(frozen=True, slots=True)
class Header:
    """What a header that passed says: the algorithm as spelled, the kind of key it wants, and what names the key.

    ``named_by`` is the member that names it; ``name`` its value: a string for ``kid``, anything else as it stands.
    """

    alg: str
    key_alg: str
    named_by: str
    name: object

    @property
    def kid(self) -> str:
        """The key's name, where ``kid`` names it."""
        return str(self.name)


def check(header: bytes, rule: HeaderRule) -> Header:
    """Read a protected header. Raises ``Refusal`` of the check ``header``."""
    return _read_again(header, rule) if len(header) <= _SHORT else _read(header, rule)


def _read(header: bytes, rule: HeaderRule) -> Header:
    members = _members(header)
    named_by = _check_names(members, rule.names_key)
    _check_type(members, rule)
    alg, key_alg = _algorithm(members)
    name = _kid(members) if named_by == "kid" else members.get(named_by)
    return Header(alg, key_alg, named_by, name)


# Whoever signs with one key writes the same header each time. A header with certificates is too long to be kept.
_SHORT: Final = 512
_read_again = lru_cache(maxsize=1024)(_read)


def _members(header: bytes) -> dict[str, object]:
    """RFC 7515 5.2 (3-4): a UTF-8 JSON object without duplicate names."""
    try:
        members = parse(header, max_depth=8, max_items=100)
    except StrictJsonError as error:
        raise Refusal("header", f"header {error}") from error
    if not isinstance(members, dict):
        raise Refusal("header", "header is not a JSON object")
    return members


def _check_names(members: Mapping[str, object], names_key: tuple[str, ...]) -> str:
    """RFC 8725 3.1, 3.10: members that we do not know or that point elsewhere are refused, not ignored.

    Exactly one member names the key: two could name different ones.
    """
    named_by = next((name for name in names_key if name in members), names_key[0] if names_key else "")
    for name in members:
        if name not in ("alg", "typ", "cty", named_by):
            reason = _REFUSED.get(name, f"only alg, typ, cty and {named_by or 'nothing else'} are taken")
            raise Refusal("header", f"header member {name[:50]!r} is refused: {reason}")
    return named_by


def _check_type(members: Mapping[str, object], rule: HeaderRule) -> None:
    """RFC 7515 4.1.9 (``application/`` may be left out), RFC 8725 3.11: no document passes as another kind."""
    if members.get("typ") not in (rule.typ, f"application/{rule.typ}"):
        raise Refusal("header", f"typ must be {rule.typ}")
    if "cty" in members and members["cty"] not in (*rule.cty, *(f"application/{c}" for c in rule.cty)):
        raise Refusal("header", f"cty must be {' or '.join(rule.cty) or 'absent'} or left out")


def _algorithm(members: Mapping[str, object]) -> tuple[str, str]:
    """RFC 8725 3.1: our list decides; ``none``, HMAC and any other spelling are simply not on it."""
    alg = members.get("alg")
    if not isinstance(alg, str) or alg not in ALGORITHMS:
        raise Refusal("header", f"alg must be one of {ALGORITHM_NAMES}")
    return alg, ALGORITHMS[alg]


def _kid(members: Mapping[str, object]) -> str:
    """RFC 7515 4.1.4: a case-sensitive string; opaque here, it is only ever compared."""
    kid = members.get("kid")
    if not isinstance(kid, str) or not 1 <= len(kid) <= _KID_LENGTH:
        raise Refusal("header", f"kid must be a string of 1 to {_KID_LENGTH} characters")
    return kid
