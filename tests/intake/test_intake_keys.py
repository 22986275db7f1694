"""Keys: registered with proof of possession, judged at the moment of logging (signatures.md)."""

from __future__ import annotations

import pytest

from graph.model.documents import Format
from graph.store.keys import find_key, keys_of
from service.keys import Keys
from service.trust.nonce import LIFETIME
from service.trust.signing import new_key, public_key, sign_registration
from tests.kit.doors import AUDIENCE, Hall, org, refusal
from tests.kit.statements import product, revocation, unique, withdrawal

SECRET = b"secret of this server"


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, at: float) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock(1_780_000_000.0)


@pytest.fixture
def keys(hall: Hall, clock: Clock) -> Keys:
    return Keys(hall.database, Hall(hall.database, clock=clock).intake, SECRET, AUDIENCE, clock)


def signed_challenge(keys: Keys, key: dict[str, str], organization: str, at: float, **changes: str) -> bytes:
    told = {"organization": organization, "audience": AUDIENCE, "nonce": keys.challenge(organization)} | changes
    return sign_registration(key, issued_at=int(at), **told)


@pytest.mark.parametrize("alg", ["EdDSA", "Ed25519", "ES256", "ES384", "PS256"])
def test_a_key_is_registered_by_signing_a_challenge_with_it(keys: Keys, clock: Clock, alg: str) -> None:
    me, key = org(unique("k")), new_key(alg)
    found = keys.register(signed_challenge(keys, key, me, clock()), me)
    assert found.verdict.accepted, found.verdict.failed
    stored = keys.of(me)
    assert [(k.thumbprint, k.registered, k.revoked) for k in stored] == [
        (public_key(key).thumbprint, found.index, None)
    ]
    assert '"d"' not in stored[0].jwk


@pytest.mark.parametrize(
    ("changes", "pointer"), [({"audience": "https://elsewhere.example"}, "/aud"), ({"nonce": "made-up"}, "/nonce")]
)
def test_a_registration_made_for_something_else_is_refused(
    keys: Keys, clock: Clock, changes: dict[str, str], pointer: str
) -> None:
    me, key = org(unique("k")), new_key()
    found = keys.register(signed_challenge(keys, key, me, clock(), **changes), me)
    assert set(refusal(found, "claims")) == {pointer}
    assert keys.of(me) == []


def test_a_challenge_given_to_another_organization_is_refused(keys: Keys, clock: Clock) -> None:
    me, key = org(unique("k")), new_key()
    found = keys.register(signed_challenge(keys, key, me, clock(), nonce=keys.challenge(org("another"))), me)
    assert set(refusal(found, "claims")) == {"/nonce"}


def test_a_challenge_answered_too_late_is_refused(keys: Keys, clock: Clock) -> None:
    me, key = org(unique("k")), new_key()
    nonce = keys.challenge(me)
    clock.at += LIFETIME
    found = keys.register(signed_challenge(keys, key, me, clock(), nonce=nonce), me)
    assert set(refusal(found, "claims")) == {"/nonce"}


def test_a_registration_handed_in_by_another_organization_is_refused(keys: Keys, clock: Clock) -> None:
    me, thief, key = org(unique("k")), org(unique("k")), new_key()
    found = keys.register(signed_challenge(keys, key, me, clock()), thief)
    assert "/iss" in refusal(found, "claims")
    assert keys.of(thief) == []


def test_the_same_registration_again_is_one_registration(keys: Keys, clock: Clock) -> None:
    me, key = org(unique("k")), new_key()
    content = signed_challenge(keys, key, me, clock())
    assert keys.register(content, me) == keys.register(content, me)
    assert len(keys.of(me)) == 1


def test_a_registered_key_cannot_be_registered_again_by_anybody(keys: Keys, clock: Clock) -> None:
    """It would change hands, or come back to life after its revocation."""
    me, other, key = org(unique("k")), org(unique("k")), new_key()
    assert keys.register(signed_challenge(keys, key, me, clock()), me).verdict.accepted
    for who in (me, other):
        again = keys.register(signed_challenge(keys, key, who, clock()), who)
        assert set(refusal(again, "key-state")) == {"/jwk"}
    assert [k.organization for k in keys.of(me)] == [me]
    assert keys.of(other) == []


