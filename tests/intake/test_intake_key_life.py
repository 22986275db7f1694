"""A key's life: it is replaced with an overlap, revoked for a reason, and what it signed while stolen leaves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from graph.model.documents import StoredDocument
from graph.store.documents import find_document
from graph.store.keys import find_key
from service.trust.registration import OVERLAP_SECONDS
from service.trust.signing import new_key, public_key
from tests.kit.doors import Hall, Party, org, refusal
from tests.kit.figures import footprint as figure
from tests.kit.graphs import ask
from tests.kit.statements import footprint, lot, process, product, revocation, transfer, unique, withdrawal

START = 1_780_000_000.0
HOUR, DAY = 3600.0, 86_400.0


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def party(hall: Hall, clock: Clock) -> Party:
    """An organization with a key, at an intake whose clock the test moves."""
    found = Party(org(unique("life-")), Hall(hall.database, clock=clock).intake, new_key())
    assert found.registers(found.key, issued_at=int(START)).verdict.accepted
    return found


def moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def says(party: Party, clock: Clock, *facts: Any) -> StoredDocument:
    """Hand in a statement signed now, by the party's present key."""
    return party.states(*facts, at=clock.at)


def accepted(party: Party, clock: Clock, *facts: Any) -> StoredDocument:
    found = says(party, clock, *facts)
    assert found.verdict.accepted, found.verdict.failed
    return found


def rotated(party: Party, clock: Clock, **changes: Any) -> dict[str, str]:
    """The party goes over to a new key; the old one is returned."""
    old, new = party.key, new_key()
    found = party.registers(new, issued_at=int(clock.at), replaces=party.thumbprint, **changes)
    assert found.verdict.accepted, found.verdict.failed
    party.key = new
    return old


def stolen(thumbprint: str, since: float) -> dict[str, Any]:
    return revocation(thumbprint, reason="keyCompromise", since=moment(since))


# Rotation


def test_a_replaced_key_signs_on_for_a_week_and_then_no_more(party: Party, clock: Clock) -> None:
    old, new = rotated(party, clock), party.key
    early = []
    for key in (old, new):
        party.key = key
        early.append(accepted(party, clock, product(unique("p"))))
    clock.at += OVERLAP_SECONDS - 1
    party.key = old
    accepted(party, clock, product("last"))
    clock.at += 1
    found = says(party, clock, product("late"))
    refusal(found, "key-state")
    assert found.verdict.failed is not None
    assert "retired" in found.verdict.failed.detail
    assert found.verdict.key_in_force is False
    party.key = new
    accepted(party, clock, product("late"))


def test_what_was_logged_before_the_key_retired_stays(hall: Hall, party: Party, clock: Clock) -> None:
    accepted(party, clock, process(), lot())
    before = figure(hall.database, party.uri, "L1").total
    rotated(party, clock, overlap_until=int(clock.at))
    clock.at += DAY
    accepted(party, clock, product("other"))
    assert figure(hall.database, party.uri, "L1").total == before is not None


def test_the_overlap_is_as_long_as_the_registration_says(hall: Hall, party: Party, clock: Clock) -> None:
    old = rotated(party, clock, overlap_until=int(clock.at + HOUR))
    stored = hall.database.read(find_key, public_key(old).thumbprint)
    assert stored is not None
    assert (stored.retires, stored.replaced_by, stored.revoked) == (clock.at + HOUR, party.thumbprint, None)
    clock.at += HOUR
    party.key = old
    refusal(says(party, clock, product()), "key-state")


def test_a_key_replaced_twice_goes_with_the_first(hall: Hall, party: Party, clock: Clock) -> None:
    old = public_key(party.key).thumbprint
    for hours in (2, 1, 3):
        until = int(clock.at + hours * HOUR)
        assert party.registers(new_key(), issued_at=int(clock.at), replaces=old, overlap_until=until).verdict.accepted
    stored = hall.database.read(find_key, old)
    assert stored is not None
    assert stored.retires == clock.at + HOUR


def test_only_a_key_of_ones_own_that_is_in_force_is_replaced(hall: Hall, party: Party, clock: Clock) -> None:
    other = hall.party()
    for thumbprint in (other.thumbprint, "unknown"):
        found = party.registers(new_key(), issued_at=int(clock.at), replaces=thumbprint)
        assert set(refusal(found, "key-state")) == {"/replaces"}
    other.accepted(product())
    accepted(party, clock, revocation(party.thumbprint))
    found = party.registers(new_key(), issued_at=int(clock.at), replaces=party.thumbprint)
    assert set(refusal(found, "key-state")) == {"/replaces"}


