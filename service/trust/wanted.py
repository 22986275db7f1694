"""What must be looked up outside before a document can be examined: issuers' documents and status lists, nothing else.

Read from bytes that nobody has verified yet, so it says what to ask for and never what is true. No address of a header
is among it: only a did:web in the place that names the key, and the status lists that a credential names.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graph.model.documents import Format
from service.trust.checks import Refusal
from service.trust.envelope import decode_base64url
from service.trust.envelopes.base import parsed
from service.trust.envelopes.dids import DID_WEB
from service.trust.limits import Limits
from service.trust.status import StatusRefused, entries


@dataclass(frozen=True, slots=True)
class Wanted:
    """did:web DIDs whose documents are needed, and URLs of status list credentials."""

    dids: tuple[str, ...] = ()
    status_lists: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is needed."""
        return bool(self.dids or self.status_lists)


@dataclass(frozen=True, slots=True)
class Resolved:
    """What was found outside: bytes by DID and by URL. What is missing was refused, and refuses the document."""

    did_documents: Mapping[str, bytes]
    status_lists: Mapping[str, bytes]


NOTHING: Final = Wanted()


def wanted(content: bytes, form: Format, limits: Limits) -> Wanted:
    """What a document needs from outside; nothing for bytes that will be refused anyway."""
    read = _READERS.get(form)
    if read is None or len(content) > limits.document_bytes:
        return NOTHING
    found = read(content, limits)
    return NOTHING if found is None else _of(*found)


def _of(method: object, credential: Mapping[str, Any]) -> Wanted:
    """The key's DID and the lists. A document without a DID that we take is refused, whatever its lists say."""
    did = method.partition("#")[0] if isinstance(method, str) else ""
    if not did.startswith("did:"):
        return NOTHING
    return Wanted((did,) if did.startswith(DID_WEB) else (), _lists(credential))


def _lists(credential: Mapping[str, Any]) -> tuple[str, ...]:
    if "credentialStatus" not in credential:
        return ()
    try:
        return tuple(dict.fromkeys(entry.url for entry in entries(credential["credentialStatus"])))
    except StatusRefused:
        return ()


def _of_jwt(content: bytes, limits: Limits) -> tuple[object, Mapping[str, Any]] | None:
    if content.count(b".") != 2:
        return None
    head, body = content.split(b".")[:2]
    header = _object(decode_base64url(head[: limits.header_bytes * 2]), limits)
    # The payload is read only where it can matter: whoever is named so is the only one whose lists count.
    if header is None or not str(header.get("kid")).startswith("did:"):
        return None
    payload = _object(decode_base64url(body), limits)
    return None if payload is None else (header.get("kid"), payload)


def _of_registration(content: bytes, limits: Limits) -> tuple[object, Mapping[str, Any]] | None:
    payload = _object(decode_base64url(content.split(b".")[1]), limits) if content.count(b".") == 2 else None
    return None if payload is None else (payload.get("did"), {})


def _of_proof(content: bytes, limits: Limits) -> tuple[object, Mapping[str, Any]] | None:
    if len(content) > limits.canonical_bytes:
        return None
    credential = _object(content, limits, limits.canonical_items)
    proof = credential.get("proof") if credential else None
    return (proof.get("verificationMethod"), credential) if credential and isinstance(proof, dict) else None


def _object(content: bytes | None, limits: Limits, most: int | None = None) -> Mapping[str, Any] | None:
    try:
        value = parsed(content or b"", limits, most)
    except Refusal:
        return None
    return value if isinstance(value, dict) else None


_READERS: Final[Mapping[Format, Callable[[bytes, Limits], tuple[object, Mapping[str, Any]] | None]]] = {
    Format.VC_JWT: _of_jwt,
    Format.DATA_INTEGRITY: _of_proof,
    Format.KEY_REGISTRATION: _of_registration,
}
