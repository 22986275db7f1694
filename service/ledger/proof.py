"""Offline proofs that an entry is in a log (C2SP tlog-proof). Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from service.ledger.errors import NoteRefused, ProofRefused
from service.ledger.merkle import leaf_hash, verify_inclusion
from service.ledger.note import (
    Checkpoint,
    Verifier,
    decode,
    encode,
    open_checkpoint,
    parse_hashes,
    parse_size,
)

HEADER = "c2sp.org/tlog-proof@v1"
MAX_PROOF = 128 * 1024


@dataclass(frozen=True, slots=True)
class LogProof:
    """A proof as it is handed on, nothing of it verified: the entry's bytes travel as its extra data."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    leaf: bytes

    def write(self) -> bytes:
        """The proof as text."""
        lines = [HEADER, f"extra {encode(self.leaf)}", f"index {self.index}", *map(encode, self.path), "", ""]
        return "\n".join(lines).encode() + self.checkpoint


@dataclass(frozen=True, slots=True)
class Proven:
    """What a proof has shown: these bytes stand at this index of the log under this head; who signed the head."""

    index: int
    leaf: bytes
    head: Checkpoint
    signed: tuple[Verifier, ...]


def parse_proof(content: bytes) -> LogProof:
    """Read a proof. Raises ``ProofRefused`` where it is not in the form of tlog-proof with the entry as extra data."""
    if len(content) > MAX_PROOF:
        raise ProofRefused(f"a proof has at most {MAX_PROOF} bytes")
    top, blank, checkpoint = content.partition(b"\n\n")
    try:
        lines = top.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise ProofRefused("the proof is not in the form of tlog-proof") from error
    if not blank or len(lines) < 3 or lines[0] != HEADER:
        raise ProofRefused(f"a proof begins with {HEADER} and ends with a checkpoint")
    extra, index = _word(lines[1], "extra "), _word(lines[2], "index ")
    try:
        return LogProof(parse_size(index), tuple(parse_hashes(lines[3:])), checkpoint, decode(extra, "extra"))
    except NoteRefused as error:
        raise ProofRefused(str(error)) from error


def _word(line: str, name: str) -> str:
    if not line.startswith(name):
        raise ProofRefused(f"a proof has a line that begins with {name.strip()!r}")
    return line.removeprefix(name)


def verify_proof(content: bytes, log: Verifier, witnesses: Sequence[Verifier] = ()) -> Proven:
    """Check a proof offline against the log's key; ``signed`` tells which witnesses have cosigned.

    Raises ``ProofRefused`` for the proof and ``NoteRefused`` for its checkpoint.
    """
    proof = parse_proof(content)
    head, signed = open_checkpoint(proof.checkpoint, _keys(log, witnesses))
    if head.origin != log.name:
        raise NoteRefused("the checkpoint is another log's")
    verify_inclusion(leaf_hash(proof.leaf), proof.index, head.size, proof.path, head.root)
    return Proven(proof.index, proof.leaf, head, signed)


def _keys(log: Verifier, witnesses: Iterable[Verifier]) -> tuple[Verifier, ...]:
    return (log, *witnesses)
