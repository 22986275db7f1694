"""Delegation: what one organization lets another state about its things, judged when it was signed."""

from __future__ import annotations

from typing import Any

import pytest

from graph.model.documents import Format, StoredDocument
from service.intake.submit import NotYourStatement
from service.trust.delegation import HAND_IN_SECONDS
from service.trust.signing import new_key, public_key
from tests.intake.test_intake_key_life import Clock, moment
from tests.kit.doors import Hall, Party, org, refusal
from tests.kit.figures import footprint as figure
from tests.kit.statements import (
    Fact,
    as_bytes,
    content,
    footprint,
    grant,
    lot,
    of,
    product,
    revocation,
    statement,
    unique,
    withdrawal,
)

START = 1_780_000_000.0
HOUR, DAY = 3600.0, 86_400.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def owner(hall: Hall, clock: Clock) -> Party:
    """A mill with a lot L1 of its product steel."""
    found = party(hall, clock)
    assert found.states(product(), lot(source=""), at=clock.at).verdict.accepted
    return found


@pytest.fixture
def delegate(hall: Hall, clock: Clock) -> Party:
    return party(hall, clock)


def party(hall: Hall, clock: Clock) -> Party:
    found = Party(org(unique("deputy-")), Hall(hall.database, clock=clock).intake, new_key())
    assert found.registers(found.key, issued_at=int(clock.at)).verdict.accepted
    return found


def delegation(delegate: Party, **more: Any) -> Fact:
    named = {"kind": "delegation", "id": unique("d"), "delegate": delegate.uri, "kinds": ["footprint"]}
    return {**named, "valid_from": moment(START - DAY), "valid_to": moment(START + 10 * DAY), **more}


def delegates(owner: Party, clock: Clock, delegate: Party, **more: Any) -> StoredDocument:
    found = owner.states(delegation(delegate, **more), at=clock.at)
    assert found.verdict.accepted, found.verdict.failed
    return found


def declares(delegate: Party, clock: Clock, owner: Party, at: float = 0.0, **more: Any) -> StoredDocument:
    """The delegate's own signed statement about the owner's lot."""
    stated = footprint(unique("f"), per_kg=3, about=of(owner.uri, "L1")) | more
    return delegate.states(stated, at=at or clock.at)


def test_a_delegate_declares_a_footprint_of_anothers_lot_and_the_verdict_says_on_whose_authority(
    hall: Hall, owner: Party, delegate: Party, clock: Clock
) -> None:
    given = delegates(owner, clock, delegate)
    found = declares(delegate, clock, owner)
    assert found.verdict.accepted, found.verdict.failed
    assert found.issuer == delegate.uri, "the evidence says who signed"
    details = {c.name: c.detail for c in found.verdict.checks}
    assert details["authority"] == f"on the authority of {owner.uri} (document {given.id})"
    assert [c.number for c in found.verdict.checks] == list(range(1, 17))
    told = figure(hall.database, owner.uri, "L1")
    assert (told.total, told.basis.label) == (pytest.approx(3), "attested")
    assert found.index in told.documents


def test_without_a_delegation_it_is_refused_at_authority_and_kept(owner: Party, delegate: Party, clock: Clock) -> None:
    found = declares(delegate, clock, owner)
    assert set(refusal(found, "authority")) == {"/facts/0/lot"}
    outcomes = {c.name: c.outcome.value for c in found.verdict.checks}
    assert (outcomes["schema"], outcomes["authority"], outcomes["key-state"]) == ("passed", "failed", "not-reached")
    assert (found.verdict.signature_valid, found.verdict.signer_authorised) == (True, False)
    assert found.verdict.key_in_force is None


@pytest.mark.parametrize(
    "given",
    [
        {"kinds": ["content"]},
        {"lot": "L2"},
        {"product": "copper"},
        {"facility": "works"},
        {"key": "another"},
        {"valid_from": moment(START + 1)},
        {"valid_to": moment(START)},
    ],
    ids=lambda given: next(iter(given)),
)
def test_a_delegation_covers_no_more_than_it_says(
    owner: Party, delegate: Party, clock: Clock, given: dict[str, Any]
) -> None:
    delegates(owner, clock, delegate, **given)
    refusal(declares(delegate, clock, owner), "authority")


@pytest.mark.parametrize(
    "given",
    [{}, {"lot": "L1"}, {"product": "steel"}, {"kinds": ["content", "footprint"]}, {"valid_from": moment(START)}],
)
def test_and_no_less(owner: Party, delegate: Party, clock: Clock, given: dict[str, Any]) -> None:
    delegates(owner, clock, delegate, **given)
    assert declares(delegate, clock, owner).verdict.accepted


def test_one_key_of_the_delegate_may_be_named(owner: Party, delegate: Party, clock: Clock) -> None:
    second = new_key()
    assert delegate.registers(second, issued_at=int(clock.at)).verdict.accepted
    delegates(owner, clock, delegate, key=public_key(second).thumbprint)
    refusal(declares(delegate, clock, owner), "authority")
    delegate.key = second
    assert declares(delegate, clock, owner).verdict.accepted


def test_a_product_at_a_facility(owner: Party, delegate: Party, clock: Clock) -> None:
    delegates(owner, clock, delegate, facility="works")
    stated = {k: v for k, v in footprint(unique("f")).items() if k != "lot"}
    about = {"product": of(owner.uri, "steel"), "facility": of(owner.uri, "works")}
    assert delegate.states(stated | about, at=clock.at).verdict.accepted
    elsewhere = stated | about | {"id": unique("f"), "facility": of(owner.uri, "mine")}
    refusal(delegate.states(elsewhere, at=clock.at), "authority")


