"""Checks 12 to 16, and of check 10 what delegations decide, on a group of candidates against one state of the graph.

Pure: the state is an argument. Each accepted document changes the books that the next one is judged by, so the group's
verdicts are those that the documents would have got one by one.

The order within a group is that of the times of receipt. Of one moment come first the registrations of keys, then the
revocations, each by document id, then everything else in the order of arrival: whatever the order in which keys,
revocations and documents of one moment arrive, their verdicts are the same, and a key revoked at a moment signs nothing
that is logged at it. Documents among themselves keep their order of arrival, as a batch is one account told in order.
"""

from dataclasses import dataclass, field

from graph.model.documents import CheckResult, FieldError, Finding, Outcome, StoredDocument, Verdict
from graph.model.facts import Stated, Transfer, Withdrawal
from graph.model.intake import Admission, FactInForce, IntakeState, NewKey
from graph.model.standing import KeyRevocation
from service.intake.books import Books, Change, FactKey
from service.intake.candidate import Candidate
from service.intake.departure import departed
from service.trust import checks, delegation, plausibility
from service.trust.balances import overdrawn
from service.trust.checks import Refusal


@dataclass(slots=True)
class Judged:
    """The outcome for a group: an answer a candidate (in order), what is to be written, and the books afterwards."""

    answers: list[StoredDocument] = field(default_factory=list)
    admissions: list[Admission] = field(default_factory=list)
    accounts: dict[str, tuple[float, float]] = field(default_factory=dict)


def judge(candidates: list[Candidate], state: IntakeState) -> Judged:
    """Verdicts for a group of examined documents; the same bytes again get the answer they got before."""
    books, judged = Books(state), Judged()
    for candidate in sorted(candidates, key=_turn):
        if candidate.id not in books.known:
            admission = _admit(candidate, books)
            judged.admissions.append(admission)
            books.known[candidate.id] = answer(admission)
    judged.answers = [books.known[candidate.id] for candidate in candidates]
    judged.accounts = {key: books.accounts[key] for key in books.touched}
    return judged


def _turn(candidate: Candidate) -> tuple[float, int, str]:
    """Where a document stands among those of its group; what has the same place keeps the order of arrival."""
    at, new = candidate.received.received_at, candidate.new_key
    if new is not None:
        return at, 1 if new.replaces else 0, candidate.id
    return (at, 2, candidate.id) if candidate.revokes() else (at, 3, "")


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
        about=admission.change.document if admission.change else "",
    )


def _admit(candidate: Candidate, books: Books) -> Admission:
    index = books.next_index
    books.next_index += 1
    results: list[CheckResult] = []
    change = Change()
    try:
        if candidate.sound:
            change, booked = _later_checks(candidate, books, results)
            results.append(checks.passed("store"))
            books.apply(candidate, index, change, booked)
    except Refusal as refusal:
        results.append(checks.failed(refusal))
        change = Change()
    return _admission(candidate, index, results, change, books)


def _admission(candidate: Candidate, index: int, results: list[CheckResult], change: Change, books: Books) -> Admission:
    every = checks.complete(results, candidate.checks)
    accepted = bool(results) and results[-1] == checks.passed("store")
    outcomes = {r.name: r.outcome for r in every}
    key_state, authority = outcomes["key-state"], outcomes["authority"]
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
            candidate.signer_authorised and authority is not Outcome.FAILED,
            key_in_force,
            tuple(change.findings),
        ),
        thumbprint=candidate.thumbprint,
        signed_with=candidate.speaks_by if candidate.speaks_by in books.keys else "",
        statement=candidate.statement,
        asserts_anew=tuple(change.anew),
        conflicting=tuple(change.conflicting),
        corroborates=tuple(change.corroborates),
        supersedes=tuple(change.supersedes),
        revokes=candidate.revokes() if accepted else (),
        withdraws=(*candidate.withdraws(), *(d.id for d in change.leaves)) if accepted else (),
        authority=change.authority,
        new_key=candidate.new_key if accepted else None,
        statuses=candidate.statuses if accepted else (),
        change=candidate.change if accepted else None,
        about=books.logged[candidate.change.document].index if accepted and candidate.change else -1,
        validation=candidate.validation,
    )


