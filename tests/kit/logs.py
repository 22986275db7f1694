"""Logs on a graph of their own with a door to let them grow, and logs in memory."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import rfc8785

from graph.store.database import Database
from service.ledger import tiles
from service.ledger.files import signer
from service.ledger.log import Log
from service.ledger.merkle import Tree, leaf_hash
from service.ledger.note import Checkpoint, KeyType, Signed, Signer, Verifier, sign_checkpoint
from service.ledger.proof import LogProof
from tests.kit.doors import Hall
from tests.kit.statements import product, unique

ORIGIN = "tests.example/ledger"


def log_over(database: Database, folder: Path) -> Log:
    """The log of a folder, as one more process would open it."""
    return Log(database, folder, signer(folder / "log.key", ORIGIN, KeyType.ED25519))


class Growth:
    """A party that lets the ledger grow."""

    def __init__(self, database: Database) -> None:
        self._party = Hall(database).party("growth")

    def by(self, count: int) -> list[str]:
        """Add entries and return the ids of their documents."""
        return [self._party.accepted(product(id=unique("P"))).id for _ in range(count)]


class PaperLog:
    """A log in memory, honest or not: whatever is put in is served, signed with its key."""

    def __init__(self, seed: bytes = b"log", origin: str = ORIGIN) -> None:
        self.signer = Signer(origin, KeyType.ED25519, sha256(seed).digest())
        self.entries: list[bytes] = []
        self.tree = Tree()

    @property
    def key(self) -> Verifier:
        return self.signer.verifier

    def add(self, *entries: bytes) -> PaperLog:
        self.entries += entries
        self.tree.append(map(leaf_hash, entries))
        return self

    def checkpoint(self) -> bytes:
        return self.signed(self.tree.size)

    def signed(self, size: int) -> bytes:
        """The head that it had with so many entries."""
        return sign_checkpoint(Checkpoint(self.signer.name, size, self.tree.root(size)), self.signer).encode()

    def consistency(self, old: int, new: int) -> list[bytes]:
        return self.tree.consistency(old, new)

    def tile(self, path: str) -> bytes:
        found = tiles.parse_path(path)
        if found.level is None:
            return tiles.bundle(self.entries[found.first : found.first + found.width])
        return tiles.hashes(self.tree, found)

    def proof(self, index: int) -> bytes:
        path = tuple(self.tree.inclusion(index, self.tree.size))
        return LogProof(index, path, self.checkpoint(), self.entries[index]).write()


class PaperLedger(PaperLog):
    """The same as the service holds its own log: heads as it signs them."""

    def checkpoint(self) -> Signed:  # type: ignore[override]
        size = self.tree.size
        return Signed(Checkpoint(self.signer.name, size, self.tree.root(size)), self.signed(size))


def paper_leaf(name: str, **changes: Any) -> bytes:
    """A leaf of a document of this name; ``failed`` makes it a rejection."""
    failed = changes.pop("failed", "")
    verdict = {"accepted": not failed} | ({"failed": failed} if failed else {})
    commitments = {
        n: sha256(f"{n} {name}".encode()).hexdigest() for n in ("document", "issuer", "statement", "subject")
    }
    told = {"kind": "rejection" if failed else "statement", "policy": "0" * 64, "received": "2026-01-01T00:00:00Z"}
    members = {**commitments, **told, "verdict": verdict, **changes}
    return bytes(rfc8785.dumps({n: v for n, v in members.items() if v is not ...}))
