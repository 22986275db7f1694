"""Ledger entries as the Merkle tree and its readers need them: leaf hashes and leaves, in windows of columns."""

from graph.errors import GreenchainError
from graph.model.documents import StoredDocument
from graph.store.database import Database, Tx, columns
from graph.store.documents import ledger_head
from graph.store.intake import DOCUMENT_COLUMNS, stored

# Entries a transaction: bounds what one answer holds.
WINDOW = 20_000

# Each entry by its number: ArcadeDB answers a range by looking at every entry there is, however short the range.
_COLUMN = (
    "UNWIND range($first, $last - 1) AS i MATCH (e:Entry {{index: i}}) WITH e WHERE e.{name} IS NOT NULL "
    "RETURN collect(e.index) AS index, collect(e.{name}) AS value"
)
_SOME = "UNWIND $indexes AS i MATCH (e:Entry {index: i}) RETURN e.index AS index, e.leaf AS leaf"
_INDEX = "MATCH (d:Document {id: $document}) RETURN d.index AS index"
_WITHOUT = (
    "UNWIND range($first, $last - 1) AS i MATCH (e:Entry {index: i})-[:RECORDS]->(d:Document) "
    "WITH e, d WHERE e.leaf IS NULL "
    f"RETURN {DOCUMENT_COLUMNS} ORDER BY d.index"
)
_ENTER = "UNWIND $rows AS r MATCH (e:Entry {index: r.index}) SET e.leaf = r.leaf, e.hash = r.hash"


class LedgerIncomplete(GreenchainError):
    """The graph lacks entries that its ledger has counted."""


def ledger_size(tx: Tx) -> int:
    """How many entries the ledger has."""
    return ledger_head(tx) + 1


def read_hashes(database: Database, first: int, last: int) -> list[bytes]:
    """Leaf hashes of the entries first..last-1, in order. Raises ``LedgerIncomplete``, ``EngineError``."""
    found: list[bytes] = []
    for low in range(first, last, WINDOW):
        found.extend(database.read(_column, "hash", low, min(low + WINDOW, last)))
    return found


def read_leaves(database: Database, first: int, last: int) -> list[bytes]:
    """The leaves of the entries first..last-1, in order. Raises ``LedgerIncomplete``, ``EngineError``."""
    return database.read(_column, "leaf", first, last)


def leaves_at(tx: Tx, indexes: list[int]) -> dict[int, bytes]:
    """The leaves of some entries, by index."""
    return {int(r["index"]): bytes(r["leaf"]) for r in tx.run(_SOME, indexes=indexes)} if indexes else {}


def _column(tx: Tx, name: str, first: int, last: int) -> list[bytes]:
    """One property of neighbouring entries. What is collected has no order, and nulls are left out of it."""
    rows = columns(tx, _COLUMN.format(name=name), first=first, last=last)
    found = sorted(zip(rows["index"], rows["value"], strict=True))
    if [index for index, _ in found] != list(range(first, last)):
        raise LedgerIncomplete(f"the ledger's entries from {first} to {last - 1} are not all there")
    return [bytes(value) for _, value in found]


def index_of(tx: Tx, document: str) -> int | None:
    """The ledger index of a document, None where there is no such document."""
    rows = tx.run(_INDEX, document=document)
    return int(rows[0]["index"]) if rows else None


def documents_without_leaf(tx: Tx, first: int, last: int) -> list[StoredDocument]:
    """Documents whose entries among first..last-1 were written before entries had leaves, in ledger order."""
    return [stored(row) for row in tx.run(_WITHOUT, first=first, last=last)]


def enter_leaves(tx: Tx, leaves: list[tuple[int, bytes, bytes]]) -> None:
    """Give entries their leaves: index, leaf and leaf hash."""
    tx.run(_ENTER, rows=[{"index": index, "leaf": leaf, "hash": digest} for index, leaf, digest in leaves])
