"""What a credential's status list says about it (W3C Bitstring Status List 1.0), from credentials verified already.

Fail closed: whatever keeps the question open (no list, another issuer's, another purpose, expired, damaged) is
``UNKNOWN``, and only ``VALID`` lets a credential count. The list's signature is the envelope's to verify.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from graph.errors import GreenchainError
from schemas.moments import timestamp
from service.trust.envelope import decode_base64url

PURPOSES: Final = ("revocation", "suspension")
MIN_BITS: Final = 131_072  # 1.0 clause 2.2: smaller lists would tell whose credential is looked at
MAX_BYTES: Final = 2 * 1024 * 1024
_MAX_ENTRIES = 8
_STEP = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS


class State(StrEnum):
    """What is known about a credential's status. Only ``VALID`` lets it count."""

    VALID = "valid"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


# The worst of several entries is the status of the whole. What is known to be bad goes before what is not known.
_ORDER = (State.REVOKED, State.SUSPENDED, State.UNKNOWN, State.VALID)


class StatusRefused(GreenchainError):
    """A status entry or list that nothing can be concluded from; the message says why."""


@dataclass(frozen=True, slots=True)
class StatusEntry:
    """One ``BitstringStatusListEntry`` (clause 2.1): which bit of which list answers for which purpose."""

    purpose: str
    index: int
    url: str


@dataclass(frozen=True, slots=True)
class Status:
    """The status of a credential and why."""

    state: State
    detail: str = ""

    @property
    def counts(self) -> bool:
        """Whether the credential may be relied on."""
        return self.state is State.VALID


def entries(credential_status: object) -> tuple[StatusEntry, ...]:
    """The entries of a credential's ``credentialStatus``: one object or several.

    ``statusListIndex`` comes as a string (clause 2.1) or, from UNTP tools, as an integer. Raises ``StatusRefused``.
    """
    found = credential_status if isinstance(credential_status, list) else [credential_status]
    if not 1 <= len(found) <= _MAX_ENTRIES:
        raise StatusRefused(f"credentialStatus must hold 1 to {_MAX_ENTRIES} entries")
    return tuple(_entry(one) for one in found)


def status_of(
    found: tuple[StatusEntry, ...], lists: Mapping[str, Mapping[str, object]], *, issuer: str, at: float
) -> Status:
    """The status of a credential at a time (seconds since the epoch), the worst of its entries deciding.

    ``lists``: by address, status list credentials whose signatures were verified; ``issuer``: who issued the
    credential, and must have issued the lists (clause 3.2; another's list would let a stranger revoke or restore).
    """
    answers = [_answer(entry, lists, issuer, at) for entry in found]
    return min(answers, key=lambda one: _ORDER.index(one.state), default=Status(State.UNKNOWN, "there is no entry"))


def expand(encoded: object) -> bytes:
    """The bit string in an ``encodedList`` (clause 3.4): multibase ``u``, base64url, gzip.

    Decompressed in steps up to a cap, so that a small list that expands without end costs no memory. Raises
    ``StatusRefused``.
    """
    if not isinstance(encoded, str) or not encoded.startswith("u"):
        raise StatusRefused("encodedList must be multibase base64url: a text that begins with u")
    packed = decode_base64url(encoded[1:].encode("ascii", "replace"))
    if not packed:
        raise StatusRefused("encodedList is not base64url without padding")
    bits = _unzip(packed)
    if len(bits) * 8 < MIN_BITS:
        raise StatusRefused(f"the list holds fewer than {MIN_BITS} entries")
    return bits


