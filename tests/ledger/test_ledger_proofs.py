"""Proofs of an entry: what is written can be read, and nothing else."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.ledger.entry import parse_leaf
from service.ledger.errors import LedgerError, NoteRefused, ProofRefused
from service.ledger.note import open_checkpoint, parse_note
from service.ledger.proof import LogProof, parse_proof, verify_proof
from tests.kit.logs import ORIGIN, PaperLog
from tests.ledger.papers import LOG, altered


def test_a_proof_holds_and_names_its_entry() -> None:
    for index in range(5):
        proven = verify_proof(LOG.proof(index), LOG.key)
        assert (proven.index, proven.leaf, proven.head.size) == (index, LOG.entries[index], 5)


def test_a_proof_is_in_the_form_of_tlog_proof() -> None:
    lines = LOG.proof(3).decode().split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1] == "extra " + base64.b64encode(LOG.entries[3]).decode()
    assert lines[2] == "index 3"
    assert lines[lines.index("") + 1] == ORIGIN


def test_any_flipped_bit_of_a_proof_is_refused() -> None:
    content = LOG.proof(2)
    for bit in range(len(content) * 8):
        with pytest.raises(LedgerError):
            verify_proof(altered(content, bit), LOG.key)


def test_a_proof_with_parts_missing_doubled_or_exchanged_is_refused() -> None:
    lines = LOG.proof(2).splitlines(keepends=True)
    path = range(3, 6)
    for at in path:
        for changed in (lines[:at] + lines[at + 1 :], lines[: at + 1] + lines[at:]):
            with pytest.raises(ProofRefused):
                verify_proof(b"".join(changed), LOG.key)
    swapped = [*lines[:3], lines[4], lines[3], *lines[5:]]
    with pytest.raises(ProofRefused):
        verify_proof(b"".join(swapped), LOG.key)


def test_a_proof_of_another_log_is_refused() -> None:
    other = PaperLog(b"another").add(*LOG.entries)
    with pytest.raises(NoteRefused):
        verify_proof(other.proof(1), LOG.key)


def test_a_proof_under_an_empty_head_is_refused() -> None:
    forged = LogProof(0, (), LOG.signed(0), LOG.entries[0]).write()
    with pytest.raises(ProofRefused, match="no leaf 0 in a tree of 0"):
        verify_proof(forged, LOG.key)


PROOFS = {
    "empty": b"",
    "no header": LOG.proof(1).partition(b"\n")[2],
    "no extra": b"".join(line for n, line in enumerate(LOG.proof(1).splitlines(keepends=True)) if n != 1),
    "index with a leading zero": LOG.proof(1).replace(b"index 1", b"index 01"),
    "not ASCII": LOG.proof(1).replace(b"index 1", "index \u0661".encode()),
    "too long": LOG.proof(1) + b"a" * 200_000,
}


@pytest.mark.parametrize("content", PROOFS.values(), ids=PROOFS)
def test_what_is_no_proof_is_refused(content: bytes) -> None:
    with pytest.raises(ProofRefused):
        parse_proof(content)


@given(st.binary(max_size=400))
def test_no_bytes_break_the_readers(content: bytes) -> None:
    for read in (parse_proof, parse_note, parse_leaf, lambda c: open_checkpoint(c, [LOG.key])):
        try:
            read(content)
        except LedgerError:
            continue
