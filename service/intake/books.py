"""The state that a group of documents is judged by, brought up to date after each accepted one."""

from dataclasses import dataclass, field, replace
from itertools import chain

from graph.model.documents import Finding
from graph.model.intake import FactInForce, IntakeState, KeyState, LoggedDocument
from graph.model.refs import Kind, fact_id
from service.intake.candidate import Candidate

FactKey = tuple[Kind, str, str]


@dataclass(slots=True)
class Change:
    """What one document does to the facts in force.

    ``leaves``: documents that leave the figures because the key that signed them was compromised; ``compromised``: the
    facts that end with them, which are among ``supersedes``.
    """

    anew: list[int] = field(default_factory=list)
    conflicting: list[int] = field(default_factory=list)
    corroborates: list[FactInForce] = field(default_factory=list)
    supersedes: list[FactInForce] = field(default_factory=list)
    leaves: tuple[LoggedDocument, ...] = ()
    compromised: list[FactInForce] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


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
        self.left: set[str] = set()

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
        for fact in change.corroborates:
            self._keep(candidate.id, fact)
        for position in change.anew:
            self._assert(candidate, index, position)
        self._settle_keys(candidate)
        if candidate.thumbprint and not candidate.new_key:
            logged = LoggedDocument(candidate.id, index, candidate.received.received_at)
            self.signed.setdefault(candidate.thumbprint, []).append(logged)

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
        """Documents in force that were signed with a key and logged at or after a moment."""
        return [d for d in self.signed.get(thumbprint, ()) if d.received_at >= since and d.id not in self.left]

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
        fact = FactInForce(
            fact_id(index, position), stated.fact.kind, key, candidate.issuer, stated.digest, (candidate.id,), booked
        )
        self.in_force[(fact.kind, key, candidate.issuer)] = fact
        self.by_name.setdefault((fact.kind, key), set()).add(candidate.issuer)
        self.asserted.setdefault(candidate.id, []).append((fact.kind, key, candidate.issuer))
