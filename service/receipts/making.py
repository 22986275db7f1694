"""Making a receipt: the documents that the asker may read, their proofs, and one aggregate where others stand above."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from graph.errors import GreenchainError
from graph.model.documents import Format, Received, StoredDocument
from graph.model.refs import asserted_at
from graph.rollup import figure as rollup
from graph.rollup.figure import Figure
from graph.rollup.partial import Part, conceal
from graph.rollup.policy import factors_version
from graph.store.database import Database
from graph.store.documents import contents_at, find_document
from graph.store.keys import StoredKey, find_keys
from graph.store.standing import authority_of
from graph.store.validation import validation_of
from schemas.documents import moment
from schemas.fields import Time
from schemas.receipts import Account, Datum, Exhibit, Receipt, Subject
from schemas.statement import load_statement
from service.auth.roles import Permission, Viewer
from service.chain import Chain, World
from service.figures import Ask
from service.intake.candidate import document_id
from service.intake.records import factors_stated
from service.intake.submit import Intake, Kept
from service.ledger.entry import Scribe, validated
from service.ledger.log import Log
from service.ledger.note import Signed
from service.receipts.allowance import Allowance
from service.receipts.commitment import record_of, salt_of
from service.receipts.figures import Said, chain_of, content_of, figure_of, indicators_of, numbers_of, unit_of
from service.receipts.registered import Registered, last_used
from service.receipts.selection import around, assuring, last_change, last_moment, positions, published
from service.trust.envelopes.base import OpenContext
from service.trust.limits import Limits
from service.trust.validation import surrounded
from service.trust.verify import examine

_CLOSE = 1e-9

_Numbers = Mapping[str, float | None]
_Places = Mapping[int, tuple[int, ...]]


class ReceiptFailed(GreenchainError):
    """The receipt does not lead to the figure it is of: a fault of this program, so no receipt is given."""


@dataclass(frozen=True, slots=True)
class _Evidence:
    """The documents of a receipt as examined, what each was examined with, by ledger index, and the registrations."""

    said: list[Said]
    kept: Kept
    registrations: list[StoredDocument]


@dataclass(frozen=True, slots=True)
class _Result:
    """What a receipt is about, as it comes out of its documents and aggregates."""

    subject: Subject
    figure: Figure
    content: dict[str, float | None] | None
    indicators: dict[str, Account] | None
    assurance: str | None
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Receipts:
    """Gives receipts. ``secret``: what salts are derived from; ``audience``: this service's address."""

    database: Database
    chain: Chain
    intake: Intake
    log: Log
    scribe: Scribe
    limits: Limits
    secret: bytes
    audience: str
    allowance: Allowance

    def settled(self, ask: Ask) -> Ask:
        """The same question as of the last entry that could change its answer.

        So a figure that nothing has changed has one receipt, which is committed to once. Raises ``EngineError``.
        """
        tables = self.chain.tables()
        at = tables.head if ask.as_of is None else ask.as_of
        return replace(ask, as_of=last_change(tables, at)) if -1 <= at <= tables.head else ask

    def give(self, ask: Ask, world: World, subject: Subject) -> Receipt:
        """The receipt of a figure that the viewer may see, with the content where it is of a lot.

        ``world`` is as of where ``settled`` put the question. Raises ``LotUnknown``, ``CycleFound``, ``EngineError``,
        ``ReceiptFailed``, ``TooManyReceipts``.
        """
        whole = figure_of(world.snapshot, world.rolled, subject)
        evidence = self._evidence(ask.viewer, world, _behind(world, whole, subject))
        at, policy = world.snapshot.as_of, world.snapshot.policy
        seen = chain_of(evidence.said, at, policy, last_moment(world.tables, at))
        made, parts = conceal(world.snapshot, world.rolled, seen)
        if subject.key not in seen.lots and subject.kind == "lot":
            raise ReceiptFailed("no document that you may read names it")
        figure, shares = figure_of(seen, made, subject), content_of(seen, made, subject)
        _compare(numbers_of(figure), numbers_of(whole))
        _compare(shares or {}, content_of(world.snapshot, world.rolled, subject) or {})
        if figure.lower_bound != whole.lower_bound:
            raise ReceiptFailed("the documents of the receipt do not lead to the figure")
        told = _told(indicators_of(seen, made, subject), indicators_of(world.snapshot, world.rolled, subject))
        result = _Result(subject, figure, shares, told, whole.assurance, parts)
        return self._written(self._draft(world, result, evidence), ask.viewer)

    def _evidence(self, viewer: Viewer, world: World, behind: Collection[int]) -> _Evidence:
        """The documents behind a figure that the viewer may read, examined as its reader will examine them."""
        at = world.snapshot.as_of
        behind = published(world.tables, behind, at).union(behind)
        documents = self._readable(viewer, behind)
        read = [d.index for d in documents]
        more = around(world.tables, read, at) | assuring(world.tables, read, at) | self._authority(read)
        documents += self._readable(viewer, more - set(behind))
        indexes = [d.index for d in documents]
        places, kept = positions(world.tables, indexes, at), self.database.read(validation_of, indexes)
        keys = self._keys(documents, kept)
        registrations = self.database.read(contents_at, [k.registered for k in keys])
        kept = {**kept, **self.database.read(validation_of, [k.registered for k in keys])}
        return _Evidence(self._said(documents, places, kept, keys), kept, registrations)

    def _said(self, documents: list[StoredDocument], places: _Places, kept: Kept, keys: list[StoredKey]) -> list[Said]:
        """In the order of the log, as its reader goes: each by what was registered before it."""
        known, examined = Registered(), dict[int, Said | None]()
        context = OpenContext(known.keys, 0.0, self.limits, self.audience, known.identities)
        for document in sorted(documents, key=lambda d: d.index):
            known.up_to(document.index, keys)
            examined[document.index] = self._examined(document, places.get(document.index, ()), kept, context)
        return [said for d in documents if (said := examined[d.index]) is not None]

    def _authority(self, documents: list[int]) -> frozenset[int]:
        """Ledger indexes of the delegations that these documents speak by."""
        return frozenset(map(asserted_at, self.database.read(authority_of, documents)))

    def _readable(self, viewer: Viewer, indexes: Collection[int]) -> list[StoredDocument]:
        sees = self.chain.sight(viewer)
        found = self.database.read(contents_at, sorted(indexes))
        evidence = viewer.may(Permission.READ_EVIDENCE)
        return [d for d in found if sees.own(d) or sees.public(d) or (evidence and sees.bytes_of(d))]

    def _keys(self, documents: list[StoredDocument], kept: Kept) -> list[StoredKey]:
        """The keys and DIDs that the documents were signed by, as far as they were registered then, in that order."""
        used = last_used(documents, kept)
        found = self.database.read(find_keys, sorted(used))
        return sorted((k for k in found if k.registered < used[k.thumbprint]), key=lambda k: k.registered)

    def _examined(
        self, document: StoredDocument, places: tuple[int, ...], kept: Kept, context: OpenContext
    ) -> Said | None:
        """None for what cannot be examined again, as what it was examined with was not kept: it counts as hidden."""
        at = float(Time().deserialize(moment(document.received_at)))
        if document.format is Format.RECORD:
            stated = factors_stated(document.content, document.issuer, at)
            exhibit = self._exhibit(document, places, kept)
            return Said(exhibit, document.id, document.issuer, stated, signed=False) if stated else None
        received = Received(document.content, document.format, document.issuer, at)
        world = surrounded(replace(context, at=at), kept.get(document.index, ()))
        found = examine(received, world, load_statement)
        if found.statement is None:
            return None
        exhibit = self._exhibit(document, places, kept)
        signed = bool(found.signature_valid and found.signer_authorised)
        return Said(exhibit, document.id, document.issuer, found.statement, signed)

    def _exhibit(self, document: StoredDocument, places: tuple[int, ...] = (), kept: Kept | None = None) -> Exhibit:
        data = (kept or {}).get(document.index, ())
        return Exhibit(
            content=document.content,
            format=document.format.value,
            issuer=document.issuer,
            issuer_salt=self.scribe.issuer(document.id, document.issuer).salt,
            index=document.index,
            leaf=b"",
            path=(),
            in_force=places,
            validation=tuple(Datum(*each) for each in validated(data)),
            validation_salt=self.scribe.validation(document.id, data).salt if data else "",
        )

    def _written(self, draft: Receipt, viewer: Viewer) -> Receipt:
        """The service commits itself in the ledger first; proofs are under a head that holds the commitment too."""
        draft = replace(draft, salt=salt_of(draft, self.secret))
        record = record_of(draft, draft.salt)
        entered = self._entered(record, viewer)
        signed = self.log.shown(entered.index + 1)
        commitment = self._exhibit(replace(entered, content=record))
        *proven, commitment = self._proven([*draft.exhibits, commitment], signed)
        return replace(draft, exhibits=tuple(proven), commitment=commitment, checkpoint=signed.note)

    def _entered(self, record: bytes, viewer: Viewer) -> StoredDocument:
        """The record in the ledger: the same account of the same figure stands there once."""
        found = self.database.read(find_document, document_id(record))
        if found is None:
            self.allowance.take(viewer.principal)
            found = self.intake.record(record)
        return found

    def _draft(self, world: World, found: _Result, evidence: _Evidence) -> Receipt:
        figure, said = found.figure, evidence.said
        registrations = (self._exhibit(d, (), evidence.kept) for d in evidence.registrations)
        exhibits = (*registrations, *(s.exhibit for s in said))
        data = {d.digest: d.content for e in exhibits for d in evidence.kept.get(e.index, ())}
        return Receipt(
            subject=found.subject,
            policy=figure.policy.partition("/")[0],
            policy_version=figure.policy,
            as_of=figure.as_of,
            unit=unit_of(figure),
            basis=figure.basis.label,
            lower_bound=figure.lower_bound,
            numbers=numbers_of(figure),
            exhibits=exhibits,
            aggregates=found.parts,
            content=found.content,
            indicators=found.indicators,
            assurance=found.assurance,
            moment=last_moment(world.tables, figure.as_of),
            recognised=tuple(sorted(world.snapshot.policy.recognised)),
            gwp=world.snapshot.policy.gwp,
            factors=factors_version(),
            audience=self.audience,
            validation_data=tuple(data[digest] for digest in sorted(data)),
        )

    def _proven(self, exhibits: list[Exhibit], signed: Signed) -> list[Exhibit]:
        proofs = self.log.proofs_at([e.index for e in exhibits], signed)
        return [replace(e, leaf=p.leaf, path=p.path) for e, p in zip(exhibits, proofs, strict=True)]


