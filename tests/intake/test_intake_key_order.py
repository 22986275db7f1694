"""Keys, revocations and documents of the same times get the same verdicts in whatever order they arrive."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from graph.model.documents import Format, Received, StoredDocument
from graph.model.intake import NewKey
from schemas.statement import load_statement
from service.intake.candidate import Candidate, document_id
from service.trust import checks
from tests.kit.ledgers import AT, Ledger, candidate
from tests.kit.statements import Fact, product

ME = "urn:greenchain:org:me"
KEYS = ("one", "two", "three")
_EXAMINED = checks.complete(checks.passed(n) for n in ("caps", "json", "claims", "schema", "authority"))


def registered(key: str, at: float, replaces: str = "", overlap: float = 1.0) -> Candidate:
    content = f"{key} {at} {replaces} {overlap}".encode()
    new = NewKey(key, "{}", ME, replaces, at + overlap if replaces else float("inf"))
    received = Received(content, Format.KEY_REGISTRATION, ME, at)
    return Candidate(received, document_id(content), _EXAMINED, ME, f"key {key}", key, True, True, new_key=new)


def stated(jti: str, key: str, at: float, fact: Fact) -> Candidate:
    said = {"iss": ME, "jti": jti, "iat": int(AT) - 10, "facts": [fact]}
    return candidate(load_statement(said), json.dumps(said).encode(), key, at)


def revoked(jti: str, signer: str, key: str, at: float, *, compromised: bool) -> Candidate:
    fact = {"kind": "key-revocation", "id": jti, "thumbprint": key, "reason": "superseded"}
    if compromised:
        fact |= {"reason": "keyCompromise", "since": "2020-01-01"}
    return stated(jti, signer, at, fact)


moments = st.integers(0, 2).map(lambda n: AT + n)


@st.composite
def events(draw: st.DrawFn) -> list[Candidate]:
    """A first key, then registrations, rotations, revocations and documents of a few moments."""
    found = [registered(KEYS[0], AT)]
    for key in KEYS[1:]:
        found.append(registered(key, draw(moments), draw(st.sampled_from(["", KEYS[0]])), draw(st.integers(0, 2))))
    for number in range(draw(st.integers(1, 3))):
        signer, key = draw(st.sampled_from(KEYS)), draw(st.sampled_from(KEYS))
        found.append(revoked(f"r{number}", signer, key, draw(moments), compromised=draw(st.booleans())))
    for number in range(draw(st.integers(1, 5))):
        found.append(stated(f"d{number}", draw(st.sampled_from(KEYS)), draw(moments), product(f"p{number}")))
    return found


def outcome(found: StoredDocument) -> tuple[Any, ...]:
    return found.id, found.index, found.verdict


@settings(max_examples=200, deadline=None)
@given(arrived=events(), data=st.data())
def test_any_permutation_of_arrival_gives_the_same_verdicts(arrived: list[Candidate], data: st.DataObject) -> None:
    other = data.draw(st.permutations(arrived))
    ledger, again = Ledger(), Ledger()
    first, second = ledger.take(*arrived).answers, again.take(*other).answers
    assert {a.id: a.verdict.accepted for a in first} == {a.id: a.verdict.accepted for a in second}
    assert {a.id: [(c.name, c.outcome) for c in a.verdict.checks] for a in first} == {
        a.id: [(c.name, c.outcome) for c in a.verdict.checks] for a in second
    }
    assert {f.key for f in ledger.facts.values()} == {f.key for f in again.facts.values()}
    assert ledger.withdrawn == again.withdrawn


@settings(max_examples=100, deadline=None)
@given(arrived=events(), cut=st.integers(0, 9))
def test_a_group_is_judged_as_its_documents_would_be_one_by_one(arrived: list[Candidate], cut: int) -> None:
    """In the order of their times, wherever groups begin."""
    ordered = [by for _, by in sorted(enumerate(Ledger().take(*arrived).admissions), key=lambda pair: pair[1].index)]
    by_id = {c.id: c for c in arrived}
    script = [by_id[a.id] for a in ordered]
    together, apart = Ledger(), Ledger()
    at_once = together.take(*script).answers
    pieces = [answer for half in (script[:cut], script[cut:]) for answer in apart.take(*half).answers]
    assert [outcome(a) for a in at_once] == [outcome(a) for a in pieces]
    assert together.facts == apart.facts


def test_answers_come_in_the_order_in_which_documents_were_handed_in() -> None:
    arrived = [stated("d", "one", AT, product("p")), registered("one", AT)]
    answers = Ledger().take(*arrived).answers
    assert [a.id for a in answers] == [c.id for c in arrived]
    assert [a.verdict.accepted for a in answers] == [True, True]


def test_a_key_revoked_at_a_moment_signs_nothing_that_is_logged_at_it() -> None:
    ledger = Ledger()
    ledger.take(registered("one", AT), registered("two", AT))
    late, revocation = stated("d", "one", AT + 1, product("p")), revoked("r", "two", "one", AT + 1, compromised=False)
    answers = ledger.take(late, revocation).answers
    assert [a.verdict.accepted for a in answers] == [False, True]
