"""What status lists say: one bit of a credential that was verified before, and nothing where anything is amiss."""

from __future__ import annotations

import base64
import gzip
import time
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.trust.status import (
    MAX_BYTES,
    MIN_BITS,
    State,
    Status,
    StatusEntry,
    StatusRefused,
    bit,
    entries,
    expand,
    status_of,
)

URL, OTHER, ISSUER = "https://issuer.example/status/1", "https://issuer.example/status/2", "did:web:issuer.example"
AT = 1_790_000_000.0


def encoded(*ones, size=MIN_BITS):
    bits = bytearray(size // 8)
    for one in ones:
        bits[one // 8] |= 128 >> one % 8
    return packed(gzip.compress(bytes(bits)))


def packed(data):
    return "u" + base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def listed(*ones, purpose="revocation", **changes):
    subject = {"type": "BitstringStatusList", "statusPurpose": purpose, "encodedList": encoded(*ones)}
    return {
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "id": URL,
        "issuer": ISSUER,
        "credentialSubject": subject | changes.pop("subject", {}),
    } | changes


def entry(index=94567, purpose="revocation", url=URL, **changes):
    return {
        "type": "BitstringStatusListEntry",
        "statusPurpose": purpose,
        "statusListIndex": index,
        "statusListCredential": url,
    } | changes


def status(credential_status, *lists, issuer=ISSUER, at=AT):
    return status_of(entries(credential_status), {one["id"]: one for one in lists}, issuer=issuer, at=at)


def test_a_bit_that_is_not_set_lets_the_credential_count():
    found = status(entry(), listed(94566, 94568))
    assert found == Status(State.VALID)
    assert found.counts


@pytest.mark.parametrize(("purpose", "state"), [("revocation", State.REVOKED), ("suspension", State.SUSPENDED)])
def test_a_bit_that_is_set_is_what_its_purpose_says(purpose, state):
    found = status(entry(purpose=purpose), listed(94567, purpose=purpose))
    assert found.state is state
    assert not found.counts
    assert f"has {state.value} it (entry 94567 of {URL})" in found.detail


@pytest.mark.parametrize("index", ["94567", 94567, "094567"])
def test_an_index_comes_as_text_or_number(index):
    assert status(entry(index), listed(94567)).state is State.REVOKED


def test_the_first_index_is_the_left_most_bit():
    """Bitstring Status List 1.0, 3.1."""
    assert bit(b"\x80\x01", 0)
    assert bit(b"\x80\x01", 15)
    assert [bit(b"\x80\x01", n) for n in range(1, 15)] == [False] * 14


@settings(deadline=None)
@given(st.sets(st.integers(0, MIN_BITS - 1), max_size=20), st.integers(0, MIN_BITS - 1))
def test_a_list_says_of_each_index_what_was_put_there(ones, asked):
    assert bit(expand(encoded(*ones)), asked) is (asked in ones)


def test_the_worst_of_several_entries_decides():
    both = [entry(1), entry(2, "suspension", OTHER)]
    revoking, suspending = listed, lambda *ones: listed(*ones, purpose="suspension", id=OTHER)
    assert status(both, revoking(), suspending()).state is State.VALID
    assert status(both, revoking(), suspending(2)).state is State.SUSPENDED
    assert status(both, revoking(1), suspending(2)).state is State.REVOKED
    assert status(both, revoking()).state is State.UNKNOWN
    assert status(both, revoking(1)).state is State.REVOKED
    assert status_of((), {}, issuer=ISSUER, at=AT).state is State.UNKNOWN


# Fail closed: whatever is amiss, the credential does not count, and the reason is named


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (listed(purpose="suspension"), "purpose is not revocation"),
        (listed(purpose=["suspension", "message"]), "purpose is not revocation"),
        (listed(subject={"statusPurpose": None}), "purpose is not revocation"),
        (listed(issuer="did:web:stranger.example"), "by another issuer"),
        (listed(issuer={"id": "did:web:stranger.example"}), "by another issuer"),
        (listed(issuer=None), "by another issuer"),
        (listed(type=["VerifiableCredential"]), "no BitstringStatusListCredential"),
        (listed(type="BitstringStatusListCredential"), "no BitstringStatusListCredential"),
        (listed(subject={"type": "StatusList2021"}), "no BitstringStatusList"),
        (listed(credentialSubject=[]), "no BitstringStatusList"),
        (listed(validUntil="2020-01-01T00:00:00Z"), "has expired"),
        (listed(validFrom="2199-01-01T00:00:00Z"), "not valid yet"),
        (listed(validUntil="tomorrow"), "validUntil"),
        (listed(validUntil="2199-01-01"), "validUntil"),
        (listed(validUntil="2199-01-01T00:00:00"), "validUntil"),
        (listed(validUntil=None), "validUntil"),
        (listed(subject={"encodedList": None}), "multibase"),
        (listed(subject={"encodedList": ""}), "multibase"),
        (listed(subject={"encodedList": encoded()[1:]}), "multibase"),
        (listed(subject={"encodedList": "z" + encoded()[1:]}), "multibase"),
        (listed(subject={"encodedList": "u"}), "base64url"),
        (listed(subject={"encodedList": encoded() + "=="}), "base64url"),
        (listed(subject={"encodedList": "u\u00e9"}), "base64url"),
        (listed(subject={"encodedList": packed(b"plain")}), "gzip"),
        (listed(subject={"encodedList": packed(zlib.compress(bytes(MIN_BITS // 8)))}), "gzip"),
        (listed(subject={"encodedList": packed(gzip.compress(bytes(MIN_BITS // 8))[:-9])}), "ends too early"),
        (listed(subject={"encodedList": packed(gzip.compress(bytes(MIN_BITS // 8)) + b"x")}), "after its end"),
        (listed(subject={"encodedList": encoded(size=MIN_BITS - 8)}), "fewer than 131072"),
    ],
)
def test_a_list_that_is_not_in_order_says_nothing(wrong, reason):
    found = status_of(entries(entry()), {URL: wrong}, issuer=ISSUER, at=AT)
    assert found.state is State.UNKNOWN
    assert reason in found.detail


def test_a_damaged_checksum_is_noticed():
    data = bytearray(gzip.compress(bytes(MIN_BITS // 8)))
    data[-8] ^= 1
    with pytest.raises(StatusRefused, match="damaged"):
        expand(packed(bytes(data)))


def test_a_list_from_another_address_is_none():
    assert status_of(entries(entry()), {}, issuer=ISSUER, at=AT).state is State.UNKNOWN
    assert "another address" in status_of(entries(entry()), {URL: listed(id=OTHER)}, issuer=ISSUER, at=AT).detail


def test_an_index_beyond_the_list_says_nothing():
    found = status(entry(MIN_BITS), listed())
    assert found.state is State.UNKNOWN
    assert "beyond the 131072 entries" in found.detail
    assert status(entry(MIN_BITS - 1), listed(MIN_BITS - 1)).state is State.REVOKED


def test_validity_counts_from_its_first_second_to_before_its_last():
    bounded = listed(validFrom="2026-09-21T14:13:20Z", validUntil="2026-09-21T15:13:20+00:00")
    assert [status(entry(), bounded, at=AT + s).state for s in (-1, 0, 3599, 3600)] == [
        State.UNKNOWN, State.VALID, State.VALID, State.UNKNOWN,
    ]  # fmt: skip


def test_a_list_for_several_purposes_answers_for_each():
    assert status(entry(), listed(purpose=["suspension", "revocation"])).state is State.VALID


def test_a_gzip_bomb_costs_neither_memory_nor_time():
    """64 kB that would be 64 MB: stopped at the cap (signatures.md: status list with a gzip bomb)."""
    bomb = packed(gzip.compress(bytes(64_000_000)))
    assert len(bomb) < 100_000
    started = time.perf_counter()
    tracemalloc.start()
    with pytest.raises(StatusRefused, match="more than"):
        expand(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * MAX_BYTES
    assert time.perf_counter() - started < 2


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused_or_expanded_and_nothing_else(data):
    for text in (packed(data), packed(gzip.compress(data)), data.decode("latin-1")):
        with pytest.raises(StatusRefused):
            expand(text)


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        None,
        "revoked",
        [entry()] * 9,
        entry(type="StatusList2021Entry"),
        entry(purpose="refresh"),
        entry(purpose="message"),
        entry(purpose=["revocation"]),
        entry(-1),
        entry("-1"),
        entry(1.0),
        entry(True),
        entry(""),
        entry("1e3"),
        entry(" 1"),
        entry("\u0661"),
        entry("9" * 5000),
        entry(10**30),
        entry(None),
        entry(url=None),
        entry(url=""),
        entry(url="x" * 2001),
        entry(statusSize=2),
        entry(statusSize=True),
        entry(statusSize="1"),
    ],
)
def test_an_entry_that_is_not_in_order_is_refused(wrong):
    with pytest.raises(StatusRefused):
        entries(wrong)


def test_entries_are_read_as_they_stand():
    assert entries([entry("7"), entry(8, "suspension", OTHER, id="x", statusSize=1)]) == (
        StatusEntry("revocation", 7, URL),
        StatusEntry("suspension", 8, OTHER),
    )