def test_every_fact_of_a_statement_must_be_covered(owner: Party, delegate: Party, clock: Clock) -> None:
    delegates(owner, clock, delegate)
    told = [footprint(unique("f"), about=of(owner.uri, "L1")), content(unique("c"), about=of(owner.uri, "L1"))]
    assert set(refusal(delegate.states(*told, at=clock.at), "authority")) == {"/facts/1/lot"}


def test_what_is_no_declaration_is_not_delegated(owner: Party, delegate: Party, clock: Clock) -> None:
    found = owner.states(delegation(delegate, kinds=["lot"]), at=clock.at)
    assert set(refusal(found, "schema")) == {"/facts/0/kinds/0"}
    delegates(owner, clock, delegate)
    refusal(delegate.states(grant(org("x"), unique("g"), lot=of(owner.uri, "L1")), at=clock.at), "authority")


def test_authority_is_judged_at_signing_time(owner: Party, delegate: Party, clock: Clock) -> None:
    delegates(owner, clock, delegate, valid_to=moment(START + DAY))
    clock.at = START + DAY
    refusal(declares(delegate, clock, owner), "authority")
    signed_in_time = footprint(unique("f"), about=of(owner.uri, "L1"))
    found = delegate.states(signed_in_time, at=clock.at - 1, exp=int(clock.at + DAY))
    assert found.verdict.accepted, found.verdict.failed


def test_what_is_handed_in_long_after_the_end_could_have_been_signed_at_any_time(
    owner: Party, delegate: Party, clock: Clock
) -> None:
    delegates(owner, clock, delegate, valid_to=moment(START + DAY))
    clock.at = START + DAY + HAND_IN_SECONDS
    late = footprint(unique("f"), about=of(owner.uri, "L1"))
    refusal(delegate.states(late, at=START, exp=int(clock.at + DAY)), "authority")


def test_a_withdrawn_delegation_ends_and_what_was_logged_before_stays(
    hall: Hall, owner: Party, delegate: Party, clock: Clock
) -> None:
    given = delegates(owner, clock, delegate)
    assert declares(delegate, clock, owner).verdict.accepted
    assert owner.states(withdrawal(given.id), at=clock.at).verdict.accepted
    refusal(declares(delegate, clock, owner), "authority")
    assert figure(hall.database, owner.uri, "L1").total == pytest.approx(3)


def test_a_delegation_may_be_narrowed_by_a_correction(owner: Party, delegate: Party, clock: Clock) -> None:
    wide = delegation(delegate)
    first = owner.states(wide, at=clock.at)
    assert declares(delegate, clock, owner).verdict.accepted
    assert owner.states(wide | {"lot": "L2", "supersedes": first.id}, at=clock.at).verdict.accepted
    refusal(declares(delegate, clock, owner), "authority")


def test_a_delegate_does_not_delegate_on(hall: Hall, owner: Party, delegate: Party, clock: Clock) -> None:
    delegates(owner, clock, delegate)
    third = party(hall, clock)
    passed_on = delegation(third, lot=of(owner.uri, "L1"))
    assert set(refusal(delegate.states(passed_on, at=clock.at), "authority")) == {"/facts/0/lot"}
    delegates(delegate, clock, third)
    refusal(declares(third, clock, owner), "authority")


def test_a_delegation_of_somebody_elses_does_not_help(hall: Hall, owner: Party, delegate: Party, clock: Clock) -> None:
    delegates(party(hall, clock), clock, delegate)
    refusal(declares(delegate, clock, owner), "authority")


def test_unsigned_statements_neither_make_nor_use_delegations(owner: Party, delegate: Party, clock: Clock) -> None:
    unsigned = as_bytes(statement(owner.uri, delegation(delegate), at=clock.at))
    assert set(refusal(owner.submit(unsigned, Format.JSON), "authority")) == {"/facts/0"}
    delegates(owner, clock, delegate)
    used = as_bytes(statement(delegate.uri, footprint(unique("f"), about=of(owner.uri, "L1")), at=clock.at))
    assert set(refusal(delegate.submit(used, Format.JSON), "authority")) == {"/facts/0/lot"}


def test_it_holds_for_what_follows_in_the_same_group_and_not_before(
    hall: Hall, owner: Party, delegate: Party, clock: Clock
) -> None:
    given = owner.signed(delegation(delegate), at=clock.at)
    used = [delegate.signed(footprint(unique("f"), about=of(owner.uri, "L1")), at=clock.at) for _ in range(2)]
    answers = owner.intake.submit([(c, Format.JWS) for c in (used[0], given, used[1])], owner.uri)
    assert [not isinstance(a, NotYourStatement) and a.verdict.accepted for a in answers] == [False, True, True]


def test_a_thiefs_delegation_takes_with_it_what_rests_on_it(
    hall: Hall, owner: Party, delegate: Party, clock: Clock
) -> None:
    """Else a stolen key would speak on through an accomplice, even where its owner has withdrawn the delegation."""
    clock.at += HOUR
    given, second = delegates(owner, clock, delegate), new_key()
    forged = declares(delegate, clock, owner)
    assert owner.registers(second, issued_at=int(clock.at)).verdict.accepted
    stolen, owner.key = owner.thumbprint, second
    assert owner.states(withdrawal(given.id), at=clock.at).verdict.accepted
    told = revocation(stolen, reason="keyCompromise", since=moment(clock.at))
    found = owner.states(told, at=clock.at)
    assert [f.subjects for f in found.verdict.findings] == [(forged.id,)]
    left = figure(hall.database, owner.uri, "L1")
    assert left.total is None
    assert "evidence-compromised" in {f.code for f in left.findings}
