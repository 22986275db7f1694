"""A document that has been examined (checks 1 to 11) and waits for its turn in the ledger (checks 12 to 16)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from graph.model.documents import CheckResult, Received, ValidationDatum
from graph.model.facts import Statement, Withdrawal
from graph.model.flows import Flow, flows
from graph.model.intake import IntakeQuestion, NamedStatus, NewKey, StatusChange
from graph.model.refs import Kind
from graph.model.standing import KeyRevocation
from service.trust.authority import Need


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is known of a document before the graph is asked. ``statement`` is None where a check has failed already.

    ``record``: the service's own, which states no fact; ``change``: what it changes of another document's status.
    ``validation``: what it was examined with.
    """

    received: Received
    id: str
    checks: tuple[CheckResult, ...]
    issuer: str
    statement_id: str
    thumbprint: str = ""
    signature_valid: bool | None = None
    signer_authorised: bool | None = None
    statement: Statement | None = None
    new_key: NewKey | None = None
    vouched: str = ""
    record: bool = False
    flows_at: Mapping[int, tuple[Flow, ...]] = field(default_factory=dict)
    needs: tuple[Need, ...] = ()
    statuses: tuple[NamedStatus, ...] = ()
    change: StatusChange | None = None
    validation: tuple[ValidationDatum, ...] = ()

    @property
    def sound(self) -> bool:
        """No check has failed so far."""
        return self.record or self.statement is not None or self.new_key is not None

    @property
    def speaks_by(self) -> str:
        """The registered name of what signed: the key's thumbprint, or the DID that vouches for the key."""
        return self.vouched if self.vouched.startswith("did:") else self.thumbprint

    @property
    def replay(self) -> str:
        """Issuer and the issuer's own id of the statement: no second document may bear them."""
        return f"{self.issuer}|{self.statement_id}"

    def revokes(self) -> tuple[str, ...]:
        """Thumbprints of the keys that the statement revokes."""
        facts = self.statement.facts if self.statement else ()
        return tuple(s.fact.thumbprint for s in facts if isinstance(s.fact, KeyRevocation))

    def withdraws(self) -> tuple[str, ...]:
        """Ids of the documents that the statement takes back."""
        facts = self.statement.facts if self.statement else ()
        return tuple(s.fact.document for s in facts if isinstance(s.fact, Withdrawal))


def _compromised(candidates: list[Candidate]) -> dict[str, float]:
    """Keys that are called compromised, with the earliest moment that is named for each."""
    found: dict[str, float] = {}
    for candidate in candidates:
        for stated in candidate.statement.facts if candidate.statement else ():
            fact = stated.fact
            if isinstance(fact, KeyRevocation) and fact.since is not None:
                found[fact.thumbprint] = min(fact.since, found.get(fact.thumbprint, fact.since))
    return dict(sorted(found.items()))


def booked(statement: Statement) -> dict[int, tuple[Flow, ...]]:
    """What each fact of a statement would book, by its position."""
    return {s.position: flows(s.fact, statement.issuer, f"/facts/{s.position}") for s in statement.facts}


def document_id(content: bytes) -> str:
    """A document's id: the SHA-256 of its bytes as they came, in hex."""
    return hashlib.sha256(content).hexdigest()


def question(candidates: list[Candidate]) -> IntakeQuestion:
    """Everything that judging these candidates needs from the graph but the books of facts yet to be superseded."""
    sound = [c for c in candidates if c.sound]
    facts: dict[Kind, set[str]] = {}
    for candidate in sound:
        for stated in candidate.statement.facts if candidate.statement else ():
            facts.setdefault(stated.fact.kind, set()).add(stated.fact.ref.key)
    thumbprints = {c.thumbprint for c in sound if c.thumbprint} | {t for c in sound for t in c.revokes()}
    thumbprints |= {c.speaks_by for c in sound if c.vouched} | {c.new_key.thumbprint for c in sound if c.new_key}
    thumbprints |= {c.new_key.replaces for c in sound if c.new_key and c.new_key.replaces}
    return IntakeQuestion(
        documents=tuple(sorted({c.id for c in candidates})),
        replays=tuple(sorted({c.replay for c in sound})),
        thumbprints=tuple(sorted(thumbprints)),
        facts={kind: tuple(sorted(keys)) for kind, keys in sorted(facts.items())},
        withdrawn=tuple(sorted({w for c in sound for w in c.withdraws()})),
        accounts=tuple(sorted({f.account for c in sound for booked_at in c.flows_at.values() for f in booked_at})),
        compromised=_compromised(sound),
        delegations=tuple(sorted({(n.owner, c.issuer) for c in sound for n in c.needs})),
        lots=tuple(sorted({n.lot for c in sound for n in c.needs if n.lot})),
        changed=tuple(sorted({c.change.document for c in sound if c.change})),
    )
