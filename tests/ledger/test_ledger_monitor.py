"""What a stranger notices, and what a witness does not cosign."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.ledger.audit_state import AuditState, StateRefused
from service.ledger.errors import LedgerError, NoteRefused, ProofRefused
from service.ledger.merkle import Frontier
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


class Counting(PaperLog):
    """A log that knows which tiles were fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []

    def tile(self, path: str) -> bytes:
        self.fetched.append(path)
        return super().tile(path)


def remembered(path: Path, source: PaperLog) -> Report:
    """One audit with a state in a file, as each run of the command is."""
    state = AuditState(path)
    try:
        return Monitor(source.key, state).look(source)
    finally:
        state.close()


def test_a_later_audit_fetches_only_what_is_newer(tmp_path: Path) -> None:
    state, growing, read = tmp_path / "state", Counting(), 0
    for size, fetched in ((300, ["entries/000", "entries/001.p/44"]), (300, []), (301, ["entries/001.p/45"])):
        growing.add(*LEAVES[len(growing.entries) : size], *([paper_leaf("new")] if size > 300 else []))
        growing.fetched.clear()
        report = remembered(state, growing)
        assert (report.sound, report.size, report.kinds) == (True, size, {"statement": size})
        assert growing.fetched == fetched
        read += report.read
    assert read == 301
    assert state.stat().st_mode & 0o077 == 0


@settings(max_examples=50)
@given(st.lists(st.sampled_from([*range(6), *range(-5, 0)]), max_size=24), st.data())
def test_an_audit_in_parts_tells_what_one_audit_tells(names: list[int], data: st.DataObject) -> None:
    """Whatever the log holds (negative: refused) and however often the audit was interrupted, up to the first fault."""
    entries = [paper_leaf(str(abs(n)), failed="balances" if n < 0 else "") for n in names]
    whole = PaperLog().add(*entries)
    expected, growing, state = Monitor(whole.key).look(whole), PaperLog(), AuditState()
    told = []
    while len(growing.entries) < len(entries):
        to = data.draw(st.integers(len(growing.entries) + 1, len(entries)))
        growing.add(*entries[len(growing.entries) : to])
        report = Monitor(growing.key, state).look(growing)
        told += report.findings
        if not report.sound:
            break
    assert told == expected.findings[: len(told)]
    assert any(f.fault for f in told) == (not expected.sound)


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        (paper_leaf("0", failed="balances"), paper_leaf("0"), "rejected-then-accepted"),
        (paper_leaf("0"), paper_leaf("0", document="d" * 64), "id-reused"),
        (paper_leaf("0"), paper_leaf("0"), "document-twice"),
    ],
)
def test_what_an_earlier_audit_has_read_is_recognised(tmp_path: Path, before: bytes, after: bytes, code: str) -> None:
    growing = log(0).add(before, *LEAVES[1:280])
    assert remembered(tmp_path / "state", growing).sound
    growing.add(after)
    for _ in range(2):  # and again: what was not sound is not remembered
        assert codes(remembered(tmp_path / "state", growing)) == [(code, True)]


def test_a_fork_behind_what_was_read_is_told(tmp_path: Path) -> None:
    honest, state = log(5), tmp_path / "state"
    remembered(state, honest)
    for forked in (log(4).add(paper_leaf("another"), *LEAVES[5:7]), log(4).add(paper_leaf("another"))):
        report = remembered(state, forked)
        assert codes(report) == [("forked", True)]
        assert report.findings[0].evidence == (honest.checkpoint().decode(), forked.checkpoint().decode())
    lying = log(7)
    lying.entries[6] = paper_leaf("another")
    assert codes(remembered(state, lying)) == [("root-differs", True)]
    assert codes(remembered(state, log(3))) == [("rolled-back", True)]
    assert remembered(state, honest.add(LEAVES[5])).sound


def test_a_read_that_was_broken_off_leaves_what_was_known(tmp_path: Path) -> None:
    growing, state = log(3), tmp_path / "state"
    remembered(state, growing)
    growing.add(*LEAVES[3:])
    lost = growing.entries.pop()
    with pytest.raises(ProofRefused):
        remembered(state, growing)
    growing.entries.append(lost)
    report = remembered(state, growing)
    assert (report.sound, report.read) == (True, 297)