def test_a_registration_needs_the_private_half(keys: Keys, clock: Clock) -> None:
    """Somebody else's public key, under one's own signature."""
    me, mine, victims = org(unique("k")), new_key(), new_key()
    content = signed_challenge(keys, mine | {"x": victims["x"]}, me, clock())
    assert not keys.register(content, me).verdict.accepted
    assert keys.of(me) == []


def test_a_key_speaks_for_the_organization_that_registered_it(hall: Hall) -> None:
    one, other = hall.party(), hall.party()
    one.key, other.key = other.key, one.key
    assert set(one.refused("claims", product())) == {"/iss"}


def test_an_unregistered_key_signs_nothing(hall: Hall) -> None:
    party = hall.party()
    party.key = new_key()
    party.refused("key", product())


def test_a_document_logged_after_its_key_was_revoked_is_refused_whenever_it_was_signed(hall: Hall) -> None:
    party = hall.party()
    signed_before = party.signed(product("late"))
    logged_before = party.accepted(product("early"))
    party.accepted(revocation(party.thumbprint))
    found = party.submit(signed_before)
    refusal(found, "key-state")
    assert (found.verdict.signature_valid, found.verdict.key_in_force) == (True, False)
    stays = hall.intake.submit([(b"", Format.JWS)], party.uri)  # the ledger goes on
    assert stays[0].index == found.index + 1
    assert logged_before.verdict.accepted


def test_a_document_logged_before_the_revocation_stays_what_it_was(hall: Hall) -> None:
    party = hall.party()
    content = party.signed(product())
    before = party.submit(content)
    party.accepted(revocation(party.thumbprint))
    assert party.submit(content) == before


def test_a_revocation_holds_for_what_follows_it_in_the_same_group(hall: Hall) -> None:
    party = hall.party()
    contents = [party.signed(revocation(party.thumbprint)), party.signed(product())]
    revoked, after = hall.intake.submit([(c, Format.JWS) for c in contents], party.uri)
    assert revoked.verdict.accepted
    refusal(after, "key-state")


def test_a_revocation_holds_in_every_worker_at_once(hall: Hall) -> None:
    party, other_worker = hall.party(), hall.worker()
    assert other_worker.submit([(party.signed(product("a")), Format.JWS)], party.uri)[0].verdict.accepted
    party.accepted(revocation(party.thumbprint))
    refusal(other_worker.submit([(party.signed(product("b")), Format.JWS)], party.uri)[0], "key-state")


def test_an_organization_revokes_its_own_keys_only(hall: Hall) -> None:
    one, other = hall.party(), hall.party()
    assert set(one.refused("replay", product(), revocation(other.thumbprint))) == {"/facts/1/thumbprint"}
    other.accepted(product())


def test_revoking_twice_does_not_move_the_revocation(hall: Hall) -> None:
    """Else what was logged in between would look as if its key had been in force."""
    party, second = hall.party(), new_key()
    assert party.registers(second).verdict.accepted
    first = party.accepted(revocation(party.thumbprint))
    old, party.key = party.thumbprint, second
    party.accepted(revocation(old))
    stored = hall.database.read(find_key, old)
    assert stored is not None
    assert stored.revoked == first.index


def test_taking_a_revocation_back_does_not_bring_the_key_back(hall: Hall) -> None:
    party, second = hall.party(), new_key()
    assert party.registers(second).verdict.accepted
    revoked = party.accepted(revocation(party.thumbprint))
    first, party.key = party.key, second
    party.accepted(withdrawal(revoked.id))
    party.key = first
    party.refused("key-state", product())


def test_keys_are_listed_in_the_order_of_registration(hall: Hall) -> None:
    party = hall.party()
    more = [new_key("ES256"), new_key()]
    for key in more:
        assert party.registers(key).verdict.accepted
    listed = hall.database.read(keys_of, party.uri)
    assert [k.thumbprint for k in listed] == [party.thumbprint, *(public_key(k).thumbprint for k in more)]
