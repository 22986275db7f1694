"""Registering a key: its sender proves to hold the private part, for this organization, here and now.

Where the registration names a did:web, it is the DID that is registered: the proof is made with a key that the DID's
document lists. From then on the document says which keys speak for the organization.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from types import MappingProxyType
from typing import Final

from graph.model.documents import FieldError
from schemas.errors import StrictJsonError
from schemas.strict_json import parse
from service.trust import claims, envelope, headers
from service.trust.checks import Refusal
from service.trust.envelopes.dids import check_listed
from service.trust.keys import KeyRefused, PublicKey, parse_jwk
from service.trust.limits import Limits

_MEMBERS = {"iss", "aud", "jwk", "nonce", "iat", "exp"}
_OPTIONAL = {"replaces", "overlap_until", "did"}
_MEMBERS_TEXT = f"must have the members {', '.join(sorted(_MEMBERS))}, and may have {', '.join(sorted(_OPTIONAL))}"
_REGISTRATION_BYTES = 8192
_ROTATION = {"replaces", "overlap_until"}
_THUMBPRINT_LENGTH = 100
_DID_LENGTH: Final = 400
NO_DOCUMENTS: Final[Mapping[str, bytes]] = MappingProxyType({})
OVERLAP_SECONDS: Final = 7 * 86_400
LONGEST_OVERLAP_SECONDS: Final = 90 * 86_400


@dataclass(frozen=True, slots=True)
class RegisteredKey:
    """A key that its holder proved to hold; ``replaces``: the thumbprint of the one that it takes the place of.

    From ``overlap_until`` on (seconds since the epoch) the replaced key signs no more; infinite where there is none.
    ``did``: the did:web that is registered in place of the key, "" for none.
    """

    key: PublicKey
    replaces: str = ""
    overlap_until: float = inf
    did: str = ""


def verify_registration(
    content: bytes,
    *,
    organization: str,
    audience: str,
    nonce_ok: Callable[[str], bool],
    at: float,
    limits: Limits | None = None,
    did_documents: Mapping[str, bytes] = NO_DOCUMENTS,
) -> RegisteredKey:
    """The key of a registration signed with that very key. Raises ``Refusal`` naming the check that failed.

    ``audience``: the address of this service, so that a registration made for another one does not fit. ``nonce_ok``:
    whether a nonce is one that we gave this organization lately (``service.trust.nonce``). ``did_documents``: DIDs and
    the bytes that they resolved to.
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
    errors = [] if payload.keys() - _OPTIONAL == _MEMBERS else [FieldError("", _MEMBERS_TEXT)]
    errors += claims.issuer_errors(payload, organization)
    errors += claims.time_errors(payload, at=at, leeway=limits.clock_leeway, must_expire=True)
    errors += _freshness_errors(payload, audience, nonce_ok)
    errors += _rotation_errors(payload, key, at)
    errors += _did_errors(payload)
    if errors:
        raise claims.refusal(errors)
    if "did" in payload:
        return RegisteredKey(key, did=_did(payload["did"], key, did_documents, at))
    if "replaces" not in payload:
        return RegisteredKey(key)
    return RegisteredKey(key, str(payload["replaces"]), _overlap(payload, at))


def _did(stated: object, key: PublicKey, documents: Mapping[str, bytes], at: float) -> str:
    """DID 1.0, 5.3.2: whoever controls the DID has listed the key there, and whoever holds the key asks for this."""
    did = str(stated)
    try:
        check_listed(did, documents.get(did), key, at)
    except KeyRefused as error:
        raise Refusal("key", f"{did[:200]}: {error}", (FieldError("/did", str(error)),)) from error
    return did


def _did_errors(payload: Mapping[str, object]) -> Iterator[FieldError]:
    did = payload.get("did", "did:web:")
    if not isinstance(did, str) or len(did) > _DID_LENGTH or "|" in did or "#" in did:
        yield FieldError("/did", f"must be a did:web of at most {_DID_LENGTH} characters, without the name of a key")
    elif "did" in payload and _ROTATION & payload.keys():
        yield FieldError("/did", "replaces no key: its document says which keys speak")


def _rotation_errors(payload: Mapping[str, object], key: PublicKey, at: float) -> Iterator[FieldError]:
    """NIST SP 800-57 part 1, 5.3.4: the old key signs on for a while, so that nobody has to change over in one moment.

    ``replaces`` names it by its thumbprint (RFC 7638), ``overlap_until`` the moment from which it signs no more.
    """
    if "replaces" not in payload:
        if "overlap_until" in payload:
            yield FieldError("/overlap_until", "goes with replaces")
        return
    replaces, until = payload["replaces"], payload.get("overlap_until", at)
    if not isinstance(replaces, str) or not 1 <= len(replaces) <= _THUMBPRINT_LENGTH or set(replaces) & set("|:"):
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
