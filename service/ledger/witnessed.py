"""The head that was last laid before the witnesses, with their cosignatures: a file beside the last signed head.

It is outside the graph, like that head, and goes back with it as little. Nothing in it is believed: the log's signature
and the cosignatures are verified whenever it is read anew.
"""

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from service.ledger.errors import NoteRefused
from service.ledger.files import HeadFile
from service.ledger.note import Signed, Verifier, open_checkpoint

FILE = "witnessed.json"
# A head is shown in place of a newer one only while somebody keeps asking the witnesses.
STALE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with one witness: the entries it has cosigned, and since when (and how often) it has failed."""

    size: int = 0
    at: float = 0.0
    failed: str = ""
    failures: int = 0
    since: float = 0.0
    again: float = 0.0


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A head with cosignatures, who has cosigned it, and how it stands with each witness, by verifier key."""

    signed: Signed
    by: tuple[Verifier, ...] = ()
    standings: Mapping[str, Standing] = field(default_factory=dict)


class WitnessedFile:
    """Reads and writes the file. ``log``: the log's key; ``witnesses``: the keys whose cosignatures count."""

    def __init__(self, folder: Path, log: Verifier, witnesses: Iterable[Verifier] = ()) -> None:
        self._path = folder / FILE
        self._file = HeadFile(self._path)
        self._log = log
        self.witnesses = tuple(witnesses)
        self._last: tuple[bytes, Witnessed | None] = (b"", None)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Nobody else on this machine asks the witnesses meanwhile."""
        with self._file.turn():
            yield

    def read(self) -> Witnessed | None:
        """What was kept; None where nothing is, or nothing that this log has signed."""
        content = self._file.read()
        known, found = self._last
        if content != known:
            found = self._parsed(content)
            self._last = (content, found)
        return found

    def fresh(self) -> Witnessed | None:
        """What was kept, if somebody still asks the witnesses."""
        if not self.witnesses:
            return None
        try:
            age = abs(time.time() - self._path.stat().st_mtime)
        except FileNotFoundError:
            return None
        return self.read() if age < STALE_SECONDS else None

    def write(self, found: Witnessed) -> None:
        """Keep a head; on return it is on disk."""
        standings = {vkey: asdict(standing) for vkey, standing in found.standings.items()}
        self._file.write(json.dumps({"note": found.signed.note.decode(), "witnesses": standings}, indent=1).encode())

    def touch(self) -> None:
        """Say that somebody still asks the witnesses, and that nothing is new."""
        os.utime(self._path)

    def _parsed(self, content: bytes) -> Witnessed | None:
        try:
            kept = json.loads(content)
            note = str(kept["note"]).encode()
            head, by = open_checkpoint(note, [self._log, *self.witnesses])
            if head.origin != self._log.name:
                return None
            standings = {str(vkey): Standing(**told) for vkey, told in kept["witnesses"].items()}
        except (ValueError, KeyError, TypeError, AttributeError, NoteRefused):
            return None
        return Witnessed(Signed(head, note), tuple(v for v in by if v in self.witnesses), standings)

    def told(self) -> dict[str, Any]:
        """How it stands with each witness, for everybody to read: no addresses and no reasons, those are in the log."""
        kept = self.read()
        rows = [self._row(witness, kept) for witness in self.witnesses]
        return {"size": kept.signed.head.size if kept else 0, "witnesses": rows}

    def _row(self, witness: Verifier, kept: Witnessed | None) -> dict[str, Any]:
        standing = kept.standings.get(witness.vkey, Standing()) if kept else Standing()
        row: dict[str, Any] = {"name": witness.name, "key": witness.vkey, "cosigned": standing.size}
        row |= {"cosigned_at": int(standing.at)} if standing.at else {}
        return row | ({"failing_since": int(standing.since)} if standing.failed else {})
