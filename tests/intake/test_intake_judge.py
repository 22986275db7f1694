"""The judge (service/intake/judge.py), pure: a group's verdicts are those the documents would have got one by one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.model.documents import StoredDocument
from schemas.statement import load_statement
from service.intake.candidate import Candidate, document_id
from service.trust.balances import overdrawn
from tests.kit.ledgers import AT, Ledger, candidate
from tests.kit.statements import Fact, consumed, lot, of, process, product, transfer

ISSUERS = ("urn:greenchain:org:one", "urn:greenchain:org:two")


def document(issuer: str, jti: str, facts: list[Fact]) -> Candidate:
    stated = {"iss": issuer, "jti": jti, "iat": int(AT) - 10, "facts": facts}
    return candidate(load_statement(stated), json.dumps(stated).encode())


# Small numbers, few names: so that documents meet.
amounts = st.integers(1, 6).map(lambda n: n * 100)
names = st.sampled_from(["A", "B"])


@st.composite
def scripts(draw: st.DrawFn) -> list[Candidate]:
    """Documents of two organizations about few lots: stated, used, passed on, corrected, withdrawn, repeated."""
    found: list[Candidate] = []
    for number in range(draw(st.integers(2, 9))):
        if found and draw(st.integers(0, 9)) == 0:
            found.append(draw(st.sampled_from(found)))
            continue
        issuer = draw(st.sampled_from(ISSUERS))
        facts = [draw(facts_of(issuer, found, place)) for place in range(draw(st.integers(1, 3)))]
        distinct = {(f["kind"], f["id"]): f for f in facts}
        jti = draw(st.sampled_from([f"s{number}", f"s{number}", "s0"]))
        found.append(document(issuer, jti, list(distinct.values())))
    return found


@st.composite
def facts_of(draw: st.DrawFn, issuer: str, earlier: list[Candidate], place: int) -> Fact:
    other = ISSUERS[1 - ISSUERS.index(issuer)]
    name, kilograms = draw(names), draw(amounts)
    kinds: dict[str, Any] = {
        "lot": lot(name, kilograms, draw(st.sampled_from(["", "heat"]))),
        "process": process("heat", kilograms),
        "use": process(f"use{name}", 1, emitted=0, inputs=[consumed(name, kilograms)]),
        "sale": transfer(issuer, other, name, kilograms, f"T{name}"),
        "receipt": transfer(other, issuer, of(other, name), kilograms, f"T{name}"),
        "product": product("steel", draw(st.sampled_from(["steel", "iron"]))),
    }
    if earlier and draw(st.integers(0, 3)) == 0:
        return {"kind": "withdrawal", "id": f"w{place}", "document": draw(st.sampled_from(earlier)).id}
    fact: Fact = kinds[draw(st.sampled_from(sorted(kinds)))]
    if earlier and draw(st.integers(0, 2)) == 0:
        fact["supersedes"] = draw(st.sampled_from(earlier)).id
    return fact


def outcome(found: StoredDocument) -> tuple[Any, ...]:
    return found.id, found.index, found.verdict


@settings(max_examples=120, deadline=None)
@given(script=scripts(), cut=st.integers(0, 9))
def test_a_group_is_judged_as_its_documents_would_be_one_by_one(script: list[Candidate], cut: int) -> None:
    together, apart, split = Ledger(), Ledger(), Ledger()
    at_once = together.take(*script).answers
    one_by_one = [apart.take(one).answers[0] for one in script]
    halves = [answer for half in (script[:cut], script[cut:]) for answer in split.take(*half).answers]
    assert [outcome(a) for a in at_once] == [outcome(a) for a in one_by_one] == [outcome(a) for a in halves]
    assert together.facts.keys() == apart.facts.keys() == split.facts.keys()
    assert together.accounts == apart.accounts == split.accounts


@settings(max_examples=120, deadline=None)
@given(scripts())
def test_the_books_are_always_the_sum_of_the_facts_in_force_and_never_overdrawn(script: list[Candidate]) -> None:
    ledger = Ledger()
    for one in script:
        ledger.take(one)
        counted = ledger.recounted()
        for account, sums in ledger.accounts.items():
            assert sums == pytest.approx(counted.get(account, (0.0, 0.0)), abs=1e-6), account
            assert sums[0] >= -1e-6
            assert sums[1] >= -1e-6
        for admission in ledger.admissions[-1:]:
            if admission.verdict.accepted:
                touched = [
                    ledger.accounts[f.account]
                    for at in one.flows_at.values()
                    for f in at
                    if f.account in ledger.accounts
                ]
                assert [reason for sums in touched if (reason := overdrawn(*sums))] == []


@settings(max_examples=60, deadline=None)
@given(scripts())
def test_every_document_gets_one_answer_and_every_new_one_the_next_index(script: list[Candidate]) -> None:
    judged = Ledger().take(*script)
    assert [a.id for a in judged.answers] == [c.id for c in script]
    assert [a.index for a in judged.admissions] == list(range(len({c.id for c in script})))
    by_id = {a.id: a for a in judged.answers}
    assert all(by_id[a.id] == a for a in judged.answers)


@settings(max_examples=60, deadline=None)
@given(scripts())
def test_a_refused_document_changes_nothing_for_those_after_it(script: list[Candidate]) -> None:
    """Take the refused ones out: the others get the verdicts that they got."""
    ledger = Ledger()
    answers = ledger.take(*script).answers
    accepted = {a.id for a in answers if a.verdict.accepted}
    again = Ledger().take(*[c for c in script if c.id in accepted]).answers
    told = {a.id: a.verdict for a in answers if a.id in accepted}
    assert {a.id: a.verdict for a in again} == told


@settings(max_examples=60, deadline=None)
@given(scripts())
def test_at_most_one_fact_of_a_thing_is_in_force_for_each_who_states_it(script: list[Candidate]) -> None:
    ledger = Ledger()
    ledger.take(*script)
    named = [(f.kind, f.key, f.issuer) for f in ledger.facts.values()]
    assert len(named) == len(set(named))


def test_an_accounts_limit_is_its_credit_and_half_a_percent() -> None:
    assert overdrawn(1000, 1005) == ""
    assert overdrawn(1000, 1005.1)
    assert overdrawn(0, 10**9) == "", "who has not said what it received is not held to it"
    assert overdrawn(0.1 + 0.2, 0.3 * 1.005) == ""


def test_the_id_of_a_document_is_the_digest_of_its_bytes() -> None:
    assert document_id(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