def bit(bits: bytes, index: int) -> bool:
    """The bit at an index; index 0 is the left-most bit of the first byte (clause 3.1). Raises ``StatusRefused``."""
    if not 0 <= index < len(bits) * 8:
        raise StatusRefused(f"statusListIndex {index} is beyond the {len(bits) * 8} entries of the list")
    return bool(bits[index // 8] >> (7 - index % 8) & 1)


def _unzip(packed: bytes) -> bytes:
    machine, bits = zlib.decompressobj(_GZIP), bytearray()
    try:
        while not machine.eof:
            step = machine.decompress(packed, _STEP)
            bits += step
            packed = machine.unconsumed_tail
            if len(bits) > MAX_BYTES:
                raise StatusRefused(f"the list expands to more than {MAX_BYTES} bytes")
            if not step and not packed and not machine.eof:
                raise StatusRefused("encodedList ends too early")
    except zlib.error as error:
        raise StatusRefused("encodedList is not gzip, or damaged") from error
    if machine.unused_data:
        raise StatusRefused("encodedList goes on after its end")
    return bytes(bits)


def _entry(value: object) -> StatusEntry:
    if not isinstance(value, Mapping) or value.get("type") != "BitstringStatusListEntry":
        raise StatusRefused("credentialStatus must be of type BitstringStatusListEntry")
    purpose, url = value.get("statusPurpose"), value.get("statusListCredential")
    if purpose not in PURPOSES:
        raise StatusRefused(f"statusPurpose must be {' or '.join(PURPOSES)}")
    if not isinstance(url, str) or not 1 <= len(url) <= 2000:
        raise StatusRefused("statusListCredential must be an address")
    if value.get("statusSize", 1) != 1 or isinstance(value.get("statusSize", 1), bool):
        raise StatusRefused("statusSize must be 1 or left out")
    return StatusEntry(str(purpose), _index(value.get("statusListIndex")), url)


def _index(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MAX_BYTES * 8:
        return value
    if isinstance(value, str) and 1 <= len(value) <= 8 and value.isascii() and value.isdecimal():
        return int(value)
    raise StatusRefused("statusListIndex must be a whole number from 0, as a string or an integer")


def _answer(entry: StatusEntry, lists: Mapping[str, Mapping[str, object]], issuer: str, at: float) -> Status:
    credential = lists.get(entry.url)
    if credential is None:
        return Status(State.UNKNOWN, f"there is no status list from {entry.url}")
    try:
        bits = _list_of(credential, entry, issuer, at)
        said = bit(bits, entry.index)
    except StatusRefused as refused:
        return Status(State.UNKNOWN, f"the status list from {entry.url} says nothing: {refused}")
    if not said:
        return Status(State.VALID)
    state = State.REVOKED if entry.purpose == "revocation" else State.SUSPENDED
    return Status(state, f"its issuer has {state.value} it (entry {entry.index} of {entry.url})")


def _list_of(credential: Mapping[str, object], entry: StatusEntry, issuer: str, at: float) -> bytes:
    """Clause 3.2: the list is what it says it is, by the same issuer, for this purpose and valid now."""
    types = credential.get("type")
    if not isinstance(types, list) or not {"VerifiableCredential", "BitstringStatusListCredential"} <= {
        t for t in types if isinstance(t, str)
    }:
        raise StatusRefused("it is no BitstringStatusListCredential")
    if _issuer(credential) != issuer:
        raise StatusRefused("it is by another issuer than the credential")
    if credential.get("id", entry.url) != entry.url:
        raise StatusRefused("its id is another address")
    _check_time(credential, at)
    subject = credential.get("credentialSubject")
    if not isinstance(subject, Mapping) or subject.get("type") != "BitstringStatusList":
        raise StatusRefused("its credentialSubject is no BitstringStatusList")
    purposes = subject.get("statusPurpose")
    if entry.purpose not in (purposes if isinstance(purposes, list) else [purposes]):
        raise StatusRefused(f"its purpose is not {entry.purpose}")
    return expand(subject.get("encodedList"))


def _issuer(credential: Mapping[str, object]) -> object:
    issuer = credential.get("issuer")
    return issuer.get("id") if isinstance(issuer, Mapping) else issuer


def _check_time(credential: Mapping[str, object], at: float) -> None:
    """VC Data Model 2.0, 4.9: before validFrom and from validUntil on it says nothing."""
    start, end = (_time(credential, name) for name in ("validFrom", "validUntil"))
    if start is not None and at < start:
        raise StatusRefused("it is not valid yet")
    if end is not None and at >= end:
        raise StatusRefused("it has expired")


def _time(credential: Mapping[str, object], name: str) -> float | None:
    if name not in credential:
        return None
    try:
        return timestamp(credential[name])
    except ValueError as error:
        raise StatusRefused(f"its {name} {error}") from error
