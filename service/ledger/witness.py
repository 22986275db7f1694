"""A witness of other logs (C2SP tlog-witness): cosigns a head that is proven to continue the last one it cosigned."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from service.ledger.errors import LedgerError, NoteRefused, ProofRefused
from service.ledger.files import HeadFile
from service.ledger.merkle import EMPTY_ROOT, MAX_LEVELS, verify_consistency
from service.ledger.note import (
    Checkpoint,
    Signer,
    Verifier,
    encode,
    open_checkpoint,
    parse_checkpoint,
    parse_hashes,
    parse_note,
    parse_size,
)

MAX_REQUEST = 32 * 1024
SIZE_TYPE = "text/x.tlog.size"


class WitnessRefused(LedgerError):
    """A request that is not cosigned, with the status that tlog-witness gives it.

    ``size`` of a 409: how far the log was cosigned before.
    """

    def __init__(self, status: int, reason: str, size: int | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.size = size


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A request to cosign: the size it continues from, the proof, and the checkpoint, none of it verified."""

    old: int
    proof: tuple[bytes, ...]
    note: bytes

    @property
    def body(self) -> bytes:
        """The request as it is sent."""
        return "".join(f"{line}\n" for line in (f"old {self.old}", *map(encode, self.proof), "")).encode() + self.note


def parse_request(content: bytes) -> AddCheckpoint:
    """Read a request. Raises ``WitnessRefused`` (400)."""
    if len(content) > MAX_REQUEST:
        raise WitnessRefused(413, f"a request has at most {MAX_REQUEST} bytes")
    top, blank, note = content.partition(b"\n\n")
    try:
        first, *lines = top.decode("ascii").split("\n")
        if not blank or not first.startswith("old ") or len(lines) > MAX_LEVELS:
            raise NoteRefused(f"a request is old <size>, at most {MAX_LEVELS} hashes, a blank line and a checkpoint")
        return AddCheckpoint(parse_size(first.removeprefix("old ")), tuple(parse_hashes(lines)), note)
    except (NoteRefused, UnicodeDecodeError) as error:
        reason = str(error) if isinstance(error, NoteRefused) else "a request is ASCII up to its checkpoint"
        raise WitnessRefused(400, reason) from error


class Witness:
    """Cosigns for the logs whose keys it was given, and remembers in a folder how far it went with each."""

    def __init__(self, folder: Path, signer: Signer, logs: Iterable[Verifier]) -> None:
        self._folder = folder
        self._signer = signer
        self._logs: Mapping[str, Sequence[Verifier]] = _by_origin(logs)

    @property
    def vkey(self) -> str:
        """The key that checks the cosignatures."""
        return self._signer.verifier.vkey

    def known(self, origin: str) -> Checkpoint | None:
        """The head of a log that was cosigned last. Raises ``LedgerError`` where what was kept cannot be read."""
        note = self._file(origin).read()
        try:
            return open_checkpoint(note, self._logs[origin])[0] if note else None
        except NoteRefused as error:
            raise LedgerError(f"what was kept of the log {origin[:80]} cannot be read: {error}") from error

    def add(self, content: bytes, now: float) -> str:
        """The cosignature line for a request, once what it leads to is on disk. Raises ``WitnessRefused``."""
        asked = parse_request(content)
        head = self._opened(asked.note)
        if asked.old > head.size:
            raise WitnessRefused(400, "the old size is larger than the checkpoint's")
        file = self._file(head.origin)
        with file.turn():
            known = self.known(head.origin)
            self._continues(known, asked, head)
            file.write(asked.note)
        return self._signer.line(head.text, int(now))

    def _opened(self, note: bytes) -> Checkpoint:
        try:
            told = parse_checkpoint(parse_note(note).text)
        except NoteRefused as error:
            raise WitnessRefused(400, str(error)) from error
        keys = self._logs.get(told.origin)
        if keys is None:
            raise WitnessRefused(404, "this witness does not know the log")
        try:
            return open_checkpoint(note, keys)[0]
        except NoteRefused as error:
            raise WitnessRefused(403, str(error)) from error

    def _continues(self, known: Checkpoint | None, asked: AddCheckpoint, head: Checkpoint) -> None:
        size, root = (known.size, known.root) if known else (0, EMPTY_ROOT)
        if asked.old != size:
            raise WitnessRefused(409, "the log was cosigned up to another size", size)
        if known and size == head.size and root != head.root:
            raise WitnessRefused(409, "the log has signed two roots of one size", size)
        try:
            verify_consistency(size, root, head.size, head.root, asked.proof)
        except ProofRefused as error:
            raise WitnessRefused(422, str(error)) from error

    def _file(self, origin: str) -> HeadFile:
        return HeadFile(self._folder / f"{sha256(origin.encode()).hexdigest()}.note")


def _by_origin(logs: Iterable[Verifier]) -> dict[str, list[Verifier]]:
    found: dict[str, list[Verifier]] = {}
    for log in logs:
        found.setdefault(log.name, []).append(log)
    return found