def test_a_state_that_was_changed_is_refused(tmp_path: Path) -> None:
    source, state = log(200), tmp_path / "state"
    remembered(state, source)
    whole = state.read_bytes()
    for change in (
        "DELETE FROM seen WHERE first = 100",
        "UPDATE seen SET accepted = 0 WHERE first = 7",
        "UPDATE head SET value = '199' WHERE name = 'size'",
        "UPDATE head SET value = replace(value, 'A', 'B') WHERE name = 'edge'",
        "DELETE FROM head WHERE name = 'digest'",
        "DROP TABLE seen",
    ):
        with sqlite3.connect(state) as database:
            database.execute(change)
        database.close()
        with pytest.raises(StateRefused):
            remembered(state, source)
        state.write_bytes(whole)
    with sqlite3.connect(state) as database:
        [name] = database.execute("SELECT name FROM seen WHERE first = 100 LIMIT 1").fetchone()
    database.close()
    assert whole.count(name) == 1
    for damaged in (whole[: len(whole) // 2], whole.replace(name, bytes(len(name)))):
        state.write_bytes(damaged)
        with pytest.raises(StateRefused):
            remembered(state, source)
    state.write_bytes(whole)
    assert remembered(state, source).sound


def test_a_state_of_another_log_is_refused(tmp_path: Path) -> None:
    remembered(tmp_path / "state", log(3))
    for other in (log(3, b"another"), log(3, origin="other.example/ledger")):
        with pytest.raises(StateRefused, match="another ledger"):
            remembered(tmp_path / "state", other)


def test_a_state_whose_tree_is_not_the_heads_is_refused() -> None:
    """Also where its digest was made to fit."""
    source, state = log(3), AuditState()
    state.save(source.key.vkey, source.checkpoint())
    with pytest.raises(StateRefused, match="not that of the head"):
        Monitor(source.key, state)


def test_a_state_is_one_audits_at_a_time(tmp_path: Path) -> None:
    first = AuditState(tmp_path / "state")
    with pytest.raises(StateRefused, match="in use"):
        AuditState(tmp_path / "state")
    first.close()
    assert remembered(tmp_path / "state", log(3)).sound


@pytest.mark.parametrize("content", [b"{}", b"mine", b"SQLite format 3\x00" + bytes(100)])
def test_a_file_that_is_no_state_is_left_alone(tmp_path: Path, content: bytes) -> None:
    state = tmp_path / "mine"
    state.write_bytes(content)
    with pytest.raises(StateRefused, match="no state of an audit"):
        AuditState(state)
    assert state.read_bytes() == content


@given(st.integers(0, 299))
def test_the_edge_of_a_tree_leads_to_its_root(size: int) -> None:
    edge, again = Frontier(), log(size).tree
    for number in range(size):
        edge.append(again.hashes(0, number, 1))
    assert edge.root() == again.root() == Frontier(size, edge.edge).root()
    with pytest.raises(ProofRefused):
        Frontier(size, [*edge.edge, bytes(32)])


def test_a_fork_is_told_with_both_heads_as_evidence() -> None:
    honest = log(5)
    monitor = Monitor(honest.key)
    monitor.look(honest)
    forked = log(4).add(paper_leaf("another"), *LEAVES[5:7])
    report = monitor.look(forked)
    assert codes(report) == [("forked", True)]
    for note in report.findings[0].evidence:
        assert open_checkpoint(note.encode(), [honest.key])
    assert not monitor.look(forked).sound


def test_a_rollback_is_told() -> None:
    honest = log(5)
    monitor = Monitor(honest.key)
    monitor.look(honest)
    assert codes(monitor.look(log(4))) == [("rolled-back", True)]
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


@given(st.integers(0, 39), st.integers(0, 7))
def test_any_flipped_bit_of_an_entry_is_told(index: int, bit: int) -> None:
    lying = log(40)
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
