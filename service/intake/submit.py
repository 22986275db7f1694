"""The one door: bytes come in, a stored document with its verdict goes out.

bytes -> caps -> envelope -> signature -> JSON -> schema -> authority     (here, in the request's thread: pure)
      -> key state -> plausibility -> replay -> balances -> store         (``writer``, in one transaction)
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from graph.errors import GreenchainError
from graph.model.documents import Format, Received, StoredDocument, ValidationDatum, ValidationKind
from graph.model.intake import NewKey, StatusChange
from graph.store.database import Database
from graph.store.keys import StoredKey, find_key
from schemas.errors import FactorSetInvalid
from schemas.statement import load_statement
from service.auth.roles import OPERATOR
from service.intake.candidate import Candidate, booked, document_id
from service.intake.records import factors_stated, status_change, status_record
from service.intake.writer import GroupWriter
from service.trust import checks
from service.trust.anchors import NO_ANCHORS, TrustAnchors
from service.trust.authority import needs
from service.trust.checks import Refusal
from service.trust.envelopes.base import OpenContext
from service.trust.envelopes.dids import DID_WEB
from service.trust.keys import KnownKey, load_jwk
from service.trust.limits import Limits
from service.trust.registration import audience_of, verify_registration
from service.trust.validation import looked_up, surrounded
from service.trust.verify import Examined, examine
from service.trust.wanted import Resolved, Wanted, wanted

# How many checks come before a document waits for its turn in the ledger.
_EXAMINED = checks.by_name("key-state").number - 1


class NotYourStatement(GreenchainError):
    """An unsigned document was handed in by another organization than the one it says it is from."""


class NotNow(GreenchainError):
    """Something that a document needs from outside could not be had at the moment: nothing is stored, try again."""


def _found_nothing(_: Wanted) -> Resolved:
    """Without a way to the outside everything is missing, and what needs it is refused."""
    return Resolved({}, {})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What signed documents are held to beside the registered keys.

    ``audience``: this service's address, as key bindings name it. ``resolve`` finds what a document wants from outside
    and may raise ``NotNow``.
    """

    audience: str = ""
    anchors: TrustAnchors = NO_ANCHORS
    resolve: Callable[[Wanted], Resolved] = _found_nothing


class KeyBook(Mapping[str, KnownKey]):
    """The registered keys by thumbprint, read when first named. A key never changes, so it is read once a process.

    Whether it has been revoked is judged in the writing transaction, never from here.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._keys: dict[str, KnownKey] = {}

    def __getitem__(self, thumbprint: str) -> KnownKey:
        if thumbprint not in self._keys:
            found = self._database.read(find_key, thumbprint)
            if found is None or not found.jwk:  # a DID is no key
                raise KeyError(thumbprint)
            self._keys[thumbprint] = _known(found)
        return self._keys[thumbprint]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


class IdentityBook(Mapping[str, str]):
    """The organizations by the did:web DIDs registered for them, read when first named; revoked ones too.

    A DID is registered once and for one organization. Whether it was revoked is judged in the writing transaction.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._organizations: dict[str, str] = {}

    def __getitem__(self, did: str) -> str:
        if did not in self._organizations:
            found = self._database.read(find_key, did) if did.startswith(DID_WEB) else None
            if found is None:
                raise KeyError(did)
            self._organizations[did] = found.organization
        return self._organizations[did]

    def __iter__(self) -> Iterator[str]:
        return iter(self._organizations)

    def __len__(self) -> int:
        return len(self._organizations)


def _known(stored: StoredKey) -> KnownKey:
    return KnownKey(stored.organization, load_jwk(stored.jwk))


NotTaken = NotYourStatement | NotNow
Kept = Mapping[int, tuple[ValidationDatum, ...]]
# What was found outside for a batch is held in memory up to about this much before it is written.
_HELD_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Registration:
    """What a key registration is held to: this service's address, and which nonces it gave to the organization."""

    audience: str
    nonce_ok: Callable[[str], bool]