def _later_checks(
    candidate: Candidate, books: Books, results: list[CheckResult]
) -> tuple[Change, dict[str, tuple[float, float]]]:
    """Checks 12 to 15, and of 10 what delegations decide. Raises ``Refusal``; what passed stands in ``results``."""
    used = _authority(candidate, books)
    if used:
        results.append(delegation.authorised(used))
    results.append(_key_state(candidate, books))
    findings = _plausible(candidate)
    results.append(checks.passed("plausibility"))
    change = _history(candidate, books)
    change.findings = [*findings, *change.findings]
    change.authority = used
    results.append(checks.passed("replay"))
    booked = _balance(candidate, books, change)
    results.append(checks.passed("balances"))
    return change, booked


def _authority(candidate: Candidate, books: Books) -> delegation.Named:
    """The delegations that the statement speaks by where it speaks about another's things."""
    if not candidate.needs or candidate.statement is None:
        return ()
    return delegation.covering(
        candidate.needs,
        books.delegated_to(candidate.issuer),
        thumbprint=candidate.thumbprint,
        signed_at=candidate.statement.issued_at,
        logged_at=candidate.received.received_at,
        product_of=lambda lot: books.lot_products.get(lot, ""),
    )


def _key_state(candidate: Candidate, books: Books) -> CheckResult:
    """Check 12: the key at the moment of logging, whatever it was when the document was signed."""
    if candidate.new_key:
        _check_new(candidate.new_key, candidate.thumbprint, books)
        return checks.passed("key-state")
    if not candidate.thumbprint:
        return checks.not_applicable("key-state", "the document is not signed")
    state = books.keys.get(candidate.thumbprint)
    if state is None and candidate.vouched:
        # Nothing but what vouches for the key (a certificate, a DID document) knows its state: it was asked before.
        bound = books.keys.get(candidate.speaks_by)
        if bound is not None and bound.revoked:
            raise Refusal("key-state", "the DID was revoked before this document was logged")
        return checks.passed("key-state", f"the key is not registered: {candidate.vouched} vouches for it")
    if state is None:
        raise Refusal("key-state", "the key was not registered yet when this document was logged")
    if state.revoked:
        raise Refusal("key-state", "the key was revoked before this document was logged")
    if candidate.received.received_at >= state.retires:
        raise Refusal("key-state", "the key is retired: another has replaced it, and the overlap of the two is over")
    return checks.passed("key-state")


def _check_new(new: NewKey, proven_by: str, books: Books) -> None:
    """A key or DID is registered once; a DID by a key (thumbprint) that is no other organization's, nor revoked."""
    if new.thumbprint in books.keys:
        place, what = ("/jwk", "key") if new.jwk else ("/did", "DID")
        raise Refusal("key-state", f"this {what} is registered already", (FieldError(place, "is registered already"),))
    known = books.keys.get(proven_by)
    if known is not None and (known.organization != new.organization or known.revoked):
        fault = FieldError("/jwk", "is revoked, or registered for another organization")
        raise Refusal("key-state", "the key that proves the DID is not this organization's in force", (fault,))
    _check_replaced(new, books)


def _check_replaced(new: NewKey, books: Books) -> None:
    """A key replaces one of its own organization that still speaks (NIST SP 800-57 part 1, 5.3.4: cryptoperiods)."""
    old = books.keys.get(new.replaces) if new.replaces else None
    if new.replaces and (old is None or old.organization != new.organization or old.revoked):
        fault = FieldError("/replaces", "is no key of yours that is in force")
        raise Refusal("key-state", "the key to be replaced is none of this organization's in force", (fault,))


def _plausible(candidate: Candidate) -> tuple[Finding, ...]:
    """Check 13."""
    if candidate.statement is None:
        return ()
    found = plausibility.check(candidate.statement, candidate.received.received_at)
    if found.errors:
        raise Refusal("plausibility", f"{found.errors[0].pointer} {found.errors[0].detail}", found.errors)
    return found.findings


