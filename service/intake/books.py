"""The state that a group of documents is judged by, brought up to date after each accepted one."""

from dataclasses import dataclass, field, replace
from itertools import chain

from graph.model.documents import Finding
from graph.model.facts import Lot
from graph.model.intake import DelegationInForce, FactInForce, IntakeState, KeyState, LoggedDocument, Resting
from graph.model.refs import Kind, fact_id
from graph.model.standing import Delegation
from service.intake.candidate import Candidate

FactKey = tuple[Kind, str, str]


@dataclass(slots=True)
class Change:
    """What one document does to the facts in force.

    ``leaves``: documents that leave the figures because the key that signed them was compromised, or their issuer
    revoked or suspended them; ``compromised``: the facts that end with them, which are among ``supersedes``.
    """

    anew: list[int] = field(default_factory=list)
    conflicting: list[int] = field(default_factory=list)
    corroborates: list[FactInForce] = field(default_factory=list)
    supersedes: list[FactInForce] = field(default_factory=list)
    leaves: tuple[LoggedDocument, ...] = ()
    compromised: list[FactInForce] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    authority: tuple[DelegationInForce, ...] = ()


class Books:
    """The state that a group is judged by, brought up to date after each accepted document."""

    def __init__(self, state: IntakeState) -> None:
        self.next_index = state.next_index
        self.known = dict(state.known)
        self.replayed = set(state.replayed)
        self.keys = dict(state.keys)
        every = (*state.in_force, *chain.from_iterable(state.asserted.values()))
        self.in_force: dict[FactKey, FactInForce] = {(f.kind, f.key, f.issuer): f for f in every}
        self.by_name: dict[tuple[Kind, str], set[str]] = {}
        for fact in every:
            self.by_name.setdefault((fact.kind, fact.key), set()).add(fact.issuer)
        self.issuers = dict(state.issuers)
        self.asserted = {d: [(f.kind, f.key, f.issuer) for f in facts] for d, facts in state.asserted.items()}
        self.accounts = dict(state.accounts)
        self.touched: set[str] = set()
        self.signed = {thumbprint: list(logged) for thumbprint, logged in state.signed.items()}
        self.left = set[str]()
        self.logged = dict(state.logged)
        self.delegations = {d.fid: d for d in state.delegations}
        self.resting = {thumbprint: list(found) for thumbprint, found in state.resting.items()}
        self.lot_products = dict(state.lot_products)

    def others(self, key: FactKey) -> list[FactInForce]:
        """The same thing as stated by somebody else."""
        issuers = sorted(self.by_name.get(key[:2], set()) - {key[2]})
        return [f for issuer in issuers if (f := self.in_force.get((*key[:2], issuer)))]

    def apply(self, candidate: Candidate, index: int, change: Change, booked: dict[str, tuple[float, float]]) -> None:
        """Let an accepted document take effect on what the next ones are judged by."""
        self.replayed.add(candidate.replay)
        self.accounts |= booked
        self.touched |= booked.keys()
        self.issuers[candidate.id] = candidate.issuer
        for gone in (*candidate.withdraws(), *(d.id for d in change.leaves)):
            self._forget(gone)
            self.left.add(gone)
        for fact in change.supersedes:
            self.in_force.pop((fact.kind, fact.key, fact.issuer), None)
            self.delegations.pop(fact.fid, None)
            if fact.kind is Kind.LOT:
                self.lot_products.pop(fact.key, None)
        for fact in change.corroborates:
            self._keep(candidate.id, fact)
        for position in change.anew:
            self._assert(candidate, index, position)
        self._settle_keys(candidate)
        logged = self.logged[candidate.id] = LoggedDocument(candidate.id, index, candidate.received.received_at)
        if candidate.thumbprint and not candidate.new_key:
            self.signed.setdefault(candidate.speaks_by, []).append(logged)
            for given in change.authority:
                self.resting.setdefault(given.signed_with, []).append(Resting(given.logged_at, logged))

    def _settle_keys(self, candidate: Candidate) -> None:
        """Keys that the document revokes, registers or replaces."""
        for thumbprint in candidate.revokes():
            self.keys[thumbprint] = replace(self.keys[thumbprint], revoked=True)
        new = candidate.new_key
        if new is None:
            return
        self.keys[new.thumbprint] = KeyState(new.organization, revoked=False)
        if new.replaces:
            old = self.keys[new.replaces]
            self.keys[new.replaces] = replace(old, retires=min(old.retires, new.overlap_until))

    def signed_since(self, thumbprint: str, since: float) -> list[LoggedDocument]:
        """Documents in force that were signed with a key and logged at or after a moment.

        Those of others are among them that rest on a delegation so signed and logged.
        """
        own = [d for d in self.signed.get(thumbprint, ()) if d.received_at >= since]
        resting = [r.document for r in self.resting.get(thumbprint, ()) if r.delegated_at >= since]
        return [d for d in (*own, *resting) if d.id not in self.left]

    def delegated_to(self, organization: str) -> list[DelegationInForce]:
        """The delegations in force to an organization."""
        return [d for d in self.delegations.values() if d.delegate == organization]

    def said_by(self, document: str) -> list[FactInForce]:
        """The facts in force that a document says."""
        return [
            f for key in self.asserted.get(document, ()) if (f := self.in_force.get(key)) and document in f.documents
        ]

    def _forget(self, document: str) -> None:
        """A document that was withdrawn says nothing any more."""
        for fact in self.said_by(document):
            left = tuple(d for d in fact.documents if d != document)
            self.in_force[(fact.kind, fact.key, fact.issuer)] = replace(fact, documents=left)

    def _keep(self, document: str, fact: FactInForce) -> None:
        """One more document says it, where a withdrawal beside it has not ended it."""
        key = (fact.kind, fact.key, fact.issuer)
        if known := self.in_force.get(key):
            self.in_force[key] = replace(known, documents=tuple(sorted((*known.documents, document))))
            self.asserted.setdefault(document, []).append(key)

    def _assert(self, candidate: Candidate, index: int, position: int) -> None:
        assert candidate.statement is not None
        stated = candidate.statement.facts[position]
        booked = tuple((f.account, f.credit, f.debit) for f in candidate.flows_at[position])
        key = stated.fact.ref.key
        if isinstance(stated.fact, Delegation):
            self.delegations[fact_id(index, position)] = _in_force(stated.fact, fact_id(index, position), candidate)
        elif isinstance(stated.fact, Lot):
            self.lot_products[key] = stated.fact.product.key
        fact = FactInForce(
            fact_id(index, position), stated.fact.kind, key, candidate.issuer, stated.digest, (candidate.id,), booked
        )
        self.in_force[(fact.kind, key, candidate.issuer)] = fact
        self.by_name.setdefault((fact.kind, key), set()).add(candidate.issuer)
        self.asserted.setdefault(candidate.id, []).append((fact.kind, key, candidate.issuer))


def _in_force(fact: Delegation, fid: int, candidate: Candidate) -> DelegationInForce:
    return DelegationInForce(
        fid=fid,
        issuer=candidate.issuer,
        delegate=fact.delegate,
        key=fact.key,
        kinds=tuple(k.value for k in fact.kinds),
        about_kind=fact.about_kind,
        about=fact.about.key if fact.about else "",
        start=fact.start,
        end=fact.end,
        document=candidate.id,
        signed_with=candidate.speaks_by,
        logged_at=candidate.received.received_at,
    )
