"""What a stranger notices, and what a witness does not cosign."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.ledger.errors import LedgerError, NoteRefused, ProofRefused
from service.ledger.monitor import Monitor, Report, read_tree
from service.ledger.note import KeyType, Signer, open_checkpoint, parse_note
from service.ledger.quorum import parse_quorum
from service.ledger.witness import AddCheckpoint, Witness, WitnessRefused, parse_request
from tests.kit.logs import ORIGIN, PaperLog, paper_leaf

LEAVES = [paper_leaf(str(n)) for n in range(300)]


def log(count: int = 0, seed: bytes = b"log", origin: str = ORIGIN) -> PaperLog:
    return PaperLog(seed, origin).add(*LEAVES[:count])


def codes(report: Report) -> list[tuple[str, bool]]:
    return [(f.code, f.fault) for f in report.findings]


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 300])
def test_an_honest_log_is_sound_however_it_grows(size: int) -> None:
    growing, read = log(), 0
    monitor = Monitor(growing.key)
    for reached in (0, size // 3, size // 2, size, size):
        growing.add(*LEAVES[len(growing.entries) : reached])
        report = monitor.look(growing)
        assert (report.sound, report.findings, report.size) == (True, [], reached)
        read += report.read
    assert read == size


def test_a_later_monitor_goes_on_from_the_head_that_was_seen() -> None:
    growing = log(3)
    first = Monitor(growing.key)
    assert first.look(growing).sound
    assert Monitor(growing.key, first.seen).look(growing.add(LEAVES[3])).sound


def test_a_fork_is_told_with_both_heads_as_evidence() -> None:
    honest = log(5)
    monitor = Monitor(honest.key)
    monitor.look(honest)
    forked = log(4).add(paper_leaf("another"), *LEAVES[5:7])
    report = Monitor(honest.key, monitor.seen).look(forked)
    assert codes(report) == [("forked", True)]
    for note in report.findings[0].evidence:
        assert open_checkpoint(note.encode(), [honest.key])
    assert not monitor.look(forked).sound


def test_a_rollback_is_told() -> None:
    honest = log(5)
    monitor = Monitor(honest.key)
    monitor.look(honest)
    assert codes(monitor.look(log(4))) == [("rolled-back", True)]
    assert codes(Monitor(honest.key, monitor.seen).look(log(4))) == [("rolled-back", True)]
    assert monitor.look(honest).sound, "the head that was seen is kept"


def test_entries_that_are_not_those_signed_for_are_told() -> None:
    lying = log(5)
    lying.entries[2] = paper_leaf("another")
    assert codes(Monitor(lying.key).look(lying)) == [("root-differs", True)]


def test_entries_in_another_order_are_told() -> None:
    lying = log(5)
    lying.entries[1], lying.entries[2] = lying.entries[2], lying.entries[1]
    assert codes(Monitor(lying.key).look(lying)) == [("root-differs", True)]


def test_a_head_that_too_few_witnesses_have_cosigned_is_told_and_not_remembered() -> None:
    honest = log(5)
    quorum = parse_quorum([OWN.verifier.vkey])
    monitor = Monitor(honest.key, quorum=quorum)
    assert codes(monitor.look(honest)) == [("witnesses-missing", True)]
    assert monitor.seen == b""
    note = honest.checkpoint()
    honest.checkpoint = lambda: note + OWN.line(parse_note(note).text, 1).encode()  # type: ignore[method-assign]
    report = monitor.look(honest)
    assert (report.sound, report.witnesses) == (True, [OWN.name])


def test_a_missing_entry_is_refused() -> None:
    lying = log(5)
    lying.entries.pop(2)
    with pytest.raises(ProofRefused):
        Monitor(lying.key).look(lying)


def test_another_key_or_name_is_refused() -> None:
    for other in (log(2, b"another"), log(2, origin="other.example/ledger")):
        with pytest.raises(NoteRefused):
            Monitor(log().key).look(other)


REFUSED = paper_leaf("0", failed="balances")
SAME_ID = {"document": "d" * 64}
CASES: dict[str, tuple[list[bytes], list[tuple[str, bool]]]] = {
    "rejected, then accepted": ([REFUSED, LEAVES[0]], [("rejected-then-accepted", True)]),
    "twice accepted": ([LEAVES[0], LEAVES[0]], [("document-twice", True)]),
    "accepted, then rejected": ([LEAVES[0], REFUSED], [("document-twice", True)]),
    "an id used for other bytes": ([LEAVES[0], paper_leaf("0", **SAME_ID)], [("id-reused", True)]),
    "which was refused": ([LEAVES[0], paper_leaf("0", failed="replay", **SAME_ID)], [("id-reused", False)]),
    "an id that was refused before": ([REFUSED, paper_leaf("0", **SAME_ID)], []),
    "and is used a third time": (
        [REFUSED, paper_leaf("0", **SAME_ID), paper_leaf("0", document="e" * 64)],
        [("id-reused", True)],
    ),
    "no id at all": ([paper_leaf("0", statement=...), paper_leaf("1", statement=...)], []),
    "not an entry": ([LEAVES[0], b"{}"], [("entry-malformed", True)]),
}


@pytest.mark.parametrize(("entries", "expected"), CASES.values(), ids=CASES)
def test_what_an_honest_log_does_not_contain_is_told(entries: list[bytes], expected: list[tuple[str, bool]]) -> None:
    odd = PaperLog().add(*entries)
    assert codes(Monitor(odd.key).look(odd)) == expected


@given(st.integers(0, 299), st.integers(0, 7))
def test_any_flipped_bit_of_an_entry_is_told(index: int, bit: int) -> None:
    lying = log(300)
    entry = bytearray(lying.entries[index])
    entry[index % len(entry)] ^= 1 << bit
    lying.entries[index] = bytes(entry)
    assert ("root-differs", True) in codes(Monitor(lying.key).look(lying))


def test_the_tree_is_read_from_hash_tiles() -> None:
    assert read_tree(log(300), 300).root() == log(300).tree.root()


# Witness

OWN = Signer("witness.example/w", KeyType.COSIGNATURE, sha256(b"witness").digest())


def body(source: PaperLog, old: int, new: int) -> bytes:
    return AddCheckpoint(old, tuple(source.tree.consistency(old, new)), source.signed(new)).body


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return Witness(tmp_path, OWN, [log().key])


def status(act: Callable[[], Any]) -> tuple[int, int | None]:
    with pytest.raises(WitnessRefused) as refused:
        act()
    return refused.value.status, refused.value.size


def test_a_head_that_continues_is_cosigned(witness: Witness) -> None:
    source = log(300)
    sizes = [0, 1, 5, 256, 256, 300]
    for old, new in zip([0, *sizes], sizes, strict=False):
        line = witness.add(body(source, old, new), 1_800_000_000.5)
        _, signed = open_checkpoint(source.signed(new) + line.encode(), [source.key, OWN.verifier])
        assert OWN.verifier in signed


def test_another_witness_over_the_same_folder_knows_how_far_it_went(witness: Witness, tmp_path: Path) -> None:
    source = log(5)
    witness.add(body(source, 0, 5), 1)
    assert status(lambda: Witness(tmp_path, OWN, [source.key]).add(body(source, 0, 5), 1)) == (409, 5)


def test_what_is_not_cosigned_and_with_which_status(witness: Witness) -> None:
    source, forked, stranger = log(9), log(4).add(paper_leaf("x"), *LEAVES[5:9]), log(9, b"another")
    witness.add(body(source, 0, 5), 1)
    assert status(lambda: witness.add(body(log(9, origin="other.example/l"), 0, 5), 1)) == (404, None)
    assert status(lambda: witness.add(body(stranger, 5, 9), 1)) == (403, None)
    assert status(lambda: witness.add(AddCheckpoint(9, (), source.signed(5)).body, 1)) == (400, None)
    assert status(lambda: witness.add(body(source, 4, 9), 1)) == (409, 5)
    assert status(lambda: witness.add(AddCheckpoint(5, (), forked.signed(5)).body, 1)) == (409, 5)
    assert status(lambda: witness.add(body(forked, 5, 9), 1)) == (422, None)
    assert status(lambda: witness.add(AddCheckpoint(5, (), source.signed(9)).body, 1)) == (422, None)
    known = witness.known(ORIGIN)
    assert known is not None
    assert known.size == 5, "nothing of this was remembered"


def test_a_witness_that_cannot_read_what_it_kept_cosigns_nothing(witness: Witness, tmp_path: Path) -> None:
    source = log(5)
    witness.add(body(source, 0, 4), 1)
    [kept] = tmp_path.glob("*.note")
    kept.write_bytes(kept.read_bytes()[:-9])
    with pytest.raises(LedgerError, match="cannot be read"):
        witness.add(body(source, 4, 5), 1)


NOTE = log(2).signed(2)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        NOTE,
        b"old 0\n" + NOTE,
        b"old 00\n\n" + NOTE,
        b"old -1\n\n" + NOTE,
        b"old\n\n" + NOTE,
        b"old 1\nshort\n\n" + NOTE,
        b"old 1\n" + b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n" * 64 + b"\n" + NOTE,
        b"old \xff\n\n" + NOTE,
    ],
)
def test_what_is_no_request_is_refused(witness: Witness, content: bytes) -> None:
    assert status(lambda: witness.add(content, 1)) == (400, None)


def test_a_request_is_read_as_it_was_written() -> None:
    asked = AddCheckpoint(1, tuple(log(9).tree.consistency(1, 9)), log(9).signed(9))
    assert parse_request(asked.body) == asked
    assert status(lambda: parse_request(b"a" * 40_000)) == (413, None)
