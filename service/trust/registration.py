"""Registering a key: its sender proves to hold the private part, for this organization, here and now."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Final

from graph.model.documents import FieldError
from schemas.errors import StrictJsonError
from schemas.strict_json import parse
from service.trust import claims, envelope, headers
from service.trust.checks import Refusal
from service.trust.keys import KeyRefused, PublicKey, parse_jwk
from service.trust.limits import Limits

_MEMBERS = {"iss", "aud", "jwk", "nonce", "iat", "exp"}
_ROTATION = {"replaces", "overlap_until"}
_MEMBERS_TEXT = f"must have the members {', '.join(sorted(_MEMBERS))}, and may have {' and '.join(sorted(_ROTATION))}"
_REGISTRATION_BYTES = 8192
_THUMBPRINT_LENGTH = 100
OVERLAP_SECONDS: Final = 7 * 86_400
LONGEST_OVERLAP_SECONDS: Final = 90 * 86_400


@dataclass(frozen=True, slots=True)
class RegisteredKey:
    """A key that its holder proved to hold; ``replaces``: the thumbprint of the one that it takes the place of.

    From ``overlap_until`` on (seconds since the epoch) the replaced key signs no more; infinite where there is none.
    """

    key: PublicKey
    replaces: str = ""
    overlap_until: float = inf


def verify_registration(
    content: bytes,
    *,
    organization: str,
    audience: str,
    nonce_ok: Callable[[str], bool],
    at: float,
    limits: Limits | None = None,
) -> RegisteredKey:
    """The key of a registration signed with that very key. Raises ``Refusal`` naming the check that failed.

    ``audience``: the address of this service, so that a registration made for another one does not fit. ``nonce_ok``:
    whether a nonce is one that we gave this organization lately (``service.trust.nonce``).
    """
    limits = limits or Limits()
    if len(content) > _REGISTRATION_BYTES:
        raise Refusal("caps", f"registration is larger than {_REGISTRATION_BYTES} bytes")
    jws = envelope.split(content, limits)
    header = headers.check(jws.header, headers.HeaderRule(headers.REGISTRATION_TYPE))
    # The key stands inside the payload, so that is read first; nothing of it is believed before the signature holds.
    payload = _payload(jws.payload)
    key = _key(payload, header)
    if not key.verifies(jws.signing_input, jws.signature):
        raise Refusal("signature", "is not made with the key that it registers")
    errors = [] if payload.keys() - _ROTATION == _MEMBERS else [FieldError("", _MEMBERS_TEXT)]
    errors += claims.issuer_errors(payload, organization)
    errors += claims.time_errors(payload, at=at, leeway=limits.clock_leeway, must_expire=True)
    errors += _freshness_errors(payload, audience, nonce_ok)
    errors += _rotation_errors(payload, key, at)
    if errors:
        raise claims.refusal(errors)
    if "replaces" not in payload:
        return RegisteredKey(key)
    return RegisteredKey(key, str(payload["replaces"]), _overlap(payload, at))


def _rotation_errors(payload: Mapping[str, object], key: PublicKey, at: float) -> Iterator[FieldError]:
    """NIST SP 800-57 part 1, 5.3.4: the old key signs on for a while, so that nobody has to change over in one moment.

    ``replaces`` names it by its thumbprint (RFC 7638), ``overlap_until`` the moment from which it signs no more.
    """
    if "replaces" not in payload:
        if "overlap_until" in payload:
            yield FieldError("/overlap_until", "goes with replaces")
        return
    replaces, until = payload["replaces"], payload.get("overlap_until", at)
    if not isinstance(replaces, str) or not 1 <= len(replaces) <= _THUMBPRINT_LENGTH or "|" in replaces:
        yield FieldError("/replaces", "must be the thumbprint of a key")
    elif replaces == key.thumbprint:
        yield FieldError("/replaces", "is the new key itself")
    if until != at and type(until) is not int:
        yield FieldError("/overlap_until", "must be a whole number of seconds since 1970")
    elif isinstance(until, int) and not at <= until <= at + LONGEST_OVERLAP_SECONDS:
        yield FieldError("/overlap_until", "must be neither past nor more than 90 days ahead")


def _overlap(payload: Mapping[str, object], at: float) -> float:
    stated = payload.get("overlap_until")
    return float(stated) if isinstance(stated, int) else at + OVERLAP_SECONDS


def audience_of(content: bytes, limits: Limits) -> str:
    """The service that a registration says it is made for; empty where that cannot be read. Nothing is verified."""
    try:
        return str(_payload(envelope.split(content, limits).payload).get("aud", ""))
    except Refusal:
        return ""


def _payload(payload: bytes) -> dict[str, object]:
    try:
        members = parse(payload, max_depth=8, max_items=100)
    except StrictJsonError as error:
        raise Refusal("json", f"content {error}") from error
    if not isinstance(members, dict):
        raise Refusal("json", "content is not a JSON object")
    return members


def _key(payload: Mapping[str, object], header: headers.Header) -> PublicKey:
    """RFC 7638: the header names the key by the thumbprint of what the payload holds."""
    try:
        key = parse_jwk(payload.get("jwk"))
    except KeyRefused as error:
        raise Refusal("key", str(error), (FieldError("/jwk", str(error)),)) from error
    if header.kid != key.thumbprint:
        raise Refusal("key", f"kid must be the thumbprint of the key, {key.thumbprint}")
    if header.key_alg != key.alg:
        raise Refusal("key", "alg of the header is not that of the key")
    return key


def _freshness_errors(
    payload: Mapping[str, object], audience: str, nonce_ok: Callable[[str], bool]
) -> Iterator[FieldError]:
    """RFC 7519 4.1.3, RFC 8725 3.9: one audience, and it is this service. The nonce keeps old registrations out."""
    if payload.get("aud") != audience:
        yield FieldError("/aud", f"must be {audience}")
    nonce = payload.get("nonce")
    if not isinstance(nonce, str) or not nonce_ok(nonce):
        yield FieldError("/nonce", "is not one that this service gave out lately: ask for a new one")
