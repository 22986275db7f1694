"""Checks 12 to 16 on a group of candidates, in order, against one state of the graph. Pure: the state is an argument.

Each accepted document changes the books that the next one is judged by, so the group's verdicts are those that the
documents would have got one by one.
"""

from dataclasses import dataclass, field, replace
from itertools import chain

from graph.model.documents import CheckResult, FieldError, Finding, Outcome, StoredDocument, Verdict
from graph.model.facts import KeyRevocation, Stated, Transfer, Withdrawal
from graph.model.intake import Admission, FactInForce, IntakeState, KeyState
from graph.model.refs import Kind, fact_id
from service.intake.candidate import Candidate
from service.trust import checks, plausibility
from service.trust.balances import overdrawn
from service.trust.checks import Refusal

FactKey = tuple[Kind, str, str]


@dataclass(slots=True)
class Judged:
    """The outcome for a group: an answer a candidate (in order), what is to be written, and the books afterwards."""

    answers: list[StoredDocument] = field(default_factory=list)
    admissions: list[Admission] = field(default_factory=list)
    accounts: dict[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(slots=True)
class _Change:
    """What one document does to the facts in force."""

    anew: list[int] = field(default_factory=list)
    conflicting: list[int] = field(default_factory=list)
    corroborates: list[FactInForce] = field(default_factory=list)
    supersedes: list[FactInForce] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


class _Books:
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

    def others(self, key: FactKey) -> list[FactInForce]:
        """The same thing as stated by somebody else."""
        issuers = sorted(self.by_name.get(key[:2], set()) - {key[2]})
        return [f for issuer in issuers if (f := self.in_force.get((*key[:2], issuer)))]

    def apply(self, candidate: Candidate, index: int, change: _Change, booked: dict[str, tuple[float, float]]) -> None:
        """Let an accepted document take effect on what the next ones are judged by."""
        self.replayed.add(candidate.replay)
        self.accounts |= booked
        self.touched |= booked.keys()
        self.issuers[candidate.id] = candidate.issuer
        for withdrawn in candidate.withdraws():
            self._forget(withdrawn)
        for fact in change.supersedes:
            self.in_force.pop((fact.kind, fact.key, fact.issuer), None)
        for fact in change.corroborates:
            self._keep(candidate.id, fact)
        for position in change.anew:
            self._assert(candidate, index, position)
        for thumbprint in candidate.revokes():
            self.keys[thumbprint] = KeyState(self.keys[thumbprint].organization, revoked=True)
        if candidate.new_key:
            self.keys[candidate.new_key.thumbprint] = KeyState(candidate.new_key.organization, revoked=False)

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


def judge(candidates: list[Candidate], state: IntakeState) -> Judged:
    """Verdicts for a group of examined documents; the same bytes again get the answer they got before."""
    books, judged = _Books(state), Judged()
    for candidate in candidates:
        known = books.known.get(candidate.id)
        if known is None:
            admission = _admit(candidate, books)
            judged.admissions.append(admission)
            known = answer(admission)
            books.known[candidate.id] = known
        judged.answers.append(known)
    judged.accounts = {key: books.accounts[key] for key in books.touched}
    return judged


def answer(admission: Admission) -> StoredDocument:
    """A judged document as readers will find it."""
    return StoredDocument(
        id=admission.id,
        index=admission.index,
        format=admission.format,
        sender=admission.sender,
        issuer=admission.issuer,
        statement_id=admission.statement_id,
        received_at=admission.received_at,
        verdict=admission.verdict,
        key_thumbprint=admission.thumbprint,
        size=len(admission.content),
    )


def _admit(candidate: Candidate, books: _Books) -> Admission:
    index = books.next_index
    books.next_index += 1
    results: list[CheckResult] = []
    change = _Change()
    try:
        if candidate.sound:
            change, booked = _later_checks(candidate, books, results)
            results.append(checks.passed("store"))
            books.apply(candidate, index, change, booked)
    except Refusal as refusal:
        results.append(checks.failed(refusal))
        change = _Change()
    return _admission(candidate, index, results, change, candidate.thumbprint in books.keys)


def _admission(
    candidate: Candidate, index: int, results: list[CheckResult], change: _Change, registered: bool
) -> Admission:
    every = checks.complete(results, candidate.checks)
    accepted = bool(results) and results[-1] == checks.passed("store")
    key_state = next(r.outcome for r in every if r.name == "key-state")
    judged = key_state in (Outcome.PASSED, Outcome.FAILED)
    key_in_force = key_state is Outcome.PASSED if candidate.thumbprint and judged else None
    return Admission(
        id=candidate.id,
        index=index,
        format=candidate.received.format,
        sender=candidate.received.sender,
        issuer=candidate.issuer,
        statement_id=candidate.statement_id,
        received_at=candidate.received.received_at,
        content=candidate.received.content,
        verdict=Verdict(
            accepted,
            every,
            candidate.signature_valid,
            candidate.signer_authorised,
            key_in_force,
            tuple(change.findings),
        ),
        thumbprint=candidate.thumbprint,
        key_registered=registered,
        statement=candidate.statement,
        asserts_anew=tuple(change.anew),
        conflicting=tuple(change.conflicting),
        corroborates=tuple(change.corroborates),
        supersedes=tuple(change.supersedes),
        revokes=candidate.revokes() if accepted else (),
        withdraws=candidate.withdraws() if accepted else (),
        new_key=candidate.new_key if accepted else None,
    )


def _later_checks(
    candidate: Candidate, books: _Books, results: list[CheckResult]
) -> tuple[_Change, dict[str, tuple[float, float]]]:
    """Checks 12 to 15. Raises ``Refusal``; what passed before stands in ``results``."""
    results.append(_key_state(candidate, books))
    findings = _plausible(candidate)
    results.append(checks.passed("plausibility"))
    change = _history(candidate, books)
    change.findings = [*findings, *change.findings]
    results.append(checks.passed("replay"))
    booked = _balance(candidate, books, change)
    results.append(checks.passed("balances"))
    return change, booked


def _key_state(candidate: Candidate, books: _Books) -> CheckResult:
    """Check 12: the key at the moment of logging, whatever it was when the document was signed."""
    if candidate.new_key:
        if candidate.new_key.thumbprint in books.keys:
            raise Refusal("key-state", "this key is registered already", (FieldError("/jwk", "is registered already"),))
        return checks.passed("key-state")
    if not candidate.thumbprint:
        return checks.not_applicable("key-state", "the document is not signed")
    known = books.keys.get(candidate.thumbprint)
    if known is None and candidate.vouched:
        # Nothing but what vouches for the key (a certificate, a DID document) knows its state: it was asked before.
        return checks.passed("key-state", f"the key is not registered: {candidate.vouched} vouches for it")
    if known is None or known.revoked:
        raise Refusal("key-state", "the key was revoked before this document was logged")
    return checks.passed("key-state")


def _plausible(candidate: Candidate) -> tuple[Finding, ...]:
    """Check 13."""
    if candidate.statement is None:
        return ()
    found = plausibility.check(candidate.statement, candidate.received.received_at)
    if found.errors:
        raise Refusal("plausibility", f"{found.errors[0].pointer} {found.errors[0].detail}", found.errors)
    return found.findings


def _history(candidate: Candidate, books: _Books) -> _Change:
    """Check 14: the statement's id is new; what it supersedes, withdraws or revokes is its issuer's and in force."""
    if candidate.replay in books.replayed:
        raise Refusal(
            "replay", "this issuer has used this jti for other bytes", (FieldError("/jti", "was used before"),)
        )
    change = _Change()
    facts = candidate.statement.facts if candidate.statement else ()
    for stated in facts:
        if isinstance(stated.fact, Withdrawal):
            change.supersedes.extend(_withdrawn(stated, candidate, books))
    ended = {f.fid for f in change.supersedes}
    for stated in facts:
        _place(stated, candidate, books, change, ended)
    again = {f.fid for f in change.corroborates}
    change.supersedes = [f for f in {f.fid: f for f in change.supersedes}.values() if f.fid not in again]
    _check_revocations(candidate, books)
    return change


def _place(stated: Stated, candidate: Candidate, books: _Books, change: _Change, ended: set[int]) -> None:
    """Where a fact goes. ``ended``: what the same document withdraws, which may be said again or anew beside that."""
    key: FactKey = (stated.fact.kind, stated.fact.ref.key, candidate.issuer)
    existing = books.in_force.get(key)
    if stated.supersedes and (existing is None or stated.supersedes not in existing.documents):
        pointer = f"/facts/{stated.position}/supersedes"
        raise Refusal(
            "replay",
            "supersedes nothing in force",
            (FieldError(pointer, "is no document whose statement of this is in force"),),
        )
    if existing is None or stated.supersedes:
        change.anew.append(stated.position)
        change.supersedes.extend([existing] if existing else [])
    elif existing.digest == stated.digest:
        change.corroborates.append(existing)
    elif existing.fid in ended:
        change.anew.append(stated.position)
    else:
        change.conflicting.append(stated.position)
        change.findings.append(_conflict(stated, existing))
    if isinstance(stated.fact, Transfer):
        change.findings.extend(_disputes(stated, books.others(key)))


def _conflict(stated: Stated, existing: FactInForce) -> Finding:
    message = (
        f"another statement of this {stated.fact.kind} is in force (document {existing.documents[0]}); "
        "this one does not count unless it says that it supersedes it"
    )
    return Finding("conflict", message, (stated.fact.ref.key,))


def _disputes(stated: Stated, others: list[FactInForce]) -> list[Finding]:
    """A transfer is stated by both sides: alike it is confirmed, otherwise disputed, and both stay."""
    return [
        Finding("transfer-disputed", f"the other side states this transfer differently ({o.documents[0]})", (o.key,))
        for o in others
        if o.digest != stated.digest
    ]


def _withdrawn(stated: Stated, candidate: Candidate, books: _Books) -> list[FactInForce]:
    assert isinstance(stated.fact, Withdrawal)
    document = stated.fact.document
    if books.issuers.get(document) != candidate.issuer:
        pointer = f"/facts/{stated.position}/document"
        raise Refusal(
            "replay", "withdraws no document of this issuer", (FieldError(pointer, "is no accepted document of yours"),)
        )
    # A fact that another document says as well stays in force on that one's word.
    return [f for f in books.said_by(document) if f.documents == (document,)]


def _check_revocations(candidate: Candidate, books: _Books) -> None:
    for stated in candidate.statement.facts if candidate.statement else ():
        if not isinstance(stated.fact, KeyRevocation):
            continue
        state = books.keys.get(stated.fact.thumbprint)
        if state is None or state.organization != candidate.issuer:
            pointer = f"/facts/{stated.position}/thumbprint"
            raise Refusal("replay", "revokes no key of this issuer", (FieldError(pointer, "is no key of yours"),))


def _balance(candidate: Candidate, books: _Books, change: _Change) -> dict[str, tuple[float, float]]:
    """Check 15: the books after this document, of every account that it touches."""
    booked: dict[str, tuple[float, float]] = {}
    pointers: dict[str, str] = {}
    for fact in change.supersedes:
        for account, credit, debit in fact.flows:
            _book(booked, books, account, -credit, -debit)
            pointers.setdefault(account, "/facts")
    for position in change.anew:
        for flow in candidate.flows_at[position]:
            _book(booked, books, flow.account, flow.credit, flow.debit)
            pointers[flow.account] = flow.pointer
    errors = tuple(
        FieldError(pointers[account], reason)
        for account, sums in sorted(booked.items())
        if (reason := overdrawn(*sums))
    )
    if errors:
        raise Refusal("balances", f"{errors[0].pointer} {errors[0].detail}", errors)
    return booked


def _book(booked: dict[str, tuple[float, float]], books: _Books, account: str, credit: float, debit: float) -> None:
    before = booked.get(account) or books.accounts.get(account) or (0.0, 0.0)
    booked[account] = (before[0] + credit, before[1] + debit)