# Compromise


def test_what_a_compromised_key_signed_since_leaves_and_what_was_before_stays(
    hall: Hall, party: Party, clock: Clock
) -> None:
    before = accepted(party, clock, process(), lot())
    clock.at += HOUR
    theft = clock.at
    forged = accepted(party, clock, footprint(per_kg="0.001"))
    assert figure(hall.database, party.uri, "L1").total == pytest.approx(0.001)
    clock.at += DAY
    old = rotated(party, clock)
    revoked = accepted(party, clock, stolen(public_key(old).thumbprint, theft))

    found = figure(hall.database, party.uri, "L1")
    assert found.total == pytest.approx(0.1)
    (finding,) = [f for f in found.findings if f.code == "evidence-compromised"]
    assert (finding.subjects, finding.documents) == ((f"{party.uri}|L1",), (forged.index,))
    assert forged.id in finding.message

    (told,) = revoked.verdict.findings
    assert (told.code, told.subjects) == ("evidence-compromised", (forged.id,))
    assert before.id not in told.subjects


def test_readers_as_of_earlier_indexes_see_what_was_in_force_then(hall: Hall, party: Party, clock: Clock) -> None:
    accepted(party, clock, lot(source=""), footprint(per_kg=7))
    accepted(party, clock, lot("L2", source=""))
    revoked = says(party, clock, stolen(party.thumbprint, START))
    then = figure(hall.database, party.uri, "L1", revoked.index - 1)
    assert then.total == pytest.approx(7)
    assert [f.code for f in then.findings if f.code == "evidence-compromised"] == []


def test_the_old_verdict_is_not_edited_and_the_document_says_what_took_it_out(
    hall: Hall, party: Party, clock: Clock
) -> None:
    forged = accepted(party, clock, product())
    revoked = accepted(party, clock, stolen(party.thumbprint, START))
    kept = hall.database.read(find_document, forged.id)
    assert kept is not None
    assert kept.verdict == forged.verdict
    assert kept.left == revoked.index


def test_a_lot_whose_description_left_says_so_where_another_uses_it(hall: Hall, party: Party, clock: Clock) -> None:
    buyer = hall.party()
    accepted(party, clock, process(), lot(), transfer(party.uri, buyer.uri, "L1", 1000))
    used = {"lot": {"issuer": party.uri, "id": "L1"}, "quantity": {"value": "10", "unit": "kg"}}
    buyer.accepted(process("melt", 10, inputs=[used]), lot("B", 10, "melt"))
    assert not figure(hall.database, buyer.uri, "B").lower_bound
    accepted(party, clock, stolen(party.thumbprint, START))
    found = figure(hall.database, buyer.uri, "B")
    assert found.lower_bound, "what is missing is unknown, never zero"
    assert "evidence-compromised" in {f.code for f in found.findings}


def test_what_left_may_be_handed_in_again_under_a_new_key_and_the_finding_goes(
    hall: Hall, party: Party, clock: Clock
) -> None:
    accepted(party, clock, process(), lot(), footprint(per_kg=3))
    old = rotated(party, clock)
    accepted(party, clock, stolen(public_key(old).thumbprint, START))
    accepted(party, clock, process(), lot(), footprint(per_kg=3))
    found = figure(hall.database, party.uri, "L1")
    assert found.total == pytest.approx(3)
    assert {f.code for f in found.findings} == {"pds-missing", "attested-differs"}


def test_balances_are_given_back(party: Party, clock: Clock) -> None:
    accepted(party, clock, process(output=1000), lot("A", 600))
    clock.at += HOUR
    accepted(party, clock, lot("forged", 400))
    old = rotated(party, clock)
    refusal(says(party, clock, lot("B", 400)), "balances")
    accepted(party, clock, stolen(public_key(old).thumbprint, clock.at))
    accepted(party, clock, lot("B", 400))


def test_a_revocation_is_taken_even_where_it_leaves_an_account_overdrawn(party: Party, clock: Clock) -> None:
    """A thief's word must not keep itself in force by what was built on it."""
    accepted(party, clock, process(output=1000))
    clock.at += HOUR
    accepted(party, clock, process("more", output=500, made="steel"), lot("M", 500, "more"))
    old = rotated(party, clock)
    accepted(party, clock, transfer(party.uri, org("buyer"), "M", 500))
    accepted(party, clock, stolen(public_key(old).thumbprint, clock.at))