class Intake:
    """Takes documents from authenticated organizations."""

    def __init__(
        self,
        database: Database,
        writer: GroupWriter,
        limits: Limits,
        clock: Callable[[], float] = time.time,
        surroundings: Surroundings | None = None,
    ) -> None:
        self._writer = writer
        self._around = surroundings or Surroundings()
        self._limits = limits
        self._clock = clock
        self._keys = KeyBook(database)
        self._identities = IdentityBook(database)

    def submit(self, contents: list[tuple[bytes, Format]], sender: str) -> list[StoredDocument]:
        """Examine and store documents in the order given; one answer each, rejected ones among them.

        Raises ``NotYourStatement`` and ``NotNow`` before anything is stored, ``EngineError`` when the graph is away.
        """
        at = self._clock()
        received = [Received(content, kind, sender, at) for content, kind in contents]
        return self._writer.submit([self._looked_up(r) for r in received])

    def submit_each(self, contents: list[tuple[bytes, Format]], sender: str) -> list[StoredDocument | NotTaken]:
        """As ``submit``, but what cannot be taken is answered for itself and harms no other."""
        at = self._clock()
        answers: list[StoredDocument | NotTaken] = []
        waiting: list[Candidate | NotTaken] = []
        held = 0
        for content, kind in contents:
            waiting.append(taken := self._taken(Received(content, kind, sender, at)))
            held += sum(len(v.content) for v in taken.validation) if isinstance(taken, Candidate) else 0
            if held > _HELD_BYTES:
                answers, waiting, held = answers + self._answers(waiting), [], 0
        return answers + self._answers(waiting)

    def _answers(self, waiting: list[Candidate | NotTaken]) -> list[StoredDocument | NotTaken]:
        stored = iter(self._writer.submit([c for c in waiting if isinstance(c, Candidate)]))
        return [next(stored) if isinstance(c, Candidate) else c for c in waiting]

    def _taken(self, received: Received) -> Candidate | NotTaken:
        try:
            return self._looked_up(received)
        except (NotYourStatement, NotNow) as refused:
            return refused

    def _looked_up(self, received: Received) -> Candidate:
        """Raises ``NotNow``, ``NotYourStatement``."""
        return self._examined_with(received, self._outside(received))

    def _outside(self, received: Received) -> tuple[ValidationDatum, ...]:
        """What was found of what a document wants from outside. Raises ``NotNow``."""
        needed = wanted(received.content, received.format, self._limits)
        return looked_up(self._around.resolve(needed)) if needed else ()

    def _examined_with(self, received: Received, data: tuple[ValidationDatum, ...]) -> Candidate:
        found = examine(received, self.context(received.received_at, data), load_statement)
        if received.format is Format.JSON and _of_another(found):
            raise NotYourStatement("iss must be the organization that hands an unsigned statement in")
        return _candidate(received, found, dict.fromkeys((*data, *found.rests_on)))

    def context(self, at: float, data: Iterable[ValidationDatum]) -> OpenContext:
        """The world that documents are examined in at a moment (seconds since the epoch), with what was found."""
        around = OpenContext(
            keys=self._keys,
            at=at,
            limits=self._limits,
            audience=self._around.audience,
            identities=self._identities,
            anchors=self._around.anchors,
        )
        return surrounded(around, data)

    def replay(self, documents: list[StoredDocument], kept: Kept) -> list[StoredDocument]:
        """Take documents of another graph again, in their order and as of the times at which that one received them.

        A key is registered before what it signed is examined. That a nonce was fresh then cannot be asked again.
        ``kept``: what each document, by ledger index, was examined with; nothing is looked up again.
        """
        stored: list[StoredDocument] = []
        for first, last in _stretches(documents):
            stored += self._writer.submit([self._again(d, kept.get(d.index, ())) for d in documents[first:last]])
        return stored

    def _again(self, document: StoredDocument, data: tuple[ValidationDatum, ...]) -> Candidate:
        received = Received(document.content, document.format, document.sender, document.received_at)
        if document.format is Format.RECORD:
            return self._recorded(received, data)
        if document.format is Format.KEY_REGISTRATION:
            then = Registration(audience_of(document.content, self._limits), lambda _: True)
            return self._registration(received, then, data)
        return self._examined_with(received, data)

    def record(self, content: bytes, sender: str = OPERATOR) -> StoredDocument:
        """Enter a record of the service itself into the ledger: no fact, only that it was said. Twice is once.

        ``sender``: the organization in whose name it stands.
        """
        return self._writer.submit([self._recorded(self._own(content, self._clock(), sender))])[0]

    def change_statuses(
        self, changes: list[tuple[StatusChange, frozenset[str]]], found: Resolved
    ) -> list[StoredDocument]:
        """Enter that the status of documents has changed, each with what of ``found`` under these names says so.

        A document that was revoked or suspended leaves the figures with it; its own verdict stays as it was written.
        """
        at, data = self._clock(), looked_up(found)
        return self._writer.submit(
            [
                self._recorded(self._own(status_record(change), at), tuple(d for d in data if d.name in names))
                for change, names in changes
            ]
        )

    def _own(self, content: bytes, at: float, sender: str = OPERATOR) -> Received:
        return Received(content, Format.RECORD, sender, at)

    def _recorded(self, received: Received, data: tuple[ValidationDatum, ...] = ()) -> Candidate:
        own = [checks.not_applicable(c.name, "a record of the service itself") for c in checks.CHECKS[1:_EXAMINED]]
        results, identity = checks.complete([checks.passed("caps"), *own]), document_id(received.content)
        made = Candidate(received, identity, results, received.sender, identity, record=True)
        try:
            stated = factors_stated(received.content, received.sender, received.received_at)
        except FactorSetInvalid as error:
            fault = Refusal("schema", "is no set of published factors", error.errors)
            return replace(made, checks=checks.complete([checks.passed("caps"), checks.failed(fault)]), record=False)
        told = replace(made, statement=stated, flows_at=booked(stated)) if stated else made
        return replace(told, change=status_change(received.content), validation=data)

    def register_key(self, content: bytes, sender: str, registration: Registration) -> StoredDocument:
        """Take a key, or a did:web, with proof of possession; the registration is a document like any other.

        Raises ``NotNow`` where the DID's document cannot be had at the moment.
        """
        received = Received(content, Format.KEY_REGISTRATION, sender, self._clock())
        return self._writer.submit([self._registration(received, registration, self._outside(received))])[0]

    def _registration(
        self, received: Received, registration: Registration, data: tuple[ValidationDatum, ...]
    ) -> Candidate:
        made = self._registered(received, registration, data)
        return replace(made, validation=data)

    def _registered(
        self, received: Received, registration: Registration, data: tuple[ValidationDatum, ...]
    ) -> Candidate:
        identity = document_id(received.content)
        steps = ("caps", "envelope", "header", "key", "signature", "json", "claims")
        try:
            registered = verify_registration(
                received.content,
                organization=received.sender,
                audience=registration.audience,
                nonce_ok=registration.nonce_ok,
                at=received.received_at,
                limits=self._limits,
                did_documents={d.name: d.content for d in data if d.kind is ValidationKind.DID_DOCUMENT},
            )
        except Refusal as refusal:
            results = checks.complete([checks.failed(refusal)])
            return Candidate(received, identity, results, received.sender, "")
        waived = [checks.not_applicable(s, "a registration has none") for s in ("disclosure", "credential-status")]
        results = checks.complete([*(checks.passed(s) for s in (*steps, "schema", "authority")), *waived])
        key = registered.key
        if registered.did:
            new = NewKey(registered.did, "", received.sender)
        else:
            jwk = json.dumps(dict(key.jwk), sort_keys=True)
            new = NewKey(key.thumbprint, jwk, received.sender, registered.replaces, registered.overlap_until)
        statement_id = f"key {new.thumbprint}"
        return Candidate(
            received, identity, results, received.sender, statement_id, key.thumbprint, True, True, new_key=new
        )


