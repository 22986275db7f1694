"""Logs on a graph of their own, and a door to let them grow."""

from __future__ import annotations

from pathlib import Path

from graph.store.database import Database
from service.ledger.files import signer
from service.ledger.log import Log
from service.ledger.note import KeyType
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