def _behind(world: World, whole: Figure, subject: Subject) -> frozenset[int]:
    """Ledger indexes of the documents behind the figure, and of a lot behind its content."""
    if subject.kind != "lot":
        return frozenset(whole.documents)
    return frozenset((*whole.documents, *rollup.content(world.snapshot, world.rolled, subject.key).documents))


def _compare(made: _Numbers, whole: _Numbers) -> None:
    """What the receipt leads to must be what was answered, but for the rounding of another order of sums."""
    if not all(_close(number, whole[name]) for name, number in made.items()):
        raise ReceiptFailed("the documents of the receipt do not lead to the figure")


def _told(made: dict[str, Account] | None, whole: dict[str, Account] | None) -> dict[str, Account] | None:
    """Each group as the documents of the receipt give it where that is what was answered; else as it was answered."""
    if made is None or whole is None:
        return None
    return {g: made[g] if _alike(made[g], told) else replace(told, shown=False) for g, told in whole.items()}


def _alike(made: Account, whole: Account) -> bool:
    same = (made.unit, made.basis, made.lower_bound) == (whole.unit, whole.basis, whole.lower_bound)
    return same and all(_close(number, whole.values[name]) for name, number in made.values.items())


def _close(left: float | None, right: float | None) -> bool:
    if left is None or right is None:
        return left is right
    return math.isclose(left, right, rel_tol=_CLOSE, abs_tol=_CLOSE)