def _history(candidate: Candidate, books: Books) -> Change:
    """Check 14: the statement's id is new; what it supersedes, withdraws or revokes is its issuer's and in force."""
    if candidate.replay in books.replayed:
        raise Refusal(
            "replay", "this issuer has used this jti for other bytes", (FieldError("/jti", "was used before"),)
        )
    change = Change()
    facts = candidate.statement.facts if candidate.statement else ()
    if candidate.change and candidate.change.document not in books.logged:
        raise Refusal("replay", "changes the status of no accepted document")
    _check_withdrawals(candidate, books)
    _check_revocations(candidate, books)
    _check_follows(candidate, books)
    departed(candidate, books, change)
    ended, lost = ({f.fid for f in facts} for facts in (change.supersedes, change.compromised))
    for stated in facts:
        _place(stated, candidate, books, change, ended=ended, lost=lost)
    again = {f.fid for f in change.corroborates}
    change.supersedes = [f for f in {f.fid: f for f in change.supersedes}.values() if f.fid not in again]
    return change


def _place(
    stated: Stated, candidate: Candidate, books: Books, change: Change, *, ended: set[int], lost: set[int]
) -> None:
    """Where a fact goes.

    ``ended``: what the same document withdraws, which may be said again or anew beside that; ``lost``: what of it a
    compromised key has said, which may be said anew only.
    """
    key: FactKey = (stated.fact.kind, stated.fact.ref.key, candidate.issuer)
    existing = books.in_force.get(key)
    if stated.supersedes and (existing is None or stated.supersedes not in existing.documents):
        pointer = f"/facts/{stated.position}/supersedes"
        raise Refusal(
            "replay",
            "supersedes nothing in force",
            (FieldError(pointer, "is no document whose statement of this is in force"),),
        )
    if existing is None or stated.supersedes or existing.fid in lost:
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


def _check_withdrawals(candidate: Candidate, books: Books) -> None:
    for stated in candidate.statement.facts if candidate.statement else ():
        if isinstance(stated.fact, Withdrawal) and books.issuers.get(stated.fact.document) != candidate.issuer:
            pointer = f"/facts/{stated.position}/document"
            raise Refusal(
                "replay",
                "withdraws no document of this issuer",
                (FieldError(pointer, "is no accepted document of yours"),),
            )


def _check_revocations(candidate: Candidate, books: Books) -> None:
    for stated in candidate.statement.facts if candidate.statement else ():
        if not isinstance(stated.fact, KeyRevocation):
            continue
        state = books.keys.get(stated.fact.thumbprint)
        if state is None or state.organization != candidate.issuer:
            pointer = f"/facts/{stated.position}/thumbprint"
            raise Refusal("replay", "revokes no key of this issuer", (FieldError(pointer, "is no key of yours"),))


def _check_follows(candidate: Candidate, books: Books) -> None:
    """A record of published factors names the version that it takes the place of: of two that do, one is late."""
    for stated in candidate.statement.facts if candidate.record and candidate.statement else ():
        existing = books.in_force.get((stated.fact.kind, stated.fact.ref.key, candidate.issuer))
        if stated.supersedes not in (existing.documents if existing else ("",)):
            fault = FieldError("/follows", "is not the record of the version that is in force")
            raise Refusal("replay", "another version of these factors is in force", (fault,))


def _balance(candidate: Candidate, books: Books, change: Change) -> dict[str, tuple[float, float]]:
    """Check 15: the books after this document, of every account that it touches.

    What ends because a key was compromised never refuses the revocation: what is overdrawn then shows at the next use.
    """
    booked: dict[str, tuple[float, float]] = {}
    stated: set[str] = set()
    pointers: dict[str, str] = {}
    for fact in change.supersedes:
        for account, credit, debit in fact.flows:
            _book(booked, books, account, -credit, -debit)
            pointers.setdefault(account, "/facts")
    for position in change.anew:
        for flow in candidate.flows_at[position]:
            _book(booked, books, flow.account, flow.credit, flow.debit)
            pointers[flow.account] = flow.pointer
            stated.add(flow.account)
    spared = {account for fact in change.compromised for account, _, _ in fact.flows} - stated
    errors = tuple(
        FieldError(pointers[account], reason)
        for account, sums in sorted(booked.items())
        if account not in spared and (reason := overdrawn(*sums))
    )
    if errors:
        raise Refusal("balances", f"{errors[0].pointer} {errors[0].detail}", errors)
    return booked


def _book(booked: dict[str, tuple[float, float]], books: Books, account: str, credit: float, debit: float) -> None:
    before = booked.get(account) or books.accounts.get(account) or (0.0, 0.0)
    booked[account] = (before[0] + credit, before[1] + debit)
