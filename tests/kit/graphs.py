"""Graphs that the tests of one module share: emptied once, then every test takes names of its own."""

from __future__ import annotations

from typing import Any

from graph.store.database import Database, Tx
from graph.store.migrations import migrate


def cleared(database: Database) -> Database:
    """The database on an empty, migrated graph."""
    while database.write(_delete_some):
        pass
    migrate(database)
    return database


def _delete_some(tx: Tx) -> int:
    rows = tx.run("MATCH (n) WHERE NOT n:Schema WITH n LIMIT 2000 DETACH DELETE n RETURN count(*) AS deleted")
    return int(rows[0]["deleted"])


def ask(database: Database, cypher: str, **params: Any) -> list[dict[str, Any]]:
    """The rows of one statement."""
    return database.read(lambda tx: tx.run(cypher, **params))


def count(database: Database, pattern: str, **params: Any) -> int:
    """How many matches a pattern has."""
    return int(ask(database, f"MATCH {pattern} RETURN count(*) AS n", **params)[0]["n"])