def _stretches(documents: list[StoredDocument]) -> Iterator[tuple[int, int]]:
    """Stretches that may be judged as one group: a registration begins one, and so does a step back in time."""
    first = 0
    for n, document in enumerate(documents):
        back = n > first and document.received_at < documents[n - 1].received_at
        if n > first and (back or document.format is Format.KEY_REGISTRATION or _registers(documents[n - 1])):
            yield first, n
            first = n
    if documents:
        yield first, len(documents)


def _registers(document: StoredDocument) -> bool:
    return document.format is Format.KEY_REGISTRATION


def _of_another(found: Examined) -> bool:
    failed = found.failed
    return failed is not None and failed.name == "claims" and any(e.pointer == "/iss" for e in failed.errors)


def _candidate(received: Received, found: Examined, data: Iterable[ValidationDatum] = ()) -> Candidate:
    """Who speaks is the owner of the key whose signature held, otherwise who handed the document in."""
    statement = found.statement
    return Candidate(
        received=received,
        id=document_id(received.content),
        checks=found.checks,
        issuer=found.issuer or received.sender,
        statement_id=found.claims.id if found.claims else "",
        thumbprint=found.thumbprint if found.signature_valid else "",
        signature_valid=found.signature_valid,
        signer_authorised=found.signer_authorised,
        statement=statement,
        flows_at=booked(statement) if statement else {},
        vouched=found.vouched,
        statuses=found.statuses,
        needs=needs(statement, found.issuer) if statement and found.signature_valid else (),
        validation=tuple(data),
    )