def test_what_a_clean_document_said_first_stays_when_a_thief_repeats_it(hall: Hall, party: Party, clock: Clock) -> None:
    accepted(party, clock, lot(source=""), footprint(per_kg=3))
    clock.at += HOUR
    accepted(party, clock, footprint(per_kg=3))
    accepted(party, clock, stolen(party.thumbprint, clock.at))
    assert figure(hall.database, party.uri, "L1").total == pytest.approx(3)


def test_what_a_thief_said_first_leaves_though_an_unsigned_document_repeats_it(
    hall: Hall, party: Party, clock: Clock
) -> None:
    """Its evidence would be the forged document."""
    accepted(party, clock, lot(source=""))
    clock.at += HOUR
    accepted(party, clock, footprint(per_kg="0.1"))
    old = rotated(party, clock)
    accepted(party, clock, footprint(per_kg="0.1"))
    accepted(party, clock, stolen(public_key(old).thumbprint, clock.at))
    assert figure(hall.database, party.uri, "L1").total is None


def test_the_revocation_may_bring_what_it_takes_out(hall: Hall, party: Party, clock: Clock) -> None:
    forged = accepted(party, clock, lot(source=""), footprint(per_kg=3))
    old = rotated(party, clock)
    anew = accepted(party, clock, stolen(public_key(old).thumbprint, START), lot(source=""), footprint(per_kg=3))
    found = figure(hall.database, party.uri, "L1")
    assert found.total == pytest.approx(3)
    assert forged.index not in found.documents
    assert anew.index in found.documents


def test_a_second_revocation_may_name_an_earlier_moment(hall: Hall, party: Party, clock: Clock) -> None:
    accepted(party, clock, lot(source=""), footprint(per_kg=3))
    clock.at += HOUR
    old = rotated(party, clock)
    assert not accepted(party, clock, stolen(public_key(old).thumbprint, clock.at)).verdict.findings
    assert accepted(party, clock, stolen(public_key(old).thumbprint, START)).verdict.findings
    assert party.uri
    stored = hall.database.read(find_key, public_key(old).thumbprint)
    assert stored is not None


def test_a_key_that_was_only_replaced_may_turn_out_to_be_stolen(hall: Hall, party: Party, clock: Clock) -> None:
    accepted(party, clock, lot(source=""), footprint(per_kg=3))
    old = rotated(party, clock)
    accepted(party, clock, revocation(public_key(old).thumbprint, reason="superseded"))
    assert figure(hall.database, party.uri, "L1").total == pytest.approx(3), "another reason takes nothing out"
    accepted(party, clock, stolen(public_key(old).thumbprint, START))
    rows = ask(hall.database, "MATCH (f:LotFact {key: $key}) RETURN f.superseded AS ended", key=f"{party.uri}|L1")
    assert [r["ended"] < 2**62 for r in rows] == [True]


@pytest.mark.parametrize(
    ("changes", "pointer", "check"),
    [
        ({"reason": "keyCompromise"}, "/facts/0/since", "schema"),
        ({"reason": "superseded", "since": "2026-01-01"}, "/facts/0/since", "schema"),
        ({"reason": "certificateHold"}, "/facts/0/reason", "schema"),
        ({"reason": "keyCompromise", "since": "2199-01-01"}, "/facts/0/since", "plausibility"),
    ],
)
def test_a_revocation_that_says_too_little_or_what_cannot_be(
    party: Party, clock: Clock, changes: dict[str, str], pointer: str, check: str
) -> None:
    assert set(refusal(says(party, clock, revocation(party.thumbprint, **changes)), check)) == {pointer}


def test_two_documents_that_say_the_same_are_withdrawn_together(hall: Hall, party: Party, clock: Clock) -> None:
    first, second = (accepted(party, clock, lot(source=""), footprint(per_kg=3)) for _ in range(2))
    accepted(party, clock, withdrawal(first.id), withdrawal(second.id), lot("other", source=""))
    rows = ask(hall.database, "MATCH (f:LotFact {key: $key}) RETURN f.superseded AS ended", key=f"{party.uri}|L1")
    assert [r["ended"] < 2**62 for r in rows] == [True]
