"""Making a receipt: the documents that the asker may read, their proofs, and one aggregate where others stand above."""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from graph.errors import GreenchainError
from graph.model.documents import Received, StoredDocument
from graph.rollup.figure import Figure
from graph.rollup.partial import Part, conceal
from graph.store.database import Database
from graph.store.documents import contents_at
from graph.store.keys import find_keys
from schemas.documents import moment
from schemas.fields import Time
from schemas.receipts import Exhibit, Receipt, Subject
from schemas.statement import load_statement
from service.auth.roles import Permission, Viewer
from service.chain import Chain, World
from service.figures import Ask
from service.intake.submit import Intake
from service.ledger.entry import Scribe
from service.ledger.log import Log, Signed
from service.receipts.commitment import record_of, salt_of
from service.receipts.figures import Said, chain_of, figure_of, numbers_of, unit_of
from service.receipts.selection import around, positions
from service.trust.envelopes.base import OpenContext
from service.trust.keys import KnownKey, load_jwk
from service.trust.limits import Limits
from service.trust.verify import examine

_CLOSE = 1e-9


class ReceiptFailed(GreenchainError):
    """The receipt does not lead to the figure it is of: a fault of this program, so no receipt is given."""


@dataclass(frozen=True, slots=True)
class Receipts:
    """Gives receipts. ``secret``: what salts are derived from."""

    database: Database
    chain: Chain
    intake: Intake
    log: Log
    scribe: Scribe
    limits: Limits
    secret: bytes

    def give(self, ask: Ask, world: World, subject: Subject) -> Receipt:
        """The receipt of a figure that the viewer may see.

        Raises ``LotUnknown``, ``CycleFound``, ``EngineError``, ``ReceiptFailed``.
        """
        whole = figure_of(world.snapshot, world.rolled, subject)
        said = self._said(ask.viewer, world, whole)
        seen = chain_of(said, world.snapshot.as_of, world.snapshot.policy)
        made, parts = conceal(world.snapshot, world.rolled, seen)
        if subject.key not in seen.lots and subject.kind == "lot":
            raise ReceiptFailed("no document that you may read names it")
        figure = figure_of(seen, made, subject)
        _compare(figure, whole)
        return self._written(subject, figure, said, parts)

    def _said(self, viewer: Viewer, world: World, whole: Figure) -> list[Said]:
        """The documents behind a figure that the viewer may read, examined as its reader will examine them."""
        at = world.snapshot.as_of
        first = self._readable(viewer, whole.documents)
        more = around(world.tables, [d.index for d in first], at) - set(whole.documents)
        documents = [*first, *self._readable(viewer, more)]
        keys = self._keys(documents)
        places = positions(world.tables, [d.index for d in documents], at)
        context = OpenContext({t: known for t, (known, _) in keys.items()}, 0.0, self.limits)
        examined = (self._examined(d, places.get(d.index, ()), context) for d in documents)
        return [said for said in examined if said is not None]

    def _readable(self, viewer: Viewer, indexes: Collection[int]) -> list[StoredDocument]:
        sees = self.chain.sight(viewer)
        found = self.database.read(contents_at, sorted(indexes))
        evidence = viewer.may(Permission.READ_EVIDENCE)
        return [d for d in found if sees.own(d) or (evidence and sees.bytes_of(d))]

    def _keys(self, documents: Iterable[StoredDocument]) -> dict[str, tuple[KnownKey, int]]:
        """The keys that signed, by thumbprint, each with the ledger index of its registration."""
        thumbprints = sorted({d.key_thumbprint for d in documents if d.key_thumbprint})
        found = self.database.read(find_keys, thumbprints)
        return {k.thumbprint: (KnownKey(k.organization, load_jwk(k.jwk)), k.registered) for k in found}

    def _examined(self, document: StoredDocument, places: tuple[int, ...], context: OpenContext) -> Said | None:
        """None for what a reader without a network cannot examine: it counts among the hidden."""
        at = float(Time().deserialize(moment(document.received_at)))
        received = Received(document.content, document.format, document.issuer, at)
        found = examine(received, replace(context, at=at), load_statement)
        if found.statement is None:
            return None
        exhibit = self._exhibit(document, places)
        signed = bool(found.signature_valid and found.signer_authorised)
        return Said(exhibit, document.id, document.issuer, found.statement, signed)

    def _exhibit(self, document: StoredDocument, places: tuple[int, ...] = ()) -> Exhibit:
        return Exhibit(
            content=document.content,
            format=document.format.value,
            issuer=document.issuer,
            issuer_salt=self.scribe.issuer(document.id, document.issuer).salt,
            index=document.index,
            leaf=b"",
            path=(),
            in_force=places,
        )

    def _written(self, subject: Subject, figure: Figure, said: list[Said], parts: tuple[Part, ...]) -> Receipt:
        """The service commits itself in the ledger first; proofs are under a head that holds the commitment too."""
        exhibits = [*self._registrations(said), *(s.exhibit for s in said)]
        draft = Receipt(
            subject=subject,
            policy=figure.policy.partition("/")[0],
            policy_version=figure.policy,
            as_of=figure.as_of,
            unit=unit_of(figure),
            basis=figure.basis.label,
            lower_bound=figure.lower_bound,
            numbers=numbers_of(figure),
            exhibits=tuple(exhibits),
            aggregates=parts,
        )
        draft = replace(draft, salt=salt_of(draft, self.secret))
        record = record_of(draft, draft.salt)
        entered = self.intake.record(record)
        signed = self.log.checkpoint()
        commitment = self._exhibit(replace(entered, content=record))
        *proven, commitment = self._proven([*exhibits, commitment], signed)
        return replace(draft, exhibits=tuple(proven), commitment=commitment, checkpoint=signed.note)

    def _registrations(self, said: list[Said]) -> list[Exhibit]:
        documents = self.database.read(contents_at, sorted({s.exhibit.index for s in said}))
        indexes = {index for _, index in self._keys(documents).values()}
        return [self._exhibit(d) for d in self.database.read(contents_at, sorted(indexes))]

    def _proven(self, exhibits: list[Exhibit], signed: Signed) -> list[Exhibit]:
        proofs = self.log.proofs_at([e.index for e in exhibits], signed)
        return [replace(e, leaf=p.leaf, path=p.path) for e, p in zip(exhibits, proofs, strict=True)]


def _compare(figure: Figure, whole: Figure) -> None:
    """What the receipt leads to must be what was answered, but for the rounding of another order of sums."""
    pairs = zip(numbers_of(figure).values(), numbers_of(whole).values(), strict=True)
    if not all(_close(a, b) for a, b in pairs) or figure.lower_bound != whole.lower_bound:
        raise ReceiptFailed("the documents of the receipt do not lead to the figure")


def _close(left: float | None, right: float | None) -> bool:
    if left is None or right is None:
        return left is right
    return math.isclose(left, right, rel_tol=_CLOSE, abs_tol=_CLOSE)
