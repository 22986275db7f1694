"""What an audit remembers between two looks at a log, in a file (SQLite) or in memory.

The head that was found sound, the right edge of the tree under it, and of every document and every id of a statement a
digest with the entry that had it first: some sixty bytes each. All of it changes together with the head, or not at all.
"""

import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from service.ledger.errors import LedgerError, NoteRefused, ProofRefused
from service.ledger.merkle import Frontier
from service.ledger.note import decode, encode

_APPLICATION: Final = 0x47434C41  # "GCLA", SQLite's application_id
_HEADER: Final = b"SQLite format 3\x00"
_SCHEMA: Final = (
    f"PRAGMA application_id = {_APPLICATION}",
    "CREATE TABLE head (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE seen (name BLOB PRIMARY KEY, first INTEGER NOT NULL, accepted INTEGER NOT NULL) WITHOUT ROWID",
)
_KEPT: Final = ("log_key", "note", "size", "edge", "kinds")
_DIGEST_BYTES: Final = 16
_ROWS: Final = 10_000


class StateRefused(LedgerError):
    """A file is no state of an audit, was changed or damaged, or is in use."""


class AuditState:
    """Opens the state in a file, or an empty one in memory. Methods raise ``StateRefused``."""

    def __init__(self, path: Path | None = None) -> None:
        self._name = str(path or "the state of the audit")
        self.log_key, self.note, self.frontier, self.kinds = "", b"", Frontier(), Counter[str]()
        new = path is None or not path.exists() or not path.stat().st_size
        if path is not None and new:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
        elif path is not None and not _is_ours(path):
            raise StateRefused(f"{path}: is no state of an audit; choose another file")
        self._database = sqlite3.connect(str(path or ":memory:"), isolation_level=None, timeout=1.0)
        try:
            self._begin(new)
        except (sqlite3.Error, StateRefused) as error:
            self.close()
            if isinstance(error, StateRefused):
                raise
            raise StateRefused(f"{self._name}: cannot be read, or is in use by another audit ({error})") from error

    def _begin(self, new: bool) -> None:
        self._database.execute("PRAGMA trusted_schema = OFF")
        self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._database.execute("BEGIN IMMEDIATE")
        if new:
            for statement in _SCHEMA:
                self._database.execute(statement)
        else:
            self._load()

    def _load(self) -> None:
        """Take over what the file says. Who can write the file can also write its digest: damage is what it shows."""
        kept = {str(name): str(value) for name, value in self._database.execute("SELECT name, value FROM head")}
        if not kept:
            return
        if kept.get("digest") != self._digest(kept):
            raise StateRefused(f"{self._name}: was changed or damaged since it was written; choose another file")
        try:
            edge = [decode(text, "a hash") for text in kept["edge"].split()]
            self.frontier = Frontier(int(kept["size"]), edge)
            self.kinds = Counter(json.loads(kept["kinds"]))
        except (KeyError, ValueError, TypeError, ProofRefused, NoteRefused) as error:
            raise StateRefused(f"{self._name}: cannot be read; choose another file") from error
        self.log_key, self.note = kept["log_key"], kept["note"].encode()

    def recall(self, kind: str, text: str) -> tuple[int, bool] | None:
        """The entry that a document or an id was first seen in, and whether it was accepted."""
        found = self._rows("SELECT first, accepted FROM seen WHERE name = ?", (_name(kind, text),))
        return (int(found[0][0]), bool(found[0][1])) if found else None

    def keep(self, kind: str, text: str, index: int, accepted: bool) -> None:
        """Remember an entry as the first that counts."""
        self._rows("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", (_name(kind, text), index, accepted))

    def save(self, log_key: str, note: bytes) -> None:
        """Keep all that was seen since the last time, under the head that was found sound; on return it is on disk."""
        self.log_key, self.note = log_key, note
        edge = " ".join(encode(node) for node in self.frontier.edge)
        values = (log_key, note.decode(), str(self.frontier.size), edge, json.dumps(self.kinds, sort_keys=True))
        kept = dict(zip(_KEPT, values, strict=True))
        kept["digest"] = self._digest(kept)
        for name, value in kept.items():
            self._rows("INSERT OR REPLACE INTO head VALUES (?, ?)", (name, value))
        self._rows("COMMIT")
        self._rows("BEGIN IMMEDIATE")

    def undo(self) -> None:
        """Forget what was seen since the last time."""
        self.frontier, self.kinds = Frontier(), Counter()
        self._rows("ROLLBACK")
        self._rows("BEGIN IMMEDIATE")
        if self._rows("SELECT 1 FROM sqlite_master"):
            self._load()
        else:  # nothing was ever kept
            for statement in _SCHEMA:
                self._rows(statement)

    def close(self) -> None:
        """Let go of the file; what was not saved is forgotten."""
        self._database.close()

    def _digest(self, kept: dict[str, str]) -> str:
        digest = sha256(json.dumps([kept.get(name) for name in _KEPT]).encode())
        rows = self._database.execute("SELECT name, first, accepted FROM seen ORDER BY name")
        while some := rows.fetchmany(_ROWS):
            digest.update(repr(some).encode())
        return digest.hexdigest()

    def _rows(self, statement: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._database.execute(statement, tuple(values)).fetchall()
        except sqlite3.Error as error:
            raise StateRefused(f"{self._name}: {error}") from error


def _name(kind: str, text: str) -> bytes:
    return sha256(f"{kind} {text}".encode("utf-8", "surrogatepass")).digest()[:_DIGEST_BYTES]


def _is_ours(path: Path) -> bool:
    """By SQLite's file format, 1.3: the header string, and the application id at offset 68."""
    with path.open("rb") as file:
        head = file.read(72)
    return head.startswith(_HEADER) and int.from_bytes(head[68:72], "big") == _APPLICATION
