"""What a form of signed document offers to the one workflow, and the world that it is opened in.

A form (an ``Envelope``) carries out the checks envelope, header, key and signature, and says how its content becomes a
statement. It knows nothing of caps, claims, schema or authority: those are the same for every form.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Protocol

from graph.model.documents import CheckResult, FieldError, ValidationDatum
from graph.model.intake import NamedStatus
from schemas.errors import StrictJsonError
from schemas.strict_json import parse
from service.trust import checks
from service.trust.anchors import NO_ANCHORS, TrustAnchors
from service.trust.checks import Refusal
from service.trust.keys import KnownKey, PublicKey
from service.trust.limits import Limits

_NOTHING: Final[Mapping[str, bytes]] = MappingProxyType({})
_NO_NAMES: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class OpenContext:
    """The world of one examination; every answer that a network could give is in it already.

    ``keys``: the registered keys by thumbprint, revoked ones too. ``at``: time of receipt, seconds since the epoch.
    ``audience``: the address of this service. ``identities``: the organization that a DID speaks for, as registered.
    ``did_documents``: did:web DIDs and the bytes that they resolved to; what is absent is refused. ``status_lists``:
    URLs of status list credentials and the bytes found there; what is absent is refused.
    """

    keys: Mapping[str, KnownKey]
    at: float
    limits: Limits = field(default_factory=Limits)
    audience: str = ""
    identities: Mapping[str, str] = field(default_factory=lambda: _NO_NAMES)
    did_documents: Mapping[str, bytes] = field(default_factory=lambda: _NOTHING)
    status_lists: Mapping[str, bytes] = field(default_factory=lambda: _NOTHING)
    anchors: TrustAnchors = NO_ANCHORS


@dataclass(slots=True)
class Steps:
    """Collects what was found so far, so that a refusal half way keeps it."""

    results: list[CheckResult] = field(default_factory=list)
    thumbprint: str = ""
    signature_valid: bool | None = None

    def passed(self, name: str, detail: str = "") -> None:
        """The check of that name passed; ``detail`` where there is something to say about it."""
        self.results.append(checks.passed(name, detail))

    def not_applicable(self, name: str, detail: str) -> None:
        """The question of that check does not arise."""
        self.results.append(checks.not_applicable(name, detail))

    def found_key(self, key: PublicKey, key_alg: str, alg: str) -> None:
        """Check ``key``: the key, not the header, decides the algorithm (RFC 8725 3.1)."""
        if key.alg != key_alg:
            raise Refusal("key", f"the key is for {key.alg}, the document says {alg}")
        self.thumbprint = key.thumbprint
        self.passed("key")

    def verify(self, key: PublicKey, message: bytes, signature: bytes) -> None:
        """Check ``signature``."""
        self.signature_valid = key.verifies(message, signature)
        if not self.signature_valid:
            raise Refusal("signature", "the signature does not fit the bytes received and the key named")
        self.passed("signature")


@dataclass(frozen=True, slots=True)
class Reading:
    """The statement in a form's content. ``value`` is what claims and schema are checked on.

    ``within``: the pointer under which the form holds the statement's facts. ``disclosure``: what stays hidden in
    words, None where the form hides nothing. ``status``: carries out the check ``credential-status`` and returns the
    places that answered, raising ``Refusal``; None where the document names no status.
    """

    value: object
    within: str = ""
    disclosure: str | None = None
    status: Callable[[], tuple[NamedStatus, ...]] | None = None


def as_it_is(value: object) -> Reading:
    """The content is the statement."""
    return Reading(value)


@dataclass(frozen=True, slots=True)
class Opened:
    """A form that was opened: the organization whose word the content is, and the content that was signed.

    ``value``: the content as JSON where opening has read it already. ``vouched``: what vouches for the key where it is
    not a registered one. ``key_state``: carries out the check ``key-state`` as far as documents and not the ledger
    decide it, raising ``Refusal``. ``rests_on``: what of the operator's anchors the key was found with.
    """

    issuer: str
    payload: bytes
    signed: bool = True
    read: Callable[[object], Reading] = as_it_is
    value: object = None
    vouched: str = ""
    key_state: Callable[[], None] | None = None
    rests_on: tuple[ValidationDatum, ...] = ()


class Envelope(Protocol):
    """A form of document."""

    def open(self, content: bytes, sender: str, context: OpenContext, steps: Steps) -> Opened:
        """Checks envelope, header, key and signature, each noted in ``steps``. Raises ``Refusal`` of one of them."""
        ...


def parsed(content: bytes, limits: Limits, most: int | None = None) -> object:
    """The check ``json``: what strict JSON bytes hold, ``most`` items at most. Raises ``Refusal``."""
    items = limits.items(len(content))
    try:
        return parse(content, max_depth=limits.json_depth, max_items=items if most is None else min(items, most))
    except StrictJsonError as error:
        raise Refusal("json", f"content {error}") from error


def claim_fault(pointer: str, detail: str) -> Refusal:
    """The refusal of the check ``claims`` for one member."""
    return Refusal("claims", f"{pointer[1:] or 'content'} {detail}", (FieldError(pointer, detail),))
